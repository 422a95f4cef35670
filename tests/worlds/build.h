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
    struct sim_net *vpn[2];      /* the same of its VPN */
    struct auger_addr mapped[2]; /* what its configuration knows; of no family: nothing */
    struct sim_peer *peers[2];   /* bob is NULL where a hostile peer stands in his place */
    struct sim_peer *beside[2];  /* on the sockets of one, and its partner in the other's home */
    struct sim_reacher *reachers[2];
};

/* `options` says everything but the seed and the wires. */
void build_agents(struct built *built, const struct plan *plan, const struct sim_options *options);
/* The same without agents. */
void build_networks(struct built *built, const struct plan *plan,
                    const struct sim_options *options);
/* What comes to the gateway of that home for nobody goes to that host. */
void build_forward(struct sim_net *home, const struct auger_addr *inside);
struct link_quality build_wire(const struct plan *plan);
struct sim_send_errors build_errors(const struct plan *plan, int side);
struct sim_signalling build_signalling(const struct plan *plan);

#endif /* WORLDS_BUILD_H */
