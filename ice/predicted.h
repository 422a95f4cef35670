/* ice/predicted.h - candidates that are guessed, of either side: ordinary ones (candidate.h) with a
 * bound, a priority and foundations of their own.  Who guesses is predict.h. */
#ifndef AUGER_ICE_PREDICTED_H
#define AUGER_ICE_PREDICTED_H

#include "ice/candidate.h"

/* So many may be made from now on. */
void auger_predicted_allow(struct auger_cands *cands, uint16_t max);

/* All are NULL when there is no room, or no memory.
 *
 * Of a helper socket beside `host`: kept from the peer, and without pairs but those that are made
 * for it. */
struct auger_ice_cand *auger_predicted_add_helper(struct auger_cands *cands,
                                                  const struct auger_ice_cand *host,
                                                  const struct auger_addr *addr);
/* A server-reflexive one: where `host` may be seen.  Below all that a server saw, in the order in
 * which they are made, each with another foundation (docs/decisions/212). */
struct auger_ice_cand *auger_predicted_add_local(struct auger_cands *cands,
                                                 const struct auger_ice_cand *host,
                                                 const struct auger_addr *addr);
/* A peer-reflexive one: where a check of the peer's may come from. */
struct auger_ice_cand *auger_predicted_add_remote(struct auger_cands *cands,
                                                  const struct auger_addr *addr);

#endif /* AUGER_ICE_PREDICTED_H */
