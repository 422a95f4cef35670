/* Checks of names that no session has: told, bounded, and free of charge. */
#include "tests/mux/stage.h"

static void an_unknown_name_is_told_with_both_its_halves(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_event event;

    (void)state;
    assert_null(find_check(stage, "invitation+1:them", "192.0.2.9:1"));
    assert_true(auger_mux_poll_event(stage->mux, &event));
    assert_int_equal(event.type, AUGER_MUX_EVENT_UNKNOWN);
    assert_string_equal(event.ours, "invitation+1");
    assert_string_equal(event.theirs, "them");
    assert_true(auger_path_equal(
        &event.path, &(struct auger_path){addr_of("192.0.2.1:3000"), addr_of("192.0.2.9:1")}));
    assert_false(auger_mux_poll_event(stage->mux, &event));
    stage_free(stage);
}

static void a_repeated_check_is_told_once_in_a_second(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_event event;

    (void)state;
    for (int i = 0; i < 10; i++, stage->now += 99 * AUGER_MS)
        find_check(stage, "invitation:them", "192.0.2.9:1");
    assert_true(auger_mux_poll_event(stage->mux, &event));
    assert_false(auger_mux_poll_event(stage->mux, &event));
    stage->now += 10 * AUGER_MS;
    find_check(stage, "invitation:them", "192.0.2.9:1");
    assert_true(auger_mux_poll_event(stage->mux, &event));
    assert_int_equal(counters(stage).unknown_untold, 0);
    stage_free(stage);
}

/* Every address and every name another. */
static void a_flood_takes_no_memory_and_tells_no_more_than_the_rate(void **state)
{
    struct auger_mux_config config;
    struct auger_mux_event event;
    size_t told = 0;
    char username[64], from[64];

    (void)state;
    auger_mux_config_init(&config);
    config.unknown_per_s = 50;
    struct stage *stage = stage_new(&config);
    size_t blocks = stage->blocks, allocations = stage->allocations;
    for (int i = 0; i < 100000; i++, stage->now += 100 * AUGER_US) { /* ten seconds */
        snprintf(username, sizeof(username), "flood%d:them", i);
        snprintf(from, sizeof(from), "203.0.%d.%d:%d", i / 256 % 256, i % 256, 1 + i % 60000);
        assert_null(find_check(stage, username, from));
        while (i % 7 == 0 && auger_mux_poll_event(stage->mux, &event))
            told++;
    }
    assert_in_range(told, 500, 550); /* fifty a second, and a second's worth at first */
    assert_int_equal(stage->blocks, blocks);
    assert_int_equal(stage->allocations, allocations);
    assert_int_equal(counters(stage).unknown_names, 100000);
    assert_true(counters(stage).unknown_untold >= 100000 - told - 16);
    stage_free(stage);
}

static void who_is_not_asked_for_events_keeps_sixteen(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_event event;
    char username[64], from[64];
    size_t told = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(username, sizeof(username), "flood%d:them", i);
        snprintf(from, sizeof(from), "203.0.113.%d:1", i % 256);
        find_check(stage, username, from);
    }
    while (auger_mux_poll_event(stage->mux, &event))
        told++;
    assert_int_equal(told, 16);
    stage_free(stage);
}

static void one_address_cannot_take_all_the_room(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_event event;
    char username[64];
    bool heard = false;

    (void)state;
    for (int i = 0; i < 90; i++) {
        snprintf(username, sizeof(username), "flood%d:them", i);
        find_check(stage, username, "203.0.113.66:1");
    }
    find_check(stage, "invitation:them", "192.0.2.9:1");
    while (auger_mux_poll_event(stage->mux, &event))
        heard |= strcmp(event.ours, "invitation") == 0;
    assert_true(heard);
    stage_free(stage);
}

static void what_is_no_check_is_not_told(void **state)
{
    struct stage *stage = stage_new(NULL);
    const struct auger_path path = path_from("192.0.2.9:1");
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_mux_event event;

    (void)state;
    size_t len = write_check("invitation:them", buf, sizeof(buf));
    buf[len - 1] ^= 1; /* FINGERPRINT */
    assert_null(auger_mux_find(stage->mux, stage->now, &path, buf, len));
    assert_null(auger_mux_find(stage->mux, stage->now, &path, buf, len - 8));
    find_check(stage, "no colon", "192.0.2.9:1");
    find_check(stage, "abc:them", "192.0.2.9:1");
    find_check(stage, "abcd\n:them", "192.0.2.9:1");
    find_check(stage, "abcd:the", "192.0.2.9:1");
    find_check(stage, "abcd:them:all", "192.0.2.9:1");
    assert_false(auger_mux_poll_event(stage->mux, &event));
    assert_int_equal(counters(stage).malformed, 6);
    assert_int_equal(counters(stage).strays, 1); /* cut short it is no STUN */
    stage_free(stage);
}

static void a_rate_of_none_tells_none(void **state)
{
    struct auger_mux_config config;
    struct auger_mux_event event;

    (void)state;
    auger_mux_config_init(&config);
    config.unknown_per_s = 0;
    struct stage *stage = stage_new(&config);
    find_check(stage, "invitation:them", "192.0.2.9:1");
    assert_false(auger_mux_poll_event(stage->mux, &event));
    assert_int_equal(counters(stage).unknown_untold, 1);
    stage_free(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_name_is_told_with_both_its_halves),
        cmocka_unit_test(a_repeated_check_is_told_once_in_a_second),
        cmocka_unit_test(a_flood_takes_no_memory_and_tells_no_more_than_the_rate),
        cmocka_unit_test(who_is_not_asked_for_events_keeps_sixteen),
        cmocka_unit_test(one_address_cannot_take_all_the_room),
        cmocka_unit_test(what_is_no_check_is_not_told),
        cmocka_unit_test(a_rate_of_none_tells_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
