/* io/turn_traffic.c - what comes to the sockets of a TURN service is given to the engine.  What the
 * engine decides is carried out by turn_carry.c; the life of a service is turn_service.c. */
#define _GNU_SOURCE
#include "io/turn_traffic.h"

#include "io/acceptor.h"
#include "io/turn_carry.h"
#include "io/turn_guests.h"
#include "io/turn_hear.h"
#include "io/turn_relays.h"
#include "io/turn_sealed.h"
#include "io/turn_streams.h"
#include "io/turn_tcp.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READINGS_MAX 4 /* of one socket in a turn, so that the others have theirs */
#define ICMP_MAX 8     /* of one socket in a turn */
#define ACCEPT_REST (100 * AUGER_MS)

/* --- what comes ------------------------------------------------------------------------------
 */

static size_t receive(struct auger_turn_service *service, const struct auger_udp *udp)
{
    struct auger_turn_room *room = service->room;

    for (size_t i = 0; i < AUGER_UDP_MANY; i++) {
        room->in[i].buf = room->bufs[i].bytes;
        room->in[i].len = sizeof(room->bufs[i].bytes);
    }
    return auger_udp_receive_many(udp, room->in, AUGER_UDP_MANY);
}

/* Of a run of datagrams that came as one. */
static size_t datagram_len(const struct auger_udp_message *in, size_t at)
{
    size_t left = in->len - at;

    return in->segment > 0 && in->segment < left ? in->segment : left;
}

/* What was added last, of a run: the engine has written into its neighbours, who get their bytes
 * back. */
static void set_apart(struct auger_turn_room *room, const struct auger_turn_server_out *out,
                      uint8_t *buf, size_t len)
{
    size_t last = room->out_len - 1;

    if (out->what != AUGER_TURN_SERVER_TO_CLIENT || room->out_len == 0 ||
        room->out[last].buf != out->bytes.data)
        return;
    struct auger_udp_message *message = &room->out[last];
    message->head_len = (size_t)(buf - out->bytes.data);
    memcpy(room->heads[last], out->bytes.data, message->head_len);
    message->head = room->heads[last];
    message->pad = out->bytes.len - message->head_len - len;
    message->buf = buf;
    message->len = len;
}

static void hear_peer(struct auger_turn_service *service, const struct auger_turn_relay *relay,
                      const struct auger_udp_message *in, size_t at, size_t len, auger_time now)
{
    uint8_t *buf = in->buf + at, before[AUGER_TURN_OVERHEAD], behind[AUGER_TURN_SERVER_TAIL];
    uint8_t *reply = auger_turn_carry_reply(service); /* so that nothing leaves meanwhile */
    struct auger_turn_server_out out;

    memcpy(before, buf - sizeof(before), sizeof(before));
    memcpy(behind, buf + len, sizeof(behind));
    auger_turn_server_handle_peer(service->engine, now, relay->number, &in->remote, buf, len, &out);
    auger_turn_carry_out(service, now, &out, reply);
    if (len == in->len)
        return;
    set_apart(service->room, &out, buf, len);
    memcpy(buf - sizeof(before), before, sizeof(before));
    memcpy(buf + len, behind, sizeof(behind));
}

static bool is_sealed(const struct auger_turn_service *service, const struct auger_watch *watch)
{
    return watch->kind == AUGER_WATCH_TURN && service->is_tls[watch - service->listeners];
}

static void hear_listener(struct auger_turn_service *service, const struct auger_watch *watch,
                          const struct auger_path *path, uint8_t *buf, size_t len, auger_time now)
{
    uint16_t whose, us = service->config.member;

    if (auger_turn_guests_is_away(service, path, &whose))
        auger_turn_hear_give_on(service, us, whose, path, buf, len);
    else if (is_sealed(service, watch))
        auger_turn_hear_sealed(service, watch, path, buf, len, now);
    else
        auger_turn_hear_client(service, us, path, buf, len, now);
}

/* One datagram, or a run of them that came as one. */
static void hear_datagrams(struct auger_turn_service *service, const struct auger_watch *watch,
                           const struct auger_udp_message *in, auger_time now)
{
    const struct auger_turn_relay *relay = (const struct auger_turn_relay *)(const void *)watch;
    const struct auger_path path = {.local = in->local, .remote = in->remote};
    size_t at = 0;

    if (in->remote.family == AUGER_FAMILY_NONE)
        return;
    do {
        size_t len = datagram_len(in, at);
        if (watch->kind == AUGER_WATCH_TURN)
            hear_listener(service, watch, &path, in->buf + at, len, now);
        else
            hear_peer(service, relay, in, at, len, now);
        at += len;
    } while (at < in->len);
}

static void hear_letter(struct auger_turn_service *service, uint16_t from,
                        struct auger_turn_mail *mail, auger_time now)
{
    const struct auger_watch *listener;

    switch (mail->kind) {
    case AUGER_TURN_MAIL_DATAGRAM:
        listener = auger_turn_carry_listener(service, &mail->path.local);
        if (listener && is_sealed(service, listener))
            auger_turn_hear_sealed(service, listener, &mail->path, mail->bytes, mail->len, now);
        else if (listener)
            auger_turn_hear_client(service, mail->via, &mail->path, mail->bytes, mail->len, now);
        break;
    case AUGER_TURN_MAIL_STREAM:
        if (auger_turn_stream_enter(service, mail->moved, now))
            auger_turn_hear_frames(service, mail->moved, mail->bytes, mail->len, now);
        break;
    case AUGER_TURN_MAIL_ASSOCIATION:
        auger_turn_hear_association(service, from, mail, now);
        break;
    case AUGER_TURN_MAIL_KEEP:
    case AUGER_TURN_MAIL_FREE:
        auger_turn_guests_take_mail(service, from, mail);
        break;
    }
    auger_turn_carry_flush(service); /* before the letter goes */
}

/* What the others of the team have for us. */
static void hear_mail(struct auger_turn_service *service, auger_time now)
{
    struct auger_turn_team *team = service->config.team;
    uint16_t us = service->config.member;
    struct auger_turn_mail *mail;

    if (!team || !auger_turn_team_has_mail(team, us))
        return;
    auger_turn_team_open(team, us);
    for (uint16_t from = 0; from < auger_turn_team_members(team); from++) {
        size_t mark = auger_turn_team_mark(team, from, us);
        while ((mail = auger_turn_team_front(team, from, us, mark))) {
            hear_letter(service, from, mail, now);
            auger_turn_team_take(team, from, us);
        }
    }
}

static void hear_socket(struct auger_turn_service *service, const struct auger_watch *watch,
                        auger_time now)
{
    for (int readings = 0; readings < READINGS_MAX; readings++) {
        size_t len = receive(service, &watch->udp);
        if (watch->kind == AUGER_WATCH_TURN)
            hear_mail(service, now); /* what another has answered to who asks now */
        for (size_t i = 0; i < len; i++)
            hear_datagrams(service, watch, &service->room->in[i], now);
        auger_turn_carry_flush(service);
        if (len < AUGER_UDP_MANY)
            return;
    }
}

static void hear_icmp(struct auger_turn_service *service, struct auger_turn_relay *relay,
                      auger_time now)
{
    struct auger_turn_server_out out;
    struct auger_turn_icmp icmp;

    for (size_t i = 0; i < ICMP_MAX && auger_turn_relay_take_icmp(relay, &icmp); i++) {
        uint8_t *reply = auger_turn_carry_reply(service);
        auger_turn_server_handle_icmp(service->engine, now, relay->number, &icmp.peer, icmp.type,
                                      icmp.code, icmp.data, reply, AUGER_TURN_SERVER_REPLY_MAX,
                                      &out);
        auger_turn_carry_out(service, now, &out, reply);
    }
    auger_turn_carry_flush(service);
}

static void hear_stream(struct auger_turn_service *service, struct auger_turn_stream *stream,
                        auger_time now)
{
    size_t len = auger_turn_stream_read(service, stream, now);

    auger_turn_hear_frames(service, stream, service->room->stream, len, now);
}

void auger_turn_traffic_set_acceptors(struct auger_turn_service *service, bool rest)
{
    for (size_t i = 0; i < service->listeners_len; i++) {
        struct auger_watch *watch = &service->listeners[i];
        struct epoll_event event = {.events = rest ? 0 : EPOLLIN, .data.ptr = watch};
        if (watch->kind == AUGER_WATCH_TURN_ACCEPT)
            (void)epoll_ctl(service->epoll_fd, EPOLL_CTL_MOD, watch->udp.fd, &event);
    }
}

/* What cannot be taken would be told of again and again. */
static void hear_acceptor(struct auger_turn_service *service, struct auger_watch *acceptor,
                          auger_time now)
{
    bool is_tls = service->is_tls[acceptor - service->listeners];

    if (auger_turn_streams_accept(service, acceptor, is_tls ? service->tls : NULL, now))
        return;
    auger_turn_traffic_set_acceptors(service, true);
    service->accept_at = now + ACCEPT_REST;
}

/* --- peers of TCP allocations ----------------------------------------------------------------
 */

static void hear_connected(struct auger_turn_service *service, struct auger_turn_peer *peer,
                           auger_time now)
{
    uint8_t *reply = auger_turn_carry_reply(service);
    uint32_t connection = peer->connection;
    struct auger_turn_server_out out;
    int err = auger_turn_tcp_finish_connect(service, peer);

    auger_turn_server_peer_connected(service->engine, now, connection, err, reply,
                                     AUGER_TURN_SERVER_REPLY_MAX, &out);
    auger_turn_carry_out(service, now, &out, reply);
    auger_turn_carry_flush(service);
}

void auger_turn_traffic_handle_timeout(struct auger_turn_service *service, auger_time now)
{
    struct auger_turn_peer *peer;

    while ((peer = auger_turn_tcp_handle_timeout(service, now)))
        hear_connected(service, peer, now);
}

static void hear_peer_come(struct auger_turn_service *service, uint32_t relay, int fd,
                           const struct auger_addr *from, auger_time now)
{
    uint8_t *reply = auger_turn_carry_reply(service);
    struct auger_turn_server_out out;

    auger_turn_server_peer_accepted(service->engine, now, relay, from, reply,
                                    AUGER_TURN_SERVER_REPLY_MAX, &out);
    if (out.connection == 0) {
        close(fd);
        return;
    }
    if (auger_turn_tcp_add(service, out.connection, fd) < 0) {
        auger_turn_server_peer_closed(service->engine, now, out.connection);
        return;
    }
    auger_turn_carry_out(service, now, &out, reply);
    auger_turn_carry_flush(service);
}

static void ready_tcp_relay(struct auger_turn_service *service, struct auger_watch *watch,
                            auger_time now)
{
    const struct auger_turn_relay *relay = (struct auger_turn_relay *)(void *)watch;
    enum auger_accepted taken = AUGER_ACCEPTED;
    struct auger_path path;
    int fd;

    for (int i = 0; i < AUGER_ACCEPTS_MAX && taken != AUGER_ACCEPTED_NO_ROOM; i++) {
        taken = watch->udp.fd < 0 ? AUGER_ACCEPTED_NONE : auger_acceptor_take(watch, &fd, &path);
        if (taken == AUGER_ACCEPTED_NONE)
            return;
        if (taken == AUGER_ACCEPTED)
            hear_peer_come(service, relay->number, fd, &path.remote, now);
    }
    if (taken != AUGER_ACCEPTED_NO_ROOM)
        return;
    service->stats.accept_failures++;
    auger_turn_tcp_rest(service, true);
    service->accept_at = now + ACCEPT_REST;
}

static void ready_peer(struct auger_turn_service *service, struct auger_watch *watch,
                       uint32_t events, auger_time now)
{
    struct auger_turn_peer *peer = (struct auger_turn_peer *)(void *)watch;

    if (peer->is_connecting)
        hear_connected(service, peer, now);
    else
        auger_turn_tcp_ready_peer(service, now, peer, events);
}

static void ready_relay(struct auger_turn_service *service, struct auger_watch *watch,
                        uint32_t events, auger_time now)
{
    struct auger_turn_relay *relay = (struct auger_turn_relay *)(void *)watch;

    if (events & EPOLLERR)
        hear_icmp(service, relay, now);
    hear_socket(service, watch, now);
}

static void ready_stream(struct auger_turn_service *service, struct auger_watch *watch,
                         uint32_t events, auger_time now)
{
    struct auger_turn_stream *stream = (struct auger_turn_stream *)(void *)watch;

    if (stream->peer) {
        auger_turn_tcp_ready_stream(service, now, stream, events);
        return;
    }
    if (events & EPOLLOUT)
        auger_turn_stream_writable(service, stream);
    if (events & ~(uint32_t)EPOLLOUT && !stream->is_dead)
        hear_stream(service, stream, now);
}

void auger_turn_traffic_ready(struct auger_watch *watch, uint32_t events, auger_time now)
{
    struct auger_turn_service *service = watch->user;

    if (watch->udp.fd < 0)
        return; /* closed in this very turn */
    if (watch->kind == AUGER_WATCH_TURN)
        hear_socket(service, watch, now);
    else if (watch->kind == AUGER_WATCH_TURN_MAIL)
        hear_mail(service, now);
    else if (watch->kind == AUGER_WATCH_TURN_ACCEPT)
        hear_acceptor(service, watch, now);
    else if (watch->kind == AUGER_WATCH_TURN_RELAY)
        ready_relay(service, watch, events, now);
    else if (watch->kind == AUGER_WATCH_TURN_TCP_RELAY)
        ready_tcp_relay(service, watch, now);
    else if (watch->kind == AUGER_WATCH_TURN_PEER)
        ready_peer(service, watch, events, now);
    else
        ready_stream(service, watch, events, now);
}
