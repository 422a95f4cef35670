/* Lines about strangers: so many a second, then one; and nothing in them but what can be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/log_lines.h"

#include <string.h>

static void ten_a_second_and_then_one_that_counts(void **state)
{
    struct log_lines lines = {0};
    auger_time now = 100 * AUGER_SEC;

    (void)state;
    for (int i = 0; i < 25; i++)
        assert_int_equal(log_lines_may(&lines, now + i), i < 10);
    assert_int_equal(log_lines_left_out(&lines, now + 999 * AUGER_MS), 0);
    assert_int_equal(log_lines_next_timeout(&lines), now + AUGER_SEC);
    assert_false(log_lines_may(&lines, now + AUGER_SEC)); /* the one that counts goes first */
    assert_int_equal(log_lines_left_out(&lines, now + AUGER_SEC), 16);
    assert_int_equal(log_lines_left_out(&lines, now + AUGER_SEC), 0);
    assert_int_equal(log_lines_next_timeout(&lines), AUGER_NEVER);
    assert_true(log_lines_may(&lines, now + AUGER_SEC));
}

static void a_quiet_second_begins_anew(void **state)
{
    struct log_lines lines = {0};

    (void)state;
    for (auger_time now = AUGER_SEC; now < 20 * AUGER_SEC; now += AUGER_SEC)
        for (int i = 0; i < 10; i++)
            assert_true(log_lines_may(&lines, now));
}

static void what_is_not_plain_is_escaped(void **state)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"", ""},
        {"ann", "ann"},
        {"%n %s", "%n %s"},
        {"a\"b\\c", "a\\x22b\\x5cc"},
        {"\x1b[31m\r\n", "\\x1b[31m\\x0d\\x0a"},
        {"\xC3\xA4\x7F", "\\xc3\\xa4\\x7f"},
    };
    char buf[64];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(
            log_escape((const uint8_t *)rows[i].text, strlen(rows[i].text), buf, sizeof(buf)),
            rows[i].expected);
    assert_string_equal(log_escape((const uint8_t *)"ab\nc", 4, buf, 5), "ab");
    assert_string_equal(log_escape((const uint8_t *)"a\0b", 3, buf, sizeof(buf)), "a\\x00b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_a_second_and_then_one_that_counts),
        cmocka_unit_test(a_quiet_second_begins_anew),
        cmocka_unit_test(what_is_not_plain_is_escaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
