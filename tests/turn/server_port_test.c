/* The ports that a server relays at: RFC 8656 sections 7.2, 18.7 and 18.10. */
#include "tests/turn/reserved.h"

static void a_port_that_is_taken_is_left_for_another(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;

    (void)state;
    s->taken = 7;
    allocate(s, &who);
    assert_int_equal(s->asked, 8);
    assert_int_equal(s->relayed.port, s->bound.port);
    assert_int_equal(stats_of(s).ports_free[0], 16384 - 1);
    station_free(s);
}

static void eight_ports_that_are_taken_are_508(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;
    struct request q;
    long blocks;

    (void)state;
    allocate(s, &who);
    refresh(s, &who, 0);
    forget_events(s);
    blocks = s->blocks;
    s->taken = 8;
    begin_allocate(&q);
    send_signed(s, &q, &who);
    expect(s, &who, AUGER_STUN_INSUFFICIENT_CAPACITY);
    assert_int_equal(stats_of(s).ports_free[0], 16384);
    assert_int_equal(stats_of(s).relays, 0);
    assert_int_equal(s->blocks, blocks);
    expect_no_event(s);
    station_free(s);
}

static void a_family_without_ports_is_told_as_508(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;
    struct request q;
    struct auger_bytes why;
    struct auger_addr relayed;

    (void)state;
    challenge(s, &who);
    s->taken = 8;
    begin_allocate(&q);
    add_byte(&q, AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, IPV6);
    send_signed(s, &q, &who);
    expect(s, &who, 0);
    assert_true(auger_stun_msg_addr(&s->answer, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &relayed));
    assert_int_equal(relayed.family, AUGER_IPV6);
    assert_true(auger_stun_msg_bytes(&s->answer, AUGER_STUN_ATTR_ADDRESS_ERROR_CODE, &why));
    assert_int_equal(why.data[0], IPV4);
    assert_int_equal(why.data[2], 5);
    assert_int_equal(why.data[3], 8);
    station_free(s);
}

static void even_ports_are_even_and_take_no_other(void **state)
{
    struct station *s = station_prepare();
    const uint8_t even = 0;

    (void)state;
    s->config.port_min = 50001;
    s->config.port_max = 50020;
    station_start(s);
    for (int i = 0; i < 10000; i++) {
        struct asker who = ALICE;
        struct request q;
        challenge(s, &who);
        begin_allocate(&q);
        auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_EVEN_PORT, &even, 1);
        send_signed(s, &q, &who);
        expect(s, &who, 0);
        assert_int_equal(s->bound.port % 2, 0);
        assert_in_range(s->bound.port, 50002, 50020);
        assert_int_equal(stats_of(s).ports_free[0], 19);
        refresh(s, &who, 0);
        forget_events(s);
        s->now += 120 * AUGER_MS;
        at(s, s->now);
    }
    assert_int_equal(stats_of(s).ports_free[0], 20);
    station_free(s);
}

static void a_reserved_port_is_for_who_has_the_token(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE, other = BOB;
    uint64_t token = allocate_pair(s, &who);
    uint16_t port = s->relayed.port;

    (void)state;
    assert_int_equal(port % 2, 0);
    assert_int_equal(s->bound.port, port + 1);
    redeem(s, &other, token); /* of another user */
    expect(s, &other, AUGER_STUN_INSUFFICIENT_CAPACITY);
    struct asker second = ALICE;
    second.from = CLIENT2;
    redeem(s, &second, token ^ 1);
    expect(s, &second, AUGER_STUN_INSUFFICIENT_CAPACITY);
    s->now += 29 * AUGER_SEC;
    at(s, s->now);
    redeem(s, &second, token);
    expect(s, &second, 0);
    assert_true(auger_stun_msg_addr(&s->answer, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &s->relayed));
    assert_int_equal(s->relayed.port, port + 1);
    second.from = "9.9.9.1:5002";
    redeem(s, &second, token); /* once more */
    assert_int_equal(s->answer.error_code, AUGER_STUN_STALE_NONCE);
    second.nonce_len = 0;
    redeem(s, &second, token);
    expect(s, &second, AUGER_STUN_INSUFFICIENT_CAPACITY);
    at(s, s->now + 40 * AUGER_SEC);
    assert_int_equal(stats_of(s).allocations, 2);
    station_free(s);
}

static void a_reservation_dies_after_30_seconds(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE, second = ALICE;
    uint64_t token = allocate_pair(s, &who);

    (void)state;
    forget_events(s);
    assert_int_equal(auger_turn_server_next_timeout(s->server), s->now + 30 * AUGER_SEC);
    at(s, s->now + 30 * AUGER_SEC);
    expect_event(s, AUGER_TURN_SERVER_EVENT_RELAY_CLOSED);
    assert_int_equal(s->event.relay, s->relay);
    expect_no_event(s);
    second.from = CLIENT2;
    redeem(s, &second, token);
    expect(s, &second, AUGER_STUN_INSUFFICIENT_CAPACITY);
    assert_int_equal(stats_of(s).ports_free[0], 16384 - 1);
    station_free(s);
}

static void a_pair_is_drawn_anew_when_either_port_is_taken(void **state)
{
    (void)state;
    for (int first_is_fine = 0; first_is_fine < 2; first_is_fine++) {
        struct station *s = station_new();
        struct asker who = ALICE;
        const uint8_t reserve = RESERVE;
        struct request q;
        uint16_t port;
        challenge(s, &who);
        s->is_slow = true;
        begin_allocate(&q);
        auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_EVEN_PORT, &reserve, 1);
        send_signed(s, &q, &who);
        if (first_is_fine)
            open_one(s);
        s->taken = 1;
        open_one(s);
        assert_int_equal(s->out.what, AUGER_TURN_SERVER_OPEN_RELAY);
        port = s->out.path.local.port;
        assert_int_equal(port % 2, 0);
        open_one(s);
        assert_int_equal(s->out.path.local.port, port + 1);
        open_one(s);
        read_answer(s);
        expect(s, &who, 0);
        assert_int_equal(stats_of(s).relays, first_is_fine ? 3 : 2);
        forget_events(s);
        assert_int_equal(stats_of(s).relays, 2);
        assert_int_equal(stats_of(s).ports_free[0], 16384 - 2);
        station_free(s);
    }
}

static void pairs_that_are_always_taken_are_508(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;
    const uint8_t reserve = RESERVE;
    struct request q;

    (void)state;
    challenge(s, &who);
    begin_allocate(&q);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_EVEN_PORT, &reserve, 1);
    s->is_slow = true;
    send_signed(s, &q, &who);
    for (int i = 0; s->out.what == AUGER_TURN_SERVER_OPEN_RELAY && i < 100; i++) {
        s->taken = s->out.path.local.port % 2; /* the first is fine, the second never */
        open_one(s);
    }
    read_answer(s);
    expect(s, &who, AUGER_STUN_INSUFFICIENT_CAPACITY);
    forget_events(s);
    assert_int_equal(stats_of(s).ports_free[0], 16384);
    assert_int_equal(stats_of(s).relays, 0);
    station_free(s);
}

/* Each port is as likely as any other, and the next is not near the last. */
static void ports_are_spread_over_the_range(void **state)
{
    struct station *s = station_prepare();
    unsigned count[16] = {0}, near = 0;
    uint16_t last = 0;

    (void)state;
    s->config.ip_allocations_max = s->config.user_allocations_max = 4000;
    station_start(s);
    for (int i = 0; i < 1600; i++) {
        struct asker who = ALICE;
        char from[32];
        snprintf(from, sizeof(from), "9.%d.%d.1:%d", i % 200, i / 200, 1024 + i);
        who.from = from;
        allocate(s, &who);
        count[(s->relayed.port - 49152) / 1024]++;
        near += last && abs(s->relayed.port - last) < 16;
        last = s->relayed.port;
    }
    for (size_t i = 0; i < COUNT(count); i++)
        assert_in_range(count[i], 60, 140); /* 100, and four deviations */
    assert_in_range(near, 0, 20);
    station_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_that_is_taken_is_left_for_another),
        cmocka_unit_test(eight_ports_that_are_taken_are_508),
        cmocka_unit_test(a_family_without_ports_is_told_as_508),
        cmocka_unit_test(even_ports_are_even_and_take_no_other),
        cmocka_unit_test(a_reserved_port_is_for_who_has_the_token),
        cmocka_unit_test(a_reservation_dies_after_30_seconds),
        cmocka_unit_test(a_pair_is_drawn_anew_when_either_port_is_taken),
        cmocka_unit_test(pairs_that_are_always_taken_are_508),
        cmocka_unit_test(ports_are_spread_over_the_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
