/* Trace records as lines of JSON, and in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/trace.h>

#include <string.h>

static struct auger_addr addr_of(const char *text)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse(&addr, text), 0);
    return addr;
}

static const char *line_of(const struct auger_trace_field *fields, size_t len)
{
    static char line[AUGER_TRACE_LINE_MAX];
    const struct auger_trace_record record = {
        .at = 5 * AUGER_SEC, .name = "ice:test", .fields = fields, .fields_len = len};

    int written = auger_trace_format(line, sizeof(line), &record, 3 * AUGER_SEC);
    assert_int_equal(written, strlen(line));
    return line;
}

static void each_type_of_field_has_its_form(void **state)
{
    (void)state;
    struct auger_addr v4 = addr_of("192.0.2.1:5000"), v6 = addr_of("[2001:db8::1]:6000");
    const struct auger_trace_field fields[] = {
        {.key = "big", .type = AUGER_TRACE_INT, .i = 9151032967806451710},
        {.key = "less", .type = AUGER_TRACE_INT, .i = -7},
        {.key = "time", .type = AUGER_TRACE_TIME, .i = 1500 * AUGER_US},
        {.key = "never", .type = AUGER_TRACE_TIME, .i = AUGER_NEVER},
        {.key = "text", .type = AUGER_TRACE_TEXT, .text = "a\"b\\c\n\xC3\xBC"},
        {.key = "none", .type = AUGER_TRACE_TEXT, .text = NULL},
        {.key = "v4", .type = AUGER_TRACE_ADDR, .addr = &v4},
        {.key = "v6", .type = AUGER_TRACE_ADDR, .addr = &v6},
        {.key = "nowhere", .type = AUGER_TRACE_ADDR, .addr = NULL},
    };

    assert_string_equal(
        line_of(fields, sizeof(fields) / sizeof(fields[0])),
        "{\"t\":2000.000000,\"name\":\"ice:test\",\"data\":{\"big\":9151032967806451710,\"less\":-7,"
        "\"time\":1.500000,\"never\":null,\"text\":\"a\\\"b\\\\c\\u000a\xC3\xBC\",\"none\":null,"
        "\"v4\":\"192.0.2.1:5000\",\"v6\":\"[2001:db8::1]:6000\",\"nowhere\":null}}\n");
}

static void a_record_without_fields_is_whole(void **state)
{
    (void)state;
    assert_string_equal(line_of(NULL, 0),
                        "{\"t\":2000.000000,\"name\":\"ice:test\",\"data\":{}}\n");
}

static void the_header_names_schema_and_day(void **state)
{
    (void)state;
    char line[AUGER_TRACE_LINE_MAX];
    int len = auger_trace_format_header(line, sizeof(line), "my \"program\"", 1700000000000000001);

    assert_int_equal(len, strlen(line));
    assert_non_null(strstr(line, "{\"schema\":\"auger:trace:1\",\"version\":\""));
    assert_non_null(strstr(line, "\"title\":\"my \\\"program\\\"\""));
    assert_non_null(strstr(line, "\"wall_clock\":1700000000000.000001}\n"));
}

static void words_are_for_people(void **state)
{
    (void)state;
    struct auger_addr addr = addr_of("192.0.2.1:5000");
    const struct auger_trace_field fields[] = {
        {.key = "remote", .type = AUGER_TRACE_ADDR, .addr = &addr},
        {.key = "reason", .type = AUGER_TRACE_TEXT, .text = "valid pair"},
        {.key = "attempt", .type = AUGER_TRACE_INT, .i = 2},
    };
    const struct auger_trace_record record = {
        .name = "ice:check_sent", .fields = fields, .fields_len = 3};
    char words[200];

    int written = auger_trace_format_words(words, sizeof(words), &record);
    assert_int_equal(written, strlen(words));
    assert_string_equal(words, "ice:check_sent remote=192.0.2.1:5000 reason=valid pair attempt=2");
}

/* With every capacity: what fits is whole, what does not is refused, nothing is written behind. */
static void a_buffer_that_is_too_small_is_refused_and_not_overrun(void **state)
{
    (void)state;
    const struct auger_trace_field field = {
        .key = "text", .type = AUGER_TRACE_TEXT, .text = "\"\n\""};
    const struct auger_trace_record record = {.name = "a:b", .fields = &field, .fields_len = 1};
    char line[128];
    int whole = auger_trace_format(line, sizeof(line), &record, 0);

    assert_true(whole > 0);
    for (int cap = 1; cap <= whole + 1; cap++) {
        memset(line, 'x', sizeof(line));
        int len = auger_trace_format(line, (size_t)cap, &record, 0);
        assert_int_equal(len, cap > whole ? whole : AUGER_ERR_BUFFER);
        assert_int_equal(line[cap], 'x');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_of_field_has_its_form),
        cmocka_unit_test(a_record_without_fields_is_whole),
        cmocka_unit_test(the_header_names_schema_and_day),
        cmocka_unit_test(words_are_for_people),
        cmocka_unit_test(a_buffer_that_is_too_small_is_refused_and_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
