/* io/sockaddr.c - between our addresses and the kernel's. */
#include "io/sockaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string.h>

socklen_t auger_sockaddr_from(struct sockaddr_storage *out, const struct auger_addr *addr)
{
    memset(out, 0, sizeof(*out));
    if (addr->family == AUGER_IPV4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(addr->port)};
        memcpy(&in.sin_addr, addr->ip, 4);
        memcpy(out, &in, sizeof(in));
        return sizeof(in);
    }
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(addr->port), .sin6_scope_id = addr->scope};
    memcpy(&in6.sin6_addr, addr->ip, 16);
    memcpy(out, &in6, sizeof(in6));
    return sizeof(in6);
}

bool auger_sockaddr_to(const struct sockaddr *sa, struct auger_addr *out)
{
    *out = (struct auger_addr){.transport = AUGER_UDP};
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof(in));
        out->family = AUGER_IPV4;
        out->port = ntohs(in.sin_port);
        memcpy(out->ip, &in.sin_addr, 4);
        return true;
    }
    if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof(in6));
        out->family = AUGER_IPV6;
        out->port = ntohs(in6.sin6_port);
        memcpy(out->ip, &in6.sin6_addr, 16);
        /* The kernel fills the scope where it means nothing to us. */
        if (in6.sin6_addr.s6_addr[0] == 0xFE && (in6.sin6_addr.s6_addr[1] & 0xC0) == 0x80)
            out->scope = in6.sin6_scope_id;
        return true;
    }
    return false;
}
