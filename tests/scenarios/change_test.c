/* Interfaces that go in mid-session, and others, behind another NAT, that come: Wi-Fi to cellular,
 * with both for a while or with neither (docs/decisions/070). */
#include "tests/sim/scenario.h"

#define DELAY (40 * AUGER_MS)
#define CHATTER (40 * AUGER_MS)
#define FAILOVER                                                                                   \
    (15 * AUGER_SEC) /* of the side that is told nothing, with its last answer's age               \
                      */

struct move {
    struct sim *sim;
    struct sim_peer *peers[2]; /* alice, who controls, and bob */
    struct sim_net *homes[2], *cells[2];
};

struct kinds {
    enum sim_nat alice_home, alice_cell, bob_home, bob_cell;
};

/* Always a network of its own, so that an interface there goes alone. */
static struct sim_net *behind(struct sim *sim, const char *name, enum sim_nat kind)
{
    if (kind == SIM_NO_NAT)
        return sim_add_firewall(sim, name, sim_internet(sim), false);
    return sim_add_nat_of_kind(sim, name, sim_internet(sim), kind);
}

/* Connected, each in its home, and talking. */
static struct move connected(uint64_t seed, const struct kinds *kinds, auger_time signalling)
{
    struct move move = {.sim = world(seed, .delay = DELAY)};
    struct sim_peer_options options;

    sim_peer_options_init(&options);
    options.chatter = CHATTER;
    sim_add_stun_server(move.sim);
    move.homes[0] = behind(move.sim, "home-a", kinds->alice_home);
    move.cells[0] = behind(move.sim, "cell-a", kinds->alice_cell);
    move.homes[1] = behind(move.sim, "home-b", kinds->bob_home);
    move.cells[1] = behind(move.sim, "cell-b", kinds->bob_cell);
    move.peers[0] = sim_add_peer_in(move.sim, "alice", move.homes[0], &options);
    move.peers[1] = sim_add_peer_in(move.sim, "bob", move.homes[1], &options);
    sim_signal(move.sim, move.peers[0], move.peers[1], signalling);
    assert_true(sim_run_until(move.sim, both_nominated, 60 * AUGER_SEC));
    sim_run(move.sim, AUGER_SEC);
    return move;
}

static void comes(struct move *move, unsigned who)
{
    sim_peer_add_addr(move->sim, move->peers[who], move->cells[who], AUGER_IPV4);
}

static void goes(struct move *move, unsigned who)
{
    sim_peer_remove_addrs(move->sim, move->peers[who], move->homes[who]);
}

static const struct sim_peer_story *story(const struct move *move, unsigned who)
{
    return sim_peer_story(move->peers[who]);
}

/* All that both say arrives from now on. */
static void must_talk(struct move *move)
{
    uint64_t sent[2], received[2];

    assert_true(both_connected(move->sim));
    for (unsigned i = 0; i < 2; i++) {
        sent[i] = story(move, i)->data_sent;
        received[i] = story(move, i)->data_received;
    }
    sim_run(move->sim, 2 * AUGER_SEC);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t said = story(move, i)->data_sent - sent[i];
        uint64_t heard = story(move, 1 - i)->data_received - received[1 - i];
        assert_true(said >= 2 * AUGER_SEC / CHATTER - 1);
        CHECK(heard + 3 >= said, "%llu of %llu", (unsigned long long)heard,
              (unsigned long long)said); /* the last are under way */
    }
}

static const struct kinds ways[] = {
    {SIM_NO_NAT, SIM_NO_NAT, SIM_NO_NAT, SIM_NO_NAT},
    {SIM_FULL_CONE, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED, SIM_FULL_CONE},
    {SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED},
    {SIM_PORT_RESTRICTED, SIM_SYMMETRIC, SIM_ADDRESS_RESTRICTED, SIM_ADDRESS_RESTRICTED},
    {SIM_SYMMETRIC, SIM_FULL_CONE, SIM_FULL_CONE, SIM_ADDRESS_RESTRICTED},
};

SCENARIO(with_both_for_a_while_the_session_never_stops)
{
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        for (unsigned who = 0; who < 2; who++) {
            struct move move = connected(seed + i, &ways[i], 100 * AUGER_MS);

            comes(&move, who);
            sim_run(move.sim, 5 * AUGER_SEC);
            goes(&move, who);
            sim_run(move.sim, FAILOVER);
            must_talk(&move);
            sim_run(move.sim, 40 * AUGER_SEC); /* consent lasts 30 s */
            must_talk(&move);
            assert_int_equal(story(&move, who)->disconnected, 0);
            assert_int_equal(story(&move, 0)->failed + story(&move, 1)->failed, 0);
            assert_int_equal(story(&move, who)->wanted_restarts, 0);
            world_end(move.sim);
        }
    }
}

/* It asks for a restart, which waits for an address. */
SCENARIO(with_neither_for_a_while_a_restart_finds_the_way)
{
    static const auger_time gaps[] = {0, 300 * AUGER_MS, 5 * AUGER_SEC, 25 * AUGER_SEC};

    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        for (unsigned at = 0; at < 2 * ARRAY_LEN(gaps); at++) {
            unsigned who = at % 2;
            struct move move = connected(seed + i, &ways[i], 100 * AUGER_MS);

            goes(&move, who);
            sim_run(move.sim, gaps[at / 2]);
            comes(&move, who);
            sim_run(move.sim, FAILOVER);
            must_talk(&move);
            assert_true(both_restarted(move.sim));
            assert_int_equal(story(&move, who)->wanted_restarts, 1);
            sim_run(move.sim, 40 * AUGER_SEC);
            must_talk(&move);
            assert_int_equal(story(&move, 0)->failed + story(&move, 1)->failed, 0);
            world_end(move.sim);
        }
    }
}

/* Neither can reach where the other was. */
SCENARIO(both_move_at_once)
{
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        for (unsigned overlap = 0; overlap < 2; overlap++) {
            struct move move = connected(seed + i, &ways[i], 100 * AUGER_MS);

            for (unsigned who = 0; who < 2; who++)
                overlap ? comes(&move, who) : goes(&move, who);
            sim_run(move.sim, 2 * AUGER_SEC);
            for (unsigned who = 0; who < 2; who++)
                overlap ? goes(&move, who) : comes(&move, who);
            sim_run(move.sim, FAILOVER);
            must_talk(&move);
            assert_int_equal(story(&move, 0)->failed + story(&move, 1)->failed, 0);
            world_end(move.sim);
        }
    }
}

/* There and back, and there again, more often than tables have places. */
SCENARIO(a_session_moves_to_and_fro)
{
    struct move move = connected(seed, &ways[2], 100 * AUGER_MS);

    for (unsigned i = 0; i < 24; i++) {
        struct sim_net *from = i % 2 ? move.cells[0] : move.homes[0];
        struct sim_net *to = i % 2 ? move.homes[0] : move.cells[0];
        bool overlaps = i % 3 != 0;
        if (!overlaps)
            sim_peer_remove_addrs(move.sim, move.peers[0], from);
        sim_peer_add_addr(move.sim, move.peers[0], to, AUGER_IPV4);
        sim_run(move.sim, 3 * AUGER_SEC);
        if (overlaps)
            sim_peer_remove_addrs(move.sim, move.peers[0], from);
        sim_run(move.sim, FAILOVER);
        must_talk(&move);
    }
    assert_int_equal(story(&move, 0)->failed + story(&move, 1)->failed, 0);
    world_end(move.sim);
}

/* Signalling went with the address: nobody is told anything, and the new address's own checks
 * find the way where the other side's NAT lets them. */
SCENARIO(without_signalling_the_new_address_finds_the_other_side)
{
    for (unsigned who = 0; who < 2; who++) {
        static const struct kinds open = {SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED, SIM_FULL_CONE,
                                          SIM_FULL_CONE};
        static const struct kinds turned = {SIM_FULL_CONE, SIM_FULL_CONE, SIM_PORT_RESTRICTED,
                                            SIM_PORT_RESTRICTED};
        struct move move = connected(seed + who, who ? &turned : &open, 1000 * AUGER_MS);

        sim_peer_silence(move.sim, move.peers[who]);
        comes(&move, who);
        sim_run(move.sim, 5 * AUGER_SEC);
        goes(&move, who);
        sim_run(move.sim, FAILOVER);
        must_talk(&move);
        world_end(move.sim);
    }
}

SCENARIOS(scenario_test(with_both_for_a_while_the_session_never_stops),
          scenario_test(with_neither_for_a_while_a_restart_finds_the_way),
          scenario_test(both_move_at_once), scenario_test(a_session_moves_to_and_fro),
          scenario_test(without_signalling_the_new_address_finds_the_other_side))
