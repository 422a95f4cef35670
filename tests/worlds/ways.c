/* tests/worlds/ways.c - whether there is a way from one agent to the other at all: by what brute
 * force finds, over TCP, by a relay. */
#include "tests/worlds/ways.h"

#include "tests/sim/reach.h"
#include "tests/worlds/build.h"
#include "tests/worlds/sides.h"

/* A NAT64 is left alone where another interface has IPv4 (docs/decisions/209). */
static bool uses_nat64(const struct plan *plan, int side)
{
    return side_has_nat64(plan, side) && !side_has_more(plan, side);
}

/* --- by brute force ----------------------------------------------------------- */

/* Both are in one network, which is not the internet. */
static bool hears_names(const struct plan *plan)
{
    return plan->value[TOGETHER] == 2 && plan->value[GATES] != NO_GATE;
}

static void show_reacher(struct built *built, int side, enum ways_from from)
{
    struct sim_reacher *reacher = built->reachers[side];

    if (side_hides(built->plan, side) || side_mapped(built->plan, side) == MAPPED_INSTEAD)
        sim_reacher_hide(reacher, NULL, false);
    else if (side_has_names(built->plan, side))
        sim_reacher_hide(
            reacher, from != WAYS_UNHEARD && hears_names(built->plan) ? built->homes[0][0] : NULL,
            true);
    if (side_is_forwarded(built->plan, side)) {
        sim_reacher_tell(reacher, &built->mapped[side]);
        build_forward(built->homes[side][0], sim_reacher_addr(reacher));
    }
}

static struct sim_net *elsewhere(const struct built *built, int side, enum ways_from from)
{
    if (from == WAYS_AT_HOME || from == WAYS_UNHEARD)
        return NULL;
    return from == WAYS_AWAY ? built->away[side] : built->vpn[side];
}

/* Who resolves names, those of the other or its own, does so from another host, which has an
 * address there as well. */
static void add_addr(struct built *built, int side, struct sim_net *net, enum auger_family family)
{
    const struct plan *plan = built->plan;

    sim_reacher_add_addr(built->sim, built->reachers[side], net, family);
    if (net != sim_internet(built->sim) && (side_has_names(plan, 0) || side_has_names(plan, 1)))
        sim_add_bystander(built->sim, net, family);
}

static void add_reacher(struct built *built, int side, enum ways_from from)
{
    const struct plan *plan = built->plan;
    struct sim_reacher *reacher = sim_add_reacher(built->sim, side ? "bob" : "alice");

    built->reachers[side] = reacher;
    if (elsewhere(built, side, from)) {
        add_addr(built, side, elsewhere(built, side, from), AUGER_IPV4);
        show_reacher(built, side, from);
        return;
    }
    if (uses_nat64(plan, side))
        sim_reacher_translate(reacher);
    if (side_has_ipv4(plan, side))
        add_addr(built, side, built->homes[side][0], AUGER_IPV4);
    if (side_has_ipv6(plan, side))
        add_addr(built, side, built->homes[side][0], AUGER_IPV6);
    if (side_has_more(plan, side))
        add_addr(built, side, built->homes[side][1], AUGER_IPV4);
    show_reacher(built, side, from);
}

/* A question says who asks in clear. */
static void build_honest(struct built *built, struct plan *honest)
{
    const struct sim_options options = {.seed = honest->seed, .delay = 20 * AUGER_MS};

    honest->value[HOSTILE_SERVER] = honest->value[TURN] = honest->value[TURN_B] = 0;
    honest->value[TURN_ALTERNATE] = 0;
    honest->value[ALG] = honest->value[ALG_B] = 0;
    build_networks(built, honest, &options);
}

static struct sim_reach reach(const struct built *built)
{
    const struct plan *plan = built->plan;
    struct sim_reach reach =
        sim_reach(built->sim, built->reachers[0], !side_value(plan, GIVES, 0),
                  !side_value(plan, NO_STUN, 0), built->reachers[1], !side_value(plan, GIVES, 1),
                  !side_value(plan, NO_STUN, 1), 20 * AUGER_SEC);

    sim_free(built->sim);
    return reach;
}

/* Of two couples on shared sockets one agent comes last, on a host of its own.  Where networks have
 * one prefix any of them may stand in the way of another. */
static int last_of_couples(const struct plan *plan)
{
    return plan->value[MUX] == 1;
}

/* It does not open the NAT before one of its interfaces.  Two of them check nobody, and each takes
 * what it is told. */
static void make_lite(struct built *built)
{
    for (int side = 0; side < 2; side++)
        if (side_is_lite(built->plan, side) && !side_is_lite(built->plan, !side))
            sim_reacher_make_lite(built->reachers[side]);
}

struct sim_reach ways_reach(const struct plan *plan, enum ways_from from)
{
    struct plan honest = *plan;
    struct built built;

    if (side_shows_no_address(plan, 0) || side_shows_no_address(plan, 1))
        return (struct sim_reach){0};
    build_honest(&built, &honest);
    add_reacher(&built, 0, from);
    add_reacher(&built, 1, from);
    make_lite(&built);
    if (plan_shares_sockets(plan))
        sim_add_bystander(built.sim, built.homes[last_of_couples(plan)][0], AUGER_IPV4);
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

static void add_first_couple(struct built *built, int side)
{
    sim_add_bystander(built->sim, built->homes[side][0], AUGER_IPV4);
    if (side_has_ipv6(built->plan, side))
        sim_add_bystander(built->sim, built->homes[side][0], AUGER_IPV6);
}

struct sim_reach ways_reach_beside(const struct plan *plan)
{
    int last = last_of_couples(plan);
    struct plan theirs = *plan;
    struct built built;

    make_beside(&theirs);
    build_honest(&built, &theirs);
    if (last == 0)
        add_first_couple(&built, 0);
    add_reacher(&built, !last, WAYS_AT_HOME);
    if (last == 1)
        add_first_couple(&built, 1);
    add_reacher(&built, last, WAYS_AT_HOME);
    return reach(&built);
}

/* --- by TCP ------------------------------------------------------------------- */

/* It is told, and everybody reaches it. */
static bool is_listening(const struct plan *plan, int side)
{
    return (side_tcp(plan, side) & AUGER_ICE_TCP_PASSIVE) && side_gates(plan, side) == NO_GATE &&
           plan->value[TOGETHER] != 1 && side_has_ipv4(plan, side) &&
           !side_value(plan, GIVES, side) && !side_hides(plan, side) &&
           !side_has_names(plan, side) && !side_shows_no_address(plan, side);
}

static bool can_open(const struct plan *plan, int side)
{
    return (side_tcp(plan, side) & AUGER_ICE_TCP_ACTIVE) && side_has_ipv4(plan, side) &&
           !side_shows_no_address(plan, side);
}

bool ways_have_tcp(const struct plan *plan)
{
    return (can_open(plan, 0) && is_listening(plan, 1)) ||
           (can_open(plan, 1) && is_listening(plan, 0));
}

/* --- by a relay --------------------------------------------------------------- */

static int64_t count_bases(const struct plan *plan, int side)
{
    return side_has_ipv4(plan, side) + side_has_ipv6(plan, side) + side_has_more(plan, side);
}

/* Each base asks a server for one allocation at most, whether it was told of it or sent on. */
static bool is_within_quota(const struct plan *plan)
{
    int64_t asked = 0;

    for (int side = 0; side < 2; side++)
        if (side_value(plan, TURN, side) && !side_is_lite(plan, side))
            asked += count_bases(plan, side);
    return !plan->value[TURN_QUOTA] || asked <= plan->value[TURN_QUOTA];
}

/* A nonce that servers judge by whole seconds lives up to one less than they are told.  Where more
 * than half of them are over when the request comes that is made with them, no client has more than
 * luck (RFC 8489 section 9.2.5): RFC 8656 section 5 has one in an hour. */
static bool does_nonce_come_back(const struct plan *plan)
{
    const int64_t *v = plan->value;
    int64_t age_ms = 2 * (v[DELAY_MS] + v[JITTER_MS]) + v[TURN_SLOW_MS];

    return v[TURN_NONCE_S] == 0 || age_ms <= 1000 * v[TURN_NONCE_S] - 500;
}

/* One of its servers does, or names one that does to clients of that family. */
static bool is_granted(const struct plan *plan, int side, struct ways_in_vain in_vain)
{
    const int64_t *v = plan->value;
    bool can_follow = v[TURN_ALTERNATE] == 1   ? side_has_ipv4(plan, side)
                      : v[TURN_ALTERNATE] == 2 ? side_has_ipv6(plan, side)
                                               : false;

    return !(in_vain.allocates >> side & 1) && is_within_quota(plan) &&
           does_nonce_come_back(plan) &&
           ((side_value(plan, TURN, side) & ~v[TURN_DRAINS]) ||
            (can_follow && v[TURN_DRAINS] != 3));
}

/* The other side is told of it. */
static bool has_relay(const struct plan *plan, int side, struct ways_in_vain in_vain)
{
    return is_granted(plan, side, in_vain) && side_value(plan, TURN, side) &&
           !side_is_lite(plan, side) && !side_value(plan, GIVES, side) &&
           (side_gates(plan, side) != UDP_BLOCKED || side_has_streams(plan, side));
}

/* Others see it from an address that it does not have.  IPv6 passes a NAT as it is, but for one of
 * IPv4 alone. */
static bool is_translated_before(const struct plan *plan, int side)
{
    bool has_nat = side_gates(plan, side) >= ONE_NAT || plan->value[TOGETHER] == 1;

    return has_nat && (side_has_ipv4(plan, side) || uses_nat64(plan, side));
}

/* Where others see it from is told, so that a relay lets it in: what servers see is not, where it
 * is the host's address and that has a name. */
static bool shows_where_it_is(const struct plan *plan, int side, struct ways_in_vain in_vain)
{
    bool is_translated = is_translated_before(plan, side);

    if (side_value(plan, GIVES, side) || side_shows_no_address(plan, side) ||
        side_gates(plan, side) == UDP_BLOCKED || (side_has_names(plan, side) && !is_translated))
        return false;
    bool is_mapped = side_is_forwarded(plan, side) && side_has_ipv4(plan, side) &&
                     plan->value[TOGETHER] != 1; /* a carrier's own */
    bool asks_turn = side_value(plan, TURN, side) && !(in_vain.allocates >> side & 1) &&
                     !side_has_streams(plan, side); /* else of TCP */
    bool asks_stun = !side_value(plan, NO_STUN, side) && !(in_vain.bindings >> side & 1);
    return asks_stun || asks_turn || is_mapped || (!is_translated && !side_hides(plan, side));
}

bool ways_have_relay(const struct plan *plan, struct ways_in_vain in_vain)
{
    for (int side = 0; side < 2; side++)
        if (has_relay(plan, side, in_vain) &&
            (shows_where_it_is(plan, !side, in_vain) || has_relay(plan, !side, in_vain)))
            return true;
    return false;
}
