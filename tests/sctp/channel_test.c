/* Data channels: how they open and what they carry. RFC 8831, 8832. */
#include "tests/sctp/pair.h"

#define DELAY (25 * AUGER_MS)

static struct pair *two_engines(auger_time delay)
{
    struct pair *pair = pair_new(1);

    pair->wire.delay = delay;
    pair_add_engine(pair, ALICE, NULL);
    pair_add_engine(pair, BOB, NULL);
    return pair;
}

static void test_a_channel_keeps_its_label_protocol_order_and_priority(void **state)
{
    (void)state;
    struct pair *pair = two_engines(DELAY);
    const struct auger_channel_options wanted = {
        .label = "f\xC3\xBChrung", .protocol = "soap", .unordered = true, .priority = 512};
    auger_channel channel;

    assert_int_equal(auger_sctp_channel_open(pair->sides[ALICE].sctp, pair->now, &wanted, &channel),
                     0);
    pair_connect(pair);
    assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_OPEN, 1, AUGER_SEC));
    const struct record *opened = nth_event(pair, BOB, AUGER_SCTP_EVENT_CHANNEL, 0);
    const struct auger_channel_options ends[] = {options_of(pair, ALICE, channel),
                                                 options_of(pair, BOB, opened->event.channel)};
    for (int side = ALICE; side <= BOB; side++) {
        assert_string_equal(ends[side].label, wanted.label);
        assert_string_equal(ends[side].protocol, wanted.protocol);
        assert_true(ends[side].unordered);
        assert_int_equal(ends[side].priority, 512);
        assert_int_equal(ends[side].id, 0);
    }
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_UP), 1);
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_UP), 1);
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_CHANNEL), 0);
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_OPEN), 0);
    pair_free(pair);
}

static void test_label_and_protocol_may_be_empty_or_as_long_as_they_can_be(void **state)
{
    (void)state;
    struct pair *pair = two_engines(DELAY);
    char *longest = calloc(1, AUGER_CHANNEL_TEXT_MAX + 2);
    struct auger_channel_options options = {0};
    auger_channel channel;

    memset(longest, 'x', AUGER_CHANNEL_TEXT_MAX);
    pair_connect(pair);
    struct auger_sctp *alice = pair->sides[ALICE].sctp;
    assert_int_equal(auger_sctp_channel_open(alice, pair->now, &options, &channel), 0);
    options = (struct auger_channel_options){.label = longest, .protocol = longest};
    assert_int_equal(auger_sctp_channel_open(alice, pair->now, &options, &channel), 0);
    assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_OPEN, 2, 10 * AUGER_SEC));

    options =
        options_of(pair, BOB, nth_event(pair, BOB, AUGER_SCTP_EVENT_CHANNEL, 0)->event.channel);
    assert_string_equal(options.label, "");
    assert_string_equal(options.protocol, "");
    options =
        options_of(pair, BOB, nth_event(pair, BOB, AUGER_SCTP_EVENT_CHANNEL, 1)->event.channel);
    assert_string_equal(options.label, longest);
    assert_string_equal(options.protocol, longest);

    longest[AUGER_CHANNEL_TEXT_MAX] = 'x';
    options = (struct auger_channel_options){.label = longest};
    assert_int_equal(auger_sctp_channel_open(alice, pair->now, &options, &channel),
                     AUGER_ERR_INVALID);
    free(longest);
    pair_free(pair);
}

static void test_the_dtls_client_opens_even_streams_and_the_server_odd_ones(void **state)
{
    (void)state;
    struct pair *pair = two_engines(DELAY);
    auger_channel channels[2][3];

    for (int i = 0; i < 3; i++)
        for (int side = ALICE; side <= BOB; side++)
            channels[side][i] = open_channel(pair, side, "", false);
    assert_int_equal(options_of(pair, ALICE, channels[ALICE][0]).id, AUGER_STREAM_NONE);
    pair_connect(pair);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(options_of(pair, ALICE, channels[ALICE][i]).id, 2 * i);
        assert_int_equal(options_of(pair, BOB, channels[BOB][i]).id, 2 * i + 1);
    }
    pair_run(pair, AUGER_SEC);
    for (int side = ALICE; side <= BOB; side++) {
        assert_int_equal(count_events(pair, side, AUGER_SCTP_EVENT_OPEN), 3);
        assert_int_equal(count_events(pair, side, AUGER_SCTP_EVENT_CHANNEL), 3);
    }
    pair_free(pair);
}

static bool count_cookie_echoes_with_data(struct pair *pair, int to, uint8_t *bytes, size_t *len)
{
    int *seen = pair->user;

    if (chunk_of(bytes, *len) == CHUNK_COOKIE_ECHO && to == BOB) {
        size_t chunk_len = (size_t)bytes[HEADER_LEN + 2] << 8 | bytes[HEADER_LEN + 3];
        size_t next = HEADER_LEN + ((chunk_len + 3) & ~(size_t)3);
        *seen += next < *len && bytes[next] == CHUNK_DATA;
    }
    return true;
}

static void test_open_and_first_message_ride_with_cookie_echo(void **state)
{
    (void)state;
    struct pair *pair = two_engines(DELAY);
    int seen = 0;

    pair->filter = count_cookie_echoes_with_data;
    pair->user = &seen;
    auger_time t0 = pair->now;
    auger_channel channel = open_channel(pair, ALICE, "first", false);
    assert_int_equal(send_text(pair, ALICE, channel, "hello"), 0);
    pair_connect(pair);
    assert_true(run_until(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, 1, AUGER_SEC));

    assert_int_equal(seen, 1);
    assert_int_equal(nth_event(pair, BOB, AUGER_SCTP_EVENT_CHANNEL, 0)->at - t0, 3 * DELAY);
    const struct record *message = nth_event(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, 0);
    assert_int_equal(message->at - t0, 3 * DELAY); /* 1.5 round trips */
    assert_true(has_message(message, AUGER_MESSAGE_TEXT, "hello"));
    assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_OPEN, 1, AUGER_SEC));
    assert_int_equal(pair->now - t0, 4 * DELAY);
    /* INIT, INIT-ACK to each other; COOKIE-ECHO with all; what answers it. */
    assert_true(pair->sides[ALICE].sent <= 5);
    pair_free(pair);
}

#define UNORDERED_BIT 4

/* user: how many DATA chunks with the bit have left for BOB, and how many without. */
static bool count_unordered(struct pair *pair, int to, uint8_t *bytes, size_t *len)
{
    int *counts = pair->user;

    for (size_t at = HEADER_LEN; to == BOB && at + 4 <= *len;) {
        size_t chunk_len = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (bytes[at] == CHUNK_DATA)
            counts[(bytes[at + 1] & UNORDERED_BIT) != 0]++;
        at += (chunk_len + 3) & ~(size_t)3;
    }
    return true;
}

/* 8832 section 6: what is sent before the acknowledgement must not overtake OPEN. */
static void test_an_unordered_channel_is_ordered_until_it_is_acknowledged(void **state)
{
    (void)state;
    struct pair *pair = two_engines(DELAY);
    int counts[2] = {0};

    pair->filter = count_unordered;
    pair->user = counts;
    auger_channel channel = open_channel(pair, ALICE, "", true);
    assert_int_equal(send_text(pair, ALICE, channel, "early"), 0);
    pair_connect(pair);
    assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_OPEN, 1, AUGER_SEC));
    assert_int_equal(counts[0], 2); /* OPEN and the message */
    assert_int_equal(counts[1], 0);
    assert_int_equal(send_text(pair, ALICE, channel, "later"), 0);
    assert_true(run_until(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, 2, AUGER_SEC));
    assert_int_equal(counts[1], 1);
    pair_free(pair);
}

static void test_without_delay_nothing_waits_for_a_tick(void **state)
{
    (void)state;
    struct pair *pair = two_engines(0);
    auger_time t0 = pair->now;
    auger_channel channel = open_channel(pair, ALICE, "now", false);

    assert_int_equal(send_text(pair, ALICE, channel, "hello"), 0);
    pair_connect(pair);
    assert_true(run_until(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, 1, AUGER_SEC));
    assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_OPEN, 1, AUGER_SEC));
    assert_int_equal(pair->now, t0);
    const struct record *message = nth_event(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, 0);
    assert_int_equal(send_text(pair, BOB, message->event.channel, "answer"), 0);
    assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_MESSAGE, 1, AUGER_SEC));
    assert_int_equal(pair->now, t0);
    pair_free(pair);
}

static void test_packets_that_come_before_connect_are_kept(void **state)
{
    (void)state;
    struct pair *pair = two_engines(DELAY);
    auger_time t0 = pair->now;

    open_channel(pair, ALICE, "early", false);
    pair_connect_side(pair, ALICE, 0);
    pair_run(pair, 40 * AUGER_MS); /* INIT has come by now */
    pair_connect_side(pair, BOB, 0);
    assert_true(run_until(pair, BOB, AUGER_SCTP_EVENT_CHANNEL, 1, AUGER_SEC));
    assert_int_equal(pair->now - t0, 40 * AUGER_MS + 2 * DELAY);
    pair_free(pair);
}

static const struct {
    enum auger_message_kind kind;
    size_t len;
} sizes[] = {
    {AUGER_MESSAGE_TEXT, 0},        {AUGER_MESSAGE_BINARY, 0},     {AUGER_MESSAGE_TEXT, 1},
    {AUGER_MESSAGE_BINARY, 1},      {AUGER_MESSAGE_BINARY, 1100},  {AUGER_MESSAGE_BINARY, 1200},
    {AUGER_MESSAGE_TEXT, 65535},    {AUGER_MESSAGE_BINARY, 65536}, {AUGER_MESSAGE_BINARY, 65537},
    {AUGER_MESSAGE_BINARY, 131072}, {AUGER_MESSAGE_TEXT, 262143},  {AUGER_MESSAGE_BINARY, 262144},
};

static void send_all_sizes(struct talk *talk, int side)
{
    static uint8_t buf[262144];

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        fill_pattern(buf, sizes[i].len, (uint32_t)i);
        while (auger_sctp_send(talk->pair->sides[side].sctp, talk->pair->now, talk->at[side],
                               sizes[i].kind, buf, sizes[i].len) == AUGER_ERR_AGAIN)
            assert_true(pair_step(talk->pair, talk->pair->now + AUGER_SEC));
    }
}

static void check_all_sizes(const struct pair *pair, int side)
{
    size_t seen[ARRAY_LEN(sizes)] = {0};

    assert_int_equal(count_events(pair, side, AUGER_SCTP_EVENT_MESSAGE), ARRAY_LEN(sizes));
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        const struct auger_sctp_event *event =
            &nth_event(pair, side, AUGER_SCTP_EVENT_MESSAGE, i)->event;
        for (size_t k = 0; k < ARRAY_LEN(sizes); k++)
            if (event->data.len == sizes[k].len && event->kind == sizes[k].kind &&
                is_pattern(event->data, (uint32_t)k))
                seen[k]++;
    }
    for (size_t k = 0; k < ARRAY_LEN(sizes); k++)
        assert_int_equal(seen[k], 1);
}

static void check_order(const struct pair *pair, int side)
{
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        assert_int_equal(nth_event(pair, side, AUGER_SCTP_EVENT_MESSAGE, i)->event.data.len,
                         sizes[i].len);
}

static void test_messages_of_0_bytes_to_256_kib_arrive_whole_both_ways(void **state)
{
    (void)state;
    for (int unordered = 0; unordered <= 1; unordered++) {
        struct talk talk = talk_new(2, DELAY, unordered);
        send_all_sizes(&talk, ALICE);
        send_all_sizes(&talk, BOB);
        pair_run(talk.pair, 60 * AUGER_SEC);
        for (int side = ALICE; side <= BOB; side++) {
            check_all_sizes(talk.pair, side);
            if (!unordered)
                check_order(talk.pair, side);
            assert_true(talk.pair->sides[side].largest <= 1163);
        }
        pair_free(talk.pair);
    }
}

static const struct {
    uint64_t remote_max;
    size_t allowed; /* and one more is too large */
} limits[] = {{1, 1},
              {100, 100},
              {65536, 65536},
              {262144, 262144},
              {0, 262144},          /* any: our own limit */
              {UINT64_MAX, 262144}, /* as above */
              {1073741823, 262144}};

static void test_a_message_above_either_sides_limit_is_refused_and_nothing_of_it_is_sent(
    void **state)
{
    (void)state;
    static uint8_t buf[262145];
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        struct pair *pair = two_engines(0);
        auger_channel channel = open_channel(pair, ALICE, "", false);
        pair_connect_side(pair, ALICE, limits[i].remote_max);
        pair_connect_side(pair, BOB, 0);
        assert_int_equal(send_bytes(pair, ALICE, channel, buf, limits[i].allowed + 1),
                         AUGER_ERR_TOO_LARGE);
        assert_int_equal(auger_sctp_buffered_amount(pair->sides[ALICE].sctp, channel), 0);
        assert_int_equal(send_bytes(pair, ALICE, channel, buf, limits[i].allowed), 0);
        pair_run(pair, 10 * AUGER_SEC);
        assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE), 1);
        assert_int_equal(nth_event(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, 0)->event.data.len,
                         limits[i].allowed);
        pair_free(pair);
    }
}

static void test_before_connect_the_peer_is_taken_to_accept_64_kib(void **state)
{
    (void)state;
    static uint8_t buf[65537];
    struct pair *pair = two_engines(0);
    auger_channel channel = open_channel(pair, ALICE, "", false);

    assert_int_equal(send_bytes(pair, ALICE, channel, buf, 65537), AUGER_ERR_TOO_LARGE);
    assert_int_equal(send_bytes(pair, ALICE, channel, buf, 65536), 0);
    pair_free(pair);
}

/* BOB takes 1000 bytes and ALICE was told 262144. */
static void test_a_peer_that_exceeds_our_limit_ends_the_association(void **state)
{
    (void)state;
    static uint8_t buf[200000];
    struct pair *pair = pair_new(3);
    struct auger_sctp_config config;

    auger_sctp_config_init(&config);
    config.max_message_size = 1000;
    pair_add_engine(pair, ALICE, NULL);
    pair_add_engine(pair, BOB, &config);
    auger_channel channel = open_channel(pair, ALICE, "", false);
    pair_connect(pair);
    assert_int_equal(send_bytes(pair, ALICE, channel, buf, 1000), 0);
    pair_run(pair, AUGER_SEC);
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE), 1);
    assert_int_equal(send_bytes(pair, ALICE, channel, buf, 1001), 0);
    pair_run(pair, AUGER_SEC);

    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE), 1);
    const struct record *down = nth_event(pair, BOB, AUGER_SCTP_EVENT_DOWN, 0);
    assert_non_null(down);
    assert_int_equal(down->event.error, AUGER_ERR_TOO_LARGE);
    down = nth_event(pair, ALICE, AUGER_SCTP_EVENT_DOWN, 0); /* it was told by an ABORT */
    assert_non_null(down);
    assert_int_not_equal(down->event.error, 0);
    for (int side = ALICE; side <= BOB; side++) {
        assert_int_equal(count_events(pair, side, AUGER_SCTP_EVENT_CLOSED), 1);
        assert_int_equal(count_events(pair, side, AUGER_SCTP_EVENT_DOWN), 1);
        assert_true(auger_sctp_next_timeout(pair->sides[side].sctp) == AUGER_NEVER);
    }
    pair_free(pair);
}

static void test_what_comes_later_is_refused_as_unsupported(void **state)
{
    (void)state;
    struct pair *pair = two_engines(0);
    const struct auger_channel_options later[] = {
        {.partial_by_lifetime = true}, {.partial_by_retransmits = true}, {.negotiated = true}};
    auger_channel channel = 0;

    for (size_t i = 0; i < ARRAY_LEN(later); i++)
        assert_int_equal(
            auger_sctp_channel_open(pair->sides[ALICE].sctp, pair->now, &later[i], &channel),
            AUGER_ERR_UNSUPPORTED);
    assert_int_equal(channel, 0);
    pair_free(pair);
}

static void test_a_handle_that_is_none_is_not_found(void **state)
{
    (void)state;
    struct talk talk = talk_new(4, 0, false);
    struct auger_sctp *alice = talk.pair->sides[ALICE].sctp;
    const auger_channel wrong[] = {0, 1, talk.at[ALICE] + 1, talk.at[ALICE] + 0x10000, UINT32_MAX};
    struct auger_channel_options options;

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(send_text(talk.pair, ALICE, wrong[i], "x"), AUGER_ERR_NOT_FOUND);
        assert_int_equal(auger_sctp_channel_options(alice, wrong[i], &options),
                         AUGER_ERR_NOT_FOUND);
        assert_int_equal(auger_sctp_channel_close(alice, talk.pair->now, wrong[i]),
                         AUGER_ERR_NOT_FOUND);
        assert_int_equal(auger_sctp_set_low_water(alice, wrong[i], 1), AUGER_ERR_NOT_FOUND);
        assert_int_equal(auger_sctp_buffered_amount(alice, wrong[i]), 0);
    }
    pair_free(talk.pair);
}

static void test_hundreds_of_channels_open_though_the_association_began_with_16_streams(
    void **state)
{
    (void)state;
    enum { COUNT = 300 };
    struct pair *pair = two_engines(DELAY);
    auger_channel channels[COUNT];

    for (int i = 0; i < COUNT; i++) {
        channels[i] = open_channel(pair, ALICE, "many", false);
        assert_int_equal(send_text(pair, ALICE, channels[i], "first"), 0);
    }
    pair_connect(pair);
    assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_OPEN, COUNT, 60 * AUGER_SEC));
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_CHANNEL), COUNT);
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE), COUNT);
    assert_int_equal(options_of(pair, ALICE, channels[COUNT - 1]).id, 2 * (COUNT - 1));
    pair_free(pair);
}

/* Half of the 1024 streams are ours. */
static void test_channels_beyond_our_half_of_the_streams_are_refused_before_connect_too(
    void **state)
{
    (void)state;
    for (int connected = 0; connected <= 1; connected++) {
        struct pair *pair = two_engines(0);
        const struct auger_channel_options options = {0};
        auger_channel channel;

        if (connected)
            pair_connect(pair);
        for (int i = 0; i < 512; i++)
            open_channel(pair, ALICE, "", false);
        assert_int_equal(
            auger_sctp_channel_open(pair->sides[ALICE].sctp, pair->now, &options, &channel),
            AUGER_ERR_LIMIT);
        pair_free(pair);
    }
}

static void test_the_configured_number_of_channels_holds_for_ours(void **state)
{
    (void)state;
    struct pair *pair = pair_new(5);
    struct auger_sctp_config config;
    const struct auger_channel_options options = {0};
    auger_channel channel;

    auger_sctp_config_init(&config);
    config.channels_max = 3;
    pair_add_engine(pair, ALICE, &config);
    for (int i = 0; i < 3; i++)
        open_channel(pair, ALICE, "", false);
    assert_int_equal(
        auger_sctp_channel_open(pair->sides[ALICE].sctp, pair->now, &options, &channel),
        AUGER_ERR_LIMIT);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_channel_keeps_its_label_protocol_order_and_priority),
        cmocka_unit_test(test_label_and_protocol_may_be_empty_or_as_long_as_they_can_be),
        cmocka_unit_test(test_the_dtls_client_opens_even_streams_and_the_server_odd_ones),
        cmocka_unit_test(test_open_and_first_message_ride_with_cookie_echo),
        cmocka_unit_test(test_an_unordered_channel_is_ordered_until_it_is_acknowledged),
        cmocka_unit_test(test_without_delay_nothing_waits_for_a_tick),
        cmocka_unit_test(test_packets_that_come_before_connect_are_kept),
        cmocka_unit_test(test_messages_of_0_bytes_to_256_kib_arrive_whole_both_ways),
        cmocka_unit_test(
            test_a_message_above_either_sides_limit_is_refused_and_nothing_of_it_is_sent),
        cmocka_unit_test(test_before_connect_the_peer_is_taken_to_accept_64_kib),
        cmocka_unit_test(test_a_peer_that_exceeds_our_limit_ends_the_association),
        cmocka_unit_test(test_what_comes_later_is_refused_as_unsupported),
        cmocka_unit_test(test_a_handle_that_is_none_is_not_found),
        cmocka_unit_test(
            test_hundreds_of_channels_open_though_the_association_began_with_16_streams),
        cmocka_unit_test(
            test_channels_beyond_our_half_of_the_streams_are_refused_before_connect_too),
        cmocka_unit_test(test_the_configured_number_of_channels_holds_for_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
