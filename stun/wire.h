/* stun/wire.h - what reading and writing share: RFC 8489 sections 5 and 14.2. */
#ifndef AUGER_STUN_WIRE_H
#define AUGER_STUN_WIRE_H

#include <auger/stun.h>

#define AUGER_STUN_COOKIE 0x2112A442u
#define AUGER_STUN_FINGERPRINT_XOR 0x5354554Eu

/* 14.2: the port against the cookie, the address against cookie and transaction.
 * Its own inverse. */
static inline void auger_stun_xor_addr(struct auger_addr *addr, const struct auger_stun_tid *tid)
{
    static const uint8_t cookie[4] = {0x21, 0x12, 0xA4, 0x42};

    addr->port ^= AUGER_STUN_COOKIE >> 16;
    for (int i = 0; i < 4; i++)
        addr->ip[i] ^= cookie[i];
    for (int i = 4; addr->family == AUGER_IPV6 && i < 16; i++)
        addr->ip[i] ^= tid->bytes[i - 4];
}

#endif /* AUGER_STUN_WIRE_H */
