/* crypto/hmac.c - HMAC (RFC 2104) by OpenSSL's hashes, with the state behind each half of the key
 * kept.  The older calls of the hashes are used: those of EVP copy a state on the heap for each
 * half of each message, which took longer than the hashing (docs/decisions/221). */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/crypto.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK SHA_CBLOCK /* of either hash */

_Static_assert(SHA_CBLOCK == SHA256_CBLOCK, "one length");

union state {
    SHA_CTX sha1;
    SHA256_CTX sha256;
};

struct auger_hmac {
    enum auger_hash hash;
    union state inner, outer; /* once the key was hashed */
};

/* --- either hash -------------------------------------------------------------------------- */

static bool begin(enum auger_hash hash, union state *state)
{
    return hash == AUGER_SHA1 ? SHA1_Init(&state->sha1) : SHA256_Init(&state->sha256);
}

static bool add(enum auger_hash hash, union state *state, const void *bytes, size_t len)
{
    return hash == AUGER_SHA1 ? SHA1_Update(&state->sha1, bytes, len)
                              : SHA256_Update(&state->sha256, bytes, len);
}

static bool end(enum auger_hash hash, union state *state, uint8_t *digest)
{
    return hash == AUGER_SHA1 ? SHA1_Final(digest, &state->sha1)
                              : SHA256_Final(digest, &state->sha256);
}

static size_t digest_len(enum auger_hash hash)
{
    return hash == AUGER_SHA1 ? SHA_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
}

/* --- the key ------------------------------------------------------------------------------ */

static bool begin_with(enum auger_hash hash, union state *state, const uint8_t key[BLOCK],
                       uint8_t pad)
{
    uint8_t block[BLOCK];

    for (size_t i = 0; i < BLOCK; i++)
        block[i] = key[i] ^ pad;
    bool good = begin(hash, state) && add(hash, state, block, BLOCK);
    OPENSSL_cleanse(block, sizeof(block));
    return good;
}

/* 2104, 2: a key that is longer than a block is hashed first. */
static bool set_key(struct auger_hmac *hmac, const uint8_t *key, size_t len)
{
    uint8_t block[BLOCK] = {0};
    union state state;
    bool good = true;

    if (len > BLOCK)
        good = begin(hmac->hash, &state) && add(hmac->hash, &state, key, len) &&
               end(hmac->hash, &state, block);
    else if (len > 0)
        memcpy(block, key, len);
    good = good && begin_with(hmac->hash, &hmac->inner, block, 0x36) &&
           begin_with(hmac->hash, &hmac->outer, block, 0x5C);
    OPENSSL_cleanse(block, sizeof(block));
    return good;
}

int auger_hmac_new(struct auger_hmac **out, enum auger_hash hash, const uint8_t *key, size_t len)
{
    struct auger_hmac *hmac = calloc(1, sizeof(*hmac));

    if (!hmac)
        return AUGER_ERR_NO_MEMORY;
    hmac->hash = hash;
    if (len > INT_MAX || !set_key(hmac, key, len)) { /* of a subtraction gone wrong */
        auger_hmac_free(hmac);
        return AUGER_ERR_CRYPTO;
    }
    *out = hmac;
    return 0;
}

void auger_hmac_free(struct auger_hmac *hmac)
{
    if (hmac)
        OPENSSL_cleanse(hmac, sizeof(*hmac));
    free(hmac);
}

/* --- a message ---------------------------------------------------------------------------- */

int auger_hmac_compute(struct auger_hmac *hmac, const struct auger_bytes *pieces, size_t pieces_len,
                       uint8_t *mac)
{
    union state state = hmac->inner;
    bool good = true;

    for (size_t i = 0; i < pieces_len; i++)
        good = good && add(hmac->hash, &state, pieces[i].data, pieces[i].len);
    good = good && end(hmac->hash, &state, mac);
    state = hmac->outer;
    good = good && add(hmac->hash, &state, mac, digest_len(hmac->hash)) &&
           end(hmac->hash, &state, mac);
    OPENSSL_cleanse(&state, sizeof(state));
    return good ? 0 : AUGER_ERR_CRYPTO;
}

bool auger_bytes_equal_secret(const uint8_t *a, const uint8_t *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
