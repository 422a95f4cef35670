/* tests/tls/ca.h - certificates made on the spot: an authority, and leaves for whom a test
 * likes. */
#ifndef TESTS_TLS_CA_H
#define TESTS_TLS_CA_H

#include <auger/tls.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <assert.h>
#include <string.h>

#define PEM_MAX 65536

struct pem {
    char text[PEM_MAX];
    size_t len;
};

static inline struct auger_bytes pem_bytes(const struct pem *pem)
{
    return (struct auger_bytes){(const uint8_t *)pem->text, pem->len};
}

struct authority {
    X509 *x509;
    EVP_PKEY *key;
    struct pem pem;
};

struct leaf {
    struct pem certificate, key;
};

static inline void add_pem(struct pem *pem, X509 *x509, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;

    if (x509)
        PEM_write_bio_X509(bio, x509);
    else
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    size_t len = (size_t)BIO_get_mem_data(bio, &text);
    assert(pem->len + len < sizeof(pem->text));
    memcpy(pem->text + pem->len, text, len);
    pem->len += len;
    BIO_free(bio);
}

static inline void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert(extension);
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
}

/* Valid from `from` to `until`, days from now; signed by itself if there is no authority. */
static inline X509 *make_x509(const struct authority *authority, EVP_PKEY *key, const char *name,
                              const char *sans, int from, int until)
{
    static long serial;
    X509 *x509 = X509_new(), *issuer = authority ? authority->x509 : x509;
    X509_NAME *subject = X509_get_subject_name(x509);

    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x509, X509_get_subject_name(issuer));
    X509_gmtime_adj(X509_getm_notBefore(x509), from * 86400L);
    X509_gmtime_adj(X509_getm_notAfter(x509), until * 86400L);
    X509_set_pubkey(x509, key);
    if (sans)
        add_extension(x509, issuer, NID_subject_alt_name, sans);
    if (!authority && !sans)
        add_extension(x509, issuer, NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(x509, authority ? authority->key : key, EVP_sha256());
    return x509;
}

static inline void make_authority(struct authority *authority, const char *name)
{
    memset(authority, 0, sizeof(*authority));
    authority->key = EVP_EC_gen("P-256");
    authority->x509 = make_x509(NULL, authority->key, name, NULL, -10, 3650);
    add_pem(&authority->pem, authority->x509, NULL);
}

static inline void free_authority(struct authority *authority)
{
    X509_free(authority->x509);
    EVP_PKEY_free(authority->key);
}

/* `sans` as "DNS:turn.example,IP:192.0.2.1". */
static inline void make_leaf(struct leaf *leaf, const struct authority *authority, const char *sans,
                             int from, int until)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = make_x509(authority, key, "ignored.example", sans, from, until);

    memset(leaf, 0, sizeof(*leaf));
    add_pem(&leaf->certificate, x509, NULL);
    add_pem(&leaf->key, NULL, key);
    X509_free(x509);
    EVP_PKEY_free(key);
}

#endif /* TESTS_TLS_CA_H */
