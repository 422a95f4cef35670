/* OpaqueString (RFC 8265 section 4.2): names, realms and passwords as they are hashed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "turn/opaque.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_built_with_unicode(void)
{
    uint8_t out[8];

    return auger_opaque_prepare((const uint8_t *)"\xC3\xA9", 2, out, sizeof(out)) == 2;
}

static int prepare(const char *text, uint8_t *out, size_t cap)
{
    return auger_opaque_prepare((const uint8_t *)text, strlen(text), out, cap);
}

static void becomes(const char *text, const char *expected)
{
    uint8_t out[64];
    int len = prepare(text, out, sizeof(out));

    assert_int_equal(len, strlen(expected));
    assert_memory_equal(out, expected, strlen(expected));
    assert_int_equal(auger_opaque_check((const uint8_t *)text, strlen(text)),
                     strcmp(text, expected) == 0 ? 0 : AUGER_ERR_INVALID);
}

static void ascii_stays_what_it_is(void **state)
{
    (void)state;
    becomes("correct horse battery staple", "correct horse battery staple"); /* 4.3 */
    becomes("Correct Horse Battery Staple", "Correct Horse Battery Staple");
    becomes(" ~!\"#\\ ", " ~!\"#\\ ");
}

static void what_is_no_password_is_refused(void **state)
{
    static const char *const rows[] = {"", "my cat is a \tby", "a\nb", "\x7F", "\x1B[0m"};
    uint8_t out[64];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(prepare(rows[i], out, sizeof(out)), AUGER_ERR_INVALID);
        assert_int_equal(auger_opaque_check((const uint8_t *)rows[i], strlen(rows[i])),
                         AUGER_ERR_INVALID);
    }
    assert_int_equal(auger_opaque_prepare((const uint8_t *)"a\0b", 3, out, 64), AUGER_ERR_INVALID);
    assert_int_equal(prepare("four", out, 3), AUGER_ERR_INVALID);
}

static void without_unicode_the_rest_is_refused_by_an_error_of_its_own(void **state)
{
    uint8_t out[64];

    (void)state;
    assert_int_equal(prepare("\xC3\xA9", out, sizeof(out)), AUGER_ERR_UNSUPPORTED);
    assert_int_equal(auger_opaque_check((const uint8_t *)"\xC3\xA9", 2), AUGER_ERR_UNSUPPORTED);
}

/* The examples of 4.3, and what RFC 8264 and RFC 5892 have of code points by themselves. */
static void with_unicode_texts_are_mapped_and_normalized(void **state)
{
    (void)state;
    becomes("\xCF\x80\xC3\x9F\xC3\xA5", "\xCF\x80\xC3\x9F\xC3\xA5");
    becomes("Jack of \xE2\x99\xA6s", "Jack of \xE2\x99\xA6s");
    becomes("foo\xE1\x9A\x80"
            "bar",
            "foo bar"); /* OGHAM SPACE MARK */
    becomes("foo\xC2\xA0"
            "bar",
            "foo bar");
    becomes("a\xCC\x8A", "\xC3\xA5");        /* NFC */
    becomes("\xE2\x84\xAB", "\xC3\x85");     /* ANGSTROM SIGN */
    becomes("\xEF\xBC\xA1", "\xEF\xBC\xA1"); /* its width stays */
    becomes("\xE6\xBC\xA2\xE5\xAD\x97", "\xE6\xBC\xA2\xE5\xAD\x97");
    becomes("\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80");
    becomes("l\xC2\xB7l", "l\xC2\xB7l");                             /* RFC 5892, A.3 */
    becomes("\xE3\x83\xBB\xE3\x81\x82", "\xE3\x83\xBB\xE3\x81\x82"); /* A.7 */
    becomes("\xD9\xA0\xD9\xA1", "\xD9\xA0\xD9\xA1");                 /* A.8 */
    becomes("\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8D",
            "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8D"); /* A.2 */
    becomes("\xD8\xA8\xE2\x80\x8C\xD8\xA8",
            "\xD8\xA8\xE2\x80\x8C\xD8\xA8"); /* A.1, between letters */
}

static void with_unicode_what_the_profile_does_not_allow_is_refused(void **state)
{
    static const char *const rows[] = {
        "\xC3", /* no UTF-8 */
        "a\xFF",
        "\xED\xA0\x80", /* a surrogate */
        "\xC2\x85",     /* a control character */
        "\xC2\xAD",     /* SOFT HYPHEN: ignorable */
        "\xEF\xB8\x8F", /* VARIATION SELECTOR-16 */
        "\xE2\x80\xAE", /* RIGHT-TO-LEFT OVERRIDE */
        "\xE1\x84\x80", /* old Hangul jamo */
        "\xEE\x80\x80", /* private use */
        "\xEF\xBF\xBF", /* no character */
        "\xCD\xB8",     /* unassigned */
        "\xD9\x80",     /* ARABIC TATWEEL */
        "\xE2\x80\xA8", /* LINE SEPARATOR */
        "a\xE2\x80\x8D"
        "b", /* ZERO WIDTH JOINER behind no virama */
        "a\xE2\x80\x8C"
        "b",
        "a\xC2\xB7l", /* MIDDLE DOT between others than l */
        "l\xC2\xB7",
        "\xD7\xB3", /* GERESH behind no Hebrew letter */
        "\xCD\xB5"
        "a",                /* KERAIA before no Greek letter */
        "\xE3\x83\xBB",     /* KATAKANA MIDDLE DOT alone */
        "\xD9\xA0\xDB\xB0", /* two kinds of Arabic digits */
    };
    uint8_t out[64];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("row %zu\n", i);
        assert_int_equal(prepare(rows[i], out, sizeof(out)), AUGER_ERR_INVALID);
    }
}

static void with_unicode_what_has_no_room_is_refused(void **state)
{
    uint8_t out[2];

    (void)state;
    assert_int_equal(prepare("\xC3\xA9", out, 2), 2);
    assert_int_equal(auger_opaque_prepare((const uint8_t *)"\xC3\xA9", 2, out, 1),
                     AUGER_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascii_stays_what_it_is),
        cmocka_unit_test(what_is_no_password_is_refused),
    };
    const struct CMUnitTest without[] = {
        cmocka_unit_test(without_unicode_the_rest_is_refused_by_an_error_of_its_own),
    };
    const struct CMUnitTest with[] = {
        cmocka_unit_test(with_unicode_texts_are_mapped_and_normalized),
        cmocka_unit_test(with_unicode_what_the_profile_does_not_allow_is_refused),
        cmocka_unit_test(with_unicode_what_has_no_room_is_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    return failed + (is_built_with_unicode() ? cmocka_run_group_tests(with, NULL, NULL)
                                             : cmocka_run_group_tests(without, NULL, NULL));
}
