/*
 * Random worlds: each seed picks a subset of what may be in a world.  AUGER_WORLDS says
 * how many fresh ones (500 by default).
 */
#include "tests/scenarios/swarm.h"

#include <time.h>

#define LIVENESS (60 * AUGER_SEC)
#define AFTERWARDS (60 * AUGER_SEC)

/* What the worlds of a run had in them, so that one sees that the rare was there. */
static struct {
    unsigned worlds, with_path, connected, better, conflicts, unknown, nested_or_symmetric;
    unsigned disconnected, failed;
    auger_time virtual_time;
} tally;

static void count(const struct swarm *swarm, bool connected)
{
    const struct sim_peer_story *a = sim_peer_story(swarm->alice);
    const struct sim_peer_story *b = sim_peer_story(swarm->bob);

    tally.worlds++;
    tally.with_path += swarm_has_path(swarm);
    tally.connected += connected;
    tally.better += connected && !swarm_has_path(swarm);
    tally.conflicts += swarm->signalling.same_role;
    tally.unknown += !swarm->fronts[0].is_known || !swarm->fronts[1].is_known;
    tally.nested_or_symmetric += swarm->fronts[0].mapping > 0 || swarm->fronts[1].mapping > 0;
    tally.disconnected += a->disconnected + b->disconnected > 0;
    tally.failed += a->failed + b->failed > 0;
}

/* The faults of a world come once its agents had the time to connect. */
static void trouble(struct swarm *swarm)
{
    struct sim *sim = swarm->sim;
    struct sim_gateway *gateway = sim_peer_gateway(swarm->alice);

    sim_run(sim, swarm_time(swarm, 20 * AUGER_SEC));
    switch (swarm_pick(swarm, 5)) {
    case 0:
        sim_cut(sim, swarm->alice, swarm->bob);
        sim_run(sim, swarm_time(swarm, 40 * AUGER_SEC));
        sim_heal(sim);
        break;
    case 1:
        sim_cut_one_way(sim, swarm->alice, swarm->bob);
        break;
    case 2:
        if (gateway)
            sim_gateway_reboot(sim, gateway);
        break;
    case 3:
        if (gateway)
            sim_gateway_rebind(sim, gateway);
        break;
    default:
        break;
    }
    sim_run(sim, AFTERWARDS);
}

static void live(uint64_t seed)
{
    struct swarm swarm;

    swarm_init(&swarm, seed);
    auger_time start = sim_now(swarm.sim);
    sim_signal_with(swarm.sim, swarm.alice, swarm.bob, &swarm.signalling);
    bool connected = sim_run_until(swarm.sim, both_connected, LIVENESS);
    CHECK(connected || !swarm.is_gentle || !swarm_has_path(&swarm),
          "seed %llu: there is a path, and they did not find it", (unsigned long long)seed);
    trouble(&swarm);
    count(&swarm, connected);
    tally.virtual_time += sim_now(swarm.sim) - start;
    world_end(swarm.sim);
}

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void agents_live_through_random_worlds(void **state)
{
    uint64_t worlds = scenario_number("AUGER_WORLDS", 500);
    double start = cpu_seconds();

    (void)state;
    if (getenv("AUGER_SEED")) {
        scenario_run_seed(__FILE__, live, scenario_number("AUGER_SEED", 0));
        return;
    }
    for (uint64_t i = 0; i < worlds; i++)
        scenario_run_seed(__FILE__, live, scenario_fresh_seed("swarm", i));
    double virtual_s = (double)tally.virtual_time / 1e9;
    print_message("%u worlds, %u with a path by the table, %u connected, %u better than it, "
                  "%u with a role conflict, %u with a peer unknown, %u with a mapping that "
                  "depends, %u disconnected, %u failed; %.0f virtual s, %.0f times real time\n",
                  tally.worlds, tally.with_path, tally.connected, tally.better, tally.conflicts,
                  tally.unknown, tally.nested_or_symmetric, tally.disconnected, tally.failed,
                  virtual_s, virtual_s / (cpu_seconds() - start));
    assert_true(tally.connected > worlds / 4);
    assert_true(tally.failed > worlds / 20);
}

SCENARIOS(scenario_test(agents_live_through_random_worlds))
