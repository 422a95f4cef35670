/* io/turn_tcp.c - connections to peers, and the bytes between them and clients.  Each way has one
 * reading at a time: nothing more is read of one end before the other has taken it. */
#define _GNU_SOURCE
#include "io/turn_tcp.h"

#include "base/time.h"
#include "io/sockaddr.h"
#include "io/turn_streams.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define CONNECT_TIME (30 * AUGER_SEC)     /* RFC 6062 section 5.2: at least */
#define HALF_CLOSED_IDLE (60 * AUGER_SEC) /* without a byte the other way; section 5.5 */

/* --- the table of them -----------------------------------------------------------------------
 */

int auger_turn_tcp_init(struct auger_turn_service *service, size_t max)
{
    struct auger_turn_tcp *tcp = &service->tcp;
    size_t len = 16;

    if (max == 0)
        return 0;
    while (len < max && len < 4096)
        len *= 2;
    tcp->buckets = calloc(len, sizeof(*tcp->buckets));
    if (!tcp->buckets)
        return AUGER_ERR_NO_MEMORY;
    tcp->buckets_len = len;
    return auger_deadlines_init(&tcp->deadlines, max);
}

/* Numbers are drawn at random. */
static struct auger_turn_peer **bucket_of(struct auger_turn_service *service, uint32_t connection)
{
    return &service->tcp.buckets[connection & (service->tcp.buckets_len - 1)];
}

static struct auger_turn_peer *find(struct auger_turn_service *service, uint32_t connection)
{
    struct auger_turn_peer *peer =
        service->tcp.buckets_len > 0 ? *bucket_of(service, connection) : NULL;

    while (peer && peer->connection != connection)
        peer = peer->next;
    return peer;
}

/* Nothing of the stream is undone. */
static void shut(struct auger_turn_service *service, struct auger_turn_peer *peer)
{
    struct auger_turn_peer **at = bucket_of(service, peer->connection);

    while (*at != peer)
        at = &(*at)->next;
    *at = peer->next;
    service->tcp.len--;
    auger_deadlines_set(&service->tcp.deadlines, &peer->due, AUGER_NEVER);
    auger_udp_close(&peer->watch.udp);
    if (peer->stream)
        peer->stream->peer = NULL;
    peer->stream = NULL;
    peer->next = service->tcp.dead;
    service->tcp.dead = peer;
}

void auger_turn_tcp_close(struct auger_turn_service *service, uint32_t connection)
{
    struct auger_turn_peer *peer = find(service, connection);
    struct auger_turn_stream *stream = peer ? peer->stream : NULL;

    if (!peer)
        return;
    shut(service, peer);
    if (stream)
        auger_turn_stream_shut(service, stream);
}

void auger_turn_tcp_bury(struct auger_turn_service *service)
{
    while (service->tcp.dead) {
        struct auger_turn_peer *peer = service->tcp.dead;
        service->tcp.dead = peer->next;
        free(peer->out);
        free(peer);
    }
}

void auger_turn_tcp_fini(struct auger_turn_service *service)
{
    for (size_t i = 0; i < service->tcp.buckets_len; i++)
        while (service->tcp.buckets[i])
            shut(service, service->tcp.buckets[i]);
    auger_turn_tcp_bury(service);
    auger_deadlines_fini(&service->tcp.deadlines);
    free(service->tcp.buckets);
}

/* --- watched ---------------------------------------------------------------------------------
 */

/* What may not be read is not watched at all once it is spliced: of an end that has come epoll
 * would tell again and again. */
static bool watch(struct auger_turn_service *service, struct auger_turn_peer *peer, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = &peer->watch};
    int fd = peer->watch.udp.fd;

    if (events == 0 && peer->stream)
        return epoll_ctl(service->epoll_fd, EPOLL_CTL_DEL, fd, NULL) == 0 || errno == ENOENT;
    return epoll_ctl(service->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0 ||
           epoll_ctl(service->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void auger_turn_tcp_bound(const struct auger_turn_service *service, int fd)
{
    int sends = (int)service->config.stream_buffer;
    int receives = (int)service->config.stream_queue_max;

    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sends, sizeof(sends));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receives, sizeof(receives));
}

/* --- opened and taken ------------------------------------------------------------------------
 */

static struct auger_turn_peer *add(struct auger_turn_service *service, uint32_t connection, int fd,
                                   uint32_t events)
{
    struct auger_turn_peer *peer =
        service->tcp.len < service->tcp.deadlines.max ? calloc(1, sizeof(*peer)) : NULL;
    int on = 1;

    if (!peer) {
        close(fd);
        return NULL;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    peer->watch = (struct auger_watch){.kind = AUGER_WATCH_TURN_PEER, .user = service};
    peer->watch.udp.fd = fd;
    peer->connection = connection;
    peer->due.at = AUGER_NEVER;
    peer->half_until = AUGER_NEVER;
    struct auger_turn_peer **bucket = bucket_of(service, connection);
    peer->next = *bucket;
    *bucket = peer;
    service->tcp.len++;
    if (watch(service, peer, events))
        return peer;
    shut(service, peer);
    return NULL;
}

/* The listening socket of the relay lets others of this user have its port. */
static int bind_beside(const struct auger_turn_service *service, const struct auger_addr *local)
{
    struct sockaddr_storage sa;
    socklen_t len = auger_sockaddr_from(&sa, local);
    int family = local->family == AUGER_IPV4 ? AF_INET : AF_INET6, on = 1;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    auger_turn_tcp_bound(service, fd);
    if (bind(fd, (const struct sockaddr *)&sa, len) == 0)
        return fd;
    close(fd);
    return -1;
}

int auger_turn_tcp_connect(struct auger_turn_service *service, auger_time now,
                           const struct auger_turn_server_out *out)
{
    struct sockaddr_storage sa;
    socklen_t len = auger_sockaddr_from(&sa, &out->path.remote);
    int fd = bind_beside(service, &out->path.local);

    if (fd < 0)
        return AUGER_ERR_SYSTEM;
    bool stands = connect(fd, (const struct sockaddr *)&sa, len) == 0;
    if (!stands && errno != EINPROGRESS) {
        close(fd);
        return AUGER_ERR_SYSTEM;
    }
    struct auger_turn_peer *peer =
        add(service, out->connection, fd, stands ? 0 : (uint32_t)EPOLLOUT);
    if (!peer)
        return AUGER_ERR_LIMIT;
    if (stands)
        return 0;
    peer->is_connecting = true;
    auger_deadlines_set(&service->tcp.deadlines, &peer->due, now + CONNECT_TIME);
    return 1;
}

int auger_turn_tcp_finish_connect(struct auger_turn_service *service, struct auger_turn_peer *peer)
{
    int err = ETIMEDOUT;
    socklen_t len = sizeof(err);

    if (peer->due.at != AUGER_NEVER)
        (void)getsockopt(peer->watch.udp.fd, SOL_SOCKET, SO_ERROR, &err, &len);
    auger_deadlines_set(&service->tcp.deadlines, &peer->due, AUGER_NEVER);
    peer->is_connecting = false;
    if (err == 0 && watch(service, peer, 0))
        return 0;
    shut(service, peer);
    errno = err;
    return AUGER_ERR_SYSTEM;
}

int auger_turn_tcp_add(struct auger_turn_service *service, uint32_t connection, int fd)
{
    return add(service, connection, fd, 0) ? 0 : AUGER_ERR_LIMIT;
}

void auger_turn_tcp_rest(struct auger_turn_service *service, bool rest)
{
    for (size_t i = 0; service->tcp.buckets_len > 0 && i < service->relays_cap; i++) {
        struct auger_turn_relay *relay = service->relays[i];
        if (!relay || relay->watch.kind != AUGER_WATCH_TURN_TCP_RELAY)
            continue;
        struct epoll_event event = {.events = rest ? 0 : EPOLLIN, .data.ptr = &relay->watch};
        (void)epoll_ctl(service->epoll_fd, EPOLL_CTL_MOD, relay->watch.udp.fd, &event);
    }
}

/* --- what goes along it ----------------------------------------------------------------------
 */

/* The engine then says to close it. */
static void end(struct auger_turn_service *service, auger_time now, struct auger_turn_peer *peer)
{
    auger_turn_server_peer_closed(service->engine, now, peer->connection);
}

static bool is_half_closed(const struct auger_turn_peer *peer)
{
    return peer->is_ended || peer->stream->is_ended;
}

/* An end that has come goes on once all before it has. */
static void pass_ends(struct auger_turn_service *service, auger_time now,
                      struct auger_turn_peer *peer)
{
    struct auger_turn_stream *stream = peer->stream;

    if (stream->tls && stream->is_ended)
        stream->is_told = true; /* TLS has ended both ways */
    if (peer->is_ended && stream->out_len == 0 && !stream->is_told) {
        stream->is_told = true;
        auger_turn_stream_finish(service, stream, now);
    }
    if (stream->is_ended && peer->out_len == 0 && !peer->is_told) {
        (void)shutdown(peer->watch.udp.fd, SHUT_WR);
        peer->is_told = true;
    }
}

static auger_time when_due(const struct auger_turn_peer *peer, auger_time now)
{
    auger_time until = is_half_closed(peer) ? peer->half_until : AUGER_NEVER;

    return peer->read_at > now ? auger_time_min(until, peer->read_at) : until;
}

/* After each change: who may be read, and who has room for more. */
static void settle(struct auger_turn_service *service, auger_time now, struct auger_turn_peer *peer)
{
    struct auger_turn_stream *stream = peer->stream;

    if (!stream || stream->is_dead || peer->watch.udp.fd < 0)
        return;
    pass_ends(service, now, peer);
    if (stream->is_dead ||
        (peer->is_told && stream->is_told && stream->out_len == 0 && peer->out_len == 0)) {
        end(service, now, peer);
        return;
    }
    bool rests = peer->read_at > now;
    bool reads = !rests && !peer->is_ended && stream->out_len == 0;
    stream->is_paused = rests || stream->is_ended || peer->out_len > 0;
    auger_deadlines_set(&service->tcp.deadlines, &peer->due, when_due(peer, now));
    if (!watch(service, peer,
               (reads ? (uint32_t)EPOLLIN : 0) | (peer->out_len > 0 ? (uint32_t)EPOLLOUT : 0)) ||
        !auger_turn_stream_watch(service, stream))
        end(service, now, peer);
}

bool auger_turn_tcp_splice(struct auger_turn_service *service, auger_time now, uint32_t connection,
                           struct auger_turn_stream *stream)
{
    struct auger_turn_peer *peer = find(service, connection);

    if (!peer || peer->stream || stream->peer || stream->is_dead)
        return false;
    peer->stream = stream;
    stream->peer = peer;
    auger_turn_tcp_bound(service, stream->watch.udp.fd);
    auger_turn_stream_heard(service, stream, now, true);
    settle(service, now, peer);
    return true;
}

/* Whether the bytes may go on; the other direction goes by the same rate. */
static bool may_carry(struct auger_turn_service *service, auger_time now,
                      struct auger_turn_peer *peer, bool to_peer, size_t len)
{
    auger_time at = auger_turn_server_carry(service->engine, now, peer->connection, to_peer, len);

    if (at == AUGER_NEVER)
        return false;
    peer->read_at = auger_time_max(peer->read_at, at);
    peer->half_until = now + HALF_CLOSED_IDLE;
    return true;
}

static bool keep_for_peer(struct auger_turn_peer *peer, const uint8_t *bytes, size_t len)
{
    peer->out = malloc(len);
    if (!peer->out)
        return false;
    memcpy(peer->out, bytes, len);
    peer->out_at = 0;
    peer->out_len = len;
    return true;
}

/* How many bytes went; -1: the connection has ended. */
static ssize_t send_now(const struct auger_turn_peer *peer, const uint8_t *bytes, size_t len)
{
    ssize_t sent = send(peer->watch.udp.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

void auger_turn_tcp_from_client(struct auger_turn_service *service, auger_time now,
                                struct auger_turn_stream *stream, const uint8_t *bytes, size_t len)
{
    struct auger_turn_peer *peer = stream->peer;

    if (len == 0 || !peer || !may_carry(service, now, peer, true, len))
        return;
    ssize_t sent = send_now(peer, bytes, len);
    if (sent < 0 || (sent < (ssize_t)len && !keep_for_peer(peer, bytes + sent, len - (size_t)sent)))
        end(service, now, peer);
    else
        settle(service, now, peer);
}

static void hear_client(struct auger_turn_service *service, auger_time now,
                        struct auger_turn_stream *stream)
{
    struct auger_turn_peer *peer = stream->peer;

    if (stream->is_paused)
        return;
    size_t len = auger_turn_stream_read(service, stream, now);
    if (stream->is_dead)
        return;
    if (stream->is_ended)
        peer->half_until = now + HALF_CLOSED_IDLE;
    if (len > 0)
        auger_turn_tcp_from_client(service, now, stream, service->room->stream, len);
    else
        settle(service, now, peer);
}

void auger_turn_tcp_ready_stream(struct auger_turn_service *service, auger_time now,
                                 struct auger_turn_stream *stream, uint32_t events)
{
    if (events & EPOLLOUT && stream->out_len > 0)
        auger_turn_stream_writable(service, stream);
    if (!stream->is_dead && events & ~(uint32_t)EPOLLOUT)
        hear_client(service, now, stream);
    if (!stream->is_dead && stream->peer)
        settle(service, now, stream->peer);
}

static void hear_peer(struct auger_turn_service *service, auger_time now,
                      struct auger_turn_peer *peer)
{
    uint8_t *buf = service->room->stream;
    struct auger_turn_stream *stream = peer->stream;

    if (peer->is_ended || stream->out_len > 0 || peer->read_at > now)
        return;
    ssize_t got = recv(peer->watch.udp.fd, buf, AUGER_TURN_READ_MAX, MSG_DONTWAIT);
    if (got > 0) {
        if (may_carry(service, now, peer, false, (size_t)got))
            auger_turn_stream_write(service, stream, now, buf, (size_t)got);
    } else if (got == 0) {
        peer->is_ended = true;
        peer->half_until = now + HALF_CLOSED_IDLE;
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        end(service, now, peer);
    }
}

static void write_to_peer(struct auger_turn_service *service, auger_time now,
                          struct auger_turn_peer *peer)
{
    ssize_t sent = send_now(peer, peer->out + peer->out_at, peer->out_len);

    if (sent < 0) {
        end(service, now, peer);
        return;
    }
    peer->half_until = now + HALF_CLOSED_IDLE;
    peer->out_at += (size_t)sent;
    peer->out_len -= (size_t)sent;
    if (peer->out_len > 0)
        return;
    free(peer->out);
    peer->out = NULL;
}

void auger_turn_tcp_ready_peer(struct auger_turn_service *service, auger_time now,
                               struct auger_turn_peer *peer, uint32_t events)
{
    if (!peer->stream) { /* it is gone before it was fetched, or its stream is */
        auger_udp_close(&peer->watch.udp);
        end(service, now, peer);
        return;
    }
    if (events & EPOLLOUT && peer->out_len > 0)
        write_to_peer(service, now, peer);
    if (events & ~(uint32_t)EPOLLOUT)
        hear_peer(service, now, peer);
    settle(service, now, peer);
}

/* --- time ------------------------------------------------------------------------------------
 */

static struct auger_turn_peer *peer_due(struct auger_deadline *deadline)
{
    return (struct auger_turn_peer *)(void *)((char *)deadline -
                                              offsetof(struct auger_turn_peer, due));
}

struct auger_turn_peer *auger_turn_tcp_handle_timeout(struct auger_turn_service *service,
                                                      auger_time now)
{
    struct auger_deadline *first;

    while ((first = auger_deadlines_first(&service->tcp.deadlines)) && first->at <= now) {
        struct auger_turn_peer *peer = peer_due(first);
        auger_deadlines_set(&service->tcp.deadlines, first, AUGER_NEVER);
        if (peer->is_connecting)
            return peer;
        if (peer->stream && is_half_closed(peer) && peer->half_until <= now)
            end(service, now, peer);
        else
            settle(service, now, peer);
    }
    return NULL;
}

auger_time auger_turn_tcp_next_timeout(const struct auger_turn_service *service)
{
    const struct auger_deadline *first = auger_deadlines_first(&service->tcp.deadlines);

    return first ? first->at : AUGER_NEVER;
}
