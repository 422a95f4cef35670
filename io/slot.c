/* io/slot.c - one peer in a loop. */
#define _GNU_SOURCE
#include "io/slot.h"

#include "base/time.h"
#include "io/clock.h"
#include "io/slot_sealed.h"
#include "io/slot_servers.h"
#include "io/slot_socket.h"

#include <auger/ice_predict.h>
#include <auger/peer_stats.h>

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define SHARED_BATCHES 8             /* of one socket, before the others' turn */
#define ACCEPT_REST (100 * AUGER_MS) /* where there is no descriptor for one more */

static int watch(int epoll_fd, int op, struct auger_watch *watch, bool write)
{
    struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0u), .data.ptr = watch};

    return epoll_ctl(epoll_fd, op, watch->udp.fd, &event) < 0 ? AUGER_ERR_SYSTEM : 0;
}

/* --- shared sockets --------------------------------------------------------------------- */

static int add_shared_addrs(struct auger_slot *slot, auger_time now)
{
    const struct auger_loop_mux *mux = slot->mux;
    int err = 0;

    for (size_t i = 0; err == 0 && i < mux->sockets_len; i++)
        if (mux->sockets[i].watch.udp.fd >= 0)
            err = auger_peer_add_local_addr(slot->peer, now, &mux->sockets[i].watch.udp.addr);
    return err;
}

void auger_slot_lose_addr(struct auger_slot *slot, const struct auger_addr *gone, auger_time now)
{
    const struct auger_addr addr = *gone;

    (void)!auger_peer_remove_local_addr(slot->peer, now, &addr);
    if (slot->links)
        auger_links_forget_local(slot->links, &addr, now);
}

void auger_slot_lose_shared(struct auger_slot *slot, struct auger_shared_socket *socket,
                            auger_time now)
{
    if (slot->kept_for == &socket->watch) {
        slot->kept_len = 0;
        slot->kept_for = NULL;
        auger_ready_remove(&slot->blocked);
    }
    auger_slot_lose_addr(slot, &socket->watch.udp.addr, now);
}

int auger_slot_join(struct auger_slot *slot, struct auger_loop_mux *mux, auger_time now)
{
    int err = auger_mux_add(mux->table, slot, &slot->session);

    if (err < 0)
        return err;
    slot->mux = mux;
    slot->blocked.owner = slot;
    mux->peers++;
    err = auger_peer_share_sockets(slot->peer, auger_mux_tag(slot->session));
    if (err == 0)
        err = add_shared_addrs(slot, now);
    return err == 0 ? auger_slot_settle(slot, now) : err;
}

static void leave(struct auger_slot *slot)
{
    if (!slot->mux)
        return;
    auger_mux_remove(slot->mux->table, slot->session);
    auger_ready_remove(&slot->blocked);
    slot->mux->peers--;
    slot->mux = NULL;
}

/* As often as the agent finds another pair to want. */
int auger_slot_settle(struct auger_slot *slot, auger_time now)
{
    struct auger_path taken;
    int err = 0;

    if (!slot->mux)
        return 0;
    do {
        err = auger_mux_settle(slot->mux->table, slot->session, auger_peer_ice(slot->peer), &taken);
    } while (err == AUGER_ERR_PATH_TAKEN && auger_peer_refuse_path(slot->peer, now, &taken) == 0);
    return err;
}

/* Once and at once: the application does not wait for the servers' answers. */
static void release_relays(struct auger_slot *slot)
{
    auger_time now = auger_clock_now();

    if (!slot->links || !slot->peer)
        return;
    slot->kept_len = 0;
    auger_peer_release(slot->peer, now);
    (void)auger_slot_transmit(slot, slot->epoll_fd, now);
    auger_links_free(slot->links, now);
    slot->links = NULL;
}

void auger_slot_close_helpers(struct auger_slot *slot, bool all)
{
    const struct auger_ice *ice = auger_peer_ice(slot->peer);
    size_t kept = 0;

    for (size_t i = 0; i < slot->helpers_len; i++) {
        struct auger_watch *helper = slot->helpers[i];
        if (!all && auger_ice_helper_is_wanted(ice, &helper->udp.addr)) {
            slot->helpers[kept++] = helper;
            continue;
        }
        if (slot->kept_for == helper)
            slot->kept_len = 0;
        auger_udp_close(&helper->udp);
        free(helper);
    }
    slot->helpers_len = kept;
    if (kept == 0) {
        free(slot->helpers);
        slot->helpers = NULL;
    }
}

void auger_slot_close(struct auger_slot *slot)
{
    release_relays(slot);
    leave(slot);
    auger_ice_tcp_fini(&slot->tcp, auger_clock_now());
    auger_tcp_seen_free(&slot->seen, auger_clock_now());
    for (size_t i = 0; i < slot->sockets_len; i++)
        auger_udp_close(&slot->sockets[i].udp);
    slot->sockets_len = 0;
    auger_slot_close_helpers(slot, true);
    auger_peer_free(slot->peer);
    slot->peer = NULL;
}

/* --- its turn ----------------------------------------------------------------------------- */

static struct auger_shared_socket *shared_socket(struct auger_watch *watch)
{
    return (struct auger_shared_socket *)(void *)watch; /* its first member */
}

static void keep(struct auger_slot *slot, int epoll_fd, struct auger_watch *socket,
                 const struct auger_addr *to, const uint8_t *buf, size_t len)
{
    memcpy(slot->kept, buf, len);
    slot->kept_len = len;
    slot->kept_for = socket;
    slot->kept_to = *to;
    if (slot->mux) {
        slot->blocked.queue = &shared_socket(socket)->blocked;
        auger_ready_mark(&slot->blocked);
    }
    /* If even that fails the datagram is lost, as datagrams may be. */
    if (watch(epoll_fd, EPOLL_CTL_MOD, socket, true) < 0)
        slot->kept_len = 0;
}

/* --- its TURN servers --------------------------------------------------------------------- */

/* Streams that ended by themselves. */
static void tell_losses(struct auger_slot *slot, auger_time now)
{
    struct auger_links *links = slot->links;
    char why[AUGER_TLS_WHY_MAX];

    for (size_t i = 0; i < links->streams_len; i++) {
        struct auger_path path = links->streams[i]->path;
        if (!auger_stream_take_loss(links->streams[i], why))
            continue;
        auger_slot_tell_trouble(slot, &path.remote, AUGER_ERR_NO_PATH, why);
        auger_peer_stream_lost(slot->peer, now, &path);
        auger_slot_give_up_server(slot, &path.remote, now);
    }
}

/* The agent may have been sent on to where no server is known yet.  false: that is so, and there
 * was no memory for it. */
static bool learn_alternate(struct auger_slot *slot, const struct auger_path *path)
{
    struct auger_ice_relay_info info;

    if (path->remote.transport == AUGER_UDP && !auger_links_has_sealed(slot->links))
        return true;
    if (auger_links_server_at(slot->links, &path->remote) ||
        !auger_ice_relay_on(auger_peer_ice(slot->peer), path, &info))
        return true;
    auger_links_send_on(slot->links, &info);
    return auger_links_server_at(slot->links, &path->remote) != NULL;
}

/* true: it was for a server that no socket of ours speaks to in the clear. */
static bool send_by_link(struct auger_slot *slot, auger_time now, const struct auger_path *path,
                         const uint8_t *buf, size_t len)
{
    if (!slot->links)
        return false;
    bool is_known = learn_alternate(slot, path);
    if (path->remote.transport == AUGER_TCP) {
        struct auger_stream *stream =
            auger_links_stream(slot->links, slot, slot->epoll_fd, path, now);
        if (stream)
            auger_stream_send(stream, now, buf, len);
        else
            auger_peer_stream_lost(slot->peer, now, path);
    } else if (auger_links_seals(slot->links, &path->remote)) {
        auger_slot_send_sealed(slot, now, path, buf, len);
    } else if (is_known) {
        return false; /* never in the clear what was to be sealed */
    }
    tell_losses(slot, now);
    return true;
}

/* --- its streams to and from the other side (RFC 6544) --------------------------------------- */

static void tell_lost_streams(struct auger_slot *slot, auger_time now)
{
    struct auger_path path;

    while (auger_ice_tcp_take_loss(&slot->tcp, &path))
        auger_peer_stream_lost(slot->peer, now, &path);
}

/* true: it was for the other side, by a stream. */
static bool send_by_stream(struct auger_slot *slot, auger_time now, const struct auger_path *path,
                           const uint8_t *buf, size_t len)
{
    if (path->remote.transport != AUGER_TCP ||
        !auger_ice_stream_is_framed(auger_peer_ice(slot->peer), path))
        return false;
    if (!auger_ice_tcp_send(&slot->tcp, now, path, buf, len))
        auger_peer_stream_lost(slot->peer, now, path);
    tell_lost_streams(slot, now);
    return true;
}

/* A check that is believed makes a pair, and so a use of the stream that it came by. */
static void hear_framed(struct auger_slot *slot, auger_time now, const struct auger_path *path,
                        const uint8_t *buf, size_t len)
{
    auger_slot_hear(slot, now, path, buf, len);
    auger_ice_tcp_judge(&slot->tcp, auger_peer_ice(slot->peer), now, path);
}

static void rest_acceptors(struct auger_slot *slot, bool rest)
{
    for (size_t i = 0; i < slot->sockets_len; i++) {
        struct auger_watch *watch = &slot->sockets[i];
        struct epoll_event event = {.events = rest ? 0 : EPOLLIN, .data.ptr = watch};
        if (watch->kind == AUGER_WATCH_ACCEPT && watch->udp.fd >= 0)
            (void)epoll_ctl(slot->epoll_fd, EPOLL_CTL_MOD, watch->udp.fd, &event);
    }
}

/* What cannot be taken would be told of again and again. */
void auger_slot_accept(struct auger_watch *acceptor, auger_time now)
{
    struct auger_slot *slot = acceptor->slot;

    if (!auger_ice_tcp_accept(&slot->tcp, acceptor, now)) {
        rest_acceptors(slot, true);
        slot->accept_at = auger_time_add(now, ACCEPT_REST);
    }
    auger_ready_mark(&slot->ready);
}

static void handle_tcp_timeout(struct auger_slot *slot, auger_time now)
{
    if (now >= slot->accept_at) {
        slot->accept_at = AUGER_NEVER;
        rest_acceptors(slot, false);
    }
    auger_ice_tcp_handle_timeout(&slot->tcp, auger_peer_ice(slot->peer), now);
    tell_lost_streams(slot, now);
    auger_tcp_seen_handle_timeout(&slot->seen, now);
}

/* --- what comes by them, and by those to its TURN servers ------------------------------------ */

void auger_slot_ready_stream(struct auger_watch *watch, uint32_t events, auger_time now)
{
    struct auger_stream *stream = watch->user;
    struct auger_slot *slot = watch->slot;
    const struct auger_path path = stream->path;
    struct auger_bytes frame;

    if (auger_tcp_seen_ready(&slot->seen, watch, events, now)) {
        auger_ready_mark(&slot->ready);
        return;
    }
    bool was_open = stream->state == AUGER_STREAM_OPEN;
    auger_stream_ready(stream, watch, events, now);
    if (!stream->is_framed && !was_open && stream->state == AUGER_STREAM_OPEN)
        auger_links_hurry_others(slot->links, stream, now);
    while (auger_stream_next(stream, now, &frame))
        (stream->is_framed ? hear_framed : auger_slot_hear)(slot, now, &path, frame.data,
                                                            frame.len);
    if (stream->is_framed)
        tell_lost_streams(slot, now);
    else
        tell_losses(slot, now);
    (void)!auger_slot_settle(slot, now); /* its next turn tells what went wrong */
    auger_ready_mark(&slot->ready);
}

void auger_slot_handle_timeout(struct auger_slot *slot, auger_time now)
{
    handle_tcp_timeout(slot, now);
    if (!slot->links)
        return;
    auger_links_handle_timeout(slot->links, now);
    auger_slot_sealed_handle_timeout(slot, now);
    tell_losses(slot, now);
    auger_slot_give_due_servers(slot, now);
}

auger_time auger_slot_next_timeout(const struct auger_slot *slot)
{
    auger_time at = auger_time_min(slot->accept_at, auger_ice_tcp_next_timeout(&slot->tcp));

    at = auger_time_min(at, slot->names_by);
    at = auger_time_min(at, auger_tcp_seen_next_timeout(&slot->seen));
    return slot->links ? auger_time_min(at, auger_links_next_timeout(slot->links)) : at;
}

/* --- its turn, in sockets ------------------------------------------------------------------- */

bool auger_slot_transmit(struct auger_slot *slot, int epoll_fd, auger_time now)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;

    if (slot->links)
        auger_slot_tell_refusals(slot);
    for (int i = 0; i < AUGER_SLOT_BUDGET && slot->kept_len == 0; i++) {
        size_t len = auger_peer_poll_transmit(slot->peer, now, &path, buf, sizeof(buf));
        if (len == 0)
            return false;
        auger_slot_show(slot, now, &path, true, buf, len);
        if (send_by_stream(slot, now, &path, buf, len) || send_by_link(slot, now, &path, buf, len))
            continue;
        struct auger_watch *socket = auger_slot_find_socket(slot, &path.local);
        if (socket && auger_slot_send(slot, socket, &path, buf, len) == AUGER_UDP_FULL)
            keep(slot, epoll_fd, socket, &path.remote, buf, len);
    }
    return slot->kept_len == 0;
}

/* false: there is still no room. */
static bool send_kept(struct auger_slot *slot, struct auger_watch *socket)
{
    const struct auger_path path = {socket->udp.addr, slot->kept_to};

    if (auger_slot_send(slot, socket, &path, slot->kept, slot->kept_len) == AUGER_UDP_FULL)
        return false;
    slot->kept_len = 0;
    auger_ready_mark(&slot->ready);
    return true;
}

void auger_slot_writable(struct auger_slot *slot, int epoll_fd, struct auger_watch *socket)
{
    if (slot->kept_for != socket || slot->kept_len == 0)
        return;
    if (send_kept(slot, socket))
        (void)!watch(epoll_fd, EPOLL_CTL_MOD, socket, false);
}

void auger_slot_writable_shared(struct auger_shared_socket *socket, int epoll_fd)
{
    struct auger_ready *first;

    while ((first = auger_ready_take(&socket->blocked))) {
        if (!send_kept(first->owner, &socket->watch)) {
            auger_ready_mark(first);
            return;
        }
    }
    (void)!watch(epoll_fd, EPOLL_CTL_MOD, &socket->watch, false);
}

static void take(struct auger_slot *slot, auger_time now, const struct auger_path *path,
                 const uint8_t *buf, size_t len)
{
    if (slot->links && auger_links_seals(slot->links, &path->remote))
        auger_slot_hear_sealed(slot, now, path, buf, len);
    else
        auger_slot_hear(slot, now, path, buf, len);
}

void auger_slot_receive(struct auger_slot *slot, const struct auger_watch *socket,
                        struct auger_udp_batch *batch, auger_time now)
{
    size_t len = auger_udp_receive(&socket->udp, batch);

    for (size_t i = 0; i < len; i++) {
        struct auger_path path = {.local = socket->udp.addr, .remote = batch->from[i]};
        take(slot, now, &path, batch->bufs[i], batch->lens[i]);
    }
}

/* The next datagram of the same peer may need what this one has settled. */
static void take_shared(const struct auger_shared_socket *socket, auger_time now,
                        const struct auger_addr *from, const uint8_t *buf, size_t len)
{
    struct auger_path path = {.local = socket->watch.udp.addr, .remote = *from};
    const struct auger_mux_session *session =
        auger_mux_find(socket->mux->table, now, &path, buf, len);

    if (!session)
        return;
    struct auger_slot *slot = auger_mux_user(session);
    take(slot, now, &path, buf, len);
    (void)!auger_slot_settle(slot, now); /* its next turn tells what went wrong */
}

void auger_slot_receive_shared(struct auger_shared_socket *socket, struct auger_udp_batch *batch,
                               auger_time now)
{
    for (int i = 0; i < SHARED_BATCHES; i++) {
        size_t len = auger_udp_receive(&socket->watch.udp, batch);
        for (size_t j = 0; j < len; j++)
            take_shared(socket, now, &batch->from[j], batch->bufs[j], batch->lens[j]);
        if (len < AUGER_UDP_BATCH)
            break;
    }
}
