/* io/interfaces.c - the addresses of this machine. */
#define _GNU_SOURCE
#include "io/interfaces.h"
#include "io/sockaddr.h"

#include <ifaddrs.h>
#include <net/if.h>

#include <string.h>

/* Bridges and the host's ends of containers: from there nobody outside is reached. */
static bool is_container_bridge(const char *name)
{
    static const char *const prefixes[] = {"docker", "br-", "virbr",  "lxcbr",
                                           "lxdbr",  "cni", "podman", "vethe"};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static bool is_link_local(const struct auger_addr *addr)
{
    if (addr->family == AUGER_IPV4)
        return addr->ip[0] == 169 && addr->ip[1] == 254;
    return addr->ip[0] == 0xFE && (addr->ip[1] & 0xC0) == 0x80;
}

static bool is_wanted(const struct auger_net_config *net, const struct ifaddrs *entry,
                      struct auger_addr *addr)
{
    if (!entry->ifa_addr || !(entry->ifa_flags & IFF_UP) ||
        !auger_sockaddr_to(entry->ifa_addr, addr))
        return false;
    if ((entry->ifa_flags & IFF_LOOPBACK) && !net->loopback)
        return false;
    if (!(addr->family == AUGER_IPV4 ? net->ipv4 : net->ipv6))
        return false;
    return !is_link_local(addr);
}

struct count {
    size_t ipv4, ipv6;
};

static bool is_candidate(const struct auger_net_config *net, const struct ifaddrs *entry,
                         bool bridges, struct auger_addr *addr)
{
    return is_container_bridge(entry->ifa_name) == bridges && is_wanted(net, entry, addr);
}

static struct count count_all(const struct auger_net_config *net, const struct ifaddrs *list,
                              bool bridges)
{
    struct count count = {0};
    struct auger_addr addr;

    for (const struct ifaddrs *entry = list; entry; entry = entry->ifa_next)
        if (is_candidate(net, entry, bridges, &addr))
            ++*(addr.family == AUGER_IPV4 ? &count.ipv4 : &count.ipv6);
    return count;
}

/* Half of the places, and what the other family leaves of its half. */
static size_t share(size_t own, size_t other)
{
    size_t half = AUGER_INTERFACES_MAX / 2;
    size_t most = other < half ? AUGER_INTERFACES_MAX - other : half;

    return own < most ? own : most;
}

static size_t collect(const struct auger_net_config *net, const struct ifaddrs *list, bool bridges,
                      struct auger_addr addrs[AUGER_INTERFACES_MAX])
{
    struct count there = count_all(net, list, bridges);
    struct count left = {share(there.ipv4, there.ipv6), share(there.ipv6, there.ipv4)};
    size_t len = 0;

    for (const struct ifaddrs *entry = list; entry; entry = entry->ifa_next) {
        struct auger_addr addr;
        if (!is_candidate(net, entry, bridges, &addr))
            continue;
        size_t *places = addr.family == AUGER_IPV4 ? &left.ipv4 : &left.ipv6;
        if (*places == 0)
            continue;
        --*places;
        addrs[len++] = addr;
    }
    return len;
}

int auger_interfaces_list(const struct auger_net_config *net,
                          struct auger_addr addrs[AUGER_INTERFACES_MAX])
{
    struct ifaddrs *list;

    if (net->bind) {
        addrs[0] = *net->bind;
        return 1;
    }
    if (getifaddrs(&list) < 0)
        return AUGER_ERR_SYSTEM;
    size_t len = collect(net, list, false, addrs);
    if (len == 0)
        len = collect(net, list, true, addrs);
    freeifaddrs(list);
    return (int)len;
}
