/*
 * sim/nat.h - a network address translator, with the behaviours of RFC 4787.
 *
 * It knows addresses and times and nothing of packets or of the simulator: its owner
 * shows it the two addresses of each datagram that wants to pass, and does what the
 * verdict says.  The table is the one of every account of NATs: a row a flow,
 * (external address | inside source | outside destination).
 */
#ifndef SIM_NAT_H
#define SIM_NAT_H

#include <auger/base.h>

struct nat; /* opaque */

/* What a mapping or a filter depends on, besides the inside source (4.1, 5). */
enum nat_dependence {
    NAT_ENDPOINT_INDEPENDENT,
    NAT_ADDRESS_DEPENDENT,
    NAT_ADDRESS_AND_PORT_DEPENDENT,
};

enum nat_ports {                     /* 4.2 */
                 NAT_PORTS_PRESERVE, /* the inside port; on a collision a random one */
                 NAT_PORTS_OVERLOAD, /* the inside port, even on a collision */
                 NAT_PORTS_SEQUENTIAL,
                 NAT_PORTS_RANDOM,
                 NAT_PORTS_PARITY,     /* random, even for even and odd for odd */
                 NAT_PORTS_CONTIGUOUS, /* with parity, and port + 1 beside port */
};

enum nat_hairpin { /* 6 */
                   NAT_HAIRPIN_NONE,
                   NAT_HAIRPIN_EXTERNAL_SOURCE,
                   NAT_HAIRPIN_INTERNAL_SOURCE,
};

#define NAT_EXTERNAL_MAX 4

struct nat_config {
    enum nat_dependence mapping, filtering;
    enum nat_ports ports;
    int stride;                  /* of sequential ports; 0 means 1 */
    uint16_t port_min, port_max; /* 0: 1024 and 65535 */
    /* The port is taken only towards a destination that already uses it, as in
     * Linux, so that one port serves many destinations. */
    bool reuse_by_destination;
    enum nat_hairpin hairpin;
    auger_time timeout;                        /* of a row that nothing refreshes; 0: 300 s */
    bool inbound_refreshes, outbound_does_not; /* 4.3 */
    size_t rows_max, rows_per_host_max;        /* 0: 65535, and no other bound */
    bool evicts;            /* a full table forgets its oldest row; else it refuses a new one */
    bool arbitrary_pooling; /* any external address for each mapping, not one a host (4.1) */
    /* A firewall: filters, but translates nothing. */
    bool transparent;
    struct auger_addr external[NAT_EXTERNAL_MAX]; /* ports are ignored */
    size_t external_len;
};

enum nat_verdict {
    NAT_FORWARD,   /* to the other side */
    NAT_TURN_BACK, /* hairpin: to the inside, with both addresses rewritten */
    NAT_DROP_FULL,
    NAT_DROP_UNMAPPED,
    NAT_DROP_FILTERED,
    NAT_DROP_HAIRPIN,
};
const char *nat_verdict_name(enum nat_verdict verdict);

struct nat_row {
    struct auger_addr external, inside, remote;
    auger_time used_at; /* when it was last refreshed */
};

/* NULL without memory, or for a configuration without an external address. */
struct nat *nat_new(const struct nat_config *config, uint64_t seed, const char *name);
void nat_free(struct nat *nat); /* NULL is fine */

/* A datagram from the inside; the addresses are rewritten as it must leave. */
enum nat_verdict nat_outbound(struct nat *nat, auger_time now, struct auger_addr *src,
                              struct auger_addr *dst);
/* A datagram from the outside to an address of the NAT. */
enum nat_verdict nat_inbound(struct nat *nat, auger_time now, const struct auger_addr *src,
                             struct auger_addr *dst);
/* The same verdict, and nothing is refreshed: for who must leave no trace. */
enum nat_verdict nat_inbound_unseen(struct nat *nat, auger_time now, const struct auger_addr *src,
                                    struct auger_addr *dst);
bool nat_owns(const struct nat *nat, const struct auger_addr *addr);

/* Forgets every row, as a restart of the router does. */
void nat_reboot(struct nat *nat);
/* Moves every mapping to another external port; the old ones are closed. */
void nat_rebind(struct nat *nat, auger_time now);
/* The provider gives another address, and the table is lost. */
void nat_renumber(struct nat *nat, const struct auger_addr *external);

/* What comes from the outside to a port without a mapping goes to the same port of that host: one
 * to one, as clouds have it, or a forwarded range. */
void nat_forward(struct nat *nat, const struct auger_addr *inside);

/* The live rows, oldest first, valid until the next call. */
const struct nat_row *nat_rows(struct nat *nat, auger_time now, size_t *len);

#endif /* SIM_NAT_H */
