/* sim/prng.h - reproducible random numbers: xoshiro256**.  A stream is made of
 * a seed and a name, so that each node and link draws from its own and none disturbs
 * another. */
#ifndef SIM_PRNG_H
#define SIM_PRNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prng {
    uint64_t s[4];
};

void prng_init(struct prng *prng, uint64_t seed, const char *name);
uint64_t prng_next(struct prng *prng);
/* 0 to n - 1, without bias; n must not be 0. */
uint64_t prng_below(struct prng *prng, uint64_t n);
/* low to high, both included. */
int64_t prng_between(struct prng *prng, int64_t low, int64_t high);
bool prng_permille(struct prng *prng, unsigned chance);
void prng_fill(struct prng *prng, uint8_t *buf, size_t len);

#endif /* SIM_PRNG_H */
