/* peer/local_names.c - our addresses hidden behind names
 * (draft-ietf-mmusic-mdns-ice-candidates section 3.1).  The peer's names are
 * remote_names.c. */
#include "peer/peer.h"

#include "base/env.h"
#include "base/trace.h"

#include <string.h>

static struct auger_local_name *find(const struct auger_peer *peer, const struct auger_addr *addr)
{
    struct auger_local_names *names = peer->local_names;

    for (size_t i = 0; names && i < names->len; i++)
        if (auger_addr_ip_equal(&names->items[i].addr, addr))
            return &names->items[i];
    return NULL;
}

static struct auger_local_names *table_of(struct auger_peer *peer)
{
    if (!peer->local_names)
        peer->local_names =
            auger_env_alloc(peer->env, 1,
                            sizeof(*peer->local_names) +
                                peer->config.ice.local_cands_max * sizeof(struct auger_local_name));
    return peer->local_names;
}

int auger_peer_name_local_addr(struct auger_peer *peer, auger_time now,
                               const struct auger_addr *addr, const char *name)
{
    struct auger_local_name *known = find(peer, addr);

    if (!auger_mdns_is_name(name, strlen(name)))
        return AUGER_ERR_INVALID;
    if (!known) {
        struct auger_local_names *names = table_of(peer);
        if (!names)
            return AUGER_ERR_NO_MEMORY;
        if (names->len == peer->config.ice.local_cands_max)
            return AUGER_ERR_LIMIT;
        known = &names->items[names->len++];
    }
    known->addr = *addr;
    memcpy(known->name, name, sizeof(known->name));
    auger_trace(peer->env, now, "peer:address_hidden", AUGER_F_ADDR("addr", addr),
                AUGER_F_TEXT("name", known->name));
    return 0;
}

void auger_local_names_forget(struct auger_peer *peer, const struct auger_addr *addr)
{
    struct auger_local_name *known = find(peer, addr);

    if (known)
        *known = peer->local_names->items[--peer->local_names->len];
}

/* Where the world sees us by the word of the configuration is no address of ours. */
static bool is_ours(const struct auger_peer *peer, const struct auger_cand *cand)
{
    return cand->type == AUGER_CAND_HOST && (!cand->mapped || find(peer, &cand->addr));
}

bool auger_local_names_hide(const struct auger_peer *peer, const struct auger_cand *cand)
{
    return peer->config.hide_addresses && is_ours(peer, cand);
}

/* 3.1.1, and 3.1.2.2: what is derived from a hidden address does not say it either. */
int auger_local_names_format(const struct auger_peer *peer, const struct auger_cand *cand,
                             char *buf, size_t cap)
{
    if (!peer->config.hide_addresses)
        return auger_cand_format(cand, buf, cap);
    if (!is_ours(peer, cand))
        return auger_cand_format_hidden(cand, NULL, buf, cap);
    const struct auger_local_name *known = find(peer, &cand->addr);
    return known ? auger_cand_format_hidden(cand, known->name, buf, cap) : AUGER_ERR_NOT_FOUND;
}
