/* turn/server_permission.h - the permissions of an allocation on the server: RFC 8656 sections
 * 9 and 10.2.  Which peers are allowed at all is peer_policy.h; a client's are permission.h. */
#ifndef AUGER_TURN_SERVER_PERMISSION_H
#define AUGER_TURN_SERVER_PERMISSION_H

#include "turn/server_state.h"

void auger_server_create_permission(struct auger_server_request *r);

/* Room for that many more.  AUGER_ERR_LIMIT, AUGER_ERR_NO_MEMORY. */
int auger_server_permission_reserve(struct auger_turn_server *server, auger_time now,
                                    struct auger_server_allocation *a,
                                    size_t more) AUGER_CHECK_RESULT;
/* Installs or refreshes one; there is room. */
void auger_server_permission_install(struct auger_server_allocation *a, auger_time now,
                                     const struct auger_addr *peer);
/* The same, asked for by a request: the first one of a relay is what anything comes in by. */
void auger_server_permission_grant(const struct auger_server_request *r,
                                   const struct auger_addr *peer);
bool auger_server_permission_is_there(const struct auger_server_allocation *a, auger_time now,
                                      const struct auger_addr *peer);

#endif /* AUGER_TURN_SERVER_PERMISSION_H */
