/* ice/locals.h - the addresses that the application gives us to send from: RFC 8445
 * section 5.1.1.1, and what comes of each. */
#ifndef AUGER_ICE_LOCALS_H
#define AUGER_ICE_LOCALS_H

#include "ice/state.h"

int auger_locals_add(struct auger_ice *ice, auger_time now,
                     const struct auger_addr *base) AUGER_CHECK_RESULT;

/* The candidates of that base go, and the pairs and checks of theirs. */
int auger_locals_remove(struct auger_ice *ice, auger_time now,
                        const struct auger_addr *base) AUGER_CHECK_RESULT;
/* What a gateway had lead to that base goes alone: pairs are of the base. */
int auger_locals_remove_mapped(struct auger_ice *ice, auger_time now, const struct auger_addr *base,
                               const struct auger_addr *external) AUGER_CHECK_RESULT;
/* A relayed candidate goes likewise. */
void auger_locals_lose_relayed(struct auger_ice *ice, auger_time now,
                               struct auger_ice_cand *const relayed[2]);
/* That of a helper socket goes likewise: no pair of it is in use. */
void auger_locals_lose_helper(struct auger_ice *ice, struct auger_ice_cand *helper);
/* The pair that data used is gone: if no other can take its place, all are tried anew, and until
 * `awaits_until` the peer may open the stream of another (RFC 6544 section 11.1). */
void auger_locals_go_on(struct auger_ice *ice, auger_time now, auger_time awaits_until);
/* When there is something to follow; AUGER_NEVER. */
auger_time auger_locals_next_timeout(const struct auger_ice *ice);
/* Follows what has become of a session whose pair in use went that way. */
void auger_locals_follow_drift(struct auger_ice *ice, auger_time now);

#endif /* AUGER_ICE_LOCALS_H */
