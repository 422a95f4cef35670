/* turn/embedded.c - IPv4 addresses inside IPv6 ones: RFC 4291 section 2.5.5, RFC 3056 (6to4),
 * RFC 4380 (Teredo), RFC 5214 (ISATAP), RFC 6052 and 8215 (NAT64).  The prefix of a NAT64 or a
 * 6rd that somebody runs for himself cannot be known. */
#include "turn/embedded.h"

#include <string.h>

static const uint8_t teredo[4] = {0x20, 0x01}, to4[2] = {0x20, 0x02};
static const uint8_t mapped_prefix[12] = {[10] = 0xFF, [11] = 0xFF};

bool auger_embedded_is_mapped(const uint8_t ip[16])
{
    return memcmp(ip, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

/* Where in an IPv6 address four bytes of an IPv4 address stand. */
static const uint8_t at_2[4] = {2, 3, 4, 5}, at_4[4] = {4, 5, 6, 7}, at_12[4] = {12, 13, 14, 15};
/* RFC 6052, 2.2: byte 8 is none of it. */
static const uint8_t prefix_48[4] = {6, 7, 9, 10}, prefix_56[4] = {7, 9, 10, 11},
                     prefix_64[4] = {9, 10, 11, 12};

static void read_at(struct auger_embedded *e, const struct auger_addr *addr, const uint8_t at[4],
                    uint8_t inverted)
{
    struct auger_addr *ipv4 = &e->addrs[e->len++];

    *ipv4 =
        (struct auger_addr){.family = AUGER_IPV4, .transport = addr->transport, .port = addr->port};
    for (size_t i = 0; i < 4; i++)
        ipv4->ip[i] = addr->ip[at[i]] ^ inverted;
}

static bool begins(const struct auger_addr *addr, const uint8_t *prefix, size_t len)
{
    return memcmp(addr->ip, prefix, len) == 0;
}

static bool is_zero(const uint8_t *at, size_t len)
{
    static const uint8_t zero[16];

    return memcmp(at, zero, len) == 0;
}

/* 64:ff9b:1::/48 has a prefix inside it whose length only its owner knows.  A zero is no first
 * byte, and what is shorter than 96 bits ends in zeros. */
static void read_nat64_of_ones_own(struct auger_embedded *e, const struct auger_addr *addr)
{
    static const uint8_t *const places[] = {prefix_48, prefix_56, prefix_64};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (addr->ip[places[i][0]] != 0)
            read_at(e, addr, places[i], 0);
    if (!is_zero(addr->ip + 13, 3) || is_zero(addr->ip + 9, 3))
        read_at(e, addr, at_12, 0);
}

static bool is_isatap(const struct auger_addr *addr)
{
    return (addr->ip[8] & ~2) == 0 && addr->ip[9] == 0 && addr->ip[10] == 0x5E &&
           addr->ip[11] == 0xFE; /* RFC 5214, 6.1 */
}

void auger_embedded_read(struct auger_embedded *e, const struct auger_addr *addr)
{
    static const uint8_t translated[12] = {[8] = 0xFF, [9] = 0xFF}, zero[12];
    static const uint8_t loopback[16] = {[15] = 1};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xFF, 0x9B};
    static const uint8_t nat64_of_ones_own[6] = {0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01};

    e->len = 0;
    if (addr->family != AUGER_IPV6 || begins(addr, loopback, 16)) /* 4291, 2.5.3: ::1 */
        return;
    if (begins(addr, nat64_of_ones_own, sizeof(nat64_of_ones_own))) {
        read_nat64_of_ones_own(e, addr);
    } else if (begins(addr, to4, sizeof(to4))) {
        read_at(e, addr, at_2, 0);
    } else if (begins(addr, teredo, sizeof(teredo))) {
        read_at(e, addr, at_4, 0); /* its server, and RFC 4380, 4: the client, inverted */
        read_at(e, addr, at_12, 0xFF);
    } else if (begins(addr, nat64, 12) || begins(addr, translated, 12) || begins(addr, zero, 12)) {
        read_at(e, addr, at_12, 0);
    }
    if (is_isatap(addr))
        read_at(e, addr, at_12, 0);
}

bool auger_embedded_is_tunnel(const struct auger_addr *addr)
{
    return addr->family == AUGER_IPV6 &&
           (begins(addr, teredo, sizeof(teredo)) || begins(addr, to4, sizeof(to4)));
}
