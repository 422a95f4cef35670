/* ice/failover.h - the pair in use falls silent while another one answers.  One whose address is
 * gone is locals.h's. */
#ifndef AUGER_ICE_FAILOVER_H
#define AUGER_ICE_FAILOVER_H

#include "ice/state.h"

/* Asks other valid pairs when the one in use is silent, and gives it up if the peer has moved away
 * from it, long before consent to it expires; then another is chosen, or followed. */
void auger_failover_consider(struct auger_ice *ice, auger_time now);
auger_time auger_failover_next_timeout(const struct auger_ice *ice);

#endif /* AUGER_ICE_FAILOVER_H */
