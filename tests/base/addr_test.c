/* Addresses as text, and what kind of address it is: RFC 4291, 5952, 6890. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/addr.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What can be read, and how it is printed: by RFC 5952. */
static const struct {
    const char *text, *printed;
    uint8_t family;
} ips[] = {
    {"0.0.0.0", "0.0.0.0", AUGER_IPV4},
    {"255.255.255.255", "255.255.255.255", AUGER_IPV4},
    {"192.0.2.1", "192.0.2.1", AUGER_IPV4},
    {"10.0.0.100", "10.0.0.100", AUGER_IPV4},
    {"::", "::", AUGER_IPV6},
    {"::1", "::1", AUGER_IPV6},
    {"1::", "1::", AUGER_IPV6},
    {"2001:db8::1", "2001:db8::1", AUGER_IPV6},
    {"2001:DB8::A", "2001:db8::a", AUGER_IPV6},                             /* 4.3 */
    {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1", AUGER_IPV6}, /* 4.1, 4.2.1 */
    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", AUGER_IPV6},           /* 4.2.2 */
    {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1", AUGER_IPV6},            /* 4.2.2 */
    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1", AUGER_IPV6},                    /* 4.2.3, the longest */
    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", AUGER_IPV6},              /* 4.2.3, the first */
    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", AUGER_IPV6},
    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", AUGER_IPV6},
    {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::", AUGER_IPV6},
    {"0:0:0:0:0:0:0:0", "::", AUGER_IPV6},
    {"fe80::1", "fe80::1", AUGER_IPV6},
    {"::ffff:192.0.2.1", "::ffff:192.0.2.1", AUGER_IPV6}, /* 5 */
    {"::ffff:c000:201", "::ffff:192.0.2.1", AUGER_IPV6},
    {"64:ff9b::192.0.2.33", "64:ff9b::c000:221", AUGER_IPV6},
    {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304", AUGER_IPV6},
    {"::1.2.3.4", "::102:304", AUGER_IPV6},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     AUGER_IPV6},
};

static void ips_are_read_and_printed_in_one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ips); i++) {
        struct auger_addr addr, again;
        char text[AUGER_ADDR_TEXT_MAX];

        if (auger_addr_parse_ip(&addr, ips[i].text, strlen(ips[i].text), 7) != 0)
            fail_msg("%s", ips[i].text);
        assert_int_equal(addr.family, ips[i].family);
        assert_int_equal(addr.transport, AUGER_UDP);
        assert_int_equal(addr.port, 7);
        assert_int_equal(addr.scope, 0);
        assert_string_equal(auger_addr_format_ip(&addr, text, sizeof(text)), ips[i].printed);
        assert_int_equal(auger_addr_parse_ip(&again, text, strlen(text), 7), 0);
        assert_true(auger_addr_equal(&addr, &again));
    }
}

static const char *const refused_ips[] = {
    "",
    " ",
    "localhost",
    "example.org",
    "*",
    /* IPv4 in all its old spellings, which readers disagree about */
    "010.0.0.1",
    "10.0.0.01",
    "00.0.0.0",
    "0x0a.0.0.1",
    "0x0a000001",
    "167772161",
    "10.1",
    "10.0.1",
    "10.0.0.256",
    "10.0.0.999",
    "10.0.0.1000",
    "10.0.0.4294967297",
    "10.0.0.-1",
    "10.0.0.+1",
    "10.0.0.",
    ".10.0.0",
    "10..0.1",
    "10.0.0.1.",
    "10.0.0.1.1",
    " 10.0.0.1",
    "10.0.0.1 ",
    "10.0.0.1\n",
    "10.0.0.1a",
    "10,0,0,1",
    "10.0.0.1/8",
    "10.0.0.1:80",
    /* IPv6 */
    ":",
    ":::",
    "::::",
    "1:",
    ":1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1::2::3",
    "1:2:3:4::5:6:7:8",
    "12345::",
    "00001::",
    "g::",
    "1:2:3:4:5:6:7:",
    ":1:2:3:4:5:6:7",
    "::1:",
    "1:::2",
    "[::1]",
    "::1%eth0",
    "fe80::1%1",
    "::1/128",
    "::ffff:192.0.2",
    "::ffff:192.0.2.256",
    "::ffff:192.0.2.01",
    "::192.0.2.1:1",
    "192.0.2.1::",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5:1.2.3.4",
    "::1.2.3.4.5",
    "0x1::",
    "-1::",
};

static void other_spellings_of_ips_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused_ips); i++) {
        struct auger_addr addr, before;
        memset(&addr, 0x55, sizeof(addr));
        before = addr;
        if (auger_addr_parse_ip(&addr, refused_ips[i], strlen(refused_ips[i]), 7) !=
            AUGER_ERR_MALFORMED)
            fail_msg("%s", refused_ips[i]);
        assert_memory_equal(&addr, &before, sizeof(addr)); /* a failed call changed nothing */
    }
}

static void an_ip_ends_with_its_length(void **state)
{
    (void)state;
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse_ip(&addr, "192.0.2.123", 9, 0), 0);
    assert_int_equal(addr.ip[3], 1);
    assert_int_equal(auger_addr_parse_ip(&addr, "2001:db8::1:2", 11, 0), 0);
    assert_int_equal(addr.ip[15], 1);
    assert_int_equal(auger_addr_parse_ip(&addr, "10.0.0.1\0x", 10, 0), AUGER_ERR_MALFORMED);
}

static const struct {
    const char *text, *ip;
    uint16_t port;
} addrs[] = {
    {"192.0.2.1:80", "192.0.2.1", 80},
    {"0.0.0.0:0", "0.0.0.0", 0},
    {"192.0.2.1:65535", "192.0.2.1", 65535},
    {"[2001:db8::1]:80", "2001:db8::1", 80},
    {"[::ffff:192.0.2.1]:1", "::ffff:192.0.2.1", 1},
    {"[::]:65535", "::", 65535},
};

static void addresses_with_ports_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(addrs); i++) {
        struct auger_addr addr;
        char text[AUGER_ADDR_TEXT_MAX], ip[AUGER_ADDR_TEXT_MAX];
        assert_int_equal(auger_addr_parse(&addr, addrs[i].text), 0);
        assert_int_equal(addr.port, addrs[i].port);
        assert_string_equal(auger_addr_format_ip(&addr, ip, sizeof(ip)), addrs[i].ip);
        assert_string_equal(auger_addr_format(&addr, text, sizeof(text)), addrs[i].text);
    }
}

static const char *const refused_addrs[] = {
    "",
    ":",
    "80",
    ":80",
    "192.0.2.1",
    "192.0.2.1:",
    "192.0.2.1:65536",
    "192.0.2.1:100000",
    "192.0.2.1:000080",
    "192.0.2.1:4294967376",
    "192.0.2.1:-1",
    "192.0.2.1:+1",
    "192.0.2.1: 80",
    "192.0.2.1:80 ",
    "192.0.2.1:0x50",
    "192.0.2.1:80:80",
    "[192.0.2.1:80",
    "2001:db8::1:80",
    "2001:db8::1",
    "[2001:db8::1]",
    "[2001:db8::1]:",
    "[2001:db8::1]80",
    "[2001:db8::1:80",
    "[[::1]]:80",
    "[]:80",
    "[fe80::1%1]:80",
    "[::1]:65536",
    "::1]:80",
    "host:80",
    "010.0.0.1:80",
};

static void other_spellings_of_addresses_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused_addrs); i++) {
        struct auger_addr addr;
        if (auger_addr_parse(&addr, refused_addrs[i]) != AUGER_ERR_MALFORMED)
            fail_msg("%s", refused_addrs[i]);
    }
}

static void a_scope_is_printed_with_its_address(void **state)
{
    (void)state;
    struct auger_addr addr;
    char text[AUGER_ADDR_TEXT_MAX];

    assert_int_equal(auger_addr_parse(&addr, "[fe80::1]:9"), 0);
    addr.scope = 4294967295;
    assert_string_equal(auger_addr_format(&addr, text, sizeof(text)), "[fe80::1%4294967295]:9");
    assert_string_equal(auger_addr_format_ip(&addr, text, sizeof(text)), "fe80::1");
}

static void the_longest_text_fits_and_any_buffer_is_kept_to(void **state)
{
    (void)state;
    struct auger_addr addr;
    char whole[AUGER_ADDR_TEXT_MAX], text[AUGER_ADDR_TEXT_MAX];

    assert_int_equal(auger_addr_parse(&addr, "[1234:1234:1234:1234:1234:1234:1234:1234]:65535"), 0);
    addr.scope = UINT32_MAX;
    auger_addr_format(&addr, whole, sizeof(whole));
    assert_string_equal(whole, "[1234:1234:1234:1234:1234:1234:1234:1234%4294967295]:65535");
    for (size_t cap = 0; cap < sizeof(text); cap++) {
        memset(text, '#', sizeof(text));
        assert_ptr_equal(auger_addr_format(&addr, text, cap), text);
        size_t len = strlen(whole) < cap ? strlen(whole) : cap - 1;
        if (cap > 0) {
            assert_memory_equal(text, whole, len);
            assert_int_equal(text[len], '\0');
        }
        for (size_t i = cap; i < sizeof(text); i++)
            assert_int_equal(text[i], '#');
    }
}

static void no_address_is_printed_as_such(void **state)
{
    (void)state;
    struct auger_addr none = {0};
    char text[AUGER_ADDR_TEXT_MAX];

    assert_string_equal(auger_addr_format_ip(&none, text, sizeof(text)), "none");
    assert_string_equal(auger_addr_format(&none, text, sizeof(text)), "none:0");
    assert_int_equal(auger_addr_ip_len(&none), 0);
}

/* --- comparing ------------------------------------------------------------------------------- */

static void addresses_differ_in_any_part(void **state)
{
    (void)state;
    struct auger_addr a, b;

    assert_int_equal(auger_addr_parse(&a, "[fe80::1]:9"), 0);
    b = a;
    assert_true(auger_addr_equal(&a, &b) && auger_addr_ip_equal(&a, &b));
    b.port = 10;
    assert_true(!auger_addr_equal(&a, &b) && auger_addr_ip_equal(&a, &b));
    b = a;
    b.transport = AUGER_TCP;
    assert_true(!auger_addr_equal(&a, &b) && auger_addr_ip_equal(&a, &b));
    b = a;
    b.scope = 2;
    assert_true(!auger_addr_equal(&a, &b) && !auger_addr_ip_equal(&a, &b));
    for (size_t i = 0; i < 16; i++) {
        b = a;
        b.ip[i] ^= 1;
        assert_true(!auger_addr_equal(&a, &b) && !auger_addr_ip_equal(&a, &b));
    }
    b = a;
    b.family = AUGER_IPV4;
    assert_true(!auger_addr_equal(&a, &b) && !auger_addr_ip_equal(&a, &b));
}

static void ipv4_and_the_same_mapped_are_two_addresses(void **state)
{
    (void)state;
    struct auger_addr a, b;

    assert_int_equal(auger_addr_parse(&a, "192.0.2.1:9"), 0);
    assert_int_equal(auger_addr_parse(&b, "[::ffff:192.0.2.1]:9"), 0);
    assert_false(auger_addr_equal(&a, &b));
}

static void paths_are_equal_at_both_ends_or_not(void **state)
{
    (void)state;
    struct auger_path a, b;

    assert_int_equal(auger_addr_parse(&a.local, "192.0.2.1:9"), 0);
    assert_int_equal(auger_addr_parse(&a.remote, "192.0.2.2:9"), 0);
    b = a;
    assert_true(auger_path_equal(&a, &b));
    b.local.port = 8;
    assert_false(auger_path_equal(&a, &b));
    b = a;
    b.remote.port = 8;
    assert_false(auger_path_equal(&a, &b));
    b = (struct auger_path){a.remote, a.local};
    assert_false(auger_path_equal(&a, &b));
}

/* --- what kind it is -------------------------------------------------------------------------- */

enum { PLAIN = 0, NONE = 1, LOOP = 2, LINK = 4, MULTI = 8, PRIVATE = 16, EMBEDDED = 32 };

/* The first and the last of each block, and their neighbours outside. */
static const struct {
    const char *ip;
    int kind;
} kinds[] = {
    {"0.0.0.0", NONE},
    {"0.255.255.255", NONE},
    {"1.0.0.0", PLAIN},
    {"9.255.255.255", PLAIN},
    {"10.0.0.0", PRIVATE},
    {"10.255.255.255", PRIVATE},
    {"11.0.0.0", PLAIN},
    {"100.63.255.255", PLAIN},
    {"100.64.0.0", PRIVATE},
    {"100.127.255.255", PRIVATE},
    {"100.128.0.0", PLAIN},
    {"100.192.0.0", PLAIN},
    {"126.255.255.255", PLAIN},
    {"127.0.0.0", LOOP},
    {"127.255.255.255", LOOP},
    {"128.0.0.0", PLAIN},
    {"169.253.255.255", PLAIN},
    {"169.254.0.0", LINK},
    {"169.254.169.254", LINK},
    {"169.254.255.255", LINK},
    {"169.255.0.0", PLAIN},
    {"172.15.255.255", PLAIN},
    {"172.16.0.0", PRIVATE},
    {"172.31.255.255", PRIVATE},
    {"172.32.0.0", PLAIN},
    {"192.167.255.255", PLAIN},
    {"192.168.0.0", PRIVATE},
    {"192.168.255.255", PRIVATE},
    {"192.169.0.0", PLAIN},
    {"223.255.255.255", PLAIN},
    {"224.0.0.0", MULTI},
    {"239.255.255.255", MULTI},
    {"240.0.0.0", MULTI},
    {"255.255.255.255", MULTI},
    {"::", NONE},
    {"::1", LOOP},
    {"::2", PLAIN},
    {"::1.0.0.0", EMBEDDED},
    {"::192.0.2.1", EMBEDDED},
    {"::ffff:0:0", EMBEDDED},
    {"::ffff:127.0.0.1", EMBEDDED},
    {"::fffe:7f00:1", PLAIN},
    {"::1:ffff:0:0", PLAIN},
    {"64:ff9b::1", PLAIN},
    {"2001:db8::1", PLAIN},
    {"fbff::", PLAIN},
    {"fc00::", PRIVATE},
    {"fdff:ffff::1", PRIVATE},
    {"fe00::", PLAIN},
    {"fe7f:ffff::", PLAIN},
    {"fe80::", LINK},
    {"febf:ffff::", LINK},
    {"fec0::", EMBEDDED},
    {"feff:ffff::", EMBEDDED},
    {"ff00::", MULTI},
    {"ff02::1", MULTI},
    {"ffff:ffff::", MULTI},
};

static void each_block_begins_and_ends_where_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct auger_addr addr;
        assert_int_equal(auger_addr_parse_ip(&addr, kinds[i].ip, strlen(kinds[i].ip), 1), 0);
        int kind = auger_addr_is_unspecified(&addr) * NONE | auger_addr_is_loopback(&addr) * LOOP |
                   auger_addr_is_link_local(&addr) * LINK | auger_addr_is_multicast(&addr) * MULTI |
                   auger_addr_is_private(&addr) * PRIVATE |
                   auger_addr_is_embedded_ipv4(&addr) * EMBEDDED;
        if (kind != kinds[i].kind)
            fail_msg("%s is %d", kinds[i].ip, kind);
    }
}

static void no_address_is_of_no_kind_but_unspecified(void **state)
{
    (void)state;
    struct auger_addr none = {.ip = {10}};

    assert_false(auger_addr_is_private(&none) || auger_addr_is_loopback(&none) ||
                 auger_addr_is_link_local(&none) || auger_addr_is_multicast(&none) ||
                 auger_addr_is_embedded_ipv4(&none));
    none = (struct auger_addr){0};
    assert_true(auger_addr_is_unspecified(&none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ips_are_read_and_printed_in_one_form),
        cmocka_unit_test(other_spellings_of_ips_are_refused),
        cmocka_unit_test(an_ip_ends_with_its_length),
        cmocka_unit_test(addresses_with_ports_come_back),
        cmocka_unit_test(other_spellings_of_addresses_are_refused),
        cmocka_unit_test(a_scope_is_printed_with_its_address),
        cmocka_unit_test(the_longest_text_fits_and_any_buffer_is_kept_to),
        cmocka_unit_test(no_address_is_printed_as_such),
        cmocka_unit_test(addresses_differ_in_any_part),
        cmocka_unit_test(ipv4_and_the_same_mapped_are_two_addresses),
        cmocka_unit_test(paths_are_equal_at_both_ends_or_not),
        cmocka_unit_test(each_block_begins_and_ends_where_it_should),
        cmocka_unit_test(no_address_is_of_no_kind_but_unspecified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
