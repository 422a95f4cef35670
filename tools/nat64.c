/* tools/nat64.c - whether there is a NAT64: RFC 7050. */
#define _GNU_SOURCE
#include "tools/nat64.h"
#include "tools/load_socket.h"

#include <netdb.h>

bool nat64_find(struct auger_nat64 *out)
{
    const struct addrinfo hints = {.ai_family = AF_INET6, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found;
    struct auger_addr addr;
    bool is_there = false;

    if (getaddrinfo("ipv4only.arpa", NULL, &hints, &found) != 0)
        return false;
    for (const struct addrinfo *at = found; at && !is_there; at = at->ai_next) {
        load_addr_from_sockaddr(&addr, at->ai_addr);
        is_there = auger_nat64_find(out, &addr) == 0;
    }
    freeaddrinfo(found);
    return is_there;
}
