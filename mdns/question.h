/* mdns/question.h - names being resolved.  Names of our own are record.c's. */
#ifndef AUGER_MDNS_QUESTION_H
#define AUGER_MDNS_QUESTION_H

#include "mdns/family.h"
#include "mdns/msg.h"

#include <auger/mdns.h>

enum auger_mdns_question_state {
    AUGER_QUESTION_FREE,
    AUGER_QUESTION_ASKED,
    AUGER_QUESTION_ANSWERED, /* or failed: the application does not know yet */
};

struct auger_mdns_question {
    enum auger_mdns_question_state state;
    char name[AUGER_MDNS_NAME_MAX];
    uint64_t token;
    uint8_t times; /* it has been asked */
    bool pending[AUGER_MDNS_FAMILIES];
    auger_time next_at;     /* asked again, or given up */
    struct auger_addr addr; /* none: nobody answered, or with two addresses */
    bool conflict;
};

struct auger_mdns_questions {
    struct auger_mdns_question *items;
    uint16_t max;
};

int auger_mdns_questions_init(struct auger_mdns_questions *questions, const struct auger_env *env,
                              uint16_t max) AUGER_CHECK_RESULT;
void auger_mdns_questions_fini(struct auger_mdns_questions *questions, const struct auger_env *env);

int auger_mdns_questions_ask(struct auger_mdns_questions *questions, auger_time now,
                             const char *name, uint64_t token) AUGER_CHECK_RESULT;
void auger_mdns_questions_forget(struct auger_mdns_questions *questions, uint64_t token);

/* Takes what `msg`, an answer, says of names that were asked for. */
void auger_mdns_questions_hear(struct auger_mdns_questions *questions, struct auger_dns_msg *msg);
/* Asks again, or gives up, what is due. */
void auger_mdns_questions_handle_timeout(struct auger_mdns_questions *questions, auger_time now);
size_t auger_mdns_questions_write(struct auger_mdns_questions *questions, struct auger_addr *to,
                                  uint8_t *buf, size_t cap);
bool auger_mdns_questions_poll(struct auger_mdns_questions *questions,
                               struct auger_mdns_event *event);
auger_time auger_mdns_questions_next_timeout(const struct auger_mdns_questions *questions);

#endif /* AUGER_MDNS_QUESTION_H */
