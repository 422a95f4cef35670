/* How a connection ends: closed by either side, lost, or never trusted. */
#include "tests/peer/pair.h"

static void must_connect(struct pair *pair)
{
    introduce(pair);
    run_for(pair, 2 * AUGER_SEC);
    assert_non_null(find_state(pair, ALICE, AUGER_PEER_CONNECTED));
    assert_non_null(find_state(pair, BOB, AUGER_PEER_CONNECTED));
}

static void must_have_ended(struct pair *pair, int side, enum auger_peer_state state,
                            enum auger_peer_reason reason)
{
    const struct record *end = find_state(pair, side, state);

    if (!end)
        fail_msg("%s did not end as %s", side ? "bob" : "alice", auger_peer_state_name(state));
    assert_int_equal(end->event.reason, reason);
}

/* --- a wrong certificate ----------------------------------------------------------------- */

/* The last hexadecimal digit of the fingerprint, changed. */
static void falsify(char *sdp)
{
    char *at = strstr(sdp, "a=fingerprint:");

    assert_non_null(at);
    at = strstr(at, "\r\n") - 1;
    *at = *at == '0' ? '1' : '0';
}

static void a_wrong_fingerprint_ends_in_failed_and_no_data_ever(void **state)
{
    (void)state;
    for (int liar = ALICE; liar <= BOB; liar++) {
        char offer[SDP_SIZE], answer[SDP_SIZE];
        struct pair *pair = pair_new(10 * AUGER_MS, NULL, NULL);
        for (int side = ALICE; side <= BOB; side++) {
            auger_channel channel = open_channel(pair, side, "secret");
            assert_int_equal(auger_peer_send(pair->peers[side], pair->now, channel,
                                             AUGER_MESSAGE_TEXT, "secret", 6),
                             0);
        }
        offer_of(pair, ALICE, offer);
        if (liar == ALICE)
            falsify(offer);
        assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
        answer_of(pair, BOB, answer);
        if (liar == BOB)
            falsify(answer);
        assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
        run_for(pair, 60 * AUGER_SEC);

        must_have_ended(pair, !liar, AUGER_PEER_FAILED, AUGER_PEER_DTLS_FAILED);
        assert_int_equal(find_state(pair, !liar, AUGER_PEER_FAILED)->event.dtls,
                         AUGER_DTLS_FINGERPRINT_MISMATCH);
        assert_non_null(find_state(pair, liar, AUGER_PEER_FAILED)); /* when its time has run out */
        for (int side = ALICE; side <= BOB; side++) {
            assert_int_equal(count_events(pair, side, AUGER_PEER_EVENT_MESSAGE), 0);
            assert_int_equal(count_events(pair, side, AUGER_PEER_EVENT_CHANNEL), 0);
            assert_int_equal(count_events(pair, side, AUGER_PEER_EVENT_CHANNEL_OPEN), 0);
            assert_null(find_state(pair, !liar, AUGER_PEER_CONNECTED));
        }
        pair_free(pair);
    }
    assert_int_equal(allocated, 0);
}

/* --- closing ------------------------------------------------------------------------------ */

static void either_side_may_close(void **state)
{
    (void)state;
    for (int closer = ALICE; closer <= BOB; closer++) {
        struct pair *pair = pair_new(20 * AUGER_MS, NULL, NULL);
        auger_channel channel = open_channel(pair, ALICE, "chat");
        must_connect(pair);
        auger_peer_close(pair->peers[closer], pair->now);
        auger_peer_close(pair->peers[closer], pair->now); /* does nothing more */
        assert_int_equal(
            auger_peer_send(pair->peers[closer], pair->now, channel, AUGER_MESSAGE_TEXT, "late", 4),
            AUGER_ERR_STATE);
        auger_time t0 = pair->now;
        run_for(pair, 5 * AUGER_SEC);

        must_have_ended(pair, closer, AUGER_PEER_CLOSED, AUGER_PEER_CLOSED_HERE);
        must_have_ended(pair, !closer, AUGER_PEER_CLOSED, AUGER_PEER_CLOSED_THERE);
        assert_true(find_state(pair, closer, AUGER_PEER_CLOSED)->at - t0 <= AUGER_SEC);
        assert_true(find_state(pair, !closer, AUGER_PEER_CLOSED)->at - t0 <= AUGER_SEC);
        assert_int_equal(auger_peer_next_timeout(pair->peers[ALICE]), AUGER_NEVER);
        assert_int_equal(auger_peer_next_timeout(pair->peers[BOB]), AUGER_NEVER);
        pair_free(pair);
    }
    assert_int_equal(allocated, 0);
}

static void both_may_close_at_once(void **state)
{
    (void)state;
    struct pair *pair = pair_new(20 * AUGER_MS, NULL, NULL);
    must_connect(pair);
    auger_peer_close(pair->peers[ALICE], pair->now);
    auger_peer_close(pair->peers[BOB], pair->now);
    run_for(pair, 3 * AUGER_SEC);
    assert_non_null(find_state(pair, ALICE, AUGER_PEER_CLOSED));
    assert_non_null(find_state(pair, BOB, AUGER_PEER_CLOSED));
    pair_free(pair);
}

static void what_was_sent_before_the_close_arrives_before_it(void **state)
{
    (void)state;
    static uint8_t message[16384];
    struct pair *pair = pair_new(5 * AUGER_MS, NULL, NULL);
    auger_channel channel = open_channel(pair, ALICE, "chat");
    must_connect(pair);
    for (int i = 0; i < 10; i++)
        assert_int_equal(auger_peer_send(pair->peers[ALICE], pair->now, channel,
                                         AUGER_MESSAGE_BINARY, message, sizeof(message)),
                         0);
    auger_peer_close(pair->peers[ALICE], pair->now);
    run_for(pair, 5 * AUGER_SEC);

    assert_int_equal(count_events(pair, BOB, AUGER_PEER_EVENT_MESSAGE), 10);
    const struct record *closed = find_state(pair, BOB, AUGER_PEER_CLOSED);
    assert_non_null(closed);
    assert_ptr_equal(closed, &pair->records[pair->records_len - 1]); /* the last word */
    pair_free(pair);
}

static void a_close_that_nobody_answers_takes_two_seconds(void **state)
{
    (void)state;
    struct pair *pair = pair_new(5 * AUGER_MS, NULL, NULL);
    must_connect(pair);
    pair->cut = true;
    auger_peer_close(pair->peers[ALICE], pair->now);
    auger_time t0 = pair->now;
    run_for(pair, 10 * AUGER_SEC);
    must_have_ended(pair, ALICE, AUGER_PEER_CLOSED, AUGER_PEER_CLOSED_HERE);
    assert_true(find_state(pair, ALICE, AUGER_PEER_CLOSED)->at - t0 <= 2 * AUGER_SEC);
    pair_free(pair);
}

/* Closing at any moment of the handshakes ends both, at the latest when
 * the other has lost consent or its DTLS deadline has passed. */
static void a_close_at_any_moment_ends_both(void **state)
{
    (void)state;
    for (auger_time at = 0; at <= 100 * AUGER_MS; at += 5 * AUGER_MS) {
        for (int closer = ALICE; closer <= BOB; closer++) {
            struct pair *pair = pair_new(10 * AUGER_MS, NULL, NULL);
            open_channel(pair, ALICE, "chat");
            introduce(pair);
            run_for(pair, at);
            auger_peer_close(pair->peers[closer], pair->now);
            run_for(pair, 75 * AUGER_SEC);
            must_have_ended(pair, closer, AUGER_PEER_CLOSED, AUGER_PEER_CLOSED_HERE);
            if (!find_state(pair, !closer, AUGER_PEER_CLOSED) &&
                !find_state(pair, !closer, AUGER_PEER_FAILED))
                fail_msg("%s closed after %lld ms and the other lives", closer ? "bob" : "alice",
                         (long long)(at / AUGER_MS));
            pair_free(pair);
        }
    }
    assert_int_equal(allocated, 0);
}

static void a_peer_that_never_met_closes_at_once(void **state)
{
    (void)state;
    char sdp[SDP_SIZE];
    struct pair *pair = pair_new(0, NULL, NULL);
    auger_peer_close(pair->peers[ALICE], pair->now);
    settle(pair);
    must_have_ended(pair, ALICE, AUGER_PEER_CLOSED, AUGER_PEER_CLOSED_HERE);
    assert_int_equal(auger_peer_create_offer(pair->peers[ALICE], pair->now, sdp, SDP_SIZE),
                     AUGER_ERR_STATE);
    offer_of(pair, BOB, sdp);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_OFFER, sdp), AUGER_ERR_STATE);
    pair_free(pair);
    auger_peer_free(NULL);
}

/* --- losing ---------------------------------------------------------------------------------- */

static void a_broken_path_is_disconnected_then_failed(void **state)
{
    (void)state;
    struct pair *pair = pair_new(10 * AUGER_MS, NULL, NULL);
    must_connect(pair);
    pair->cut = true;
    auger_time cut_at = pair->now;
    run_for(pair, 60 * AUGER_SEC);

    for (int side = ALICE; side <= BOB; side++) {
        assert_non_null(find_state(pair, side, AUGER_PEER_DISCONNECTED));
        must_have_ended(pair, side, AUGER_PEER_FAILED, AUGER_PEER_CONSENT_LOST);
        auger_time failed_after = find_state(pair, side, AUGER_PEER_FAILED)->at - cut_at;
        assert_true(failed_after > 23 * AUGER_SEC && failed_after <= 30 * AUGER_SEC);
    }
    pair_free(pair);
}

static void a_path_that_comes_back_carries_what_was_sent_meanwhile(void **state)
{
    (void)state;
    struct pair *pair = pair_new(10 * AUGER_MS, NULL, NULL);
    auger_channel channel = open_channel(pair, ALICE, "chat");
    must_connect(pair);
    pair->cut = true;
    run_for(pair, 8 * AUGER_SEC);
    assert_non_null(find_state(pair, ALICE, AUGER_PEER_DISCONNECTED));
    assert_int_equal(auger_peer_send(pair->peers[ALICE], pair->now, channel, AUGER_MESSAGE_TEXT,
                                     "still there?", 12),
                     0);
    run_for(pair, 4 * AUGER_SEC);
    size_t before = pair->records_len;
    pair->cut = false;
    run_for(pair, 30 * AUGER_SEC);

    bool again = false;
    for (size_t i = before; i < pair->records_len; i++)
        again |= pair->records[i].side == ALICE &&
                 pair->records[i].event.type == AUGER_PEER_EVENT_STATE &&
                 pair->records[i].event.state == AUGER_PEER_CONNECTED;
    assert_true(again);
    assert_int_equal(count_events(pair, BOB, AUGER_PEER_EVENT_MESSAGE), 1);
    pair_free(pair);
}

static void peers_that_cannot_meet_fail_once(void **state)
{
    (void)state;
    struct pair *pair = pair_new(10 * AUGER_MS, NULL, NULL);
    pair->cut = true;
    introduce(pair);
    run_for(pair, 120 * AUGER_SEC);
    for (int side = ALICE; side <= BOB; side++) {
        must_have_ended(pair, side, AUGER_PEER_FAILED, AUGER_PEER_ICE_FAILED);
        assert_non_null(find_state(pair, side, AUGER_PEER_CONNECTING));
        assert_int_equal(auger_peer_next_timeout(pair->peers[side]), AUGER_NEVER);
    }
    pair_free(pair);
}

/* Whatever comes from a stranger, or is not DTLS, leaves no mark. */
static void noise_is_dropped(void **state)
{
    (void)state;
    struct pair *pair = pair_new(10 * AUGER_MS, NULL, NULL);
    auger_channel channel = open_channel(pair, ALICE, "chat");
    must_connect(pair);
    struct auger_path path = {.local = pair->addrs[BOB], .remote = pair->addrs[ALICE]};
    uint8_t bytes[64];
    for (int first = 0; first < 256; first++) {
        read_random(bytes, sizeof(bytes));
        bytes[0] = (uint8_t)first;
        for (size_t len = 0; len <= sizeof(bytes); len += 13)
            auger_peer_handle_datagram(pair->peers[BOB], pair->now, &path, bytes, len);
        settle(pair);
    }
    assert_int_equal(
        auger_peer_send(pair->peers[ALICE], pair->now, channel, AUGER_MESSAGE_TEXT, "hello", 5), 0);
    run_for(pair, AUGER_SEC);
    assert_int_equal(count_events(pair, BOB, AUGER_PEER_EVENT_MESSAGE), 1);
    assert_null(find_state(pair, BOB, AUGER_PEER_FAILED));
    struct auger_peer_info info;
    auger_peer_get_info(pair->peers[BOB], &info);
    assert_int_equal(info.dropped, (256 - 44) * 4); /* all but DTLS, and but the empty ones */
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_fingerprint_ends_in_failed_and_no_data_ever),
        cmocka_unit_test(either_side_may_close),
        cmocka_unit_test(both_may_close_at_once),
        cmocka_unit_test(what_was_sent_before_the_close_arrives_before_it),
        cmocka_unit_test(a_close_that_nobody_answers_takes_two_seconds),
        cmocka_unit_test(a_close_at_any_moment_ends_both),
        cmocka_unit_test(a_peer_that_never_met_closes_at_once),
        cmocka_unit_test(a_broken_path_is_disconnected_then_failed),
        cmocka_unit_test(a_path_that_comes_back_carries_what_was_sent_meanwhile),
        cmocka_unit_test(peers_that_cannot_meet_fail_once),
        cmocka_unit_test(noise_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
