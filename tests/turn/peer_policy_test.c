/* Which peers a server relays to, by their addresses and by lists. */
#include "tests/turn/judged.h"

/* --- special ranges, in each spelling ----------------------------------------------------- */

struct special {
    const char *first, *last;
    bool open_below, open_above; /* whether what is just outside is public */
};

static const struct special special4[] = {
    {"0.0.0.0", "0.255.255.255", false, true},      {"10.0.0.0", "10.255.255.255", true, true},
    {"100.64.0.0", "100.127.255.255", true, true},  {"127.0.0.0", "127.255.255.255", true, true},
    {"168.63.129.16", "168.63.129.16", true, true}, {"169.254.0.0", "169.254.255.255", true, true},
    {"172.16.0.0", "172.31.255.255", true, true},   {"192.0.0.0", "192.0.0.255", true, true},
    {"192.0.2.0", "192.0.2.255", true, true},       {"192.88.99.0", "192.88.99.255", true, true},
    {"192.168.0.0", "192.168.255.255", true, true}, {"198.18.0.0", "198.19.255.255", true, true},
    {"198.51.100.0", "198.51.100.255", true, true}, {"203.0.113.0", "203.0.113.255", true, true},
    {"224.0.0.0", "239.255.255.255", true, false},  {"240.0.0.0", "255.255.255.255", false, false},
};

static const struct special special6[] = {
    {"::", "::ffff:ffff", false, false},
    {"::1", "::1", false, false},
    {"::ffff:0:0", "::ffff:ffff:ffff", false, false},
    {"::ffff:0:0:0", "::ffff:0:ffff:ffff", false, false},
    {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", false, false},
    {"100::", "100::ffff:ffff:ffff:ffff", false, false},
    {"100:0:0:1::", "100::1:ffff:ffff:ffff:ffff", false, false},
    {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false,
     true},
    {"2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", true, false},
    {"2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", true, true},
    {"2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", false, false},
    {"2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", false, false},
    {"2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", false, false},
    {"2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", false, false},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true, true},
    {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true, true},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", true, true},
    {"4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true, false},
    {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false},
    {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false},
    {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false},
    {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false},
    {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false},
};

/* The address after, or before; it is one of the family. */
static struct auger_addr next_to(const char *ip, int by)
{
    struct auger_addr addr = ip_of(ip);
    size_t len = addr.family == AUGER_IPV4 ? 4 : 16;

    for (size_t i = len; i-- > 0;) {
        addr.ip[i] = (uint8_t)(addr.ip[i] + by);
        if (addr.ip[i] != (by > 0 ? 0 : 0xFF))
            break;
    }
    return addr;
}

/* The ways in which an IPv4 address is written into an IPv6 one, from byte `at` on. */
static const struct spelling {
    const char *name, *base;
    size_t at;
    uint8_t inverted;
    bool carries_public; /* by default, when the IPv4 address is public */
    const char *opened;  /* the range to allow so that what is carried decides; NULL: nothing */
} spellings[] = {
    {"mapped", "::ffff:0:0", 12, 0, false, NULL},
    {"compatible", "::", 12, 0, false, "::/96"},
    {"translated", "::ffff:0:0:0", 12, 0, false, "::ffff:0:0:0/96"},
    {"NAT64", "64:ff9b::", 12, 0, true, "64:ff9b::/96"},
    {"NAT64 of one's own, by 96", "64:ff9b:1::", 12, 0, false, "64:ff9b:1::/48"},
    {"NAT64 of one's own, by 96, with a subnet", "64:ff9b:1:7::", 12, 0, false, "64:ff9b:1:7::/96"},
    {"6to4", "2002::", 2, 0, false, "2002::/16"},
    {"6to4 with a host", "2002::5:1:2:3:4", 2, 0, false, "2002::/16"},
    {"Teredo's client", "2001:0:808:808::", 12, 0xFF, false, "2001::/32"},
    {"Teredo's server", "2001::f7f7:f7f7", 4, 0, false, "2001::/32"},
    {"ISATAP", "2a00:1::5efe:0:0", 12, 0, true, "2a00:1::/64"},
    {"ISATAP, universal", "2a00:1::200:5efe:0:0", 12, 0, true, "2a00:1::/64"},
    {"ISATAP on a link", "fe80::5efe:0:0", 12, 0, false, "fe80::/10"},
};

static struct auger_addr spell(const struct spelling *spelling, const struct auger_addr *ipv4)
{
    struct auger_addr addr = ip_of(spelling->base);

    for (size_t i = 0; i < 4; i++)
        addr.ip[spelling->at + i] = ipv4->ip[i] ^ spelling->inverted;
    return addr;
}

/* RFC 6052, 2.2, with a prefix of 48, 56 or 64 bits: byte 8 is none of it. */
static struct auger_addr spell_around_8(const char *base, size_t at, const struct auger_addr *ipv4)
{
    struct auger_addr addr = ip_of(base);

    for (size_t i = 0; i < 4; i++, at++) {
        at += at == 8;
        addr.ip[at] = ipv4->ip[i];
    }
    return addr;
}

static bool is_denied(const struct auger_addr *peer)
{
    return judge(peer) != AUGER_PEER_PERMITTED;
}

/* An address as itself and in each spelling, before and after the range of that is opened. */
static void expect_everywhere(const struct auger_addr *ipv4, bool is_public)
{
    char text[AUGER_ADDR_TEXT_MAX];

    if (is_denied(ipv4) == is_public)
        fail_msg("%s", auger_addr_format(ipv4, text, sizeof(text)));
    for (size_t i = 0; i < COUNT(spellings); i++) {
        const struct spelling *s = &spellings[i];
        struct auger_addr peer = spell(s, ipv4);
        auger_peer_policy_forget_rules(policy);
        if (is_denied(&peer) == (is_public && s->carries_public))
            fail_msg("%s: %s", s->name, auger_addr_format(&peer, text, sizeof(text)));
        if (s->opened)
            allow(s->opened);
        if (is_denied(&peer) == (is_public && s->opened))
            fail_msg("%s, opened: %s", s->name, auger_addr_format(&peer, text, sizeof(text)));
    }
    auger_peer_policy_forget_rules(policy);
}

static void special_ipv4_is_denied_in_each_spelling_and_its_neighbours_are_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(special4); i++) {
        const struct special *s = &special4[i];
        struct auger_addr ends[] = {ip_of(s->first), ip_of(s->last)};
        struct auger_addr outside[] = {next_to(s->first, -1), next_to(s->last, 1)};
        expect_everywhere(&ends[0], false);
        expect_everywhere(&ends[1], false);
        if (s->open_below)
            expect_everywhere(&outside[0], true);
        if (s->open_above)
            expect_everywhere(&outside[1], true);
    }
}

static void special_ipv6_is_denied_and_its_neighbours_are_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(special6); i++) {
        const struct special *s = &special6[i];
        struct auger_addr first = ip_of(s->first), last = ip_of(s->last);
        struct auger_addr below = next_to(s->first, -1), above = next_to(s->last, 1);
        assert_true(is_denied(&first) && is_denied(&last));
        if (is_denied(&below) == s->open_below || is_denied(&above) == s->open_above)
            fail_msg("beside %s to %s", s->first, s->last);
    }
}

static void the_prefix_of_a_nat64_of_ones_own_is_read_at_each_length(void **state)
{
    (void)state;
    static const struct {
        const char *base;
        size_t at;
    } places[] = {{"64:ff9b:1::", 6}, {"64:ff9b:1:700::", 7}, {"64:ff9b:1:708::", 9}};

    allow("64:ff9b:1::/48");
    for (size_t i = 0; i < COUNT(places); i++) {
        for (size_t j = 0; j < COUNT(special4); j++) {
            struct auger_addr ends[] = {ip_of(special4[j].first), ip_of(special4[j].last)};
            for (size_t end = 0; end < 2; end++) {
                struct auger_addr peer = spell_around_8(places[i].base, places[i].at, &ends[end]);
                if (ends[end].ip[0] != 0 && !is_denied(&peer))
                    fail_msg("%s in %s", special4[j].first, places[i].base);
            }
        }
    }
}

static void what_a_cloud_tells_its_machines_is_denied(void **state)
{
    (void)state;
    static const char *const metadata[] = {"169.254.169.254", "100.100.100.200",   "192.0.0.192",
                                           "168.63.129.16",   "fd00:ec2::254",     "fd20:ce::254",
                                           "fe80::a9fe:a9fe", "64:ff9b::a9fe:a9fe"};

    for (size_t i = 0; i < COUNT(metadata); i++) {
        struct auger_addr peer = ip_of(metadata[i]);
        assert_true(is_denied(&peer));
    }
}

static void public_addresses_are_permitted(void **state)
{
    (void)state;
    static const char *const peers[] = {"1.1.1.1",        "8.8.8.8",           "223.255.255.255",
                                        "2000::",         "2001:200::1",       "2606:4700::1111",
                                        "2620:4f:8000::", "2a00:1450:4001::1", "64:ff9b::808:808"};

    for (size_t i = 0; i < COUNT(peers); i++)
        expect(peers[i], AUGER_PEER_PERMITTED);
}

static void nobody_is_at_port_0_or_without_a_family(void **state)
{
    (void)state;
    struct auger_addr peer = ip_of("8.8.8.8"), none = {.port = 1};

    peer.port = 0;
    assert_int_equal(auger_peer_policy_judge(policy, &peer), AUGER_PEER_NO_PEER);
    assert_int_equal(auger_peer_policy_judge_ip(policy, &peer), AUGER_PEER_PERMITTED);
    assert_int_equal(judge(&none), AUGER_PEER_NO_PEER);
}

static void nothing_allows_what_is_no_peer(void **state)
{
    (void)state;
    static const char *const never[] = {
        "0.0.0.0", "255.255.255.255", "224.0.0.1",      "::",
        "ff02::1", "ff0e::1",         "::ffff:8.8.8.8", "::ffff:127.0.0.1"};
    static const char *const ranges[] = {
        "0.0.0.0/0",     "0.0.0.0/8",      "0.0.0.0", "224.0.0.0/4", "255.255.255.255",
        "224.0.0.1",     "::/0",           "::/96",   "::",          "ff00::/8",
        "::ffff:0:0/96", "::ffff:8.8.8.8", "ff02::1", "ff0e::1"};

    for (size_t i = 0; i < COUNT(ranges); i++)
        allow(ranges[i]);
    for (size_t i = 0; i < COUNT(never); i++)
        expect(never[i], AUGER_PEER_NO_PEER);
}

/* --- lists --------------------------------------------------------------------------------- */

static void the_smallest_range_decides_in_whatever_order_they_come(void **state)
{
    (void)state;
    static const char *const allowed[] = {"10.1.0.0/16", "10.1.2.3"}, *const denied[] = {
                                                                          "10.0.0.0/8",
                                                                          "10.1.2.0/24"};

    for (int order = 0; order < 2; order++) {
        auger_peer_policy_forget_rules(policy);
        for (size_t i = 0; i < 2; i++) {
            size_t nth = order ? 1 - i : i;
            allow(allowed[nth]);
            deny(denied[nth]);
        }
        expect("10.0.255.255", AUGER_PEER_LISTED);
        expect("10.1.0.0", AUGER_PEER_PERMITTED);
        expect("10.1.1.255", AUGER_PEER_PERMITTED);
        expect("10.1.2.0", AUGER_PEER_LISTED);
        expect("10.1.2.2", AUGER_PEER_LISTED);
        expect("10.1.2.3", AUGER_PEER_PERMITTED);
        expect("10.1.2.4", AUGER_PEER_LISTED);
        expect("10.1.3.0", AUGER_PEER_PERMITTED);
        expect("10.1.255.255", AUGER_PEER_PERMITTED);
        expect("10.2.0.0", AUGER_PEER_LISTED);
        expect("11.0.0.0", AUGER_PEER_PERMITTED);
    }
}

static void of_equal_ranges_a_denial_decides(void **state)
{
    (void)state;
    deny("8.8.8.0/24");
    allow("8.8.8.0/24");
    deny("2a00::/16");
    allow("2a00::/16");
    expect("8.8.8.8", AUGER_PEER_LISTED);
    expect("2a00::1", AUGER_PEER_LISTED);
}

static void a_special_range_is_opened_by_its_name_alone(void **state)
{
    (void)state;
    allow("0.0.0.0/0");
    allow("::/0");
    allow("126.0.0.0/7");
    expect("127.0.0.1", AUGER_PEER_SPECIAL);
    expect("169.254.169.254", AUGER_PEER_SPECIAL);
    expect("fd00::1", AUGER_PEER_SPECIAL);
    expect("::1", AUGER_PEER_SPECIAL);
    expect("2001:db8::1", AUGER_PEER_SPECIAL);
    allow("127.0.0.0/8");
    allow("2001:db8::/32");
    expect("127.0.0.1", AUGER_PEER_PERMITTED);
    expect("2001:db8::1", AUGER_PEER_PERMITTED);
}

/* D9 */
static void ranges_of_no_prefix_are_compared_as_numbers(void **state)
{
    (void)state;
    deny("9.0.0.200-9.0.3.7");
    deny("2a00::ff00-2a00::1:00ff");
    expect("9.0.0.199", AUGER_PEER_PERMITTED);
    expect("9.0.0.200", AUGER_PEER_LISTED);
    expect("9.0.1.0", AUGER_PEER_LISTED);
    expect("9.0.1.8", AUGER_PEER_LISTED);
    expect("9.0.3.7", AUGER_PEER_LISTED);
    expect("9.0.3.8", AUGER_PEER_PERMITTED);
    expect("2a00::feff", AUGER_PEER_PERMITTED);
    expect("2a00::ff00", AUGER_PEER_LISTED);
    expect("2a00::1:0", AUGER_PEER_LISTED);
    expect("2a00::1:00ff", AUGER_PEER_LISTED);
    expect("2a00::1:0100", AUGER_PEER_PERMITTED);
}

static void ranges_that_cross_are_told_apart(void **state)
{
    (void)state;
    deny("9.0.0.0-9.0.0.99");
    allow("9.0.0.50-9.0.0.100"); /* the smaller by much */
    expect("9.0.0.49", AUGER_PEER_LISTED);
    expect("9.0.0.50", AUGER_PEER_PERMITTED);
    expect("9.0.0.99", AUGER_PEER_PERMITTED);
    expect("9.0.0.100", AUGER_PEER_PERMITTED);
    expect("9.0.0.101", AUGER_PEER_PERMITTED);
}

static void the_ends_of_the_families_are_reached(void **state)
{
    (void)state;
    static const char *const last = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    struct auger_ip_range range;

    deny("128.0.0.0/1");
    deny("8000::/1");
    expect("223.255.255.255", AUGER_PEER_LISTED);
    expect("127.255.255.255", AUGER_PEER_SPECIAL);
    expect("126.255.255.255", AUGER_PEER_PERMITTED);
    expect("8000::", AUGER_PEER_LISTED);
    expect(last, AUGER_PEER_NO_PEER);
    assert_int_equal(auger_ip_range_parse(&range, "::/0"), 0);
    assert_true(auger_ip_range_has(&range, ip_of(last).ip));
}

/* D9 */
static void a_malformed_entry_is_an_error_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "/8",
                                      "10.0.0.0/",
                                      "10.0.0.0/33",
                                      "10.0.0.0/-1",
                                      "10.0.0.0/08",
                                      "10.0.0.0/8 ",
                                      " 10.0.0.0/8",
                                      "10.0.0.1/8",
                                      "10.0.0.0/8/8",
                                      "10.0.0",
                                      "010.0.0.0/8",
                                      "10.0.0.2-10.0.0.1",
                                      "10.0.0.1-::1",
                                      "10.0.0.1-",
                                      "-10.0.0.1",
                                      "2001:db8::1/64",
                                      "::/129",
                                      "::-",
                                      "::1/0128",
                                      "example.org",
                                      "10.0.0.0/8a",
                                      "10.0.0.0/99999999999999999999",
                                      "1.2.3.4-1.2.3.5/32",
                                      "::ffff:10.0.0.1/104",
                                      "[::1]",
                                      "fe80::1%eth0",
                                      "all"};

    for (size_t i = 0; i < COUNT(bad); i++) {
        if (auger_peer_policy_deny(policy, bad[i]) != AUGER_ERR_MALFORMED ||
            auger_peer_policy_allow(policy, bad[i]) != AUGER_ERR_MALFORMED)
            fail_msg("\"%s\"", bad[i]);
    }
    expect("8.8.8.8", AUGER_PEER_PERMITTED);
    expect("10.0.0.1", AUGER_PEER_SPECIAL);
}

static void a_mapped_entry_is_about_ipv4(void **state)
{
    (void)state;
    deny("::ffff:8.8.0.0/112");
    allow("::ffff:10.0.0.1");
    allow("::ffff:10.0.1.0-::ffff:10.0.1.9");
    expect("8.8.255.255", AUGER_PEER_LISTED);
    expect("8.9.0.0", AUGER_PEER_PERMITTED);
    expect("64:ff9b::808:808", AUGER_PEER_EMBEDDED);
    expect("10.0.0.1", AUGER_PEER_PERMITTED);
    expect("10.0.1.9", AUGER_PEER_PERMITTED);
    expect("10.0.1.10", AUGER_PEER_SPECIAL);
}

static void what_is_denied_is_so_inside_other_addresses_too(void **state)
{
    (void)state;
    deny("8.8.8.8");
    expect("64:ff9b::808:808", AUGER_PEER_EMBEDDED);
    expect("64:ff9b::808:809", AUGER_PEER_PERMITTED);
    expect("2a00::5efe:808:808", AUGER_PEER_EMBEDDED);
}

static void a_rule_that_comes_later_is_in_force_at_once(void **state)
{
    (void)state;
    expect("8.8.8.8", AUGER_PEER_PERMITTED);
    deny("8.8.8.8");
    expect("8.8.8.8", AUGER_PEER_LISTED);
    auger_peer_policy_forget_rules(policy);
    expect("8.8.8.8", AUGER_PEER_PERMITTED);
}

static void there_is_room_for_1024_entries(void **state)
{
    (void)state;
    char text[32];

    for (unsigned i = 0; i < AUGER_PEER_RULES_MAX; i++) {
        snprintf(text, sizeof(text), "9.%u.%u.1", i >> 8, i & 255);
        deny(text);
    }
    assert_int_equal(auger_peer_policy_allow(policy, "9.0.0.0/8"), AUGER_ERR_LIMIT);
    expect("9.3.255.1", AUGER_PEER_LISTED);
    expect("9.3.255.2", AUGER_PEER_PERMITTED);
    expect("9.0.0.0", AUGER_PEER_PERMITTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            special_ipv4_is_denied_in_each_spelling_and_its_neighbours_are_not, make, drop),
        cmocka_unit_test_setup_teardown(special_ipv6_is_denied_and_its_neighbours_are_not, make,
                                        drop),
        cmocka_unit_test_setup_teardown(the_prefix_of_a_nat64_of_ones_own_is_read_at_each_length,
                                        make, drop),
        cmocka_unit_test_setup_teardown(what_a_cloud_tells_its_machines_is_denied, make, drop),
        cmocka_unit_test_setup_teardown(public_addresses_are_permitted, make, drop),
        cmocka_unit_test_setup_teardown(nobody_is_at_port_0_or_without_a_family, make, drop),
        cmocka_unit_test_setup_teardown(nothing_allows_what_is_no_peer, make, drop),
        cmocka_unit_test_setup_teardown(the_smallest_range_decides_in_whatever_order_they_come,
                                        make, drop),
        cmocka_unit_test_setup_teardown(of_equal_ranges_a_denial_decides, make, drop),
        cmocka_unit_test_setup_teardown(a_special_range_is_opened_by_its_name_alone, make, drop),
        cmocka_unit_test_setup_teardown(ranges_of_no_prefix_are_compared_as_numbers, make, drop),
        cmocka_unit_test_setup_teardown(ranges_that_cross_are_told_apart, make, drop),
        cmocka_unit_test_setup_teardown(the_ends_of_the_families_are_reached, make, drop),
        cmocka_unit_test_setup_teardown(a_malformed_entry_is_an_error_and_changes_nothing, make,
                                        drop),
        cmocka_unit_test_setup_teardown(a_mapped_entry_is_about_ipv4, make, drop),
        cmocka_unit_test_setup_teardown(what_is_denied_is_so_inside_other_addresses_too, make,
                                        drop),
        cmocka_unit_test_setup_teardown(a_rule_that_comes_later_is_in_force_at_once, make, drop),
        cmocka_unit_test_setup_teardown(there_is_room_for_1024_entries, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
