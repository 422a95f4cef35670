/* turn/server_member.h - several servers at the same addresses, each of whose clients may come back
 * by another 5-tuple and so to another one: what they come back with says whose it is. */
#ifndef AUGER_TURN_SERVER_MEMBER_H
#define AUGER_TURN_SERVER_MEMBER_H

#include "turn/server_state.h"

/* A CONNECTION-ID, or the upper half of a RESERVATION-TOKEN, made of what was drawn at random. */
uint32_t auger_server_member_sign(const struct auger_turn_server *server, uint32_t drawn);
/* And a ticket, no byte of which is zero before and after. */
void auger_server_member_sign_ticket(const struct auger_turn_server *server,
                                     uint8_t ticket[AUGER_SERVER_TICKET_LEN]);

/* Whether the request comes back with what another one gave: which. */
bool auger_server_member_is_elsewhere(const struct auger_turn_server *server,
                                      const struct auger_stun_msg *msg, uint16_t *member);

#endif /* AUGER_TURN_SERVER_MEMBER_H */
