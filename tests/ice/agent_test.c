/* Two agents find each other: when a path is usable, and when it is selected. */
#include "tests/ice/world.h"

static void test_at_zero_delay_both_sides_are_usable_in_no_time(void **state)
{
    (void)state;
    struct world *world = world_of_two(0);
    auger_time t0 = world->now;

    introduce(world);
    world_settle(world);

    for (int i = 0; i < 2; i++) {
        assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
        assert_int_equal(world->sides[i].path_at, t0);
        assert_int_equal(world->sides[i].connected_at, t0);
    }
    world_free(world);
}

static void test_with_delay_usable_after_one_round_trip_selected_after_two(void **state)
{
    (void)state;
    static const auger_time delays[] = {25 * AUGER_MS, 40 * AUGER_MS, 150 * AUGER_MS};

    for (size_t i = 0; i < 3; i++) {
        struct world *world = world_of_two(delays[i]);
        auger_time t0 = world->now, rtt = 2 * delays[i];

        introduce(world);
        world_run(world, 5 * AUGER_SEC);

        assert_int_equal(world->sides[0].path_at - t0, rtt);
        assert_int_equal(world->sides[1].path_at - t0, rtt);
        assert_int_equal(world->sides[0].selected_at - t0, 2 * rtt);
        assert_int_equal(world->sides[1].selected_at - t0, rtt + rtt / 2);
        world_free(world);
    }
}

static void test_data_flows_both_ways_untouched(void **state)
{
    (void)state;
    struct world *world = world_of_two(10 * AUGER_MS);

    introduce(world);
    world_run(world, AUGER_SEC);
    for (int i = 0; i < 2; i++) {
        send_text(world, i, "\x7F hello");
        world_run(world, AUGER_SEC);
        assert_int_equal(world->sides[1 - i].data_count, 1);
        assert_memory_equal(world->sides[1 - i].data, "\x7F hello", 7);
    }
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_zero_delay_both_sides_are_usable_in_no_time),
        cmocka_unit_test(test_with_delay_usable_after_one_round_trip_selected_after_two),
        cmocka_unit_test(test_data_flows_both_ways_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
