/* tests/memory/env.h - an environment that counts what of it lives; its random bytes are none. */
#ifndef TESTS_MEMORY_ENV_H
#define TESTS_MEMORY_ENV_H

#include <auger/base.h>

#include <stdlib.h>
#include <string.h>

static long env_blocks;

static inline int env_fill(void *user, uint8_t *buf, size_t len)
{
    static uint8_t next;

    (void)user;
    memset(buf, next++, len);
    return 0;
}

static inline void *env_take(void *user, size_t size)
{
    void *block = calloc(1, size);

    (void)user;
    env_blocks += block != NULL;
    return block;
}

static inline void env_give_back(void *user, void *block)
{
    (void)user;
    env_blocks--;
    free(block);
}

static const struct auger_env env = {
    .random = env_fill, .alloc = env_take, .release = env_give_back};

#endif /* TESTS_MEMORY_ENV_H */
