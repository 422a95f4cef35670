/* Channels: RFC 8656 section 12. */
#include "tests/turn/puppet.h"

static const uint8_t hello[] = "hello";

static uint16_t requested_number(const struct puppet *p)
{
    uint32_t value;

    assert_true(auger_stun_msg_u32(&p->request, AUGER_STUN_ATTR_CHANNEL_NUMBER, &value));
    assert_int_equal(value & 0xFFFF, 0);
    return (uint16_t)(value >> 16);
}

/* A permitted peer whose ChannelBind request is what was read. */
static uint16_t ask_for_channel(struct puppet *p, const char *text)
{
    struct auger_addr peer = addr_of(text), asked;

    assert_int_equal(auger_turn_bind_channel(p->turn, p->now, &peer), 0);
    expect_request(p, AUGER_STUN_CHANNEL_BIND);
    assert_true(auger_stun_msg_addr(&p->request, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &asked));
    assert_true(auger_addr_equal(&asked, &peer));
    assert_true(is_signed(p));
    return requested_number(p);
}

static uint16_t bind_channel(struct puppet *p, const char *text)
{
    puppet_permit(p, text);
    uint16_t number = ask_for_channel(p, text);
    confirm(p);
    expect_event(p, AUGER_TURN_EVENT_CHANNEL_BOUND);
    expect_no_event(p);
    return number;
}

static enum auger_turn_taken receive(struct puppet *p, uint16_t number, size_t len)
{
    uint8_t message[16] = {(uint8_t)(number >> 8), (uint8_t)number, 0, (uint8_t)len, 'h', 'e'};

    return deliver(p, message, 4 + len);
}

static bool is_channel_data(struct puppet *p, const char *text, size_t wanted)
{
    struct auger_addr peer = addr_of(text);
    int len = auger_turn_write(p->turn, p->now, &peer, hello, 5, p->buf, sizeof(p->buf));

    assert_true(len > 0);
    return p->buf[0] >= 0x40 && (size_t)len == wanted;
}

static void data_goes_by_the_channel_once_it_is_bound(void **state)
{
    (void)state;
    static const uint8_t wanted[] = {0x40, 0x00, 0, 5, 'h', 'e', 'l', 'l', 'o'};
    struct puppet *p = puppet_allocated();

    puppet_permit(p, PEER);
    assert_int_equal(ask_for_channel(p, PEER), 0x4000);
    assert_false(is_channel_data(p, PEER, 9)); /* not before it is sure */
    confirm(p);
    expect_event(p, AUGER_TURN_EVENT_CHANNEL_BOUND);
    assert_true(is_channel_data(p, PEER, 9));
    assert_memory_equal(p->buf, wanted, 9);
    assert_false(is_channel_data(p, "203.0.113.7:7001", 9)); /* of that very address */
    expect_silence(p);
    puppet_free(p);
}

static void a_channel_asks_for_the_permission_as_well(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);

    assert_int_equal(auger_turn_bind_channel(p->turn, p->now, &peer), 0);
    expect_request(p, AUGER_STUN_CREATE_PERMISSION);
    expect_request(p, AUGER_STUN_CHANNEL_BIND);
    confirm(p); /* the one is as good as the other (12.3) */
    assert_true(auger_turn_is_permitted(p->turn, p->now, &peer));
    expect_event(p, AUGER_TURN_EVENT_PERMITTED);
    expect_event(p, AUGER_TURN_EVENT_CHANNEL_BOUND);
    p->now += AUGER_SEC;
    expect_silence(p);
    puppet_free(p);
}

static void a_stream_has_its_channel_data_padded(void **state)
{
    (void)state;
    struct puppet *p = puppet_prepare();

    p->config.server = tcp_of(SERVER);
    puppet_start(p);
    puppet_allocate(p);
    bind_channel(p, PEER);
    assert_true(is_channel_data(p, PEER, 12));
    puppet_free(p);
}

static void data_may_overtake_the_answer(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);

    puppet_permit(p, PEER);
    assert_int_equal(receive(p, 0x4000, 2), AUGER_TURN_CONSUMED);
    assert_int_equal(auger_turn_bind_channel(p->turn, p->now, &peer), 0);
    assert_int_equal(receive(p, 0x4000, 2), AUGER_TURN_CONSUMED);
    expect_request(p, AUGER_STUN_CHANNEL_BIND);
    assert_int_equal(receive(p, 0x4000, 2), AUGER_TURN_DATA);
    assert_true(auger_addr_equal(&p->data.peer, &peer));
    puppet_free(p);
}

/* The answer to the first request was lost: what comes may come by the channel from then on,
 * whether or not we ever hear that it is bound. */
static void data_may_come_by_what_was_asked_for_and_refused(void **state)
{
    (void)state;
    for (int is_stale = 0; is_stale < 2; is_stale++) {
        struct puppet *p = puppet_allocated();
        struct challenge stale = plain_challenge;
        struct auger_addr peer = addr_of(PEER);
        stale.nonce = "another one";
        puppet_permit(p, PEER);
        assert_int_equal(ask_for_channel(p, PEER), 0x4000);
        if (is_stale)
            challenge_with(p, AUGER_STUN_STALE_NONCE, &stale);
        else
            refuse(p, AUGER_STUN_SERVER_ERROR);
        assert_int_equal(receive(p, 0x4000, 2), AUGER_TURN_DATA);
        assert_true(auger_addr_equal(&p->data.peer, &peer));
        puppet_free(p);
    }
}

static void only_what_is_whole_and_bound_is_data(void **state)
{
    (void)state;
    static const uint8_t short_one[] = {0x40, 0x00, 0, 3, 1, 2};
    static const uint8_t padded[] = {0x40, 0x00, 0, 1, 7, 0, 0, 0};
    struct puppet *p = puppet_allocated();

    bind_channel(p, PEER);
    assert_int_equal(receive(p, 0x4000, 2), AUGER_TURN_DATA);
    assert_int_equal(p->data.bytes.len, 2);
    assert_memory_equal(p->data.bytes.data, "he", 2);
    assert_int_equal(receive(p, 0x4000, 0), AUGER_TURN_DATA);
    assert_int_equal(p->data.bytes.len, 0);
    assert_int_equal(deliver(p, padded, sizeof(padded)), AUGER_TURN_DATA);
    assert_int_equal(p->data.bytes.len, 1);
    assert_int_equal(receive(p, 0x4001, 2), AUGER_TURN_CONSUMED);
    assert_int_equal(receive(p, 0x4FFF, 2), AUGER_TURN_CONSUMED);
    assert_int_equal(receive(p, 0x5000, 2), AUGER_TURN_NOT_OURS);
    assert_int_equal(deliver(p, short_one, sizeof(short_one)), AUGER_TURN_CONSUMED);
    for (size_t len = 1; len < 4; len++)
        assert_int_equal(deliver(p, short_one, len), AUGER_TURN_CONSUMED);
    puppet_free(p);
}

static void it_is_bound_again_a_minute_before_its_end(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    auger_time start = p->now;
    int binds = 0;

    bind_channel(p, PEER);
    while (p->now < start + 1200 * AUGER_SEC) {
        p->now = auger_turn_next_timeout(p->turn);
        if (poll_at(p, p->now) == 0)
            continue;
        if (p->request.method == AUGER_STUN_CHANNEL_BIND) {
            assert_int_equal(requested_number(p), 0x4000);
            assert_int_equal(p->now, start + ++binds * 540 * AUGER_SEC);
        }
        confirm(p);
        expect_no_event(p);
        assert_true(is_channel_data(p, PEER, 9));
    }
    assert_int_equal(binds, 2);
    puppet_free(p);
}

static void its_time_runs_from_the_request(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    auger_time start = p->now;

    puppet_permit(p, PEER);
    ask_for_channel(p, PEER);
    p->now += 400 * AUGER_MS;
    confirm(p);
    while (auger_turn_next_timeout(p->turn) < start + 540 * AUGER_SEC) {
        p->now = auger_turn_next_timeout(p->turn);
        if (poll_at(p, p->now) > 0)
            confirm(p);
    }
    p->now = start + 540 * AUGER_SEC;
    expect_request(p, AUGER_STUN_CHANNEL_BIND);
    puppet_free(p);
}

/* Confirms everything but what is about channels. */
static void live_until(struct puppet *p, auger_time end, bool confirms_channels)
{
    while (auger_turn_next_timeout(p->turn) < end) {
        p->now = auger_turn_next_timeout(p->turn);
        if (poll_at(p, p->now) > 0 &&
            (confirms_channels || p->request.method != AUGER_STUN_CHANNEL_BIND))
            confirm(p);
    }
    poll_at(p, end);
}

static void a_channel_that_cannot_be_renewed_ends_and_data_goes_without(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    auger_time start = p->now;

    bind_channel(p, PEER);
    live_until(p, start + 600 * AUGER_SEC - 1, false);
    assert_true(is_channel_data(p, PEER, 9));
    expect_no_event(p);
    live_until(p, start + 600 * AUGER_SEC, false);
    assert_false(is_channel_data(p, PEER, 9));
    assert_int_equal(receive(p, 0x4000, 2), AUGER_TURN_CONSUMED);
    expect_event(p, AUGER_TURN_EVENT_CHANNEL_REFUSED);
    assert_int_equal(p->event.peer.error, AUGER_TURN_ERROR_EXPIRED);
    puppet_free(p);
}

/* It would have been bound again before: nobody need be called again for that. */
static void one_that_is_wanted_again_late_is_bound_again_at_once(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);
    auger_time start = p->now;

    bind_channel(p, PEER);
    auger_turn_forget(p->turn, &peer);
    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), 0);
    live_until(p, start + 550 * AUGER_SEC, false);
    assert_int_equal(auger_turn_bind_channel(p->turn, p->now, &peer), 0);
    p->len = auger_turn_poll_transmit(p->turn, p->now, p->buf, AUGER_DATAGRAM_MAX);
    assert_true(p->len > 0);
    assert_true(auger_turn_next_timeout(p->turn) > p->now);
    assert_int_equal(auger_stun_msg_parse(&p->request, p->buf, p->len), 0);
    assert_int_equal(requested_number(p), 0x4000);
    confirm(p);
    expect_no_event(p);
    puppet_free(p);
}

static void numbers_are_not_of_two_peers(void **state)
{
    (void)state;
    struct puppet *p = puppet_prepare();
    struct auger_addr other = addr_of("203.0.113.9:1"), peer = addr_of(PEER);

    p->config.channels_max = 2;
    puppet_start(p);
    puppet_allocate(p);
    auger_time start = p->now;
    assert_int_equal(bind_channel(p, PEER), 0x4000);
    assert_int_equal(bind_channel(p, "203.0.113.8:1"), 0x4001);
    assert_int_equal(auger_turn_bind_channel(p->turn, p->now, &other), AUGER_ERR_LIMIT);
    auger_turn_forget(p->turn, &peer);
    live_until(p, start + 900 * AUGER_SEC - 1, true); /* its end, and five minutes more */
    while (auger_turn_poll_event(p->turn, &p->event))
        assert_true(auger_addr_equal(&p->event.peer.addr, &peer) ||
                    p->event.type == AUGER_TURN_EVENT_REFUSED ||
                    p->event.type == AUGER_TURN_EVENT_PERMITTED);
    poll_at(p, p->now);
    assert_int_equal(auger_turn_bind_channel(p->turn, p->now, &other), AUGER_ERR_LIMIT);
    live_until(p, start + 901 * AUGER_SEC, true);
    while (auger_turn_poll_event(p->turn, &p->event))
        ;
    assert_int_equal(auger_turn_bind_channel(p->turn, p->now, &other), 0);
    expect_request(p, AUGER_STUN_CHANNEL_BIND);
    assert_int_equal(requested_number(p), 0x4002);
    puppet_free(p);
}

static void a_peer_keeps_its_number(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();

    puppet_permit(p, PEER);
    assert_int_equal(ask_for_channel(p, PEER), 0x4000);
    refuse(p, 508);
    expect_event(p, AUGER_TURN_EVENT_CHANNEL_REFUSED);
    assert_int_equal(p->event.peer.error, AUGER_TURN_ERROR_CAPACITY);
    assert_int_equal(p->event.peer.code, 508);
    assert_false(is_channel_data(p, PEER, 9));
    assert_int_equal(ask_for_channel(p, PEER), 0x4000);
    confirm(p);
    expect_event(p, AUGER_TURN_EVENT_CHANNEL_BOUND);
    puppet_free(p);
}

/* 12.3: the server and we differ about what is bound. */
static void a_400_ends_the_allocation_and_gives_it_back(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    uint32_t lifetime_s;

    puppet_permit(p, PEER);
    ask_for_channel(p, PEER);
    refuse(p, 400);
    expect_failure(p, AUGER_TURN_ERROR_BAD_REQUEST, 400);
    expect_request(p, AUGER_STUN_REFRESH);
    assert_true(auger_stun_msg_u32(&p->request, AUGER_STUN_ATTR_LIFETIME, &lifetime_s));
    assert_int_equal(lifetime_s, 0);
    puppet_free(p);
}

static void with_the_allocation_go_its_channels(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();

    bind_channel(p, PEER);
    puppet_permit(p, "203.0.113.8:1");
    ask_for_channel(p, "203.0.113.8:1");
    auger_turn_release(p->turn, p->now);
    expect_request(p, AUGER_STUN_REFRESH);
    confirm(p);
    expect_event(p, AUGER_TURN_EVENT_RELEASED);
    assert_int_equal(auger_turn_next_timeout(p->turn), AUGER_NEVER);
    p->now += AUGER_SEC;
    expect_silence(p);
    puppet_free(p);
}

static void a_channel_needs_a_port_and_a_family_that_we_have(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of("203.0.113.7:0"), six = addr_of(PEER6);

    assert_int_equal(auger_turn_bind_channel(p->turn, p->now, &peer), AUGER_ERR_INVALID);
    assert_int_equal(auger_turn_bind_channel(p->turn, p->now, &six), AUGER_ERR_UNSUPPORTED);
    expect_silence(p);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_goes_by_the_channel_once_it_is_bound),
        cmocka_unit_test(a_channel_asks_for_the_permission_as_well),
        cmocka_unit_test(a_stream_has_its_channel_data_padded),
        cmocka_unit_test(data_may_overtake_the_answer),
        cmocka_unit_test(data_may_come_by_what_was_asked_for_and_refused),
        cmocka_unit_test(only_what_is_whole_and_bound_is_data),
        cmocka_unit_test(it_is_bound_again_a_minute_before_its_end),
        cmocka_unit_test(its_time_runs_from_the_request),
        cmocka_unit_test(a_channel_that_cannot_be_renewed_ends_and_data_goes_without),
        cmocka_unit_test(one_that_is_wanted_again_late_is_bound_again_at_once),
        cmocka_unit_test(numbers_are_not_of_two_peers),
        cmocka_unit_test(a_peer_keeps_its_number),
        cmocka_unit_test(a_400_ends_the_allocation_and_gives_it_back),
        cmocka_unit_test(with_the_allocation_go_its_channels),
        cmocka_unit_test(a_channel_needs_a_port_and_a_family_that_we_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
