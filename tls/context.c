/* tls/context.c - what many connections share: whom a client trusts, or the certificate of a
 * server, and what both insist on (RFC 9325). */
#include "tls/context.h"

#include "base/env.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "tls/bio.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <stdio.h>
#include <string.h>

#define CERT_LIST_MAX 16384 /* bytes of a chain that is sent to us */
#define CHAIN_MAX 8         /* certificates of one of ours */

void auger_tls_config_init_sized(struct auger_tls_config *config, size_t size)
{
    static const char *const turn[] = {"stun.turn"};
    const struct auger_tls_config defaults = {.alpn = turn,
                                              .alpn_len = 1,
                                              .deadline = 15 * AUGER_SEC,
                                              .mtu = 1200,
                                              .retransmit = 200 * AUGER_MS};

    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

static int refuse(char *why, int err, const char *what, const char *detail)
{
    if (snprintf(why, AUGER_TLS_WHY_MAX, "%s%s%s", what, *detail ? ": " : "", detail) < 0)
        why[0] = '\0';
    return err;
}

/* OpenSSL's own words for the latest error. */
static const char *reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());

    return text ? text : "";
}

/* --- whom a client trusts ------------------------------------------------------------------ */

static int add_trusted(SSL_CTX *ctx, const struct auger_bytes *pem, char *why)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    int added = 0;
    X509 *x509;

    while (bio && (x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        added += X509_STORE_add_cert(store, x509);
        X509_free(x509);
    }
    BIO_free(bio);
    ERR_clear_error(); /* the end of the text is an error to OpenSSL */
    return added > 0 ? 0
                     : refuse(why, AUGER_ERR_MALFORMED, "no certificate to trust in the PEM", "");
}

static int set_trust(SSL_CTX *ctx, const struct auger_tls_config *config, char *why)
{
    if (config->trust_anybody)
        return 0;
    if (config->ca_file && SSL_CTX_load_verify_file(ctx, config->ca_file) != 1) {
        char what[AUGER_TLS_WHY_MAX];
        snprintf(what, sizeof(what), "no certificates to trust in %.100s", config->ca_file);
        return refuse(why, AUGER_ERR_NOT_FOUND, what, reason());
    }
    if (config->ca_pem.len > 0)
        return add_trusted(ctx, &config->ca_pem, why);
    if (!config->ca_file && SSL_CTX_set_default_verify_paths(ctx) != 1)
        return refuse(why, AUGER_ERR_CRYPTO, "the system's certificates cannot be had", reason());
    return 0;
}

/* --- the certificate of a server ----------------------------------------------------------- */

/* A key that is locked is refused: nobody is there to be asked. */
static int no_password(char *buf, int size, int writing, void *user)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)user;
    return -1;
}

static bool use_certificates(SSL_CTX *ctx, BIO *bio)
{
    X509 *x509 = PEM_read_bio_X509_AUX(bio, NULL, no_password, NULL);
    bool ok = x509 && SSL_CTX_use_certificate(ctx, x509) == 1;

    X509_free(x509);
    for (int i = 1; ok && (x509 = PEM_read_bio_X509(bio, NULL, no_password, NULL)); i++) {
        ok = i < CHAIN_MAX && SSL_CTX_add0_chain_cert(ctx, x509) == 1;
        if (!ok)
            X509_free(x509);
    }
    return ok;
}

static int set_certificate(SSL_CTX *ctx, const struct auger_bytes *pem, char *why)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    bool ok = bio && use_certificates(ctx, bio);

    BIO_free(bio);
    return ok ? 0 : refuse(why, AUGER_ERR_MALFORMED, "the certificate cannot be used", reason());
}

static int set_key(SSL_CTX *ctx, const struct auger_bytes *pem, char *why)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    int err = 0;

    BIO_free(bio);
    if (!key)
        return refuse(why, AUGER_ERR_MALFORMED, "the key cannot be read", reason());
    if (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1)
        err = refuse(why, AUGER_ERR_INVALID, "the key does not fit the certificate", "");
    EVP_PKEY_free(key);
    return err;
}

static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *in, unsigned in_len, void *arg)
{
    const struct auger_tls_context *context = arg;
    unsigned char *chosen;

    (void)ssl;
    if (SSL_select_next_proto(&chosen, out_len, context->alpn, (unsigned)context->alpn_len, in,
                              in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL; /* RFC 7301 section 3.2 */
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* --- cookies ------------------------------------------------------------------------------- */

/* auger_tls_accept() has judged the cookie already: OpenSSL is only to go on from there. */
static int write_cookie(SSL *ssl, unsigned char *cookie, unsigned *len)
{
    memcpy(cookie, auger_tls_cookie_of(SSL_get_app_data(ssl)), AUGER_TLS_COOKIE_LEN);
    *len = AUGER_TLS_COOKIE_LEN;
    return 1;
}

static int is_cookie(SSL *ssl, const unsigned char *cookie, unsigned len)
{
    return len == AUGER_TLS_COOKIE_LEN &&
           memcmp(cookie, auger_tls_cookie_of(SSL_get_app_data(ssl)), len) == 0;
}

static int set_cookies(struct auger_tls_context *context, char *why)
{
    uint8_t key[AUGER_SHA256_LEN];
    int err = auger_env_random(context->env, key, sizeof(key));

    if (err < 0)
        return refuse(why, err, "no random bytes", "");
    SSL_CTX_set_options(context->ctx, SSL_OP_COOKIE_EXCHANGE);
    SSL_CTX_set_cookie_generate_cb(context->ctx, write_cookie);
    SSL_CTX_set_cookie_verify_cb(context->ctx, is_cookie);
    err = auger_hmac_new(&context->cookies, AUGER_SHA256, key, sizeof(key));
    auger_bytes_wipe(key, sizeof(key));
    return err < 0 ? refuse(why, err, "no key for cookies", "") : 0;
}

static int set_up_server(struct auger_tls_context *context, const struct auger_tls_config *config,
                         char *why)
{
    if (config->certificate_pem.len == 0 || config->key_pem.len == 0)
        return refuse(why, AUGER_ERR_INVALID, "a server needs a certificate and its key", "");
    int err = set_certificate(context->ctx, &config->certificate_pem, why);
    if (err == 0)
        err = set_key(context->ctx, &config->key_pem, why);
    if (err == 0 && context->datagrams)
        err = set_cookies(context, why);
    if (context->alpn_len > 0)
        SSL_CTX_set_alpn_select_cb(context->ctx, select_alpn, context);
    return err;
}

/* --- both ---------------------------------------------------------------------------------- */

static bool insist(SSL_CTX *ctx, bool datagrams)
{
    int groups[] = {NID_X25519, NID_X9_62_prime256v1, NID_secp384r1};

    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_max_cert_list(ctx, CERT_LIST_MAX);
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
    return SSL_CTX_set_min_proto_version(ctx, datagrams ? DTLS1_2_VERSION : TLS1_2_VERSION) &&
           SSL_CTX_set_max_proto_version(ctx, datagrams ? DTLS1_2_VERSION : TLS1_3_VERSION) &&
           SSL_CTX_set_num_tickets(ctx, 0) &&
           SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") &&
           SSL_CTX_set1_groups(ctx, groups, sizeof(groups) / sizeof(groups[0]));
}

static int set_alpn(struct auger_tls_context *context, const struct auger_tls_config *config,
                    char *why)
{
    if (config->alpn_len > AUGER_TLS_ALPN_MAX)
        return refuse(why, AUGER_ERR_INVALID, "too many names for ALPN", "");
    for (size_t i = 0; i < config->alpn_len; i++) {
        size_t len = strlen(config->alpn[i]);
        if (len == 0 || len > 255 || context->alpn_len + 1 + len > sizeof(context->alpn))
            return refuse(why, AUGER_ERR_INVALID, "no name for ALPN", config->alpn[i]);
        context->alpn[context->alpn_len++] = (uint8_t)len;
        memcpy(context->alpn + context->alpn_len, config->alpn[i], len);
        context->alpn_len += len;
    }
    return 0;
}

static int set_up(struct auger_tls_context *context, const struct auger_tls_config *config,
                  char *why)
{
    context->ctx = SSL_CTX_new(config->datagrams ? DTLS_method() : TLS_method());
    context->pipes = auger_tls_bio_method_new();
    if (!context->ctx || !context->pipes || !insist(context->ctx, config->datagrams))
        return refuse(why, AUGER_ERR_CRYPTO, "OpenSSL cannot do what is needed", reason());
    int err = set_alpn(context, config, why);
    if (err < 0)
        return err;
    if (config->role == AUGER_TLS_SERVER)
        return set_up_server(context, config, why);
    if (context->alpn_len > 0 && /* 0 is success here */
        SSL_CTX_set_alpn_protos(context->ctx, context->alpn, (unsigned)context->alpn_len) != 0)
        return refuse(why, AUGER_ERR_CRYPTO, "OpenSSL refuses the names for ALPN", "");
    return set_trust(context->ctx, config, why);
}

int auger_tls_context_new_sized(struct auger_tls_context **out, const struct auger_env *env,
                                const struct auger_tls_config *config, size_t size, char *why)
{
    char unread[AUGER_TLS_WHY_MAX];
    struct auger_tls_config full;

    why = why ? why : unread;
    *why = '\0';
    auger_tls_config_init(&full);
    if (config)
        memcpy(&full, config, size < sizeof(full) ? size : sizeof(full));
    if (full.mtu < 256 || full.mtu > AUGER_DATAGRAM_MAX || full.deadline <= 0 ||
        full.retransmit <= 0)
        return refuse(why, AUGER_ERR_INVALID, "an MTU or a time that cannot be", "");
    struct auger_tls_context *context = auger_env_alloc(env, 1, sizeof(*context));
    if (!context)
        return refuse(why, AUGER_ERR_NO_MEMORY, "no memory", "");
    *context = (struct auger_tls_context){.env = env,
                                          .role = full.role,
                                          .datagrams = full.datagrams,
                                          .trusts_anybody = full.trust_anybody,
                                          .mtu = full.mtu,
                                          .deadline = full.deadline,
                                          .retransmit = full.retransmit};
    atomic_init(&context->references, 1);
    ERR_clear_error();
    int err = set_up(context, &full, why);
    ERR_clear_error();
    if (err < 0) {
        auger_tls_context_free(context);
        return err;
    }
    *out = context;
    return 0;
}

struct auger_tls_context *auger_tls_context_hold(struct auger_tls_context *context)
{
    atomic_fetch_add(&context->references, 1);
    return context;
}

void auger_tls_context_free(struct auger_tls_context *context)
{
    if (!context || atomic_fetch_sub(&context->references, 1) > 1)
        return;
    SSL_CTX_free(context->ctx);
    BIO_meth_free(context->pipes);
    auger_hmac_free(context->cookies);
    auger_env_release(context->env, context);
}
