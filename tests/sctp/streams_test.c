/* More streams than an association began with are asked for between messages: docs/decisions/216.
 */
#include "tests/sctp/pair.h"

#define DELAY (25 * AUGER_MS)
#define LARGE (100 * 1024)

enum { FIRST = 8, MORE = 4 }; /* channels: there are streams for so many, and for no more */

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

static struct pair *two_with_channels(auger_channel channels[FIRST])
{
    struct pair *pair = pair_new(70);

    pair->wire.delay = DELAY;
    pair_add_engine(pair, ALICE, NULL);
    pair_add_engine(pair, BOB, NULL);
    for (int i = 0; i < FIRST; i++)
        channels[i] = open_channel(pair, ALICE, "first", false);
    pair_connect(pair);
    assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_OPEN, FIRST, 5 * AUGER_SEC));
    return pair;
}

/* In the middle of it all others speak too, and those for which there is no stream yet. */
static void a_message_that_is_under_way_arrives_whole(void **state)
{
    auger_channel channels[FIRST];
    struct pair *pair = two_with_channels(channels);
    uint32_t number = 0;

    (void)state;
    for (int i = FIRST - 1; i >= 0; i--)
        send_large(pair, channels[i], number++);
    for (int i = 0; i < MORE; i++)
        assert_int_equal(send_text(pair, ALICE, open_channel(pair, ALICE, "more", false), "more"),
                         0);
    assert_true(run_until(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, FIRST + MORE, 30 * AUGER_SEC));
    assert_int_equal(count_whole(pair, FIRST), FIRST);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_that_is_under_way_arrives_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
