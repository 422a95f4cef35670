/* turn/exchange.h - one request of ours until it is answered for good: its transactions,
 * authentication, and asking again (RFC 8489 sections 6.2 and 9.2.5).  What it asks for is
 * its owner's: allocation.h, permission.h, channel.h. */
#ifndef AUGER_TURN_EXCHANGE_H
#define AUGER_TURN_EXCHANGE_H

#include "stun/transaction.h"
#include "turn/credentials.h"

#define AUGER_EXCHANGE_STALE_MAX 5 /* nonces that may be stale, one after the other */
#define AUGER_EXCHANGE_NOES_MAX 3  /* that nobody signed, until what stands is given up */

enum auger_exchange_outcome {
    AUGER_EXCHANGE_PENDING,
    AUGER_EXCHANGE_SUCCEEDED,
    AUGER_EXCHANGE_FAILED, /* .error and .code say why */
};

struct auger_exchange {
    struct auger_stun_transaction tx;
    auger_time refused_by; /* when a no that nobody signed is believed; AUGER_NEVER: none came */
    uint16_t method;
    uint16_t code;    /* the last error code, believed or not */
    uint16_t refusal; /* the code of that no */
    uint8_t error;    /* enum auger_turn_error, when it failed or was refused */
    uint8_t stales;   /* nonces that were stale */
    uint8_t noes;     /* exchanges in a row that ended with one that nobody signed */
    bool is_running;
    bool is_reliable;
    bool is_authenticated; /* the request that is out carries our credentials */
    bool is_doubted;       /* an answer to that came, and proved nothing */
};

/* Due at `now`.  AUGER_ERR_ENTROPY leaves it as it was.  What is asked again knows of the noes
 * before, until it is stopped. */
int auger_exchange_start(struct auger_exchange *ex, const struct auger_env *env, auger_time now,
                         uint16_t method, bool is_reliable) AUGER_CHECK_RESULT;
void auger_exchange_stop(struct auger_exchange *ex);

/* Between the two the owner adds its attributes.  The length, or 0: the buffer is too small,
 * which costs no attempt, or the crypto library failed, which is one that was lost. */
static inline bool auger_exchange_is_due(const struct auger_exchange *ex, auger_time now)
{
    return ex->is_running && auger_stun_transaction_is_due(&ex->tx, now);
}
void auger_exchange_begin(struct auger_exchange *ex, struct auger_stun_builder *b, uint8_t *buf,
                          size_t cap);
size_t auger_exchange_end(struct auger_exchange *ex, const struct auger_turn_credentials *c,
                          auger_time now, struct auger_stun_builder *b);

/* Whether a response is an answer to what is out. */
bool auger_exchange_matches(const struct auger_exchange *ex, const struct auger_stun_msg *msg);
/* Once it matches. */
enum auger_exchange_outcome auger_exchange_handle_response(struct auger_exchange *ex,
                                                           struct auger_turn_credentials *c,
                                                           auger_time now,
                                                           const struct auger_stun_msg *msg);
enum auger_exchange_outcome auger_exchange_handle_timeout(struct auger_exchange *ex,
                                                          auger_time now);
auger_time auger_exchange_next_timeout(const struct auger_exchange *ex);
/* It has failed, and what it was to renew stands: there is sense in asking again. */
bool auger_exchange_may_ask_again(const struct auger_exchange *ex);

#endif /* AUGER_TURN_EXCHANGE_H */
