/* ice/peer_ports.c - what the peer's candidates say of its NAT: where one check of ours may reach
 * it, or the run of ports of one that maps by destination. */
#include "ice/peer_ports.h"

#include "base/addr.h"

#include <assert.h>

static bool is_told(const struct auger_ice_cand *cand)
{
    return cand->addr.family == AUGER_IPV4 && cand->addr.transport == AUGER_UDP &&
           (cand->type == AUGER_CAND_SRFLX || cand->type == AUGER_CAND_HOST) &&
           !auger_addr_is_private(&cand->addr);
}

/* Browsers hide where they send from as 0.0.0.0, which says nothing. */
static bool has_other_base(const struct auger_ice_cand *a, const struct auger_ice_cand *b)
{
    return a->base && b->base && a->base->port != 0 && b->base->port != 0 &&
           !auger_addr_equal(a->base, b->base);
}

/* Server-reflexive ones behind one base, at one IP address. */
static size_t collect(const struct auger_cands *remotes, const struct auger_ice_cand *first,
                      uint16_t ports[AUGER_PORT_RUN_MAX])
{
    size_t len = 0;

    for (uint16_t i = 0; i < remotes->len && len < AUGER_PORT_RUN_MAX; i++) {
        const struct auger_ice_cand *cand = auger_cands_at(remotes, i);
        if (is_told(cand) && cand->type == AUGER_CAND_SRFLX &&
            auger_addr_ip_equal(&cand->addr, &first->addr) && !has_other_base(cand, first))
            ports[len++] = cand->addr.port;
    }
    return len;
}

static void read_run(const struct auger_cands *remotes, struct auger_peer_ports *out)
{
    uint16_t ports[AUGER_PORT_RUN_MAX];

    for (uint16_t i = 0; i < remotes->len && !out->has_run; i++) {
        const struct auger_ice_cand *first = auger_cands_at(remotes, i);
        if (!is_told(first) || first->type != AUGER_CAND_SRFLX)
            continue;
        out->run_ip = first->addr;
        out->has_run = auger_port_run_read(ports, collect(remotes, first, ports), &out->run);
    }
}

/* Where it sees a relayed address of ours it is peer-reflexive: 8445 section 7.3.1.3. */
static void look_at_relays(const struct auger_ice *ice, struct auger_peer_ports *out)
{
    const struct auger_checklist *list = &ice->current->checklist;

    for (uint16_t i = 0; i < list->len; i++) {
        const struct auger_pair *pair = list->order[i];
        if (auger_pair_is_relayed(pair) && pair->local->type == AUGER_CAND_RELAY &&
            pair->remote->type == AUGER_CAND_PRFLX && pair->requests_received > 0 &&
            auger_addr_ip_equal(&pair->remote->addr, &out->run_ip))
            out->relay_seen_at = pair->remote->addr.port;
    }
}

static void insert(const struct auger_ice_cand *best[AUGER_PEER_TARGETS_MAX], size_t *len,
                   const struct auger_ice_cand *cand)
{
    size_t at = *len < AUGER_PEER_TARGETS_MAX ? (*len)++ : AUGER_PEER_TARGETS_MAX;

    if (at == AUGER_PEER_TARGETS_MAX && best[at - 1]->priority >= cand->priority)
        return;
    at -= at == AUGER_PEER_TARGETS_MAX;
    for (; at > 0 && best[at - 1]->priority < cand->priority; at--)
        best[at] = best[at - 1];
    best[at] = cand;
}

static void read_targets(const struct auger_cands *remotes, struct auger_peer_ports *out)
{
    const struct auger_ice_cand *best[AUGER_PEER_TARGETS_MAX];
    size_t len = 0;

    for (uint16_t i = 0; i < remotes->len; i++)
        if (is_told(auger_cands_at(remotes, i)))
            insert(best, &len, auger_cands_at(remotes, i));
    for (size_t i = 0; i < len; i++)
        out->targets[i] = best[i]->addr;
    out->targets_len = len;
}

void auger_peer_ports_read(const struct auger_ice *ice, struct auger_peer_ports *ports)
{
    const struct auger_cands *remotes = &ice->current->remotes;

    *ports = (struct auger_peer_ports){0};
    read_run(remotes, ports);
    if (ports->has_run)
        look_at_relays(ice, ports);
    else
        read_targets(remotes, ports);
}
