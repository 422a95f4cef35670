/* sim/memory.h - the simulator's own memory: there is enough, or the test ends. */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include <stdlib.h>

static inline void *sim_resize(void *ptr, size_t count, size_t size)
{
    ptr = realloc(ptr, count * size);
    if (!ptr)
        abort();
    return ptr;
}

/* Zeroed. */
static inline void *sim_alloc(size_t size)
{
    void *ptr = calloc(1, size);
    if (!ptr)
        abort();
    return ptr;
}

#endif /* SIM_MEMORY_H */
