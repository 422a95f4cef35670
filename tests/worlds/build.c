/* tests/worlds/build.c - from numbers to networks and hosts. */
#include "tests/worlds/build.h"

#include "tests/worlds/sides.h"

#include <stdio.h>

struct link_quality build_wire(const struct plan *plan)
{
    const int64_t *v = plan->value;
    struct link_quality wire = {
        .delay = v[DELAY_MS] * AUGER_MS,
        .jitter = v[JITTER_MS] * AUGER_MS,
        .loss_permille = (unsigned)(v[LOSS_PERMILLE] + v[HEAVY_LOSS_PERMILLE]),
        .duplicate_permille = (unsigned)v[DUPLICATE_PERMILLE],
        .reorder_permille = (unsigned)v[REORDER_PERMILLE],
        .reorder_by = v[REORDER_MS] * AUGER_MS,
        .corrupt_permille = (unsigned)v[CORRUPT_PERMILLE],
        .bits_per_second = (uint64_t)v[NARROW_KBIT] * 1000,
        .queue = 200 * AUGER_MS,
        .mtu = (uint16_t)v[MTU],
        .drops_fragments = v[DROPS_FRAGMENTS],
    };

    if (v[BURSTS_PERMILLE] > 0) {
        wire.burst_begins_permille = (unsigned)v[BURSTS_PERMILLE];
        wire.burst_ends_permille = 200;
        wire.burst_loss_permille = 900;
    }
    return wire;
}

struct sim_send_errors build_errors(const struct plan *plan, int side)
{
    return (struct sim_send_errors){
        .refused_permille = (unsigned)side_value(plan, REFUSES_PERMILLE, side),
        .full_permille = (unsigned)side_value(plan, FULL_PERMILLE, side),
        .full_for = side_value(plan, FULL_MS, side) * AUGER_MS,
    };
}

struct sim_signalling build_signalling(const struct plan *plan)
{
    const int64_t *v = plan->value;

    return (struct sim_signalling){
        .delay = v[SIGNAL_MS] * AUGER_MS,
        .jitter = v[SIGNAL_JITTER_MS] * AUGER_MS,
        .offer_delay = v[OFFER_LATE_MS] * AUGER_MS,
        .answer_delay = v[ANSWER_LATE_MS] * AUGER_MS,
        .candidate_delay = v[CANDIDATES_LATE_MS] * AUGER_MS,
        .no_trickle = v[NO_TRICKLE] == 1,
        .half_trickle = v[NO_TRICKLE] == 2,
        .no_end = v[NO_END],
        .alice_gives = (enum sim_gives)v[GIVES],
        .bob_gives = (enum sim_gives)v[GIVES_B],
        .same_role = v[SAME_ROLE] > 0,
        .both_control = v[SAME_ROLE] == 1,
        .drop_permille = (unsigned)v[SIGNAL_DROP_PERMILLE],
        .duplicate_permille = (unsigned)v[SIGNAL_TWICE_PERMILLE],
    };
}

/* --- networks ----------------------------------------------------------------- */

/* Overloading is forbidden (RFC 4787, REQ-3), and no NAT whose mapping depends can. */
static enum nat_ports ports(const struct plan *plan, int side)
{
    enum nat_ports kind = (enum nat_ports)side_value(plan, PORTS, side);
    return kind == NAT_PORTS_OVERLOAD ? NAT_PORTS_PRESERVE : kind;
}

static struct nat_config inner(const struct plan *plan, int side)
{
    return (struct nat_config){
        .mapping = (enum nat_dependence)side_value(plan, MAPPING, side),
        .filtering = (enum nat_dependence)side_value(plan, FILTERING, side),
        .ports = ports(plan, side),
        .hairpin = (enum nat_hairpin)side_value(plan, HAIRPIN, side),
        .stride = (int)side_value(plan, STRIDE, side),
        .timeout = side_value(plan, NAT_TIMEOUT_S, side) * AUGER_SEC,
        .inbound_refreshes = side_value(plan, REFRESH, side) > 0,
        .outbound_does_not = side_value(plan, REFRESH, side) == 2,
        .rows_max = (size_t)side_value(plan, ROWS_MAX, side),
        .evicts = side_value(plan, EVICTS, side),
        .arbitrary_pooling = side_value(plan, POOL, side) > 1,
    };
}

/* As a cloud has it. */
static struct nat_config one_to_one(const struct plan *plan, int side)
{
    return (struct nat_config){
        .ports = NAT_PORTS_PRESERVE,
        .hairpin = (enum nat_hairpin)side_value(plan, HAIRPIN, side),
        .timeout = side_value(plan, NAT_TIMEOUT_S, side) * AUGER_SEC,
    };
}

static struct nat_config outer(const struct plan *plan, int side)
{
    return (struct nat_config){
        .mapping = (enum nat_dependence)side_value(plan, OUTER_MAPPING, side),
        .filtering = (enum nat_dependence)side_value(plan, OUTER_FILTERING, side),
        .ports = NAT_PORTS_RANDOM,
        .hairpin = (enum nat_hairpin)side_value(plan, HAIRPIN, side),
        .timeout = side_value(plan, NAT_TIMEOUT_S, side) * AUGER_SEC,
    };
}

/* Of the home of a side that is forwarded to; its host is the first there. */
static struct sim_net *behind_one_to_one(struct built *built, const char *name, int side,
                                         struct sim_net *outside)
{
    struct nat_config nat = one_to_one(built->plan, side);

    sim_net_lend_addr(outside, &nat);
    built->mapped[side] = nat.external[0];
    return sim_add_nat(built->sim, name, outside, &nat,
                       side_value(built->plan, SAME_PREFIX, side) ? "192.168.1" : NULL);
}

static struct sim_net *behind(struct built *built, const char *name, int side,
                              struct sim_net *outside)
{
    const struct plan *plan = built->plan;
    enum gates gates = (enum gates)side_value(plan, GATES, side);
    struct nat_config nat = inner(plan, side), around = outer(plan, side);
    char outer_name[32];

    snprintf(outer_name, sizeof(outer_name), "%s-outer", name);
    switch (gates) {
    case NO_GATE:
        return outside;
    case FIREWALL:
    case UDP_BLOCKED:
        return sim_add_firewall(built->sim, name, outside, gates == UDP_BLOCKED);
    case NESTED_NATS:
        outside = sim_add_nat(built->sim, outer_name, outside, &around, NULL);
        break;
    case ONE_NAT:
        break;
    }
    for (int64_t i = 0; i < side_value(plan, POOL, side) && side_value(plan, POOL, side) > 1; i++)
        sim_net_lend_addr(outside, &nat);
    return sim_add_nat(built->sim, name, outside, &nat,
                       side_value(plan, SAME_PREFIX, side) ? "192.168.1" : NULL);
}

/* More homes come after the first ones of both, so that leaving them out moves nothing. */
static void add_homes(struct built *built)
{
    static const char *const names[2][2] = {{"home-a", "more-a"}, {"home-b", "more-b"}};
    const struct plan *plan = built->plan;
    struct sim_net *internet = sim_internet(built->sim), *outside = internet;

    if (plan->value[TOGETHER] == 1) {
        struct nat_config carrier = outer(plan, 0);
        outside = sim_add_nat(built->sim, "carrier", internet, &carrier, NULL);
    }
    for (int side = 0; side < 2; side++)
        built->homes[side][0] = plan->value[TOGETHER] == 2 && side ? built->homes[0][0]
                                : side_is_forwarded(plan, side)
                                    ? behind_one_to_one(built, names[side][0], side, outside)
                                    : behind(built, names[side][0], side, outside);
    for (int side = 0; side < 2; side++) {
        built->homes_len[side] = 1;
        if (side_value(plan, MORE_INTERFACES, side))
            built->homes[side][built->homes_len[side]++] =
                side_value(plan, MORE_INTERFACES, side) == 2
                    ? internet
                    : behind(built, names[side][1], !side, internet);
    }
}

/* Behind what the other side has at home, and always in a network of its own. */
static void add_away(struct built *built)
{
    int side = built->plan->value[MOVES] == 2;
    const char *name = side ? "away-b" : "away-a";
    struct sim_net *internet = sim_internet(built->sim);

    if (!built->plan->value[MOVES])
        return;
    built->away[side] = behind(built, name, !side, internet);
    if (built->away[side] == internet)
        built->away[side] = sim_add_firewall(built->sim, name, internet, false);
}

/* Its far end is a NAT on the internet, as far away as any. */
static void add_vpn(struct built *built)
{
    int side = built->plan->value[VPN] == 2;
    struct nat_config nat = outer(built->plan, side);
    const struct link_quality far = {.delay = 15 * AUGER_MS};

    if (!built->plan->value[VPN])
        return;
    built->vpn[side] =
        sim_add_nat(built->sim, side ? "vpn-b" : "vpn-a", sim_internet(built->sim), &nat, NULL);
    sim_net_set_quality(built->sim, built->vpn[side], &far);
}

static void add_servers(struct built *built)
{
    if (built->plan->value[HOSTILE_SERVER])
        sim_add_hostile_stun_server(built->sim);
    built->server = sim_add_stun_server(built->sim);
    if (built->plan->value[SERVER_DEAD])
        sim_host_kill(built->server);
    if (built->plan->value[PREDICTION] || built->plan->value[PREDICTION_B])
        sim_add_stun_server(built->sim);
}

/* Bits of those that another may send its clients on to. */
static unsigned named_servers(const struct plan *plan)
{
    return plan->value[TURN_ALTERNATE] ? 3 : 0;
}

static void add_turn_servers(struct built *built)
{
    const int64_t *v = built->plan->value;
    const struct sim_turn_options options = {
        .nonce_lifetime_s = (uint32_t)v[TURN_NONCE_S],
        .lifetime_s = (uint32_t)v[TURN_LIFETIME_S],
        .slow = v[TURN_SLOW_MS] * AUGER_MS,
        .busy_ports_permille = (unsigned)v[TURN_BUSY_PERMILLE],
        .user_allocations_max = (uint32_t)v[TURN_QUOTA],
    };

    sim_set_icmp(built->sim, (unsigned)v[ICMP_PERMILLE]);
    for (int i = 0; i < 2 && (v[TURN] | v[TURN_B] | named_servers(built->plan)) >> i; i++)
        built->turns[i] = sim_add_turn_server(built->sim, &options);
}

/* Others behind the same NATs. */
static void add_busy(struct built *built)
{
    for (int side = 0; side < 2; side++) {
        struct sim_gateway *gateway = sim_net_gateway(built->homes[side][0]);
        int64_t kind = side_value(built->plan, GATES, side),
                busy = side_value(built->plan, BUSY, side);
        if (busy && gateway && (kind == ONE_NAT || kind == NESTED_NATS))
            sim_gateway_make_busy(built->sim, gateway, (unsigned)busy);
    }
}

/* At the nearest gateway of each side, which may be one and the same. */
static void add_rewriters(struct built *built)
{
    for (int side = 0; side < 2; side++) {
        if (!side_value(built->plan, ALG, side))
            continue;
        sim_answer_in_both_ways(built->sim);
        if (sim_net_gateway(built->homes[side][0]))
            sim_gateway_rewrite(sim_net_gateway(built->homes[side][0]), true);
    }
}

static void add_nat64s(struct built *built);

void build_networks(struct built *built, const struct plan *plan, const struct sim_options *options)
{
    struct sim_options judged = *options;

    judged.watch = &sim_judges;
    *built = (struct built){.plan = plan};
    built->sim = sim_new(&judged);
    add_servers(built);
    add_turn_servers(built);
    add_homes(built);
    add_away(built);
    add_vpn(built);
    add_busy(built);
    add_rewriters(built);
    add_nat64s(built);
}

void build_forward(struct sim_net *home, const struct auger_addr *inside)
{
    nat_forward(sim_gateway_nat(sim_net_gateway(home)), inside);
}

/* --- hosts -------------------------------------------------------------------- */

static void add_nat64s(struct built *built)
{
    for (int side = 0; side < 2; side++)
        if (side_has_nat64(built->plan, side))
            sim_gateway_translate(sim_net_gateway(built->homes[side][0]));
}

/* 23.4.200.1 is nobody's. */
static void set_mapping(struct built *built, int side, struct auger_ice_mapping *mapping,
                        struct auger_ice_config *config)
{
    enum mapped kind = side_mapped(built->plan, side);

    if (kind == NOT_MAPPED)
        return;
    if (kind == MAPPED_WRONGLY)
        built->mapped[side] =
            (struct auger_addr){.family = AUGER_IPV4, .ip = {23, 4, 200, (uint8_t)(1 + side)}};
    built->mapped[side].port = 0;
    *mapping = (struct auger_ice_mapping){.local = {.family = AUGER_IPV4},
                                          .external = built->mapped[side]};
    config->mappings = mapping;
    config->mappings_len = 1;
    config->mappings_replace_host = kind == MAPPED_INSTEAD;
}

/* What is due and late leaves with whatever arrives meanwhile, of a stranger too: with one off the
 * path, whose world is compared with that without him, all timers are on time. */
static auger_time late_max(const struct plan *plan, int side)
{
    return plan->value[OFF_PATH] ? 0 : side_value(plan, TIMERS_LATE_MS, side) * AUGER_MS;
}

static void set_early(struct sim_peer_options *options, const struct plan *plan, int side)
{
    options->early_permille = (unsigned)side_value(plan, TIMERS_EARLY_PERMILLE, side);
    options->early_again = (unsigned)plan->value[TIMERS_EARLY_AGAIN];
}

static void add_peer(struct built *built, int side)
{
    const struct plan *plan = built->plan;
    struct sim_peer_options options;
    struct auger_ice_mapping mapping;

    sim_peer_options_init(&options);
    options.ipv6 = side_has_ipv6(plan, side);
    options.no_ipv4 = !side_has_ipv4(plan, side);
    options.nat64 = side_has_nat64(plan, side);
    options.nat64_late = side_value(plan, NAT64, side) * AUGER_MS;
    options.no_stun = side_value(plan, NO_STUN, side);
    options.drift_ppm = (int)side_value(plan, DRIFT_PPM, side);
    set_early(&options, plan, side);
    options.late_max = late_max(plan, side);
    options.chatter = side_value(plan, CHATTER_MS, side) * AUGER_MS;
    options.ice.pacing = side_value(plan, PACING_MS, side) * AUGER_MS;
    options.ice.nominate_at_once = side_value(plan, AT_ONCE, side);
    options.ice.lite = side_is_lite(plan, side);
    options.ice.renomination = side_value(plan, RENOMINATION, side);
    options.ice.prediction = side_value(plan, PREDICTION, side);
    options.ice.predict_window = plan->value[NO_TRICKLE] > 0;
    if (plan->value[PREDICTION] || plan->value[PREDICTION_B])
        options.ice.servers_max = 12; /* one more of STUN, by both of its addresses */
    options.ice.standby_max = (uint8_t)side_value(plan, STANDBY, side);
    options.ice.pairs_max = (uint16_t)side_value(plan, PAIRS_MAX, side);
    options.ice.tcp = (uint8_t)side_tcp(plan, side);
    options.turn = (unsigned)side_value(plan, TURN, side);
    options.turn_streams = side_has_streams(plan, side);
    options.turn_named = options.turn ? named_servers(plan) : 0;
    options.chatter_bytes = (unsigned)side_value(plan, CHATTER_BYTES, side);
    options.errors = build_errors(plan, side);
    /* Relayed ones of both servers leave room for a move; and where each address has four, for TCP
     * (RFC 6544 section 5.1), they leave room for what servers see, as with io/loop.c. */
    if (options.turn || options.ice.tcp)
        options.ice.local_cands_max = 48;
    if (side_hides(plan, side))
        options.ice.policy = AUGER_ICE_POLICY_NO_HOST;
    if (side_shows_no_address(plan, side))
        options.ice.policy = AUGER_ICE_POLICY_RELAY;
    set_mapping(built, side, &mapping, &options.ice);
    options.hides = side_has_names(plan, side);
    options.resolves = options.hides || side_has_names(plan, !side);
    if (plan->value[EQUAL_TIE_BREAKERS])
        options.tie_breaker = UINT64_C(0x1234567890ABCDEF);
    built->peers[side] =
        sim_add_peer_in(built->sim, side ? "bob" : "alice", built->homes[side][0], &options);
    if (side_has_more(plan, side))
        sim_peer_add_addr(built->sim, built->peers[side], built->homes[side][1], AUGER_IPV4);
    if (side_is_forwarded(plan, side) && side_has_ipv4(plan, side))
        build_forward(built->homes[side][0], sim_peer_addr(built->peers[side]));
}

static void add_more(struct built *built)
{
    int side = built->plan->value[MUX] == 2;
    struct sim_peer_options options;

    if (!plan_shares_sockets(built->plan))
        return;
    sim_peer_options_init(&options);
    options.chatter = AUGER_SEC;
    set_early(&options, built->plan, side);
    built->beside[side] =
        sim_add_peer_beside(built->sim, side ? "bob2" : "alice2", built->peers[side], &options);
    built->beside[!side] =
        sim_add_peer_in(built->sim, side ? "alice2" : "bob2", built->homes[!side][0], &options);
}

void build_agents(struct built *built, const struct plan *plan, const struct sim_options *options)
{
    build_networks(built, plan, options);
    add_peer(built, 0);
    if (!plan->value[HOSTILE_PEER])
        add_peer(built, 1);
    add_more(built);
}
