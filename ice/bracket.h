/* ice/bracket.h - where the checks of a burst go, and what comes of it: a port of our NAT that lies
 * between others (docs/prediction.md).  The burst itself is burst.h. */
#ifndef AUGER_ICE_BRACKET_H
#define AUGER_ICE_BRACKET_H

#include "ice/state.h"

#define AUGER_BRACKET_AGAIN_AFTER (3 * AUGER_SEC) /* what was told, and came to nothing */

/* By the plan, with AUGER_BURST_HELPERS helpers.  false: there is no room for it. */
bool auger_bracket_begin(struct auger_ice *ice, auger_time now, const struct auger_addr *helpers);
/* Tells the peer what the servers' answers come to. */
void auger_bracket_conclude(struct auger_ice *ice, auger_time now);

#endif /* AUGER_ICE_BRACKET_H */
