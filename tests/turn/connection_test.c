/* A client's connections to peers by TCP: RFC 6062 section 4. */
#include "tests/turn/puppet.h"

#define PEER_OTHER_PORT "203.0.113.7:7001"
#define PEER2 "203.0.113.8:7000"
#define NUMBER 0xC0FFEE01u

static struct puppet *tcp_prepare(void)
{
    struct puppet *p = puppet_prepare();

    p->config.server.transport = AUGER_TCP;
    p->config.tcp_relay = true;
    return p;
}

static struct puppet *tcp_allocated(void)
{
    struct puppet *p = tcp_prepare();

    puppet_start(p);
    puppet_allocate(p);
    return p;
}

static int ask_for(struct puppet *p, const char *text)
{
    const struct auger_addr peer = tcp_of(text);

    return auger_turn_connect(p->turn, p->now, &peer);
}

static void give_number(struct puppet *p, uint32_t number)
{
    struct answer a;

    begin(&a, p, AUGER_STUN_SUCCESS);
    auger_stun_build_u32(&a.b, AUGER_STUN_ATTR_CONNECTION_ID, number);
    sign_and_send(&a);
}

static void connect_to(struct puppet *p, const char *text, uint32_t number)
{
    const struct auger_addr peer = tcp_of(text);

    assert_int_equal(ask_for(p, text), 0);
    expect_request(p, AUGER_STUN_CONNECT);
    give_number(p, number);
    expect_event(p, AUGER_TURN_EVENT_CONNECTED);
    assert_int_equal(p->event.connection.number, number);
    assert_true(auger_addr_equal(&p->event.connection.peer, &peer));
}

/* What the stream of a connection has to carry. */
static size_t poll_stream(struct puppet *p, uint32_t number)
{
    p->len = auger_turn_connection_transmit(p->turn, p->now, number, p->buf, AUGER_DATAGRAM_MAX);
    if (p->len > 0)
        assert_int_equal(auger_stun_msg_parse(&p->request, p->buf, p->len), 0);
    return p->len;
}

static bool answer_stream(struct puppet *p, uint32_t number, uint16_t code)
{
    struct answer a;

    begin(&a, p, code ? AUGER_STUN_ERROR : AUGER_STUN_SUCCESS);
    if (code)
        auger_stun_build_error(&a.b, code);
    auger_stun_build_integrity(&a.b, p->key);
    int len = auger_stun_build_end(&a.b);
    assert_true(len > 0);
    return auger_turn_connection_handle(p->turn, p->now, number, a.buf, (size_t)len);
}

static void permit(struct puppet *p, const char *text)
{
    const struct auger_addr peer = tcp_of(text);

    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), 0);
    expect_request(p, AUGER_STUN_CREATE_PERMISSION);
    confirm(p);
    expect_event(p, AUGER_TURN_EVENT_PERMITTED);
}

/* NULL: without that attribute. */
static void tell_of(struct puppet *p, const char *peer, const uint32_t *number)
{
    const struct auger_stun_tid tid = {{9}};
    struct answer a = {.p = p};

    auger_stun_build_begin(&a.b, a.buf, sizeof(a.buf), AUGER_STUN_INDICATION,
                           AUGER_STUN_CONNECTION_ATTEMPT, &tid);
    if (number)
        auger_stun_build_u32(&a.b, AUGER_STUN_ATTR_CONNECTION_ID, *number);
    if (peer)
        add_addr(&a, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, peer);
    send_as_it_is(&a);
}

/* --- the allocation (4.1) --------------------------------------------------------------- */

static void tcp_is_asked_for(void **state)
{
    struct puppet *p = tcp_prepare();
    struct auger_bytes value;

    (void)state;
    puppet_start(p);
    puppet_authenticate(p);
    assert_true(auger_stun_msg_bytes(&p->request, AUGER_STUN_ATTR_REQUESTED_TRANSPORT, &value));
    assert_int_equal(value.data[0], 6);
    grant_with(p, RELAYED, NULL, 600);
    expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
    assert_int_equal(p->event.allocated.relayed[0].transport, AUGER_TCP);
    puppet_free(p);
}

static void what_cannot_be_is_invalid(void **state)
{
    static const uint8_t token[AUGER_TURN_TOKEN_LEN];
    struct puppet *p = tcp_prepare();
    const struct auger_turn_config good = p->config;

    (void)state;
    for (int i = 0; i < 6; i++) {
        struct auger_turn_config bad = good;
        bad.server.transport = i == 0 ? AUGER_UDP : AUGER_TCP;
        bad.dont_fragment = i == 1;
        bad.even_port = i == 2 ? AUGER_TURN_EVEN_PORT : AUGER_TURN_ANY_PORT;
        bad.reserved = i == 3 ? token : NULL;
        bad.mobility = i == 4;
        bad.connections_max = i == 5 ? 0 : 16;
        assert_int_equal(auger_turn_new(&p->turn, &p->env, p->now, &bad), AUGER_ERR_INVALID);
    }
    puppet_free(p);
}

static void nothing_is_sent_as_datagrams(void **state)
{
    struct puppet *p = tcp_allocated();
    const struct auger_addr peer = tcp_of(PEER);
    static const uint8_t data_of_a_channel[] = {0x40, 0, 0, 1, 'x', 0, 0, 0};
    uint8_t buf[100];

    (void)state;
    permit(p, PEER);
    assert_int_equal(auger_turn_bind_channel(p->turn, p->now, &peer), AUGER_ERR_STATE);
    assert_int_equal(
        auger_turn_write(p->turn, p->now, &peer, (const uint8_t *)"x", 1, buf, sizeof(buf)),
        AUGER_ERR_STATE);
    assert_int_equal(deliver(p, data_of_a_channel, sizeof(data_of_a_channel)), AUGER_TURN_CONSUMED);
    puppet_free(p);
}

/* --- Connect (4.3) ------------------------------------------------------------------------ */

static void a_peer_is_connected_to_and_fetched(void **state)
{
    struct puppet *p = tcp_allocated();
    const struct auger_addr peer = addr_of(PEER);
    struct auger_addr asked;
    uint32_t number;

    (void)state;
    assert_int_equal(ask_for(p, PEER), 0);
    expect_request(p, AUGER_STUN_CONNECT);
    assert_true(is_signed(p));
    assert_true(auger_stun_msg_addr(&p->request, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &asked));
    assert_true(auger_addr_equal(&asked, &peer));
    give_number(p, NUMBER);
    expect_event(p, AUGER_TURN_EVENT_CONNECTED);
    assert_int_equal(poll_stream(p, NUMBER), 0); /* nobody has asked for it */
    assert_int_equal(auger_turn_bind_connection(p->turn, p->now, NUMBER), 0);
    expect_silence(p); /* on the control connection */
    assert_true(poll_stream(p, NUMBER) > 0);
    assert_int_equal(p->request.method, AUGER_STUN_CONNECTION_BIND);
    assert_true(is_signed(p));
    assert_true(auger_stun_msg_u32(&p->request, AUGER_STUN_ATTR_CONNECTION_ID, &number));
    assert_int_equal(number, NUMBER);
    assert_true(answer_stream(p, NUMBER, 0));
    expect_event(p, AUGER_TURN_EVENT_BOUND);
    assert_int_equal(p->event.connection.number, NUMBER);
    assert_int_equal(ask_for(p, PEER), AUGER_ERR_STATE);
    auger_turn_connection_closed(p->turn, NUMBER);
    assert_int_equal(ask_for(p, PEER), 0);
    puppet_free(p);
}

static void who_is_not_reached_is_left_alone_for_10_seconds(void **state)
{
    struct puppet *p = tcp_allocated();

    (void)state;
    assert_int_equal(ask_for(p, PEER), 0);
    expect_request(p, AUGER_STUN_CONNECT);
    refuse(p, AUGER_STUN_CONNECTION_FAILURE);
    expect_event(p, AUGER_TURN_EVENT_NOT_CONNECTED);
    assert_int_equal(p->event.connection.error, AUGER_TURN_ERROR_CONNECTION_FAILURE);
    assert_int_equal(p->event.connection.code, 447);
    assert_int_equal(ask_for(p, PEER), AUGER_ERR_AGAIN);
    connect_to(p, PEER_OTHER_PORT, 1);
    p->now += 10 * AUGER_SEC;
    assert_true(auger_turn_next_timeout(p->turn) <= p->now);
    auger_turn_handle_timeout(p->turn, p->now);
    assert_int_equal(ask_for(p, PEER), 0);
    puppet_free(p);
}

static void other_refusals_are_told(void **state)
{
    static const struct {
        uint16_t code;
        enum auger_turn_error error;
    } cases[] = {{403, AUGER_TURN_ERROR_FORBIDDEN},
                 {446, AUGER_TURN_ERROR_CONNECTION_EXISTS},
                 {486, AUGER_TURN_ERROR_QUOTA},
                 {508, AUGER_TURN_ERROR_CAPACITY}};
    struct puppet *p = tcp_allocated();

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(ask_for(p, PEER), 0);
        expect_request(p, AUGER_STUN_CONNECT);
        refuse(p, cases[i].code);
        expect_event(p, AUGER_TURN_EVENT_NOT_CONNECTED);
        assert_int_equal(p->event.connection.error, cases[i].error);
        assert_int_equal(auger_turn_state(p->turn), AUGER_TURN_ALLOCATED);
    }
    assert_int_equal(ask_for(p, PEER), 0);
    expect_request(p, AUGER_STUN_CONNECT);
    refuse(p, AUGER_STUN_ALLOCATION_MISMATCH);
    expect_failure(p, AUGER_TURN_ERROR_ALLOCATION_MISMATCH, 437);
    puppet_free(p);
}

static void one_peer_is_asked_for_once(void **state)
{
    struct puppet *p = tcp_allocated();

    (void)state;
    assert_int_equal(ask_for(p, PEER), 0);
    assert_int_equal(ask_for(p, PEER), AUGER_ERR_STATE);
    assert_int_equal(ask_for(p, PEER2), 0);
    assert_int_equal(ask_for(p, "203.0.113.7:0"), AUGER_ERR_INVALID);
    assert_int_equal(ask_for(p, PEER6), AUGER_ERR_UNSUPPORTED);
    puppet_free(p);
}

static void an_allocation_of_udp_has_no_connections(void **state)
{
    struct puppet *p = puppet_allocated();
    const uint32_t number = NUMBER;

    (void)state;
    assert_int_equal(ask_for(p, PEER), AUGER_ERR_STATE);
    puppet_permit(p, PEER);
    tell_of(p, PEER, &number);
    expect_no_event(p);
    puppet_free(p);
}

static void a_server_that_says_nothing_is_given_up(void **state)
{
    struct puppet *p = tcp_allocated();

    (void)state;
    assert_int_equal(ask_for(p, PEER), 0);
    expect_request(p, AUGER_STUN_CONNECT);
    p->now += 30 * AUGER_SEC;
    expect_silence(p);
    expect_no_event(p); /* the server may take 30 seconds */
    p->now += 10 * AUGER_SEC;
    expect_silence(p);
    expect_event(p, AUGER_TURN_EVENT_NOT_CONNECTED);
    assert_int_equal(p->event.connection.error, AUGER_TURN_ERROR_TIMEOUT);
    puppet_free(p);
}

/* --- ConnectionAttempt (4.4) ----------------------------------------------------------------- */

static void a_peer_that_comes_is_told(void **state)
{
    struct puppet *p = tcp_allocated();
    const struct auger_addr peer = tcp_of(PEER_OTHER_PORT);
    const uint32_t number = NUMBER;

    (void)state;
    tell_of(p, PEER_OTHER_PORT, &number);
    expect_no_event(p); /* nobody permitted it */
    permit(p, PEER);
    tell_of(p, PEER_OTHER_PORT, NULL);
    tell_of(p, NULL, &number);
    expect_no_event(p);
    tell_of(p, PEER_OTHER_PORT, &number);
    expect_event(p, AUGER_TURN_EVENT_ATTEMPT);
    assert_true(auger_addr_equal(&p->event.connection.peer, &peer));
    assert_int_equal(p->event.connection.number, NUMBER);
    tell_of(p, PEER_OTHER_PORT, &number); /* once more */
    expect_no_event(p);
    assert_int_equal(auger_turn_bind_connection(p->turn, p->now, NUMBER), 0);
    assert_true(poll_stream(p, NUMBER) > 0);
    assert_true(answer_stream(p, NUMBER, 0));
    expect_event(p, AUGER_TURN_EVENT_BOUND);
    puppet_free(p);
}

static void what_nobody_fetches_is_over_after_30_seconds(void **state)
{
    struct puppet *p = tcp_allocated();

    (void)state;
    connect_to(p, PEER, NUMBER);
    p->now += 30 * AUGER_SEC;
    assert_true(auger_turn_next_timeout(p->turn) <= p->now);
    expect_silence(p);
    expect_event(p, AUGER_TURN_EVENT_NOT_CONNECTED);
    assert_int_equal(p->event.connection.error, AUGER_TURN_ERROR_EXPIRED);
    assert_int_equal(auger_turn_bind_connection(p->turn, p->now, NUMBER), AUGER_ERR_NOT_FOUND);
    puppet_free(p);
}

/* --- ConnectionBind ----------------------------------------------------------------------------
 */

static void a_stale_nonce_is_asked_again_on_the_same_stream(void **state)
{
    static const struct challenge fresh = {.realm = "example.org", .nonce = "2"};
    struct puppet *p = tcp_allocated();
    struct answer a;

    (void)state;
    connect_to(p, PEER, NUMBER);
    assert_int_equal(auger_turn_bind_connection(p->turn, p->now, NUMBER), 0);
    assert_int_equal(auger_turn_bind_connection(p->turn, p->now, NUMBER), AUGER_ERR_STATE);
    assert_true(poll_stream(p, NUMBER) > 0);
    begin(&a, p, AUGER_STUN_ERROR);
    auger_stun_build_error(&a.b, AUGER_STUN_STALE_NONCE);
    add_challenge(&a, &fresh);
    int len = auger_stun_build_end(&a.b);
    assert_true(auger_turn_connection_handle(p->turn, p->now, NUMBER, a.buf, (size_t)len));
    assert_true(poll_stream(p, NUMBER) > 0);
    assert_true(answer_stream(p, NUMBER, 0));
    expect_event(p, AUGER_TURN_EVENT_BOUND);
    puppet_free(p);
}

static void a_bind_that_is_refused_is_told(void **state)
{
    struct puppet *p = tcp_allocated();

    (void)state;
    connect_to(p, PEER, NUMBER);
    assert_int_equal(auger_turn_bind_connection(p->turn, p->now, NUMBER), 0);
    assert_true(poll_stream(p, NUMBER) > 0);
    assert_true(answer_stream(p, NUMBER, AUGER_STUN_BAD_REQUEST));
    expect_event(p, AUGER_TURN_EVENT_NOT_CONNECTED);
    assert_int_equal(p->event.connection.number, NUMBER);
    assert_int_equal(p->event.connection.error, AUGER_TURN_ERROR_BAD_REQUEST);
    assert_int_equal(auger_turn_state(p->turn), AUGER_TURN_ALLOCATED);
    assert_int_equal(poll_stream(p, NUMBER), 0);
    puppet_free(p);
}

static void an_answer_counts_on_its_own_stream_alone(void **state)
{
    struct puppet *p = tcp_allocated();
    struct answer a;

    (void)state;
    connect_to(p, PEER, NUMBER);
    connect_to(p, PEER2, NUMBER + 1);
    assert_int_equal(auger_turn_bind_connection(p->turn, p->now, NUMBER), 0);
    assert_int_equal(auger_turn_bind_connection(p->turn, p->now, NUMBER + 1), 0);
    assert_true(poll_stream(p, NUMBER) > 0);
    assert_false(answer_stream(p, NUMBER + 1, 0));
    assert_false(answer_stream(p, 5, 0));
    begin(&a, p, AUGER_STUN_SUCCESS);
    auger_stun_build_integrity(&a.b, p->key);
    int len = auger_stun_build_end(&a.b);
    assert_int_equal(deliver(p, a.buf, (size_t)len), AUGER_TURN_NOT_OURS);
    expect_no_event(p);
    assert_true(answer_stream(p, NUMBER, 0));
    expect_event(p, AUGER_TURN_EVENT_BOUND);
    puppet_free(p);
}

/* --- bounds and ends ----------------------------------------------------------------------------
 */

static void connections_have_a_bound(void **state)
{
    struct puppet *p = tcp_prepare();
    const uint32_t number = 77;

    (void)state;
    p->config.connections_max = 2;
    puppet_start(p);
    puppet_allocate(p);
    permit(p, PEER);
    connect_to(p, PEER, 1);
    connect_to(p, PEER2, 2);
    assert_int_equal(ask_for(p, PEER_OTHER_PORT), AUGER_ERR_LIMIT);
    tell_of(p, PEER_OTHER_PORT, &number);
    expect_no_event(p);
    auger_turn_connection_closed(p->turn, 1);
    assert_int_equal(ask_for(p, PEER_OTHER_PORT), 0);
    expect_request(p, AUGER_STUN_CONNECT);
    refuse(p, AUGER_STUN_CONNECTION_FAILURE);
    expect_event(p, AUGER_TURN_EVENT_NOT_CONNECTED);
    assert_int_equal(ask_for(p, PEER), 0); /* who rests gives way */
    puppet_free(p);
}

static void connections_end_with_the_allocation(void **state)
{
    struct puppet *p = tcp_allocated();

    (void)state;
    connect_to(p, PEER, NUMBER);
    assert_int_equal(auger_turn_bind_connection(p->turn, p->now, NUMBER), 0);
    auger_turn_release(p->turn, p->now);
    assert_int_equal(poll_stream(p, NUMBER), 0);
    assert_int_equal(ask_for(p, PEER2), AUGER_ERR_STATE);
    puppet_free(p);
}

static void without_random_bytes_nothing_is_asked(void **state)
{
    struct puppet *p = tcp_allocated();

    (void)state;
    p->no_random = true;
    assert_int_equal(ask_for(p, PEER), AUGER_ERR_ENTROPY);
    p->no_random = false;
    connect_to(p, PEER, NUMBER);
    p->no_random = true;
    assert_int_equal(auger_turn_bind_connection(p->turn, p->now, NUMBER), AUGER_ERR_ENTROPY);
    p->no_random = false;
    assert_int_equal(auger_turn_bind_connection(p->turn, p->now, NUMBER), 0);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_is_asked_for),
        cmocka_unit_test(what_cannot_be_is_invalid),
        cmocka_unit_test(nothing_is_sent_as_datagrams),
        cmocka_unit_test(a_peer_is_connected_to_and_fetched),
        cmocka_unit_test(who_is_not_reached_is_left_alone_for_10_seconds),
        cmocka_unit_test(other_refusals_are_told),
        cmocka_unit_test(one_peer_is_asked_for_once),
        cmocka_unit_test(an_allocation_of_udp_has_no_connections),
        cmocka_unit_test(a_server_that_says_nothing_is_given_up),
        cmocka_unit_test(a_peer_that_comes_is_told),
        cmocka_unit_test(what_nobody_fetches_is_over_after_30_seconds),
        cmocka_unit_test(a_stale_nonce_is_asked_again_on_the_same_stream),
        cmocka_unit_test(a_bind_that_is_refused_is_told),
        cmocka_unit_test(an_answer_counts_on_its_own_stream_alone),
        cmocka_unit_test(connections_have_a_bound),
        cmocka_unit_test(connections_end_with_the_allocation),
        cmocka_unit_test(without_random_bytes_nothing_is_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
