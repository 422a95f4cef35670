/* base/pool.h - equal slots that stay where they are: taken block by block as they are
 * needed, each block as large as all before it unless so many are asked for, up to a bound.  A slot
 * begins as zeroes; whose it is, and whether it is free, its owner knows. */
#ifndef AUGER_BASE_POOL_H
#define AUGER_BASE_POOL_H

#include <auger/base.h>

struct auger_pool_block {
    struct auger_pool_block *next;
    size_t len; /* slots behind this header */
};

struct auger_pool {
    struct auger_pool_block *first;
    uint16_t len; /* slots there are */
    uint16_t max;
    uint16_t slot_size;
};

/* A bound beyond 65,535 is that. */
static inline struct auger_pool auger_pool(size_t slot_size, size_t max)
{
    return (struct auger_pool){.slot_size = (uint16_t)slot_size,
                               .max = (uint16_t)(max < UINT16_MAX ? max : UINT16_MAX)};
}
void auger_pool_fini(struct auger_pool *pool, const struct auger_env *env);

/* More slots: false when there are `max`, or no memory. */
bool auger_pool_grow(struct auger_pool *pool, const struct auger_env *env);
/* That many slots, at most `max`, and no more than that if there were fewer; false: no memory. */
bool auger_pool_reserve(struct auger_pool *pool, const struct auger_env *env, size_t slots);

/* The slot with that number, which is below `len`. */
static inline void *auger_pool_at(const struct auger_pool *pool, size_t index)
{
    struct auger_pool_block *block = pool->first;

    for (; index >= block->len; block = block->next)
        index -= block->len;
    return (uint8_t *)(block + 1) + index * pool->slot_size;
}

#endif /* AUGER_BASE_POOL_H */
