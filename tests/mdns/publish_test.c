/* Names of our own, answered for. */
#include "tests/mdns/link.h"

#define ASKER "192.0.2.77"

static void publish(struct auger_mdns *mdns, auger_time now, const char *ip,
                    char name[AUGER_MDNS_NAME_MAX])
{
    struct auger_addr addr = addr_of(ip, 4000);

    assert_int_equal(auger_mdns_publish(mdns, now, &addr, name), 0);
}

/* Published, announced twice, and quiet for long. */
static struct auger_mdns *settled(const char *ip, char name[AUGER_MDNS_NAME_MAX])
{
    struct auger_mdns *mdns = engine();

    publish(mdns, 0, ip, name);
    assert_int_equal(drain(mdns, 0, NULL), 2);
    assert_int_equal(drain(mdns, AUGER_SEC, NULL), 2);
    assert_int_equal(auger_mdns_next_timeout(mdns), AUGER_NEVER);
    return mdns;
}

static void ask(struct auger_mdns *mdns, auger_time now, uint16_t port, const char *name,
                uint16_t type)
{
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];

    hear(mdns, now, ASKER, port, buf, query(buf, sizeof(buf), 0x1234, name, type));
}

/* The message that another engine of ours makes an address of. */
static void expect_says(const struct said *said, const char *name, const char *ip)
{
    struct auger_addr addr = addr_of(ip, 0);
    struct auger_mdns *other = engine();
    struct auger_mdns_event event;

    assert_int_equal(auger_mdns_resolve(other, 0, name, strlen(name), 1), 0);
    hear(other, 0, ip, AUGER_MDNS_PORT, said->buf, said->len);
    assert_true(auger_mdns_poll_event(other, &event));
    assert_int_equal(event.type, AUGER_MDNS_EVENT_RESOLVED);
    assert_true(auger_addr_ip_equal(&event.addr, &addr));
    auger_mdns_free(other);
}

static void names_are_random_uuids_of_version_4(void **state)
{
    char a[AUGER_MDNS_NAME_MAX], b[AUGER_MDNS_NAME_MAX];
    struct auger_mdns *mdns = engine();

    (void)state;
    for (int i = 0; i < 32; i++) {
        publish(mdns, 0, "192.0.2.1", a);
        assert_true(auger_mdns_is_name(a, strlen(a)));
        assert_int_equal(a[14], '4');
        assert_non_null(strchr("89ab", a[19]));
        publish(mdns, 0, "192.0.2.1", b);
        assert_string_not_equal(a, b);
    }
    struct auger_addr addr = addr_of("192.0.2.1", 0);
    assert_int_equal(auger_mdns_publish(mdns, 0, &addr, a), AUGER_ERR_LIMIT); /* the 65th */
    auger_mdns_free(mdns);
}

static void a_name_is_announced_twice_a_second_apart(void **state)
{
    char name[AUGER_MDNS_NAME_MAX];
    struct auger_mdns *mdns = engine();
    struct said said;

    (void)state;
    publish(mdns, 0, "192.0.2.1", name);
    assert_int_equal(drain(mdns, 0, &said), 2);
    expect_says(&said, name, "192.0.2.1");
    assert_int_equal(auger_mdns_next_timeout(mdns), AUGER_SEC);
    assert_int_equal(drain(mdns, AUGER_SEC - 1, NULL), 0);
    assert_int_equal(drain(mdns, AUGER_SEC, NULL), 2);
    assert_int_equal(drain(mdns, AUGER_NEVER - 1, NULL), 0);
    auger_mdns_free(mdns);
}

static void a_question_of_the_group_is_answered_to_the_group(void **state)
{
    static const char *const ips[] = {"192.0.2.1", "2001:db8::1"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char name[AUGER_MDNS_NAME_MAX];
        struct auger_mdns *mdns = settled(ips[i], name);
        struct said said;

        ask(mdns, 9 * AUGER_SEC, 5353, name, i ? AUGER_DNS_AAAA : AUGER_DNS_A);
        assert_true(next_said(mdns, 9 * AUGER_SEC, &said));
        struct auger_addr group = addr_of("224.0.0.251", 5353);
        assert_true(auger_addr_equal(&said.to, &group));
        expect_says(&said, name, ips[i]);
        assert_int_equal(drain(mdns, 9 * AUGER_SEC, NULL), 1); /* the other family's */
        auger_mdns_free(mdns);
    }
}

static void the_type_that_is_not_there_is_denied_with_the_one_that_is(void **state)
{
    char name[AUGER_MDNS_NAME_MAX];
    struct auger_mdns *mdns = settled("192.0.2.1", name);
    struct auger_dns_record record;
    struct auger_dns_msg msg;
    struct said said;

    (void)state;
    ask(mdns, 9 * AUGER_SEC, 5353, name, AUGER_DNS_AAAA);
    assert_true(next_said(mdns, 9 * AUGER_SEC, &said));
    assert_int_equal(auger_dns_read(&msg, said.buf, said.len), 0);
    assert_true(auger_dns_next_record(&msg, &record));
    assert_int_equal(record.type, AUGER_DNS_A);
    assert_true(auger_dns_next_record(&msg, &record));
    assert_int_equal(record.type, AUGER_DNS_NSEC);
    assert_string_equal(record.name, name);
    /* The bitmap of a browser that has an A record alone. */
    assert_memory_equal(record.data.data + 2, ((const uint8_t[]){0, 1, 0x40}), 3);
    assert_int_equal(record.data.len, 5);
    assert_int_equal(msg.r.left, 0);
    auger_mdns_free(mdns);
}

static void answers_are_a_second_apart_however_often_one_asks(void **state)
{
    char name[AUGER_MDNS_NAME_MAX];
    struct auger_mdns *mdns = settled("192.0.2.1", name);
    auger_time now = 9 * AUGER_SEC;
    int answers = 0;

    (void)state;
    for (int i = 0; i < 1000; i++, now += 10 * AUGER_MS) {
        ask(mdns, now, 5353, name, AUGER_DNS_A);
        answers += drain(mdns, now, NULL);
    }
    assert_int_equal(answers, 2 * 10); /* in ten seconds, to two groups */
    auger_mdns_free(mdns);
}

static void who_does_not_listen_to_the_group_gets_a_short_answer_of_his_own(void **state)
{
    char name[AUGER_MDNS_NAME_MAX];
    struct auger_mdns *mdns = settled("192.0.2.1", name);
    struct auger_addr asker = addr_of(ASKER, 40000);
    struct auger_dns_question question;
    struct auger_dns_record record;
    struct auger_dns_msg msg;
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    struct said said;

    (void)state;
    size_t asked = query(buf, sizeof(buf), 0x1234, name, AUGER_DNS_A);
    hear(mdns, 9 * AUGER_SEC, ASKER, 40000, buf, asked);
    assert_true(next_said(mdns, 9 * AUGER_SEC, &said));
    assert_true(auger_addr_equal(&said.to, &asker));
    assert_true(10 * said.len <= 17 * asked);
    assert_int_equal(auger_dns_read(&msg, said.buf, said.len), 0);
    assert_int_equal(msg.id, 0x1234);
    assert_true(auger_dns_next_question(&msg, &question) && auger_dns_next_record(&msg, &record));
    assert_string_equal(question.name, name);
    assert_string_equal(record.name, name);
    assert_int_equal(record.ttl_s, 10);
    assert_int_equal(drain(mdns, 9 * AUGER_SEC, NULL), 0);
    auger_mdns_free(mdns);
}

static void single_hosts_that_wait_for_an_answer_are_few(void **state)
{
    char name[AUGER_MDNS_NAME_MAX];
    struct auger_mdns *mdns = settled("192.0.2.1", name);
    struct auger_mdns_counters counters;

    (void)state;
    for (uint16_t port = 40000; port < 41000; port++)
        ask(mdns, 9 * AUGER_SEC, port, name, AUGER_DNS_A);
    assert_int_equal(drain(mdns, 9 * AUGER_SEC, NULL), 4);
    auger_mdns_get_counters(mdns, &counters);
    assert_int_equal(counters.limited, 996);
    auger_mdns_free(mdns);
}

static void what_the_asker_knows_is_not_told(void **state)
{
    char name[AUGER_MDNS_NAME_MAX];
    struct auger_mdns *mdns = settled("192.0.2.1", name);
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];

    (void)state;
    for (uint32_t ttl_s = 59; ttl_s <= 60; ttl_s++) {
        struct auger_writer w = auger_writer(buf, sizeof(buf));
        auger_dns_write_header(&w, 0, 0, 1, 1, 0);
        auger_dns_write_question(&w, name, AUGER_DNS_A);
        auger_dns_write_record(&w, NULL, AUGER_DNS_A, AUGER_DNS_IN, ttl_s, 4);
        auger_write_bytes(&w, (uint8_t[]){192, 0, 2, 1}, 4);
        hear(mdns, ttl_s * AUGER_SEC, ASKER, 5353, buf, w.len);
        assert_int_equal(drain(mdns, ttl_s * AUGER_SEC, NULL), ttl_s == 60 ? 0 : 2);
    }
    auger_mdns_free(mdns);
}

static void names_of_others_and_other_types_are_not_answered_for(void **state)
{
    char name[AUGER_MDNS_NAME_MAX];
    struct auger_mdns *mdns = settled("192.0.2.1", name);
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];

    (void)state;
    ask(mdns, 9 * AUGER_SEC, 5353, "13258207-17e4-47ae-955f-30ec4b37e64f.local", AUGER_DNS_A);
    ask(mdns, 9 * AUGER_SEC, 5353, name, 16);
    ask(mdns, 9 * AUGER_SEC, 40000, name, AUGER_DNS_AAAA);
    hear(mdns, 9 * AUGER_SEC, ASKER, 5353, buf, captured("firefox-asks-a", buf, sizeof(buf)));
    assert_int_equal(drain(mdns, 9 * AUGER_SEC, NULL), 0);
    auger_mdns_free(mdns);
}

static void a_name_that_is_withdrawn_says_goodbye_and_no_more(void **state)
{
    char name[AUGER_MDNS_NAME_MAX];
    struct auger_mdns *mdns = settled("192.0.2.1", name);
    struct auger_dns_record record;
    struct auger_dns_msg msg;
    struct said said;

    (void)state;
    assert_int_equal(auger_mdns_withdraw(mdns, 2 * AUGER_SEC, name), 0);
    assert_int_equal(auger_mdns_withdraw(mdns, 2 * AUGER_SEC, name), AUGER_ERR_NOT_FOUND);
    assert_int_equal(drain(mdns, 2 * AUGER_SEC, &said), 2);
    assert_int_equal(auger_dns_read(&msg, said.buf, said.len), 0);
    assert_true(auger_dns_next_record(&msg, &record));
    assert_int_equal(record.ttl_s, 0);
    ask(mdns, 9 * AUGER_SEC, 5353, name, AUGER_DNS_A);
    assert_int_equal(drain(mdns, 9 * AUGER_SEC, NULL), 0);
    assert_int_equal(auger_mdns_next_timeout(mdns), AUGER_NEVER);
    auger_mdns_free(mdns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_random_uuids_of_version_4),
        cmocka_unit_test(a_name_is_announced_twice_a_second_apart),
        cmocka_unit_test(a_question_of_the_group_is_answered_to_the_group),
        cmocka_unit_test(the_type_that_is_not_there_is_denied_with_the_one_that_is),
        cmocka_unit_test(answers_are_a_second_apart_however_often_one_asks),
        cmocka_unit_test(who_does_not_listen_to_the_group_gets_a_short_answer_of_his_own),
        cmocka_unit_test(single_hosts_that_wait_for_an_answer_are_few),
        cmocka_unit_test(what_the_asker_knows_is_not_told),
        cmocka_unit_test(names_of_others_and_other_types_are_not_answered_for),
        cmocka_unit_test(a_name_that_is_withdrawn_says_goodbye_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
