/* Attackers: who knows no password changes nothing, and who knows one changes no invariant. */
#include "tests/scenarios/swarm.h"

#define APART (2 * AUGER_SEC)

struct outcome {
    struct sim_journal alice, bob;
    uint64_t honest, attacks;
};

static const struct sim_attack_options busy = {.per_second = 40, .lasts = 40 * AUGER_SEC};

static uint64_t attacks_in(const struct sim *sim)
{
    uint64_t sum = 0;

    for (int i = 0; i < SIM_ATTACKS; i++)
        sum += sim_attacks(sim, (enum sim_attack)i);
    return sum;
}

static struct outcome live(uint64_t seed, bool attacked)
{
    struct outcome outcome;
    struct swarm swarm;

    swarm_init(&swarm, seed);
    if (attacked)
        sim_add_off_path(swarm.sim, &busy, true);
    sim_signal_with(swarm.sim, swarm.alice, swarm.bob, &swarm.signalling);
    sim_run(swarm.sim, 60 * AUGER_SEC);
    outcome.alice = sim_journal_copy(sim_peer_journal(swarm.alice));
    outcome.bob = sim_journal_copy(sim_peer_journal(swarm.bob));
    outcome.honest = sim_honest_digest(swarm.sim);
    outcome.attacks = attacks_in(swarm.sim);
    world_end(swarm.sim);
    return outcome;
}

static void agree(const struct sim_journal *a, const struct sim_journal *b, uint64_t seed)
{
    char why[200];

    CHECK(sim_journals_agree(a, b, APART, why, sizeof(why)), "seed %llu: %s",
          (unsigned long long)seed, why);
}

SCENARIO(without_the_attacker_off_the_path_all_is_the_same)
{
    struct outcome with = live(seed, true), without = live(seed, false);

    CHECK(with.attacks > 500, "%llu attacks", (unsigned long long)with.attacks);
    assert_int_equal(without.attacks, 0);
    agree(&with.alice, &without.alice, seed);
    agree(&with.bob, &without.bob, seed);
    /* Not even a datagram is another one. */
    assert_true(with.honest == without.honest);
    sim_journal_fini(&with.alice);
    sim_journal_fini(&with.bob);
    sim_journal_fini(&without.alice);
    sim_journal_fini(&without.bob);
}

SCENARIO(an_observer_breaks_no_invariant)
{
    struct swarm swarm;

    swarm_init(&swarm, seed);
    sim_add_observer(swarm.sim, &busy);
    sim_signal_with(swarm.sim, swarm.alice, swarm.bob, &swarm.signalling);
    sim_run(swarm.sim, 60 * AUGER_SEC);
    world_end(swarm.sim);
}

SCENARIO(a_hostile_peer_breaks_no_invariant)
{
    struct sim *sim = world(seed, .delay = 20 * AUGER_MS);
    struct sim_peer *alice = sim_add_peer(sim, "alice", (enum sim_nat)(seed % SIM_UDP_BLOCKED));

    sim_add_hostile_peer(sim, alice, seed & 8, 100 * AUGER_MS, &busy);
    sim_run(sim, 60 * AUGER_SEC);
    assert_true(attacks_in(sim) > 0);
    world_end(sim);
}

SCENARIO(a_hostile_server_harms_no_other_candidate)
{
    struct sim *sim = world(seed, .delay = 20 * AUGER_MS);

    sim_add_hostile_stun_server(sim);
    sim_add_stun_server(sim);
    struct sim_peer *alice = sim_add_peer(sim, "alice", SIM_PORT_RESTRICTED);
    struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_PORT_RESTRICTED);
    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    CHECK(sim_run_until(sim, both_nominated, 20 * AUGER_SEC), "seed %llu",
          (unsigned long long)seed);
    assert_true(attacks_in(sim) > 0);
    world_end(sim);
}

SCENARIO(a_flood_of_candidates_is_bounded)
{
    struct sim *sim = world(seed, .delay = 20 * AUGER_MS);
    struct sim_peer *alice = sim_add_peer(sim, "alice", SIM_NO_NAT);
    struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_FULL_CONE);

    sim_add_hostile_signalling(sim, 1000, 20000);
    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    sim_run(sim, 60 * AUGER_SEC);
    assert_true(attacks_in(sim) > 0);
    assert_in_range(sim_peer_story(alice)->memory_peak, 1, 256 * 1024);
    world_end(sim);
}

SCENARIOS(scenario_test(without_the_attacker_off_the_path_all_is_the_same),
          scenario_test(an_observer_breaks_no_invariant),
          scenario_test(a_hostile_peer_breaks_no_invariant),
          scenario_test(a_hostile_server_harms_no_other_candidate),
          scenario_test(a_flood_of_candidates_is_bounded))
