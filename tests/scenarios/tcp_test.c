/* Paths over TCP (RFC 6544): where UDP is blocked, through NATs that filter by the SYN (RFC 5382),
 * and when connections break. */
#include "tests/sim/scenario.h"

#define DELAY (40 * AUGER_MS)
#define ALL (AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE | AUGER_ICE_TCP_SO)

static struct sim_peer *add(struct sim *sim, const char *name, struct sim_net *net, uint8_t tcp)
{
    struct sim_peer_options options;

    sim_peer_options_init(&options);
    options.ice.tcp = tcp;
    options.chatter = 1 * AUGER_SEC;
    return sim_add_peer_in(sim, name, net, &options);
}

static bool both_on_tcp(const struct sim *sim, const struct sim_peer *alice,
                        const struct sim_peer *bob)
{
    return both_connected(sim) && sim_peer_story(alice)->path.remote.transport == AUGER_TCP &&
           sim_peer_story(bob)->path.remote.transport == AUGER_TCP;
}

/* What each says arrives. */
static bool both_hear(struct sim *sim, const struct sim_peer *alice, const struct sim_peer *bob)
{
    uint64_t alice_had = sim_peer_story(alice)->data_received,
             bob_had = sim_peer_story(bob)->data_received;

    return sim_run(sim, 10 * AUGER_SEC) && sim_peer_story(alice)->data_received > alice_had + 5 &&
           sim_peer_story(bob)->data_received > bob_had + 5;
}

static struct sim_net *blocked(struct sim *sim, const char *name)
{
    return sim_add_nat_of_kind(sim, name, sim_internet(sim), SIM_UDP_BLOCKED);
}

/* As a browser that can do no more than connect, and a server. */
SCENARIO(who_listens_is_reached_though_udp_is_blocked)
{
    static const struct {
        uint8_t inside, outside;
    } rows[] = {{AUGER_ICE_TCP_ACTIVE, AUGER_ICE_TCP_PASSIVE}, {ALL, ALL}};

    for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        struct sim *sim = world(seed, .delay = DELAY);
        struct sim_peer *inside = add(sim, "inside", blocked(sim, "wall"), rows[i / 2].inside);
        struct sim_peer *outside = add(sim, "outside", sim_internet(sim), rows[i / 2].outside);
        if (i % 2)
            sim_signal(sim, inside, outside, 100 * AUGER_MS);
        else
            sim_signal(sim, outside, inside, 100 * AUGER_MS);
        CHECK(sim_run_until(sim, both_nominated, 5 * AUGER_SEC), "row %zu", i);
        CHECK(both_on_tcp(sim, inside, outside), "row %zu", i);
        CHECK(both_hear(sim, inside, outside), "row %zu", i);
        sim_run(sim, 60 * AUGER_SEC); /* by consent, over TCP too */
        CHECK(both_on_tcp(sim, inside, outside), "row %zu", i);
        world_end(sim);
    }
}

SCENARIO(where_udp_works_it_is_taken)
{
    struct sim *sim = world(seed, .delay = DELAY);
    sim_add_stun_server(sim);
    struct sim_peer *alice =
        add(sim, "alice", sim_add_nat_of_kind(sim, "home", sim_internet(sim), SIM_PORT_RESTRICTED),
            ALL);
    struct sim_peer *bob = add(sim, "bob", sim_internet(sim), ALL);

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    assert_true(sim_run_until(sim, both_nominated, 5 * AUGER_SEC));
    assert_int_equal(sim_peer_story(alice)->path.remote.transport, AUGER_UDP);
    assert_int_equal(sim_peer_story(bob)->path.remote.transport, AUGER_UDP);
    world_end(sim);
}

/* --- two NATs ----------------------------------------------------------------------------- */

struct house {
    struct nat_config nat;
    struct auger_ice_mapping mapping;
};

/* Whose owner knows that it shows each port as it is.  Nothing of UDP passes. */
static struct sim_peer *add_behind(struct sim *sim, const char *name, struct house *house,
                                   uint8_t tcp)
{
    struct sim_peer_options options;
    char gateway[32];

    house->nat = (struct nat_config){.filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                     .ports = NAT_PORTS_PRESERVE};
    sim_net_lend_addr(sim_internet(sim), &house->nat);
    house->mapping.local = (struct auger_addr){.family = AUGER_IPV4};
    house->mapping.external = house->nat.external[0];
    house->mapping.external.port = 0;
    snprintf(gateway, sizeof(gateway), "%s-nat", name);
    struct sim_net *net = sim_add_nat(sim, gateway, sim_internet(sim), &house->nat, NULL);
    sim_gateway_block_udp(sim_net_gateway(net));
    sim_peer_options_init(&options);
    options.ice.tcp = tcp;
    options.ice.mappings = &house->mapping;
    options.ice.mappings_len = 1;
    options.chatter = 1 * AUGER_SEC;
    return sim_add_peer_in(sim, name, net, &options);
}

/* Each SYN opens its own NAT for the other's: RFC 5382, REQ-1 and REQ-2.  Without simultaneous
 * open a SYN finds the other NAT shut. */
SCENARIO(two_nats_are_crossed_by_simultaneous_open_alone)
{
    static const uint8_t sets[] = {ALL, AUGER_ICE_TCP_SO,
                                   AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE};

    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        struct sim *sim = world(seed, .delay = DELAY, .jitter = 10 * AUGER_MS);
        struct house a, b;
        struct sim_peer *alice = add_behind(sim, "alice", &a, sets[i]);
        struct sim_peer *bob = add_behind(sim, "bob", &b, sets[i]);
        sim_signal(sim, alice, bob, 100 * AUGER_MS);
        if (sets[i] & AUGER_ICE_TCP_SO) {
            CHECK(sim_run_until(sim, both_nominated, 10 * AUGER_SEC), "set %zu", i);
            CHECK(both_on_tcp(sim, alice, bob), "set %zu", i);
            CHECK(both_hear(sim, alice, bob), "set %zu", i);
        } else {
            CHECK(sim_run_until(sim, both_failed, 120 * AUGER_SEC), "set %zu", i);
        }
        world_end(sim);
    }
}

/* --- connections that break ----------------------------------------------------------------- */

SCENARIO(a_connection_that_is_reset_is_opened_again)
{
    for (int who = 0; who < 4; who++) {
        struct sim *sim = world(seed, .delay = DELAY);
        struct sim_peer *inside = add(sim, "inside", blocked(sim, "wall"), AUGER_ICE_TCP_ACTIVE);
        struct sim_peer *outside = add(sim, "outside", sim_internet(sim), AUGER_ICE_TCP_PASSIVE);
        if (who & 1)
            sim_signal(sim, inside, outside, 100 * AUGER_MS);
        else
            sim_signal(sim, outside, inside, 100 * AUGER_MS);
        assert_true(sim_run_until(sim, both_nominated, 5 * AUGER_SEC));
        for (int times = 0; times < 40; times++) { /* more than there may be candidates */
            sim_peer_reset_streams(sim, who & 2 ? inside : outside);
            sim_run(sim, 37 * AUGER_SEC); /* along which it was answered for 30 */
            CHECK(both_on_tcp(sim, inside, outside), "by %d, the %d. time", who, times + 1);
        }
        CHECK(both_hear(sim, inside, outside), "by %d", who);
        CHECK(sim_peer_story(inside)->wanted_restarts == 0, "by %d", who);
        CHECK(sim_peer_story(outside)->wanted_restarts == 0, "by %d", who);
        world_end(sim);
    }
}

/* By the silence, long before its connections are given up; and nothing is opened for ever. */
SCENARIO(a_peer_that_is_gone_is_noticed)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct sim_peer *inside = add(sim, "inside", blocked(sim, "wall"), ALL);
    struct sim_peer *outside = add(sim, "outside", sim_internet(sim), ALL);

    sim_signal(sim, outside, inside, 100 * AUGER_MS);
    assert_true(sim_run_until(sim, both_nominated, 5 * AUGER_SEC));
    sim_peer_leave(sim, outside);
    sim_run(sim, 8 * AUGER_SEC);
    assert_int_equal(sim_peer_story(inside)->state, AUGER_ICE_DISCONNECTED);
    sim_run(sim, 90 * AUGER_SEC);
    assert_int_not_equal(sim_peer_story(inside)->state, AUGER_ICE_CONNECTED);
    uint64_t packets = sim_packets(sim);
    sim_run(sim, 60 * AUGER_SEC);
    assert_int_equal(sim_packets(sim), packets);
    world_end(sim);
}

/* A connection outlives a wire that is cut for a while, and what is said then comes late. */
SCENARIO(a_short_cut_is_outlived)
{
    struct sim *sim = world(seed, .delay = DELAY, .loss_permille = 100);
    struct sim_peer *inside = add(sim, "inside", blocked(sim, "wall"), ALL);
    struct sim_peer *outside = add(sim, "outside", sim_internet(sim), ALL);

    sim_signal(sim, outside, inside, 100 * AUGER_MS);
    assert_true(sim_run_until(sim, both_nominated, 20 * AUGER_SEC));
    sim_cut(sim, inside, outside);
    sim_run(sim, 8 * AUGER_SEC);
    sim_heal(sim);
    sim_run(sim, 20 * AUGER_SEC);
    assert_true(both_on_tcp(sim, inside, outside));
    assert_true(both_hear(sim, inside, outside));
    world_end(sim);
}

SCENARIOS(scenario_test(who_listens_is_reached_though_udp_is_blocked),
          scenario_test(where_udp_works_it_is_taken),
          scenario_test(two_nats_are_crossed_by_simultaneous_open_alone),
          scenario_test(a_connection_that_is_reset_is_opened_again),
          scenario_test(a_peer_that_is_gone_is_noticed), scenario_test(a_short_cut_is_outlived))
