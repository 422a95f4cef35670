/* ice/permit.h - what our relays let through: a permission for each peer's address before a check
 * leaves for it, a channel for the pairs that data may use (RFC 8656 sections 9 and 12). */
#ifndef AUGER_ICE_PERMIT_H
#define AUGER_ICE_PERMIT_H

#include "ice/relay.h"

/* Whether a check along `pair` may leave: at once where no relay of ours is on it.  Else the
 * permission is asked for, and the pair waits for it or has failed. */
bool auger_permit_obtain(struct auger_ice *ice, auger_time now, struct auger_pair *pair);
/* The server says so of all pairs with that IP address. */
void auger_permit_granted(struct auger_ice *ice, const struct auger_relay *relay,
                          const struct auger_addr *peer);
/* AUGER_TURN_ERROR_RESOURCES: it was not asked to the end, and who waits asks again in its turn. */
void auger_permit_refused(struct auger_ice *ice, auger_time now, const struct auger_relay *relay,
                          const struct auger_addr *peer, enum auger_turn_error error);

/* Whether a pair is to have a channel and has not asked for one. */
bool auger_permit_wants_channel(const struct auger_ice *ice);
void auger_permit_ask_channel(struct auger_ice *ice, auger_time now);
/* Lets those end that no pair needs: before any is renewed. */
void auger_permit_sweep(struct auger_ice *ice, const struct auger_relay *relay);

#endif /* AUGER_ICE_PERMIT_H */
