/* dtls/openssl_backend.c - DTLS 1.2 by OpenSSL: a BIO that keeps datagrams apart, a
 * timer that follows our clock, and the check of the peer's certificate. */
#include "dtls/backend.h"
#include "dtls/openssl_certificate.h"
#include "dtls/record_filter.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define RSA_BITS_MIN 2048
#define FRAGMENT_MAX 1300 /* bounds the write buffer */
#define CERT_LIST_MAX 16384
#define ALERT_MAX 64

struct auger_dtls_backend {
    struct auger_backend_config config;
    SSL *ssl;
    enum auger_backend_status status;
    enum auger_dtls_failure failure;
    /* The datagram that OpenSSL may read now. */
    const uint8_t *in;
    size_t in_len;
    /* Where application data is written to; NULL: output goes to the outbox. */
    uint8_t *direct;
    size_t direct_cap, direct_len;
    bool direct_failed;
    /* An alert in clear waits until it is certain that the handshake failed. */
    uint8_t alert[ALERT_MAX];
    size_t alert_len;
    /* Retransmission. */
    struct timeval *live_timer; /* OpenSSL's own, before 3.2 */
    uint32_t flight;
    bool retransmitting;
};

/* --- the BIO: one read and one write a datagram ----------------------------------- */

static int bio_read(BIO *bio, char *buf, int cap)
{
    struct auger_dtls_backend *backend = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (!backend->in) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t len = backend->in_len < (size_t)cap ? backend->in_len : (size_t)cap;
    memcpy(buf, backend->in, len);
    backend->in = NULL;
    return (int)len;
}

static void write_direct(struct auger_dtls_backend *backend, const uint8_t *buf, size_t len)
{
    if (backend->direct_len > 0 || len > backend->direct_cap) {
        backend->direct_failed = true;
        return;
    }
    memcpy(backend->direct, buf, len);
    backend->direct_len = len;
}

static int bio_write(BIO *bio, const char *data, int len)
{
    struct auger_dtls_backend *backend = BIO_get_data(bio);
    const uint8_t *buf = (const uint8_t *)data;

    BIO_clear_retry_flags(bio);
    if (backend->direct) {
        write_direct(backend, buf, (size_t)len);
    } else if (auger_record_is_plain_alert(buf, (size_t)len)) {
        backend->alert_len = (size_t)len <= ALERT_MAX ? (size_t)len : 0;
        memcpy(backend->alert, buf, backend->alert_len);
    } else {
        auger_dtls_outbox_add(backend->config.outbox, buf, (size_t)len);
    }
    return len;
}

/* Before 3.2 this hands over the live timer: set it far, so that only we fire it.
 * From 3.2 on it is a copy on the stack, to be left alone. */
static void timer_set(struct auger_dtls_backend *backend, struct timeval *timer)
{
    bool runs = timer->tv_sec != 0 || timer->tv_usec != 0;

    if (!runs)
        backend->live_timer = NULL;
    if (runs && !backend->retransmitting)
        backend->flight++;
    if (OpenSSL_version_num() >= 0x30200000L || !runs)
        return;
    timer->tv_sec = INT_MAX;
    backend->live_timer = timer;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    if (command == BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT)
        timer_set(BIO_get_data(bio), pointer);
    return command == BIO_CTRL_FLUSH;
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

/* Made for each association and owned by it: no global, 200 bytes. */
static BIO_METHOD *bio_method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 0x7F, "auger datagrams");

    if (method && BIO_meth_set_read(method, bio_read) && BIO_meth_set_write(method, bio_write) &&
        BIO_meth_set_ctrl(method, bio_ctrl) && BIO_meth_set_create(method, bio_create))
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* --- the peer's certificate ---------------------------------------------------------- */

static bool has_strong_key(X509 *x509)
{
    EVP_PKEY *key = X509_get0_pubkey(x509);
    char group[32] = "";

    if (!key)
        return false;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
    case EVP_PKEY_EC:
        return EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
               (strcmp(group, "prime256v1") == 0 || strcmp(group, "secp384r1") == 0);
    case EVP_PKEY_ED25519:
        return true;
    }
    return false;
}

static bool matches(const X509 *x509, const struct auger_fingerprint *fingerprint)
{
    const EVP_MD *md = strcmp(fingerprint->hash, "sha-256") == 0   ? EVP_sha256()
                       : strcmp(fingerprint->hash, "sha-384") == 0 ? EVP_sha384()
                                                                   : EVP_sha512();
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int len;

    return X509_digest(x509, md, hash, &len) == 1 && len == fingerprint->len &&
           CRYPTO_memcmp(hash, fingerprint->value, len) == 0;
}

static enum auger_dtls_failure judge(X509 *x509, const struct auger_fingerprints *fingerprints)
{
    if (!x509)
        return AUGER_DTLS_BAD_CERTIFICATE;
    for (size_t i = 0; i < fingerprints->len; i++)
        if (matches(x509, &fingerprints->list[i]))
            return has_strong_key(x509) ? AUGER_DTLS_OK : AUGER_DTLS_BAD_CERTIFICATE;
    return AUGER_DTLS_FINGERPRINT_MISMATCH;
}

/* In place of OpenSSL's own check: a self-signed certificate is as good as its
 * fingerprint, and its dates mean nothing (RFC 8122 section 5). */
static int verify(X509_STORE_CTX *store, void *arg)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct auger_dtls_backend *backend = SSL_get_app_data(ssl);

    (void)arg;
    backend->failure = judge(X509_STORE_CTX_get0_cert(store), backend->config.fingerprints);
    if (backend->failure == AUGER_DTLS_OK)
        return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

/* --- set-up ------------------------------------------------------------------------------ */

SSL_CTX *auger_openssl_ctx_new(void)
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
        SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") &&
        SSL_CTX_set_max_send_fragment(ctx, FRAGMENT_MAX))
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
    BIO_METHOD *method = bio_method_new();
    BIO *bio = method ? BIO_new(method) : NULL;

    if (!bio) {
        BIO_meth_free(method);
        return false;
    }
    BIO_set_data(bio, backend);
    BIO_set_ex_data(bio, 0, method);
    SSL_set_bio(backend->ssl, bio, bio);
    return true;
}

static bool set_up(struct auger_dtls_backend *backend)
{
    const struct auger_backend_config *config = &backend->config;

    backend->ssl = SSL_new(config->certificate->ctx);
    if (!backend->ssl || !attach_bio(backend))
        return false;
    SSL_set_app_data(backend->ssl, backend);
    SSL_set_mtu(backend->ssl, config->mtu);
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
    struct auger_dtls_backend *backend = calloc(1, sizeof(*backend));

    if (!backend)
        return AUGER_ERR_NO_MEMORY;
    backend->config = *config;
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
    BIO *bio = backend->ssl ? SSL_get_rbio(backend->ssl) : NULL;
    BIO_METHOD *method = bio ? BIO_get_ex_data(bio, 0) : NULL;
    SSL_free(backend->ssl);
    BIO_meth_free(method);
    free(backend);
}

/* --- the handshake --------------------------------------------------------------------------- */

static void fail(struct auger_dtls_backend *backend, enum auger_dtls_failure failure)
{
    backend->status = AUGER_BACKEND_FAILED;
    backend->failure = failure;
    /* Nothing is left to survive: the peer may know. */
    if (backend->alert_len > 0)
        auger_dtls_outbox_add(backend->config.outbox, backend->alert, backend->alert_len);
    backend->alert_len = 0;
}

static void finish(struct auger_dtls_backend *backend)
{
    if (SSL_get_extms_support(backend->ssl) != 1) {
        fail(backend, AUGER_DTLS_NO_EXTENDED_MASTER_SECRET); /* RFC 7627 section 5 */
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

static void shake(struct auger_dtls_backend *backend)
{
    ERR_clear_error();
    int result = SSL_do_handshake(backend->ssl);
    if (result == 1)
        finish(backend);
    else if (is_terminal(backend, result))
        fail(backend, backend->failure != AUGER_DTLS_OK ? backend->failure : AUGER_DTLS_PROTOCOL);
}

enum auger_backend_status auger_backend_feed(struct auger_dtls_backend *backend, const uint8_t *buf,
                                             size_t len)
{
    backend->in = buf;
    backend->in_len = len;
    if (backend->status == AUGER_BACKEND_HANDSHAKING)
        shake(backend);
    return backend->status;
}

enum auger_backend_status auger_backend_status(const struct auger_dtls_backend *backend)
{
    return backend->status;
}

enum auger_dtls_failure auger_backend_failure(const struct auger_dtls_backend *backend)
{
    return backend->failure;
}

uint32_t auger_backend_flight(const struct auger_dtls_backend *backend)
{
    bool waits = OpenSSL_version_num() >= 0x30200000L ? auger_backend_wait(backend) != AUGER_NEVER
                                                      : backend->live_timer != NULL;

    return waits ? backend->flight : 0;
}

auger_time auger_backend_wait(const struct auger_dtls_backend *backend)
{
    struct timeval left;

    if (OpenSSL_version_num() < 0x30200000L || DTLSv1_get_timeout(backend->ssl, &left) != 1)
        return AUGER_NEVER;
    return left.tv_sec * AUGER_SEC + left.tv_usec * AUGER_US;
}

enum auger_backend_status auger_backend_retransmit(struct auger_dtls_backend *backend)
{
    if (backend->status != AUGER_BACKEND_HANDSHAKING)
        return backend->status;
    if (backend->live_timer)
        *backend->live_timer = (struct timeval){.tv_sec = 1};
    backend->retransmitting = true;
    ERR_clear_error();
    int result = DTLSv1_handle_timeout(backend->ssl);
    backend->retransmitting = false;
    if (result < 0)
        fail(backend, AUGER_DTLS_TIMEOUT);
    return backend->status;
}

/* --- application data ----------------------------------------------------------------------------
 */

size_t auger_backend_read(struct auger_dtls_backend *backend, uint8_t *buf, size_t cap)
{
    if (backend->status != AUGER_BACKEND_UP)
        return 0;
    ERR_clear_error();
    int result = SSL_read(backend->ssl, buf, (int)cap);
    if (result > 0)
        return (size_t)result;
    if (is_terminal(backend, result))
        backend->status = AUGER_BACKEND_CLOSED;
    return 0;
}

int auger_backend_write(struct auger_dtls_backend *backend, const uint8_t *data, size_t len,
                        uint8_t *buf, size_t cap)
{
    backend->direct = buf;
    backend->direct_cap = cap;
    backend->direct_len = 0;
    backend->direct_failed = false;
    ERR_clear_error();
    int result = SSL_write(backend->ssl, data, (int)len);
    backend->direct = NULL;
    if (backend->direct_failed)
        return AUGER_ERR_BUFFER;
    return result > 0 ? (int)backend->direct_len : AUGER_ERR_CRYPTO;
}

void auger_backend_close(struct auger_dtls_backend *backend)
{
    if (backend->status != AUGER_BACKEND_UP)
        return;
    ERR_clear_error();
    SSL_shutdown(backend->ssl);
    backend->status = AUGER_BACKEND_CLOSED;
}

size_t auger_backend_data_max(const struct auger_dtls_backend *backend)
{
    return DTLS_get_data_mtu(backend->ssl);
}

/* --- what was agreed
 * -------------------------------------------------------------------------------- */

const char *auger_backend_version(const struct auger_dtls_backend *backend)
{
    return SSL_get_version(backend->ssl);
}

const char *auger_backend_cipher(const struct auger_dtls_backend *backend)
{
    return SSL_get_cipher_name(backend->ssl);
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
