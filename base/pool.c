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

bool auger_pool_grow(struct auger_pool *pool, const struct auger_env *env)
{
    size_t slots = pool->len ? pool->len : FIRST_SLOTS;
    struct auger_pool_block **end = &pool->first;

    if (slots > (size_t)(pool->max - pool->len))
        slots = pool->max - pool->len;
    if (slots == 0)
        return false;
    while (*end)
        end = &(*end)->next;
    *end = auger_env_alloc(env, 1, sizeof(**end) + slots * pool->slot_size);
    if (!*end)
        return false;
    (*end)->len = slots;
    pool->len = (uint16_t)(pool->len + slots);
    return true;
}
