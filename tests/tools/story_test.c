/* A trace as sentences, whoever wrote it. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/story.h"

#include <stdlib.h>
#include <string.h>

static enum story_weight take(struct story *story, const char *line, char *sentence)
{
    return story_take(story, line, strlen(line), sentence);
}

static void must_tell(const char *line, enum story_weight weight, const char *wanted)
{
    char sentence[STORY_SENTENCE_MAX];
    struct story *story = story_new();

    assert_int_equal(take(story, line, sentence), weight);
    assert_string_equal(sentence, wanted);
    story_free(story);
}

static void records_become_sentences(void **state)
{
    (void)state;
    must_tell(
        "{\"t\":1.5,\"name\":\"ice:check_succeeded\",\"data\":{\"local\":\"192.0.2.1:1\","
        "\"remote\":\"192.0.2.2:2\",\"mapped\":\"192.0.2.1:1\",\"rtt\":0.73}}",
        STORY_EVENT,
        "       1.500  192.0.2.1:1 > 192.0.2.2:2 works, 0.730 ms there and back; the peer sees "
        "192.0.2.1:1");
    must_tell("{\"t\":0,\"name\":\"ice:pair_state\",\"data\":{\"local\":\"a\",\"remote\":\"b\","
              "\"from\":\"in-progress\",\"to\":\"failed\",\"reason\":\"timeout\"}}",
              STORY_EVENT, "       0.000  the pair a > b failed: timeout");
}

static void a_part_without_its_field_is_left_out(void **state)
{
    (void)state;
    static const char base[] = "{\"t\":0,\"name\":\"ice:local_candidate\",\"data\":{\"type\":"
                               "\"srflx\",\"addr\":\"a\",\"base\":\"b\"}}";
    static const char none[] = "{\"t\":0,\"name\":\"ice:local_candidate\",\"data\":{\"type\":"
                               "\"host\",\"addr\":\"a\",\"base\":null}}";

    must_tell(base, STORY_EVENT, "       0.000  we have a candidate: srflx a, mapped from b");
    must_tell(none, STORY_EVENT, "       0.000  we have a candidate: host a");
}

static void a_flag_speaks_as_a_word_or_not_at_all(void **state)
{
    (void)state;
    char line[200], sentence[STORY_SENTENCE_MAX];
    struct story *story = story_new();

    for (int flag = 0; flag < 2; flag++) {
        snprintf(line, sizeof(line),
                 "{\"t\":0,\"name\":\"ice:check_sent\",\"data\":{\"local\":\"a\",\"remote\":\"b\","
                 "\"attempt\":1,\"use_candidate\":%d}}",
                 flag);
        assert_int_equal(take(story, line, sentence), STORY_EVENT);
        assert_string_equal(sentence, flag ? "       0.000  check a > b, nominating"
                                           : "       0.000  check a > b");
    }
    story_free(story);
}

/* Of a later version: shown as it stands, among the details. */
static void an_unknown_record_is_shown_as_it_is(void **state)
{
    (void)state;
    must_tell("{\"t\":2,\"name\":\"ice:dreamt\",\"data\":{\"addr\":\"a\",\"n\":3}}", STORY_DETAIL,
              "       2.000  ice:dreamt addr=a n=3");
}

static void what_is_no_record_is_counted(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "nonsense",
        "[]",
        "7",
        "{}",
        "{\"t\":1}",
        "{\"t\":\"1\",\"name\":\"a:b\",\"data\":{}}",
        "{\"t\":1,\"name\":7,\"data\":{}}",
        "{\"t\":1,\"name\":\"a:b\",\"data\":[]}",
        "{\"t\":1e300,\"name\":\"a:b\",\"data\":{}}",
        "{\"t\":1,\"name\":\"a:b\",\"data\":{}} x",
        "{\"t\":1,\"name\":\"\xFF\",\"data\":{}}",
    };
    char sentence[STORY_SENTENCE_MAX];
    struct story *story = story_new();

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(take(story, lines[i], sentence), STORY_NOTHING);
        assert_int_equal(story_malformed(story), i + 1);
    }
    assert_int_equal(take(story, "{\"schema\":\"auger:trace:1\",\"title\":\"x\"}", sentence),
                     STORY_NOTHING);
    assert_int_equal(story_malformed(story), sizeof(lines) / sizeof(lines[0]));
    assert_int_equal(story_records(story), 0);
    story_free(story);
}

/* An escape sequence in a file does nothing to a terminal. */
static void nothing_but_plain_text_is_shown(void **state)
{
    (void)state;
    must_tell(
        "{\"t\":0,\"name\":\"\\u001b[2J:x\",\"data\":{\"a\\nb\":\"\\u001b]0;t\\u0007\\u009b\"}}",
        STORY_DETAIL, "       0.000  ?[2J:x a?b=?]0;t???");
}

static void long_values_and_many_fields_are_cut(void **state)
{
    (void)state;
    static char line[STORY_LINE_MAX];
    char sentence[STORY_SENTENCE_MAX];
    struct story *story = story_new();
    size_t len = (size_t)sprintf(line, "{\"t\":0,\"name\":\"a:b\",\"data\":{\"k\":\"");

    memset(line + len, 'v', 40000);
    strcpy(line + len + 40000, "\"}}");
    assert_int_equal(take(story, line, sentence), STORY_DETAIL);
    assert_int_equal(strlen(sentence), strlen("       0.000  a:b k=") + 119);

    len = (size_t)sprintf(line, "{\"t\":0,\"name\":\"a:b\",\"data\":{");
    for (int i = 0; i < 3000; i++)
        len += (size_t)sprintf(line + len, "%s\"key%d\":%d", i ? "," : "", i, i);
    strcpy(line + len, "}}");
    assert_int_equal(take(story, line, sentence), STORY_DETAIL);
    assert_int_equal(strlen(sentence), STORY_SENTENCE_MAX - 1);
    story_free(story);
}

/* A hostile file of ever new names fills the table of a summary, and no more. */
static void names_without_number_are_counted_up_to_the_bound(void **state)
{
    (void)state;
    char line[100], sentence[STORY_SENTENCE_MAX], *text = NULL;
    size_t len = 0, lines = 0;
    struct story *story = story_new();

    for (int i = 0; i < 1000; i++) {
        snprintf(line, sizeof(line), "{\"t\":%d,\"name\":\"n%d:x\",\"data\":{}}", i, i);
        assert_int_equal(take(story, line, sentence), STORY_DETAIL);
    }
    FILE *out = open_memstream(&text, &len);
    story_summarize(story, out);
    fclose(out);
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    assert_int_equal(lines, 1 + 96);
    assert_non_null(strstr(text, "1000 records in 999.000 ms"));
    assert_non_null(strstr(text, "       1  n0:x\n"));
    free(text);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_become_sentences),
        cmocka_unit_test(a_part_without_its_field_is_left_out),
        cmocka_unit_test(a_flag_speaks_as_a_word_or_not_at_all),
        cmocka_unit_test(an_unknown_record_is_shown_as_it_is),
        cmocka_unit_test(what_is_no_record_is_counted),
        cmocka_unit_test(nothing_but_plain_text_is_shown),
        cmocka_unit_test(long_values_and_many_fields_are_cut),
        cmocka_unit_test(names_without_number_are_counted_up_to_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
