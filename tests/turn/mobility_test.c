/* An allocation that follows its client to another local address: RFC 8016, against a puppet of a
 * server. */
#include "tests/turn/puppet.h"

#define TICKET "ticket one"
#define NEXT_TICKET "another ticket"

static void add_ticket(struct answer *a, const char *ticket)
{
    if (ticket)
        auger_stun_build_bytes(&a->b, AUGER_STUN_ATTR_MOBILITY_TICKET, ticket, strlen(ticket));
}

static void grant_with_ticket(struct puppet *p, const char *ticket)
{
    struct answer a;

    begin(&a, p, AUGER_STUN_SUCCESS);
    add_addr(&a, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, RELAYED);
    add_addr(&a, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, MAPPED);
    auger_stun_build_u32(&a.b, AUGER_STUN_ATTR_LIFETIME, 600);
    add_ticket(&a, ticket);
    sign_and_send(&a);
    expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
}

static void confirm_with_ticket(struct puppet *p, const char *ticket)
{
    struct answer a;

    begin(&a, p, AUGER_STUN_SUCCESS);
    auger_stun_build_u32(&a.b, AUGER_STUN_ATTR_LIFETIME, 600);
    add_ticket(&a, ticket);
    sign_and_send(&a);
}

static struct puppet *puppet_mobile(void)
{
    struct puppet *p = puppet_prepare();

    p->config.mobility = true;
    puppet_start(p);
    puppet_authenticate(p);
    assert_true(has_text(p, AUGER_STUN_ATTR_MOBILITY_TICKET, ""));
    grant_with_ticket(p, TICKET);
    assert_true(p->event.allocated.mobility);
    return p;
}

static void expect_move(struct puppet *p, const char *ticket)
{
    assert_int_equal(auger_turn_move(p->turn, p->now), 0);
    expect_request(p, AUGER_STUN_REFRESH);
    assert_true(has_text(p, AUGER_STUN_ATTR_MOBILITY_TICKET, ticket));
    assert_false(puppet_asks(p, AUGER_STUN_ATTR_LIFETIME));
    assert_true(is_signed(p));
}

static void who_does_not_want_to_move_asks_for_no_ticket(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();

    puppet_authenticate(p);
    assert_false(puppet_asks(p, AUGER_STUN_ATTR_MOBILITY_TICKET));
    grant_with_ticket(p, TICKET);
    assert_false(p->event.allocated.mobility);
    assert_int_equal(auger_turn_move(p->turn, p->now), AUGER_ERR_STATE);
    puppet_free(p);
}

static void the_ticket_is_shown_when_we_move_and_a_new_one_the_next_time(void **state)
{
    (void)state;
    struct puppet *p = puppet_mobile();

    expect_move(p, TICKET);
    confirm_with_ticket(p, NEXT_TICKET);
    expect_event(p, AUGER_TURN_EVENT_MOVED);
    expect_no_event(p);
    expect_silence(p);
    expect_move(p, NEXT_TICKET);
    puppet_free(p);
}

/* 3.2.1: the server would refuse it. */
static void a_refresh_from_where_we_are_shows_no_ticket(void **state)
{
    (void)state;
    struct puppet *p = puppet_mobile();

    assert_true(poll_at(p, p->now + 540 * AUGER_SEC) > 0);
    assert_int_equal(p->request.method, AUGER_STUN_REFRESH);
    assert_false(puppet_asks(p, AUGER_STUN_ATTR_MOBILITY_TICKET));
    confirm(p);
    expect_no_event(p);
    expect_move(p, TICKET); /* which is kept */
    puppet_free(p);
}

static void a_refresh_that_is_out_gives_way(void **state)
{
    (void)state;
    struct puppet *p = puppet_mobile();

    assert_true(poll_at(p, p->now + 540 * AUGER_SEC) > 0);
    expect_move(p, TICKET);
    confirm_with_ticket(p, NEXT_TICKET);
    expect_event(p, AUGER_TURN_EVENT_MOVED);
    puppet_free(p);
}

static void permissions_and_channels_come_along_and_data_goes_on(void **state)
{
    (void)state;
    struct puppet *p = puppet_mobile();
    struct auger_addr peer = addr_of(PEER);
    uint8_t out[100];

    puppet_permit(p, PEER);
    expect_move(p, TICKET);
    assert_true(auger_turn_write(p->turn, p->now, &peer, out, 1, out + 20, 80) > 0);
    confirm_with_ticket(p, NEXT_TICKET);
    expect_event(p, AUGER_TURN_EVENT_MOVED);
    assert_true(auger_turn_is_permitted(p->turn, p->now, &peer));
    assert_true(auger_turn_write(p->turn, p->now, &peer, out, 1, out + 20, 80) > 0);
    puppet_free(p);
}

/* To the server they would come from a stranger. */
static void nothing_else_is_asked_from_the_new_address_until_we_are_there(void **state)
{
    (void)state;
    struct puppet *p = puppet_mobile();
    struct auger_addr peer = addr_of(PEER);

    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), 0);
    expect_move(p, TICKET);
    expect_silence(p);
    assert_true(auger_turn_next_timeout(p->turn) > p->now);
    confirm_with_ticket(p, NEXT_TICKET);
    expect_event(p, AUGER_TURN_EVENT_MOVED);
    expect_request(p, AUGER_STUN_CREATE_PERMISSION);
    puppet_free(p);
}

static void a_move_that_is_refused_leaves_all_as_it_was(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        enum auger_turn_error error;
    } rows[] = {{400, AUGER_TURN_ERROR_BAD_REQUEST},
                {405, AUGER_TURN_ERROR_MOBILITY},
                {500, AUGER_TURN_ERROR_SERVER}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct puppet *p = puppet_mobile();
        expect_move(p, TICKET);
        refuse(p, rows[i].code);
        expect_event(p, AUGER_TURN_EVENT_MOVE_FAILED);
        assert_int_equal(p->event.failed.error, rows[i].error);
        assert_int_equal(p->event.failed.code, rows[i].code);
        assert_int_equal(auger_turn_state(p->turn), AUGER_TURN_ALLOCATED);
        assert_true(poll_at(p, p->now + 540 * AUGER_SEC) > 0);
        assert_int_equal(p->request.method, AUGER_STUN_REFRESH);
        assert_false(puppet_asks(p, AUGER_STUN_ATTR_MOBILITY_TICKET));
        puppet_free(p);
    }
}

/* The Refresh that is out is refused by a 401 that nobody signed, and nothing else comes. */
static void refuse_unsigned(struct puppet *p)
{
    challenge_with(p, 401, &plain_challenge);
    for (auger_time end = p->now + 1500 * AUGER_MS; p->now < end;)
        poll_at(p, auger_turn_next_timeout(p->turn));
}

/* docs/decisions/236: what stands is the allocation, where it was; and it is asked for itself. */
static void a_move_that_nobody_s_name_refuses_is_given_up_and_counts_for_nothing(void **state)
{
    (void)state;
    struct puppet *p = puppet_mobile();

    expect_move(p, TICKET);
    refuse_unsigned(p);
    expect_event(p, AUGER_TURN_EVENT_MOVE_FAILED);
    assert_int_equal(p->event.failed.error, AUGER_TURN_ERROR_UNAUTHENTICATED);
    assert_int_equal(auger_turn_state(p->turn), AUGER_TURN_ALLOCATED);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(auger_turn_state(p->turn), AUGER_TURN_ALLOCATED);
        expect_no_event(p);
        while (poll_at(p, auger_turn_next_timeout(p->turn)) == 0)
            ;
        assert_int_equal(p->request.method, AUGER_STUN_REFRESH);
        assert_false(puppet_asks(p, AUGER_STUN_ATTR_MOBILITY_TICKET));
        refuse_unsigned(p);
    }
    expect_failure(p, AUGER_TURN_ERROR_UNAUTHENTICATED, 401);
    puppet_free(p);
}

static void a_move_that_nobody_answers_is_given_up(void **state)
{
    (void)state;
    struct puppet *p = puppet_mobile();

    expect_move(p, TICKET);
    auger_time until = p->now + 40 * AUGER_SEC;
    while (auger_turn_next_timeout(p->turn) < until)
        poll_at(p, auger_turn_next_timeout(p->turn));
    expect_event(p, AUGER_TURN_EVENT_MOVE_FAILED);
    assert_int_equal(p->event.failed.error, AUGER_TURN_ERROR_TIMEOUT);
    assert_int_equal(auger_turn_state(p->turn), AUGER_TURN_ALLOCATED);
    puppet_free(p);
}

static void an_allocation_that_the_server_has_lost_is_lost(void **state)
{
    (void)state;
    struct puppet *p = puppet_mobile();

    expect_move(p, TICKET);
    refuse(p, 437);
    expect_failure(p, AUGER_TURN_ERROR_ALLOCATION_MISMATCH, 437);
    expect_silence(p);
    puppet_free(p);
}

static void a_nonce_of_the_old_address_is_renewed_on_the_way(void **state)
{
    (void)state;
    struct puppet *p = puppet_mobile();

    expect_move(p, TICKET);
    challenge_with(p, 438, &plain_challenge);
    expect_request(p, AUGER_STUN_REFRESH);
    assert_true(has_text(p, AUGER_STUN_ATTR_MOBILITY_TICKET, TICKET));
    confirm_with_ticket(p, NEXT_TICKET);
    expect_event(p, AUGER_TURN_EVENT_MOVED);
    puppet_free(p);
}

/* 3.2.2: the old one is for retransmissions alone. */
static void without_a_new_ticket_there_is_no_second_move(void **state)
{
    (void)state;
    struct puppet *p = puppet_mobile();

    expect_move(p, TICKET);
    confirm_with_ticket(p, NULL);
    expect_event(p, AUGER_TURN_EVENT_MOVED);
    assert_int_equal(auger_turn_move(p->turn, p->now), AUGER_ERR_STATE);
    puppet_free(p);
}

static void who_moves_again_before_the_answer_shows_the_same_ticket(void **state)
{
    (void)state;
    struct puppet *p = puppet_mobile();

    expect_move(p, TICKET);
    expect_move(p, TICKET);
    confirm_with_ticket(p, NEXT_TICKET);
    expect_event(p, AUGER_TURN_EVENT_MOVED);
    expect_no_event(p);
    puppet_free(p);
}

static void a_server_that_forbids_it_gives_an_allocation_all_the_same(void **state)
{
    (void)state;
    struct puppet *p = puppet_prepare();

    p->config.mobility = true;
    puppet_start(p);
    puppet_authenticate(p);
    refuse(p, 405);
    expect_request(p, AUGER_STUN_ALLOCATE);
    assert_false(puppet_asks(p, AUGER_STUN_ATTR_MOBILITY_TICKET));
    refuse(p, 405); /* a second time there is nothing to leave out */
    expect_failure(p, AUGER_TURN_ERROR_MOBILITY, 405);
    puppet_free(p);
}

static void a_ticket_that_fits_no_datagram_is_none(void **state)
{
    (void)state;
    char ticket[514];
    struct puppet *p = puppet_prepare();

    p->config.mobility = true;
    puppet_start(p);
    puppet_authenticate(p);
    memset(ticket, 'x', 513);
    ticket[513] = '\0';
    grant_with_ticket(p, ticket);
    assert_false(p->event.allocated.mobility);
    puppet_free(p);

    p = puppet_prepare();
    p->config.mobility = true;
    puppet_start(p);
    puppet_authenticate(p);
    ticket[512] = '\0';
    grant_with_ticket(p, ticket);
    expect_move(p, ticket);
    puppet_free(p);
}

static void who_gives_back_on_the_way_shows_no_ticket(void **state)
{
    (void)state;
    struct puppet *p = puppet_mobile();
    uint32_t lifetime;

    expect_move(p, TICKET);
    auger_turn_release(p->turn, p->now);
    expect_request(p, AUGER_STUN_REFRESH);
    assert_true(auger_stun_msg_u32(&p->request, AUGER_STUN_ATTR_LIFETIME, &lifetime));
    assert_int_equal(lifetime, 0);
    assert_false(puppet_asks(p, AUGER_STUN_ATTR_MOBILITY_TICKET));
    confirm(p);
    expect_event(p, AUGER_TURN_EVENT_RELEASED);
    expect_no_event(p);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_does_not_want_to_move_asks_for_no_ticket),
        cmocka_unit_test(the_ticket_is_shown_when_we_move_and_a_new_one_the_next_time),
        cmocka_unit_test(a_refresh_from_where_we_are_shows_no_ticket),
        cmocka_unit_test(a_refresh_that_is_out_gives_way),
        cmocka_unit_test(permissions_and_channels_come_along_and_data_goes_on),
        cmocka_unit_test(nothing_else_is_asked_from_the_new_address_until_we_are_there),
        cmocka_unit_test(a_move_that_is_refused_leaves_all_as_it_was),
        cmocka_unit_test(a_move_that_nobody_s_name_refuses_is_given_up_and_counts_for_nothing),
        cmocka_unit_test(a_move_that_nobody_answers_is_given_up),
        cmocka_unit_test(an_allocation_that_the_server_has_lost_is_lost),
        cmocka_unit_test(a_nonce_of_the_old_address_is_renewed_on_the_way),
        cmocka_unit_test(without_a_new_ticket_there_is_no_second_move),
        cmocka_unit_test(who_moves_again_before_the_answer_shows_the_same_ticket),
        cmocka_unit_test(a_server_that_forbids_it_gives_an_allocation_all_the_same),
        cmocka_unit_test(a_ticket_that_fits_no_datagram_is_none),
        cmocka_unit_test(who_gives_back_on_the_way_shows_no_ticket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
