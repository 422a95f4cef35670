/* turn/ip_range.c - reading ranges, and what is inside them. */
#include "turn/ip_range.h"
#include "base/addr.h"
#include "turn/embedded.h"

#include <string.h>

static int read_ip(const char *text, size_t len, struct auger_addr *ip)
{
    return auger_addr_parse_ip(ip, text, len, 0);
}

static int read_prefix_len(const char *text, size_t max, size_t *len)
{
    size_t value = 0, digits = 0;

    for (; text[digits] >= '0' && text[digits] <= '9' && digits < 4; digits++)
        value = value * 10 + (size_t)(text[digits] - '0');
    if (digits == 0 || text[digits] != '\0' || (digits > 1 && text[0] == '0') || value > max)
        return AUGER_ERR_MALFORMED;
    *len = value;
    return 0;
}

/* Sets `last` to the end of the prefix; no bit of `first` may stand behind it. */
static int end_prefix(struct auger_ip_range *range, size_t prefix_len, size_t ip_len)
{
    for (size_t i = 0; i < ip_len; i++) {
        size_t kept = prefix_len > 8 * i ? prefix_len - 8 * i : 0;
        uint8_t host = kept >= 8 ? 0 : (uint8_t)(0xFF >> kept);
        if (range->first[i] & host)
            return AUGER_ERR_MALFORMED;
        range->last[i] = range->first[i] | host;
    }
    return 0;
}

/* Both ends alike are IPv4 in IPv6: they become IPv4. */
static void unmap(struct auger_ip_range *range)
{
    if (range->family != AUGER_IPV6 || !auger_embedded_is_mapped(range->first) ||
        !auger_embedded_is_mapped(range->last))
        return;
    range->family = AUGER_IPV4;
    memmove(range->first, range->first + 12, 4);
    memmove(range->last, range->last + 12, 4);
    memset(range->first + 4, 0, 12);
    memset(range->last + 4, 0, 12);
}

int auger_ip_range_parse(struct auger_ip_range *range, const char *text)
{
    size_t ip_end = strcspn(text, "/-"), prefix_len;
    struct auger_addr first, last;

    int err = read_ip(text, ip_end, &first);
    if (err < 0)
        return err;
    *range = (struct auger_ip_range){.family = first.family};
    memcpy(range->first, first.ip, 16);
    size_t ip_len = auger_addr_ip_len(&first);
    if (text[ip_end] == '-') {
        const char *rest = text + ip_end + 1;
        err = read_ip(rest, strlen(rest), &last);
        if (err < 0 || last.family != first.family || memcmp(first.ip, last.ip, 16) > 0)
            return AUGER_ERR_MALFORMED;
        memcpy(range->last, last.ip, 16);
    } else {
        prefix_len = 8 * ip_len;
        if (text[ip_end] == '/')
            err = read_prefix_len(text + ip_end + 1, 8 * ip_len, &prefix_len);
        if (err == 0)
            err = end_prefix(range, prefix_len, ip_len);
    }
    unmap(range);
    return err;
}

bool auger_ip_range_has(const struct auger_ip_range *range, const uint8_t ip[16])
{
    return memcmp(range->first, ip, 16) <= 0 && memcmp(ip, range->last, 16) <= 0;
}

void auger_ip_range_size(const struct auger_ip_range *range, uint8_t size[16])
{
    int borrow = 0;

    for (size_t i = 16; i-- > 0;) {
        int d = range->last[i] - range->first[i] - borrow;
        borrow = d < 0;
        size[i] = (uint8_t)(d + 256 * borrow);
    }
}

struct auger_ip_range auger_ip_range_of(const struct auger_addr *addr)
{
    struct auger_ip_range range = {.family = addr->family};

    memcpy(range.first, addr->ip, auger_addr_ip_len(addr));
    memcpy(range.last, range.first, sizeof(range.last));
    unmap(&range);
    return range;
}
