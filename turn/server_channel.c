/* turn/server_channel.c - channels by ChannelBind. */
#include "turn/server_channel.h"

#include "base/buggify.h"
#include "base/time.h"
#include "turn/chandata.h"
#include "turn/server_answer.h"
#include "turn/server_grow.h"
#include "turn/server_permission.h"

#define LIFETIME (600 * AUGER_SEC) /* 12 */

/* --- the table --------------------------------------------------------------------- */

static struct auger_server_channel *find(const struct auger_server_allocation *a, auger_time now,
                                         uint16_t number)
{
    for (size_t i = 0; i < a->channels_len; i++)
        if (a->channels[i].number == number && a->channels[i].expires_at > now)
            return &a->channels[i];
    return NULL;
}

static struct auger_server_channel *find_peer(const struct auger_server_allocation *a,
                                              auger_time now, const struct auger_addr *peer)
{
    for (size_t i = 0; i < a->channels_len; i++)
        if (a->channels[i].peer.port == peer->port && a->channels[i].expires_at > now &&
            auger_addr_ip_equal(&a->channels[i].peer, peer))
            return &a->channels[i];
    return NULL;
}

const struct auger_addr *auger_server_channel_peer(const struct auger_server_allocation *a,
                                                   auger_time now, uint16_t number)
{
    const struct auger_server_channel *channel = find(a, now, number);

    return channel ? &channel->peer : NULL;
}

uint16_t auger_server_channel_number(const struct auger_server_allocation *a, auger_time now,
                                     const struct auger_addr *peer)
{
    const struct auger_server_channel *channel = find_peer(a, now, peer);

    return channel ? channel->number : 0;
}

static struct auger_server_channel *find_free(struct auger_server_allocation *a, auger_time now)
{
    for (size_t i = 0; i < a->channels_len; i++)
        if (a->channels[i].expires_at <= now)
            return &a->channels[i];
    return NULL;
}

/* The slot that is free, or that was added; AUGER_ERR_LIMIT, AUGER_ERR_NO_MEMORY. */
static int take_slot(struct auger_turn_server *server, auger_time now,
                     struct auger_server_allocation *a, struct auger_server_channel **out)
{
    *out = find_free(a, now);
    if (*out)
        return 0;
    if (a->channels_len == server->config.channels_max || AUGER_BUGGIFY(CHANNELS_FULL))
        return AUGER_ERR_LIMIT;
    void *channels = a->channels;
    int err = auger_server_grow(server->env, &channels, a->channels_len, &a->channels_cap,
                                a->channels_len + 1u, sizeof(struct auger_server_channel));
    a->channels = channels;
    if (err == 0)
        *out = &a->channels[a->channels_len++];
    return err;
}

/* --- the request (12.2) -------------------------------------------------------------- */

static uint16_t judge(const struct auger_server_request *r, uint16_t number,
                      const struct auger_addr *peer)
{
    const struct auger_server_allocation *a = r->allocation;
    uint16_t last = r->server->config.old_channels ? AUGER_CHANNEL_OLD_LAST : AUGER_CHANNEL_LAST;

    if (number < AUGER_CHANNEL_FIRST || number > last)
        return AUGER_STUN_BAD_REQUEST;
    if (find(a, r->now, number) != find_peer(a, r->now, peer))
        return AUGER_STUN_BAD_REQUEST; /* either is bound elsewhere */
    if (!a->relays[auger_server_family(peer)])
        return AUGER_STUN_PEER_ADDRESS_FAMILY_MISMATCH;
    return auger_server_code_of_peer(r, peer, auger_peer_policy_judge(r->server->policy, peer));
}

/* The channel, and the permission that comes with it. */
static int bind(struct auger_server_request *r, uint16_t number, const struct auger_addr *peer)
{
    struct auger_server_allocation *a = r->allocation;
    struct auger_server_channel *channel = find(a, r->now, number);
    bool is_permitted = auger_server_permission_is_there(a, r->now, peer);

    int err = is_permitted ? 0 : auger_server_permission_reserve(r->server, r->now, a, 1);
    if (err == 0 && !channel)
        err = take_slot(r->server, r->now, a, &channel);
    if (err < 0)
        return err;
    auger_server_permission_grant(r, peer);
    *channel = (struct auger_server_channel){
        .number = number, .peer = *peer, .expires_at = auger_time_add(r->now, LIFETIME)};
    return 0;
}

void auger_server_channel_bind(struct auger_server_request *r)
{
    struct auger_stun_builder b;
    struct auger_addr peer;
    uint32_t value;
    uint16_t code = AUGER_STUN_BAD_REQUEST;

    if (r->allocation->is_tcp)
        code = AUGER_STUN_FORBIDDEN; /* what has no datagrams has no channels (6062) */
    else if (auger_stun_msg_u32(r->msg, AUGER_STUN_ATTR_CHANNEL_NUMBER, &value) &&
             auger_stun_msg_addr(r->msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer))
        code = judge(r, (uint16_t)(value >> 16), &peer); /* 18.1 */
    if (code == 0 && bind(r, (uint16_t)(value >> 16), &peer) < 0)
        code = AUGER_STUN_INSUFFICIENT_CAPACITY;
    if (code) {
        auger_server_refuse(r, code);
        return;
    }
    auger_server_begin(r, AUGER_STUN_SUCCESS, &b);
    auger_server_end(r, &b);
}
