/* tests/dtls/raw.h - a peer that is nothing but OpenSSL, and does what ours would not:
 * old versions, weak keys, no certificate, no extended master secret. */
#ifndef TESTS_DTLS_RAW_H
#define TESTS_DTLS_RAW_H

#include <auger/dtls.h>

#include <assert.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define RAW_QUEUE 64
#define RAW_DATAGRAM_MAX 2048

enum raw_key { RAW_P256, RAW_P384, RAW_P521, RAW_RSA2048, RAW_RSA1024, RAW_ED25519, RAW_NO_KEY };

/* Zero is what a browser would do. */
struct raw_options {
    enum raw_key key;
    int min_version, max_version;
    const char *ciphers;
    const char *srtp;
    uint64_t options; /* SSL_OP_... */
    bool cookies;     /* a server that answers the first ClientHello with HelloVerifyRequest */
    size_t hello_padding;
    int not_before, not_after; /* of the certificate: seconds from now */
    size_t chain;              /* certificates of 1 kB each that follow the first */
    int mtu;
};

struct raw {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO_METHOD *method;
    X509 *x509;
    const uint8_t *in;
    size_t in_len;
    struct {
        size_t len;
        uint8_t bytes[RAW_DATAGRAM_MAX];
    } out[RAW_QUEUE];
    size_t out_len;
    bool is_up, is_closed, is_dead;
    int alert; /* the last one that came in, level << 8 | description; 0: none */
    uint8_t data[4096];
    size_t data_len;
};

/* --- a certificate ---------------------------------------------------------------------- */

static inline EVP_PKEY *raw_make_key(enum raw_key kind)
{
    switch (kind) {
    case RAW_P256:
        return EVP_EC_gen("P-256");
    case RAW_P384:
        return EVP_EC_gen("P-384");
    case RAW_P521:
        return EVP_EC_gen("P-521");
    case RAW_RSA2048:
        return EVP_RSA_gen(2048);
    case RAW_RSA1024:
        return EVP_RSA_gen(1024);
    case RAW_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case RAW_NO_KEY:
        break;
    }
    return NULL;
}

/* Made once each: RSA takes its time. */
static inline EVP_PKEY *raw_key(enum raw_key kind)
{
    static EVP_PKEY *keys[RAW_NO_KEY + 1];

    if (!keys[kind])
        keys[kind] = raw_make_key(kind);
    return keys[kind];
}

static inline X509 *raw_certificate(EVP_PKEY *key, const struct raw_options *options, size_t filler)
{
    X509 *x509 = X509_new();
    X509_NAME *name = X509_get_subject_name(x509);
    unsigned char text[64];
    const EVP_MD *digest = options->key == RAW_ED25519 ? NULL : EVP_sha256();

    memset(text, 'x', sizeof(text));
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 7);
    X509_gmtime_adj(X509_getm_notBefore(x509), options->not_before);
    X509_gmtime_adj(X509_getm_notAfter(x509), options->not_after ? options->not_after : 86400);
    for (size_t i = 0; i <= filler; i++)
        X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_ASC, text, sizeof(text), -1, 0);
    X509_set_issuer_name(x509, name);
    X509_set_pubkey(x509, key);
    if (X509_sign(x509, key, digest) == 0)
        abort();
    return x509;
}

/* --- the wire ----------------------------------------------------------------------------- */

static inline int raw_bio_read(BIO *bio, char *buf, int cap)
{
    struct raw *raw = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (!raw->in) {
        BIO_set_retry_read(bio);
        return -1;
    }
    int len = raw->in_len < (size_t)cap ? (int)raw->in_len : cap;
    memcpy(buf, raw->in, (size_t)len);
    raw->in = NULL;
    return len;
}

static inline int raw_bio_write(BIO *bio, const char *buf, int len)
{
    struct raw *raw = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    assert(raw->out_len < RAW_QUEUE && len <= RAW_DATAGRAM_MAX);
    memcpy(raw->out[raw->out_len].bytes, buf, (size_t)len);
    raw->out[raw->out_len++].len = (size_t)len;
    return len;
}

static inline long raw_bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static inline int raw_bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

/* --- set-up -------------------------------------------------------------------------------- */

static inline int raw_accept_any(X509_STORE_CTX *store, void *arg)
{
    (void)store;
    (void)arg;
    return 1;
}

static inline void raw_info(const SSL *ssl, int where, int value)
{
    struct raw *raw = SSL_get_app_data(ssl);

    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
        raw->alert = value;
}

static inline int raw_make_cookie(SSL *ssl, unsigned char *cookie, unsigned int *len)
{
    (void)ssl;
    memset(cookie, 'C', 20);
    *len = 20;
    return 1;
}

static inline int raw_check_cookie(SSL *ssl, const unsigned char *cookie, unsigned int len)
{
    (void)ssl;
    return len == 20 && cookie[0] == 'C';
}

static inline void raw_set_certificate(struct raw *raw, const struct raw_options *options)
{
    EVP_PKEY *key = raw_key(options->key);

    if (!key)
        return;
    raw->x509 = raw_certificate(key, options, 0);
    if (SSL_CTX_use_certificate(raw->ctx, raw->x509) != 1 ||
        SSL_CTX_use_PrivateKey(raw->ctx, key) != 1)
        abort();
    for (size_t i = 0; i < options->chain; i++)
        if (SSL_CTX_add_extra_chain_cert(raw->ctx, raw_certificate(key, options, 5)) != 1)
            abort();
}

/* Names of protocols nobody knows. */
static inline void raw_pad_hello(SSL *ssl, size_t padding)
{
    uint8_t names[4096];

    assert(padding <= sizeof(names));
    for (size_t i = 0; i < padding; i++)
        names[i] = i % 32 ? 'p' : (uint8_t)(padding - i < 32 ? padding - i - 1 : 31);
    if (padding > 0 && SSL_set_alpn_protos(ssl, names, (unsigned int)padding) != 0)
        abort();
}

static inline void raw_set_ctx(struct raw *raw, const struct raw_options *options)
{
    SSL_CTX_set_security_level(raw->ctx, 0);
    SSL_CTX_set_min_proto_version(raw->ctx,
                                  options->min_version ? options->min_version : DTLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(raw->ctx,
                                  options->max_version ? options->max_version : DTLS1_2_VERSION);
    SSL_CTX_set_options(raw->ctx, SSL_OP_NO_QUERY_MTU | options->options);
    SSL_CTX_set_cipher_list(raw->ctx, options->ciphers ? options->ciphers : "ALL:@SECLEVEL=0");
    SSL_CTX_set_verify(raw->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(raw->ctx, raw_accept_any, NULL);
    SSL_CTX_set_info_callback(raw->ctx, raw_info);
    SSL_CTX_set_session_id_context(raw->ctx, (const unsigned char *)"raw", 3);
    SSL_CTX_set_cookie_generate_cb(raw->ctx, raw_make_cookie);
    SSL_CTX_set_cookie_verify_cb(raw->ctx, raw_check_cookie);
    if (options->cookies)
        SSL_CTX_set_options(raw->ctx, SSL_OP_COOKIE_EXCHANGE);
}

static inline struct raw *raw_new(enum auger_dtls_role role, const struct raw_options *options)
{
    static const struct raw_options plain;
    struct raw *raw = calloc(1, sizeof(*raw));
    BIO *bio;

    if (!options)
        options = &plain;
    raw->ctx = SSL_CTX_new(DTLS_method());
    raw_set_ctx(raw, options);
    raw_set_certificate(raw, options);
    raw->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 0x7E, "raw");
    BIO_meth_set_read(raw->method, raw_bio_read);
    BIO_meth_set_write(raw->method, raw_bio_write);
    BIO_meth_set_ctrl(raw->method, raw_bio_ctrl);
    BIO_meth_set_create(raw->method, raw_bio_create);
    raw->ssl = SSL_new(raw->ctx);
    bio = BIO_new(raw->method);
    BIO_set_data(bio, raw);
    SSL_set_bio(raw->ssl, bio, bio);
    SSL_set_app_data(raw->ssl, raw);
    SSL_set_mtu(raw->ssl, options->mtu ? options->mtu : 1200);
    raw_pad_hello(raw->ssl, options->hello_padding);
    if (options->srtp && SSL_set_tlsext_use_srtp(raw->ssl, options->srtp) != 0)
        abort();
    if (role == AUGER_DTLS_CLIENT)
        SSL_set_connect_state(raw->ssl);
    else
        SSL_set_accept_state(raw->ssl);
    return raw;
}

static inline void raw_free(struct raw *raw)
{
    if (!raw)
        return;
    SSL_free(raw->ssl);
    SSL_CTX_free(raw->ctx);
    BIO_meth_free(raw->method);
    X509_free(raw->x509);
    free(raw);
}

static inline struct auger_fingerprint raw_fingerprint(const struct raw *raw, const char *hash)
{
    struct auger_fingerprint fingerprint = {0};
    const EVP_MD *digest = strcmp(hash, "sha-512") == 0   ? EVP_sha512()
                           : strcmp(hash, "sha-384") == 0 ? EVP_sha384()
                                                          : EVP_sha256();
    unsigned int len = 0;

    snprintf(fingerprint.hash, sizeof(fingerprint.hash), "%s", hash);
    if (raw->x509)
        X509_digest(raw->x509, digest, fingerprint.value, &len);
    fingerprint.len = (size_t)EVP_MD_get_size(digest);
    return fingerprint;
}

/* --- its turn -------------------------------------------------------------------------------- */

static inline void raw_look_at(struct raw *raw, int result)
{
    int error = SSL_get_error(raw->ssl, result);

    raw->is_dead |= error == SSL_ERROR_SSL;
    raw->is_closed |= error == SSL_ERROR_ZERO_RETURN;
}

static inline void raw_advance(struct raw *raw)
{
    if (raw->is_dead || raw->is_closed)
        return;
    ERR_clear_error();
    if (!raw->is_up) {
        int result = SSL_do_handshake(raw->ssl);
        raw->is_up = result == 1;
        if (!raw->is_up)
            raw_look_at(raw, result);
    }
    while (raw->is_up) {
        int len =
            SSL_read(raw->ssl, raw->data + raw->data_len, (int)(sizeof(raw->data) - raw->data_len));
        if (len <= 0) {
            raw_look_at(raw, len);
            return;
        }
        raw->data_len += (size_t)len;
    }
}

static inline void raw_handle_datagram(struct raw *raw, const uint8_t *buf, size_t len)
{
    raw->in = buf;
    raw->in_len = len;
    raw_advance(raw);
    raw->in = NULL;
}

static inline auger_time raw_next_timeout(const struct raw *raw, auger_time now)
{
    struct timeval left;

    if (raw->is_dead || DTLSv1_get_timeout(raw->ssl, &left) != 1)
        return AUGER_NEVER;
    return now + left.tv_sec * AUGER_SEC + left.tv_usec * AUGER_US;
}

static inline void raw_handle_timeout(struct raw *raw)
{
    if (!raw->is_dead && DTLSv1_handle_timeout(raw->ssl) < 0)
        raw->is_dead = true;
}

static inline size_t raw_poll_transmit(struct raw *raw, uint8_t *buf)
{
    if (raw->out_len == 0)
        return 0;
    size_t len = raw->out[0].len;
    memcpy(buf, raw->out[0].bytes, len);
    memmove(&raw->out[0], &raw->out[1], --raw->out_len * sizeof(raw->out[0]));
    return len;
}

#endif /* TESTS_DTLS_RAW_H */
