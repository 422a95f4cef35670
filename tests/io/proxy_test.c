/* What is said to a proxy, and what its answers mean: HTTP CONNECT and SOCKS5. */
#include "io/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static struct auger_proxy proxy;
static struct auger_proxy_talk talk;

static void begin(const char *url, const char *host, uint16_t port)
{
    assert_int_equal(auger_proxy_parse(&proxy, url), 0);
    auger_proxy_begin(&talk, &proxy, host, port);
}

static void assert_says(const void *bytes, size_t len)
{
    assert_int_equal(talk.out_len, len);
    assert_memory_equal(talk.out, bytes, len);
    talk.out_len = 0;
}

static void hear(const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        auger_proxy_hear(&talk, ((const uint8_t *)bytes)[i]);
}

#define SAYS(text) assert_says(text, sizeof(text) - 1)
#define HEAR(text) hear(text, sizeof(text) - 1)

/* --- URLs ----------------------------------------------------------------------------------- */

static void urls_of_proxies_are_read(void **state)
{
    static const struct {
        const char *url;
        enum auger_proxy_kind kind;
        const char *host;
        uint16_t port;
        const char *user, *password;
    } rows[] = {
        {"http://proxy.example:3128", AUGER_PROXY_HTTP, "proxy.example", 3128, "", ""},
        {"http://proxy.example/", AUGER_PROXY_HTTP, "proxy.example", 8080, "", ""},
        {"HTTP://[2001:db8::1]", AUGER_PROXY_HTTP, "2001:db8::1", 8080, "", ""},
        {"http://[2001:db8::1]:1", AUGER_PROXY_HTTP, "2001:db8::1", 1, "", ""},
        {"socks5://192.0.2.1", AUGER_PROXY_SOCKS5, "192.0.2.1", 1080, "", ""},
        {"socks5://a:b:c@d@192.0.2.1:9", AUGER_PROXY_SOCKS5, "192.0.2.1", 9, "a", "b:c@d"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(auger_proxy_parse(&proxy, rows[i].url), 0);
        assert_int_equal(proxy.kind, rows[i].kind);
        assert_string_equal(proxy.at.host, rows[i].host);
        assert_int_equal(proxy.at.port, rows[i].port);
        assert_string_equal(proxy.user, rows[i].user);
        assert_string_equal(proxy.password, rows[i].password);
    }
}

static void others_are_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "proxy.example",
        "https://a",
        "socks4://a",
        "http://",
        "http://a:0",
        "http://a:b",
        "http://@a",
        "http://u@a",
        "http://:p@a",
        "http://u:@a",
        "http://a b",
        "http://a/path",
        "socks5://a\n",
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("%s\n", rows[i]);
        assert_int_equal(auger_proxy_parse(&proxy, rows[i]), AUGER_ERR_MALFORMED);
    }
}

/* --- HTTP ----------------------------------------------------------------------------------- */

static void connect_names_the_server(void **state)
{
    (void)state;
    begin("http://proxy", "turn.example", 443);
    SAYS("CONNECT turn.example:443 HTTP/1.1\r\nHost: turn.example:443\r\n\r\n");
    HEAR("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r");
    assert_int_equal(talk.step, AUGER_PROXY_ASKED);
    HEAR("\n");
    assert_int_equal(talk.step, AUGER_PROXY_DONE);
    HEAR("\x16\x03"); /* what follows is not the proxy's */
    assert_int_equal(talk.step, AUGER_PROXY_DONE);
}

static void addresses_of_ipv6_have_brackets_and_names_a_header(void **state)
{
    (void)state;
    begin("http://Aladdin:open sesame@proxy", "2001:db8::1", 5349);
    SAYS("CONNECT [2001:db8::1]:5349 HTTP/1.1\r\nHost: [2001:db8::1]:5349\r\n"
         "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"); /* RFC 7617 */
}

static void a_refusal_of_http_is_named(void **state)
{
    static const struct {
        const char *url, *answer, *why;
    } rows[] = {
        {"http://p", "HTTP/1.1 407 Authenticate\r\n\r\n",
         "the proxy wants a name and a password (407)"},
        {"http://a:b@p", "HTTP/1.0 407 Authenticate\r\n\r\n",
         "the proxy refuses the name or the password (407)"},
        {"http://p", "HTTP/1.1 403 Forbidden\r\nX: y\r\n\r\n",
         "the proxy refuses the connection (403)"},
        {"http://p", "SSH-2.0-x\r\n\r\n", "the proxy does not speak HTTP"},
        {"http://p", "\r\n\r\n", "the proxy does not speak HTTP"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin(rows[i].url, "turn.example", 443);
        hear(rows[i].answer, strlen(rows[i].answer));
        assert_int_equal(talk.step, AUGER_PROXY_REFUSED);
        assert_string_equal(talk.why, rows[i].why);
    }
}

static void an_answer_has_an_end(void **state)
{
    (void)state;
    begin("http://p", "turn.example", 443);
    for (int i = 0; i < AUGER_PROXY_ANSWER_MAX - 1; i++)
        HEAR("x");
    assert_int_equal(talk.step, AUGER_PROXY_ASKED);
    HEAR("x");
    assert_string_equal(talk.why, "the proxy answers without end");
}

/* --- SOCKS5 --------------------------------------------------------------------------------- */

static void socks_asks_by_name(void **state)
{
    (void)state;
    begin("socks5://p", "turn.example", 443);
    SAYS("\x05\x01\x00");
    HEAR("\x05\x00");
    SAYS("\x05\x01\x00\x03\x0Cturn.example\x01\xBB");
    HEAR("\x05\x00\x00\x01\xC0\x00\x02\x01\x12");
    assert_int_equal(talk.step, AUGER_PROXY_ASKED);
    HEAR("\x34");
    assert_int_equal(talk.step, AUGER_PROXY_DONE);
}

static void socks_asks_by_address(void **state)
{
    (void)state;
    begin("socks5://p", "192.0.2.1", 5349);
    talk.out_len = 0;
    HEAR("\x05\x00");
    SAYS("\x05\x01\x00\x01\xC0\x00\x02\x01\x14\xE5");
    HEAR("\x05\x00\x00\x03\x03"
         "abc"
         "\x12\x34"); /* bound to a name */
    assert_int_equal(talk.step, AUGER_PROXY_DONE);

    begin("socks5://p", "2001:db8::1", 1);
    talk.out_len = 0;
    HEAR("\x05\x00");
    SAYS("\x05\x01\x00\x04\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x01");
}

static void socks_says_who_we_are(void **state)
{
    (void)state;
    begin("socks5://alice:secret@p", "turn.example", 443);
    SAYS("\x05\x02\x00\x02");
    HEAR("\x05\x02");
    SAYS("\x01\x05"
         "alice\x06secret");
    HEAR("\x01\x00");
    assert_int_equal(talk.step, AUGER_PROXY_ASKED);
    SAYS("\x05\x01\x00\x03\x0Cturn.example\x01\xBB");
}

static void a_refusal_of_socks_is_named(void **state)
{
    static const struct {
        const char *url, *answer;
        size_t len;
        const char *why;
    } rows[] = {
        {"socks5://p", "\x04\x00", 2, "the proxy does not speak SOCKS5"},
        {"socks5://p", "\x05\xFF", 2, "the proxy wants a name and a password"},
        {"socks5://p", "\x05\x02", 2, "the proxy wants a name and a password"},
        {"socks5://a:b@p", "\x05\x02\x01\x01", 4, "the proxy refuses the name or the password"},
        {"socks5://p", "\x05\x00\x05\x02\x00\x01\0\0\0\0\0\0", 12,
         "the proxy does not allow the connection"},
        {"socks5://p", "\x05\x00\x05\x05\x00\x01\0\0\0\0\0\0", 12,
         "the proxy was refused by the server"},
        {"socks5://p", "\x05\x00\x05\x63\x00\x01\0\0\0\0\0\0", 12, "the proxy failed"},
        {"socks5://p", "\x05\x00\x04\x00\x00\x01\0\0\0\0\0\0", 12,
         "the proxy does not speak SOCKS5"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin(rows[i].url, "turn.example", 443);
        hear(rows[i].answer, rows[i].len);
        assert_int_equal(talk.step, AUGER_PROXY_REFUSED);
        assert_string_equal(talk.why, rows[i].why);
    }
}

static void the_longest_names_fit(void **state)
{
    char url[600], host[256], longest[256];
    (void)state;

    memset(longest, 'n', 255);
    longest[255] = '\0';
    memcpy(host, longest, sizeof(host));
    for (int kind = 0; kind < 2; kind++) {
        snprintf(url, sizeof(url), "%s://%s:%s@p", kind ? "http" : "socks5", longest, longest);
        begin(url, host, 65535);
        assert_in_range(talk.out_len, 1, sizeof(talk.out) - 1);
        if (kind)
            assert_memory_equal(talk.out + talk.out_len - 4, "\r\n\r\n", 4);
        else
            HEAR("\x05\x02");
        assert_in_range(talk.out_len, 500, sizeof(talk.out) - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_of_proxies_are_read),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(connect_names_the_server),
        cmocka_unit_test(addresses_of_ipv6_have_brackets_and_names_a_header),
        cmocka_unit_test(a_refusal_of_http_is_named),
        cmocka_unit_test(an_answer_has_an_end),
        cmocka_unit_test(socks_asks_by_name),
        cmocka_unit_test(socks_asks_by_address),
        cmocka_unit_test(socks_says_who_we_are),
        cmocka_unit_test(a_refusal_of_socks_is_named),
        cmocka_unit_test(the_longest_names_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
