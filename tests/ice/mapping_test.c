/* Candidates that the configuration knows: one-to-one NATs, clouds, forwarded ports. */
#include "tests/ice/world.h"

#include <auger/ice_explain.h>

#define BASE "10.0.0.5:1001"

static struct auger_ice_mapping mapping(const char *local, const char *external)
{
    return (struct auger_ice_mapping){addr_of(local), addr_of(external)};
}

static struct auger_ice_config config_with(const struct auger_ice_mapping *mappings, size_t len)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.controlling = true;
    config.mappings = mappings;
    config.mappings_len = len;
    return config;
}

/* One agent with that base; its candidates have been told. */
static struct world *world_of(const struct auger_ice_config *config, const char *base)
{
    struct world *world = world_new();
    struct auger_addr addr = addr_of(base);
    struct auger_ice *ice = world_add(world, 0, config);

    world->delay = 10 * AUGER_MS;
    assert_int_equal(auger_ice_add_local_addr(ice, world->now, &addr), 0);
    world_settle(world);
    return world;
}

static void must_tell(const struct world *world, size_t index, const char *line)
{
    char text[AUGER_CAND_LINE_MAX];

    assert_true(index < world->sides[0].cands_len);
    assert_true(auger_cand_format(&world->sides[0].cands[index], text, sizeof(text)) > 0);
    assert_non_null(strstr(text, line));
}

static uint32_t local_preference(const struct auger_cand *cand)
{
    return cand->priority >> 8 & 0xFFFF;
}

static void test_a_mapping_makes_a_reflexive_candidate_of_address_and_port(void **state)
{
    (void)state;
    const struct auger_ice_mapping list[] = {mapping(BASE, "198.51.100.7:40000")};
    struct auger_ice_config config = config_with(list, 1);
    struct world *world = world_of(&config, BASE);
    const struct auger_cand *cands = world->sides[0].cands;

    assert_int_equal(world->sides[0].cands_len, 2);
    must_tell(world, 0, "10.0.0.5 1001 typ host");
    must_tell(world, 1, "198.51.100.7 40000 typ srflx raddr 10.0.0.5 rport 1001");
    assert_int_equal(cands[1].priority >> 24, 100);
    assert_int_equal(local_preference(&cands[1]), local_preference(&cands[0]));
    assert_string_not_equal(cands[1].foundation, cands[0].foundation);
    world_free(world);
}

static void test_what_a_mapping_leaves_open_is_that_of_the_base(void **state)
{
    static const struct {
        const char *local, *external, *told;
    } rows[] = {
        {"10.0.0.5:0", "198.51.100.7:0", "198.51.100.7 1001 typ srflx"},
        {"0.0.0.0:0", "198.51.100.7:0", "198.51.100.7 1001 typ srflx"},
        {"0.0.0.0:1001", "198.51.100.7:5", "198.51.100.7 5 typ srflx"},
        {"10.0.0.5:1002", "198.51.100.7:5", NULL},
        {"10.0.0.6:0", "198.51.100.7:5", NULL},
        {"[::]:0", "[2001:db8::7]:5", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct auger_ice_mapping list[] = {mapping(rows[i].local, rows[i].external)};
        struct auger_ice_config config = config_with(list, 1);
        struct world *world = world_of(&config, BASE);

        assert_int_equal(world->sides[0].cands_len, rows[i].told ? 2 : 1);
        if (rows[i].told)
            must_tell(world, 1, rows[i].told);
        world_free(world);
    }
}

/* 5.1.1.3: of one base IP and no server. */
static void test_mappings_of_one_address_have_one_foundation(void **state)
{
    (void)state;
    const struct auger_ice_mapping list[] = {mapping("10.0.0.5:1001", "198.51.100.7:1"),
                                             mapping("10.0.0.5:1002", "198.51.100.7:2"),
                                             mapping("10.0.0.6:0", "198.51.100.7:3")};
    struct auger_ice_config config = config_with(list, 3);
    struct world *world = world_of(&config, BASE);
    struct auger_addr more[] = {addr_of("10.0.0.5:1002"), addr_of("10.0.0.6:1003")};
    const struct auger_cand *cands = world->sides[0].cands;

    for (size_t i = 0; i < 2; i++)
        assert_int_equal(auger_ice_add_local_addr(world->sides[0].ice, world->now, &more[i]), 0);
    world_settle(world);
    assert_int_equal(world->sides[0].cands_len, 6);
    assert_string_equal(cands[1].foundation, cands[3].foundation);
    assert_string_not_equal(cands[1].foundation, cands[5].foundation);
    assert_int_not_equal(cands[1].priority, cands[3].priority);
    world_free(world);
}

static void test_a_mapping_may_stand_in_the_place_of_the_host_candidate(void **state)
{
    (void)state;
    const struct auger_ice_mapping list[] = {mapping("0.0.0.0:0", "198.51.100.7:40000"),
                                             mapping("0.0.0.0:0", "198.51.100.8:40000")};
    struct auger_ice_config config = config_with(list, 2);
    struct world *plain = world_of(NULL, BASE);
    config.mappings_replace_host = true;
    struct world *world = world_of(&config, BASE);
    const struct auger_cand *cands = world->sides[0].cands;

    assert_int_equal(world->sides[0].cands_len, 2);
    must_tell(world, 0, "198.51.100.7 40000 typ host");
    assert_int_equal(cands[0].related.family, AUGER_FAMILY_NONE);
    assert_int_equal(cands[0].priority, plain->sides[0].cands[0].priority);
    assert_string_equal(cands[0].foundation, plain->sides[0].cands[0].foundation);
    must_tell(world, 1, "198.51.100.8 40000 typ host");
    assert_int_equal(cands[1].priority >> 24, 126);
    assert_int_not_equal(cands[1].priority, cands[0].priority);
    assert_string_equal(cands[1].foundation, cands[0].foundation);
    world_free(plain);
    world_free(world);
}

static void test_a_base_without_a_mapping_stays_a_host_candidate(void **state)
{
    (void)state;
    const struct auger_ice_mapping list[] = {mapping("10.0.0.6:0", "198.51.100.7:0")};
    struct auger_ice_config config = config_with(list, 1);
    config.mappings_replace_host = true;
    struct world *world = world_of(&config, BASE);

    assert_int_equal(world->sides[0].cands_len, 1);
    must_tell(world, 0, "10.0.0.5 1001 typ host");
    world_free(world);
}

static void connects(bool replace)
{
    const struct auger_ice_mapping list[] = {mapping(BASE, "198.51.100.7:40000")};
    struct auger_ice_config config = config_with(list, 1);
    struct auger_ice_pair_info pair;
    struct auger_addr open = addr_of("192.0.2.2:2002");

    config.mappings_replace_host = replace;
    struct world *world = world_of(&config, BASE);
    world->sides[0].nat_inside = addr_of(BASE);
    world->sides[0].nat_outside = addr_of("198.51.100.7:40000");
    assert_int_equal(auger_ice_add_local_addr(world_add(world, 1, NULL), world->now, &open), 0);
    introduce(world);
    world_run(world, 2 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_CONNECTED);
    assert_int_equal(auger_ice_get_state(world->sides[1].ice), AUGER_ICE_CONNECTED);
    /* The peer sees what it was told, so nothing had to be learned. */
    assert_int_equal(auger_ice_pairs(world->sides[0].ice, &pair, 1), 1);
    assert_int_equal(pair.local.type, replace ? AUGER_CAND_HOST : AUGER_CAND_SRFLX);
    assert_true(auger_addr_equal(&pair.local.addr, &list[0].external));
    world_free(world);
}

static void test_a_peer_connects_to_a_mapped_address(void **state)
{
    (void)state;
    connects(false);
    connects(true);
}

static void test_what_a_server_sees_as_well_is_told_once(void **state)
{
    (void)state;
    const struct auger_ice_mapping list[] = {mapping(BASE, "198.51.100.7:40000")};
    struct auger_ice_config config = config_with(list, 1);
    struct world *world = world_of(&config, BASE);

    world->server = addr_of("203.0.113.3:3478");
    world->sides[0].nat_inside = addr_of(BASE);
    world->sides[0].nat_outside = addr_of("198.51.100.7:40000");
    assert_int_equal(auger_ice_add_stun_server(world->sides[0].ice, world->now, &world->server), 0);
    auger_ice_end_of_local_addrs(world->sides[0].ice, world->now);
    world_run(world, AUGER_SEC);
    assert_int_not_equal(world->sides[0].gathered_at, AUGER_NEVER);
    assert_int_equal(world->sides[0].cands_len, 2);
    world_free(world);
}

static void test_a_restart_tells_a_mapping_again_at_once(void **state)
{
    (void)state;
    const struct auger_ice_mapping list[] = {mapping(BASE, "198.51.100.7:40000")};
    struct auger_ice_config config = config_with(list, 1);
    struct world *world = world_of(&config, BASE);

    world->sides[0].cands_len = 0;
    assert_int_equal(auger_ice_restart(world->sides[0].ice, world->now), 0);
    world_settle(world);
    assert_int_equal(world->sides[0].cands_len, 2);
    must_tell(world, 1, "198.51.100.7 40000 typ srflx");
    world_free(world);
}

/* A forwarded port and the one that the NAT chose by itself are no sign of a hard NAT. */
static void test_a_mapping_is_no_evidence_of_how_the_nat_maps(void **state)
{
    (void)state;
    const struct auger_ice_mapping list[] = {mapping(BASE, "198.51.100.7:40000")};
    struct auger_ice_config config = config_with(list, 1);
    struct world *world = world_of(&config, BASE);
    struct auger_ice_explanation explanation;

    world->server = addr_of("203.0.113.3:3478");
    world->sides[0].nat_inside = addr_of(BASE);
    world->sides[0].nat_outside = addr_of("198.51.100.7:51234");
    assert_int_equal(auger_ice_add_stun_server(world->sides[0].ice, world->now, &world->server), 0);
    world_run(world, AUGER_SEC);
    assert_int_equal(world->sides[0].cands_len, 3);
    auger_ice_explain(world->sides[0].ice, &explanation);
    assert_false(explanation.we_map_by_destination);
    world_free(world);
}

static void test_no_host_hides_the_base_of_a_mapping(void **state)
{
    (void)state;
    const struct auger_ice_mapping list[] = {mapping(BASE, "198.51.100.7:40000")};
    struct auger_ice_config config = config_with(list, 1);
    config.policy = AUGER_ICE_POLICY_NO_HOST;
    struct world *world = world_of(&config, BASE);

    assert_int_equal(world->sides[0].cands_len, 1);
    must_tell(world, 0, "198.51.100.7 40000 typ srflx raddr 0.0.0.0 rport 9");
    world_free(world);
}

static void test_relay_only_tells_no_mapping(void **state)
{
    (void)state;
    const struct auger_ice_mapping list[] = {mapping(BASE, "198.51.100.7:40000")};
    struct auger_ice_config config = config_with(list, 1);
    config.policy = AUGER_ICE_POLICY_RELAY;
    config.mappings_replace_host = true;
    struct world *world = world_of(&config, BASE);

    assert_int_equal(world->sides[0].cands_len, 0);
    world_free(world);
}

static void test_a_full_table_leaves_a_mapping_out_and_counts_it(void **state)
{
    (void)state;
    const struct auger_ice_mapping list[] = {mapping(BASE, "198.51.100.7:40000")};
    struct auger_ice_config config = config_with(list, 1);
    config.local_cands_max = 1;
    config.mappings_replace_host = true;
    struct world *world = world_of(&config, BASE);

    assert_int_equal(world->sides[0].cands_len, 1);
    must_tell(world, 0, "10.0.0.5 1001 typ host");
    assert_int_equal(counters_of(world, 0).limited, 1);
    world_free(world);
}

static void test_the_list_is_copied(void **state)
{
    (void)state;
    struct auger_ice_mapping list[] = {mapping(BASE, "198.51.100.7:40000")};
    struct auger_ice_config config = config_with(list, 1);
    struct world *world = world_new();
    struct auger_addr base = addr_of(BASE);

    world_add(world, 0, &config);
    memset(list, 0xAA, sizeof(list));
    assert_int_equal(auger_ice_add_local_addr(world->sides[0].ice, world->now, &base), 0);
    world_settle(world);
    must_tell(world, 1, "198.51.100.7 40000 typ srflx");
    world_free(world);
}

static void test_a_list_that_makes_no_sense_is_refused(void **state)
{
    static const char *const rows[][2] = {{"0.0.0.0:0", "[2001:db8::7]:5"},
                                          {"0.0.0.0:0", "0.0.0.0:5"},
                                          {"0.0.0.0:0", "224.0.0.1:5"},
                                          {"0.0.0.0:0", "127.0.0.1:5"},
                                          {"[::]:0", "[fe80::1]:5"}};
    struct auger_ice_mapping many[AUGER_ICE_MAPPINGS_MAX + 1];
    struct world *world = world_new();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct auger_ice_mapping list[] = {mapping(rows[i][0], rows[i][1])};
        struct auger_ice_config config = config_with(list, 1);
        assert_int_equal(auger_ice_new(&world->sides[0].ice, &world->env, &config),
                         AUGER_ERR_INVALID);
    }
    for (size_t i = 0; i <= AUGER_ICE_MAPPINGS_MAX; i++)
        many[i] = mapping("0.0.0.0:0", "198.51.100.7:5");
    struct auger_ice_config config = config_with(many, AUGER_ICE_MAPPINGS_MAX + 1);
    assert_int_equal(auger_ice_new(&world->sides[0].ice, &world->env, &config), AUGER_ERR_INVALID);
    config.mappings_len = AUGER_ICE_MAPPINGS_MAX;
    assert_int_equal(auger_ice_new(&world->sides[0].ice, &world->env, &config), 0);
    world_free(world);
}

static void test_no_memory_for_the_list_is_an_error(void **state)
{
    (void)state;
    const struct auger_ice_mapping list[] = {mapping(BASE, "198.51.100.7:40000")};
    struct auger_ice_config config = config_with(list, 1);
    struct world *world = world_new();

    for (world->fail_at = 1;; world->fail_at++) {
        world->allocations = 0;
        int err = auger_ice_new(&world->sides[0].ice, &world->env, &config);
        if (err == 0)
            break;
        assert_int_equal(err, AUGER_ERR_NO_MEMORY);
        assert_int_equal(world->blocks, 0);
    }
    assert_true(world->fail_at > 4);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mapping_makes_a_reflexive_candidate_of_address_and_port),
        cmocka_unit_test(test_what_a_mapping_leaves_open_is_that_of_the_base),
        cmocka_unit_test(test_mappings_of_one_address_have_one_foundation),
        cmocka_unit_test(test_a_mapping_may_stand_in_the_place_of_the_host_candidate),
        cmocka_unit_test(test_a_base_without_a_mapping_stays_a_host_candidate),
        cmocka_unit_test(test_a_peer_connects_to_a_mapped_address),
        cmocka_unit_test(test_what_a_server_sees_as_well_is_told_once),
        cmocka_unit_test(test_a_restart_tells_a_mapping_again_at_once),
        cmocka_unit_test(test_a_mapping_is_no_evidence_of_how_the_nat_maps),
        cmocka_unit_test(test_no_host_hides_the_base_of_a_mapping),
        cmocka_unit_test(test_relay_only_tells_no_mapping),
        cmocka_unit_test(test_a_full_table_leaves_a_mapping_out_and_counts_it),
        cmocka_unit_test(test_the_list_is_copied),
        cmocka_unit_test(test_a_list_that_makes_no_sense_is_refused),
        cmocka_unit_test(test_no_memory_for_the_list_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
