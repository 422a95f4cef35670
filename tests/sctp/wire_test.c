/* What a bad wire and a forger do to an association: nothing. RFC 9260. */
#include "tests/sctp/pair.h"

#define DELAY (25 * AUGER_MS)
#define COUNT 300

static size_t len_of(uint32_t number)
{
    static const size_t lens[] = {1, 0, 900, 1163, 5000, 20000, 3};
    return lens[number % ARRAY_LEN(lens)];
}

static void send_numbered(struct talk *talk, int side, uint32_t number)
{
    static uint8_t buf[65536];
    int err;

    fill_pattern(buf, len_of(number), number);
    while ((err = send_bytes(talk->pair, side, talk->at[side], buf, len_of(number))) ==
           AUGER_ERR_AGAIN)
        assert_true(pair_step(talk->pair, talk->pair->now + 60 * AUGER_SEC));
    assert_int_equal(err, 0);
}

static bool is_number(const struct record *record, uint32_t number)
{
    return record->event.data.len == len_of(number) && is_pattern(record->event.data, number);
}

static void check_in_order(const struct pair *pair, int side)
{
    for (uint32_t i = 0; i < COUNT; i++)
        if (!is_number(nth_event(pair, side, AUGER_SCTP_EVENT_MESSAGE, i), i))
            fail_msg("side %d: message %d is another", side, (int)i);
}

/* The unordered ones, where each length and pattern comes back every 7 * 256 numbers. */
static void check_each_once(const struct pair *pair, int side)
{
    for (uint32_t number = 0; number < COUNT; number++) {
        size_t seen = 0;
        for (uint32_t i = 0; i < COUNT; i++)
            seen += is_number(nth_event(pair, side, AUGER_SCTP_EVENT_MESSAGE, i), number);
        if (len_of(number) > 0)
            assert_int_equal(seen, 1);
    }
}

static const struct {
    const char *name;
    struct wire wire;
} wires[] = {
    {"loss", {.delay = DELAY, .loss_percent = 10}},
    {"reordering", {.delay = DELAY, .reorder_percent = 30}},
    {"duplicates", {.delay = DELAY, .duplicate_percent = 30}},
    {"all of it",
     {.delay = DELAY, .loss_percent = 5, .reorder_percent = 20, .duplicate_percent = 20}},
};

static void carry_all(uint64_t seed, const struct wire *wire, bool unordered, const char *name)
{
    struct talk talk = talk_new(seed, DELAY, unordered);
    struct pair *pair = talk.pair;

    pair->wire = *wire;
    for (uint32_t i = 0; i < COUNT; i++)
        for (int side = ALICE; side <= BOB; side++)
            send_numbered(&talk, side, i);
    for (int side = ALICE; side <= BOB; side++)
        if (!run_until(pair, side, AUGER_SCTP_EVENT_MESSAGE, COUNT, 3600 * AUGER_SEC))
            fail_msg("%s, seed %d: %zu messages came", name, (int)seed,
                     count_events(pair, side, AUGER_SCTP_EVENT_MESSAGE));
    pair_run(pair, 60 * AUGER_SEC);
    for (int side = ALICE; side <= BOB; side++) {
        assert_int_equal(count_events(pair, side, AUGER_SCTP_EVENT_MESSAGE), COUNT);
        if (unordered)
            check_each_once(pair, side);
        else
            check_in_order(pair, side);
    }
    pair_free(pair);
}

static void test_everything_arrives_once_and_in_order_on_a_bad_wire(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wires); i++)
        for (uint64_t seed = 1; seed <= 3; seed++)
            carry_all(seed, &wires[i].wire, false, wires[i].name);
}

static void test_everything_unordered_arrives_once_on_a_bad_wire(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wires); i++)
        carry_all(7, &wires[i].wire, true, wires[i].name);
}

static void test_an_association_comes_up_on_a_bad_wire(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct pair *pair = pair_new(seed);
        pair->wire = (struct wire){.delay = DELAY, .loss_percent = 25, .duplicate_percent = 10};
        for (int side = ALICE; side <= BOB; side++) {
            pair_add_engine(pair, side, NULL);
            auger_channel channel = open_channel(pair, side, "", false);
            assert_int_equal(send_text(pair, side, channel, "hello"), 0);
        }
        pair_connect(pair);
        for (int side = ALICE; side <= BOB; side++)
            if (!run_until(pair, side, AUGER_SCTP_EVENT_MESSAGE, 1, 120 * AUGER_SEC))
                fail_msg("seed %d", (int)seed);
        pair_free(pair);
    }
}

/* --- forgers -------------------------------------------------------------------------- */

struct forged {
    uint8_t bytes[64];
    size_t len;
};

/* A packet for `to` with one chunk; the tag is right unless it is changed. */
static struct forged forge(const struct pair *pair, int to, uint8_t type, uint8_t flags,
                           const uint8_t *value, size_t value_len)
{
    struct forged forged = {.len = HEADER_LEN + 4 + value_len};
    uint8_t *at = forged.bytes;

    assert_true(forged.len <= sizeof(forged.bytes));
    at[0] = (uint8_t)(PORT_OF(!to) >> 8), at[1] = (uint8_t)PORT_OF(!to);
    at[2] = (uint8_t)(PORT_OF(to) >> 8), at[3] = (uint8_t)PORT_OF(to);
    memcpy(at + 4, &pair->sides[to].tag, 4);
    at[HEADER_LEN] = type;
    at[HEADER_LEN + 1] = flags;
    at[HEADER_LEN + 3] = (uint8_t)(4 + value_len);
    if (value_len)
        memcpy(at + HEADER_LEN + 4, value, value_len);
    auger_sctp_packet_seal(at, forged.len);
    return forged;
}

static void assert_unharmed(struct talk *talk)
{
    struct pair *pair = talk->pair;

    pair_run(pair, 5 * AUGER_SEC);
    pair_forget_records(pair);
    for (int side = ALICE; side <= BOB; side++)
        assert_int_equal(send_text(pair, side, talk->at[side], "unharmed"), 0);
    pair_run(pair, 5 * AUGER_SEC);
    for (int side = ALICE; side <= BOB; side++)
        assert_true(has_message(nth_event(pair, side, AUGER_SCTP_EVENT_MESSAGE, 0),
                                AUGER_MESSAGE_TEXT, "unharmed"));
    for (size_t i = 0; i < pair->records_len; i++)
        assert_true(pair->records[i].event.type == AUGER_SCTP_EVENT_MESSAGE ||
                    pair->records[i].event.type == AUGER_SCTP_EVENT_LOW_WATER);
}

static void test_an_abort_with_the_right_tag_and_checksum_ends_it(void **state)
{
    (void)state;
    struct talk talk = talk_new(31, DELAY, false);
    struct forged abort = forge(talk.pair, BOB, CHUNK_ABORT, 0, NULL, 0);

    deliver_to(talk.pair, BOB, abort.bytes, abort.len); /* so the next tests mean something */
    pair_run(talk.pair, AUGER_SEC);
    assert_int_equal(count_events(talk.pair, BOB, AUGER_SCTP_EVENT_DOWN), 1);
    pair_free(talk.pair);
}

static void test_a_bad_checksum_is_as_good_as_no_packet(void **state)
{
    (void)state;
    struct talk talk = talk_new(32, DELAY, false);

    for (size_t bit = 0; bit < 32; bit++) {
        struct forged abort = forge(talk.pair, BOB, CHUNK_ABORT, 0, NULL, 0);
        abort.bytes[8 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        size_t sent = talk.pair->sides[BOB].sent;
        deliver_to(talk.pair, BOB, abort.bytes, abort.len);
        assert_int_equal(talk.pair->sides[BOB].sent, sent);
    }
    struct forged abort = forge(talk.pair, BOB, CHUNK_ABORT, 0, NULL, 0);
    memset(abort.bytes + 8, 0, 4); /* "no checksum", which nobody negotiated */
    deliver_to(talk.pair, BOB, abort.bytes, abort.len);
    assert_unharmed(&talk);
    pair_free(talk.pair);
}

/* Of each type, with a wrong tag, zero, and the tag of the other direction. */
static void test_a_wrong_verification_tag_changes_nothing(void **state)
{
    (void)state;
    static const uint8_t types[] = {0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 128, 129, 130, 192, 255};
    static const uint8_t value[24] = {
        [3] = 24, [7] = 20, [19] = 8, /* lengths of parameters, wherever a type has them */
    };
    struct talk talk = talk_new(33, DELAY, false);

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        for (int tag = 0; tag < 3; tag++) {
            struct forged forged = forge(talk.pair, BOB, types[i], 0, value, sizeof(value));
            if (tag == 0)
                forged.bytes[4] ^= 0x40;
            else if (tag == 1)
                memset(forged.bytes + 4, 0, 4);
            else
                memcpy(forged.bytes + 4, &talk.pair->sides[ALICE].tag, 4);
            auger_sctp_packet_seal(forged.bytes, forged.len);
            deliver_to(talk.pair, BOB, forged.bytes, forged.len);
        }
    }
    assert_unharmed(&talk);
    pair_free(talk.pair);
}

/* 9260 section 8.5.1: with the T bit set the tag of the other direction is right, but only
 * from a host that does not know us. */
static void test_an_abort_with_the_reflected_bit_needs_the_reflected_tag(void **state)
{
    (void)state;
    struct talk talk = talk_new(34, DELAY, false);
    struct forged abort = forge(talk.pair, BOB, CHUNK_ABORT, 1, NULL, 0);

    deliver_to(talk.pair, BOB, abort.bytes, abort.len);
    assert_unharmed(&talk);
    pair_free(talk.pair);
}

static void test_an_init_in_the_middle_changes_nothing(void **state)
{
    (void)state;
    static const uint8_t init[16] = {1, 2, 3, 4, 0, 1, 0, 0, 0, 16, 4, 0, 0, 0, 0, 1};
    struct talk talk = talk_new(35, DELAY, false);
    struct forged forged = forge(talk.pair, BOB, CHUNK_INIT, 0, init, sizeof(init));

    deliver_to(talk.pair, BOB, forged.bytes, forged.len); /* the tag must be 0 */
    memset(forged.bytes + 4, 0, 4);
    auger_sctp_packet_seal(forged.bytes, forged.len);
    deliver_to(talk.pair, BOB, forged.bytes, forged.len);
    memset(forged.bytes + HEADER_LEN + 4, 0, 4); /* initiate tag 0 */
    auger_sctp_packet_seal(forged.bytes, forged.len);
    deliver_to(talk.pair, BOB, forged.bytes, forged.len);
    assert_unharmed(&talk);
    pair_free(talk.pair);
}

/* The library walks the parameters of an INIT that meets an association, and at an unknown one
 * of length 0 it never ends. */
static void test_an_init_whose_parameter_has_no_length_changes_nothing(void **state)
{
    (void)state;
    static const uint8_t init[24] = {1, 2, 3, 4, 0, 1, 0, 0, 0, 16, 4, 0, 0, 0, 0, 1, 40, 1, 0, 0};
    struct talk talk = talk_new(41, DELAY, false);
    struct forged forged = forge(talk.pair, BOB, CHUNK_INIT, 0, init, sizeof(init));

    memset(forged.bytes + 4, 0, 4);
    auger_sctp_packet_seal(forged.bytes, forged.len);
    deliver_to(talk.pair, BOB, forged.bytes, forged.len);
    assert_unharmed(&talk);
    pair_free(talk.pair);
}

static void test_packets_for_other_ports_change_nothing(void **state)
{
    (void)state;
    struct talk talk = talk_new(36, DELAY, false);

    for (int at = 0; at < 4; at += 2) {
        struct forged abort = forge(talk.pair, BOB, CHUNK_ABORT, 0, NULL, 0);
        abort.bytes[at] ^= 1;
        auger_sctp_packet_seal(abort.bytes, abort.len);
        deliver_to(talk.pair, BOB, abort.bytes, abort.len);
    }
    assert_unharmed(&talk);
    pair_free(talk.pair);
}

static void test_noise_of_any_length_changes_nothing(void **state)
{
    (void)state;
    struct talk talk = talk_new(37, DELAY, false);
    uint8_t noise[AUGER_DATAGRAM_MAX];

    for (size_t i = 0; i < 2000; i++) {
        size_t len = i < 40 ? i : (size_t)(pair_random(talk.pair) % sizeof(noise));
        (void)pair_fill(talk.pair, noise, len);
        if (len >= HEADER_LEN && i % 2) {
            memset(noise + 4, 0xEE, 4); /* a tag that is nobody's, under a right checksum */
            auger_sctp_packet_seal(noise, len);
        }
        deliver_to(talk.pair, BOB, noise, len);
    }
    assert_unharmed(&talk);
    pair_free(talk.pair);
}

static void test_many_packets_before_connect_cost_little_and_spoil_nothing(void **state)
{
    (void)state;
    struct pair *pair = pair_new(38);
    uint8_t noise[AUGER_DATAGRAM_MAX] = {0};

    pair_add_engine(pair, BOB, NULL);
    noise[HEADER_LEN] = 0xFF; /* one chunk of an unknown type */
    noise[HEADER_LEN + 2] = (sizeof(noise) - HEADER_LEN) >> 8;
    noise[HEADER_LEN + 3] = (sizeof(noise) - HEADER_LEN) & 0xFF;
    auger_sctp_packet_seal(noise, sizeof(noise));
    size_t before = pair->bytes;
    for (int i = 0; i < 1000; i++)
        deliver_to(pair, BOB, noise, sizeof(noise));
    assert_int_equal(pair->bytes - before, 8 * sizeof(noise));
    pair_add_engine(pair, ALICE, NULL);
    open_channel(pair, ALICE, "", false);
    pair_connect(pair);
    assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_OPEN, 1, 5 * AUGER_SEC));
    pair_free(pair);
}

/* --- time ------------------------------------------------------------------------------ */

static void test_an_idle_association_wakes_once_a_second_and_says_nothing(void **state)
{
    (void)state;
    struct talk talk = talk_new(39, DELAY, false);
    struct pair *pair = talk.pair;
    size_t steps = 0;

    pair_run(pair, 2 * AUGER_SEC);
    size_t sent = pair->sides[ALICE].sent + pair->sides[BOB].sent;
    auger_time limit = pair->now + 600 * AUGER_SEC;
    while (pair_step(pair, limit))
        steps++;
    assert_int_equal(pair->sides[ALICE].sent + pair->sides[BOB].sent, sent);
    assert_true(steps <= 2 * 601);
    pair_free(pair);
}

static void test_a_busy_association_wakes_every_10_ms_at_most(void **state)
{
    (void)state;
    struct talk talk = talk_new(40, 0, false);
    struct pair *pair = talk.pair;

    pair->wire.loss_percent = 100;
    assert_int_equal(send_text(pair, ALICE, talk.at[ALICE], "lost"), 0);
    auger_time last = pair->now;
    for (int i = 0; i < 500; i++) {
        auger_time next = auger_sctp_next_timeout(pair->sides[ALICE].sctp);
        assert_true(next >= last + 10 * AUGER_MS);
        last = pair->now = next;
        auger_sctp_handle_timeout(pair->sides[ALICE].sctp, pair->now);
    }
    pair_free(pair);
}

static void test_before_connect_there_is_no_deadline(void **state)
{
    (void)state;
    struct pair *pair = pair_new(41);

    pair_add_engine(pair, ALICE, NULL);
    open_channel(pair, ALICE, "", false);
    assert_true(auger_sctp_next_timeout(pair->sides[ALICE].sctp) == AUGER_NEVER);
    pair_free(pair);
}

/* A caller that drains late loses latency, never correctness. */
static void test_a_caller_that_looks_once_a_second_gets_everything(void **state)
{
    (void)state;
    struct talk talk = talk_new(42, DELAY, false);
    struct pair *pair = talk.pair;
    static uint8_t buf[200000];

    fill_pattern(buf, sizeof(buf), 1);
    assert_int_equal(send_bytes(pair, ALICE, talk.at[ALICE], buf, sizeof(buf)), 0);
    for (int i = 0; i < 600 && !count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE); i++) {
        pair->now += AUGER_SEC;
        while (pair->packets) {
            struct packet *packet = pair->packets;
            pair->packets = packet->next;
            auger_sctp_handle_datagram(pair->sides[packet->to].sctp, pair->now, packet->bytes,
                                       packet->len);
            free(packet);
        }
        handle_timeouts(pair);
        settle(pair);
    }
    const struct record *message = nth_event(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, 0);
    assert_non_null(message);
    assert_true(message->event.data.len == sizeof(buf) && is_pattern(message->event.data, 1));
    pair_free(pair);
}

static void test_the_checksum_is_crc32c(void **state)
{
    (void)state;
    assert_int_equal(auger_crc32c((const uint8_t *)"123456789", 9), 0xE3069283);
    assert_int_equal(auger_crc32c((const uint8_t *)"", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_arrives_once_and_in_order_on_a_bad_wire),
        cmocka_unit_test(test_everything_unordered_arrives_once_on_a_bad_wire),
        cmocka_unit_test(test_an_association_comes_up_on_a_bad_wire),
        cmocka_unit_test(test_an_abort_with_the_right_tag_and_checksum_ends_it),
        cmocka_unit_test(test_a_bad_checksum_is_as_good_as_no_packet),
        cmocka_unit_test(test_a_wrong_verification_tag_changes_nothing),
        cmocka_unit_test(test_an_abort_with_the_reflected_bit_needs_the_reflected_tag),
        cmocka_unit_test(test_an_init_in_the_middle_changes_nothing),
        cmocka_unit_test(test_an_init_whose_parameter_has_no_length_changes_nothing),
        cmocka_unit_test(test_packets_for_other_ports_change_nothing),
        cmocka_unit_test(test_noise_of_any_length_changes_nothing),
        cmocka_unit_test(test_many_packets_before_connect_cost_little_and_spoil_nothing),
        cmocka_unit_test(test_an_idle_association_wakes_once_a_second_and_says_nothing),
        cmocka_unit_test(test_a_busy_association_wakes_every_10_ms_at_most),
        cmocka_unit_test(test_before_connect_there_is_no_deadline),
        cmocka_unit_test(test_a_caller_that_looks_once_a_second_gets_everything),
        cmocka_unit_test(test_the_checksum_is_crc32c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
