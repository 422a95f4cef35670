/* ice/pace.h - when a new transaction may begin: Ta, RFC 8445 section 14. */
#ifndef AUGER_ICE_PACE_H
#define AUGER_ICE_PACE_H

#include "ice/state.h"

/* What a peer may ask for; a larger Ta would only keep a session from its path. */
#define AUGER_PACING_MAX (500 * AUGER_MS)

/* Whether a transaction that is ready to leave may begin now.  Among agents that share a
 * pacer it takes the next turn, which `pace_at` then is. */
bool auger_pace_allows(struct auger_ice *ice, auger_time now);
/* It leaves: Ta begins anew. */
void auger_pace_begin(struct auger_ice *ice, auger_time now);
/* 14.3, for so many transactions at a time: the first request of each leaves before the
 * second of any (docs/decisions/012). */
auger_time auger_pace_rto(const struct auger_ice *ice, size_t transactions);

#endif /* AUGER_ICE_PACE_H */
