/* tests/worlds/build.h - the world of a plan: networks, servers, and in them agents, or
 * probers that tell whether agents could reach each other. */
#ifndef WORLDS_BUILD_H
#define WORLDS_BUILD_H

#include "sim/sim.h"
#include "tests/sim/attacker.h"
#include "tests/sim/judges.h"
#include "tests/sim/reach.h"
#include "tests/worlds/plan.h"

#define HOMES_MAX 2 /* of one side */

struct built {
    const struct plan *plan;
    struct sim *sim;
    struct sim_host *server;
    struct sim_turn *turns[2]; /* NULL: nobody uses it */
    struct sim_net *homes[2][HOMES_MAX];
    unsigned homes_len[2];
    struct sim_net *away[2];     /* where that side moves to; or NULL */
    struct auger_addr mapped[2]; /* what its configuration knows; of no family: nothing */
    struct sim_peer *peers[2];   /* bob is NULL where a hostile peer stands in his place */
    struct sim_peer *beside[2];  /* on the sockets of one, and its partner in the other's home */
    struct sim_reacher *reachers[2];
};

/* `options` says everything but the seed and the wires. */
void build_agents(struct built *built, const struct plan *plan, const struct sim_options *options);
/* As it is at first, or after the move of the plan. */
struct sim_reach build_and_reach(const struct plan *plan, bool is_moved);
/* The same of the couple on shared sockets, at first. */
struct sim_reach build_and_reach_beside(const struct plan *plan);

/* One side has a relay that the other can be reached by: neither a lost server nor a fault is
 * thought of.  `ungranted`: 1 << side of those whose requests for one have come to nothing. */
bool build_has_relay(const struct plan *plan, unsigned ungranted);
/* One side can open a stream to where the other listens: whatever becomes of UDP. */
bool build_has_tcp(const struct plan *plan);
/* Of a world without a hostile peer that side is a lite agent. */
bool build_is_lite(const struct plan *plan, int side);
/* Addresses of its interfaces are not told; but those of relays may be. */
/* It has IPv6 alone, behind a NAT64. */
bool build_has_nat64(const struct plan *plan, int side);
bool build_hides(const struct plan *plan, int side);
/* They are told by names, which are resolved where both are in one network. */
bool build_has_names(const struct plan *plan, int side);
/* It has an interface that it may not use. */
bool build_keeps_to_default_route(const struct plan *plan, int side);
struct link_quality build_wire(const struct plan *plan);
struct sim_send_errors build_errors(const struct plan *plan, int side);
struct sim_signalling build_signalling(const struct plan *plan);

#endif /* WORLDS_BUILD_H */
