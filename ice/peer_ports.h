/* ice/peer_ports.h - what the peer's candidates say of its NAT: where one check of ours may reach
 * it, or the run of ports of one that maps by destination.  Of our own NAT sighting.h knows. */
#ifndef AUGER_ICE_PEER_PORTS_H
#define AUGER_ICE_PEER_PORTS_H

#include "ice/port_pattern.h"
#include "ice/state.h"

#define AUGER_PEER_TARGETS_MAX 3

struct auger_peer_ports {
    /* Public IPv4 addresses that it told, best first, unless its NAT maps by destination. */
    struct auger_addr targets[AUGER_PEER_TARGETS_MAX];
    size_t targets_len;
    bool has_run; /* it does */
    struct auger_port_run run;
    struct auger_addr run_ip; /* its port means nothing */
    /* From there it has checked a relayed address of ours; 0: not yet. */
    uint16_t relay_seen_at;
};

/* Of the current generation. */
void auger_peer_ports_read(const struct auger_ice *ice, struct auger_peer_ports *ports);

#endif /* AUGER_ICE_PEER_PORTS_H */
