/* turn/server_ports.c - the ledger of relayed ports: a bit a port. */
#include "turn/server_ports.h"

#include "base/env.h"

#include <assert.h>

#define GUESSES 4
#define EVEN 0x5555555555555555u

static uint32_t count_bits(uint64_t word)
{
    word -= word >> 1 & EVEN;
    word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (uint32_t)(word * 0x0101010101010101u >> 56);
}

static uint64_t bit_of(const struct auger_server_ports *ports, uint16_t port)
{
    return (uint64_t)1 << ((uint32_t)(port - ports->base) & 63);
}

static uint64_t *word_of(const struct auger_server_ports *ports, uint16_t port)
{
    assert(port >= ports->base && (uint32_t)(port - ports->base) / 64 < ports->words_len);
    return &ports->words[(uint32_t)(port - ports->base) / 64];
}

int auger_server_ports_init(struct auger_server_ports *ports, const struct auger_env *env,
                            uint16_t min, uint16_t max)
{
    ports->base = min & 0xFFFE;
    ports->words_len = (uint32_t)(max - ports->base) / 64 + 1;
    ports->words = auger_env_alloc(env, ports->words_len, sizeof(uint64_t));
    if (!ports->words)
        return AUGER_ERR_NO_MEMORY;
    ports->len = (uint32_t)(max - min) + 1;
    for (uint32_t port = min; port <= max; port++)
        auger_server_ports_give(ports, (uint16_t)port);
    return 0;
}

void auger_server_ports_fini(struct auger_server_ports *ports, const struct auger_env *env)
{
    auger_env_release(env, ports->words);
    *ports = (struct auger_server_ports){0};
}

void auger_server_ports_take(struct auger_server_ports *ports, uint16_t port)
{
    assert(*word_of(ports, port) & bit_of(ports, port));
    *word_of(ports, port) &= ~bit_of(ports, port);
    ports->free--;
}

void auger_server_ports_give(struct auger_server_ports *ports, uint16_t port)
{
    assert(!(*word_of(ports, port) & bit_of(ports, port)));
    *word_of(ports, port) |= bit_of(ports, port);
    ports->free++;
}

/* The base is even, so that a pair lies in one word. */
static uint64_t fitting(const struct auger_server_ports *ports, enum auger_server_port_kind kind,
                        uint32_t word)
{
    uint64_t bits = ports->words[word];

    switch (kind) {
    case AUGER_SERVER_PORT_ANY:
        break;
    case AUGER_SERVER_PORT_EVEN:
        return bits & EVEN;
    case AUGER_SERVER_PORT_PAIR:
        return bits & bits >> 1 & EVEN;
    }
    return bits;
}

static uint32_t count_fitting(const struct auger_server_ports *ports,
                              enum auger_server_port_kind kind)
{
    uint32_t count = 0;

    if (kind == AUGER_SERVER_PORT_ANY)
        return ports->free;
    for (uint32_t i = 0; i < ports->words_len; i++)
        count += count_bits(fitting(ports, kind, i));
    return count;
}

static uint16_t nth_fitting(const struct auger_server_ports *ports,
                            enum auger_server_port_kind kind, uint32_t nth)
{
    uint32_t word = 0;
    uint64_t bits = fitting(ports, kind, 0);

    for (uint32_t count = count_bits(bits); nth >= count; count = count_bits(bits)) {
        nth -= count;
        bits = fitting(ports, kind, ++word);
    }
    for (; nth > 0; nth--)
        bits &= bits - 1;
    return (uint16_t)(ports->base + 64 * word + count_bits((bits & -bits) - 1));
}

/* A block is drawn at once: decision 179. */
static int draw_number(struct auger_server_ports *ports, const struct auger_env *env,
                       uint32_t *number)
{
    if (ports->ahead_len == 0) {
        int err = auger_env_random(env, ports->ahead, sizeof(ports->ahead));
        if (err < 0)
            return err;
        ports->ahead_len = AUGER_SERVER_PORTS_AHEAD;
    }
    *number = ports->ahead[--ports->ahead_len];
    ports->ahead[ports->ahead_len] = 0;
    return 0;
}

static bool fits(const struct auger_server_ports *ports, enum auger_server_port_kind kind,
                 uint32_t place)
{
    return fitting(ports, kind, place / 64) >> place % 64 & 1;
}

/* In a ledger that is not nearly empty a guess or two hit a free port, each as likely as any other;
 * in one that is, the free ones are counted. */
int auger_server_ports_draw(struct auger_server_ports *ports, const struct auger_env *env,
                            enum auger_server_port_kind kind, uint16_t *port)
{
    uint32_t number;

    for (int guess = 0; guess < GUESSES; guess++) {
        int err = draw_number(ports, env, &number);
        if (err < 0)
            return err;
        uint32_t place = number % (ports->words_len * 64);
        if (fits(ports, kind, place)) {
            *port = (uint16_t)(ports->base + place);
            auger_server_ports_take(ports, *port);
            return 0;
        }
    }
    uint32_t count = count_fitting(ports, kind);
    if (count == 0)
        return AUGER_ERR_LIMIT;
    int err = draw_number(ports, env, &number);
    if (err < 0)
        return err;
    *port = nth_fitting(ports, kind, number % count);
    auger_server_ports_take(ports, *port);
    return 0;
}
