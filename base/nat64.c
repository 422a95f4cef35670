/* base/nat64.c - IPv4 addresses as a NAT64 shows them to hosts of IPv6: RFC 6052 and, of how the
 * prefix is found, RFC 7050 and 8781. */
#include "base/nat64.h"

#include "base/addr.h"

#include <string.h>

/* 2.2: where the four bytes stand.  Byte 8 is none of them. */
static const struct {
    uint8_t prefix_len, at[4];
} layouts[] = {
    {96, {12, 13, 14, 15}}, {64, {9, 10, 11, 12}}, {56, {7, 9, 10, 11}},
    {48, {6, 7, 9, 10}},    {40, {5, 6, 7, 9}},    {32, {4, 5, 6, 7}},
};
#define LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

#define PREF64 38 /* of neighbour discovery */
#define PREF64_LEN 16

static const uint8_t *layout_of(uint8_t prefix_len)
{
    for (size_t i = 0; i < LAYOUTS; i++)
        if (layouts[i].prefix_len == prefix_len)
            return layouts[i].at;
    return NULL;
}

bool auger_nat64_is_valid(const struct auger_nat64 *nat64)
{
    if (!layout_of(nat64->prefix_len) || nat64->prefix[8] != 0)
        return false;
    for (size_t i = nat64->prefix_len / 8; i < sizeof(nat64->prefix); i++)
        if (nat64->prefix[i] != 0)
            return false;
    return true;
}

int auger_nat64_parse(struct auger_nat64 *out, const char *text)
{
    const char *slash = strchr(text, '/');
    struct auger_nat64 read = {0};
    struct auger_addr addr;

    if (!slash || auger_addr_parse_ip(&addr, text, (size_t)(slash - text), 0) < 0 ||
        addr.family != AUGER_IPV6)
        return AUGER_ERR_MALFORMED;
    memcpy(read.prefix, addr.ip, sizeof(read.prefix));
    /* 32 to 96: two digits. */
    for (const char *digit = slash + 1; *digit; digit++) {
        if (*digit < '0' || *digit > '9' || digit > slash + 2)
            return AUGER_ERR_MALFORMED;
        read.prefix_len = (uint8_t)(10 * read.prefix_len + (*digit - '0'));
    }
    if (!auger_nat64_is_valid(&read))
        return AUGER_ERR_MALFORMED;
    *out = read;
    return 0;
}

bool auger_nat64_reaches(const struct auger_addr *ipv4)
{
    return ipv4->family == AUGER_IPV4 && !auger_addr_is_private(ipv4) &&
           !auger_addr_is_loopback(ipv4) && !auger_addr_is_link_local(ipv4);
}

struct auger_addr auger_nat64_synthesise(const struct auger_nat64 *nat64,
                                         const struct auger_addr *ipv4)
{
    const uint8_t *at = layout_of(nat64->prefix_len);
    struct auger_addr addr = *ipv4;

    addr.family = AUGER_IPV6;
    memcpy(addr.ip, nat64->prefix, sizeof(addr.ip));
    for (size_t i = 0; i < 4; i++)
        addr.ip[at[i]] = ipv4->ip[i];
    return addr;
}

/* 192.0.0.170 and .171, which "ipv4only.arpa" has (RFC 7050 section 2.2).  Byte 8 is zero, and no
 * part of it (RFC 6052 section 2.2). */
static bool has_well_known(const struct auger_addr *addr, const uint8_t at[4])
{
    return addr->ip[8] == 0 && addr->ip[at[0]] == 192 && addr->ip[at[1]] == 0 &&
           addr->ip[at[2]] == 0 && (addr->ip[at[3]] == 170 || addr->ip[at[3]] == 171);
}

/* RFC 7050, 3: of an address in which it stands twice nothing is known. */
int auger_nat64_find(struct auger_nat64 *out, const struct auger_addr *addr)
{
    struct auger_nat64 found = {0};

    for (size_t i = 0; addr->family == AUGER_IPV6 && i < LAYOUTS; i++) {
        if (!has_well_known(addr, layouts[i].at))
            continue;
        if (found.prefix_len != 0)
            return AUGER_ERR_NOT_FOUND;
        found.prefix_len = layouts[i].prefix_len;
        memcpy(found.prefix, addr->ip, found.prefix_len / 8);
    }
    if (found.prefix_len == 0 || !auger_nat64_is_valid(&found))
        return AUGER_ERR_NOT_FOUND;
    *out = found;
    return 0;
}

/* RFC 8781, 4.  The codes of lengths are in the order of the layouts. */
bool auger_nat64_read_option(struct auger_nat64 *out, uint32_t *lifetime_s, const uint8_t *option,
                             size_t len)
{
    struct auger_nat64 found = {0};

    if (len < PREF64_LEN || option[0] != PREF64 || option[1] != PREF64_LEN / 8)
        return false;
    uint16_t scaled = (uint16_t)(option[2] << 8 | option[3]);
    if ((scaled & 7) >= LAYOUTS)
        return false;
    found.prefix_len = layouts[scaled & 7].prefix_len;
    memcpy(found.prefix, option + 4, found.prefix_len / 8);
    if (!auger_nat64_is_valid(&found))
        return false;
    *lifetime_s = scaled & ~7u; /* in units of 8 s, above three bits */
    *out = found;
    return true;
}
