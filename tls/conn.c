/* tls/conn.c - one connection: its handshake, its end and why, and for datagrams when a flight
 * is sent again (RFC 6347 section 4.2.4). */
#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"
#include "crypto/record_filter.h"
#include "tls/bio.h"
#include "tls/context.h"
#include "tls/verify.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define RETRANSMIT_MAX (4 * AUGER_SEC)
#define REPEATS_MAX 12     /* of a flight: one more, and OpenSSL gives up */
#define REPEATS_STUCK 4    /* of one behind which something came: what came may be forged */
#define TRIES_MAX 3        /* of a client of datagrams */
#define SEALED_OVERHEAD 64 /* of a record, at most */
#define ALERT_REASONS 1000 /* OpenSSL's reasons from here on are alerts */

struct auger_tls {
    const struct auger_env *env;
    struct auger_tls_context *context;
    SSL *ssl;
    struct auger_tls_pipe pipe;
    struct auger_tls_bio bio;
    struct auger_record_filter filter; /* of datagrams */
    enum auger_tls_state state;
    enum auger_tls_failure failure;
    auger_time deadline_at, retransmit_at, interval;
    uint32_t flight;
    unsigned repeats; /* of that flight */
    unsigned tries;
    auger_time again_at;                /* the next one begins; AUGER_NEVER: one is under way */
    enum auger_tls_failure spoilt_by;   /* of the latest that failed, */
    char spoilt_why[AUGER_TLS_WHY_MAX]; /* which says more than that there was no time */
    uint8_t cookie[AUGER_TLS_COOKIE_LEN];
    char name[AUGER_TLS_NAME_MAX]; /* whom a client asked for */
    char why[AUGER_TLS_WHY_MAX];
    char alpn[256];
};

/* --- states -------------------------------------------------------------------------------- */

static const char *state_name(enum auger_tls_state state)
{
    static const char *const names[] = {"connecting", "connected", "closed", "failed"};

    return names[state];
}

static void set_state(struct auger_tls *tls, auger_time now, enum auger_tls_state state)
{
    assert(state > tls->state && tls->state < AUGER_TLS_CLOSED);
    tls->state = state;
    tls->deadline_at = tls->retransmit_at = tls->again_at = AUGER_NEVER;
    tls->pipe.packs = false;
    auger_trace(tls->env, now, "tls:state", AUGER_F_TEXT("state", state_name(state)),
                AUGER_F_TEXT("why", tls->why));
}

/* Anybody could have sent what has spoilt it (6347, 4.1.2.7). */
static bool may_try_again(const struct auger_tls *tls)
{
    return tls->pipe.datagrams && tls->context->role == AUGER_TLS_CLIENT &&
           tls->state == AUGER_TLS_CONNECTING && tls->tries < TRIES_MAX;
}

/* Later, so that what is left of this try has come by then, and is for nobody. */
static void put_off(struct auger_tls *tls, auger_time now)
{
    auger_time wait = tls->context->retransmit << 2 * (tls->tries - 1);

    auger_trace(tls->env, now, "tls:again", AUGER_F_TEXT("why", tls->why),
                AUGER_F_TIME("wait", wait));
    tls->spoilt_by = tls->failure;
    memcpy(tls->spoilt_why, tls->why, sizeof(tls->why));
    tls->failure = AUGER_TLS_OK;
    tls->why[0] = '\0';
    tls->retransmit_at = AUGER_NEVER;
    tls->again_at = auger_time_add(now, wait);
}

static void fail(struct auger_tls *tls, auger_time now, enum auger_tls_failure failure,
                 const char *why)
{
    tls->failure = failure;
    if (why)
        snprintf(tls->why, sizeof(tls->why), "%s", why);
    if (may_try_again(tls))
        put_off(tls, now);
    else
        set_state(tls, now, AUGER_TLS_FAILED);
}

/* --- what OpenSSL says --------------------------------------------------------------------- */

/* Called for each thing that is wrong with a chain; the first is what is told. */
static int judge(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct auger_tls *tls = SSL_get_app_data(ssl);

    if (!ok && tls->failure == AUGER_TLS_OK)
        tls->failure = auger_tls_verify_explain(store, tls->name, tls->why, sizeof(tls->why));
    return ok;
}

static void explain_error(struct auger_tls *tls, auger_time now)
{
    unsigned long error = ERR_peek_last_error();
    int reason = ERR_GET_REASON(error);
    const char *text = ERR_reason_error_string(error);

    if (tls->failure != AUGER_TLS_OK) {
        fail(tls, now, tls->failure, NULL);
    } else if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > ALERT_REASONS) {
        snprintf(tls->why, sizeof(tls->why), "the other side gave up: %s",
                 SSL_alert_desc_string_long(reason - ALERT_REASONS));
        fail(tls, now, AUGER_TLS_REFUSED, NULL);
    } else if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST) {
        fail(tls, now, AUGER_TLS_PROTOCOL, "what the other side speaks is not TLS");
    } else {
        snprintf(tls->why, sizeof(tls->why), "the handshake failed: %s",
                 text ? text : "no reason given");
        fail(tls, now, AUGER_TLS_PROTOCOL, NULL);
    }
}

static void remember_alpn(struct auger_tls *tls)
{
    const unsigned char *name;
    unsigned len;

    SSL_get0_alpn_selected(tls->ssl, &name, &len);
    if (len > 0 && len < sizeof(tls->alpn))
        memcpy(tls->alpn, name, len);
}

/* Another flight waits for its answer. */
static void follow_flight(struct auger_tls *tls, auger_time now)
{
    if (!tls->pipe.datagrams || tls->state != AUGER_TLS_CONNECTING ||
        tls->again_at != AUGER_NEVER || tls->bio.timer.flight == tls->flight)
        return;
    tls->flight = tls->bio.timer.flight;
    tls->repeats = 0;
    tls->interval = tls->context->retransmit;
    tls->retransmit_at = auger_time_add(now, tls->interval);
}

static bool is_waiting(const struct auger_tls *tls, int result)
{
    int error = SSL_get_error(tls->ssl, result);

    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void shake(struct auger_tls *tls, auger_time now)
{
    if (tls->state != AUGER_TLS_CONNECTING || tls->again_at != AUGER_NEVER)
        return;
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    if (result == 1) {
        remember_alpn(tls);
        set_state(tls, now, AUGER_TLS_CONNECTED);
    } else if (!is_waiting(tls, result)) {
        explain_error(tls, now);
    }
    ERR_clear_error();
    follow_flight(tls, now);
}

/* --- life ---------------------------------------------------------------------------------- */

/* SNI holds no address (RFC 6066 section 3); a certificate may. */
static bool ask_for(struct auger_tls *tls, const char *name)
{
    struct auger_addr addr;

    snprintf(tls->name, sizeof(tls->name), "%s", name);
    if (auger_addr_parse_ip(&addr, name, strlen(name), 0) == 0)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), name) == 1;
    SSL_set_hostflags(tls->ssl,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return SSL_set1_host(tls->ssl, name) == 1 && SSL_set_tlsext_host_name(tls->ssl, tls->name) == 1;
}

static bool set_up(struct auger_tls *tls, const char *name)
{
    const struct auger_tls_context *context = tls->context;

    tls->ssl = SSL_new(context->ctx);
    BIO *bio = tls->ssl ? auger_tls_bio_new(context->pipes, &tls->bio) : NULL;
    if (!bio)
        return false;
    SSL_set_bio(tls->ssl, bio, bio);
    if (SSL_set_app_data(tls->ssl, tls) != 1)
        return false;
    if (context->datagrams)
        SSL_set_mtu(tls->ssl, context->mtu);
    if (!name) {
        SSL_set_accept_state(tls->ssl);
        return true;
    }
    SSL_set_connect_state(tls->ssl);
    SSL_set_verify(tls->ssl, context->trusts_anybody ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                   context->trusts_anybody ? NULL : judge);
    return ask_for(tls, name);
}

static int make(struct auger_tls **out, struct auger_tls_context *context, auger_time now,
                const char *name)
{
    struct auger_tls *tls = auger_env_alloc(context->env, 1, sizeof(*tls));

    if (!tls)
        return AUGER_ERR_NO_MEMORY;
    tls->env = context->env;
    tls->context = auger_tls_context_hold(context);
    tls->pipe.datagrams = tls->pipe.packs = context->datagrams;
    tls->pipe.mtu = context->mtu;
    tls->bio.pipe = &tls->pipe;
    tls->deadline_at = auger_time_add(now, context->deadline);
    tls->retransmit_at = tls->again_at = AUGER_NEVER;
    tls->tries = 1;
    ERR_clear_error();
    if (!set_up(tls, name)) {
        ERR_clear_error();
        auger_tls_free(tls);
        return AUGER_ERR_CRYPTO;
    }
    *out = tls;
    return 0;
}

int auger_tls_new(struct auger_tls **out, struct auger_tls_context *context, auger_time now,
                  const char *name)
{
    bool is_client = context->role == AUGER_TLS_CLIENT;

    if (is_client != (name != NULL) || (!is_client && context->datagrams) ||
        (name && (*name == '\0' || strlen(name) >= AUGER_TLS_NAME_MAX)))
        return AUGER_ERR_INVALID;
    int err = make(out, context, now, name);
    if (err == 0)
        shake(*out, now);
    return err;
}

void auger_tls_free(struct auger_tls *tls)
{
    if (!tls)
        return;
    SSL_free(tls->ssl);
    auger_tls_context_free(tls->context);
    auger_env_release(tls->env, tls);
}

/* --- a client of datagrams ----------------------------------------------------------------- */

const uint8_t *auger_tls_cookie_of(const struct auger_tls *tls)
{
    return tls->cookie;
}

/* OpenSSL asks for the cookie that the client has; its question is heard by nobody. */
static void prime(struct auger_tls *tls, auger_time now, const struct auger_tls_hello *hello)
{
    uint8_t primer[AUGER_TLS_PRIMER_MAX];
    size_t len = auger_tls_cookie_primer(primer, sizeof(primer));

    memcpy(tls->cookie, hello->cookie.data, sizeof(tls->cookie));
    (void)auger_tls_pipe_feed(&tls->pipe, primer, len);
    shake(tls, now);
    tls->filter = (struct auger_record_filter){
        .is_server = true, .has_verified = true, .next_seq = 1 /* the primer had 0 */};
    tls->pipe.out_len = tls->pipe.lens_len = 0;
    tls->bio.numbers = true;
    tls->bio.next_seq = hello->record_seq;
}

bool auger_tls_is_proved(const struct auger_tls_context *context, auger_time now,
                         const struct auger_addr *from, const uint8_t *buf, size_t len)
{
    struct auger_tls_hello hello;

    return context->cookies && auger_tls_hello_read(&hello, buf, len) &&
           auger_tls_cookie_is_proved(context->cookies, now, from, &hello);
}

int auger_tls_accept(struct auger_tls **out, struct auger_tls_context *context, auger_time now,
                     const struct auger_addr *from, const uint8_t *buf, size_t len, uint8_t *reply,
                     size_t cap)
{
    uint8_t cookie[AUGER_TLS_COOKIE_LEN];
    struct auger_tls_hello hello;

    *out = NULL;
    if (!context->cookies)
        return AUGER_ERR_STATE;
    if (!auger_tls_hello_read(&hello, buf, len))
        return 0;
    if (auger_tls_cookie_is_proved(context->cookies, now, from, &hello)) {
        int err = make(out, context, now, NULL);
        if (err == 0) {
            prime(*out, now, &hello);
            (void)auger_tls_feed(*out, now, buf, len);
        }
        return err;
    }
    if (hello.message_seq != 0)
        return 0;
    int err = auger_tls_cookie_make(context->cookies, now, from, &hello, cookie);
    return err < 0 ? err : (int)auger_tls_cookie_answer(&hello, cookie, len, reply, cap);
}

/* --- bytes --------------------------------------------------------------------------------- */

static bool is_over(const struct auger_tls *tls)
{
    return tls->state == AUGER_TLS_CLOSED || tls->state == AUGER_TLS_FAILED;
}

static void give(struct auger_tls *tls, auger_time now, const uint8_t *records, size_t len)
{
    if (len == 0)
        return;
    (void)auger_tls_pipe_feed(&tls->pipe, records, len);
    shake(tls, now);
    tls->filter.finished = tls->state != AUGER_TLS_CONNECTING;
}

/* RFC 6347 section 4.1.2.7: of what anybody could have sent OpenSSL hears what may be of use. */
static size_t feed_datagram(struct auger_tls *tls, auger_time now, const uint8_t *buf, size_t len)
{
    uint8_t in[AUGER_TLS_IN_MAX], verify[AUGER_VERIFY_MAX];

    if (len > sizeof(in))
        return 0;
    if (tls->again_at != AUGER_NEVER)
        return len;
    struct auger_record_parts parts = auger_record_filter_split(&tls->filter, buf, len, in);
    give(tls, now, in, parts.clear + parts.handshake + parts.sealed);
    give(tls, now, verify, auger_record_filter_take_verify(&tls->filter, verify));
    return len;
}

size_t auger_tls_feed(struct auger_tls *tls, auger_time now, const uint8_t *buf, size_t len)
{
    if (is_over(tls))
        return len;
    if (tls->pipe.datagrams)
        return feed_datagram(tls, now, buf, len);
    size_t taken = auger_tls_pipe_feed(&tls->pipe, buf, len);
    shake(tls, now);
    return taken;
}

/* It was up, and is not any more. */
static void end(struct auger_tls *tls, auger_time now, int result)
{
    if (SSL_get_error(tls->ssl, result) != SSL_ERROR_ZERO_RETURN) {
        explain_error(tls, now);
        return;
    }
    SSL_shutdown(tls->ssl); /* answered in kind: RFC 5246 section 7.2.1 */
    set_state(tls, now, AUGER_TLS_CLOSED);
}

/* The rest of a datagram that the caller has no room for. */
static void drop_rest(struct auger_tls *tls)
{
    uint8_t rest[256];

    while (tls->pipe.datagrams && SSL_pending(tls->ssl) > 0 &&
           SSL_read(tls->ssl, rest, sizeof(rest)) > 0)
        continue;
}

size_t auger_tls_read(struct auger_tls *tls, auger_time now, uint8_t *buf, size_t cap)
{
    size_t len = 0;

    if (tls->state != AUGER_TLS_CONNECTED)
        return 0;
    ERR_clear_error();
    int result = SSL_read_ex(tls->ssl, buf, cap, &len);
    if (result == 1)
        drop_rest(tls);
    else if (!is_waiting(tls, result))
        end(tls, now, result);
    ERR_clear_error();
    return len;
}

int auger_tls_write(struct auger_tls *tls, auger_time now, const uint8_t *data, size_t len)
{
    size_t room = auger_tls_pipe_room(&tls->pipe), written = 0;

    if (is_over(tls))
        return AUGER_ERR_STATE;
    if (tls->pipe.datagrams && len > AUGER_TLS_DATAGRAM_MAX)
        return AUGER_ERR_TOO_LARGE;
    if (tls->state == AUGER_TLS_CONNECTING || room <= SEALED_OVERHEAD ||
        (tls->pipe.datagrams && room < len + SEALED_OVERHEAD))
        return AUGER_ERR_AGAIN;
    if (len > room - SEALED_OVERHEAD)
        len = room - SEALED_OVERHEAD; /* of a stream */
    if (len == 0)
        return 0;
    ERR_clear_error();
    int result = SSL_write_ex(tls->ssl, data, len, &written);
    if (result != 1 && !is_waiting(tls, result)) {
        explain_error(tls, now);
        ERR_clear_error();
        return AUGER_ERR_STATE;
    }
    return written > 0 ? (int)written : AUGER_ERR_AGAIN;
}

size_t auger_tls_take(struct auger_tls *tls, auger_time now, uint8_t *buf, size_t cap)
{
    size_t len = auger_tls_pipe_take(&tls->pipe, buf, cap);

    if (len > 0 && !tls->pipe.datagrams)
        shake(tls, now); /* a long chain may have waited for room */
    return len;
}

void auger_tls_close(struct auger_tls *tls, auger_time now)
{
    if (is_over(tls))
        return;
    ERR_clear_error();
    if (tls->state == AUGER_TLS_CONNECTED)
        SSL_shutdown(tls->ssl);
    ERR_clear_error();
    set_state(tls, now, AUGER_TLS_CLOSED);
}

/* --- time ---------------------------------------------------------------------------------- */

static void repeat(struct auger_tls *tls, auger_time now)
{
    if (tls->repeats == REPEATS_MAX) {
        tls->retransmit_at = AUGER_NEVER; /* the deadline ends it */
        return;
    }
    auger_trace(tls->env, now, "tls:retransmit", AUGER_F_TIME("interval", tls->interval));
    tls->repeats++;
    tls->interval = auger_time_min(2 * tls->interval, RETRANSMIT_MAX);
    tls->retransmit_at = auger_time_add(now, tls->interval);
    auger_dtls_timer_fire(&tls->bio.timer);
    tls->bio.timer.repeats = true;
    ERR_clear_error();
    (void)DTLSv1_handle_timeout(tls->ssl);
    ERR_clear_error();
    tls->bio.timer.repeats = false;
}

/* From the beginning, with new random bytes.  false: there is no memory for it. */
static bool begin_anew(struct auger_tls *tls)
{
    char name[AUGER_TLS_NAME_MAX];
    SSL *former = tls->ssl;

    memcpy(name, tls->name, sizeof(name));
    tls->bio = (struct auger_tls_bio){.pipe = &tls->pipe};
    tls->filter = (struct auger_record_filter){.hello_first = true};
    tls->pipe.in_len = 0;
    tls->flight = 0;
    tls->repeats = 0;
    ERR_clear_error();
    bool done = set_up(tls, name);
    ERR_clear_error();
    SSL_free(done ? former : tls->ssl);
    if (!done)
        tls->ssl = former;
    return done;
}

static void try_again(struct auger_tls *tls, auger_time now)
{
    tls->again_at = AUGER_NEVER;
    tls->tries++;
    if (begin_anew(tls))
        shake(tls, now);
    else
        fail(tls, now, AUGER_TLS_PROTOCOL, "no memory for another handshake");
}

/* It was answered, and goes no further: who sends a cookie waits for it, and a message that is too
 * long for what the server sends is never whole. */
static bool is_stuck(const struct auger_tls *tls)
{
    return tls->repeats >= REPEATS_STUCK && may_try_again(tls) &&
           (tls->filter.has_hello || tls->filter.has_verified);
}

static void run_out_of_time(struct auger_tls *tls, auger_time now)
{
    char why[AUGER_TLS_WHY_MAX];

    tls->tries = TRIES_MAX;
    snprintf(why, sizeof(why), "the handshake was not done within %d s",
             (int)(tls->context->deadline / AUGER_SEC));
    if (tls->spoilt_by == AUGER_TLS_OK)
        fail(tls, now, AUGER_TLS_TIMEOUT, why);
    else
        fail(tls, now, tls->spoilt_by, tls->spoilt_why);
}

void auger_tls_handle_timeout(struct auger_tls *tls, auger_time now)
{
    if (tls->state != AUGER_TLS_CONNECTING)
        return;
    if (now >= tls->deadline_at) {
        run_out_of_time(tls, now);
    } else if (now >= tls->again_at) {
        try_again(tls, now);
    } else if (now >= tls->retransmit_at) {
        if (is_stuck(tls))
            fail(tls, now, AUGER_TLS_PROTOCOL, "the handshake went no further");
        else
            repeat(tls, now);
    }
}

auger_time auger_tls_next_timeout(const struct auger_tls *tls)
{
    return auger_time_min(auger_time_min(tls->deadline_at, tls->again_at), tls->retransmit_at);
}

/* --- looking inside ------------------------------------------------------------------------ */

enum auger_tls_state auger_tls_get_state(const struct auger_tls *tls)
{
    return tls->state;
}

enum auger_tls_failure auger_tls_get_failure(const struct auger_tls *tls)
{
    return tls->failure;
}

const char *auger_tls_why(const struct auger_tls *tls)
{
    return tls->why;
}

const char *auger_tls_version(const struct auger_tls *tls)
{
    return SSL_is_init_finished(tls->ssl) ? SSL_get_version(tls->ssl) : "";
}

const char *auger_tls_cipher(const struct auger_tls *tls)
{
    return SSL_is_init_finished(tls->ssl) ? SSL_get_cipher_name(tls->ssl) : "";
}

const char *auger_tls_alpn(const struct auger_tls *tls)
{
    return tls->alpn;
}
