/* crypto/digest.c - hashes without a key, and forgetting what was secret. */
#include "crypto/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

int auger_digest_compute(enum auger_digest digest, const struct auger_bytes *pieces,
                         size_t pieces_len, uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done =
        ctx && EVP_DigestInit_ex(ctx, digest == AUGER_DIGEST_MD5 ? EVP_md5() : EVP_sha256(), NULL);

    for (size_t i = 0; done && i < pieces_len; i++)
        done = EVP_DigestUpdate(ctx, pieces[i].data, pieces[i].len);
    done = done && EVP_DigestFinal_ex(ctx, out, NULL);
    EVP_MD_CTX_free(ctx);
    return done ? 0 : AUGER_ERR_CRYPTO;
}

void auger_bytes_wipe(void *secret, size_t len)
{
    OPENSSL_cleanse(secret, len);
}
