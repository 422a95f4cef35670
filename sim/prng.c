/* sim/prng.c - xoshiro256**, seeded by splitmix64 (Blackman and Vigna). */
#include "sim/prng.h"

#include "sim/digest.h"

#include <assert.h>
#include <string.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

void prng_init(struct prng *prng, uint64_t seed, const char *name)
{
    uint64_t state = seed;

    state = splitmix(&state) ^ digest_bytes(DIGEST_START, name, strlen(name));
    for (size_t i = 0; i < 4; i++)
        prng->s[i] = splitmix(&state);
}

uint64_t prng_next(struct prng *prng)
{
    uint64_t *s = prng->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t prng_below(struct prng *prng, uint64_t n)
{
    assert(n > 0);
    uint64_t excess = (UINT64_MAX % n + 1) % n;
    uint64_t value;

    do
        value = prng_next(prng);
    while (value > UINT64_MAX - excess);
    return value % n;
}

int64_t prng_between(struct prng *prng, int64_t low, int64_t high)
{
    assert(low <= high);
    return low + (int64_t)prng_below(prng, (uint64_t)(high - low) + 1);
}

bool prng_permille(struct prng *prng, unsigned chance)
{
    return chance > 0 && prng_below(prng, 1000) < chance;
}

void prng_fill(struct prng *prng, uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = prng_next(prng);
        memcpy(buf + i, &word, len - i < 8 ? len - i : 8);
    }
}
