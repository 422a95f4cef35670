/* tests/worlds/ways.h - whether there is a way from one agent of a plan to the other at all. */
#ifndef WORLDS_WAYS_H
#define WORLDS_WAYS_H

#include "tests/sim/reach.h"
#include "tests/worlds/plan.h"

/* By UDP and without relays: as it is at first, or there where no name is heard, after the move of
 * the plan, or by the VPN of one side alone. */
enum ways_from { WAYS_AT_HOME, WAYS_UNHEARD, WAYS_AWAY, WAYS_BY_VPN };
struct sim_reach ways_reach(const struct plan *plan, enum ways_from from);
/* The same of the couple on shared sockets, at first. */
struct sim_reach ways_reach_beside(const struct plan *plan);
/* One side can open a stream to where the other listens: whatever becomes of UDP. */
bool ways_have_tcp(const struct plan *plan);
/* 1 << side of those whose requests have come to nothing: for an allocation, and for where servers
 * see it. */
struct ways_in_vain {
    unsigned allocates, bindings;
};
/* One side has a relay that the other can be reached by: neither a lost server nor a fault is
 * thought of. */
bool ways_have_relay(const struct plan *plan, struct ways_in_vain in_vain);

#endif /* WORLDS_WAYS_H */
