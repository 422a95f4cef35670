/* DNS messages that a stranger makes. */
#include "tests/mdns/link.h"

#define NAME "13258207-17e4-47ae-955f-30ec4b37e64f.local"

/* Whether the whole message could be read; its questions and records are counted. */
static bool read_all(const uint8_t *buf, size_t len, int *questions, int *records)
{
    struct auger_dns_question question;
    struct auger_dns_record record;
    struct auger_dns_msg msg;

    *questions = *records = 0;
    if (auger_dns_read(&msg, buf, len) != 0)
        return false;
    while (auger_dns_next_question(&msg, &question))
        ++*questions;
    while (auger_dns_next_record(&msg, &record))
        ++*records;
    return !msg.r.failed;
}

static void captured_messages_are_read_whole_and_no_prefix_of_them(void **state)
{
    static const char *const names[] = {
        "chromium-answers-a", "chromium-asks-aaaa", "chromium-denies-a-adds-aaaa",
        "firefox-answers-a",  "firefox-asks-a",     "firefox-answers-aaaa"};
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    int questions, records;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t len = captured(names[i], buf, sizeof(buf));
        assert_true(read_all(buf, len, &questions, &records));
        assert_true(questions + records > 0);
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *exact = malloc(cut ? cut : 1);
            memcpy(exact, buf, cut);
            assert_false(read_all(exact, cut, &questions, &records));
            free(exact);
        }
    }
}

/* A question whose name is the bytes given. */
static bool reads_name(const void *name, size_t len, char text[AUGER_DNS_NAME_MAX])
{
    uint8_t buf[1024];
    struct auger_writer w = auger_writer(buf, sizeof(buf));
    struct auger_dns_question question;
    struct auger_dns_msg msg;

    auger_dns_write_header(&w, 0, 0, 1, 0, 0);
    auger_write_bytes(&w, name, len);
    auger_write_u32(&w, AUGER_DNS_A << 16 | AUGER_DNS_IN);
    assert_int_equal(auger_dns_read(&msg, buf, w.len), 0);
    bool ok = auger_dns_next_question(&msg, &question);
    memcpy(text, question.name, AUGER_DNS_NAME_MAX);
    return ok;
}

static void names_that_lead_in_circles_or_ahead_end(void **state)
{
    char text[AUGER_DNS_NAME_MAX];

    (void)state;
    assert_false(reads_name("\xc0\x0c", 2, text));         /* to itself */
    assert_false(reads_name("\1a\xc0\x0c", 4, text));      /* to its own beginning */
    assert_false(reads_name("\xc0\x0e\xc0\x0c", 4, text)); /* to one that leads back */
    assert_false(reads_name("\xc0\xff", 2, text));         /* beyond the end */
    assert_false(reads_name("\x40"
                            "a",
                            2, text)); /* a kind of label that is none */
    assert_false(reads_name("\x80"
                            "a",
                            2, text));
}

static void names_are_lowered_and_odd_ones_are_nobodys(void **state)
{
    char text[AUGER_DNS_NAME_MAX];
    uint8_t long_name[5 * 64 + 1];

    (void)state;
    assert_true(reads_name("\3AbC\5LOCAL\0", 11, text));
    assert_string_equal(text, "abc.local");
    assert_true(reads_name("\3a.c\0", 5, text)); /* a dot inside a label */
    assert_string_equal(text, "");
    assert_true(reads_name("\3a\0c\0", 5, text));
    assert_string_equal(text, "");
    memset(long_name, 'x', sizeof(long_name));
    for (size_t i = 0; i < 5; i++)
        long_name[64 * i] = 63;
    long_name[5 * 64] = 0;
    assert_true(reads_name(long_name, sizeof(long_name), text));
    assert_string_equal(text, "");
}

static void what_is_no_standard_query_or_answer_is_refused(void **state)
{
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    struct auger_mdns *mdns = engine();
    struct auger_mdns_counters counters;
    size_t len = query(buf, sizeof(buf), 0, NAME, AUGER_DNS_A);

    (void)state;
    buf[2] = 0x28; /* an UPDATE */
    hear(mdns, 0, "192.0.2.1", 5353, buf, len);
    buf[2] = 0x84;
    buf[3] = 3; /* an error */
    hear(mdns, 0, "192.0.2.1", 5353, buf, len);
    hear(mdns, 0, "192.0.2.1", 5353, "short", 5);
    auger_mdns_get_counters(mdns, &counters);
    assert_int_equal(counters.malformed, 3);
    auger_mdns_free(mdns);
}

static void a_message_of_many_records_is_read_up_to_the_bound(void **state)
{
    uint8_t buf[65536];
    struct auger_writer w = auger_writer(buf, sizeof(buf));
    struct auger_mdns *mdns = engine();
    struct auger_mdns_event event;

    (void)state;
    assert_int_equal(auger_mdns_resolve(mdns, 0, NAME, strlen(NAME), 1), 0);
    auger_dns_write_header(&w, 0, AUGER_DNS_RESPONSE, 0, 3000, 0);
    for (int i = 0; i < 3000; i++) {
        auger_dns_write_record(&w, i == AUGER_DNS_RECORDS_MAX ? NAME : "a", AUGER_DNS_A,
                               AUGER_DNS_IN, 120, 4);
        auger_write_bytes(&w, (uint8_t[]){192, 0, 2, 1}, 4);
    }
    assert_false(w.failed);
    hear(mdns, 0, "192.0.2.1", 5353, buf, w.len);
    assert_false(auger_mdns_poll_event(mdns, &event)); /* it stood behind the bound */
    auger_mdns_free(mdns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captured_messages_are_read_whole_and_no_prefix_of_them),
        cmocka_unit_test(names_that_lead_in_circles_or_ahead_end),
        cmocka_unit_test(names_are_lowered_and_odd_ones_are_nobodys),
        cmocka_unit_test(what_is_no_standard_query_or_answer_is_refused),
        cmocka_unit_test(a_message_of_many_records_is_read_up_to_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
