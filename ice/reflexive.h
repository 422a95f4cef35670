/* ice/reflexive.h - server-reflexive candidates: what of a server's word is believed (RFC 8445
 * sections 5.1.1.2 and 5.1.3).  Asking is gather.h, and allocate.h for TURN servers. */
#ifndef AUGER_ICE_REFLEXIVE_H
#define AUGER_ICE_REFLEXIVE_H

#include "ice/state.h"

/* `server`, which stays where it is, sees the base of `host` at `mapped`. */
void auger_reflexive_add(struct auger_ice *ice, auger_time now, const struct auger_ice_cand *host,
                         const struct auger_addr *mapped, const struct auger_addr *server);

#endif /* AUGER_ICE_REFLEXIVE_H */
