/* crypto/siphash.c - SipHash by OpenSSL, which has it behind EVP_MAC alone. */
#include "crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <stdlib.h>
#include <string.h>

struct auger_siphash {
    EVP_MAC *mac;
    EVP_MAC_CTX *ctx;
};

static bool set_up(struct auger_siphash *siphash, const uint8_t key[AUGER_SIPHASH_KEY_LEN])
{
    unsigned int size = sizeof(uint64_t);
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_SIZE, &size),
                                 OSSL_PARAM_construct_end()};

    siphash->mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    siphash->ctx = siphash->mac ? EVP_MAC_CTX_new(siphash->mac) : NULL;
    return siphash->ctx && EVP_MAC_init(siphash->ctx, key, AUGER_SIPHASH_KEY_LEN, params);
}

int auger_siphash_new(struct auger_siphash **out, const uint8_t key[AUGER_SIPHASH_KEY_LEN])
{
    struct auger_siphash *siphash = calloc(1, sizeof(*siphash));

    if (!siphash)
        return AUGER_ERR_NO_MEMORY;
    if (!set_up(siphash, key)) {
        auger_siphash_free(siphash);
        return AUGER_ERR_CRYPTO;
    }
    *out = siphash;
    return 0;
}

void auger_siphash_free(struct auger_siphash *siphash)
{
    if (!siphash)
        return;
    EVP_MAC_CTX_free(siphash->ctx);
    EVP_MAC_free(siphash->mac);
    free(siphash);
}

int auger_siphash_compute(struct auger_siphash *siphash, const uint8_t *data, size_t len,
                          uint64_t *hash)
{
    uint8_t out[sizeof(*hash)];
    size_t out_len;

    if (!EVP_MAC_init(siphash->ctx, NULL, 0, NULL) || !EVP_MAC_update(siphash->ctx, data, len) ||
        !EVP_MAC_final(siphash->ctx, out, &out_len, sizeof(out)) || out_len != sizeof(out))
        return AUGER_ERR_CRYPTO;
    memcpy(hash, out, sizeof(out));
    return 0;
}
