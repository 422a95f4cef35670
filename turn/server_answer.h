/* turn/server_answer.h - answers to requests that have proved a password.  Those to strangers
 * are challenge.h. */
#ifndef AUGER_TURN_SERVER_ANSWER_H
#define AUGER_TURN_SERVER_ANSWER_H

#include "turn/server_state.h"

/* Between the two stand the attributes of the answer. */
void auger_server_begin(const struct auger_server_request *r, enum auger_stun_class class_,
                        struct auger_stun_builder *b);
void auger_server_end(struct auger_server_request *r, struct auger_stun_builder *b);

/* The same for an error: its code is there. */
void auger_server_begin_refusal(struct auger_server_request *r, uint16_t code,
                                struct auger_stun_builder *b);
void auger_server_refuse(struct auger_server_request *r, uint16_t code);
/* 420 with what the message has of the unknown, or with that one. */
void auger_server_refuse_unknown(struct auger_server_request *r);
void auger_server_refuse_attr(struct auger_server_request *r, uint16_t type);
/* The code for what went wrong here: AUGER_ERR_LIMIT, AUGER_ERR_NO_MEMORY or another. */
uint16_t auger_server_code_of(int err);
/* The code for who asks for a peer that is judged so; 0: it is permitted. */
uint16_t auger_server_code_of_peer(const struct auger_server_request *r,
                                   const struct auger_addr *peer, enum auger_peer_verdict verdict);

#endif /* AUGER_TURN_SERVER_ANSWER_H */
