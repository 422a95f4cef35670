/* ice/unseen.c */
#include "ice/unseen.h"

#include "ice/candidate.h"
#include "ice/pair.h"

static bool stands_for(const struct auger_generation *generation, const struct auger_ice_cand *own)
{
    for (uint16_t i = 0; generation && i < generation->checklist.len; i++) {
        const struct auger_pair *pair = generation->checklist.order[i];
        if (pair->local == own || auger_pair_seen_as(pair) == own)
            return true;
    }
    return false;
}

bool auger_is_unseen(const struct auger_ice *ice, const struct auger_ice_cand *own)
{
    return !stands_for(ice->current, own) && !stands_for(ice->previous, own) &&
           !stands_for(ice->next, own);
}

static bool is_learned(const struct auger_ice_cand *own)
{
    return auger_cand_is_used(own) && own->type == AUGER_CAND_PRFLX && !own->is_helper;
}

void auger_unseen_make_room(struct auger_ice *ice)
{
    if (ice->locals.prflx < ice->locals.prflx_max)
        return;
    for (uint16_t i = 0; i < ice->locals.len; i++) {
        struct auger_ice_cand *own = auger_cands_at(&ice->locals, i);
        if (is_learned(own) && auger_is_unseen(ice, own))
            auger_cands_remove(&ice->locals, own);
    }
}
