/* RFC 8421: a family that leads nowhere does not hold up the other. */
#include "tests/ice/world.h"

#define TA (50 * AUGER_MS)

struct stacks {
    unsigned ipv6, ipv4;   /* addresses of each side */
    bool nat;              /* IPv4 through one each: the path is server-reflexive */
    bool no_ipv6, no_ipv4; /* nothing of that family arrives */
    enum auger_family expected;
};

static bool wire_of_stacks(struct world *world, struct packet *packet)
{
    const struct stacks *stacks = world->user;
    bool is_ipv6 = packet->path.remote.family == AUGER_IPV6;
    bool is_asked = auger_addr_equal(&packet->path.remote, &world->server) ||
                    auger_addr_equal(&packet->path.local, &world->server);

    return is_asked || !(is_ipv6 ? stacks->no_ipv6 : stacks->no_ipv4);
}

static void add(struct world *world, int side, enum auger_family family, unsigned count)
{
    char text[64];

    for (unsigned i = 1; i <= count; i++) {
        if (family == AUGER_IPV6)
            snprintf(text, sizeof(text), "[2001:db8:%d::%x]:5", side + 1, i);
        else
            snprintf(text, sizeof(text), "10.%d.0.%u:5", side + 1, i);
        struct auger_addr base = addr_of(text);
        assert_int_equal(auger_ice_add_local_addr(world->sides[side].ice, world->now, &base), 0);
    }
}

static void stand_behind_nat(struct world *world, int side)
{
    struct auger_addr server = addr_of("203.0.113.9:3478");

    world->server = server;
    world->sides[side].nat_inside = addr_of(side ? "10.2.0.1:5" : "10.1.0.1:5");
    world->sides[side].nat_outside = addr_of(side ? "203.0.113.2:7" : "203.0.113.1:7");
    assert_int_equal(auger_ice_add_stun_server(world->sides[side].ice, world->now, &server), 0);
}

/* From when each side knows all of the other. */
static auger_time time_to_connect(struct stacks *stacks)
{
    struct world *world = world_new();
    struct auger_ice_config config;

    world->delay = 20 * AUGER_MS;
    world->user = stacks;
    world->wire = wire_of_stacks;
    auger_ice_config_init(&config);
    for (int side = 0; side < 2; side++) {
        config.controlling = side == 0;
        world_add(world, side, &config);
        add(world, side, AUGER_IPV6, stacks->ipv6);
        add(world, side, AUGER_IPV4, stacks->ipv4);
        if (stacks->nat)
            stand_behind_nat(world, side);
        auger_ice_end_of_local_addrs(world->sides[side].ice, world->now);
    }
    world_run(world, 2 * AUGER_SEC);
    auger_time begun = world->now;
    for (int to = 0; to < 2; to++) {
        tell_credentials(world, to);
        tell_candidates(world, to);
        auger_ice_end_of_remote_cands(world->sides[to].ice, world->now);
    }
    world_run(world, 20 * AUGER_SEC);
    auger_time last = 0;
    for (int side = 0; side < 2; side++) {
        auger_time at = world->sides[side].connected_at;
        assert_true(at != AUGER_NEVER);
        assert_int_equal(world->sides[side].path.remote.family, stacks->expected);
        last = at > last ? at : last;
    }
    world_free(world);
    return last - begun;
}

static void test_broken_ipv6_costs_ipv4_a_turn_or_two(void **state)
{
    (void)state;
    static const struct stacks broken[] = {
        {.ipv6 = 1, .ipv4 = 1}, {.ipv6 = 3, .ipv4 = 1}, {.ipv6 = 8, .ipv4 = 1},
        {.ipv6 = 6, .ipv4 = 2}, {.ipv6 = 1, .ipv4 = 3},
    };

    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct stacks stacks = broken[i];
        stacks.expected = AUGER_IPV4;
        stacks.no_ipv6 = true;
        auger_time with = time_to_connect(&stacks);
        stacks.ipv6 = 0;
        auger_time without = time_to_connect(&stacks);
        if (with - without > 2 * TA)
            fail_msg("%u IPv6, %u IPv4: %lld ms, and %lld without IPv6", broken[i].ipv6,
                     broken[i].ipv4, (long long)(with / AUGER_MS), (long long)(without / AUGER_MS));
    }
}

/* Of IPv4 only what a STUN server shows is of use.  All pairs of host candidates of IPv6 would
 * come before it, as many as the square of the addresses. */
static void test_broken_ipv6_holds_up_server_reflexive_candidates_four_turns_at_most(void **state)
{
    (void)state;
    for (unsigned ipv6 = 1; ipv6 <= 8; ipv6++) {
        struct stacks stacks = {
            .ipv6 = ipv6, .ipv4 = 1, .nat = true, .no_ipv6 = true, .expected = AUGER_IPV4};
        auger_time with = time_to_connect(&stacks);
        stacks.ipv6 = 0;
        auger_time without = time_to_connect(&stacks);
        if (with - without > 4 * TA)
            fail_msg("%u addresses of IPv6: %lld ms, and %lld without", ipv6,
                     (long long)(with / AUGER_MS), (long long)(without / AUGER_MS));
    }
}

static void test_broken_ipv4_costs_ipv6_nothing(void **state)
{
    (void)state;
    struct stacks stacks = {.ipv6 = 2, .ipv4 = 2, .no_ipv4 = true, .expected = AUGER_IPV6};
    auger_time with = time_to_connect(&stacks);
    stacks.ipv4 = 0;
    assert_int_equal(with, time_to_connect(&stacks));
}

static void test_ipv6_is_taken_where_both_work(void **state)
{
    (void)state;
    struct stacks stacks = {.ipv6 = 2, .ipv4 = 2, .expected = AUGER_IPV6};
    assert_true(time_to_connect(&stacks) <= 2 * TA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken_ipv6_costs_ipv4_a_turn_or_two),
        cmocka_unit_test(test_broken_ipv6_holds_up_server_reflexive_candidates_four_turns_at_most),
        cmocka_unit_test(test_broken_ipv4_costs_ipv6_nothing),
        cmocka_unit_test(test_ipv6_is_taken_where_both_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
