/* turn/server_mobility.h - allocations that follow their clients to other addresses: RFC 8016.
 * A ticket is a random handle, so that there is nothing in it to be read. */
#ifndef AUGER_TURN_SERVER_MOBILITY_H
#define AUGER_TURN_SERVER_MOBILITY_H

#include "turn/server_state.h"

/* 3.1.2: 0, or the code of the refusal. */
uint16_t auger_server_mobility_judge_allocate(const struct auger_server_request *r);
/* If the request asks for a ticket.  AUGER_ERR_NO_MEMORY, AUGER_ERR_ENTROPY. */
int auger_server_mobility_begin(const struct auger_server_request *r,
                                struct auger_server_allocation *a) AUGER_CHECK_RESULT;
void auger_server_mobility_add_ticket(const struct auger_server_allocation *a,
                                      struct auger_stun_builder *b);

/* 3.2.2: a Refresh with a ticket is one of the allocation that it names, from a new 5-tuple.
 * False: it is refused. */
bool auger_server_mobility_judge_refresh(struct auger_server_request *r);
/* Data came through a door: if it is the new one, the allocation has moved. */
void auger_server_mobility_hear(struct auger_turn_server *server, auger_time now,
                                struct auger_server_allocation *a,
                                const struct auger_server_door *door);
/* The stream of that door was closed.  False: the allocation ends with it. */
bool auger_server_mobility_leave(struct auger_turn_server *server, auger_time now,
                                 struct auger_server_allocation *a, struct auger_server_door *door);
void auger_server_mobility_end(struct auger_turn_server *server, struct auger_server_allocation *a);
void auger_server_mobility_handle_timeout(struct auger_turn_server *server,
                                          struct auger_server_timer *timer);

#endif /* AUGER_TURN_SERVER_MOBILITY_H */
