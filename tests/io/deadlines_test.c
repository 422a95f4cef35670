/* The heap of deadlines, held against looking at all of them. */
#include "io/deadlines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT 64
#define STEPS 20000

static auger_time least(const struct auger_deadline *all)
{
    auger_time at = AUGER_NEVER;
    for (size_t i = 0; i < COUNT; i++)
        if (all[i].at < at)
            at = all[i].at;
    return at;
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Fills for a while, then takes the first away until there is none: what stands wrong deep in the
 * heap comes up only then. */
static void change_one(struct auger_deadlines *heap, struct auger_deadline *all, uint32_t *seed,
                       int step)
{
    uint32_t random = next_random(seed);
    struct auger_deadline *one = &all[random >> 8 & (COUNT - 1)];
    bool drains = step / COUNT % 4 == 3;

    if (drains && auger_deadlines_first(heap))
        one = auger_deadlines_first(heap);
    auger_deadlines_set(heap, one,
                        drains || random % 3 == 0 ? AUGER_NEVER : (auger_time)(random >> 16 & 255));
}

static void the_first_is_the_earliest_whatever_was_set(void **state)
{
    struct auger_deadline all[COUNT];
    struct auger_deadlines heap;
    uint32_t seed = 2463534242;

    (void)state;
    assert_int_equal(auger_deadlines_init(&heap, COUNT), 0);
    for (size_t i = 0; i < COUNT; i++)
        all[i] = (struct auger_deadline){.at = AUGER_NEVER};
    for (int step = 0; step < STEPS; step++) {
        change_one(&heap, all, &seed, step);
        const struct auger_deadline *first = auger_deadlines_first(&heap);
        assert_int_equal(first ? first->at : AUGER_NEVER, least(all));
    }
    auger_deadlines_fini(&heap);
}

static void none_is_first_when_none_is_set(void **state)
{
    struct auger_deadline one = {.at = AUGER_NEVER};
    struct auger_deadlines heap;

    (void)state;
    assert_int_equal(auger_deadlines_init(&heap, 1), 0);
    assert_null(auger_deadlines_first(&heap));
    auger_deadlines_set(&heap, &one, 7);
    assert_ptr_equal(auger_deadlines_first(&heap), &one);
    auger_deadlines_set(&heap, &one, AUGER_NEVER);
    assert_null(auger_deadlines_first(&heap));
    auger_deadlines_fini(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_the_earliest_whatever_was_set),
        cmocka_unit_test(none_is_first_when_none_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
