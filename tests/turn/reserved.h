/* tests/turn/reserved.h - two ports side by side, one of them for later. */
#ifndef TESTS_TURN_RESERVED_H
#define TESTS_TURN_RESERVED_H

#include "tests/turn/station.h"

enum { IPV4 = 1, IPV6 = 2, RESERVE = 0x80 };

static inline uint64_t allocate_pair(struct station *s, struct asker *who)
{
    const uint8_t reserve = RESERVE;
    struct request q;
    uint64_t token = 0;

    challenge(s, who);
    begin_allocate(&q);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_EVEN_PORT, &reserve, 1);
    send_signed(s, &q, who);
    expect(s, who, 0);
    assert_true(auger_stun_msg_u64(&s->answer, AUGER_STUN_ATTR_RESERVATION_TOKEN, &token));
    assert_true(auger_stun_msg_addr(&s->answer, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &s->relayed));
    return token;
}

static inline void redeem(struct station *s, struct asker *who, uint64_t token)
{
    struct request q;

    challenge(s, who);
    begin_allocate(&q);
    auger_stun_build_u64(&q.b, AUGER_STUN_ATTR_RESERVATION_TOKEN, token);
    send_signed(s, &q, who);
}

#endif
