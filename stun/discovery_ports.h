/* stun/discovery_ports.h - how a NAT chooses external ports (RFC 4787, 4.2), out of what was seen:
 * arithmetic alone. */
#ifndef AUGER_STUN_DISCOVERY_PORTS_H
#define AUGER_STUN_DISCOVERY_PORTS_H

#include <auger/stun_discovery.h>

struct auger_port_sample {
    uint16_t inside, outside;
    bool is_in_order; /* made after the one before it for certain: its first request arrived */
};

/* `samples` are mappings of fresh sockets to one destination, in the order in which they were
 * asked for.  `step` is written, 0 unless the ports are sequential. */
enum auger_discovery_ports auger_ports_classify(const struct auger_port_sample *samples, size_t len,
                                                int32_t *step);

#endif /* AUGER_STUN_DISCOVERY_PORTS_H */
