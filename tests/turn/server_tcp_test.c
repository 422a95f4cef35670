/* TCP allocations on a server, and connections that clients ask for: RFC 6062 sections 5.1 and 5.2.
 */
#include "tests/turn/tcp_station.h"

/* --- the allocation (5.1) -------------------------------------------------------------- */

static void tcp_is_relayed_where_it_is_switched_on(void **state)
{
    struct station *s = station_new();
    struct asker alice = ALICE_TCP;
    struct request q;

    (void)state;
    challenge(s, &alice);
    begin_allocate_tcp(&q);
    send_signed(s, &q, &alice);
    expect(s, &alice, AUGER_STUN_UNSUPPORTED_TRANSPORT);
    station_free(s);
}

static void the_socket_of_a_tcp_allocation_listens(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP, bob = BOB_TCP;

    (void)state;
    allocate_tcp(s, &alice);
    assert_int_equal(s->bound.transport, AUGER_TCP);
    assert_int_equal(s->bound.port, s->relayed.port);
    expect_event(s, AUGER_TURN_SERVER_EVENT_ALLOCATED);
    assert_int_equal(s->event.allocation.relayed[0].transport, AUGER_TCP);
    allocate(s, &bob);
    assert_int_equal(s->bound.transport, AUGER_UDP);
    station_free(s);
}

static void a_tcp_allocation_needs_a_stream(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE;
    struct request q;

    (void)state;
    challenge(s, &alice);
    begin_allocate_tcp(&q);
    send_signed(s, &q, &alice);
    expect(s, &alice, AUGER_STUN_BAD_REQUEST);
    station_free(s);
}

static void what_is_of_datagrams_is_refused(void **state)
{
    static const struct {
        uint16_t attr;
        size_t len;
        uint16_t code;
    } cases[] = {{AUGER_STUN_ATTR_DONT_FRAGMENT, 0, AUGER_STUN_BAD_REQUEST},
                 {AUGER_STUN_ATTR_EVEN_PORT, 1, AUGER_STUN_BAD_REQUEST},
                 {AUGER_STUN_ATTR_RESERVATION_TOKEN, 8, AUGER_STUN_BAD_REQUEST},
                 {AUGER_STUN_ATTR_MOBILITY_TICKET, 0, AUGER_STUN_MOBILITY_FORBIDDEN}};
    static const uint8_t zeros[8];
    struct station *s = station_prepare();
    struct asker alice = ALICE_TCP;
    struct request q;

    (void)state;
    s->config.tcp_relay = s->config.mobility = true;
    station_start(s);
    challenge(s, &alice);
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin_allocate_tcp(&q);
        auger_stun_build_bytes(&q.b, cases[i].attr, zeros, cases[i].len);
        send_signed(s, &q, &alice);
        expect(s, &alice, cases[i].code);
    }
    station_free(s);
}

static void nothing_is_relayed_as_datagrams(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;

    (void)state;
    allocate_tcp(s, &alice);
    bind_channel(s, &alice, 0x4000, PEER);
    expect(s, &alice, AUGER_STUN_FORBIDDEN);
    permit(s, &alice, PEER);
    expect(s, &alice, 0);
    send_indication(s, &alice, PEER, "hi");
    expect_nothing(s);
    send_channel(s, &alice, 0x4000, "hi");
    expect_nothing(s);
    from_peer(s, s->relay, PEER, "hi", 2);
    expect_nothing(s);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_NO_ALLOCATION), 3);
    station_free(s);
}

/* --- Connect (5.2) ---------------------------------------------------------------------- */

static void a_client_reaches_a_peer(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;
    const struct auger_addr peer = addr_of(PEER);

    (void)state;
    allocate_tcp(s, &alice);
    ask_to_connect(s, &alice, PEER);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_CONNECT);
    assert_int_equal(s->out.relay, s->relay);
    assert_true(auger_addr_equal(&s->out.path.local, &s->bound));
    assert_int_equal(s->out.path.remote.port, peer.port);
    assert_int_equal(s->out.path.remote.transport, AUGER_TCP);
    uint32_t number = s->out.connection;
    connected(s, number, 0);
    expect(s, &alice, 0);
    assert_int_equal(u32_of(s, AUGER_STUN_ATTR_CONNECTION_ID), number);
    assert_int_equal(carry(s, number, true, 5), AUGER_NEVER); /* not yet */
    bind_to(s, &alice, DATA, number);
    assert_true(carry(s, number, true, 5) <= s->now);
    assert_true(carry(s, number, false, 7) <= s->now);
    assert_int_equal(stats_of(s).connections, 1);
    assert_int_equal(stats_of(s).bytes_to_peers, 5);
    assert_int_equal(stats_of(s).bytes_to_clients, 7);
    station_free(s);
}

static void who_is_not_reached_may_be_tried_again(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;

    (void)state;
    allocate_tcp(s, &alice);
    ask_to_connect(s, &alice, PEER);
    connected(s, s->out.connection, 111);
    expect(s, &alice, AUGER_STUN_CONNECTION_FAILURE);
    assert_int_equal(stats_of(s).connections_open, 0);
    connect_to(s, &alice, PEER);
    forget_events(s);
    station_free(s);
}

static void there_is_one_connection_to_a_peer(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;

    (void)state;
    allocate_tcp(s, &alice);
    ask_to_connect(s, &alice, PEER);
    uint32_t number = s->out.connection;
    ask_to_connect(s, &alice, PEER);
    expect(s, &alice, AUGER_STUN_CONNECTION_EXISTS); /* connecting, */
    connected(s, number, 0);
    ask_to_connect(s, &alice, PEER);
    expect(s, &alice, AUGER_STUN_CONNECTION_EXISTS); /* waiting, */
    bind_to(s, &alice, DATA, number);
    ask_to_connect(s, &alice, PEER);
    expect(s, &alice, AUGER_STUN_CONNECTION_EXISTS); /* bound */
    connect_to(s, &alice, PEER_OTHER_PORT);
    auger_turn_server_peer_closed(s->server, s->now, number);
    connect_to(s, &alice, PEER);
    station_free(s);
}

static void a_connect_needs_a_tcp_allocation_and_a_peer(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP, bob = BOB_TCP, intruder = BOB_TCP;

    (void)state;
    challenge(s, &alice);
    ask_to_connect(s, &alice, PEER);
    expect(s, &alice, AUGER_STUN_ALLOCATION_MISMATCH);
    allocate(s, &bob);
    ask_to_connect(s, &bob, PEER);
    expect(s, &bob, AUGER_STUN_FORBIDDEN); /* of UDP */
    allocate_tcp(s, &alice);
    ask_to_connect(s, &alice, NULL);
    expect(s, &alice, AUGER_STUN_BAD_REQUEST);
    ask_to_connect(s, &alice, "8.8.4.4:0");
    expect(s, &alice, AUGER_STUN_BAD_REQUEST);
    ask_to_connect(s, &alice, PEER6);
    expect(s, &alice, AUGER_STUN_PEER_ADDRESS_FAMILY_MISMATCH);
    intruder.from = CLIENT;
    ask_to_connect(s, &intruder, PEER);
    expect(s, &intruder, AUGER_STUN_WRONG_CREDENTIALS);
    station_free(s);
}

/* In every spelling, as for UDP. */
static void a_denied_peer_is_not_connected_to(void **state)
{
    static const char *const denied[] = {
        "127.0.0.1:22", "10.1.2.3:80",         "169.254.169.254:80",   LISTENER,
        LISTENER_TCP,   "198.51.100.99:50000", "[64:ff9b::7f00:1]:22", "[::1]:22"};
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;
    struct request q;

    (void)state;
    challenge(s, &alice);
    begin_allocate_tcp(&q);
    add_byte(&q, AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, 2);
    send_signed(s, &q, &alice);
    expect(s, &alice, 0);
    for (size_t i = 0; i < COUNT(denied); i++) {
        ask_to_connect(s, &alice, denied[i]);
        expect(s, &alice, AUGER_STUN_FORBIDDEN);
    }
    ask_to_connect(s, &alice, "[::ffff:127.0.0.1]:22");
    expect(s, &alice, AUGER_STUN_BAD_REQUEST);
    assert_int_equal(stats_of(s).connections_open, 0);
    connect_to(s, &alice, PEER6);
    station_free(s);
}

/* --- relays of this server: docs/decisions/222 ------------------------------------------- */

/* Alice and Bob, and where Bob's relay listens. */
static struct station *meeting_station(struct asker *alice, struct asker *bob, char at[],
                                       size_t at_cap)
{
    struct station *s = station_prepare();

    s->config.tcp_relay = s->config.relay_to_relay = true;
    station_start(s);
    allocate_tcp(s, alice);
    allocate_tcp(s, bob);
    auger_addr_format(&s->relayed, at, at_cap);
    return s;
}

static void relays_of_tcp_are_peers_of_tcp_alone(void **state)
{
    struct asker alice = ALICE_TCP, bob = BOB_TCP, carol = ALICE;
    char at[AUGER_ADDR_TEXT_MAX];
    struct station *s = meeting_station(&alice, &bob, at, sizeof(at));

    (void)state;
    carol.from = "9.9.9.1:5002";
    connect_to(s, &alice, at);
    allocate(s, &carol);
    bind_channel(s, &carol, 0x4000, at); /* any program's, of UDP */
    expect(s, &carol, AUGER_STUN_FORBIDDEN);
    auger_addr_format(&s->relayed, at, sizeof(at));
    ask_to_connect(s, &alice, at);
    expect(s, &alice, AUGER_STUN_FORBIDDEN);
    station_free(s);
}

static void a_relay_that_ends_while_it_is_connected_to_was_not_reached(void **state)
{
    struct asker alice = ALICE_TCP, bob = BOB_TCP;
    char at[AUGER_ADDR_TEXT_MAX];
    struct station *s = meeting_station(&alice, &bob, at, sizeof(at));

    (void)state;
    ask_to_connect(s, &alice, at);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_CONNECT);
    uint32_t number = s->out.connection;
    refresh(s, &bob, 0);
    forget_events(s);
    connected(s, number, 0); /* to whoever listens there now */
    expect(s, &alice, AUGER_STUN_CONNECTION_FAILURE);
    expect_closed(s, number);
    ask_to_connect(s, &alice, at);
    expect(s, &alice, AUGER_STUN_FORBIDDEN);
    station_free(s);
}

static void what_was_said_before_a_relay_ended_is_carried(void **state)
{
    struct asker alice = ALICE_TCP, bob = BOB_TCP;
    char at[AUGER_ADDR_TEXT_MAX];
    struct station *s = meeting_station(&alice, &bob, at, sizeof(at));

    (void)state;
    uint32_t number = connect_to(s, &alice, at);
    bind_to(s, &alice, DATA, number);
    refresh(s, &bob, 0);
    forget_events(s);
    assert_true(carry(s, number, false, 5) <= s->now);
    expect_no_event(s);
    station_free(s);
}

static void a_caller_that_says_nothing_is_not_waited_for(void **state)
{
    struct station *s = tcp_station();
    struct asker alice = ALICE_TCP;

    (void)state;
    allocate_tcp(s, &alice);
    forget_events(s);
    ask_to_connect(s, &alice, PEER);
    uint32_t number = s->out.connection;
    at(s, s->now + 30 * AUGER_SEC);
    expect_no_event(s); /* the caller has 30 seconds */
    at(s, s->now + 11 * AUGER_SEC);
    expect_closed(s, number);
    connected(s, number, 0);
    expect_nothing(s);
    assert_int_equal(stats_of(s).connections_open, 0);
    station_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_is_relayed_where_it_is_switched_on),
        cmocka_unit_test(the_socket_of_a_tcp_allocation_listens),
        cmocka_unit_test(a_tcp_allocation_needs_a_stream),
        cmocka_unit_test(what_is_of_datagrams_is_refused),
        cmocka_unit_test(nothing_is_relayed_as_datagrams),
        cmocka_unit_test(a_client_reaches_a_peer),
        cmocka_unit_test(who_is_not_reached_may_be_tried_again),
        cmocka_unit_test(there_is_one_connection_to_a_peer),
        cmocka_unit_test(a_connect_needs_a_tcp_allocation_and_a_peer),
        cmocka_unit_test(a_denied_peer_is_not_connected_to),
        cmocka_unit_test(relays_of_tcp_are_peers_of_tcp_alone),
        cmocka_unit_test(a_relay_that_ends_while_it_is_connected_to_was_not_reached),
        cmocka_unit_test(what_was_said_before_a_relay_ended_is_carried),
        cmocka_unit_test(a_caller_that_says_nothing_is_not_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
