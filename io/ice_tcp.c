/* io/ice_tcp.c - one peer's streams to and from the other side. */
#include "io/ice_tcp.h"

#include "base/time.h"
#include "io/acceptor.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_EVERY (1 * AUGER_SEC)

void auger_ice_tcp_init(struct auger_ice_tcp *tcp, struct auger_slot *slot,
                        struct auger_strangers *strangers, int epoll_fd)
{
    *tcp = (struct auger_ice_tcp){
        .slot = slot, .strangers = strangers, .epoll_fd = epoll_fd, .look_at = AUGER_NEVER};
}

void auger_ice_tcp_fini(struct auger_ice_tcp *tcp, auger_time now)
{
    for (size_t i = 0; i < tcp->streams_len; i++) {
        auger_strangers_remove(tcp->strangers, &tcp->streams[i]->stranger);
        auger_stream_fini(&tcp->streams[i]->stream, now);
        free(tcp->streams[i]);
    }
    tcp->streams_len = 0;
}

/* --- the table of them --------------------------------------------------------------------- */

static struct auger_ice_stream *find(const struct auger_ice_tcp *tcp, const struct auger_path *path)
{
    for (size_t i = 0; i < tcp->streams_len; i++)
        if (tcp->streams[i]->stream.state != AUGER_STREAM_CLOSED &&
            auger_path_equal(&tcp->streams[i]->stream.path, path))
            return tcp->streams[i];
    return NULL;
}

static bool is_free(const struct auger_ice_stream *stream)
{
    return stream->stream.state == AUGER_STREAM_CLOSED && !auger_stream_is_lost(&stream->stream);
}

static void shut(struct auger_ice_stream *stream, auger_time now)
{
    auger_strangers_remove(stream->tcp->strangers, &stream->stranger);
    auger_stream_close(&stream->stream, now);
}

static struct auger_ice_stream *of_stranger(struct auger_stranger *stranger)
{
    return (struct auger_ice_stream *)(void *)((char *)stranger -
                                               offsetof(struct auger_ice_stream, stranger));
}

/* Of this peer the stranger that has waited longest; NULL: it has none. */
static struct auger_ice_stream *oldest_stranger(const struct auger_ice_tcp *tcp)
{
    for (struct auger_stranger *s = tcp->strangers->oldest; s; s = s->newer)
        if (of_stranger(s)->tcp == tcp)
            return of_stranger(s);
    return NULL;
}

static struct auger_ice_stream *add_place(struct auger_ice_tcp *tcp)
{
    struct auger_ice_stream *stream = calloc(1, sizeof(*stream));

    if (stream) {
        stream->tcp = tcp;
        tcp->streams[tcp->streams_len++] = stream;
    }
    return stream;
}

/* NULL: there is none, and no stranger who would make room. */
static struct auger_ice_stream *free_place(struct auger_ice_tcp *tcp, auger_time now)
{
    for (size_t i = 0; i < tcp->streams_len; i++)
        if (is_free(tcp->streams[i]))
            return tcp->streams[i];
    if (tcp->streams_len < AUGER_ICE_TCP_STREAMS_MAX)
        return add_place(tcp);
    struct auger_ice_stream *leaves = oldest_stranger(tcp);
    if (leaves)
        shut(leaves, now);
    return leaves;
}

static void look_soon(struct auger_ice_tcp *tcp, auger_time now)
{
    if (tcp->look_at == AUGER_NEVER)
        tcp->look_at = auger_time_add(now, LOOK_EVERY);
}

/* --- opened -------------------------------------------------------------------------------- */

/* 7.1: from a port that is free, or for simultaneous-open from the one at which we listen. */
static struct auger_ice_stream *open_one(struct auger_ice_tcp *tcp, const struct auger_path *path,
                                         auger_time now)
{
    const struct auger_stream_target target = {
        .path = path, .addrs = &path->remote, .addrs_len = 1, .is_framed = true, .dscp = tcp->dscp};
    bool may = path->local.port == 0 || tcp->opens_from_ports;
    struct auger_ice_stream *stream = may ? free_place(tcp, now) : NULL;

    if (!stream)
        return NULL;
    auger_stream_open(&stream->stream, tcp->slot, tcp->epoll_fd, &target, now);
    look_soon(tcp, now);
    return stream;
}

bool auger_ice_tcp_send(struct auger_ice_tcp *tcp, auger_time now, const struct auger_path *path,
                        const uint8_t *buf, size_t len)
{
    struct auger_ice_stream *stream = find(tcp, path);

    if (!stream)
        stream = open_one(tcp, path, now);
    if (stream)
        auger_stream_send(&stream->stream, now, buf, len);
    return stream;
}

/* --- accepted ------------------------------------------------------------------------------ */

/* Ours, from the port at which we listen, met theirs before it left. */
static bool is_awaited(const struct auger_ice_stream *stream)
{
    return stream->stream.state == AUGER_STREAM_CONNECTING;
}

static void welcome(struct auger_ice_tcp *tcp, int fd, const struct auger_path *path,
                    auger_time now)
{
    struct auger_ice_stream *stream = find(tcp, path);
    bool is_new = !stream;

    if (stream && !is_awaited(stream)) {
        close(fd);
        return;
    }
    if (is_new) {
        struct auger_stranger *leaves =
            auger_strangers_who_leaves(tcp->strangers, &path->remote, false);
        if (leaves)
            shut(of_stranger(leaves), now);
        stream = free_place(tcp, now);
    }
    if (!stream) {
        close(fd);
        return;
    }
    if (is_new)
        auger_strangers_add(tcp->strangers, &stream->stranger, &path->remote,
                            auger_time_add(now, AUGER_ICE_TCP_PROVE_TIME));
    auger_stream_take(&stream->stream, tcp->slot, tcp->epoll_fd, path, fd, now);
    look_soon(tcp, now);
}

bool auger_ice_tcp_accept(struct auger_ice_tcp *tcp, const struct auger_watch *acceptor,
                          auger_time now)
{
    for (int i = 0; i < AUGER_ACCEPTS_MAX; i++) {
        struct auger_path path;
        int fd;
        enum auger_accepted accepted = auger_acceptor_take(acceptor, &fd, &path);
        if (accepted == AUGER_ACCEPTED_NO_ROOM)
            return false;
        if (accepted == AUGER_ACCEPTED_NONE)
            break;
        if (accepted == AUGER_ACCEPTED)
            welcome(tcp, fd, &path, now);
    }
    return true;
}

void auger_ice_tcp_judge(struct auger_ice_tcp *tcp, const struct auger_ice *ice, auger_time now,
                         const struct auger_path *path)
{
    struct auger_ice_stream *stream = find(tcp, path);

    if (stream && stream->stranger.is_one && auger_ice_stream_is_wanted(ice, now, path))
        auger_strangers_remove(tcp->strangers, &stream->stranger);
}

/* --- ended --------------------------------------------------------------------------------- */

bool auger_ice_tcp_take_loss(struct auger_ice_tcp *tcp, struct auger_path *path)
{
    char why[AUGER_TLS_WHY_MAX];

    for (size_t i = 0; i < tcp->streams_len; i++) {
        struct auger_ice_stream *stream = tcp->streams[i];
        if (!auger_stream_take_loss(&stream->stream, why))
            continue;
        auger_strangers_remove(tcp->strangers, &stream->stranger);
        *path = stream->stream.path;
        return true;
    }
    return false;
}

static bool is_of_no_use(const struct auger_ice_stream *stream, const struct auger_ice *ice,
                         auger_time now)
{
    return stream->stream.state != AUGER_STREAM_CLOSED && !stream->stranger.is_one &&
           !auger_ice_stream_is_wanted(ice, now, &stream->stream.path);
}

/* 8, 9.2, 11.1 */
static void look(struct auger_ice_tcp *tcp, const struct auger_ice *ice, auger_time now)
{
    bool any = false;

    for (size_t i = 0; i < tcp->streams_len; i++) {
        if (is_of_no_use(tcp->streams[i], ice, now))
            auger_stream_give_up(&tcp->streams[i]->stream, "the agent has no use for it");
        any |= tcp->streams[i]->stream.state != AUGER_STREAM_CLOSED;
    }
    tcp->look_at = any ? auger_time_add(now, LOOK_EVERY) : AUGER_NEVER;
}

void auger_ice_tcp_handle_timeout(struct auger_ice_tcp *tcp, const struct auger_ice *ice,
                                  auger_time now)
{
    for (size_t i = 0; i < tcp->streams_len; i++)
        auger_stream_handle_timeout(&tcp->streams[i]->stream, now);
    if (now >= tcp->look_at)
        look(tcp, ice, now);
}

auger_time auger_ice_tcp_next_timeout(const struct auger_ice_tcp *tcp)
{
    auger_time at = tcp->look_at;

    for (size_t i = 0; i < tcp->streams_len; i++)
        at = auger_time_min(at, auger_stream_next_timeout(&tcp->streams[i]->stream));
    return at;
}

void auger_ice_tcp_end_strangers(struct auger_strangers *strangers, auger_time now)
{
    struct auger_stranger *first;

    while ((first = auger_strangers_first_due(strangers, now)))
        shut(of_stranger(first), now);
}
