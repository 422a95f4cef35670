/* Where a STUN server is: RFC 7064 section 3.1, host and port as in RFC 3986. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/io_uri.h>

#include <stdio.h>
#include <string.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static void uris_of_stun_servers_are_read(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
    } rows[] = {
        {"stun:stun.example.org", "stun.example.org", 3478},
        {"stun:stun.example.org:19302", "stun.example.org", 19302},
        {"STUN:Stun.Example.ORG:1", "Stun.Example.ORG", 1},
        {"stun:192.0.2.1", "192.0.2.1", 3478},
        {"stun:192.0.2.1:65535", "192.0.2.1", 65535},
        {"stun:[2001:db8::1]", "2001:db8::1", 3478},
        {"stun:[::1]:5000", "::1", 5000},
        {"stun:localhost", "localhost", 3478},
        {"stun:a_b-c.d", "a_b-c.d", 3478},
        {"stun:host:03478", "host", 3478},
        {"stuns:stun.example.org", "stun.example.org", 5349},
        {"STUNS:stun.example.org:443", "stun.example.org", 443},
        {"stun:host:", "host", 3478}, /* RFC 3986: port = *DIGIT */
        {"stun:%73tun.example%2eorg", "stun.example.org", 3478},
        {"stun:[::ffff:192.0.2.1]", "::ffff:192.0.2.1", 3478},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct auger_stun_uri uri;
        print_message("%s\n", rows[i].text);
        assert_int_equal(auger_stun_uri_parse(&uri, rows[i].text), 0);
        assert_string_equal(uri.host, rows[i].host);
        assert_int_equal(uri.port, rows[i].port);
        assert_int_equal(uri.is_secure, rows[i].text[4] == 's' || rows[i].text[4] == 'S');
    }
}

static void whether_a_port_was_named_is_kept(void **state)
{
    struct auger_stun_uri uri;

    (void)state;
    assert_int_equal(auger_stun_uri_parse(&uri, "stun:host:3478"), 0);
    assert_true(uri.has_port);
    assert_int_equal(auger_stun_uri_parse(&uri, "stun:host"), 0);
    assert_false(uri.has_port);
    assert_int_equal(auger_stun_uri_parse(&uri, "stun:host:"), 0);
    assert_false(uri.has_port);
}

static void what_is_none_is_refused_and_changes_nothing(void **state)
{
    static const char *const rows[] = {
        "",
        "stun",
        "stun:",
        "stunss:host",
        "stuns",
        "turn:host",
        "stun:h%00st",
        "stun:h%2",
        "stun:h%zz",
        "stun:h%20st",
        "stun:[%3a%3a1]",
        "stun:[v1.x]",
        "stun:a!b",
        "http://host",
        "stun://host",
        " stun:host",
        "stun: host",
        "stun:host ",
        "stun:host:0",
        "stun:host:65536",
        "stun:host:99999999999999999999",
        "stun:host:12x",
        "stun:host:-1",
        "stun:host:+1",
        "stun:host:1:2",
        "stun:host/path",
        "stun:host?transport=udp",
        "stun:user@host",
        "stun::3478",
        "stun:2001:db8::1",
        "stun:[2001:db8::1",
        "stun:[]",
        "stun:[host]",
        "stun:[192.0.2.1]",
        "stun:[::1]x",
        "stun:[::g]",
        "stun:[fe80::1%eth0]",
        "stun:h\xC3\xB6st",
        "stun:$(id)",
        "stun:;rm",
        "stun:host\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct auger_stun_uri uri = {.host = "before", .port = 7};
        print_message("%s\n", rows[i]);
        assert_int_equal(auger_stun_uri_parse(&uri, rows[i]), AUGER_ERR_MALFORMED);
        assert_string_equal(uri.host, "before");
        assert_int_equal(uri.port, 7);
    }
}

static void the_longest_host_has_255_bytes(void **state)
{
    struct auger_stun_uri uri;
    char text[300] = "stun:";

    (void)state;
    memset(text + 5, 'a', 255);
    assert_int_equal(auger_stun_uri_parse(&uri, text), 0);
    assert_int_equal(strlen(uri.host), 255);
    text[5 + 255] = 'a';
    assert_int_equal(auger_stun_uri_parse(&uri, text), AUGER_ERR_MALFORMED);
}

static void uris_of_turn_servers_are_read(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
        enum auger_transport transport;
        bool is_secure;
    } rows[] = {
        {"turn:turn.example", "turn.example", 3478, AUGER_UDP, false},
        {"TURN:turn.example:99", "turn.example", 99, AUGER_UDP, false},
        {"turn:192.0.2.1?transport=udp", "192.0.2.1", 3478, AUGER_UDP, false},
        {"turn:[2001:db8::1]:80?transport=TCP", "2001:db8::1", 80, AUGER_TCP, false},
        {"turns:turn.example", "turn.example", 5349, AUGER_TCP, true},
        {"turns:turn.example:443?transport=tcp", "turn.example", 443, AUGER_TCP, true},
        {"turns:turn.example?transport=udp", "turn.example", 5349, AUGER_UDP, true},
        {"turn:turn.example:?transport=udp", "turn.example", 3478, AUGER_UDP, false},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct auger_turn_uri uri;
        size_t wrong;
        assert_int_equal(auger_turn_uri_parse(&uri, rows[i].text, &wrong), 0);
        assert_string_equal(uri.at.host, rows[i].host);
        assert_int_equal(uri.at.port, rows[i].port);
        assert_int_equal(uri.transport, rows[i].transport);
        assert_int_equal(uri.at.is_secure, rows[i].is_secure);
        assert_int_equal(uri.has_transport, strchr(rows[i].text, '?') != NULL);
    }
}

static void where_a_turn_uri_goes_wrong_is_said(void **state)
{
    static const struct {
        const char *text;
        size_t wrong;
    } rows[] = {
        {"", 0},
        {"stun:a", 0},
        {"turn", 0},
        {"turn:", 5},
        {"turn://a", 5},
        {"turn:user@h", 9},
        {"turn:[::1%25eth0]:99999?transport=sctp", 5},
        {"turn:a:99999", 7},
        {"turn:a:0", 7},
        {"turn:a?transport=sctp", 17},
        {"turn:a?transport=", 17},
        {"turn:a?transport=udp2", 17},
        {"turns:a?lr", 7},
        {"turn:a\r\n", 6},
        {"turn:a b", 6},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct auger_turn_uri uri = {.at = {.host = "before", .port = 7}};
        size_t wrong = 99;
        print_message("%s\n", rows[i].text);
        assert_int_equal(auger_turn_uri_parse(&uri, rows[i].text, &wrong), AUGER_ERR_MALFORMED);
        assert_int_equal(wrong, rows[i].wrong);
        assert_string_equal(uri.at.host, "before");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uris_of_stun_servers_are_read),
        cmocka_unit_test(whether_a_port_was_named_is_kept),
        cmocka_unit_test(what_is_none_is_refused_and_changes_nothing),
        cmocka_unit_test(the_longest_host_has_255_bytes),
        cmocka_unit_test(uris_of_turn_servers_are_read),
        cmocka_unit_test(where_a_turn_uri_goes_wrong_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
