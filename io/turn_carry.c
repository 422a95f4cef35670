/* io/turn_carry.c - what the engine of a TURN service decided is carried out. */
#include "io/turn_carry.h"

#include "io/turn_relays.h"
#include "io/turn_sealed.h"
#include "io/turn_streams.h"
#include "io/turn_tcp.h"

#include <errno.h>
#include <string.h>

/* Sends out[from..to), which one socket sends. */
static void send_run(struct auger_turn_service *service, struct auger_watch *by,
                     const struct auger_udp_message *messages, size_t len, bool dont_fragment)
{
    if (by->udp.fd < 0)
        return;
    if (by->kind == AUGER_WATCH_TURN_RELAY) {
        auger_turn_relay_hear(service, (struct auger_turn_relay *)(void *)by);
        auger_turn_relay_set_df((struct auger_turn_relay *)(void *)by, dont_fragment);
    }
    service->stats.unsent += len - auger_udp_send_many(&by->udp, messages, len);
}

/* One call for all that follow each other by the same socket. */
void auger_turn_carry_flush(struct auger_turn_service *service)
{
    struct auger_turn_room *room = service->room;
    size_t at = 0;

    while (at < room->out_len) {
        size_t end = at + 1;
        while (end < room->out_len && room->by[end] == room->by[at] &&
               room->dont_fragment[end] == room->dont_fragment[at])
            end++;
        send_run(service, room->by[at], &room->out[at], end - at, room->dont_fragment[at]);
        at = end;
    }
    room->out_len = 0;
}

static void add_datagram(struct auger_turn_service *service, struct auger_watch *by,
                         const struct auger_turn_server_out *out)
{
    struct auger_turn_room *room = service->room;

    if (room->out_len == AUGER_UDP_SEND_MAX)
        auger_turn_carry_flush(service);
    size_t i = room->out_len++;
    room->out[i] = (struct auger_udp_message){.buf = (uint8_t *)(uintptr_t)out->bytes.data,
                                              .len = out->bytes.len,
                                              .local = out->path.local,
                                              .remote = out->path.remote};
    room->by[i] = by;
    room->dont_fragment[i] = out->dont_fragment;
}

uint8_t *auger_turn_carry_reply(struct auger_turn_service *service)
{
    if (service->room->out_len == AUGER_UDP_SEND_MAX)
        auger_turn_carry_flush(service);
    return service->room->replies[service->room->out_len];
}

struct auger_watch *auger_turn_carry_listener(struct auger_turn_service *service,
                                              const struct auger_addr *local)
{
    struct auger_watch *any = NULL;

    for (size_t i = 0; i < service->listeners_len; i++) {
        struct auger_watch *watch = &service->listeners[i];
        const struct auger_addr *addr = &watch->udp.addr;
        if (watch->kind != AUGER_WATCH_TURN || addr->port != local->port ||
            addr->family != local->family)
            continue;
        if (auger_addr_ip_equal(addr, local))
            return watch;
        if (watch->udp.is_any)
            any = watch;
    }
    return any;
}

static void send_to_client(struct auger_turn_service *service, auger_time now,
                           const struct auger_turn_server_out *out)
{
    if (out->path.local.transport == AUGER_TCP) {
        struct auger_turn_stream *stream = auger_turn_streams_find(service, &out->path);
        if (stream)
            auger_turn_stream_write(service, stream, now, out->bytes.data, out->bytes.len);
        return;
    }
    struct auger_watch *listener = auger_turn_carry_listener(service, &out->path.local);
    if (listener && service->is_tls[listener - service->listeners])
        auger_turn_sealed_write(service, now, &out->path, out->bytes.data, out->bytes.len);
    else if (listener)
        add_datagram(service, listener, out);
}

static int open_relay(struct auger_turn_service *service, const struct auger_turn_server_out *out)
{
    int err = auger_turn_relays_open(service, out->relay, &out->path.local);

    if (err < 0 && errno != EADDRINUSE)
        service->stats.relay_failures++;
    return err;
}

/* What the machine has no more of; a peer out of reach is nothing that it lacks. */
static bool is_lack(int system_err)
{
    return system_err == EMFILE || system_err == ENFILE || system_err == ENOBUFS ||
           system_err == ENOMEM || system_err == EADDRNOTAVAIL;
}

static int connect_peer(struct auger_turn_service *service, auger_time now,
                        const struct auger_turn_server_out *out)
{
    int err = auger_turn_tcp_connect(service, now, out);

    if (err < 0 && (err != AUGER_ERR_SYSTEM || is_lack(errno)))
        service->stats.relay_failures++;
    return err;
}

/* The answer is the last of TURN on that stream (RFC 6062 section 5.4). */
static void splice_stream(struct auger_turn_service *service, auger_time now,
                          const struct auger_turn_server_out *out)
{
    struct auger_turn_stream *stream = auger_turn_streams_find(service, &out->path);

    if (stream)
        auger_turn_stream_write(service, stream, now, out->bytes.data, out->bytes.len);
    if (!stream || !auger_turn_tcp_splice(service, now, out->connection, stream))
        auger_turn_server_peer_closed(service->engine, now, out->connection);
}

static void ask_for_key(struct auger_turn_service *service, const struct auger_turn_server_out *out)
{
    size_t len = out->user.len;

    if (service->questions_len == service->questions_max || len > AUGER_TURN_USERNAME_MAX)
        return; /* the ticket runs out */
    size_t i = (service->questions_at + service->questions_len++) % service->questions_max;
    service->questions[i] = (struct auger_turn_question){.ticket = out->ticket};
    memcpy(service->questions[i].user, out->user.data, len);
}

static void hear_relays(struct auger_turn_service *service, const struct auger_turn_server_out *out)
{
    for (size_t i = 0; i < out->heard_len; i++) {
        struct auger_turn_relay *relay = auger_turn_relays_find(service, out->heard[i]);
        if (relay)
            auger_turn_relay_hear(service, relay);
    }
}

/* What the engine decided.  `reply` stays as it is until the next flush. */
void auger_turn_carry_out(struct auger_turn_service *service, auger_time now,
                          struct auger_turn_server_out *out, uint8_t *reply)
{
    while (out->what == AUGER_TURN_SERVER_OPEN_RELAY) {
        int err = open_relay(service, out);
        auger_turn_server_relay_opened(service->engine, now, out->relay, err, reply,
                                       AUGER_TURN_SERVER_REPLY_MAX, out);
    }
    if (out->what == AUGER_TURN_SERVER_CONNECT) {
        int err = connect_peer(service, now, out);
        if (err <= 0)
            auger_turn_server_peer_connected(service->engine, now, out->connection, err, reply,
                                             AUGER_TURN_SERVER_REPLY_MAX, out);
    }
    hear_relays(service, out);
    switch (out->what) {
    case AUGER_TURN_SERVER_NOTHING:
    case AUGER_TURN_SERVER_OPEN_RELAY:
    case AUGER_TURN_SERVER_CONNECT:
    case AUGER_TURN_SERVER_ELSEWHERE: /* of who heard it */
        break;
    case AUGER_TURN_SERVER_SPLICE:
        splice_stream(service, now, out);
        break;
    case AUGER_TURN_SERVER_TO_CLIENT:
        send_to_client(service, now, out);
        break;
    case AUGER_TURN_SERVER_TO_PEER: {
        struct auger_turn_relay *relay = auger_turn_relays_find(service, out->relay);
        if (relay)
            add_datagram(service, &relay->watch, out);
        break;
    }
    case AUGER_TURN_SERVER_NEEDS_KEY:
        ask_for_key(service, out);
        break;
    }
}
