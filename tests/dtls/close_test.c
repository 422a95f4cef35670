/* The end of an association, and what is not its end. */
#include "tests/dtls/pair.h"
#include "tests/dtls/records.h"

static struct pair *connected(void)
{
    struct pair *pair = pair_of_ours(NULL);

    start_both(pair);
    run_for(pair, AUGER_SEC);
    assert_true(both_up(pair));
    return pair;
}

static void assert_closed(const struct pair *pair, int who, size_t events)
{
    const struct end *end = &pair->ends[who];

    assert_int_equal(auger_dtls_get_state(end->dtls), AUGER_DTLS_CLOSED);
    assert_int_equal(auger_dtls_next_timeout(end->dtls), AUGER_NEVER);
    assert_int_equal(end->events_len, events);
    if (events > 1)
        assert_int_equal(end->events[1].type, AUGER_DTLS_EVENT_CLOSED);
}

static void test_close_notify_closes_both_ends_at_once(void **state)
{
    (void)state;

    for (int who = CLIENT; who <= SERVER; who++) {
        struct pair *pair = connected();
        auger_dtls_close(pair->ends[who].dtls, pair->now);
        assert_closed(pair, who, 1); /* who closes knows it */
        run_for(pair, DELAY);
        assert_closed(pair, !who, 2);
        run_for(pair, AUGER_SEC);
        auger_dtls_close(pair->ends[who].dtls, pair->now);
        auger_dtls_close(pair->ends[!who].dtls, pair->now);
        run_for(pair, AUGER_SEC);
        assert_closed(pair, who, 1);
        assert_closed(pair, !who, 2);
        pair_free(pair);
    }
}

/* RFC 5246 section 7.2.1. */
static void test_close_notify_is_answered_in_kind(void **state)
{
    (void)state;

    for (int who = CLIENT; who <= SERVER; who++) {
        struct pair *pair = pair_with_raw(who, NULL);
        start_both(pair);
        run_for(pair, AUGER_SEC);
        SSL_shutdown(pair->ends[!who].raw->ssl);
        run_for(pair, DELAY);
        assert_closed(pair, who, 2);
        assert_false(pair->ends[!who].raw->is_closed);
        run_for(pair, DELAY);
        assert_true(pair->ends[!who].raw->is_closed);
        pair_free(pair);
    }
}

static void test_what_was_said_before_close_is_delivered_and_nothing_after(void **state)
{
    (void)state;
    struct pair *pair = pair_with_raw(SERVER, NULL);
    struct raw *raw = pair->ends[CLIENT].raw;
    uint8_t last[RAW_DATAGRAM_MAX], buf[RAW_DATAGRAM_MAX];
    size_t last_len, len = 0, more;

    start_both(pair);
    run_for(pair, AUGER_SEC);
    assert_true(SSL_write(raw->ssl, "after", 5) == 5);
    last_len = raw_poll_transmit(raw, last); /* held back, and comes late */
    assert_true(SSL_write(raw->ssl, "one ", 4) == 4);
    assert_true(SSL_write(raw->ssl, "two", 3) == 3);
    SSL_shutdown(raw->ssl);
    while ((more = raw_poll_transmit(raw, buf + len)) > 0)
        len += more;
    deliver(pair, SERVER, buf, len); /* all in one datagram */
    assert_got(pair, SERVER, "one two");
    deliver(pair, SERVER, last, last_len);
    run_for(pair, AUGER_SEC);
    assert_got(pair, SERVER, "one two");
    assert_closed(pair, SERVER, 2);
    pair_free(pair);
}

static void test_close_is_seen_by_a_reader_who_does_not_read_to_the_end(void **state)
{
    (void)state;
    struct pair *pair = connected();
    struct auger_dtls *server = pair->ends[SERVER].dtls;
    struct auger_bytes data;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    int len = auger_dtls_write_data(pair->ends[CLIENT].dtls, pair->now, (const uint8_t *)"x", 1,
                                    buf, sizeof(buf));

    auger_dtls_handle_datagram(server, pair->now, buf, (size_t)len);
    assert_true(auger_dtls_read(server, pair->now, &data));
    auger_dtls_close(pair->ends[CLIENT].dtls, pair->now);
    size_t closing = poll_transmit(pair, CLIENT, buf);
    assert_true(closing > 0);
    auger_dtls_handle_datagram(server, pair->now, buf, closing);
    assert_int_equal(auger_dtls_get_state(server), AUGER_DTLS_CLOSED);
    pair_free(pair);
}

static void test_what_nobody_read_before_our_close_is_gone(void **state)
{
    (void)state;
    struct pair *pair = connected();
    struct auger_dtls *server = pair->ends[SERVER].dtls;
    struct auger_bytes data;
    uint8_t buf[AUGER_DATAGRAM_MAX];

    for (int i = 0; i < 3; i++) {
        int len = auger_dtls_write_data(pair->ends[CLIENT].dtls, pair->now, (const uint8_t *)"x", 1,
                                        buf, sizeof(buf));
        auger_dtls_handle_datagram(server, pair->now, buf, (size_t)len);
    }
    auger_dtls_close(server, pair->now);
    assert_false(auger_dtls_read(server, pair->now, &data));
    assert_int_equal(auger_dtls_write_data(server, pair->now, buf, 1, buf, sizeof(buf)),
                     AUGER_ERR_STATE);
    assert_int_equal(auger_dtls_export(server, "EXTRACTOR-dtls_srtp", buf, 60), AUGER_ERR_STATE);
    pair_free(pair);
}

static void test_close_before_the_end_of_the_handshake_is_silent_and_final(void **state)
{
    (void)state;

    for (int leg = 0; leg < 2; leg++) {
        struct pair *pair = pair_of_ours(NULL);
        if (leg > 0)
            start_both(pair);
        run_for(pair, leg * DELAY);
        auger_dtls_close(pair->ends[CLIENT].dtls, pair->now);
        assert_closed(pair, CLIENT, 0);
        run_for(pair, AUGER_SEC);
        assert_closed(pair, CLIENT, 0);
        assert_int_equal(auger_dtls_start(pair->ends[CLIENT].dtls, pair->now, AUGER_DTLS_CLIENT),
                         AUGER_ERR_STATE);
        assert_false(is_up(pair, SERVER));
        pair_free(pair);
    }
}

static void test_a_flight_that_nobody_took_is_not_sent_after_close(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);
    uint8_t buf[RAW_DATAGRAM_MAX];

    start(pair, CLIENT);
    auger_dtls_close(pair->ends[CLIENT].dtls, pair->now);
    assert_int_equal(poll_transmit(pair, CLIENT, buf), 0);
    pair_free(pair);
}

/* OpenSSL sends one when its renegotiation is refused. */
static void test_a_fatal_alert_that_is_sealed_closes_at_once(void **state)
{
    (void)state;

    for (int who = CLIENT; who <= SERVER; who++) {
        struct pair *pair = pair_with_raw(who, NULL);
        start_both(pair);
        run_for(pair, AUGER_SEC);
        assert_int_equal(SSL_renegotiate(pair->ends[!who].raw->ssl), 1);
        (void)SSL_do_handshake(pair->ends[!who].raw->ssl);
        run_for(pair, 3 * DELAY);
        assert_true(pair->ends[!who].raw->is_dead);
        assert_closed(pair, who, 2);
        pair_free(pair);
    }
}

/* RFC 6347 section 4.1.2.7: in clear anybody may say anything. */
static void test_a_spoofed_alert_ends_nothing(void **state)
{
    (void)state;
    static const uint8_t alerts[][2] = {{1, 0},  {2, 0},   {2, 40}, {2, 42},
                                        {1, 90}, {1, 100}, {9, 9}};
    uint8_t buf[64];

    for (int leg = 0; leg < 6; leg++)
        for (int who = CLIENT; who <= SERVER; who++) {
            struct pair *pair = pair_of_ours(NULL);
            start_both(pair);
            run_for(pair, leg * DELAY + DELAY / 2);
            for (size_t i = 0; i < ARRAY_LEN(alerts); i++)
                for (uint16_t epoch = 0; epoch < 2; epoch++) {
                    struct record alert = {
                        .type = ALERT, .epoch = epoch, .seq = 100, .body = alerts[i], .len = 2};
                    deliver(pair, who, buf, make_record(buf, sizeof(buf), alert));
                }
            run_for(pair, AUGER_SEC);
            assert_talk(pair);
            assert_int_equal(pair->ends[who].events_len, 1);
            pair_free(pair);
        }
}

static void test_the_last_alert_in_clear_is_the_hint_of_a_timeout(void **state)
{
    (void)state;
    static const uint8_t first[] = {2, 42}, last[] = {2, 40};
    struct pair *pair = pair_of_ours(NULL);
    uint8_t buf[64];

    introduce(pair, CLIENT);
    start(pair, CLIENT);
    deliver(pair, CLIENT, buf,
            make_record(buf, sizeof(buf), (struct record){.type = ALERT, .body = first, .len = 2}));
    deliver(pair, CLIENT, buf,
            make_record(buf, sizeof(buf), (struct record){.type = ALERT, .body = last, .len = 2}));
    run_for(pair, 30 * AUGER_SEC);
    assert_failed(pair, CLIENT, AUGER_DTLS_TIMEOUT);
    assert_int_equal(pair->ends[CLIENT].events[0].alert_hint, 40);
    pair_free(pair);
}

/* Replayed, broken, of another epoch, numbered far ahead: RFC 6347 section 4.1.2.6. */
static void test_bad_records_after_the_handshake_end_nothing(void **state)
{
    (void)state;
    struct pair *pair = connected();
    uint8_t good[AUGER_DATAGRAM_MAX], bad[AUGER_DATAGRAM_MAX];
    int len = auger_dtls_write_data(pair->ends[CLIENT].dtls, pair->now, (const uint8_t *)"once", 4,
                                    good, sizeof(good));
    size_t before = pair->ends[SERVER].sent;

    assert_true(len > 0);
    for (int i = 0; i < 2000; i++) {
        memcpy(bad, good, (size_t)len);
        bad[13 + i % (len - 13)] ^= (uint8_t)(1 + i % 255); /* wrong tag */
        memset(bad + 5, i % 2 ? 0xFF : 0, 5);               /* far ahead, or far behind */
        bad[4] = (uint8_t)(i % 3);
        deliver(pair, SERVER, bad, (size_t)len);
    }
    deliver(pair, SERVER, good, (size_t)len);
    for (int i = 0; i < 100; i++)
        deliver(pair, SERVER, good, (size_t)len);
    run_for(pair, AUGER_SEC);
    assert_got(pair, SERVER, "once");
    assert_int_equal(pair->ends[SERVER].sent, before);
    assert_int_equal(auger_dtls_get_state(pair->ends[SERVER].dtls), AUGER_DTLS_CONNECTED);
    pair_free(pair);
}

/* RFC 7983: 20 to 63 is DTLS, of which 20 to 23 is what 1.2 has. */
static void test_datagrams_of_another_protocol_fall(void **state)
{
    (void)state;
    uint8_t buf[200];

    for (int who = CLIENT; who <= SERVER; who++) {
        struct pair *pair = pair_of_ours(NULL);
        start_both(pair);
        for (int leg = 0; leg < 6; leg++) {
            for (int first = 0; first < 256; first++) {
                memset(buf, first, sizeof(buf));
                deliver(pair, who, buf, sizeof(buf));
                deliver(pair, who, buf, 1);
            }
            run_for(pair, DELAY);
        }
        assert_talk(pair);
        assert_int_equal(pair->ends[who].pieces, 1);
        pair_free(pair);
    }
}

/* --- what is too large
 * ----------------------------------------------------------------------------- */

static void try_sizes(uint16_t mtu)
{
    struct auger_dtls_config config;
    uint8_t data[2048] = {0}, buf[2048];

    auger_dtls_config_init(&config);
    config.mtu = mtu;
    struct pair *pair = pair_of_ours(&config);
    struct auger_dtls *dtls = pair->ends[CLIENT].dtls;
    size_t max = auger_dtls_data_max(dtls);
    start_both(pair);
    run_for(pair, AUGER_SEC);

    assert_int_equal(auger_dtls_write_data(dtls, pair->now, data, 1, buf, sizeof(buf)), 38);
    uint8_t number = buf[10];
    static const int wrong[] = {AUGER_ERR_INVALID, AUGER_ERR_TOO_LARGE, AUGER_ERR_TOO_LARGE};
    const size_t lens[] = {0, max + 1, sizeof(data)};
    for (size_t i = 0; i < ARRAY_LEN(lens); i++)
        assert_int_equal(auger_dtls_write_data(dtls, pair->now, data, lens[i], buf, sizeof(buf)),
                         wrong[i]);
    assert_int_equal(auger_dtls_write_data(dtls, pair->now, data, max, buf, mtu - 1u),
                     AUGER_ERR_BUFFER);
    assert_int_equal(auger_dtls_write_data(dtls, pair->now, data, max, buf, mtu), mtu);
    assert_int_equal(buf[10], number + 1); /* what failed took none */
    deliver(pair, SERVER, buf, mtu);
    assert_int_equal(pair->ends[SERVER].data_len, max);
    pair->ends[SERVER].data_len = 0;
    assert_talk(pair);
    pair_free(pair);
}

static void test_a_write_that_does_not_fit_is_an_error_and_ends_nothing(void **state)
{
    (void)state;

    try_sizes(256);
    try_sizes(512);
    try_sizes(1200);
    try_sizes(1500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close_notify_closes_both_ends_at_once),
        cmocka_unit_test(test_close_notify_is_answered_in_kind),
        cmocka_unit_test(test_what_was_said_before_close_is_delivered_and_nothing_after),
        cmocka_unit_test(test_close_is_seen_by_a_reader_who_does_not_read_to_the_end),
        cmocka_unit_test(test_what_nobody_read_before_our_close_is_gone),
        cmocka_unit_test(test_close_before_the_end_of_the_handshake_is_silent_and_final),
        cmocka_unit_test(test_a_flight_that_nobody_took_is_not_sent_after_close),
        cmocka_unit_test(test_a_fatal_alert_that_is_sealed_closes_at_once),
        cmocka_unit_test(test_a_spoofed_alert_ends_nothing),
        cmocka_unit_test(test_the_last_alert_in_clear_is_the_hint_of_a_timeout),
        cmocka_unit_test(test_bad_records_after_the_handshake_end_nothing),
        cmocka_unit_test(test_datagrams_of_another_protocol_fall),
        cmocka_unit_test(test_a_write_that_does_not_fit_is_an_error_and_ends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
