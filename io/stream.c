/* io/stream.c - one stream, to a TURN server or to the other side. */
#define _GNU_SOURCE
#include "io/stream.h"

#include "base/time.h"
#include "io/framing.h"
#include "io/sockaddr.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define CONNECT_TIME (10 * AUGER_SEC)
#define ATTEMPT_DELAY (250 * AUGER_MS) /* RFC 8305 section 5 */
#define UNSENT_MAX (64 * 1024)
#define READ_MAX (64 * 1024) /* bytes in one turn */

/* --- the end ------------------------------------------------------------------------------- */

static void close_watch(struct auger_watch *watch)
{
    if (watch->udp.fd >= 0)
        close(watch->udp.fd);
    watch->udp.fd = -1;
}

static void drop(struct auger_stream *stream)
{
    for (size_t i = 0; i < stream->begun; i++)
        close_watch(&stream->attempts[i]);
    auger_tls_free(stream->tls);
    free(stream->talk);
    free(stream->room);
    stream->talk = NULL;
    stream->room = NULL;
    stream->tls = NULL;
    stream->context = NULL;
    stream->watch = NULL;
    stream->begun = stream->addrs_len = 0;
    auger_stream_queue_clear(&stream->queue);
    stream->out_at = stream->out_len = 0;
    stream->raw_at = stream->raw_len = 0;
    auger_stream_input_clear(&stream->input);
    stream->waits_to_write = false;
    stream->next_at = stream->connect_by = AUGER_NEVER;
    stream->state = AUGER_STREAM_CLOSED;
}

static void lose(struct auger_stream *stream, const char *why)
{
    snprintf(stream->why, sizeof(stream->why), "%s", why);
    drop(stream);
}

void auger_stream_give_up(struct auger_stream *stream, const char *why)
{
    lose(stream, why);
}

bool auger_stream_is_lost(const struct auger_stream *stream)
{
    return stream->state == AUGER_STREAM_CLOSED && stream->why[0] != '\0';
}

bool auger_stream_take_loss(struct auger_stream *stream, char why[AUGER_TLS_WHY_MAX])
{
    if (!auger_stream_is_lost(stream))
        return false;
    memcpy(why, stream->why, AUGER_TLS_WHY_MAX);
    stream->why[0] = '\0';
    return true;
}

/* --- connecting ---------------------------------------------------------------------------- */

static int tell_epoll(struct auger_stream *stream, struct auger_watch *watch, int op, bool write)
{
    struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0u), .data.ptr = watch};

    return epoll_ctl(stream->epoll_fd, op, watch->udp.fd, &event);
}

/* What it has to send waits behind nothing in the system that is not on its way yet: a full queue
 * is to be seen here, where whole frames are dropped. */
static void bound_unsent(int fd)
{
    int most = UNSENT_MAX;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof(most));
}

/* What it is to share its port with: the socket that listens there (RFC 6544 appendix B). */
static void share_port(int fd)
{
    int on = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
}

/* From our address, so that the server sees the base's. */
static bool begin_connect(struct auger_stream *stream, struct auger_watch *watch,
                          const struct auger_addr *to)
{
    struct sockaddr_storage local, remote;
    int on = 1, family = to->family == AUGER_IPV4 ? AF_INET : AF_INET6;
    socklen_t local_len = auger_sockaddr_from(&local, &stream->path.local);
    socklen_t remote_len = auger_sockaddr_from(&remote, to);
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    watch->udp.fd = fd;
    if (fd < 0)
        return false;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    watch->udp.addr = stream->path.local;
    auger_udp_mark(&watch->udp, stream->dscp);
    if (stream->is_framed)
        bound_unsent(fd);
    if (stream->path.local.port != 0)
        share_port(fd);
    else
        (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    return bind(fd, (const struct sockaddr *)&local, local_len) == 0 &&
           (connect(fd, (const struct sockaddr *)&remote, remote_len) == 0 ||
            errno == EINPROGRESS) &&
           tell_epoll(stream, watch, EPOLL_CTL_ADD, true) == 0;
}

static bool is_under_way(const struct auger_stream *stream)
{
    for (size_t i = 0; i < stream->begun; i++)
        if (stream->attempts[i].udp.fd >= 0)
            return true;
    return false;
}

/* From the port at which we listen, and the other side was faster: what it opened waits there to be
 * accepted, and is this stream. */
static bool has_come_the_other_way(const struct auger_stream *stream, int failed)
{
    return stream->path.local.port != 0 && failed == EADDRNOTAVAIL;
}

/* The next address, and at once the one after it if that cannot even begin. */
static void try_next(struct auger_stream *stream, auger_time now)
{
    while (stream->begun < stream->addrs_len) {
        struct auger_watch *watch = &stream->attempts[stream->begun];
        const struct auger_addr *to = &stream->addrs[stream->begun++];
        stream->next_at =
            stream->begun < stream->addrs_len ? auger_time_add(now, ATTEMPT_DELAY) : AUGER_NEVER;
        if (begin_connect(stream, watch, to))
            return;
        int failed = errno;
        close_watch(watch);
        errno = failed;
    }
    if (!is_under_way(stream) && !has_come_the_other_way(stream, errno))
        lose(stream, strerror(errno));
}

static void begin(struct auger_stream *stream, struct auger_slot *slot, int epoll_fd,
                  const struct auger_path *path)
{
    drop(stream);
    stream->state = AUGER_STREAM_CONNECTING;
    stream->epoll_fd = epoll_fd;
    stream->path = *path;
    stream->why[0] = '\0';
    for (size_t i = 0; i < AUGER_STREAM_ADDRS_MAX; i++)
        stream->attempts[i] = (struct auger_watch){
            .kind = AUGER_WATCH_STREAM, .slot = slot, .udp.fd = -1, .user = stream};
}

void auger_stream_open(struct auger_stream *stream, struct auger_slot *slot, int epoll_fd,
                       const struct auger_stream_target *target, auger_time now)
{
    begin(stream, slot, epoll_fd, target->path);
    snprintf(stream->name, sizeof(stream->name), "%s", target->name ? target->name : "");
    snprintf(stream->host, sizeof(stream->host), "%s", target->host ? target->host : "");
    stream->is_framed = target->is_framed;
    stream->dscp = target->dscp;
    stream->context = target->context;
    stream->proxy = target->proxy;
    stream->port = target->port;
    for (size_t i = 0; i < target->addrs_len && i < AUGER_STREAM_ADDRS_MAX; i++)
        stream->addrs[stream->addrs_len++] = target->addrs[i];
    stream->began_at = now;
    stream->connect_by = auger_time_add(now, CONNECT_TIME);
    if ((target->context || target->proxy) && !(stream->room = calloc(1, sizeof(*stream->room)))) {
        lose(stream, "no memory");
        return;
    }
    errno = EADDRNOTAVAIL;
    try_next(stream, now);
}

static void begin_tls(struct auger_stream *stream, auger_time now)
{
    if (stream->context && auger_tls_new(&stream->tls, stream->context, now, stream->name) < 0)
        lose(stream, "TLS cannot begin");
}

/* What the talk with the proxy has to say. */
static void speak(struct auger_stream *stream)
{
    memcpy(stream->room->out + stream->out_at + stream->out_len, stream->talk->out,
           stream->talk->out_len);
    stream->out_len += stream->talk->out_len;
    stream->talk->out_len = 0;
}

static void begin_talk(struct auger_stream *stream)
{
    stream->talk = calloc(1, sizeof(*stream->talk));
    if (!stream->talk) {
        lose(stream, "no memory for the proxy");
        return;
    }
    auger_proxy_begin(stream->talk, stream->proxy, stream->host, stream->port);
    speak(stream);
}

/* This one is taken. */
static void settle(struct auger_stream *stream, struct auger_watch *watch, auger_time now)
{
    for (size_t i = 0; i < stream->begun; i++)
        if (&stream->attempts[i] != watch)
            close_watch(&stream->attempts[i]);
    stream->watch = watch;
    stream->waits_to_write = true;
    stream->state = AUGER_STREAM_OPEN;
    stream->next_at = AUGER_NEVER;
    if (stream->proxy) {
        begin_talk(stream);
    } else {
        stream->connect_by = AUGER_NEVER;
        begin_tls(stream, now);
    }
}

void auger_stream_take(struct auger_stream *stream, struct auger_slot *slot, int epoll_fd,
                       const struct auger_path *path, int fd, auger_time now)
{
    struct auger_watch *watch = &stream->attempts[0];

    if (stream->state != AUGER_STREAM_CONNECTING)
        begin(stream, slot, epoll_fd, path);
    for (size_t i = 0; i < stream->begun; i++)
        close_watch(&stream->attempts[i]);
    stream->begun = 1;
    stream->is_framed = true;
    watch->udp.fd = fd;
    bound_unsent(fd);
    if (tell_epoll(stream, watch, EPOLL_CTL_ADD, true) < 0) {
        lose(stream, strerror(errno));
        return;
    }
    settle(stream, watch, now);
}

static void judge_attempt(struct auger_stream *stream, struct auger_watch *watch, uint32_t events,
                          auger_time now)
{
    int failed = 0;
    socklen_t len = sizeof(failed);

    if (getsockopt(watch->udp.fd, SOL_SOCKET, SO_ERROR, &failed, &len) < 0)
        failed = errno;
    if (failed == 0 && (events & EPOLLOUT) && !(events & EPOLLERR)) {
        settle(stream, watch, now);
    } else if (failed != 0) {
        close_watch(watch);
        errno = failed;
        if (stream->begun < stream->addrs_len)
            try_next(stream, now);
        else if (!is_under_way(stream))
            lose(stream, strerror(failed));
    }
}

/* --- sending ------------------------------------------------------------------------------- */

/* To a TURN server ChannelData (RFC 8656 section 12.4) and Send indications, whose type is 0x0016;
 * to the other side all that is no STUN. */
static bool is_data(const struct auger_stream *stream, const uint8_t *buf, size_t len)
{
    if (stream->is_framed)
        return len == 0 || (buf[0] & 0xC0) != 0;
    return len >= 2 && ((buf[0] & 0xC0) == 0x40 || (buf[0] == 0x00 && buf[1] == 0x16));
}

/* How many bytes the system took; less than 0: the stream is lost. */
static ssize_t push(struct auger_stream *stream, const uint8_t *buf, size_t len)
{
    ssize_t sent = send(stream->watch->udp.fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent >= 0 || errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return sent > 0 ? sent : 0;
    lose(stream, strerror(errno));
    return -1;
}

static bool push_clear(struct auger_stream *stream)
{
    if (stream->queue.len == 0)
        return false;
    ssize_t sent = push(stream, stream->queue.bytes + stream->queue.at, stream->queue.len);
    if (sent > 0)
        auger_stream_queue_pass(&stream->queue, (size_t)sent);
    return sent > 0;
}

static bool push_out(struct auger_stream *stream)
{
    ssize_t sent = push(stream, stream->room->out + stream->out_at, stream->out_len);

    if (sent > 0) {
        stream->out_at += (size_t)sent;
        stream->out_len -= (size_t)sent;
    }
    if (stream->out_len == 0)
        stream->out_at = 0;
    return sent > 0;
}

/* What is sealed goes first; then what the queue has is sealed. */
static bool seal_more(struct auger_stream *stream, auger_time now)
{
    stream->out_len =
        auger_tls_take(stream->tls, now, stream->room->out, sizeof(stream->room->out));
    if (stream->out_len > 0)
        return true;
    int taken = stream->queue.len == 0
                    ? 0
                    : auger_tls_write(stream->tls, now, stream->queue.bytes + stream->queue.at,
                                      stream->queue.len);
    if (taken > 0)
        auger_stream_queue_pass(&stream->queue, (size_t)taken);
    return taken > 0;
}

/* false: there is nothing more, or no room for it. */
static bool push_next(struct auger_stream *stream, auger_time now)
{
    if (stream->out_len > 0)
        return push_out(stream);
    if (stream->talk)
        return false;
    return stream->tls ? seal_more(stream, now) : push_clear(stream);
}

static bool may_write_more(const struct auger_stream *stream)
{
    return stream->out_len > 0 ||
           (stream->queue.len > 0 && !stream->talk &&
            (!stream->tls || auger_tls_get_state(stream->tls) == AUGER_TLS_CONNECTED));
}

static void flush(struct auger_stream *stream, auger_time now)
{
    while (stream->state == AUGER_STREAM_OPEN && push_next(stream, now))
        continue;
    if (stream->state != AUGER_STREAM_OPEN)
        return;
    bool waits = may_write_more(stream);
    if (waits != stream->waits_to_write &&
        tell_epoll(stream, stream->watch, EPOLL_CTL_MOD, waits) < 0)
        lose(stream, strerror(errno));
    else
        stream->waits_to_write = waits;
}

void auger_stream_send(struct auger_stream *stream, auger_time now, const uint8_t *buf, size_t len)
{
    size_t max = stream->is_framed ? AUGER_STREAM_FRAMED_QUEUE_MAX : AUGER_STREAM_QUEUE_MAX;
    size_t whole = len + (stream->is_framed ? AUGER_FRAMING_HEADER : 0);
    uint8_t header[AUGER_FRAMING_HEADER];

    if (stream->state == AUGER_STREAM_CLOSED)
        return;
    if (is_data(stream, buf, len))
        max -= AUGER_STREAM_RESERVE;
    if (stream->queue.len + whole > max || !auger_stream_queue_has_room(&stream->queue, whole)) {
        stream->dropped++;
        return;
    }
    if (stream->is_framed) {
        auger_framing_write(header, len);
        auger_stream_queue_add(&stream->queue, header, sizeof(header));
    }
    auger_stream_queue_add(&stream->queue, buf, len);
    flush(stream, now);
}

void auger_stream_close(struct auger_stream *stream, auger_time now)
{
    if (stream->state == AUGER_STREAM_OPEN && stream->tls) {
        auger_tls_close(stream->tls, now);
        flush(stream, now);
    }
    drop(stream);
    stream->why[0] = '\0';
}

void auger_stream_fini(struct auger_stream *stream, auger_time now)
{
    auger_stream_close(stream, now);
    auger_stream_queue_fini(&stream->queue);
}

/* --- receiving ----------------------------------------------------------------------------- */

/* How many bytes came; 0: none now, or the stream is lost. */
static size_t pull(struct auger_stream *stream, uint8_t *buf, size_t cap)
{
    if (cap > stream->budget)
        cap = stream->budget;
    if (cap == 0)
        return 0; /* epoll tells again */
    ssize_t len = recv(stream->watch->udp.fd, buf, cap, MSG_DONTWAIT);
    if (len > 0) {
        stream->budget -= (size_t)len;
        return (size_t)len;
    }
    if (len == 0)
        lose(stream, stream->is_framed ? "the other side closed the connection"
                                       : "the server closed the connection");
    else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        lose(stream, strerror(errno));
    return 0;
}

static void judge_tls(struct auger_stream *stream, auger_time now)
{
    char why[AUGER_TLS_WHY_MAX];

    if (!stream->tls)
        return;
    enum auger_tls_state state = auger_tls_get_state(stream->tls);
    if (state == AUGER_TLS_CLOSED) {
        lose(stream, "the server closed the connection");
    } else if (state == AUGER_TLS_FAILED) {
        snprintf(why, sizeof(why), "%s", auger_tls_why(stream->tls));
        flush(stream, now); /* an alert */
        lose(stream, why);
    }
}

static size_t pull_sealed(struct auger_stream *stream, auger_time now, uint8_t *buf, size_t cap)
{
    size_t len;

    while ((len = auger_tls_read(stream->tls, now, buf, cap)) == 0) {
        if (stream->raw_len == 0) {
            stream->raw_at = 0;
            stream->raw_len = pull(stream, stream->room->raw, sizeof(stream->room->raw));
        }
        if (stream->raw_len == 0)
            return 0;
        size_t taken =
            auger_tls_feed(stream->tls, now, stream->room->raw + stream->raw_at, stream->raw_len);
        stream->raw_at += taken;
        stream->raw_len -= taken;
        flush(stream, now); /* of the handshake */
        judge_tls(stream, now);
        if (stream->state != AUGER_STREAM_OPEN)
            return 0;
    }
    return len;
}

/* One byte of the proxy's answer: behind the last of them the server's begin. */
static bool hear_proxy(struct auger_stream *stream, auger_time now)
{
    uint8_t byte;
    char why[sizeof(stream->talk->why)];

    if (pull(stream, &byte, 1) == 0)
        return false;
    auger_proxy_hear(stream->talk, byte);
    if (stream->talk->step == AUGER_PROXY_REFUSED) {
        memcpy(why, stream->talk->why, sizeof(why));
        lose(stream, why);
        return false;
    }
    speak(stream);
    if (stream->talk->step == AUGER_PROXY_DONE) {
        free(stream->talk);
        stream->talk = NULL;
        stream->connect_by = AUGER_NEVER;
        begin_tls(stream, now);
    }
    flush(stream, now);
    return true;
}

/* false: nothing came. */
static bool fill(struct auger_stream *stream, auger_time now)
{
    if (stream->talk)
        return hear_proxy(stream, now);
    size_t cap;
    uint8_t *buf = auger_stream_input_room(&stream->input, &cap);
    size_t len = stream->tls ? pull_sealed(stream, now, buf, cap) : pull(stream, buf, cap);
    auger_stream_input_add(&stream->input, len);
    return len > 0;
}

bool auger_stream_next(struct auger_stream *stream, auger_time now, struct auger_bytes *frame)
{
    while (stream->state == AUGER_STREAM_OPEN) {
        int found = auger_stream_input_next(&stream->input, stream->is_framed, frame);
        if (found > 0)
            return true;
        if (found < 0)
            lose(stream, stream->is_framed ? "what the other side sent is no frame of ours"
                                           : "what the server sent is no TURN");
        else if (!fill(stream, now))
            return false;
    }
    return false;
}

void auger_stream_ready(struct auger_stream *stream, struct auger_watch *watch, uint32_t events,
                        auger_time now)
{
    if (watch->udp.fd < 0)
        return; /* closed meanwhile */
    stream->budget = READ_MAX;
    if (stream->state == AUGER_STREAM_CONNECTING)
        judge_attempt(stream, watch, events, now);
    flush(stream, now);
}

/* --- time ---------------------------------------------------------------------------------- */

void auger_stream_hurry(struct auger_stream *stream, auger_time by)
{
    stream->connect_by = auger_time_min(stream->connect_by, by);
}

static void lose_late(struct auger_stream *stream)
{
    char why[AUGER_TLS_WHY_MAX];

    snprintf(why, sizeof(why), "no connection within %d s",
             (int)((stream->connect_by - stream->began_at) / AUGER_SEC));
    lose(stream, why);
}

void auger_stream_handle_timeout(struct auger_stream *stream, auger_time now)
{
    if (stream->state != AUGER_STREAM_CLOSED && now >= stream->connect_by) {
        lose_late(stream);
    } else if (stream->state == AUGER_STREAM_CONNECTING && now >= stream->next_at) {
        try_next(stream, now);
    } else if (stream->tls && now >= auger_tls_next_timeout(stream->tls)) {
        auger_tls_handle_timeout(stream->tls, now);
        judge_tls(stream, now);
    }
}

auger_time auger_stream_next_timeout(const struct auger_stream *stream)
{
    auger_time at = stream->tls ? auger_tls_next_timeout(stream->tls) : AUGER_NEVER;

    if (stream->state == AUGER_STREAM_CLOSED)
        return AUGER_NEVER;
    return auger_time_min(at, auger_time_min(stream->next_at, stream->connect_by));
}
