/* tests/sim/peer.h - an ICE agent in the simulated internet, as peer.c and signal.c
 * see it. */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include "tests/sim/monitor.h"
#include "tests/sim/world.h"

struct sim_peer {
    struct sim_host *host;
    struct sim *sim;
    struct auger_env env;
    struct auger_ice *ice;
    struct sim_peer_options options;
    struct monitor *monitor;
    struct sim_peer_story story;
    struct auger_ice_pair_info *pairs; /* room for one more than may be */
    size_t pairs_cap;

    size_t memory, allocations; /* live */
    bool is_touched;            /* since it was drained last */
    bool is_woken;              /* and by its timer */
    auger_time next;            /* when it wants to be called */
    auger_time chatter_at;

    struct sim_peer *partner;
    struct sim_signalling signalling;
    bool offers;
    enum sim_gives gives;
    bool has_begun, has_described;
    auger_time last_candidate_at; /* at the partner's */
    struct sim_message *held;     /* candidates that wait for the description */
    struct sim_peer *next_peer;
};

/* Starts the agent: its role, its addresses and servers. */
void sim_peer_begin(struct sim_peer *peer, bool controlling);

/* peer_env.c */
void sim_peer_init_env(struct sim_peer *peer);

/* signal.c */
void sim_signal_candidate(struct sim_peer *peer, const struct auger_cand *cand);
void sim_signal_gathered(struct sim_peer *peer);
void sim_signal_forget(struct sim_peer *peer);

#endif /* SIM_PEER_H */
