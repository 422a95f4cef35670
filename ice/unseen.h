/* ice/unseen.h - peer-reflexive candidates of ours that no pair stands for any more: a NAT shows
 * another one with each mapping (RFC 8445 section 7.2.5.3.1).  What a restart drops is restart.h.
 */
#ifndef AUGER_ICE_UNSEEN_H
#define AUGER_ICE_UNSEEN_H

#include "ice/state.h"

/* Whether no pair of any generation is from there, or is seen as that. */
bool auger_is_unseen(const struct auger_ice *ice, const struct auger_ice_cand *own);
/* For one more that is peer-reflexive, where there is none: all that are unseen are forgotten. */
void auger_unseen_make_room(struct auger_ice *ice);

#endif /* AUGER_ICE_UNSEEN_H */
