/* turn/data.c - data to and from peers: Send and Data indications (RFC 8656 section 11), and
 * ChannelData (12.5, 12.6), whose bytes are chandata.c. */
#include "turn/data.h"
#include "base/bytes.h"
#include "base/env.h"
#include "base/trace.h"
#include "turn/allocation.h"
#include "turn/chandata.h"
#include "turn/channel.h"
#include "turn/permission.h"

/* --- to a peer --------------------------------------------------------------------- */

/* 11.1 */
static int write_indication(const struct auger_turn *turn, const struct auger_addr *peer,
                            const uint8_t *data, size_t len, uint8_t *buf, size_t cap)
{
    struct auger_stun_builder b;
    struct auger_stun_tid tid;

    int err = auger_env_random(turn->env, tid.bytes, sizeof(tid.bytes));
    if (err < 0)
        return err;
    auger_stun_build_begin(&b, buf, cap, AUGER_STUN_INDICATION, AUGER_STUN_SEND, &tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, peer);
    if (turn->allocation.asks_dont_fragment)
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_DONT_FRAGMENT, NULL, 0);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_DATA, data, len);
    return auger_stun_build_end(&b);
}

int auger_data_write(struct auger_turn *turn, auger_time now, const struct auger_addr *peer,
                     const uint8_t *data, size_t len, uint8_t *buf, size_t cap)
{
    if (!auger_allocation_is_usable(turn, now))
        return AUGER_ERR_STATE;
    uint16_t number = auger_channel_number(turn, now, peer);
    if (number != 0)
        return auger_chandata_write(number, auger_turn_is_stream(turn), data, len, buf, cap);
    const struct auger_permission *permission = auger_permission_find(turn, peer);
    if (auger_permission_is_active(permission, now))
        return write_indication(turn, peer, data, len, buf, cap);
    return permission && permission->state == AUGER_PERMISSION_ASKING ? AUGER_ERR_AGAIN
                                                                      : AUGER_ERR_NO_PATH;
}

/* --- from a peer ------------------------------------------------------------------- */

static bool drop(const struct auger_turn *turn, auger_time now, const char *reason)
{
    auger_trace(turn->env, now, "turn:data_dropped", AUGER_F_TEXT("reason", reason));
    return false;
}

/* 12.6.  A channel that is bound has a permission, which its request asked for. */
bool auger_data_take_channel(const struct auger_turn *turn, auger_time now, const uint8_t *buf,
                             size_t len, struct auger_turn_data *data)
{
    uint16_t number;

    if (!auger_allocation_is_usable(turn, now))
        return drop(turn, now, "no allocation");
    if (!auger_chandata_read(buf, len, &number, &data->bytes))
        return drop(turn, now, "shorter than it says");
    const struct auger_addr *peer = auger_channel_peer(turn, now, number);
    if (!peer)
        return drop(turn, now, "no such channel");
    data->peer = *peer;
    return true;
}

/* 11.5: of which types a relay tells at all. */
static bool is_told(uint8_t family, unsigned type)
{
    return family == AUGER_IPV4 ? type == 3 || type == 11 : type >= 1 && type <= 3;
}

enum { PACKET_TOO_BIG = 2 }; /* of ICMPv6, which alone tells an MTU */

/* Whether the byte of the type is one of the figure, that is of seven bits. */
static bool is_figure(uint8_t family, uint8_t byte, uint32_t mtu)
{
    bool is_too_big = family == AUGER_IPV6 && byte == PACKET_TOO_BIG && mtu > 0;

    return byte % 2 == 0 && is_told(family, byte >> 1) && !is_too_big;
}

/* 11.6.  The figure of 18.13 has seven bits of type and nine of code, ICMP itself eight and
 * eight, and there are servers of both readings (docs/decisions/102).  The latest is kept until
 * it is told. */
static void take_icmp(struct auger_turn *turn, auger_time now, const struct auger_addr *peer,
                      struct auger_bytes icmp)
{
    struct auger_reader r = auger_reader(icmp.data, icmp.len);

    auger_read_u16(&r);
    uint8_t type = auger_read_u8(&r);
    turn->icmp.code = auger_read_u8(&r);
    turn->icmp.data = auger_read_u32(&r);
    turn->icmp.type = is_figure(peer->family, type, turn->icmp.data) ? type >> 1 : type;
    turn->icmp.peer = *peer;
    turn->news.icmp = true;
    auger_trace(turn->env, now, "turn:icmp", AUGER_F_ADDR("peer", peer),
                AUGER_F_INT("type", turn->icmp.type), AUGER_F_INT("code", turn->icmp.code));
}

/* 11.4 */
bool auger_data_take_indication(struct auger_turn *turn, auger_time now,
                                const struct auger_stun_msg *msg, struct auger_turn_data *data)
{
    struct auger_bytes icmp;

    if (!auger_allocation_is_usable(turn, now))
        return drop(turn, now, "no allocation");
    if (msg->unknown_len > 0 || /* 8489, 6.3.2 */
        !auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &data->peer))
        return drop(turn, now, "malformed");
    if (!auger_permission_is_active(auger_permission_find(turn, &data->peer), now))
        return drop(turn, now, "no permission");
    if (auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_ICMP, &icmp)) {
        take_icmp(turn, now, &data->peer, icmp);
        return false;
    }
    return auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_DATA, &data->bytes) ||
           drop(turn, now, "malformed");
}
