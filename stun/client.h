/* stun/client.h - the Binding client from the inside: one question to one server.
 * <auger/stun.h> has it as a thing of its own; ice/gather.c keeps one in each query.
 * When requests leave is transaction.h. */
#ifndef AUGER_STUN_CLIENT_H
#define AUGER_STUN_CLIENT_H

#include "stun/transaction.h"

struct auger_stun_client {
    const struct auger_env *env;
    struct auger_addr server;
    struct auger_stun_transaction tx;
    enum auger_stun_client_state state;
    struct auger_addr mapped; /* when answered */
    uint16_t error_code;      /* when refused: what ERROR-CODE said, or 0 */
};

/* A new question, due at `now`; a client may ask again.  AUGER_ERR_ENTROPY leaves
 * it as it was. */
int auger_stun_client_start(struct auger_stun_client *client, const struct auger_env *env,
                            auger_time now, auger_time rto,
                            const struct auger_addr *server) AUGER_CHECK_RESULT;
/* Whether a message answers the question, wherever it came from. */
bool auger_stun_client_matches(const struct auger_stun_client *client,
                               const struct auger_stun_tid *tid);
/* False, and nothing is changed: it does not answer the question, or is not from
 * the server. */
bool auger_stun_client_handle_response(struct auger_stun_client *client,
                                       const struct auger_addr *from,
                                       const struct auger_stun_msg *msg);

#endif /* AUGER_STUN_CLIENT_H */
