/* sim/world.h - what the parts of the simulator share; tests see sim.h alone. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim/memory.h"
#include "sim/queue.h"
#include "sim/sim.h"

#define SIM_NAME_MAX 32
#define SIM_HOST_ADDRS_MAX 8
#define SIM_CUTS_MAX 16
#define SIM_HOPS_MAX 16
#define SIM_STUN_SERVERS_MAX 8 /* addresses, of two families */

/* A datagram on its way; `src` and `dst` are as the last NAT left them. */
struct sim_packet {
    struct sim_host *origin;
    const struct sim_host *cause; /* the attacker without whom it would not be; or NULL */
    struct auger_addr src, dst;
    struct auger_addr meant;  /* where its origin sent it */
    struct sim_net *net;      /* where it is */
    struct sim_host *to_host; /* whom it comes to next: one of these two */
    struct sim_gateway *to_gateway;
    unsigned hops;
    uint64_t number; /* of sim_sighting */
    size_t len;
    uint8_t bytes[];
};

struct sim_attachment {
    struct sim_net *net;
    struct auger_addr addr; /* with the port that is bound */
};

struct sim_host {
    char name[SIM_NAME_MAX];
    struct sim_attachment at[SIM_HOST_ADDRS_MAX];
    size_t at_len;
    struct sim_attachment *helpers; /* more ports at the same addresses: helpers.c */
    size_t helpers_len;
    bool is_dead, has_all_ports;
    struct sim_net *tunnel; /* as sim_peer_set_tunnel() has it; NULL: none */
    bool tunnel_is_strict;
    void (*receive)(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                    const uint8_t *buf, size_t len);
    /* Nobody has it or may have it, by an ICMP error; NULL: it has no ear for them. */
    void (*unreachable)(struct sim *sim, struct sim_host *host, const struct auger_path *path);
    const struct sim_tcp_user *tcp; /* tcp.h; NULL: it has no connections */
    void *owner;
    void *owns; /* released with it; may be NULL */
    struct prng random;
    struct sim_host *next;
};

struct sim_gateway {
    char name[SIM_NAME_MAX];
    struct sim_net *inside, *outside;
    struct nat *nat;  /* IPv4, or a transparent one */
    struct nat *wall; /* IPv6, transparent; where nat translates */
    bool blocks_udp;
    unsigned busy_per_second; /* busy.c */
    struct prng busy_random;
    bool is_nat64; /* as sim_gateway_translate() has it */
    bool rewrites; /* inside and outside address wherever they stand in a datagram */
    struct sim_gateway *next;
};

/* From one host or gateway to another of the same network.  What an attacker causes has
 * wires of its own, so that it changes nothing on those of the others. */
struct sim_wire {
    const void *from, *to, *cause;
    struct link link;
    struct sim_wire *next;
};

struct sim_net {
    char name[SIM_NAME_MAX];
    uint8_t prefix4[3], prefix6[8];
    unsigned hosts;     /* addresses given out */
    unsigned attackers; /* and those from the other end of the prefix */
    struct sim_gateway *gateway;
    struct link_quality quality;
    struct sim_wire *wires;
    struct sim_net *next;
};

struct sim_cut {
    const struct sim_host *from, *to;
};

/* Those who are in a world beside its peers and servers, and mean harm. */
struct sim_strangers {
    /* It passes over the internet. */
    void (*see)(struct sim *sim, const struct sim_packet *packet);
    /* It was said to a peer by signalling, and arrives at that time; "": no candidate. */
    void (*overhear)(struct sim *sim, struct sim_peer *to, auger_time at, const char *said);
    void (*leave)(struct sim *sim); /* with the world */
};

struct sim_shortage {
    unsigned permille;
    auger_time at;  /* when one was asked for last, */
    uint64_t asked; /* and so many at that time */
    uint64_t missing[SIM_MEMORIES];
};

struct sim {
    struct sim_options options;
    struct sim_shortage shortage;
    auger_time now;
    struct queue queue;
    uint64_t numbered; /* datagrams and frames */
    bool cuts_frames;  /* of streams to TURN servers */
    uint64_t frames_cut_in_header;
    uint64_t digest, packets, too_long, fragmented;
    uint64_t rewritten;
    uint64_t data_in_flight;
    uint64_t attack_digest;       /* of what attackers caused */
    const struct sim_host *cause; /* the attacker whose datagram is being received */
    bool is_hostile;              /* bytes may arrive that nobody sent */
    unsigned icmp_permille;       /* of what is refused that is told by one */
    struct prng icmp_random;
    unsigned steps_at_now;

    struct sim_net *internet, *nets; /* newest first, as in all lists here */
    struct sim_gateway *gateways;
    struct sim_host *hosts;
    struct sim_prober *probers;
    const struct sim_strangers *strangers; /* NULL: there are none */
    struct sim_attacks *attacks;           /* theirs */
    struct sim_peer *peers;
    unsigned nets_len;

    struct auger_addr stun_servers[SIM_STUN_SERVERS_MAX];
    bool servers_answer_twice; /* by MAPPED-ADDRESS as well */
    size_t stun_servers_len;
    struct sim_turn *turns;
    size_t turns_len;
    struct sim_stream *streams;   /* to these */
    struct sim_peer *alice, *bob; /* introduced by sim_signal() */
    struct sim_connection *connections;
    unsigned connections_made;
    struct sim_cut cuts[SIM_CUTS_MAX];
    size_t cuts_len;
    char broken[512];
};

/* An invariant does not hold; the first one counts. */
void sim_break(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_log(const struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* shortage.c: somebody of ours asks for a block. */
bool sim_is_block_missing(struct sim *sim, enum sim_memory whose, size_t size);

/* net.c */
struct sim_net *sim_net_new(struct sim *sim, const char *name, struct sim_gateway *gateway,
                            const char *prefix);
struct sim_host *sim_host_new(struct sim *sim, const char *name);
/* Returns the new address of the host. */
struct auger_addr sim_host_attach(struct sim_host *host, struct sim_net *net,
                                  enum auger_family family, uint16_t port);
void sim_host_detach(struct sim_host *host, size_t i);
/* An address that takes none from those who come later. */
void sim_host_attach_attacker(struct sim_host *host, struct sim_net *net, enum auger_family family);
void sim_nets_free(struct sim *sim);

/* helpers.c */
/* Its port there, in the network that it is in; NULL: none of a helper's. */
const struct sim_attachment *sim_helper_at(const struct sim_host *host,
                                           const struct auger_addr *addr);

/* route.c */
/* Puts a datagram on the wire; dropped where no route leads from path->local. */
void sim_host_send(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                   const uint8_t *buf, size_t len);
/* Where two networks have given the host one address: in that one. */
void sim_host_send_in(struct sim *sim, struct sim_host *host, struct sim_net *net,
                      const struct auger_path *path, const uint8_t *buf, size_t len);

/* `later` from now, unless nothing is to be said. */
void sim_host_send_later(struct sim *sim, struct sim_host *host, auger_time later,
                         const struct auger_path *path, const uint8_t *buf, size_t len);
/* From any address, into the network of the host's attachment that is asked for. */
void sim_host_inject(struct sim *sim, struct sim_host *host, struct sim_net *net,
                     const struct auger_path *path, const uint8_t *buf, size_t len);

/* prober.c */
void sim_probers_free(struct sim *sim);

/* turn_server.c */
void sim_turns_free(struct sim *sim);
struct sim_turn *sim_turn_next(const struct sim_turn *turn); /* newest first */

/* peer.c */
void sim_peers_drain(struct sim *sim);
auger_time sim_peers_next(const struct sim *sim);
void sim_peers_wake(struct sim *sim);
void sim_peers_free(struct sim *sim);

#endif /* SIM_WORLD_H */
