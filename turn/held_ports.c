/* turn/held_ports.c - the ports that relays hold: a bit a port. */
#include "turn/held_ports.h"

#include "base/env.h"

#include <stdatomic.h>

#define WORD_BITS 64
#define WORDS (65536 / WORD_BITS)

struct auger_turn_held_ports {
    const struct auger_env *env;
    _Atomic uint64_t words[2][2][WORDS]; /* by family, by transport */
};

int auger_turn_held_ports_new(struct auger_turn_held_ports **out, const struct auger_env *env)
{
    struct auger_turn_held_ports *held = auger_env_alloc(env, 1, sizeof(*held));

    if (!held)
        return AUGER_ERR_NO_MEMORY;
    held->env = env;
    *out = held;
    return 0;
}

void auger_turn_held_ports_free(struct auger_turn_held_ports *held)
{
    if (held)
        auger_env_release(held->env, held);
}

/* A word has ports of two servers where one's range ends, and stands for nothing but itself: no
 * order with other memory is needed. */
static _Atomic uint64_t *word_of(struct auger_turn_held_ports *held, const struct auger_addr *at)
{
    return &held->words[at->family == AUGER_IPV6][at->transport == AUGER_TCP][at->port / WORD_BITS];
}

static uint64_t bit_of(const struct auger_addr *at)
{
    return (uint64_t)1 << at->port % WORD_BITS;
}

void auger_turn_held_ports_add(struct auger_turn_held_ports *held, const struct auger_addr *at)
{
    atomic_fetch_or_explicit(word_of(held, at), bit_of(at), memory_order_relaxed);
}

void auger_turn_held_ports_remove(struct auger_turn_held_ports *held, const struct auger_addr *at)
{
    atomic_fetch_and_explicit(word_of(held, at), ~bit_of(at), memory_order_relaxed);
}

bool auger_turn_held_ports_has(struct auger_turn_held_ports *held, const struct auger_addr *at)
{
    return atomic_load_explicit(word_of(held, at), memory_order_relaxed) & bit_of(at);
}
