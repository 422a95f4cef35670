/* dtls/backend_openssl.c - DTLS 1.2 by OpenSSL.  The way to the outside is bio.c, the
 * peer's certificate is judged in verify.c, our own is made in certificate.c. */
#include "base/env.h"
#include "base/time.h"
#include "dtls/backend.h"
#include "dtls/bio.h"
#include "dtls/certificate.h"
#include "dtls/verify.h"

#include <openssl/err.h>

#include <string.h>
#include <sys/time.h>

#define FRAGMENT_MIN 512 /* OpenSSL takes no less */
#define CERT_LIST_MAX 16384

struct auger_dtls_backend {
    struct auger_backend_config config;
    SSL *ssl;
    struct auger_bio bio;
    enum auger_backend_status status;
    enum auger_dtls_failure failure;
};

/* --- the peer's certificate ------------------------------------------------------------ */

/* In place of OpenSSL's own check: a self-signed certificate is as good as its
 * fingerprint, and its dates mean nothing (RFC 8122 section 5). */
static int verify(X509_STORE_CTX *store, void *arg)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct auger_dtls_backend *backend = SSL_get_app_data(ssl);

    (void)arg;
    backend->failure =
        auger_certificate_judge(X509_STORE_CTX_get0_cert(store), backend->config.fingerprints);
    if (backend->failure == AUGER_DTLS_OK)
        return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

/* --- set-up ------------------------------------------------------------------------------ */

static bool set_groups(SSL_CTX *ctx)
{
    int groups[] = {NID_X25519, NID_X9_62_prime256v1, NID_secp384r1};

    return SSL_CTX_set1_groups(ctx, groups, sizeof(groups) / sizeof(groups[0])) == 1;
}

SSL_CTX *auger_backend_ctx_new(void)
{
    SSL_CTX *ctx = SSL_CTX_new(DTLS_method());

    if (!ctx)
        return NULL;
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, verify, NULL);
    SSL_CTX_set_max_cert_list(ctx, CERT_LIST_MAX);
    if (SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) &&
        SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) &&
        SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE+AESGCM:"
                                     "ECDHE+CHACHA20") &&
        set_groups(ctx))
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

/* Where only OpenSSL's own clock can be had, at least its schedule is ours. */
static unsigned int timer_schedule(SSL *ssl, unsigned int previous_us)
{
    const struct auger_dtls_backend *backend = SSL_get_app_data(ssl);
    auger_time next = previous_us ? 2 * previous_us * AUGER_US : backend->config.retransmit;

    if (next > backend->config.retransmit_max)
        next = backend->config.retransmit_max;
    return (unsigned int)(next / AUGER_US);
}

static bool attach_bio(struct auger_dtls_backend *backend)
{
    BIO *handle = auger_bio_new(backend->config.certificate->datagrams, &backend->bio);

    if (handle)
        SSL_set_bio(backend->ssl, handle, handle);
    return handle != NULL;
}

static bool set_up(struct auger_dtls_backend *backend)
{
    const struct auger_backend_config *config = &backend->config;

    backend->ssl = SSL_new(config->certificate->ctx);
    if (!backend->ssl || !attach_bio(backend) || SSL_set_app_data(backend->ssl, backend) != 1)
        return false;
    SSL_set_mtu(backend->ssl, config->mtu);
    /* Bounds the write buffer, and what may be written at once. */
    if (SSL_set_max_send_fragment(backend->ssl,
                                  config->mtu < FRAGMENT_MIN ? FRAGMENT_MIN : config->mtu) != 1)
        return false;
    DTLS_set_timer_cb(backend->ssl, timer_schedule);
    /* 0 is success here. */
    if (config->srtp &&
        SSL_set_tlsext_use_srtp(backend->ssl, "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:"
                                              "SRTP_AES128_CM_SHA1_80") != 0)
        return false;
    if (config->role == AUGER_DTLS_CLIENT)
        SSL_set_connect_state(backend->ssl);
    else
        SSL_set_accept_state(backend->ssl);
    return true;
}

int auger_backend_new(struct auger_dtls_backend **out, const struct auger_backend_config *config)
{
    struct auger_dtls_backend *backend = auger_env_alloc(config->env, 1, sizeof(*backend));

    if (!backend)
        return AUGER_ERR_NO_MEMORY;
    backend->config = *config;
    backend->bio.outbox = config->outbox;
    ERR_clear_error();
    if (!set_up(backend)) {
        auger_backend_free(backend);
        return AUGER_ERR_CRYPTO;
    }
    *out = backend;
    return 0;
}

void auger_backend_free(struct auger_dtls_backend *backend)
{
    if (!backend)
        return;
    SSL_free(backend->ssl);
    auger_env_release(backend->config.env, backend);
}

/* --- the handshake --------------------------------------------------------------------------- */

static void fail(struct auger_dtls_backend *backend, enum auger_dtls_failure failure)
{
    backend->status = AUGER_BACKEND_FAILED;
    backend->failure = failure;
    auger_bio_release_alert(&backend->bio);
}

static void finish(struct auger_dtls_backend *backend)
{
    if (SSL_get_extms_support(backend->ssl) != 1) { /* RFC 7627 section 5 */
        SSL_shutdown(backend->ssl);                 /* the peer believes itself connected */
        fail(backend, AUGER_DTLS_NO_EXTENDED_MASTER_SECRET);
        return;
    }
    backend->status = AUGER_BACKEND_UP;
}

/* Whether OpenSSL's answer ends the association; a datagram that it merely did not
 * like is not. */
static bool is_terminal(const struct auger_dtls_backend *backend, int result)
{
    int error = SSL_get_error(backend->ssl, result);

    return error == SSL_ERROR_SSL || error == SSL_ERROR_ZERO_RETURN ||
           strcmp(SSL_state_string_long(backend->ssl), "error") == 0;
}

/* Why OpenSSL gave up, as far as it was not we who told it to. */
static enum auger_dtls_failure last_failure(const struct auger_dtls_backend *backend)
{
    if (backend->failure != AUGER_DTLS_OK)
        return backend->failure;
    return ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE
               ? AUGER_DTLS_BAD_CERTIFICATE
               : AUGER_DTLS_PROTOCOL;
}

static void shake(struct auger_dtls_backend *backend)
{
    ERR_clear_error();
    int result = SSL_do_handshake(backend->ssl);
    if (result == 1)
        finish(backend);
    else if (is_terminal(backend, result))
        fail(backend, last_failure(backend));
}

enum auger_backend_status auger_backend_feed(struct auger_dtls_backend *backend, const uint8_t *buf,
                                             size_t len)
{
    backend->bio.in = (struct auger_bytes){.data = buf, .len = len};
    if (backend->status == AUGER_BACKEND_HANDSHAKING)
        shake(backend);
    return backend->status;
}

enum auger_backend_status auger_backend_status(const struct auger_dtls_backend *backend)
{
    return backend->status;
}

bool auger_backend_has_keys(const struct auger_dtls_backend *backend)
{
    OSSL_HANDSHAKE_STATE state = SSL_get_state(backend->ssl);

    return state == TLS_ST_CR_CHANGE || state == TLS_ST_SR_CHANGE || state == TLS_ST_OK;
}

enum auger_dtls_failure auger_backend_failure(const struct auger_dtls_backend *backend)
{
    return backend->failure;
}

uint32_t auger_backend_flight(const struct auger_dtls_backend *backend)
{
    bool waits = auger_dtls_timer_is_ours() ? backend->bio.timer.shown != NULL
                                            : auger_backend_wait(backend) != AUGER_NEVER;

    return waits ? backend->bio.timer.flight : 0;
}

auger_time auger_backend_wait(const struct auger_dtls_backend *backend)
{
    struct timeval left;

    if (auger_dtls_timer_is_ours() || DTLSv1_get_timeout(backend->ssl, &left) != 1)
        return AUGER_NEVER;
    return left.tv_sec * AUGER_SEC + left.tv_usec * AUGER_US;
}

enum auger_backend_status auger_backend_retransmit(struct auger_dtls_backend *backend)
{
    if (backend->status != AUGER_BACKEND_HANDSHAKING)
        return backend->status;
    auger_dtls_timer_fire(&backend->bio.timer);
    backend->bio.timer.repeats = true;
    ERR_clear_error();
    int result = DTLSv1_handle_timeout(backend->ssl);
    backend->bio.timer.repeats = false;
    if (result < 0)
        fail(backend, AUGER_DTLS_TIMEOUT);
    return backend->status;
}

/* --- application data ---------------------------------------------------------------- */

size_t auger_backend_read(struct auger_dtls_backend *backend, uint8_t *buf, size_t cap)
{
    if (backend->status != AUGER_BACKEND_UP)
        return 0;
    ERR_clear_error();
    int result = SSL_read(backend->ssl, buf, (int)cap);
    if (result > 0)
        return (size_t)result;
    if (!is_terminal(backend, result))
        return 0;
    backend->status = AUGER_BACKEND_CLOSED;
    if (SSL_get_error(backend->ssl, result) == SSL_ERROR_ZERO_RETURN)
        SSL_shutdown(backend->ssl); /* answered in kind: RFC 5246 section 7.2.1 */
    return 0;
}

int auger_backend_write(struct auger_dtls_backend *backend, const uint8_t *data, size_t len,
                        uint8_t *buf, size_t cap)
{
    struct auger_writer sealed = auger_writer(buf, cap);

    backend->bio.sealed = &sealed;
    ERR_clear_error();
    int result = SSL_write(backend->ssl, data, (int)len);
    backend->bio.sealed = NULL;
    if (sealed.failed)
        return AUGER_ERR_BUFFER;
    return result > 0 ? (int)sealed.len : AUGER_ERR_CRYPTO;
}

void auger_backend_close(struct auger_dtls_backend *backend)
{
    if (backend->status != AUGER_BACKEND_UP)
        return;
    ERR_clear_error();
    SSL_shutdown(backend->ssl);
    backend->status = AUGER_BACKEND_CLOSED;
}

/* --- what was agreed ------------------------------------------------------------------ */

const char *auger_backend_version(const struct auger_dtls_backend *backend)
{
    return SSL_get_version(backend->ssl);
}

const char *auger_backend_cipher(const struct auger_dtls_backend *backend)
{
    return SSL_get_cipher_name(backend->ssl);
}

const char *auger_backend_cipher_iana(const struct auger_dtls_backend *backend)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(backend->ssl);
    const char *name = cipher ? SSL_CIPHER_standard_name(cipher) : NULL;

    return name ? name : "";
}

bool auger_backend_secrets(const struct auger_dtls_backend *backend,
                           struct auger_backend_secrets *secrets)
{
    const SSL_SESSION *session = SSL_get_session(backend->ssl);

    return session &&
           SSL_SESSION_get_master_key(session, secrets->master, sizeof(secrets->master)) ==
               sizeof(secrets->master) &&
           SSL_get_client_random(backend->ssl, secrets->client_random,
                                 sizeof(secrets->client_random)) == sizeof(secrets->client_random);
}

enum auger_srtp_profile auger_backend_srtp_profile(const struct auger_dtls_backend *backend)
{
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(backend->ssl);

    return profile ? (enum auger_srtp_profile)profile->id : AUGER_SRTP_NONE;
}

int auger_backend_export(struct auger_dtls_backend *backend, const char *label, uint8_t *out,
                         size_t len)
{
    ERR_clear_error();
    return SSL_export_keying_material(backend->ssl, out, len, label, strlen(label), NULL, 0, 0) == 1
               ? 0
               : AUGER_ERR_CRYPTO;
}
