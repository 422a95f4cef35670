/* ice/locals.c - the addresses that the application gives us to send from: RFC 8445
 * section 5.1.1.1, and what comes of each. */
#include "ice/locals.h"

#include "ice/gather.h"
#include "ice/mapping.h"
#include "ice/policy.h"

#include "base/trace.h"

int auger_locals_add(struct auger_ice *ice, auger_time now, const struct auger_addr *base)
{
    if (!auger_cand_addr_is_usable(base, &ice->policy) || auger_cands_find_base(&ice->locals, base))
        return AUGER_ERR_INVALID;
    struct auger_ice_cand *host = auger_cands_add_host(&ice->locals, base);
    if (!host)
        return auger_cands_refusal(&ice->locals);
    int err = auger_gather_add_host(ice, host);
    if (err) {
        auger_cands_remove(&ice->locals, host);
        return err;
    }
    auger_trace(ice->env, now, "ice:local_candidate", AUGER_F_ADDR("addr", &host->addr),
                AUGER_F_TEXT("type", "host"), AUGER_F_INT("priority", host->priority));
    auger_policy_apply(ice->config.policy, ice->env, now, host);
    auger_mapping_apply(ice, now, host);
    auger_generation_form_pairs(ice->current, now, &ice->locals);
    return 0;
}
