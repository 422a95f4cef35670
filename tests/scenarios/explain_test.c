/* Why there is no path: each cause is made in the simulated internet, and both sides must
 * name it.  What a peer alone can do to us, and no network, is tests/ice/explain_test.c. */
#include "tests/sim/scenario.h"

#include <auger/ice_explain.h>

#define DELAY (40 * AUGER_MS)

static struct auger_ice_explanation explain(struct sim_peer *peer)
{
    struct auger_ice_explanation explanation;

    auger_ice_explain(sim_peer_ice(peer), &explanation);
    return explanation;
}

static void must_be(struct sim_peer *peer, enum auger_ice_why why, const char *who)
{
    struct auger_ice_explanation e = explain(peer);

    CHECK(e.why == why, "%s says %s instead of %s (%s)", who, auger_ice_why_name(e.why),
          auger_ice_why_name(why), e.evidence);
}

/* --- a path that was never found --------------------------------------------------------- */

struct cause {
    const char *name;
    enum sim_nat alice_nat, bob_nat;
    unsigned stun_servers;
    struct sim_signalling signalling;
    struct sim_peer_options alice, bob; /* without the agent's configuration */
    enum { NO_CUT, CUT, CUT_FROM_ALICE } cut;
    enum auger_ice_why alice_why, bob_why;
};

static const struct cause causes[] = {
    {.name = "alice has no address",
     .alice = {.no_ipv4 = true},
     .alice_why = AUGER_ICE_WHY_NO_LOCAL_ADDRESS,
     .bob_why = AUGER_ICE_WHY_NO_REMOTE_CANDIDATE},
    {.name = "alice gives names alone, and bob nothing",
     .signalling = {.alice_gives = SIM_GIVES_NAMES, .bob_gives = SIM_GIVES_NOTHING},
     .alice_why = AUGER_ICE_WHY_NO_REMOTE_CANDIDATE,
     .bob_why = AUGER_ICE_WHY_REMOTE_UNUSABLE},
    {.name = "one has IPv6 alone, the other IPv4",
     .alice = {.no_ipv4 = true, .ipv6 = true},
     .alice_why = AUGER_ICE_WHY_REMOTE_UNUSABLE,
     .bob_why = AUGER_ICE_WHY_REMOTE_UNUSABLE},
    {.name = "UDP is blocked at alice's",
     .alice_nat = SIM_UDP_BLOCKED,
     .stun_servers = 1,
     .alice_why = AUGER_ICE_WHY_NO_STUN_ANSWER,
     .bob_why = AUGER_ICE_WHY_NOTHING_ARRIVED},
    {.name = "both NATs are symmetric",
     .alice_nat = SIM_SYMMETRIC,
     .bob_nat = SIM_SYMMETRIC_SEQUENTIAL,
     .stun_servers = 2,
     .alice_why = AUGER_ICE_WHY_BOTH_NATS,
     .bob_why = AUGER_ICE_WHY_BOTH_NATS},
    {.name = "both are, and one server cannot show it",
     .alice_nat = SIM_SYMMETRIC,
     .bob_nat = SIM_SYMMETRIC,
     .stun_servers = 1,
     .alice_why = AUGER_ICE_WHY_NOTHING_ARRIVED,
     .bob_why = AUGER_ICE_WHY_NOTHING_ARRIVED},
    {.name = "alice's NAT is symmetric, bob's filters by port",
     .alice_nat = SIM_SYMMETRIC,
     .bob_nat = SIM_PORT_RESTRICTED,
     .stun_servers = 2,
     .alice_why = AUGER_ICE_WHY_OUR_NAT,
     .bob_why = AUGER_ICE_WHY_PEER_NAT},
    {.name = "nothing passes between them",
     .cut = CUT,
     .stun_servers = 1,
     .alice_why = AUGER_ICE_WHY_NOTHING_ARRIVED,
     .bob_why = AUGER_ICE_WHY_NOTHING_ARRIVED},
    {.name = "what alice sends is lost",
     .cut = CUT_FROM_ALICE,
     .alice_why = AUGER_ICE_WHY_UNANSWERED,
     .bob_why = AUGER_ICE_WHY_NOTHING_ARRIVED},
    {.name = "bob has an old description of alice",
     .signalling = {.alice_is_stale = true},
     .alice_why = AUGER_ICE_WHY_NOTHING_ARRIVED, /* bob does not take her candidates either */
     .bob_why = AUGER_ICE_WHY_WRONG_PASSWORD},
};

static struct sim_peer *add(struct sim *sim, const char *name, enum sim_nat nat,
                            const struct sim_peer_options *options)
{
    struct sim_peer_options full;
    char gateway[32];

    snprintf(gateway, sizeof(gateway), "nat-%s", name);
    sim_peer_options_init(&full);
    full.no_ipv4 = options->no_ipv4;
    full.ipv6 = options->ipv6;
    return sim_add_peer_in(sim, name, sim_add_nat_of_kind(sim, gateway, sim_internet(sim), nat),
                           &full);
}

static void make_and_ask(uint64_t seed, const struct cause *cause)
{
    struct sim *sim = world(seed, .delay = DELAY);

    for (unsigned i = 0; i < cause->stun_servers; i++)
        sim_add_stun_server(sim);
    struct sim_peer *alice = add(sim, "alice", cause->alice_nat, &cause->alice);
    struct sim_peer *bob = add(sim, "bob", cause->bob_nat, &cause->bob);
    if (cause->cut != NO_CUT)
        sim_cut_one_way(sim, alice, bob);
    if (cause->cut == CUT)
        sim_cut_one_way(sim, bob, alice);
    sim_signal_with(sim, alice, bob, &cause->signalling);
    CHECK(sim_run_until(sim, both_failed, 120 * AUGER_SEC), "%s", cause->name);
    must_be(alice, cause->alice_why, cause->name);
    must_be(bob, cause->bob_why, cause->name);
    world_end(sim);
}

SCENARIO(both_sides_name_what_stands_between_them)
{
    for (size_t i = 0; i < ARRAY_LEN(causes); i++)
        make_and_ask(seed, &causes[i]);
}

/* --- while it lasts, and after ------------------------------------------------------------ */

SCENARIO(before_an_answer_the_description_is_missing)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct sim_peer *alice = sim_add_peer(sim, "alice", SIM_NO_NAT);
    struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_NO_NAT);

    sim_signal_with(sim, alice, bob, &(struct sim_signalling){.answer_delay = 10 * AUGER_SEC});
    sim_run(sim, 5 * AUGER_SEC);
    must_be(alice, AUGER_ICE_WHY_NO_DESCRIPTION, "alice");
    assert_true(sim_run_until(sim, both_connected, 20 * AUGER_SEC));
    must_be(alice, AUGER_ICE_WHY_NOTHING, "alice");
    must_be(bob, AUGER_ICE_WHY_NOTHING, "bob");
    world_end(sim);
}

SCENARIO(a_path_that_goes_dead_is_silent_and_then_without_consent)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct sim_peer *alice = sim_add_peer(sim, "alice", SIM_NO_NAT);
    struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_NO_NAT);

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    assert_true(sim_run_until(sim, both_nominated, 5 * AUGER_SEC));
    sim_cut(sim, alice, bob);
    assert_true(sim_run_until(sim, both_disconnected, 12 * AUGER_SEC));
    must_be(alice, AUGER_ICE_WHY_SILENCE, "alice");
    assert_true(sim_run_until(sim, both_failed, 60 * AUGER_SEC));
    must_be(alice, AUGER_ICE_WHY_CONSENT_EXPIRED, "alice");
    must_be(bob, AUGER_ICE_WHY_CONSENT_EXPIRED, "bob");
    world_end(sim);
}

SCENARIOS(scenario_test(both_sides_name_what_stands_between_them),
          scenario_test(before_an_answer_the_description_is_missing),
          scenario_test(a_path_that_goes_dead_is_silent_and_then_without_consent))
