/* A gateway of NAT-PMP: how one comes to speak it, and what it is asked. */
#include "tests/portmap/gateway.h"

/* To the first mapping: PCP, its refusal, the address outside. */
static auger_time fall_back(struct auger_portmap *portmap)
{
    struct asked asked;

    assert_true(next_asked(portmap, 0, &asked));
    assert_int_equal(asked.buf[0], 2);
    refuse_version(portmap, 1);
    assert_true(next_asked(portmap, 1, &asked));
    assert_int_equal(asked.len, 2);
    assert_memory_equal(asked.buf, ((uint8_t[]){0, 0}), 2);
    assert_false(next_asked(portmap, 2, &asked)); /* one after the other (3.1) */
    answer_address(portmap, 2, 1000, "198.51.100.7");
    assert_string_equal(auger_portmap_protocol(portmap), "nat-pmp");
    return 2;
}

static auger_time map_by_natpmp(struct auger_portmap *portmap, uint16_t port)
{
    auger_time now = fall_back(portmap);
    struct auger_portmap_event event;
    struct asked asked;

    assert_true(next_asked(portmap, now, &asked));
    assert_int_equal(asked.len, 12);
    assert_memory_equal(asked.buf, ((uint8_t[]){0, 1, 0, 0, 0x9C, 0x40, 0, 0, 0, 0, 0x02, 0x58}),
                        12);
    answer_natpmp(portmap, now, &(struct natpmp_answer){0, 40000, port, 1000, 600});
    assert_true(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(event.type, AUGER_PORTMAP_EVENT_MAPPED);
    assert_int_equal(event.external.port, port);
    assert_memory_equal(event.external.ip, ((uint8_t[]){198, 51, 100, 7}), 4);
    return now;
}

static void test_a_gateway_that_refuses_pcp_is_asked_in_natpmp(void **state)
{
    struct auger_portmap *portmap = engine();

    (void)state;
    map_by_natpmp(portmap, 41000);
    auger_portmap_free(portmap);
}

/* As miniupnpd and others write it, with the bit of an answer. */
static void test_either_form_of_the_refusal_is_one(void **state)
{
    static const uint8_t refusal[] = {0, 0x81, 0, 1, 0, 0, 0, 9};
    struct auger_portmap *portmap = engine();
    struct asked asked;

    (void)state;
    assert_true(next_asked(portmap, 0, &asked));
    hear(portmap, 1, refusal, sizeof(refusal));
    assert_true(next_asked(portmap, 1, &asked));
    assert_int_equal(asked.len, 2);
    auger_portmap_free(portmap);
}

static void test_a_refusal_that_answers_nothing_is_not_heard(void **state)
{
    struct auger_portmap *portmap = engine();
    struct asked asked;
    auger_time now;

    (void)state;
    refuse_version(portmap, 0);
    assert_int_equal(counters_of(portmap).unmatched, 1);
    now = map_by_pcp(portmap, 0, 41000);
    refuse_version(portmap, now + 1);
    assert_string_equal(auger_portmap_protocol(portmap), "pcp");
    assert_false(next_asked(portmap, now + 1, &asked));
    auger_portmap_free(portmap);
}

static void test_another_version_of_pcp_is_let_alone(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;

    (void)state;
    assert_true(next_asked(portmap, 0, &asked));
    asked.buf[0] = 1;
    asked.buf[1] = 0x81;
    asked.buf[3] = 1;
    memset(asked.buf + 4, 0, 4);
    asked.buf[7] = 90;
    hear(portmap, 0, asked.buf, asked.len);
    assert_true(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(event.error, AUGER_PORTMAP_ERROR_VERSION);
    assert_int_equal(await(portmap, 0, AUGER_NEVER, &asked), 90 * S);
    auger_portmap_free(portmap);
}

static void test_who_does_not_hear_pcp_is_asked_beside_it(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;
    auger_time now = 0;
    int others = 0;

    (void)state;
    do {
        now = await(portmap, now, 30 * S, &asked);
        others += asked.len == 60;
    } while (asked.len != 2);
    assert_int_equal(others, 2);
    answer_address(portmap, now, 1000, "198.51.100.7");
    assert_true(next_asked(portmap, now, &asked));
    assert_int_equal(asked.len, 12);
    answer_natpmp(portmap, now, &(struct natpmp_answer){0, 40000, 41000, 1000, 600});
    assert_true(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(event.type, AUGER_PORTMAP_EVENT_MAPPED);
    auger_portmap_free(portmap);
}

static void test_who_speaks_pcp_after_all_is_asked_in_it(void **state)
{
    struct auger_portmap *portmap = engine();
    struct asked asked;
    auger_time now = 0;
    uint8_t refusal[24] = {2, 0x80, 0, 1};

    (void)state;
    do
        now = await(portmap, now, 30 * S, &asked);
    while (asked.len != 2);
    hear(portmap, now, refusal, sizeof(refusal)); /* appendix A: to the question in NAT-PMP */
    assert_string_equal(auger_portmap_protocol(portmap), "pcp");
    map_by_pcp(portmap, now, 41000);
    auger_portmap_free(portmap);
}

static void test_an_unanswered_question_doubles_its_wait_nine_times(void **state)
{
    struct auger_portmap *portmap = engine();
    struct asked asked;
    auger_time now = fall_back(portmap), before, gap = 250 * AUGER_MS;

    (void)state;
    assert_true(next_asked(portmap, now, &asked));
    before = now;
    for (int i = 0; i < 8; i++) {
        now = await(portmap, now, AUGER_NEVER, &asked);
        assert_int_equal(asked.len, 12);
        auger_time least = gap - gap / 10;
        assert_true(now - before >= least &&
                    now - before <= (i == 0 ? 500 * AUGER_MS : gap + gap / 10));
        gap = i == 0 ? 500 * AUGER_MS : 2 * (now - before);
        before = now;
    }
    now = await(portmap, now, now + 80 * S, &asked);
    assert_int_equal(asked.len, 60); /* who it is is found out anew */
    auger_portmap_free(portmap);
}

static void test_mappings_are_asked_for_one_after_the_other(void **state)
{
    struct auger_portmap *portmap = engine();
    const struct auger_addr second = addr_of("192.168.1.10", 40001);
    struct auger_portmap_event event;
    struct asked asked;
    auger_time now = fall_back(portmap);

    (void)state;
    assert_int_equal(auger_portmap_add(portmap, now, &second, 8), 0);
    assert_true(next_asked(portmap, now, &asked));
    assert_false(next_asked(portmap, now, &asked));
    answer_natpmp(portmap, now, &(struct natpmp_answer){0, 40000, 41000, 1000, 600});
    assert_true(next_asked(portmap, now, &asked));
    assert_int_equal(asked.buf[5], 0x41);
    answer_natpmp(portmap, now, &(struct natpmp_answer){0, 40001, 41001, 1000, 600});
    assert_true(auger_portmap_poll_event(portmap, &event));
    assert_true(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(event.token, 8);
    auger_portmap_free(portmap);
}

static void test_what_was_not_asked_is_not_believed(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    auger_time now = map_by_natpmp(portmap, 41000);

    (void)state;
    answer_natpmp(portmap, now, &(struct natpmp_answer){0, 40000, 42000, 1000, 600});
    answer_natpmp(portmap, now, &(struct natpmp_answer){0, 40009, 42000, 1000, 600});
    assert_false(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(counters_of(portmap).unmatched, 2);
    auger_portmap_free(portmap);
}

static void test_an_announcement_of_a_restart_remakes_at_once(void **state)
{
    struct auger_portmap *portmap = engine();
    struct asked asked;
    auger_time now = map_by_natpmp(portmap, 41000) + 100 * S;

    (void)state;
    answer_address(portmap, now, 1000 + 88, "198.51.100.7"); /* 3.6: seven eighths */
    assert_false(next_asked(portmap, now, &asked));
    answer_address(portmap, now, 2, "198.51.100.7");
    assert_true(next_asked(portmap, now, &asked));
    assert_memory_equal(asked.buf + 4, ((uint8_t[]){0x9C, 0x40, 0xA0, 0x28}), 4);
    assert_int_equal(counters_of(portmap).restarts, 1);
    auger_portmap_free(portmap);
}

static void test_another_address_outside_is_told(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;
    auger_time now = map_by_natpmp(portmap, 41000) + 100 * S;

    (void)state;
    answer_address(portmap, now, 1100, "198.51.100.99");
    assert_true(next_asked(portmap, now, &asked));
    answer_natpmp(portmap, now, &(struct natpmp_answer){0, 40000, 41000, 1100, 600});
    assert_true(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(event.type, AUGER_PORTMAP_EVENT_MAPPED);
    assert_int_equal(event.external.ip[3], 99);
    auger_portmap_free(portmap);
}

/* A restart that a renewal shows: the address that it had may be another's by now. */
static void test_a_restart_asks_for_the_address_first(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;
    auger_time now = map_by_natpmp(portmap, 41000);

    (void)state;
    now = await(portmap, now, now + 600 * S, &asked);
    answer_natpmp(portmap, now, &(struct natpmp_answer){0, 40000, 41000, 1, 600});
    assert_true(next_asked(portmap, now, &asked));
    assert_int_equal(asked.len, 2);
    answer_address(portmap, now, 1, "198.51.100.9");
    assert_true(next_asked(portmap, now, &asked));
    answer_natpmp(portmap, now, &(struct natpmp_answer){0, 40000, 41000, 1, 600});
    assert_true(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(event.external.ip[3], 9);
    auger_portmap_free(portmap);
}

static void test_errors_are_told(void **state)
{
    static const struct {
        uint16_t result;
        enum auger_portmap_error error;
    } rows[] = {{2, AUGER_PORTMAP_ERROR_REFUSED},
                {3, AUGER_PORTMAP_ERROR_NETWORK},
                {4, AUGER_PORTMAP_ERROR_FULL},
                {5, AUGER_PORTMAP_ERROR_UNSUPPORTED}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct auger_portmap *portmap = engine();
        struct auger_portmap_event event;
        struct asked asked;
        auger_time now = fall_back(portmap);
        assert_true(next_asked(portmap, now, &asked));
        answer_natpmp(portmap, now, &(struct natpmp_answer){rows[i].result, 40000, 0, 1000, 0});
        assert_true(auger_portmap_poll_event(portmap, &event));
        assert_int_equal(event.type, AUGER_PORTMAP_EVENT_FAILED);
        assert_int_equal(event.error, rows[i].error);
        auger_portmap_free(portmap);
    }
}

static void test_without_an_address_outside_there_is_no_mapping(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;

    (void)state;
    assert_true(next_asked(portmap, 0, &asked));
    refuse_version(portmap, 0);
    assert_true(next_asked(portmap, 0, &asked));
    answer_address(portmap, 0, 1000, "0.0.0.0");
    assert_true(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(event.error, AUGER_PORTMAP_ERROR_NETWORK);
    auger_time now = await(portmap, 0, 60 * S, &asked);
    assert_int_equal(asked.len, 2);
    answer_address(portmap, now, 1030, "198.51.100.7");
    await(portmap, now, now + 1 * S, &asked);
    assert_int_equal(asked.len, 12);
    auger_portmap_free(portmap);
}

static void test_what_is_given_back_is_deleted(void **state)
{
    struct auger_portmap *portmap = engine();
    struct asked asked;
    auger_time now = map_by_natpmp(portmap, 41000);

    (void)state;
    auger_portmap_release(portmap, now);
    assert_true(next_asked(portmap, now, &asked));
    assert_memory_equal(asked.buf, ((uint8_t[]){0, 1, 0, 0, 0x9C, 0x40, 0, 0, 0, 0, 0, 0}), 12);
    answer_natpmp(portmap, now, &(struct natpmp_answer){0, 40000, 0, 1000, 0});
    assert_int_equal(auger_portmap_next_timeout(portmap), AUGER_NEVER);
    auger_portmap_free(portmap);
}

static void test_who_wants_nothing_else_asks_for_nothing_else(void **state)
{
    struct auger_portmap_config config;
    struct auger_portmap *portmap;
    const struct auger_addr internal = addr_of("192.168.1.10", 40000);
    struct asked asked;
    auger_time now = 0;

    (void)state;
    auger_portmap_config_init(&config);
    config.local = addr_of("192.168.1.10", 0);
    config.gateway = addr_of("192.168.1.1", 0);
    config.natpmp_only = true;
    assert_int_equal(auger_portmap_new(&portmap, &test_env, &config), 0);
    assert_int_equal(auger_portmap_add(portmap, 0, &internal, 7), 0);
    for (int i = 0; i < 14; i++) { /* longer than it is patient */
        now = await(portmap, now, AUGER_NEVER, &asked);
        assert_int_equal(asked.buf[0], 0);
    }
    answer_address(portmap, now, 1000, "198.51.100.7");
    await(portmap, now, AUGER_NEVER, &asked);
    assert_memory_equal(asked.buf, ((uint8_t[]){0, 1}), 2);
    auger_portmap_free(portmap);

    config.pcp_only = true;
    assert_int_equal(auger_portmap_new(&portmap, &test_env, &config), AUGER_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_gateway_that_refuses_pcp_is_asked_in_natpmp),
        cmocka_unit_test(test_either_form_of_the_refusal_is_one),
        cmocka_unit_test(test_a_refusal_that_answers_nothing_is_not_heard),
        cmocka_unit_test(test_another_version_of_pcp_is_let_alone),
        cmocka_unit_test(test_who_does_not_hear_pcp_is_asked_beside_it),
        cmocka_unit_test(test_who_speaks_pcp_after_all_is_asked_in_it),
        cmocka_unit_test(test_an_unanswered_question_doubles_its_wait_nine_times),
        cmocka_unit_test(test_mappings_are_asked_for_one_after_the_other),
        cmocka_unit_test(test_what_was_not_asked_is_not_believed),
        cmocka_unit_test(test_an_announcement_of_a_restart_remakes_at_once),
        cmocka_unit_test(test_another_address_outside_is_told),
        cmocka_unit_test(test_a_restart_asks_for_the_address_first),
        cmocka_unit_test(test_errors_are_told),
        cmocka_unit_test(test_without_an_address_outside_there_is_no_mapping),
        cmocka_unit_test(test_what_is_given_back_is_deleted),
        cmocka_unit_test(test_who_wants_nothing_else_asks_for_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
