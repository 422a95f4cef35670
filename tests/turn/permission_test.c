/* Permissions: RFC 8656 sections 9 and 10. */
#include "tests/turn/puppet.h"

#define OTHER "203.0.113.8:7000"

static void a_permission_is_of_an_ip_whatever_the_port(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER), neighbour = addr_of("203.0.113.7:9"),
                      other = addr_of(OTHER), asked;

    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), 0);
    assert_false(auger_turn_is_permitted(p->turn, p->now, &peer));
    expect_request(p, AUGER_STUN_CREATE_PERMISSION);
    assert_true(auger_stun_msg_addr(&p->request, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &asked));
    assert_true(auger_addr_ip_equal(&asked, &peer));
    assert_true(is_signed(p));
    confirm(p);
    expect_event(p, AUGER_TURN_EVENT_PERMITTED);
    expect_no_event(p);
    assert_true(auger_turn_is_permitted(p->turn, p->now, &peer));
    assert_true(auger_turn_is_permitted(p->turn, p->now, &neighbour));
    assert_false(auger_turn_is_permitted(p->turn, p->now, &other));
    assert_int_equal(auger_turn_permit(p->turn, p->now, &neighbour), 0); /* no second request */
    expect_silence(p);
    puppet_free(p);
}

static void it_is_renewed_a_minute_before_it_ends(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);
    auger_time start = p->now;

    puppet_permit(p, PEER);
    assert_int_equal(auger_turn_next_timeout(p->turn), start + 240 * AUGER_SEC);
    p->now = start + 240 * AUGER_SEC;
    expect_request(p, AUGER_STUN_CREATE_PERMISSION);
    confirm(p);
    expect_no_event(p);
    assert_int_equal(auger_turn_next_timeout(p->turn), start + 480 * AUGER_SEC);
    assert_true(auger_turn_is_permitted(p->turn, start + 300 * AUGER_SEC, &peer));
    puppet_free(p);
}

static void one_that_is_forgotten_ends(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);
    auger_time start = p->now;

    puppet_permit(p, PEER);
    auger_turn_forget(p->turn, &peer);
    assert_int_equal(auger_turn_next_timeout(p->turn), start + 300 * AUGER_SEC);
    assert_true(auger_turn_is_permitted(p->turn, start + 300 * AUGER_SEC - 1, &peer));
    assert_false(auger_turn_is_permitted(p->turn, start + 300 * AUGER_SEC, &peer));
    p->now = start + 300 * AUGER_SEC;
    expect_silence(p);
    expect_event(p, AUGER_TURN_EVENT_REFUSED);
    assert_int_equal(p->event.peer.error, AUGER_TURN_ERROR_EXPIRED);
    puppet_permit(p, PEER);
    puppet_free(p);
}

/* It would have been renewed before: nobody need be called again for that. */
static void one_that_is_wanted_again_late_is_renewed_at_once(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);

    puppet_permit(p, PEER);
    auger_turn_forget(p->turn, &peer);
    p->now += 250 * AUGER_SEC;
    expect_silence(p);
    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), 0);
    p->len = auger_turn_poll_transmit(p->turn, p->now, p->buf, AUGER_DATAGRAM_MAX);
    assert_true(p->len > 0);
    assert_true(auger_turn_next_timeout(p->turn) > p->now);
    assert_int_equal(auger_stun_msg_parse(&p->request, p->buf, p->len), 0);
    assert_int_equal(p->request.method, AUGER_STUN_CREATE_PERMISSION);
    confirm(p);
    expect_no_event(p);
    assert_true(auger_turn_is_permitted(p->turn, p->now + 300 * AUGER_SEC - 1, &peer));
    puppet_free(p);
}

/* Nobody has looked between the end and the new wish. */
static void one_that_has_ended_unseen_is_asked_for_anew(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);

    puppet_permit(p, PEER);
    auger_turn_forget(p->turn, &peer);
    p->now += 301 * AUGER_SEC;
    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), 0);
    expect_event(p, AUGER_TURN_EVENT_REFUSED);
    expect_request(p, AUGER_STUN_CREATE_PERMISSION);
    confirm(p);
    expect_event(p, AUGER_TURN_EVENT_PERMITTED);
    puppet_free(p);
}

static void a_refused_peer_takes_no_other_with_it(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        enum auger_turn_error error;
    } rows[] = {
        {403, AUGER_TURN_ERROR_FORBIDDEN},
        {443, AUGER_TURN_ERROR_PEER_FAMILY},
        {508, AUGER_TURN_ERROR_CAPACITY},
        {400, AUGER_TURN_ERROR_BAD_REQUEST},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct puppet *p = puppet_allocated();
        struct auger_addr peer = addr_of(PEER), other = addr_of(OTHER);
        puppet_permit(p, PEER);
        assert_int_equal(auger_turn_permit(p->turn, p->now, &other), 0);
        expect_request(p, AUGER_STUN_CREATE_PERMISSION);
        refuse(p, rows[i].code);
        expect_event(p, AUGER_TURN_EVENT_REFUSED);
        assert_true(auger_addr_equal(&p->event.peer.addr, &other));
        assert_int_equal(p->event.peer.error, rows[i].error);
        assert_int_equal(p->event.peer.code, rows[i].code);
        assert_true(auger_turn_is_permitted(p->turn, p->now, &peer));
        assert_false(auger_turn_is_permitted(p->turn, p->now, &other));
        assert_int_equal(auger_turn_state(p->turn), AUGER_TURN_ALLOCATED);
        puppet_free(p);
    }
}

static void one_that_is_asked_for_anew_is_not_there_yet(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);

    puppet_permit(p, PEER);
    p->now += 240 * AUGER_SEC;
    expect_request(p, AUGER_STUN_CREATE_PERMISSION);
    refuse(p, 403);
    expect_event(p, AUGER_TURN_EVENT_REFUSED);
    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), 0);
    assert_false(auger_turn_is_permitted(p->turn, p->now, &peer));
    puppet_free(p);
}

/* The server's clock runs from when the request came, which is nearer to when it left. */
static void its_time_runs_from_the_request(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);
    auger_time start = p->now;

    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), 0);
    expect_request(p, AUGER_STUN_CREATE_PERMISSION);
    p->now += 400 * AUGER_MS;
    confirm(p);
    assert_int_equal(auger_turn_next_timeout(p->turn), start + 240 * AUGER_SEC);
    puppet_free(p);
}

static void wrong_credentials_end_it_all(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);

    puppet_permit(p, OTHER);
    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), 0);
    expect_request(p, AUGER_STUN_CREATE_PERMISSION);
    refuse(p, 441);
    expect_failure(p, AUGER_TURN_ERROR_WRONG_CREDENTIALS, 441);
    expect_silence(p);
    puppet_free(p);
}

static void silence_at_a_renewal_ends_it_when_its_time_is_over(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);
    auger_time start = p->now;

    puppet_permit(p, PEER);
    while (p->now < start + 300 * AUGER_SEC) {
        assert_true(auger_turn_is_permitted(p->turn, p->now, &peer));
        expect_no_event(p);
        p->now = auger_turn_next_timeout(p->turn);
        poll_at(p, p->now);
    }
    assert_int_equal(p->now, start + 300 * AUGER_SEC);
    expect_event(p, AUGER_TURN_EVENT_REFUSED);
    assert_int_equal(p->event.peer.error, AUGER_TURN_ERROR_TIMEOUT);
    puppet_free(p);
}

static void a_table_that_is_full_says_so(void **state)
{
    (void)state;
    struct puppet *p = puppet_prepare();
    struct auger_addr peer = addr_of(PEER);

    p->config.permissions_max = 3;
    puppet_start(p);
    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), AUGER_ERR_STATE);
    puppet_allocate(p);
    for (uint8_t i = 0; i < 4; i++) {
        peer.ip[3] = i;
        assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), i < 3 ? 0 : AUGER_ERR_LIMIT);
    }
    for (uint8_t i = 0; i < 3; i++) {
        expect_request(p, AUGER_STUN_CREATE_PERMISSION);
        refuse(p, 403);
        expect_event(p, AUGER_TURN_EVENT_REFUSED);
    }
    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), 0); /* there is room again */
    puppet_free(p);
}

static void what_is_no_peer_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"0.0.0.0:1", "224.0.0.1:1", "255.255.255.255:1", "[::]:1"};
    struct puppet *p = puppet_allocated();

    for (size_t i = 0; i < COUNT(bad); i++) {
        struct auger_addr peer = addr_of(bad[i]);
        assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), AUGER_ERR_INVALID);
    }
    struct auger_addr tcp = tcp_of(PEER);
    assert_int_equal(auger_turn_permit(p->turn, p->now, &tcp), AUGER_ERR_INVALID);
    p->no_random = true;
    tcp.transport = AUGER_UDP;
    assert_int_equal(auger_turn_permit(p->turn, p->now, &tcp), AUGER_ERR_ENTROPY);
    p->no_random = false;
    expect_silence(p);
    assert_int_equal(auger_turn_permit(p->turn, p->now, &tcp), 0);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_permission_is_of_an_ip_whatever_the_port),
        cmocka_unit_test(it_is_renewed_a_minute_before_it_ends),
        cmocka_unit_test(one_that_is_forgotten_ends),
        cmocka_unit_test(one_that_is_wanted_again_late_is_renewed_at_once),
        cmocka_unit_test(one_that_has_ended_unseen_is_asked_for_anew),
        cmocka_unit_test(a_refused_peer_takes_no_other_with_it),
        cmocka_unit_test(one_that_is_asked_for_anew_is_not_there_yet),
        cmocka_unit_test(its_time_runs_from_the_request),
        cmocka_unit_test(wrong_credentials_end_it_all),
        cmocka_unit_test(silence_at_a_renewal_ends_it_when_its_time_is_over),
        cmocka_unit_test(a_table_that_is_full_says_so),
        cmocka_unit_test(what_is_no_peer_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
