/* A client that is sent on to another server: RFC 8489 section 10, RFC 8656 section 7.4. */
#include "tests/turn/puppet.h"

static void send_on_to(struct puppet *p, const char *server)
{
    struct answer a;

    begin(&a, p, AUGER_STUN_ERROR);
    auger_stun_build_error(&a.b, 300);
    add_addr(&a, AUGER_STUN_ATTR_ALTERNATE_SERVER, server);
    sign_and_send(&a);
}

static void another_server_is_asked_with_the_same_credentials(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();
    struct auger_addr second = addr_of("198.51.100.54:3478");

    puppet_authenticate(p);
    send_on_to(p, "198.51.100.54:3478");
    expect_event(p, AUGER_TURN_EVENT_ALTERNATE_SERVER);
    assert_true(auger_addr_equal(&p->event.server, &second));
    assert_true(auger_addr_equal(auger_turn_server(p->turn), &second));
    p->server = second;
    expect_request(p, AUGER_STUN_ALLOCATE);
    assert_false(puppet_asks(p, AUGER_STUN_ATTR_USERNAME)); /* 8489, 9.2.3.1 */
    challenge_with(p, 401, &plain_challenge);
    expect_request(p, AUGER_STUN_ALLOCATE);
    assert_true(is_signed(p));
    puppet_free(p);
}

static void send_on_as(struct puppet *p, const char *server, const void *domain, size_t len)
{
    struct answer a;

    begin(&a, p, AUGER_STUN_ERROR);
    auger_stun_build_error(&a.b, 300);
    add_addr(&a, AUGER_STUN_ATTR_ALTERNATE_SERVER, server);
    auger_stun_build_bytes(&a.b, AUGER_STUN_ATTR_ALTERNATE_DOMAIN, domain, len);
    sign_and_send(&a);
    p->server = *auger_turn_server(p->turn);
}

/* 8489, 14.16. */
static void another_server_may_have_another_name(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();

    assert_null(auger_turn_domain(p->turn));
    expect_request(p, AUGER_STUN_ALLOCATE);
    send_on_as(p, "198.51.100.54:3478", "b.Example-1.org", 15);
    expect_event(p, AUGER_TURN_EVENT_ALTERNATE_SERVER);
    assert_string_equal(auger_turn_domain(p->turn), "b.Example-1.org");
    expect_request(p, AUGER_STUN_ALLOCATE);
    send_on_to(p, "198.51.100.55:3478"); /* who says none means the same */
    p->server = *auger_turn_server(p->turn);
    assert_string_equal(auger_turn_domain(p->turn), "b.Example-1.org");
    expect_request(p, AUGER_STUN_ALLOCATE);
    send_on_as(p, "198.51.100.56:3478", "c.example", 9);
    assert_string_equal(auger_turn_domain(p->turn), "c.example");
    puppet_free(p);
}

static void a_name_that_is_none_is_not_followed(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } rows[] = {{"", 0}, {"a b", 3}, {"a\0b", 3}, {"*.example", 9}, {"h\xC3\xB6st", 5}};
    (void)state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct puppet *p = puppet_new();
        expect_request(p, AUGER_STUN_ALLOCATE);
        send_on_as(p, "198.51.100.54:3478", rows[i].text, rows[i].len);
        expect_failure(p, AUGER_TURN_ERROR_TRY_ALTERNATE, 300);
        assert_null(auger_turn_domain(p->turn));
        puppet_free(p);
    }
}

static void servers_that_send_on_in_a_circle_are_not_followed(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();

    expect_request(p, AUGER_STUN_ALLOCATE);
    send_on_to(p, "198.51.100.54:3478");
    expect_event(p, AUGER_TURN_EVENT_ALTERNATE_SERVER);
    p->server = *auger_turn_server(p->turn);
    expect_request(p, AUGER_STUN_ALLOCATE);
    send_on_to(p, SERVER);
    expect_failure(p, AUGER_TURN_ERROR_TRY_ALTERNATE, 300);
    puppet_free(p);
}

static void nor_is_a_long_row_of_them_nor_another_family(void **state)
{
    (void)state;
    static const char *const hops[] = {"198.51.100.54:1", "198.51.100.55:1", "198.51.100.56:1",
                                       "198.51.100.57:1"};
    struct puppet *p = puppet_new();

    for (size_t i = 0; i < COUNT(hops); i++) {
        expect_request(p, AUGER_STUN_ALLOCATE);
        send_on_to(p, hops[i]);
        p->server = *auger_turn_server(p->turn);
    }
    expect_event(p, AUGER_TURN_EVENT_ALTERNATE_SERVER);
    expect_failure(p, AUGER_TURN_ERROR_TRY_ALTERNATE, 300);
    puppet_free(p);

    p = puppet_new();
    expect_request(p, AUGER_STUN_ALLOCATE);
    send_on_to(p, "[2001:db8::53]:3478");
    expect_failure(p, AUGER_TURN_ERROR_TRY_ALTERNATE, 300);
    puppet_free(p);
}

static void another_stream_is_the_owners_to_open(void **state)
{
    (void)state;
    struct puppet *p = puppet_prepare();
    struct auger_addr second = tcp_of("198.51.100.54:3478");

    p->config.server = tcp_of(SERVER);
    puppet_start(p);
    puppet_authenticate(p);
    send_on_to(p, "198.51.100.54:3478");
    expect_event(p, AUGER_TURN_EVENT_ALTERNATE_SERVER);
    assert_true(auger_addr_equal(&p->event.server, &second));
    assert_true(auger_addr_equal(auger_turn_server(p->turn), &second));
    p->server = second;
    auger_time start = p->now;
    expect_request(p, AUGER_STUN_ALLOCATE);
    assert_int_equal(auger_turn_next_timeout(p->turn), start + 39500 * AUGER_MS);
    challenge_with(p, 401, &plain_challenge);
    expect_request(p, AUGER_STUN_ALLOCATE);
    grant_with(p, RELAYED, NULL, 600);
    expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_server_is_asked_with_the_same_credentials),
        cmocka_unit_test(another_server_may_have_another_name),
        cmocka_unit_test(a_name_that_is_none_is_not_followed),
        cmocka_unit_test(servers_that_send_on_in_a_circle_are_not_followed),
        cmocka_unit_test(nor_is_a_long_row_of_them_nor_another_family),
        cmocka_unit_test(another_stream_is_the_owners_to_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
