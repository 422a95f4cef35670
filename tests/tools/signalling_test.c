/* The messages of docs/signalling.md: what is read, what is refused, and that what we write is
 * read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/signalling.h"

#include <stdlib.h>
#include <string.h>

static bool parse(struct signal *signal, const char *text)
{
    const char *why = NULL;
    bool ok = signal_parse(signal, text, strlen(text), &why);

    assert_non_null(why);
    return ok;
}

static void must_refuse(const char *text)
{
    struct signal signal;

    if (parse(&signal, text))
        fail_msg("was taken: %s", text);
}

/* `text` is used up. */
static void must_read_back(char *text, enum signal_type type, const char *to, const char *session)
{
    struct signal signal;

    assert_non_null(text);
    assert_true(parse(&signal, text));
    assert_int_equal(signal.type, type);
    assert_string_equal(signal.to, to);
    assert_string_equal(signal.session, session);
    signal_release(&signal);
    free(text);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    must_read_back(signal_description(SIGNAL_OFFER, "bob", "s1", "v=0\r\n"), SIGNAL_OFFER, "bob",
                   "s1");
    must_read_back(signal_description(SIGNAL_ANSWER, "bob", "s1", "v=0\r\n"), SIGNAL_ANSWER, "bob",
                   "s1");
    must_read_back(signal_candidate("bob", "s1", ""), SIGNAL_CANDIDATE, "bob", "s1");
    must_read_back(signal_plain(SIGNAL_BYE, "bob", "s1"), SIGNAL_BYE, "bob", "s1");
    must_read_back(signal_plain(SIGNAL_CALL, "bob", NULL), SIGNAL_CALL, "bob", "");
    must_read_back(signal_picture("bob", "s1", json_object()), SIGNAL_PICTURE, "bob", "s1");
}

static void texts_keep_quotes_lines_and_other_alphabets(void **state)
{
    const char *sdp = "v=0\r\na=\"\\\t\xC3\xBC</script>\r\n";
    char *text = signal_description(SIGNAL_OFFER, "bob", "s1", sdp);
    struct signal signal;

    (void)state;
    assert_true(parse(&signal, text));
    assert_string_equal(signal.sdp, sdp);
    signal_release(&signal);
    free(text);
}

static void a_welcome_names_who_is_there(void **state)
{
    struct signal signal;

    (void)state;
    assert_true(parse(&signal, "{\"type\":\"welcome\",\"id\":\"me\",\"peers\":[{\"id\":\"x\"}]}"));
    assert_int_equal(json_array_size(signal.peers), 1);
    assert_string_equal(signal.id, "me");
    signal_release(&signal);
    must_refuse("{\"type\":\"welcome\",\"id\":\"me\"}");
    must_refuse("{\"type\":\"welcome\",\"id\":\"me\",\"peers\":{}}");
}

static void what_is_no_message_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "null",
        "[]",
        "\"offer\"",
        "{}",
        "{\"type\":1}",
        "{\"type\":\"\"}",
        "{\"type\":\"offers\"}",
        "{\"type\":\"offer\\u0000\",\"session\":\"s\",\"sdp\":\"\"}",
        "{\"type\":\"bye\",\"session\":\"s\",\"session\":\"t\"}",
        "{\"type\":\"bye\",\"session\":\"s\"} {}",
        "{\"type\":\"bye\",\"session\":\"\xC3\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        must_refuse(texts[i]);
}

static void a_message_without_its_fields_is_refused(void **state)
{
    (void)state;
    must_refuse("{\"type\":\"offer\",\"session\":\"s\"}");
    must_refuse("{\"type\":\"offer\",\"sdp\":\"v=0\"}");
    must_refuse("{\"type\":\"offer\",\"session\":\"s\",\"sdp\":7}");
    must_refuse("{\"type\":\"answer\",\"session\":\"s\",\"sdp\":\"a\\u0000b\"}");
    must_refuse("{\"type\":\"candidate\",\"session\":\"s\"}");
    must_refuse("{\"type\":\"bye\"}");
    must_refuse("{\"type\":\"picture\",\"session\":\"s\",\"picture\":[]}");
    must_refuse("{\"type\":\"joined\"}");
    must_refuse("{\"type\":\"error\"}");
}

static void names_are_short_and_plain(void **state)
{
    char name[67] = "";

    (void)state;
    memset(name, 'a', 65);
    assert_true(signal_is_name(name, 64));
    assert_false(signal_is_name(name, 65));
    assert_false(signal_is_name(name, 0));
    assert_true(signal_is_name("Az09_-", 6));
    for (const char *bad = " ./\\\"'<>&%\n\x7F"; *bad; bad++)
        assert_false(signal_is_name(bad, 1));
    must_refuse("{\"type\":\"bye\",\"session\":\"../x\"}");
    must_refuse("{\"type\":\"bye\",\"session\":\"s\",\"to\":\"<b>\"}");
    must_refuse("{\"type\":\"bye\",\"session\":\"s\",\"to\":\"\"}");
    must_refuse("{\"type\":\"bye\",\"session\":\"s\",\"from\":5}");
}

static void a_message_is_at_most_64_kib(void **state)
{
    static const char head[] = "{\"type\":\"offer\",\"session\":\"s\",\"sdp\":\"", tail[] = "\"}";
    char *text = malloc(SIGNAL_MAX + 2);
    struct signal signal;
    const char *why;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', SIGNAL_MAX + 1);
    memcpy(text, head, sizeof(head) - 1);
    memcpy(text + SIGNAL_MAX - 2, tail, 2);
    assert_true(signal_parse(&signal, text, SIGNAL_MAX, &why));
    signal_release(&signal);
    text[SIGNAL_MAX] = ' ';
    assert_false(signal_parse(&signal, text, SIGNAL_MAX + 1, &why));
    free(text);
}

static void nesting_has_an_end(void **state)
{
    char text[60000];

    (void)state;
    memset(text, '[', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    must_refuse(text);
}

static void random_names_are_names_and_differ(void **state)
{
    char a[SIGNAL_NAME_MAX], b[SIGNAL_NAME_MAX];

    (void)state;
    assert_int_equal(signal_random_name(a), 0);
    assert_int_equal(signal_random_name(b), 0);
    assert_true(signal_is_name(a, strlen(a)));
    assert_int_equal(strlen(a), 16);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(texts_keep_quotes_lines_and_other_alphabets),
        cmocka_unit_test(a_welcome_names_who_is_there),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(a_message_without_its_fields_is_refused),
        cmocka_unit_test(names_are_short_and_plain),
        cmocka_unit_test(a_message_is_at_most_64_kib),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(random_names_are_names_and_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
