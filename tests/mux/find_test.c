/* To whom a datagram belongs: a check by its name, an answer by its tag. */
#include "tests/mux/stage.h"

static void a_check_is_found_by_the_whole_of_our_ufrag(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *abcd = add_named(stage, "abcd"), *abcde = add_named(stage, "abcde");

    (void)state;
    assert_ptr_equal(find_check(stage, "abcd:them", "192.0.2.9:1"), abcd);
    assert_ptr_equal(find_check(stage, "abcde:them", "192.0.2.9:1"), abcde);
    assert_string_equal(auger_mux_user(abcd), "abcd");
    stage_free(stage);
}

static void neither_a_prefix_nor_a_longer_name_is_the_name(void **state)
{
    static const char *const wrong[] = {"abcdefg:them", "abcdefghi:them", "abcdefgH:them",
                                        "abcdefgh",     "them:abcdefgh",  ":abcdefgh",
                                        "abc:them",     " abcdefgh:them"};
    struct stage *stage = stage_new(NULL);

    (void)state;
    add_named(stage, "abcdefgh");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_null(find_check(stage, wrong[i], "192.0.2.9:1"));
    assert_int_equal(counters(stage).found_by_name, 0);
    stage_free(stage);
}

static void a_name_belongs_to_one_session(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *first = add_named(stage, "abcd"), *second;
    const char *both[] = {"efgh", "abcd"};

    (void)state;
    assert_int_equal(auger_mux_add(stage->mux, NULL, &second), 0);
    assert_int_equal(auger_mux_set_names(stage->mux, second, both, 2), AUGER_ERR_NAME_TAKEN);
    assert_ptr_equal(find_check(stage, "abcd:them", "192.0.2.9:1"), first);
    assert_null(find_check(stage, "efgh:them", "192.0.2.9:1"));
    auger_mux_remove(stage->mux, first);
    assert_int_equal(auger_mux_set_names(stage->mux, second, both, 2), 0);
    assert_ptr_equal(find_check(stage, "abcd:them", "192.0.2.9:1"), second);
    stage_free(stage);
}

static void names_of_two_generations_lead_to_one_session(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *session = add_named(stage, "olduf");
    const char *restarting[] = {"newuf", "olduf"}, *restarted[] = {"newuf"};

    (void)state;
    assert_int_equal(auger_mux_set_names(stage->mux, session, restarting, 2), 0);
    assert_ptr_equal(find_check(stage, "olduf:them", "192.0.2.9:1"), session);
    assert_ptr_equal(find_check(stage, "newuf:them", "192.0.2.9:1"), session);
    assert_int_equal(auger_mux_set_names(stage->mux, session, restarted, 1), 0);
    assert_null(find_check(stage, "olduf:them", "192.0.2.9:1"));
    assert_ptr_equal(find_check(stage, "newuf:them", "192.0.2.9:1"), session);
    stage_free(stage);
}

static void what_is_no_ufrag_is_no_name(void **state)
{
    static char long_name[AUGER_UFRAG_MAX + 1];
    const char *too_long = long_name, *too_short = "abc";
    const char *four[] = {"aaaa", "bbbb", "cccc", "dddd"};
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *session = add_named(stage, "abcd");

    (void)state;
    memset(long_name, 'a', AUGER_UFRAG_MAX);
    assert_int_equal(auger_mux_set_names(stage->mux, session, &too_long, 1), AUGER_ERR_INVALID);
    assert_int_equal(auger_mux_set_names(stage->mux, session, &too_short, 1), AUGER_ERR_INVALID);
    assert_int_equal(auger_mux_set_names(stage->mux, session, four, 4), AUGER_ERR_INVALID);
    assert_ptr_equal(find_check(stage, "abcd:them", "192.0.2.9:1"), session);
    stage_free(stage);
}

/* One STUN server answers all of them, from one address. */
static void an_answer_is_found_by_its_tag_wherever_it_comes_from(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *a = add_named(stage, "aaaa"), *b = add_named(stage, "bbbb");

    (void)state;
    assert_int_not_equal(auger_mux_tag(a), auger_mux_tag(b));
    assert_ptr_equal(find_answer(stage, auger_mux_tag(a), "198.51.100.1:3478"), a);
    assert_ptr_equal(find_answer(stage, auger_mux_tag(b), "198.51.100.1:3478"), b);
    assert_null(find_answer(stage, auger_mux_tag(b) + 1, "198.51.100.1:3478"));
    assert_int_equal(counters(stage).found_by_tag, 2);
    assert_int_equal(counters(stage).unknown_answers, 1);
    stage_free(stage);
}

static void after_removal_nothing_leads_to_a_session(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *session = add_named(stage, "abcd");
    const struct auger_path path = path_from("192.0.2.9:1");
    uint32_t tag = auger_mux_tag(session);

    (void)state;
    assert_int_equal(auger_mux_claim(stage->mux, session, &path), 0);
    auger_mux_remove(stage->mux, session);
    assert_null(find_check(stage, "abcd:them", "192.0.2.9:1"));
    assert_null(find_answer(stage, tag, "192.0.2.9:1"));
    assert_null(find_data(stage, "192.0.2.9:1"));
    stage_free(stage);
}

static void sessions_have_a_bound(void **state)
{
    struct auger_mux_config config;
    struct auger_mux_session *first, *second, *third;

    (void)state;
    auger_mux_config_init(&config);
    config.sessions_max = 2;
    struct stage *stage = stage_new(&config);
    assert_int_equal(auger_mux_add(stage->mux, NULL, &first), 0);
    assert_int_equal(auger_mux_add(stage->mux, NULL, &second), 0);
    assert_int_equal(auger_mux_add(stage->mux, NULL, &third), AUGER_ERR_LIMIT);
    auger_mux_remove(stage->mux, first);
    assert_int_equal(auger_mux_add(stage->mux, NULL, &third), 0);
    stage_free(stage);
}

/* Each allocation fails in turn: the call says so, and all that was there is found. */
static void without_memory_a_call_fails_and_changes_nothing(void **state)
{
    const char *names[] = {"newuf", "olduf"};
    const struct auger_path path = path_from("192.0.2.9:1");

    (void)state;
    for (size_t fail = 1; fail < 5; fail++) {
        struct stage *stage = stage_new(NULL);
        struct auger_mux_session *old = add_named(stage, "olduf"), *other = NULL;
        stage->fail_at = stage->allocations + fail;
        int err = auger_mux_set_names(stage->mux, old, names, 2);
        if (err == 0)
            err = auger_mux_claim(stage->mux, old, &path);
        if (err == 0)
            err = auger_mux_add(stage->mux, NULL, &other);
        assert_int_equal(err, fail < 6 ? AUGER_ERR_NO_MEMORY : 0);
        assert_ptr_equal(find_check(stage, "olduf:them", "192.0.2.9:1"), old);
        stage_free(stage);
    }
}

/* Lookups are counted, not timed. */
static void a_hundred_thousand_sessions_are_found_in_as_many_steps_as_ten(void **state)
{
    enum { MANY = 100000 };
    struct auger_mux_session **sessions = calloc(MANY, sizeof(*sessions));
    struct auger_mux_config config;
    char name[32], username[48];
    const char *ufrag = name;

    (void)state;
    assert_non_null(sessions);
    auger_mux_config_init(&config);
    config.sessions_max = MANY;
    struct stage *stage = stage_new(&config);
    for (uint32_t i = 0; i < MANY; i++) {
        struct auger_path path = path_from("192.0.2.9:1");
        path.remote.ip[1] = (uint8_t)(i >> 16), path.remote.ip[2] = (uint8_t)(i >> 8);
        path.remote.ip[3] = (uint8_t)i;
        snprintf(name, sizeof(name), "user%u", i);
        assert_int_equal(auger_mux_add(stage->mux, NULL, &sessions[i]), 0);
        assert_int_equal(auger_mux_set_names(stage->mux, sessions[i], &ufrag, 1), 0);
        assert_int_equal(auger_mux_claim(stage->mux, sessions[i], &path), 0);
    }
    struct auger_mux_counters before = counters(stage);
    for (uint32_t i = 0; i < MANY; i += 97) {
        snprintf(username, sizeof(username), "user%u:them", i);
        assert_ptr_equal(find_check(stage, username, "192.0.2.9:1"), sessions[i]);
        assert_ptr_equal(find_answer(stage, auger_mux_tag(sessions[i]), "192.0.2.9:1"),
                         sessions[i]);
    }
    struct auger_mux_counters after = counters(stage);
    assert_true(after.steps - before.steps < 2 * (after.lookups - before.lookups));
    assert_true(before.moves < 3 * 3 * (uint64_t)MANY); /* three tables, doubled */

    for (uint32_t i = 0; i < MANY; i++)
        auger_mux_remove(stage->mux, sessions[i]);
    assert_true(stage->blocks < 10); /* the tables alone */
    free(sessions);
    stage_free(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_is_found_by_the_whole_of_our_ufrag),
        cmocka_unit_test(neither_a_prefix_nor_a_longer_name_is_the_name),
        cmocka_unit_test(a_name_belongs_to_one_session),
        cmocka_unit_test(names_of_two_generations_lead_to_one_session),
        cmocka_unit_test(what_is_no_ufrag_is_no_name),
        cmocka_unit_test(an_answer_is_found_by_its_tag_wherever_it_comes_from),
        cmocka_unit_test(after_removal_nothing_leads_to_a_session),
        cmocka_unit_test(sessions_have_a_bound),
        cmocka_unit_test(without_memory_a_call_fails_and_changes_nothing),
        cmocka_unit_test(a_hundred_thousand_sessions_are_found_in_as_many_steps_as_ten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
