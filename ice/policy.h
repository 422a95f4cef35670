/* ice/policy.h - which candidates of ours the peer is told of, and where datagrams to
 * it may leave from: RFC 8828.  Which interfaces there are at all is not ours to choose;
 * which addresses are fit for a candidate is candidate.c. */
#ifndef AUGER_ICE_POLICY_H
#define AUGER_ICE_POLICY_H

#include "ice/candidate.h"

/* Settles for a new candidate of ours whether it is told and whether it makes pairs. */
void auger_policy_apply(enum auger_ice_policy policy, const struct auger_env *env, auger_time now,
                        struct auger_ice_cand *cand);
/* A copy for the peer: of what is kept from it nothing is in it. */
void auger_policy_export(enum auger_ice_policy policy, const struct auger_ice_cand *cand,
                         struct auger_cand *out);
/* A candidate that a STUN server showed would not be told: then none is asked. */
bool auger_policy_asks_servers(enum auger_ice_policy policy);

#endif /* AUGER_ICE_POLICY_H */
