/* A file there and back: what is kept, what is refused, and what it may take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/parcel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take_text(struct parcel *parcel, const char *text)
{
    parcel_take(parcel, AUGER_MESSAGE_TEXT, (const uint8_t *)text, strlen(text));
}

static void take_bytes(struct parcel *parcel, const void *data, size_t len)
{
    parcel_take(parcel, AUGER_MESSAGE_BINARY, data, len);
}

/* The next message, which must be text; taken. */
static json_t *next_text(struct parcel *parcel)
{
    enum auger_message_kind kind;
    char *to_free;
    size_t len;
    const uint8_t *data = parcel_next(parcel, &kind, &len, &to_free);

    assert_non_null(data);
    assert_int_equal(kind, AUGER_MESSAGE_TEXT);
    json_t *json = json_loadb((const char *)data, len, 0, NULL);
    free(to_free);
    parcel_sent(parcel);
    assert_non_null(json);
    return json;
}

static void must_refuse(struct parcel *parcel, const struct parcel_budget *budget, size_t whole)
{
    json_t *json = next_text(parcel);
    enum auger_message_kind kind;
    char *to_free;
    size_t len;

    assert_true(json_is_string(json_object_get(json, "error")));
    json_decref(json);
    assert_int_equal(parcel->phase, PARCEL_DONE);
    assert_null(parcel_next(parcel, &kind, &len, &to_free));
    assert_int_equal(budget->left, whole);
    parcel_fini(parcel);
    assert_int_equal(budget->left, whole);
}

static void a_file_comes_back_with_its_hash(void **state)
{
    struct parcel_budget budget = {.left = 1000};
    struct parcel parcel;
    enum auger_message_kind kind;
    char *to_free;
    size_t len;

    (void)state;
    parcel_init(&parcel, &budget);
    take_text(&parcel, "{\"name\":\"a\",\"size\":3,\"type\":\"text/plain\"}");
    assert_int_equal(budget.left, 997);
    take_bytes(&parcel, "a", 1);
    take_bytes(&parcel, "", 0);
    take_bytes(&parcel, "bc", 2);
    take_text(&parcel, "{\"end\":true}");

    json_t *header = next_text(&parcel);
    /* FIPS 180's example. */
    assert_string_equal(json_string_value(json_object_get(header, "sha256")),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(json_string_value(json_object_get(header, "name")), "a");
    json_decref(header);
    const uint8_t *bytes = parcel_next(&parcel, &kind, &len, &to_free);
    assert_int_equal(kind, AUGER_MESSAGE_BINARY);
    assert_int_equal(len, 3);
    assert_memory_equal(bytes, "abc", 3);
    /* Not taken yet: the same again. */
    assert_ptr_equal(parcel_next(&parcel, &kind, &len, &to_free), bytes);
    parcel_sent(&parcel);
    json_t *end = next_text(&parcel);
    assert_true(json_is_true(json_object_get(end, "end")));
    json_decref(end);
    assert_int_equal(parcel.phase, PARCEL_DONE);
    assert_int_equal(budget.left, 1000);
    parcel_fini(&parcel);
}

static void a_large_file_goes_back_in_pieces(void **state)
{
    static uint8_t bytes[3 * PARCEL_CHUNK / 2];
    struct parcel_budget budget = {.left = sizeof(bytes)};
    struct parcel parcel;
    enum auger_message_kind kind;
    char text[80], *to_free;
    size_t len, got = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(31 * i);
    snprintf(text, sizeof(text), "{\"name\":\"b\",\"size\":%zu,\"type\":\"\"}", sizeof(bytes));
    parcel_init(&parcel, &budget);
    take_text(&parcel, text);
    take_bytes(&parcel, bytes, sizeof(bytes));
    take_text(&parcel, "{\"end\":true}");
    json_decref(next_text(&parcel));
    while (got < sizeof(bytes)) {
        const uint8_t *piece = parcel_next(&parcel, &kind, &len, &to_free);
        assert_true(len > 0 && len <= PARCEL_CHUNK && len <= sizeof(bytes) - got);
        assert_memory_equal(piece, bytes + got, len);
        got += len;
        parcel_sent(&parcel);
    }
    json_decref(next_text(&parcel));
    parcel_fini(&parcel);
}

static void an_empty_file_is_a_file(void **state)
{
    struct parcel_budget budget = {.left = 10};
    struct parcel parcel;

    (void)state;
    parcel_init(&parcel, &budget);
    take_text(&parcel, "{\"name\":\"e\",\"size\":0,\"type\":\"\"}");
    take_text(&parcel, "{\"end\":true}");
    json_t *header = next_text(&parcel);
    assert_string_equal(json_string_value(json_object_get(header, "sha256")),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    json_decref(header);
    json_decref(next_text(&parcel));
    assert_int_equal(parcel.phase, PARCEL_DONE);
    parcel_fini(&parcel);
}

static void a_header_that_is_none_is_refused(void **state)
{
    static const char *const headers[] = {
        "",
        "{}",
        "[]",
        "{\"name\":\"a\"}",
        "{\"name\":\"a\",\"size\":-1}",
        "{\"name\":\"a\",\"size\":1.5}",
        "{\"name\":\"a\",\"size\":\"3\"}",
        "{\"name\":5,\"size\":3}",
        "{\"name\":\"a\",\"size\":67108865}",
        "{\"name\":\"a\",\"size\":9223372036854775807}",
        "{\"end\":true}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct parcel_budget budget = {.left = 1u << 30};
        struct parcel parcel;
        parcel_init(&parcel, &budget);
        take_text(&parcel, headers[i]);
        must_refuse(&parcel, &budget, 1u << 30);
    }
}

static void bytes_before_the_header_are_refused(void **state)
{
    struct parcel_budget budget = {.left = 10};
    struct parcel parcel;

    (void)state;
    parcel_init(&parcel, &budget);
    take_bytes(&parcel, "abc", 3);
    must_refuse(&parcel, &budget, 10);
}

static void more_or_fewer_bytes_than_announced_are_refused(void **state)
{
    struct parcel_budget budget = {.left = 10};
    struct parcel parcel;

    (void)state;
    parcel_init(&parcel, &budget);
    take_text(&parcel, "{\"name\":\"a\",\"size\":3,\"type\":\"\"}");
    take_bytes(&parcel, "abcd", 4);
    must_refuse(&parcel, &budget, 10);
    parcel_init(&parcel, &budget);
    take_text(&parcel, "{\"name\":\"a\",\"size\":3,\"type\":\"\"}");
    take_bytes(&parcel, "ab", 2);
    take_text(&parcel, "{\"end\":true}");
    must_refuse(&parcel, &budget, 10);
}

static void all_files_together_are_bounded(void **state)
{
    struct parcel_budget budget = {.left = 10};
    struct parcel first, second;

    (void)state;
    parcel_init(&first, &budget);
    parcel_init(&second, &budget);
    take_text(&first, "{\"name\":\"a\",\"size\":8,\"type\":\"\"}");
    take_text(&second, "{\"name\":\"b\",\"size\":3,\"type\":\"\"}");
    must_refuse(&second, &budget, 2);
    parcel_fini(&first);
    assert_int_equal(budget.left, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_back_with_its_hash),
        cmocka_unit_test(a_large_file_goes_back_in_pieces),
        cmocka_unit_test(an_empty_file_is_a_file),
        cmocka_unit_test(a_header_that_is_none_is_refused),
        cmocka_unit_test(bytes_before_the_header_are_refused),
        cmocka_unit_test(more_or_fewer_bytes_than_announced_are_refused),
        cmocka_unit_test(all_files_together_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
