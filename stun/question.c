/* stun/question.c - one question to a STUN server, and what came of it: RFC 8489 sections
 * 6.1 to 6.3.4.  The server is server.c, the schedule of the requests transaction.c. */
#include "stun/question.h"

int auger_stun_question_start(struct auger_stun_question *question, const struct auger_env *env,
                              auger_time now, auger_time rto)
{
    struct auger_stun_question fresh = {.state = AUGER_STUN_CLIENT_ASKING};

    int err = auger_stun_transaction_start(&fresh.tx, env, now, rto);
    if (err < 0)
        return err;
    *question = fresh;
    return 0;
}

/* --- asking ------------------------------------------------------------------------ */

/* 6.1: a Binding request without authentication needs no attribute.  SOFTWARE is
 * left out (docs/decisions/006), FINGERPRINT is of no use to a server that speaks
 * nothing else (12). */
size_t auger_stun_question_write(struct auger_stun_question *question, auger_time now, uint8_t *buf,
                                 size_t cap)
{
    struct auger_stun_builder b;

    if (question->state != AUGER_STUN_CLIENT_ASKING ||
        !auger_stun_transaction_is_due(&question->tx, now))
        return 0;
    auger_stun_build_begin(&b, buf, cap, AUGER_STUN_REQUEST, AUGER_STUN_BINDING, &question->tx.id);
    int len = auger_stun_build_end(&b);
    if (len < 0)
        return 0;
    auger_stun_transaction_sent(&question->tx, now);
    return (size_t)len;
}

void auger_stun_question_handle_timeout(struct auger_stun_question *question, auger_time now)
{
    if (question->state == AUGER_STUN_CLIENT_ASKING &&
        auger_stun_transaction_is_expired(&question->tx, now))
        question->state = AUGER_STUN_CLIENT_TIMEOUT;
}

auger_time auger_stun_question_next_timeout(const struct auger_stun_question *question)
{
    return question->state == AUGER_STUN_CLIENT_ASKING
               ? auger_stun_transaction_next_timeout(&question->tx)
               : AUGER_NEVER;
}

/* --- the answer -------------------------------------------------------------------- */

bool auger_stun_question_matches(const struct auger_stun_question *question,
                                 const struct auger_stun_tid *tid)
{
    return question->state == AUGER_STUN_CLIENT_ASKING &&
           auger_stun_transaction_matches(&question->tx, tid);
}

/* 6.3.3.  A server of RFC 3489 knows no XOR-MAPPED-ADDRESS. */
static bool read_mapped(const struct auger_stun_msg *msg, struct auger_addr *mapped)
{
    return auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, mapped) ||
           auger_stun_msg_addr(msg, AUGER_STUN_ATTR_MAPPED_ADDRESS, mapped);
}

/* 6.3.3 and 6.3.4: what is not understood, and every error, ends the transaction.
 * A redirection (300) would have to be authenticated (14.8), and this usage is not;
 * to ask again after 5xx is left to the owner. */
static void conclude(struct auger_stun_question *question, const struct auger_stun_msg *msg,
                     struct auger_addr *mapped)
{
    if (msg->class_ == AUGER_STUN_SUCCESS && msg->unknown_len == 0 && read_mapped(msg, mapped)) {
        question->state = AUGER_STUN_CLIENT_ANSWERED;
    } else {
        question->state = AUGER_STUN_CLIENT_REFUSED;
        question->error_code = msg->class_ == AUGER_STUN_ERROR ? msg->error_code : 0;
    }
}

bool auger_stun_question_handle_response(struct auger_stun_question *question,
                                         const struct auger_addr *server,
                                         const struct auger_addr *from,
                                         const struct auger_stun_msg *msg,
                                         struct auger_addr *mapped)
{
    if (msg->method != AUGER_STUN_BINDING ||
        (msg->class_ != AUGER_STUN_SUCCESS && msg->class_ != AUGER_STUN_ERROR) ||
        !auger_stun_question_matches(question, &msg->tid) || !auger_addr_equal(from, server))
        return false;
    conclude(question, msg, mapped);
    return true;
}
