/* turn/server_relay.h - relayed transport addresses from the moment a port is drawn until the
 * caller was told to close the socket, and the reservations of RFC 8656 section 7.2.  The
 * ports are server_ports.h. */
#ifndef AUGER_TURN_SERVER_RELAY_H
#define AUGER_TURN_SERVER_RELAY_H

#include "turn/server_state.h"

/* One to be opened, on a port of that kind.  AUGER_ERR_LIMIT: no such port; AUGER_ERR_ENTROPY,
 * AUGER_ERR_NO_MEMORY. */
int auger_server_relay_new(struct auger_turn_server *server, size_t family,
                           enum auger_server_port_kind kind,
                           struct auger_server_relay **out) AUGER_CHECK_RESULT;
/* On the port behind that of the first of a pair. */
int auger_server_relay_new_sibling(struct auger_turn_server *server,
                                   const struct auger_server_relay *first,
                                   struct auger_server_relay **out) AUGER_CHECK_RESULT;
/* Its port could not be bound: another one.  Errors as above; it then is where it was. */
int auger_server_relay_move(struct auger_turn_server *server, struct auger_server_relay *relay,
                            enum auger_server_port_kind kind) AUGER_CHECK_RESULT;
/* Its socket is bound: from here on until it is closed it holds its port. */
void auger_server_relay_hold(struct auger_turn_server *server, struct auger_server_relay *relay);
/* One that has no socket. */
void auger_server_relay_drop(struct auger_turn_server *server, struct auger_server_relay *relay);
/* Any: the caller is told if it has a socket, or may have. */
void auger_server_relay_close(struct auger_turn_server *server, struct auger_server_relay *relay);
/* The number of one that is to be closed, which is free then; false: none. */
bool auger_server_relay_take_closed(struct auger_turn_server *server, uint32_t *number);

/* NULL: no such relay, or none any more. */
struct auger_server_relay *auger_server_relay_find(const struct auger_turn_server *server,
                                                   uint32_t number);
struct auger_addr auger_server_relay_bound(const struct auger_turn_server *server,
                                           const struct auger_server_relay *relay);
/* As clients are told. */
struct auger_addr auger_server_relay_told(const struct auger_turn_server *server, size_t family,
                                          uint16_t port);

/* Holds one for who comes with the token; it counts as an allocation of its user. */
void auger_server_relay_reserve(struct auger_turn_server *server, auger_time now,
                                struct auger_server_relay *relay, struct auger_server_account *user,
                                uint64_t token);
/* NULL: no such token of that user. */
struct auger_server_relay *auger_server_relay_find_token(struct auger_turn_server *server,
                                                         struct auger_bytes user, uint64_t token);
/* It is held no longer; whoever calls has its place in the user's quota now. */
struct auger_server_account *auger_server_relay_redeem(struct auger_turn_server *server,
                                                       struct auger_server_relay *relay);

#endif /* AUGER_TURN_SERVER_RELAY_H */
