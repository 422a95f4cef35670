/* sim/couple.c - alice and bob together: what they have come to, and the wires between any two. */
#include "sim/peer.h"

#include <assert.h>

static bool both_are(const struct sim *sim, enum auger_ice_state state)
{
    return sim->alice->story.state == state && sim->bob->story.state == state;
}

bool both_connected(const struct sim *sim)
{
    return both_are(sim, AUGER_ICE_CONNECTED);
}

bool both_disconnected(const struct sim *sim)
{
    return both_are(sim, AUGER_ICE_DISCONNECTED);
}

bool both_failed(const struct sim *sim)
{
    return both_are(sim, AUGER_ICE_FAILED);
}

bool both_nominated(const struct sim *sim)
{
    return sim->alice->story.nominated_at != AUGER_NEVER &&
           sim->bob->story.nominated_at != AUGER_NEVER;
}

bool both_restarted(const struct sim *sim)
{
    const struct sim_peer_story *alice = &sim->alice->story, *bob = &sim->bob->story;
    return alice->restarted_at != AUGER_NEVER && bob->restarted_at != AUGER_NEVER;
}

static bool is_relayed(struct sim_peer *peer)
{
    size_t len = auger_ice_pairs(peer->ice, peer->pairs, peer->pairs_cap);

    for (size_t i = 0; i < len; i++) {
        const struct auger_ice_pair_info *pair = &peer->pairs[i];
        if (pair->selected &&
            (pair->local.type == AUGER_CAND_RELAY || pair->remote.type == AUGER_CAND_RELAY))
            return true;
    }
    return false;
}

enum sim_route sim_route(struct sim_peer *alice, struct sim_peer *bob)
{
    if (alice->story.state != AUGER_ICE_CONNECTED || bob->story.state != AUGER_ICE_CONNECTED)
        return SIM_NOT_CONNECTED;
    return is_relayed(alice) || is_relayed(bob) ? SIM_RELAYED : SIM_DIRECT;
}

static void cut(struct sim *sim, const struct sim_peer *from, const struct sim_peer *to)
{
    assert(sim->cuts_len < SIM_CUTS_MAX);
    sim->cuts[sim->cuts_len++] = (struct sim_cut){from->host, to->host};
    sim_log(sim, "cut: %s > %s", from->name, to->name);
}

void sim_cut_one_way(struct sim *sim, struct sim_peer *from, struct sim_peer *to)
{
    cut(sim, from, to);
}

void sim_cut(struct sim *sim, struct sim_peer *a, struct sim_peer *b)
{
    cut(sim, a, b);
    cut(sim, b, a);
}

void sim_heal(struct sim *sim)
{
    sim->cuts_len = 0;
    sim_log(sim, "healed");
}
