/* Which 5-tuple belongs to which session: what was proved counts, what was only heard
 * serves while nobody else says the same. */
#include "tests/mux/stage.h"

static void data_is_brought_to_who_was_heard_there(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *session = add_named(stage, "aaaa");
    const struct auger_path path = path_from("192.0.2.9:1");

    (void)state;
    assert_null(find_data(stage, "192.0.2.9:1"));
    assert_int_equal(auger_mux_hear(stage->mux, session, &path), 0);
    assert_ptr_equal(find_data(stage, "192.0.2.9:1"), session);
    assert_null(find_data(stage, "192.0.2.9:2"));
    assert_null(find_data(stage, "192.0.2.8:1"));
    assert_int_equal(counters(stage).strays, 3);
    stage_free(stage);
}

static void one_port_of_ours_is_not_another(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *a = add_named(stage, "aaaa"), *b = add_named(stage, "bbbb");
    struct auger_path here = path_from("192.0.2.9:1"), there = here;

    (void)state;
    there.local.port++;
    assert_int_equal(auger_mux_claim(stage->mux, a, &here), 0);
    assert_int_equal(auger_mux_claim(stage->mux, b, &there), 0);
    assert_ptr_equal(find_data(stage, "192.0.2.9:1"), a);
    stage_free(stage);
}

/* It knows a password, that of its own session, and forges the source. */
static void hearing_takes_nothing_from_who_has_claimed(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *victim = add_named(stage, "aaaa"), *thief = add_named(stage, "bbbb");
    const struct auger_path path = path_from("192.0.2.9:1");

    (void)state;
    assert_int_equal(auger_mux_claim(stage->mux, victim, &path), 0);
    assert_int_equal(auger_mux_hear(stage->mux, thief, &path), 0);
    assert_ptr_equal(find_data(stage, "192.0.2.9:1"), victim);
    assert_int_equal(auger_mux_claim(stage->mux, thief, &path), AUGER_ERR_PATH_TAKEN);
    assert_true(auger_mux_is_taken(stage->mux, thief, &path));
    assert_false(auger_mux_is_taken(stage->mux, victim, &path));
    assert_ptr_equal(find_data(stage, "192.0.2.9:1"), victim);
    stage_free(stage);
}

static void who_was_there_first_by_hearing_alone_gives_way_to_a_claim(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *squatter = add_named(stage, "bbbb"),
                             *owner = add_named(stage, "aaaa");
    const struct auger_path path = path_from("192.0.2.9:1");

    (void)state;
    assert_int_equal(auger_mux_hear(stage->mux, squatter, &path), 0);
    assert_int_equal(auger_mux_claim(stage->mux, owner, &path), 0);
    assert_ptr_equal(find_data(stage, "192.0.2.9:1"), owner);
    stage_free(stage);
}

static void data_that_could_be_of_two_is_nobodys(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *a = add_named(stage, "aaaa"), *b = add_named(stage, "bbbb");
    const struct auger_path path = path_from("192.0.2.9:1");

    (void)state;
    assert_int_equal(auger_mux_hear(stage->mux, a, &path), 0);
    assert_int_equal(auger_mux_hear(stage->mux, b, &path), 0);
    assert_null(find_data(stage, "192.0.2.9:1"));
    assert_int_equal(counters(stage).ambiguous, 1);
    auger_mux_remove(stage->mux, b);
    assert_ptr_equal(find_data(stage, "192.0.2.9:1"), a);
    stage_free(stage);
}

static void a_released_path_can_be_claimed(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *a = add_named(stage, "aaaa"), *b = add_named(stage, "bbbb");
    const struct auger_path path = path_from("192.0.2.9:1");

    (void)state;
    assert_int_equal(auger_mux_claim(stage->mux, a, &path), 0);
    assert_int_equal(auger_mux_claim(stage->mux, a, &path), 0);
    auger_mux_release(stage->mux, b, &path); /* not its own */
    assert_int_equal(auger_mux_claim(stage->mux, b, &path), AUGER_ERR_PATH_TAKEN);
    auger_mux_release(stage->mux, a, &path);
    assert_int_equal(auger_mux_claim(stage->mux, b, &path), 0);
    assert_ptr_equal(find_data(stage, "192.0.2.9:1"), b);
    stage_free(stage);
}

/* A tab was closed without a word, and its port is another's now. */
static void who_lost_its_peer_loses_the_path_to_who_proves_it(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *old = add_named(stage, "aaaa"), *fresh = add_named(stage, "bbbb");
    const struct auger_path path = path_from("192.0.2.9:1");

    (void)state;
    assert_int_equal(auger_mux_claim(stage->mux, old, &path), 0);
    auger_mux_set_lost(old, true);
    assert_ptr_equal(find_data(stage, "192.0.2.9:1"), old);
    assert_int_equal(auger_mux_claim(stage->mux, fresh, &path), 0);
    auger_mux_set_lost(old, false);
    assert_ptr_equal(find_data(stage, "192.0.2.9:1"), fresh);
    assert_int_equal(auger_mux_claim(stage->mux, old, &path), AUGER_ERR_PATH_TAKEN);
    stage_free(stage);
}

static void paths_of_a_session_have_a_bound_and_claims_stay(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *session = add_named(stage, "aaaa");
    struct auger_path path = path_from("192.0.2.9:1");

    (void)state;
    assert_int_equal(auger_mux_claim(stage->mux, session, &path), 0);
    size_t blocks = 0;
    for (uint16_t port = 1000; port < 6000; port++) {
        path.remote.port = port;
        assert_int_equal(auger_mux_hear(stage->mux, session, &path), 0);
        if (port == 1100)
            blocks = stage->blocks;
    }
    assert_int_equal(stage->blocks, blocks);
    assert_ptr_equal(find_data(stage, "192.0.2.9:1"), session);
    assert_ptr_equal(find_data(stage, "192.0.2.9:5999"), session);
    assert_null(find_data(stage, "192.0.2.9:1000"));
    stage_free(stage);
}

static void claims_alone_can_fill_a_session(void **state)
{
    struct auger_mux_config config;
    struct auger_path path = path_from("192.0.2.9:1");

    (void)state;
    auger_mux_config_init(&config);
    config.paths_max = 3;
    struct stage *stage = stage_new(&config);
    struct auger_mux_session *session = add_named(stage, "aaaa");
    for (; path.remote.port <= 3; path.remote.port++)
        assert_int_equal(auger_mux_claim(stage->mux, session, &path), 0);
    assert_int_equal(auger_mux_claim(stage->mux, session, &path), AUGER_ERR_LIMIT);
    assert_int_equal(auger_mux_hear(stage->mux, session, &path), AUGER_ERR_LIMIT);
    assert_ptr_equal(find_data(stage, "192.0.2.9:1"), session);
    stage_free(stage);
}

/* The scope of a link-local address is that of our own end. */
static void the_scope_of_the_remote_address_does_not_matter(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_mux_session *session = add_named(stage, "aaaa");
    struct auger_path path = {addr_of("[fe80::1]:3000"), addr_of("[fe80::2]:9")};
    static const uint8_t record[] = {22, 254, 253};

    (void)state;
    path.local.scope = 2;
    assert_int_equal(auger_mux_claim(stage->mux, session, &path), 0);
    path.remote.scope = 2;
    assert_ptr_equal(auger_mux_find(stage->mux, stage->now, &path, record, 3), session);
    path.local.scope = 3;
    assert_null(auger_mux_find(stage->mux, stage->now, &path, record, 3));
    stage_free(stage);
}

/* Both ends have one port: ten thousand sessions are heard along one path. */
static void ten_thousand_on_one_path_are_no_long_chain(void **state)
{
    enum { MANY = 10000 };
    struct auger_mux_session *first = NULL, *session;
    struct stage *stage = stage_new(NULL);
    const struct auger_path path = path_from("192.0.2.9:1");

    (void)state;
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(auger_mux_add(stage->mux, NULL, &session), 0);
        assert_int_equal(auger_mux_hear(stage->mux, session, &path), 0);
        if (!first)
            first = session;
    }
    assert_int_equal(auger_mux_claim(stage->mux, first, &path), 0);
    uint64_t steps = counters(stage).steps;
    assert_ptr_equal(find_data(stage, "192.0.2.9:1"), first);
    assert_int_equal(counters(stage).steps - steps, 1);
    stage_free(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_is_brought_to_who_was_heard_there),
        cmocka_unit_test(one_port_of_ours_is_not_another),
        cmocka_unit_test(hearing_takes_nothing_from_who_has_claimed),
        cmocka_unit_test(who_was_there_first_by_hearing_alone_gives_way_to_a_claim),
        cmocka_unit_test(data_that_could_be_of_two_is_nobodys),
        cmocka_unit_test(a_released_path_can_be_claimed),
        cmocka_unit_test(who_lost_its_peer_loses_the_path_to_who_proves_it),
        cmocka_unit_test(paths_of_a_session_have_a_bound_and_claims_stay),
        cmocka_unit_test(claims_alone_can_fill_a_session),
        cmocka_unit_test(the_scope_of_the_remote_address_does_not_matter),
        cmocka_unit_test(ten_thousand_on_one_path_are_no_long_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
