/* portmap/state.h - what an engine knows of its gateway. */
#ifndef AUGER_PORTMAP_STATE_H
#define AUGER_PORTMAP_STATE_H

#include "portmap/epoch.h"
#include "portmap/lease.h"

enum auger_portmap_protocol { AUGER_PORTMAP_UNKNOWN, AUGER_PORTMAP_PCP, AUGER_PORTMAP_NATPMP };

struct auger_portmap {
    const struct auger_env *env;
    struct auger_portmap_config config;
    enum auger_portmap_protocol protocol;
    struct auger_epoch epoch;
    bool is_released;
    /* Of NAT-PMP: its address outside, and the question for it, which has a lease's patience. */
    struct auger_addr outside;
    struct auger_lease address;
    auger_time turn_until; /* until then it has time for the request before */
    struct auger_portmap_counters counters;
    struct auger_lease leases[]; /* config.mappings_max */
};

#endif /* AUGER_PORTMAP_STATE_H */
