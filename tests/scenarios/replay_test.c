/* A seed is a world, to the byte. */
#include "tests/scenarios/swarm.h"

static uint64_t live(uint64_t seed)
{
    struct swarm swarm;

    swarm_init(&swarm, seed);
    sim_signal_with(swarm.sim, swarm.alice, swarm.bob, &swarm.signalling);
    sim_run(swarm.sim, 60 * AUGER_SEC);
    uint64_t digest = sim_digest(swarm.sim);
    assert_true(sim_packets(swarm.sim) > 0);
    world_end(swarm.sim);
    return digest;
}

SCENARIO(the_same_seed_is_the_same_world_and_another_seed_another)
{
    uint64_t last = 0;

    for (uint64_t i = 0; i < 10; i++) {
        uint64_t digest = live(seed + i);
        assert_true(digest == live(seed + i));
        assert_true(digest != last);
        last = digest;
    }
}

/* Both clocks' edges of 31 and 32 bits of milliseconds are among the worlds. */
SCENARIO(worlds_begin_near_the_edges_of_a_clock)
{
    unsigned near = 0;

    for (uint64_t i = 0; i < 64; i++) {
        struct sim *sim = world(seed + i, .delay = 0);
        auger_time now = sim_now(sim);
        near += now > (INT64_C(1) << 31) * AUGER_MS - 61 * AUGER_SEC;
        world_end(sim);
    }
    assert_in_range(near, 10, 54);
}

SCENARIOS(scenario_test(the_same_seed_is_the_same_world_and_another_seed_another),
          scenario_test(worlds_begin_near_the_edges_of_a_clock))
