/* io/turn_streams.c - the TCP connections of clients. */
#define _GNU_SOURCE
#include "io/turn_streams.h"

#include "io/acceptor.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define STRANGER_IN_MAX 2048 /* bytes of a message that is not whole */

/* --- the table of them -----------------------------------------------------------------------
 */

static struct auger_turn_stream *of_node(struct auger_path_node *node)
{
    return node ? (struct auger_turn_stream *)(void *)((uint8_t *)node -
                                                       offsetof(struct auger_turn_stream, node))
                : NULL;
}

int auger_turn_streams_init(struct auger_turn_service *service, const struct auger_env *env)
{
    int err = auger_path_table_init(&service->streams, env, service->config.streams_max);

    if (err < 0)
        return err;
    return auger_strangers_init(&service->strangers, service->config.strangers_max,
                                service->config.ip_strangers_max, service->config.streams_max);
}

void auger_turn_streams_fini(struct auger_turn_service *service)
{
    struct auger_path_node *node;
    struct auger_path path;

    while ((node = auger_path_table_any(&service->streams)))
        auger_turn_stream_shut(service, of_node(node));
    while (auger_turn_streams_bury(service, &path))
        ;
    auger_strangers_fini(&service->strangers);
    auger_path_table_fini(&service->streams);
}

struct auger_turn_stream *auger_turn_streams_find(const struct auger_turn_service *service,
                                                  const struct auger_path *path)
{
    return of_node(auger_path_table_find(&service->streams, path));
}

/* --- strangers -------------------------------------------------------------------------------
 */

static void become_stranger(struct auger_turn_service *service, struct auger_turn_stream *stream,
                            auger_time until)
{
    auger_strangers_add(&service->strangers, &stream->stranger, &stream->node.path.remote, until);
}

void auger_turn_stream_heard(struct auger_turn_service *service, struct auger_turn_stream *stream,
                             auger_time now, bool is_known)
{
    if (stream->is_dead)
        return;
    if (is_known)
        auger_strangers_remove(&service->strangers, &stream->stranger);
    else if (!stream->stranger.is_one)
        auger_turn_stream_forget(service, stream, now);
    else
        auger_strangers_give_time(&service->strangers, &stream->stranger,
                                  now + service->config.idle_timeout);
}

void auger_turn_stream_forget(struct auger_turn_service *service, struct auger_turn_stream *stream,
                              auger_time now)
{
    if (!stream->stranger.is_one && !stream->is_dead)
        become_stranger(service, stream, now + service->config.idle_timeout);
}

static struct auger_turn_stream *stream_of(struct auger_stranger *stranger)
{
    return (struct auger_turn_stream *)(void *)((char *)stranger -
                                                offsetof(struct auger_turn_stream, stranger));
}

/* false: there is no room, and nobody who would make it. */
static bool make_room(struct auger_turn_service *service, const struct auger_addr *addr)
{
    bool is_full = service->stats.streams >= service->config.streams_max;
    struct auger_stranger *leaves = auger_strangers_who_leaves(&service->strangers, addr, is_full);

    if (leaves) {
        service->stats.streams_shut++;
        auger_turn_stream_shut(service, stream_of(leaves));
    }
    return service->stats.streams < service->config.streams_max;
}

/* --- taken and closed ------------------------------------------------------------------------
 */

bool auger_turn_stream_watch(struct auger_turn_service *service, struct auger_turn_stream *stream)
{
    struct epoll_event event = {.data.ptr = &stream->watch};
    int fd = stream->watch.udp.fd;

    event.events = (stream->is_paused ? 0 : (uint32_t)EPOLLIN) |
                   (stream->out_len > 0 ? (uint32_t)EPOLLOUT : 0);
    if (event.events == 0)
        return epoll_ctl(service->epoll_fd, EPOLL_CTL_DEL, fd, NULL) == 0 || errno == ENOENT;
    return epoll_ctl(service->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0 ||
           epoll_ctl(service->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void add_to_tables(struct auger_turn_service *service, struct auger_turn_stream *stream,
                          auger_time now)
{
    auger_path_table_add(&service->streams, &stream->node);
    service->stats.streams++;
    become_stranger(service, stream, now + service->config.first_message_timeout);
}

/* Takes `fd`, whatever comes of it. */
static bool add_stream(struct auger_turn_service *service, int fd, const struct auger_path *path,
                       struct auger_tls_context *context, auger_time now)
{
    struct auger_turn_stream *stream = calloc(1, sizeof(*stream));
    struct auger_tls *tls = NULL;
    int buffer = (int)service->config.stream_buffer;

    if (!stream || !make_room(service, &path->remote) ||
        (context && auger_tls_new(&tls, context, now, NULL) < 0)) {
        free(stream);
        close(fd);
        return false;
    }
    /* Else the kernel lets it grow to megabytes, which stay with who stops reading. */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    *stream =
        (struct auger_turn_stream){.watch = {.kind = AUGER_WATCH_TURN_STREAM, .user = service},
                                   .node.path = *path,
                                   .tls = tls};
    stream->watch.udp.fd = fd;
    add_to_tables(service, stream, now);
    service->stats.streams_taken++;
    if (auger_turn_stream_watch(service, stream))
        return true;
    auger_turn_stream_shut(service, stream);
    return false;
}

bool auger_turn_streams_accept(struct auger_turn_service *service, struct auger_watch *acceptor,
                               struct auger_tls_context *context, auger_time now)
{
    for (int i = 0; i < AUGER_ACCEPTS_MAX; i++) {
        struct auger_path path;
        int fd;
        enum auger_accepted accepted = auger_acceptor_take(acceptor, &fd, &path);
        if (accepted == AUGER_ACCEPTED_NONE)
            return true;
        if (accepted != AUGER_ACCEPTED || !add_stream(service, fd, &path, context, now))
            service->stats.accept_failures++;
        if (accepted == AUGER_ACCEPTED_NO_ROOM)
            return false;
    }
    return true;
}

void auger_turn_stream_leave(struct auger_turn_service *service, struct auger_turn_stream *stream)
{
    auger_strangers_remove(&service->strangers, &stream->stranger);
    auger_path_table_remove(&service->streams, &stream->node);
    (void)epoll_ctl(service->epoll_fd, EPOLL_CTL_DEL, stream->watch.udp.fd, NULL);
    service->stats.streams--;
}

bool auger_turn_stream_enter(struct auger_turn_service *service, struct auger_turn_stream *stream,
                             auger_time now)
{
    if (!make_room(service, &stream->node.path.remote)) {
        service->stats.accept_failures++;
        auger_turn_stream_free(stream);
        return false;
    }
    stream->watch.user = service;
    add_to_tables(service, stream, now);
    if (auger_turn_stream_watch(service, stream))
        return true;
    auger_turn_stream_shut(service, stream);
    return false;
}

void auger_turn_stream_shut(struct auger_turn_service *service, struct auger_turn_stream *stream)
{
    if (stream->is_dead)
        return;
    auger_strangers_remove(&service->strangers, &stream->stranger);
    auger_path_table_remove(&service->streams, &stream->node);
    auger_udp_close(&stream->watch.udp);
    if (stream->peer)
        stream->peer->stream = NULL;
    stream->peer = NULL;
    service->stats.streams--;
    stream->is_dead = true;
    stream->next_dead = service->dead_streams;
    service->dead_streams = stream;
}

bool auger_turn_streams_bury(struct auger_turn_service *service, struct auger_path *path)
{
    struct auger_turn_stream *stream = service->dead_streams;

    if (!stream)
        return false;
    service->dead_streams = stream->next_dead;
    *path = stream->node.path;
    auger_turn_stream_free(stream);
    return true;
}

void auger_turn_stream_free(struct auger_turn_stream *stream)
{
    auger_udp_close(&stream->watch.udp);
    auger_tls_free(stream->tls);
    free(stream->in);
    free(stream->out);
    free(stream);
}

void auger_turn_streams_handle_timeout(struct auger_turn_service *service, auger_time now)
{
    struct auger_stranger *first;

    while ((first = auger_strangers_first_due(&service->strangers, now))) {
        service->stats.streams_shut++;
        auger_turn_stream_shut(service, stream_of(first));
    }
}

auger_time auger_turn_streams_next_timeout(const struct auger_turn_service *service)
{
    return auger_strangers_next_timeout(&service->strangers);
}

/* --- what goes out ---------------------------------------------------------------------------
 */

/* The first bytes of a frame went, the rest has to follow. */
static bool keep_unsent(struct auger_turn_stream *stream, const uint8_t *bytes, size_t len)
{
    if (stream->out_at > 0 && stream->out_at + stream->out_len + len > stream->out_cap) {
        memmove(stream->out, stream->out + stream->out_at, stream->out_len);
        stream->out_at = 0;
    }
    if (stream->out_len + len > stream->out_cap) {
        size_t cap = 2 * (stream->out_len + len);
        uint8_t *out = realloc(stream->out, cap);
        if (!out)
            return false;
        stream->out = out;
        stream->out_cap = cap;
    }
    memcpy(stream->out + stream->out_at + stream->out_len, bytes, len);
    stream->out_len += len;
    return true;
}

/* How many bytes went; -1: the stream has ended. */
static ssize_t send_now(struct auger_turn_stream *stream, const uint8_t *bytes, size_t len)
{
    ssize_t sent = send(stream->watch.udp.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

/* What TLS answers by itself, to each KeyUpdate of who reads nothing, is bounded here (RFC 8446
 * section 4.6.3); what the server says is bounded before it is sealed. */
static bool may_keep(const struct auger_turn_service *service,
                     const struct auger_turn_stream *stream, size_t len)
{
    return stream->out_len + len <=
           service->config.stream_queue_max + AUGER_TURN_FRAME_MAX + AUGER_TURN_SEALED_MAX;
}

/* Sends, or keeps for later.  false: the stream has ended, or there is no room or memory. */
static bool pass(struct auger_turn_service *service, struct auger_turn_stream *stream,
                 const uint8_t *bytes, size_t len)
{
    bool queued = stream->out_len > 0;
    ssize_t sent = queued ? 0 : send_now(stream, bytes, len);

    if (sent == (ssize_t)len)
        return true;
    return sent >= 0 && may_keep(service, stream, len - (size_t)sent) &&
           keep_unsent(stream, bytes + sent, len - (size_t)sent) &&
           (queued || auger_turn_stream_watch(service, stream));
}

/* What TLS has to say: of a handshake, an alert, or data that was sealed. */
static bool pass_sealed(struct auger_turn_service *service, struct auger_turn_stream *stream,
                        auger_time now)
{
    uint8_t *sealed = service->room->sealed;
    size_t len;

    while ((len = auger_tls_take(stream->tls, now, sealed, AUGER_TURN_SEALED_MAX)) > 0)
        if (!pass(service, stream, sealed, len))
            return false;
    return true;
}

static bool seal(struct auger_turn_service *service, struct auger_turn_stream *stream,
                 auger_time now, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        int taken = auger_tls_write(stream->tls, now, bytes, len);
        if (taken <= 0)
            return false;
        bytes += taken;
        len -= (size_t)taken;
        if (!pass_sealed(service, stream, now))
            return false;
    }
    return true;
}

void auger_turn_stream_write(struct auger_turn_service *service, struct auger_turn_stream *stream,
                             auger_time now, const uint8_t *bytes, size_t len)
{
    if (stream->out_len > 0 && stream->out_len + len > service->config.stream_queue_max) {
        service->stats.queue_drops++;
        return;
    }
    bool good =
        stream->tls ? seal(service, stream, now, bytes, len) : pass(service, stream, bytes, len);
    if (!good)
        auger_turn_stream_shut(service, stream);
}

void auger_turn_stream_finish(struct auger_turn_service *service, struct auger_turn_stream *stream,
                              auger_time now)
{
    if (!stream->tls) {
        (void)shutdown(stream->watch.udp.fd, SHUT_WR);
        return;
    }
    auger_tls_close(stream->tls, now);
    stream->is_ended = true;
    if (!pass_sealed(service, stream, now))
        auger_turn_stream_shut(service, stream);
}

void auger_turn_stream_writable(struct auger_turn_service *service,
                                struct auger_turn_stream *stream)
{
    ssize_t sent = send_now(stream, stream->out + stream->out_at, stream->out_len);

    if (sent < 0) {
        auger_turn_stream_shut(service, stream);
        return;
    }
    stream->out_at += (size_t)sent;
    stream->out_len -= (size_t)sent;
    if (stream->out_len > 0)
        return;
    free(stream->out);
    stream->out = NULL;
    stream->out_at = stream->out_cap = 0;
    if (!auger_turn_stream_watch(service, stream))
        auger_turn_stream_shut(service, stream);
}

/* --- what comes in ---------------------------------------------------------------------------
 */

/* Opens what was sealed, into `out`; -1: what TLS cannot go on with. */
static ssize_t unseal(struct auger_turn_stream *stream, auger_time now, const uint8_t *sealed,
                      size_t len, uint8_t *out, size_t cap)
{
    size_t opened = 0, at = 0;

    for (;;) {
        size_t taken = auger_tls_feed(stream->tls, now, sealed + at, len - at);
        size_t n = auger_tls_read(stream->tls, now, out + opened, cap - opened);
        at += taken;
        opened += n;
        if (n == 0 && (taken == 0 || at == len))
            return at == len ? (ssize_t)opened : -1;
    }
}

static bool is_over(const struct auger_turn_stream *stream)
{
    return stream->tls && auger_tls_get_state(stream->tls) > AUGER_TLS_CONNECTED;
}

/* 0: it has ended.  What came before the end is heard first. */
static ssize_t receive_sealed(struct auger_turn_service *service, struct auger_turn_stream *stream,
                              auger_time now, uint8_t *out)
{
    uint8_t *sealed = service->room->sealed;
    ssize_t got = recv(stream->watch.udp.fd, sealed, AUGER_TURN_SEALED_MAX, MSG_DONTWAIT);

    if (got <= 0)
        return got;
    got = unseal(stream, now, sealed, (size_t)got, out, AUGER_TURN_READ_MAX);
    if (!pass_sealed(service, stream, now) || got < 0 || (got == 0 && is_over(stream)))
        return 0;
    if (got == 0)
        errno = EAGAIN;
    return got > 0 ? got : -1;
}

size_t auger_turn_stream_read(struct auger_turn_service *service, struct auger_turn_stream *stream,
                              auger_time now)
{
    uint8_t *buf = service->room->stream;
    size_t kept = stream->in_len;

    if (kept > 0)
        memcpy(buf, stream->in, kept);
    free(stream->in);
    stream->in = NULL;
    stream->in_len = 0;
    ssize_t got = stream->tls
                      ? receive_sealed(service, stream, now, buf + kept)
                      : recv(stream->watch.udp.fd, buf + kept, AUGER_TURN_READ_MAX, MSG_DONTWAIT);
    stream->is_ended = stream->peer && (stream->tls ? is_over(stream) : got == 0);
    if (got > 0)
        return kept + (size_t)got;
    if (stream->is_ended)
        return 0;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        auger_turn_stream_keep(service, stream, buf, kept);
    else
        auger_turn_stream_shut(service, stream);
    return 0;
}

void auger_turn_stream_keep(struct auger_turn_service *service, struct auger_turn_stream *stream,
                            const uint8_t *rest, size_t len)
{
    if (stream->is_dead)
        return;
    if (is_over(stream)) {
        auger_turn_stream_shut(service, stream);
        return;
    }
    if (len == 0)
        return;
    stream->in = len <= (stream->stranger.is_one ? STRANGER_IN_MAX : AUGER_TURN_FRAME_MAX)
                     ? malloc(len)
                     : NULL;
    if (!stream->in) {
        service->stats.streams_shut++;
        auger_turn_stream_shut(service, stream);
        return;
    }
    memcpy(stream->in, rest, len);
    stream->in_len = len;
}
