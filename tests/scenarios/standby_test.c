/* Pairs in reserve, and renomination: a path that dies or becomes slow is left for another,
 * without a word of signalling (docs/decisions/072). */
#include "tests/sim/scenario.h"

#define DELAY (20 * AUGER_MS)
#define SAYS_EVERY (50 * AUGER_MS)

/* Alice has two ways out, each through a NAT of its own; bob is behind one. */
struct trip {
    struct sim *sim;
    struct sim_peer *alice, *bob;
    struct sim_net *ways[2];
};

static struct trip depart(uint64_t seed, enum sim_nat nat, bool offered, bool bob_offers)
{
    struct trip trip = {.sim = world(seed, .delay = DELAY)};
    struct sim_peer_options options;

    sim_add_stun_server(trip.sim);
    sim_peer_options_init(&options);
    options.ice.renomination = offered;
    options.chatter = SAYS_EVERY;
    trip.ways[0] = sim_add_nat_of_kind(trip.sim, "wifi", sim_internet(trip.sim), nat);
    trip.ways[1] = sim_add_nat_of_kind(trip.sim, "cell", sim_internet(trip.sim), nat);
    trip.alice = sim_add_peer_in(trip.sim, "alice", trip.ways[0], &options);
    sim_peer_add_addr(trip.sim, trip.alice, trip.ways[1], AUGER_IPV4);
    trip.bob = sim_add_peer_in(
        trip.sim, "bob",
        sim_add_nat_of_kind(trip.sim, "home", sim_internet(trip.sim), SIM_PORT_RESTRICTED),
        &options);
    if (bob_offers)
        sim_signal(trip.sim, trip.bob, trip.alice, 100 * AUGER_MS);
    else
        sim_signal(trip.sim, trip.alice, trip.bob, 100 * AUGER_MS);
    assert_true(sim_run_until(trip.sim, both_nominated, 10 * AUGER_SEC));
    assert_true(sim_run(trip.sim, 30 * AUGER_SEC));
    return trip;
}

/* The network that alice's datagrams leave through: her host candidates are in its order. */
static struct sim_net *way_in_use(const struct trip *trip)
{
    const struct auger_addr *base = &sim_peer_story(trip->alice)->path.local;
    struct auger_cand cands[16];
    size_t len = auger_ice_local_cands(sim_peer_ice(trip->alice), cands, 16), way = 0;

    for (size_t i = 0; i < len; i++) {
        if (cands[i].type == AUGER_CAND_HOST && auger_addr_equal(&cands[i].addr, base))
            return trip->ways[way];
        way += cands[i].type == AUGER_CAND_HOST;
    }
    fail_msg("alice sends from none of her addresses");
    return NULL;
}

static uint64_t unheard(const struct trip *trip)
{
    const struct sim_peer_story *a = sim_peer_story(trip->alice), *b = sim_peer_story(trip->bob);

    return a->data_sent - b->data_received + b->data_sent - a->data_received;
}

static const enum sim_nat nats[] = {SIM_FULL_CONE, SIM_PORT_RESTRICTED};

SCENARIO(a_path_that_is_cut_is_left_for_the_one_in_reserve)
{
    for (size_t i = 0; i < ARRAY_LEN(nats) * 2; i++) {
        struct trip trip = depart(seed, nats[i / 2], true, i % 2);
        struct sim_net *cut = way_in_use(&trip);

        sim_net_set_quality(trip.sim, cut, &(struct link_quality){.loss_permille = 1000});
        assert_true(sim_run(trip.sim, 20 * AUGER_SEC));
        CHECK(way_in_use(&trip) != cut, "NAT %s", sim_nat_name(nats[i / 2]));
        assert_true(both_connected(trip.sim));

        uint64_t lost = unheard(&trip);
        assert_true(sim_run(trip.sim, 30 * AUGER_SEC));
        CHECK(unheard(&trip) <= lost + 2, "%llu were lost after the change",
              (unsigned long long)(unheard(&trip) - lost)); /* on their way */
        assert_int_equal(sim_peer_story(trip.alice)->failed + sim_peer_story(trip.bob)->failed, 0);
        world_end(trip.sim);
    }
}

SCENARIO(a_path_that_becomes_slow_is_left_and_nothing_is_lost)
{
    for (size_t i = 0; i < ARRAY_LEN(nats) * 2; i++) {
        struct trip trip = depart(seed, nats[i / 2], true, i % 2);
        struct sim_net *slow = way_in_use(&trip);
        unsigned paths = sim_peer_story(trip.bob)->paths;

        sim_net_set_quality(trip.sim, slow, &(struct link_quality){.delay = 100 * AUGER_MS});
        assert_true(sim_run(trip.sim, 40 * AUGER_SEC));
        CHECK(way_in_use(&trip) != slow, "NAT %s", sim_nat_name(nats[i / 2]));
        assert_int_equal(sim_peer_story(trip.bob)->paths, paths + 1);
        /* A second has twenty of them, and one way takes a tenth at most. */
        CHECK(unheard(&trip) <= 8, "%llu are missing", (unsigned long long)unheard(&trip));
        world_end(trip.sim);
    }
}

SCENARIO(without_renomination_nothing_is_kept_and_the_path_stays)
{
    struct trip trip = depart(seed, SIM_PORT_RESTRICTED, false, false);
    struct sim_net *slow = way_in_use(&trip);
    unsigned paths = sim_peer_story(trip.alice)->paths;

    sim_net_set_quality(trip.sim, slow, &(struct link_quality){.delay = 100 * AUGER_MS});
    assert_true(sim_run(trip.sim, 60 * AUGER_SEC));
    assert_int_equal(sim_peer_story(trip.alice)->paths, paths);
    world_end(trip.sim);
}

/* Back and forth: the NATs' mappings of both ways are alive throughout. */
SCENARIO(the_path_follows_whichever_way_is_the_faster)
{
    struct trip trip = depart(seed, SIM_PORT_RESTRICTED, true, false);

    for (int turn = 0; turn < 6; turn++) {
        struct sim_net *slow = way_in_use(&trip);
        struct sim_net *fast = trip.ways[slow == trip.ways[0]];

        sim_net_set_quality(trip.sim, slow, &(struct link_quality){.delay = 100 * AUGER_MS});
        sim_net_set_quality(trip.sim, fast, &(struct link_quality){.delay = 5 * AUGER_MS});
        assert_true(sim_run(trip.sim, 60 * AUGER_SEC));
        CHECK(way_in_use(&trip) == fast, "turn %d", turn);
    }
    CHECK(unheard(&trip) <= 8, "%llu are missing", (unsigned long long)unheard(&trip));
    world_end(trip.sim);
}

SCENARIOS(scenario_test(a_path_that_is_cut_is_left_for_the_one_in_reserve),
          scenario_test(a_path_that_becomes_slow_is_left_and_nothing_is_lost),
          scenario_test(without_renomination_nothing_is_kept_and_the_path_stays),
          scenario_test(the_path_follows_whichever_way_is_the_faster))
