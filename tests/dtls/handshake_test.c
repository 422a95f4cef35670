/* A handshake of two of ours: what it agrees on, what each lost datagram costs, and when
 * it is over. */
#include "tests/dtls/pair.h"
#include "tests/dtls/records.h"

static void test_both_roles_complete_in_two_round_trips(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);

    start_both(pair);
    run_for(pair, AUGER_SEC);

    assert_true(both_up(pair));
    assert_int_equal(pair->ends[SERVER].up_at - START, 3 * DELAY);
    assert_int_equal(pair->ends[CLIENT].up_at - START, 4 * DELAY);
    for (int who = CLIENT; who <= SERVER; who++) {
        struct auger_dtls *dtls = pair->ends[who].dtls;
        assert_int_equal(pair->ends[who].events_len, 1);
        assert_int_equal(pair->ends[who].events[0].type, AUGER_DTLS_EVENT_CONNECTED);
        assert_int_equal(auger_dtls_get_role(dtls), who);
        assert_int_equal(auger_dtls_next_timeout(dtls), AUGER_NEVER);
        assert_string_equal(auger_dtls_version(dtls), "DTLSv1.2");
        assert_string_equal(auger_dtls_cipher(dtls), "ECDHE-ECDSA-AES128-GCM-SHA256");
    }
    assert_talk(pair);
    pair_free(pair);
}

/* --- size ------------------------------------------------------------------------------- */

static size_t largest;

static void carry_and_measure(struct pair *pair, int from, const uint8_t *buf, size_t len)
{
    largest = len > largest ? len : largest;
    put_on_wire(pair, !from, DELAY, buf, len);
}

static void test_no_datagram_exceeds_the_mtu(void **state)
{
    (void)state;
    static const uint16_t mtus[] = {256, 300, 576, 1200, 1500};

    for (size_t i = 0; i < ARRAY_LEN(mtus); i++) {
        struct auger_dtls_config config;
        auger_dtls_config_init(&config);
        config.mtu = mtus[i];
        struct pair *pair = pair_of_ours(&config);
        largest = 0;
        pair->carry = carry_and_measure;
        start_both(pair);
        run_for(pair, AUGER_SEC);

        assert_talk(pair);
        assert_in_range(largest, 100, mtus[i]);
        pair_free(pair);
    }
}

/* --- one datagram lost ------------------------------------------------------------------- */

struct loss {
    int from;
    size_t at; /* counted from 0 */
    size_t dropped;
};

static void carry_with_loss(struct pair *pair, int from, const uint8_t *buf, size_t len)
{
    struct loss *loss = pair->user;

    if (from == loss->from && pair->ends[from].sent - 1 == loss->at) {
        loss->dropped++;
        return;
    }
    put_on_wire(pair, !from, DELAY, buf, len);
}

static struct pair *pair_that_loses(struct loss *loss, uint16_t mtu)
{
    struct auger_dtls_config config;

    auger_dtls_config_init(&config);
    config.mtu = mtu;
    struct pair *pair = pair_of_ours(&config);
    pair->carry = carry_with_loss;
    pair->user = loss;
    start_both(pair);
    return pair;
}

/* A flight that is lost comes again after 100 ms; no more than that is lost. */
static void lose_each_of(int from, uint16_t mtu)
{
    struct loss none = {.at = SIZE_MAX};
    struct pair *whole = pair_that_loses(&none, mtu);

    run_for(whole, AUGER_SEC);
    size_t datagrams = whole->ends[from].sent;
    assert_true(datagrams >= (mtu < 1200 ? 3 : 2));
    pair_free(whole);
    for (size_t at = 0; at < datagrams; at++) {
        struct loss loss = {.from = from, .at = at};
        struct pair *pair = pair_that_loses(&loss, mtu);
        run_for(pair, 5 * AUGER_SEC);

        assert_int_equal(loss.dropped, 1);
        assert_true(both_up(pair));
        assert_true(pair->ends[CLIENT].up_at - START <= 4 * DELAY + 100 * AUGER_MS);
        assert_talk(pair);
        pair_free(pair);
    }
}

static void test_each_datagram_may_be_lost_once(void **state)
{
    (void)state;

    for (int from = CLIENT; from <= SERVER; from++) {
        lose_each_of(from, 1200);
        lose_each_of(from, 300);
    }
}

/* RFC 6347 section 4.2.4: FINISHED, read retransmit. */
static void test_a_lost_last_flight_is_sent_again_when_finished_comes_again(void **state)
{
    (void)state;
    struct loss loss = {.from = SERVER, .at = 1};
    struct pair *pair = pair_that_loses(&loss, 1200);

    run_for(pair, 3 * DELAY);
    assert_true(is_up(pair, SERVER));
    assert_int_equal(auger_dtls_next_timeout(pair->ends[SERVER].dtls), AUGER_NEVER);
    assert_int_equal(pair->ends[SERVER].sent, 2);
    send_text(pair, SERVER, "early"); /* overtakes the Finished that is lost */
    run_for(pair, AUGER_SEC);

    assert_true(is_up(pair, CLIENT));
    assert_int_equal(pair->ends[SERVER].sent, 4);
    assert_got(pair, CLIENT, "early");
    pair_free(pair);
}

static void swap_the_last_two(struct pair *pair, int from, const uint8_t *buf, size_t len)
{
    size_t n = pair->ends[from].sent;

    put_on_wire(pair, !from, from == SERVER && n == 2 ? 3 * DELAY : DELAY, buf, len);
}

static void test_data_that_overtakes_finished_is_delivered_after_it(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);

    pair->carry = swap_the_last_two;
    start_both(pair);
    run_for(pair, 3 * DELAY);
    send_text(pair, SERVER, "first ");
    send_text(pair, SERVER, "second");
    run_for(pair, DELAY);
    assert_false(is_up(pair, CLIENT));
    assert_int_equal(pair->ends[CLIENT].data_len, 0);
    run_for(pair, 2 * DELAY);

    assert_true(is_up(pair, CLIENT));
    assert_got(pair, CLIENT, "first second");
    assert_int_equal(pair->ends[CLIENT].pieces, 2);
    pair_free(pair);
}

/* Of the server's last flight the last record comes first, and before it comes what is
 * sent after it. */
static void carry_backwards(struct pair *pair, int from, const uint8_t *buf, size_t len)
{
    struct auger_reader r = auger_reader(buf, len);
    struct record record;

    if (from != SERVER || pair->ends[SERVER].sent != 2) {
        put_on_wire(pair, !from, DELAY, buf, len);
        return;
    }
    while (r.left > 0) {
        const uint8_t *start = r.at;
        assert_true(next_record(&r, &record));
        put_on_wire(pair, CLIENT, DELAY + AUGER_MS + (auger_time)r.left * AUGER_US, start,
                    RECORD_HEADER + record.len);
    }
}

static void test_a_flight_may_come_record_by_record_and_backwards(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);

    pair->carry = carry_backwards;
    start_both(pair);
    run_for(pair, 3 * DELAY);
    send_text(pair, SERVER, "hi");
    run_for(pair, DELAY + 2 * AUGER_MS);

    assert_true(is_up(pair, CLIENT));
    assert_int_equal(pair->ends[CLIENT].sent, 2);
    assert_got(pair, CLIENT, "hi");
    pair_free(pair);
}

/* --- time --------------------------------------------------------------------------------------
 */

static auger_time sent_at[40];

static void swallow(struct pair *pair, int from, const uint8_t *buf, size_t len)
{
    size_t n = pair->ends[from].sent - 1;

    (void)buf;
    (void)len;
    if (from == CLIENT && n < ARRAY_LEN(sent_at))
        sent_at[n] = pair->now;
}

/* 4.2.4.1: doubled each time, and never faster than asked for. */
static void test_a_flight_without_an_answer_is_repeated_once_a_timeout(void **state)
{
    (void)state;
    static const int gaps_ms[] = {100, 200, 400, 800, 1600, 3200, 4000, 4000, 4000, 4000, 4000};
    struct pair *pair = pair_of_ours(NULL);

    pair->carry = swallow;
    start_both(pair);
    for (int i = 0; i < 290; i++) { /* asking too often is harmless */
        run_for(pair, 100 * AUGER_MS);
        auger_dtls_handle_timeout(pair->ends[CLIENT].dtls, pair->now);
    }
    assert_int_equal(pair->ends[CLIENT].sent, 1 + ARRAY_LEN(gaps_ms));
    for (size_t i = 0; i < ARRAY_LEN(gaps_ms); i++)
        assert_int_equal((sent_at[i + 1] - sent_at[i]) / AUGER_MS, gaps_ms[i]);
    assert_int_equal(pair->ends[SERVER].sent, 0);
    pair_free(pair);
}

/* Of 30 s a handshake has all, however long there is no path in between. */
static void test_without_a_path_the_clock_stands(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);

    pair->carry = swallow;
    start_both(pair);
    run_for(pair, 20 * AUGER_SEC);
    size_t sent = pair->ends[CLIENT].sent;
    for (int who = CLIENT; who <= SERVER; who++)
        auger_dtls_set_path(pair->ends[who].dtls, pair->now, true);
    run_for(pair, AUGER_MS);
    for (int who = CLIENT; who <= SERVER; who++)
        for (int i = 0; i < 2; i++) /* once more changes nothing */
            auger_dtls_set_path(pair->ends[who].dtls, pair->now, false);
    assert_int_equal(auger_dtls_next_timeout(pair->ends[CLIENT].dtls), AUGER_NEVER);
    run_for(pair, 300 * AUGER_SEC);
    auger_dtls_handle_timeout(pair->ends[CLIENT].dtls, pair->now);
    assert_int_equal(pair->ends[CLIENT].sent, sent);
    for (int who = CLIENT; who <= SERVER; who++)
        for (int i = 0; i < 2; i++)
            auger_dtls_set_path(pair->ends[who].dtls, pair->now, true);
    run_for(pair, 10 * AUGER_SEC - 1);
    assert_true(pair->ends[CLIENT].sent > sent);
    for (int who = CLIENT; who <= SERVER; who++)
        assert_int_equal(auger_dtls_get_state(pair->ends[who].dtls), AUGER_DTLS_CONNECTING);
    run_for(pair, 1);
    for (int who = CLIENT; who <= SERVER; who++)
        assert_failed(pair, who, AUGER_DTLS_TIMEOUT);
    pair_free(pair);
}

/* What comes after all is heard, and is answered when there is a path again. */
static void test_a_handshake_goes_on_when_the_path_is_back(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);

    start_both(pair);
    run_for(pair, DELAY / 2); /* the ClientHello is on its way */
    auger_dtls_set_path(pair->ends[CLIENT].dtls, pair->now, false);
    run_for(pair, 3 * DELAY);
    pair->carry = swallow;
    run_for(pair, 60 * AUGER_SEC);
    pair->carry = NULL;
    auger_dtls_set_path(pair->ends[CLIENT].dtls, pair->now, true);
    run_for(pair, 5 * AUGER_SEC);

    assert_true(is_up(pair, CLIENT));
    pair_free(pair);
}

static void fail_by_time(auger_time retransmit, auger_time deadline)
{
    struct auger_dtls_config config;

    auger_dtls_config_init(&config);
    config.retransmit = retransmit;
    config.deadline = deadline;
    struct pair *pair = pair_of_ours(&config);
    pair->carry = swallow;
    start_both(pair);
    run_for(pair, deadline - 1);
    for (int who = CLIENT; who <= SERVER; who++)
        assert_int_equal(auger_dtls_get_state(pair->ends[who].dtls), AUGER_DTLS_CONNECTING);
    run_for(pair, 1);
    for (int who = CLIENT; who <= SERVER; who++) {
        assert_failed(pair, who, AUGER_DTLS_TIMEOUT);
        assert_int_equal(pair->ends[who].events[0].alert_hint, 0);
    }
    size_t sent = pair->ends[CLIENT].sent;
    run_for(pair, 60 * AUGER_SEC);
    assert_int_equal(pair->ends[CLIENT].sent, sent);
    assert_int_equal(pair->ends[CLIENT].events_len, 1);
    assert_in_range(sent, 2, 13);
    pair_free(pair);
}

static void test_the_deadline_ends_in_failed_and_not_before(void **state)
{
    (void)state;

    fail_by_time(100 * AUGER_MS, 30 * AUGER_SEC);
    fail_by_time(10 * AUGER_MS, 30 * AUGER_SEC); /* its repetitions are used up before */
    fail_by_time(400 * AUGER_MS, 90 * AUGER_SEC);
    fail_by_time(400 * AUGER_MS, 2 * AUGER_SEC);
}

/* Eight of each of its two flights are lost: together more than a flight may have. */
static void carry_each_ninth(struct pair *pair, int from, const uint8_t *buf, size_t len)
{
    if (from == SERVER || pair->ends[CLIENT].sent % 9 == 0)
        put_on_wire(pair, !from, DELAY, buf, len);
}

static void test_repetitions_are_counted_by_the_flight(void **state)
{
    (void)state;
    struct auger_dtls_config config;

    auger_dtls_config_init(&config);
    config.retransmit = 10 * AUGER_MS;
    struct pair *pair = pair_of_ours(&config);
    pair->carry = carry_each_ninth;
    start_both(pair);
    run_for(pair, 20 * AUGER_SEC);
    assert_true(both_up(pair));
    assert_int_equal(pair->ends[CLIENT].sent, 18);
    pair_free(pair);
}

static void test_no_time_between_repetitions_exceeds_4_s(void **state)
{
    (void)state;
    struct auger_dtls_config config;

    auger_dtls_config_init(&config);
    config.retransmit = 10 * AUGER_SEC;
    struct pair *pair = pair_of_ours(&config);
    pair->carry = swallow;
    start_both(pair);
    run_for(pair, 9 * AUGER_SEC);
    assert_int_equal(pair->ends[CLIENT].sent, 3);
    assert_int_equal(sent_at[1] - START, 4 * AUGER_SEC);
    assert_int_equal(sent_at[2] - START, 8 * AUGER_SEC);
    pair_free(pair);
}

static void test_an_answered_flight_starts_the_schedule_anew(void **state)
{
    (void)state;
    struct loss loss = {.from = CLIENT, .at = 0};
    struct pair *pair = pair_that_loses(&loss, 1200);

    run_for(pair, 110 * AUGER_MS); /* the second ClientHello is under way */
    loss = (struct loss){.from = CLIENT, .at = 2};
    run_for(pair, AUGER_SEC);

    /* 100 for the ClientHello, 100 again for the flight that is lost. */
    assert_int_equal(pair->ends[CLIENT].up_at - START, 4 * DELAY + 200 * AUGER_MS);
    pair_free(pair);
}

/* --- seeds
 * ----------------------------------------------------------------------------------------- */

static void carry_badly(struct pair *pair, int from, const uint8_t *buf, size_t len)
{
    uint64_t *random = pair->user;
    unsigned copies = next_random(random) % 100 < 25 ? 0 : next_random(random) % 100 < 20 ? 2 : 1;

    for (unsigned i = 0; i < copies; i++)
        put_on_wire(pair, !from, DELAY / 2 + (auger_time)(next_random(random) % 60) * AUGER_MS, buf,
                    len);
}

static void test_loss_duplicates_and_disorder_harm_no_handshake(void **state)
{
    (void)state;
    static const uint16_t mtus[] = {300, 1200};

    for (uint64_t seed = 1; seed <= 300; seed++) {
        uint64_t random = seed;
        struct auger_dtls_config config;
        auger_dtls_config_init(&config);
        config.mtu = mtus[seed % 2];
        struct pair *pair = pair_of_ours(&config);
        pair->carry = carry_badly;
        pair->user = &random;
        start_both(pair);
        run_for(pair, 29 * AUGER_SEC);
        if (!both_up(pair))
            fail_msg("seed %llu: client %d, server %d", (unsigned long long)seed,
                     auger_dtls_get_state(pair->ends[CLIENT].dtls),
                     auger_dtls_get_state(pair->ends[SERVER].dtls));
        pair->carry = NULL;
        assert_talk(pair);
        pair_free(pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_roles_complete_in_two_round_trips),
        cmocka_unit_test(test_no_datagram_exceeds_the_mtu),
        cmocka_unit_test(test_each_datagram_may_be_lost_once),
        cmocka_unit_test(test_a_lost_last_flight_is_sent_again_when_finished_comes_again),
        cmocka_unit_test(test_data_that_overtakes_finished_is_delivered_after_it),
        cmocka_unit_test(test_a_flight_may_come_record_by_record_and_backwards),
        cmocka_unit_test(test_a_flight_without_an_answer_is_repeated_once_a_timeout),
        cmocka_unit_test(test_without_a_path_the_clock_stands),
        cmocka_unit_test(test_a_handshake_goes_on_when_the_path_is_back),
        cmocka_unit_test(test_the_deadline_ends_in_failed_and_not_before),
        cmocka_unit_test(test_repetitions_are_counted_by_the_flight),
        cmocka_unit_test(test_no_time_between_repetitions_exceeds_4_s),
        cmocka_unit_test(test_an_answered_flight_starts_the_schedule_anew),
        cmocka_unit_test(test_loss_duplicates_and_disorder_harm_no_handshake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
