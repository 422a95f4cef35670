/* io/advertised.h - prefixes of NAT64 that routers advertise (RFC 8781), as the kernel hands that
 * option of theirs to whoever listens by rtnetlink(7).  What was said before that is not known. */
#ifndef AUGER_IO_ADVERTISED_H
#define AUGER_IO_ADVERTISED_H

#include "base/nat64.h"
#include "io/machine.h"

#define AUGER_ADVERTISED_MAX 8 /* further ones are as if they had not come */

struct auger_advertised {
    struct auger_prefix64 {
        struct auger_nat64 nat64;
        uint32_t index;   /* of the interface that it came by */
        auger_time until; /* it may be used */
    } items[AUGER_ADVERTISED_MAX];
    size_t len;
};

/* A descriptor that is readable when a router has said something; -1: none is to be had. */
int auger_advertised_listen(void);
/* Takes what there is to read. */
void auger_advertised_receive(struct auger_advertised *advertised, int fd, auger_time now);
/* What came by an interface goes with its last address of IPv6. */
void auger_advertised_follow(struct auger_advertised *advertised,
                             const struct auger_machine *machine);
/* The one that is known longest; NULL: none. */
const struct auger_nat64 *auger_advertised_find(const struct auger_advertised *advertised,
                                                auger_time now);

#endif /* AUGER_IO_ADVERTISED_H */
