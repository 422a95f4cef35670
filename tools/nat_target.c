/* tools/nat_target.c - which STUN servers are asked about a NAT. */
#define _GNU_SOURCE
#include "tools/nat_target.h"
#include "tools/load_socket.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PORT_STUN 3478
#define HOST_MAX 256

static const char wrong[] = "is no stun: URI, as stun:192.0.2.1 or stun:stun.example.org:3478";

/* Numeric IPv6 stands in brackets. */
static const char *split(const char *text, char host[HOST_MAX], uint16_t *port)
{
    bool is_bracketed = *text == '[';
    const char *begin = text + is_bracketed;
    size_t len = strcspn(begin, is_bracketed ? "]" : ":");
    const char *rest = begin + len + is_bracketed;

    if (len == 0 || len >= HOST_MAX || (is_bracketed && begin[len] != ']'))
        return wrong;
    memcpy(host, begin, len);
    host[len] = '\0';
    *port = PORT_STUN;
    if (*rest == '\0')
        return NULL;
    char *end;
    long number = strtol(rest + 1, &end, 10);
    if (*rest != ':' || rest[1] < '0' || rest[1] > '9' || *end || number < 1 || number > 65535)
        return wrong;
    *port = (uint16_t)number;
    return NULL;
}

static bool has(const struct nat_targets *targets, const struct auger_addr *addr)
{
    for (size_t i = 0; i < targets->len; i++)
        if (auger_addr_equal(&targets->addrs[i], addr))
            return true;
    return false;
}

static void add_first(struct nat_targets *targets, const struct addrinfo *found, int family,
                      uint16_t port)
{
    struct auger_addr addr;

    for (; found; found = found->ai_next) {
        if (found->ai_family != family)
            continue;
        load_addr_from_sockaddr(&addr, found->ai_addr);
        addr.port = port;
        if (!has(targets, &addr) && targets->len < AUGER_DISCOVERY_SERVERS_MAX)
            targets->addrs[targets->len++] = addr;
        return;
    }
}

const char *nat_target_add(const char *uri, struct nat_targets *ipv4, struct nat_targets *ipv6)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *found;
    char host[HOST_MAX];
    uint16_t port;

    if (strncasecmp(uri, "stuns:", 6) == 0)
        return "is over DTLS; a NAT is asked about by plain UDP, with stun:";
    const char *why = split(strncasecmp(uri, "stun:", 5) == 0 ? uri + 5 : uri, host, &port);
    if (why)
        return why;
    int err = getaddrinfo(host, NULL, &hints, &found);
    if (err != 0)
        return gai_strerror(err);
    add_first(ipv4, found, AF_INET, port);
    add_first(ipv6, found, AF_INET6, port);
    freeaddrinfo(found);
    return NULL;
}
