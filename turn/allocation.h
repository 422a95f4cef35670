/* turn/allocation.h - the allocation of a client: RFC 8656 sections 7 and 8. */
#ifndef AUGER_TURN_ALLOCATION_H
#define AUGER_TURN_ALLOCATION_H

#include "turn/state.h"

/* Whether data may pass. */
bool auger_allocation_is_usable(const struct auger_turn *turn, auger_time now);
bool auger_allocation_has_family(const struct auger_turn *turn, uint8_t family);

/* The first Allocate request, due at `now`.  AUGER_ERR_ENTROPY. */
int auger_allocation_start(struct auger_turn *turn, auger_time now) AUGER_CHECK_RESULT;
/* Asks the server to let the allocation follow us to where the request comes from.
 * AUGER_ERR_STATE: there is no allocation, or no ticket; AUGER_ERR_ENTROPY. */
int auger_allocation_move(struct auger_turn *turn, auger_time now) AUGER_CHECK_RESULT;
void auger_allocation_release(struct auger_turn *turn, auger_time now);
/* It is over.  What is left of it on the server is given back if it can be. */
void auger_allocation_fail(struct auger_turn *turn, auger_time now, enum auger_turn_error error,
                           uint16_t code);

/* Refreshes at once, since the server may have forgotten it. */
void auger_allocation_doubt(struct auger_turn *turn, auger_time now);

size_t auger_allocation_write(struct auger_turn *turn, auger_time now, uint8_t *buf, size_t cap);
/* False: no answer to it. */
bool auger_allocation_handle_response(struct auger_turn *turn, auger_time now,
                                      const struct auger_stun_msg *msg);
void auger_allocation_handle_timeout(struct auger_turn *turn, auger_time now);
auger_time auger_allocation_next_timeout(const struct auger_turn *turn);

#endif /* AUGER_TURN_ALLOCATION_H */
