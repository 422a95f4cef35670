/* base/env.h - asking the environment: memory and random bytes. */
#ifndef AUGER_BASE_ENV_H
#define AUGER_BASE_ENV_H

#include <auger/base.h>

/* Zeroed memory for `count` objects of `size` bytes, or NULL. */
static inline void *auger_env_alloc(const struct auger_env *env, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return env->alloc(env->user, count * size);
}

static inline void auger_env_release(const struct auger_env *env, void *ptr)
{
    if (ptr)
        env->release(env->user, ptr);
}

static inline AUGER_CHECK_RESULT int auger_env_random(const struct auger_env *env, void *buf,
                                                      size_t len)
{
    return env->random(env->user, (uint8_t *)buf, len);
}

#endif /* AUGER_BASE_ENV_H */
