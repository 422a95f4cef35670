/* ice/remotes.c - the peer's candidates, as they are told: RFC 8838 section 11. */
#include "ice/remotes.h"

#include "ice/nat64.h"
#include "ice/relay.h"

#include "base/addr.h"
#include "base/trace.h"

static int keep_remote(struct auger_generation *generation, struct auger_ice_cand *known,
                       const struct auger_cand *told)
{
    struct auger_cands *remotes = &generation->remotes;

    if (!known)
        return auger_cands_add_remote(remotes, told);
    int err = auger_cands_merge(remotes, known, told);
    auger_checklist_reorder(&generation->checklist, generation->role);
    return err;
}

static void hear_again(struct auger_ice_cand *known, const struct auger_cand *told)
{
    known->hidden &= told->hidden;
    if (known->generation != auger_cand_generation(told->ufrag))
        known->generation = 0; /* it is of both */
}

/* Not our own, and no TURN server's of ours, to which streams lead that are not of ICE. */
static bool is_reachable(const struct auger_ice *ice, const struct auger_cand *told)
{
    const struct auger_path path = {.remote = told->addr};
    bool is_tcp = told->addr.transport == AUGER_TCP;

    return is_tcp == (told->tcptype != AUGER_TCP_TYPE_NONE) &&
           !auger_cands_find_base(&ice->locals, &told->addr) && !auger_relay_has_stream(ice, &path);
}

/* What is repeated is discarded (RFC 8840 section 4.4): it has had its pairs, and those that made
 * room since are not asked anew. */
static int take_remote(struct auger_ice *ice, auger_time now, struct auger_generation *generation,
                       const struct auger_cand *told)
{
    struct auger_ice_cand *known =
        auger_cands_find(&generation->remotes, &told->addr, told->tcptype);

    if (known && known->type != AUGER_CAND_PRFLX) {
        hear_again(known, told);
        return 0;
    }
    int err = keep_remote(generation, known, told);
    if (err)
        return err;
    auger_trace(ice->env, now, "ice:remote_candidate", AUGER_F_ADDR("addr", &told->addr),
                AUGER_F_TEXT("type", auger_cand_type_name(told->type)),
                AUGER_F_INT("priority", told->priority));
    generation->has_moved |= generation->remote_ended;
    auger_generation_form_pairs_of(
        generation, now, &ice->locals,
        auger_cands_find(&generation->remotes, &told->addr, told->tcptype));
    return 0;
}

/* Beside the one that was told, which an address of IPv4 may yet make reachable. */
static void take_through_nat64(struct auger_ice *ice, auger_time now,
                               struct auger_generation *generation, const struct auger_cand *told)
{
    struct auger_cand seen = *told;

    seen.related = (struct auger_addr){0};
    if (!auger_through_nat64(ice, &told->addr, &seen.addr))
        return;
    if (!is_reachable(ice, &seen) || take_remote(ice, now, generation, &seen) < 0)
        ice->counters.limited++;
}

/* By a prefix that was known before. */
static bool is_taken(const struct auger_ice *ice, const struct auger_generation *generation,
                     const struct auger_ice_cand *cand)
{
    struct auger_addr seen;

    if (!auger_through_nat64(ice, &cand->addr, &seen))
        return true;
    const struct auger_ice_cand *known =
        auger_cands_find(&generation->remotes, &seen, cand->tcptype);
    return known && known->type != AUGER_CAND_PRFLX;
}

void auger_remotes_follow_nat64(struct auger_ice *ice, auger_time now,
                                struct auger_generation *generation)
{
    uint16_t len = generation ? generation->remotes.len : 0;
    struct auger_cand told;

    for (uint16_t i = 0; i < len; i++) {
        const struct auger_ice_cand *cand = auger_cands_at(&generation->remotes, i);
        if (cand->addr.family != AUGER_IPV4 || cand->type == AUGER_CAND_PRFLX ||
            is_taken(ice, generation, cand))
            continue;
        auger_cand_export(cand, &told);
        take_through_nat64(ice, now, generation, &told);
    }
}

int auger_remotes_add(struct auger_ice *ice, auger_time now, struct auger_generation *generation,
                      const struct auger_cand *told)
{
    if (!auger_cand_addr_is_usable(&told->addr, &ice->policy) || !is_reachable(ice, told))
        return AUGER_ERR_UNSUPPORTED;
    int err = take_remote(ice, now, generation, told);
    if (err)
        return err;
    take_through_nat64(ice, now, generation, told);
    return 0;
}
