/* fuzz: reaches auger_peer_policy_allow auger_peer_policy_deny auger_ip_range_parse end_prefix */
/* fuzz: reaches auger_peer_policy_judge auger_peer_policy_judge_ip lay_out_family comes_before */
/* fuzz: reaches is_listening is_where_relays_lie may_be_a_relay auger_turn_held_ports_has */
/* fuzz: reaches read_nat64_of_ones_own auger_peer_policy_forget_rules
 */
/* Whatever is on the lists of a relay, no spelling of an IPv4 address that is denied passes, and
 * the spans say what a look at each rule in turn says. */
#include "turn/ip_range.h"
#include "turn/peer_policy.h"

#include <auger/crypto.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 64
#define RULES_MAX 64

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* --- the input ---------------------------------------------------------------------------- */

struct input {
    const uint8_t *at;
    size_t left;
};

static uint8_t next_byte(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

static void next_bytes(struct input *in, uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf[i] = next_byte(in);
}

/* Often one that is special, or beside it. */
static struct auger_addr next_addr(struct input *in, uint8_t family)
{
    static const uint8_t firsts[] = {0, 10, 100, 127, 169, 172, 192, 198, 203, 224, 240, 255, 8};
    static const uint8_t firsts6[] = {0x20, 0xFC, 0xFE, 0xFF, 0x3F, 0x00, 0x5F, 0x2A};
    struct auger_addr addr = {.family = family};
    uint8_t how = next_byte(in);

    addr.port = (uint16_t)(next_byte(in) << 8);
    addr.port |= next_byte(in);
    next_bytes(in, addr.ip, family == AUGER_IPV4 ? 4 : 16);
    if (how & 1)
        addr.ip[0] = family == AUGER_IPV4 ? firsts[(how >> 1) % sizeof(firsts)]
                                          : firsts6[(how >> 1) % sizeof(firsts6)];
    return addr;
}

/* --- what is known of the rules -------------------------------------------------------------- */

struct rule {
    struct auger_ip_range range;
    uint8_t size[16];
    bool denies;
};

static struct {
    struct auger_peer_policy *policy;
    struct rule rules[RULES_MAX];
    size_t rules_len;
    struct auger_turn_held_ports *held;
} s;

static void add(const char *text, bool denies)
{
    struct auger_ip_range range;
    int err = auger_ip_range_parse(&range, text);
    int added =
        denies ? auger_peer_policy_deny(s.policy, text) : auger_peer_policy_allow(s.policy, text);

    require(added == err && (err == 0 || err == AUGER_ERR_MALFORMED));
    if (err < 0)
        return;
    require(memcmp(range.first, range.last, 16) <= 0);
    struct rule *rule = &s.rules[s.rules_len++];
    rule->range = range;
    rule->denies = denies;
    auger_ip_range_size(&range, rule->size);
}

/* The smallest rule of the lists that has it; NULL: the defaults decide. */
static const struct rule *find(const struct auger_addr *addr)
{
    const struct rule *best = NULL;

    for (size_t i = 0; i < s.rules_len; i++) {
        const struct rule *rule = &s.rules[i];
        int by_size = best ? memcmp(rule->size, best->size, 16) : -1;
        if (rule->range.family == addr->family && auger_ip_range_has(&rule->range, addr->ip) &&
            (by_size < 0 || (by_size == 0 && rule->denies)))
            best = rule;
    }
    return best;
}

/* --- claims ------------------------------------------------------------------------------------
 */

static bool passes(const struct auger_addr *addr)
{
    return auger_peer_policy_judge(s.policy, addr) == AUGER_PEER_PERMITTED;
}

static void judge(struct input *in)
{
    struct auger_addr addr = next_addr(in, next_byte(in) & 1 ? AUGER_IPV4 : AUGER_IPV6);
    const struct rule *rule = find(&addr);
    static const uint8_t one[16];

    if (passes(&addr)) {
        require(addr.port != 0);
        require(auger_peer_policy_judge_ip(s.policy, &addr) == AUGER_PEER_PERMITTED);
        require(!auger_embedded_is_mapped(addr.ip) || addr.family == AUGER_IPV4);
    }
    /* A rule of one address is smaller than any other, but for that of the server itself. */
    if (rule && rule->denies && memcmp(rule->size, one, 16) == 0)
        require(!passes(&addr));
}

static void spell(const struct auger_addr *ipv4, struct auger_addr *addr, size_t at, uint8_t mask)
{
    for (size_t i = 0; i < 4; i++)
        addr->ip[at + i] = ipv4->ip[i] ^ mask;
}

/* Around byte 8, with zeros behind. */
static void spell_by_prefix(const struct auger_addr *ipv4, struct auger_addr *addr, size_t at)
{
    addr->ip[8] = 0;
    for (size_t i = 0; i < 4; i++, at++) {
        at += at == 8;
        addr->ip[at] = ipv4->ip[i];
    }
    memset(addr->ip + at, 0, 16 - at);
}

/* The ways to carry an IPv4 address, and what has to be allowed so that it alone decides. */
static const struct spelling {
    const char *opened;
    uint8_t prefix[12], prefix_len, at, mask;
} spellings[] = {
    {"64:ff9b::/96", {0x00, 0x64, 0xFF, 0x9B}, 12, 12, 0},
    {"::ffff:0:0/96", {[10] = 0xFF, [11] = 0xFF}, 12, 12, 0},
    {"::ffff:0:0:0/96", {[8] = 0xFF, [9] = 0xFF}, 12, 12, 0},
    {"::/96", {0}, 12, 12, 0},
    {"2002::/16", {0x20, 0x02}, 2, 2, 0},
    {"2001::/32", {0x20, 0x01}, 4, 12, 0xFF},
    {"2001::/32", {0x20, 0x01}, 4, 4, 0},
    {"2a00::/64", {0x2A, 0, [10] = 0x5E, [11] = 0xFE}, 12, 12, 0},
    {"2a00::/64", {0x2A, 0, [8] = 0x02, [10] = 0x5E, [11] = 0xFE}, 12, 12, 0},
    {"64:ff9b:1::/48", {0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01}, 12, 12, 0},
    {"64:ff9b:1::/48", {0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01}, 6, 6, 0}, /* around byte 8 */
    {"64:ff9b:1::/48", {0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01}, 6, 7, 0},
    {"64:ff9b:1::/48", {0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01}, 6, 9, 0},
};
#define SPELLINGS (sizeof(spellings) / sizeof(spellings[0]))
#define SPELLED_WHOLE 10 /* the first of these */

static void no_spelling_of_what_is_denied_passes(struct input *in)
{
    struct auger_addr ipv4 = next_addr(in, AUGER_IPV4), addr = {.family = AUGER_IPV6};
    static const uint8_t loopback[16] = {[15] = 1};
    size_t how = next_byte(in) % SPELLINGS;
    const struct spelling *spelling = &spellings[how];

    addr.port = ipv4.port;
    next_bytes(in, addr.ip, 16);
    if (s.rules_len < RULES_MAX)
        add(spelling->opened, false);
    if (passes(&ipv4) || (how >= SPELLED_WHOLE && ipv4.ip[0] == 0))
        return;
    memcpy(addr.ip, spelling->prefix, spelling->prefix_len);
    if (how < SPELLED_WHOLE)
        spell(&ipv4, &addr, spelling->at, spelling->mask);
    else
        spell_by_prefix(&ipv4, &addr, spelling->at);
    require(!passes(&addr) || memcmp(addr.ip, loopback, 16) == 0); /* which has a name */
}

/* --- one life
 * ------------------------------------------------------------------------------------- */

static void add_text(struct input *in)
{
    char text[64];
    size_t len = next_byte(in) % (sizeof(text) - 1);
    bool denies = next_byte(in) & 1;

    next_bytes(in, (uint8_t *)text, len);
    text[len] = '\0';
    add(text, denies);
}

static void add_prefix(struct input *in)
{
    uint8_t how = next_byte(in);
    struct auger_addr addr = next_addr(in, how & 1 ? AUGER_IPV4 : AUGER_IPV6);
    unsigned bits = how & 1 ? 32 : 128, len = next_byte(in) % (bits + 1);
    char ip[AUGER_ADDR_TEXT_MAX], text[AUGER_ADDR_TEXT_MAX + 8];

    for (unsigned bit = len; bit < bits && !(how & 4); bit++)
        addr.ip[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    auger_addr_format_ip(&addr, ip, sizeof(ip));
    snprintf(text, sizeof(text), "%s/%u", ip, len);
    add(text, how & 2);
}

static void step(struct input *in)
{
    struct auger_addr own;

    switch (next_byte(in) % 7) {
    case 0:
        if (s.rules_len < RULES_MAX)
            add_text(in);
        break;
    case 1:
        if (s.rules_len < RULES_MAX)
            add_prefix(in);
        break;
    case 2:
        own = next_addr(in, next_byte(in) & 1 ? AUGER_IPV4 : AUGER_IPV6);
        if (auger_peer_policy_add_own(s.policy, &own) == 0 && own.port)
            require(!passes(&own));
        if (auger_peer_policy_add_relay(s.policy, &own) == 0 && (own.ip[3] & 1))
            auger_turn_held_ports_add(s.held, &own);
        break;
    case 3:
        if (next_byte(in) > 200) {
            auger_peer_policy_forget_rules(s.policy);
            s.rules_len = 0;
        }
        break;
    case 4:
        judge(in);
        break;
    case 5:
    case 6:
        no_spelling_of_what_is_denied_passes(in);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};

    require(auger_peer_policy_new(&s.policy, auger_env_system()) == 0);
    s.rules_len = 0;
    require(auger_turn_held_ports_new(&s.held, auger_env_system()) == 0);
    if (next_byte(&in) & 1)
        auger_peer_policy_let_relays_meet(s.policy, s.held);
    for (int steps = 0; steps < STEPS_MAX && in.left > 0; steps++)
        step(&in);
    auger_peer_policy_free(s.policy);
    auger_turn_held_ports_free(s.held);
    return 0;
}
