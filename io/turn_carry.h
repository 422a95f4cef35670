/* io/turn_carry.h - what the engine of a TURN service decided is carried out: datagrams are put
 * together and sent, streams written to, sockets opened.  What comes is turn_traffic.h. */
#ifndef AUGER_IO_TURN_CARRY_H
#define AUGER_IO_TURN_CARRY_H

#include "io/turn_state.h"

/* Room for an answer of the engine, AUGER_TURN_SERVER_REPLY_MAX bytes, which stays as it is until
 * the next flush if it is carried out. */
uint8_t *auger_turn_carry_reply(struct auger_turn_service *service);
/* Does what the engine decided, `reply` being what it wrote into. */
void auger_turn_carry_out(struct auger_turn_service *service, auger_time now,
                          struct auger_turn_server_out *out, uint8_t *reply);
/* Sends what was carried out. */
void auger_turn_carry_flush(struct auger_turn_service *service);

/* The socket that listens there for datagrams; NULL: it is none of ours. */
struct auger_watch *auger_turn_carry_listener(struct auger_turn_service *service,
                                              const struct auger_addr *local);

#endif /* AUGER_IO_TURN_CARRY_H */
