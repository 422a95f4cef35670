/* DATA_CHANNEL_OPEN and what a peer may do instead: RFC 8832. */
#include "tests/sctp/pair.h"

#include "sctp/dcep.h"

#define OPEN(type, label_len, protocol_len)                                                        \
    3, type, 0, 0, 0, 0, 0, 0, (label_len) >> 8, (label_len)&0xFF, (protocol_len) >> 8,            \
        (protocol_len)&0xFF

/* --- the codec ------------------------------------------------------------------------ */

static void test_an_open_is_read_back_as_it_was_written(void **state)
{
    (void)state;
    const struct auger_dcep open = {.type = AUGER_DCEP_OPEN,
                                    .reliability = AUGER_DCEP_TIMED,
                                    .unordered = true,
                                    .priority = 0x1234,
                                    .parameter = 0x89ABCDEF,
                                    .label = {(const uint8_t *)"label", 5},
                                    .protocol = {(const uint8_t *)"proto", 5}};
    static const uint8_t wire[] = {3, 0x82, 0x12, 0x34, 0x89, 0xAB, 0xCD, 0xEF, 0,   5,   0,
                                   5, 'l',  'a',  'b',  'e',  'l',  'p',  'r',  'o', 't', 'o'};
    struct auger_dcep back;
    uint8_t buf[64];

    assert_int_equal(auger_dcep_len(&open), sizeof(wire));
    auger_dcep_write(&open, buf);
    assert_memory_equal(buf, wire, sizeof(wire));
    assert_int_equal(auger_dcep_parse(&back, buf, sizeof(wire)), 0);
    assert_true(back.unordered);
    assert_int_equal(back.reliability, AUGER_DCEP_TIMED);
    assert_int_equal(back.priority, 0x1234);
    assert_int_equal(back.parameter, 0x89ABCDEF);
    assert_int_equal(back.label.len, 5);
    assert_memory_equal(back.label.data, "label", 5);
    assert_memory_equal(back.protocol.data, "proto", 5);
}

static const struct {
    const char *name;
    uint8_t bytes[20];
    size_t len;
} malformed[] = {
    {"nothing", {0}, 0},
    {"type 0", {0}, 1},
    {"type 1", {1}, 1},
    {"type 4", {4}, 1},
    {"type 255", {255}, 1},
    {"an ACK with more behind it", {2, 0}, 2},
    {"an OPEN of one byte", {3}, 1},
    {"an OPEN without its last length", {OPEN(0, 0, 0)}, 11},
    {"a label that is not there", {OPEN(0, 1, 0)}, 12},
    {"a label that is too long by one", {OPEN(0, 5, 0), 'a', 'b', 'c', 'd'}, 16},
    {"a protocol that is too long by one", {OPEN(0, 2, 3), 'a', 'b', 'c', 'd'}, 16},
    {"lengths of 65535", {OPEN(0, 65535, 65535), 'a'}, 13},
    {"bytes behind the protocol", {OPEN(0, 1, 1), 'a', 'b', 'c'}, 15},
    {"channel type 3", {OPEN(0x03, 0, 0)}, 12},
    {"channel type 0x7F", {OPEN(0x7F, 0, 0)}, 12},
    {"channel type 0xFF", {OPEN(0xFF, 0, 0)}, 12},
};

static void test_what_is_not_one_whole_message_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        uint8_t *exact = malloc(malformed[i].len ? malformed[i].len : 1);
        struct auger_dcep out = {.priority = 77};
        memcpy(exact, malformed[i].bytes, malformed[i].len);
        if (auger_dcep_parse(&out, exact, malformed[i].len) != AUGER_ERR_MALFORMED ||
            out.priority != 77)
            fail_msg("%s", malformed[i].name);
        free(exact);
    }
}

static void test_a_truncated_open_is_malformed_at_every_length(void **state)
{
    (void)state;
    static const uint8_t whole[] = {OPEN(0x80, 3, 2), 'a', 'b', 'c', 'd', 'e'};
    struct auger_dcep out;

    assert_int_equal(auger_dcep_parse(&out, whole, sizeof(whole)), 0);
    for (size_t len = 0; len < sizeof(whole); len++) {
        uint8_t *exact = malloc(len ? len : 1);
        memcpy(exact, whole, len);
        assert_int_equal(auger_dcep_parse(&out, exact, len), AUGER_ERR_MALFORMED);
        free(exact);
    }
}

/* --- a peer that says what no engine would ------------------------------------------- */

/* ALICE is the DTLS client and an engine; BOB is bare, and opens odd streams. */
static struct pair *engine_and_raw(const struct auger_sctp_config *config)
{
    struct pair *pair = pair_new(50);

    pair->wire.delay = 5 * AUGER_MS;
    pair_add_engine(pair, ALICE, config);
    pair_add_raw(pair, BOB);
    pair_connect(pair);
    pair_run(pair, AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_UP), 1);
    return pair;
}

static void say(struct pair *pair, uint16_t stream, uint32_t ppid, const void *bytes, size_t len)
{
    assert_int_equal(
        auger_assoc_send(pair->sides[BOB].raw, pair->now, stream, ppid, false, bytes, len), len);
}

static void say_unordered(struct pair *pair, uint16_t stream, uint32_t ppid, const void *bytes,
                          size_t len)
{
    assert_int_equal(
        auger_assoc_send(pair->sides[BOB].raw, pair->now, stream, ppid, true, bytes, len), len);
}

static void say_open(struct pair *pair, uint16_t stream)
{
    static const uint8_t open[] = {OPEN(0, 1, 0), 'x'};

    say(pair, stream, AUGER_PPID_DCEP, open, sizeof(open));
}

/* How often the engine has reset its half of the stream. */
static size_t resets_of(const struct pair *pair, uint16_t stream)
{
    size_t count = 0;

    for (size_t i = 0; i < pair->raws_len; i++)
        count += pair->raws[i].event.type == AUGER_ASSOC_RESET_IN &&
                 pair->raws[i].event.stream == stream;
    return count;
}

/* What the engine said on the stream, counted. */
static size_t said_on(const struct pair *pair, uint16_t stream)
{
    size_t count = 0;

    for (size_t i = 0; i < pair->raws_len; i++)
        count +=
            pair->raws[i].event.type == AUGER_ASSOC_DATA && pair->raws[i].event.stream == stream;
    return count;
}

static void assert_alive(struct pair *pair)
{
    size_t channels = count_events(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL);

    pair_run(pair, 5 * AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_DOWN), 0);
    assert_int_equal(count_raw(pair, AUGER_ASSOC_DOWN), 0);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL), channels);
    say_open(pair, 13); /* and a good one is still welcome */
    pair_run(pair, AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL), channels + 1);
}

static void test_an_open_is_acknowledged_on_its_stream(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);

    say_open(pair, 7);
    pair_run(pair, AUGER_SEC);
    const struct record *opened = nth_event(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL, 0);
    assert_non_null(opened);
    assert_int_equal(options_of(pair, ALICE, opened->event.channel).id, 7);
    assert_int_equal(said_on(pair, 7), 1);
    const struct auger_assoc_event *ack = &pair->raws[pair->raws_len - 1].event;
    assert_int_equal(ack->ppid, AUGER_PPID_DCEP);
    assert_int_equal(ack->data.len, 1);
    assert_int_equal(ack->data.data[0], AUGER_DCEP_ACK);
    pair_free(pair);
}

static void test_a_malformed_open_opens_nothing_and_its_stream_is_reset(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        struct pair *pair = engine_and_raw(NULL);
        if (malformed[i].len > 0) { /* an empty message cannot be sent at all */
            say(pair, 1, AUGER_PPID_DCEP, malformed[i].bytes, malformed[i].len);
            pair_run(pair, 3 * AUGER_SEC);
            if (count_events(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL) || resets_of(pair, 1) != 1 ||
                said_on(pair, 1))
                fail_msg("%s", malformed[i].name);
        }
        assert_alive(pair);
        pair_free(pair);
    }
}

static void test_an_open_on_a_stream_of_our_parity_is_refused(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);

    say_open(pair, 4);
    pair_run(pair, 3 * AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL), 0);
    assert_int_equal(resets_of(pair, 4), 1);
    assert_alive(pair);
    pair_free(pair);
}

static void test_a_second_open_on_an_open_stream_changes_nothing(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);

    say_open(pair, 1);
    pair_run(pair, AUGER_SEC);
    auger_channel channel = nth_event(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL, 0)->event.channel;
    static const uint8_t other[] = {OPEN(0x80, 5, 0), 'o', 't', 'h', 'e', 'r'};
    say(pair, 1, AUGER_PPID_DCEP, other, sizeof(other));
    say(pair, 1, AUGER_PPID_TEXT, "still the first", 15);
    pair_run(pair, AUGER_SEC);
    assert_string_equal(options_of(pair, ALICE, channel).label, "x");
    assert_false(options_of(pair, ALICE, channel).unordered);
    assert_true(has_message(nth_event(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE, 0), AUGER_MESSAGE_TEXT,
                            "still the first"));
    assert_int_equal(said_on(pair, 1), 1); /* one acknowledgement */
    assert_alive(pair);
    pair_free(pair);
}

static void test_an_open_on_a_stream_that_we_opened_changes_nothing(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);
    auger_channel ours = open_channel(pair, ALICE, "ours", false);

    pair_run(pair, AUGER_SEC);
    say_open(pair, 0); /* instead of the acknowledgement */
    pair_run(pair, AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_OPEN), 0);
    assert_string_equal(options_of(pair, ALICE, ours).label, "ours");
    static const uint8_t ack = AUGER_DCEP_ACK;
    say(pair, 0, AUGER_PPID_DCEP, &ack, 1);
    say(pair, 0, AUGER_PPID_DCEP, &ack, 1); /* once is enough */
    pair_run(pair, AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_OPEN), 1);
    assert_alive(pair);
    pair_free(pair);
}

static void test_an_ack_for_nothing_is_refused(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);
    static const uint8_t ack = AUGER_DCEP_ACK;

    say(pair, 3, AUGER_PPID_DCEP, &ack, 1);
    pair_run(pair, 2 * AUGER_SEC);
    assert_int_equal(resets_of(pair, 3), 1);
    assert_alive(pair);
    pair_free(pair);
}

static void test_data_that_overtakes_open_waits_for_it(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);

    say_unordered(pair, 1, AUGER_PPID_TEXT, "too soon", 8);
    say_unordered(pair, 1, AUGER_PPID_BINARY, "as well", 7);
    pair_run(pair, AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE), 0);
    say_open(pair, 1);
    say(pair, 1, AUGER_PPID_TEXT, "in time", 7);
    pair_run(pair, AUGER_SEC);

    const struct record *opened = nth_event(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL, 0);
    const struct record *first = nth_event(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE, 0);
    assert_true(opened && first && opened < first);
    assert_true(has_message(first, AUGER_MESSAGE_TEXT, "too soon"));
    assert_true(has_message(nth_event(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE, 1),
                            AUGER_MESSAGE_BINARY, "as well"));
    assert_true(has_message(nth_event(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE, 2), AUGER_MESSAGE_TEXT,
                            "in time"));
    pair_free(pair);
}

static void test_data_that_overtook_open_is_not_delivered_after_close(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);
    struct auger_sctp *alice = pair->sides[ALICE].sctp;
    struct auger_sctp_event event;

    pair->sides[ALICE].is_deaf = true;
    say_unordered(pair, 1, AUGER_PPID_TEXT, "too soon", 8);
    say_open(pair, 1);
    pair_run(pair, AUGER_SEC);
    assert_true(auger_sctp_poll_event(alice, &event));
    assert_int_equal(event.type, AUGER_SCTP_EVENT_CHANNEL);
    assert_int_equal(auger_sctp_channel_close(alice, pair->now, event.channel), 0);
    pair->sides[ALICE].is_deaf = false;
    pair_run(pair, AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE), 0);
    pair_free(pair);
}

static void test_data_of_a_stream_that_was_reset_is_not_the_next_channels(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);

    say(pair, 1, AUGER_PPID_TEXT, "of nobody", 9);
    pair_run(pair, AUGER_SEC);
    assert_int_equal(auger_assoc_reset(pair->sides[BOB].raw, 1), 0);
    pair_run(pair, 3 * AUGER_SEC);
    say_open(pair, 1);
    pair_run(pair, AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL), 1);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE), 0);
    pair_free(pair);
}

static void test_data_without_open_is_kept_within_64_kib_and_then_refused(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);
    static uint8_t big[30000];

    size_t before = pair->bytes;
    for (uint16_t i = 0; i < 40; i++) {
        say(pair, (uint16_t)(2 * i + 21), AUGER_PPID_BINARY, big, sizeof(big));
        pair_run(pair, AUGER_SEC);
        assert_true(pair->sides[ALICE].sctp->early_bytes <= AUGER_EARLY_BYTES_MAX);
    }
    for (uint16_t i = 0; i < 200; i++)
        say(pair, (uint16_t)(2 * i + 21), AUGER_PPID_BINARY, big, 1);
    pair_run(pair, 5 * AUGER_SEC);
    assert_true(pair->sides[ALICE].sctp->early_len <= AUGER_EARLY_MAX);
    assert_true(pair->bytes < before + AUGER_EARLY_BYTES_MAX + 65536);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE), 0);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_DOWN), 0);
    pair_free(pair);
}

/* What nobody opens may fill the table; who does it right is heard all the same. */
static void test_a_full_table_of_early_messages_still_lets_an_open_in(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);

    for (uint16_t i = 0; i < AUGER_EARLY_MAX; i++)
        say(pair, (uint16_t)(2 * i + 101), AUGER_PPID_TEXT, "x", 1);
    pair_run(pair, AUGER_SEC);
    assert_alive(pair);
    pair_free(pair);
}

/* 131 KiB of DCEP: as much as two texts of 65535 bytes are, and no more. */
static void test_an_open_that_never_ends_is_refused(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);
    static uint8_t endless[400000] = {OPEN(0, 65535, 65535)};

    say(pair, 1, AUGER_PPID_DCEP, endless, sizeof(endless));
    pair_run(pair, 20 * AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL), 0);
    assert_true(resets_of(pair, 1) >= 1);
    assert_true(pair->sides[ALICE].sctp->early_bytes <= AUGER_EARLY_BYTES_MAX + AUGER_DCEP_MAX);
    assert_alive(pair);
    pair_free(pair);
}

static const uint32_t unknown_ppids[] = {0, 1, 49, 52, 54, 55, 58, 0x33000000, UINT32_MAX};

static void test_an_unknown_ppid_is_not_delivered_and_harms_nothing(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);

    say_open(pair, 1);
    for (size_t i = 0; i < ARRAY_LEN(unknown_ppids); i++) {
        say(pair, 1, unknown_ppids[i], "junk", 4);
        say(pair, 1, AUGER_PPID_TEXT, "good", 4);
    }
    pair_run(pair, AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE), ARRAY_LEN(unknown_ppids));
    for (size_t i = 0; i < ARRAY_LEN(unknown_ppids); i++)
        assert_true(has_message(nth_event(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE, i),
                                AUGER_MESSAGE_TEXT, "good"));
    assert_alive(pair);
    pair_free(pair);
}

static void test_an_unknown_ppid_before_the_acknowledgement_does_not_stick_to_what_follows(
    void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);

    open_channel(pair, ALICE, "", false);
    pair_run(pair, AUGER_SEC);
    pair->sides[ALICE].is_deaf = true; /* until both have come */
    say(pair, 0, 99, "junk", 4);
    say(pair, 0, AUGER_PPID_TEXT, "good", 4);
    pair_run(pair, AUGER_SEC);
    pair->sides[ALICE].is_deaf = false;
    pair_run(pair, AUGER_SEC);
    assert_true(has_message(nth_event(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE, 0), AUGER_MESSAGE_TEXT,
                            "good"));
    pair_free(pair);
}

static void test_data_stands_for_an_acknowledgement_that_it_overtook(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);

    open_channel(pair, ALICE, "", false);
    pair_run(pair, AUGER_SEC);
    say(pair, 0, AUGER_PPID_TEXT, "hello", 5);
    pair_run(pair, AUGER_SEC);
    const struct record *opened = nth_event(pair, ALICE, AUGER_SCTP_EVENT_OPEN, 0);
    const struct record *message = nth_event(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE, 0);
    assert_true(opened && message && opened < message);
    assert_true(has_message(message, AUGER_MESSAGE_TEXT, "hello"));
    pair_free(pair);
}

/* 8831 section 6.6: the byte that stands for nothing means nothing, whatever it is. */
static void test_an_empty_message_is_empty_whatever_it_carries(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);

    say_open(pair, 1);
    say(pair, 1, AUGER_PPID_TEXT_EMPTY, "\xFF", 1);
    say(pair, 1, AUGER_PPID_BINARY_EMPTY, "abc", 3);
    pair_run(pair, AUGER_SEC);
    assert_true(
        has_message(nth_event(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE, 0), AUGER_MESSAGE_TEXT, ""));
    assert_true(
        has_message(nth_event(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE, 1), AUGER_MESSAGE_BINARY, ""));
    pair_free(pair);
}

static void test_an_empty_message_is_sent_as_one_byte_under_its_own_ppid(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);
    auger_channel channel = open_channel(pair, ALICE, "", false);

    assert_int_equal(send_text(pair, ALICE, channel, ""), 0);
    assert_int_equal(send_bytes(pair, ALICE, channel, NULL, 0), 0);
    pair_run(pair, AUGER_SEC);
    assert_int_equal(said_on(pair, 0), 3); /* OPEN and two */
    const struct raw_record *last = &pair->raws[pair->raws_len - 1];
    assert_int_equal(last[-1].event.ppid, AUGER_PPID_TEXT_EMPTY);
    assert_int_equal(last[-1].event.data.len, 1);
    assert_int_equal(last[0].event.ppid, AUGER_PPID_BINARY_EMPTY);
    assert_int_equal(last[0].event.data.len, 1);
    pair_free(pair);
}

/* A peer that wants partial reliability gets a channel; what it sends is its business. */
static void test_a_partially_reliable_channel_of_the_peers_is_accepted(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);
    static const uint8_t open[] = {3, 0x81, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0};

    say(pair, 1, AUGER_PPID_DCEP, open, sizeof(open));
    pair_run(pair, AUGER_SEC);
    const struct record *opened = nth_event(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL, 0);
    assert_non_null(opened);
    assert_true(options_of(pair, ALICE, opened->event.channel).unordered);
    pair_free(pair);
}

static void test_more_channels_than_configured_are_reset(void **state)
{
    (void)state;
    struct auger_sctp_config config;

    auger_sctp_config_init(&config);
    config.channels_max = 5;
    struct pair *pair = engine_and_raw(&config);
    size_t refused = 0;
    for (uint16_t i = 0; i < 12; i++)
        say_open(pair, (uint16_t)(2 * i + 1));
    pair_run(pair, 10 * AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL), 5);
    for (uint16_t stream = 11; stream < 24; stream += 2)
        refused += resets_of(pair, stream);
    assert_int_equal(refused, 3); /* of our 16 streams; we have no others to reset */
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_DOWN), 0);
    pair_free(pair);
}

static void test_an_open_on_every_stream_there_is_stays_within_the_bound(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);

    for (uint16_t stream = 0; stream < 1024; stream++)
        say_open(pair, stream);
    pair_run(pair, 60 * AUGER_SEC);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL), 512);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_DOWN), 0);
    assert_int_equal(count_raw(pair, AUGER_ASSOC_DOWN), 0);
    pair_free(pair);
}

/* The peer opens and closes for ever: memory stays where it was. */
static void test_opening_and_closing_for_ever_costs_no_memory(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);
    size_t after_ten = 0;

    for (size_t i = 1; i <= 300; i++) {
        say_open(pair, 1);
        say(pair, 1, AUGER_PPID_TEXT, "hello", 5);
        assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL, i, 5 * AUGER_SEC));
        pair_run(pair, 100 * AUGER_MS);
        assert_int_equal(auger_assoc_reset(pair->sides[BOB].raw, 1), 0);
        assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_CLOSED, i, 5 * AUGER_SEC));
        pair_run(pair, 2 * AUGER_SEC);
        if (i == 10)
            after_ten = pair->bytes;
    }
    assert_int_equal(pair->bytes, after_ten);
    pair_free(pair);
}

static void test_a_reset_of_streams_that_nobody_opened_changes_nothing(void **state)
{
    (void)state;
    struct pair *pair = engine_and_raw(NULL);

    for (uint16_t stream = 0; stream < 8; stream++) {
        (void)!auger_assoc_reset(pair->sides[BOB].raw, stream);
        pair_run(pair, AUGER_SEC);
    }
    assert_alive(pair);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_open_is_read_back_as_it_was_written),
        cmocka_unit_test(test_what_is_not_one_whole_message_is_malformed),
        cmocka_unit_test(test_a_truncated_open_is_malformed_at_every_length),
        cmocka_unit_test(test_an_open_is_acknowledged_on_its_stream),
        cmocka_unit_test(test_a_malformed_open_opens_nothing_and_its_stream_is_reset),
        cmocka_unit_test(test_an_open_on_a_stream_of_our_parity_is_refused),
        cmocka_unit_test(test_a_second_open_on_an_open_stream_changes_nothing),
        cmocka_unit_test(test_an_open_on_a_stream_that_we_opened_changes_nothing),
        cmocka_unit_test(test_an_ack_for_nothing_is_refused),
        cmocka_unit_test(test_data_that_overtakes_open_waits_for_it),
        cmocka_unit_test(test_data_that_overtook_open_is_not_delivered_after_close),
        cmocka_unit_test(test_data_of_a_stream_that_was_reset_is_not_the_next_channels),
        cmocka_unit_test(test_data_without_open_is_kept_within_64_kib_and_then_refused),
        cmocka_unit_test(test_a_full_table_of_early_messages_still_lets_an_open_in),
        cmocka_unit_test(test_an_open_that_never_ends_is_refused),
        cmocka_unit_test(test_an_unknown_ppid_is_not_delivered_and_harms_nothing),
        cmocka_unit_test(
            test_an_unknown_ppid_before_the_acknowledgement_does_not_stick_to_what_follows),
        cmocka_unit_test(test_data_stands_for_an_acknowledgement_that_it_overtook),
        cmocka_unit_test(test_an_empty_message_is_empty_whatever_it_carries),
        cmocka_unit_test(test_an_empty_message_is_sent_as_one_byte_under_its_own_ppid),
        cmocka_unit_test(test_a_partially_reliable_channel_of_the_peers_is_accepted),
        cmocka_unit_test(test_more_channels_than_configured_are_reset),
        cmocka_unit_test(test_an_open_on_every_stream_there_is_stays_within_the_bound),
        cmocka_unit_test(test_opening_and_closing_for_ever_costs_no_memory),
        cmocka_unit_test(test_a_reset_of_streams_that_nobody_opened_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
