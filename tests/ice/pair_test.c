/* A candidate pair: RFC 8445 section 6.1.2.3. */
#include "tests/ice/world.h"

#include "ice/pair.h"

static uint64_t priority_of(uint32_t local, uint32_t remote, enum auger_role role)
{
    const struct auger_ice_cand ours = {.priority = local}, theirs = {.priority = remote};

    return auger_pair_priority_of(&ours, &theirs, role);
}

/* 2^32 * MIN(G, D) + 2 * MAX(G, D) + (G > D ? 1 : 0) */
static void test_the_priority_of_a_pair_is_that_of_the_formula(void **state)
{
    (void)state;
    assert_int_equal(priority_of(5, 3, AUGER_CONTROLLING), (UINT64_C(3) << 32) + 2 * 5 + 1);
    assert_int_equal(priority_of(3, 5, AUGER_CONTROLLING), (UINT64_C(3) << 32) + 2 * 5);
    assert_int_equal(priority_of(5, 3, AUGER_CONTROLLED), (UINT64_C(3) << 32) + 2 * 5);
    assert_int_equal(priority_of(3, 5, AUGER_CONTROLLED), (UINT64_C(3) << 32) + 2 * 5 + 1);
    assert_int_equal(priority_of(4, 4, AUGER_CONTROLLING), (UINT64_C(4) << 32) + 2 * 4);
    assert_int_equal(priority_of(2130706431, 1694498815, AUGER_CONTROLLING),
                     UINT64_C(7277816997797167103));
}

static void test_both_ends_give_a_pair_the_same_priority(void **state)
{
    (void)state;
    for (uint32_t local = 1; local < 5; local++) {
        for (uint32_t remote = 1; remote < 5; remote++)
            assert_int_equal(priority_of(local, remote, AUGER_CONTROLLING),
                             priority_of(remote, local, AUGER_CONTROLLED));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_priority_of_a_pair_is_that_of_the_formula),
        cmocka_unit_test(test_both_ends_give_a_pair_the_same_priority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
