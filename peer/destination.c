/* peer/destination.c - where media would go without ICE, which a description for a peer that
 * does not trickle says, and what it says of a pair that is selected: RFC 8839 sections
 * 4.2.1.2 and 4.4.1.2.2. */
#include "peer/peer.h"

#include <auger/ice_stats.h>

#include "base/env.h"

/* In browsers' descriptions, which trickle, neither stands (RFC 9429 section 5.2.2). */
static bool is_whole(const struct auger_peer *peer)
{
    return peer->gathered && !auger_peer_trickles(peer);
}

/* --- the selected pair -------------------------------------------------------------- */

static bool find_selected(const struct auger_peer *peer, struct auger_ice_pair_info *selected)
{
    size_t max = (size_t)peer->config.ice.pairs_max + 1; /* auger_ice_pairs() */
    struct auger_ice_pair_info *pairs = auger_env_alloc(peer->env, max, sizeof(*pairs));
    size_t len = pairs ? auger_ice_pairs(peer->ice, pairs, max) : 0;
    bool found = false;

    for (size_t i = 0; i < len && !found; i++) {
        found = pairs[i].selected && !pairs[i].former;
        *selected = pairs[i];
    }
    auger_env_release(peer->env, pairs);
    return found;
}

/* Neither side restarts, and what we would say of the pair may be said. */
static bool is_settled(const struct auger_peer *peer, struct auger_ice_pair_info *selected)
{
    return !peer->offers_restart && peer->config.ice.policy == AUGER_ICE_POLICY_ALL &&
           auger_ice_get_state(peer->ice) == AUGER_ICE_CONNECTED && find_selected(peer, selected) &&
           !auger_local_names_hide(peer, &selected->local);
}

static bool controls(const struct auger_peer *peer)
{
    struct auger_ice_transport_stats stats;

    auger_ice_get_transport_stats(peer->ice, &stats);
    return stats.is_controlling;
}

/* --- the default candidate ------------------------------------------------------------ */

/* The most likely to be reached first (8445 section 5.1.4), of UDP (6544 section 4.3), and IPv4
 * before IPv6, which an old peer may not know. */
static int rank(const struct auger_cand *cand)
{
    static const int ranks[] = {
        [AUGER_CAND_HOST] = 0,
        [AUGER_CAND_PRFLX] = 1,
        [AUGER_CAND_SRFLX] = 1,
        [AUGER_CAND_RELAY] = 2,
    };

    return 2 * ranks[cand->type] + (cand->addr.family == AUGER_IPV4);
}

static void choose_default(const struct auger_peer *peer, const struct auger_cand *cands,
                           size_t len, struct auger_addr *addr)
{
    int best = -1;

    for (size_t i = 0; i < len; i++) {
        if (auger_local_names_hide(peer, &cands[i]) || cands[i].tcptype != AUGER_TCP_TYPE_NONE ||
            rank(&cands[i]) <= best)
            continue;
        best = rank(&cands[i]);
        *addr = cands[i].addr;
    }
}

size_t auger_destination_choose(const struct auger_peer *peer, struct auger_cand *cands, size_t len,
                                struct auger_destination *out)
{
    struct auger_ice_pair_info selected;

    *out = (struct auger_destination){0};
    if (!is_whole(peer))
        return len;
    if (is_settled(peer, &selected)) {
        cands[0] = selected.local;
        len = 1;
        if (controls(peer) && !selected.remote.hidden)
            out->remote = selected.remote.addr;
    }
    choose_default(peer, cands, len, &out->local);
    return len;
}
