/*
 * Two agents in every order: which datagram arrives next, which is lost, whose timer
 * fires first.  Depth first; a state that was seen before is not gone through again.
 *
 * Datagrams overtake each other as they like, and up to three are lost.  A timer fires
 * when nothing is under way, and as often as `delays` says although something is.  Where
 * both offered renomination, who controls changes its mind at any moment, once.  An order
 * ends when both ends have selected a pair and nothing is under way, or at the horizon;
 * what follows is then gone through once, without losses.
 *
 * AUGER_EXPLORE=full goes on to losses together with a delay, and with renomination to all
 * bounds, which takes some minutes.
 */
#include "tests/explore/world.h"

#include "ice/nominate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#define DEPTH_MAX 400
#define START (1000 * AUGER_SEC)
#define HORIZON (START + 4 * AUGER_SEC)
#define AFTERWARDS (12 * AUGER_SEC)

struct setting {
    const char *name;
    unsigned cands[2];
    bool controlling[2];
    bool equal_tie_breakers;
    bool at_once;     /* USE-CANDIDATE in first checks */
    bool hidden;      /* a is behind a NAT and named no candidate */
    bool late;        /* a is told of b's candidates by a message that takes its time */
    bool renominates; /* both offered it */
};

struct bound {
    unsigned losses, delays;
};

/* --- states seen --------------------------------------------------------------------- */

struct seen {
    uint64_t digest;
    double orders; /* from here on */
};

struct explorer {
    const struct setting *setting;
    struct world live, *kept; /* one for each step on the way here */
    struct seen *seen;
    size_t seen_len, seen_cap;
    size_t ends, deepest, changes;
    char steps[DEPTH_MAX][48];
};

static struct explorer explorer;

static struct seen *seen_slot(uint64_t digest)
{
    size_t i = (size_t)digest & (explorer.seen_cap - 1);

    while (explorer.seen[i].digest && explorer.seen[i].digest != digest)
        i = (i + 1) & (explorer.seen_cap - 1);
    return &explorer.seen[i];
}

static void grow(void)
{
    struct seen *old = explorer.seen;
    size_t old_cap = explorer.seen_cap;

    explorer.seen_cap = old_cap ? 2 * old_cap : 1 << 16;
    explorer.seen = calloc(explorer.seen_cap, sizeof(*explorer.seen));
    assert_non_null(explorer.seen);
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].digest)
            *seen_slot(old[i].digest) = old[i];
    }
    free(old);
}

static void remember(uint64_t digest, double orders)
{
    if (4 * explorer.seen_len >= 3 * explorer.seen_cap)
        grow();
    *seen_slot(digest) = (struct seen){digest, orders};
    explorer.seen_len++;
}

/* --- what must hold --------------------------------------------------------------------- */

static void broken(size_t depth, const char *what)
{
    print_error("%s: %s, after\n", explorer.setting->name, what);
    for (size_t i = 0; i < depth; i++)
        print_error("  %s\n", explorer.steps[i]);
    fail();
}

static size_t selected(unsigned which, struct auger_ice_pair_info *out)
{
    struct auger_ice_pair_info pairs[16];
    size_t len = auger_ice_pairs(explorer.live.sides[which].ice, pairs, 16), found = 0;

    for (size_t i = 0; i < len; i++) {
        if (pairs[i].selected) {
            *out = pairs[i];
            found++;
        }
    }
    return found;
}

static bool is_settled(void)
{
    struct auger_ice_pair_info a, b;
    return explorer.live.flights_len == 0 && selected(0, &a) && selected(1, &b) &&
           !explorer.live.sides[0].ice->current->nomination.pair &&
           !explorer.live.sides[1].ice->current->nomination.pair;
}

/* In every state. */
static void check_state(size_t depth)
{
    struct auger_ice_pair_info pair;

    for (unsigned i = 0; i < 2; i++) {
        if (selected(i, &pair) > 1)
            broken(depth, "two pairs are in force");
        if (auger_ice_get_state(explorer.live.sides[i].ice) == AUGER_ICE_FAILED)
            broken(depth, "an agent has failed");
    }
}

/* Once it is quiet: time goes on without losses, everything arrives in order. */
static void check_end(size_t depth)
{
    struct world *live = &explorer.live;
    auger_time end = live->now + AFTERWARDS;
    struct auger_ice_pair_info a, b;

    while (live->flights_len > 0 || live->now < end) {
        if (live->flights_len > 0)
            world_deliver(live, 0);
        else
            world_fire(live, world_next(live, 1) < world_next(live, 0));
        check_state(depth);
    }
    if (live->sides[0].ice->current->role == live->sides[1].ice->current->role)
        broken(depth, "both have one role");
    if (!selected(0, &a) || !selected(1, &b))
        broken(depth, "nothing is selected on one side");
    if (!auger_addr_equal(&a.local.addr, &b.remote.addr) ||
        !auger_addr_equal(&b.local.addr, &a.remote.addr))
        broken(depth, "the ends have selected different pairs");
}

/* --- every order ------------------------------------------------------------------------- */

static double explore(size_t depth);

static const char *step_name(const struct flight *flight, const char *what, char *text, size_t cap)
{
    unsigned type =
        flight->kind == DATAGRAM ? (unsigned)flight->bytes[0] << 8 | flight->bytes[1] : 0;
    const char *kind = flight->kind == CANDIDATES ? "candidates"
                       : type == 0x0001           ? "request"
                       : type == 0x0101           ? "success"
                                                  : "error";
    snprintf(text, cap, "%10.6f %s %s to %c", (double)(explorer.live.now - START) / 1e9, what, kind,
             flight->to ? 'b' : 'a');
    return text;
}

/* One of several alike need be tried only once. */
static bool is_twin(size_t flight)
{
    uint64_t digest = flight_digest(&explorer.live.flights[flight]);

    for (size_t i = 0; i < flight; i++) {
        if (flight_digest(&explorer.live.flights[i]) == digest)
            return true;
    }
    return false;
}

static double go_on(size_t depth)
{
    double orders = explore(depth + 1);

    world_copy(&explorer.live, &explorer.kept[depth]);
    return orders;
}

static double try_flights(size_t depth)
{
    struct world *live = &explorer.live;
    double orders = 0;

    for (size_t i = 0; i < live->flights_len; i++) {
        if (is_twin(i))
            continue;
        step_name(&live->flights[i], "arrives:", explorer.steps[depth], 48);
        world_deliver(live, i);
        orders += go_on(depth);
        if (live->losses == 0 || live->flights[i].kind == CANDIDATES)
            continue;
        step_name(&live->flights[i], "is lost:", explorer.steps[depth], 48);
        world_remove_flight(live, i);
        live->losses--;
        orders += go_on(depth);
    }
    return orders;
}

/* The timer that is due first; either, when both are. */
static double try_timers(size_t depth)
{
    struct world *live = &explorer.live;
    auger_time next[2] = {world_next(live, 0), world_next(live, 1)};
    double orders = 0;

    if (live->flights_len > 0 && live->delays == 0)
        return 0;
    for (unsigned i = 0; i < 2; i++) {
        if (next[i] > next[1 - i] || next[i] == AUGER_NEVER)
            continue;
        live->delays -= live->flights_len > 0;
        snprintf(explorer.steps[depth], 48, "%10.6f timer of %c", (double)(next[i] - START) / 1e9,
                 i ? 'b' : 'a');
        world_fire(live, i);
        orders += go_on(depth);
    }
    return orders;
}

static struct auger_pair *another_pair(const struct auger_generation *generation, auger_time now)
{
    for (uint16_t i = 0; i < generation->checklist.len; i++) {
        struct auger_pair *pair = generation->checklist.order[i];
        if (pair != generation->nomination.selected && auger_pair_is_usable(pair, now))
            return pair;
    }
    return NULL;
}

/* For a reason that is no matter here, such as a better round trip. */
static double try_minds(size_t depth)
{
    struct world *live = &explorer.live;
    double orders = 0;

    for (unsigned i = 0; i < 2 && live->minds > 0; i++) {
        struct auger_ice *ice = live->sides[i].ice;
        const struct auger_generation *generation = ice->current;
        struct auger_pair *other = another_pair(generation, live->now);
        if (generation->role != AUGER_CONTROLLING || !generation->nomination.selected ||
            generation->nomination.pair || !other)
            continue;
        live->minds--;
        snprintf(explorer.steps[depth], 48, "%10.6f %c changes its mind",
                 (double)(live->now - START) / 1e9, i ? 'b' : 'a');
        auger_nominate_begin(ice, live->now, other);
        world_drain(live, i);
        explorer.changes++;
        orders += go_on(depth);
    }
    return orders;
}

/* How many orders there are from here on. */
static double explore(size_t depth)
{
    uint64_t digest = world_digest(&explorer.live);
    const struct seen *seen = explorer.seen_cap ? seen_slot(digest) : NULL;
    double orders = 1;

    if (seen && seen->digest)
        return seen->orders;
    check_state(depth);
    assert_true(depth < DEPTH_MAX - 1);
    if (depth > explorer.deepest)
        explorer.deepest = depth;
    world_copy(&explorer.kept[depth], &explorer.live);
    if (is_settled() || explorer.live.now > HORIZON) {
        check_end(depth);
        explorer.ends++;
        world_copy(&explorer.live, &explorer.kept[depth]);
    } else {
        orders = try_flights(depth) + try_timers(depth);
    }
    orders += try_minds(depth);
    remember(digest, orders);
    return orders;
}

/* --- settings ------------------------------------------------------------------------------ */

static struct auger_addr address(const char *text)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse(&addr, text), 0);
    return addr;
}

static void add_agent(unsigned which, const struct setting *setting)
{
    static const char *const bases[2][3] = {
        {"192.0.2.1:1001", "198.51.100.1:1002", "203.0.113.1:1003"},
        {"192.0.2.2:2001", "198.51.100.2:2002", "203.0.113.2:2003"},
    };
    struct side *side = &explorer.live.sides[which];
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.controlling = setting->controlling[which];
    config.nominate_at_once = setting->at_once;
    config.local_cands_max = config.remote_cands_max = 3;
    config.prflx_cands_max = 2;
    config.pairs_max = 9;
    side->random = which ? 1181783497276652981u : 88172645463325252u;
    side->env = (struct auger_env){side, world_random, world_alloc, world_release, NULL};
    assert_int_equal(auger_ice_new(&side->ice, &side->env, &config), 0);
    for (unsigned i = 0; i < setting->cands[which]; i++) {
        struct auger_addr base = address(bases[which][i]);
        assert_int_equal(auger_ice_add_local_addr(side->ice, START, &base), 0);
    }
    auger_ice_end_of_local_addrs(side->ice, START);
    if (setting->hidden && which == 0) {
        side->inside = address(bases[0][0]);
        side->outside = address("198.18.0.1:4001");
    }
}

static void begin(const struct setting *setting, struct bound bound)
{
    explorer.setting = setting;
    explorer.live = (struct world){.now = START,
                                   .losses = bound.losses,
                                   .delays = bound.delays,
                                   .minds = setting->renominates};
    add_agent(0, setting);
    add_agent(1, setting);
    if (setting->equal_tie_breakers)
        explorer.live.sides[0].ice->current->tie_breaker =
            explorer.live.sides[1].ice->current->tie_breaker;
    world_tell_credentials(&explorer.live, 0);
    world_tell_credentials(&explorer.live, 1);
    for (unsigned i = 0; i < 2; i++)
        auger_ice_set_remote_renomination(explorer.live.sides[i].ice, START, setting->renominates);
    world_tell_candidates(&explorer.live, 1);
    if (setting->late)
        world_add_flight(&explorer.live, CANDIDATES, 0);
    else
        world_tell_candidates(&explorer.live, 0);
    world_drain(&explorer.live, 0);
    world_drain(&explorer.live, 1);
    explorer.kept = calloc(DEPTH_MAX, sizeof(*explorer.kept));
    assert_non_null(explorer.kept);
}

static int end(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        auger_ice_free(explorer.live.sides[i].ice);
    free(explorer.seen);
    free(explorer.kept);
    explorer = (struct explorer){0};
    return 0;
}

static void run(const struct setting *setting, struct bound bound)
{
    begin(setting, bound);
    double orders = explore(0);

    print_message("%s, %u lost, %u delays: %.4g orders, %zu states, %zu ends, %zu steps at most, "
                  "%zu changes of mind\n",
                  setting->name, bound.losses, bound.delays, orders, explorer.seen_len,
                  explorer.ends, explorer.deepest, explorer.changes);
    if (setting->renominates && setting->cands[0] + setting->cands[1] > 2)
        assert_true(explorer.changes > 0);
    end(NULL);
}

/* The state space grows by the factor ten with each loss once a delay is allowed. */
static void holds_in_every_order(void **state)
{
    const struct setting *setting = *state;
    bool is_large = setting->cands[0] + setting->cands[1] > 2;
    bool is_full = getenv("AUGER_EXPLORE");

    if (is_full || !setting->renominates || is_large) /* else there is nothing to change to */
        run(setting, (struct bound){3, 0});
    if (is_full || !setting->renominates)
        run(setting, (struct bound){0, 1});
    if (is_full)
        run(setting, is_large ? (struct bound){1, 1} : (struct bound){2, 1});
}

static struct setting settings[] = {
    {.name = "one candidate each", .cands = {1, 1}, .controlling = {true}},
    {.name = "the first check nominates", .cands = {1, 1}, .controlling = {true}, .at_once = true},
    {.name = "both want to control", .cands = {1, 1}, .controlling = {true, true}},
    {.name = "neither wants to control", .cands = {1, 1}},
    {.name = "both control, with equal tie-breakers",
     .cands = {1, 1},
     .controlling = {true, true},
     .equal_tie_breakers = true},
    {.name = "neither controls, with equal tie-breakers",
     .cands = {1, 1},
     .equal_tie_breakers = true},
    {.name = "one end is known by its checks alone",
     .cands = {1, 1},
     .controlling = {true},
     .hidden = true},
    {.name = "one end is told late", .cands = {1, 1}, .controlling = {true}, .late = true},
    {.name = "two candidates at one end", .cands = {2, 1}, .controlling = {true}},
    {.name = "two candidates at the other end", .cands = {1, 2}, .controlling = {true}},
    {.name = "two candidates, and both control", .cands = {1, 2}, .controlling = {true, true}},
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

int main(void)
{
    static struct setting renominating[SETTINGS];
    static char names[SETTINGS][64];
    struct CMUnitTest tests[2 * SETTINGS] = {0};

    for (size_t i = 0; i < SETTINGS; i++) {
        snprintf(names[i], sizeof(names[i]), "%s, with renomination", settings[i].name);
        renominating[i] = settings[i];
        renominating[i].name = names[i];
        renominating[i].renominates = true;
        tests[i] =
            (struct CMUnitTest){settings[i].name, holds_in_every_order, NULL, end, &settings[i]};
        tests[SETTINGS + i] =
            (struct CMUnitTest){names[i], holds_in_every_order, NULL, end, &renominating[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
