/* sim/peer.c - drives an ICE agent as a program would, and tells who watches it. */
#include "sim/peer.h"

#include "sim/digest.h"
#include "sim/tcp.h"

#include "base/time.h"
#include "ice/state.h"

#include <assert.h>
#include <string.h>

#define DATAGRAMS_AT_ONCE_MAX 10000
#define TRIES_MAX 50

/* --- life ------------------------------------------------------------------- */

static void receive(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                    const uint8_t *buf, size_t len);

static void stream_lost(struct sim *sim, struct sim_host *host, const struct auger_path *path);
static bool listens(const struct sim_host *host, const struct auger_addr *at);

static bool sleeps(const struct sim_host *host);

static const struct sim_tcp_user tcp_user = {receive, stream_lost, listens, sleeps,
                                             sim_peer_wants_stream};

void sim_peer_options_init(struct sim_peer_options *options)
{
    *options = (struct sim_peer_options){0};
    auger_ice_config_init(&options->ice);
    options->ice.renomination = false;
}

static bool has_had(const struct sim_peer *peer, uint16_t port)
{
    for (size_t i = 0; i < peer->ports_len && i < SIM_PORTS_MAX; i++) {
        if (peer->ports[i] == port)
            return true;
    }
    return false;
}

/* Not one that it has had: two of its networks may give it one address, and no machine binds
 * that twice to one port. */
static uint16_t any_port(struct sim_peer *peer)
{
    uint16_t port;

    do
        port = (uint16_t)prng_between(&peer->host->random, 32768, 60999);
    while (has_had(peer, port));
    peer->ports[peer->ports_len++ % SIM_PORTS_MAX] = port;
    return port;
}

void sim_peer_check(struct sim_peer *peer, int err, const char *what)
{
    if (err < 0)
        sim_break(peer->sim, "%s: %s: %s", peer->name, what, auger_strerror(err));
}

bool sim_peer_tries_again(struct sim_peer *peer, int err)
{
    bool may_succeed = err == AUGER_ERR_ENTROPY || err == AUGER_ERR_NO_MEMORY;

    peer->tries = may_succeed ? peer->tries + 1 : 0;
    return may_succeed && peer->tries <= TRIES_MAX;
}

static void add_local_addr(struct sim_peer *peer, auger_time now, const struct auger_addr *base,
                           const char *what)
{
    int err;

    do
        err = auger_ice_add_local_addr(peer->ice, now, base);
    while (sim_peer_tries_again(peer, err));
    sim_peer_check(peer, err, what);
}

static struct auger_addr attach(struct sim_peer *peer, struct sim_net *net,
                                enum auger_family family)
{
    struct auger_addr addr = sim_host_attach(peer->host, net, family, any_port(peer));

    sim_names_join(peer->names, net, family);
    return addr;
}

static void init_story(struct sim_peer_story *story)
{
    story->signalled_at = story->usable_at = story->nominated_at = AUGER_NEVER;
    story->restarted_at = story->failed_at = story->disconnected_at = AUGER_NEVER;
    story->gathered_at = AUGER_NEVER;
}

static void watch(struct sim_peer *peer)
{
    size_t pairs_max = peer->options.ice.pairs_max;

    snprintf(peer->ufrag, sizeof(peer->ufrag), "%s", auger_ice_ufrag(peer->ice));
    peer->pairs_cap = pairs_max + 2; /* the one that carries data may come on top */
    peer->pairs = sim_resize(NULL, peer->pairs_cap, sizeof(*peer->pairs));
    SIM_TELL(peer->sim, peer_begins, peer);
}

/* On a host of its own, or on another's. */
static struct sim_peer *add_peer(struct sim *sim, const char *name, struct sim_host *host,
                                 const struct sim_peer_options *options)
{
    struct sim_peer *peer = sim_alloc(sizeof(*peer));

    if (options)
        peer->options = *options;
    else
        sim_peer_options_init(&peer->options);
    snprintf(peer->name, sizeof(peer->name), "%s", name);
    peer->sim = sim;
    peer->host = host ? host : sim_host_new(sim, name);
    prng_init(&peer->own_random, sim->options.seed, name);
    peer->random = host ? &peer->own_random : &peer->host->random;
    prng_init(&peer->post_random, digest_bytes(sim->options.seed, name, strlen(name)), "post");
    sim_peer_init_env(peer);
    sim_peer_init_clock(peer);
    sim_peer_init_socket(peer);
    sim_peer_set_timer(peer, AUGER_NEVER);
    peer->chatter_at = AUGER_NEVER;
    init_story(&peer->story);
    if (auger_ice_new(&peer->ice, &peer->env, &peer->options.ice) < 0)
        abort();
    watch(peer);
    peer->next_peer = sim->peers;
    sim->peers = peer;
    return peer;
}

struct sim_peer *sim_add_peer_in(struct sim *sim, const char *name, struct sim_net *net,
                                 const struct sim_peer_options *options)
{
    struct sim_peer *peer = add_peer(sim, name, NULL, options);

    peer->host->receive = receive;
    peer->host->owner = peer;
    peer->host->tcp = peer->options.ice.tcp ? &tcp_user : NULL;
    if (peer->options.resolves)
        sim_names_new(peer);
    if (!peer->options.no_ipv4)
        attach(peer, net, AUGER_IPV4);
    if (peer->options.ipv6)
        attach(peer, net, AUGER_IPV6);
    return peer;
}

struct sim_peer *sim_add_peer_beside(struct sim *sim, const char *name, struct sim_peer *first,
                                     const struct sim_peer_options *options)
{
    struct sim_peer *peer = add_peer(sim, name, first->host, options);

    if (!first->mux)
        sim_mux_join(sim_mux_new(sim, first->host), first);
    sim_mux_join(first->mux, peer);
    return peer;
}

struct sim_peer *sim_add_peer(struct sim *sim, const char *name, enum sim_nat kind)
{
    char gateway[SIM_NAME_MAX];

    snprintf(gateway, sizeof(gateway), "nat-%s", name);
    return sim_add_peer_in(sim, name, sim_add_nat_of_kind(sim, gateway, sim->internet, kind), NULL);
}

/* With the port of the one of UDP. */
static void add_tcp_base(struct sim_peer *peer, auger_time now, const struct auger_addr *udp)
{
    struct auger_addr base = *udp;

    if (!peer->options.ice.tcp)
        return;
    base.transport = AUGER_TCP;
    SIM_TELL(peer->sim, base_added, peer, &base);
    add_local_addr(peer, now, &base, "local address of TCP");
}

static void remove_tcp_base(struct sim_peer *peer, const struct auger_addr *udp)
{
    struct auger_addr base = *udp;

    if (!peer->options.ice.tcp)
        return;
    base.transport = AUGER_TCP;
    SIM_TELL(peer->sim, base_removed, peer, &base);
    sim_peer_check(peer, auger_ice_remove_local_addr(peer->ice, sim_peer_now(peer), &base),
                   "an address of TCP that is gone");
    sim_tcp_forget(peer->sim, peer->host, &base);
}

/* Those that share its sockets hear of them as well. */
static struct sim_peer *next_on(const struct sim_host *host, struct sim_peer *peer)
{
    while (peer && peer->host != host)
        peer = peer->next_peer;
    return peer;
}

static void tell_added(struct sim_peer *peer, const struct sim_net *net,
                       const struct auger_addr *addr)
{
    if (!peer->has_begun || !peer->ice)
        return;
    sim_log(peer->sim, "%s has an interface in %s", peer->name, net->name);
    SIM_TELL(peer->sim, base_added, peer, addr);
    add_local_addr(peer, sim_peer_now(peer), addr, "local address");
    add_tcp_base(peer, sim_peer_now(peer), addr);
    auger_ice_end_of_local_addrs(peer->ice, sim_peer_now(peer));
    peer->is_touched = true;
}

void sim_peer_add_addr(struct sim *sim, struct sim_peer *peer, struct sim_net *net,
                       enum auger_family family)
{
    struct auger_addr addr = attach(peer, net, family);
    struct sim_peer *each = sim->peers;

    while ((each = next_on(peer->host, each))) {
        tell_added(each, net, &addr);
        each = each->next_peer;
    }
}

static void tell_gone(struct sim_peer *peer, const struct sim_net *net,
                      const struct auger_addr *gone)
{
    if (!peer->has_begun || !peer->ice)
        return;
    sim_log(peer->sim, "%s has no interface in %s any more", peer->name, net->name);
    SIM_TELL(peer->sim, base_removed, peer, gone);
    sim_peer_check(peer, auger_ice_remove_local_addr(peer->ice, sim_peer_now(peer), gone),
                   "an address that is gone");
    remove_tcp_base(peer, gone);
    peer->is_touched = true;
}

void sim_peer_remove_addrs(struct sim *sim, struct sim_peer *peer, struct sim_net *net)
{
    sim_names_quit(peer->names, net);
    for (size_t i = peer->host->at_len; i-- > 0;) {
        struct auger_addr gone = peer->host->at[i].addr;
        struct sim_peer *each = sim->peers;
        if (peer->host->at[i].net != net)
            continue;
        sim_host_detach(peer->host, i);
        while ((each = next_on(peer->host, each))) {
            tell_gone(each, net, &gone);
            each = each->next_peer;
        }
    }
}

void sim_peer_begin(struct sim_peer *peer, bool controlling)
{
    auger_time now = sim_peer_now(peer);

    assert(!peer->has_begun);
    peer->has_begun = peer->is_touched = true;
    sim_peer_check(peer, auger_ice_set_controlling(peer->ice, controlling), "role");
    for (size_t i = 0; i < peer->host->at_len; i++) {
        SIM_TELL(peer->sim, base_added, peer, &peer->host->at[i].addr);
        add_local_addr(peer, now, &peer->host->at[i].addr, "local address");
        add_tcp_base(peer, now, &peer->host->at[i].addr);
    }
    sim_peer_add_servers(peer, now);
    auger_ice_end_of_local_addrs(peer->ice, now);
    if (peer->options.nat64)
        sim_peer_await_nat64(peer);
}

static void end(struct sim_peer *peer)
{
    if (peer->mux)
        sim_mux_leave(peer);
    auger_ice_free(peer->ice);
    peer->ice = NULL;
    sim_peer_set_timer(peer, AUGER_NEVER);
    peer->chatter_at = AUGER_NEVER;
    peer->is_touched = false;
    if (peer->allocations > 0)
        sim_break(peer->sim, "16: %s leaks %zu bytes in %zu blocks", peer->name, peer->memory,
                  peer->allocations);
}

void sim_peer_leave(struct sim *sim, struct sim_peer *peer)
{
    sim_log(sim, "%s leaves", peer->name);
    sim_host_kill(peer->host);
    sim_names_leave(peer->names);
    end(peer);
}

void sim_peers_free(struct sim *sim)
{
    for (struct sim_peer *peer = sim->peers, *next; peer; peer = next) {
        next = peer->next_peer;
        if (peer->ice)
            end(peer);
        SIM_TELL(sim, peer_ends, peer);
        sim_signal_forget(peer);
        sim_names_free(peer->names);
        sim_peer_fini_socket(peer);
        free(peer->pairs);
        free(peer->journal.notes);
        free(peer);
    }
}

/* --- what arrives ------------------------------------------------------------- */

static void receive(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                    const uint8_t *buf, size_t len)
{
    (void)sim;
    sim_peer_hear(host->owner, path, buf, len);
}

void sim_peer_hear(struct sim_peer *peer, const struct auger_path *path, const uint8_t *buf,
                   size_t len)
{
    struct auger_bytes data = {0};

    if (sim_peer_is_asleep(peer)) {
        sim_log(peer->sim, "%s sleeps", peer->name);
        return;
    }
    auger_time now = sim_peer_now(peer);
    struct auger_path inner = *path;
    if (peer->sim->options.watch)
        inner = peer->sim->options.watch->received(peer, path, buf, len);
    auger_ice_handle_datagram(peer->ice, now, path, buf, len, &data);
    if (data.len > 0)
        sim_peer_take_data(peer, &inner, &data);
    peer->is_touched = true;
}

static bool listens(const struct sim_host *host, const struct auger_addr *at)
{
    const struct sim_peer *peer = host->owner;
    const unsigned hears = AUGER_ICE_TCP_PASSIVE | AUGER_ICE_TCP_SO;

    for (size_t i = 0; i < host->at_len && (peer->options.ice.tcp & hears); i++)
        if (auger_addr_ip_equal(&host->at[i].addr, at) && host->at[i].addr.port == at->port)
            return peer->ice != NULL;
    return false;
}

static bool sleeps(const struct sim_host *host)
{
    return sim_peer_is_asleep(host->owner);
}

static void stream_lost(struct sim *sim, struct sim_host *host, const struct auger_path *path)
{
    struct sim_peer *peer = host->owner;

    (void)sim;
    if (!peer->ice)
        return;
    SIM_TELL(peer->sim, stream_lost, peer, path);
    auger_ice_stream_lost(peer->ice, sim_peer_now(peer), path);
    peer->is_touched = true;
}

void sim_peer_reset_streams(struct sim *sim, struct sim_peer *peer)
{
    sim_log(sim, "%s loses its streams", peer->name);
    sim_tcp_reset(sim, peer->host);
}

/* --- what it has to say ----------------------------------------------------- */

static void came_into_state(struct sim_peer *peer, enum auger_ice_state state)
{
    struct sim_peer_story *story = &peer->story;
    auger_time now = peer->sim->now;

    story->state = state;
    if (state == AUGER_ICE_CONNECTED) {
        story->connected++;
        story->usable_at = auger_time_min(story->usable_at, now);
    } else if (state == AUGER_ICE_DISCONNECTED) {
        story->disconnected++;
        story->disconnected_at = now;
    } else if (state == AUGER_ICE_FAILED) {
        story->failed++;
        story->failed_at = now;
    }
    sim_log(peer->sim, "%s is %s", peer->name, auger_ice_state_name(state));
}

/* Data goes out at once on a new path, and from then on as often as was asked. */
static void came_onto_path(struct sim_peer *peer, const struct auger_path *path)
{
    struct sim *sim = peer->sim;

    peer->story.path = *path;
    peer->story.paths++;
    if (peer->is_restarting && peer->ice->route->generation == auger_ice_newest(peer->ice)) {
        peer->story.restarted_at = sim->now;
        peer->is_restarting = false;
    }
    if (!sim_peer_send(sim, peer))
        sim_break(sim, "%s has a path and cannot send", peer->name);
    if (peer->options.chatter > 0 && peer->chatter_at == AUGER_NEVER)
        peer->chatter_at = sim->now + peer->options.chatter;
}

static uint64_t addr_value(const struct auger_addr *addr)
{
    return digest_u64(digest_bytes(DIGEST_START, addr->ip, sizeof(addr->ip)), addr->port);
}

static void react(struct sim_peer *peer, const struct auger_ice_event *event)
{
    SIM_TELL(peer->sim, event, peer, event);
    switch (event->type) {
    case AUGER_ICE_EVENT_CANDIDATE:
        sim_peer_note(peer, SIM_NOTE_CANDIDATE, addr_value(&event->cand.addr));
        sim_signal_candidate(peer, &event->cand);
        break;
    case AUGER_ICE_EVENT_GATHERED:
        peer->story.gathered_at = peer->sim->now;
        sim_peer_note(peer, SIM_NOTE_GATHERED, 0);
        sim_signal_gathered(peer);
        break;
    case AUGER_ICE_EVENT_STATE:
        sim_peer_note(peer, SIM_NOTE_STATE, (uint64_t)event->state);
        came_into_state(peer, event->state);
        break;
    case AUGER_ICE_EVENT_PATH:
        sim_peer_note(peer, SIM_NOTE_PATH,
                      digest_u64(addr_value(&event->path.local), addr_value(&event->path.remote)));
        came_onto_path(peer, &event->path);
        break;
    case AUGER_ICE_EVENT_RESTART_WANTED:
        peer->story.wanted_restarts++;
        if (peer->partner && peer->has_described)
            sim_restart(peer->sim, peer);
        break;
    case AUGER_ICE_EVENT_RESTART_FAILED:
        peer->story.failed_restarts++;
        break;
    case AUGER_ICE_EVENT_HELPERS_WANTED:
        sim_helpers_open(peer, &event->helpers);
        break;
    case AUGER_ICE_EVENT_HELPERS_DONE:
        sim_helpers_close(peer);
        break;
    }
}

static size_t transmit(struct sim_peer *peer)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;
    auger_time now = sim_peer_now(peer);
    size_t sent = 0, len;

    while (!sim_peer_is_full(peer) &&
           (len = auger_ice_poll_transmit(peer->ice, now, &path, buf, sizeof(buf))) > 0 &&
           sent++ < DATAGRAMS_AT_ONCE_MAX) {
        SIM_TELL(peer->sim, sent, peer, &path, buf, len);
        (void)sim_peer_put(peer, &path, buf, len);
    }
    return sent;
}

static size_t look_at_pairs(struct sim_peer *peer)
{
    size_t len = auger_ice_pairs(peer->ice, peer->pairs, peer->pairs_cap);

    for (size_t i = 0; i < len; i++) {
        if (peer->pairs[i].selected && peer->pairs[i].nominated)
            peer->story.nominated_at = auger_time_min(peer->story.nominated_at, peer->sim->now);
    }
    return len;
}

static void drain(struct sim_peer *peer)
{
    struct auger_ice_event event;
    size_t sent = 0, more;

    do {
        if (peer->mux)
            sim_mux_settle(peer);
        more = transmit(peer);
        sent += more;
        while (auger_ice_poll_event(peer->ice, &event)) {
            react(peer, &event);
            more++;
        }
    } while (more > 0 && sent < DATAGRAMS_AT_ONCE_MAX);

    auger_time next = auger_ice_next_timeout(peer->ice);
    if (sim_peer_is_full(peer) && next <= sim_peer_now(peer)) /* the socket is waited for */
        next = AUGER_NEVER;
    sim_peer_set_timer(peer, next);
    size_t pairs_len = look_at_pairs(peer);
    bool is_woken = peer->is_woken;
    peer->is_touched = peer->is_woken = false;
    SIM_TELL(peer->sim, drained, peer, sent, is_woken ? next : AUGER_NEVER, pairs_len);
}

void sim_peers_drain(struct sim *sim)
{
    for (struct sim_peer *peer = sim->peers; peer; peer = peer->next_peer) {
        if (peer->is_touched && peer->ice && !sim_peer_is_asleep(peer))
            drain(peer);
    }
}

auger_time sim_peers_next(const struct sim *sim)
{
    auger_time next = AUGER_NEVER;

    for (const struct sim_peer *peer = sim->peers; peer; peer = peer->next_peer) {
        auger_time wants = auger_time_min(sim_peer_wakes_at(peer), peer->chatter_at);
        next = auger_time_min(next, auger_time_max(wants, peer->asleep_until));
    }
    return auger_time_max(next, sim->now);
}

static void chatter(struct sim *sim, struct sim_peer *peer)
{
    sim_peer_send(sim, peer);
    peer->chatter_at = sim->now + peer->options.chatter;
}

void sim_peers_wake(struct sim *sim)
{
    for (struct sim_peer *peer = sim->peers; peer; peer = peer->next_peer) {
        if (!peer->ice || sim_peer_is_asleep(peer))
            continue;
        if (sim_peer_is_woken(peer)) {
            auger_ice_handle_timeout(peer->ice, sim_peer_now(peer));
            SIM_TELL(sim, woken, peer);
            peer->is_touched = peer->is_woken = true;
        }
        if (peer->chatter_at <= sim->now)
            chatter(sim, peer);
    }
}

/* --- what tests ask --------------------------------------------------------- */

const struct sim_peer_story *sim_peer_story(const struct sim_peer *peer)
{
    return &peer->story;
}

struct auger_ice *sim_peer_ice(struct sim_peer *peer)
{
    peer->is_touched = true;
    return peer->ice;
}

const char *sim_peer_name(const struct sim_peer *peer)
{
    return peer->name;
}

const struct auger_addr *sim_peer_addr(const struct sim_peer *peer)
{
    return &peer->host->at[0].addr;
}

struct sim_gateway *sim_peer_gateway(const struct sim_peer *peer)
{
    return peer->host->at_len > 0 ? peer->host->at[0].net->gateway : NULL;
}
