/* io/portmap.h - port mapping of a loop: which gateway is asked for which of its peers' sockets,
 * and what becomes of the answers.  What is asked, and when, is <auger/portmap.h>'s. */
#ifndef AUGER_IO_PORTMAP_H
#define AUGER_IO_PORTMAP_H

#include "io/upnp.h"
#include "io/watch.h"

#include <auger/portmap.h>

#define AUGER_PORTS_MAX 64        /* sockets for which a mapping is asked */
#define AUGER_PORT_ROUTERS_MAX 16 /* addresses of ours behind a gateway each */

struct auger_loop;
struct auger_slot;

/* One address of ours, towards its gateway. */
struct auger_port_router {
    struct auger_watch watch; /* its socket, first of all; fd -1: the place is free */
    struct auger_addr local, gateway;
    struct auger_portmap *engine;
};

/* One socket of a peer's. */
struct auger_port {
    uint64_t slot_id; /* 0: free */
    uint64_t token;
    struct auger_addr base;
    struct auger_port_router *router;
    struct auger_addr external; /* as the peer knows it; none */
    bool is_by_upnp;            /* and the engine does not ask */
};

struct auger_ports {
    struct auger_port_router routers[AUGER_PORT_ROUTERS_MAX];
    struct auger_port items[AUGER_PORTS_MAX];
    uint64_t tokens;
    struct auger_upnp *upnp;             /* NULL: none was needed yet, or it is not to be had */
    struct auger_watch announcements[2]; /* of IPv4 and IPv6, to all hosts; fd -1: none */
};

/* Asks for what this peer's sockets have none of, and gives back what is of sockets that are gone
 * or of a gateway that is not theirs any more. */
void auger_ports_follow(struct auger_loop *loop, struct auger_slot *slot, auger_time now);
/* The peer is going. */
void auger_ports_leave(struct auger_loop *loop, const struct auger_slot *slot, auger_time now);

void auger_ports_receive(struct auger_loop *loop, const struct auger_watch *watch, auger_time now);
/* Does what is due, and lets the peers know. */
void auger_ports_turn(struct auger_loop *loop, auger_time now);
auger_time auger_ports_next_timeout(const struct auger_loop *loop);
/* Gives all back, as far as that can be said at once. */
void auger_ports_free(struct auger_loop *loop);

#endif /* AUGER_IO_PORTMAP_H */
