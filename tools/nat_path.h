/* tools/nat_path.h - the routers between this host and a server, as far as they are private: of
 * gateways behind gateways each has an address of its own. */
#ifndef AUGER_TOOLS_NAT_PATH_H
#define AUGER_TOOLS_NAT_PATH_H

#include <auger/base.h>

#define NAT_HOPS_MAX 8

struct nat_hop {
    struct auger_addr addr;       /* no family: it said nothing */
    bool is_private, is_carriers; /* RFC 1918; RFC 6598 */
};

struct nat_path {
    struct nat_hop hops[NAT_HOPS_MAX];
    size_t len;     /* up to the first public one, or the server */
    size_t private; /* how many of them are */
};

/* IPv4 alone.  Sends a datagram with each TTL, twice if need be, and listens for who lets it die
 * (RFC 792); a second and a half at most, less once `interrupt_fd` is readable. */
void nat_path_find(struct nat_path *path, const struct auger_addr *server, int interrupt_fd);

#endif /* AUGER_TOOLS_NAT_PATH_H */
