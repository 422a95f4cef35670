/* Memory runs out under <auger/mux.h> and <auger/ice_share.h>: with the n-th block missing, for
 * every n, a call fails, changes nothing, and succeeds when it is made again.  Looking up a
 * datagram takes none. */
#include "tests/memory/sweep.h"

#include "tests/mux/stage.h"

#define BLOCKS_MAX 100

/* What failed for want of memory is done again, and has it. */
#define AGAIN(call)                                                                                \
    do {                                                                                           \
        int err = (int)SWEPT(call);                                                                \
        if (err == AUGER_ERR_NO_MEMORY)                                                            \
            err = (int)SWEPT(call);                                                                \
        assert_int_equal(err, 0);                                                                  \
    } while (0)

static const char name[] = "olduf";

static void look_up(struct stage *stage, const struct auger_mux_session *session,
                    const struct auger_path *path)
{
    static const uint8_t record[] = {22, 254, 253, 0, 0};
    struct auger_mux_event event;
    struct auger_mux_counters counters;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    unsigned long taken = sweep.taken;

    for (int known = 0; known < 2; known++) {
        size_t len = write_check(known ? "olduf:them" : "nobody:them", buf, sizeof(buf));
        const void *found =
            (void *)SWEPT((long)auger_mux_find(stage->mux, stage->now, path, buf, len));
        assert_ptr_equal(found, known ? session : NULL);
    }
    assert_ptr_equal(
        (void *)SWEPT((long)auger_mux_find(stage->mux, stage->now, path, record, sizeof(record))),
        session);
    assert_true(SWEPT(auger_mux_poll_event(stage->mux, &event)));
    assert_string_equal(event.ours, "nobody");
    SWEPT_VOID(auger_mux_get_counters(stage->mux, &counters));
    assert_int_equal(sweep.taken, taken);
}

static void use_sessions(struct stage *stage)
{
    const struct auger_path path = path_from("192.0.2.9:1"), other = path_from("192.0.2.9:2");
    const char *names[] = {"newuf", name}, *first = name;
    struct auger_mux_session *session, *rival;

    AGAIN(auger_mux_add(stage->mux, stage, &session));
    AGAIN(auger_mux_add(stage->mux, NULL, &rival));
    AGAIN(auger_mux_set_names(stage->mux, session, &first, 1));
    AGAIN(auger_mux_set_names(stage->mux, session, names, 2));
    AGAIN(auger_mux_hear(stage->mux, session, &path));
    AGAIN(auger_mux_claim(stage->mux, session, &path));
    AGAIN(auger_mux_claim(stage->mux, session, &other));
    assert_ptr_equal((void *)SWEPT((long)auger_mux_user(session)), stage);
    assert_true(SWEPT(auger_mux_is_taken(stage->mux, rival, &path)));
    SWEPT_VOID(auger_mux_release(stage->mux, session, &other));
    SWEPT_VOID(auger_mux_set_lost(session, false));
    look_up(stage, session, &path);
    SWEPT_VOID(auger_mux_remove(stage->mux, rival));
}

static void use_agent(struct stage *stage)
{
    static const char password[] = "0123456789012345678901";
    const struct auger_path path = path_from("192.0.2.9:3");
    const char *ufrags[AUGER_ICE_UFRAGS_MAX];
    struct auger_ice_want wants[AUGER_ICE_WANTS_MAX];
    struct auger_mux_session *session;
    struct auger_path at;
    struct auger_ice *ice;

    assert_int_equal(auger_ice_new(&ice, &stage->env, NULL), 0);
    AGAIN(auger_mux_add(stage->mux, ice, &session));
    assert_int_equal(SWEPT(auger_ice_share_sockets(ice, auger_mux_tag(session))), 0);
    AGAIN(auger_ice_set_local_credentials(ice, "agents", password));
    AGAIN(auger_mux_settle(stage->mux, session, ice, &at));
    assert_ptr_equal(find_check(stage, "agents:them", "192.0.2.9:3"), session);
    assert_int_equal(SWEPT((long)auger_ice_local_ufrags(ice, ufrags)), 1);
    assert_int_equal(SWEPT((long)auger_ice_wants(ice, wants)), 0);
    assert_false(SWEPT(auger_ice_heard_on(ice, &at)));
    assert_int_equal(SWEPT(auger_ice_refuse_path(ice, stage->now, &path)), AUGER_ERR_NOT_FOUND);
    SWEPT_VOID(auger_mux_remove(stage->mux, session));
    auger_ice_free(ice);
}

/* Whether a block was missing. */
static bool walk_with_missing(unsigned long n)
{
    struct stage *stage = stage_new(NULL);

    auger_mux_free(stage->mux);
    stage->mux = NULL;
    sweep_begin(n);
    int err = (int)SWEPT(auger_mux_new(&stage->mux, &stage->env, NULL));
    if (err) {
        assert_int_equal(err, AUGER_ERR_NO_MEMORY);
        assert_null(stage->mux);
        assert_int_equal(stage->blocks, 0);
        assert_int_equal(SWEPT(auger_mux_new(&stage->mux, &stage->env, NULL)), 0);
    }
    use_sessions(stage);
    use_agent(stage);
    bool failed = sweep_end();
    stage_free(stage);
    return failed;
}

static void test_each_block_of_a_mux_may_be_missing(void **state)
{
    unsigned long n = 1;

    (void)state;
    while (walk_with_missing(n))
        assert_true(++n < BLOCKS_MAX);
    assert_true(n > 8); /* it is a walk through something */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_block_of_a_mux_may_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
