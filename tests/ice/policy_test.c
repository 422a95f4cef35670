/* What the policies keep from the peer: RFC 8828. */
#include "tests/ice/world.h"

#include <auger/ice_explain.h>

#define INSIDE "10.0.0.5:1001"
#define OUTSIDE "198.51.100.7:41001"
#define SERVER "203.0.113.3:3478"

/* One agent behind a NAT with that policy, and one with a public address. */
static struct world *world_with(enum auger_ice_policy policy, const char *outside)
{
    struct world *world = world_new();
    struct auger_ice_config config;
    struct auger_addr inside = addr_of(INSIDE), open = addr_of("192.0.2.2:2002");

    world->delay = 10 * AUGER_MS;
    world->server = addr_of(SERVER);
    world->sides[0].nat_inside = inside;
    world->sides[0].nat_outside = addr_of(outside);
    auger_ice_config_init(&config);
    config.controlling = true;
    config.policy = policy;
    struct auger_ice *ice = world_add(world, 0, &config);
    assert_int_equal(auger_ice_add_local_addr(ice, world->now, &inside), 0);
    assert_int_equal(auger_ice_add_stun_server(ice, world->now, &world->server), 0);
    auger_ice_end_of_local_addrs(ice, world->now);
    auger_ice_config_init(&config);
    ice = world_add(world, 1, &config);
    assert_int_equal(auger_ice_add_local_addr(ice, world->now, &open), 0);
    world_run(world, AUGER_SEC);
    return world;
}

static void must_say(const struct auger_cand *cand, const char *line)
{
    char text[AUGER_CAND_LINE_MAX];

    assert_true(auger_cand_format(cand, text, sizeof(text)) > 0);
    assert_non_null(strstr(text, line));
}

static void test_without_a_policy_the_interface_is_told(void **state)
{
    (void)state;
    struct world *world = world_with(AUGER_ICE_POLICY_ALL, OUTSIDE);

    assert_int_equal(world->sides[0].cands_len, 2);
    must_say(&world->sides[0].cands[0], "10.0.0.5 1001 typ host");
    must_say(&world->sides[0].cands[1], "typ srflx raddr 10.0.0.5 rport 1001");
    world_free(world);
}

static void test_no_host_tells_reflexive_candidates_without_their_base(void **state)
{
    (void)state;
    struct world *world = world_with(AUGER_ICE_POLICY_NO_HOST, OUTSIDE);
    struct auger_cand cands[4];

    assert_int_equal(world->sides[0].cands_len, 1);
    must_say(&world->sides[0].cands[0], "198.51.100.7 41001 typ srflx raddr 0.0.0.0 rport 9");
    assert_int_equal(auger_ice_local_cands(world->sides[0].ice, cands, 4), 1);
    must_say(&cands[0], "198.51.100.7 41001 typ srflx raddr 0.0.0.0 rport 9");
    introduce(world);
    world_run(world, 2 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_CONNECTED);
    assert_int_equal(auger_ice_get_state(world->sides[1].ice), AUGER_ICE_CONNECTED);
    world_free(world);
}

/* Else there would be no candidate at all: 8828 section 5.2, mode 3. */
static void test_no_host_tells_a_public_address_as_the_server_sees_it(void **state)
{
    (void)state;
    struct world *world = world_with(AUGER_ICE_POLICY_NO_HOST, INSIDE);

    assert_int_equal(world->sides[0].cands_len, 1);
    must_say(&world->sides[0].cands[0], "10.0.0.5 1001 typ srflx raddr 0.0.0.0 rport 9");
    world_free(world);
}

static void test_no_host_keeps_to_it_over_a_restart(void **state)
{
    (void)state;
    struct world *world = world_with(AUGER_ICE_POLICY_NO_HOST, OUTSIDE);

    world->sides[0].cands_len = 0;
    assert_int_equal(auger_ice_restart(world->sides[0].ice, world->now), 0);
    world_run(world, AUGER_SEC);
    assert_int_equal(world->sides[0].cands_len, 1);
    must_say(&world->sides[0].cands[0], "typ srflx raddr 0.0.0.0 rport 9");
    world_free(world);
}

static void test_relay_tells_and_sends_nothing_and_says_why(void **state)
{
    (void)state;
    struct world *world = world_with(AUGER_ICE_POLICY_RELAY, OUTSIDE);
    struct auger_ice *ice = world->sides[0].ice;
    struct auger_ice_explanation explanation;
    struct auger_cand cands[4], guess = {.addr = addr_of(OUTSIDE), .priority = 100};

    assert_int_equal(world->sides[0].cands_len, 0);
    assert_int_equal(auger_ice_local_cands(ice, cands, 4), 0);
    assert_int_not_equal(world->sides[0].gathered_at, AUGER_NEVER);
    introduce(world);
    /* The peer guesses where we are: its checks get no answer. */
    assert_int_equal(auger_ice_add_remote_cand(world->sides[1].ice, world->now, &guess), 0);
    world_run(world, 20 * AUGER_SEC);
    assert_true(counters_of(world, 0).unmatched > 0);
    assert_int_equal(world->sent, counters_of(world, 1).checks_sent);
    auger_ice_explain(ice, &explanation);
    assert_string_equal(auger_ice_why_name(explanation.why), "relay-only");

    world_run(world, 60 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(ice), AUGER_ICE_FAILED);
    auger_ice_explain(ice, &explanation);
    assert_string_equal(auger_ice_why_name(explanation.why), "relay-only");
    world_free(world);
}

static void test_a_policy_that_is_none_is_refused(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.policy = (enum auger_ice_policy)3;
    assert_int_equal(auger_ice_new(&world->sides[0].ice, &world->env, &config), AUGER_ERR_INVALID);
    world_free(world);
}

static void test_policies_have_names(void **state)
{
    (void)state;
    assert_string_equal(auger_ice_policy_name(AUGER_ICE_POLICY_ALL), "all");
    assert_string_equal(auger_ice_policy_name(AUGER_ICE_POLICY_NO_HOST), "no-host");
    assert_string_equal(auger_ice_policy_name(AUGER_ICE_POLICY_RELAY), "relay");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_policy_the_interface_is_told),
        cmocka_unit_test(test_no_host_tells_reflexive_candidates_without_their_base),
        cmocka_unit_test(test_no_host_tells_a_public_address_as_the_server_sees_it),
        cmocka_unit_test(test_no_host_keeps_to_it_over_a_restart),
        cmocka_unit_test(test_relay_tells_and_sends_nothing_and_says_why),
        cmocka_unit_test(test_a_policy_that_is_none_is_refused),
        cmocka_unit_test(test_policies_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
