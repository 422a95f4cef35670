/* io/discover.h - where a name leads: SRV of a STUN server (RFC 8489 section 8.1), NAPTR and SRV of
 * a TURN server (RFC 5928), addresses.  It waits for the network: resolve.h has threads for it. */
#ifndef AUGER_IO_DISCOVER_H
#define AUGER_IO_DISCOVER_H

#include "io/uri.h"

#define AUGER_DISCOVER_ADDRS_MAX 8
#define AUGER_DISCOVER_PER_FAMILY 2 /* of one name */

struct auger_lookup {
    char host[AUGER_HOST_MAX];
    uint16_t port;                  /* where the DNS says none */
    enum auger_transport transport; /* likewise, if `any_transport` */
    bool any_transport;
    const char *service; /* static: "stun", "turns"; NULL: the host's own addresses alone */
};

struct auger_lookup auger_lookup_stun(const struct auger_stun_uri *uri);
struct auger_lookup auger_lookup_turn(const struct auger_turn_uri *uri);
/* Of a host that is no server of these, as a proxy. */
struct auger_lookup auger_lookup_host(const struct auger_stun_uri *at);

/* Where it is, in the order in which to try; each has its transport.  How many; 0: nowhere.  At
 * most 12 questions for records, none of which begins after 4 s. */
size_t auger_discover(const struct auger_lookup *lookup,
                      struct auger_addr addrs[AUGER_DISCOVER_ADDRS_MAX]);

#endif /* AUGER_IO_DISCOVER_H */
