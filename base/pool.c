#include "base/pool.h"

#include "base/env.h"

#define FIRST_SLOTS 2

void auger_pool_fini(struct auger_pool *pool, const struct auger_env *env)
{
    struct auger_pool_block *next;

    for (struct auger_pool_block *block = pool->first; block; block = next) {
        next = block->next;
        auger_env_release(env, block);
    }
    *pool = (struct auger_pool){0};
}

static size_t at_most(size_t slots, size_t max)
{
    return slots < max ? slots : max;
}

static bool add_block(struct auger_pool *pool, const struct auger_env *env, size_t slots)
{
    struct auger_pool_block **end = &pool->first;

    while (*end)
        end = &(*end)->next;
    *end = auger_env_alloc(env, 1, sizeof(**end) + slots * pool->slot_size);
    if (!*end)
        return false;
    (*end)->len = slots;
    pool->len = (uint16_t)(pool->len + slots);
    return true;
}

bool auger_pool_grow(struct auger_pool *pool, const struct auger_env *env)
{
    size_t slots = at_most(pool->len ? pool->len : FIRST_SLOTS, (size_t)(pool->max - pool->len));

    return slots > 0 && add_block(pool, env, slots);
}

bool auger_pool_reserve(struct auger_pool *pool, const struct auger_env *env, size_t slots)
{
    slots = at_most(slots, pool->max);
    return slots <= pool->len || add_block(pool, env, slots - pool->len);
}
