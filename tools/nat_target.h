/* tools/nat_target.h - which STUN servers are asked about a NAT, of both families. */
#ifndef AUGER_TOOLS_NAT_TARGET_H
#define AUGER_TOOLS_NAT_TARGET_H

#include <auger/stun_discovery.h>

/* Of one family. */
struct nat_targets {
    struct auger_addr addrs[AUGER_DISCOVERY_SERVERS_MAX];
    size_t len;
};

/* Reads "stun:host", "stun:host:port", "stun:[2001:db8::1]:port", each without "stun:" as well (RFC
 * 7064), and asks the resolver, for as long as that takes.  The first address of each family is
 * added.  In words what is wrong, or NULL. */
const char *nat_target_add(const char *uri, struct nat_targets *ipv4, struct nat_targets *ipv6);

#endif /* AUGER_TOOLS_NAT_TARGET_H */
