/*
 * tests/worlds/plan.h - what a random world has in it: a list of numbers, each a feature
 * with its strength, that is drawn from a seed, written as a line of text, and shrunk.
 *
 * Every feature is drawn from a stream of its own (seed and name), and so is all that
 * happens in the world: taking one out changes nothing of the others.
 */
#ifndef WORLDS_PLAN_H
#define WORLDS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum feature {
    /* the wires of the internet */
    DELAY_MS,
    JITTER_MS,
    LOSS_PERMILLE,
    HEAVY_LOSS_PERMILLE,
    BURSTS_PERMILLE,
    DUPLICATE_PERMILLE,
    REORDER_PERMILLE,
    REORDER_MS,
    CORRUPT_PERMILLE,
    NARROW_KBIT,
    MTU, /* of IP packets; 0: they are as long as they like */
    DROPS_FRAGMENTS,
    /* each side: alice's, and one further bob's */
    GATES, /* enum gates */
    GATES_B,
    MAPPING, /* enum nat_dependence */
    MAPPING_B,
    FILTERING,
    FILTERING_B,
    PORTS, /* enum nat_ports */
    PORTS_B,
    HAIRPIN, /* enum nat_hairpin */
    HAIRPIN_B,
    STRIDE,
    STRIDE_B,
    NAT_TIMEOUT_S,
    NAT_TIMEOUT_S_B,
    REFRESH, /* 0: by what leaves, 1: by both, 2: by what comes in */
    REFRESH_B,
    POOL, /* external addresses, any for each mapping */
    POOL_B,
    ROWS_MAX, /* of the NAT's table; 0: enough */
    ROWS_MAX_B,
    EVICTS,
    EVICTS_B,
    OUTER_MAPPING, /* of a NAT around it */
    OUTER_MAPPING_B,
    OUTER_FILTERING,
    OUTER_FILTERING_B,
    ALG, /* rewrites addresses that it finds in datagrams; STUN servers then show them */
    ALG_B,
    SAME_PREFIX, /* 192.168.1, which others have too */
    SAME_PREFIX_B,
    IPV6,
    IPV6_B,
    NO_IPV4, /* only with IPV6 */
    NO_IPV4_B,
    MORE_INTERFACES, /* 1: another home, 2: the internet */
    MORE_INTERFACES_B,
    NO_STUN,
    NO_STUN_B,
    TURN, /* bits of the servers that it may use: the first, the second */
    TURN_B,
    RELAY_ONLY, /* no address of its own may be shown */
    RELAY_ONLY_B,
    NAMES, /* in place of the addresses of its interfaces */
    NAMES_B,
    PRIVACY, /* enum privacy */
    PRIVACY_B,
    MAPPED, /* enum mapped; behind ONE_NAT, with one interface */
    MAPPED_B,
    TCP, /* bits of AUGER_ICE_TCP_*: its candidates beside those of UDP */
    TCP_B,
    DRIFT_PPM,
    DRIFT_PPM_B,
    PACING_MS,
    PACING_MS_B,
    AT_ONCE, /* nominates in first checks */
    AT_ONCE_B,
    LITE, /* without a gate */
    LITE_B,
    RENOMINATION, /* offered in its description */
    RENOMINATION_B,
    PREDICTION, /* of ports: then there are two STUN servers */
    PREDICTION_B,
    BUSY, /* mappings that others behind its NAT take in a second */
    BUSY_B,
    STANDBY, /* pairs in reserve, at most */
    STANDBY_B,
    PAIRS_MAX, /* of its table */
    PAIRS_MAX_B,
    REFUSES_PERMILLE, /* datagrams that its sockets do not take */
    REFUSES_PERMILLE_B,
    FULL_PERMILLE, /* and those for which they have no room for a while */
    FULL_PERMILLE_B,
    FULL_MS, /* at most */
    FULL_MS_B,
    CHATTER_MS,
    CHATTER_MS_B,
    CHATTER_BYTES, /* of every other datum */
    CHATTER_BYTES_B,
    GIVES, /* enum sim_gives */
    GIVES_B,
    MUX,      /* of alice's agents (1), or bob's (2), that share their sockets: two */
    TOGETHER, /* 1: behind one more NAT, 2: in one network */
    /* signalling */
    SIGNAL_MS,
    SIGNAL_JITTER_MS,
    OFFER_LATE_MS,
    ANSWER_LATE_MS,
    CANDIDATES_LATE_MS,
    NO_TRICKLE, /* 1: of both, 2: of the offer alone */
    NO_END,
    SAME_ROLE, /* 1: both control, 2: neither */
    EQUAL_TIE_BREAKERS,
    SIGNAL_DROP_PERMILLE,
    SIGNAL_TWICE_PERMILLE,
    /* what befalls it; 1 is alice's, 2 bob's */
    SERVER_DEAD,
    SERVER_DIES_MS,
    TURN_NONCE_S,       /* how long a nonce lives; 0: as long as by default */
    TURN_LIFETIME_S,    /* the same of an allocation */
    TURN_SLOW_MS,       /* before each answer */
    TURN_BUSY_PERMILLE, /* ports that a relay cannot have */
    TURN_QUOTA,         /* allocations of all agents at one server; 0: enough */
    TURN_DRAINS,        /* bits of the servers that make no allocation any more */
    TURN_DRAINS_AT_MS,
    TURN_ALTERNATE, /* they name the other one's address of 1: IPv4, 2: IPv6 */
    ICMP_PERMILLE,  /* of what does not come through to a peer, that it is told of */
    TURN_DIES,      /* bits of the servers */
    TURN_DIES_AT_MS,
    TURN_FORGETS, /* the same: it is back at once, with nothing */
    TURN_FORGETS_AT_MS,
    CUT, /* 1: both ways, 2: from alice, 3: from bob */
    CUT_AT_MS,
    CUT_FOR_MS,
    UNROUTED, /* its machine has no route */
    UNROUTED_AT_MS,
    UNROUTED_FOR_MS,
    REBOOT,
    REBOOT_AT_MS,
    REBIND,
    REBIND_AT_MS,
    RENUMBER,
    RENUMBER_AT_MS,
    SLOW_MS, /* one of two homes of alice's is from then on: the one in use, if it has a gate */
    SLOW_AT_MS,
    SUSPEND,
    SUSPEND_AT_MS,
    SUSPEND_FOR_MS,
    SUSPEND_STOPS_CLOCK,
    LEAP,
    LEAP_AT_MS,
    LEAP_BY_MS,
    /* restarts of ICE */
    RESTART, /* by 1: alice, 2: bob, 3: both */
    RESTART_AT_MS,
    RESTART_APART_MS, /* of both: how much later bob's comes */
    RESTART_AGAIN_MS, /* after the first; 0: it is the only one */
    RESTART_AGAIN_BY, /* as RESTART */
    /* attackers: actions a second */
    OFF_PATH,
    OFF_PATH_INSIDE,
    OBSERVER,
    HOSTILE_PEER, /* in bob's place */
    HOSTILE_SERVER,
    HOSTILE_SIGNAL_PERMILLE,
    FLOOD,            /* candidates */
    BUGGIFY_PERMILLE, /* of the places of base/buggify.h that are open */
    LEAVES,           /* at the end alice goes without a word */
    MOVES,            /* 1: alice's interfaces go, and one behind another gate comes; 2: bob's */
    MOVES_AT_MS,
    MOVES_GAP_MS,          /* with none; negative: with both */
    TIMERS_EARLY_PERMILLE, /* that ring once before they are due */
    TIMERS_EARLY_PERMILLE_B,
    TIMERS_LATE_MS, /* at most, each */
    TIMERS_LATE_MS_B,
    TURN_STREAMS, /* it asks its servers over TCP */
    TURN_STREAMS_B,
    LASTS_S,      /* longer than others */
    OOM_PERMILLE, /* of the blocks that are asked for, missing */
    NAT64,        /* of who has no IPv4 behind a NAT: after so many ms it is told the prefix */
    NAT64_B,
    VPN, /* 1: alice's machine, 2: bob's has one for a while */
    VPN_AT_MS,
    VPN_FOR_MS,
    VPN_TAKES,          /* enum vpn_takes */
    HOURLY,             /* of hours.c, which no seed draws: once an hour something happens */
    TIMERS_EARLY_AGAIN, /* the world is run again with all of them early, once and so often more */
    FEATURES
};

enum gates { NO_GATE, FIREWALL, UDP_BLOCKED, ONE_NAT, NESTED_NATS };

/* What of RFC 8828 section 5.2 is to be seen in an agent: mode 1, no host candidates, mode 2,
 * mode 3. */
enum privacy { ALL_INTERFACES, NO_HOST_CANDIDATES, DEFAULT_ROUTE, DEFAULT_ROUTE_NO_HOST };
/* What becomes of datagrams from the other addresses of a machine with a VPN: they leave as before,
 * through it, or nowhere. */
enum vpn_takes { VPN_TAKES_NOTHING, VPN_TAKES_ALL, VPN_STOPS_ALL };
/* The configuration knows the address of the NAT, which lets all in: beside that of the host, in
 * its place; or it is mistaken. */
enum mapped { NOT_MAPPED, MAPPED_BESIDE, MAPPED_INSTEAD, MAPPED_WRONGLY };

struct plan {
    uint64_t seed;
    int64_t value[FEATURES];
};

#define PLAN_TEXT_MAX 4096

void plan_draw(struct plan *plan, uint64_t seed);
/* hours.c: such a world, without what ends a session for good, so many hours long. */
void plan_make_long(struct plan *plan, unsigned hours);
/* All features off. */
void plan_clear(struct plan *plan, uint64_t seed);
/* "seed=7 delay_ms=40 bob.gates=3": what is not off. */
void plan_format(const struct plan *plan, char text[PLAN_TEXT_MAX]);
bool plan_parse(struct plan *plan, const char *text);
bool plan_has(const struct plan *plan, enum feature feature);
/* Its MUX is one, since nothing else in it is at odds with that. */
bool plan_shares_sockets(const struct plan *plan);
const char *plan_feature_name(enum feature feature);

/* The plan made simpler until nothing more can be left out without `fails` coming false;
 * returns how many worlds it took. */
unsigned plan_shrink(struct plan *plan, bool (*fails)(const struct plan *plan, void *user),
                     void *user);

#endif /* WORLDS_PLAN_H */
