/* A host that has IPv6 alone, behind a NAT64 (RFC 6052, 7050), and a peer that has IPv4. */
#include "base/nat64.h"
#include "tests/ice/world.h"

#define BASE "[2001:db8:1::5]:1001"
#define OUTSIDE "198.51.100.64:40000" /* where the NAT64 shows it */
#define PEER "192.0.2.2:2002"
#define PEER_SEEN "[64:ff9b::192.0.2.2]:2002"

static struct auger_addr ipv6(const char *text)
{
    struct auger_addr addr = {.family = AUGER_IPV6};
    unsigned bytes[16];

    assert_int_equal(sscanf(text, "%2x%2x%2x%2x%2x%2x%2x%2x%2x%2x%2x%2x%2x%2x%2x%2x", &bytes[0],
                            &bytes[1], &bytes[2], &bytes[3], &bytes[4], &bytes[5], &bytes[6],
                            &bytes[7], &bytes[8], &bytes[9], &bytes[10], &bytes[11], &bytes[12],
                            &bytes[13], &bytes[14], &bytes[15]),
                     16);
    for (size_t i = 0; i < 16; i++)
        addr.ip[i] = (uint8_t)bytes[i];
    return addr;
}

/* The examples of RFC 6052 section 2.4, 192.0.2.33 in 2001:db8:... and the well-known prefix. */
static void test_addresses_are_those_of_the_rfc(void **state)
{
    static const struct {
        uint8_t len;
        const char *seen;
    } rows[] = {{32, "20010db8c00002210000000000000000"}, {40, "20010db801c000020021000000000000"},
                {48, "20010db80122c0000002210000000000"}, {56, "20010db8012203c00000022100000000"},
                {64, "20010db80122034400c0000221000000"}, {96, "20010db80122034400000000c0000221"}};
    static const uint8_t whole[16] = {0x20, 0x01, 0x0D, 0xB8, 0x01, 0x22, 0x03, 0x44};
    const struct auger_addr ipv4 = addr_of("192.0.2.33:5000");

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct auger_nat64 nat64 = {.prefix_len = rows[i].len};
        memcpy(nat64.prefix, whole, rows[i].len / 8 < 16 ? rows[i].len / 8 : 16);
        assert_true(auger_nat64_is_valid(&nat64));
        struct auger_addr seen = auger_nat64_synthesise(&nat64, &ipv4);
        struct auger_addr wanted = ipv6(rows[i].seen);
        wanted.port = 5000;
        assert_true(auger_addr_equal(&seen, &wanted));
    }
}

static void test_a_prefix_is_found_in_an_answer_of_the_dns(void **state)
{
    static const uint8_t lens[] = {32, 40, 48, 56, 64, 96};
    static const uint8_t whole[16] = {0x20, 0x01, 0x0D, 0xB8, 0x01, 0x22, 0x03, 0x44};

    (void)state;
    for (size_t i = 0; i < sizeof(lens); i++)
        for (int last = 170; last <= 171; last++) {
            struct auger_nat64 nat64 = {.prefix_len = lens[i]}, found;
            struct auger_addr ipv4 = addr_of("192.0.0.170:0");
            memcpy(nat64.prefix, whole, lens[i] / 8);
            ipv4.ip[3] = (uint8_t)last;
            struct auger_addr answer = auger_nat64_synthesise(&nat64, &ipv4);
            assert_int_equal(auger_nat64_find(&found, &answer), 0);
            assert_memory_equal(&found, &nat64, sizeof(found));
        }
}

static void test_what_says_nothing_of_a_nat64(void **state)
{
    static const char *const answers[] = {
        "20010db8000000000000000000000001", /* another address */
        "20010db8c00000aa00000000c00000aa", /* twice */
    };
    struct auger_addr ipv4 = addr_of("192.0.0.170:0");
    struct auger_nat64 found;

    (void)state;
    assert_int_equal(auger_nat64_find(&found, &ipv4), AUGER_ERR_NOT_FOUND);
    for (size_t i = 0; i < 2; i++) {
        struct auger_addr answer = ipv6(answers[i]);
        assert_int_equal(auger_nat64_find(&found, &answer), AUGER_ERR_NOT_FOUND);
    }
}

/* --- the agent ------------------------------------------------------------------------------ */

static const struct auger_nat64 well_known = {.prefix = {0x00, 0x64, 0xFF, 0x9B}, .prefix_len = 96};

static unsigned asked_through; /* how often a STUN server was, by the NAT64 */

/* The NAT64 lies on side 0's way: what it sends goes on in IPv4, what comes is shown in IPv6. */
static bool translate(struct world *world, struct packet *packet)
{
    struct auger_addr *to = &packet->path.remote, *from = &packet->path.local;

    if (to->family == AUGER_IPV6 && memcmp(to->ip, well_known.prefix, 12) == 0) {
        memmove(to->ip, to->ip + 12, 4);
        memset(to->ip + 4, 0, 12);
        to->family = AUGER_IPV4;
        asked_through += auger_addr_equal(to, &world->server);
    } else if (auger_addr_equal(to, &world->sides[0].nat_outside)) {
        *from = auger_nat64_synthesise(&well_known, from);
    }
    return true;
}

static struct world *world_behind_nat64(void)
{
    struct world *world = world_new();
    struct auger_addr base = addr_of(BASE);

    world->delay = 10 * AUGER_MS;
    world->wire = translate;
    world->sides[0].nat_inside = base;
    world->sides[0].nat_outside = addr_of(OUTSIDE);
    assert_int_equal(auger_ice_add_local_addr(world_add(world, 0, NULL), world->now, &base), 0);
    world_settle(world);
    return world;
}

static void set_nat64(struct world *world)
{
    assert_int_equal(auger_ice_set_nat64(world->sides[0].ice, world->now, &well_known), 0);
}

static size_t remotes_of(struct world *world, uint8_t family, struct auger_cand *found)
{
    struct auger_cand cands[8];
    size_t len = auger_ice_remote_cands(world->sides[0].ice, cands, 8), count = 0;

    for (size_t i = 0; i < len; i++) {
        if (cands[i].addr.family == family) {
            *found = cands[i];
            count++;
        }
    }
    return count;
}

static void tell(struct world *world, const char *addr)
{
    struct auger_cand cand = {.type = AUGER_CAND_SRFLX, .priority = 1694498815, .foundation = "1"};

    cand.addr = addr_of(addr);
    assert_int_equal(auger_ice_add_remote_cand(world->sides[0].ice, world->now, &cand), 0);
}

static void test_candidates_of_ipv4_are_reached_through_it(void **state)
{
    struct auger_cand cand;

    (void)state;
    for (int before = 0; before < 2; before++) {
        struct world *world = world_behind_nat64();
        if (before)
            tell(world, PEER);
        set_nat64(world);
        if (!before)
            tell(world, PEER);
        assert_int_equal(remotes_of(world, AUGER_IPV4, &cand), 1);
        assert_int_equal(remotes_of(world, AUGER_IPV6, &cand), 1);
        assert_int_equal(cand.addr.port, 2002);
        assert_memory_equal(cand.addr.ip + 12, ((uint8_t[]){192, 0, 2, 2}), 4);
        set_nat64(world); /* again, as after a change of the network */
        assert_int_equal(remotes_of(world, AUGER_IPV6, &cand), 1);
        world_free(world);
    }
}

static void test_private_addresses_are_not(void **state)
{
    struct world *world = world_behind_nat64();
    struct auger_cand cand;

    (void)state;
    set_nat64(world);
    tell(world, "192.168.1.5:2002");
    tell(world, "10.0.0.5:2002");
    assert_int_equal(remotes_of(world, AUGER_IPV6, &cand), 0);
    world_free(world);
}

static void test_who_has_ipv4_does_without_it(void **state)
{
    struct world *world = world_behind_nat64();
    struct auger_addr base = addr_of("198.51.100.9:1001");
    struct auger_cand cand;

    (void)state;
    assert_int_equal(auger_ice_add_local_addr(world->sides[0].ice, world->now, &base), 0);
    set_nat64(world);
    tell(world, PEER);
    assert_int_equal(remotes_of(world, AUGER_IPV6, &cand), 0);
    world_free(world);
}

static void test_a_host_of_ipv6_alone_meets_one_of_ipv4(void **state)
{
    struct world *world = world_behind_nat64();
    struct auger_addr peer = addr_of(PEER);

    (void)state;
    assert_int_equal(auger_ice_add_local_addr(world_add(world, 1, NULL), world->now, &peer), 0);
    set_nat64(world);
    introduce(world);
    world_run(world, 3 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_CONNECTED);
    assert_int_equal(auger_ice_get_state(world->sides[1].ice), AUGER_ICE_CONNECTED);
    send_text(world, 1, "over");
    world_run(world, AUGER_SEC);
    assert_int_equal(world->sides[0].data_len, 4);
    world_free(world);
}

static void test_without_it_they_do_not_meet(void **state)
{
    struct world *world = world_behind_nat64();
    struct auger_addr peer = addr_of(PEER);

    (void)state;
    assert_int_equal(auger_ice_add_local_addr(world_add(world, 1, NULL), world->now, &peer), 0);
    introduce(world);
    world_run(world, 3 * AUGER_SEC);
    assert_int_not_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_CONNECTED);
    world_free(world);
}

static void asks_a_server(bool before)
{
    struct world *world = world_behind_nat64();
    const struct auger_addr outside = addr_of(OUTSIDE), base = addr_of(BASE);

    world->server = addr_of("203.0.113.3:3478");
    if (before)
        set_nat64(world);
    assert_int_equal(auger_ice_add_stun_server(world->sides[0].ice, world->now, &world->server), 0);
    if (!before)
        set_nat64(world);
    auger_ice_end_of_local_addrs(world->sides[0].ice, world->now);
    world_run(world, AUGER_SEC);
    assert_int_equal(world->sides[0].cands_len, 2);
    const struct auger_cand *cand = &world->sides[0].cands[1];
    assert_int_equal(cand->type, AUGER_CAND_SRFLX);
    assert_true(auger_addr_equal(&cand->addr, &outside));
    assert_true(auger_addr_equal(&cand->related, &base));
    world_free(world);
}

static void test_a_stun_server_of_ipv4_shows_an_address_of_ipv4(void **state)
{
    (void)state;
    asks_a_server(true);
    asks_a_server(false);
}

static void test_a_server_that_a_dns64_has_named_is_asked_once(void **state)
{
    struct world *world = world_behind_nat64();
    struct auger_addr ipv4 = addr_of("203.0.113.3:3478");
    struct auger_addr named = auger_nat64_synthesise(&well_known, &ipv4);

    (void)state;
    world->server = ipv4;
    asked_through = 0;
    set_nat64(world);
    assert_int_equal(auger_ice_add_stun_server(world->sides[0].ice, world->now, &named), 0);
    assert_int_equal(auger_ice_add_stun_server(world->sides[0].ice, world->now, &ipv4), 0);
    auger_ice_end_of_local_addrs(world->sides[0].ice, world->now);
    world_run(world, 300 * AUGER_MS);
    assert_int_equal(world->sides[0].cands_len, 2);
    assert_int_equal(asked_through, 1);
    world_free(world);
}

/* Its network had both for a while. */
static void test_who_loses_ipv4_reaches_what_came_meanwhile(void **state)
{
    struct world *world = world_behind_nat64();
    struct auger_addr base = addr_of("198.51.100.9:1001");
    struct auger_ice *ice = world->sides[0].ice;
    struct auger_cand cand;

    (void)state;
    set_nat64(world);
    assert_int_equal(auger_ice_add_local_addr(ice, world->now, &base), 0);
    tell(world, PEER);
    assert_int_equal(remotes_of(world, AUGER_IPV6, &cand), 0);
    assert_int_equal(auger_ice_remove_local_addr(ice, world->now, &base), 0);
    set_nat64(world);
    assert_int_equal(remotes_of(world, AUGER_IPV6, &cand), 1);
    world_free(world);
}

static void test_an_option_of_a_router_is_read(void **state)
{
    uint8_t option[16] = {38, 2, 0x07, 0x08, 0x00, 0x64, 0xFF, 0x9B};
    struct auger_nat64 found;
    uint32_t lifetime_s;

    (void)state;
    assert_true(auger_nat64_read_option(&found, &lifetime_s, option, sizeof(option)));
    assert_memory_equal(&found, &well_known, sizeof(found));
    assert_int_equal(lifetime_s, 1800);
    for (uint8_t code = 0; code < 8; code++) { /* RFC 8781, 4: the lengths by their codes */
        static const uint8_t lens[] = {96, 64, 56, 48, 40, 32};
        option[3] = 0x08 | code;
        bool is_one = auger_nat64_read_option(&found, &lifetime_s, option, sizeof(option));
        assert_int_equal(is_one, code < sizeof(lens));
        if (is_one)
            assert_int_equal(found.prefix_len, lens[code]);
    }
}

static void test_what_is_no_option_of_a_prefix_is_not(void **state)
{
    static const uint8_t none[][16] = {
        {25, 2, 7, 8, 0, 0x64, 0xFF, 0x9B},           /* of another type */
        {38, 1, 7, 8, 0, 0x64, 0xFF, 0x9B},           /* of another length */
        {38, 2, 7, 8, 0, 0x64, 0xFF, 0x9B, [12] = 1}, /* byte 8 is not zero */
    };
    struct auger_nat64 found;
    uint32_t lifetime_s;

    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(auger_nat64_read_option(&found, &lifetime_s, none[i], 16));
    assert_false(auger_nat64_read_option(&found, &lifetime_s, (uint8_t[]){38, 2, 7, 8}, 4));
}

static void test_a_prefix_is_read_as_people_write_it(void **state)
{
    static const struct {
        const char *text;
        uint8_t len; /* 0: it is refused */
    } rows[] = {
        {"64:ff9b::/96", 96},
        {"2001:db8::/32", 32},
        {"2001:db8:122:344::/64", 64},
        {"64:ff9b::", 0},
        {"64:ff9b::/", 0},
        {"64:ff9b::/95", 0},
        {"64:ff9b::/096", 0},
        {"64:ff9b::/96 ", 0},
        {"64:ff9b::1/96", 0},
        {"192.0.2.0/32", 0},
        {"/96", 0},
        {"64:ff9b::/128", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct auger_nat64 read = {0};
        int err = auger_nat64_parse(&read, rows[i].text);
        if (err != (rows[i].len ? 0 : AUGER_ERR_MALFORMED) || read.prefix_len != rows[i].len)
            fail_msg("%s", rows[i].text);
    }
}

static void test_what_is_no_prefix_is_refused(void **state)
{
    static const struct auger_nat64 none[] = {{.prefix_len = 0},
                                              {.prefix_len = 80},
                                              {.prefix = {[15] = 1}, .prefix_len = 96},
                                              {.prefix = {[8] = 1}, .prefix_len = 96},
                                              {.prefix = {[4] = 1}, .prefix_len = 32}};
    struct world *world = world_behind_nat64();

    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_int_equal(auger_ice_set_nat64(world->sides[0].ice, world->now, &none[i]),
                         AUGER_ERR_INVALID);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_are_those_of_the_rfc),
        cmocka_unit_test(test_a_prefix_is_found_in_an_answer_of_the_dns),
        cmocka_unit_test(test_what_says_nothing_of_a_nat64),
        cmocka_unit_test(test_candidates_of_ipv4_are_reached_through_it),
        cmocka_unit_test(test_private_addresses_are_not),
        cmocka_unit_test(test_who_has_ipv4_does_without_it),
        cmocka_unit_test(test_a_host_of_ipv6_alone_meets_one_of_ipv4),
        cmocka_unit_test(test_without_it_they_do_not_meet),
        cmocka_unit_test(test_a_stun_server_of_ipv4_shows_an_address_of_ipv4),
        cmocka_unit_test(test_a_server_that_a_dns64_has_named_is_asked_once),
        cmocka_unit_test(test_who_loses_ipv4_reaches_what_came_meanwhile),
        cmocka_unit_test(test_an_option_of_a_router_is_read),
        cmocka_unit_test(test_what_is_no_option_of_a_prefix_is_not),
        cmocka_unit_test(test_a_prefix_is_read_as_people_write_it),
        cmocka_unit_test(test_what_is_no_prefix_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
