/* base/nat64.h - IPv4 addresses as a NAT64 shows them to hosts of IPv6: RFC 6052, 8781.  Those of
 * an unknown prefix, in what a stranger sends, are turn/embedded.c's. */
#ifndef AUGER_BASE_NAT64_H
#define AUGER_BASE_NAT64_H

#include <auger/base.h>

/* Whether a prefix has one of the lengths of section 2.2, and zeros behind it and in byte 8. */
bool auger_nat64_is_valid(const struct auger_nat64 *nat64);
/* Whether an address of IPv4 is one that it could reach (3.1): what only its own network knows is
 * not there for a NAT64. */
bool auger_nat64_reaches(const struct auger_addr *ipv4);
/* The same port and transport, of IPv6.  `ipv4` is of IPv4. */
struct auger_addr auger_nat64_synthesise(const struct auger_nat64 *nat64,
                                         const struct auger_addr *ipv4);

/* The PREF64 option of a router's advertisement, with its type and length (RFC 8781 section 4);
 * lifetime 0: it is not to be used any more.  false: it is none, or malformed. */
bool auger_nat64_read_option(struct auger_nat64 *out, uint32_t *lifetime_s, const uint8_t *option,
                             size_t len);

#endif /* AUGER_BASE_NAT64_H */
