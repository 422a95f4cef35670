/* ice/unseen.h - peer-reflexive candidates of ours that no pair stands for any more: a NAT shows
 * another one with each mapping (RFC 8445 section 7.2.5.3.1).  What a restart drops is restart.h.
 */
#ifndef AUGER_ICE_UNSEEN_H
#define AUGER_ICE_UNSEEN_H

#include "ice/state.h"

/* For one more, where there is none: all of them are forgotten. */
void auger_unseen_make_room(struct auger_ice *ice);

#endif /* AUGER_ICE_UNSEEN_H */
