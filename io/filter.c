/* io/filter.c - what the application says of interfaces and addresses.  An entry is the name
 * of an interface, with a * at its end of several, or an address, with a /LENGTH of several. */
#include "io/filter.h"

#include <string.h>

struct range {
    struct auger_addr addr;
    unsigned bits;
};

static unsigned bits_of(const struct auger_addr *addr)
{
    return addr->family == AUGER_IPV4 ? 32 : 128;
}

/* One to three digits, and nothing behind them. */
static bool read_bits(const char *text, unsigned max, unsigned *bits)
{
    size_t len = strlen(text);

    *bits = 0;
    if (len == 0 || len > 3 || strspn(text, "0123456789") != len)
        return false;
    for (; *text; text++)
        *bits = *bits * 10 + (unsigned)(*text - '0');
    return *bits <= max;
}

static bool read_range(const char *text, struct range *range)
{
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);

    if (auger_addr_parse_ip(&range->addr, text, len, 0) < 0)
        return false;
    range->bits = bits_of(&range->addr);
    return !slash || read_bits(slash + 1, range->bits, &range->bits);
}

static bool is_in_range(const struct range *range, const struct auger_addr *addr)
{
    unsigned whole = range->bits / 8, rest = range->bits % 8;

    if (range->addr.family != addr->family || memcmp(range->addr.ip, addr->ip, whole) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xFF00u >> rest);
    return rest == 0 || ((range->addr.ip[whole] ^ addr->ip[whole]) & mask) == 0;
}

static bool is_named(const char *entry, const char *interface)
{
    size_t len = strlen(entry);

    if (len > 0 && entry[len - 1] == '*')
        return strncmp(entry, interface, len - 1) == 0;
    return strcmp(entry, interface) == 0;
}

static bool speaks_of(const char *entry, const char *interface, const struct auger_addr *addr)
{
    struct range range;

    return read_range(entry, &range) ? is_in_range(&range, addr) : is_named(entry, interface);
}

static bool list_speaks_of(const char *const *entries, size_t len, const char *interface,
                           const struct auger_addr *addr)
{
    for (size_t i = 0; i < len; i++)
        if (speaks_of(entries[i], interface, addr))
            return true;
    return false;
}

/* A name has neither / nor blanks (the kernel's rule), so a prefix that cannot be read is no name.
 */
static bool is_entry(const char *entry)
{
    struct range range;
    size_t len = strlen(entry);

    return read_range(entry, &range) ||
           (len > 0 && len < AUGER_NET_NAME_MAX && !strpbrk(entry, "/ \t\n:"));
}

static bool is_list(const char *const *entries, size_t len)
{
    if (len > AUGER_FILTERS_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_entry(entries[i]))
            return false;
    return true;
}

bool auger_filter_is_valid(const struct auger_net_config *net)
{
    return is_list(net->only, net->only_len) && is_list(net->without, net->without_len);
}

bool auger_filter_admits(const struct auger_net_config *net, const char *interface,
                         const struct auger_addr *addr)
{
    return (net->only_len == 0 || list_speaks_of(net->only, net->only_len, interface, addr)) &&
           !list_speaks_of(net->without, net->without_len, interface, addr);
}

bool auger_filter_names(const struct auger_net_config *net, const char *interface)
{
    struct range range;

    for (size_t i = 0; i < net->only_len; i++)
        if (!read_range(net->only[i], &range) && is_named(net->only[i], interface))
            return true;
    return false;
}
