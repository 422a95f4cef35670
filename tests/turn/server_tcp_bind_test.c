/* Connections of TCP allocations from their binding to their end: RFC 6062 sections 5.3 to 5.5. */
#include "tests/turn/tcp_station.h"

static void expect_bind_refused(struct station *s, const struct asker *who, const char *from,
                                uint16_t code)
{
    struct asker there = *who;

    there.from = from;
    expect(s, &there, code);
}

/* 0: it is not taken. */
static uint32_t come_from(struct station *s, const char *peer)
{
    const struct auger_addr from = addr_of(peer);

    auger_turn_server_peer_accepted(s->server, s->now, s->relay, &from, s->reply, sizeof(s->reply),
                                    &s->out);
    read_answer(s);
    if (s->out.connection == 0)
        expect_nothing(s);
    return s->out.connection;
}

/* --- ConnectionBind (5.4) ----------------------------------------------------------------- */

static void a_bind_needs_a_fresh_stream_and_a_connection_that_waits(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP, by_udp = ALICE;
    struct request q;

    (void)state;
    allocate_tcp(s, &alice);
    uint32_t number = connect_to(s, &alice, PEER);
    ask_to_bind(s, &by_udp, "9.9.9.7:1", number);
    expect_bind_refused(s, &by_udp, "9.9.9.7:1", AUGER_STUN_BAD_REQUEST);
    begin(&q, AUGER_STUN_CONNECTION_BIND);
    auger_stun_build_u32(&q.b, AUGER_STUN_ATTR_CONNECTION_ID, number);
    send_signed(s, &q, &alice); /* on the control connection */
    expect(s, &alice, AUGER_STUN_BAD_REQUEST);
    struct asker there = ALICE_TCP;
    there.from = DATA;
    challenge(s, &there);
    begin(&q, AUGER_STUN_CONNECTION_BIND);
    send_signed(s, &q, &there);
    expect(s, &there, AUGER_STUN_BAD_REQUEST);
    ask_to_bind(s, &alice, DATA, number + 1);
    expect_bind_refused(s, &alice, DATA, AUGER_STUN_BAD_REQUEST);
    bind_to(s, &alice, DATA, number);
    ask_to_bind(s, &alice, DATA2, number); /* it waits no more */
    expect_bind_refused(s, &alice, DATA2, AUGER_STUN_BAD_REQUEST);
    station_free(s);
}

static void a_connection_is_bound_by_its_own_user(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP, bob = BOB_TCP;

    (void)state;
    allocate_tcp(s, &alice);
    uint32_t number = connect_to(s, &alice, PEER);
    ask_to_bind(s, &bob, DATA, number);
    expect_bind_refused(s, &bob, DATA, AUGER_STUN_WRONG_CREDENTIALS);
    bob.password = "guess";
    ask_to_bind(s, &bob, DATA2, number);
    assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
    bind_to(s, &alice, DATA, number);
    station_free(s);
}

static void who_is_not_fetched_is_let_go_after_30_seconds(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;

    (void)state;
    allocate_tcp(s, &alice);
    forget_events(s);
    uint32_t number = connect_to(s, &alice, PEER);
    at(s, s->now + 30 * AUGER_SEC - 1);
    expect_no_event(s);
    at(s, s->now + 1);
    expect_closed(s, number);
    ask_to_bind(s, &alice, DATA, number);
    expect_bind_refused(s, &alice, DATA, AUGER_STUN_BAD_REQUEST);
    number = connect_to(s, &alice, PEER);
    bind_to(s, &alice, DATA2, number);
    at(s, s->now + 60 * AUGER_SEC);
    expect_no_event(s);
    station_free(s);
}

static void nothing_of_turn_is_said_on_a_stream_of_data(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP, there = ALICE_TCP;
    struct request q;

    (void)state;
    allocate_tcp(s, &alice);
    bind_to(s, &alice, DATA, connect_to(s, &alice, PEER));
    there.from = DATA;
    const struct auger_path path = path_of(s, &there);
    assert_true(auger_turn_server_is_known(s->server, &path));
    begin_allocate_tcp(&q);
    send_bare(s, &q, &there);
    expect_nothing(s);
    begin(&q, AUGER_STUN_BINDING);
    send_bare(s, &q, &there);
    expect_nothing(s);
    station_free(s);
}

static void a_program_that_is_asked_for_the_password_may_answer_late(void **state)
{
    struct station *s = station_prepare();
    struct asker carol = {.name = "carol", .password = "piano", .from = CLIENT, .is_stream = true};
    struct request q;

    (void)state;
    s->config.tcp_relay = s->config.asks_for_keys = true;
    station_start(s);
    challenge(s, &carol);
    begin_allocate_tcp(&q);
    send_signed(s, &q, &carol);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_NEEDS_KEY);
    auger_turn_server_answer_key(s->server, s->now, s->out.ticket, "piano", s->reply,
                                 sizeof(s->reply), &s->out);
    open_one(s);
    ask_to_connect(s, &carol, PEER); /* by the key that her allocation keeps */
    uint32_t number = s->out.connection;
    connected(s, number, 0);
    expect(s, &carol, 0);
    ask_to_bind(s, &carol, DATA, number);
    auger_turn_server_answer_key(s->server, s->now, s->out.ticket, "piano", s->reply,
                                 sizeof(s->reply), &s->out);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_SPLICE);
    station_free(s);
}

/* --- ConnectionAttempt (5.3) ------------------------------------------------------------- */

static void a_peer_with_a_permission_is_told_of(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;
    const struct auger_addr peer = addr_of(PEER_OTHER_PORT);
    const struct auger_path control = path_of(s, &alice);
    struct auger_addr told;

    (void)state;
    allocate_tcp(s, &alice);
    assert_int_equal(come_from(s, PEER), 0);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_NO_PERMISSION), 1);
    permit(s, &alice, PEER);
    uint32_t number = come_from(s, PEER_OTHER_PORT);
    assert_int_not_equal(number, 0);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    assert_true(auger_path_equal(&s->out.path, &control));
    assert_int_equal(s->answer.class_, AUGER_STUN_INDICATION);
    assert_int_equal(s->answer.method, AUGER_STUN_CONNECTION_ATTEMPT);
    assert_int_equal(u32_of(s, AUGER_STUN_ATTR_CONNECTION_ID), number);
    assert_true(auger_stun_msg_addr(&s->answer, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &told));
    assert_true(auger_addr_ip_equal(&told, &peer) && told.port == peer.port);
    ask_to_connect(s, &alice, PEER_OTHER_PORT);
    expect(s, &alice, AUGER_STUN_CONNECTION_EXISTS);
    bind_to(s, &alice, DATA, number);
    station_free(s);
}

static void a_peer_that_is_denied_since_is_not_taken(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;

    (void)state;
    allocate_tcp(s, &alice);
    permit(s, &alice, PEER);
    assert_int_equal(auger_turn_server_deny_peers(s->server, "8.8.4.4"), 0);
    assert_int_equal(come_from(s, PEER), 0);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_DENIED), 1);
    station_free(s);
}

static void who_is_not_fetched_in_time_of_those_that_came_is_let_go(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;

    (void)state;
    allocate_tcp(s, &alice);
    permit(s, &alice, PEER);
    forget_events(s);
    uint32_t number = come_from(s, PEER);
    at(s, s->now + 30 * AUGER_SEC);
    expect_closed(s, number);
    station_free(s);
}

static void nobody_comes_to_a_relay_of_udp(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;

    (void)state;
    allocate(s, &alice);
    permit(s, &alice, PEER);
    assert_int_equal(come_from(s, PEER), 0);
    assert_int_equal(stats_of(s).connections_open, 0);
    station_free(s);
}

/* --- bounds ------------------------------------------------------------------------------- */

static const char *numbered_peer(int number)
{
    static char text[32];

    snprintf(text, sizeof(text), "8.8.4.4:%d", 7000 + number);
    return text;
}

static void peers_that_come_leave_room_for_those_that_are_asked_for(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;
    uint32_t number = 0;

    (void)state;
    allocate_tcp(s, &alice);
    permit(s, &alice, PEER);
    for (int i = 0; i < 8; i++)
        assert_int_not_equal(number = come_from(s, numbered_peer(i)), 0);
    assert_int_equal(come_from(s, numbered_peer(8)), 0);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_CONNECTION), 1);
    connect_to(s, &alice, PEER2);
    bind_to(s, &alice, DATA, number);
    assert_int_not_equal(come_from(s, numbered_peer(8)), 0);
    station_free(s);
}

static void connections_have_bounds(void **state)
{
    struct station *s = station_prepare();
    struct asker alice = ALICE_TCP, again = ALICE_TCP, bob = BOB_TCP;

    (void)state;
    s->config.tcp_relay = true;
    s->config.allocation_connections_max = 2;
    s->config.user_connections_max = 3;
    s->config.connections_max = 4;
    station_start(s);
    again.from = "9.9.9.1:5002";
    allocate_tcp(s, &alice);
    allocate_tcp(s, &again);
    allocate_tcp(s, &bob);
    uint32_t number = connect_to(s, &alice, numbered_peer(0));
    connect_to(s, &alice, numbered_peer(1));
    ask_to_connect(s, &alice, numbered_peer(2));
    expect(s, &alice, AUGER_STUN_INSUFFICIENT_CAPACITY);
    connect_to(s, &again, numbered_peer(0));
    ask_to_connect(s, &again, numbered_peer(1));
    expect(s, &again, AUGER_STUN_ALLOCATION_QUOTA_REACHED);
    connect_to(s, &bob, numbered_peer(0));
    ask_to_connect(s, &bob, numbered_peer(1));
    expect(s, &bob, AUGER_STUN_INSUFFICIENT_CAPACITY);
    assert_int_equal(stats_of(s).connections_open, 4);
    auger_turn_server_peer_closed(s->server, s->now, number);
    connect_to(s, &bob, numbered_peer(1));
    refresh(s, &again, 0);
    connect_to(s, &alice, numbered_peer(3));
    station_free(s);
}

static void without_random_bytes_no_number_is_given(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;

    (void)state;
    allocate_tcp(s, &alice);
    s->no_random = true;
    ask_to_connect(s, &alice, PEER);
    expect(s, &alice, AUGER_STUN_SERVER_ERROR);
    s->no_random = false;
    uint32_t one = connect_to(s, &alice, PEER), other = connect_to(s, &alice, PEER2);
    assert_true(one != other && one + 1 != other && one != 0 && other != 0);
    station_free(s);
}

static void a_stream_is_slowed_down_to_its_rate(void **state)
{
    struct station *s = station_prepare();
    struct asker alice = ALICE_TCP;

    (void)state;
    s->config.tcp_relay = true;
    s->config.user_bytes_per_s = 1000;
    station_start(s);
    allocate_tcp(s, &alice);
    uint32_t number = connect_to(s, &alice, PEER);
    bind_to(s, &alice, DATA, number);
    assert_true(carry(s, number, true, 1000) <= s->now);
    assert_int_equal(carry(s, number, false, 500), s->now + AUGER_SEC / 2);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_RATE), 0);
    station_free(s);
}

/* --- ends (5.5) ---------------------------------------------------------------------------- */

static void a_rule_that_comes_later_ends_a_connection(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;

    (void)state;
    allocate_tcp(s, &alice);
    forget_events(s);
    uint32_t number = connect_to(s, &alice, PEER);
    bind_to(s, &alice, DATA, number);
    assert_int_equal(auger_turn_server_deny_peers(s->server, "8.8.4.4"), 0);
    assert_int_equal(carry(s, number, false, 5), AUGER_NEVER);
    expect_closed(s, number);
    assert_int_equal(stats_of(s).bytes_to_clients, 0);
    station_free(s);
}

static void each_end_ends_the_other(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP, there = ALICE_TCP;

    (void)state;
    there.from = DATA;
    const struct auger_path path = path_of(s, &there);
    allocate_tcp(s, &alice);
    forget_events(s);
    uint32_t number = connect_to(s, &alice, PEER);
    bind_to(s, &alice, DATA, number);
    auger_turn_server_stream_closed(s->server, s->now, &path);
    expect_closed(s, number);
    expect_no_event(s); /* the allocation lives */
    assert_false(auger_turn_server_is_known(s->server, &path));
    number = connect_to(s, &alice, PEER);
    bind_to(s, &alice, DATA, number);
    auger_turn_server_peer_closed(s->server, s->now, number);
    expect_closed(s, number);
    assert_int_equal(carry(s, number, true, 1), AUGER_NEVER);
    assert_int_equal(stats_of(s).connections, 0);
    station_free(s);
}

static void connections_end_with_their_allocation(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;
    unsigned closed = 0;

    (void)state;
    allocate_tcp(s, &alice);
    bind_to(s, &alice, DATA, connect_to(s, &alice, PEER));
    connect_to(s, &alice, PEER2);
    ask_to_connect(s, &alice, PEER_OTHER_PORT);
    forget_events(s);
    const struct auger_path control = path_of(s, &alice);
    auger_turn_server_stream_closed(s->server, s->now, &control);
    while (auger_turn_server_poll_event(s->server, &s->event))
        closed += s->event.type == AUGER_TURN_SERVER_EVENT_CONNECTION_CLOSED;
    assert_int_equal(closed, 3);
    assert_int_equal(stats_of(s).connections_open, 0);
    station_free(s);
}

static void connections_of_one_family_end_with_its_relay(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;
    struct request q;

    (void)state;
    challenge(s, &alice);
    begin_allocate_tcp(&q);
    add_byte(&q, AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, 2);
    send_signed(s, &q, &alice);
    expect(s, &alice, 0);
    uint32_t by_ipv4 = connect_to(s, &alice, PEER);
    connect_to(s, &alice, PEER6);
    forget_events(s);
    begin(&q, AUGER_STUN_REFRESH);
    auger_stun_build_u32(&q.b, AUGER_STUN_ATTR_LIFETIME, 0);
    add_byte(&q, AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY, 1);
    send_signed(s, &q, &alice);
    expect(s, &alice, 0);
    expect_event(s, AUGER_TURN_SERVER_EVENT_RELAY_CLOSED);
    expect_closed(s, by_ipv4);
    assert_int_equal(stats_of(s).connections_open, 1);
    station_free(s);
}

static void a_server_that_is_freed_frees_its_connections(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;

    (void)state;
    allocate_tcp(s, &alice);
    bind_to(s, &alice, DATA, connect_to(s, &alice, PEER));
    connect_to(s, &alice, PEER2);
    ask_to_connect(s, &alice, PEER_OTHER_PORT);
    station_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bind_needs_a_fresh_stream_and_a_connection_that_waits),
        cmocka_unit_test(a_connection_is_bound_by_its_own_user),
        cmocka_unit_test(who_is_not_fetched_is_let_go_after_30_seconds),
        cmocka_unit_test(nothing_of_turn_is_said_on_a_stream_of_data),
        cmocka_unit_test(a_program_that_is_asked_for_the_password_may_answer_late),
        cmocka_unit_test(a_peer_with_a_permission_is_told_of),
        cmocka_unit_test(a_peer_that_is_denied_since_is_not_taken),
        cmocka_unit_test(who_is_not_fetched_in_time_of_those_that_came_is_let_go),
        cmocka_unit_test(nobody_comes_to_a_relay_of_udp),
        cmocka_unit_test(peers_that_come_leave_room_for_those_that_are_asked_for),
        cmocka_unit_test(connections_have_bounds),
        cmocka_unit_test(without_random_bytes_no_number_is_given),
        cmocka_unit_test(a_stream_is_slowed_down_to_its_rate),
        cmocka_unit_test(a_rule_that_comes_later_ends_a_connection),
        cmocka_unit_test(each_end_ends_the_other),
        cmocka_unit_test(connections_end_with_their_allocation),
        cmocka_unit_test(connections_of_one_family_end_with_its_relay),
        cmocka_unit_test(a_server_that_is_freed_frees_its_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
