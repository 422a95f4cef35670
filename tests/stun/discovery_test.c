/* What a discovery believes, and whom: one answer at a time.  What it makes of whole NATs is
 * tests/scenarios/discovery_test.c's. */
#include "tests/stun/message.h"

#include <auger/crypto.h>
#include <auger/stun_discovery.h>

#include <string.h>

static struct auger_addr locals[AUGER_DISCOVERY_SOCKETS], server;
static struct auger_discovery *discovery;
static struct auger_discovery_way way;
static uint8_t request[AUGER_DISCOVERY_DATAGRAM_MAX];

static struct auger_discovery_config config_of(void)
{
    struct auger_discovery_config config;

    auger_discovery_config_init(&config);
    for (size_t i = 0; i < AUGER_DISCOVERY_SOCKETS; i++) {
        locals[i] = addr_of("192.168.1.2:40000");
        locals[i].port = (uint16_t)(40000 + i);
    }
    server = addr_of("198.51.100.1:3478");
    config.locals = locals;
    config.locals_len = AUGER_DISCOVERY_SOCKETS;
    config.servers = &server;
    config.servers_len = 1;
    return config;
}

static int begin(void **state)
{
    const struct auger_discovery_config config = config_of();

    (void)state;
    assert_int_equal(0, auger_discovery_new(&discovery, auger_env_system(), 0, &config));
    assert_true(auger_discovery_poll_transmit(discovery, 0, &way, request, sizeof(request)) > 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    auger_discovery_free(discovery);
    return 0;
}

/* To the last request. */
static void answer(size_t socket, const char *from, bool same_id)
{
    struct auger_addr mapped = addr_of("203.0.113.7:7000"), source = addr_of(from);
    struct auger_stun_builder b;
    struct auger_stun_tid tid;
    uint8_t buf[256];

    memcpy(tid.bytes, request + 8, sizeof(tid.bytes));
    tid.bytes[0] ^= !same_id;
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_SUCCESS, AUGER_STUN_BINDING, &tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
    auger_discovery_handle_datagram(discovery, 0, socket, &source, buf,
                                    (size_t)auger_stun_build_end(&b));
}

static bool is_believed(void)
{
    struct auger_discovery_report report;

    auger_discovery_get_report(discovery, &report);
    return report.servers[0].mapped.family != AUGER_FAMILY_NONE;
}

static void an_answer_is_believed(void **state)
{
    (void)state;
    answer(way.socket, "198.51.100.1:3478", true);
    assert_true(is_believed());
}

static void an_answer_from_elsewhere_is_not(void **state)
{
    struct auger_discovery_report report;

    (void)state;
    answer(way.socket, "198.51.100.1:3479", true);
    answer(way.socket, "198.51.100.2:3478", true);
    assert_false(is_believed());
    auger_discovery_get_report(discovery, &report);
    assert_int_equal(2, report.ignored);
}

static void an_answer_with_another_id_is_not(void **state)
{
    (void)state;
    answer(way.socket, "198.51.100.1:3478", false);
    assert_false(is_believed());
}

static void an_answer_at_another_socket_is_not(void **state)
{
    (void)state;
    answer(way.socket + 1, "198.51.100.1:3478", true);
    answer(AUGER_DISCOVERY_SOCKETS, "198.51.100.1:3478", true);
    assert_false(is_believed());
}

/* Nobody can make it believe in a hairpin by sending a request. */
static void a_request_answers_nothing(void **state)
{
    struct auger_discovery_report report;

    (void)state;
    request[0] = 0;
    auger_discovery_handle_datagram(discovery, 0, way.socket, &server, request, 28);
    auger_discovery_get_report(discovery, &report);
    assert_int_equal(1, report.ignored);
    assert_int_equal(AUGER_DISCOVERY_HAIRPIN_UNKNOWN, report.hairpin);
}

static void silence_ends_after_five_requests(void **state)
{
    struct auger_discovery_report report;
    auger_time now = 0;
    int sent = 1;

    (void)state;
    while ((now = auger_discovery_next_timeout(discovery)) != AUGER_NEVER) {
        auger_discovery_handle_timeout(discovery, now);
        sent += auger_discovery_poll_transmit(discovery, now, &way, request, sizeof(request)) > 0;
        assert_true(now < 12 * AUGER_SEC);
    }
    assert_int_equal(5, sent);
    auger_discovery_get_report(discovery, &report);
    assert_int_equal(AUGER_DISCOVERY_NO, report.udp);
    assert_int_equal(AUGER_DISCOVERY_DONE, report.stage);
}

/* --- what it is begun with ------------------------------------------------------------------- */

static void refused(const struct auger_discovery_config *config)
{
    struct auger_discovery *none = NULL;

    assert_int_equal(AUGER_ERR_INVALID, auger_discovery_new(&none, auger_env_system(), 0, config));
    assert_null(none);
}

static void a_config_that_cannot_be_is_refused(void **state)
{
    struct auger_discovery_config config = config_of();

    (void)state;
    config.locals_len--;
    refused(&config);
    config = config_of();
    config.servers_len = 0;
    refused(&config);
    config.servers_len = AUGER_DISCOVERY_SERVERS_MAX + 1;
    refused(&config);
    config = config_of();
    config.lifetime_max = AUGER_DISCOVERY_LIFETIME_MAX + 1;
    refused(&config);
    config = config_of();
    locals[3].port = 0;
    refused(&config);
    config = config_of();
    server = addr_of("[2001:db8::1]:3478");
    refused(&config);
    server = addr_of("224.0.0.1:3478");
    refused(&config);
    server = addr_of("198.51.100.1:0");
    refused(&config);
}

static int no_random(void *user, uint8_t *buf, size_t len)
{
    (void)user;
    (void)buf;
    (void)len;
    return AUGER_ERR_ENTROPY;
}

static void without_entropy_nothing_is_asked_and_it_tries_again(void **state)
{
    const struct auger_discovery_config config = config_of();
    struct auger_env env = *auger_env_system();

    (void)state;
    env.random = no_random;
    assert_int_equal(0, auger_discovery_new(&discovery, &env, 0, &config));
    assert_int_equal(0,
                     auger_discovery_poll_transmit(discovery, 0, &way, request, sizeof(request)));
    auger_time next = auger_discovery_next_timeout(discovery);
    assert_true(next > 0 && next != AUGER_NEVER);
    env.random = auger_env_system()->random;
    assert_int_not_equal(
        0, auger_discovery_poll_transmit(discovery, next, &way, request, sizeof(request)));
    auger_discovery_free(discovery);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_answer_is_believed),
        test(an_answer_from_elsewhere_is_not),
        test(an_answer_with_another_id_is_not),
        test(an_answer_at_another_socket_is_not),
        test(a_request_answers_nothing),
        test(silence_ends_after_five_requests),
        cmocka_unit_test(a_config_that_cannot_be_is_refused),
        cmocka_unit_test(without_entropy_nothing_is_asked_and_it_tries_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
