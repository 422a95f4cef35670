/* turn/exchange.c - one request until it is answered for good: RFC 8489 sections 6.2, 6.3.3,
 * 6.3.4 and 9.2.5. */
#include "turn/exchange.h"
#include "base/time.h"
#include "base/trace.h"
#include "turn/error.h"

#define RELIABLE_WAIT (39500 * AUGER_MS) /* 6.2.2 */
#define STALE_BACKOFF (500 * AUGER_MS)
#define REFUSED_WAIT (3 * AUGER_STUN_RTO) /* one repetition has its answer by then */

/* 6.2.2: a reliable transport repeats nothing. */
static int start_transaction(struct auger_exchange *ex, const struct auger_env *env, auger_time now)
{
    int err = auger_stun_transaction_start(&ex->tx, env, now,
                                           ex->is_reliable ? RELIABLE_WAIT : AUGER_STUN_RTO);

    if (err == 0 && ex->is_reliable)
        ex->tx.rc = ex->tx.rm = 1;
    return err;
}

int auger_exchange_start(struct auger_exchange *ex, const struct auger_env *env, auger_time now,
                         uint16_t method, bool is_reliable)
{
    struct auger_exchange fresh = {.method = method,
                                   .is_running = true,
                                   .is_reliable = is_reliable,
                                   .noes = ex->noes,
                                   .refused_by = AUGER_NEVER};

    int err = start_transaction(&fresh, env, now);
    if (err == 0)
        *ex = fresh;
    return err;
}

void auger_exchange_stop(struct auger_exchange *ex)
{
    ex->is_running = false;
    ex->noes = 0;
}

static enum auger_exchange_outcome fail(struct auger_exchange *ex, enum auger_turn_error error)
{
    auger_exchange_stop(ex);
    ex->error = (uint8_t)error;
    return AUGER_EXCHANGE_FAILED;
}

/* --- the request ------------------------------------------------------------------- */

void auger_exchange_begin(struct auger_exchange *ex, struct auger_stun_builder *b, uint8_t *buf,
                          size_t cap)
{
    auger_stun_build_begin(b, buf, cap, AUGER_STUN_REQUEST, ex->method, &ex->tx.id);
}

/* A repetition has the nonce of now, which another request may have brought. */
size_t auger_exchange_end(struct auger_exchange *ex, const struct auger_turn_credentials *c,
                          auger_time now, struct auger_stun_builder *b)
{
    auger_longterm_write(c, b);
    int len = auger_stun_build_end(b);
    if (len == AUGER_ERR_BUFFER)
        return 0;
    ex->is_authenticated = auger_longterm_are_asked_for(c);
    auger_stun_transaction_sent(&ex->tx, now);
    auger_trace(c->env, now, "turn:request_sent", AUGER_F_INT("method", ex->method),
                AUGER_F_INT("attempt", ex->tx.sent),
                AUGER_F_INT("authenticated", ex->is_authenticated));
    return len < 0 ? 0 : (size_t)len;
}

/* --- the answer -------------------------------------------------------------------- */

bool auger_exchange_matches(const struct auger_exchange *ex, const struct auger_stun_msg *msg)
{
    return ex->is_running && msg->method == ex->method &&
           (msg->class_ == AUGER_STUN_SUCCESS || msg->class_ == AUGER_STUN_ERROR) &&
           auger_stun_transaction_matches(&ex->tx, &msg->tid);
}

/* 9.2.5: as if it had never come; on a reliable transport nothing else will. */
static enum auger_exchange_outcome doubt(struct auger_exchange *ex, const struct auger_env *env,
                                         auger_time now, const char *reason)
{
    auger_trace(env, now, "turn:response_doubted", AUGER_F_INT("method", ex->method),
                AUGER_F_INT("code", ex->code), AUGER_F_TEXT("reason", reason));
    ex->is_doubted = ex->is_authenticated;
    return ex->is_reliable ? fail(ex, AUGER_TURN_ERROR_INTEGRITY) : AUGER_EXCHANGE_PENDING;
}

/* A challenge to a request with credentials that cannot be followed is an end (9.2.5).  Whoever
 * sees the request can have sent it, if it is not signed: the transaction goes on for a little,
 * in which the server's own answer counts. */
static enum auger_exchange_outcome refuse(struct auger_exchange *ex,
                                          const struct auger_turn_credentials *c, auger_time now,
                                          const struct auger_stun_msg *msg,
                                          enum auger_turn_error error)
{
    if (ex->is_reliable || !ex->is_authenticated || auger_longterm_prove(c, msg))
        return fail(ex, error);
    auger_trace(c->env, now, "turn:response_doubted", AUGER_F_INT("method", ex->method),
                AUGER_F_INT("code", ex->code), AUGER_F_TEXT("reason", "refused by nobody's name"));
    if (ex->refused_by == AUGER_NEVER)
        ex->refused_by = auger_time_add(now, REFUSED_WAIT);
    ex->refusal = ex->code;
    ex->error = (uint8_t)error;
    return AUGER_EXCHANGE_PENDING;
}

/* 438 over and over: every second time slower, then no more.  A nonce that waited with us may be
 * stale for that reason alone, and the one that it is refused with goes at once. */
static auger_time wait_of(const struct auger_exchange *ex)
{
    return ex->stales > 0 && ex->stales % 2 == 0 ? (ex->stales - 1) * STALE_BACKOFF : 0;
}

/* 401 to a request with credentials: there is nothing to change (9.2.5). */
static enum auger_exchange_outcome ask_again(struct auger_exchange *ex,
                                             struct auger_turn_credentials *c, auger_time now,
                                             const struct auger_stun_msg *msg)
{
    if (msg->error_code == AUGER_STUN_UNAUTHENTICATED && ex->is_authenticated)
        return refuse(ex, c, now, msg, AUGER_TURN_ERROR_UNAUTHENTICATED);
    if (msg->error_code == AUGER_STUN_STALE_NONCE && ex->stales++ == AUGER_EXCHANGE_STALE_MAX)
        return fail(ex, AUGER_TURN_ERROR_STALE_NONCE);
    enum auger_turn_error error = auger_longterm_take(c, msg);
    auger_trace(c->env, now, "turn:challenged", AUGER_F_INT("method", ex->method),
                AUGER_F_INT("code", msg->error_code), AUGER_F_INT("algorithm", c->algorithm),
                AUGER_F_INT("userhash", c->is_hashed),
                AUGER_F_TEXT("reason", error ? auger_turn_error_text(error) : ""));
    if (error != AUGER_TURN_ERROR_NONE)
        return refuse(ex, c, now, msg, error);
    if (start_transaction(ex, c->env, auger_time_add(now, wait_of(ex))) < 0)
        return fail(ex, AUGER_TURN_ERROR_RESOURCES);
    ex->is_authenticated = false;
    ex->refused_by = AUGER_NEVER;
    return AUGER_EXCHANGE_PENDING;
}

static bool has_integrity(const struct auger_stun_msg *msg)
{
    return msg->integrity_offset || msg->integrity256_offset;
}

/* What is believed of an answer that neither asks for credentials nor wants another nonce. */
static enum auger_exchange_outcome conclude(struct auger_exchange *ex,
                                            const struct auger_stun_msg *msg)
{
    if (msg->class_ == AUGER_STUN_ERROR)
        return fail(ex, auger_turn_error_of(msg->error_code));
    if (msg->unknown_len > 0) /* 6.3.3 */
        return fail(ex, AUGER_TURN_ERROR_MALFORMED);
    auger_exchange_stop(ex);
    return AUGER_EXCHANGE_SUCCEEDED;
}

enum auger_exchange_outcome auger_exchange_handle_response(struct auger_exchange *ex,
                                                           struct auger_turn_credentials *c,
                                                           auger_time now,
                                                           const struct auger_stun_msg *msg)
{
    ex->code = msg->class_ == AUGER_STUN_ERROR ? msg->error_code : 0;
    if (ex->code == AUGER_STUN_UNAUTHENTICATED || ex->code == AUGER_STUN_STALE_NONCE)
        return ask_again(ex, c, now, msg);
    if (auger_longterm_is_stripped(msg))
        return doubt(ex, c->env, now, "no PASSWORD-ALGORITHMS");
    if (ex->is_authenticated && !auger_longterm_prove(c, msg))
        return doubt(ex, c->env, now, "integrity");
    /* 9.2.5: one that nobody signed is never believed, even before there is a key. */
    if (ex->code == AUGER_STUN_BAD_REQUEST && !has_integrity(msg))
        return doubt(ex, c->env, now, "400 without integrity");
    return conclude(ex, msg);
}

enum auger_exchange_outcome auger_exchange_handle_timeout(struct auger_exchange *ex, auger_time now)
{
    if (!ex->is_running)
        return AUGER_EXCHANGE_PENDING;
    if (now >= ex->refused_by) {
        uint8_t noes = ex->noes + 1;
        ex->code = ex->refusal;
        enum auger_exchange_outcome outcome = fail(ex, (enum auger_turn_error)ex->error);
        ex->noes = noes;
        return outcome;
    }
    if (!auger_stun_transaction_is_expired(&ex->tx, now))
        return AUGER_EXCHANGE_PENDING;
    return fail(ex, ex->is_doubted ? AUGER_TURN_ERROR_INTEGRITY : AUGER_TURN_ERROR_TIMEOUT);
}

auger_time auger_exchange_next_timeout(const struct auger_exchange *ex)
{
    if (!ex->is_running)
        return AUGER_NEVER;
    return auger_time_min(ex->refused_by, auger_stun_transaction_next_timeout(&ex->tx));
}

/* A request that was damaged on its way is refused like one of a wrong password, and what would
 * have told them apart may be lost (docs/decisions/236). */
bool auger_exchange_may_ask_again(const struct auger_exchange *ex)
{
    return auger_turn_error_is_transient((enum auger_turn_error)ex->error) ||
           (ex->noes > 0 && ex->noes < AUGER_EXCHANGE_NOES_MAX);
}
