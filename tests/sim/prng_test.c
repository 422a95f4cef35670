#include "sim/prng.h"
#include "tests/sim/scenario.h"

static void a_stream_is_made_of_seed_and_name(void **state)
{
    static const struct {
        uint64_t seed;
        const char *name;
        bool same;
    } others[] = {{1, "alice", true}, {1, "bob", false}, {2, "alice", false}};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct prng a, b;
        size_t equal = 0;
        prng_init(&a, 1, "alice");
        prng_init(&b, others[i].seed, others[i].name);
        for (int n = 0; n < 100; n++)
            equal += prng_next(&a) == prng_next(&b);
        assert_int_equal(equal, others[i].same ? 100 : 0);
    }
}

static void numbers_stay_in_their_bounds_and_reach_them(void **state)
{
    struct prng prng;
    unsigned seen[7] = {0};
    (void)state;

    prng_init(&prng, 1, "bounds");
    for (int i = 0; i < 7000; i++) {
        int64_t value = prng_between(&prng, -3, 3);
        assert_in_range(value + 3, 0, 6);
        seen[value + 3]++;
    }
    for (size_t i = 0; i < ARRAY_LEN(seen); i++)
        assert_in_range(seen[i], 850, 1150);
    assert_int_equal(prng_between(&prng, 5, 5), 5);
}

static void a_chance_is_met_as_often_as_it_says(void **state)
{
    static const unsigned chances[] = {0, 1, 250, 999, 1000};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(chances); i++) {
        struct prng prng;
        unsigned met = 0;
        prng_init(&prng, 1, "chance");
        for (int n = 0; n < 100000; n++)
            met += prng_permille(&prng, chances[i]);
        int off = (int)met - (int)chances[i] * 100;
        assert_in_range(off + 600, 0, 1200);
        if (chances[i] == 0 || chances[i] == 1000)
            assert_int_equal(off, 0);
    }
}

static void filling_writes_just_the_buffer(void **state)
{
    (void)state;
    for (size_t len = 0; len < 20; len++) {
        struct prng prng;
        uint8_t buf[24] = {0};
        prng_init(&prng, len, "fill");
        prng_fill(&prng, buf, len);
        for (size_t i = len; i < sizeof(buf); i++)
            assert_int_equal(buf[i], 0);
    }
}

SCENARIOS(cmocka_unit_test(a_stream_is_made_of_seed_and_name),
          cmocka_unit_test(numbers_stay_in_their_bounds_and_reach_them),
          cmocka_unit_test(a_chance_is_met_as_often_as_it_says),
          cmocka_unit_test(filling_writes_just_the_buffer))
