/* Addresses that a gateway was asked for, learned while a session lives.  Those that the
 * configuration knows are mapping_test.c's. */
#include "tests/ice/puppet.h"

#define BASE "10.0.0.5:1001"
#define OUTSIDE "198.51.100.7:40000"

static struct world *world_at_base(const struct auger_ice_config *config)
{
    struct world *world = world_new();
    struct auger_addr base = addr_of(BASE);
    struct auger_ice *ice = world_add(world, 0, config);

    world->delay = 10 * AUGER_MS;
    assert_int_equal(auger_ice_add_local_addr(ice, world->now, &base), 0);
    world_settle(world);
    return world;
}

static int map(struct world *world, const char *base, const char *external)
{
    struct auger_addr from = addr_of(base), to = addr_of(external);
    int err = auger_ice_add_mapped_addr(world->sides[0].ice, world->now, &from, &to);

    world_settle(world);
    return err;
}

static int unmap(struct world *world, const char *base, const char *external)
{
    struct auger_addr from = addr_of(base), to = addr_of(external);
    int err = auger_ice_remove_mapped_addr(world->sides[0].ice, world->now, &from, &to);

    world_settle(world);
    return err;
}

static const struct auger_cand *latest(const struct world *world)
{
    return &world->sides[0].cands[world->sides[0].cands_len - 1];
}

static void test_a_mapping_is_told_whenever_it_comes(void **state)
{
    struct world *world = world_at_base(NULL);
    const struct auger_addr outside = addr_of(OUTSIDE), base = addr_of(BASE);

    (void)state;
    auger_ice_end_of_local_addrs(world->sides[0].ice, world->now);
    world_run(world, AUGER_SEC);
    assert_int_not_equal(world->sides[0].gathered_at, AUGER_NEVER);
    assert_int_equal(world->sides[0].cands_len, 1);
    assert_int_equal(map(world, BASE, OUTSIDE), 0);
    assert_int_equal(world->sides[0].cands_len, 2);
    assert_int_equal(latest(world)->type, AUGER_CAND_SRFLX);
    assert_true(auger_addr_equal(&latest(world)->addr, &outside));
    assert_true(auger_addr_equal(&latest(world)->related, &base));
    assert_int_equal(map(world, BASE, OUTSIDE), 0);
    assert_int_equal(world->sides[0].cands_len, 2); /* once */
    world_free(world);
}

static void test_a_mapping_holds_nothing_up(void **state)
{
    struct world *world = world_at_base(NULL);

    (void)state;
    auger_ice_end_of_local_addrs(world->sides[0].ice, world->now);
    world_settle(world);
    assert_int_equal(world->sides[0].gathered_at, world->now);
    world_free(world);
}

static void test_a_peer_connects_to_a_mapping_that_came_late(void **state)
{
    struct world *world = world_at_base(NULL);
    struct auger_addr open = addr_of("192.0.2.2:2002");
    struct auger_ice_pair_info pair;
    const struct auger_addr outside = addr_of(OUTSIDE);

    (void)state;
    world->sides[0].nat_inside = addr_of(BASE);
    world->sides[0].nat_outside = outside;
    assert_int_equal(auger_ice_add_local_addr(world_add(world, 1, NULL), world->now, &open), 0);
    assert_int_equal(map(world, BASE, OUTSIDE), 0);
    introduce(world);
    world_run(world, 2 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_CONNECTED);
    assert_int_equal(auger_ice_get_state(world->sides[1].ice), AUGER_ICE_CONNECTED);
    assert_int_equal(auger_ice_pairs(world->sides[0].ice, &pair, 1), 1);
    assert_int_equal(pair.local.type, AUGER_CAND_SRFLX); /* nothing had to be learned */
    assert_true(auger_addr_equal(&pair.local.addr, &outside));
    assert_int_equal(unmap(world, BASE, OUTSIDE), 0);
    assert_int_equal(auger_ice_pairs(world->sides[0].ice, &pair, 1), 1); /* its pair stays */
    assert_true(pair.selected);
    world_run(world, 2 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_CONNECTED);
    world_free(world);
}

static void test_a_mapping_that_is_lost_is_not_told_again(void **state)
{
    struct world *world = world_at_base(NULL);
    struct auger_cand cands[4];

    (void)state;
    assert_int_equal(map(world, BASE, OUTSIDE), 0);
    assert_int_equal(unmap(world, BASE, OUTSIDE), 0);
    assert_int_equal(auger_ice_local_cands(world->sides[0].ice, cands, 4), 1);
    world->sides[0].cands_len = 0;
    assert_int_equal(auger_ice_restart(world->sides[0].ice, world->now), 0);
    world_settle(world);
    assert_int_equal(world->sides[0].cands_len, 1);
    assert_int_equal(unmap(world, BASE, OUTSIDE), AUGER_ERR_NOT_FOUND);
    assert_int_equal(map(world, BASE, OUTSIDE), 0); /* but if it comes again */
    assert_int_equal(world->sides[0].cands_len, 2);
    world_free(world);
}

static void test_a_restart_tells_a_mapping_that_stands(void **state)
{
    struct world *world = world_at_base(NULL);

    (void)state;
    assert_int_equal(map(world, BASE, OUTSIDE), 0);
    world->sides[0].cands_len = 0;
    assert_int_equal(auger_ice_restart(world->sides[0].ice, world->now), 0);
    world_settle(world);
    assert_int_equal(world->sides[0].cands_len, 2);
    world_free(world);
}

/* A peer has shown OUTSIDE, and a gateway maps it. */
static struct puppet *puppet_mapped(void)
{
    struct puppet *p = puppet_new(true);
    struct auger_addr outside = addr_of(OUTSIDE);
    struct sent sent;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 1000), 0);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = OUTSIDE});
    assert_int_equal(auger_ice_add_mapped_addr(p->ice, p->world->now, &p->base, &outside), 0);
    take_events(p->world, &p->world->sides[0]);
    assert_int_equal(p->world->sides[0].cands_len, 2);
    return p;
}

/* 7.2.5.3.1: that is not told. */
static void test_a_mapping_that_a_check_has_shown_is_told(void **state)
{
    struct puppet *p = puppet_mapped();
    struct auger_addr outside = addr_of(OUTSIDE);

    (void)state;
    assert_true(auger_addr_equal(&latest(p->world)->addr, &outside));
    puppet_free(p);
}

static void test_a_mapping_that_a_check_has_shown_is_told_once(void **state)
{
    struct puppet *p = puppet_mapped();
    struct auger_addr outside = addr_of(OUTSIDE);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(auger_ice_add_mapped_addr(p->ice, p->world->now, &p->base, &outside), 0);
    take_events(p->world, &p->world->sides[0]);
    assert_int_equal(p->world->sides[0].cands_len, 2);
    puppet_free(p);
}

/* 5.1.3: it would have the same address and the same base. */
static void test_a_mapping_that_a_check_has_shown_is_not_told_again_for_a_server(void **state)
{
    struct puppet *p = puppet_mapped();
    struct auger_addr server = addr_of("203.0.113.3:3478");
    struct puppet_answer answer = {.mapped = OUTSIDE, .no_integrity = true};
    bool has_answered = false;
    struct sent sent;

    (void)state;
    assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &server), 0);
    for (int i = 0; i < 20; i++) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take_request(p, &sent))
            if (auger_addr_equal(&sent.path.remote, &server)) {
                puppet_answer(p, &sent, &answer);
                has_answered = true;
            }
    }
    assert_true(has_answered);
    take_events(p->world, &p->world->sides[0]);
    assert_int_equal(p->world->sides[0].cands_len, 2);
    puppet_free(p);
}

static void test_what_a_server_has_shown_stays_its_own(void **state)
{
    struct world *world = world_at_base(NULL);
    struct auger_cand cands[4];

    (void)state;
    world->server = addr_of("203.0.113.3:3478");
    world->sides[0].nat_inside = addr_of(BASE);
    world->sides[0].nat_outside = addr_of(OUTSIDE);
    assert_int_equal(auger_ice_add_stun_server(world->sides[0].ice, world->now, &world->server), 0);
    world_run(world, AUGER_SEC);
    assert_int_equal(world->sides[0].cands_len, 2);
    assert_int_equal(map(world, BASE, OUTSIDE), 0);
    assert_int_equal(world->sides[0].cands_len, 2);
    assert_int_equal(unmap(world, BASE, OUTSIDE), AUGER_ERR_NOT_FOUND);
    assert_int_equal(auger_ice_local_cands(world->sides[0].ice, cands, 4), 2);
    world_free(world);
}

static void test_a_mapping_goes_with_its_base(void **state)
{
    struct world *world = world_at_base(NULL);
    struct auger_addr base = addr_of(BASE);
    struct auger_cand cands[4];

    (void)state;
    assert_int_equal(map(world, BASE, OUTSIDE), 0);
    assert_int_equal(auger_ice_remove_local_addr(world->sides[0].ice, world->now, &base), 0);
    assert_int_equal(auger_ice_local_cands(world->sides[0].ice, cands, 4), 0);
    assert_int_equal(unmap(world, BASE, OUTSIDE), AUGER_ERR_NOT_FOUND);
    assert_int_equal(map(world, BASE, OUTSIDE), AUGER_ERR_NOT_FOUND);
    world_free(world);
}

static void test_relay_only_tells_no_mapping(void **state)
{
    struct auger_ice_config config;

    (void)state;
    auger_ice_config_init(&config);
    config.policy = AUGER_ICE_POLICY_RELAY;
    struct world *world = world_at_base(&config);
    assert_int_equal(map(world, BASE, OUTSIDE), 0);
    assert_int_equal(world->sides[0].cands_len, 0);
    world_free(world);
}

static void test_what_is_no_mapping_is_refused(void **state)
{
    static const char *const outsides[] = {"[2001:db8::7]:40000", "198.51.100.7:0", "0.0.0.0:40000",
                                           "127.0.0.1:40000", "224.0.0.1:40000"};
    struct world *world = world_at_base(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(outsides) / sizeof(outsides[0]); i++)
        assert_int_equal(map(world, BASE, outsides[i]), AUGER_ERR_INVALID);
    assert_int_equal(map(world, "10.0.0.5:1002", OUTSIDE), AUGER_ERR_NOT_FOUND);
    world_free(world);
}

static void test_mappings_fill_no_more_than_the_table(void **state)
{
    struct auger_ice_config config;
    char outside[32];

    (void)state;
    auger_ice_config_init(&config);
    config.local_cands_max = 4;
    struct world *world = world_at_base(&config);
    for (int i = 0; i < 3; i++) {
        snprintf(outside, sizeof(outside), "198.51.100.7:%d", 40000 + i);
        assert_int_equal(map(world, BASE, outside), 0);
    }
    assert_int_equal(map(world, BASE, "198.51.100.7:50000"), AUGER_ERR_LIMIT);
    assert_int_equal(unmap(world, BASE, "198.51.100.7:40001"), 0);
    assert_int_equal(map(world, BASE, "198.51.100.7:50000"), 0);
    world_free(world);
}

static void test_a_lite_agent_has_none(void **state)
{
    struct auger_ice_config config;

    (void)state;
    auger_ice_config_init(&config);
    config.lite = true;
    struct world *world = world_at_base(&config);
    assert_int_equal(map(world, BASE, OUTSIDE), AUGER_ERR_UNSUPPORTED);
    world_free(world);
}

#define TCP_BASE "tcp:10.0.0.5:1001"
#define TCP_OUTSIDE "tcp:198.51.100.7:40000"

static size_t count_mapped(const struct world *world, enum auger_tcp_type tcptype)
{
    const struct auger_addr outside = addr_of(TCP_OUTSIDE);
    size_t count = 0;

    for (size_t i = 0; i < world->sides[0].cands_len; i++) {
        const struct auger_cand *cand = &world->sides[0].cands[i];
        count += cand->type == AUGER_CAND_SRFLX && cand->tcptype == tcptype &&
                 auger_addr_equal(&cand->addr, &outside);
    }
    return count;
}

/* RFC 6544 section 5.2: the passive candidate and that for simultaneous open have one port. */
static void test_a_mapping_of_tcp_is_one_of_all_that_listen_there(void **state)
{
    struct auger_ice_config config;
    struct auger_addr base = addr_of(TCP_BASE);
    struct world *world = world_new();
    struct auger_ice *ice;

    (void)state;
    auger_ice_config_init(&config);
    config.tcp = AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE | AUGER_ICE_TCP_SO;
    ice = world_add(world, 0, &config);
    assert_int_equal(auger_ice_add_local_addr(ice, world->now, &base), 0);
    world_settle(world);
    assert_int_equal(map(world, TCP_BASE, OUTSIDE), AUGER_ERR_INVALID);
    assert_int_equal(map(world, TCP_BASE, TCP_OUTSIDE), 0);
    assert_int_equal(map(world, TCP_BASE, TCP_OUTSIDE), 0);
    assert_int_equal(count_mapped(world, AUGER_TCP_TYPE_PASSIVE), 1);
    assert_int_equal(count_mapped(world, AUGER_TCP_TYPE_SO), 1);
    assert_int_equal(count_mapped(world, AUGER_TCP_TYPE_ACTIVE), 0);
    assert_int_equal(unmap(world, TCP_BASE, TCP_OUTSIDE), 0);
    assert_int_equal(unmap(world, TCP_BASE, TCP_OUTSIDE), AUGER_ERR_NOT_FOUND);
    world->sides[0].cands_len = 0;
    assert_int_equal(auger_ice_restart(ice, world->now), 0);
    world_settle(world);
    assert_int_equal(count_mapped(world, AUGER_TCP_TYPE_PASSIVE), 0);
    assert_int_equal(count_mapped(world, AUGER_TCP_TYPE_SO), 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mapping_is_told_whenever_it_comes),
        cmocka_unit_test(test_a_mapping_holds_nothing_up),
        cmocka_unit_test(test_a_peer_connects_to_a_mapping_that_came_late),
        cmocka_unit_test(test_a_mapping_that_is_lost_is_not_told_again),
        cmocka_unit_test(test_a_restart_tells_a_mapping_that_stands),
        cmocka_unit_test(test_a_mapping_that_a_check_has_shown_is_told),
        cmocka_unit_test(test_a_mapping_that_a_check_has_shown_is_told_once),
        cmocka_unit_test(test_a_mapping_that_a_check_has_shown_is_not_told_again_for_a_server),
        cmocka_unit_test(test_what_a_server_has_shown_stays_its_own),
        cmocka_unit_test(test_a_mapping_goes_with_its_base),
        cmocka_unit_test(test_relay_only_tells_no_mapping),
        cmocka_unit_test(test_what_is_no_mapping_is_refused),
        cmocka_unit_test(test_mappings_fill_no_more_than_the_table),
        cmocka_unit_test(test_a_lite_agent_has_none),
        cmocka_unit_test(test_a_mapping_of_tcp_is_one_of_all_that_listen_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
