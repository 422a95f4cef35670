/* tests/worlds/plan.c - the table of features: when each is there, and how strong. */
#include "tests/worlds/plan.h"

#include "sim/prng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct range {
    const char *name;
    int64_t off, low, high;
    unsigned one_in; /* worlds it is there; 0: in none */
    bool is_steep;   /* small values are as likely as great ones */
};

#define BOTH(feature, name, ...)                                                                   \
    [feature] = {"alice." name, __VA_ARGS__, false},                                               \
    [(feature) + 1] = {"bob." name, __VA_ARGS__, false}

static const struct range ranges[FEATURES] = {
    [DELAY_MS] = {"delay_ms", 20, 0, 150, 1, false},
    [JITTER_MS] = {"jitter_ms", 0, 1, 50, 2, false},
    [LOSS_PERMILLE] = {"loss_permille", 0, 1, 20, 2, false},
    [HEAVY_LOSS_PERMILLE] = {"heavy_loss_permille", 0, 20, 250, 7, false},
    [BURSTS_PERMILLE] = {"bursts_permille", 0, 1, 20, 8, false},
    [DUPLICATE_PERMILLE] = {"duplicate_permille", 0, 1, 100, 4, false},
    [REORDER_PERMILLE] = {"reorder_permille", 0, 1, 100, 4, false},
    [REORDER_MS] = {"reorder_ms", 50, 1, 200, 1, false},
    [CORRUPT_PERMILLE] = {"corrupt_permille", 0, 1, 30, 8, false},
    [NARROW_KBIT] = {"narrow_kbit", 0, 64, 1000, 10, false},
    [MTU] = {"mtu", 0, 576, 1400, 5, false},
    [DROPS_FRAGMENTS] = {"drops_fragments", 0, 0, 1, 1, false},
    BOTH(GATES, "gates", 0, 1, 4, 1),
    BOTH(MAPPING, "mapping", 0, 0, 2, 1),
    BOTH(FILTERING, "filtering", 0, 0, 2, 1),
    BOTH(PORTS, "ports", 0, 0, 5, 1),
    BOTH(HAIRPIN, "hairpin", 0, 0, 2, 1),
    BOTH(STRIDE, "stride", 1, 1, 100, 1),
    BOTH(NAT_TIMEOUT_S, "nat_timeout_s", 300, 30, 300, 2),
    BOTH(REFRESH, "refresh", 0, 1, 2, 2),
    BOTH(POOL, "pool", 1, 2, 4, 8),
    BOTH(ROWS_MAX, "rows_max", 0, 3, 16, 12),
    BOTH(EVICTS, "evicts", 0, 1, 1, 2),
    BOTH(OUTER_MAPPING, "outer_mapping", 0, 0, 2, 1),
    BOTH(OUTER_FILTERING, "outer_filtering", 0, 0, 2, 1),
    BOTH(ALG, "alg", 0, 1, 1, 4),
    BOTH(SAME_PREFIX, "same_prefix", 0, 1, 1, 3),
    BOTH(IPV6, "ipv6", 0, 1, 1, 4),
    BOTH(NO_IPV4, "no_ipv4", 0, 1, 1, 4),
    BOTH(MORE_INTERFACES, "more_interfaces", 0, 1, 2, 5),
    BOTH(NO_STUN, "no_stun", 0, 1, 1, 10),
    BOTH(TURN, "turn", 0, 1, 3, 4),
    BOTH(RELAY_ONLY, "relay_only", 0, 1, 1, 4),
    BOTH(NAMES, "names", 0, 1, 1, 9),
    BOTH(PRIVACY, "privacy", 0, 1, 3, 5),
    BOTH(MAPPED, "mapped", 0, 1, 3, 5),
    BOTH(TCP, "tcp", 0, 1, 7, 5),
    BOTH(DRIFT_PPM, "drift_ppm", 0, -200, 200, 2),
    BOTH(PACING_MS, "pacing_ms", 50, 5, 50, 2),
    BOTH(AT_ONCE, "at_once", 0, 1, 1, 4),
    BOTH(LITE, "lite", 0, 1, 1, 4),
    BOTH(RENOMINATION, "renomination", 0, 0, 1, 1),
    BOTH(PREDICTION, "prediction", 0, 1, 1, 4),
    BOTH(BUSY, "busy", 0, 1, 10, 8),
    BOTH(STANDBY, "standby", 0, 0, 4, 1),
    BOTH(PAIRS_MAX, "pairs_max", 100, 1, 8, 12),
    BOTH(REFUSES_PERMILLE, "refuses_permille", 0, 1, 100, 6),
    BOTH(FULL_PERMILLE, "full_permille", 0, 1, 50, 6),
    BOTH(FULL_MS, "full_ms", 100, 1, 1500, 1),
    BOTH(CHATTER_MS, "chatter_ms", 0, 200, 1200, 2),
    BOTH(CHATTER_BYTES, "chatter_bytes", 0, 200, 1200, 2),
    BOTH(GIVES, "gives", 0, 1, 2, 8),
    [MUX] = {"mux", 0, 1, 2, 9, false},
    [TOGETHER] = {"together", 0, 1, 2, 5, false},
    [SIGNAL_MS] = {"signal_ms", 100, 0, 1000, 1, false},
    [SIGNAL_JITTER_MS] = {"signal_jitter_ms", 0, 1, 1000, 3, false},
    [OFFER_LATE_MS] = {"offer_late_ms", 0, 1, 2000, 6, false},
    [ANSWER_LATE_MS] = {"answer_late_ms", 0, 1, 20000, 4, true},
    [CANDIDATES_LATE_MS] = {"candidates_late_ms", 0, 1, 10000, 4, true},
    [NO_TRICKLE] = {"no_trickle", 0, 1, 2, 4, false},
    [NO_END] = {"no_end", 0, 1, 1, 4, false},
    [SAME_ROLE] = {"same_role", 0, 1, 2, 5, false},
    [EQUAL_TIE_BREAKERS] = {"equal_tie_breakers", 0, 1, 1, 3, false},
    [SIGNAL_DROP_PERMILLE] = {"signal_drop_permille", 0, 1, 300, 10, false},
    [SIGNAL_TWICE_PERMILLE] = {"signal_twice_permille", 0, 1, 500, 6, false},
    [SERVER_DEAD] = {"server_dead", 0, 1, 1, 10, false},
    [SERVER_DIES_MS] = {"server_dies_ms", 0, 1, 30000, 10, true},
    [TURN_NONCE_S] = {"turn_nonce_s", 0, 1, 30, 2, false},
    [TURN_LIFETIME_S] = {"turn_lifetime_s", 0, 60, 180, 2, false},
    [TURN_SLOW_MS] = {"turn_slow_ms", 0, 1, 1500, 3, true},
    [TURN_BUSY_PERMILLE] = {"turn_busy_permille", 0, 1, 500, 3, false},
    [TURN_QUOTA] = {"turn_quota", 0, 1, 4, 3, false},
    [TURN_DRAINS] = {"turn_drains", 0, 1, 3, 4, false},
    [TURN_DRAINS_AT_MS] = {"turn_drains_at_ms", 0, 1, 60000, 2, true},
    [TURN_ALTERNATE] = {"turn_alternate", 0, 0, 2, 1, false},
    [ICMP_PERMILLE] = {"icmp_permille", 0, 100, 1000, 3, false},
    [TURN_DIES] = {"turn_dies", 0, 1, 3, 6, false},
    [TURN_DIES_AT_MS] = {"turn_dies_at_ms", 10000, 0, 60000, 1, false},
    [TURN_FORGETS] = {"turn_forgets", 0, 1, 3, 4, false},
    [TURN_FORGETS_AT_MS] = {"turn_forgets_at_ms", 10000, 0, 60000, 1, false},
    [CUT] = {"cut", 0, 1, 3, 5, false},
    [CUT_AT_MS] = {"cut_at_ms", 10000, 0, 50000, 1, false},
    [CUT_FOR_MS] = {"cut_for_ms", 5000, 100, 45000, 1, false},
    [UNROUTED] = {"unrouted", 0, 1, 2, 8, false},
    [UNROUTED_AT_MS] = {"unrouted_at_ms", 10000, 0, 40000, 1, false},
    [UNROUTED_FOR_MS] = {"unrouted_for_ms", 5000, 100, 30000, 1, false},
    [REBOOT] = {"reboot", 0, 1, 2, 8, false},
    [REBOOT_AT_MS] = {"reboot_at_ms", 10000, 0, 60000, 1, false},
    [REBIND] = {"rebind", 0, 1, 2, 6, false},
    [REBIND_AT_MS] = {"rebind_at_ms", 10000, 0, 60000, 1, false},
    [RENUMBER] = {"renumber", 0, 1, 2, 10, false},
    [RENUMBER_AT_MS] = {"renumber_at_ms", 10000, 0, 60000, 1, false},
    [SLOW_MS] = {"slow_ms", 0, 50, 400, 1, false},
    [SLOW_AT_MS] = {"slow_at_ms", 20000, 0, 60000, 1, false},
    [SUSPEND] = {"suspend", 0, 1, 2, 7, false},
    [SUSPEND_AT_MS] = {"suspend_at_ms", 10000, 0, 50000, 1, false},
    [SUSPEND_FOR_MS] = {"suspend_for_ms", 5000, 10, 45000, 1, false},
    [SUSPEND_STOPS_CLOCK] = {"suspend_stops_clock", 0, 1, 1, 2, false},
    [LEAP] = {"leap", 0, 1, 2, 8, false},
    [LEAP_AT_MS] = {"leap_at_ms", 10000, 0, 60000, 1, false},
    [LEAP_BY_MS] = {"leap_by_ms", 1000, 1, 40000, 1, true},
    [RESTART] = {"restart", 0, 1, 3, 2, false},
    [RESTART_AT_MS] = {"restart_at_ms", 10000, 0, 70000, 1, false},
    [RESTART_APART_MS] = {"restart_apart_ms", 0, 1, 400, 2, true},
    [RESTART_AGAIN_MS] = {"restart_again_ms", 0, 1, 15000, 2, true},
    [RESTART_AGAIN_BY] = {"restart_again_by", 1, 1, 3, 1, false},
    [OFF_PATH] = {"off_path", 0, 1, 60, 4, false},
    [OFF_PATH_INSIDE] = {"off_path_inside", 0, 1, 1, 2, false},
    [OBSERVER] = {"observer", 0, 1, 40, 7, false},
    [HOSTILE_PEER] = {"hostile_peer", 0, 1, 60, 12, false},
    [HOSTILE_SERVER] = {"hostile_server", 0, 1, 1, 7, false},
    [HOSTILE_SIGNAL_PERMILLE] = {"hostile_signal_permille", 0, 10, 700, 8, false},
    [FLOOD] = {"flood", 0, 10, 100000, 2, true},
    [BUGGIFY_PERMILLE] = {"buggify_permille", 0, 10, 100, 2, false},
    [LEAVES] = {"leaves", 0, 1, 1, 4, false},
    [MOVES] = {"moves", 0, 1, 2, 5, false},
    [MOVES_AT_MS] = {"moves_at_ms", 10000, 0, 50000, 1, false},
    [MOVES_GAP_MS] = {"moves_gap_ms", 0, -8000, 8000, 1, false},
    BOTH(TURN_STREAMS, "turn_streams", 0, 1, 1, 4),
    [LASTS_S] = {"lasts_s", 0, 540, 640, 10, false},
    [OOM_PERMILLE] = {"oom_permille", 0, 1, 100, 5, false},
    BOTH(TIMERS_EARLY_PERMILLE, "timers_early_permille", 0, 10, 500, 5),
    BOTH(TIMERS_LATE_MS, "timers_late_ms", 0, 1, 20, 5),
    [NAT64] = {"alice.nat64", 0, 1, 8000, 2, true},
    [NAT64_B] = {"bob.nat64", 0, 1, 8000, 2, true},
    [VPN] = {"vpn", 0, 1, 2, 6, false},
    [VPN_AT_MS] = {"vpn_at_ms", 10000, 0, 40000, 1, false},
    [VPN_FOR_MS] = {"vpn_for_ms", 10000, 100, 30000, 1, false},
    [VPN_TAKES] = {"vpn_takes", 0, 0, 2, 1, false},
    [HOURLY] = {"hourly", 0, 0, 1, 0, false},
    [TIMERS_EARLY_AGAIN] = {"timers_early_again", 0, 1, 3, 0, false},
};

const char *plan_feature_name(enum feature feature)
{
    return ranges[feature].name;
}

bool plan_has(const struct plan *plan, enum feature feature)
{
    return plan->value[feature] != ranges[feature].off;
}

void plan_clear(struct plan *plan, uint64_t seed)
{
    plan->seed = seed;
    for (int i = 0; i < FEATURES; i++)
        plan->value[i] = ranges[i].off;
}

static int64_t draw(struct prng *random, const struct range *range)
{
    int64_t high = range->high;

    if (range->is_steep) {
        unsigned bits = 0;
        while (high >> bits)
            bits++;
        high >>= prng_below(random, bits);
        if (high < range->low)
            high = range->low;
    }
    return prng_between(random, range->low, high);
}

/* What says more about a feature is of no interest without it; `step` is 2 where alice's
 * and bob's take turns. */
static void leave_out_details(struct plan *plan)
{
    static const struct {
        enum feature of, first, last;
        int step;
    } details[] = {
        {REORDER_PERMILLE, REORDER_MS, REORDER_MS, 1},
        {GATES, MAPPING, SAME_PREFIX, 2},
        {GATES_B, MAPPING_B, SAME_PREFIX_B, 2},
        {GATES, MAPPED, MAPPED, 1},
        {GATES_B, MAPPED_B, MAPPED_B, 1},
        {IPV6, NO_IPV4, NO_IPV4, 1},
        {IPV6_B, NO_IPV4_B, NO_IPV4_B, 1},
        {NO_IPV4, NAT64, NAT64, 1},
        {NO_IPV4_B, NAT64_B, NAT64_B, 1},
        {TURN, RELAY_ONLY, RELAY_ONLY, 1},
        {TURN_B, RELAY_ONLY_B, RELAY_ONLY_B, 1},
        {TURN, TURN_STREAMS, TURN_STREAMS, 1},
        {TURN_B, TURN_STREAMS_B, TURN_STREAMS_B, 1},
        {TURN_DRAINS, TURN_DRAINS_AT_MS, TURN_ALTERNATE, 1},
        {TURN_DIES, TURN_DIES_AT_MS, TURN_DIES_AT_MS, 1},
        {TURN_FORGETS, TURN_FORGETS_AT_MS, TURN_FORGETS_AT_MS, 1},
        {SAME_ROLE, EQUAL_TIE_BREAKERS, EQUAL_TIE_BREAKERS, 1},
        {CUT, CUT_AT_MS, CUT_FOR_MS, 1},
        {UNROUTED, UNROUTED_AT_MS, UNROUTED_FOR_MS, 1},
        {MTU, DROPS_FRAGMENTS, DROPS_FRAGMENTS, 1},
        {FULL_PERMILLE, FULL_MS, FULL_MS, 1},
        {FULL_PERMILLE_B, FULL_MS_B, FULL_MS_B, 1},
        {REBOOT, REBOOT_AT_MS, REBOOT_AT_MS, 1},
        {REBIND, REBIND_AT_MS, REBIND_AT_MS, 1},
        {RENUMBER, RENUMBER_AT_MS, RENUMBER_AT_MS, 1},
        {MORE_INTERFACES, SLOW_MS, SLOW_MS, 1},
        {SLOW_MS, SLOW_AT_MS, SLOW_AT_MS, 1},
        {SUSPEND, SUSPEND_AT_MS, SUSPEND_STOPS_CLOCK, 1},
        {LEAP, LEAP_AT_MS, LEAP_BY_MS, 1},
        {RESTART, RESTART_AT_MS, RESTART_AGAIN_BY, 1},
        {MOVES, MOVES_AT_MS, MOVES_GAP_MS, 1},
        {RESTART_AGAIN_MS, RESTART_AGAIN_BY, RESTART_AGAIN_BY, 1},
        {VPN, VPN_AT_MS, VPN_TAKES, 1},
        {OFF_PATH, OFF_PATH_INSIDE, OFF_PATH_INSIDE, 1},
        {HOSTILE_SIGNAL_PERMILLE, FLOOD, FLOOD, 1},
    };

    for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
        for (int at = (int)details[i].first;
             !plan_has(plan, details[i].of) && at <= (int)details[i].last; at += details[i].step)
            plan->value[at] = ranges[at].off;
    }
}

/* Nor is what befalls servers that nobody uses. */
static void leave_out_servers(struct plan *plan)
{
    for (int i = TURN_NONCE_S; !plan->value[TURN] && !plan->value[TURN_B] && i <= TURN_FORGETS; i++)
        plan->value[i] = ranges[i].off;
}

/* Two gates that let nothing pass say little together, and of two lite agents
 * each must be reached. */
static void open_gates(struct plan *plan)
{
    for (int side = 0; side < 2; side++) {
        struct prng random;
        prng_init(&random, plan->seed, side ? "bob's gate" : "alice's gate");
        if (prng_permille(&random, 250) ||
            (plan->value[GATES + side] == UDP_BLOCKED && prng_permille(&random, 800)))
            plan->value[GATES + side] = NO_GATE;
        if (plan->value[LITE] && plan->value[LITE_B])
            plan->value[GATES + side] = NO_GATE;
    }
}

/* What a pair in reserve needs comes together by chance too seldom. */
static void open_another_way(struct plan *plan)
{
    static const enum feature needed[] = {RENOMINATION, RENOMINATION_B, STANDBY, STANDBY_B,
                                          MORE_INTERFACES};
    struct prng random;

    prng_init(&random, plan->seed, "another way");
    if (!prng_permille(&random, 60))
        return;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (plan->value[needed[i]] == 0)
            plan->value[needed[i]] = 1;
    if (plan->value[GATES] == NO_GATE || plan->value[GATES] == UDP_BLOCKED)
        plan->value[GATES] = ONE_NAT;
    if (plan->value[SLOW_MS] == 0)
        plan->value[SLOW_MS] = draw(&random, &ranges[SLOW_MS]);
}

/* A server that forgets all would have to end its streams, which nobody does here; and a stream is
 * of use where nothing else leads out. */
static void show_streams(struct plan *plan)
{
    for (int side = 0; side < 2; side++) {
        struct prng random;
        prng_init(&random, plan->seed, side ? "bob's streams" : "alice's streams");
        if (!plan->value[TURN + side] || !plan->value[TURN_STREAMS + side])
            continue;
        plan->value[TURN_FORGETS] = 0;
        if (prng_permille(&random, 300))
            plan->value[GATES + side] = UDP_BLOCKED;
    }
}

/* What takes long is what relays are kept by: a channel is bound anew after nine minutes (RFC 8656
 * section 12).  A world that is run twice is short. */
static void show_long(struct plan *plan)
{
    static const enum feature fatal[] = {
        LITE,         LITE_B,          GIVES,
        GIVES_B,      HOSTILE_PEER,    HOSTILE_SIGNAL_PERMILLE,
        MUX,          OBSERVER,        TURN_DRAINS,
        TURN_QUOTA,   TURN_DIES,       TURN_FORGETS,
        CUT,          REBOOT,          REBIND,
        RENUMBER,     SUSPEND,         LEAP,
        MOVES,        RESTART,         TURN_NONCE_S,
        TURN_SLOW_MS, TURN_LIFETIME_S, TURN_BUSY_PERMILLE,
        PAIRS_MAX,    PAIRS_MAX_B,     NARROW_KBIT,
        ROWS_MAX,     ROWS_MAX_B,      BURSTS_PERMILLE,
        VPN,
    };
    struct prng random;

    prng_init(&random, plan->seed, "long and by a relay");
    if (plan->value[OFF_PATH])
        plan->value[LASTS_S] = 0;
    if (!plan->value[LASTS_S] || !prng_permille(&random, 800))
        return;
    plan->value[TURN] = 1;
    plan->value[RELAY_ONLY] = 1;
    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
        plan->value[fatal[i]] = ranges[fatal[i]].off;
    plan->value[HEAVY_LOSS_PERMILLE] = prng_between(&random, 40, 90);
    for (int side = 0; side < 2; side++)
        if (plan->value[GATES + side] == UDP_BLOCKED)
            plan->value[GATES + side] = ONE_NAT;
}

/* What a mapping is worth shows without a server; and its NAT is one among many. */
static void show_mappings(struct plan *plan)
{
    for (int side = 0; side < 2; side++) {
        struct prng random;
        prng_init(&random, plan->seed, side ? "bob's mapping" : "alice's mapping");
        if (!plan->value[MAPPED + side] || !prng_permille(&random, 700))
            continue;
        plan->value[GATES + side] = ONE_NAT;
        plan->value[NO_STUN + side] = 1;
        plan->value[MORE_INTERFACES + side] = 0;
    }
}

/* IPv6 alone comes together with a NAT, and with an end of IPv4, too seldom by chance. */
static void show_nat64(struct plan *plan)
{
    struct prng random;

    prng_init(&random, plan->seed, "IPv6 alone behind a NAT64");
    if (!prng_permille(&random, 50))
        return;
    plan->value[IPV6] = plan->value[NO_IPV4] = 1;
    plan->value[IPV6_B] = plan->value[MORE_INTERFACES] = 0;
    if (plan->value[NAT64] == 0)
        plan->value[NAT64] = draw(&random, &ranges[NAT64]);
    if (plan->value[GATES] != NESTED_NATS)
        plan->value[GATES] = ONE_NAT;
}

/* What TCP is for: one side can do nothing else, and the other is there for whoever comes. */
static void show_tcp(struct plan *plan)
{
    for (int side = 0; side < 2; side++) {
        struct prng random;
        prng_init(&random, plan->seed, side ? "bob's way out by TCP" : "alice's way out by TCP");
        if (!plan->value[TCP + side] || !prng_permille(&random, 400))
            continue;
        plan->value[TCP + side] |= 1;
        plan->value[TCP + !side] |= 2;
        plan->value[GATES + side] = UDP_BLOCKED;
        plan->value[GATES + !side] = NO_GATE;
        return;
    }
}

/* What befalls a machine befalls all of its agents; one socket has one allocation on a TURN server
 * (docs/decisions/112), and streams are of one agent. */
static const enum feature alone[] = {HOSTILE_PEER, TURN,   TURN_B, LITE,  LITE_B,  SUSPEND,
                                     LEAP,         LEAVES, MOVES,  NAMES, NAMES_B, NO_IPV4,
                                     NO_IPV4_B,    TCP,    TCP_B,  VPN};
#define ALONE (sizeof(alone) / sizeof(alone[0]))

bool plan_shares_sockets(const struct plan *plan)
{
    for (size_t i = 0; i < ALONE; i++)
        if (plan_has(plan, alone[i]))
            return false;
    return plan->value[MUX] > 0;
}

static void show_mux(struct plan *plan)
{
    struct prng random;

    prng_init(&random, plan->seed, "a mux alone");
    for (size_t i = 0; plan->value[MUX] && i < ALONE; i++)
        if (prng_permille(&random, 900))
            plan->value[alone[i]] = ranges[alone[i]].off;
    if (plan->value[MUX] && prng_permille(&random, 300))
        plan->value[OOM_PERMILLE] = draw(&random, &ranges[OOM_PERMILLE]);
}

/* Who waits for room in a socket hears its timers late, or when anything comes, a stranger's
 * datagram too: without the stranger it would not send the same. */
static void show_strangers(struct plan *plan)
{
    if (plan->value[OFF_PATH])
        plan->value[FULL_PERMILLE] = plan->value[FULL_PERMILLE_B] = 0;
}

/* Two changes of addresses at once may have both want a restart, and nobody knows whose counts. */
static void show_vpn(struct plan *plan)
{
    if (plan->value[MOVES])
        plan->value[VPN] = 0;
}

/* A world that is run again with early timers is the same but for what is drawn at each call: what
 * is missing, and what goes wrong in our own code. */
static void show_early(struct plan *plan)
{
    static const enum feature at_odds[] = {OOM_PERMILLE, BUGGIFY_PERMILLE, TIMERS_EARLY_PERMILLE,
                                           TIMERS_EARLY_PERMILLE_B};
    struct prng random;

    prng_init(&random, plan->seed, "again with early timers");
    if (prng_below(&random, 20) != 0)
        return;
    for (size_t i = 0; i < sizeof(at_odds) / sizeof(at_odds[0]); i++)
        if (plan_has(plan, at_odds[i]))
            return;
    plan->value[TIMERS_EARLY_AGAIN] = draw(&random, &ranges[TIMERS_EARLY_AGAIN]);
}

/* Names are of use in one network alone. */
static void show_names(struct plan *plan)
{
    struct prng random;

    prng_init(&random, plan->seed, "names in one network");
    if ((!plan->value[NAMES] && !plan->value[NAMES_B]) || !prng_permille(&random, 300))
        return;
    plan->value[TOGETHER] = 2;
    if (plan->value[GATES] == NO_GATE)
        plan->value[GATES] = ONE_NAT;
}

/* Some worlds have little in them, and some a lot. */
void plan_draw(struct plan *plan, uint64_t seed)
{
    struct prng random;

    plan_clear(plan, seed);
    prng_init(&random, seed, "density");
    unsigned rarer = 1u << prng_below(&random, 5);
    for (int i = 0; i < FEATURES; i++) {
        const struct range *range = &ranges[i];
        prng_init(&random, seed, range->name);
        unsigned one_in = range->one_in == 1 ? 1 : (range->one_in * rarer + 1) / 2;
        if (range->one_in > 0 && prng_below(&random, one_in) == 0)
            plan->value[i] = draw(&random, range);
    }
    open_gates(plan);
    show_mappings(plan);
    show_nat64(plan);
    show_tcp(plan);
    show_names(plan);
    show_mux(plan);
    show_strangers(plan);
    show_vpn(plan);
    open_another_way(plan);
    show_long(plan);
    show_streams(plan);
    leave_out_servers(plan);
    leave_out_details(plan);
    show_early(plan);
}

/* --- as text ------------------------------------------------------------------ */

void plan_format(const struct plan *plan, char text[PLAN_TEXT_MAX])
{
    int len = snprintf(text, PLAN_TEXT_MAX, "seed=%llu", (unsigned long long)plan->seed);

    for (int i = 0; i < FEATURES && len < PLAN_TEXT_MAX; i++) {
        if (plan_has(plan, (enum feature)i))
            len += snprintf(text + len, (size_t)(PLAN_TEXT_MAX - len), " %s=%lld", ranges[i].name,
                            (long long)plan->value[i]);
    }
}

static bool assign(struct plan *plan, const char *name, size_t name_len, const char *value)
{
    char *end;

    if (name_len == 4 && memcmp(name, "seed", 4) == 0) {
        plan->seed = strtoull(value, &end, 10);
        return end != value;
    }
    for (int i = 0; i < FEATURES; i++) {
        if (strlen(ranges[i].name) == name_len && memcmp(ranges[i].name, name, name_len) == 0) {
            plan->value[i] = strtoll(value, &end, 10);
            return end != value;
        }
    }
    return false;
}

bool plan_parse(struct plan *plan, const char *text)
{
    plan_clear(plan, 0);
    while (*text) {
        size_t space = strspn(text, " \n"), word = strcspn(text + space, " \n");
        const char *name = text + space, *equals = memchr(name, '=', word);
        text = name + word;
        if (word > 0 && (!equals || !assign(plan, name, (size_t)(equals - name), equals + 1)))
            return false;
    }
    return true;
}

/* --- made simpler --------------------------------------------------------------- */

struct shrinking {
    struct plan *plan;
    bool (*fails)(const struct plan *plan, void *user);
    void *user;
    unsigned worlds;
};

static bool try_value(struct shrinking *s, int feature, int64_t value)
{
    struct plan simpler = *s->plan;

    simpler.value[feature] = value;
    s->worlds++;
    if (!s->fails(&simpler, s->user))
        return false;
    *s->plan = simpler;
    return true;
}

/* Half the way to nothing, as long as it goes. */
static bool weaken(struct shrinking *s, int feature)
{
    int64_t off = ranges[feature].off;
    bool any = false;

    for (int64_t value = s->plan->value[feature]; value != off;) {
        int64_t nearer = off + (value - off) / 2;
        if (nearer == off || !try_value(s, feature, nearer))
            return any;
        any = true;
        value = nearer;
    }
    return any;
}

unsigned plan_shrink(struct plan *plan, bool (*fails)(const struct plan *plan, void *user),
                     void *user)
{
    struct shrinking s = {plan, fails, user, 0};
    bool any = true;

    while (any) {
        any = false;
        for (int i = FEATURES - 1; i >= 0; i--)
            any |= plan_has(plan, (enum feature)i) && try_value(&s, i, ranges[i].off);
    }
    for (int i = 0; i < FEATURES; i++)
        weaken(&s, i);
    return s.worlds;
}
