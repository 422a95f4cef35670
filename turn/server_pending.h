/* turn/server_pending.h - requests that wait for the program to say a password.  Their nonce
 * is fresh, so that who sent one was where it came from; nothing else is kept of anybody who
 * has proved nothing. */
#ifndef AUGER_TURN_SERVER_PENDING_H
#define AUGER_TURN_SERVER_PENDING_H

#include "turn/server_state.h"

/* Keeps the request, and asks for the key of its name. */
void auger_server_pending_add(struct auger_server_request *r);
/* Takes it out; NULL: no such ticket.  The caller gives it back. */
/* The stream that they came by is closed. */
void auger_server_pending_forget(struct auger_turn_server *server, const struct auger_path *path);
struct auger_server_pending *auger_server_pending_take(struct auger_turn_server *server,
                                                       uint32_t ticket);
void auger_server_pending_handle_timeout(struct auger_turn_server *server,
                                         struct auger_server_timer *timer);
void auger_server_pending_clear(struct auger_turn_server *server);

#endif /* AUGER_TURN_SERVER_PENDING_H */
