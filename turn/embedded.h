/* turn/embedded.h - the IPv4 addresses that an IPv6 address carries, in the known ways. */
#ifndef AUGER_TURN_EMBEDDED_H
#define AUGER_TURN_EMBEDDED_H

#include <auger/base.h>

#define AUGER_EMBEDDED_MAX 5

/* Each with the port of the address that carries it. */
struct auger_embedded {
    struct auger_addr addrs[AUGER_EMBEDDED_MAX];
    size_t len;
};
void auger_embedded_read(struct auger_embedded *embedded, const struct auger_addr *addr);

/* ::ffff:0:0/96: IPv4 in the form of IPv6, which is nowhere on a wire. */
bool auger_embedded_is_mapped(const uint8_t ip[16]);
/* 6to4 or Teredo. */
bool auger_embedded_is_tunnel(const struct auger_addr *addr);

#endif /* AUGER_TURN_EMBEDDED_H */
