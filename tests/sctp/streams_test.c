/* More streams than an association began with are asked for between messages: docs/decisions/216.
 */
#include "tests/sctp/pair.h"

#define DELAY (25 * AUGER_MS)
#define LARGE (200 * 1024)

enum { MORE = 12 }; /* channels: with the first one more than 8, for which there are streams */

static void send_large(struct pair *pair, auger_channel channel, uint32_t number)
{
    static uint8_t buf[LARGE];

    fill_pattern(buf, sizeof(buf), number);
    assert_int_equal(send_bytes(pair, ALICE, channel, buf, sizeof(buf)), 0);
}

/* How many arrived whole; each is another. */
static size_t count_whole(const struct pair *pair, uint32_t numbers)
{
    size_t whole = 0;

    for (uint32_t number = 0; number < numbers; number++)
        for (size_t i = 0; i < pair->records_len; i++) {
            const struct auger_sctp_event *event = &pair->records[i].event;
            whole += event->type == AUGER_SCTP_EVENT_MESSAGE && event->data.len == LARGE &&
                     is_pattern(event->data, number);
        }
    return whole;
}

/* In the middle of one more channels are opened than there are streams, and speak too. */
static void a_message_that_is_under_way_arrives_whole(void **state)
{
    struct talk talk = talk_new(70, DELAY, false);
    struct pair *pair = talk.pair;

    (void)state;
    send_large(pair, talk.at[ALICE], 0);
    pair_run(pair, 2 * DELAY);
    assert_int_equal(count_whole(pair, 1), 0);
    for (int i = 0; i < MORE; i++)
        assert_int_equal(send_text(pair, ALICE, open_channel(pair, ALICE, "more", false), "more"),
                         0);
    for (uint32_t i = 1; i < 4; i++)
        send_large(pair, talk.at[ALICE], i);
    assert_true(run_until(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, MORE + 4, 30 * AUGER_SEC));
    assert_int_equal(count_whole(pair, 4), 4);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_that_is_under_way_arrives_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
