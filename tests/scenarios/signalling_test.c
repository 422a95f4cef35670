/* What signalling brings, in which order, and what it never brings. */
#include "tests/sim/scenario.h"

#define DELAY (40 * AUGER_MS)

static bool connects(uint64_t seed, enum sim_nat alice_nat, enum sim_nat bob_nat,
                     struct sim_signalling signalling)
{
    struct sim *sim = world(seed, .delay = DELAY, .jitter = 10 * AUGER_MS);
    sim_add_stun_server(sim);
    struct sim_peer *alice = sim_add_peer(sim, "alice", alice_nat);
    struct sim_peer *bob = sim_add_peer(sim, "bob", bob_nat);

    sim_signal_with(sim, alice, bob, &signalling);
    bool connected = sim_run_until(sim, both_connected, 45 * AUGER_SEC);
    /* Late messages find a session that is up. */
    assert_true(sim_run(sim, 20 * AUGER_SEC));
    assert_int_equal(both_connected(sim), connected);
    world_end(sim);
    return connected;
}

SCENARIO(candidates_may_come_whenever_they_like)
{
    static const struct {
        const char *how;
        struct sim_signalling signalling;
    } cases[] = {
        {"with the descriptions", {.no_trickle = true}},
        {"at once", {0}},
        {"late", {.candidate_delay = 5 * AUGER_SEC}},
        {"before the offer", {.offer_delay = 2 * AUGER_SEC}},
        {"out of order", {.delay = 100 * AUGER_MS, .jitter = 900 * AUGER_MS}},
        {"long before a slow answer", {.answer_delay = 8 * AUGER_SEC}},
        {"without an end", {.no_end = true}},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK(connects(seed, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED, cases[i].signalling),
              "candidates %s", cases[i].how);
}

/* A browser that hides its addresses and has no server: we cannot send to it, but its
 * checks reach us (RFC 8863). */
SCENARIO(a_peer_that_gives_no_address_is_found_by_its_checks)
{
    static const enum sim_nat nats[] = {SIM_NO_NAT, SIM_PORT_RESTRICTED, SIM_SYMMETRIC};

    for (size_t i = 0; i < ARRAY_LEN(nats); i++) {
        CHECK(connects(seed, nats[i], SIM_NO_NAT,
                       (struct sim_signalling){.alice_gives = SIM_GIVES_NAMES}),
              "alice behind %s gives names", sim_nat_name(nats[i]));
        CHECK(connects(seed, SIM_NO_NAT, nats[i],
                       (struct sim_signalling){.bob_gives = SIM_GIVES_NAMES}),
              "bob behind %s gives names", sim_nat_name(nats[i]));
        CHECK(connects(seed, nats[i], SIM_NO_NAT,
                       (struct sim_signalling){.alice_gives = SIM_GIVES_NOTHING}),
              "alice behind %s gives nothing", sim_nat_name(nats[i]));
        CHECK(connects(seed, SIM_NO_NAT, nats[i],
                       (struct sim_signalling){.bob_gives = SIM_GIVES_NOTHING}),
              "bob behind %s gives nothing", sim_nat_name(nats[i]));
    }
}

SCENARIO(two_peers_that_give_no_address_do_not_meet)
{
    assert_false(connects(
        seed, SIM_NO_NAT, SIM_NO_NAT,
        (struct sim_signalling){.alice_gives = SIM_GIVES_NAMES, .bob_gives = SIM_GIVES_NAMES}));
}

SCENARIO(a_role_conflict_is_settled)
{
    for (int control = 0; control <= 1; control++) {
        struct sim *sim = world(seed, .delay = DELAY);
        struct sim_peer *alice = sim_add_peer(sim, "alice", SIM_NO_NAT);
        struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_NO_NAT);
        struct auger_ice_counters a = {0}, b = {0};

        sim_signal_with(sim, alice, bob,
                        &(struct sim_signalling){.same_role = true, .both_control = control});
        CHECK(sim_run_until(sim, both_nominated, 10 * AUGER_SEC), "both control: %d", control);
        sim_run(sim, 10 * AUGER_SEC);
        auger_ice_get_counters(sim_peer_ice(alice), &a);
        auger_ice_get_counters(sim_peer_ice(bob), &b);
        assert_int_equal(a.role_switches + b.role_switches, 1);
        world_end(sim);
    }
}

SCENARIOS(scenario_test(candidates_may_come_whenever_they_like),
          scenario_test(a_peer_that_gives_no_address_is_found_by_its_checks),
          scenario_test(two_peers_that_give_no_address_do_not_meet),
          scenario_test(a_role_conflict_is_settled))
