/* Who watches a world is told of everything: a hook that is never called would judge nothing, and
 * no test would miss it. */
#include "tests/sim/scenario.h"

#define DELAY (40 * AUGER_MS)

/* How often each hook was called. */
static struct {
    size_t peer_begins, peer_ends, remote_set, both_are_lite, paced, told, restarted, base_added,
        base_removed, helper_added, stun_server_added, turn_server_added, stream_lost, sent, woken,
        block_missing, event, drained, turn_ends, turn_forgets, turn_client, turn_peer, turn_event,
        turn_count;
    size_t received, turn_begins, turn_broken;
} calls;

#define COUNTED(hook, parameters, ...)                                                             \
    static void hook parameters                                                                    \
    {                                                                                              \
        calls.hook++;                                                                              \
        sim_judges.hook(__VA_ARGS__);                                                              \
    }
#define ANSWERED(type, hook, parameters, ...)                                                      \
    static type hook parameters                                                                    \
    {                                                                                              \
        calls.hook++;                                                                              \
        return sim_judges.hook(__VA_ARGS__);                                                       \
    }

typedef struct sim_peer peer;
typedef const struct auger_addr addr;
typedef const struct auger_path path;
typedef const struct auger_turn_server_out out;

COUNTED(peer_begins, (peer * p), p)
COUNTED(peer_ends, (peer * p), p)
COUNTED(remote_set, (peer * p, const char *ufrag, const char *password), p, ufrag, password)
COUNTED(both_are_lite, (peer * p), p)
COUNTED(paced, (peer * p, auger_time pacing), p, pacing)
COUNTED(told, (peer * p, addr *a), p, a)
COUNTED(restarted, (peer * p), p)
COUNTED(base_added, (peer * p, addr *a), p, a)
COUNTED(base_removed, (peer * p, addr *a), p, a)
COUNTED(helper_added, (peer * p, addr *a), p, a)
COUNTED(stun_server_added, (peer * p, addr *a), p, a)
COUNTED(turn_server_added, (peer * p, addr *a), p, a)
COUNTED(stream_lost, (peer * p, path *l), p, l)
COUNTED(sent, (peer * p, path *l, const uint8_t *buf, size_t len), p, l, buf, len)
ANSWERED(struct auger_path, received, (peer * p, path *l, const uint8_t *buf, size_t len), p, l,
         buf, len)
COUNTED(woken, (peer * p), p)
COUNTED(block_missing, (peer * p), p)
COUNTED(event, (peer * p, const struct auger_ice_event *e), p, e)
COUNTED(drained, (peer * p, size_t much, auger_time next, size_t len), p, much, next, len)
ANSWERED(struct turn_watch *, turn_begins, (uint64_t ports), ports)
COUNTED(turn_ends, (struct turn_watch * w), w)
COUNTED(turn_forgets, (struct turn_watch * w), w)
COUNTED(turn_client,
        (struct turn_watch * w, auger_time now, path *l, const uint8_t *buf, size_t len, out *o), w,
        now, l, buf, len, o)
COUNTED(turn_peer, (struct turn_watch * w, auger_time now, addr *relayed, addr *from, out *o), w,
        now, relayed, from, o)
COUNTED(turn_event, (struct turn_watch * w, const struct auger_turn_server_event *e), w, e)
COUNTED(turn_count,
        (struct turn_watch * w, const struct auger_turn_server_stats *stats, uint64_t open), w,
        stats, open)
ANSWERED(const char *, turn_broken, (const struct turn_watch *w), w)

static const struct sim_watch counting = {
    .peer_begins = peer_begins,
    .peer_ends = peer_ends,
    .remote_set = remote_set,
    .both_are_lite = both_are_lite,
    .paced = paced,
    .told = told,
    .restarted = restarted,
    .base_added = base_added,
    .base_removed = base_removed,
    .helper_added = helper_added,
    .stun_server_added = stun_server_added,
    .turn_server_added = turn_server_added,
    .stream_lost = stream_lost,
    .sent = sent,
    .received = received,
    .woken = woken,
    .block_missing = block_missing,
    .event = event,
    .drained = drained,
    .turn_begins = turn_begins,
    .turn_ends = turn_ends,
    .turn_forgets = turn_forgets,
    .turn_client = turn_client,
    .turn_peer = turn_peer,
    .turn_event = turn_event,
    .turn_count = turn_count,
    .turn_broken = turn_broken,
};

static struct sim *watched(uint64_t seed)
{
    return scenario_world = sim_new(&(struct sim_options){
               .seed = seed, .delay = DELAY, .watch = &counting, .broken = scenario_broken});
}

/* Relays, a restart, an address that goes, a server that forgets. */
static void meet_by_relay(uint64_t seed)
{
    struct sim *sim = watched(seed);
    struct sim_peer_options options;
    struct sim_net *home;

    sim_add_stun_server(sim);
    struct sim_turn *turn = sim_add_turn_server(sim, &(struct sim_turn_options){0});
    sim_peer_options_init(&options);
    options.turn = 1;
    home = sim_add_nat_of_kind(sim, "home", sim_internet(sim), SIM_SYMMETRIC);
    struct sim_peer *alice = sim_add_peer_in(sim, "alice", home, &options);
    home = sim_add_nat_of_kind(sim, "other", sim_internet(sim), SIM_SYMMETRIC);
    struct sim_peer *bob = sim_add_peer_in(sim, "bob", home, &options);
    sim_signal(sim, alice, bob, DELAY);
    assert_true(sim_run_until(sim, both_nominated, 20 * AUGER_SEC));
    sim_restart(sim, alice);
    assert_true(sim_run_until(sim, both_restarted, 20 * AUGER_SEC));
    sim_peer_remove_addrs(sim, bob, home);
    sim_turn_forget(sim, turn);
    sim_run(sim, 1 * AUGER_SEC);
    world_end(sim);
}

static void meet(uint64_t seed, bool lite, uint8_t tcp)
{
    struct sim *sim = watched(seed);
    struct sim_net *net = sim_internet(sim);
    struct sim_peer_options options;

    sim_peer_options_init(&options);
    options.ice.lite = lite;
    options.ice.tcp = tcp;
    if (tcp)
        net = sim_add_nat_of_kind(sim, "wall", net, SIM_UDP_BLOCKED);
    struct sim_peer *alice = sim_add_peer_in(sim, "alice", net, &options);
    struct sim_peer *bob = sim_add_peer_in(sim, "bob", sim_internet(sim), &options);
    sim_signal(sim, alice, bob, DELAY);
    assert_true(sim_run_until(sim, both_connected, 20 * AUGER_SEC));
    sim_peer_reset_streams(sim, alice);
    sim_run(sim, 1 * AUGER_SEC);
    world_end(sim);
}

static void meet_by_prediction(uint64_t seed)
{
    struct sim *sim = watched(seed);
    struct sim_peer_options options;
    struct sim_net *home =
        sim_add_nat_of_kind(sim, "home", sim_internet(sim), SIM_SYMMETRIC_SEQUENTIAL);

    sim_add_stun_server(sim);
    sim_add_stun_server(sim);
    sim_peer_options_init(&options);
    options.ice.prediction = true;
    struct sim_peer *alice = sim_add_peer_in(sim, "alice", home, &options);
    struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_PORT_RESTRICTED);
    sim_signal(sim, alice, bob, DELAY);
    assert_true(sim_run_until(sim, both_connected, 20 * AUGER_SEC));
    world_end(sim);
}

/* For each restart both ask for blocks, of which one in five is not there. */
static void meet_short_of_memory(uint64_t seed)
{
    struct sim *sim = watched(seed);
    struct sim_peer *alice = sim_add_peer(sim, "alice", SIM_NO_NAT);
    struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_NO_NAT);

    sim_signal(sim, alice, bob, DELAY);
    sim_run_out_of_memory(sim, 200);
    for (int i = 0; i < 20; i++) {
        sim_restart(sim, alice);
        sim_run(sim, 2 * AUGER_SEC);
    }
    world_end(sim);
}

SCENARIO(who_watches_is_told_of_everything)
{
    memset(&calls, 0, sizeof(calls));
    meet_by_prediction(seed);
    meet_short_of_memory(seed);
    meet_by_relay(seed);
    meet(seed, true, 0);
    meet(seed, false, AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE);
    assert_int_equal(sizeof(counting) / sizeof(void (*)(void)), sizeof(calls) / sizeof(size_t));
    for (size_t i = 0; i < sizeof(calls) / sizeof(size_t); i++)
        CHECK(((const size_t *)&calls)[i] > 0, "hook %zu of the list above", i);
}

SCENARIOS(scenario_test(who_watches_is_told_of_everything))
