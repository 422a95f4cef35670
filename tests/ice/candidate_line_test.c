/* Candidate lines: RFC 8839 section 5.1, and what the field makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/ice.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static int parse(struct auger_cand *cand, const char *line)
{
    return auger_cand_parse(cand, line, strlen(line));
}

/* Each accepted line, and how we would write it. */
static const struct {
    const char *line, *written;
} accepted[] = {
    /* RFC 8839 section 5.1 */
    {"a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998",
     "candidate:2 1 udp 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998"},
    /* Chromium */
    {"candidate:3789516849 1 udp 2122194687 203.0.113.21 40507 typ host generation 0 ufrag 5xrz "
     "network-id 2",
     "candidate:3789516849 1 udp 2122194687 203.0.113.21 40507 typ host ufrag 5xrz"},
    {"candidate:464113126 1 udp 58597631 203.0.113.1 50559 typ relay raddr 0.0.0.0 rport 0 "
     "generation 0 network-id 2",
     "candidate:464113126 1 udp 58597631 203.0.113.1 50559 typ relay raddr 0.0.0.0 rport 0"},
    /* Firefox */
    {"candidate:3 1 UDP 2122252543 2001:db8:113::22 47279 typ host",
     "candidate:3 1 udp 2122252543 2001:db8:113::22 47279 typ host"},
    {"CANDIDATE:3 1 Udp 1 2001:DB8:0:0::22 47279 TYP Prflx RADDR ::1 RPORT 5",
     "candidate:3 1 udp 1 2001:db8::22 47279 typ prflx raddr ::1 rport 5"},
    /* aiortc: a foundation of 32 */
    {"candidate:1552aed6fa192bbbc12828870dbd0c1a 1 udp 2130706431 203.0.113.22 49514 typ host",
     "candidate:1552aed6fa192bbbc12828870dbd0c1a 1 udp 2130706431 203.0.113.22 49514 typ host"},
    /* the bounds */
    {"candidate:a 001 udp 2147483647 0.0.0.0 65535 typ host",
     "candidate:a 1 udp 2147483647 0.0.0.0 65535 typ host"},
    {"candidate:+/ 1 udp 1 ::ffff:102:304 0 typ host",
     "candidate:+/ 1 udp 1 ::ffff:1.2.3.4 0 typ host"},
    /* a hidden related address; one that is a name */
    {"candidate:a 1 udp 1 192.0.2.1 9 typ srflx",
     "candidate:a 1 udp 1 192.0.2.1 9 typ srflx raddr 0.0.0.0 rport 9"},
    /* RFC 6544 appendix C, Firefox, Chromium */
    {"candidate:6 1 TCP 1692401663 192.0.2.3 45687 typ srflx raddr 10.0.1.1 rport 8999 tcptype so",
     "candidate:6 1 tcp 1692401663 192.0.2.3 45687 typ srflx raddr 10.0.1.1 rport 8999 tcptype so"},
    {"candidate:4 1 TCP 2105458943 203.0.113.22 9 typ host tcptype active",
     "candidate:4 1 tcp 2105458943 203.0.113.22 9 typ host tcptype active"},
    {"candidate:1 1 tcp 1518214911 203.0.113.21 9 typ host tcptype ACTIVE generation 0 ufrag 5xrz",
     "candidate:1 1 tcp 1518214911 203.0.113.21 9 typ host tcptype active ufrag 5xrz"},
    {"candidate:a 1 tcp 1 2001:db8::1 80 typ host tcptype passive",
     "candidate:a 1 tcp 1 2001:db8::1 80 typ host tcptype passive"},
    /* of UDP it says nothing */
    {"candidate:a 1 udp 1 192.0.2.1 9 typ host tcptype lazy",
     "candidate:a 1 udp 1 192.0.2.1 9 typ host"},
    {"candidate:a 1 udp 1 2001:db8::1 9 typ srflx raddr hidden.example rport 9",
     "candidate:a 1 udp 1 2001:db8::1 9 typ srflx raddr :: rport 9"},
};

static void useful_lines_are_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
        struct auger_cand cand;
        char line[AUGER_CAND_LINE_MAX];
        int err = parse(&cand, accepted[i].line);
        if (err)
            fail_msg("%s: %s", accepted[i].line, auger_strerror(err));
        assert_int_equal(auger_cand_format(&cand, line, sizeof(line)), strlen(accepted[i].written));
        assert_string_equal(line, accepted[i].written);
    }
}

static void every_field_arrives(void **state)
{
    (void)state;
    struct auger_cand cand;
    struct auger_addr addr, related;
    assert_int_equal(parse(&cand, "candidate:f 1 udp 7 192.0.2.3 45664 typ relay raddr "
                                  "203.0.113.141 rport 8998 x y ufrag Ab+/"),
                     0);
    assert_int_equal(auger_addr_parse(&addr, "192.0.2.3:45664"), 0);
    assert_int_equal(auger_addr_parse(&related, "203.0.113.141:8998"), 0);

    assert_int_equal(cand.type, AUGER_CAND_RELAY);
    assert_true(auger_addr_equal(&cand.addr, &addr));
    assert_true(auger_addr_equal(&cand.related, &related));
    assert_int_equal(cand.priority, 7);
    assert_string_equal(cand.foundation, "f");
    assert_string_equal(cand.ufrag, "Ab+/");
    assert_int_equal(cand.tcptype, AUGER_TCP_TYPE_NONE);
    assert_int_equal(
        parse(&cand, "candidate:f 1 tcp 7 192.0.2.3 9 typ host raddr ::1 rport 5 tcptype so"), 0);
    assert_int_equal(cand.addr.transport, AUGER_TCP);
    assert_int_equal(cand.related.transport, AUGER_TCP);
    assert_int_equal(cand.tcptype, AUGER_TCP_TYPE_SO);
}

#define F33 "123456789012345678901234567890123"
#define HOST "192.0.2.1 9 typ host"

/* Each refused line, and whether it broke the grammar (RFC 8839 section 5.1) or is one that we
 * do not send to. */
static const struct {
    const char *line;
    int err;
} refused[] = {
    {"", AUGER_ERR_MALFORMED},
    {"a=", AUGER_ERR_MALFORMED},
    {"candidate", AUGER_ERR_MALFORMED},
    {"candidate:", AUGER_ERR_MALFORMED},
    {"candidat:a 1 udp 1 " HOST, AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 192.0.2.1 9", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 192.0.2.1 9 typ", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 192.0.2.1 9 type host", AUGER_ERR_MALFORMED},
    /* foundation */
    {"candidate:" F33 " 1 udp 1 " HOST, AUGER_ERR_MALFORMED},
    {"candidate:a-b 1 udp 1 " HOST, AUGER_ERR_MALFORMED},
    /* component */
    {"candidate:a 0 udp 1 " HOST, AUGER_ERR_MALFORMED},
    {"candidate:a 2 udp 1 " HOST, AUGER_ERR_UNSUPPORTED},
    {"candidate:a 256 udp 1 " HOST, AUGER_ERR_UNSUPPORTED},
    {"candidate:a 257 udp 1 " HOST, AUGER_ERR_MALFORMED},
    {"candidate:a 0001 udp 1 " HOST, AUGER_ERR_MALFORMED},
    {"candidate:a -1 udp 1 " HOST, AUGER_ERR_MALFORMED},
    /* transport */
    {"candidate:a 1 ssltcp 1 " HOST, AUGER_ERR_UNSUPPORTED},
    {"candidate:a 1 u(p 1 " HOST, AUGER_ERR_MALFORMED},
    {"candidate:a 1 tcp 1 192.0.2.1 80 typ host tcptype lazy", AUGER_ERR_MALFORMED},
    {"candidate:a 1 tcp 1 " HOST, AUGER_ERR_MALFORMED},
    {"candidate:a 1 tcp 1 " HOST " tcptype", AUGER_ERR_MALFORMED},
    /* priority */
    {"candidate:a 1 udp 0 " HOST, AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 2147483648 " HOST, AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 4294967297 " HOST, AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 00000000001 " HOST, AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1e3 " HOST, AUGER_ERR_MALFORMED},
    /* address */
    {"candidate:a 1 udp 1 ead652dc-8be4-48a0-a393-f038b14defa3.local 9 typ host",
     AUGER_ERR_UNSUPPORTED},
    {"candidate:a 1 udp 1 stun.example.org 9 typ host", AUGER_ERR_UNSUPPORTED},
    {"candidate:a 1 udp 1 010.0.0.1 9 typ host", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 192.0.2.256 9 typ host", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 fe80::1%eth0 9 typ host", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 [2001:db8::1] 9 typ host", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 2001:db8:::1 9 typ host", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 \xc3\xa9.example 9 typ host", AUGER_ERR_MALFORMED},
    /* port */
    {"candidate:a 1 udp 1 192.0.2.1 65536 typ host", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 192.0.2.1 -1 typ host", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 192.0.2.1 4294967297 typ host", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 192.0.2.1 0x50 typ host", AUGER_ERR_MALFORMED},
    /* type and extensions */
    {"candidate:a 1 udp 1 192.0.2.1 9 typ tunnel", AUGER_ERR_UNSUPPORTED},
    {"candidate:a 1 udp 1 " HOST " raddr", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 " HOST " generation 0 network-id", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 " HOST " raddr 1.2.3.400 rport 9", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 " HOST " raddr 1.2.3.4 rport 65536", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 " HOST " ufrag a=b", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 " HOST " na\x01me value", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 " HOST "\r\n", AUGER_ERR_MALFORMED},
    /* of two faults the one against the grammar counts */
    {"candidate:a 2 ssltcp 1 host.local 65536 typ host", AUGER_ERR_MALFORMED},
    {"candidate:a 1 udp 1 host.local 9 typ host raddr", AUGER_ERR_MALFORMED},
};

static void useless_lines_are_told_from_broken_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct auger_cand cand;
        memset(&cand, 0x5A, sizeof(cand));
        struct auger_cand before = cand;
        int err = parse(&cand, refused[i].line);
        if (err != refused[i].err)
            fail_msg("\"%s\": %s, not %s", refused[i].line, auger_strerror(err),
                     auger_strerror(refused[i].err));
        assert_memory_equal(&cand, &before, sizeof(cand)); /* a failed call changes nothing */
    }
}

static void a_long_ufrag_is_refused_and_not_cut(void **state)
{
    (void)state;
    struct auger_cand cand;
    char line[400] = "candidate:a 1 udp 1 192.0.2.1 9 typ host ufrag ";
    size_t len = strlen(line);
    memset(line + len, 'u', 256);
    assert_int_equal(auger_cand_parse(&cand, line, len + 256), 0);
    assert_int_equal(strlen(cand.ufrag), 256);
    line[len + 256] = 'u';
    assert_int_equal(auger_cand_parse(&cand, line, len + 257), AUGER_ERR_MALFORMED);
}

/* Every prefix in a block of its own, so that a read past its end is seen. */
static void prefixes_are_read_within_their_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
        for (size_t len = 0; len <= strlen(accepted[i].line); len++) {
            struct auger_cand cand;
            char *prefix = malloc(len + (len == 0));
            memcpy(prefix, accepted[i].line, len);
            int err = auger_cand_parse(&cand, prefix, len);
            assert_true(err == 0 || err == AUGER_ERR_MALFORMED || err == AUGER_ERR_UNSUPPORTED);
            free(prefix);
        }
    }
}

static void a_short_buffer_is_an_error_and_not_overrun(void **state)
{
    (void)state;
    struct auger_cand cand;
    assert_int_equal(parse(&cand, accepted[0].line), 0);
    int len = (int)strlen(accepted[0].written);
    for (int cap = 0; cap <= len; cap++) {
        char *buf = malloc((size_t)cap + (cap == 0));
        assert_int_equal(auger_cand_format(&cand, buf, (size_t)cap), AUGER_ERR_BUFFER);
        free(buf);
    }
}

static void a_tcp_candidate_without_a_direction_is_not_written(void **state)
{
    (void)state;
    struct auger_cand cand;
    char line[AUGER_CAND_LINE_MAX];
    assert_int_equal(parse(&cand, accepted[0].line), 0);
    cand.addr.transport = AUGER_TCP;
    assert_int_equal(auger_cand_format(&cand, line, sizeof(line)), AUGER_ERR_UNSUPPORTED);
    cand.tcptype = AUGER_TCP_TYPE_SO;
    assert_true(auger_cand_format(&cand, line, sizeof(line)) > 0);
    cand.addr.transport = AUGER_UDP;
    assert_int_equal(auger_cand_format(&cand, line, sizeof(line)), AUGER_ERR_UNSUPPORTED);
}

/* --- generated candidates ------------------------------------------------------- */

static uint64_t rng;

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = (rng += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static void random_ice_chars(char *buf, size_t max)
{
    static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = 1 + next_random() % max;
    for (size_t i = 0; i < len; i++)
        buf[i] = chars[next_random() % 64];
    buf[len] = '\0';
}

static struct auger_addr random_addr(bool ipv6)
{
    struct auger_addr addr = {.family = ipv6 ? AUGER_IPV6 : AUGER_IPV4,
                              .port = (uint16_t)next_random()};
    for (size_t i = 0; i < (ipv6 ? 16u : 4u); i++)
        addr.ip[i] = next_random() % 3 ? (uint8_t)next_random() : 0;
    return addr;
}

static struct auger_cand random_cand(void)
{
    bool ipv6 = next_random() % 2;
    struct auger_cand cand = {.type = (enum auger_cand_type)(next_random() % 4),
                              .addr = random_addr(ipv6),
                              .priority = 1 + (uint32_t)(next_random() % INT32_MAX)};
    if (cand.type != AUGER_CAND_HOST)
        cand.related = random_addr(ipv6);
    random_ice_chars(cand.foundation, AUGER_FOUNDATION_MAX - 1);
    if (next_random() % 2)
        random_ice_chars(cand.ufrag, AUGER_UFRAG_MAX - 1);
    return cand;
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    print_message("TEST_SEED=%llu\n", (unsigned long long)seed);
    rng = seed;
    for (int i = 0; i < 20000; i++) {
        struct auger_cand cand = random_cand(), again;
        char line[AUGER_CAND_LINE_MAX];
        int len = auger_cand_format(&cand, line, sizeof(line));
        assert_true(len > 0);
        assert_int_equal(auger_cand_parse(&again, line, (size_t)len), 0);
        assert_int_equal(again.type, cand.type);
        assert_true(auger_addr_equal(&again.addr, &cand.addr));
        assert_true(auger_addr_equal(&again.related, &cand.related));
        assert_int_equal(again.priority, cand.priority);
        assert_string_equal(again.foundation, cand.foundation);
        assert_string_equal(again.ufrag, cand.ufrag);
    }
}

#define NAME "0c76a8a8-1f29-4ee6-8f4a-11a1bb5ae8c6.local"

static int parse_named(struct auger_cand *cand, char *name, size_t cap, const char *line)
{
    return auger_cand_parse_named(cand, name, cap, line, strlen(line));
}

static void a_name_in_place_of_the_address_comes_apart_with_all_other_fields(void **state)
{
    (void)state;
    struct auger_cand cand;
    char name[64];
    /* Chromium, Firefox */
    assert_int_equal(parse_named(&cand, name, sizeof(name),
                                 "candidate:1 1 udp 2113937151 " NAME
                                 " 40507 typ host generation 0 ufrag 5xrz network-cost 999"),
                     0);
    assert_string_equal(name, NAME);
    assert_true(cand.hidden);
    assert_int_equal(cand.addr.family, AUGER_FAMILY_NONE);
    assert_int_equal(cand.addr.port, 40507);
    assert_int_equal(cand.addr.transport, AUGER_UDP);
    assert_int_equal(cand.priority, 2113937151);
    assert_string_equal(cand.ufrag, "5xrz");
    assert_int_equal(
        parse_named(&cand, name, sizeof(name), "candidate:0 1 UDP 7 x.local 9 typ host"), 0);
    assert_string_equal(name, "x.local");

    assert_int_equal(parse_named(&cand, name, sizeof(name), "candidate:0 1 UDP 7 ::1 9 typ host"),
                     0);
    assert_string_equal(name, "");
    assert_false(cand.hidden);
    assert_int_equal(cand.addr.family, AUGER_IPV6);
}

static void a_name_without_room_or_of_another_transport_is_of_no_use(void **state)
{
    (void)state;
    struct auger_cand cand = {0};
    char name[8];

    assert_int_equal(parse_named(&cand, name, 8, "candidate:0 1 udp 7 x.local 9 typ host"), 0);
    assert_int_equal(parse_named(&cand, name, 7, "candidate:0 1 udp 7 x.local 9 typ host"),
                     AUGER_ERR_UNSUPPORTED);
    assert_int_equal(parse_named(&cand, NULL, 0, "candidate:0 1 udp 7 x.local 9 typ host"),
                     AUGER_ERR_UNSUPPORTED);
    assert_int_equal(parse_named(&cand, name, 8, "candidate:0 1 sctp 7 x.local 9 typ host"),
                     AUGER_ERR_UNSUPPORTED);
    assert_int_equal(parse_named(&cand, name, 8, "candidate:0 1 udp 7 x_local 9 typ host"),
                     AUGER_ERR_MALFORMED);
}

static void what_is_hidden_is_not_written(void **state)
{
    (void)state;
    struct auger_cand cand;
    char line[AUGER_CAND_LINE_MAX];

    assert_int_equal(parse(&cand, "candidate:1 1 udp 9 10.0.0.1 5 typ host"), 0);
    assert_true(auger_cand_format_hidden(&cand, NAME, line, sizeof(line)) > 0);
    assert_string_equal(line, "candidate:1 1 udp 9 " NAME " 5 typ host");
    assert_int_equal(
        parse(&cand, "candidate:1 1 udp 9 192.0.2.1 5 typ srflx raddr 10.0.0.1 rport 6"), 0);
    assert_true(auger_cand_format_hidden(&cand, NULL, line, sizeof(line)) > 0);
    assert_string_equal(line, "candidate:1 1 udp 9 192.0.2.1 5 typ srflx raddr 0.0.0.0 rport 9");
    assert_int_equal(
        parse(&cand, "candidate:1 1 udp 9 2001:db8::1 5 typ srflx raddr fd00::1 rport 6"), 0);
    assert_true(auger_cand_format_hidden(&cand, NULL, line, sizeof(line)) > 0);
    assert_string_equal(line, "candidate:1 1 udp 9 2001:db8::1 5 typ srflx raddr :: rport 9");
    assert_int_equal(auger_cand_format_hidden(&cand, NULL, line, 20), AUGER_ERR_BUFFER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_in_place_of_the_address_comes_apart_with_all_other_fields),
        cmocka_unit_test(a_name_without_room_or_of_another_transport_is_of_no_use),
        cmocka_unit_test(what_is_hidden_is_not_written),
        cmocka_unit_test(useful_lines_are_read_and_written),
        cmocka_unit_test(every_field_arrives),
        cmocka_unit_test(useless_lines_are_told_from_broken_ones),
        cmocka_unit_test(a_long_ufrag_is_refused_and_not_cut),
        cmocka_unit_test(prefixes_are_read_within_their_length),
        cmocka_unit_test(a_short_buffer_is_an_error_and_not_overrun),
        cmocka_unit_test(a_tcp_candidate_without_a_direction_is_not_written),
        cmocka_unit_test(what_is_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
