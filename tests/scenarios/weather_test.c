/* Paths that take no long datagrams, and gateways that alter what is inside. */
#include "tests/sim/scenario.h"

static const struct link_quality narrow = {
    .delay = 20 * AUGER_MS, .mtu = 576, .drops_fragments = true};

/* RFC 8489 section 6.1: no message of ICE or of TURN is longer than what any path takes. */
SCENARIO(where_long_datagrams_are_lost_the_session_lives)
{
    struct sim *sim = world(seed, .internet = &narrow);
    struct sim_peer_options options;

    sim_peer_options_init(&options);
    options.chatter = 200 * AUGER_MS;
    options.chatter_bytes = 1200;
    options.turn = 1;
    options.ice.policy = AUGER_ICE_POLICY_RELAY;
    sim_add_turn_server(sim, &(struct sim_turn_options){0});
    struct sim_peer *alice = sim_add_peer_in(sim, "alice", sim_internet(sim), &options);
    struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_PORT_RESTRICTED);
    sim_add_stun_server(sim);
    sim_signal(sim, alice, bob, 50 * AUGER_MS);
    assert_true(sim_run_until(sim, both_nominated, 20 * AUGER_SEC));
    sim_run(sim, 60 * AUGER_SEC);
    assert_true(both_connected(sim));
    assert_int_equal(sim_peer_story(alice)->disconnected, 0);
    assert_true(sim_too_long(sim) > 50);
    assert_true(sim_peer_story(bob)->data_received > 50); /* the short ones */
    world_end(sim);
}

/* Its own address in MAPPED-ADDRESS, which XOR-MAPPED-ADDRESS is there to contradict. */
SCENARIO(a_gateway_that_rewrites_addresses_hides_no_candidate)
{
    const struct nat_config kind = sim_nat_config(SIM_PORT_RESTRICTED);
    struct sim *sim = world(seed, .delay = 20 * AUGER_MS);
    struct sim_net *homes[] = {sim_add_nat(sim, "home-a", sim_internet(sim), &kind, NULL),
                               sim_add_nat(sim, "home-b", sim_internet(sim), &kind, NULL)};

    sim_answer_in_both_ways(sim);
    sim_add_stun_server(sim);
    for (int i = 0; i < 2; i++)
        sim_gateway_rewrite(sim_net_gateway(homes[i]), true);
    struct sim_peer *alice = sim_add_peer_in(sim, "alice", homes[0], NULL);
    struct sim_peer *bob = sim_add_peer_in(sim, "bob", homes[1], NULL);
    sim_signal(sim, alice, bob, 50 * AUGER_MS);
    assert_true(sim_run_until(sim, both_nominated, 20 * AUGER_SEC));
    assert_true(sim_rewritten(sim) >= 2);
    world_end(sim);
}

SCENARIOS(scenario_test(where_long_datagrams_are_lost_the_session_lives),
          scenario_test(a_gateway_that_rewrites_addresses_hides_no_candidate))
