/* stun/transaction.h - one client transaction: RFC 8489 section 6.2.
 * Knows when to send and when to give up; the message and its owner lie above. */
#ifndef AUGER_STUN_TRANSACTION_H
#define AUGER_STUN_TRANSACTION_H

#include <auger/stun.h>

#define AUGER_STUN_RTO (500 * AUGER_MS)
#define AUGER_STUN_RC 7  /* requests in all */
#define AUGER_STUN_RM 16 /* RTOs to wait after the last one */

struct auger_stun_transaction {
    auger_time first_sent_at; /* AUGER_NEVER: not sent yet */
    auger_time last_sent_at;  /* of a fresh one: when it is due */
    auger_time rto;           /* the initial one */
    struct auger_stun_tid id;
    uint8_t sent, rc, rm;
};

/* A fresh id from env; due at `now`.  AUGER_ERR_ENTROPY.  rc and rm are set to
 * the defaults above and may be changed before the first request. */
int auger_stun_transaction_start(struct auger_stun_transaction *t, const struct auger_env *env,
                                 auger_time now, auger_time rto) AUGER_CHECK_RESULT;
/* Whether a request is due. */
bool auger_stun_transaction_is_due(const struct auger_stun_transaction *t, auger_time now);
/* To be called as the request leaves. */
void auger_stun_transaction_sent(struct auger_stun_transaction *t, auger_time now);
/* Whether the last wait has run out. */
bool auger_stun_transaction_is_expired(const struct auger_stun_transaction *t, auger_time now);
/* When it is next due or expires. */
auger_time auger_stun_transaction_next_timeout(const struct auger_stun_transaction *t);
bool auger_stun_transaction_matches(const struct auger_stun_transaction *t,
                                    const struct auger_stun_tid *id);

#endif /* AUGER_STUN_TRANSACTION_H */
