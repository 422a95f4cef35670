/* tools/nat64.c - whether there is a NAT64: RFC 7050, with the formats of RFC 6052. */
#define _GNU_SOURCE
#include "tools/nat64.h"
#include "tools/load_socket.h"

#include <netdb.h>
#include <string.h>

#define SKIPPED 8 /* 6052, 2.2: bits 64 to 71 are zero, and hold no part of the IPv4 address */

/* The IPv4 address behind a prefix of so many bytes. */
static bool has_well_known(const uint8_t ip[16], size_t prefix)
{
    uint8_t found[4];

    for (size_t i = 0, at = prefix; i < sizeof(found); i++, at++) {
        if (at == SKIPPED)
            at++;
        found[i] = ip[at];
    }
    /* 7050, 2.2: 192.0.0.170 and 192.0.0.171 */
    return found[0] == 192 && found[1] == 0 && found[2] == 0 && (found[3] & 0xFE) == 170 &&
           (prefix == 12 || ip[SKIPPED] == 0);
}

struct nat64_prefix nat64_read(const struct auger_addr *addr)
{
    static const uint8_t lengths[] = {12, 8, 7, 6, 5, 4}; /* bytes: /96 first, as most are */
    struct nat64_prefix prefix = {.len = 0};

    for (size_t i = 0; i < sizeof(lengths) && addr->family == AUGER_IPV6; i++)
        if (has_well_known(addr->ip, lengths[i])) {
            prefix.ip = *addr;
            prefix.ip.port = 0;
            memset(prefix.ip.ip + lengths[i], 0, 16u - lengths[i]);
            prefix.len = lengths[i] * 8u;
            break;
        }
    return prefix;
}

struct nat64_prefix nat64_find(void)
{
    const struct addrinfo hints = {.ai_family = AF_INET6, .ai_socktype = SOCK_DGRAM};
    struct nat64_prefix prefix = {.len = 0};
    struct addrinfo *found;
    struct auger_addr addr;

    if (getaddrinfo("ipv4only.arpa", NULL, &hints, &found) != 0)
        return prefix;
    for (const struct addrinfo *at = found; at && prefix.len == 0; at = at->ai_next) {
        load_addr_from_sockaddr(&addr, at->ai_addr);
        prefix = nat64_read(&addr);
    }
    freeaddrinfo(found);
    return prefix;
}
