/* base/nat64.h - IPv4 addresses as a NAT64 shows them to hosts of IPv6: RFC 6052.  Those of an
 * unknown prefix, in what a stranger sends, are turn/embedded.c's. */
#ifndef AUGER_BASE_NAT64_H
#define AUGER_BASE_NAT64_H

#include <auger/base.h>

/* Whether a prefix has one of the lengths of section 2.2, and zeros behind it and in byte 8. */
bool auger_nat64_is_valid(const struct auger_nat64 *nat64);
/* The same port and transport, of IPv6.  `ipv4` is of IPv4. */
struct auger_addr auger_nat64_synthesise(const struct auger_nat64 *nat64,
                                         const struct auger_addr *ipv4);

#endif /* AUGER_BASE_NAT64_H */
