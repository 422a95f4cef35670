/* tools/nat_portmap.h - whether the gateway maps ports on request: PCP (RFC 6887), NAT-PMP (6886).
 */
#ifndef AUGER_TOOLS_NAT_PORTMAP_H
#define AUGER_TOOLS_NAT_PORTMAP_H

#include <auger/base.h>

#define NAT_PORTMAP_WORD_MAX 16

struct nat_portmap {
    struct auger_addr gateway;           /* no family: there is none */
    struct auger_addr external;          /* what it gave, for a moment; no family: nothing */
    char protocol[NAT_PORTMAP_WORD_MAX]; /* "pcp", "nat-pmp"; "": it says nothing */
    const char *why;                     /* it gave nothing; else NULL */
};

/* Asks the gateway of IPv4's default route for the port of a socket of its own, and gives it back.
 * Two seconds at most, less once `interrupt_fd` is readable. */
void nat_portmap_ask(struct nat_portmap *found, const struct auger_addr *local, int interrupt_fd);

#endif /* AUGER_TOOLS_NAT_PORTMAP_H */
