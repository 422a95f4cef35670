/* tests/sim/monitor_relay.c - what an agent says to TURN servers and hears from them: what is
 * inside is judged by the other rules, along the path between relayed address and peer. */
#include "sim/memory.h"
#include "tests/sim/monitor_state.h"

#include "base/time.h"
#include "crypto/crypto.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CHANNEL_HEADER 4
#define PERMISSION (300 * AUGER_SEC)   /* 8656 section 9 */
#define REFUSED_WAIT (1500 * AUGER_MS) /* three RTOs: one repetition has its answer */

/* --- who the servers are ------------------------------------------------------------------ */

static struct auger_stun_key *long_term_key(enum auger_digest digest, size_t len,
                                            const struct monitor_turn *turn)
{
    const char *texts[] = {turn->username, ":", turn->realm, ":", turn->password};
    struct auger_bytes pieces[5];
    uint8_t secret[AUGER_SHA256_LEN];
    struct auger_stun_key *key;

    for (size_t i = 0; i < 5; i++)
        pieces[i] = (struct auger_bytes){(const uint8_t *)texts[i], strlen(texts[i])};
    if (auger_digest_compute(digest, pieces, 5, secret) < 0 ||
        auger_stun_key_new(&key, secret, len) < 0)
        abort();
    return key;
}

void monitor_add_turn_server(struct monitor *monitor, const struct monitor_turn *turn)
{
    assert(monitor->turns_len < MONITOR_SERVERS);
    monitor->turns[monitor->turns_len++] = turn->addr;
    if (!monitor->turn_keys[0]) {
        monitor->turn_keys[0] = long_term_key(AUGER_DIGEST_MD5, AUGER_MD5_LEN, turn);
        monitor->turn_keys[1] = long_term_key(AUGER_DIGEST_SHA256, AUGER_SHA256_LEN, turn);
    }
    monitor_add_server(monitor, &turn->addr);
}

static bool is_turn_server(const struct monitor *monitor, const struct auger_addr *addr)
{
    for (size_t i = 0; i < monitor->turns_len; i++) {
        if (auger_addr_equal(&monitor->turns[i], addr))
            return true;
    }
    return false;
}

/* --- what it has of them ------------------------------------------------------------------ */

static struct monitor_relay *find_relay(const struct monitor *monitor,
                                        const struct auger_path *path)
{
    for (size_t i = 0; i < monitor->relays_len; i++) {
        if (auger_path_equal(&monitor->relays[i].path, path))
            return (struct monitor_relay *)&monitor->relays[i];
    }
    return NULL;
}

static struct monitor_relay *relay_along(struct monitor *monitor, const struct auger_path *path)
{
    struct monitor_relay *relay = find_relay(monitor, path);

    size_t len = monitor->relays_len;

    if (relay)
        return relay;
    monitor->relays = sim_resize(monitor->relays, len + 1, sizeof(*monitor->relays));
    relay = &monitor->relays[monitor->relays_len++];
    *relay = (struct monitor_relay){.path = *path, .until = AUGER_NEVER, .refused_at = AUGER_NEVER};
    return relay;
}

static struct monitor_channel *channel_of(struct monitor_relay *relay, uint16_t number)
{
    for (size_t i = 0; i < relay->channels_len; i++) {
        if (relay->channels[i].number == number)
            return &relay->channels[i];
    }
    return NULL;
}

static struct monitor_permission *permission_of(struct monitor_relay *relay,
                                                const struct auger_addr *peer)
{
    for (size_t i = 0; i < relay->permissions_len; i++) {
        if (auger_addr_ip_equal(&relay->permissions[i].peer, peer))
            return &relay->permissions[i];
    }
    return NULL;
}

static bool is_permitted(struct monitor_relay *relay, auger_time now, const struct auger_addr *peer)
{
    const struct monitor_permission *permission = permission_of(relay, peer);
    return permission && now < permission->until;
}

/* Along which the peer is spoken to; false: by no relayed address that we know. */
static bool lead_to(const struct monitor_relay *relay, const struct auger_addr *peer,
                    struct auger_path *path)
{
    for (size_t i = 0; i < 2; i++) {
        if (relay->relayed[i].family == peer->family) {
            *path = (struct auger_path){relay->relayed[i], *peer};
            return true;
        }
    }
    return false;
}

/* --- what is inside ----------------------------------------------------------------------- */

static bool is_channel_data(const uint8_t *buf, size_t len)
{
    return len >= CHANNEL_HEADER && buf[0] >> 6 == 1;
}

/* Of a ChannelData message; false: of no channel that is bound, or by what was asked for may
 * have been. */
static bool peel_channel(struct monitor_relay *relay, bool is_sent, struct auger_path *path,
                         struct auger_bytes *bytes)
{
    const struct monitor_channel *channel =
        channel_of(relay, (uint16_t)(bytes->data[0] << 8 | bytes->data[1]));
    size_t len = (size_t)bytes->data[2] << 8 | bytes->data[3];

    if (!channel || (is_sent && !channel->is_bound) || len > bytes->len - CHANNEL_HEADER ||
        !lead_to(relay, &channel->peer, path))
        return false;
    *bytes = (struct auger_bytes){bytes->data + CHANNEL_HEADER, len};
    return true;
}

/* Of a Send or Data indication. */
static bool peel_indication(const struct monitor_relay *relay, const struct auger_stun_msg *msg,
                            struct auger_path *path, struct auger_bytes *bytes)
{
    struct auger_bytes inside;
    struct auger_addr peer;

    if (!auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer) ||
        !auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_DATA, &inside) || !lead_to(relay, &peer, path))
        return false;
    *bytes = inside;
    return true;
}

static bool peel(struct monitor_relay *relay, bool is_sent, struct auger_path *path,
                 struct auger_bytes *bytes)
{
    struct auger_stun_msg msg;

    if (is_channel_data(bytes->data, bytes->len))
        return peel_channel(relay, is_sent, path, bytes);
    return auger_stun_msg_parse(&msg, bytes->data, bytes->len) == 0 &&
           msg.class_ == AUGER_STUN_INDICATION &&
           (msg.method == AUGER_STUN_SEND || msg.method == AUGER_STUN_DATA) &&
           peel_indication(relay, &msg, path, bytes);
}

static bool is_over(const struct monitor_relay *relay, auger_time now)
{
    return relay->is_lost || now >= relay->refused_at || now >= relay->until;
}

/* 8656 section 7: nobody need say so. */
void monitor_end_lifetimes(struct monitor *monitor, auger_time now)
{
    for (size_t i = 0; i < monitor->relays_len; i++) {
        struct monitor_relay *relay = &monitor->relays[i];
        if (relay->is_lost || now < relay->until)
            continue;
        relay->is_lost = true;
        monitor->relays_lost++;
    }
}

bool monitor_has_lost(const struct monitor *monitor, auger_time now, const struct auger_addr *base)
{
    for (size_t i = 0; i < monitor->relays_len; i++) {
        const struct monitor_relay *relay = &monitor->relays[i];
        if (is_over(relay, now) && (auger_addr_equal(&relay->relayed[0], base) ||
                                    auger_addr_equal(&relay->relayed[1], base)))
            return true;
    }
    return false;
}

struct auger_path monitor_path_of_peer(const struct monitor *monitor, const struct auger_path *path,
                                       const uint8_t *buf, size_t len)
{
    struct monitor_relay *relay = find_relay(monitor, path);
    struct auger_path inner = *path;
    struct auger_bytes bytes = {buf, len};

    return relay && peel(relay, false, &inner, &bytes) ? inner : *path;
}

/* --- what it sends ------------------------------------------------------------------------ */

static void asks_for_channel(struct monitor *monitor, struct monitor_relay *relay,
                             const struct auger_stun_msg *msg, bool is_repeated)
{
    struct auger_addr peer;
    uint32_t number;

    if (!auger_stun_msg_u32(msg, AUGER_STUN_ATTR_CHANNEL_NUMBER, &number) ||
        !auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer)) {
        monitor_break(monitor, "5: a ChannelBind without a channel or a peer");
        return;
    }
    struct monitor_channel *channel = channel_of(relay, (uint16_t)(number >> 16));
    if (channel && !auger_addr_equal(&channel->peer, &peer))
        monitor_break(monitor, "5: a channel of two peers");
    if (!channel && relay->channels_len == MONITOR_CHANNELS) {
        monitor_break(monitor, "5: more than %d channels", MONITOR_CHANNELS);
        return;
    }
    if (!channel) {
        channel = &relay->channels[relay->channels_len++];
        *channel = (struct monitor_channel){.number = (uint16_t)(number >> 16), .peer = peer};
    }
    channel->asked = msg->tid;
    monitor->refreshes_lost += channel->is_bound && is_repeated;
}

/* One address a request (docs/decisions/101). */
static void asks_for_permission(struct monitor *monitor, struct monitor_relay *relay,
                                const struct auger_stun_msg *msg)
{
    struct auger_addr peer;

    if (!auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer))
        return;
    struct monitor_permission *permission = permission_of(relay, &peer);
    if (!permission && relay->permissions_len == MONITOR_PERMISSIONS) {
        monitor_break(monitor, "5: more than %d permissions", MONITOR_PERMISSIONS);
        return;
    }
    if (!permission) {
        permission = &relay->permissions[relay->permissions_len++];
        *permission = (struct monitor_permission){.peer = peer};
    }
    permission->asked = msg->tid;
}

/* An Allocate, after each datagram of it that may be sent. */
static bool is_in_vain(const struct monitor_request *request, const struct auger_stun_msg *msg)
{
    return msg->method == AUGER_STUN_ALLOCATE && request->sent == MONITOR_TRANSMISSIONS &&
           !request->is_heard;
}

static void asks_server(struct monitor *monitor, auger_time now, struct monitor_relay *relay,
                        const struct auger_stun_msg *msg)
{
    struct monitor_request *request = monitor_note_request(&monitor->sent, &msg->tid, &relay->path);

    monitor->requests++;
    if (monitor->lite)
        monitor_break(monitor, "0: a lite agent asks");
    if (request->sent == 1)
        request->sent_at = now;
    if (request->sent == 1 && msg->method == AUGER_STUN_ALLOCATE)
        relay->latest_at = now;
    request->is_signed = msg->integrity_offset || msg->integrity256_offset;
    monitor->allocates_in_vain += is_in_vain(request, msg);
    if (request->sent > MONITOR_TRANSMISSIONS)
        monitor_break(monitor, "3: request sent for the %uth time", request->sent);
    if (msg->method == AUGER_STUN_CHANNEL_BIND)
        asks_for_channel(monitor, relay, msg, request->sent == 2);
    if (msg->method == AUGER_STUN_CREATE_PERMISSION)
        asks_for_permission(monitor, relay, msg);
}

/* As it asks a STUN server; helper sockets of prediction do, and have nothing of it. */
static bool is_binding_request(const struct auger_bytes *bytes)
{
    struct auger_stun_msg msg;

    return auger_stun_msg_parse(&msg, bytes->data, bytes->len) == 0 &&
           msg.class_ == AUGER_STUN_REQUEST && msg.method == AUGER_STUN_BINDING;
}

bool monitor_unwrap_sent(struct monitor *monitor, auger_time now, struct auger_path *path,
                         struct auger_bytes *bytes)
{
    struct auger_stun_msg msg;

    if (!is_turn_server(monitor, &path->remote) || is_binding_request(bytes))
        return true;
    struct monitor_relay *relay = relay_along(monitor, path);
    if (peel(relay, true, path, bytes)) {
        if (relay->is_lost || now >= relay->until)
            monitor_break(monitor, "5: through a relay that is lost");
        return true;
    }
    if (is_channel_data(bytes->data, bytes->len))
        monitor_break(monitor, "5: data on a channel that is not bound");
    else if (auger_stun_msg_parse(&msg, bytes->data, bytes->len) != 0)
        monitor_break(monitor, "0: what a TURN server cannot read");
    else if (msg.class_ == AUGER_STUN_INDICATION && msg.method == AUGER_STUN_SEND)
        monitor_break(monitor, "5: data for a peer without a relayed address");
    else if (msg.class_ == AUGER_STUN_REQUEST)
        asks_server(monitor, now, relay, &msg);
    monitor_check_length(monitor, path, bytes->len);
    return false;
}

/* --- what it receives ----------------------------------------------------------------------- */

static bool is_of_server(const struct monitor *monitor, const struct auger_stun_msg *msg)
{
    return auger_stun_msg_verify(msg, monitor->turn_keys[0]) == 0 ||
           auger_stun_msg_verify(msg, monitor->turn_keys[1]) == 0;
}

/* Counted from when the request left: the server's clock began later. */
static void is_granted_time(struct monitor_relay *relay, auger_time asked_at,
                            const struct auger_stun_msg *msg)
{
    uint32_t lifetime_s;

    if (auger_stun_msg_u32(msg, AUGER_STUN_ATTR_LIFETIME, &lifetime_s))
        relay->until = asked_at + lifetime_s * AUGER_SEC;
}

static bool is_of(const struct auger_stun_tid *asked, const struct auger_stun_msg *msg)
{
    return memcmp(asked->bytes, msg->tid.bytes, sizeof(msg->tid.bytes)) == 0;
}

static void is_permitted_since(struct monitor_relay *relay, auger_time asked_at,
                               const struct auger_stun_msg *msg)
{
    for (size_t i = 0; i < relay->permissions_len; i++) {
        if (is_of(&relay->permissions[i].asked, msg))
            relay->permissions[i].until = asked_at + PERMISSION;
    }
}

/* Which is a permission too (8656 section 12). */
static void is_bound(struct monitor_relay *relay, auger_time asked_at,
                     const struct auger_stun_msg *msg)
{
    for (size_t i = 0; i < relay->channels_len; i++) {
        struct monitor_channel *channel = &relay->channels[i];
        if (!is_of(&channel->asked, msg))
            continue;
        struct monitor_permission *permission = permission_of(relay, &channel->peer);
        channel->is_bound = true;
        if (permission)
            permission->until = asked_at + PERMISSION;
    }
}

/* Each relayed address is a base (RFC 8445 section 5.1.1.2).  A new allocation has no channel. */
static void is_allocated(struct monitor *monitor, auger_time now, struct monitor_relay *relay,
                         const struct monitor_request *request, const struct auger_stun_msg *msg)
{
    struct auger_addr relayed[2] = {{0}};

    for (size_t i = 0; i < 2; i++)
        if (!auger_stun_msg_addr_at(msg, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, i, &relayed[i]))
            relayed[i] = (struct auger_addr){0};
    if (!is_over(relay, now) && auger_addr_equal(&relayed[0], &relay->relayed[0]) &&
        auger_addr_equal(&relayed[1], &relay->relayed[1]))
        return;
    for (size_t i = 0; i < 2; i++) {
        if (relay->relayed[i].family != AUGER_FAMILY_NONE) {
            monitor->may_be_adrift |= auger_addr_equal(&monitor->path.local, &relay->relayed[i]);
            monitor->gone[monitor->gone_len++ % MONITOR_GONE] = relay->relayed[i];
        }
        relay->relayed[i] = relayed[i];
        monitor->bases += relayed[i].family != AUGER_FAMILY_NONE;
    }
    relay->channels_len = relay->permissions_len = 0;
    relay->asked_at = request->sent_at;
    relay->is_lost = false;
    relay->refused_at = AUGER_NEVER;
    monitor->has_gathered = false; /* its candidates may come after the end of the others */
}

/* RFC 8489 section 9.2.5: credentials, or newer ones. */
static bool asks_for_more(const struct auger_stun_msg *msg)
{
    return msg->error_code == AUGER_STUN_UNAUTHENTICATED ||
           msg->error_code == AUGER_STUN_STALE_NONCE;
}

/* 8656 sections 5, 7.3 and 12.3: the allocation is no more, or the server and we differ about it.
 * What the server cannot do now it may do later. */
static bool is_loss(const struct auger_stun_msg *msg)
{
    if (msg->error_code == AUGER_STUN_ALLOCATION_MISMATCH ||
        msg->error_code == AUGER_STUN_WRONG_CREDENTIALS)
        return true;
    if (msg->method == AUGER_STUN_CHANNEL_BIND)
        return msg->error_code == AUGER_STUN_BAD_REQUEST;
    return msg->method == AUGER_STUN_REFRESH && msg->error_code / 100 == 4 && !asks_for_more(msg);
}

/* Anybody on the path can say that: who has shown its password already gives up after a while, if
 * the server itself does not answer before. */
static void is_refused(struct monitor *monitor, auger_time now, struct monitor_relay *relay,
                       struct monitor_request *request, const struct auger_stun_msg *msg)
{
    if (!request->is_signed || request->answered > 0)
        return;
    if (!monitor->has_forgeries && msg->error_code == AUGER_STUN_UNAUTHENTICATED)
        monitor_break(monitor, "5: a 401 to the right password");
    if (!monitor->has_forgeries)
        return;
    request->over_at = auger_time_min(request->over_at, now + REFUSED_WAIT);
    if (msg->method != AUGER_STUN_REFRESH || relay->refused_at != AUGER_NEVER)
        return;
    relay->refused_at = now + REFUSED_WAIT;
    relay->refused = msg->tid;
}

/* What was asked before the allocation is about another, of the same 5-tuple.  A request that was
 * given up is answered in vain, unless the agent still was to notice. */
static void is_denied(struct monitor *monitor, auger_time now, struct monitor_relay *relay,
                      const struct monitor_request *request)
{
    if (request->is_stale || request->sent_at < relay->asked_at || relay->is_lost)
        return;
    if (now >= request->over_at) {
        relay->refused_at = auger_time_min(relay->refused_at, now);
        return;
    }
    relay->is_lost = true;
    monitor->relays_lost++;
}

static void is_answered(struct monitor_relay *relay, auger_time now,
                        const struct auger_stun_msg *msg)
{
    if (now < relay->refused_at &&
        memcmp(relay->refused.bytes, msg->tid.bytes, sizeof(msg->tid.bytes)) == 0)
        relay->refused_at = AUGER_NEVER;
}

/* What was granted to an Allocate that was given up for another one is given to nobody
 * (docs/decisions/317). */
static void is_granted(struct monitor *monitor, auger_time now, struct monitor_relay *relay,
                       const struct monitor_request *request, const struct auger_stun_msg *msg)
{
    if (msg->method == AUGER_STUN_ALLOCATE && request->sent_at < relay->latest_at)
        return;
    if (msg->method == AUGER_STUN_ALLOCATE)
        is_allocated(monitor, now, relay, request, msg);
    if (msg->method == AUGER_STUN_ALLOCATE || msg->method == AUGER_STUN_REFRESH)
        is_granted_time(relay, request->sent_at, msg);
    if (msg->method == AUGER_STUN_CREATE_PERMISSION)
        is_permitted_since(relay, request->sent_at, msg);
    if (msg->method == AUGER_STUN_CHANNEL_BIND)
        is_bound(relay, request->sent_at, msg);
}

static void is_told_by_server(struct monitor *monitor, auger_time now, struct monitor_relay *relay,
                              const struct auger_stun_msg *msg)
{
    struct monitor_request *request = monitor_find_request(&monitor->sent, &msg->tid, &relay->path);
    bool is_answer = msg->class_ == AUGER_STUN_SUCCESS || msg->class_ == AUGER_STUN_ERROR;

    if (monitor->state == AUGER_ICE_FAILED) /* it hears nothing any more, until a restart */
        return;
    if (request && is_answer) {
        monitor->allocates_in_vain -= is_in_vain(request, msg);
        request->is_heard = true;
    }
    if (request && msg->class_ == AUGER_STUN_ERROR && asks_for_more(msg))
        is_refused(monitor, now, relay, request, msg);
    if (request && msg->error_code == AUGER_STUN_STALE_NONCE)
        request->is_stale = true;
    if (!request || !is_answer || !is_of_server(monitor, msg) || request->answered++ > 0)
        return;
    is_answered(relay, now, msg);
    if (msg->class_ == AUGER_STUN_ERROR && is_loss(msg))
        is_denied(monitor, now, relay, request);
    if (msg->class_ == AUGER_STUN_SUCCESS)
        is_granted(monitor, now, relay, request, msg);
}

bool monitor_unwrap_received(struct monitor *monitor, auger_time now, struct auger_path *path,
                             struct auger_bytes *bytes)
{
    struct monitor_relay *relay = find_relay(monitor, path);
    struct auger_stun_msg msg;

    if (!relay)
        return true;
    bool is_by_channel = is_channel_data(bytes->data, bytes->len);
    if (peel(relay, false, path, bytes))
        return is_by_channel || is_permitted(relay, now, &path->remote);
    if (auger_stun_msg_parse(&msg, bytes->data, bytes->len) == 0)
        is_told_by_server(monitor, now, relay, &msg);
    return false;
}
