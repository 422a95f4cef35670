/* tests/sim/judges.c - tells the monitors and watches what happens, and breaks the world when one
 * of them says that an invariant does not hold. */
#include "tests/sim/judges.h"

#include "sim/peer.h"
#include "tests/sim/monitor.h"
#include "tests/sim/turn_watch.h"

static void peer_begins(struct sim_peer *peer)
{
    const struct auger_ice_config *ice = &peer->options.ice;

    peer->monitor = monitor_new(&(struct monitor_config){.ufrag = auger_ice_ufrag(peer->ice),
                                                         .password = auger_ice_password(peer->ice),
                                                         .pairs_max = ice->pairs_max,
                                                         .pacing = ice->pacing});
    if (ice->lite)
        monitor_make_lite(peer->monitor);
    if (ice->standby_restarts)
        monitor_expect_standby_restarts(peer->monitor);
}

static void peer_ends(struct sim_peer *peer)
{
    monitor_free(peer->monitor);
}

static void remote_set(struct sim_peer *peer, const char *ufrag, const char *password)
{
    monitor_set_remote(peer->monitor, ufrag, password);
}

static void both_are_lite(struct sim_peer *peer)
{
    monitor_make_both_lite(peer->monitor);
}

static void paced(struct sim_peer *peer, auger_time pacing)
{
    monitor_pace(peer->monitor, pacing);
}

static void told(struct sim_peer *peer, const struct auger_addr *candidate)
{
    monitor_told(peer->monitor, candidate);
}

static void restarted(struct sim_peer *peer)
{
    monitor_restarted(peer->monitor, peer->ufrag, auger_ice_password(peer->ice));
}

static void base_added(struct sim_peer *peer, const struct auger_addr *base)
{
    monitor_add_base(peer->monitor, base);
}

static void base_removed(struct sim_peer *peer, const struct auger_addr *base)
{
    monitor_remove_base(peer->monitor, base);
}

static void helper_added(struct sim_peer *peer, const struct auger_addr *helper)
{
    monitor_add_helper(peer->monitor, helper);
}

static void stun_server_added(struct sim_peer *peer, const struct auger_addr *server)
{
    monitor_add_server(peer->monitor, server);
}

static void turn_server_added(struct sim_peer *peer, const struct auger_addr *server)
{
    monitor_add_turn_server(
        peer->monitor,
        &(struct monitor_turn){*server, SIM_TURN_USER, SIM_TURN_REALM, SIM_TURN_PASSWORD});
}

static void stream_lost(struct sim_peer *peer, const struct auger_path *path)
{
    monitor_stream_lost(peer->monitor, sim_peer_now(peer), path);
}

static void sent(struct sim_peer *peer, const struct auger_path *path, const uint8_t *buf,
                 size_t len)
{
    monitor_sent(peer->monitor, sim_peer_now(peer), path, buf, len);
}

static struct auger_path received(struct sim_peer *peer, const struct auger_path *path,
                                  const uint8_t *buf, size_t len)
{
    struct auger_path inner = monitor_path_of_peer(peer->monitor, path, buf, len);

    monitor_received(peer->monitor, sim_peer_now(peer), path, buf, len);
    return inner;
}

static void woken(struct sim_peer *peer)
{
    monitor_woken(peer->monitor, sim_peer_now(peer));
}

/* As it is made, nobody stands beside it yet. */
static void block_missing(struct sim_peer *peer)
{
    if (peer->monitor)
        monitor_lacks_memory(peer->monitor, sim_peer_now(peer));
}

static void event(struct sim_peer *peer, const struct auger_ice_event *what)
{
    monitor_event(peer->monitor, sim_peer_now(peer), what);
}

static void drained(struct sim_peer *peer, size_t how_many, auger_time next, size_t pairs_len)
{
    peer->story.requests_sent = monitor_requests(peer->monitor);
    peer->story.allocates_in_vain = monitor_allocates_in_vain(peer->monitor);
    peer->story.bindings_in_vain = monitor_bindings_in_vain(peer->monitor);
    peer->story.bindings_heard = monitor_bindings_heard(peer->monitor);
    peer->story.refreshes_lost = monitor_refreshes_lost(peer->monitor);
    peer->story.late_answers = monitor_late_answers(peer->monitor);
    monitor_drained(peer->monitor, sim_peer_now(peer), how_many, next);
    if (sim_peer_is_full(peer))
        monitor_held_up(peer->monitor, sim_peer_now(peer));
    monitor_pairs(peer->monitor, peer->pairs, pairs_len);
    if (peer->partner)
        monitor_roles(peer->monitor, peer->partner->monitor);
    if (monitor_broken(peer->monitor))
        sim_break(peer->sim, "%s: %s", peer->name, monitor_broken(peer->monitor));
}

const struct sim_watch sim_judges = {
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
    .turn_begins = turn_watch_new,
    .turn_ends = turn_watch_free,
    .turn_forgets = turn_watch_forget,
    .turn_client = turn_watch_client,
    .turn_peer = turn_watch_peer,
    .turn_event = turn_watch_event,
    .turn_count = turn_watch_count,
    .turn_broken = turn_watch_broken,
};

void sim_expect_garbage(struct sim *sim)
{
    sim->is_hostile = true;
    for (struct sim_peer *peer = sim->peers; peer; peer = peer->next_peer)
        monitor_expect_forgeries(peer->monitor);
}

void sim_expect_forgotten_checks(struct sim *sim)
{
    for (struct sim_peer *peer = sim->peers; peer; peer = peer->next_peer)
        monitor_expect_forgotten_checks(peer->monitor);
}
