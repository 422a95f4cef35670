/* sim/digest.h - FNV-1a, 64 bits: tells two runs of a world apart.  Fit for
 * that alone, not against anybody. */
#ifndef SIM_DIGEST_H
#define SIM_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_START UINT64_C(0xCBF29CE484222325)

static inline uint64_t digest_bytes(uint64_t digest, const void *data, size_t len)
{
    const uint8_t *at = (const uint8_t *)data;
    for (size_t i = 0; i < len; i++)
        digest = (digest ^ at[i]) * UINT64_C(0x100000001B3);
    return digest;
}

static inline uint64_t digest_u64(uint64_t digest, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        digest = (digest ^ (value >> 8 * i & 0xFF)) * UINT64_C(0x100000001B3);
    return digest;
}

/* A number of which each part is as good as chance. */
static inline uint64_t digest_mix(uint64_t digest)
{
    digest = (digest ^ digest >> 31) * UINT64_C(0x9E3779B97F4A7C15);
    digest = (digest ^ digest >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    return digest ^ digest >> 32;
}

#endif /* SIM_DIGEST_H */
