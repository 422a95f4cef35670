/*
 * sim/sim.h - a simulated internet and the ICE agents in it.
 *
 *     struct sim *sim = sim_new(&(struct sim_options){.seed = seed, .delay = 40 * AUGER_MS});
 *     sim_add_stun_server(sim);
 *     struct sim_peer *alice = sim_add_peer(sim, "alice", SIM_PORT_RESTRICTED);
 *     struct sim_peer *bob = sim_add_peer(sim, "bob", SIM_SYMMETRIC);
 *     sim_signal(sim, alice, bob, 100 * AUGER_MS);
 *     sim_run_until(sim, both_connected, 10 * AUGER_SEC);
 *
 * Time is virtual and jumps from one thing that happens to the next.  Everything random
 * comes from the seed: the same seed gives the same world, to the byte (sim_digest()).
 * Somebody may stand beside the agents (watch.h); the first invariant that he finds broken ends
 * the world.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "sim/link.h"
#include "sim/nat.h"

#include <auger/ice.h>

#include <stdio.h>

struct sim;
struct sim_net;     /* a network: the internet, or one behind a gateway */
struct sim_gateway; /* between a network and the one outside: a NAT or a firewall */
struct sim_host;    /* owns addresses in one or more networks */
struct sim_peer;    /* an ICE agent on a host */
struct sim_prober;  /* sends and keeps datagrams, and decides nothing */
struct sim_turn;    /* a TURN server on a host */
struct sim_watch;

/* A datagram, or a frame of a stream to a TURN server, at a place on its way. */
enum sim_moment {
    SIM_LEAVES,  /* its host */
    SIM_PASSES,  /* a gateway, which may have changed its addresses */
    SIM_ARRIVES, /* at a host */
    SIM_FALLS,   /* and goes no further */
};
struct sim_sighting {
    enum sim_moment moment;
    uint64_t number;         /* the same on all of its way, and that of no other */
    const char *where;       /* the name of the host or gateway; "": on a wire */
    const char *why;         /* it falls; else NULL.  Static. */
    bool outward, by_stream; /* passes to the outside */
    struct auger_addr src, dst;
    const uint8_t *bytes;
    size_t len;
};

struct sim_options {
    uint64_t seed;
    /* Of the internet, one way; networks behind gateways add nothing by default. */
    auger_time delay, jitter;
    unsigned loss_permille;
    /* When not NULL it says all of the internet's quality instead of the three above. */
    const struct link_quality *internet;
    FILE *log; /* every datagram and trace record in words; may be NULL */
    /* Called with each record of an agent's trace; may be NULL. */
    void (*record)(void *user, struct sim_peer *peer, const struct auger_trace_record *record);
    void *user;
    /* Called with each sighting; may be NULL. */
    void (*sighted)(void *user, const struct sim_sighting *sighting);
    /* Called when a peer is told of the other by signalling: "" is its description, a line one of
     * its candidates, NULL their end; may be NULL. */
    void (*told)(void *user, const struct sim_peer *peer, const char *line);
    /* Who stands beside agents and servers (watch.h); NULL: nobody. */
    const struct sim_watch *watch;
    /* Called with what went wrong; NULL: to be asked for by sim_broken(). */
    void (*broken)(const struct sim *sim, const char *why);
};

struct sim *sim_new(const struct sim_options *options);
/* Also checks that the agents gave back all their memory. */
void sim_free(struct sim *sim);

/* --- time ------------------------------------------------------------------- */

typedef bool sim_condition(const struct sim *sim);

/* Whether done() came true within `limit`; otherwise that much time has passed, or an
 * invariant is broken. */
bool sim_run_until(struct sim *sim, sim_condition *done, auger_time limit);
typedef void sim_fate(struct sim *sim, void *user);
/* Calls it after that time. */
void sim_schedule(struct sim *sim, auger_time after, sim_fate *fate, void *user);

/* False when an invariant is broken. */
bool sim_run(struct sim *sim, auger_time duration);
auger_time sim_now(const struct sim *sim);
/* What is broken, or NULL. */
const char *sim_broken(const struct sim *sim);
enum sim_memory {
    SIM_MEMORY_OF_AGENTS,
    SIM_MEMORY_OF_TURN_SERVERS,
    SIM_MEMORY_OF_MUXES,
    SIM_MEMORIES
};
/* From now on so many of a thousand blocks that those who are there ask for are missing.  What a
 * peer's program is refused for that it asks for again. */
void sim_run_out_of_memory(struct sim *sim, unsigned permille);
/* How many were. */
uint64_t sim_blocks_missing(const struct sim *sim, enum sim_memory whose);
/* Of everything that was on the wire and in the traces so far. */
uint64_t sim_digest(const struct sim *sim);
/* The same without the datagrams that attackers caused (attacker.h). */
uint64_t sim_honest_digest(const struct sim *sim);
uint64_t sim_seed(const struct sim *sim);
/* Datagrams that are on their way and not STUN. */
uint64_t sim_in_flight(const struct sim *sim);
/* Those of them that were too long for a wire: lost, or carried in fragments. */
uint64_t sim_too_long(const struct sim *sim);
uint64_t sim_fragmented(const struct sim *sim);
/* And in which a gateway found an address to rewrite. */
uint64_t sim_rewritten(const struct sim *sim);
/* Datagrams put on a wire, not counting what signalling carries. */
uint64_t sim_packets(const struct sim *sim);

/* Both of the peers that were introduced by sim_signal(). */
sim_condition both_connected, both_disconnected, both_failed, both_nominated;

/* --- networks --------------------------------------------------------------- */

enum sim_nat {
    SIM_NO_NAT,
    SIM_FULL_CONE,
    SIM_ADDRESS_RESTRICTED,
    SIM_PORT_RESTRICTED,
    SIM_SYMMETRIC,            /* random ports */
    SIM_SYMMETRIC_SEQUENTIAL, /* the next port for each destination */
    SIM_UDP_BLOCKED,
    SIM_NATS
};
const char *sim_nat_name(enum sim_nat kind);
/* Not for SIM_NO_NAT and SIM_UDP_BLOCKED, which translate nothing. */
struct nat_config sim_nat_config(enum sim_nat kind);

struct sim_net *sim_internet(struct sim *sim);
/* A network behind a NAT; the NAT's external addresses are added here when the
 * configuration has none.  `prefix` is like "192.168.7"; NULL: one of its own. */
struct sim_net *sim_add_nat(struct sim *sim, const char *name, struct sim_net *outside,
                            const struct nat_config *config, const char *prefix);
struct sim_net *sim_add_nat_of_kind(struct sim *sim, const char *name, struct sim_net *outside,
                                    enum sim_nat kind);
/* One more external address for a NAT that will stand before `outside`. */
void sim_net_lend_addr(struct sim_net *outside, struct nat_config *config);
/* Public addresses behind a gateway that lets nothing pass that it was not asked for,
 * or nothing at all. */
struct sim_net *sim_add_firewall(struct sim *sim, const char *name, struct sim_net *outside,
                                 bool blocks_udp);
/* Whether it is one of the IPv4 addresses of that network. */
bool sim_net_has(const struct sim_net *net, const struct auger_addr *addr);
/* The way out of a network; NULL for the internet. */
struct sim_gateway *sim_net_gateway(struct sim_net *net);
struct nat *sim_gateway_nat(struct sim_gateway *gateway);
/* Of what it would let through it drops all that is UDP. */
void sim_gateway_block_udp(struct sim_gateway *gateway);
/* An application level gateway that knows no application: any four bytes that are the inside
 * address of who sends become the outside one, and back.  Of a NAT; off again with false. */
void sim_gateway_rewrite(struct sim_gateway *gateway, bool rewrites);
/* A NAT64 (RFC 6146): what comes from inside to sim_nat64() goes on in IPv4, as the NAT has it. */
void sim_gateway_translate(struct sim_gateway *gateway);
const struct auger_nat64 *sim_nat64(void);
void sim_gateway_reboot(struct sim *sim, struct sim_gateway *gateway);
/* Its provider gives it another address. */
void sim_gateway_renumber(struct sim *sim, struct sim_gateway *gateway);
void sim_gateway_rebind(struct sim *sim, struct sim_gateway *gateway);
/* Other hosts behind it open so many mappings a second, at any moment (Poisson). */
void sim_gateway_make_busy(struct sim *sim, struct sim_gateway *gateway, unsigned per_second);
/* Between the hosts and gateways of this network, from now on. */
void sim_net_set_quality(struct sim *sim, struct sim_net *net, const struct link_quality *quality);

/* No datagram of one host reaches the other, in flight ones included, until healed. */
void sim_cut(struct sim *sim, struct sim_peer *a, struct sim_peer *b);
void sim_cut_one_way(struct sim *sim, struct sim_peer *from, struct sim_peer *to);
void sim_heal(struct sim *sim);

/* Of what gateways and hosts refuse so much is told by an ICMP error, to TURN servers. */
void sim_set_icmp(struct sim *sim, unsigned permille);

/* --- servers and probers ---------------------------------------------------- */

/* On the internet, both families.  Peers that are added later are told of it. */
struct sim_host *sim_add_stun_server(struct sim *sim);
/* They say where they see a client by MAPPED-ADDRESS too, before XOR-MAPPED-ADDRESS. */
void sim_answer_in_both_ways(struct sim *sim);
/* On the internet, both families, with relays of both; relays may reach each other. */
struct sim_turn_options {
    uint32_t nonce_lifetime_s;     /* 0: the server's default */
    uint32_t lifetime_s;           /* of an allocation; the same */
    auger_time slow;               /* before each answer to a request */
    unsigned busy_ports_permille;  /* that a relay cannot have */
    uint32_t user_allocations_max; /* 0: enough */
};
#define SIM_TURN_REALM "sim"
#define SIM_TURN_USER "sim"
#define SIM_TURN_PASSWORD "relay with me"
struct sim_turn *sim_add_turn_server(struct sim *sim, const struct sim_turn_options *options);
/* From now on what goes to them and comes from them over TCP comes in parts, as a stream may; and
 * how often the first part was too short to show how long the whole is. */
void sim_cut_frames(struct sim *sim);
uint64_t sim_frames_cut_in_header(const struct sim *sim);
struct sim_host *sim_turn_host(struct sim_turn *turn);
const struct auger_addr *sim_turn_addr(const struct sim_turn *turn, enum auger_family family);
/* What its relays of that family have in common. */
const struct auger_addr *sim_turn_relay_ip(const struct sim_turn *turn, enum auger_family family);
/* From now on it makes no allocation: 508, or 300 with that address of another for clients of its
 * family.  NULL: none. */
void sim_turn_drain(struct sim_turn *turn, const struct auger_addr *alternate);
/* It comes back at once, and knows of no allocation any more. */
void sim_turn_forget(struct sim *sim, struct sim_turn *turn);

/* A dead host neither answers nor sends. */
void sim_host_kill(struct sim_host *host);

struct sim_prober *sim_add_prober(struct sim *sim, const char *name, struct sim_net *net,
                                  enum auger_family family);
struct auger_addr sim_prober_addr(const struct sim_prober *prober);
void sim_prober_send(struct sim *sim, struct sim_prober *prober, const struct auger_addr *to,
                     const char *text);
/* The text that came last and from where, or NULL. */
const char *sim_prober_heard(const struct sim_prober *prober, struct auger_addr *from);
size_t sim_prober_count(const struct sim_prober *prober);

/* --- ICE agents ------------------------------------------------------------- */

/* What the sockets of an agent do with its datagrams. */
struct sim_send_errors {
    unsigned refused_permille; /* which are lost: EPERM, ENETUNREACH, ECONNREFUSED */
    unsigned full_permille;    /* which find no room (EAGAIN, ENOBUFS), for up to */
    auger_time full_for;
    bool has_no_route; /* all are refused */
};

struct sim_peer_options {
    /* From auger_ice_config_init(), without renomination.  With `tcp` each of its addresses is a
     * base of TCP too, with the port of the one of UDP. */
    struct auger_ice_config ice;
    bool ipv6; /* an IPv6 address beside the IPv4 one */
    bool no_ipv4;
    bool nat64; /* it is told that its network has one, so long after its beginning */
    auger_time nat64_late;
    bool no_stun;        /* do not ask the STUN servers */
    unsigned turn;       /* bits of the TURN servers that it may use, the first added is 1 */
    unsigned turn_named; /* and of those that these may name to it */
    enum auger_turn_families turn_families; /* 0: both */
    bool turn_streams;                      /* they are asked over TCP */
    auger_time chatter;      /* sends data this often once it can; 0: once per path */
    unsigned chatter_bytes;  /* every other datum is at least so long; at most 1200 */
    int drift_ppm;           /* how much its clock is fast */
    unsigned early_permille; /* of its timers, which ring once before they are due, */
    unsigned early_again;    /* and so often again, each time halfway to when they are, */
    auger_time late_max;     /* and then so late at most */
    bool resolves;           /* names that the other tells, by multicast DNS */
    bool hides;              /* its addresses behind such names; only where it resolves too */
    uint64_t tie_breaker;    /* the agent's first; 0: at random */
    bool no_helpers;         /* it opens none of the sockets that prediction asks for */
    struct sim_send_errors errors;
};
void sim_peer_options_init(struct sim_peer_options *options);

/* In a network of its own behind such a NAT. */
struct sim_peer *sim_add_peer(struct sim *sim, const char *name, enum sim_nat kind);
/* NULL options are the defaults. */
struct sim_peer *sim_add_peer_in(struct sim *sim, const char *name, struct sim_net *net,
                                 const struct sim_peer_options *options);
/* On the host of `first`, and on its very sockets, behind a mux; before sim_signal() of either. */
struct sim_peer *sim_add_peer_beside(struct sim *sim, const char *name, struct sim_peer *first,
                                     const struct sim_peer_options *options);
/* One more interface, in another network; after sim_signal() the agent is told of it, and the
 * other side of its candidates. */
void sim_peer_add_addr(struct sim *sim, struct sim_peer *peer, struct sim_net *net,
                       enum auger_family family);
const char *sim_peer_name(const struct sim_peer *peer);
/* The one it had first. */
const struct auger_addr *sim_peer_addr(const struct sim_peer *peer);
/* Its interfaces in that network are gone, and the agent knows. */
void sim_peer_remove_addrs(struct sim *sim, struct sim_peer *peer, struct sim_net *net);
/* The machine sleeps: nothing arrives, nothing leaves.  Its clock stands still as well, or
 * has gone on. */
void sim_peer_suspend(struct sim *sim, struct sim_peer *peer, auger_time duration,
                      bool clock_stops);
/* How long it still sleeps; 0: it does not.  Meanwhile its agent may be told nothing. */
auger_time sim_peer_sleeps_for(const struct sim_peer *peer);
void sim_peer_leap(struct sim *sim, struct sim_peer *peer, auger_time by);
/* From now on, in place of those of its options. */
void sim_peer_set_errors(struct sim_peer *peer, const struct sim_send_errors *errors);
/* The default route of its machine leads through that network, as with a VPN that takes all: what
 * it sends by IPv4 leaves there, whatever address it is sent from, but for what is for another host
 * of a network of its own.  A strict one takes its own address alone, and the rest is lost.  NULL:
 * the route is as it was. */
void sim_peer_set_tunnel(struct sim_peer *peer, struct sim_net *net, bool is_strict);
/* All streams of its TCP candidates end. */
void sim_peer_reset_streams(struct sim *sim, struct sim_peer *peer);
/* Its agent is freed, and its host is gone. */
void sim_peer_leave(struct sim *sim, struct sim_peer *peer);
/* The gateway nearest to the peer, or NULL; of several interfaces, the oldest one's. */
struct sim_gateway *sim_peer_gateway(const struct sim_peer *peer);

enum sim_gives {
    SIM_GIVES_CANDIDATES,
    SIM_GIVES_NAMES,   /* host candidates with names that cannot be resolved alone */
    SIM_GIVES_NOTHING, /* credentials and the end of candidates */
};

struct sim_signalling {
    auger_time delay;           /* one way */
    auger_time offer_delay;     /* of alice's credentials, on top: candidates overtake them */
    auger_time answer_delay;    /* of all that bob says, on top */
    auger_time candidate_delay; /* of candidates and their end, on top */
    auger_time jitter;          /* messages may overtake each other */
    unsigned drop_permille, duplicate_permille; /* of candidates */
    bool no_trickle;                            /* a description waits for all candidates */
    bool half_trickle;                          /* the offer alone does (RFC 8838 section 16) */
    bool tells_once;                            /* and what comes later is told to nobody */
    bool no_end;                                /* never says that no more candidates come */
    enum sim_gives alice_gives, bob_gives;
    bool same_role, both_control; /* both say so: a conflict */
    bool alice_is_stale;          /* what is told of her are the credentials of before */
};

/* Alice offers and controls, bob answers; candidates trickle both ways. */
void sim_signal(struct sim *sim, struct sim_peer *alice, struct sim_peer *bob, auger_time delay);
void sim_signal_with(struct sim *sim, struct sim_peer *alice, struct sim_peer *bob,
                     const struct sim_signalling *signalling);
/* Two more, who are not whom conditions are about. */
void sim_signal_beside(struct sim *sim, struct sim_peer *caller, struct sim_peer *callee,
                       const struct sim_signalling *signalling);

/* What it says from now on reaches nobody. */
void sim_peer_silence(struct sim *sim, struct sim_peer *peer);

/* Restarts ICE: alice or bob, or both, offer anew.  To be said while no such offer of it
 * waits for an answer, or in place of that offer. */
void sim_restart(struct sim *sim, struct sim_peer *peer);
/* Whether both are on a path of the latest generation. */
sim_condition both_restarted;

/* What a peer has come to. */
struct sim_peer_story {
    enum auger_ice_state state;
    unsigned connected, disconnected, failed; /* how often it came into these states */
    auger_time signalled_at;                  /* it had the other's credentials */
    auger_time usable_at, nominated_at, failed_at, disconnected_at;
    auger_time gathered_at;  /* AUGER_NEVER: not yet, as with the others */
    auger_time restarted_at; /* on a path of the latest generation, which is not the first */
    unsigned failed_restarts, wanted_restarts;
    unsigned helpers_opened, helpers_open; /* sockets for prediction */
    unsigned sends_refused, sends_kept;    /* by its sockets; for want of room */
    struct auger_path path;                /* of the last PATH event */
    unsigned paths;                        /* how many there were */
    uint64_t data_sent, data_received;
    uint64_t data_forged, data_repeated; /* received, and known to be */
    struct auger_path data_path;         /* of the last that was received */
    uint64_t allocates_in_vain;          /* requests, each datagram of which had no answer */
    uint64_t bindings_in_vain;           /* to servers, each datagram while gathering the same */
    uint64_t bindings_heard;             /* to servers, that had one */
    uint64_t names_in_vain;              /* asked for, and nobody answered in time */
    uint64_t refreshes_lost;             /* of channels: their first request, or its answer */
    uint64_t late_answers;               /* to checks on a path whose consent had ended */
    uint64_t requests_sent;              /* STUN requests, retransmissions included */
    uint64_t woken_early, woken_late;    /* by its timer, as the options have it */
    size_t memory_peak;
};
const struct sim_peer_story *sim_peer_story(const struct sim_peer *peer);
struct auger_ice *sim_peer_ice(struct sim_peer *peer);

/* What the application saw, in order. */
enum sim_note_kind {
    SIM_NOTE_CANDIDATE,
    SIM_NOTE_GATHERED,
    SIM_NOTE_STATE,
    SIM_NOTE_PATH,
    SIM_NOTE_DATA, /* once each, and genuine */
};
struct sim_note {
    auger_time at;
    enum sim_note_kind kind;
    uint64_t value;
};
struct sim_journal {
    struct sim_note *notes;
    size_t len, cap;
};
const struct sim_journal *sim_peer_journal(const struct sim_peer *peer);
/* Whether both have the same notes in the same order, each at most `apart` from its twin;
 * else what differs, in words. */
bool sim_journals_agree(const struct sim_journal *a, const struct sim_journal *b, auger_time apart,
                        char *why, size_t why_cap);
/* A copy, to be freed by sim_journal_fini(), that outlives the world. */
struct sim_journal sim_journal_copy(const struct sim_journal *journal);
void sim_journal_fini(struct sim_journal *journal);

enum sim_route { SIM_NOT_CONNECTED, SIM_DIRECT, SIM_RELAYED };
enum sim_route sim_route(struct sim_peer *alice, struct sim_peer *bob);

/* Sends application data on the selected path; false where there is none. */
bool sim_peer_send(struct sim *sim, struct sim_peer *peer);

#endif /* SIM_SIM_H */
