/* Refresh on the server, and the end of allocations: RFC 8656 section 8.2. */
#include "tests/turn/station.h"

#define IPV4 1
#define IPV6 2

static void refresh_family(struct station *s, struct asker *who, uint8_t family,
                           uint32_t lifetime_s)
{
    struct request q;

    begin(&q, AUGER_STUN_REFRESH);
    auger_stun_build_u32(&q.b, AUGER_STUN_ATTR_LIFETIME, lifetime_s);
    add_byte(&q, AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY, family);
    send_signed(s, &q, who);
}

static void allocate_both(struct station *s, struct asker *who)
{
    struct request q;

    challenge(s, who);
    begin_allocate(&q);
    add_byte(&q, AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, IPV6);
    send_signed(s, &q, who);
    expect(s, who, 0);
}

static void a_refresh_lets_it_live_longer(void **state)
{
    static const struct {
        uint32_t asked, granted;
    } rows[] = {{1, 600}, {600, 600}, {1200, 1200}, {4000, 3600}};
    struct station *s = station_new();
    struct asker who = ALICE;

    (void)state;
    allocate(s, &who);
    for (size_t i = 0; i < COUNT(rows); i++) {
        at(s, s->now + 500 * AUGER_SEC);
        who.nonce_len = 0;
        refresh(s, &who, rows[i].asked);
        expect(s, &who, 0);
        assert_int_equal(u32_of(s, AUGER_STUN_ATTR_LIFETIME), rows[i].granted);
        assert_int_equal(auger_turn_server_next_timeout(s->server),
                         s->now + rows[i].granted * AUGER_SEC);
    }
    station_free(s);
}

static void without_an_allocation_it_is_437(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;

    (void)state;
    refresh(s, &who, 600);
    expect(s, &who, AUGER_STUN_ALLOCATION_MISMATCH);
    permit(s, &who, PEER);
    expect(s, &who, AUGER_STUN_ALLOCATION_MISMATCH);
    bind_channel(s, &who, 0x4000, PEER);
    expect(s, &who, AUGER_STUN_ALLOCATION_MISMATCH);
    station_free(s);
}

/* D17: on somebody's 5-tuple, with other credentials that are right. */
static void another_user_gets_441_and_changes_nothing(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE, other = BOB;

    (void)state;
    allocate(s, &who);
    auger_time end = auger_turn_server_next_timeout(s->server);
    s->now += 10 * AUGER_SEC;
    other.from = CLIENT;
    memcpy(other.nonce, who.nonce, sizeof(who.nonce));
    other.nonce_len = who.nonce_len;
    refresh(s, &other, 0);
    expect(s, &other, AUGER_STUN_WRONG_CREDENTIALS);
    permit(s, &other, PEER);
    expect(s, &other, AUGER_STUN_WRONG_CREDENTIALS);
    bind_channel(s, &other, 0x4000, PEER);
    expect(s, &other, AUGER_STUN_WRONG_CREDENTIALS);
    assert_int_equal(auger_turn_server_next_timeout(s->server), end);
    send_indication(s, &who, PEER, "x");
    expect_nothing(s);
    station_free(s);
}

static void lifetime_0_ends_it_and_the_socket(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;

    (void)state;
    allocate(s, &who);
    forget_events(s);
    s->now += 7 * AUGER_SEC;
    refresh(s, &who, 0);
    expect(s, &who, 0);
    assert_int_equal(u32_of(s, AUGER_STUN_ATTR_LIFETIME), 0);
    expect_event(s, AUGER_TURN_SERVER_EVENT_RELAY_CLOSED);
    assert_int_equal(s->event.relay, s->relay);
    expect_event(s, AUGER_TURN_SERVER_EVENT_ENDED);
    assert_int_equal(s->event.allocation.end, AUGER_TURN_SERVER_END_RELEASED);
    assert_int_equal(s->event.allocation.lifetime, 7 * AUGER_SEC);
    assert_true(auger_addr_equal(&s->event.allocation.relayed[0], &s->relayed));
    expect_no_event(s);
    assert_int_equal(auger_turn_server_next_timeout(s->server), AUGER_NEVER);
    refresh(s, &who, 0); /* the retransmission (8.2) */
    expect(s, &who, AUGER_STUN_ALLOCATION_MISMATCH);
    station_free(s);
}

static void each_family_has_a_life_of_its_own(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;

    (void)state;
    allocate_both(s, &who);
    permit(s, &who, PEER);
    permit(s, &who, PEER6);
    expect(s, &who, 0);
    refresh_family(s, &who, IPV4, 0);
    expect(s, &who, 0);
    assert_int_equal(stats_of(s).allocations, 1);
    send_indication(s, &who, PEER, "x");
    expect_nothing(s);
    send_indication(s, &who, PEER6, "x");
    expect_to_peer(s, PEER6, "x");
    permit(s, &who, PEER);
    expect(s, &who, AUGER_STUN_PEER_ADDRESS_FAMILY_MISMATCH);
    refresh_family(s, &who, IPV4, 600);
    expect(s, &who, AUGER_STUN_PEER_ADDRESS_FAMILY_MISMATCH);
    refresh_family(s, &who, 7, 600);
    expect(s, &who, AUGER_STUN_PEER_ADDRESS_FAMILY_MISMATCH);
    refresh_family(s, &who, IPV6, 0);
    expect(s, &who, 0);
    assert_int_equal(stats_of(s).allocations, 0);
    station_free(s);
}

static void a_family_that_is_not_refreshed_expires_alone(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;

    (void)state;
    allocate_both(s, &who);
    at(s, s->now + 300 * AUGER_SEC);
    refresh_family(s, &who, IPV6, 600);
    expect(s, &who, 0);
    at(s, s->now + 301 * AUGER_SEC);
    assert_int_equal(stats_of(s).allocations, 1);
    forget_events(s);
    assert_int_equal(stats_of(s).relays, 1);
    at(s, s->now + 300 * AUGER_SEC);
    assert_int_equal(stats_of(s).allocations, 0);
    station_free(s);
}

static void it_expires_to_the_nanosecond_and_data_ends_with_it(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;

    (void)state;
    allocate(s, &who);
    at(s, s->now + 400 * AUGER_SEC);
    who.nonce_len = 0;
    permit(s, &who, PEER);
    forget_events(s);
    at(s, s->now + 200 * AUGER_SEC - 1);
    send_indication(s, &who, PEER, "x");
    expect_to_peer(s, PEER, "x");
    at(s, s->now + 1);
    send_indication(s, &who, PEER, "x");
    expect_nothing(s);
    from_peer(s, s->relay, PEER, "x", 1);
    expect_nothing(s);
    expect_event(s, AUGER_TURN_SERVER_EVENT_RELAY_CLOSED);
    from_peer(s, s->relay, PEER, "x", 1);
    expect_nothing(s);
    expect_event(s, AUGER_TURN_SERVER_EVENT_ENDED);
    assert_int_equal(s->event.allocation.end, AUGER_TURN_SERVER_END_EXPIRED);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_NO_ALLOCATION), 3);
    station_free(s);
}

/* D21: the packet comes before the caller has said that time is over. */
static void a_number_of_before_is_not_that_of_now(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;

    (void)state;
    allocate(s, &who);
    uint32_t before = s->relay;
    refresh(s, &who, 0);
    forget_events(s);
    allocate(s, &who);
    assert_int_equal(s->relay & AUGER_TURN_SERVER_RELAY_INDEX,
                     before & AUGER_TURN_SERVER_RELAY_INDEX);
    permit(s, &who, PEER);
    from_peer(s, before, PEER, "x", 1);
    expect_nothing(s);
    from_peer(s, s->relay, PEER, "x", 1);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    station_free(s);
}

static void many_that_expire_at_once_end_in_bounded_steps(void **state)
{
    struct station *s = station_prepare();

    (void)state;
    s->config.ip_allocations_max = s->config.user_allocations_max = 4000;
    station_start(s);
    for (int i = 0; i < 200; i++) {
        struct asker who = ALICE;
        char from[32];
        snprintf(from, sizeof(from), "9.9.%d.1:5000", i);
        who.from = from;
        allocate(s, &who);
    }
    s->now += 600 * AUGER_SEC;
    for (uint64_t left = 200; left > 0; left = left > 64 ? left - 64 : 0) {
        assert_int_equal(stats_of(s).allocations, left);
        assert_true(auger_turn_server_next_timeout(s->server) <= s->now);
        at(s, s->now);
    }
    assert_int_equal(stats_of(s).allocations, 0);
    assert_int_equal(auger_turn_server_next_timeout(s->server), AUGER_NEVER);
    station_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refresh_lets_it_live_longer),
        cmocka_unit_test(without_an_allocation_it_is_437),
        cmocka_unit_test(another_user_gets_441_and_changes_nothing),
        cmocka_unit_test(lifetime_0_ends_it_and_the_socket),
        cmocka_unit_test(each_family_has_a_life_of_its_own),
        cmocka_unit_test(a_family_that_is_not_refreshed_expires_alone),
        cmocka_unit_test(it_expires_to_the_nanosecond_and_data_ends_with_it),
        cmocka_unit_test(a_number_of_before_is_not_that_of_now),
        cmocka_unit_test(many_that_expire_at_once_end_in_bounded_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
