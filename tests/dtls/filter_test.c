/* The record filter, rule by rule: what may reach OpenSSL in clear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/record_filter.h"
#include "tests/dtls/records.h"

#include <stdlib.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define AS_CLIENT false
#define AS_SERVER true
#define BUF_MAX 20000

static uint8_t zeros[17000];

static struct auger_record_parts split(struct auger_record_filter *filter, const uint8_t *in,
                                       size_t len, uint8_t *out)
{
    uint8_t *exact = malloc(len ? len : 1), *room = malloc(len ? len : 1);

    memcpy(exact, in, len); /* the sanitizer sees the ends of both */
    struct auger_record_parts parts = auger_record_filter_split(filter, exact, len, room);
    size_t total = parts.clear + parts.handshake + parts.sealed;
    assert_true(total <= len);
    memcpy(out, room, total);
    free(room);
    free(exact);
    return parts;
}

/* --- records ------------------------------------------------------------------------------ */

enum part { NOWHERE, CLEAR, HANDSHAKE_PART, SEALED };

static enum part part_of(struct auger_record_parts parts, size_t len)
{
    size_t total = parts.clear + parts.handshake + parts.sealed;

    assert_true(total == 0 || total == len);
    return parts.clear ? CLEAR : parts.handshake ? HANDSHAKE_PART : parts.sealed ? SEALED : NOWHERE;
}

static const uint8_t one[] = {1}, two[] = {2}, one_one[] = {1, 1}, alert[] = {2, 40};

static const struct {
    const char *what;
    struct record record;
    enum part before, after; /* the end of the handshake */
} records[] = {
    {"CCS", {.type = CHANGE_CIPHER_SPEC, .body = one, .len = 1}, CLEAR, NOWHERE},
    {"CCS 2", {.type = CHANGE_CIPHER_SPEC, .body = two, .len = 1}, NOWHERE, NOWHERE},
    {"CCS long", {.type = CHANGE_CIPHER_SPEC, .body = one_one, .len = 2}, NOWHERE, NOWHERE},
    {"CCS empty", {.type = CHANGE_CIPHER_SPEC}, NOWHERE, NOWHERE},
    {"CCS sealed",
     {.type = CHANGE_CIPHER_SPEC, .epoch = 1, .body = zeros, .len = 25},
     NOWHERE,
     NOWHERE},
    {"CCS of epoch 2",
     {.type = CHANGE_CIPHER_SPEC, .epoch = 2, .body = one, .len = 1},
     NOWHERE,
     NOWHERE},
    {"alert", {.type = ALERT, .body = alert, .len = 2}, NOWHERE, NOWHERE},
    {"alert sealed", {.type = ALERT, .epoch = 1, .body = zeros, .len = 26}, SEALED, SEALED},
    {"data", {.type = APPLICATION_DATA, .body = zeros, .len = 100}, NOWHERE, NOWHERE},
    {"data sealed",
     {.type = APPLICATION_DATA, .epoch = 1, .body = zeros, .len = 25},
     SEALED,
     SEALED},
    {"data too short",
     {.type = APPLICATION_DATA, .epoch = 1, .body = zeros, .len = 24},
     NOWHERE,
     NOWHERE},
    {"data largest",
     {.type = APPLICATION_DATA, .epoch = 1, .body = zeros, .len = 16640},
     SEALED,
     SEALED},
    {"data too long",
     {.type = APPLICATION_DATA, .epoch = 1, .body = zeros, .len = 16641},
     NOWHERE,
     NOWHERE},
    {"data of epoch 2",
     {.type = APPLICATION_DATA, .epoch = 2, .body = zeros, .len = 100},
     NOWHERE,
     NOWHERE},
    {"data of the last epoch",
     {.type = APPLICATION_DATA, .epoch = 0xFFFF, .body = zeros, .len = 100},
     NOWHERE,
     NOWHERE},
    {"Finished", {.type = HANDSHAKE, .epoch = 1, .body = zeros, .len = 48}, HANDSHAKE_PART, SEALED},
    {"type 19", {.type = 19, .body = zeros, .len = 30}, NOWHERE, NOWHERE},
    {"type 24", {.type = 24, .epoch = 1, .body = zeros, .len = 30}, NOWHERE, NOWHERE},
    {"type 25", {.type = 25, .epoch = 1, .body = zeros, .len = 30}, NOWHERE, NOWHERE},
    {"type 0", {.type = 0, .body = zeros, .len = 30}, NOWHERE, NOWHERE},
    {"type 255", {.type = 255, .epoch = 1, .body = zeros, .len = 30}, NOWHERE, NOWHERE},
    {"version 1.0",
     {.type = CHANGE_CIPHER_SPEC, .version = 0xFEFF, .body = one, .len = 1},
     CLEAR,
     NOWHERE},
    {"version 1.3",
     {.type = CHANGE_CIPHER_SPEC, .version = 0xFEFC, .body = one, .len = 1},
     NOWHERE,
     NOWHERE},
    {"version of TLS",
     {.type = CHANGE_CIPHER_SPEC, .version = 0x0303, .body = one, .len = 1},
     NOWHERE,
     NOWHERE},
    {"version 0100",
     {.type = CHANGE_CIPHER_SPEC, .version = 0x0100, .body = one, .len = 1},
     NOWHERE,
     NOWHERE},
};

static void test_a_record_passes_by_type_version_epoch_and_length(void **state)
{
    (void)state;
    static uint8_t in[BUF_MAX], out[BUF_MAX];

    for (size_t i = 0; i < ARRAY_LEN(records); i++)
        for (int finished = 0; finished < 2; finished++)
            for (int role = AS_CLIENT; role <= AS_SERVER; role++) {
                struct auger_record_filter filter = {.is_server = role, .finished = finished};
                size_t len = make_record(in, sizeof(in), records[i].record);
                enum part part = part_of(split(&filter, in, len, out), len);
                if (part != (finished ? records[i].after : records[i].before))
                    fail_msg("%s, finished %d: part %d", records[i].what, finished, part);
                assert_int_equal(filter.dropped, part == NOWHERE);
            }
}

/* --- messages -------------------------------------------------------------------------------- */

#define MESSAGE(TYPE, SEQ)                                                                         \
    {                                                                                              \
        .type = (TYPE), .len = 50, .seq = (SEQ), .fragment = 50                                    \
    }
#define PIECE(TYPE, SEQ, LEN, OFFSET, FRAGMENT)                                                    \
    {                                                                                              \
        .type = (TYPE), .len = (LEN), .seq = (SEQ), .offset = (OFFSET), .fragment = (FRAGMENT)     \
    }

static const struct {
    struct message message;
    bool to_client, to_server;
} messages[] = {
    {MESSAGE(HELLO_REQUEST, 0), false, false},
    {MESSAGE(CLIENT_HELLO, 0), false, true},
    {MESSAGE(CLIENT_HELLO, 1), false, false},
    {MESSAGE(SERVER_HELLO, 0), true, false},
    {MESSAGE(SERVER_HELLO, 1), false, false},
    {MESSAGE(HELLO_VERIFY_REQUEST, 0), false, false},
    {MESSAGE(NEW_SESSION_TICKET, 5), false, false},
    {MESSAGE(CERTIFICATE, 0), false, false},
    {MESSAGE(CERTIFICATE, 1), true, true},
    {MESSAGE(CERTIFICATE, 2), false, false},
    {MESSAGE(SERVER_KEY_EXCHANGE, 0), false, false},
    {MESSAGE(SERVER_KEY_EXCHANGE, 2), true, false},
    {MESSAGE(CERTIFICATE_REQUEST, 3), true, false},
    {PIECE(SERVER_HELLO_DONE, 4, 0, 0, 0), true, false},
    {MESSAGE(CLIENT_KEY_EXCHANGE, 2), false, true},
    {MESSAGE(CERTIFICATE_VERIFY, 3), false, true},
    {MESSAGE(CERTIFICATE_VERIFY, 8), false, true},
    {MESSAGE(CERTIFICATE_VERIFY, 9), false, false},
    {MESSAGE(CERTIFICATE_VERIFY, 0xFFFF), false, false},
    {MESSAGE(FINISHED, 4), false, false},
    {MESSAGE(17, 2), false, false},
    {MESSAGE(22, 2), false, false},
    {MESSAGE(255, 2), false, false},
    /* Fragments. */
    {PIECE(CERTIFICATE, 1, 100, 0, 100), true, true},
    {PIECE(CERTIFICATE, 1, 100, 99, 1), true, true},
    {PIECE(CERTIFICATE, 1, 100, 99, 2), false, false},
    {PIECE(CERTIFICATE, 1, 100, 100, 1), false, false},
    {PIECE(CERTIFICATE, 1, 100, 0xFFFFFF, 1), false, false},
    {PIECE(CERTIFICATE, 1, 100, 0, 0), false, false},
    {PIECE(CERTIFICATE, 1, 100, 100, 0), false, false},
    {PIECE(CERTIFICATE, 1, 16384, 0, 100), true, true},
    {PIECE(CERTIFICATE, 1, 16385, 0, 100), false, false},
    {PIECE(CERTIFICATE, 1, 0xFFFFFF, 0, 100), false, false},
    {PIECE(SERVER_KEY_EXCHANGE, 2, 4096, 0, 100), true, false},
    {PIECE(SERVER_KEY_EXCHANGE, 2, 4097, 0, 100), false, false},
    {PIECE(CLIENT_HELLO, 0, 4096, 4000, 96), false, true},
    {PIECE(CLIENT_HELLO, 0, 4097, 0, 100), false, false},
};

static bool passes(struct auger_record_filter filter, const uint8_t *in, size_t len)
{
    uint8_t out[2048];

    return part_of(split(&filter, in, len, out), len) == CLEAR;
}

static void test_a_message_passes_by_role_place_and_length(void **state)
{
    (void)state;
    uint8_t in[2048];

    for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
        const struct message *message = &messages[i].message;
        size_t len = make_message(in, sizeof(in), *message);
        if (passes((struct auger_record_filter){.is_server = AS_CLIENT}, in, len) !=
                messages[i].to_client ||
            passes((struct auger_record_filter){.is_server = AS_SERVER}, in, len) !=
                messages[i].to_server)
            fail_msg("type %u, number %u, %u at %u of %u", message->type, message->seq,
                     message->fragment, message->offset, message->len);
        for (int role = AS_CLIENT; role <= AS_SERVER; role++)
            assert_false(
                passes((struct auger_record_filter){.is_server = role, .finished = true}, in, len));
    }
}

static void test_a_fragment_must_end_with_its_record(void **state)
{
    (void)state;
    uint8_t body[200], in[300];

    for (int change = -12; change <= 12; change++) {
        struct auger_writer w = auger_writer(body, sizeof(body));
        put_message(&w, (struct message)MESSAGE(CERTIFICATE, 1));
        struct record record = {
            .type = HANDSHAKE, .body = body, .len = (size_t)((int)w.len + change)};
        memset(body + w.len, 0, sizeof(body) - w.len);
        size_t len = make_record(in, sizeof(in), record);
        assert_int_equal(passes((struct auger_record_filter){.is_server = AS_CLIENT}, in, len),
                         change == 0);
    }
}

static void test_a_record_of_several_messages_passes_if_each_may(void **state)
{
    (void)state;
    static const struct message good[] = {MESSAGE(CERTIFICATE, 1), MESSAGE(SERVER_KEY_EXCHANGE, 2)};
    static const struct message bad[] = {MESSAGE(CERTIFICATE, 1), MESSAGE(FINISHED, 2)};
    uint8_t body[200], in[300];

    for (int is_good = 0; is_good < 2; is_good++) {
        struct auger_writer w = auger_writer(body, sizeof(body));
        for (int i = 0; i < 2; i++)
            put_message(&w, is_good ? good[i] : bad[i]);
        size_t len = make_record(in, sizeof(in),
                                 (struct record){.type = HANDSHAKE, .body = body, .len = w.len});
        assert_int_equal(passes((struct auger_record_filter){.is_server = AS_CLIENT}, in, len),
                         is_good);
    }
}

/* --- datagrams ----------------------------------------------------------------------------------
 */

static const struct record sealed_data = {
    .type = APPLICATION_DATA, .epoch = 1, .seq = 7, .body = zeros, .len = 30};
static const struct record finished = {
    .type = HANDSHAKE, .epoch = 1, .seq = 6, .body = zeros, .len = 40};
static const struct record change = {.type = CHANGE_CIPHER_SPEC, .seq = 5, .body = one, .len = 1};

static void test_records_are_sorted_into_parts_in_their_order(void **state)
{
    (void)state;
    struct auger_record_filter filter = {.is_server = AS_CLIENT};
    uint8_t in[500], out[500], expected[500];
    struct auger_writer w = auger_writer(in, sizeof(in)), e = auger_writer(expected, 500);

    put_record(&w, sealed_data);
    put_record(&w, finished);
    put_record(&w, change);
    put_record(&w, (struct record){.type = ALERT, .body = alert, .len = 2}); /* falls */
    put_record(&w, (struct record){.type = ALERT, .epoch = 1, .body = zeros, .len = 26});
    struct auger_record_parts parts = split(&filter, in, w.len, out);

    put_record(&e, (struct record){.type = CHANGE_CIPHER_SPEC, .body = one, .len = 1});
    put_record(&e, finished);
    put_record(&e, sealed_data);
    put_record(&e, (struct record){.type = ALERT, .epoch = 1, .body = zeros, .len = 26});
    assert_int_equal(parts.clear, 14);
    assert_int_equal(parts.handshake, 53);
    assert_int_equal(parts.sealed, 43 + 39);
    assert_memory_equal(out, expected, e.len);
    assert_int_equal(filter.dropped, 1);
}

static void test_after_the_handshake_records_stay_as_they_came(void **state)
{
    (void)state;
    struct auger_record_filter filter = {.is_server = AS_CLIENT, .finished = true};
    uint8_t in[500], out[500];
    struct auger_writer w = auger_writer(in, sizeof(in));

    put_record(&w, sealed_data);
    put_record(&w, finished);
    put_record(&w, sealed_data);
    struct auger_record_parts parts = split(&filter, in, w.len, out);
    assert_int_equal(parts.sealed, w.len);
    assert_memory_equal(out, in, w.len);
}

static void test_nothing_behind_a_broken_record_is_believed(void **state)
{
    (void)state;
    uint8_t in[500], out[500];
    struct auger_writer w = auger_writer(in, sizeof(in));

    put_record(&w, sealed_data);
    size_t whole = w.len;
    put_record(&w, sealed_data);
    for (size_t len = whole; len < w.len; len++) {
        struct auger_record_filter filter = {.is_server = AS_CLIENT, .finished = true};
        assert_int_equal(split(&filter, in, len, out).sealed, whole);
        assert_int_equal(filter.dropped, len > whole);
    }
    in[0] = 24; /* an unknown type: perhaps its length is no length */
    struct auger_record_filter filter = {.is_server = AS_CLIENT, .finished = true};
    assert_int_equal(split(&filter, in, w.len, out).sealed, 0);
    assert_int_equal(filter.dropped, 1);
}

static void test_numbers_in_clear_are_ours_and_sealed_ones_untouched(void **state)
{
    (void)state;
    struct auger_record_filter filter = {.is_server = AS_CLIENT};
    uint8_t in[500], out[500] = {0};
    struct record record;

    for (uint64_t i = 0; i < 3; i++) {
        struct auger_writer w = auger_writer(in, sizeof(in));
        put_record(
            &w, (struct record){
                    .type = CHANGE_CIPHER_SPEC, .seq = 0xFFFFFFFFFFFF - i, .body = one, .len = 1});
        put_record(&w, (struct record){.type = APPLICATION_DATA,
                                       .epoch = 1,
                                       .seq = 0xFFFFFFFFFFFF,
                                       .body = zeros,
                                       .len = 30});
        struct auger_record_parts parts = split(&filter, in, w.len, out);
        struct auger_reader r = auger_reader(out, parts.clear + parts.sealed);
        assert_true(next_record(&r, &record));
        assert_int_equal(record.seq, i);
        assert_true(next_record(&r, &record));
        assert_int_equal(record.seq, 0xFFFFFFFFFFFF);
    }
}

static void test_an_alert_in_clear_is_a_hint(void **state)
{
    (void)state;
    struct auger_record_filter filter = {.is_server = AS_CLIENT};
    uint8_t in[50] = {0}, out[50];

    split(&filter, in, make_record(in, 50, (struct record){.type = ALERT, .body = alert, .len = 2}),
          out);
    assert_int_equal(filter.alert_hint, 40);
    split(&filter, in, make_record(in, 50, (struct record){.type = ALERT, .body = one, .len = 1}),
          out);
    assert_int_equal(filter.alert_hint, 40);
}

/* --- HelloVerifyRequest
 * ----------------------------------------------------------------------------- */

/* With a cookie of `cookie` bytes that says it has `said`. */
static size_t make_verify(uint8_t *buf, size_t cap, size_t cookie, uint8_t said)
{
    uint8_t body[300] = {0xFE, 0xFF, said};

    return make_message(buf, cap,
                        (struct message){.type = HELLO_VERIFY_REQUEST,
                                         .len = (uint32_t)(3 + cookie),
                                         .fragment = (uint32_t)(3 + cookie),
                                         .body = body});
}

static void test_a_verify_request_waits_and_moves_the_numbers_by_one(void **state)
{
    (void)state;
    static const size_t cookies[] = {0, 20, 255};
    uint8_t in[400] = {0}, out[400], kept[AUGER_VERIFY_MAX];

    for (size_t i = 0; i < ARRAY_LEN(cookies); i++) {
        struct auger_record_filter filter = {.is_server = AS_CLIENT};
        size_t len = make_verify(in, sizeof(in), cookies[i], (uint8_t)cookies[i]);
        assert_int_equal(part_of(split(&filter, in, len, out), len), NOWHERE);
        assert_int_equal(auger_record_filter_take_verify(&filter, kept), len);
        assert_memory_equal(kept, in, len);
        assert_int_equal(auger_record_filter_take_verify(&filter, kept), 0);

        split(&filter, in, len, out); /* one is enough */
        assert_int_equal(auger_record_filter_take_verify(&filter, kept), 0);
        len = make_message(in, sizeof(in), (struct message)MESSAGE(SERVER_HELLO, 0));
        assert_false(passes(filter, in, len));
        len = make_message(in, sizeof(in), (struct message)MESSAGE(SERVER_HELLO, 1));
        assert_true(passes(filter, in, len));
        len = make_message(in, sizeof(in), (struct message)MESSAGE(CERTIFICATE, 2));
        assert_true(passes(filter, in, len));
    }
}

static void test_a_server_hello_makes_a_verify_request_a_lie(void **state)
{
    (void)state;
    struct auger_record_filter filter = {.is_server = AS_CLIENT};
    uint8_t in[400] = {0}, out[400];
    size_t len;

    for (int round = 0; round < 2; round++) { /* before and after */
        len = make_verify(in, sizeof(in), 20, 20);
        split(&filter, in, len, out);
        len = make_message(in, sizeof(in), (struct message)PIECE(SERVER_HELLO, 0, 80, 0, 40));
        if (round == 0)
            split(&filter, in, len, out);
        assert_int_equal(auger_record_filter_take_verify(&filter, out), 0);
    }
}

static void test_a_malformed_verify_request_falls(void **state)
{
    (void)state;
    struct auger_record_filter filter = {.is_server = AS_CLIENT}, server = {.is_server = AS_SERVER};
    uint8_t in[400] = {0}, out[400];

    split(&filter, in, make_verify(in, sizeof(in), 20, 19), out);
    split(&filter, in, make_verify(in, sizeof(in), 20, 21), out);
    split(&filter, in, make_verify(in, sizeof(in), 257, 1), out);
    split(&filter, in,
          make_message(in, sizeof(in), (struct message)PIECE(HELLO_VERIFY_REQUEST, 0, 2, 0, 2)),
          out);
    split(&filter, in,
          make_message(in, sizeof(in), (struct message)PIECE(HELLO_VERIFY_REQUEST, 0, 40, 0, 20)),
          out);
    split(&filter, in,
          make_message(in, sizeof(in), (struct message)PIECE(HELLO_VERIFY_REQUEST, 1, 3, 0, 3)),
          out);
    assert_int_equal(auger_record_filter_take_verify(&filter, out), 0);
    split(&server, in, make_verify(in, sizeof(in), 20, 20), out);
    assert_int_equal(auger_record_filter_take_verify(&server, out), 0);
}

/* --- our own
 * ------------------------------------------------------------------------------------------ */

static void test_only_an_alert_of_ours_in_clear_is_held_back(void **state)
{
    (void)state;
    uint8_t buf[100];
    size_t len = make_record(buf, 100, (struct record){.type = ALERT, .body = alert, .len = 2});

    assert_true(auger_record_is_plain_alert(buf, len));
    assert_false(auger_record_is_plain_alert(buf, 12));
    make_record(buf, 100, (struct record){.type = ALERT, .epoch = 1, .body = zeros, .len = 26});
    assert_false(auger_record_is_plain_alert(buf, 39));
    make_record(buf, 100, change);
    assert_false(auger_record_is_plain_alert(buf, 14));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_passes_by_type_version_epoch_and_length),
        cmocka_unit_test(test_a_message_passes_by_role_place_and_length),
        cmocka_unit_test(test_a_fragment_must_end_with_its_record),
        cmocka_unit_test(test_a_record_of_several_messages_passes_if_each_may),
        cmocka_unit_test(test_records_are_sorted_into_parts_in_their_order),
        cmocka_unit_test(test_after_the_handshake_records_stay_as_they_came),
        cmocka_unit_test(test_nothing_behind_a_broken_record_is_believed),
        cmocka_unit_test(test_numbers_in_clear_are_ours_and_sealed_ones_untouched),
        cmocka_unit_test(test_an_alert_in_clear_is_a_hint),
        cmocka_unit_test(test_a_verify_request_waits_and_moves_the_numbers_by_one),
        cmocka_unit_test(test_a_server_hello_makes_a_verify_request_a_lie),
        cmocka_unit_test(test_a_malformed_verify_request_falls),
        cmocka_unit_test(test_only_an_alert_of_ours_in_clear_is_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
