/* turn/server_data.c - data through the server. */
#include "turn/server_data.h"

#include "base/bytes.h"
#include "base/time.h"
#include "turn/chandata.h"
#include "turn/server_account.h"
#include "turn/server_channel.h"
#include "turn/server_door.h"
#include "turn/server_mobility.h"
#include "turn/server_permission.h"
#include "turn/server_relay.h"

#define CHANNEL_HEADER_LEN 4
#define ATTR_HEADER_LEN 4
#define DATAGRAM_MAX 65507u /* of UDP over IPv4, and near enough over IPv6 */
#define BODY_MAX 65532u
#define ICMP_PAUSE (100 * AUGER_MS) /* between two that one allocation is told of */

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

/* --- to a peer --------------------------------------------------------------------- */

/* Permissions and rules are asked for each datagram: neither outlives its time. */
static bool may_pass(struct auger_turn_server *server, auger_time now,
                     struct auger_server_allocation *a, const struct auger_addr *peer,
                     enum auger_peer_verdict verdict, size_t len)
{
    if (!auger_server_permission_is_there(a, now, peer))
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_NO_PERMISSION);
    else if (verdict != AUGER_PEER_PERMITTED)
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_DENIED);
    else if (!auger_server_account_may_relay(server, now, a, len))
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_RATE);
    else
        return true;
    return false;
}

static void to_peer(struct auger_turn_server *server, auger_time now,
                    struct auger_server_allocation *a, const struct auger_addr *peer,
                    struct auger_bytes data, struct auger_turn_server_out *out)
{
    const struct auger_server_relay *relay = a->relays[auger_server_family(peer)];

    if (!may_pass(server, now, a, peer, auger_peer_policy_judge(server->policy, peer), data.len))
        return;
    out->what = AUGER_TURN_SERVER_TO_PEER;
    out->relay = relay->number;
    out->path.local = auger_server_relay_bound(server, relay);
    out->path.remote = *peer;
    out->bytes = data;
    a->bytes_to_peers += data.len;
    server->stats.packets_to_peers++;
    server->stats.bytes_to_peers += data.len;
}

static struct auger_server_allocation *allocation_at(struct auger_turn_server *server,
                                                     auger_time now, const struct auger_path *path)
{
    struct auger_server_door *door = auger_server_door_find(server, path);

    /* What is relayed by TCP has connections of its own (RFC 6062 section 3). */
    if (!door || door->allocation->opening || door->allocation->is_tcp) {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_NO_ALLOCATION);
        return NULL;
    }
    struct auger_server_allocation *a = door->allocation;
    auger_server_mobility_hear(server, now, a, door);
    return a;
}

/* 12.6 */
void auger_server_data_take_channel(struct auger_turn_server *server, auger_time now,
                                    const struct auger_path *path, const uint8_t *buf, size_t len,
                                    struct auger_turn_server_out *out)
{
    struct auger_bytes data;
    uint16_t number;

    if (!auger_chandata_read(buf, len, &number, &data)) {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_MALFORMED);
        return;
    }
    struct auger_server_allocation *a = allocation_at(server, now, path);
    if (!a)
        return;
    const struct auger_addr *peer = auger_server_channel_peer(a, now, number);
    if (peer)
        to_peer(server, now, a, peer, data, out);
    else
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_NO_CHANNEL);
}

/* 11.2 */
static bool is_valid_send(const struct auger_turn_server *server, const struct auger_stun_msg *msg)
{
    return msg->unknown_len == 0 && (server->config.dont_fragment ||
                                     !auger_stun_msg_has(msg, AUGER_STUN_ATTR_DONT_FRAGMENT));
}

void auger_server_data_take_send(struct auger_turn_server *server, auger_time now,
                                 const struct auger_path *path, const struct auger_stun_msg *msg,
                                 struct auger_turn_server_out *out)
{
    struct auger_addr peer;
    struct auger_bytes data;

    if (!is_valid_send(server, msg) ||
        !auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer) ||
        !auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_DATA, &data)) {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_MALFORMED);
        return;
    }
    struct auger_server_allocation *a = allocation_at(server, now, path);
    if (!a)
        return;
    to_peer(server, now, a, &peer, data, out);
    out->dont_fragment = auger_stun_msg_has(msg, AUGER_STUN_ATTR_DONT_FRAGMENT);
}

/* --- to a client --------------------------------------------------------------------- */

static void to_client(struct auger_turn_server *server, struct auger_server_allocation *a,
                      const uint8_t *frame, size_t frame_len, size_t len,
                      struct auger_turn_server_out *out)
{
    if (a->door.is_closed) {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_NO_ALLOCATION);
        return;
    }
    out->what = AUGER_TURN_SERVER_TO_CLIENT;
    out->path = a->door.path;
    out->bytes = (struct auger_bytes){frame, frame_len};
    a->bytes_to_client += len;
    server->stats.packets_to_clients++;
    server->stats.bytes_to_clients += len;
}

static bool is_stream(const struct auger_server_allocation *a)
{
    return a->door.path.local.transport == AUGER_TCP;
}

/* 12.7: the header before the data, on a stream the padding behind it (12.5). */
static void wrap_channel(struct auger_turn_server *server, struct auger_server_allocation *a,
                         uint16_t number, uint8_t *buf, size_t len,
                         struct auger_turn_server_out *out)
{
    size_t tail = is_stream(a) ? padded(len) - len : 0;
    uint8_t *frame = buf - CHANNEL_HEADER_LEN;
    struct auger_writer w = auger_writer(frame, CHANNEL_HEADER_LEN);

    if (len > UINT16_MAX || (!is_stream(a) && CHANNEL_HEADER_LEN + len > DATAGRAM_MAX)) {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_TOO_LARGE);
        return;
    }
    auger_write_u16(&w, number);
    auger_write_u16(&w, (uint16_t)len);
    memset(buf + len, 0, tail);
    to_client(server, a, frame, CHANNEL_HEADER_LEN + len + tail, len, out);
}

struct auger_stun_tid auger_server_data_next_indication(struct auger_turn_server *server)
{
    struct auger_stun_tid tid;
    struct auger_writer w = auger_writer(tid.bytes, sizeof(tid.bytes));

    auger_write_bytes(&w, server->indication_id, sizeof(server->indication_id));
    auger_write_u32(&w, server->indications++);
    return tid;
}

/* 11.3: what a Data indication has before the data is written before the data. */
static void wrap_indication(struct auger_turn_server *server, struct auger_server_allocation *a,
                            const struct auger_addr *from, uint8_t *buf, size_t len,
                            struct auger_turn_server_out *out)
{
    const struct auger_stun_tid tid = auger_server_data_next_indication(server);
    size_t head = AUGER_STUN_HEADER_LEN + ATTR_HEADER_LEN + (from->family == AUGER_IPV4 ? 8 : 20);
    uint8_t *frame = buf - head - ATTR_HEADER_LEN;
    size_t frame_len = head + ATTR_HEADER_LEN + padded(len);
    struct auger_stun_builder b;

    if (frame_len - AUGER_STUN_HEADER_LEN > BODY_MAX ||
        (!is_stream(a) && frame_len > DATAGRAM_MAX)) {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_TOO_LARGE);
        return;
    }
    auger_stun_build_begin(&b, frame, head, AUGER_STUN_INDICATION, AUGER_STUN_DATA, &tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, from);
    if (auger_stun_build_end(&b) != (int)head)
        return;
    struct auger_writer w = auger_writer(frame + head, ATTR_HEADER_LEN);
    auger_write_u16(&w, AUGER_STUN_ATTR_DATA);
    auger_write_u16(&w, (uint16_t)len);
    struct auger_writer body = auger_writer(frame + 2, 2);
    auger_write_u16(&body, (uint16_t)(frame_len - AUGER_STUN_HEADER_LEN));
    memset(buf + len, 0, padded(len) - len);
    to_client(server, a, frame, frame_len, len, out);
}

void auger_server_data_take_peer(struct auger_turn_server *server, auger_time now,
                                 struct auger_server_relay *relay, const struct auger_addr *from,
                                 uint8_t *buf, size_t len, struct auger_turn_server_out *out)
{
    struct auger_server_allocation *a = relay->allocation;

    if (!may_pass(server, now, a, from, auger_peer_policy_judge_heard(server->policy, from), len))
        return;
    uint16_t number = auger_server_channel_number(a, now, from);
    if (number)
        wrap_channel(server, a, number, buf, len, out);
    else
        wrap_indication(server, a, from, buf, len, out);
}

/* --- errors on the way to a peer ------------------------------------------------------- */

/* 11.5 */
static bool is_told(const struct auger_server_icmp *icmp)
{
    return icmp->peer.family == AUGER_IPV4 ? icmp->type == 3 || icmp->type == 11
                                           : icmp->type >= 1 && icmp->type <= 3;
}

/* 18.13: type and code of eight bits each (docs/decisions/102), and the MTU of "too big". */
static void write_icmp(struct auger_stun_builder *b, const struct auger_server_icmp *icmp)
{
    bool is_mtu =
        icmp->peer.family == AUGER_IPV4 ? icmp->type == 3 && icmp->code == 4 : icmp->type == 2;
    uint8_t value[8];
    struct auger_writer w = auger_writer(value, sizeof(value));

    auger_write_u16(&w, 0);
    auger_write_u8(&w, icmp->type);
    auger_write_u8(&w, icmp->code);
    auger_write_u32(&w, is_mtu ? icmp->data : 0);
    auger_stun_build_bytes(b, AUGER_STUN_ATTR_ICMP, value, sizeof(value));
}

void auger_server_data_take_icmp(struct auger_turn_server *server, auger_time now,
                                 struct auger_server_relay *relay,
                                 const struct auger_server_icmp *icmp, uint8_t *reply, size_t cap,
                                 struct auger_turn_server_out *out)
{
    struct auger_server_allocation *a = relay->allocation;
    const struct auger_stun_tid tid = auger_server_data_next_indication(server);
    struct auger_stun_builder b;

    if (!is_told(icmp) || now < a->icmp_at) {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_ICMP);
        return;
    }
    if (!auger_server_permission_is_there(a, now, &icmp->peer)) {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_NO_PERMISSION);
        return;
    }
    a->icmp_at = auger_time_add(now, ICMP_PAUSE);
    auger_stun_build_begin(&b, reply, cap, AUGER_STUN_INDICATION, AUGER_STUN_DATA, &tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &icmp->peer);
    write_icmp(&b, icmp);
    int len = auger_stun_build_end(&b);
    if (len > 0)
        to_client(server, a, reply, (size_t)len, 0, out);
}
