/* Addresses behind names (docs/decisions/080): who is in the same network resolves them. */
#include "tests/sim/scenario.h"

struct pair {
    struct sim_peer *alice, *bob;
};

/* Behind one NAT without hairpin, or each behind its own; nobody asks a STUN server. */
static struct pair hidden(struct sim *sim, bool in_one_network)
{
    const struct nat_config kind = sim_nat_config(SIM_PORT_RESTRICTED);
    struct sim_net *home = sim_add_nat(sim, "home", sim_internet(sim), &kind, NULL);
    struct sim_net *other =
        in_one_network ? home : sim_add_nat(sim, "other", sim_internet(sim), &kind, NULL);
    struct sim_peer_options options;

    sim_peer_options_init(&options);
    options.no_stun = options.resolves = options.hides = true;
    return (struct pair){sim_add_peer_in(sim, "alice", home, &options),
                         sim_add_peer_in(sim, "bob", other, &options)};
}

static bool knows_by_name(struct sim_peer *peer)
{
    struct auger_cand cands[8];
    size_t len = auger_ice_remote_cands(sim_peer_ice(peer), cands, 8);

    for (size_t i = 0; i < len; i++)
        if (cands[i].type == AUGER_CAND_HOST)
            return cands[i].hidden;
    return false;
}

SCENARIO(names_are_resolved_in_one_network)
{
    struct sim *sim = world(seed, .delay = 20 * AUGER_MS);
    struct pair pair = hidden(sim, true);

    sim_signal(sim, pair.alice, pair.bob, 50 * AUGER_MS);
    assert_true(sim_run_until(sim, both_connected, 5 * AUGER_SEC));
    sim_run(sim, AUGER_SEC);
    assert_true(knows_by_name(pair.alice) || knows_by_name(pair.bob));
    world_end(sim);
}

/* The end of candidates waits for the names, and then there is nothing to wait for. */
SCENARIO(elsewhere_nobody_answers_for_them)
{
    struct sim *sim = world(seed, .delay = 20 * AUGER_MS);
    struct pair pair = hidden(sim, false);

    sim_signal(sim, pair.alice, pair.bob, 50 * AUGER_MS);
    assert_true(sim_run_until(sim, both_failed, 60 * AUGER_SEC));
    assert_false(knows_by_name(pair.alice) || knows_by_name(pair.bob));
    world_end(sim);
}

SCENARIOS(scenario_test(names_are_resolved_in_one_network),
          scenario_test(elsewhere_nobody_answers_for_them))
