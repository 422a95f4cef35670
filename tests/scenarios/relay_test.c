/* Sessions through TURN servers (RFC 8656), where no other path is: two symmetric NATs. */
#include "tests/sim/scenario.h"

#define DELAY (40 * AUGER_MS)
#define CHATTER (100 * AUGER_MS)
#define CONNECTS_IN (10 * AUGER_SEC)

struct stage {
    struct sim *sim;
    struct sim_turn *turns[2];
    struct sim_peer *peers[2];
};

/* Alice and bob each behind a NAT of that kind, with those servers. */
static struct stage furnish(struct sim *sim, enum sim_nat kind, unsigned alice_turn,
                            unsigned bob_turn, enum auger_ice_policy policy)
{
    static const char *const names[2] = {"alice", "bob"};
    const unsigned turns[2] = {alice_turn, bob_turn};
    struct stage stage = {.sim = sim};

    sim_add_stun_server(stage.sim);
    for (int i = 0; i < 2; i++)
        stage.turns[i] = sim_add_turn_server(stage.sim, &(struct sim_turn_options){0});
    for (int i = 0; i < 2; i++) {
        struct sim_peer_options options;
        char gateway[32];
        snprintf(gateway, sizeof(gateway), "nat-%s", names[i]);
        sim_peer_options_init(&options);
        options.turn = turns[i];
        options.turn_families = AUGER_TURN_IPV4;
        options.chatter = CHATTER;
        options.ice.policy = policy;
        options.ice.renomination = true;
        struct sim_net *net =
            sim_add_nat_of_kind(stage.sim, gateway, sim_internet(stage.sim), kind);
        stage.peers[i] = sim_add_peer_in(stage.sim, names[i], net, &options);
    }
    return stage;
}

static struct stage stage_of(uint64_t seed, enum sim_nat kind, unsigned alice_turn,
                             unsigned bob_turn, enum auger_ice_policy policy)
{
    return furnish(world(seed, .delay = DELAY), kind, alice_turn, bob_turn, policy);
}

static void meet(const struct stage *stage)
{
    sim_signal(stage->sim, stage->peers[0], stage->peers[1], 100 * AUGER_MS);
    assert_true(sim_run_until(stage->sim, both_connected, CONNECTS_IN));
    assert_true(sim_run_until(stage->sim, both_nominated, CONNECTS_IN));
}

static bool is_relayed_by(const struct stage *stage, int side, int turn)
{
    const struct auger_addr *local = &sim_peer_story(stage->peers[side])->path.local;
    struct auger_addr relay =
        *sim_turn_relay_ip(stage->turns[turn], (enum auger_family)local->family);

    return auger_addr_ip_equal(local, &relay);
}

/* What each says is heard. */
static void must_hear_each_other(const struct stage *stage)
{
    uint64_t heard[2];

    for (int i = 0; i < 2; i++)
        heard[i] = sim_peer_story(stage->peers[i])->data_received;
    sim_run(stage->sim, 2 * AUGER_SEC);
    for (int i = 0; i < 2; i++)
        assert_true(sim_peer_story(stage->peers[i])->data_received > heard[i] + 10);
}

SCENARIO(one_relay_is_enough_for_two_symmetric_nats)
{
    static const unsigned turns[][2] = {{1, 0}, {0, 1}, {1, 2}, {1, 1}};

    for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
        struct stage stage =
            stage_of(seed, SIM_SYMMETRIC, turns[i][0], turns[i][1], AUGER_ICE_POLICY_ALL);
        meet(&stage);
        CHECK(sim_route(stage.peers[0], stage.peers[1]) == SIM_RELAYED, "case %zu", i);
        /* The path has one relay, not two. */
        bool ends[2] = {is_relayed_by(&stage, 0, 0) || is_relayed_by(&stage, 0, 1),
                        is_relayed_by(&stage, 1, 0) || is_relayed_by(&stage, 1, 1)};
        CHECK(ends[0] != ends[1], "case %zu", i);
        must_hear_each_other(&stage);
        world_end(stage.sim);
    }
}

/* When each was told of a relayed candidate of the other; 0: not yet. */
struct relays_known {
    struct stage stage;
    auger_time at[2];
};

static void note_relay(void *user, const struct sim_peer *peer, const char *line)
{
    struct relays_known *known = user;
    auger_time *at = &known->at[peer == known->stage.peers[1]];

    if (*at == 0 && line && strstr(line, "typ relay"))
        *at = sim_now(known->stage.sim);
}

/* Relays are checked from the start, in their priority: nobody waits until all else has failed. */
SCENARIO(once_both_relays_are_known_a_path_is_usable_within_two_seconds_and_four_round_trips)
{
    static const int delays_ms[] = {5, 40, 100, 250};

    for (size_t i = 0; i < ARRAY_LEN(delays_ms); i++)
        for (unsigned world_of = 0; world_of < 10; world_of++) {
            struct relays_known known = {0};
            auger_time delay = delays_ms[i] * AUGER_MS;
            struct sim *sim = world(seed + world_of, .delay = delay, .jitter = delay / 10,
                                    .told = note_relay, .user = &known);
            known.stage = furnish(sim, SIM_SYMMETRIC, 1, 2, AUGER_ICE_POLICY_ALL);
            sim_signal(sim, known.stage.peers[0], known.stage.peers[1], 100 * AUGER_MS);
            CHECK(sim_run_until(sim, both_connected, 4 * CONNECTS_IN));
            auger_time last = known.at[0] > known.at[1] ? known.at[0] : known.at[1];
            CHECK(known.at[0] > 0 && known.at[1] > 0 &&
                      sim_now(sim) <= last + 2 * AUGER_SEC + 8 * delay,
                  "%d ms: %.3f s after", delays_ms[i], (double)(sim_now(sim) - last) / 1e9);
            CHECK(sim_run_until(sim, both_nominated, CONNECTS_IN));
            CHECK(sim_route(known.stage.peers[0], known.stage.peers[1]) == SIM_RELAYED);
            world_end(sim);
        }
}

SCENARIO(without_a_relay_there_is_none)
{
    struct stage stage = stage_of(seed, SIM_SYMMETRIC, 0, 0, AUGER_ICE_POLICY_ALL);

    sim_signal(stage.sim, stage.peers[0], stage.peers[1], 100 * AUGER_MS);
    assert_true(sim_run_until(stage.sim, both_failed, 60 * AUGER_SEC));
    world_end(stage.sim);
}

/* 8445 section 5.1.2.2: a relay is the last resort. */
SCENARIO(where_there_is_a_direct_path_no_relay_is_used)
{
    struct stage stage = stage_of(seed, SIM_PORT_RESTRICTED, 1, 2, AUGER_ICE_POLICY_ALL);

    meet(&stage);
    sim_run(stage.sim, 30 * AUGER_SEC);
    assert_int_equal(sim_route(stage.peers[0], stage.peers[1]), SIM_DIRECT);
    world_end(stage.sim);
}

/* Of each agent the peer and the observers see the relay alone. */
SCENARIO(agents_that_may_use_relays_alone_meet_from_relay_to_relay)
{
    static const enum sim_nat kinds[] = {SIM_NO_NAT, SIM_PORT_RESTRICTED, SIM_SYMMETRIC};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct stage stage = stage_of(seed, kinds[i], 1, 2, AUGER_ICE_POLICY_RELAY);
        meet(&stage);
        assert_true(is_relayed_by(&stage, 0, 0));
        assert_true(is_relayed_by(&stage, 1, 1));
        must_hear_each_other(&stage);
        world_end(stage.sim);
    }
}

SCENARIO(a_restart_goes_through_the_relays_that_there_are)
{
    for (int who = 0; who < 3; who++) {
        struct stage stage = stage_of(seed, SIM_SYMMETRIC, 1, 2, AUGER_ICE_POLICY_ALL);
        meet(&stage);
        sim_run(stage.sim, 5 * AUGER_SEC);
        for (int side = 0; side < 2; side++)
            if (who == side || who == 2)
                sim_restart(stage.sim, stage.peers[side]);
        assert_true(sim_run_until(stage.sim, both_restarted, CONNECTS_IN));
        sim_run(stage.sim, 12 * AUGER_SEC);
        for (int side = 0; side < 2; side++) {
            const struct sim_peer_story *story = sim_peer_story(stage.peers[side]);
            CHECK(story->disconnected + story->failed + story->failed_restarts == 0, "%d", who);
        }
        must_hear_each_other(&stage);
        world_end(stage.sim);
    }
}

/* The relay of the path in use, whoever's it is. */
static int turn_in_use(const struct stage *stage)
{
    for (int side = 0; side < 2; side++)
        for (int turn = 0; turn < 2; turn++)
            if (is_relayed_by(stage, side, turn))
                return turn;
    fail_msg("no relay is in use");
    return 0;
}

SCENARIO(a_server_that_dies_is_replaced_by_the_other_one)
{
    struct stage stage = stage_of(seed, SIM_SYMMETRIC, 1, 2, AUGER_ICE_POLICY_ALL);

    meet(&stage);
    sim_run(stage.sim, 5 * AUGER_SEC);
    int dead = turn_in_use(&stage);
    sim_host_kill(sim_turn_host(stage.turns[dead]));
    sim_run(stage.sim, 40 * AUGER_SEC);
    assert_true(both_connected(stage.sim));
    assert_int_equal(turn_in_use(&stage), !dead);
    for (int side = 0; side < 2; side++)
        assert_int_equal(sim_peer_story(stage.peers[side])->failed, 0);
    must_hear_each_other(&stage);
    world_end(stage.sim);
}

SCENARIO(a_server_that_dies_alone_ends_the_session_within_31_s)
{
    struct stage stage = stage_of(seed, SIM_SYMMETRIC, 1, 0, AUGER_ICE_POLICY_ALL);

    meet(&stage);
    sim_run(stage.sim, 5 * AUGER_SEC);
    sim_host_kill(sim_turn_host(stage.turns[0]));
    assert_true(sim_run_until(stage.sim, both_failed, 31 * AUGER_SEC));
    world_end(stage.sim);
}

/* Silence has it asked whether the allocation still stands, and another one takes its place. */
SCENARIO(a_server_that_forgot_all_is_asked_anew)
{
    struct stage stage = stage_of(seed, SIM_SYMMETRIC, 1, 0, AUGER_ICE_POLICY_ALL);

    meet(&stage);
    sim_run(stage.sim, 5 * AUGER_SEC);
    sim_turn_forget(stage.sim, stage.turns[0]);
    sim_run(stage.sim, 55 * AUGER_SEC); /* consent on the old path has ended, at both ends */
    assert_true(both_connected(stage.sim));
    for (int side = 0; side < 2; side++)
        assert_int_equal(sim_peer_story(stage.peers[side])->failed, 0);
    must_hear_each_other(&stage);
    world_end(stage.sim);
}

SCENARIOS(scenario_test(one_relay_is_enough_for_two_symmetric_nats),
          scenario_test(
              once_both_relays_are_known_a_path_is_usable_within_two_seconds_and_four_round_trips),
          scenario_test(without_a_relay_there_is_none),
          scenario_test(where_there_is_a_direct_path_no_relay_is_used),
          scenario_test(agents_that_may_use_relays_alone_meet_from_relay_to_relay),
          scenario_test(a_restart_goes_through_the_relays_that_there_are),
          scenario_test(a_server_that_dies_is_replaced_by_the_other_one),
          scenario_test(a_server_that_dies_alone_ends_the_session_within_31_s),
          scenario_test(a_server_that_forgot_all_is_asked_anew))
