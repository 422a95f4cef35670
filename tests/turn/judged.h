/* tests/turn/judged.h - a policy, and what it says of an address. */
#ifndef TESTS_TURN_JUDGED_H
#define TESTS_TURN_JUDGED_H

#include "tests/turn/puppet.h"

#include "turn/ip_range.h"
#include "turn/peer_policy.h"

#include <stdio.h>

static struct auger_peer_policy *policy;

static inline int make(void **state)
{
    (void)state;
    return auger_peer_policy_new(&policy, auger_env_system());
}

static inline int drop(void **state)
{
    (void)state;
    auger_peer_policy_free(policy);
    policy = NULL;
    return 0;
}

static inline struct auger_addr ip_of(const char *text)
{
    struct auger_addr addr;

    if (auger_addr_parse_ip(&addr, text, strlen(text), 1000) < 0)
        fail_msg("%s", text);
    return addr;
}

/* Both judgements: of the address with a port, and of the IP address alone. */
static inline enum auger_peer_verdict judge(const struct auger_addr *peer)
{
    enum auger_peer_verdict verdict = auger_peer_policy_judge(policy, peer);

    assert_int_equal(auger_peer_policy_judge_ip(policy, peer), verdict);
    return verdict;
}

static inline void expect_addr(const struct auger_addr *peer, enum auger_peer_verdict expected)
{
    enum auger_peer_verdict verdict = judge(peer);
    char text[AUGER_ADDR_TEXT_MAX];

    if (verdict != expected)
        fail_msg("%s is %s", auger_addr_format(peer, text, sizeof(text)),
                 auger_peer_verdict_text(verdict));
}

static inline void expect(const char *ip, enum auger_peer_verdict expected)
{
    struct auger_addr peer = ip_of(ip);

    expect_addr(&peer, expected);
}

static inline void allow(const char *range)
{
    assert_int_equal(auger_peer_policy_allow(policy, range), 0);
}

static inline void deny(const char *range)
{
    assert_int_equal(auger_peer_policy_deny(policy, range), 0);
}

static inline void own(const char *addr)
{
    struct auger_addr parsed = addr_of(addr);

    assert_int_equal(auger_peer_policy_add_own(policy, &parsed), 0);
}

#endif
