/* turn/server_connection.h - connections of TCP allocations to peers from the first request until
 * the caller was told to close them: RFC 6062 sections 5.2 to 5.5.  The requests are
 * server_connect.h. */
#ifndef AUGER_TURN_SERVER_CONNECTION_H
#define AUGER_TURN_SERVER_CONNECTION_H

#include "turn/server_state.h"

/* One to that peer, CONNECTING, or WAITING if the peer has opened it.  The code, or 0: 446 if there
 * is one, 486, 500, 508. */
uint16_t auger_server_connection_new(struct auger_turn_server *server, auger_time now,
                                     struct auger_server_allocation *a,
                                     const struct auger_addr *peer, bool is_attempt,
                                     struct auger_server_connection **out);
/* NULL: no such one, or none any more. */
struct auger_server_connection *auger_server_connection_find(struct auger_turn_server *server,
                                                             uint32_t number);

/* The peer is there: 30 seconds are left for ConnectionBind. */
void auger_server_connection_await(struct auger_turn_server *server, auger_time now,
                                   struct auger_server_connection *c);
/* The stream of that path is its client's. */
void auger_server_connection_bind(struct auger_turn_server *server, auger_time now,
                                  struct auger_server_connection *c, const struct auger_path *path);

/* The caller is told to close it. */
void auger_server_connection_close(struct auger_turn_server *server, auger_time now,
                                   struct auger_server_connection *c, const char *reason);
/* The caller knows that there is none. */
void auger_server_connection_drop(struct auger_turn_server *server, auger_time now,
                                  struct auger_server_connection *c, const char *reason);
/* Those of an allocation, and those of them to peers of one family. */
void auger_server_connection_close_all(struct auger_turn_server *server, auger_time now,
                                       struct auger_server_allocation *a);
void auger_server_connection_close_family(struct auger_turn_server *server, auger_time now,
                                          struct auger_server_allocation *a, size_t family);
/* The number of one that is to be closed, which is free then; false: none. */
bool auger_server_connection_take_closed(struct auger_turn_server *server, uint32_t *number);

void auger_server_connection_handle_timeout(struct auger_turn_server *server, auger_time now,
                                            struct auger_server_timer *timer);

/* As auger_turn_server_carry(). */
auger_time auger_server_connection_carry(struct auger_turn_server *server, auger_time now,
                                         struct auger_server_connection *c, bool to_peer,
                                         size_t len) AUGER_CHECK_RESULT;

#endif /* AUGER_TURN_SERVER_CONNECTION_H */
