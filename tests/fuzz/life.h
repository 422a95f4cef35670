/* tests/fuzz/life.h - what a target that lives a life has: an environment that counts what is
 * taken of it, and the input as a stream of choices. */
#ifndef TESTS_FUZZ_LIFE_H
#define TESTS_FUZZ_LIFE_H

#include <auger/base.h>

#include <stdlib.h>

static size_t blocks_taken, bytes_taken;

static inline void require(bool holds)
{
    if (!holds)
        abort();
}

static inline int draw(void *user, uint8_t *buf, size_t len)
{
    static uint32_t next = 0x61626364;

    (void)user;
    for (size_t i = 0; i < len; i++) {
        next = next * 1664525 + 1013904223;
        buf[i] = (uint8_t)(next >> 24);
    }
    return 0;
}

static inline void *count_alloc(void *user, size_t size)
{
    size_t *block = calloc(1, 16 + size);

    (void)user;
    require(block != NULL);
    *block = size;
    blocks_taken++;
    bytes_taken += size;
    return (uint8_t *)block + 16;
}

static inline void count_release(void *user, void *ptr)
{
    size_t *block = (size_t *)(void *)((uint8_t *)ptr - 16);

    (void)user;
    blocks_taken--;
    bytes_taken -= *block;
    free(block);
}

static const struct auger_env env = {NULL, draw, count_alloc, count_release, NULL};

/* --- the input -------------------------------------------------------------------------- */

struct input {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t next_byte(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

static inline size_t next_u16(struct input *in)
{
    size_t high = next_byte(in);

    return high << 8 | next_byte(in);
}

/* Up to `len`, as many as there are. */
static inline struct auger_bytes next_bytes(struct input *in, size_t len)
{
    if (len > in->left)
        len = in->left;
    struct auger_bytes piece = {in->at, len};
    in->at += len;
    in->left -= len;
    return piece;
}

#endif /* TESTS_FUZZ_LIFE_H */
