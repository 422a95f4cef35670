/* tests/natbox/box.h - a router made of the simulated internet's NAT: a table each for
 * UDP, TCP and echoes of ICMP.  Its packets are in packet.h. */
#ifndef NATBOX_BOX_H
#define NATBOX_BOX_H

#include "sim/nat.h"
#include "tests/natbox/packet.h"

struct box; /* opaque */

struct box_config {
    struct nat_config nat;
    uint64_t seed;
    struct auger_addr inside; /* the network of the inside, of so many bits */
    unsigned inside_bits;
};

/* NULL without memory, or for a NAT that cannot be. */
struct box *box_new(const struct box_config *config);
void box_free(struct box *box); /* NULL is fine */

/* Rewrites a packet as it leaves on the other side, or says why it does not. */
enum nat_verdict box_pass(struct box *box, auger_time now, struct packet *packet);
/* The table of that protocol. */
struct nat *box_nat(struct box *box, enum packet_protocol protocol);
void box_reboot(struct box *box);

#endif /* NATBOX_BOX_H */
