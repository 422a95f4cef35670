/* turn/server_binding.h - Binding requests to a TURN server: RFC 8489 section 12, the NAT
 * behaviour discovery of RFC 5780 section 6 where there are addresses for it, and clients of
 * RFC 3489.  Without either it is stun/server.c. */
#ifndef AUGER_TURN_SERVER_BINDING_H
#define AUGER_TURN_SERVER_BINDING_H

#include "turn/server_state.h"

/* No answer is more than 1.7 times the question, IP and UDP headers counted. */
void auger_server_binding(struct auger_turn_server *server, auger_time now,
                          const struct auger_path *path, const uint8_t *buf, size_t len,
                          uint8_t *reply, size_t cap, struct auger_turn_server_out *out);

/* Whether it has the shape of a Binding request of RFC 3489, which knows no magic cookie. */
bool auger_server_binding_is_classic(const struct auger_path *path, const uint8_t *buf, size_t len);

#endif /* AUGER_TURN_SERVER_BINDING_H */
