/* io/tcp_seen.c - what STUN servers see of ports at which a peer listens. */
#include "io/tcp_seen.h"

#include "base/addr.h"
#include "base/time.h"

#include <stdlib.h>

#define LOOK_EVERY (1 * AUGER_SEC)
#define ENDS_AFTER (5 * AUGER_SEC)
/* Ti (8489 6.2.2): over a stream a request is not repeated, and so its end is no last repetition.
 */
#define ANSWERS_WITHIN (39500 * AUGER_MS)

void auger_tcp_seen_add_server(struct auger_tcp_seen *seen, const struct auger_addr *server,
                               auger_time now)
{
    if (!seen->is_of_use || seen->servers_len == AUGER_TCP_SEEN_SERVERS_MAX)
        return;
    struct auger_addr *kept = &seen->servers[seen->servers_len++];
    *kept = *server;
    kept->transport = AUGER_TCP;
    seen->look_at = now;
}

/* --- the ports ----------------------------------------------------------------------------- */

static bool is_listening(const struct auger_watch *socket)
{
    return socket->kind == AUGER_WATCH_ACCEPT && socket->udp.fd >= 0 &&
           !auger_addr_is_link_local(&socket->udp.addr);
}

static bool has_socket(const struct auger_tcp_seen *seen, const struct auger_addr *base)
{
    for (size_t i = 0; i < *seen->sockets_len; i++)
        if (is_listening(&seen->sockets[i]) && auger_addr_equal(&seen->sockets[i].udp.addr, base))
            return true;
    return false;
}

static bool is_known(const struct auger_tcp_seen *seen, const struct auger_addr *base)
{
    for (size_t i = 0; i < seen->bases_len; i++)
        if (auger_addr_equal(&seen->bases[i]->base, base))
            return true;
    return false;
}

static struct auger_tcp_seen_base *free_place(struct auger_tcp_seen *seen)
{
    for (size_t i = 0; i < seen->bases_len; i++)
        if (seen->bases[i]->base.family == AUGER_FAMILY_NONE)
            return seen->bases[i];
    if (seen->bases_len == AUGER_INTERFACES_MAX)
        return NULL;
    struct auger_tcp_seen_base *base = calloc(1, sizeof(*base));
    if (base)
        seen->bases[seen->bases_len++] = base;
    return base;
}

static void stop_asking(struct auger_tcp_seen_base *base, auger_time now)
{
    auger_stun_client_free(base->client);
    base->client = NULL;
    auger_stream_close(&base->stream, now);
}

/* The mapping goes with the connection that made it, sooner or later. */
static void forget(struct auger_tcp_seen *seen, struct auger_tcp_seen_base *base, auger_time now)
{
    stop_asking(base, now);
    if (base->external.family != AUGER_FAMILY_NONE)
        (void)!auger_peer_remove_mapped_addr(seen->peer, now, &base->base, &base->external);
    base->external = (struct auger_addr){0};
}

/* --- asking -------------------------------------------------------------------------------- */

/* As the client of Binding calls it, which knows UDP alone. */
static struct auger_addr name_of(const struct auger_addr *server)
{
    struct auger_addr name = *server;

    name.transport = AUGER_UDP;
    return name;
}

static void ask(struct auger_tcp_seen *seen, struct auger_tcp_seen_base *base,
                const struct auger_addr *server, auger_time now)
{
    const struct auger_path path = {base->base, *server};
    const struct auger_stream_target target = {
        .path = &path, .addrs = &path.remote, .addrs_len = 1};
    const struct auger_addr name = name_of(server);
    uint8_t request[64];

    if (auger_stun_client_new(&base->client, seen->env, now, &name) < 0)
        return;
    base->answer_by = auger_time_add(now, ANSWERS_WITHIN);
    size_t len = auger_stun_client_poll_transmit(base->client, now, request, sizeof(request));
    auger_stream_open(&base->stream, seen->slot, seen->epoll_fd, &target, now);
    auger_stream_send(&base->stream, now, request, len);
}

/* The next server of its family, until one has answered. */
static void ask_next(struct auger_tcp_seen *seen, struct auger_tcp_seen_base *base, auger_time now)
{
    while (!base->client && base->external.family == AUGER_FAMILY_NONE &&
           base->tried < seen->servers_len) {
        const struct auger_addr *server = &seen->servers[base->tried++];
        if (server->family == base->base.family)
            ask(seen, base, server, now);
    }
}

/* It stays open: 5. */
static void tell(struct auger_tcp_seen *seen, struct auger_tcp_seen_base *base, auger_time now)
{
    const struct auger_addr *mapped = auger_stun_client_mapped(base->client);

    if (mapped) {
        base->external = *mapped;
        base->external.transport = AUGER_TCP;
    }
    auger_stun_client_free(base->client);
    base->client = NULL;
    if (!mapped)
        auger_stream_close(&base->stream, now);
    else if (!auger_addr_equal(&base->external, &base->base))
        (void)!auger_peer_add_mapped_addr(seen->peer, now, &base->base, &base->external);
}

static void hear(struct auger_tcp_seen *seen, struct auger_tcp_seen_base *base, auger_time now)
{
    const struct auger_addr from = name_of(&base->stream.path.remote);
    struct auger_bytes frame;

    while (auger_stream_next(&base->stream, now, &frame))
        if (base->client &&
            auger_stun_client_handle_datagram(base->client, &from, frame.data, frame.len))
            tell(seen, base, now);
}

static void take_loss(struct auger_tcp_seen *seen, struct auger_tcp_seen_base *base, auger_time now)
{
    char why[AUGER_TLS_WHY_MAX];

    if (auger_stream_take_loss(&base->stream, why))
        forget(seen, base, now);
}

bool auger_tcp_seen_ready(struct auger_tcp_seen *seen, struct auger_watch *watch, uint32_t events,
                          auger_time now)
{
    for (size_t i = 0; i < seen->bases_len; i++) {
        struct auger_tcp_seen_base *base = seen->bases[i];
        if (watch->user != &base->stream)
            continue;
        auger_stream_ready(&base->stream, watch, events, now);
        hear(seen, base, now);
        take_loss(seen, base, now);
        ask_next(seen, base, now);
        return true;
    }
    return false;
}

/* --- time ---------------------------------------------------------------------------------- */

static bool is_connected(const struct auger_peer *peer)
{
    return auger_ice_get_state(auger_peer_ice(peer)) == AUGER_ICE_CONNECTED;
}

static bool is_over(const struct auger_peer *peer)
{
    struct auger_peer_info info;

    auger_peer_get_info(peer, &info);
    return info.state == AUGER_PEER_FAILED || info.state == AUGER_PEER_CLOSED;
}

/* 11.2: ICE has what it wanted, and its own connections keep their mappings.  A better path may
 * come for a while after the first.  Or ICE wants nothing more, unless it is restarted. */
static bool has_ended(struct auger_tcp_seen *seen, auger_time now)
{
    if (!is_connected(seen->peer))
        seen->connected_at = AUGER_NEVER;
    else if (seen->connected_at == AUGER_NEVER)
        seen->connected_at = now;
    return is_over(seen->peer) || now >= auger_time_add(seen->connected_at, ENDS_AFTER);
}

static void look(struct auger_tcp_seen *seen, auger_time now)
{
    bool rests = seen->rests = has_ended(seen, now);

    for (size_t i = 0; i < seen->bases_len; i++) {
        struct auger_tcp_seen_base *base = seen->bases[i];
        bool is_there = has_socket(seen, &base->base);
        if (rests || !is_there)
            forget(seen, base, now);
        if (rests)
            base->tried = 0;
        if (!is_there)
            base->base = (struct auger_addr){0};
    }
    for (size_t i = 0; i < *seen->sockets_len && !rests; i++) {
        const struct auger_watch *socket = &seen->sockets[i];
        struct auger_tcp_seen_base *base;
        if (!is_listening(socket) || is_known(seen, &socket->udp.addr) ||
            !(base = free_place(seen)))
            continue;
        base->base = socket->udp.addr;
        base->tried = 0;
    }
    for (size_t i = 0; i < seen->bases_len && !rests; i++)
        ask_next(seen, seen->bases[i], now);
    seen->look_at = rests ? AUGER_NEVER : auger_time_add(now, LOOK_EVERY);
}

static void expire(struct auger_tcp_seen *seen, struct auger_tcp_seen_base *base, auger_time now)
{
    auger_stream_handle_timeout(&base->stream, now);
    if (base->client && now >= base->answer_by)
        stop_asking(base, now);
    take_loss(seen, base, now);
}

void auger_tcp_seen_handle_timeout(struct auger_tcp_seen *seen, auger_time now)
{
    if (seen->servers_len == 0)
        return;
    for (size_t i = 0; i < seen->bases_len; i++)
        expire(seen, seen->bases[i], now);
    if (now >= seen->look_at || seen->rests != has_ended(seen, now))
        look(seen, now);
}

auger_time auger_tcp_seen_next_timeout(const struct auger_tcp_seen *seen)
{
    auger_time at = seen->servers_len > 0 ? seen->look_at : AUGER_NEVER;

    for (size_t i = 0; i < seen->bases_len; i++) {
        const struct auger_tcp_seen_base *base = seen->bases[i];
        at = auger_time_min(at, auger_stream_next_timeout(&base->stream));
        at = auger_time_min(at, base->client ? base->answer_by : AUGER_NEVER);
    }
    return at;
}

void auger_tcp_seen_free(struct auger_tcp_seen *seen, auger_time now)
{
    for (size_t i = 0; i < seen->bases_len; i++) {
        auger_stun_client_free(seen->bases[i]->client);
        auger_stream_fini(&seen->bases[i]->stream, now);
        free(seen->bases[i]);
    }
    seen->bases_len = 0;
}
