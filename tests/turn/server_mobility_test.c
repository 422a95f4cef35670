/* Allocations that follow their clients: RFC 8016. */
#include "tests/turn/station.h"

struct ticket {
    uint8_t bytes[64];
    size_t len;
};

static struct station *station_mobile(void)
{
    struct station *s = station_prepare();

    s->config.mobility = true;
    station_start(s);
    return s;
}

static struct ticket ticket_of(struct station *s)
{
    struct ticket ticket;
    struct auger_bytes value;

    assert_true(auger_stun_msg_bytes(&s->answer, AUGER_STUN_ATTR_MOBILITY_TICKET, &value));
    assert_in_range(value.len, 16, sizeof(ticket.bytes));
    memcpy(ticket.bytes, value.data, value.len);
    ticket.len = value.len;
    return ticket;
}

static struct ticket allocate_mobile(struct station *s, struct asker *who)
{
    struct request q;

    challenge(s, who);
    begin_allocate(&q);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_MOBILITY_TICKET, NULL, 0);
    send_signed(s, &q, who);
    assert_int_equal(s->answer.error_code, 0);
    return ticket_of(s);
}

static void move_to(struct station *s, struct asker *who, const char *from,
                    const struct ticket *ticket)
{
    struct request q;

    if (from) {
        who->from = from;
        who->nonce_len = 0;
    }
    challenge(s, who);
    begin(&q, AUGER_STUN_REFRESH);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_MOBILITY_TICKET, ticket->bytes, ticket->len);
    send_signed(s, &q, who);
}

static void expect_to(const struct station *s, const char *client)
{
    const struct auger_addr addr = addr_of(client);

    assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    assert_true(auger_addr_equal(&s->out.path.remote, &addr));
}

/* A client that takes it for text sends what stands before a zero. */
static void no_byte_of_a_ticket_is_zero(void **state)
{
    struct station *s = station_mobile();
    struct asker who = ALICE;
    struct ticket ticket = allocate_mobile(s, &who);

    (void)state;
    for (int moves = 0; moves < 20; moves++) {
        char from[32];
        assert_null(memchr(ticket.bytes, 0, ticket.len));
        snprintf(from, sizeof(from), "9.9.9.1:%d", 6000 + moves);
        move_to(s, &who, from, &ticket);
        ticket = ticket_of(s);
    }
    station_free(s);
}

static void data_goes_to_the_new_address_once_it_comes_from_there(void **state)
{
    struct station *s = station_mobile();
    struct asker who = ALICE;
    struct ticket ticket = allocate_mobile(s, &who), next;

    (void)state;
    permit(s, &who, PEER);
    bind_channel(s, &who, 0x4000, PEER);
    struct asker old = who;
    move_to(s, &who, CLIENT2, &ticket);
    expect(s, &who, 0);
    next = ticket_of(s);
    assert_memory_not_equal(next.bytes, ticket.bytes, ticket.len);
    from_peer(s, s->relay, PEER, "x", 1);
    expect_to(s, CLIENT);
    send_channel(s, &old, 0x4000, "still");
    expect_to_peer(s, PEER, "still");
    from_peer(s, s->relay, PEER, "x", 1);
    expect_to(s, CLIENT);
    send_channel(s, &who, 0x4000, "moved");
    expect_to_peer(s, PEER, "moved");
    from_peer(s, s->relay, PEER, "x", 1);
    expect_to(s, CLIENT2);
    send_channel(s, &old, 0x4000, "late");
    expect_nothing(s);
    refresh(s, &who, 600);
    expect(s, &who, 0);
    assert_int_equal(stats_of(s).allocations, 1);
    station_free(s);
}

static void it_can_move_on_and_on(void **state)
{
    struct station *s = station_mobile();
    struct asker who = ALICE;
    struct ticket ticket = allocate_mobile(s, &who);

    (void)state;
    permit(s, &who, PEER);
    for (int i = 0; i < 5; i++) {
        static const char *const places[] = {"9.1.1.1:1", "9.2.1.1:1", "9.3.1.1:1", "9.4.1.1:1",
                                             "9.5.1.1:1"};
        move_to(s, &who, places[i], &ticket);
        expect(s, &who, 0);
        ticket = ticket_of(s);
        if (i % 2) { /* before any data, too */
            send_indication(s, &who, PEER, "x");
            expect_to_peer(s, PEER, "x");
            from_peer(s, s->relay, PEER, "x", 1);
            expect_to(s, places[i]);
        }
    }
    refresh(s, &who, 0);
    expect(s, &who, 0);
    assert_int_equal(stats_of(s).allocations, 0);
    station_free(s);
}

static void the_ticket_before_is_for_a_retransmission_alone(void **state)
{
    struct station *s = station_mobile();
    struct asker who = ALICE;
    struct ticket ticket = allocate_mobile(s, &who), next, again;

    (void)state;
    move_to(s, &who, CLIENT2, &ticket);
    expect(s, &who, 0);
    next = ticket_of(s);
    move_to(s, &who, NULL, &ticket);
    expect(s, &who, 0);
    again = ticket_of(s);
    assert_memory_equal(again.bytes, next.bytes, next.len);
    move_to(s, &who, NULL, &next); /* it is there already */
    expect(s, &who, AUGER_STUN_BAD_REQUEST);
    move_to(s, &who, "9.3.1.1:1", &ticket); /* to yet another place */
    expect(s, &who, AUGER_STUN_BAD_REQUEST);
    move_to(s, &who, CLIENT2, &ticket);
    expect(s, &who, 0);
    at(s, s->now + 30 * AUGER_SEC);
    move_to(s, &who, CLIENT2, &ticket);
    expect(s, &who, AUGER_STUN_ALLOCATION_MISMATCH);
    station_free(s);
}

/* V12, D17 */
static void a_ticket_is_of_no_use_to_another_user(void **state)
{
    struct station *s = station_mobile();
    struct asker who = ALICE, other = BOB;
    struct ticket ticket = allocate_mobile(s, &who), wrong = ticket;

    (void)state;
    move_to(s, &other, CLIENT2, &ticket);
    expect(s, &other, AUGER_STUN_WRONG_CREDENTIALS);
    wrong.bytes[20] ^= 1;
    move_to(s, &who, CLIENT2, &wrong);
    expect(s, &who, AUGER_STUN_ALLOCATION_MISMATCH);
    wrong.len = 7;
    move_to(s, &who, CLIENT2, &wrong);
    expect(s, &who, AUGER_STUN_BAD_REQUEST);
    move_to(s, &who, CLIENT, &ticket); /* where it is */
    expect(s, &who, AUGER_STUN_BAD_REQUEST);
    allocate(s, &other);
    struct asker there = ALICE;
    there.nonce_len = other.nonce_len;
    memcpy(there.nonce, other.nonce, sizeof(there.nonce));
    there.from = CLIENT2;
    move_to(s, &there, NULL, &ticket); /* where another allocation is */
    expect(s, &there, AUGER_STUN_ALLOCATION_MISMATCH);
    station_free(s);
}

static void an_allocation_that_ends_takes_its_tickets_along(void **state)
{
    struct station *s = station_mobile();
    struct asker who = ALICE;
    struct ticket ticket = allocate_mobile(s, &who);

    (void)state;
    move_to(s, &who, CLIENT2, &ticket);
    struct ticket next = ticket_of(s);
    at(s, s->now + 600 * AUGER_SEC);
    assert_int_equal(stats_of(s).allocations, 0);
    move_to(s, &who, "9.3.1.1:1", &next);
    expect(s, &who, AUGER_STUN_ALLOCATION_MISMATCH);
    assert_int_equal(auger_turn_server_next_timeout(s->server), AUGER_NEVER);
    station_free(s);
}

static void a_stream_that_closes_lets_the_new_address_stay(void **state)
{
    struct station *s = station_mobile();
    struct asker who = ALICE;
    who.is_stream = true;
    struct ticket ticket = allocate_mobile(s, &who);
    const struct auger_path old = path_of(s, &who);

    (void)state;
    permit(s, &who, PEER);
    who.is_stream = false;
    move_to(s, &who, CLIENT2, &ticket);
    expect(s, &who, 0);
    auger_turn_server_stream_closed(s->server, s->now, &old);
    assert_int_equal(stats_of(s).allocations, 1);
    from_peer(s, s->relay, PEER, "x", 1);
    expect_to(s, CLIENT2);
    station_free(s);
}

/* A network that goes takes the stream along before anybody can move. */
static void who_lost_its_stream_comes_back_with_the_ticket(void **state)
{
    struct station *s = station_mobile();
    struct asker who = ALICE;
    who.is_stream = true;
    struct ticket ticket = allocate_mobile(s, &who);
    const struct auger_path old = path_of(s, &who);

    (void)state;
    permit(s, &who, PEER);
    auger_turn_server_stream_closed(s->server, s->now, &old);
    assert_false(auger_turn_server_is_known(s->server, &old));
    assert_int_equal(stats_of(s).allocations, 1);
    from_peer(s, s->relay, PEER, "x", 1);
    expect_nothing(s);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_NO_ALLOCATION), 1);
    who.is_stream = false;
    move_to(s, &who, CLIENT2, &ticket);
    expect(s, &who, 0);
    from_peer(s, s->relay, PEER, "x", 1);
    expect_to(s, CLIENT2);
    station_free(s);
}

/* Nobody else has anything of it, and the 5-tuple is free for who comes next. */
static void who_lost_its_stream_and_stays_away_is_forgotten(void **state)
{
    struct station *s = station_mobile();
    struct asker who = ALICE, next = ALICE;
    who.is_stream = next.is_stream = true;
    (void)allocate_mobile(s, &who);
    const struct auger_path old = path_of(s, &who);

    (void)state;
    auger_turn_server_stream_closed(s->server, s->now, &old);
    challenge(s, &next);
    (void)allocate_mobile(s, &next);
    assert_int_equal(stats_of(s).allocations, 2);
    auger_turn_server_stream_closed(s->server, s->now, &old);
    auger_turn_server_stream_closed(s->server, s->now, &old); /* of nobody */
    at(s, s->now + 600 * AUGER_SEC);
    assert_int_equal(stats_of(s).allocations, 0);
    assert_int_equal(auger_turn_server_next_timeout(s->server), AUGER_NEVER);
    station_free(s);
}

static void where_it_is_forbidden_it_is_405(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;
    struct request q;
    const struct ticket ticket = {.len = 24};

    (void)state;
    challenge(s, &who);
    begin_allocate(&q);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_MOBILITY_TICKET, NULL, 0);
    send_signed(s, &q, &who);
    expect(s, &who, AUGER_STUN_MOBILITY_FORBIDDEN);
    begin_allocate(&q);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_MOBILITY_TICKET, "x", 1);
    send_signed(s, &q, &who);
    expect(s, &who, AUGER_STUN_BAD_REQUEST);
    allocate(s, &who);
    assert_false(auger_stun_msg_has(&s->answer, AUGER_STUN_ATTR_MOBILITY_TICKET));
    move_to(s, &who, CLIENT2, &ticket);
    expect(s, &who, AUGER_STUN_MOBILITY_FORBIDDEN);
    station_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_byte_of_a_ticket_is_zero),
        cmocka_unit_test(data_goes_to_the_new_address_once_it_comes_from_there),
        cmocka_unit_test(it_can_move_on_and_on),
        cmocka_unit_test(the_ticket_before_is_for_a_retransmission_alone),
        cmocka_unit_test(a_ticket_is_of_no_use_to_another_user),
        cmocka_unit_test(an_allocation_that_ends_takes_its_tickets_along),
        cmocka_unit_test(a_stream_that_closes_lets_the_new_address_stay),
        cmocka_unit_test(who_lost_its_stream_comes_back_with_the_ticket),
        cmocka_unit_test(who_lost_its_stream_and_stays_away_is_forgotten),
        cmocka_unit_test(where_it_is_forbidden_it_is_405),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
