/* turn/connection.h - a client's connections to peers by TCP: RFC 6062 sections 4.3 and 4.4.  The
 * server's are server_connection.h. */
#ifndef AUGER_TURN_CONNECTION_H
#define AUGER_TURN_CONNECTION_H

#include "turn/state.h"

/* One that the caller knows by its number; NULL: there is none. */
struct auger_connection *auger_connection_find(const struct auger_turn *turn, uint32_t number);

/* As auger_turn_connect(), auger_turn_bind_connection(). */
int auger_connection_add(struct auger_turn *turn, auger_time now,
                         const struct auger_addr *peer) AUGER_CHECK_RESULT;
int auger_connection_start_bind(struct auger_turn *turn, auger_time now,
                                struct auger_connection *c) AUGER_CHECK_RESULT;
void auger_connection_forget(struct auger_connection *c);
void auger_connection_clear(struct auger_turn *turn);

/* On the control connection: the next Connect. */
size_t auger_connection_write(struct auger_turn *turn, auger_time now, uint8_t *buf, size_t cap);
/* On the stream of one: its ConnectionBind. */
size_t auger_connection_write_bind(struct auger_turn *turn, auger_time now,
                                   struct auger_connection *c, uint8_t *buf, size_t cap);
/* Answers to either, each on the stream that it is of. */
bool auger_connection_handle_response(struct auger_turn *turn, auger_time now,
                                      const struct auger_stun_msg *msg);
bool auger_connection_handle_bind_response(struct auger_turn *turn, auger_time now,
                                           struct auger_connection *c,
                                           const struct auger_stun_msg *msg);
void auger_connection_take_attempt(struct auger_turn *turn, auger_time now,
                                   const struct auger_stun_msg *msg);

void auger_connection_handle_timeout(struct auger_turn *turn, auger_time now);
auger_time auger_connection_next_timeout(const struct auger_turn *turn);
bool auger_connection_poll_event(struct auger_turn *turn, struct auger_turn_event *event);

#endif /* AUGER_TURN_CONNECTION_H */
