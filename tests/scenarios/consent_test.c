/* A path that was good: how it is kept, and how it ends (RFC 7675). */
#include "tests/sim/scenario.h"

#define DELAY (40 * AUGER_MS)

static struct sim *connected(uint64_t seed, enum sim_nat nat, struct sim_peer **alice,
                             struct sim_peer **bob)
{
    struct sim *sim = world(seed, .delay = DELAY);
    sim_add_stun_server(sim);
    struct sim_peer_options options;
    sim_peer_options_init(&options);
    options.chatter = 250 * AUGER_MS;
    *alice = sim_add_peer_in(sim, "alice", sim_add_nat_of_kind(sim, "home", sim_internet(sim), nat),
                             &options);
    *bob = sim_add_peer_in(sim, "bob", sim_internet(sim), &options);
    sim_signal(sim, *alice, *bob, 100 * AUGER_MS);
    assert_true(sim_run_until(sim, both_nominated, 5 * AUGER_SEC));
    sim_run(sim, 20 * AUGER_SEC);
    return sim;
}

/* RFC 7675 section 5.1: consent dies 30 s after the last answer.  Checks for it go out
 * every 4 to 6 s, so the last answer is at most 6 s and a round trip old at the cut. */
SCENARIO(consent_expires_when_the_path_breaks)
{
    struct sim_peer *alice, *bob;
    struct sim *sim = connected(seed, SIM_NO_NAT, &alice, &bob);

    sim_cut(sim, alice, bob);
    auger_time cut_at = sim_now(sim);

    assert_true(sim_run_until(sim, both_failed, 60 * AUGER_SEC));
    struct sim_peer *peers[] = {alice, bob};
    for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
        auger_time after = sim_peer_story(peers[i])->failed_at - cut_at;
        CHECK(after > 23 * AUGER_SEC && after <= 30 * AUGER_SEC, "after %lld ms",
              (long long)(after / AUGER_MS));
    }
    uint64_t sent = sim_packets(sim);
    assert_true(sim_run(sim, 120 * AUGER_SEC));
    assert_int_equal(sim_peer_story(alice)->failed, 1);
    assert_int_equal(sim_packets(sim), sent); /* silence after the end */
    world_end(sim);
}

/* Whoever hears the other but gets no answer may not go on sending either. */
SCENARIO(consent_expires_when_one_direction_breaks)
{
    struct sim_peer *alice, *bob;
    struct sim *sim = connected(seed, SIM_NO_NAT, &alice, &bob);

    sim_cut_one_way(sim, alice, bob);
    auger_time cut_at = sim_now(sim);
    assert_true(sim_run_until(sim, both_failed, 90 * AUGER_SEC));
    /* The last answer may have been on its way. */
    assert_true(sim_peer_story(alice)->failed_at - cut_at <= 30 * AUGER_SEC + DELAY);
    world_end(sim);
}

SCENARIO(a_short_break_disconnects_and_heals)
{
    struct sim_peer *alice, *bob;
    struct sim *sim = connected(seed, SIM_PORT_RESTRICTED, &alice, &bob);

    sim_cut(sim, alice, bob);
    auger_time cut_at = sim_now(sim);
    assert_true(sim_run_until(sim, both_disconnected, 12 * AUGER_SEC));
    /* Silence of five seconds in which a check has had the time to be answered; one goes
     * out after six at the latest. */
    CHECK(sim_now(sim) - cut_at <= 7 * AUGER_SEC, "disconnected after %lld ms",
          (long long)((sim_now(sim) - cut_at) / AUGER_MS));
    sim_heal(sim);
    assert_true(sim_run_until(sim, both_connected, 7 * AUGER_SEC));
    assert_int_equal(sim_peer_story(alice)->disconnected, 1);
    world_end(sim);
}

SCENARIO(a_quiet_session_lives_for_an_hour)
{
    struct sim_peer *alice, *bob;
    struct sim *sim = connected(seed, SIM_PORT_RESTRICTED, &alice, &bob);

    assert_true(sim_run(sim, 3600 * AUGER_SEC));
    struct sim_peer *peers[] = {alice, bob};
    for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
        assert_int_equal(sim_peer_story(peers[i])->connected, 1);
        assert_int_equal(sim_peer_story(peers[i])->disconnected, 0);
        /* 5.1: a request every 4 to 6 s. */
        assert_in_range(sim_peer_story(peers[i])->requests_sent, 600, 940);
    }
    world_end(sim);
}

/* The NAT moves the mapping: alice's next check comes to bob from another port, which he
 * learns as peer-reflexive, and the session goes on. */
SCENARIO(a_session_survives_a_nat_that_rebinds)
{
    struct sim_peer *alice, *bob;
    struct sim *sim = connected(seed, SIM_PORT_RESTRICTED, &alice, &bob);

    sim_gateway_rebind(sim, sim_peer_gateway(alice));
    uint64_t before = sim_peer_story(alice)->data_received;
    assert_true(sim_run(sim, 60 * AUGER_SEC));
    assert_true(both_connected(sim));
    assert_int_equal(sim_peer_story(alice)->failed + sim_peer_story(bob)->failed, 0);
    assert_true(sim_peer_story(alice)->data_received > before);
    world_end(sim);
}

SCENARIO(a_session_survives_a_nat_that_reboots)
{
    struct sim_peer *alice, *bob;
    struct sim *sim = connected(seed, SIM_PORT_RESTRICTED, &alice, &bob);

    sim_gateway_reboot(sim, sim_peer_gateway(alice));
    assert_true(sim_run(sim, 60 * AUGER_SEC));
    assert_true(both_connected(sim));
    world_end(sim);
}

SCENARIOS(scenario_test(consent_expires_when_the_path_breaks),
          scenario_test(consent_expires_when_one_direction_breaks),
          scenario_test(a_short_break_disconnects_and_heals),
          scenario_test(a_quiet_session_lives_for_an_hour),
          scenario_test(a_session_survives_a_nat_that_rebinds),
          scenario_test(a_session_survives_a_nat_that_reboots))
