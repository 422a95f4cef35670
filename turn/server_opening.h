/* turn/server_opening.h - the sockets of an allocation that is being made: one after the other
 * is asked of the caller, on another port where one is taken (RFC 8656 section 7.2). */
#ifndef AUGER_TURN_SERVER_OPENING_H
#define AUGER_TURN_SERVER_OPENING_H

#include "turn/server_state.h"

struct auger_server_ask {
    bool families[2];
    uint16_t missing_code; /* of a family that was asked for and is not there */
    enum auger_server_port_kind kind;
    bool has_token;
    bool is_tcp; /* RFC 6062 */
    uint64_t token;
};

/* Draws ports and asks for the first socket, or refuses and ends the allocation. */
void auger_server_opening_begin(struct auger_server_request *r, struct auger_server_allocation *a,
                                const struct auger_server_ask *ask);
void auger_server_opening_opened(struct auger_turn_server *server, auger_time now,
                                 struct auger_server_relay *relay, bool is_bound, uint8_t *reply,
                                 size_t cap, struct auger_turn_server_out *out);

#endif /* AUGER_TURN_SERVER_OPENING_H */
