/* What is lost after a silence is sent again in time: the library's ticks, which rest in
 * between, and its clock must agree by then (RFC 9260 section 6.3). */
#include "tests/sctp/pair.h"

#define DELAY (25 * AUGER_MS)

static bool lose_all_for_bob(struct pair *pair, int to, uint8_t *bytes, size_t *len)
{
    (void)pair, (void)bytes, (void)len;
    return to != BOB;
}

/* Odd silences, so that the tick of the timer is at any place between two of the library's. */
static void lost_after(struct talk *talk, auger_time silence)
{
    struct pair *pair = talk->pair;

    /* What is measured anew ends the doubling of the time before (6.3.1). */
    assert_int_equal(send_text(pair, ALICE, talk->at[ALICE], "not lost"), 0);
    pair_run(pair, 1 * AUGER_SEC);
    size_t before = count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE);

    pair_run(pair, silence);
    auger_time sent_at = pair->now;
    pair->filter = lose_all_for_bob;
    assert_int_equal(send_text(pair, ALICE, talk->at[ALICE], "lost once"), 0);
    pair_run(pair, 500 * AUGER_MS);
    pair->filter = NULL;
    while (count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE) == before)
        assert_true(pair_step(pair, sent_at + 60 * AUGER_SEC));
    /* The least time-out, the way, and the step of our ticks. */
    if (pair->now - sent_at > 1000 * AUGER_MS + DELAY + 20 * AUGER_MS)
        fail_msg("after a silence of %d us it took %d ms", (int)(silence / AUGER_US),
                 (int)((pair->now - sent_at) / AUGER_MS));
}

static void a_packet_lost_after_a_silence_is_sent_again_after_a_second(void **state)
{
    struct talk talk = talk_new(7, DELAY, false);

    (void)state;
    for (int i = 1; i <= 20; i++)
        lost_after(&talk, i * 730100 * AUGER_US + i * 333 * AUGER_US);
    pair_free(talk.pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_lost_after_a_silence_is_sent_again_after_a_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
