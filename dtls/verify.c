/* dtls/verify.c - judging the peer's certificate: RFC 8122 sections 5 and 6. */
#include "dtls/verify.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <string.h>

#define RSA_BITS_MIN 2048

/* What OpenSSL would have checked, had it not been told to leave the certificate to
 * us: keys of 112 bits of security and more. */
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

static const EVP_MD *digest_of(const struct auger_fingerprint *fingerprint)
{
    switch (fingerprint->len) {
    case 32:
        return EVP_sha256();
    case 48:
        return EVP_sha384();
    case 64:
        return EVP_sha512();
    }
    return NULL;
}

static bool matches(const X509 *x509, const struct auger_fingerprint *fingerprint)
{
    const EVP_MD *digest = digest_of(fingerprint);
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int len;

    return digest && X509_digest(x509, digest, hash, &len) == 1 && len == fingerprint->len &&
           CRYPTO_memcmp(hash, fingerprint->value, len) == 0;
}

/* The strongest hash that the peer offered is the one to go by (8122 section 5). */
static bool matches_any(const X509 *x509, const struct auger_fingerprints *fingerprints)
{
    size_t strongest = 0;

    for (size_t i = 0; i < fingerprints->len; i++)
        if (fingerprints->list[i].len > strongest)
            strongest = fingerprints->list[i].len;
    for (size_t i = 0; i < fingerprints->len; i++)
        if (fingerprints->list[i].len == strongest && matches(x509, &fingerprints->list[i]))
            return true;
    return false;
}

enum auger_dtls_failure auger_certificate_judge(X509 *x509,
                                                const struct auger_fingerprints *fingerprints)
{
    if (!x509)
        return AUGER_DTLS_BAD_CERTIFICATE;
    if (!matches_any(x509, fingerprints))
        return AUGER_DTLS_FINGERPRINT_MISMATCH;
    return has_strong_key(x509) ? AUGER_DTLS_OK : AUGER_DTLS_BAD_CERTIFICATE;
}
