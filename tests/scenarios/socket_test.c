/* Sockets that do not take what they are given (sim/peer_socket.c). */
#include "tests/sim/scenario.h"

#include <auger/ice_stats.h>

struct pair {
    struct sim_peer *alice, *bob;
};

static struct pair introduced(struct sim *sim, const struct sim_send_errors *errors)
{
    struct sim_peer_options options;

    sim_peer_options_init(&options);
    options.errors = *errors;
    sim_add_stun_server(sim);
    struct pair pair = {sim_add_peer_in(sim, "alice", sim_internet(sim), &options),
                        sim_add_peer(sim, "bob", SIM_PORT_RESTRICTED)};
    sim_signal(sim, pair.alice, pair.bob, 50 * AUGER_MS);
    return pair;
}

SCENARIO(without_a_route_nothing_leaves_and_with_one_again_it_does)
{
    struct sim *sim = world(seed, .delay = 20 * AUGER_MS);
    struct pair pair = introduced(sim, &(struct sim_send_errors){.has_no_route = true});

    sim_run(sim, 5 * AUGER_SEC);
    assert_true(sim_peer_story(pair.alice)->sends_refused > 0);
    assert_int_equal(sim_peer_story(pair.alice)->connected, 0);
    assert_int_equal(sim_peer_story(pair.bob)->connected, 0);
    sim_peer_set_errors(pair.alice, &(struct sim_send_errors){0});
    assert_true(sim_run_until(sim, both_connected, 10 * AUGER_SEC));
    world_end(sim);
}

SCENARIO(every_third_datagram_is_refused_and_they_connect)
{
    struct sim *sim = world(seed, .delay = 20 * AUGER_MS);
    struct pair pair = introduced(sim, &(struct sim_send_errors){.refused_permille = 300});

    assert_true(sim_run_until(sim, both_nominated, 20 * AUGER_SEC));
    sim_run(sim, 60 * AUGER_SEC);
    assert_true(sim_peer_story(pair.alice)->sends_refused > 0);
    assert_int_equal(sim_peer_story(pair.bob)->sends_refused, 0);
    world_end(sim);
}

SCENARIO(a_socket_that_is_full_each_time_holds_each_datagram_up)
{
    struct sim *sim = world(seed, .delay = 20 * AUGER_MS);
    struct pair pair = introduced(
        sim, &(struct sim_send_errors){.full_permille = 1000, .full_for = 200 * AUGER_MS});

    assert_true(sim_run_until(sim, both_nominated, 20 * AUGER_SEC));
    sim_run(sim, 60 * AUGER_SEC);
    assert_true(both_connected(sim));
    assert_true(sim_peer_story(pair.alice)->sends_kept > 5);
    world_end(sim);
}

SCENARIO(data_that_is_refused_is_counted_as_discarded)
{
    struct sim *sim = world(seed, .delay = 20 * AUGER_MS);
    struct pair pair = introduced(sim, &(struct sim_send_errors){0});
    struct auger_ice_pair_stats stats;
    uint64_t discarded = 0;

    assert_true(sim_run_until(sim, both_nominated, 20 * AUGER_SEC));
    sim_peer_set_errors(pair.alice, &(struct sim_send_errors){.refused_permille = 1000});
    assert_true(sim_peer_send(sim, pair.alice));
    for (size_t i = 0; auger_ice_get_pair_stats(sim_peer_ice(pair.alice), i, &stats) == 0; i++)
        discarded += stats.packets_discarded_on_send;
    assert_int_equal(discarded, 1);
    world_end(sim);
}

SCENARIOS(scenario_test(without_a_route_nothing_leaves_and_with_one_again_it_does),
          scenario_test(every_third_datagram_is_refused_and_they_connect),
          scenario_test(a_socket_that_is_full_each_time_holds_each_datagram_up),
          scenario_test(data_that_is_refused_is_counted_as_discarded))
