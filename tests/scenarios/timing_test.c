/* How soon a path is there, counted from t0: both sides have both descriptions. */
#include "tests/sim/scenario.h"

#define DELAY (25 * AUGER_MS)
#define RTT (2 * DELAY)

/* Two hosts on the internet whose descriptions cross at t0. */
static struct sim *two_hosts(uint64_t seed, auger_time delay, struct sim_peer **alice,
                             struct sim_peer **bob)
{
    struct sim *sim = world(seed, .delay = delay);

    *alice = sim_add_peer(sim, "alice", SIM_NO_NAT);
    *bob = sim_add_peer(sim, "bob", SIM_NO_NAT);
    sim_signal(sim, *alice, *bob, 0);
    return sim;
}

SCENARIO(without_delay_no_time_passes_until_the_path_is_usable)
{
    struct sim_peer *alice, *bob;
    struct sim *sim = two_hosts(seed, 0, &alice, &bob);

    assert_true(sim_run_until(sim, both_connected, 0));
    world_end(sim);
}

SCENARIO(a_path_is_usable_after_one_round_trip_and_nominated_after_two)
{
    struct sim_peer *alice, *bob;
    struct sim *sim = two_hosts(seed, DELAY, &alice, &bob);
    auger_time t0 = sim_now(sim);

    assert_true(sim_run_until(sim, both_nominated, 5 * AUGER_SEC));
    assert_int_equal(sim_peer_story(alice)->usable_at - t0, RTT);
    assert_int_equal(sim_peer_story(bob)->usable_at - t0, RTT);
    assert_int_equal(sim_now(sim) - t0, 2 * RTT);
    world_end(sim);
}

/* USE-CANDIDATE in alice's first check comes before bob's own check has succeeded: he
 * remembers it (7.3.1.5), as of browsers that nominate so. */
SCENARIO(a_nomination_in_the_first_check_takes_one_round_trip)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct sim_peer_options options;
    sim_peer_options_init(&options);
    options.ice.nominate_at_once = true;
    struct sim_peer *alice = sim_add_peer_in(sim, "alice", sim_internet(sim), &options);
    struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_NO_NAT);
    auger_time t0 = sim_now(sim);

    sim_signal(sim, alice, bob, 0);
    assert_true(sim_run_until(sim, both_nominated, 5 * AUGER_SEC));
    assert_int_equal(sim_now(sim) - t0, RTT);
    world_end(sim);
}

/* Bob's checks find alice half a second before his answer does; as soon as she can
 * answer them, one round trip is enough. */
SCENARIO(checks_that_come_before_the_answer_are_not_lost)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct sim_peer *alice = sim_add_peer(sim, "alice", SIM_NO_NAT);
    struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_NO_NAT);

    sim_signal_with(sim, alice, bob, &(struct sim_signalling){.answer_delay = 500 * AUGER_MS});
    assert_true(sim_run_until(sim, both_connected, 5 * AUGER_SEC));
    auger_time answered_at = sim_peer_story(alice)->signalled_at;
    assert_true(sim_peer_story(alice)->usable_at - answered_at <= RTT);
    assert_true(sim_peer_story(bob)->usable_at - answered_at <= RTT);
    world_end(sim);
}

/* Bob hears of alice's candidates by her checks alone. */
SCENARIO(a_check_tells_of_a_candidate_before_signalling_does)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct sim_peer *alice = sim_add_peer(sim, "alice", SIM_NO_NAT);
    struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_NO_NAT);

    sim_signal_with(sim, alice, bob, &(struct sim_signalling){.alice_gives = SIM_GIVES_NOTHING});
    auger_time t0 = sim_now(sim);
    assert_true(sim_run_until(sim, both_connected, 5 * AUGER_SEC));
    assert_int_equal(sim_peer_story(alice)->usable_at - t0, RTT);
    assert_true(sim_peer_story(bob)->usable_at - t0 <= DELAY + RTT);
    world_end(sim);
}

SCENARIO(a_dead_stun_server_does_not_delay_the_path)
{
    struct sim *sim = world(seed, .delay = DELAY);
    sim_host_kill(sim_add_stun_server(sim));
    struct sim_peer *alice = sim_add_peer(sim, "alice", SIM_NO_NAT);
    struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_NO_NAT);
    auger_time t0 = sim_now(sim);

    sim_signal(sim, alice, bob, 0);
    assert_true(sim_run_until(sim, both_connected, 5 * AUGER_SEC));
    /* Requests to servers and checks share one pace: 50 ms for the one before. */
    assert_true(sim_now(sim) - t0 <= RTT + 50 * AUGER_MS);
    assert_true(sim_run(sim, 11 * AUGER_SEC));
    assert_int_equal(sim_peer_story(alice)->gathered_at - t0, 10 * AUGER_SEC);
    world_end(sim);
}

SCENARIOS(scenario_test(without_delay_no_time_passes_until_the_path_is_usable),
          scenario_test(a_path_is_usable_after_one_round_trip_and_nominated_after_two),
          scenario_test(a_nomination_in_the_first_check_takes_one_round_trip),
          scenario_test(checks_that_come_before_the_answer_are_not_lost),
          scenario_test(a_check_tells_of_a_candidate_before_signalling_does),
          scenario_test(a_dead_stun_server_does_not_delay_the_path))
