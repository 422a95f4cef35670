/* ice/nat64.h - what is of IPv4, seen from a host that has IPv6 alone and a NAT64: RFC 6052.  The
 * addresses themselves are base/nat64.h's. */
#ifndef AUGER_ICE_NAT64_H
#define AUGER_ICE_NAT64_H

#include "ice/state.h"

/* Whether that address is reached through the NAT64 and not otherwise; then as what. */
bool auger_through_nat64(const struct auger_ice *ice, const struct auger_addr *addr,
                         struct auger_addr *out);
/* A STUN server that was added is asked through it too, if it is of IPv4; */
void auger_nat64_ask_server(struct auger_ice *ice, const struct auger_addr *server);
/* and those that were added before the NAT64 was known are asked through it. */
void auger_nat64_ask_servers(struct auger_ice *ice);

#endif /* AUGER_ICE_NAT64_H */
