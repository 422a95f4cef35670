/* crypto/env_system.c - the ordinary environment: OpenSSL's random bytes and the C heap. */
#include <auger/crypto.h>

#include <openssl/rand.h>

#include <limits.h>
#include <stdlib.h>

static int random_bytes(void *user, uint8_t *buf, size_t len)
{
    (void)user;
    return len <= INT_MAX && RAND_bytes(buf, (int)len) == 1 ? 0 : AUGER_ERR_ENTROPY;
}

static void *alloc_zeroed(void *user, size_t size)
{
    (void)user;
    return calloc(1, size ? size : 1);
}

static void release(void *user, void *ptr)
{
    (void)user;
    free(ptr);
}

const struct auger_env *auger_env_system(void)
{
    static const struct auger_env env = {
        .random = random_bytes, .alloc = alloc_zeroed, .release = release};

    return &env;
}
