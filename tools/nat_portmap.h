/* tools/nat_portmap.h - whether the gateway maps ports on request, and by which of the three
 * protocols: PCP (RFC 6887), NAT-PMP (6886), UPnP-IGD. */
#ifndef AUGER_TOOLS_NAT_PORTMAP_H
#define AUGER_TOOLS_NAT_PORTMAP_H

#include <auger/base.h>

enum nat_portmap_way { NAT_PORTMAP_PCP, NAT_PORTMAP_NATPMP, NAT_PORTMAP_UPNP, NAT_PORTMAP_WAYS };

struct nat_portmap_answer {
    struct auger_addr external; /* what it gave, for a moment; no family: nothing */
    const char *why;            /* it gave nothing; else NULL */
};

struct nat_portmap {
    struct auger_addr gateway; /* no family: there is none */
    struct nat_portmap_answer answers[NAT_PORTMAP_WAYS];
};

const char *nat_portmap_name(enum nat_portmap_way way);

/* Asks the gateway of IPv4's default route, in each protocol, for the port of a socket of its own,
 * and gives it back.  Eight seconds at most, less once `interrupt_fd` is readable. */
void nat_portmap_ask(struct nat_portmap *found, const struct auger_addr *local, int interrupt_fd);

#endif /* AUGER_TOOLS_NAT_PORTMAP_H */
