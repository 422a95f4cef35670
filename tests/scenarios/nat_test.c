/* Which meetings of NATs end in a direct path, and which cannot without a relay. */
#include "tests/sim/scenario.h"

#define DELAY (40 * AUGER_MS)
#define JITTER (10 * AUGER_MS)

/* By reasoning from RFC 4787.  Two mappings that do not depend on the destination always
 * meet: each side's checks open its own filter for the other's.  A symmetric NAT shows
 * the peer a port that nobody announced: the other's filter must admit it, by address at
 * least. */
static const char *const meetings[SIM_NATS] = {
    /* D: a direct path; the columns are in the order of the rows */
    [SIM_NO_NAT] = "DDDDDD-",
    [SIM_FULL_CONE] = "DDDDDD-",
    [SIM_ADDRESS_RESTRICTED] = "DDDDDD-",
    [SIM_PORT_RESTRICTED] = "DDDD---",
    [SIM_SYMMETRIC] = "DDD----",
    [SIM_SYMMETRIC_SEQUENTIAL] = "DDD----",
    [SIM_UDP_BLOCKED] = "-------",
};

static void meet(uint64_t seed, enum sim_nat alice_nat, enum sim_nat bob_nat)
{
    struct sim *sim = world(seed, .delay = DELAY, .jitter = JITTER);
    sim_add_stun_server(sim);
    struct sim_peer *alice = sim_add_peer(sim, "alice", alice_nat);
    struct sim_peer *bob = sim_add_peer(sim, "bob", bob_nat);
    bool direct = meetings[alice_nat][bob_nat] == 'D';

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    if (direct)
        sim_run_until(sim, both_connected, 5 * AUGER_SEC);
    else
        sim_run_until(sim, both_failed, 60 * AUGER_SEC);
    CHECK(sim_route(alice, bob) == (direct ? SIM_DIRECT : SIM_NOT_CONNECTED), "%s meets %s",
          sim_nat_name(alice_nat), sim_nat_name(bob_nat));
    CHECK(direct || both_failed(sim), "%s meets %s, and they wait for ever",
          sim_nat_name(alice_nat), sim_nat_name(bob_nat));
    world_end(sim);
}

SCENARIO(peers_find_the_best_path_their_nats_allow)
{
    for (int alice = 0; alice < SIM_NATS; alice++) {
        for (int bob = 0; bob < SIM_NATS; bob++)
            meet(seed, (enum sim_nat)alice, (enum sim_nat)bob);
    }
}

/* Mapping and filtering are independent of each other (RFC 4787): a symmetric mapping
 * whose filter admits everybody.  The peer must be able to reach one of them first. */
SCENARIO(an_address_dependent_mapping_with_an_open_filter_can_be_met)
{
    const struct nat_config open = {.mapping = NAT_ADDRESS_DEPENDENT,
                                    .filtering = NAT_ENDPOINT_INDEPENDENT,
                                    .ports = NAT_PORTS_RANDOM};
    struct sim *sim = world(seed, .delay = DELAY);
    sim_add_stun_server(sim);
    struct sim_net *a_home = sim_add_nat(sim, "a-home", sim_internet(sim), &open, NULL);
    struct sim_net *b_home = sim_add_nat(sim, "b-home", sim_internet(sim), &open, NULL);
    struct sim_peer *alice = sim_add_peer_in(sim, "alice", a_home, NULL);
    struct sim_peer *bob = sim_add_peer_in(sim, "bob", b_home, NULL);

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    assert_true(sim_run_until(sim, both_connected, 5 * AUGER_SEC));
    world_end(sim);
}

/* Port and address dependent mappings with open filters see a new port of each other in
 * every check, for ever: the tables must stay bounded, and nobody may spin. */
SCENARIO(two_symmetric_nats_with_open_filters_chase_each_other_within_bounds)
{
    const struct nat_config open = {.mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                    .filtering = NAT_ENDPOINT_INDEPENDENT,
                                    .ports = NAT_PORTS_RANDOM};
    struct sim *sim = world(seed, .delay = DELAY);
    sim_add_stun_server(sim);
    struct sim_net *a_home = sim_add_nat(sim, "a-home", sim_internet(sim), &open, NULL);
    struct sim_net *b_home = sim_add_nat(sim, "b-home", sim_internet(sim), &open, NULL);
    struct sim_peer *alice = sim_add_peer_in(sim, "alice", a_home, NULL);
    struct sim_peer *bob = sim_add_peer_in(sim, "bob", b_home, NULL);

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    assert_true(sim_run_until(sim, both_failed, 120 * AUGER_SEC));
    world_end(sim);
}

SCENARIO(a_nat_behind_a_nat_is_crossed)
{
    struct sim *sim = world(seed, .delay = DELAY);
    sim_add_stun_server(sim);
    struct sim_net *carrier =
        sim_add_nat_of_kind(sim, "carrier", sim_internet(sim), SIM_PORT_RESTRICTED);
    struct sim_net *home = sim_add_nat_of_kind(sim, "home", carrier, SIM_PORT_RESTRICTED);
    struct sim_peer *alice = sim_add_peer_in(sim, "alice", home, NULL);
    struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_PORT_RESTRICTED);

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    assert_true(sim_run_until(sim, both_connected, 5 * AUGER_SEC));
    world_end(sim);
}

/* Two homes of one carrier: only a carrier that hairpins brings them together. */
SCENARIO(neighbours_behind_a_carrier_need_its_hairpin)
{
    static const enum nat_hairpin hairpins[] = {NAT_HAIRPIN_NONE, NAT_HAIRPIN_EXTERNAL_SOURCE};

    for (size_t i = 0; i < ARRAY_LEN(hairpins); i++) {
        const struct nat_config config = {.hairpin = hairpins[i]};
        struct sim *sim = world(seed, .delay = DELAY);
        sim_add_stun_server(sim);
        struct sim_net *carrier = sim_add_nat(sim, "carrier", sim_internet(sim), &config, NULL);
        struct sim_net *a_home = sim_add_nat_of_kind(sim, "a-home", carrier, SIM_PORT_RESTRICTED);
        struct sim_net *b_home = sim_add_nat_of_kind(sim, "b-home", carrier, SIM_PORT_RESTRICTED);
        struct sim_peer *alice = sim_add_peer_in(sim, "alice", a_home, NULL);
        struct sim_peer *bob = sim_add_peer_in(sim, "bob", b_home, NULL);

        sim_signal(sim, alice, bob, 100 * AUGER_MS);
        CHECK(sim_run_until(sim, both_connected, 50 * AUGER_SEC) ==
                  (hairpins[i] != NAT_HAIRPIN_NONE),
              "hairpin %d", (int)hairpins[i]);
        world_end(sim);
    }
}

static bool is_private(const struct auger_addr *addr)
{
    return addr->ip[0] == 192 && addr->ip[1] == 168;
}

SCENARIO(two_hosts_behind_one_nat_stay_inside)
{
    struct sim *sim = world(seed, .delay = DELAY);
    sim_add_stun_server(sim);
    struct sim_net *home = sim_add_nat_of_kind(sim, "home", sim_internet(sim), SIM_PORT_RESTRICTED);
    struct sim_peer *alice = sim_add_peer_in(sim, "alice", home, NULL);
    struct sim_peer *bob = sim_add_peer_in(sim, "bob", home, NULL);

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    assert_true(sim_run_until(sim, both_nominated, 5 * AUGER_SEC));
    assert_true(is_private(&sim_peer_story(alice)->path.remote));
    assert_true(is_private(&sim_peer_story(bob)->path.remote));
    world_end(sim);
}

/* Both are 192.168.1.1: the check of the other's host candidate comes back to oneself. */
SCENARIO(overlapping_private_ranges_are_no_obstacle)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct nat_config config = sim_nat_config(SIM_PORT_RESTRICTED);
    sim_add_stun_server(sim);
    struct sim_net *a_home = sim_add_nat(sim, "a-home", sim_internet(sim), &config, "192.168.1");
    struct sim_net *b_home = sim_add_nat(sim, "b-home", sim_internet(sim), &config, "192.168.1");
    struct sim_peer *alice = sim_add_peer_in(sim, "alice", a_home, NULL);
    struct sim_peer *bob = sim_add_peer_in(sim, "bob", b_home, NULL);

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    assert_true(sim_run_until(sim, both_connected, 5 * AUGER_SEC));
    assert_false(is_private(&sim_peer_story(alice)->path.remote));
    world_end(sim);
}

SCENARIO(ipv6_goes_straight_where_ipv4_cannot)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct sim_peer_options options;
    sim_peer_options_init(&options);
    options.ipv6 = true;
    sim_add_stun_server(sim);
    struct sim_net *a_home = sim_add_nat_of_kind(sim, "a-home", sim_internet(sim), SIM_SYMMETRIC);
    struct sim_net *b_home = sim_add_nat_of_kind(sim, "b-home", sim_internet(sim), SIM_SYMMETRIC);
    struct sim_peer *alice = sim_add_peer_in(sim, "alice", a_home, &options);
    struct sim_peer *bob = sim_add_peer_in(sim, "bob", b_home, &options);

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    assert_true(sim_run_until(sim, both_connected, 5 * AUGER_SEC));
    assert_int_equal(sim_peer_story(alice)->path.remote.family, AUGER_IPV6);
    world_end(sim);
}

SCENARIOS(scenario_test(peers_find_the_best_path_their_nats_allow),
          scenario_test(an_address_dependent_mapping_with_an_open_filter_can_be_met),
          scenario_test(two_symmetric_nats_with_open_filters_chase_each_other_within_bounds),
          scenario_test(a_nat_behind_a_nat_is_crossed),
          scenario_test(neighbours_behind_a_carrier_need_its_hairpin),
          scenario_test(two_hosts_behind_one_nat_stay_inside),
          scenario_test(overlapping_private_ranges_are_no_obstacle),
          scenario_test(ipv6_goes_straight_where_ipv4_cannot))
