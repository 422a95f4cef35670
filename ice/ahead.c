/* ice/ahead.c - checks ahead: to ports that the peer's NAT, which maps by destination, is to give
 * next.  Of ports of ours it is bracket.c. */
#include "ice/ahead.h"

#include "ice/predicted.h"

#include "base/time.h"
#include "base/trace.h"

/* A host candidate that is no helper's: that by which our NAT is known, or the first. */
static struct auger_ice_cand *own_base(const struct auger_ice *ice)
{
    for (uint16_t i = 0; i < ice->locals.len; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand->type == AUGER_CAND_HOST && cand->addr.family == AUGER_IPV4 &&
            cand->addr.transport == AUGER_UDP && auger_cand_is_base(cand) && !cand->is_helper &&
            !cand->is_barred)
            return cand;
    }
    return NULL;
}

bool auger_ahead_may_look_behind(const struct auger_prediction *p,
                                 const struct auger_peer_ports *peer)
{
    return peer->relay_seen_at && !p->has_looked_behind;
}

bool auger_ahead_is_left(const struct auger_ice *ice, const struct auger_peer_ports *peer)
{
    const struct auger_prediction *p = ice->prediction;

    return peer->has_run && own_base(ice) &&
           (p->windows < AUGER_AHEAD_WINDOWS_MAX || auger_ahead_may_look_behind(p, peer));
}

static bool add_check(struct auger_ice *ice, auger_time now, struct auger_ice_cand *base,
                      const struct auger_addr *remote_addr)
{
    struct auger_generation *current = ice->current;

    if (auger_cands_find(&current->remotes, remote_addr, AUGER_TCP_TYPE_NONE))
        return false;
    struct auger_ice_cand *remote = auger_predicted_add_remote(&current->remotes, remote_addr);
    struct auger_pair *pair =
        remote ? auger_checklist_add(&current->checklist, now, base, remote, current->role) : NULL;
    if (!pair)
        return false;
    auger_pair_set_state(pair, ice->env, now, AUGER_PAIR_WAITING);
    return true;
}

static size_t add_checks(struct auger_ice *ice, auger_time now, const struct auger_addr *ip,
                         const uint16_t *ports, size_t len)
{
    struct auger_ice_cand *base = own_base(ice);
    struct auger_addr addr = *ip;
    size_t added = 0;

    for (size_t i = 0; i < len; i++) {
        addr.port = ports[i];
        added += add_check(ice, now, base, &addr);
    }
    return added;
}

/* Behind what a relay of ours has shown before any other: that was the check just after. */
void auger_ahead_check(struct auger_ice *ice, auger_time now, const struct auger_peer_ports *peer)
{
    struct auger_prediction *p = ice->prediction;
    uint16_t ports[AUGER_PORT_WINDOW_MAX];
    size_t len;

    if (auger_ahead_may_look_behind(p, peer)) {
        p->has_looked_behind = true;
        len = auger_port_run_behind(&peer->run, peer->relay_seen_at, AUGER_AHEAD_BEHIND, ports);
    } else {
        len = auger_port_run_window(&peer->run, p->windows++, ports);
        p->due_at = auger_time_add(now, AUGER_AHEAD_AGAIN_AFTER);
    }
    len = add_checks(ice, now, &peer->run_ip, ports, len);
    p->ahead = (uint16_t)(p->ahead + len);
    auger_trace(ice->env, now, "ice:ports_ahead", AUGER_F_ADDR("peer", &peer->run_ip),
                AUGER_F_INT("step", peer->run.step), AUGER_F_INT("checks", len));
}
