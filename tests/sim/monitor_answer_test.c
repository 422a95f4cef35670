/* What a TURN server answers, or does not: what the agent loses by that, and what not. */
#include "tests/sim/monitor_relay_stage.h"

static void a_request_to_the_server_is_sent_7_times_at_most(void **state)
{
    for (int i = 0; i < 7; i++)
        says(*state, i,
             &(struct turn_msg){
                 .class_ = AUGER_STUN_REQUEST, .method = AUGER_STUN_REFRESH, .tid = 1});
    holds(*state);
    says(*state, 7,
         &(struct turn_msg){.class_ = AUGER_STUN_REQUEST, .method = AUGER_STUN_REFRESH, .tid = 1});
    breaks(*state, '3');
}

static void asks_for_allocation(struct stage *stage, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        asks_server(stage, AUGER_STUN_ALLOCATE, true);
}

static void an_allocate_of_seven_datagrams_without_an_answer_was_in_vain(void **state)
{
    struct stage *stage = *state;

    asks_for_allocation(stage, 6);
    assert_int_equal(monitor_allocates_in_vain(stage->monitor), 0);
    asks_for_allocation(stage, 1);
    assert_int_equal(monitor_allocates_in_vain(stage->monitor), 1);
    for (int i = 0; i < 2; i++)
        is_refused(stage, AUGER_STUN_ALLOCATE, AUGER_STUN_UNAUTHENTICATED);
    assert_int_equal(monitor_allocates_in_vain(stage->monitor), 0);
    holds(stage);
}

static void one_that_is_sent_on_though_it_was_answered_was_not(void **state)
{
    struct stage *stage = *state;

    asks_for_allocation(stage, 1);
    is_refused(stage, AUGER_STUN_ALLOCATE, AUGER_STUN_UNAUTHENTICATED);
    asks_for_allocation(stage, 6);
    assert_int_equal(monitor_allocates_in_vain(stage->monitor), 0);
}

static void asks_where_it_is_seen(struct stage *stage, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        says(stage, AUGER_SEC,
             &(struct turn_msg){.class_ = AUGER_STUN_REQUEST,
                                .method = AUGER_STUN_BINDING,
                                .tid = 20,
                                .is_unsigned = true});
}

static void is_told_where_it_is_seen(struct stage *stage)
{
    is_told(
        stage, AUGER_SEC,
        &(struct turn_msg){.class_ = AUGER_STUN_SUCCESS, .method = AUGER_STUN_BINDING, .tid = 20});
}

static void in_vain_is_asked_where_one_is_seen_if_nobody_answers_while_gathering(void **state)
{
    for (int has_relay = 0; has_relay < 2; has_relay++) {
        struct stage *stage = *state;

        if (has_relay)
            allocate(stage);
        asks_where_it_is_seen(stage, 4);
        assert_int_equal(monitor_bindings_in_vain(stage->monitor), 0);
        asks_where_it_is_seen(stage, 2);
        assert_int_equal(monitor_bindings_in_vain(stage->monitor), 1);
        assert_int_equal(monitor_bindings_heard(stage->monitor), 0);
        for (int i = 0; i < 2; i++)
            is_told_where_it_is_seen(stage);
        assert_int_equal(monitor_bindings_in_vain(stage->monitor), 0);
        assert_int_equal(monitor_bindings_heard(stage->monitor), 1);
        holds(stage);
        tear_down(state);
        set_up_relay(state);
    }
}

static void one_that_was_answered_before_was_asked_with_success(void **state)
{
    struct stage *stage = *state;

    asks_where_it_is_seen(stage, 1);
    is_told_where_it_is_seen(stage);
    asks_where_it_is_seen(stage, 6);
    assert_int_equal(monitor_bindings_in_vain(stage->monitor), 0);
    assert_int_equal(monitor_bindings_heard(stage->monitor), 1);
}

static void one_is_adrift_if_the_server_says_so(void **state)
{
    static const struct {
        uint16_t method, code;
        bool fine;
    } cases[] = {{AUGER_STUN_REFRESH, AUGER_STUN_ALLOCATION_MISMATCH, true},
                 {AUGER_STUN_CREATE_PERMISSION, AUGER_STUN_ALLOCATION_MISMATCH, true},
                 {AUGER_STUN_REFRESH, AUGER_STUN_FORBIDDEN, true},
                 {AUGER_STUN_REFRESH, AUGER_STUN_SERVER_ERROR, false},
                 {AUGER_STUN_CREATE_PERMISSION, AUGER_STUN_FORBIDDEN, false},
                 {AUGER_STUN_REFRESH, AUGER_STUN_STALE_NONCE, false}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        begin_on_the_relay(*state);
        asks_server(*state, cases[i].method, false);
        is_refused(*state, cases[i].method, cases[i].code);
        wants_a_restart(*state);
        if (cases[i].fine)
            holds(*state);
        else
            breaks(*state, '1');
        tear_down(state);
        set_up_relay(state);
    }
}

static void nothing_leaves_by_a_relay_that_is_lost(void **state)
{
    begin_on_the_relay(*state);
    asks_server(*state, AUGER_STUN_REFRESH, false);
    is_refused(*state, AUGER_STUN_REFRESH, AUGER_STUN_ALLOCATION_MISMATCH);
    sends_data_inside(*state, 0);
    breaks(*state, '5');
}

/* What repeats a request may be answered otherwise than the first: nobody waits for it. */
static void a_request_whose_nonce_was_stale_is_over(void **state)
{
    begin_on_the_relay(*state);
    asks_server(*state, AUGER_STUN_REFRESH, false);
    is_told(*state, 0,
            &(struct turn_msg){.class_ = AUGER_STUN_ERROR,
                               .method = AUGER_STUN_REFRESH,
                               .tid = 102,
                               .error_code = AUGER_STUN_STALE_NONCE,
                               .is_unsigned = true});
    is_refused(*state, AUGER_STUN_REFRESH, AUGER_STUN_ALLOCATION_MISMATCH);
    sends_data_inside(*state, 0);
    holds(*state);
}

/* The answer of the server to what it was asked before may come behind a new allocation. */
static void what_was_asked_of_another_allocation_loses_none(void **state)
{
    static const struct {
        auger_time asked_at;
        bool fine;
    } cases[] = {{AUGER_SEC - 1, true}, {AUGER_SEC, false}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        asks_server_at(*state, cases[i].asked_at, AUGER_STUN_REFRESH, false);
        allocate_at(*state, AUGER_SEC);
        sends_check(*state, AUGER_SEC, 1);
        is_answered_inside(*state, AUGER_SEC, 1);
        is_refused(*state, AUGER_STUN_REFRESH, AUGER_STUN_ALLOCATION_MISMATCH);
        sends_data_inside(*state, AUGER_SEC);
        if (cases[i].fine)
            holds(*state);
        else
            breaks(*state, '5');
        tear_down(state);
        set_up_relay(state);
    }
}

static void a_server_does_not_refuse_the_right_password(void **state)
{
    asks_server(*state, AUGER_STUN_REFRESH, true);
    is_refused(*state, AUGER_STUN_REFRESH, AUGER_STUN_UNAUTHENTICATED);
    holds(*state);
    asks_server(*state, AUGER_STUN_REFRESH, false);
    is_refused(*state, AUGER_STUN_REFRESH, AUGER_STUN_UNAUTHENTICATED);
    breaks(*state, '5');
}

/* 8489 section 9.2.5: if the server does not say otherwise before. */
static void where_somebody_forges_a_401_counts_in_the_end(void **state)
{
    static const struct {
        uint16_t method;
        bool is_unsigned, is_answered;
        auger_time at;
        bool fine;
    } cases[] = {{AUGER_STUN_REFRESH, false, false, 1500 * AUGER_MS, true},
                 {AUGER_STUN_REFRESH, false, false, 1499 * AUGER_MS, false},
                 {AUGER_STUN_REFRESH, false, true, 1500 * AUGER_MS, false},
                 {AUGER_STUN_REFRESH, true, false, 1500 * AUGER_MS, false},
                 {AUGER_STUN_CREATE_PERMISSION, false, false, 1500 * AUGER_MS, false}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        monitor_expect_forgeries(((struct stage *)*state)->monitor);
        begin_on_the_relay(*state);
        asks_server(*state, cases[i].method, cases[i].is_unsigned);
        is_refused(*state, cases[i].method, AUGER_STUN_UNAUTHENTICATED);
        if (cases[i].is_answered)
            is_told(*state, 0,
                    &(struct turn_msg){
                        .class_ = AUGER_STUN_SUCCESS, .method = AUGER_STUN_REFRESH, .tid = 102});
        wants_a_restart_at(*state, cases[i].at);
        if (cases[i].fine)
            holds(*state);
        else
            breaks(*state, '1');
        tear_down(state);
        set_up_relay(state);
    }
}

/* 8656 section 11.4: without a permission that it knows of the agent drops what comes. */
static void a_request_that_was_refused_is_over_in_the_end(void **state)
{
    static const struct {
        auger_time at;
        bool fine;
    } cases[] = {{1499 * AUGER_MS, false}, {1500 * AUGER_MS, true}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        monitor_expect_forgeries(((struct stage *)*state)->monitor);
        begin_on_the_relay(*state);
        asks_server(*state, AUGER_STUN_CREATE_PERMISSION, false);
        is_refused(*state, AUGER_STUN_CREATE_PERMISSION, AUGER_STUN_UNAUTHENTICATED);
        is_refused_at(*state, cases[i].at, AUGER_STUN_CREATE_PERMISSION,
                      AUGER_STUN_ALLOCATION_MISMATCH);
        sends_data_inside(*state, cases[i].at);
        if (cases[i].fine)
            holds(*state);
        else
            breaks(*state, '5');
        tear_down(state);
        set_up_relay(state);
    }
}

/* Nor may it answer that. */
static void a_server_that_is_not_heard_takes_nothing_back(void **state)
{
    struct stage *stage = *state;

    begin_on_the_relay(stage);
    asks_server(stage, AUGER_STUN_REFRESH, false);
    enters(stage, 31 * AUGER_SEC, AUGER_ICE_FAILED);
    is_refused_at(stage, 32 * AUGER_SEC, AUGER_STUN_REFRESH, AUGER_STUN_ALLOCATION_MISMATCH);
    monitor_restarted(stage->monitor, "ours2", "another-password-of-24-ch");
    sends_check(stage, 33 * AUGER_SEC, 9);
    holds(stage);
}

SCENARIOS(relay_staged(a_request_to_the_server_is_sent_7_times_at_most),
          relay_staged(an_allocate_of_seven_datagrams_without_an_answer_was_in_vain),
          relay_staged(one_that_is_sent_on_though_it_was_answered_was_not),
          relay_staged(in_vain_is_asked_where_one_is_seen_if_nobody_answers_while_gathering),
          relay_staged(one_that_was_answered_before_was_asked_with_success),
          relay_staged(one_is_adrift_if_the_server_says_so),
          relay_staged(nothing_leaves_by_a_relay_that_is_lost),
          relay_staged(a_request_whose_nonce_was_stale_is_over),
          relay_staged(what_was_asked_of_another_allocation_loses_none),
          relay_staged(a_server_does_not_refuse_the_right_password),
          relay_staged(where_somebody_forges_a_401_counts_in_the_end),
          relay_staged(a_request_that_was_refused_is_over_in_the_end),
          relay_staged(a_server_that_is_not_heard_takes_nothing_back))
