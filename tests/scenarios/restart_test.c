/* ICE restarts in the simulated internet: data goes on along the old pair until the new
 * generation has one (RFC 8445 sections 9 and 12.1). */
#include "tests/sim/scenario.h"

#define DELAY (40 * AUGER_MS)
#define CHATTER (40 * AUGER_MS)
/* Longer than the old credentials are answered. */
#define AFTERWARDS (12 * AUGER_SEC)

/* Both talk all the time; `alice_nat` and `bob_nat` between them. */
static struct sim *meeting(const struct sim_options *options, enum sim_nat alice_nat,
                           enum sim_nat bob_nat, struct sim_peer **alice, struct sim_peer **bob)
{
    struct sim *sim = world_begin(options);
    struct sim_peer_options peer;

    sim_peer_options_init(&peer);
    peer.chatter = CHATTER;
    sim_add_stun_server(sim);
    *alice = sim_add_peer_in(sim, "alice",
                             sim_add_nat_of_kind(sim, "home", sim_internet(sim), alice_nat), &peer);
    *bob = sim_add_peer_in(sim, "bob",
                           sim_add_nat_of_kind(sim, "office", sim_internet(sim), bob_nat), &peer);
    return sim;
}

#define options(seed_, ...)                                                                        \
    (&(struct sim_options){.seed = (seed_),                                                        \
                           .broken = scenario_broken,                                              \
                           .log = getenv("AUGER_SIM_LOG") ? stderr : NULL,                         \
                           __VA_ARGS__})

/* ... connected, with a pair selected, and quiet but for their talk. */
static struct sim *connected(const struct sim_options *options, enum sim_nat alice_nat,
                             enum sim_nat bob_nat, struct sim_peer **alice, struct sim_peer **bob)
{
    struct sim *sim = meeting(options, alice_nat, bob_nat, alice, bob);

    sim_signal(sim, *alice, *bob, 100 * AUGER_MS);
    assert_true(sim_run_until(sim, both_nominated, 60 * AUGER_SEC));
    sim_run(sim, AUGER_SEC);
    return sim;
}

static struct sim_peer *one_of(struct sim_peer *alice, struct sim_peer *bob, unsigned which)
{
    return which == 0 ? alice : bob;
}

/* Neither was ever anything but connected since `connected` times. */
static void assert_steady(const struct sim_peer *alice, const struct sim_peer *bob)
{
    const struct sim_peer *peers[] = {alice, bob};

    for (size_t i = 0; i < 2; i++) {
        const struct sim_peer_story *story = sim_peer_story(peers[i]);
        assert_int_equal(story->connected, 1);
        assert_int_equal(story->disconnected + story->failed + story->failed_restarts, 0);
    }
}

/* What the wire did not lose arrived. */
static void assert_nothing_lost(struct sim *sim, struct sim_peer *alice, struct sim_peer *bob)
{
    uint64_t sent[] = {sim_peer_story(alice)->data_sent, sim_peer_story(bob)->data_sent};

    sim_run(sim, 4 * DELAY);
    assert_true(sim_peer_story(bob)->data_received >= sent[0]);
    assert_true(sim_peer_story(alice)->data_received >= sent[1]);
}

static const struct {
    enum sim_nat alice, bob;
} meetings[] = {{SIM_NO_NAT, SIM_NO_NAT},
                {SIM_FULL_CONE, SIM_PORT_RESTRICTED},
                {SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED},
                {SIM_SYMMETRIC, SIM_ADDRESS_RESTRICTED}};

SCENARIO(either_side_restarts_behind_any_nat_and_nothing_is_lost)
{
    for (size_t i = 0; i < ARRAY_LEN(meetings); i++) {
        for (unsigned who = 0; who < 2; who++) {
            struct sim_peer *alice, *bob;
            struct sim *sim = connected(options(seed + i, .delay = DELAY), meetings[i].alice,
                                        meetings[i].bob, &alice, &bob);

            sim_restart(sim, one_of(alice, bob, who));
            assert_true(sim_run_until(sim, both_restarted, 5 * AUGER_SEC));
            sim_run(sim, i == 0 ? 40 * AUGER_SEC : AFTERWARDS); /* consent lasts 30 s */
            assert_steady(alice, bob);
            assert_nothing_lost(sim, alice, bob);
            world_end(sim);
        }
    }
}

SCENARIO(both_restart_at_once_and_nothing_is_lost)
{
    /* From before either offer has arrived to just before the answer has. */
    static const auger_time apart[] = {0, 10 * AUGER_MS, 50 * AUGER_MS, 99 * AUGER_MS};

    for (size_t i = 0; i < ARRAY_LEN(apart); i++) {
        struct sim_peer *alice, *bob;
        struct sim *sim = connected(options(seed + i, .delay = DELAY), SIM_PORT_RESTRICTED,
                                    SIM_PORT_RESTRICTED, &alice, &bob);

        sim_restart(sim, one_of(alice, bob, i % 2));
        sim_run(sim, apart[i]);
        sim_restart(sim, one_of(bob, alice, i % 2));
        assert_true(sim_run_until(sim, both_restarted, 5 * AUGER_SEC));
        sim_run(sim, AFTERWARDS);
        assert_steady(alice, bob);
        assert_nothing_lost(sim, alice, bob);
        world_end(sim);
    }
}

/* Before the answer has come, with the first checks under way, nominating, and done. */
SCENARIO(twice_in_a_row_and_nothing_is_lost)
{
    static const auger_time apart[] = {50 * AUGER_MS, 210 * AUGER_MS, 300 * AUGER_MS,
                                       700 * AUGER_MS, 5 * AUGER_SEC};

    for (size_t i = 0; i < ARRAY_LEN(apart); i++) {
        struct sim_peer *alice, *bob;
        struct sim *sim = connected(options(seed + i, .delay = DELAY), SIM_PORT_RESTRICTED,
                                    SIM_FULL_CONE, &alice, &bob);

        sim_restart(sim, alice);
        sim_run(sim, apart[i]);
        sim_restart(sim, alice);
        assert_true(sim_run_until(sim, both_restarted, 10 * AUGER_SEC));
        sim_run(sim, AFTERWARDS);
        assert_steady(alice, bob);
        assert_nothing_lost(sim, alice, bob);
        world_end(sim);
    }
}

/* The old session goes on until the answer comes: whoever restarts in mid-check is
 * connected no later for it. */
SCENARIO(in_mid_check_at_any_moment)
{
    for (auger_time at = 0; at < 600 * AUGER_MS; at += 85 * AUGER_MS) {
        struct sim_peer *alice, *bob;
        struct sim *sim = meeting(options(seed + (uint64_t)at, .delay = DELAY), SIM_PORT_RESTRICTED,
                                  SIM_PORT_RESTRICTED, &alice, &bob);

        sim_signal(sim, alice, bob, 100 * AUGER_MS);
        sim_run(sim, 250 * AUGER_MS + at);
        sim_restart(sim, at / AUGER_MS % 2 ? alice : bob);
        assert_true(sim_run_until(sim, both_restarted, 10 * AUGER_SEC));
        sim_run(sim, AFTERWARDS);
        assert_true(both_connected(sim));
        assert_int_equal(sim_peer_story(alice)->failed + sim_peer_story(bob)->failed, 0);
        assert_nothing_lost(sim, alice, bob);
        world_end(sim);
    }
}

/* Offer and answer take 20 s each; the old path carries data and consent for as long, in
 * both directions: who answers has selected a pair long before who offered may. */
SCENARIO(slow_signalling_breaks_nothing)
{
    struct sim_peer *alice, *bob;
    struct sim *sim =
        meeting(options(seed, .delay = DELAY), SIM_PORT_RESTRICTED, SIM_NO_NAT, &alice, &bob);

    sim_signal_with(sim, alice, bob, &(struct sim_signalling){.delay = 20 * AUGER_SEC});
    assert_true(sim_run_until(sim, both_nominated, 60 * AUGER_SEC));
    for (unsigned who = 0; who < 2; who++) {
        sim_restart(sim, one_of(alice, bob, who));
        assert_true(sim_run_until(sim, both_restarted, 100 * AUGER_SEC));
        sim_run(sim, AFTERWARDS);
    }
    assert_steady(alice, bob);
    assert_nothing_lost(sim, alice, bob);
    world_end(sim);
}

SCENARIO(signalling_that_reorders_and_repeats)
{
    struct sim_peer *alice, *bob;
    struct sim *sim =
        meeting(options(seed, .delay = DELAY), SIM_FULL_CONE, SIM_FULL_CONE, &alice, &bob);

    sim_signal_with(sim, alice, bob,
                    &(struct sim_signalling){.delay = 20 * AUGER_MS,
                                             .jitter = 500 * AUGER_MS,
                                             .duplicate_permille = 300});
    assert_true(sim_run_until(sim, both_nominated, 20 * AUGER_SEC));
    for (unsigned i = 0; i < 4; i++) {
        sim_run(sim, 2 * AUGER_SEC);
        sim_restart(sim, one_of(alice, bob, i % 2));
        assert_true(sim_run_until(sim, both_restarted, 20 * AUGER_SEC));
    }
    assert_steady(alice, bob);
    assert_nothing_lost(sim, alice, bob);
    world_end(sim);
}

/* Loss costs time and what it takes itself, never the session. */
SCENARIO(restarts_survive_loss)
{
    struct sim_peer *alice, *bob;
    struct sim *sim = connected(options(seed, .delay = DELAY, .loss_permille = 150),
                                SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED, &alice, &bob);

    for (unsigned i = 0; i < 6; i++) {
        sim_restart(sim, one_of(alice, bob, i % 2));
        if (i % 3 == 2)
            sim_restart(sim, one_of(bob, alice, i % 2));
        assert_true(sim_run_until(sim, both_restarted, 60 * AUGER_SEC));
        sim_run(sim, (i % 2) * 20 * AUGER_SEC);
    }
    assert_int_equal(sim_peer_story(alice)->failed + sim_peer_story(bob)->failed, 0);
    uint64_t sent = sim_peer_story(alice)->data_sent, got = sim_peer_story(bob)->data_received;
    CHECK(got * 100 > sent * 80, "%llu of %llu", (unsigned long long)got, (unsigned long long)sent);
    world_end(sim);
}

SCENARIO(a_restart_leads_out_of_failed)
{
    for (unsigned who = 0; who < 2; who++) {
        struct sim_peer *alice, *bob;
        struct sim *sim = connected(options(seed + who, .delay = DELAY), SIM_PORT_RESTRICTED,
                                    SIM_PORT_RESTRICTED, &alice, &bob);

        sim_cut(sim, alice, bob);
        assert_true(sim_run_until(sim, both_failed, 60 * AUGER_SEC));
        sim_heal(sim);
        sim_restart(sim, one_of(alice, bob, who));
        assert_true(sim_run_until(sim, both_restarted, 10 * AUGER_SEC));
        assert_true(sim_run(sim, 40 * AUGER_SEC));
        assert_true(both_connected(sim));
        struct sim_peer *peers[] = {alice, bob};
        for (size_t i = 0; i < 2; i++) {
            const struct sim_peer_story *story = sim_peer_story(peers[i]);
            assert_int_equal(story->connected, 2);
            assert_int_equal(story->disconnected, 1);
            assert_int_equal(story->failed, 1);
        }
        world_end(sim);
    }
}

/* A NAT has lost its table, so that the old path is dead; the restart, begun at once,
 * finds another one before consent ends. */
SCENARIO(a_restart_replaces_a_path_that_a_rebooted_nat_has_cut)
{
    struct sim_peer *alice, *bob;
    struct sim *sim =
        connected(options(seed, .delay = DELAY), SIM_SYMMETRIC, SIM_FULL_CONE, &alice, &bob);

    sim_gateway_reboot(sim, sim_peer_gateway(bob));
    sim_restart(sim, bob);
    assert_true(sim_run_until(sim, both_restarted, 10 * AUGER_SEC));
    uint64_t before = sim_peer_story(alice)->data_received;
    sim_run(sim, 60 * AUGER_SEC);
    assert_true(sim_peer_story(alice)->data_received > before + 1450);
    assert_int_equal(sim_peer_story(alice)->failed + sim_peer_story(bob)->failed, 0);
    world_end(sim);
}

/* Now before the old generation is retired, now after; and no more memory than the first
 * ones took, but for a digit more in the numbers of foundations. */
SCENARIO(restarts_without_end_take_no_more_memory)
{
    struct sim_peer *alice, *bob;
    struct sim *sim =
        connected(options(seed, .delay = DELAY), SIM_SYMMETRIC, SIM_FULL_CONE, &alice, &bob);
    size_t peak = 0;

    for (unsigned i = 0; i < 24; i++) {
        sim_restart(sim, one_of(alice, bob, i % 2));
        sim_run(sim, 6 * AUGER_SEC + i % 3 * 3 * AUGER_SEC);
        if (i == 6)
            peak = sim_peer_story(alice)->memory_peak;
    }
    assert_steady(alice, bob);
    assert_in_range(sim_peer_story(alice)->memory_peak, peak, peak + 2);
    world_end(sim);
}

SCENARIOS(scenario_test(either_side_restarts_behind_any_nat_and_nothing_is_lost),
          scenario_test(both_restart_at_once_and_nothing_is_lost),
          scenario_test(twice_in_a_row_and_nothing_is_lost),
          scenario_test(in_mid_check_at_any_moment), scenario_test(slow_signalling_breaks_nothing),
          scenario_test(signalling_that_reorders_and_repeats), scenario_test(restarts_survive_loss),
          scenario_test(a_restart_leads_out_of_failed),
          scenario_test(a_restart_replaces_a_path_that_a_rebooted_nat_has_cut),
          scenario_test(restarts_without_end_take_no_more_memory))
