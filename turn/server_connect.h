/* turn/server_connect.h - how connections of TCP allocations come about: Connect, ConnectionBind
 * and ConnectionAttempt of RFC 6062 sections 5.2 to 5.4.  Their life is server_connection.h. */
#ifndef AUGER_TURN_SERVER_CONNECT_H
#define AUGER_TURN_SERVER_CONNECT_H

#include "turn/server_state.h"

void auger_server_connect(struct auger_server_request *r);
/* The Connect that a connection began with is answered. */
void auger_server_connect_done(struct auger_turn_server *server, auger_time now,
                               struct auger_server_connection *c, bool is_there, uint8_t *reply,
                               size_t cap, struct auger_turn_server_out *out);
void auger_server_connection_bind_request(struct auger_server_request *r);
/* A peer has connected to a relay that is LIVE. */
void auger_server_connection_attempt(struct auger_turn_server *server, auger_time now,
                                     struct auger_server_relay *relay,
                                     const struct auger_addr *from, uint8_t *reply, size_t cap,
                                     struct auger_turn_server_out *out);

#endif /* AUGER_TURN_SERVER_CONNECT_H */
