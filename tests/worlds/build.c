/* tests/worlds/build.c - from numbers to networks and hosts. */
#include "tests/worlds/build.h"

#include <stdio.h>

static int64_t of(const struct plan *plan, enum feature feature, int side)
{
    return plan->value[feature + (enum feature)side];
}

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
        .refused_permille = (unsigned)of(plan, REFUSES_PERMILLE, side),
        .full_permille = (unsigned)of(plan, FULL_PERMILLE, side),
        .full_for = of(plan, FULL_MS, side) * AUGER_MS,
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

/* Where the configuration knows what the NAT does. */
static enum mapped mapped(const struct plan *plan, int side)
{
    bool has_more = of(plan, MORE_INTERFACES, side) || plan->value[MOVES] == side + 1;
    bool is_shared = plan->value[TOGETHER] == 2;

    if (of(plan, GATES, side) != ONE_NAT || has_more || is_shared || of(plan, LITE, side))
        return NOT_MAPPED;
    enum mapped kind = (enum mapped)of(plan, MAPPED, side);
    return kind == MAPPED_INSTEAD && of(plan, IPV6, side) ? MAPPED_BESIDE : kind;
}

static bool is_forwarded(const struct plan *plan, int side)
{
    return mapped(plan, side) == MAPPED_BESIDE || mapped(plan, side) == MAPPED_INSTEAD;
}

/* Overloading is forbidden (RFC 4787, REQ-3), and no NAT whose mapping depends can. */
static enum nat_ports ports(const struct plan *plan, int side)
{
    enum nat_ports kind = (enum nat_ports)of(plan, PORTS, side);
    return kind == NAT_PORTS_OVERLOAD ? NAT_PORTS_PRESERVE : kind;
}

static struct nat_config inner(const struct plan *plan, int side)
{
    return (struct nat_config){
        .mapping = (enum nat_dependence)of(plan, MAPPING, side),
        .filtering = (enum nat_dependence)of(plan, FILTERING, side),
        .ports = ports(plan, side),
        .hairpin = (enum nat_hairpin)of(plan, HAIRPIN, side),
        .stride = (int)of(plan, STRIDE, side),
        .timeout = of(plan, NAT_TIMEOUT_S, side) * AUGER_SEC,
        .inbound_refreshes = of(plan, REFRESH, side) > 0,
        .outbound_does_not = of(plan, REFRESH, side) == 2,
        .rows_max = (size_t)of(plan, ROWS_MAX, side),
        .evicts = of(plan, EVICTS, side),
        .arbitrary_pooling = of(plan, POOL, side) > 1,
    };
}

/* As a cloud has it. */
static struct nat_config one_to_one(const struct plan *plan, int side)
{
    return (struct nat_config){
        .ports = NAT_PORTS_PRESERVE,
        .hairpin = (enum nat_hairpin)of(plan, HAIRPIN, side),
        .timeout = of(plan, NAT_TIMEOUT_S, side) * AUGER_SEC,
    };
}

static struct nat_config outer(const struct plan *plan, int side)
{
    return (struct nat_config){
        .mapping = (enum nat_dependence)of(plan, OUTER_MAPPING, side),
        .filtering = (enum nat_dependence)of(plan, OUTER_FILTERING, side),
        .ports = NAT_PORTS_RANDOM,
        .hairpin = (enum nat_hairpin)of(plan, HAIRPIN, side),
        .timeout = of(plan, NAT_TIMEOUT_S, side) * AUGER_SEC,
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
                       of(built->plan, SAME_PREFIX, side) ? "192.168.1" : NULL);
}

static struct sim_net *behind(struct built *built, const char *name, int side,
                              struct sim_net *outside)
{
    const struct plan *plan = built->plan;
    enum gates gates = (enum gates)of(plan, GATES, side);
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
    for (int64_t i = 0; i < of(plan, POOL, side) && of(plan, POOL, side) > 1; i++)
        sim_net_lend_addr(outside, &nat);
    return sim_add_nat(built->sim, name, outside, &nat,
                       of(plan, SAME_PREFIX, side) ? "192.168.1" : NULL);
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
                                : is_forwarded(plan, side)
                                    ? behind_one_to_one(built, names[side][0], side, outside)
                                    : behind(built, names[side][0], side, outside);
    for (int side = 0; side < 2; side++) {
        built->homes_len[side] = 1;
        if (of(plan, MORE_INTERFACES, side))
            built->homes[side][built->homes_len[side]++] =
                of(plan, MORE_INTERFACES, side) == 2
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
        int64_t kind = of(built->plan, GATES, side), busy = of(built->plan, BUSY, side);
        if (busy && gateway && (kind == ONE_NAT || kind == NESTED_NATS))
            sim_gateway_make_busy(built->sim, gateway, (unsigned)busy);
    }
}

/* At the nearest gateway of each side, which may be one and the same. */
static void add_rewriters(struct built *built)
{
    for (int side = 0; side < 2; side++) {
        if (!of(built->plan, ALG, side))
            continue;
        sim_answer_in_both_ways(built->sim);
        if (sim_net_gateway(built->homes[side][0]))
            sim_gateway_rewrite(sim_net_gateway(built->homes[side][0]), true);
    }
}

static void add_nat64s(struct built *built);

static void build(struct built *built, const struct plan *plan, const struct sim_options *options)
{
    struct sim_options judged = *options;

    judged.watch = &sim_judges;
    *built = (struct built){.plan = plan};
    built->sim = sim_new(&judged);
    add_servers(built);
    add_turn_servers(built);
    add_homes(built);
    add_away(built);
    add_busy(built);
    add_rewriters(built);
    add_nat64s(built);
}

static void forward_to(struct sim_net *home, const struct auger_addr *inside)
{
    nat_forward(sim_gateway_nat(sim_net_gateway(home)), inside);
}

/* --- hosts -------------------------------------------------------------------- */

static bool has_ipv6(const struct plan *plan, int side)
{
    return of(plan, IPV6, side);
}

static bool has_ipv4(const struct plan *plan, int side)
{
    return !has_ipv6(plan, side) || !of(plan, NO_IPV4, side);
}

bool build_has_nat64(const struct plan *plan, int side)
{
    int64_t gates = of(plan, GATES, plan->value[TOGETHER] == 2 ? 0 : side);

    return of(plan, NAT64, side) && !has_ipv4(plan, side) && !is_forwarded(plan, side) &&
           (gates == ONE_NAT || gates == NESTED_NATS);
}

static void add_nat64s(struct built *built)
{
    for (int side = 0; side < 2; side++)
        if (build_has_nat64(built->plan, side))
            sim_gateway_translate(sim_net_gateway(built->homes[side][0]));
}

/* Two of them do not check, so that what is told must be true, and the role of each. */
static bool may_both_be_lite(const struct plan *plan)
{
    return !plan->value[SAME_ROLE] && !plan->value[HOSTILE_SIGNAL_PERMILLE] &&
           !plan->value[SIGNAL_DROP_PERMILLE];
}

/* A lite agent is for a host that everybody reaches. */
bool build_is_lite(const struct plan *plan, int side)
{
    bool is_reached = of(plan, GATES, side) == NO_GATE && !plan->value[TOGETHER];

    return of(plan, LITE, side) && is_reached && !of(plan, GIVES, side) &&
           !plan->value[HOSTILE_PEER] &&
           (!side || !build_is_lite(plan, 0) || may_both_be_lite(plan));
}

static bool has_more(const struct plan *plan, int side)
{
    return of(plan, MORE_INTERFACES, side) && of(plan, PRIVACY, side) < DEFAULT_ROUTE;
}

/* Two of its networks give it one address, by which streams of either leave.  The first home of all
 * has that prefix without being asked. */
static bool may_be_twice(const struct plan *plan, int side)
{
    return (plan->value[SAME_PREFIX] || plan->value[SAME_PREFIX_B]) &&
           (of(plan, MORE_INTERFACES, side) == 1 || plan->value[MOVES] == side + 1);
}

static unsigned tcp(const struct plan *plan, int side)
{
    unsigned bits = may_be_twice(plan, side) ? 0 : (unsigned)of(plan, TCP, side);

    return build_is_lite(plan, side) ? bits & AUGER_ICE_TCP_PASSIVE : bits;
}

bool build_has_names(const struct plan *plan, int side)
{
    return of(plan, NAMES, side) && !of(plan, GIVES, side) && !build_is_lite(plan, side) &&
           !plan->value[HOSTILE_PEER];
}

/* Both are in one network, which is not the internet. */
static bool hears_names(const struct plan *plan)
{
    return plan->value[TOGETHER] == 2 && plan->value[GATES] != NO_GATE;
}

bool build_keeps_to_default_route(const struct plan *plan, int side)
{
    return of(plan, MORE_INTERFACES, side) && !has_more(plan, side);
}

bool build_hides(const struct plan *plan, int side)
{
    int64_t privacy = of(plan, PRIVACY, side);

    return (privacy == NO_HOST_CANDIDATES || privacy == DEFAULT_ROUTE_NO_HOST) &&
           !build_is_lite(plan, side);
}

static bool shows_no_address(const struct plan *plan, int side)
{
    return of(plan, TURN, side) && of(plan, RELAY_ONLY, side) && !build_is_lite(plan, side);
}

/* 23.4.200.1 is nobody's. */
static void set_mapping(struct built *built, int side, struct auger_ice_mapping *mapping,
                        struct auger_ice_config *config)
{
    enum mapped kind = mapped(built->plan, side);

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
    return plan->value[OFF_PATH] ? 0 : of(plan, TIMERS_LATE_MS, side) * AUGER_MS;
}

static bool has_streams(const struct plan *plan, int side)
{
    return of(plan, TURN, side) && of(plan, TURN_STREAMS, side) && !plan->value[TURN_FORGETS];
}

static void add_peer(struct built *built, int side)
{
    const struct plan *plan = built->plan;
    struct sim_peer_options options;
    struct auger_ice_mapping mapping;

    sim_peer_options_init(&options);
    options.ipv6 = has_ipv6(plan, side);
    options.no_ipv4 = !has_ipv4(plan, side);
    options.nat64 = build_has_nat64(plan, side);
    options.nat64_late = of(plan, NAT64, side) * AUGER_MS;
    options.no_stun = of(plan, NO_STUN, side);
    options.drift_ppm = (int)of(plan, DRIFT_PPM, side);
    options.early_permille = (unsigned)of(plan, TIMERS_EARLY_PERMILLE, side);
    options.late_max = late_max(plan, side);
    options.chatter = of(plan, CHATTER_MS, side) * AUGER_MS;
    options.ice.pacing = of(plan, PACING_MS, side) * AUGER_MS;
    options.ice.nominate_at_once = of(plan, AT_ONCE, side);
    options.ice.lite = build_is_lite(plan, side);
    options.ice.renomination = of(plan, RENOMINATION, side);
    options.ice.prediction = of(plan, PREDICTION, side);
    options.ice.predict_window = plan->value[NO_TRICKLE] > 0;
    if (plan->value[PREDICTION] || plan->value[PREDICTION_B])
        options.ice.servers_max = 12; /* one more of STUN, by both of its addresses */
    options.ice.standby_max = (uint8_t)of(plan, STANDBY, side);
    options.ice.pairs_max = (uint16_t)of(plan, PAIRS_MAX, side);
    options.ice.tcp = (uint8_t)tcp(plan, side);
    options.turn = (unsigned)of(plan, TURN, side);
    options.turn_streams = has_streams(plan, side);
    options.turn_named = options.turn ? named_servers(plan) : 0;
    options.chatter_bytes = (unsigned)of(plan, CHATTER_BYTES, side);
    options.errors = build_errors(plan, side);
    if (options.turn)
        options.ice.local_cands_max = 48; /* relayed ones of both servers leave room for a move */
    if (build_hides(plan, side))
        options.ice.policy = AUGER_ICE_POLICY_NO_HOST;
    if (shows_no_address(plan, side))
        options.ice.policy = AUGER_ICE_POLICY_RELAY;
    set_mapping(built, side, &mapping, &options.ice);
    options.hides = build_has_names(plan, side);
    options.resolves = options.hides || build_has_names(plan, !side);
    if (plan->value[EQUAL_TIE_BREAKERS])
        options.tie_breaker = UINT64_C(0x1234567890ABCDEF);
    built->peers[side] =
        sim_add_peer_in(built->sim, side ? "bob" : "alice", built->homes[side][0], &options);
    if (has_more(plan, side))
        sim_peer_add_addr(built->sim, built->peers[side], built->homes[side][1], AUGER_IPV4);
    if (is_forwarded(plan, side) && has_ipv4(plan, side))
        forward_to(built->homes[side][0], sim_peer_addr(built->peers[side]));
}

static void add_more(struct built *built)
{
    int side = built->plan->value[MUX] == 2;
    struct sim_peer_options options;

    if (!plan_shares_sockets(built->plan))
        return;
    sim_peer_options_init(&options);
    options.chatter = AUGER_SEC;
    built->beside[side] =
        sim_add_peer_beside(built->sim, side ? "bob2" : "alice2", built->peers[side], &options);
    built->beside[!side] =
        sim_add_peer_in(built->sim, side ? "alice2" : "bob2", built->homes[!side][0], &options);
}

void build_agents(struct built *built, const struct plan *plan, const struct sim_options *options)
{
    build(built, plan, options);
    add_peer(built, 0);
    if (!plan->value[HOSTILE_PEER])
        add_peer(built, 1);
    add_more(built);
}

static void show_reacher(struct built *built, int side)
{
    struct sim_reacher *reacher = built->reachers[side];

    if (build_hides(built->plan, side) || mapped(built->plan, side) == MAPPED_INSTEAD)
        sim_reacher_hide(reacher, NULL, false);
    else if (build_has_names(built->plan, side))
        sim_reacher_hide(reacher, hears_names(built->plan) ? built->homes[0][0] : NULL, true);
    if (is_forwarded(built->plan, side)) {
        sim_reacher_tell(reacher, &built->mapped[side]);
        forward_to(built->homes[side][0], sim_reacher_addr(reacher));
    }
}

static void add_reacher(struct built *built, int side, bool is_moved)
{
    const struct plan *plan = built->plan;
    struct sim_reacher *reacher = sim_add_reacher(built->sim, side ? "bob" : "alice");

    built->reachers[side] = reacher;
    if (is_moved && built->away[side]) {
        sim_reacher_add_addr(built->sim, reacher, built->away[side], AUGER_IPV4);
        show_reacher(built, side);
        return;
    }
    if (build_has_nat64(plan, side) && !has_more(plan, side))
        sim_reacher_translate(reacher);
    if (has_ipv4(plan, side))
        sim_reacher_add_addr(built->sim, reacher, built->homes[side][0], AUGER_IPV4);
    if (has_ipv6(plan, side))
        sim_reacher_add_addr(built->sim, reacher, built->homes[side][0], AUGER_IPV6);
    if (has_more(plan, side))
        sim_reacher_add_addr(built->sim, reacher, built->homes[side][1], AUGER_IPV4);
    show_reacher(built, side);
}

/* A question says who asks in clear. */
static void build_honest(struct built *built, struct plan *honest)
{
    const struct sim_options options = {.seed = honest->seed, .delay = 20 * AUGER_MS};

    honest->value[HOSTILE_SERVER] = honest->value[TURN] = honest->value[TURN_B] = 0;
    honest->value[TURN_ALTERNATE] = 0;
    honest->value[ALG] = honest->value[ALG_B] = 0;
    build(built, honest, &options);
}

static struct sim_reach reach(const struct built *built)
{
    const struct plan *plan = built->plan;
    struct sim_reach reach =
        sim_reach(built->sim, built->reachers[0], !of(plan, GIVES, 0), !of(plan, NO_STUN, 0),
                  built->reachers[1], !of(plan, GIVES, 1), !of(plan, NO_STUN, 1), 20 * AUGER_SEC);

    sim_free(built->sim);
    return reach;
}

/* Of two couples on shared sockets one agent comes last, on a host of its own.  Where networks have
 * one prefix any of them may stand in the way of another. */
static int last_of_couples(const struct plan *plan)
{
    return plan->value[MUX] == 1;
}

struct sim_reach build_and_reach(const struct plan *plan, bool is_moved)
{
    struct plan honest = *plan;
    struct built built;

    if (shows_no_address(plan, 0) || shows_no_address(plan, 1))
        return (struct sim_reach){0};
    build_honest(&built, &honest);
    add_reacher(&built, 0, is_moved);
    add_reacher(&built, 1, is_moved);
    if (plan_shares_sockets(plan))
        sim_add_bystander(built.sim, built.homes[last_of_couples(plan)][0], false);
    return reach(&built);
}

/* They have no server but of STUN, one interface, and all candidates to tell. */
static void make_beside(struct plan *plan)
{
    static const enum feature not_theirs[] = {
        GIVES,   GIVES_B,   NO_STUN,         NO_STUN_B,        IPV6, IPV6_B, MAPPED, MAPPED_B,
        PRIVACY, PRIVACY_B, MORE_INTERFACES, MORE_INTERFACES_B};

    for (size_t i = 0; i < sizeof(not_theirs) / sizeof(not_theirs[0]); i++)
        plan->value[not_theirs[i]] = 0;
}

struct sim_reach build_and_reach_beside(const struct plan *plan)
{
    int last = last_of_couples(plan);
    struct plan theirs = *plan;
    struct built built;

    make_beside(&theirs);
    build_honest(&built, &theirs);
    if (last == 0)
        sim_add_bystander(built.sim, built.homes[0][0], has_ipv6(plan, 0));
    add_reacher(&built, !last, false);
    if (last == 1)
        sim_add_bystander(built.sim, built.homes[1][0], has_ipv6(plan, 1));
    add_reacher(&built, last, false);
    return reach(&built);
}

/* --- by other ways ------------------------------------------------------------ */

static enum gates gates_of(const struct plan *plan, int side)
{
    return (enum gates)of(plan, GATES, plan->value[TOGETHER] == 2 ? 0 : side);
}

/* --- by TCP ------------------------------------------------------------------- */

/* It is told, and everybody reaches it. */
static bool is_listening(const struct plan *plan, int side)
{
    return (tcp(plan, side) & AUGER_ICE_TCP_PASSIVE) && gates_of(plan, side) == NO_GATE &&
           plan->value[TOGETHER] != 1 && has_ipv4(plan, side) && !of(plan, GIVES, side) &&
           !build_hides(plan, side) && !build_has_names(plan, side) &&
           !shows_no_address(plan, side);
}

static bool can_open(const struct plan *plan, int side)
{
    return (tcp(plan, side) & AUGER_ICE_TCP_ACTIVE) && has_ipv4(plan, side) &&
           !shows_no_address(plan, side);
}

bool build_has_tcp(const struct plan *plan)
{
    return (can_open(plan, 0) && is_listening(plan, 1)) ||
           (can_open(plan, 1) && is_listening(plan, 0));
}

/* --- by a relay --------------------------------------------------------------- */

static int64_t count_bases(const struct plan *plan, int side)
{
    return has_ipv4(plan, side) + has_ipv6(plan, side) + has_more(plan, side);
}

/* Each base asks a server for one allocation at most, whether it was told of it or sent on. */
static bool is_within_quota(const struct plan *plan)
{
    int64_t asked = 0;

    for (int side = 0; side < 2; side++)
        if (of(plan, TURN, side) && !build_is_lite(plan, side))
            asked += count_bases(plan, side);
    return !plan->value[TURN_QUOTA] || asked <= plan->value[TURN_QUOTA];
}

/* One of its servers does, or names one that does to clients of that family. */
static bool is_granted(const struct plan *plan, int side, unsigned ungranted)
{
    const int64_t *v = plan->value;
    bool can_follow = v[TURN_ALTERNATE] == 1   ? has_ipv4(plan, side)
                      : v[TURN_ALTERNATE] == 2 ? has_ipv6(plan, side)
                                               : false;

    return !(ungranted >> side & 1) && is_within_quota(plan) &&
           ((of(plan, TURN, side) & ~v[TURN_DRAINS]) || (can_follow && v[TURN_DRAINS] != 3));
}

/* The other side is told of it. */
static bool has_relay(const struct plan *plan, int side, unsigned ungranted)
{
    return is_granted(plan, side, ungranted) && of(plan, TURN, side) &&
           !build_is_lite(plan, side) && !of(plan, GIVES, side) &&
           (gates_of(plan, side) != UDP_BLOCKED || has_streams(plan, side));
}

/* Where others see it from is told, so that a relay lets it in. */
static bool shows_where_it_is(const struct plan *plan, int side, unsigned ungranted)
{
    bool is_translated = gates_of(plan, side) >= ONE_NAT || plan->value[TOGETHER] == 1;

    if (of(plan, GIVES, side) || shows_no_address(plan, side) ||
        gates_of(plan, side) == UDP_BLOCKED || (build_has_names(plan, side) && !is_translated))
        return false;
    bool is_mapped = is_forwarded(plan, side) && has_ipv4(plan, side) &&
                     plan->value[TOGETHER] != 1; /* a carrier's own */
    bool asks_turn = of(plan, TURN, side) && !(ungranted >> side & 1) &&
                     !has_streams(plan, side); /* else of TCP */
    return !of(plan, NO_STUN, side) || asks_turn || is_mapped ||
           (!is_translated && !build_hides(plan, side));
}

bool build_has_relay(const struct plan *plan, unsigned ungranted)
{
    for (int side = 0; side < 2; side++)
        if (has_relay(plan, side, ungranted) &&
            (shows_where_it_is(plan, !side, ungranted) || has_relay(plan, !side, ungranted)))
            return true;
    return false;
}
