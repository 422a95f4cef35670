/* How channels and associations end. RFC 8831 section 6.7, RFC 9260 section 9. */
#include "tests/sctp/pair.h"

#define DELAY (25 * AUGER_MS)
#define OUTGOING_RESET 13 /* the parameter of a RE-CONFIG that asks for it (6525 section 4.1) */

static void close_channel(struct talk *talk, int side)
{
    assert_int_equal(
        auger_sctp_channel_close(talk->pair->sides[side].sctp, talk->pair->now, talk->at[side]), 0);
}

/* As much as `total`, or until the engine wants no more; how much was taken. */
static size_t send_much(struct talk *talk, int side, size_t total)
{
    static uint8_t buf[65536];
    size_t taken = 0;

    for (uint32_t i = 0; taken < total; i++) {
        fill_pattern(buf, sizeof(buf), i);
        assert_int_equal(send_bytes(talk->pair, side, talk->at[side], buf, sizeof(buf)), 0);
        taken += sizeof(buf);
    }
    return taken;
}

static size_t received(const struct pair *pair, int side)
{
    const struct record *record;
    size_t total = 0;

    for (uint32_t i = 0; (record = nth_event(pair, side, AUGER_SCTP_EVENT_MESSAGE, i)); i++) {
        assert_true(is_pattern(record->event.data, i));
        total += record->event.data.len;
    }
    return total;
}

static void test_close_right_after_1_mib_loses_nothing(void **state)
{
    (void)state;
    for (unsigned loss = 0; loss <= 5; loss += 5) {
        struct talk talk = talk_new(10 + loss, DELAY, false);
        talk.pair->wire.loss_percent = loss;
        send_much(&talk, ALICE, 1024 * 1024);
        close_channel(&talk, ALICE);
        assert_int_equal(send_text(talk.pair, ALICE, talk.at[ALICE], "late"), AUGER_ERR_STATE);
        assert_true(run_until(talk.pair, ALICE, AUGER_SCTP_EVENT_CLOSED, 1, 600 * AUGER_SEC));
        assert_true(run_until(talk.pair, BOB, AUGER_SCTP_EVENT_CLOSED, 1, 600 * AUGER_SEC));

        assert_int_equal(received(talk.pair, BOB), 1024 * 1024);
        /* CLOSED comes after the last message, and once. */
        pair_run(talk.pair, 30 * AUGER_SEC);
        assert_int_equal(count_events(talk.pair, BOB, AUGER_SCTP_EVENT_CLOSED), 1);
        assert_int_equal(count_events(talk.pair, ALICE, AUGER_SCTP_EVENT_CLOSED), 1);
        assert_int_equal(send_text(talk.pair, BOB, talk.at[BOB], "late"), AUGER_ERR_NOT_FOUND);
        pair_free(talk.pair);
    }
}

static void test_both_may_close_at_once(void **state)
{
    (void)state;
    struct talk talk = talk_new(11, DELAY, false);

    close_channel(&talk, ALICE);
    close_channel(&talk, BOB);
    pair_run(talk.pair, 3 * AUGER_SEC);
    for (int side = ALICE; side <= BOB; side++) {
        assert_int_equal(count_events(talk.pair, side, AUGER_SCTP_EVENT_CLOSED), 1);
        assert_int_equal(count_events(talk.pair, side, AUGER_SCTP_EVENT_DOWN), 0);
    }
    pair_free(talk.pair);
}

static void test_a_channel_closes_once(void **state)
{
    (void)state;
    struct talk talk = talk_new(12, DELAY, false);

    close_channel(&talk, ALICE);
    assert_int_equal(
        auger_sctp_channel_close(talk.pair->sides[ALICE].sctp, talk.pair->now, talk.at[ALICE]),
        AUGER_ERR_STATE);
    pair_free(talk.pair);
}

static void test_the_other_channels_go_on(void **state)
{
    (void)state;
    struct talk talk = talk_new(13, DELAY, false);
    auger_channel other = open_channel(talk.pair, ALICE, "other", false);

    pair_run(talk.pair, AUGER_SEC);
    send_much(&talk, ALICE, 512 * 1024);
    close_channel(&talk, ALICE);
    assert_int_equal(send_text(talk.pair, ALICE, other, "still here"), 0);
    pair_run(talk.pair, 20 * AUGER_SEC);
    assert_int_equal(count_events(talk.pair, ALICE, AUGER_SCTP_EVENT_CLOSED), 1);
    assert_int_equal(send_text(talk.pair, ALICE, other, "and now"), 0);
    pair_run(talk.pair, AUGER_SEC);
    assert_int_equal(count_events(talk.pair, BOB, AUGER_SCTP_EVENT_MESSAGE), 8 + 2);
    pair_free(talk.pair);
}

/* The stream id comes again, the handle does not. */
static void test_a_closed_channels_stream_is_used_again_and_its_handle_is_not(void **state)
{
    (void)state;
    struct talk talk = talk_new(14, DELAY, false);
    struct pair *pair = talk.pair;
    auger_channel first = talk.at[ALICE], last = first;

    for (size_t i = 1; i <= 50; i++) {
        assert_int_equal(auger_sctp_channel_close(pair->sides[ALICE].sctp, pair->now, last), 0);
        assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_CLOSED, i, 5 * AUGER_SEC));
        auger_channel next = open_channel(pair, ALICE, "again", false);
        assert_int_not_equal(next, last);
        assert_int_not_equal(next, first);
        assert_int_equal(options_of(pair, ALICE, next).id, 0);
        assert_int_equal(send_text(pair, ALICE, last, "x"), AUGER_ERR_NOT_FOUND);
        assert_int_equal(send_text(pair, ALICE, next, "again"), 0);
        assert_true(run_until(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, i, 5 * AUGER_SEC));
        last = next;
    }
    pair_free(pair);
}

/* The answer to a reset may be lost, and the stream's next DATA_CHANNEL_OPEN not. */
static void test_a_stream_is_used_again_on_a_bad_wire(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct talk talk = talk_new(seed, DELAY, false);
        struct pair *pair = talk.pair;
        auger_channel last = talk.at[ALICE];
        pair->wire.loss_percent = 15;
        pair->wire.reorder_percent = 15;

        for (size_t i = 1; i <= 20; i++) {
            assert_int_equal(auger_sctp_channel_close(pair->sides[ALICE].sctp, pair->now, last), 0);
            if (!run_until(pair, ALICE, AUGER_SCTP_EVENT_CLOSED, i, 120 * AUGER_SEC))
                fail_msg("seed %d: channel %zu does not close", (int)seed, i);
            last = open_channel(pair, ALICE, "again", false);
            assert_int_equal(send_text(pair, ALICE, last, "again"), 0);
            if (i % 3 == 0) /* it may be closed again at once */
                continue;
            if (!run_until(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, i, 120 * AUGER_SEC))
                fail_msg("seed %d: channel %zu does not open", (int)seed, i);
        }
        pair_run(pair, 60 * AUGER_SEC);
        assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE), 20);
        assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_CHANNEL), 21);
        assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_CLOSED), 20);
        pair_free(pair);
    }
}

static void test_a_channel_that_is_closed_before_connect_is_never_heard_of(void **state)
{
    (void)state;
    struct pair *pair = pair_new(15);

    pair_add_engine(pair, ALICE, NULL);
    pair_add_engine(pair, BOB, NULL);
    auger_channel channel = open_channel(pair, ALICE, "regretted", false);
    assert_int_equal(send_text(pair, ALICE, channel, "regretted"), 0);
    assert_int_equal(auger_sctp_channel_close(pair->sides[ALICE].sctp, pair->now, channel), 0);
    pair_connect(pair); /* before anybody has asked for events */
    pair_run(pair, AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_CLOSED), 1);
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_CHANNEL), 0);
    pair_free(pair);
}

static void test_what_comes_for_a_channel_that_we_are_closing_is_not_delivered(void **state)
{
    (void)state;
    struct talk talk = talk_new(16, DELAY, false);

    assert_int_equal(send_text(talk.pair, BOB, talk.at[BOB], "on its way"), 0);
    close_channel(&talk, ALICE);
    pair_run(talk.pair, AUGER_SEC);
    assert_int_equal(count_events(talk.pair, ALICE, AUGER_SCTP_EVENT_MESSAGE), 0);
    assert_int_equal(count_events(talk.pair, ALICE, AUGER_SCTP_EVENT_CLOSED), 1);
    pair_free(talk.pair);
}

/* --- the association ------------------------------------------------------------------ */

static void assert_down(const struct pair *pair, int side, int error)
{
    const struct record *down = nth_event(pair, side, AUGER_SCTP_EVENT_DOWN, 0);

    assert_non_null(down);
    assert_int_equal(down->event.error, error);
    assert_int_equal(count_events(pair, side, AUGER_SCTP_EVENT_DOWN), 1);
    assert_true(auger_sctp_next_timeout(pair->sides[side].sctp) == AUGER_NEVER);
}

static void test_shutdown_sends_what_is_buffered_and_ends_in_order(void **state)
{
    (void)state;
    struct talk talk = talk_new(20, DELAY, false);

    send_much(&talk, ALICE, 1024 * 1024);
    auger_sctp_shutdown(talk.pair->sides[ALICE].sctp, talk.pair->now);
    assert_int_equal(send_text(talk.pair, ALICE, talk.at[ALICE], "late"), AUGER_ERR_STATE);
    pair_run(talk.pair, 30 * AUGER_SEC);
    assert_int_equal(received(talk.pair, BOB), 1024 * 1024);
    for (int side = ALICE; side <= BOB; side++) {
        assert_down(talk.pair, side, 0);
        assert_int_equal(count_events(talk.pair, side, AUGER_SCTP_EVENT_CLOSED), 1);
    }
    pair_free(talk.pair);
}

static void test_empty_messages_too_are_sent_before_shutdown(void **state)
{
    (void)state;
    struct talk talk = talk_new(21, DELAY, false);

    send_much(&talk, ALICE, 1024 * 1024); /* beyond what the association takes at once */
    for (int i = 0; i < 3; i++)
        assert_int_equal(send_text(talk.pair, ALICE, talk.at[ALICE], ""), 0);
    auger_channel other = open_channel(talk.pair, ALICE, "last", false);
    (void)other;
    auger_sctp_shutdown(talk.pair->sides[ALICE].sctp, talk.pair->now);
    pair_run(talk.pair, 30 * AUGER_SEC);
    assert_int_equal(count_events(talk.pair, BOB, AUGER_SCTP_EVENT_MESSAGE), 16 + 3);
    assert_int_equal(count_events(talk.pair, BOB, AUGER_SCTP_EVENT_CHANNEL), 2);
    assert_down(talk.pair, ALICE, 0);
    pair_free(talk.pair);
}

static void test_both_may_shut_down_at_once(void **state)
{
    (void)state;
    struct talk talk = talk_new(22, DELAY, false);

    for (int side = ALICE; side <= BOB; side++)
        auger_sctp_shutdown(talk.pair->sides[side].sctp, talk.pair->now);
    pair_run(talk.pair, 5 * AUGER_SEC);
    assert_down(talk.pair, ALICE, 0);
    assert_down(talk.pair, BOB, 0);
    pair_free(talk.pair);
}

static void test_shutdown_in_the_middle_of_the_handshake_ends_it(void **state)
{
    (void)state;
    for (auger_time after = 0; after <= 4 * DELAY; after += DELAY) {
        struct pair *pair = pair_new(23);
        pair->wire.delay = DELAY;
        pair_add_engine(pair, ALICE, NULL);
        pair_add_engine(pair, BOB, NULL);
        auger_channel channel = open_channel(pair, ALICE, "", false);
        assert_int_equal(send_text(pair, ALICE, channel, "last words"), 0);
        pair_connect(pair);
        pair_run(pair, after);
        auger_sctp_shutdown(pair->sides[ALICE].sctp, pair->now);
        pair_run(pair, 10 * AUGER_SEC);
        assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE), 1);
        assert_down(pair, ALICE, 0);
        assert_down(pair, BOB, 0);
        pair_free(pair);
    }
}

static void test_shutdown_before_connect_is_the_end(void **state)
{
    (void)state;
    struct pair *pair = pair_new(24);
    const struct auger_sctp_remote remote = {.port = 5001};

    pair_add_engine(pair, ALICE, NULL);
    open_channel(pair, ALICE, "", false);
    auger_sctp_shutdown(pair->sides[ALICE].sctp, pair->now);
    assert_int_equal(auger_sctp_connect(pair->sides[ALICE].sctp, pair->now, &remote),
                     AUGER_ERR_STATE);
    pair_run(pair, AUGER_SEC);
    assert_int_equal(pair->sides[ALICE].sent, 0);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_CLOSED), 1);
    assert_down(pair, ALICE, 0);
    pair_free(pair);
}

static bool lose_next_data_for_bob(struct pair *pair, int to, uint8_t *bytes, size_t *len)
{
    int *lost = pair->user;

    if (*lost || to != BOB || chunk_of(bytes, *len) != CHUNK_DATA)
        return true;
    ++*lost;
    return false;
}

/* 6525 section 5.2.2. An unordered message that comes while data before a reset is missing. */
static void test_a_reset_that_overtakes_data_harms_no_other_channel(void **state)
{
    (void)state;
    struct talk talk = talk_new(27, DELAY, false);
    struct pair *pair = talk.pair;
    auger_channel other = open_channel(pair, ALICE, "other", true);
    int lost = 0;

    pair_run(pair, AUGER_SEC);
    pair->filter = lose_next_data_for_bob;
    pair->user = &lost;
    assert_int_equal(send_text(pair, ALICE, other, "before"), 0);
    close_channel(&talk, ALICE);
    pair_run(pair, 10 * AUGER_MS);
    assert_int_equal(lost, 1);
    assert_int_equal(send_text(pair, ALICE, other, "beside"), 0);
    pair_run(pair, 10 * AUGER_SEC);
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_DOWN), 0);
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE), 2);
    for (int side = ALICE; side <= BOB; side++)
        assert_int_equal(count_events(pair, side, AUGER_SCTP_EVENT_CLOSED), 1);
    pair_free(pair);
}

struct overtaking {
    int lost, resets; /* of what goes to BOB */
};

/* The reset is said once, and not again. */
static bool lose_data_and_a_second_reset(struct pair *pair, int to, uint8_t *bytes, size_t *len)
{
    struct overtaking *seen = pair->user;

    if (to == BOB && chunk_of(bytes, *len) == CHUNK_RE_CONFIG && bytes[17] == OUTGOING_RESET)
        return seen->resets++ == 0;
    return lose_next_data_for_bob(pair, to, bytes, len);
}

/* 6525 section 5.2.2. It is not for the peer to ask again. */
static void test_a_reset_that_overtakes_data_is_done_when_that_has_come(void **state)
{
    (void)state;
    struct talk talk = talk_new(28, DELAY, false);
    struct pair *pair = talk.pair;
    auger_channel other = open_channel(pair, ALICE, "other", true);
    struct overtaking seen = {0};

    pair_run(pair, AUGER_SEC);
    pair->filter = lose_data_and_a_second_reset;
    pair->user = &seen;
    assert_int_equal(send_text(pair, ALICE, other, "before"), 0);
    close_channel(&talk, ALICE);
    pair_run(pair, 2 * DELAY);
    assert_int_equal(seen.lost, 1);
    assert_int_equal(seen.resets, 1);
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_CLOSED), 0);
    pair_run(pair, 10 * AUGER_SEC);
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE), 1);
    for (int side = ALICE; side <= BOB; side++)
        assert_int_equal(count_events(pair, side, AUGER_SCTP_EVENT_CLOSED), 1);
    pair_free(pair);
}

static bool drop_first_shutdown_complete(struct pair *pair, int to, uint8_t *bytes, size_t *len)
{
    int *dropped = pair->user;

    (void)to;
    if (*dropped || chunk_of(bytes, *len) != CHUNK_SHUTDOWN_COMPLETE)
        return true;
    ++*dropped;
    return false;
}

/* 9260 section 8.4: who is done answers a SHUTDOWN-ACK that comes again. */
static void test_a_lost_shutdown_complete_is_said_again(void **state)
{
    (void)state;
    struct talk talk = talk_new(25, DELAY, false);
    int dropped = 0;

    talk.pair->filter = drop_first_shutdown_complete;
    talk.pair->user = &dropped;
    auger_sctp_shutdown(talk.pair->sides[ALICE].sctp, talk.pair->now);
    pair_run(talk.pair, 5 * AUGER_SEC);
    assert_int_equal(dropped, 1);
    assert_down(talk.pair, ALICE, 0);
    assert_down(talk.pair, BOB, 0);
    pair_free(talk.pair);
}

static void test_free_says_nothing_and_leaves_the_peer_to_its_timers(void **state)
{
    (void)state;
    struct talk talk = talk_new(26, DELAY, false);
    struct pair *pair = talk.pair;
    size_t sent = pair->sides[ALICE].sent;

    send_much(&talk, ALICE, 256 * 1024);
    auger_sctp_free(pair->sides[ALICE].sctp);
    pair->sides[ALICE].sctp = NULL;
    pair_run(pair, 30 * AUGER_SEC);
    assert_int_equal(pair->sides[ALICE].sent, sent);
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_DOWN), 0);
    pair_free(pair);
}

/* Nobody answers: T1 ends, and next_timeout() leads there without a busy tick. */
static void test_a_peer_that_never_answers_is_given_up(void **state)
{
    (void)state;
    struct pair *pair = pair_new(27);

    pair_add_engine(pair, ALICE, NULL);
    open_channel(pair, ALICE, "", false);
    pair_connect_side(pair, ALICE, 0);
    assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_DOWN, 1, 600 * AUGER_SEC));
    assert_down(pair, ALICE, AUGER_ERR_NO_PATH);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_CLOSED), 1);
    pair_free(pair);
}

static void test_a_peer_that_falls_silent_is_given_up_when_something_is_unacknowledged(void **state)
{
    (void)state;
    struct talk talk = talk_new(28, DELAY, false);

    talk.pair->wire.loss_percent = 150;
    assert_int_equal(send_text(talk.pair, ALICE, talk.at[ALICE], "hello?"), 0);
    auger_time t0 = talk.pair->now;
    assert_true(run_until(talk.pair, ALICE, AUGER_SCTP_EVENT_DOWN, 1, 600 * AUGER_SEC));
    assert_true(talk.pair->now - t0 >= 80 * AUGER_SEC && talk.pair->now - t0 <= 82 * AUGER_SEC);
    assert_down(talk.pair, ALICE, AUGER_ERR_NO_PATH);
    pair_free(talk.pair);
}

static void test_a_peer_that_begins_anew_ends_the_association_with_one_event(void **state)
{
    (void)state;
    struct talk talk = talk_new(29, DELAY, false);
    struct pair *pair = talk.pair;

    auger_sctp_free(pair->sides[ALICE].sctp);
    pair_add_engine(pair, ALICE, NULL);
    pair_connect_side(pair, ALICE, 0);
    pair_run(pair, 10 * AUGER_SEC);
    assert_down(pair, BOB, AUGER_ERR_NO_PATH);
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_CLOSED), 1);
    assert_down(pair, ALICE, AUGER_ERR_NO_PATH); /* it was told */
    pair_free(pair);
}

static void test_every_verb_is_safe_after_the_end(void **state)
{
    (void)state;
    struct talk talk = talk_new(30, DELAY, false);
    struct pair *pair = talk.pair;
    struct auger_sctp *alice = pair->sides[ALICE].sctp;
    const struct auger_sctp_remote remote = {.port = 5001};
    const struct auger_channel_options options = {0};
    auger_channel channel;
    uint8_t junk[100] = {1};

    auger_sctp_shutdown(alice, pair->now);
    pair_run(pair, 5 * AUGER_SEC);
    auger_sctp_shutdown(alice, pair->now);
    assert_int_equal(auger_sctp_connect(alice, pair->now, &remote), AUGER_ERR_STATE);
    assert_int_equal(auger_sctp_channel_open(alice, pair->now, &options, &channel),
                     AUGER_ERR_STATE);
    assert_int_equal(send_text(pair, ALICE, talk.at[ALICE], "x"), AUGER_ERR_NOT_FOUND);
    auger_sctp_handle_timeout(alice, pair->now + AUGER_SEC);
    auger_sctp_handle_datagram(alice, pair->now, junk, sizeof(junk));
    pair_run(pair, AUGER_SEC);
    assert_down(pair, ALICE, 0);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close_right_after_1_mib_loses_nothing),
        cmocka_unit_test(test_both_may_close_at_once),
        cmocka_unit_test(test_a_channel_closes_once),
        cmocka_unit_test(test_the_other_channels_go_on),
        cmocka_unit_test(test_a_closed_channels_stream_is_used_again_and_its_handle_is_not),
        cmocka_unit_test(test_a_stream_is_used_again_on_a_bad_wire),
        cmocka_unit_test(test_a_channel_that_is_closed_before_connect_is_never_heard_of),
        cmocka_unit_test(test_what_comes_for_a_channel_that_we_are_closing_is_not_delivered),
        cmocka_unit_test(test_shutdown_sends_what_is_buffered_and_ends_in_order),
        cmocka_unit_test(test_empty_messages_too_are_sent_before_shutdown),
        cmocka_unit_test(test_both_may_shut_down_at_once),
        cmocka_unit_test(test_shutdown_in_the_middle_of_the_handshake_ends_it),
        cmocka_unit_test(test_shutdown_before_connect_is_the_end),
        cmocka_unit_test(test_a_reset_that_overtakes_data_harms_no_other_channel),
        cmocka_unit_test(test_a_reset_that_overtakes_data_is_done_when_that_has_come),
        cmocka_unit_test(test_a_lost_shutdown_complete_is_said_again),
        cmocka_unit_test(test_free_says_nothing_and_leaves_the_peer_to_its_timers),
        cmocka_unit_test(test_a_peer_that_never_answers_is_given_up),
        cmocka_unit_test(
            test_a_peer_that_falls_silent_is_given_up_when_something_is_unacknowledged),
        cmocka_unit_test(test_a_peer_that_begins_anew_ends_the_association_with_one_event),
        cmocka_unit_test(test_every_verb_is_safe_after_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
