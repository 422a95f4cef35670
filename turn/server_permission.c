/* turn/server_permission.c - permissions by CreatePermission. */
#include "turn/server_permission.h"

#include "base/env.h"
#include "base/time.h"
#include "turn/server_answer.h"
#include "turn/server_grow.h"

#include <assert.h>
#include <string.h>

#define LIFETIME (300 * AUGER_SEC) /* 9 */
#define PEERS_MAX 32

/* --- the table --------------------------------------------------------------------- */

static bool is_of(const struct auger_server_permission *p, const struct auger_addr *peer)
{
    return p->family == peer->family && memcmp(p->ip, peer->ip, sizeof(p->ip)) == 0;
}

static struct auger_server_permission *find(const struct auger_server_allocation *a, auger_time now,
                                            const struct auger_addr *peer)
{
    for (size_t i = 0; i < a->permissions_len; i++)
        if (is_of(&a->permissions[i], peer) && a->permissions[i].expires_at > now)
            return &a->permissions[i];
    return NULL;
}

bool auger_server_permission_is_there(const struct auger_server_allocation *a, auger_time now,
                                      const struct auger_addr *peer)
{
    return find(a, now, peer) != NULL;
}

static struct auger_server_permission *find_free(struct auger_server_allocation *a, auger_time now)
{
    for (size_t i = 0; i < a->permissions_len; i++)
        if (a->permissions[i].expires_at <= now)
            return &a->permissions[i];
    return a->permissions_len < a->permissions_cap ? &a->permissions[a->permissions_len++] : NULL;
}

static size_t count_live(const struct auger_server_allocation *a, auger_time now)
{
    size_t count = 0;

    for (size_t i = 0; i < a->permissions_len; i++)
        count += a->permissions[i].expires_at > now;
    return count;
}

int auger_server_permission_reserve(struct auger_turn_server *server, auger_time now,
                                    struct auger_server_allocation *a, size_t more)
{
    size_t needed = count_live(a, now) + more;

    if (needed > server->config.permissions_max)
        return AUGER_ERR_LIMIT;
    void *permissions = a->permissions;
    int err = auger_server_grow(server->env, &permissions, a->permissions_len, &a->permissions_cap,
                                needed, sizeof(struct auger_server_permission));
    a->permissions = permissions;
    return err;
}

void auger_server_permission_install(struct auger_server_allocation *a, auger_time now,
                                     const struct auger_addr *peer)
{
    struct auger_server_permission *p = find(a, now, peer);

    if (!p)
        p = find_free(a, now);
    assert(p);
    p->family = peer->family;
    memcpy(p->ip, peer->ip, sizeof(p->ip));
    p->expires_at = auger_time_add(now, LIFETIME);
}

void auger_server_permission_grant(const struct auger_server_request *r,
                                   const struct auger_addr *peer)
{
    struct auger_server_relay *relay = r->allocation->relays[auger_server_family(peer)];

    auger_server_permission_install(r->allocation, r->now, peer);
    if (relay->is_heard)
        return;
    relay->is_heard = true;
    r->out->heard[r->out->heard_len++] = relay->number;
}

/* --- the request (10.2) -------------------------------------------------------------- */

struct peers {
    struct auger_addr at[PEERS_MAX];
    size_t len;
};

/* Each IP address once. */
static uint16_t read_peers(const struct auger_server_request *r, struct peers *peers)
{
    struct auger_addr peer;

    for (size_t i = 0; auger_stun_msg_addr_at(r->msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, i, &peer);
         i++) {
        size_t j = 0;
        if (i == PEERS_MAX)
            return AUGER_STUN_BAD_REQUEST;
        while (j < peers->len && !auger_addr_ip_equal(&peers->at[j], &peer))
            j++;
        peers->at[j] = peer;
        if (j == peers->len)
            peers->len++;
    }
    return peers->len > 0 ? 0 : AUGER_STUN_BAD_REQUEST;
}

static uint16_t judge(const struct auger_server_request *r, const struct auger_addr *peer)
{
    if (!r->allocation->relays[auger_server_family(peer)])
        return AUGER_STUN_PEER_ADDRESS_FAMILY_MISMATCH;
    return auger_server_code_of_peer(r, peer, auger_peer_policy_judge_ip(r->server->policy, peer));
}

static uint16_t judge_all(const struct auger_server_request *r, const struct peers *peers)
{
    uint16_t code = 0;

    for (size_t i = 0; code == 0 && i < peers->len; i++)
        code = judge(r, &peers->at[i]);
    return code;
}

static int make_room(struct auger_server_request *r, const struct peers *peers)
{
    size_t more = 0;

    for (size_t i = 0; i < peers->len; i++)
        more += !find(r->allocation, r->now, &peers->at[i]);
    return auger_server_permission_reserve(r->server, r->now, r->allocation, more);
}

/* All of them or none. */
void auger_server_create_permission(struct auger_server_request *r)
{
    struct peers peers = {.len = 0};
    struct auger_stun_builder b;

    uint16_t code = read_peers(r, &peers);
    if (code == 0)
        code = judge_all(r, &peers);
    if (code == 0 && make_room(r, &peers) < 0)
        code = AUGER_STUN_INSUFFICIENT_CAPACITY;
    if (code) {
        auger_server_refuse(r, code);
        return;
    }
    for (size_t i = 0; i < peers.len; i++)
        auger_server_permission_grant(r, &peers.at[i]);
    auger_server_begin(r, AUGER_STUN_SUCCESS, &b);
    auger_server_end(r, &b);
}
