/* crypto/hmac.c - HMAC by OpenSSL with the key kept.  The HMAC_ calls are the older ones: a context
 * of theirs is reset in 0.2 us, one of EVP_MAC is fetched and duplicated on the heap for each
 * message. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <limits.h>
#include <stdlib.h>

struct auger_hmac {
    HMAC_CTX *ctx;
};

int auger_hmac_new(struct auger_hmac **out, enum auger_hash hash, const uint8_t *key, size_t len)
{
    struct auger_hmac *hmac = calloc(1, sizeof(*hmac));

    if (!hmac)
        return AUGER_ERR_NO_MEMORY;
    hmac->ctx = HMAC_CTX_new();
    if (!hmac->ctx || len > INT_MAX ||
        !HMAC_Init_ex(hmac->ctx, key, (int)len, hash == AUGER_SHA1 ? EVP_sha1() : EVP_sha256(),
                      NULL)) {
        auger_hmac_free(hmac);
        return AUGER_ERR_CRYPTO;
    }
    *out = hmac;
    return 0;
}

void auger_hmac_free(struct auger_hmac *hmac)
{
    if (hmac)
        HMAC_CTX_free(hmac->ctx);
    free(hmac);
}

int auger_hmac_compute(struct auger_hmac *hmac, const struct auger_bytes *pieces, size_t pieces_len,
                       uint8_t *mac)
{
    unsigned int len;

    if (!HMAC_Init_ex(hmac->ctx, NULL, 0, NULL, NULL))
        return AUGER_ERR_CRYPTO;
    for (size_t i = 0; i < pieces_len; i++)
        if (!HMAC_Update(hmac->ctx, pieces[i].data, pieces[i].len))
            return AUGER_ERR_CRYPTO;
    return HMAC_Final(hmac->ctx, mac, &len) ? 0 : AUGER_ERR_CRYPTO;
}

bool auger_bytes_equal_secret(const uint8_t *a, const uint8_t *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
