/* turn/peer_policy.c - which peers may be relayed to: docs/decisions/125.  The rules of both
 * lists and the defaults are laid out once as spans without gaps, in which an address is
 * found by halving. */
#include "turn/peer_policy.h"
#include "base/addr.h"
#include "base/env.h"
#include "turn/embedded.h"
#include "turn/ip_range.h"

#include <stdlib.h>
#include <string.h>

#define RULES_START 64

/* Of ranges that are equal the first kind decides. */
enum rule_kind { DENY, ALLOW, OWN, DEFAULT };

struct rule {
    struct auger_ip_range range;
    uint8_t size[16]; /* less one */
    uint8_t kind, verdict;
};

/* From here to where the next one begins. */
struct span {
    uint8_t first[16];
    uint8_t verdict;
};

struct auger_peer_policy {
    const struct auger_env *env;
    struct rule *rules;
    struct span *spans; /* of IPv4, then of IPv6: room for all that the rules can make */
    size_t rules_len, rules_cap, listed_len, ipv4_len, ipv6_len;
    bool is_laid_out;
    struct auger_addr own[AUGER_PEER_OWN_MAX]; /* with a port: where the server listens */
    size_t own_len;
    struct auger_addr relay_ips[AUGER_PEER_RELAYS_MAX];
    size_t relay_ips_len;
    struct auger_turn_held_ports *held; /* NULL: relays do not meet */
};

/* --- what is special by itself -------------------------------------------------------- */

struct special {
    const char *range;
    enum auger_peer_verdict verdict;
};

/* IANA's special-purpose registries of both families, and what is near them. */
static const struct special specials[] = {
    {"0.0.0.0/0", AUGER_PEER_PERMITTED},
    {"0.0.0.0/8", AUGER_PEER_SPECIAL},        /* this network: this host, for most */
    {"10.0.0.0/8", AUGER_PEER_SPECIAL},       /* RFC 1918 */
    {"100.64.0.0/10", AUGER_PEER_SPECIAL},    /* RFC 6598: carriers' NATs, metadata in one cloud */
    {"127.0.0.0/8", AUGER_PEER_SPECIAL},      /* loopback */
    {"168.63.129.16/32", AUGER_PEER_SPECIAL}, /* the host of a machine in one cloud */
    {"169.254.0.0/16", AUGER_PEER_SPECIAL},   /* link-local, and metadata in most clouds */
    {"172.16.0.0/12", AUGER_PEER_SPECIAL},    /* RFC 1918 */
    {"192.0.0.0/24", AUGER_PEER_SPECIAL},     /* IETF protocols; metadata in one cloud */
    {"192.0.2.0/24", AUGER_PEER_SPECIAL},     /* documentation */
    {"192.88.99.0/24", AUGER_PEER_SPECIAL},   /* relays of 6to4 */
    {"192.168.0.0/16", AUGER_PEER_SPECIAL},   /* RFC 1918 */
    {"198.18.0.0/15", AUGER_PEER_SPECIAL},    /* benchmarks */
    {"198.51.100.0/24", AUGER_PEER_SPECIAL},  /* documentation */
    {"203.0.113.0/24", AUGER_PEER_SPECIAL},   /* documentation */
    {"224.0.0.0/4", AUGER_PEER_SPECIAL},      /* multicast */
    {"240.0.0.0/4", AUGER_PEER_SPECIAL},      /* reserved, and broadcast */
    {"::/0", AUGER_PEER_SPECIAL},             /* what is not unicast of today */
    {"::/96", AUGER_PEER_SPECIAL},            /* IPv4-compatible, :: */
    {"::1/128", AUGER_PEER_SPECIAL},          /* loopback */
    {"::ffff:0:0:0/96", AUGER_PEER_SPECIAL},  /* IPv4-translated */
    {"64:ff9b::/96", AUGER_PEER_PERMITTED},   /* NAT64: what it reaches decides */
    {"64:ff9b:1::/48", AUGER_PEER_SPECIAL},   /* NAT64 of one's own */
    {"100::/64", AUGER_PEER_SPECIAL},         /* discard only */
    {"100:0:0:1::/64", AUGER_PEER_SPECIAL},   /* dummy prefix */
    {"2000::/3", AUGER_PEER_PERMITTED},       /* unicast of today */
    {"2001::/23", AUGER_PEER_SPECIAL},        /* IETF protocols */
    {"2001::/32", AUGER_PEER_SPECIAL},        /* Teredo */
    {"2001:2::/48", AUGER_PEER_SPECIAL},      /* benchmarks */
    {"2001:10::/28", AUGER_PEER_SPECIAL},     /* ORCHID */
    {"2001:20::/28", AUGER_PEER_SPECIAL},     /* ORCHIDv2 */
    {"2001:30::/28", AUGER_PEER_SPECIAL},     /* drones */
    {"2001:db8::/32", AUGER_PEER_SPECIAL},    /* documentation */
    {"2002::/16", AUGER_PEER_SPECIAL},        /* 6to4 */
    {"3fff::/20", AUGER_PEER_SPECIAL},        /* documentation */
    {"5f00::/16", AUGER_PEER_SPECIAL},        /* segment routing */
    {"fc00::/7", AUGER_PEER_SPECIAL},         /* unique local */
    {"fe80::/10", AUGER_PEER_SPECIAL},        /* link-local */
    {"fec0::/10", AUGER_PEER_SPECIAL},        /* site-local */
    {"ff00::/8", AUGER_PEER_SPECIAL},         /* multicast */
};
#define SPECIALS (sizeof(specials) / sizeof(specials[0]))

/* --- the rules ------------------------------------------------------------------------- */

static size_t spans_of(size_t rules)
{
    return 2 * rules + 2;
}

static int grow(struct auger_peer_policy *policy)
{
    size_t cap = policy->rules_cap ? 2 * policy->rules_cap : RULES_START;
    struct rule *rules = auger_env_alloc(policy->env, cap, sizeof(*rules));
    struct span *spans = auger_env_alloc(policy->env, spans_of(cap), sizeof(*spans));

    if (!rules || !spans) {
        auger_env_release(policy->env, rules);
        auger_env_release(policy->env, spans);
        return AUGER_ERR_NO_MEMORY;
    }
    if (policy->rules_len)
        memcpy(rules, policy->rules, policy->rules_len * sizeof(*rules));
    auger_env_release(policy->env, policy->rules);
    auger_env_release(policy->env, policy->spans);
    policy->rules = rules;
    policy->spans = spans;
    policy->rules_cap = cap;
    policy->is_laid_out = false;
    return 0;
}

static int add_rule(struct auger_peer_policy *policy, const struct auger_ip_range *range,
                    enum rule_kind kind, enum auger_peer_verdict verdict)
{
    if (policy->rules_len == policy->rules_cap) {
        int err = grow(policy);
        if (err < 0)
            return err;
    }
    struct rule *rule = &policy->rules[policy->rules_len++];
    *rule = (struct rule){.range = *range, .kind = (uint8_t)kind, .verdict = (uint8_t)verdict};
    auger_ip_range_size(range, rule->size);
    policy->is_laid_out = false;
    return 0;
}

static int add_specials(struct auger_peer_policy *policy)
{
    struct auger_ip_range range;
    int err = 0;

    for (size_t i = 0; err == 0 && i < SPECIALS; i++) {
        err = auger_ip_range_parse(&range, specials[i].range);
        if (err == 0)
            err = add_rule(policy, &range, DEFAULT, specials[i].verdict);
    }
    return err;
}

int auger_peer_policy_new(struct auger_peer_policy **out, const struct auger_env *env)
{
    struct auger_peer_policy *policy = auger_env_alloc(env, 1, sizeof(*policy));

    if (!policy)
        return AUGER_ERR_NO_MEMORY;
    policy->env = env;
    int err = add_specials(policy);
    if (err < 0) {
        auger_peer_policy_free(policy);
        return err;
    }
    *out = policy;
    return 0;
}

void auger_peer_policy_free(struct auger_peer_policy *policy)
{
    if (!policy)
        return;
    auger_env_release(policy->env, policy->rules);
    auger_env_release(policy->env, policy->spans);
    auger_env_release(policy->env, policy);
}

static int add_listed(struct auger_peer_policy *policy, const char *text, enum rule_kind kind,
                      enum auger_peer_verdict verdict)
{
    struct auger_ip_range range;

    int err = auger_ip_range_parse(&range, text);
    if (err == 0 && policy->listed_len == AUGER_PEER_RULES_MAX)
        err = AUGER_ERR_LIMIT;
    if (err == 0)
        err = add_rule(policy, &range, kind, verdict);
    if (err == 0)
        policy->listed_len++;
    return err;
}

int auger_peer_policy_allow(struct auger_peer_policy *policy, const char *range)
{
    return add_listed(policy, range, ALLOW, AUGER_PEER_PERMITTED);
}

int auger_peer_policy_deny(struct auger_peer_policy *policy, const char *range)
{
    return add_listed(policy, range, DENY, AUGER_PEER_LISTED);
}

void auger_peer_policy_forget_rules(struct auger_peer_policy *policy)
{
    size_t kept = 0;

    for (size_t i = 0; i < policy->rules_len; i++)
        if (policy->rules[i].kind == OWN || policy->rules[i].kind == DEFAULT)
            policy->rules[kept++] = policy->rules[i];
    policy->rules_len = kept;
    policy->listed_len = 0;
    policy->is_laid_out = false;
}

int auger_peer_policy_add_own(struct auger_peer_policy *policy, const struct auger_addr *own)
{
    struct auger_ip_range range = auger_ip_range_of(own);
    int err = 0;

    if (auger_addr_ip_len(own) == 0)
        return AUGER_ERR_INVALID;
    if (policy->own_len == AUGER_PEER_OWN_MAX)
        return AUGER_ERR_LIMIT;
    if (!auger_addr_is_unspecified(own))
        err = add_rule(policy, &range, OWN, AUGER_PEER_OWN);
    if (err < 0)
        return err;
    struct auger_addr *kept = &policy->own[policy->own_len++];
    *kept = (struct auger_addr){.family = range.family, .port = own->port};
    memcpy(kept->ip, range.first, 16);
    return 0;
}

int auger_peer_policy_add_relay(struct auger_peer_policy *policy, const struct auger_addr *ip)
{
    if (policy->relay_ips_len == AUGER_PEER_RELAYS_MAX)
        return AUGER_ERR_LIMIT;
    policy->relay_ips[policy->relay_ips_len++] = *ip;
    return 0;
}

void auger_peer_policy_let_relays_meet(struct auger_peer_policy *policy,
                                       struct auger_turn_held_ports *held)
{
    policy->held = held;
}

/* --- laying them out ------------------------------------------------------------------- */

static bool comes_before(const struct rule *a, const struct rule *b)
{
    int by_size = memcmp(a->size, b->size, 16);

    return by_size < 0 || (by_size == 0 && a->kind < b->kind);
}

/* Of the smallest rule that has it.  There is one: the defaults have each address. */
static uint8_t verdict_at(const struct auger_peer_policy *policy, uint8_t family,
                          const uint8_t ip[16])
{
    const struct rule *best = NULL;

    for (size_t i = 0; i < policy->rules_len; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->range.family == family && auger_ip_range_has(&rule->range, ip) &&
            (!best || comes_before(rule, best)))
            best = rule;
    }
    return best ? best->verdict : AUGER_PEER_SPECIAL;
}

/* False: there is no address behind it. */
static bool step(uint8_t ip[16], size_t ip_len)
{
    for (size_t i = ip_len; i-- > 0;)
        if (++ip[i] != 0)
            return true;
    return false;
}

static int compare_spans(const void *a, const void *b)
{
    return memcmp(((const struct span *)a)->first, ((const struct span *)b)->first, 16);
}

static size_t lay_out_family(const struct auger_peer_policy *policy, uint8_t family,
                             struct span *spans)
{
    size_t len = 0, kept = 0;

    for (size_t i = 0; i < policy->rules_len; i++) {
        const struct auger_ip_range *range = &policy->rules[i].range;
        if (range->family != family)
            continue;
        memcpy(spans[len++].first, range->first, 16);
        memcpy(spans[len].first, range->last, 16);
        if (step(spans[len].first, family == AUGER_IPV4 ? 4 : 16))
            len++;
    }
    qsort(spans, len, sizeof(*spans), compare_spans);
    for (size_t i = 0; i < len; i++) {
        spans[i].verdict = verdict_at(policy, family, spans[i].first);
        if (kept == 0 || spans[kept - 1].verdict != spans[i].verdict)
            spans[kept++] = spans[i];
    }
    return kept;
}

static void lay_out(struct auger_peer_policy *policy)
{
    policy->ipv4_len = lay_out_family(policy, AUGER_IPV4, policy->spans);
    policy->ipv6_len = lay_out_family(policy, AUGER_IPV6, policy->spans + policy->ipv4_len);
    policy->is_laid_out = true;
}

/* --- judging --------------------------------------------------------------------------- */

/* What is asked of a peer. */
enum question {
    MAY_BE_PERMITTED, /* the IP address, whatever the port */
    MAY_BE_REACHED,
    MAY_BE_HEARD,
};

static enum auger_peer_verdict verdict_of(const struct auger_peer_policy *policy,
                                          const struct auger_addr *peer)
{
    const struct span *spans = policy->spans;
    size_t low = 0, high = policy->ipv4_len;

    if (peer->family == AUGER_IPV6) {
        spans += policy->ipv4_len;
        high = policy->ipv6_len;
    }
    while (high - low > 1) { /* the span at `low` begins before it */
        size_t middle = (low + high) / 2;
        if (memcmp(spans[middle].first, peer->ip, 16) <= 0)
            low = middle;
        else
            high = middle;
    }
    return (enum auger_peer_verdict)spans[low].verdict;
}

/* A port that is listened on is so at each address of the server: one may stand for another,
 * or for all. */
static bool is_listening(const struct auger_peer_policy *policy, const struct auger_addr *peer,
                         bool is_own)
{
    for (size_t i = 0; i < policy->own_len; i++) {
        const struct auger_addr *own = &policy->own[i];
        if (own->port == 0 || own->port != peer->port)
            continue;
        if (is_own || (own->family == peer->family && memcmp(own->ip, peer->ip, 16) == 0))
            return true;
    }
    return false;
}

static bool is_where_relays_lie(const struct auger_peer_policy *policy,
                                const struct auger_addr *peer)
{
    for (size_t i = 0; i < policy->relay_ips_len; i++) {
        const struct auger_addr *ip = &policy->relay_ips[i];
        if (ip->family == peer->family &&
            (auger_addr_is_unspecified(ip) || auger_addr_ip_equal(ip, peer)))
            return true;
    }
    return false;
}

/* Any other port of the range is somebody else's of this machine, as likely as not. */
static bool may_be_a_relay(const struct auger_peer_policy *policy, const struct auger_addr *peer,
                           enum question question)
{
    if (!policy->held || !is_where_relays_lie(policy, peer))
        return false;
    return question != MAY_BE_REACHED || auger_turn_held_ports_has(policy->held, peer);
}

/* As it is written. */
static enum auger_peer_verdict judge_plain(const struct auger_peer_policy *policy,
                                           const struct auger_addr *peer, enum question question)
{
    if (auger_addr_is_unspecified(peer) || auger_addr_is_multicast(peer))
        return AUGER_PEER_NO_PEER;
    enum auger_peer_verdict verdict = verdict_of(policy, peer);
    if (question != MAY_BE_PERMITTED && is_listening(policy, peer, verdict == AUGER_PEER_OWN))
        return AUGER_PEER_OWN;
    if (verdict == AUGER_PEER_OWN && may_be_a_relay(policy, peer, question))
        return AUGER_PEER_PERMITTED;
    return verdict;
}

static enum auger_peer_verdict judge(struct auger_peer_policy *policy,
                                     const struct auger_addr *peer, enum question question)
{
    struct auger_embedded embedded;

    if (auger_addr_ip_len(peer) == 0 || (question != MAY_BE_PERMITTED && peer->port == 0))
        return AUGER_PEER_NO_PEER;
    if (peer->family == AUGER_IPV6 && auger_embedded_is_mapped(peer->ip))
        return AUGER_PEER_NO_PEER;
    if (!policy->is_laid_out)
        lay_out(policy);
    enum auger_peer_verdict verdict = judge_plain(policy, peer, question);
    if (verdict != AUGER_PEER_PERMITTED || peer->family == AUGER_IPV4)
        return verdict;
    auger_embedded_read(&embedded, peer);
    for (size_t i = 0; i < embedded.len; i++)
        if (judge_plain(policy, &embedded.addrs[i], question) != AUGER_PEER_PERMITTED)
            return AUGER_PEER_EMBEDDED;
    return AUGER_PEER_PERMITTED;
}

enum auger_peer_verdict auger_peer_policy_judge(struct auger_peer_policy *policy,
                                                const struct auger_addr *peer)
{
    return judge(policy, peer, MAY_BE_REACHED);
}

enum auger_peer_verdict auger_peer_policy_judge_ip(struct auger_peer_policy *policy,
                                                   const struct auger_addr *peer)
{
    return judge(policy, peer, MAY_BE_PERMITTED);
}

enum auger_peer_verdict auger_peer_policy_judge_heard(struct auger_peer_policy *policy,
                                                      const struct auger_addr *peer)
{
    return judge(policy, peer, MAY_BE_HEARD);
}

const char *auger_peer_verdict_text(enum auger_peer_verdict verdict)
{
    switch (verdict) {
    case AUGER_PEER_PERMITTED:
        return "permitted";
    case AUGER_PEER_NO_PEER:
        return "not the address of a peer";
    case AUGER_PEER_SPECIAL:
        return "not a public address";
    case AUGER_PEER_EMBEDDED:
        return "the address inside it is denied";
    case AUGER_PEER_LISTED:
        return "on the list of what is denied";
    case AUGER_PEER_OWN:
        return "the server itself";
    }
    return "";
}
