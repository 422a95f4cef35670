/* When no path can be found: patiently, once, and no sooner than RFC 8863 allows. */
#include "tests/sim/scenario.h"

#define DELAY (40 * AUGER_MS)
#define PAC (39500 * AUGER_MS)

SCENARIO(failure_comes_once_and_not_before_39_5_s)
{
    static const struct {
        const char *why;
        enum sim_nat alice, bob;
        struct sim_signalling signalling;
    } cases[] = {
        {"UDP is blocked", SIM_UDP_BLOCKED, SIM_NO_NAT, {0}},
        {"both are symmetric", SIM_SYMMETRIC, SIM_SYMMETRIC, {0}},
        {"nobody gives an address",
         SIM_NO_NAT,
         SIM_NO_NAT,
         {.alice_gives = SIM_GIVES_NAMES, .bob_gives = SIM_GIVES_NOTHING}},
        {"nobody gives one, and no end",
         SIM_NO_NAT,
         SIM_NO_NAT,
         {.alice_gives = SIM_GIVES_NOTHING, .bob_gives = SIM_GIVES_NOTHING, .no_end = true}},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sim *sim = world(seed, .delay = DELAY);
        sim_add_stun_server(sim);
        struct sim_peer *peers[] = {sim_add_peer(sim, "alice", cases[i].alice),
                                    sim_add_peer(sim, "bob", cases[i].bob)};

        sim_signal_with(sim, peers[0], peers[1], &cases[i].signalling);
        CHECK(sim_run_until(sim, both_failed, 120 * AUGER_SEC), "%s", cases[i].why);
        CHECK(sim_run(sim, 120 * AUGER_SEC), "%s", cases[i].why);
        for (size_t j = 0; j < ARRAY_LEN(peers); j++) {
            const struct sim_peer_story *story = sim_peer_story(peers[j]);
            CHECK(story->failed == 1, "%s", cases[i].why);
            CHECK(story->failed_at - story->signalled_at >= PAC, "%s: %lld ms", cases[i].why,
                  (long long)((story->failed_at - story->signalled_at) / AUGER_MS));
        }
        world_end(sim);
    }
}

/* Nothing at all to check: the time of RFC 8863 section 4, to the nanosecond. */
SCENARIO(without_candidates_failure_comes_at_39_5_s)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct sim_peer *peers[] = {sim_add_peer(sim, "alice", SIM_NO_NAT),
                                sim_add_peer(sim, "bob", SIM_NO_NAT)};

    sim_signal_with(
        sim, peers[0], peers[1],
        &(struct sim_signalling){.alice_gives = SIM_GIVES_NOTHING, .bob_gives = SIM_GIVES_NOTHING});
    assert_true(sim_run_until(sim, both_failed, 60 * AUGER_SEC));
    for (size_t j = 0; j < ARRAY_LEN(peers); j++) {
        const struct sim_peer_story *story = sim_peer_story(peers[j]);
        assert_int_equal(story->failed_at - story->signalled_at, PAC);
    }
    world_end(sim);
}

SCENARIOS(scenario_test(failure_comes_once_and_not_before_39_5_s),
          scenario_test(without_candidates_failure_comes_at_39_5_s))
