/* ice/remotes.h - the peer's candidates, as they are told.  Those that its checks show are
 * inbound.h's. */
#ifndef AUGER_ICE_REMOTES_H
#define AUGER_ICE_REMOTES_H

#include "ice/state.h"

/* One of that generation, and what of it is reached through a NAT64. */
int auger_remotes_add(struct auger_ice *ice, auger_time now, struct auger_generation *generation,
                      const struct auger_cand *told) AUGER_CHECK_RESULT;
/* A NAT64 is known now: those of before are reached through it.  NULL as generation is fine. */
void auger_remotes_follow_nat64(struct auger_ice *ice, auger_time now,
                                struct auger_generation *generation);

#endif /* AUGER_ICE_REMOTES_H */
