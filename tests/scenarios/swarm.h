/* tests/scenarios/swarm.h - a random world for every seed: which features it has, how
 * strong, and whether by the kinds of its NATs a direct path exists. */
#ifndef SCENARIOS_SWARM_H
#define SCENARIOS_SWARM_H

#include "tests/sim/scenario.h"

/* What stands between a peer and the internet, all gateways taken together. */
struct swarm_front {
    enum nat_dependence mapping, filtering;
    bool blocked, has_nat, has_ipv6;
    bool gives;    /* its candidates are told to the other side */
    bool is_known; /* and an IPv4 address that leads to it is among them */
};

struct swarm {
    struct prng random;
    struct sim *sim;
    struct sim_peer *alice, *bob;
    struct swarm_front fronts[2];
    struct link_quality wire;
    struct sim_signalling signalling;
    bool has_stun;
    bool is_gentle; /* so little is lost that every path there is must be found */
};

static inline unsigned swarm_pick(struct swarm *swarm, unsigned n)
{
    return (unsigned)prng_below(&swarm->random, n);
}

/* A feature is there in one world of n. */
static inline bool swarm_one_in(struct swarm *swarm, unsigned n)
{
    return swarm_pick(swarm, n) == 0;
}

static inline auger_time swarm_time(struct swarm *swarm, auger_time most)
{
    return prng_between(&swarm->random, 0, most);
}

static inline struct link_quality swarm_wire(struct swarm *swarm)
{
    struct link_quality wire = {.delay = swarm_time(swarm, 150 * AUGER_MS)};

    swarm->is_gentle = !swarm_one_in(swarm, 4);
    if (swarm_one_in(swarm, 2))
        wire.jitter = swarm_time(swarm, 50 * AUGER_MS);
    if (swarm_one_in(swarm, 2))
        wire.loss_permille = swarm_pick(swarm, swarm->is_gentle ? 20 : 200);
    if (swarm_one_in(swarm, 3))
        wire.duplicate_permille = swarm_pick(swarm, 100);
    if (swarm_one_in(swarm, 3)) {
        wire.reorder_permille = swarm_pick(swarm, 100);
        wire.reorder_by = swarm_time(swarm, 200 * AUGER_MS);
    }
    if (!swarm->is_gentle && swarm_one_in(swarm, 2)) {
        wire.burst_begins_permille = swarm_pick(swarm, 20);
        wire.burst_ends_permille = 50 + swarm_pick(swarm, 500);
        wire.burst_loss_permille = 900;
    }
    return wire;
}

static inline struct nat_config swarm_nat(struct swarm *swarm)
{
    struct nat_config nat = {
        .mapping = (enum nat_dependence)swarm_pick(swarm, 3),
        .filtering = (enum nat_dependence)swarm_pick(swarm, 3),
        .ports = (enum nat_ports)swarm_pick(swarm, 6),
        .hairpin = (enum nat_hairpin)swarm_pick(swarm, 3),
        .stride = 1 + (int)swarm_pick(swarm, 100),
        .timeout = 30 * AUGER_SEC + swarm_time(swarm, 270 * AUGER_SEC),
        .inbound_refreshes = swarm_one_in(swarm, 2),
        .evicts = swarm_one_in(swarm, 2),
    };

    /* Overloading is forbidden (REQ-3) and no symmetric NAT can do it. */
    if (nat.ports == NAT_PORTS_OVERLOAD)
        nat.ports = NAT_PORTS_PRESERVE;
    return nat;
}

/* The stricter one of two gateways in a row shows. */
static inline void swarm_add_gateway(struct swarm_front *front, const struct nat_config *nat)
{
    front->has_nat = true;
    if (nat->mapping > front->mapping)
        front->mapping = nat->mapping;
    if (nat->filtering > front->filtering)
        front->filtering = nat->filtering;
}

static inline struct sim_net *swarm_net(struct swarm *swarm, const char *name,
                                        struct swarm_front *front)
{
    struct sim_net *net = sim_internet(swarm->sim);
    unsigned gateways = swarm_pick(swarm, 8);

    if (gateways == 0)
        return net;
    if (gateways == 1) {
        front->blocked = swarm_one_in(swarm, 4);
        front->filtering = NAT_ADDRESS_AND_PORT_DEPENDENT;
        return sim_add_firewall(swarm->sim, name, net, front->blocked);
    }
    for (unsigned i = 0; i < (gateways == 2 ? 2 : 1); i++) {
        char gateway[16];
        struct nat_config nat = swarm_nat(swarm);
        snprintf(gateway, sizeof(gateway), "%s%u", name, i);
        net = sim_add_nat(swarm->sim, gateway, net, &nat,
                          swarm_one_in(swarm, 2) ? "192.168.1" : NULL);
        swarm_add_gateway(front, &nat);
    }
    return net;
}

static inline struct sim_peer *swarm_peer(struct swarm *swarm, const char *name,
                                          struct swarm_front *front)
{
    struct sim_peer_options options;
    char gateway[16];

    sim_peer_options_init(&options);
    snprintf(gateway, sizeof(gateway), "%c-home", name[0]);
    options.ipv6 = front->has_ipv6 = swarm_one_in(swarm, 4);
    options.ice.pacing = (20 + swarm_pick(swarm, 31)) * AUGER_MS;
    options.ice.nominate_at_once = swarm_one_in(swarm, 4);
    if (swarm_one_in(swarm, 2))
        options.chatter = 200 * AUGER_MS + swarm_time(swarm, AUGER_SEC);
    return sim_add_peer_in(swarm->sim, name, swarm_net(swarm, gateway, front), &options);
}

static inline enum sim_gives swarm_gives(struct swarm *swarm)
{
    if (!swarm_one_in(swarm, 6))
        return SIM_GIVES_CANDIDATES;
    return swarm_one_in(swarm, 2) ? SIM_GIVES_NAMES : SIM_GIVES_NOTHING;
}

static inline struct sim_signalling swarm_signalling(struct swarm *swarm)
{
    struct sim_signalling signalling = {
        .delay = swarm_time(swarm, AUGER_SEC),
        .no_trickle = swarm_one_in(swarm, 4),
        .no_end = swarm_one_in(swarm, 4),
        .alice_gives = swarm_gives(swarm),
        .bob_gives = swarm_gives(swarm),
        .same_role = swarm_one_in(swarm, 6),
        .both_control = swarm_one_in(swarm, 2),
    };

    if (swarm_one_in(swarm, 3))
        signalling.jitter = swarm_time(swarm, AUGER_SEC);
    if (swarm_one_in(swarm, 3))
        signalling.answer_delay = swarm_time(swarm, 3 * AUGER_SEC);
    if (swarm_one_in(swarm, 3))
        signalling.candidate_delay = swarm_time(swarm, 3 * AUGER_SEC);
    if (swarm_one_in(swarm, 6))
        signalling.offer_delay = swarm_time(swarm, 2 * AUGER_SEC);
    return signalling;
}

static inline void swarm_init(struct swarm *swarm, uint64_t seed)
{
    *swarm = (struct swarm){0};
    prng_init(&swarm->random, seed, "swarm");
    swarm->wire = swarm_wire(swarm);
    swarm->sim = world(seed, .internet = &swarm->wire);
    swarm->has_stun = !swarm_one_in(swarm, 6);
    struct sim_host *server = sim_add_stun_server(swarm->sim);
    if (!swarm->has_stun)
        sim_host_kill(server);
    swarm->alice = swarm_peer(swarm, "alice", &swarm->fronts[0]);
    swarm->bob = swarm_peer(swarm, "bob", &swarm->fronts[1]);
    swarm->signalling = swarm_signalling(swarm);
    swarm->fronts[0].gives = swarm->signalling.alice_gives == SIM_GIVES_CANDIDATES;
    swarm->fronts[1].gives = swarm->signalling.bob_gives == SIM_GIVES_CANDIDATES;
    for (size_t i = 0; i < 2; i++) {
        struct swarm_front *front = &swarm->fronts[i];
        front->is_known = front->gives && (swarm->has_stun || !front->has_nat);
    }
}

/* --- the oracle ------------------------------------------------------------- */

/* Whether `from`, by sending to the address of `to` that it was told, reaches it from an
 * address that `to` did not know of, and can be answered. */
static inline bool swarm_reaches(const struct swarm_front *from, const struct swarm_front *to)
{
    if (!to->is_known || to->mapping != NAT_ENDPOINT_INDEPENDENT)
        return false;
    if (to->filtering == NAT_ENDPOINT_INDEPENDENT)
        return true;
    /* The filter was opened by a check to where `from` was thought to be. */
    return to->filtering == NAT_ADDRESS_DEPENDENT && from->is_known;
}

/* Says yes only where reasoning about RFC 4787 says so: the agents may do better. */
static inline bool swarm_has_path(const struct swarm *swarm)
{
    const struct swarm_front *a = &swarm->fronts[0], *b = &swarm->fronts[1];

    if (a->blocked || b->blocked)
        return false;
    if (a->has_ipv6 && b->has_ipv6 && a->gives && b->gives)
        return true;
    if (a->is_known && b->is_known && a->mapping == NAT_ENDPOINT_INDEPENDENT &&
        b->mapping == NAT_ENDPOINT_INDEPENDENT)
        return true;
    return swarm_reaches(a, b) || swarm_reaches(b, a);
}

#endif /* SCENARIOS_SWARM_H */
