/* stun/attr.h - what is known of each attribute: RFC 8489 section 14 and its companions. */
#ifndef AUGER_STUN_ATTR_H
#define AUGER_STUN_ATTR_H

#include <auger/stun.h>

enum auger_stun_attr_kind {
    AUGER_STUN_KIND_BYTES,
    AUGER_STUN_KIND_ADDR,
    AUGER_STUN_KIND_XOR_ADDR,
    AUGER_STUN_KIND_ALGORITHM,
    AUGER_STUN_KIND_ALGORITHMS,
};

/* One row a type: the lengths that its value may have, and whether a message may
 * hold several. */
struct auger_stun_attr_row {
    uint16_t type;
    uint8_t kind;
    uint16_t len_min, len_max;
    bool repeats;
};

/* NULL: unknown to us. */
const struct auger_stun_attr_row *auger_stun_attr_find(uint16_t type);

static inline bool auger_stun_attr_is_required(uint16_t type)
{
    return type < 0x8000; /* 14: comprehension-required */
}

#endif /* AUGER_STUN_ATTR_H */
