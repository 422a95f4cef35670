/* turn/server_grow.h - tables of peers: small at first, doubled as they are needed. */
#ifndef AUGER_TURN_SERVER_GROW_H
#define AUGER_TURN_SERVER_GROW_H

#include "base/env.h"

#include <string.h>

#define AUGER_SERVER_TABLE_FIRST 2

/* Room for `needed` items, of which `len` are there.  AUGER_ERR_NO_MEMORY: it is as it was. */
static inline AUGER_CHECK_RESULT int auger_server_grow(const struct auger_env *env, void **items,
                                                       size_t len, uint16_t *cap, size_t needed,
                                                       size_t item_size)
{
    size_t more = *cap ? *cap : AUGER_SERVER_TABLE_FIRST;

    if (needed <= *cap)
        return 0;
    while (more < needed)
        more *= 2;
    void *grown = auger_env_alloc(env, more, item_size);
    if (!grown)
        return AUGER_ERR_NO_MEMORY;
    if (len > 0)
        memcpy(grown, *items, len * item_size);
    auger_env_release(env, *items);
    *items = grown;
    *cap = (uint16_t)more;
    return 0;
}

#endif /* AUGER_TURN_SERVER_GROW_H */
