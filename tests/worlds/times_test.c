/* 17: how long it takes until both have a path, in virtual time, for each class of world, is what
 * it was when tests/worlds/times.tsv was committed.  Who makes it longer finds out; who makes it
 * shorter commits the new line. */
#include "tests/worlds/build.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define SEEDS 25
#define PATIENCE (40 * AUGER_SEC)

static bool both_usable(const struct sim *sim)
{
    return both_connected(sim);
}

/* From when both know of each other; in ms. */
static long connect_time(struct plan *plan)
{
    struct link_quality wire = build_wire(plan);
    struct sim_signalling signalling = build_signalling(plan);
    const struct sim_options options = {.seed = plan->seed, .internet = &wire};
    struct built built;
    auger_time signalled = 0, usable = 0;

    build_agents(&built, plan, &options);
    sim_signal_with(built.sim, built.peers[0], built.peers[1], &signalling);
    sim_run_until(built.sim, both_usable, PATIENCE);
    for (int side = 0; side < 2; side++) {
        const struct sim_peer_story *story = sim_peer_story(built.peers[side]);
        if (story->signalled_at > signalled)
            signalled = story->signalled_at;
        if (story->usable_at > usable)
            usable = story->usable_at;
    }
    sim_free(built.sim);
    return usable == AUGER_NEVER ? (long)(PATIENCE / AUGER_MS)
                                 : (long)((usable - signalled) / AUGER_MS);
}

static int by_size(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

/* A fifth, and a little more for what is quick. */
static bool is_as_before(long now, long before)
{
    return labs(now - before) <= before / 5 + 10;
}

static void compare(const char *name, const char *text, long median_before, long tenth_before)
{
    long times[SEEDS];
    struct plan plan;

    assert_true(plan_parse(&plan, text));
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        plan.seed = seed + 1;
        times[seed] = connect_time(&plan);
    }
    qsort(times, SEEDS, sizeof(times[0]), by_size);
    long median = times[SEEDS / 2], tenth = times[SEEDS * 9 / 10];
    if (!is_as_before(median, median_before) || !is_as_before(tenth, tenth_before))
        fail_msg("%s: the median was %ld ms and nine in ten were below %ld; now:\n%s\t%s\t%ld\t%ld",
                 name, median_before, tenth_before, name, text, median, tenth);
}

static void test_it_takes_as_long_as_before(void **state)
{
    char line[512], name[64], text[300];
    long median, tenth;
    unsigned classes = 0;
    FILE *file = fopen(TEST_DATA "/../worlds/times.tsv", "r");

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%63[^\t]\t%299[^\t]\t%ld\t%ld", name, text, &median, &tenth),
                         4);
        compare(name, text, median, tenth);
        classes++;
    }
    fclose(file);
    assert_true(classes >= 8);
}

static void test_a_slower_agent_is_seen(void **state)
{
    (void)state;
    assert_true(is_as_before(100, 100) && is_as_before(125, 100));
    assert_false(is_as_before(150, 100));
    assert_false(is_as_before(50, 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_takes_as_long_as_before),
        cmocka_unit_test(test_a_slower_agent_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
