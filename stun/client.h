/* stun/client.h - the Binding client from the inside: one question to one server.
 * <auger/stun.h> has it as a thing of its own. */
#ifndef AUGER_STUN_CLIENT_H
#define AUGER_STUN_CLIENT_H

#include "stun/question.h"

struct auger_stun_client {
    const struct auger_env *env;
    struct auger_addr server;
    struct auger_stun_question question;
    struct auger_addr mapped; /* when answered */
};

#endif /* AUGER_STUN_CLIENT_H */
