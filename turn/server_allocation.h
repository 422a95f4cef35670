/* turn/server_allocation.h - an allocation on a server from its first socket to its end: RFC
 * 8656 sections 6 and 8.  What makes one is server_allocate.h; of a client it is
 * allocation.h. */
#ifndef AUGER_TURN_SERVER_ALLOCATION_H
#define AUGER_TURN_SERVER_ALLOCATION_H

#include "turn/server_state.h"

/* One of the request's user and 5-tuple, without relays.  `user` is not NULL where the quota is
 * not asked.  AUGER_ERR_LIMIT: of the user or the IP address; else as
 * auger_server_account_take_user(). */
int auger_server_allocation_new(struct auger_server_request *r, struct auger_server_account *user,
                                struct auger_server_allocation **out) AUGER_CHECK_RESULT;

/* 7.2 and 8.2: as long as is asked for, within the bounds, and no longer than the credentials. */
uint32_t auger_server_allocation_lifetime(const struct auger_server_request *r);
/* All its relays are open: it lives. */
void auger_server_allocation_grant(struct auger_server_request *r,
                                   struct auger_server_allocation *a, uint32_t lifetime_s);
/* The success response of 7.2, for the first time or again. */
void auger_server_allocation_answer(struct auger_server_request *r,
                                    const struct auger_server_allocation *a);

/* One relay goes, and the allocation with the last one. */
void auger_server_allocation_end_relay(struct auger_turn_server *server, auger_time now,
                                       struct auger_server_allocation *a, size_t family,
                                       enum auger_turn_server_end why);
void auger_server_allocation_end(struct auger_turn_server *server, auger_time now,
                                 struct auger_server_allocation *a, enum auger_turn_server_end why);

/* A request that needs an allocation of its own user (section 5); else it is answered with 437
 * or 441, and false. */
bool auger_server_allocation_is_there(struct auger_server_request *r);

#endif /* AUGER_TURN_SERVER_ALLOCATION_H */
