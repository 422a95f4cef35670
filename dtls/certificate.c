/* dtls/certificate.c - our own key and self-signed certificate: RFC 8827 section 6.5,
 * 8122 section 5.  The peer's is judged in verify.c. */
#include "dtls/certificate.h"
#include "base/env.h"
#include "dtls/backend.h"
#include "dtls/bio.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdio.h>

/* A name that says nothing about anybody. */
static bool set_name(X509 *x509)
{
    X509_NAME *name = X509_get_subject_name(x509);

    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"auger", -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(x509, name) == 1;
}

/* It is as good as its fingerprint, so that its dates mean nothing; those that say
 * so (RFC 5280 section 4.1.2.5) need no clock. */
static bool set_dates(X509 *x509)
{
    return ASN1_TIME_set_string_X509(X509_getm_notBefore(x509), "20000101000000Z") == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), "99991231235959Z") == 1;
}

static bool sign(X509 *x509, EVP_PKEY *key, uint64_t serial)
{
    return X509_set_version(x509, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial) == 1 && set_name(x509) &&
           set_dates(x509) && X509_set_pubkey(x509, key) == 1 &&
           X509_sign(x509, key, EVP_sha256()) > 0;
}

static bool write_fingerprint(const X509 *x509, char *text, size_t cap)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int len;

    if (X509_digest(x509, EVP_sha256(), hash, &len) != 1)
        return false;
    size_t at = (size_t)snprintf(text, cap, "sha-256 ");
    for (unsigned int i = 0; i < len; i++)
        at += (size_t)snprintf(text + at, cap - at, "%s%02X", i ? ":" : "", hash[i]);
    return true;
}

static bool use(struct auger_certificate *certificate, X509 *x509, EVP_PKEY *key)
{
    return SSL_CTX_use_certificate(certificate->ctx, x509) == 1 &&
           SSL_CTX_use_PrivateKey(certificate->ctx, key) == 1 &&
           write_fingerprint(x509, certificate->fingerprint, sizeof(certificate->fingerprint));
}

static bool make(struct auger_certificate *certificate, uint64_t serial)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();

    certificate->ctx = auger_backend_ctx_new();
    certificate->datagrams = auger_bio_method_new();
    bool ok = key && x509 && certificate->ctx && certificate->datagrams &&
              sign(x509, key, serial) && use(certificate, x509, key);
    X509_free(x509);
    EVP_PKEY_free(key);
    return ok;
}

int auger_certificate_new(struct auger_certificate **out, const struct auger_env *env)
{
    struct auger_certificate *certificate;
    uint64_t serial;

    int err = auger_env_random(env, &serial, sizeof(serial));
    if (err < 0)
        return err;
    certificate = auger_env_alloc(env, 1, sizeof(*certificate));
    if (!certificate)
        return AUGER_ERR_NO_MEMORY;
    certificate->env = env;
    atomic_init(&certificate->references, 1);
    ERR_clear_error();
    /* Positive and not zero: RFC 5280 section 4.1.2.2. */
    if (!make(certificate, serial >> 1 | 1)) {
        ERR_clear_error();
        auger_certificate_free(certificate);
        return AUGER_ERR_CRYPTO;
    }
    *out = certificate;
    return 0;
}

struct auger_certificate *auger_certificate_hold(struct auger_certificate *certificate)
{
    atomic_fetch_add(&certificate->references, 1);
    return certificate;
}

void auger_certificate_free(struct auger_certificate *certificate)
{
    if (!certificate || atomic_fetch_sub(&certificate->references, 1) > 1)
        return;
    SSL_CTX_free(certificate->ctx);
    BIO_meth_free(certificate->datagrams);
    auger_env_release(certificate->env, certificate);
}

const char *auger_certificate_fingerprint(const struct auger_certificate *certificate)
{
    return certificate->fingerprint;
}
