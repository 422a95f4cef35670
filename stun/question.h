/* stun/question.h - one question to a STUN server, and what came of it: RFC 8489 sections
 * 6.1 to 6.3.4.  Who it is asked of, its owner knows: client.c, and ice/gather.c with a
 * question in each query.  When requests leave is transaction.h. */
#ifndef AUGER_STUN_QUESTION_H
#define AUGER_STUN_QUESTION_H

#include "stun/transaction.h"

struct auger_stun_question {
    struct auger_stun_transaction tx;
    uint16_t error_code; /* when refused: what ERROR-CODE said, or 0 */
    uint8_t state;       /* enum auger_stun_client_state */
};

/* Due at `now`; one that was asked may be asked again.  AUGER_ERR_ENTROPY leaves it as it
 * was. */
int auger_stun_question_start(struct auger_stun_question *question, const struct auger_env *env,
                              auger_time now, auger_time rto) AUGER_CHECK_RESULT;
/* A request, if one is due; 0: none. */
size_t auger_stun_question_write(struct auger_stun_question *question, auger_time now, uint8_t *buf,
                                 size_t cap);
/* Whether a message answers the question, wherever it came from. */
bool auger_stun_question_matches(const struct auger_stun_question *question,
                                 const struct auger_stun_tid *tid);
/* False, and nothing is changed: it does not answer the question, or `from` is not the
 * server.  `mapped` is written when the answer has it. */
bool auger_stun_question_handle_response(struct auger_stun_question *question,
                                         const struct auger_addr *server,
                                         const struct auger_addr *from,
                                         const struct auger_stun_msg *msg,
                                         struct auger_addr *mapped);
void auger_stun_question_handle_timeout(struct auger_stun_question *question, auger_time now);
auger_time auger_stun_question_next_timeout(const struct auger_stun_question *question);

#endif /* AUGER_STUN_QUESTION_H */
