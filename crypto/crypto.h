/* crypto/crypto.h - what we ask of OpenSSL: keyed hashes with the key prepared once, plain
 * ones, and comparing in constant time.  Random bytes come from the environment (<auger/crypto.h>).
 */
#ifndef AUGER_CRYPTO_CRYPTO_H
#define AUGER_CRYPTO_CRYPTO_H

#include <auger/crypto.h>

#define AUGER_SHA1_LEN 20
#define AUGER_SHA256_LEN 32

enum auger_hash { AUGER_SHA1, AUGER_SHA256 };

/* An HMAC key. */
struct auger_hmac;

int auger_hmac_new(struct auger_hmac **out, enum auger_hash hash, const uint8_t *key,
                   size_t len) AUGER_CHECK_RESULT;
void auger_hmac_free(struct auger_hmac *hmac); /* NULL is fine */

/* The code of several pieces, one after the other: 20 or 32 bytes into `mac`.  AUGER_ERR_CRYPTO. */
int auger_hmac_compute(struct auger_hmac *hmac, const struct auger_bytes *pieces, size_t pieces_len,
                       uint8_t *mac) AUGER_CHECK_RESULT;

/* A keyed hash for tables: SipHash-2-4 of 64 bits.  Fast, and no proof of anything. */
#define AUGER_SIPHASH_KEY_LEN 16
struct auger_siphash;

int auger_siphash_new(struct auger_siphash **out,
                      const uint8_t key[AUGER_SIPHASH_KEY_LEN]) AUGER_CHECK_RESULT;
void auger_siphash_free(struct auger_siphash *siphash); /* NULL is fine */
/* AUGER_ERR_CRYPTO. */
int auger_siphash_compute(struct auger_siphash *siphash, const uint8_t *data, size_t len,
                          uint64_t *hash) AUGER_CHECK_RESULT;

/* A hash without a key, of several pieces: 16 or 32 bytes into `out`.  AUGER_ERR_CRYPTO. */
#define AUGER_MD5_LEN 16
enum auger_digest { AUGER_DIGEST_MD5, AUGER_DIGEST_SHA256 };
int auger_digest_compute(enum auger_digest digest, const struct auger_bytes *pieces,
                         size_t pieces_len, uint8_t *out) AUGER_CHECK_RESULT;

/* Before the memory of a secret is given back. */
void auger_bytes_wipe(void *secret, size_t len);

bool auger_bytes_equal_secret(const uint8_t *a, const uint8_t *b, size_t len);

#endif /* AUGER_CRYPTO_CRYPTO_H */
