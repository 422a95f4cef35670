/* turn/mobility.h - a client that goes on from another local address and keeps its allocation: RFC
 * 8016. */
#ifndef AUGER_TURN_MOBILITY_H
#define AUGER_TURN_MOBILITY_H

#include "turn/state.h"

#include <auger/stun.h>

/* Makes room for a ticket.  AUGER_ERR_NO_MEMORY. */
int auger_mobility_want(struct auger_turn *turn) AUGER_CHECK_RESULT;
void auger_mobility_fini(struct auger_turn *turn);

/* What a request about the allocation says of it: 3.1.1 and 3.2.1. */
void auger_mobility_write_allocate(const struct auger_turn *turn, struct auger_stun_builder *b);
void auger_mobility_write_move(const struct auger_turn *turn, struct auger_stun_builder *b);
/* 3.1.3, 3.2.3: keeps the ticket of an answer, if it has one that we can keep. */
void auger_mobility_take(struct auger_turn *turn, auger_time now, const struct auger_stun_msg *msg);
/* 3.1.4: whether an Allocate that was refused is worth another try, without a ticket. */
bool auger_mobility_give_up(struct auger_turn *turn, const struct auger_stun_msg *msg);

void auger_mobility_begin(struct auger_turn *turn, auger_time now);
/* The server has answered: yes, or why not. */
void auger_mobility_moved(struct auger_turn *turn, auger_time now,
                          const struct auger_stun_msg *msg);
void auger_mobility_failed(struct auger_turn *turn, auger_time now, enum auger_turn_error error,
                           uint16_t code);

#endif /* AUGER_TURN_MOBILITY_H */
