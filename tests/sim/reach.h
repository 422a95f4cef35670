/* tests/sim/reach.h - whether two hosts can reach each other at all, by brute force: both
 * send from everywhere to everywhere that they are told of, and back to whoever they hear.  Run in
 * a world of its own, like the one in question, it is the oracle of what agents must find. */
#ifndef SIM_REACH_H
#define SIM_REACH_H

#include "sim/sim.h"

struct sim_reacher; /* released with the world */

/* It has the addresses that a peer of that name would have. */
struct sim_reacher *sim_add_reacher(struct sim *sim, const char *name);
void sim_reacher_add_addr(struct sim *sim, struct sim_reacher *reacher, struct sim_net *net,
                          enum auger_family family);
/* The one it had first. */
const struct auger_addr *sim_reacher_addr(const struct sim_reacher *reacher);
/* It asks through the NAT64 of its network too. */
void sim_reacher_translate(struct sim_reacher *reacher);
/* It asks no server, and of others those alone that have asked it: a lite agent has host candidates
 * and listens for checks (RFC 8445 sections 5.2 and 6.2). */
void sim_reacher_make_lite(struct sim_reacher *reacher);
/* Addresses of its own are not told, but for those in `but`, if that is not NULL; what servers see
 * is, and without `is_named` even where it is the same (docs/decisions/080). */
void sim_reacher_hide(struct sim_reacher *reacher, const struct sim_net *but, bool is_named);
/* Beside them it tells that IP address, with their ports. */
void sim_reacher_tell(struct sim_reacher *reacher, const struct auger_addr *external);

/* A host that asks nobody and answers nobody: what is meant for another of its address it has. */
void sim_add_bystander(struct sim *sim, struct sim_net *net, enum auger_family family);

struct sim_reach {
    bool both;   /* each has an answer of the other */
    bool direct; /* on a pair of addresses that no NAT changes */
};
/* `a_gives`: the addresses of a are told to b, those that servers see among them if
 * `a_asks`. */
struct sim_reach sim_reach(struct sim *sim, struct sim_reacher *a, bool a_gives, bool a_asks,
                           struct sim_reacher *b, bool b_gives, bool b_asks, auger_time limit);

#endif /* SIM_REACH_H */
