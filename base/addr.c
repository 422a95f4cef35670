/* base/addr.c - transport addresses: reading, printing, comparing, classifying. */
#include "base/addr.h"

#include <stdio.h>
#include <string.h>

bool auger_addr_ip_equal(const struct auger_addr *a, const struct auger_addr *b)
{
    return a->family == b->family && a->scope == b->scope && memcmp(a->ip, b->ip, 16) == 0;
}

bool auger_addr_equal(const struct auger_addr *a, const struct auger_addr *b)
{
    return a->port == b->port && a->transport == b->transport && auger_addr_ip_equal(a, b);
}

bool auger_path_equal(const struct auger_path *a, const struct auger_path *b)
{
    return auger_addr_equal(&a->local, &b->local) && auger_addr_equal(&a->remote, &b->remote);
}

/* --- reading ---------------------------------------------------------------- */

/* One decimal number of at most three digits without leading zeros. */
static bool read_octet(const char **at, const char *end, uint8_t *octet)
{
    const char *start = *at;
    unsigned value = 0;

    while (*at < end && **at >= '0' && **at <= '9' && *at - start < 4)
        value = value * 10 + (unsigned)(*(*at)++ - '0');
    size_t digits = (size_t)(*at - start);
    if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && *start == '0'))
        return false;
    *octet = (uint8_t)value;
    return true;
}

static bool read_ipv4(const char *text, const char *end, uint8_t ip[4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0 && (text >= end || *text++ != '.'))
            return false;
        if (!read_octet(&text, end, &ip[i]))
            return false;
    }
    return text == end;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One to four hexadecimal digits. */
static bool read_group(const char **at, const char *end, uint16_t *group)
{
    unsigned value = 0;
    int digits = 0;

    for (; *at < end && hex_digit(**at) >= 0; (*at)++, digits++)
        value = (value << 4 | (unsigned)hex_digit(**at)) & 0xFFFFF;
    if (digits == 0 || digits > 4)
        return false;
    *group = (uint16_t)value;
    return true;
}

/* RFC 4291 section 2.2: groups of hexadecimal digits, one "::" at most, and an
 * IPv4 address in place of the last two. */
static bool read_ipv6(const char *text, const char *end, uint8_t ip[16])
{
    uint8_t bytes[16] = {0};
    size_t len = 0, gap = SIZE_MAX;

    if (end - text >= 2 && text[0] == ':' && text[1] == ':') {
        gap = 0;
        text += 2;
    }
    while (text < end) {
        uint16_t group;
        if (len + 4 <= 16 && memchr(text, '.', (size_t)(end - text)) &&
            !memchr(text, ':', (size_t)(end - text))) {
            if (!read_ipv4(text, end, bytes + len))
                return false;
            len += 4;
            text = end;
            break;
        }
        if (len + 2 > 16 || !read_group(&text, end, &group))
            return false;
        bytes[len++] = (uint8_t)(group >> 8);
        bytes[len++] = (uint8_t)group;
        if (text == end)
            break;
        if (*text++ != ':' || text == end)
            return false;
        if (*text == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = len;
            text++;
        }
    }
    if (gap == SIZE_MAX ? len != 16 : len > 14)
        return false;
    memset(ip, 0, 16);
    if (gap == SIZE_MAX)
        gap = len;
    memcpy(ip, bytes, gap);
    memcpy(ip + 16 - (len - gap), bytes + gap, len - gap);
    return true;
}

int auger_addr_parse_ip(struct auger_addr *out, const char *ip, size_t len, uint16_t port)
{
    struct auger_addr addr = {.transport = AUGER_UDP, .port = port};

    if (read_ipv4(ip, ip + len, addr.ip)) {
        addr.family = AUGER_IPV4;
    } else {
        if (!read_ipv6(ip, ip + len, addr.ip))
            return AUGER_ERR_MALFORMED;
        addr.family = AUGER_IPV6;
    }
    *out = addr;
    return 0;
}

static int read_port(const char *text, uint16_t *port)
{
    unsigned value = 0;
    size_t digits = 0;

    for (; text[digits] >= '0' && text[digits] <= '9' && digits < 5; digits++)
        value = value * 10 + (unsigned)(text[digits] - '0');
    if (digits == 0 || text[digits] != '\0' || value > 65535)
        return AUGER_ERR_MALFORMED;
    *port = (uint16_t)value;
    return 0;
}

int auger_addr_parse(struct auger_addr *out, const char *text)
{
    const char *ip = text, *ip_end, *colon;
    uint16_t port;

    if (*text == '[') {
        ip++;
        ip_end = strchr(text, ']');
        if (!ip_end || ip_end[1] != ':')
            return AUGER_ERR_MALFORMED;
        colon = ip_end + 1;
    } else {
        colon = ip_end = strrchr(text, ':');
        if (!colon || memchr(text, ':', (size_t)(colon - text)))
            return AUGER_ERR_MALFORMED;
    }
    if (read_port(colon + 1, &port) < 0)
        return AUGER_ERR_MALFORMED;
    return auger_addr_parse_ip(out, ip, (size_t)(ip_end - ip), port);
}

/* --- printing --------------------------------------------------------------- */

/* RFC 5952 section 4.2.3: the longest run of zero groups, the first of equals, of
 * two groups at least.  Returns its start, 8 when there is none. */
static size_t longest_zero_run(const uint16_t groups[8], size_t *len)
{
    size_t best = 8;
    *len = 1;
    for (size_t i = 0; i < 8; i++) {
        size_t run = 0;
        while (i + run < 8 && groups[i + run] == 0)
            run++;
        if (run > *len) {
            best = i;
            *len = run;
        }
    }
    return best;
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i])
            return false;
    return true;
}

/* ::ffff:0:0/96 */
static bool is_mapped(const uint8_t ip[16])
{
    return all_zero(ip, 10) && ip[10] == 0xFF && ip[11] == 0xFF;
}

static void format_ipv6(const uint8_t ip[16], char text[48])
{
    uint16_t groups[8];
    size_t run_len, len = 0;

    if (is_mapped(ip)) { /* RFC 5952 section 5 */
        snprintf(text, 48, "::ffff:%u.%u.%u.%u", ip[12], ip[13], ip[14], ip[15]);
        return;
    }
    for (size_t i = 0; i < 8; i++)
        groups[i] = (uint16_t)(ip[2 * i] << 8 | ip[2 * i + 1]);
    size_t run = longest_zero_run(groups, &run_len);
    for (size_t i = 0; i < 8; i++) {
        if (i == run) {
            len += (size_t)snprintf(text + len, 48 - len, "::");
            i += run_len - 1;
            continue;
        }
        bool joined = i == 0 || (run < 8 && i == run + run_len);
        len += (size_t)snprintf(text + len, 48 - len, "%s%x", joined ? "" : ":", groups[i]);
    }
    if (len == 0)
        memcpy(text, "::", 3);
}

const char *auger_addr_format_ip(const struct auger_addr *addr, char *buf, size_t cap)
{
    char text[48] = "none";

    if (addr->family == AUGER_IPV4)
        snprintf(text, sizeof(text), "%u.%u.%u.%u", addr->ip[0], addr->ip[1], addr->ip[2],
                 addr->ip[3]);
    else if (addr->family == AUGER_IPV6)
        format_ipv6(addr->ip, text);
    if (cap > 0)
        snprintf(buf, cap, "%s", text);
    return buf;
}

const char *auger_addr_format(const struct auger_addr *addr, char *buf, size_t cap)
{
    char ip[48], scope[16] = "";

    auger_addr_format_ip(addr, ip, sizeof(ip));
    if (addr->scope)
        snprintf(scope, sizeof(scope), "%%%u", (unsigned)addr->scope);
    if (cap > 0 && addr->family == AUGER_IPV6)
        snprintf(buf, cap, "[%s%s]:%u", ip, scope, addr->port);
    else if (cap > 0)
        snprintf(buf, cap, "%s:%u", ip, addr->port);
    return buf;
}

/* --- classifying ------------------------------------------------------------- */

bool auger_addr_is_unspecified(const struct auger_addr *addr)
{
    /* All of 0.0.0.0/8 is "this host" (RFC 1122 section 3.2.1.3). */
    return addr->family == AUGER_IPV4 ? addr->ip[0] == 0 : all_zero(addr->ip, 16);
}

bool auger_addr_is_loopback(const struct auger_addr *addr)
{
    if (addr->family == AUGER_IPV4)
        return addr->ip[0] == 127;
    return addr->family == AUGER_IPV6 && all_zero(addr->ip, 15) && addr->ip[15] == 1;
}

bool auger_addr_is_link_local(const struct auger_addr *addr)
{
    if (addr->family == AUGER_IPV4)
        return addr->ip[0] == 169 && addr->ip[1] == 254;
    return addr->family == AUGER_IPV6 && addr->ip[0] == 0xFE && (addr->ip[1] & 0xC0) == 0x80;
}

bool auger_addr_is_multicast(const struct auger_addr *addr)
{
    if (addr->family == AUGER_IPV4)
        return addr->ip[0] >= 224; /* class D, and class E with the broadcast address */
    return addr->family == AUGER_IPV6 && addr->ip[0] == 0xFF;
}

bool auger_addr_is_private(const struct auger_addr *addr)
{
    const uint8_t *ip = addr->ip;

    if (addr->family == AUGER_IPV4)
        return ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xF0) == 16) ||
               (ip[0] == 192 && ip[1] == 168) || (ip[0] == 100 && (ip[1] & 0xC0) == 64);
    return addr->family == AUGER_IPV6 && (ip[0] & 0xFE) == 0xFC;
}

bool auger_addr_is_embedded_ipv4(const struct auger_addr *addr)
{
    if (addr->family != AUGER_IPV6)
        return false;
    if (addr->ip[0] == 0xFE && (addr->ip[1] & 0xC0) == 0xC0) /* site-local, deprecated */
        return true;
    bool compatible = all_zero(addr->ip, 12) && !all_zero(addr->ip + 12, 3);
    return compatible || is_mapped(addr->ip);
}
