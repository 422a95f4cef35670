/* tests/memory/sweep.h - memory that runs out: of the blocks that a call of the library asks
 * for the n-th is not there, for every n.  Whatever asks comes here: the linker turns our
 * libraries' calloc() to this file, and with it the environments of the tests; OpenSSL's heap
 * is replaced where sweep_openssl() was called first of all. */
#ifndef TESTS_MEMORY_SWEEP_H
#define TESTS_MEMORY_SWEEP_H

#include <auger/base.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdlib.h>
#include <string.h>

static struct sweep {
    unsigned long fails_at; /* counted from 1; 0: none does */
    unsigned long taken;    /* blocks that were asked for by swept calls */
    bool is_inside;         /* a swept call: what the test itself asks for is there */
    long openssl_blocks;    /* that live */
} sweep;

static inline bool runs_out(void)
{
    return sweep.is_inside && ++sweep.taken == sweep.fails_at;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return runs_out() ? NULL : __real_calloc(count, size);
}

static inline void sweep_begin(unsigned long n)
{
    sweep.fails_at = n;
    sweep.taken = 0;
}

/* Whether a block was missing. */
static inline bool sweep_end(void)
{
    ERR_clear_error(); /* of the thread, and no leak */
    bool failed = sweep.fails_at != 0 && sweep.taken >= sweep.fails_at;

    sweep.fails_at = 0;
    return failed;
}

/* Around a call that is to be swept. */
#define SWEPT(call) (sweep.is_inside = true, swept(call))
#define SWEPT_VOID(call)                                                                           \
    do {                                                                                           \
        sweep.is_inside = true;                                                                    \
        call;                                                                                      \
        sweep.is_inside = false;                                                                   \
    } while (0)

static inline long swept(long result)
{
    sweep.is_inside = false;
    return result;
}

/* --- OpenSSL's heap --------------------------------------------------------------------- */

static inline void *openssl_alloc(size_t size, const char *file, int line)
{
    void *block = runs_out() ? NULL : malloc(size);

    (void)file;
    (void)line;
    sweep.openssl_blocks += block != NULL;
    return block;
}

static inline void openssl_free(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    sweep.openssl_blocks -= block != NULL;
    free(block);
}

static inline void *openssl_realloc(void *block, size_t size, const char *file, int line)
{
    if (!block)
        return openssl_alloc(size, file, line);
    if (size == 0) {
        openssl_free(block, file, line);
        return NULL;
    }
    return runs_out() ? NULL : realloc(block, size);
}

/* Before OpenSSL is asked for anything.  Its own start, once a process, is not swept: when
 * that fails it fails for good. */
static inline bool sweep_openssl(void)
{
    const uint8_t text[] = "text";
    uint8_t mac[EVP_MAX_MD_SIZE];

    return CRYPTO_set_mem_functions(openssl_alloc, openssl_realloc, openssl_free) == 1 &&
           HMAC(EVP_sha1(), text, 4, text, 4, mac, NULL) &&
           HMAC(EVP_sha256(), text, 4, text, 4, mac, NULL);
}

#endif /* TESTS_MEMORY_SWEEP_H */
