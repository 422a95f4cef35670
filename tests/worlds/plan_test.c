/* Plans: drawn the same each time, written and read back, and made as simple as can be. */
#include "tests/worlds/plan.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void test_a_seed_is_one_plan_and_another_seed_another(void **state)
{
    unsigned same = 0;

    (void)state;
    for (uint64_t seed = 1; seed < 200; seed++) {
        struct plan a, b, c;
        plan_draw(&a, seed);
        plan_draw(&b, seed);
        plan_draw(&c, seed + 1);
        assert_memory_equal(a.value, b.value, sizeof(a.value));
        same += memcmp(a.value, c.value, sizeof(a.value)) == 0;
    }
    assert_in_range(same, 0, 2);
}

static void test_every_feature_is_drawn_and_every_one_is_left_out(void **state)
{
    unsigned there[FEATURES] = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct plan plan;
        plan_draw(&plan, seed);
        for (int i = 0; i < FEATURES; i++)
            there[i] += plan_has(&plan, (enum feature)i);
    }
    for (int i = 0; i < FEATURES; i++) {
        if (i != HOURLY && (there[i] == 0 || there[i] == 2000)) /* that one: plan_make_long() */
            fail_msg("%s is there in %u of 2000", plan_feature_name((enum feature)i), there[i]);
    }
}

static void test_a_plan_is_read_as_it_was_written(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        char text[PLAN_TEXT_MAX];
        struct plan plan, read;
        plan_draw(&plan, seed);
        plan_format(&plan, text);
        assert_true(plan_parse(&read, text));
        assert_int_equal(read.seed, plan.seed);
        assert_memory_equal(read.value, plan.value, sizeof(plan.value));
    }
}

static void test_what_is_no_plan_is_refused(void **state)
{
    static const char *const texts[] = {"seed",      "seed=", "seed=1 bob",
                                        "no_such=1", "=1",    "loss_permille=x"};
    struct plan plan;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (plan_parse(&plan, texts[i]))
            fail_msg("%s", texts[i]);
    }
}

/* Fails where there is a reboot of bob's gateway and a tenth is lost. */
static bool is_the_culprit(const struct plan *plan, void *user)
{
    unsigned *asked = user;

    ++*asked;
    return plan->value[REBOOT] == 2 && plan->value[HEAVY_LOSS_PERMILLE] >= 100;
}

static void test_a_plan_is_shrunk_to_what_matters(void **state)
{
    unsigned asked = 0;
    struct plan plan, expected;

    (void)state;
    plan_draw(&plan, 1);
    plan.value[REBOOT] = 2;
    plan.value[HEAVY_LOSS_PERMILLE] = 240;
    unsigned worlds = plan_shrink(&plan, is_the_culprit, &asked);
    assert_int_equal(worlds, asked);
    plan_clear(&expected, 1);
    expected.value[REBOOT] = 2;
    expected.value[HEAVY_LOSS_PERMILLE] = plan.value[HEAVY_LOSS_PERMILLE];
    assert_memory_equal(plan.value, expected.value, sizeof(plan.value));
    assert_in_range(plan.value[HEAVY_LOSS_PERMILLE], 100, 120);
    assert_in_range(asked, 1, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seed_is_one_plan_and_another_seed_another),
        cmocka_unit_test(test_every_feature_is_drawn_and_every_one_is_left_out),
        cmocka_unit_test(test_a_plan_is_read_as_it_was_written),
        cmocka_unit_test(test_what_is_no_plan_is_refused),
        cmocka_unit_test(test_a_plan_is_shrunk_to_what_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
