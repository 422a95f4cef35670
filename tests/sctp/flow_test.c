/* How much is buffered, who is told when there is room, and what a slow reader does.
 * The limits are those of <auger/sctp.h>. */
#include "tests/sctp/pair.h"

#define DELAY (25 * AUGER_MS)
#define CHUNK 65536

static size_t buffered(const struct talk *talk, int side)
{
    return auger_sctp_buffered_amount(talk->pair->sides[side].sctp, talk->at[side]);
}

static int send_chunk(struct talk *talk, int side, uint32_t number)
{
    static uint8_t buf[CHUNK];

    fill_pattern(buf, sizeof(buf), number);
    return send_bytes(talk->pair, side, talk->at[side], buf, sizeof(buf));
}

/* How many chunks were taken before AUGER_ERR_AGAIN. */
static uint32_t fill_up(struct talk *talk, int side, uint32_t first)
{
    uint32_t taken = 0;
    int err;

    while ((err = send_chunk(talk, side, first + taken)) == 0) {
        taken++;
        assert_true(taken < 1000);
        assert_true(buffered(talk, side) <= 1024 * 1024);
    }
    assert_int_equal(err, AUGER_ERR_AGAIN);
    return taken;
}

static void test_a_sender_may_buffer_as_much_as_configured_and_no_more(void **state)
{
    (void)state;
    struct talk talk = talk_new(60, DELAY, false);

    uint32_t taken = fill_up(&talk, ALICE, 0);
    assert_true(buffered(&talk, ALICE) + CHUNK > 1024 * 1024);
    assert_true(taken >= 16);
    size_t before = buffered(&talk, ALICE); /* what is refused leaves no trace */
    assert_int_equal(send_chunk(&talk, ALICE, 99), AUGER_ERR_AGAIN);
    assert_int_equal(buffered(&talk, ALICE), before);
    assert_true(talk.pair->bytes_most < 4 * 1024 * 1024);

    assert_true(run_until(talk.pair, BOB, AUGER_SCTP_EVENT_MESSAGE, taken, 60 * AUGER_SEC));
    assert_int_equal(buffered(&talk, ALICE), 0);
    for (uint32_t i = 0; i < taken; i++)
        assert_true(
            is_pattern(nth_event(talk.pair, BOB, AUGER_SCTP_EVENT_MESSAGE, i)->event.data, i));
    pair_free(talk.pair);
}

static void test_the_limit_is_of_all_channels_together(void **state)
{
    (void)state;
    struct talk talk = talk_new(61, DELAY, false);
    auger_channel other = open_channel(talk.pair, ALICE, "other", false);

    pair_run(talk.pair, AUGER_SEC);
    fill_up(&talk, ALICE, 0);
    static uint8_t buf[CHUNK];
    assert_int_equal(send_bytes(talk.pair, ALICE, other, buf, sizeof(buf)), AUGER_ERR_AGAIN);
    pair_forget_records(talk.pair);
    assert_true(run_until(talk.pair, ALICE, AUGER_SCTP_EVENT_LOW_WATER, 1, 60 * AUGER_SEC));
    pair_run(talk.pair, 60 * AUGER_SEC);
    bool told = false; /* who was refused hears of room, though it had buffered nothing */
    for (size_t i = 0; i < talk.pair->records_len; i++)
        told |= talk.pair->records[i].event.type == AUGER_SCTP_EVENT_LOW_WATER &&
                talk.pair->records[i].event.channel == other;
    assert_true(told);
    assert_int_equal(send_bytes(talk.pair, ALICE, other, buf, sizeof(buf)), 0);
    pair_free(talk.pair);
}

static void test_a_refused_sender_that_waits_for_low_water_gets_everything_through(void **state)
{
    (void)state;
    struct talk talk = talk_new(62, DELAY, false);
    uint32_t sent = 0;

    while (sent < 200) {
        pair_forget_records(talk.pair);
        int err = send_chunk(&talk, ALICE, sent);
        sent += err == 0;
        if (err == AUGER_ERR_AGAIN)
            assert_true(run_until(talk.pair, ALICE, AUGER_SCTP_EVENT_LOW_WATER, 1, 60 * AUGER_SEC));
    }
    pair_run(talk.pair, 60 * AUGER_SEC);
    assert_int_equal(buffered(&talk, ALICE), 0);
    pair_free(talk.pair);
}

static const size_t thresholds[] = {0, 1, 100000, 500000};

static void test_low_water_comes_once_when_the_amount_falls_to_the_threshold(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(thresholds); i++) {
        struct talk talk = talk_new(63, DELAY, false);
        assert_int_equal(
            auger_sctp_set_low_water(talk.pair->sides[ALICE].sctp, talk.at[ALICE], thresholds[i]),
            0);
        pair_forget_records(talk.pair);
        for (uint32_t k = 0; k < 20; k++)
            assert_int_equal(send_chunk(&talk, ALICE, k), 0);
        assert_true(buffered(&talk, ALICE) > thresholds[i]);
        while (!count_events(talk.pair, ALICE, AUGER_SCTP_EVENT_LOW_WATER)) {
            size_t before = buffered(&talk, ALICE);
            assert_true(before > thresholds[i]); /* not yet */
            assert_true(pair_step(talk.pair, talk.pair->now + 60 * AUGER_SEC));
        }
        assert_true(buffered(&talk, ALICE) <= thresholds[i]);
        pair_run(talk.pair, 60 * AUGER_SEC);
        assert_int_equal(count_events(talk.pair, ALICE, AUGER_SCTP_EVENT_LOW_WATER), 1);
        pair_free(talk.pair);
    }
}

/* The peer's application does not look: its window closes, and ours fills up. */
static void test_a_reader_that_stops_stops_the_sender_and_loses_nothing(void **state)
{
    (void)state;
    struct talk talk = talk_new(64, DELAY, false);
    struct pair *pair = talk.pair;
    uint32_t taken = 0;

    pair->sides[BOB].is_deaf = true;
    for (int i = 0; i < 10; i++) {
        taken += fill_up(&talk, ALICE, taken);
        pair_run(pair, 100 * AUGER_SEC);
    }
    uint32_t stuck = fill_up(&talk, ALICE, taken);
    assert_int_equal(stuck, 0);
    assert_true((size_t)taken * CHUNK < 4 * 1024 * 1024); /* both buffers of both sides */
    assert_true(pair->bytes_most < 8 * 1024 * 1024);

    pair->sides[BOB].is_deaf = false;
    if (!run_until(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, taken, 600 * AUGER_SEC))
        fail_msg("%zu of %u", count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE), taken);
    for (uint32_t i = 0; i < taken; i++)
        assert_true(is_pattern(nth_event(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, i)->event.data, i));
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_DOWN), 0);
    pair_free(pair);
}

static void test_channels_take_turns(void **state)
{
    (void)state;
    struct talk talk = talk_new(65, DELAY, false);
    struct pair *pair = talk.pair;
    auger_channel other = open_channel(pair, ALICE, "other", false);

    pair_run(pair, AUGER_SEC);
    pair_forget_records(pair);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(send_chunk(&talk, ALICE, i), 0);
    assert_int_equal(send_text(pair, ALICE, other, "me too"), 0);
    pair_run(pair, 60 * AUGER_SEC);
    /* It does not wait for all that the first had buffered above the association. */
    size_t place = 0;
    while (!has_message(nth_event(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, place), AUGER_MESSAGE_TEXT,
                        "me too"))
        assert_true(++place <= 10);
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE), 21);
    pair_free(pair);
}

static void test_the_buffered_amount_is_of_payload_alone(void **state)
{
    (void)state;
    struct pair *pair = pair_new(66);

    pair_add_engine(pair, ALICE, NULL);
    auger_channel channel = open_channel(pair, ALICE, "with a long label", false);
    struct auger_sctp *alice = pair->sides[ALICE].sctp;
    assert_int_equal(auger_sctp_buffered_amount(alice, channel), 0);
    assert_int_equal(send_text(pair, ALICE, channel, ""), 0);
    assert_int_equal(auger_sctp_buffered_amount(alice, channel), 0);
    assert_int_equal(send_text(pair, ALICE, channel, "12345"), 0);
    assert_int_equal(send_text(pair, ALICE, channel, "678"), 0);
    assert_int_equal(auger_sctp_buffered_amount(alice, channel), 8);
    pair_free(pair);
}

/* Before connect, too, the buffer has a bound. */
static void test_before_connect_the_buffer_has_the_same_bound(void **state)
{
    (void)state;
    struct pair *pair = pair_new(67);
    static uint8_t buf[CHUNK];
    size_t taken = 0;

    pair_add_engine(pair, ALICE, NULL);
    pair_add_engine(pair, BOB, NULL);
    auger_channel channel = open_channel(pair, ALICE, "", false);
    while (send_bytes(pair, ALICE, channel, buf, sizeof(buf)) == 0)
        taken++;
    assert_int_equal(taken, 16);
    pair_connect(pair);
    assert_true(run_until(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, 16, 60 * AUGER_SEC));
    pair_free(pair);
}

static void test_what_the_peer_closed_is_no_longer_buffered(void **state)
{
    (void)state;
    struct talk talk = talk_new(68, DELAY, false);
    struct pair *pair = talk.pair;
    auger_channel other = open_channel(pair, ALICE, "other", false);

    pair_run(pair, AUGER_SEC);
    fill_up(&talk, ALICE, 0);
    assert_int_equal(auger_sctp_channel_close(pair->sides[BOB].sctp, pair->now, talk.at[BOB]), 0);
    assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_CLOSED, 1, 60 * AUGER_SEC));
    assert_int_equal(pair->sides[ALICE].sctp->buffered, 0);
    static uint8_t buf[262144];
    for (int i = 0; i < 4; i++)
        assert_int_equal(send_bytes(pair, ALICE, other, buf, sizeof(buf)), 0);
    pair_run(pair, 60 * AUGER_SEC);
    assert_int_equal(pair->sides[ALICE].sctp->buffered, 0);
    pair_free(pair);
}

static void test_an_idle_engine_gives_its_memory_back(void **state)
{
    (void)state;
    struct talk talk = talk_new(69, DELAY, false);
    struct pair *pair = talk.pair;

    pair_run(pair, 10 * AUGER_SEC);
    size_t before = pair->bytes;
    static uint8_t buf[262144];
    for (int i = 0; i < 20; i++) {
        assert_int_equal(send_bytes(pair, ALICE, talk.at[ALICE], buf, sizeof(buf)), 0);
        pair_run(pair, 5 * AUGER_SEC);
    }
    pair_run(pair, 10 * AUGER_SEC);
    assert_true(pair->bytes <= before + 65536); /* of the channel's, for the next message */
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sender_may_buffer_as_much_as_configured_and_no_more),
        cmocka_unit_test(test_the_limit_is_of_all_channels_together),
        cmocka_unit_test(test_a_refused_sender_that_waits_for_low_water_gets_everything_through),
        cmocka_unit_test(test_low_water_comes_once_when_the_amount_falls_to_the_threshold),
        cmocka_unit_test(test_a_reader_that_stops_stops_the_sender_and_loses_nothing),
        cmocka_unit_test(test_channels_take_turns),
        cmocka_unit_test(test_the_buffered_amount_is_of_payload_alone),
        cmocka_unit_test(test_before_connect_the_buffer_has_the_same_bound),
        cmocka_unit_test(test_what_the_peer_closed_is_no_longer_buffered),
        cmocka_unit_test(test_an_idle_engine_gives_its_memory_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
