/* sim/watch.h - what somebody is told who stands beside the agents and TURN servers of a
 * world.  A world goes the same way whether he is there or not, until he breaks it. */
#ifndef SIM_WATCH_H
#define SIM_WATCH_H

#include <auger/ice.h>
#include <auger/turn_server.h>

struct sim_peer;
struct monitor;    /* whatever he keeps for an agent: sim_peer.monitor is his to set */
struct turn_watch; /* and for a TURN server */

/* Every one of them is there. */
struct sim_watch {
    void (*peer_begins)(struct sim_peer *peer);
    void (*peer_ends)(struct sim_peer *peer);
    /* What its signalling says of the other side, and when it has new credentials of its own. */
    void (*remote_set)(struct sim_peer *peer, const char *ufrag, const char *password);
    void (*both_are_lite)(struct sim_peer *peer);
    void (*paced)(struct sim_peer *peer, auger_time pacing);
    void (*told)(struct sim_peer *peer, const struct auger_addr *candidate);
    void (*restarted)(struct sim_peer *peer);
    /* Its addresses, its servers and its streams. */
    void (*base_added)(struct sim_peer *peer, const struct auger_addr *base);
    void (*base_removed)(struct sim_peer *peer, const struct auger_addr *base);
    void (*helper_added)(struct sim_peer *peer, const struct auger_addr *helper);
    void (*stun_server_added)(struct sim_peer *peer, const struct auger_addr *server);
    void (*turn_server_added)(struct sim_peer *peer, const struct auger_addr *server);
    void (*stream_lost)(struct sim_peer *peer, const struct auger_path *path);
    /* Its datagrams, and what it says of them. */
    void (*sent)(struct sim_peer *peer, const struct auger_path *path, const uint8_t *buf,
                 size_t len);
    /* Returns the path as the agent names it: what came through a relay, from its peer. */
    struct auger_path (*received)(struct sim_peer *peer, const struct auger_path *path,
                                  const uint8_t *buf, size_t len);
    /* Its timers were heard. */
    void (*woken)(struct sim_peer *peer);
    /* Memory that it asked for is not there. */
    void (*block_missing)(struct sim_peer *peer);
    void (*event)(struct sim_peer *peer, const struct auger_ice_event *event);
    /* Nothing more is to be had from it: it sent so many, wants to be called at `next` by its own
     * clock (AUGER_NEVER: it has not heard its timers yet), and has those pairs. */
    void (*drained)(struct sim_peer *peer, size_t sent, auger_time next, size_t pairs_len);

    /* Of a server with so many ports for the relays of each family. */
    struct turn_watch *(*turn_begins)(uint64_t ports);
    void (*turn_ends)(struct turn_watch *watch);
    void (*turn_forgets)(struct turn_watch *watch);
    void (*turn_client)(struct turn_watch *watch, auger_time now, const struct auger_path *client,
                        const uint8_t *buf, size_t len, const struct auger_turn_server_out *out);
    void (*turn_peer)(struct turn_watch *watch, auger_time now, const struct auger_addr *relayed,
                      const struct auger_addr *peer, const struct auger_turn_server_out *out);
    void (*turn_event)(struct turn_watch *watch, const struct auger_turn_server_event *event);
    /* Once all events are taken, and so many sockets of relays are open. */
    void (*turn_count)(struct turn_watch *watch, const struct auger_turn_server_stats *stats,
                       uint64_t open);
    /* What is broken, or NULL. */
    const char *(*turn_broken)(const struct turn_watch *watch);
};

/* SIM_TELL(sim, told, peer, addr): calls `told` where somebody watches. */
#define SIM_TELL(sim, what, ...)                                                                   \
    do {                                                                                           \
        if ((sim)->options.watch)                                                                  \
            (sim)->options.watch->what(__VA_ARGS__);                                               \
    } while (0)

#endif /* SIM_WATCH_H */
