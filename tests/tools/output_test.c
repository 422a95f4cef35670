/* Texts of others: always valid JSON, never a command to a terminal. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/output.h"

#include <stdlib.h>
#include <string.h>

#define R "\xEF\xBF\xBD" /* U+FFFD */
#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static void what_is_no_utf8_is_replaced_byte_by_byte(void **state)
{
    /* RFC 3629 section 4, from both sides of each of its borders. */
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"\xC3\xB6 \xE2\x82\xAC \xF0\x9F\x98\x80", "\xC3\xB6 \xE2\x82\xAC \xF0\x9F\x98\x80"},
        {"\x80", R},
        {"\xBF", R},
        {"\xC0\x80", R R},
        {"\xC1\xBF", R R},
        {"\xC2\x80", "\xC2\x80"},
        {"\xC2", R},
        {"\xC2x", R "x"},
        {"\xE0\x9F\xBF", R R R},
        {"\xE0\xA0\x80", "\xE0\xA0\x80"},
        {"\xE2\x82", R R},
        {"\xED\x9F\xBF", "\xED\x9F\xBF"},
        {"\xED\xA0\x80", R R R}, /* a surrogate */
        {"\xF0\x8F\xBF\xBF", R R R R},
        {"\xF0\x90\x80\x80", "\xF0\x90\x80\x80"},
        {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
        {"\xF4\x90\x80\x80", R R R R},
        {"\xF5\x80\x80\x80", R R R R},
        {"\xFE\xFF", R R},
        {"a\xFF"
         "b",
         "a" R "b"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_t *json = json_text(rows[i].text, strlen(rows[i].text));
        assert_non_null(json);
        assert_string_equal(json_string_value(json), rows[i].expected);
        json_decref(json);
    }
}

static void every_two_bytes_make_valid_json(void **state)
{
    (void)state;
    for (int i = 0; i < 65536; i++) {
        const char text[] = {(char)(i >> 8), (char)i};
        json_t *json = json_text(text, sizeof(text));
        char *line = json_dumps(json, JSON_ENCODE_ANY);
        json_t *back = line ? json_loads(line, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
        assert_non_null(back);
        json_decref(back);
        free(line);
        json_decref(json);
    }
}

static void a_terminal_gets_no_control_characters(void **state)
{
    static const struct {
        const char *text;
        size_t most;
        const char *expected;
    } rows[] = {
        {"plain text", SIZE_MAX, "plain text"},
        {"a\nb\r\tc", SIZE_MAX, "a?b??c"},
        {"\x1B[31mred\x7F", SIZE_MAX, "?[31mred?"},
        {"\xC2\x9B"
         "31m \xC2\xA0 \xC3\xB6",
         SIZE_MAX, "?31m \xC2\xA0 \xC3\xB6"},
        {"0123456789", 4, "0123"},
        {"\xC2", SIZE_MAX, "\xC2"},
        {"", 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        print_words(out, rows[i].text, rows[i].most);
        fclose(out);
        assert_string_equal(text, rows[i].expected);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_utf8_is_replaced_byte_by_byte),
        cmocka_unit_test(every_two_bytes_make_valid_json),
        cmocka_unit_test(a_terminal_gets_no_control_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
