/* io/turn_listen.h - where a TURN service is reached: its sockets for datagrams and those that take
 * streams. */
#ifndef AUGER_IO_TURN_LISTEN_H
#define AUGER_IO_TURN_LISTEN_H

#include "io/loop_state.h"
#include "io/turn_state.h"

/* At all addresses of its configuration; `failed`, if not NULL, is the one where it could not.
 * AUGER_ERR_INVALID, AUGER_ERR_LIMIT, AUGER_ERR_SYSTEM. */
int auger_turn_listen(struct auger_turn_service *service, const struct auger_loop *loop,
                      struct auger_addr *failed) AUGER_CHECK_RESULT;
void auger_turn_listen_no_more(struct auger_turn_service *service);

#endif /* AUGER_IO_TURN_LISTEN_H */
