/* ice/reflexive.c - server-reflexive candidates: what of a server's word is believed (RFC 8445
 * sections 5.1.1.2 and 5.1.3). */
#include "ice/reflexive.h"

#include "ice/ours.h"
#include "ice/policy.h"
#include "ice/sighting.h"

#include "base/addr.h"
#include "base/trace.h"

/* By more than its word, which may be the lie of a server to it (docs/decisions/180). */
static bool is_the_peers(const struct auger_generation *generation, const struct auger_addr *addr)
{
    const struct auger_ice_cand *remote =
        auger_cands_find(&generation->remotes, addr, AUGER_TCP_TYPE_NONE);

    return remote && auger_checklist_is_proved(&generation->checklist, remote);
}

/* Only what could be true and harms nobody: not where the peer has answered, not an address that
 * is never sent to, and a private one only for a base that is private as well. */
static bool is_believable(const struct auger_ice *ice, const struct auger_ice_cand *host,
                          const struct auger_addr *mapped)
{
    static const struct auger_cand_policy strict = {0};

    /* Through a NAT64 we are seen at an address of IPv4. */
    if (mapped->family != host->addr.family &&
        (ice->nat64.prefix_len == 0 || mapped->family != AUGER_IPV4))
        return false;
    if (auger_addr_equal(mapped, &host->addr))
        return true; /* no NAT */
    if (auger_addr_is_private(mapped) && !auger_addr_is_private(&host->addr))
        return false;
    return auger_cand_addr_is_usable(mapped, &strict) && !is_the_peers(ice->current, mapped);
}

void auger_reflexive_add(struct auger_ice *ice, auger_time now, const struct auger_ice_cand *host,
                         const struct auger_addr *mapped, const struct auger_addr *server)
{
    if (!is_believable(ice, host, mapped)) {
        auger_trace(ice->env, now, "ice:candidate_refused", AUGER_F_ADDR("addr", mapped),
                    AUGER_F_ADDR("server", server));
        return;
    }
    auger_sighting_note(ice, &(struct auger_sighting){host->addr, *server, *mapped});
    struct auger_ice_cand *cand = auger_cands_find_seen(&ice->locals, mapped, host);
    if (cand && cand->type != AUGER_CAND_PRFLX) { /* 5.1.3 */
        if (cand->telling == AUGER_CAND_OUTDATED)
            cand->telling = AUGER_CAND_TO_TELL;
        return;
    }
    if (!cand)
        cand = auger_ours_add_srflx(&ice->locals, host, mapped, server);
    else if (!auger_ours_turn_srflx(&ice->locals, cand, host, server))
        cand = NULL;
    if (!cand) {
        ice->counters.limited++;
        return;
    }
    auger_trace(ice->env, now, "ice:local_candidate", AUGER_F_ADDR("addr", &cand->addr),
                AUGER_F_TEXT("type", "srflx"), AUGER_F_ADDR("base", cand->base),
                AUGER_F_INT("priority", cand->priority));
    auger_policy_apply(ice->config.policy, ice->env, now, cand);
}
