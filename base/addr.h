/* base/addr.h - what kind of address it is; comparing and printing are in
 * <auger/base.h>. */
#ifndef AUGER_BASE_ADDR_H
#define AUGER_BASE_ADDR_H

#include <auger/base.h>

bool auger_addr_is_unspecified(const struct auger_addr *addr);
bool auger_addr_is_loopback(const struct auger_addr *addr);
bool auger_addr_is_link_local(const struct auger_addr *addr);
bool auger_addr_is_multicast(const struct auger_addr *addr); /* and broadcast */
/* RFC 1918, 6598 and unique local IPv6. */
bool auger_addr_is_private(const struct auger_addr *addr);
/* IPv4-mapped, IPv4-compatible, site-local: forms that RFC 8445 section 5.1.1.1
 * keeps out of candidates. */
bool auger_addr_is_embedded_ipv4(const struct auger_addr *addr);

static inline size_t auger_addr_ip_len(const struct auger_addr *addr)
{
    return addr->family == AUGER_IPV4 ? 4 : addr->family == AUGER_IPV6 ? 16 : 0;
}

#endif /* AUGER_BASE_ADDR_H */
