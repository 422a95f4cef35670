/* Names of a peer, resolved. */
#include "tests/mdns/link.h"

#define NAME "13258207-17e4-47ae-955f-30ec4b37e64f.local"
#define OTHER "93ca72e4-42ee-4eed-8c73-81bad65e003b.local"

static void ask(struct auger_mdns *mdns, auger_time now, const char *name, uint64_t token)
{
    assert_int_equal(auger_mdns_resolve(mdns, now, name, strlen(name), token), 0);
}

static void expect_addr(struct auger_mdns *mdns, uint64_t token, const char *ip)
{
    struct auger_addr addr = addr_of(ip, 0);
    struct auger_mdns_event event;

    assert_true(auger_mdns_poll_event(mdns, &event));
    assert_int_equal(event.type, AUGER_MDNS_EVENT_RESOLVED);
    assert_int_equal(event.token, token);
    assert_true(auger_addr_ip_equal(&event.addr, &addr));
    assert_false(auger_mdns_poll_event(mdns, &event));
}

static void expect_failure(struct auger_mdns *mdns, uint64_t token)
{
    struct auger_mdns_event event;

    assert_true(auger_mdns_poll_event(mdns, &event));
    assert_int_equal(event.type, AUGER_MDNS_EVENT_FAILED);
    assert_int_equal(event.token, token);
}

static void only_a_uuid_under_local_is_such_a_name(void **state)
{
    static const char *const bad[] = {"",
                                      "localhost",
                                      "printer.local",
                                      "13258207-17e4-47ae-955f-30ec4b37e64f",
                                      "13258207-17e4-47ae-955f-30ec4b37e64f.locax",
                                      "13258207-17e4-47ae-955f-30ec4b37e64g.local",
                                      "1325820-717e4-47ae-955f-30ec4b37e64f.local",
                                      "13258207-17e4-47ae-955f-30ec4b37e64f.local.",
                                      "13258207017e4-47ae-955f-30ec4b37e64f.local",
                                      "example.org"};
    struct auger_mdns *mdns = engine();

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(auger_mdns_is_name(bad[i], strlen(bad[i])));
        assert_int_equal(auger_mdns_resolve(mdns, 0, bad[i], strlen(bad[i]), 1), AUGER_ERR_INVALID);
    }
    assert_true(auger_mdns_is_name(NAME, strlen(NAME)));
    assert_true(auger_mdns_is_name("ABCDEF07-17E4-47AE-955F-30EC4B37E64F.LOCAL", strlen(NAME)));
    assert_int_equal(drain(mdns, 0, NULL), 0);
    auger_mdns_free(mdns);
}

static void a_browsers_answer_gives_the_address(void **state)
{
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    struct auger_mdns *mdns = engine();

    (void)state;
    ask(mdns, 0, NAME, 7);
    ask(mdns, 0, OTHER, 8);
    hear(mdns, 0, "203.0.113.21", 5353, buf, captured("chromium-answers-a", buf, sizeof(buf)));
    expect_addr(mdns, 7, "203.0.113.21");
    hear(mdns, 0, "203.0.113.21", 5353, buf,
         captured("chromium-denies-a-adds-aaaa", buf, sizeof(buf)));
    expect_addr(mdns, 8, "2001:db8:113::21");
    auger_mdns_free(mdns);
}

static void another_browsers_answers_give_theirs(void **state)
{
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    struct auger_mdns *mdns = engine();

    (void)state;
    ask(mdns, 0, "d6afd2fc-b2f0-48c1-b0c2-fb1ba49a40e7.local", 1);
    ask(mdns, 0, "93A2A6A1-43dd-4b4f-b25b-c68ab126f0b9.local", 2);
    hear(mdns, 0, "203.0.113.22", 5353, buf, captured("firefox-answers-a", buf, sizeof(buf)));
    expect_addr(mdns, 1, "203.0.113.22");
    hear(mdns, 0, "203.0.113.22", 5353, buf, captured("firefox-answers-aaaa", buf, sizeof(buf)));
    expect_addr(mdns, 2, "2001:db8:113::22");
    auger_mdns_free(mdns);
}

static void the_question_goes_to_both_groups_and_asks_for_both_types(void **state)
{
    struct auger_mdns *mdns = engine();
    struct auger_dns_question question;
    struct auger_dns_msg msg;
    struct said v4, v6;

    (void)state;
    ask(mdns, 0, NAME, 1);
    assert_true(next_said(mdns, 0, &v4) && next_said(mdns, 0, &v6));
    assert_int_equal(drain(mdns, 0, NULL), 0);
    struct auger_addr group4 = addr_of("224.0.0.251", 5353), group6 = addr_of("ff02::fb", 5353);
    assert_true(auger_addr_equal(&v4.to, &group4) && auger_addr_equal(&v6.to, &group6));
    assert_int_equal(auger_dns_read(&msg, v4.buf, v4.len), 0);
    assert_false(msg.is_response);
    for (int i = 0; i < 2; i++) {
        assert_true(auger_dns_next_question(&msg, &question));
        assert_string_equal(question.name, NAME);
        assert_int_equal(question.type, i ? AUGER_DNS_AAAA : AUGER_DNS_A);
        assert_int_equal(question.class_, AUGER_DNS_IN);
    }
    assert_false(auger_dns_next_question(&msg, &question));
    assert_int_equal(msg.r.left, 0);
    auger_mdns_free(mdns);
}

static void a_name_is_asked_for_three_times_then_given_up(void **state)
{
    struct auger_mdns *mdns = engine();
    auger_time now = 5 * AUGER_SEC;

    (void)state;
    ask(mdns, now, NAME, 3);
    for (int time = 0; time < 3; time++) {
        struct auger_mdns_event event;
        assert_int_equal(drain(mdns, now, NULL), 2);
        auger_time wait = (time < 2 ? 1 : 6) * AUGER_SEC;
        assert_int_equal(auger_mdns_next_timeout(mdns), now + wait);
        auger_mdns_handle_timeout(mdns, now + wait - 1);
        assert_int_equal(drain(mdns, now, NULL), 0);
        assert_false(auger_mdns_poll_event(mdns, &event));
        now += wait;
        auger_mdns_handle_timeout(mdns, now);
    }
    assert_int_equal(drain(mdns, now, NULL), 0);
    expect_failure(mdns, 3);
    assert_int_equal(auger_mdns_next_timeout(mdns), AUGER_NEVER);
    auger_mdns_free(mdns);
}

static void the_ninth_name_at_once_is_one_too_many(void **state)
{
    struct auger_mdns *mdns = engine();

    (void)state;
    for (uint64_t i = 0; i < 8; i++)
        ask(mdns, 0, NAME, i);
    assert_int_equal(auger_mdns_resolve(mdns, 0, OTHER, strlen(OTHER), 8), AUGER_ERR_LIMIT);
    auger_mdns_forget(mdns, 4);
    ask(mdns, 0, OTHER, 8);
    auger_mdns_free(mdns);
}

static void a_name_with_two_addresses_is_of_no_use(void **state)
{
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    struct auger_mdns *mdns = engine();
    struct auger_writer w = auger_writer(buf, sizeof(buf));

    (void)state;
    ask(mdns, 0, NAME, 1);
    auger_dns_write_header(&w, 0, AUGER_DNS_RESPONSE, 0, 2, 0);
    for (uint8_t i = 1; i <= 2; i++) {
        auger_dns_write_record(&w, NAME, AUGER_DNS_A, AUGER_DNS_IN, 120, 4);
        auger_write_bytes(&w, (uint8_t[]){192, 0, 2, i}, 4);
    }
    hear(mdns, 0, "192.0.2.1", 5353, buf, w.len);
    expect_failure(mdns, 1);
    auger_mdns_free(mdns);
}

static void what_is_not_an_answer_from_the_port_of_the_protocol_is_not_believed(void **state)
{
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    struct auger_mdns *mdns = engine();
    struct auger_mdns_counters counters;
    struct auger_mdns_event event;

    (void)state;
    ask(mdns, 0, NAME, 1);
    hear(mdns, 0, "192.0.2.9", 5354, buf, answer(buf, sizeof(buf), NAME, "192.0.2.9"));
    hear(mdns, 0, "192.0.2.9", 5353, buf, answer(buf, sizeof(buf), OTHER, "192.0.2.9"));
    size_t len = answer(buf, sizeof(buf), NAME, "192.0.2.9");
    buf[2] = 0; /* a query with a known answer */
    hear(mdns, 0, "192.0.2.9", 5353, buf, len);
    assert_false(auger_mdns_poll_event(mdns, &event));
    auger_mdns_get_counters(mdns, &counters);
    assert_int_equal(counters.foreign, 1);
    hear(mdns, 0, "192.0.2.9", 5353, buf, answer(buf, sizeof(buf), NAME, "192.0.2.9"));
    expect_addr(mdns, 1, "192.0.2.9");
    auger_mdns_free(mdns);
}

static void a_farewell_is_no_answer(void **state)
{
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    struct auger_mdns *mdns = engine();
    struct auger_mdns_event event;

    (void)state;
    ask(mdns, 0, NAME, 1);
    size_t len = answer(buf, sizeof(buf), NAME, "192.0.2.9");
    buf[len - 7] = 0; /* the lowest byte of the TTL, which is 120 */
    hear(mdns, 0, "192.0.2.9", 5353, buf, len);
    assert_false(auger_mdns_poll_event(mdns, &event));
    auger_mdns_free(mdns);
}

static void what_is_forgotten_is_not_told(void **state)
{
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    struct auger_mdns *mdns = engine();
    struct auger_mdns_event event;

    (void)state;
    ask(mdns, 0, NAME, 1);
    auger_mdns_forget(mdns, 1);
    hear(mdns, 0, "192.0.2.9", 5353, buf, answer(buf, sizeof(buf), NAME, "192.0.2.9"));
    assert_false(auger_mdns_poll_event(mdns, &event));
    assert_int_equal(drain(mdns, 0, NULL), 0);
    auger_mdns_free(mdns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_uuid_under_local_is_such_a_name),
        cmocka_unit_test(a_browsers_answer_gives_the_address),
        cmocka_unit_test(another_browsers_answers_give_theirs),
        cmocka_unit_test(the_question_goes_to_both_groups_and_asks_for_both_types),
        cmocka_unit_test(a_name_is_asked_for_three_times_then_given_up),
        cmocka_unit_test(the_ninth_name_at_once_is_one_too_many),
        cmocka_unit_test(a_name_with_two_addresses_is_of_no_use),
        cmocka_unit_test(what_is_not_an_answer_from_the_port_of_the_protocol_is_not_believed),
        cmocka_unit_test(a_farewell_is_no_answer),
        cmocka_unit_test(what_is_forgotten_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
