/* Permissions and channels on the server: RFC 8656 sections 9, 10.2 and 12.2. */
#include "tests/turn/station.h"

static struct station *station_allocated(struct asker *who)
{
    struct station *s = station_new();

    allocate(s, who);
    return s;
}

/* --- permissions ---------------------------------------------------------------------- */

static void a_permission_is_for_an_ip_address_and_both_ways(void **state)
{
    struct asker who = ALICE;
    struct station *s = station_allocated(&who);

    (void)state;
    from_peer(s, s->relay, PEER, "x", 1);
    expect_nothing(s);
    send_indication(s, &who, PEER, "x");
    expect_nothing(s);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_NO_PERMISSION), 2);
    permit(s, &who, PEER);
    expect(s, &who, 0);
    send_indication(s, &who, PEER_OTHER_PORT, "x");
    expect_to_peer(s, PEER_OTHER_PORT, "x");
    from_peer(s, s->relay, PEER_OTHER_PORT, "x", 1);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    from_peer(s, s->relay, PEER2, "x", 1);
    expect_nothing(s);
    station_free(s);
}

/* D15 */
static void it_dies_after_300_seconds_whatever_the_traffic(void **state)
{
    struct asker who = ALICE;
    struct station *s = station_allocated(&who);

    (void)state;
    permit(s, &who, PEER);
    for (int i = 1; i <= 299; i++) {
        at(s, s->now + AUGER_SEC);
        send_indication(s, &who, PEER, "x");
        expect_to_peer(s, PEER, "x");
        from_peer(s, s->relay, PEER, "x", 1);
        assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    }
    at(s, s->now + AUGER_SEC);
    send_indication(s, &who, PEER, "x");
    expect_nothing(s);
    from_peer(s, s->relay, PEER, "x", 1);
    expect_nothing(s);
    station_free(s);
}

static void a_request_for_it_again_refreshes_it(void **state)
{
    struct asker who = ALICE;
    struct station *s = station_allocated(&who);

    (void)state;
    permit(s, &who, PEER);
    at(s, s->now + 299 * AUGER_SEC);
    permit(s, &who, PEER_OTHER_PORT);
    at(s, s->now + 299 * AUGER_SEC);
    send_indication(s, &who, PEER, "x");
    expect_to_peer(s, PEER, "x");
    station_free(s);
}

static void permit_many(struct station *s, struct asker *who, const char *const *peers, size_t len)
{
    struct request q;

    begin(&q, AUGER_STUN_CREATE_PERMISSION);
    for (size_t i = 0; i < len; i++)
        add_addr(&q, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, peers[i]);
    send_signed(s, &q, who);
}

/* Its socket need not be read before; of two families each is told for itself. */
static void a_relay_is_heard_from_its_first_permission_on(void **state)
{
    static const char *const both[] = {PEER, PEER2, PEER6};
    struct station *s = station_new();
    struct asker who = ALICE;
    struct request q;

    (void)state;
    challenge(s, &who);
    begin_allocate(&q);
    add_byte(&q, AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, 2);
    send_signed(s, &q, &who);
    expect(s, &who, 0);
    assert_int_equal(s->out.heard_len, 0);
    permit(s, &who, "10.0.0.1:1");
    expect(s, &who, AUGER_STUN_FORBIDDEN);
    assert_int_equal(s->out.heard_len, 0);
    permit_many(s, &who, both, 3);
    expect(s, &who, 0);
    assert_int_equal(s->out.heard_len, 2);
    assert_int_not_equal(s->out.heard[0], s->out.heard[1]);
    permit_many(s, &who, both, 3);
    expect(s, &who, 0);
    assert_int_equal(s->out.heard_len, 0);
    station_free(s);
}

/* D13 */
static void all_peers_of_a_request_or_none(void **state)
{
    static const struct {
        const char *peers[3];
        uint16_t code;
    } rows[] = {
        {{PEER, PEER2, PEER6}, AUGER_STUN_PEER_ADDRESS_FAMILY_MISMATCH},
        {{PEER, "10.0.0.1:1", PEER2}, AUGER_STUN_FORBIDDEN},
        {{PEER, "127.0.0.1:1", PEER2}, AUGER_STUN_FORBIDDEN},
        {{PEER, LISTENER, PEER2}, AUGER_STUN_FORBIDDEN},
        {{PEER, RELAY_IP, PEER2}, AUGER_STUN_FORBIDDEN},
        {{PEER, "224.0.0.1:1", PEER2}, AUGER_STUN_BAD_REQUEST},
        {{PEER, PEER_OTHER_PORT, PEER2}, 0},
    };
    struct asker who = ALICE;
    struct station *s = station_allocated(&who);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        permit_many(s, &who, rows[i].peers, 3);
        expect(s, &who, rows[i].code);
        send_indication(s, &who, PEER, "x");
        if (rows[i].code)
            expect_nothing(s);
        else
            expect_to_peer(s, PEER, "x");
    }
    permit_many(s, &who, NULL, 0);
    expect(s, &who, AUGER_STUN_BAD_REQUEST);
    station_free(s);
}

static void so_many_at_once_and_no_more(void **state)
{
    struct asker who = ALICE;
    struct station *s = station_allocated(&who);

    (void)state;
    for (int round = 0; round < 3; round++) {
        struct request q;
        begin(&q, AUGER_STUN_CREATE_PERMISSION);
        for (int i = 0; i < 32; i++) {
            char peer[32];
            snprintf(peer, sizeof(peer), "8.%d.8.%d:1", round, i + 1);
            add_addr(&q, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, peer);
        }
        send_signed(s, &q, &who);
        expect(s, &who, round < 2 ? 0 : AUGER_STUN_INSUFFICIENT_CAPACITY);
    }
    permit(s, &who, "8.1.8.1:1"); /* one that is there */
    expect(s, &who, 0);
    struct request q;
    begin(&q, AUGER_STUN_CREATE_PERMISSION);
    for (int i = 0; i < 33; i++)
        add_addr(&q, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, "8.1.8.1:1");
    send_signed(s, &q, &who);
    expect(s, &who, AUGER_STUN_BAD_REQUEST);
    at(s, s->now + 300 * AUGER_SEC); /* all have expired */
    permit(s, &who, PEER);
    expect(s, &who, 0);
    station_free(s);
}

/* D11: the rule comes after the permission. */
static void a_peer_that_is_denied_later_is_cut_off_at_once(void **state)
{
    struct asker who = ALICE;
    struct station *s = station_allocated(&who);

    (void)state;
    bind_channel(s, &who, 0x4000, PEER);
    expect(s, &who, 0);
    send_channel(s, &who, 0x4000, "x");
    expect_to_peer(s, PEER, "x");
    assert_int_equal(auger_turn_server_deny_peers(s->server, "8.8.4.0/24"), 0);
    send_channel(s, &who, 0x4000, "x");
    expect_nothing(s);
    send_indication(s, &who, PEER, "x");
    expect_nothing(s);
    from_peer(s, s->relay, PEER, "x", 1);
    expect_nothing(s);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_DENIED), 3);
    auger_turn_server_forget_peer_rules(s->server);
    send_channel(s, &who, 0x4000, "x");
    expect_to_peer(s, PEER, "x");
    station_free(s);
}

/* --- relays of this server: docs/decisions/123 ------------------------------------------- */

/* Somebody with an allocation, and where its relay is, as a text. */
struct relayed {
    struct asker who;
    uint32_t relay;
    char at[AUGER_ADDR_TEXT_MAX];
};

static struct relayed relayed(struct station *s, struct asker who)
{
    struct relayed r = {.who = who};

    allocate(s, &r.who);
    r.relay = s->relay;
    auger_addr_format(&s->relayed, r.at, sizeof(r.at));
    return r;
}

static const char *port_behind(const char *at)
{
    static char text[AUGER_ADDR_TEXT_MAX];
    struct auger_addr addr = addr_of(at);

    addr.port ^= 1;
    return auger_addr_format(&addr, text, sizeof(text));
}

static struct station *meeting_station(void)
{
    struct station *s = station_prepare();

    s->config.relay_to_relay = true;
    station_start(s);
    return s;
}

/* D10 */
static void relays_meet_by_option_alone(void **state)
{
    (void)state;
    for (int meet = 0; meet < 2; meet++) {
        struct station *s = meet ? meeting_station() : station_new();
        struct relayed a = relayed(s, ALICE), b = relayed(s, BOB);
        permit(s, &a.who, b.at);
        expect(s, &a.who, meet ? 0 : AUGER_STUN_FORBIDDEN);
        permit(s, &b.who, a.at);
        expect(s, &b.who, meet ? 0 : AUGER_STUN_FORBIDDEN);
        send_indication(s, &a.who, b.at, "x");
        assert_int_equal(s->out.what, meet ? AUGER_TURN_SERVER_TO_PEER : AUGER_TURN_SERVER_NOTHING);
        from_peer(s, b.relay, a.at, "x", 1);
        assert_int_equal(s->out.what,
                         meet ? AUGER_TURN_SERVER_TO_CLIENT : AUGER_TURN_SERVER_NOTHING);
        bind_channel(s, &a.who, 0x4000, LISTENER); /* never */
        expect(s, &a.who, AUGER_STUN_FORBIDDEN);
        send_indication(s, &a.who, LISTENER, "x");
        expect_nothing(s);
        station_free(s);
    }
}

/* It may be any program's of that machine. */
static void a_port_of_the_range_without_a_relay_is_no_peer(void **state)
{
    struct station *s = meeting_station();
    struct relayed a = relayed(s, ALICE), b = relayed(s, BOB);
    const char *nobody = port_behind(b.at);

    (void)state;
    permit(s, &a.who, nobody); /* which is for the IP address, that of the relay */
    expect(s, &a.who, 0);
    send_indication(s, &a.who, nobody, "x");
    expect_nothing(s);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_DENIED), 1);
    bind_channel(s, &a.who, 0x4000, nobody);
    expect(s, &a.who, AUGER_STUN_FORBIDDEN);
    send_indication(s, &a.who, b.at, "x");
    expect_to_peer(s, b.at, "x");
    station_free(s);
}

static void a_relay_is_a_peer_from_its_socket_to_its_end(void **state)
{
    struct station *s = meeting_station();
    struct relayed a = relayed(s, ALICE);
    struct asker bob = BOB;
    char at[AUGER_ADDR_TEXT_MAX];
    struct request q;

    (void)state;
    challenge(s, &bob);
    s->is_slow = true;
    begin_allocate(&q);
    send_signed(s, &q, &bob);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_OPEN_RELAY);
    const struct auger_turn_server_out asked = s->out;
    auger_addr_format(&asked.path.local, at, sizeof(at));
    bind_channel(s, &a.who, 0x4000, at); /* not bound: it may be another's, as is found out now */
    expect(s, &a.who, AUGER_STUN_FORBIDDEN);
    s->out = asked;
    open_one(s);
    read_answer(s);
    expect(s, &bob, 0);
    bind_channel(s, &a.who, 0x4000, at);
    expect(s, &a.who, 0);
    send_channel(s, &a.who, 0x4000, "x");
    expect_to_peer(s, at, "x");
    refresh(s, &bob, 0);
    send_channel(s, &a.who, 0x4000, "x"); /* before the caller closes its socket */
    expect_nothing(s);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_DENIED), 1);
    from_peer(s, a.relay, at, "bye", 3); /* was on its way */
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    bind_channel(s, &a.who, 0x4000, at);
    expect(s, &a.who, AUGER_STUN_FORBIDDEN);
    station_free(s);
}

static struct station *sharing_station(struct auger_turn_held_ports *held, uint16_t min,
                                       uint16_t max)
{
    struct station *s = station_prepare();

    s->config.relay_to_relay = true;
    s->config.held_ports = held;
    s->config.port_min = min;
    s->config.port_max = max;
    station_start(s);
    return s;
}

/* Ranges meet in the middle of a word of bits. */
static void relays_of_servers_side_by_side_meet(void **state)
{
    struct auger_turn_held_ports *held;

    (void)state;
    assert_int_equal(auger_turn_held_ports_new(&held, auger_env_system()), 0);
    struct station *s = sharing_station(held, 50000, 50001);
    struct station *beside = sharing_station(held, 50002, 50003);
    struct relayed a = relayed(s, ALICE), b = relayed(beside, BOB);
    permit(s, &a.who, b.at);
    send_indication(s, &a.who, b.at, "x");
    expect_to_peer(s, b.at, "x");
    send_indication(s, &a.who, port_behind(b.at), "x");
    expect_nothing(s);
    station_free(beside); /* before its sockets are closed */
    send_indication(s, &a.who, b.at, "x");
    expect_nothing(s);
    send_indication(s, &a.who, a.at, "x");
    expect_to_peer(s, a.at, "x");
    station_free(s);
    auger_turn_held_ports_free(held);
}

static void what_is_allowed_by_name_may_be_a_peer(void **state)
{
    struct asker who = ALICE;
    struct station *s = station_allocated(&who);

    (void)state;
    assert_int_equal(auger_turn_server_allow_peers(s->server, "10.1.0.0/16"), 0);
    permit(s, &who, "10.1.2.3:4");
    expect(s, &who, 0);
    permit(s, &who, "10.2.2.3:4");
    expect(s, &who, AUGER_STUN_FORBIDDEN);
    station_free(s);
}

/* --- channels --------------------------------------------------------------------------- */

static void a_channel_is_bound_both_ways_and_is_a_permission_too(void **state)
{
    struct asker who = ALICE;
    struct station *s = station_allocated(&who);

    (void)state;
    bind_channel(s, &who, 0x4ABC, PEER);
    expect(s, &who, 0);
    send_channel(s, &who, 0x4ABC, "hello");
    expect_to_peer(s, PEER, "hello");
    send_indication(s, &who, PEER_OTHER_PORT, "x");
    expect_to_peer(s, PEER_OTHER_PORT, "x");
    send_channel(s, &who, 0x4ABD, "x");
    expect_nothing(s);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_NO_CHANNEL), 1);
    station_free(s);
}

static void what_cannot_be_bound_is_refused(void **state)
{
    static const struct {
        uint16_t number;
        const char *peer;
        uint16_t code;
    } rows[] = {
        {0x3FFF, PEER2, AUGER_STUN_BAD_REQUEST},
        {0x5000, PEER2, AUGER_STUN_BAD_REQUEST},
        {0x7FFF, PEER2, AUGER_STUN_BAD_REQUEST},
        {0x4000, PEER2, AUGER_STUN_BAD_REQUEST}, /* bound to another */
        {0x4000, PEER_OTHER_PORT, AUGER_STUN_BAD_REQUEST},
        {0x4001, PEER, AUGER_STUN_BAD_REQUEST}, /* it has another */
        {0x4001, PEER6, AUGER_STUN_PEER_ADDRESS_FAMILY_MISMATCH},
        {0x4001, "192.168.1.1:1", AUGER_STUN_FORBIDDEN},
        {0x4001, "8.8.8.8:0", AUGER_STUN_BAD_REQUEST},
        {0x4000, PEER, 0},
        {0x4FFF, PEER2, 0},
    };
    struct asker who = ALICE;
    struct station *s = station_allocated(&who);
    struct request q;

    (void)state;
    bind_channel(s, &who, 0x4000, PEER);
    expect(s, &who, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        bind_channel(s, &who, rows[i].number, rows[i].peer);
        expect(s, &who, rows[i].code);
    }
    begin(&q, AUGER_STUN_CHANNEL_BIND);
    add_addr(&q, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, PEER2);
    send_signed(s, &q, &who);
    expect(s, &who, AUGER_STUN_BAD_REQUEST);
    begin(&q, AUGER_STUN_CHANNEL_BIND);
    auger_stun_build_u32(&q.b, AUGER_STUN_ATTR_CHANNEL_NUMBER, 0x41000000);
    send_signed(s, &q, &who);
    expect(s, &who, AUGER_STUN_BAD_REQUEST);
    station_free(s);
}

static void a_channel_dies_after_600_seconds_and_is_free_then(void **state)
{
    struct asker who = ALICE;
    struct station *s = station_allocated(&who);

    (void)state;
    bind_channel(s, &who, 0x4000, PEER);
    for (int i = 1; i < 6; i++) {
        at(s, s->now + 100 * AUGER_SEC);
        who.nonce_len = 0;
        refresh(s, &who, 3600);
        permit(s, &who, PEER);
        send_channel(s, &who, 0x4000, "x");
        expect_to_peer(s, PEER, "x");
    }
    at(s, s->now + 100 * AUGER_SEC);
    send_channel(s, &who, 0x4000, "x");
    expect_nothing(s);
    from_peer(s, s->relay, PEER, "x", 1); /* as an indication */
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    assert_int_equal(s->out.bytes.data[0], 0);
    who.nonce_len = 0;
    bind_channel(s, &who, 0x4000, PEER2);
    expect(s, &who, 0);
    bind_channel(s, &who, 0x4001, PEER);
    expect(s, &who, 0);
    station_free(s);
}

static void a_channel_without_a_permission_is_closed(void **state)
{
    struct asker who = ALICE;
    struct station *s = station_allocated(&who);

    (void)state;
    bind_channel(s, &who, 0x4000, PEER);
    at(s, s->now + 300 * AUGER_SEC);
    send_channel(s, &who, 0x4000, "x");
    expect_nothing(s);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_NO_PERMISSION), 1);
    permit(s, &who, PEER);
    send_channel(s, &who, 0x4000, "x");
    expect_to_peer(s, PEER, "x");
    station_free(s);
}

static void so_many_channels_and_no_more(void **state)
{
    struct asker who = ALICE;
    struct station *s = station_allocated(&who);

    (void)state;
    for (int i = 0; i < 65; i++) {
        char peer[32];
        snprintf(peer, sizeof(peer), "8.8.4.4:%d", i + 1);
        bind_channel(s, &who, (uint16_t)(0x4000 + i), peer);
        expect(s, &who, i < 64 ? 0 : AUGER_STUN_INSUFFICIENT_CAPACITY);
    }
    bind_channel(s, &who, 0x4000, "8.8.4.4:1");
    expect(s, &who, 0);
    station_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_permission_is_for_an_ip_address_and_both_ways),
        cmocka_unit_test(it_dies_after_300_seconds_whatever_the_traffic),
        cmocka_unit_test(a_request_for_it_again_refreshes_it),
        cmocka_unit_test(a_relay_is_heard_from_its_first_permission_on),
        cmocka_unit_test(all_peers_of_a_request_or_none),
        cmocka_unit_test(so_many_at_once_and_no_more),
        cmocka_unit_test(a_peer_that_is_denied_later_is_cut_off_at_once),
        cmocka_unit_test(relays_meet_by_option_alone),
        cmocka_unit_test(a_port_of_the_range_without_a_relay_is_no_peer),
        cmocka_unit_test(a_relay_is_a_peer_from_its_socket_to_its_end),
        cmocka_unit_test(relays_of_servers_side_by_side_meet),
        cmocka_unit_test(what_is_allowed_by_name_may_be_a_peer),
        cmocka_unit_test(a_channel_is_bound_both_ways_and_is_a_permission_too),
        cmocka_unit_test(what_cannot_be_bound_is_refused),
        cmocka_unit_test(a_channel_dies_after_600_seconds_and_is_free_then),
        cmocka_unit_test(a_channel_without_a_permission_is_closed),
        cmocka_unit_test(so_many_channels_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
