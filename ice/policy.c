/* ice/policy.c - which candidates of ours the peer is told of, and where datagrams to
 * it may leave from: RFC 8828. */
#include "ice/policy.h"

#include "base/trace.h"

const char *auger_ice_policy_name(enum auger_ice_policy policy)
{
    switch (policy) {
    case AUGER_ICE_POLICY_ALL:
        return "all";
    case AUGER_ICE_POLICY_NO_HOST:
        return "no-host";
    case AUGER_ICE_POLICY_RELAY:
        return "relay";
    }
    return "unknown";
}

static bool is_kept(enum auger_ice_policy policy, enum auger_cand_type type)
{
    switch (policy) {
    case AUGER_ICE_POLICY_ALL:
        return false;
    case AUGER_ICE_POLICY_NO_HOST:
        return type == AUGER_CAND_HOST;
    case AUGER_ICE_POLICY_RELAY:
        return type != AUGER_CAND_RELAY;
    }
    return true;
}

void auger_policy_apply(enum auger_ice_policy policy, const struct auger_env *env, auger_time now,
                        struct auger_ice_cand *cand)
{
    if (!is_kept(policy, cand->type))
        return;
    cand->telling = AUGER_CAND_KEPT;
    cand->is_barred = policy == AUGER_ICE_POLICY_RELAY;
    auger_trace(env, now, "ice:candidate_kept", AUGER_F_ADDR("addr", &cand->addr),
                AUGER_F_TEXT("policy", auger_ice_policy_name(policy)),
                AUGER_F_INT("barred", cand->is_barred));
}

/* The related address of a reflexive candidate is its base (RFC 8839 section 5.1); without
 * one the line says 0.0.0.0 or :: and port 9. */
void auger_policy_export(enum auger_ice_policy policy, const struct auger_ice_cand *cand,
                         struct auger_cand *out)
{
    auger_cand_export(cand, out);
    if (policy != AUGER_ICE_POLICY_ALL)
        out->related = (struct auger_addr){0};
}

bool auger_policy_asks_servers(enum auger_ice_policy policy)
{
    return !is_kept(policy, AUGER_CAND_SRFLX);
}
