/* What comes before it can be used: before the start, before the fingerprint, before
 * anybody has read what came earlier. */
#include "tests/dtls/pair.h"

#define HELD_MAX 8
#define HELD_LEN_MAX 2048

/* Whose start or fingerprint comes late, and how the rest goes. */
static void complete_late(bool late_client, bool late_server, bool late_start)
{
    const bool late[] = {late_client, late_server};
    struct pair *pair = pair_of_ours(NULL);

    for (int who = CLIENT; who <= SERVER; who++) {
        if (!late[who] || late_start)
            introduce(pair, who);
        if (!late[who] || !late_start)
            start(pair, who);
    }
    run_for(pair, 2 * AUGER_SEC);
    assert_false(is_up(pair, CLIENT));
    for (int who = CLIENT; who <= SERVER; who++) {
        assert_int_equal(pair->ends[who].events_len, 0);
        if (late[who] && late_start)
            start(pair, who);
        else if (late[who])
            introduce(pair, who);
    }
    run_for(pair, 4 * DELAY); /* without another retransmission */
    assert_talk(pair);
    pair_free(pair);
}

static void test_a_late_start_or_fingerprint_completes_at_once(void **state)
{
    (void)state;

    for (int start_is_late = 0; start_is_late < 2; start_is_late++)
        for (int who = 1; who <= 3; who++)
            complete_late(who & 1, who & 2, start_is_late);
}

static void test_the_client_speaks_before_it_knows_the_fingerprint(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);

    start(pair, CLIENT);
    settle(pair);
    assert_int_equal(pair->ends[CLIENT].sent, 1);
    introduce(pair, SERVER);
    start(pair, SERVER);
    run_for(pair, 10 * AUGER_SEC);
    assert_false(is_up(pair, CLIENT));
    assert_false(is_up(pair, SERVER));
    introduce(pair, CLIENT);
    run_for(pair, 2 * DELAY);
    assert_talk(pair);
    pair_free(pair);
}

/* --- the table is full ------------------------------------------------------------------ */

static void test_eight_datagrams_are_kept_and_no_more(void **state)
{
    (void)state;
    static uint8_t junk[HELD_LEN_MAX + 1] = {22};
    struct pair *pair = pair_of_ours(NULL);
    long before = allocated;

    deliver(pair, SERVER, junk, 0);
    deliver(pair, SERVER, junk, HELD_LEN_MAX + 1);
    assert_int_equal(allocated, before);
    for (int i = 0; i < 20; i++)
        deliver(pair, SERVER, junk, HELD_LEN_MAX);
    assert_int_equal(allocated, before + HELD_MAX);

    start_both(pair); /* the backend of each, and nothing held any more */
    assert_int_equal(allocated, before + 2);
    run_for(pair, 10 * DELAY);
    assert_talk(pair);
    pair_free(pair);
}

static void test_what_is_kept_is_given_back_when_it_is_over(void **state)
{
    (void)state;
    static const uint8_t junk[100] = {22};
    enum { KEPT = 3 };

    for (int fails = 0; fails < 2; fails++) {
        struct pair *pair = pair_of_ours(NULL);
        struct auger_dtls *dtls = pair->ends[SERVER].dtls;
        if (fails)
            start(pair, SERVER);
        for (int i = 0; i < KEPT; i++)
            deliver(pair, SERVER, junk, sizeof(junk));
        long before = allocated;
        if (fails)
            run_for(pair, 30 * AUGER_SEC);
        else
            auger_dtls_close(dtls, pair->now);
        assert_int_equal(auger_dtls_get_state(dtls), fails ? AUGER_DTLS_FAILED : AUGER_DTLS_CLOSED);
        assert_int_equal(allocated, before - KEPT);
        deliver(pair, SERVER, junk, sizeof(junk));
        assert_int_equal(allocated, before - KEPT);
        pair_free(pair);
    }
}

/* --- a reader that takes its time --------------------------------------------------------- */

static void test_data_waits_for_a_late_reader_in_order(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);
    struct auger_dtls *server = pair->ends[SERVER].dtls;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    long before;

    start_both(pair);
    run_for(pair, AUGER_SEC);
    before = allocated;
    for (int i = 0; i < 20; i++) {
        const uint8_t letter = (uint8_t)('a' + i);
        int len =
            auger_dtls_write_data(pair->ends[CLIENT].dtls, pair->now, &letter, 1, buf, sizeof(buf));
        assert_true(len > 0);
        auger_dtls_handle_datagram(server, pair->now, buf, (size_t)len);
    }
    assert_int_equal(allocated, before + HELD_MAX);
    read_data(pair, &pair->ends[SERVER]);
    assert_got(pair, SERVER, "abcdefghi"); /* one in hand and eight */
    assert_int_equal(allocated, before);
    send_text(pair, CLIENT, "!");
    run_for(pair, DELAY);
    assert_got(pair, SERVER, "abcdefghi!");
    pair_free(pair);
}

static void test_a_piece_that_was_handed_out_makes_room(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);
    struct auger_dtls *server = pair->ends[SERVER].dtls;
    struct auger_bytes data;
    uint8_t buf[AUGER_DATAGRAM_MAX];

    start_both(pair);
    run_for(pair, AUGER_SEC);
    for (int i = 0; i < 25; i++) { /* reads one each time, and never until the end */
        const uint8_t letter = (uint8_t)('a' + i);
        int len =
            auger_dtls_write_data(pair->ends[CLIENT].dtls, pair->now, &letter, 1, buf, sizeof(buf));
        auger_dtls_handle_datagram(server, pair->now, buf, (size_t)len);
        assert_true(auger_dtls_read(server, pair->now, &data));
        assert_int_equal(data.len, 1);
        assert_int_equal(data.data[0], letter);
    }
    pair_free(pair);
}

static void test_several_records_of_a_datagram_are_read_one_by_one(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len = 0;

    start_both(pair);
    run_for(pair, AUGER_SEC);
    for (int i = 0; i < 3; i++) {
        const uint8_t *text = (const uint8_t *)"one two tri " + 4 * i;
        int more = auger_dtls_write_data(pair->ends[CLIENT].dtls, pair->now, text, 4, buf + len,
                                         sizeof(buf) - len);
        assert_true(more > 0);
        len += (size_t)more;
    }
    deliver(pair, SERVER, buf, len);
    assert_got(pair, SERVER, "one two tri ");
    assert_int_equal(pair->ends[SERVER].pieces, 3);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_late_start_or_fingerprint_completes_at_once),
        cmocka_unit_test(test_the_client_speaks_before_it_knows_the_fingerprint),
        cmocka_unit_test(test_eight_datagrams_are_kept_and_no_more),
        cmocka_unit_test(test_what_is_kept_is_given_back_when_it_is_over),
        cmocka_unit_test(test_data_waits_for_a_late_reader_in_order),
        cmocka_unit_test(test_a_piece_that_was_handed_out_makes_room),
        cmocka_unit_test(test_several_records_of_a_datagram_are_read_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
