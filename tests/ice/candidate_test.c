/* Candidates and their table: RFC 8445 section 5.1. */
#include "tests/ice/puppet.h"

#include "ice/ours.h"
#include "ice/priority.h"

static struct auger_cands table_of(struct world *world, uint16_t known, uint16_t prflx)
{
    struct auger_cands cands;
    auger_cands_init(&cands, &world->env, known, prflx);
    return cands;
}

static struct auger_ice_cand *add_host(struct auger_cands *cands, const char *text)
{
    struct auger_addr addr = addr_of(text);
    return auger_ours_add_host(cands, &addr, AUGER_TCP_TYPE_NONE);
}

/* 8421: no family starves the other. */
static void test_the_families_take_turns_and_ipv6_begins(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_cands cands = table_of(world, 16, 16);
    const struct auger_ice_cand *order[] = {
        add_host(&cands, "[2001:db8::1]:1"), add_host(&cands, "192.0.2.1:1"),
        add_host(&cands, "[2001:db8::2]:1"), add_host(&cands, "192.0.2.2:1"),
        add_host(&cands, "[2001:db8::3]:1"), add_host(&cands, "192.0.2.3:1")};

    assert_int_equal(order[0]->priority, (126u << 24) + (65535u << 8) + 255);
    for (int i = 0; i < 3; i++)
        assert_true(order[i]->priority > order[i + 1]->priority);
    assert_true(order[3]->priority > order[5]->priority);
    auger_cands_fini(&cands);

    cands = table_of(world, 16, 16); /* whatever the order in which they come */
    const struct auger_ice_cand *late4 = add_host(&cands, "192.0.2.1:1");
    const struct auger_ice_cand *late6 = add_host(&cands, "[2001:db8::1]:1");
    assert_true(late6->priority > late4->priority);
    auger_cands_fini(&cands);
    world_free(world);
}

/* 8421 section 5: many addresses of IPv6 do not stand before what a STUN server shows. */
static void test_the_third_address_of_ipv6_stands_below_what_is_reflexive(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_cands cands = table_of(world, 16, 16);
    struct auger_addr mapped = addr_of("203.0.113.1:7"), server = addr_of("203.0.113.9:3478");
    const struct auger_ice_cand *first = add_host(&cands, "[2001:db8::1]:1");
    const struct auger_ice_cand *second = add_host(&cands, "[2001:db8::2]:1");
    const struct auger_ice_cand *third = add_host(&cands, "[2001:db8::3]:1");
    const struct auger_ice_cand *host = add_host(&cands, "10.0.0.1:1");
    const struct auger_ice_cand *srflx = auger_ours_add_srflx(&cands, host, &mapped, &server);

    assert_true(first->priority > second->priority);
    assert_true(host->priority > srflx->priority);
    assert_true(second->priority > srflx->priority);
    assert_true(srflx->priority > third->priority);
    assert_true(third->priority > 0xFFFFFF); /* above every relay */
    auger_cands_fini(&cands);
    world_free(world);
}

static void test_no_two_candidates_of_a_type_have_one_priority(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_cands cands = table_of(world, 600, 16);
    struct auger_addr server = addr_of("198.51.100.1:3478");
    char text[64];

    for (unsigned i = 0; i < 180; i++) {
        snprintf(text, sizeof(text), "192.0.2.%u:1", i + 1);
        const struct auger_ice_cand *host = add_host(&cands, text);
        struct auger_addr mapped = addr_of(text);
        mapped.port = 777;
        assert_non_null(auger_ours_add_srflx(&cands, host, &mapped, &server));
        mapped.port = 778;
        if (i < 10)
            assert_non_null(auger_ours_add_srflx(&cands, host, &mapped, &server));
    }
    for (uint16_t i = 0; i < cands.len; i++) {
        for (uint16_t j = 0; j < i; j++)
            assert_true(auger_cands_at(&cands, i)->priority != auger_cands_at(&cands, j)->priority);
    }
    auger_cands_fini(&cands);
    world_free(world);
}

/* 5.1.1.3 */
static void test_a_foundation_is_shared_by_type_base_and_server_alone(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_cands cands = table_of(world, 16, 16);
    struct auger_addr s1 = addr_of("198.51.100.1:3478"), s1b = addr_of("198.51.100.1:9"),
                      s2 = addr_of("198.51.100.2:3478"), m = addr_of("203.0.113.1:1");
    const struct auger_ice_cand *a = add_host(&cands, "192.0.2.1:1");
    const struct auger_ice_cand *same_ip = add_host(&cands, "192.0.2.1:2");
    const struct auger_ice_cand *other_ip = add_host(&cands, "192.0.2.2:1");
    const struct auger_ice_cand *srflx = auger_ours_add_srflx(&cands, a, &m, &s1);
    const struct auger_ice_cand *other_port = auger_ours_add_srflx(&cands, same_ip, &m, &s1b);
    const struct auger_ice_cand *other_server = auger_ours_add_srflx(&cands, a, &m, &s2);
    const struct auger_ice_cand *prflx = auger_ours_add_local_prflx(&cands, a, &m, 1);

    assert_string_equal(a->foundation, same_ip->foundation);
    assert_string_not_equal(a->foundation, other_ip->foundation);
    assert_string_not_equal(a->foundation, srflx->foundation);
    assert_string_equal(srflx->foundation, other_port->foundation);
    assert_string_not_equal(srflx->foundation, other_server->foundation);
    assert_string_not_equal(a->foundation, prflx->foundation);
    assert_string_not_equal(srflx->foundation, prflx->foundation);
    auger_cands_fini(&cands);
    world_free(world);
}

static const struct {
    const char *addr;
    bool ordinary, with_loopback, with_link_local;
} addresses[] = {
    {"192.0.2.1:1", true, true, true},
    {"10.0.0.1:1", true, true, true},
    {"[2001:db8::1]:1", true, true, true},
    {"[fd00::1]:1", true, true, true},
    {"192.0.2.1:0", false, false, false},
    {"0.0.0.0:1", false, false, false},
    {"[::]:1", false, false, false},
    {"255.255.255.255:1", false, false, false},
    {"224.0.0.1:1", false, false, false},
    {"[ff02::1]:1", false, false, false},
    {"127.0.0.1:1", false, true, false},
    {"[::1]:1", false, true, false},
    {"169.254.169.254:1", false, false, true},
    {"[fe80::1]:1", false, false, true},
    {"[::ffff:127.0.0.1]:1", false, false, false},
    {"[::ffff:192.0.2.1]:1", false, false, false},
};

static void test_which_addresses_are_sent_to(void **state)
{
    (void)state;
    const struct auger_cand_policy ordinary = {0}, loopback = {.loopback = true},
                                   link_local = {.link_local = true};

    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct auger_addr addr = addr_of(addresses[i].addr);
        if (auger_cand_addr_is_usable(&addr, &ordinary) != addresses[i].ordinary ||
            auger_cand_addr_is_usable(&addr, &loopback) != addresses[i].with_loopback ||
            auger_cand_addr_is_usable(&addr, &link_local) != addresses[i].with_link_local)
            fail_msg("%s", addresses[i].addr);
    }
    struct auger_addr tcp = addr_of("192.0.2.1:1");
    tcp.transport = AUGER_TCP;
    assert_false(auger_cand_addr_is_usable(&tcp, &ordinary));
}

static void test_a_host_that_lists_many_ports_takes_a_share_of_the_table(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    int kept = 0;

    for (unsigned i = 0; i < 40; i++) {
        char text[64];
        snprintf(text, sizeof(text), "198.51.100.1:%u", 1 + i);
        int err = puppet_tell(p, text, 1000 + i);
        assert_true(err == 0 || err == AUGER_ERR_LIMIT);
        kept += err == 0;
    }
    assert_int_equal(kept, 16);
    assert_int_equal(puppet_tell(p, "198.51.100.2:1", 1), 0);
    puppet_free(p);
}

static void test_a_million_candidates_leave_64_and_100_pairs(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct auger_cand cands[100];
    size_t bytes = 0;

    for (int i = 0; i < 2; i++) {
        struct auger_addr base = addr_of(i ? "192.0.2.7:1" : "192.0.2.8:1");
        assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
    }
    puppet_introduce(p);
    for (uint32_t i = 0; i < 100000; i++) {
        struct auger_cand cand = cand_of("198.51.100.1:1", AUGER_CAND_HOST, 1 + i);
        cand.addr.ip[1] = (uint8_t)(i >> 8);
        cand.addr.ip[2] = (uint8_t)i;
        cand.addr.port = (uint16_t)(1 + i / 65536);
        int err = auger_ice_add_remote_cand(p->ice, p->world->now, &cand);
        assert_int_equal(err, i < 64 ? 0 : AUGER_ERR_LIMIT);
        if (i == 64)
            bytes = p->world->bytes;
    }
    assert_int_equal(auger_ice_remote_cands(p->ice, cands, 100), 64);
    assert_int_equal(puppet_pairs(p), 100);
    assert_int_equal(p->world->bytes, bytes);
    puppet_free(p);
}

static void test_what_cannot_be_used_is_refused_and_what_is_stale_ignored(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct auger_cand cand = cand_of("192.0.2.2:2002", AUGER_CAND_HOST, 1);

    assert_int_equal(puppet_tell(p, "127.0.0.1:5", 1), AUGER_ERR_UNSUPPORTED);
    assert_int_equal(puppet_tell(p, "192.0.2.1:1001", 1), AUGER_ERR_UNSUPPORTED); /* ourselves */
    assert_int_equal(puppet_tell(p, "192.0.2.2:1", 0), AUGER_ERR_INVALID);
    assert_int_equal(puppet_tell(p, "192.0.2.2:1", 0x80000000), AUGER_ERR_INVALID);

    strcpy(cand.ufrag, "stale"); /* told before we know whose it is */
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
    puppet_introduce(p);
    assert_int_equal(puppet_pairs(p), 0);
    cand.addr.port++;
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
    assert_int_equal(auger_ice_remote_cands(p->ice, &cand, 1), 0);
    strcpy(cand.ufrag, PUPPET_UFRAG);
    cand.addr = addr_of("192.0.2.2:2002");
    cand.priority = 1;
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
    assert_int_equal(puppet_pairs(p), 1);
    puppet_free(p);
}

static void test_families_and_scopes_are_not_mixed_in_pairs(void **state)
{
    (void)state;
    static const struct {
        const char *local, *remote;
        bool pair;
    } cases[] = {
        {"192.0.2.1:1", "192.0.2.2:1", true},      {"192.0.2.1:1", "[2001:db8::1]:1", false},
        {"[fe80::1]:1", "[fe80::2]:1", true},      {"[fe80::1]:1", "[2001:db8::2]:1", false},
        {"[2001:db8::1]:1", "[fe80::2]:1", false}, {"127.0.0.1:1", "127.0.0.1:2", true},
        {"192.0.2.1:1", "127.0.0.1:2", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct auger_ice_cand local = {.addr = addr_of(cases[i].local)};
        struct auger_ice_cand remote = {.addr = addr_of(cases[i].remote)};
        if (auger_cand_can_pair(&local, &remote) != cases[i].pair)
            fail_msg("%s and %s", cases[i].local, cases[i].remote);
    }
}

static void test_a_link_local_peer_is_reached_through_the_scope_of_our_base(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_ice_config config;
    struct auger_path path;
    uint8_t buf[AUGER_DATAGRAM_MAX];

    auger_ice_config_init(&config);
    config.allow_link_local = true;
    struct auger_ice *ice = world_add(world, 0, &config);
    struct auger_addr base = addr_of("[fe80::1]:1");
    base.scope = 3;
    assert_int_equal(auger_ice_add_local_addr(ice, world->now, &base), 0);
    struct auger_cand cand = cand_of("[fe80::2]:2", AUGER_CAND_HOST, 1000);
    cand.addr.scope = 9; /* of the peer's own */
    assert_int_equal(auger_ice_add_remote_cand(ice, world->now, &cand), 0);
    assert_int_equal(
        auger_ice_set_remote_credentials(ice, world->now, PUPPET_UFRAG, PUPPET_PASSWORD), 0);
    assert_true(auger_ice_poll_transmit(ice, world->now, &path, buf, sizeof(buf)) > 0);
    assert_int_equal(path.local.scope, 3);
    assert_int_equal(path.remote.scope, 3);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_families_take_turns_and_ipv6_begins),
        cmocka_unit_test(test_the_third_address_of_ipv6_stands_below_what_is_reflexive),
        cmocka_unit_test(test_no_two_candidates_of_a_type_have_one_priority),
        cmocka_unit_test(test_a_foundation_is_shared_by_type_base_and_server_alone),
        cmocka_unit_test(test_which_addresses_are_sent_to),
        cmocka_unit_test(test_a_host_that_lists_many_ports_takes_a_share_of_the_table),
        cmocka_unit_test(test_a_million_candidates_leave_64_and_100_pairs),
        cmocka_unit_test(test_what_cannot_be_used_is_refused_and_what_is_stale_ignored),
        cmocka_unit_test(test_families_and_scopes_are_not_mixed_in_pairs),
        cmocka_unit_test(test_a_link_local_peer_is_reached_through_the_scope_of_our_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
