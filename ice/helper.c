/* ice/helper.c - helper sockets as bases: which are wanted, which stay as bases of a path, and
 * which are let go.  What they are opened for is predict.c. */
#include "ice/helper.h"

#include "ice/locals.h"

#include "base/addr.h"

#include <auger/ice_predict.h>

bool auger_helper_may_be_at(const struct auger_ice *ice, const struct auger_addr *addrs, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!auger_addr_ip_equal(&addrs[i], &ice->prediction->base) || addrs[i].port == 0 ||
            addrs[i].transport != AUGER_UDP || auger_cands_find_base(&ice->locals, &addrs[i]))
            return false;
        for (size_t j = 0; j < i; j++)
            if (addrs[j].port == addrs[i].port)
                return false;
    }
    return true;
}

bool auger_ice_helper_is_wanted(const struct auger_ice *ice, const struct auger_addr *addr)
{
    if (!ice->prediction)
        return false;
    for (size_t i = 0; i < AUGER_SAMPLERS; i++)
        if (auger_addr_equal(&ice->prediction->samplers[i].addr, addr))
            return true;
    const struct auger_ice_cand *cand = auger_cands_find_base(&ice->locals, addr);
    return cand && cand->is_helper;
}

/* A peer that has come through to it may have settled on it, whatever we do. */
static bool has_come_of_use(const struct auger_pair *pair)
{
    return auger_pair_is_valid(pair) || pair->requests_received > 0;
}

static bool is_of_use(const struct auger_ice *ice, const struct auger_ice_cand *helper)
{
    const struct auger_generation *all[] = {ice->current, ice->previous};

    for (size_t i = 0; i < 2; i++)
        for (uint16_t j = 0; all[i] && j < all[i]->checklist.len; j++)
            if (all[i]->checklist.order[j]->local == helper &&
                has_come_of_use(all[i]->checklist.order[j]))
                return true;
    return false;
}

void auger_helper_adopt_all(struct auger_ice *ice)
{
    for (uint16_t i = 0; i < ice->locals.len && ice->locals.predicted > 0; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand->addr.family != AUGER_FAMILY_NONE && cand->is_helper && !cand->is_adopted)
            cand->is_adopted = is_of_use(ice, cand);
    }
}

void auger_helper_drop_all(struct auger_ice *ice)
{
    for (uint16_t i = 0; i < ice->locals.len && ice->locals.predicted > 0; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand->addr.family == AUGER_FAMILY_NONE || !cand->is_helper || cand->is_adopted)
            continue;
        auger_locals_lose_helper(ice, cand);
        ice->prediction->has_done = true;
    }
}

void auger_helper_drop_prober(struct auger_ice *ice)
{
    struct auger_ice_cand *prober = auger_cands_find_base(&ice->locals, &ice->prediction->prober);

    if (prober && prober->is_helper && !prober->is_adopted)
        auger_locals_lose_helper(ice, prober);
}
