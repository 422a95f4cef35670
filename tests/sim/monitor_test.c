/* Each invariant is shown a forged agent that breaks it, and an honest one that does not. */
#include "tests/sim/monitor_stage.h"

/* --- 1, 2: where data may go ------------------------------------------------ */

static void data_needs_a_success_of_our_own(void **state)
{
    struct stage *stage = *state;

    is_asked(stage, 0, (struct forged){.tid = 9}); /* the peer's check is not enough */
    sends_data(stage, 0);
    breaks(stage, '1');
}

static void data_after_a_success_is_fine(void **state)
{
    struct stage *stage = *state;

    asks(stage, 0, (struct forged){.tid = 1});
    is_answered(stage, AUGER_MS, 1);
    sends_data(stage, 30 * AUGER_SEC + AUGER_MS);
    holds(stage);
}

/* RFC 8445 section 11 */
static void a_keepalive_goes_where_data_may(void **state)
{
    struct stage *stage = *state;
    struct auger_stun_builder b;
    uint8_t buf[64];

    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_INDICATION, AUGER_STUN_BINDING,
                           &(struct auger_stun_tid){{3}});
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    asks(stage, 0, (struct forged){.tid = 1});
    is_answered(stage, AUGER_MS, 1);
    monitor_sent(stage->monitor, AUGER_SEC, &path, buf, (size_t)len);
    holds(stage);
    monitor_sent(stage->monitor, 31 * AUGER_SEC, &path, buf, (size_t)len);
    breaks(stage, '2');
}

/* RFC 6544 section 11.1 */
static void data_along_another_stream_needs_a_success_of_its_own(void **state)
{
    struct stage *stage = *state;
    const struct auger_path other = {path.remote, path.local};

    asks(stage, 0, (struct forged){.tid = 1});
    is_answered(stage, AUGER_MS, 1);
    monitor_stream_lost(stage->monitor, 0, &other);
    sends_data(stage, AUGER_SEC);
    holds(stage);
    monitor_stream_lost(stage->monitor, 0, &path);
    sends_data(stage, AUGER_SEC);
    breaks(stage, '1');
}

/* Of a lite agent the peer's USE-CANDIDATE is: RFC 8445 section 7.3.2. */
static void data_of_a_lite_agent_needs_a_nomination(void **state)
{
    struct stage *stage = *state;

    monitor_make_lite(stage->monitor);
    is_asked(stage, 0, (struct forged){.tid = 9, .nominates = true});
    sends_data(stage, 29 * AUGER_SEC);
    holds(stage);
    is_asked(stage, 29 * AUGER_SEC, (struct forged){.tid = 10});
    sends_data(stage, 58 * AUGER_SEC);
    holds(stage);
    sends_data(stage, 60 * AUGER_SEC);
    breaks(stage, '2');
}

static void says_yes(struct stage *stage, auger_time now, uint8_t tid)
{
    forge_success(stage, tid, stage->our_key, &path.remote);
    monitor_sent(stage->monitor, now, &path, stage->buf, stage->len);
}

static void is_nominated_and_connects(struct stage *stage)
{
    const struct auger_ice_event chosen = {.type = AUGER_ICE_EVENT_PATH, .path = path};

    monitor_make_lite(stage->monitor);
    is_asked(stage, 0, (struct forged){.tid = 9, .nominates = true});
    says_yes(stage, 0, 9);
    enters(stage, 0, AUGER_ICE_CHECKING);
    enters(stage, 0, AUGER_ICE_CONNECTED);
    monitor_event(stage->monitor, 0, &chosen);
    is_asked(stage, 29 * AUGER_SEC, (struct forged){.tid = 10});
}

static void fails(struct stage *stage, auger_time now)
{
    enters(stage, now, AUGER_ICE_DISCONNECTED);
    enters(stage, now, AUGER_ICE_FAILED);
}

static void a_lite_agent_does_not_fail_on_what_it_answers(void **state)
{
    is_nominated_and_connects(*state);
    says_yes(*state, 29 * AUGER_SEC, 10);
    fails(*state, 58 * AUGER_SEC);
    breaks(*state, '2');
}

static void a_lite_agent_may_fail_on_what_it_does_not_answer(void **state)
{
    is_nominated_and_connects(*state);
    fails(*state, 30 * AUGER_SEC);
    holds(*state);
}

/* RFC 8445 section 8.2: neither checks, and both choose among what was told. */
static void data_between_lite_agents_goes_where_was_told(void **state)
{
    struct stage *stage = *state;

    monitor_make_both_lite(stage->monitor);
    monitor_told(stage->monitor, &path.remote);
    sends_data(stage, 0);
    sends_data(stage, 60 * AUGER_SEC);
    holds(stage);
}

static void data_between_lite_agents_goes_nowhere_else(void **state)
{
    struct stage *stage = *state;

    monitor_make_both_lite(stage->monitor);
    monitor_told(stage->monitor, &path.local);
    sends_data(stage, 0);
    breaks(stage, '1');
}

static void a_lite_agent_asks_nobody(void **state)
{
    struct stage *stage = *state;

    monitor_make_lite(stage->monitor);
    asks(stage, 0, (struct forged){.tid = 1});
    breaks(stage, '0');
}

static void a_success_under_a_wrong_key_is_none(void **state)
{
    struct stage *stage = *state;

    asks(stage, 0, (struct forged){.tid = 1});
    forge_success(stage, 1, stage->our_key, &path.local);
    monitor_received(stage->monitor, 0, &path, stage->buf, stage->len);
    sends_data(stage, 0);
    breaks(stage, '1');
}

static void a_success_that_nobody_asked_for_is_none(void **state)
{
    struct stage *stage = *state;

    is_answered(stage, 0, 1);
    sends_data(stage, 0);
    breaks(stage, '1');
}

static void data_stops_30_s_after_the_last_success(void **state)
{
    struct stage *stage = *state;

    asks(stage, 0, (struct forged){.tid = 1});
    is_answered(stage, 0, 1);
    sends_data(stage, 30 * AUGER_SEC + 1);
    breaks(stage, '2');
}

static void a_success_from_elsewhere_is_none(void **state)
{
    struct stage *stage = *state;
    struct auger_path other = path;

    other.remote.port++;
    asks(stage, 0, (struct forged){.tid = 1});
    forge_success(stage, 1, stage->their_key, &path.local);
    monitor_received(stage->monitor, 0, &other, stage->buf, stage->len);
    sends_data(stage, 0);
    breaks(stage, '1');
}

static void a_second_answer_says_nothing(void **state)
{
    struct stage *stage = *state;

    asks(stage, 0, (struct forged){.tid = 1});
    is_answered(stage, 0, 1);
    is_answered(stage, AUGER_SEC, 1);
    sends_data(stage, 30 * AUGER_SEC + 1);
    breaks(stage, '2');
}

static void a_path_is_one_where_a_check_succeeded(void **state)
{
    struct stage *stage = *state;

    monitor_event(stage->monitor, 0,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_PATH, .path = path});
    breaks(stage, '1');
}

static void a_path_needs_consent(void **state)
{
    struct stage *stage = *state;

    asks(stage, 0, (struct forged){.tid = 1});
    is_answered(stage, 0, 1);
    monitor_event(stage->monitor, 30 * AUGER_SEC + 1,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_PATH, .path = path});
    breaks(stage, '2');
}

static void consent_lasts_for_30_s(void **state)
{
    static const struct {
        auger_time failed_at;
        int in_vain; /* requests since */
        bool nominates, is_answered, fine;
    } cases[] = {{30 * AUGER_SEC - 1, 0, false, false, false},
                 {30 * AUGER_SEC - 1, 6, false, false, false},
                 {30 * AUGER_SEC - 1, 7, false, false, true},
                 {30 * AUGER_SEC - 1, 7, false, true, false}, /* another one was */
                 {30 * AUGER_SEC - 1, 7, true, true, true},
                 {30 * AUGER_SEC, 0, false, false, true}};
    struct stage *stage;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        set_up((void **)&stage);
        asks(stage, 0, (struct forged){.tid = 1});
        is_answered(stage, 0, 1);
        enters(stage, 0, AUGER_ICE_CHECKING);
        monitor_event(stage->monitor, 0,
                      &(struct auger_ice_event){.type = AUGER_ICE_EVENT_PATH, .path = path});
        enters(stage, 0, AUGER_ICE_CONNECTED);
        for (int n = 0; n < cases[i].in_vain; n++)
            asks(stage, n * AUGER_SEC, (struct forged){.tid = 2, .nominates = cases[i].nominates});
        if (cases[i].is_answered) {
            asks(stage, 8 * AUGER_SEC, (struct forged){.tid = 3});
            is_answered(stage, 8 * AUGER_SEC, 3);
        }
        enters(stage, cases[i].failed_at, AUGER_ICE_FAILED);
        if (cases[i].fine)
            holds(stage);
        else
            breaks(stage, '2');
        tear_down((void **)&stage);
    }
}

static void connected_needs_a_success(void **state)
{
    struct stage *stage = *state;

    enters(stage, 0, AUGER_ICE_CHECKING);
    enters(stage, 0, AUGER_ICE_CONNECTED);
    breaks(stage, '1');
}

/* --- 3: how much, and how fast ---------------------------------------------- */

/* Even where the address has answered another one. */
static void a_request_is_sent_7_times_at_most(void **state)
{
    struct stage *stage = *state;

    asks(stage, 0, (struct forged){.tid = 9});
    is_answered(stage, 0, 9);
    for (int i = 0; i < 7; i++)
        asks(stage, i * AUGER_SEC, (struct forged){.tid = 1});
    holds(stage);
    asks(stage, 7 * AUGER_SEC, (struct forged){.tid = 1});
    breaks(stage, '3');
}

static void a_silent_address_gets_7_requests_a_base(void **state)
{
    struct stage *stage = *state;

    monitor_add_base(stage->monitor, &path.remote);
    for (uint8_t i = 0; i < 14; i++)
        asks(stage, i * AUGER_SEC, (struct forged){.tid = i});
    holds(stage);
    asks(stage, 14 * AUGER_SEC, (struct forged){.tid = 14});
    breaks(stage, '3');
}

static void a_check_from_it_allows_7_more(void **state)
{
    struct stage *stage = *state;

    is_asked(stage, 0, (struct forged){.tid = 99, .controlled = true});
    for (uint8_t i = 0; i < 14; i++)
        asks(stage, i * AUGER_SEC, (struct forged){.tid = i});
    holds(stage);
    asks(stage, 14 * AUGER_SEC, (struct forged){.tid = 14});
    breaks(stage, '3');
}

static void another_role_allows_7_more(void **state)
{
    struct stage *stage = *state;

    for (uint8_t i = 0; i < 14; i++)
        asks(stage, i * AUGER_SEC, (struct forged){.tid = i, .controlled = i > 6});
    holds(stage);
    asks(stage, 14 * AUGER_SEC, (struct forged){.tid = 14, .controlled = true});
    breaks(stage, '3');
}

/* Of two changes between two checks an answer shows the first. */
static void a_role_that_an_answer_alone_shows_allows_7_more(void **state)
{
    struct auger_path elsewhere = path;
    struct stage *stage = *state;

    elsewhere.remote.port++;
    for (uint8_t i = 0; i < 7; i++)
        asks(stage, i * AUGER_SEC, (struct forged){.tid = i, .controlled = true});
    forge_request(stage, (struct forged){.tid = 99, .from_peer = true, .controlled = true});
    monitor_received(stage->monitor, 7 * AUGER_SEC, &elsewhere, stage->buf, stage->len);
    forge_success(stage, 99, stage->our_key, &elsewhere.remote);
    monitor_sent(stage->monitor, 7 * AUGER_SEC, &elsewhere, stage->buf, stage->len);
    for (uint8_t i = 7; i < 21; i++) /* and once more, back to what it was */
        asks(stage, i * AUGER_SEC, (struct forged){.tid = i, .controlled = true});
    holds(stage);
    asks(stage, 21 * AUGER_SEC, (struct forged){.tid = 21, .controlled = true});
    breaks(stage, '3');
}

static void an_address_that_answers_may_be_asked_on(void **state)
{
    struct stage *stage = *state;

    for (uint8_t i = 0; i < 100; i++) {
        asks(stage, i * AUGER_SEC, (struct forged){.tid = i});
        is_answered(stage, i * AUGER_SEC, i);
    }
    holds(stage);
}

static void all_silent_addresses_get_700_requests(void **state)
{
    struct stage *stage = *state;
    struct auger_path other = path;

    for (unsigned i = 0; i < 701; i++) {
        other.remote.port = (uint16_t)(10000 + i / 7);
        holds(stage);
        forge_request(stage, (struct forged){.tid = (uint8_t)(i / 7)});
        monitor_sent(stage->monitor, i * AUGER_SEC, &other, stage->buf, stage->len);
    }
    breaks(stage, '3');
}

static void new_transactions_keep_their_distance(void **state)
{
    static const struct {
        auger_time distance;
        bool fine;
    } cases[] = {{PACING - 1, false}, {PACING, true}};
    struct stage *stage;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        set_up((void **)&stage);
        asks(stage, 0, (struct forged){.tid = 1});
        asks(stage, 1, (struct forged){.tid = 1}); /* again: no new transaction */
        asks(stage, cases[i].distance, (struct forged){.tid = 2});
        if (cases[i].fine)
            holds(stage);
        else
            breaks(stage, '3');
        tear_down((void **)&stage);
    }
}

/* --- 0, 7: what a check looks like ------------------------------------------ */

static void a_check_must_be_well_formed(void **state)
{
    static const struct {
        struct forged check;
        char invariant;
    } cases[] = {
        {{.username = "ours:theirs"}, '0'}, {{.wrong_key = true}, '0'},
        {{.no_fingerprint = true}, '0'},    {{.no_role = true}, '0'},
        {{.no_priority = true}, '0'},       {{.controlled = true, .nominates = true}, '7'},
        {{.nominates = true}, 0},           {{.nominates = true, .nomination = 1}, 0},
        {{.nomination = 1}, '7'},           {{.nominates = true, .nomination = 1u << 24}, '7'},
    };
    struct stage *stage;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        set_up((void **)&stage);
        asks(stage, 0, cases[i].check);
        if (cases[i].invariant)
            breaks(stage, cases[i].invariant);
        else
            holds(stage);
        tear_down((void **)&stage);
    }
}

static void a_message_must_be_well_formed(void **state)
{
    struct stage *stage = *state;

    forge_request(stage, (struct forged){0});
    stage->buf[23] = 200; /* the first attribute reaches beyond the end */
    monitor_sent(stage->monitor, 0, &path, stage->buf, stage->len);
    breaks(stage, '0');
}

static void answers(struct stage *stage, uint8_t tid, struct auger_stun_key *key,
                    const struct auger_addr *mapped)
{
    forge_success(stage, tid, key, mapped);
    monitor_sent(stage->monitor, 0, &path, stage->buf, stage->len);
}

static void an_answer_needs_a_question_and_its_address(void **state)
{
    static const struct {
        bool asked, twice, wrong_key, wrong_address;
        bool fine;
    } cases[] = {
        {.asked = true, .fine = true},          {.asked = false},
        {.asked = true, .twice = true},         {.asked = true, .wrong_key = true},
        {.asked = true, .wrong_address = true},
    };
    struct stage *stage;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        set_up((void **)&stage);
        if (cases[i].asked)
            is_asked(stage, 0, (struct forged){.tid = 1});
        for (int n = 0; n <= cases[i].twice; n++)
            answers(stage, 1, cases[i].wrong_key ? stage->their_key : stage->our_key,
                    cases[i].wrong_address ? &path.local : &path.remote);
        if (cases[i].fine)
            holds(stage);
        else
            breaks(stage, '0');
        tear_down((void **)&stage);
    }
}

static void an_altered_copy_takes_no_answer_away_and_gives_none(void **state)
{
    struct stage *stage = *state;

    is_asked(stage, 0, (struct forged){.tid = 1});
    is_asked(stage, 0, (struct forged){.tid = 1, .username = "of:nobody"});
    answers(stage, 1, stage->our_key, &path.remote);
    holds(stage);
    answers(stage, 1, stage->our_key, &path.remote);
    breaks(stage, '0');
}

static void two_must_not_insist_on_one_role(void **state)
{
    (void)state;
    for (int equal = 0; equal < 2; equal++) {
        uint64_t tie_breakers[] = {7, equal ? 7 : 8};
        struct stage *both[2];

        for (size_t i = 0; i < 2; i++)
            set_up((void **)&both[i]);
        for (size_t i = 0; i < 2; i++) {
            asks(both[i], 0, (struct forged){.tid = 1, .tie_breaker = tie_breakers[i]});
            is_asked(both[i], 0, (struct forged){.tid = 2, .tie_breaker = tie_breakers[!i]});
            monitor_roles(both[0]->monitor, both[1]->monitor);
            holds(both[0]); /* they may not know yet */
        }
        for (size_t i = 0; i < 2; i++) {
            holds(both[0]); /* the other one may give way */
            asks(both[i], AUGER_SEC, (struct forged){.tid = 3, .tie_breaker = tie_breakers[i]});
            monitor_roles(both[0]->monitor, both[1]->monitor);
        }
        if (equal)
            holds(both[0]); /* each waits for the 487 of the other */
        else
            breaks(both[0], '7');
        for (size_t i = 0; i < 2; i++)
            tear_down((void **)&both[i]);
    }
}

static void one_pair_is_selected_and_it_is_valid(void **state)
{
    static const struct {
        struct auger_ice_pair_info pairs[2];
        bool fine;
    } cases[] = {
        {{{.selected = true, .valid = true}, {.valid = true}}, true},
        {{{.selected = true, .valid = true}, {.selected = true, .valid = true}}, false},
        {{{.selected = true}, {.valid = true}}, false},
    };
    struct stage *stage;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        set_up((void **)&stage);
        monitor_pairs(stage->monitor, cases[i].pairs, 2);
        if (cases[i].fine)
            holds(stage);
        else
            breaks(stage, '7');
        tear_down((void **)&stage);
    }
}

/* --- 6: bounds -------------------------------------------------------------- */

static void pairs_are_bounded(void **state)
{
    struct stage *stage = *state;
    struct auger_ice_pair_info *pairs = sim_alloc(101 * sizeof(*pairs));

    monitor_pairs(stage->monitor, pairs, 100);
    holds(stage);
    monitor_pairs(stage->monitor, pairs, 101);
    free(pairs);
    breaks(stage, '6');
}

static void a_timer_that_is_due_at_once_is_a_spin(void **state)
{
    struct stage *stage = *state;

    monitor_drained(stage->monitor, 1000, 0, 1001);
    holds(stage);
    monitor_drained(stage->monitor, 1000, 0, 1000);
    breaks(stage, '6');
}

static void a_step_sends_little(void **state)
{
    struct stage *stage = *state;

    monitor_drained(stage->monitor, 0, 100, AUGER_NEVER);
    holds(stage);
    monitor_drained(stage->monitor, 0, 1000, AUGER_NEVER);
    breaks(stage, '6');
}

/* --- 11: the grammar of events ---------------------------------------------- */

static void states_follow_each_other_by_the_grammar(void **state)
{
    enum { NEW, CHECKING, CONNECTED, DISCONNECTED, FAILED, END };
    static const struct {
        int states[6];
        bool fine;
    } cases[] = {
        {{CHECKING, CONNECTED, DISCONNECTED, CONNECTED, FAILED, END}, true},
        {{CHECKING, FAILED, END}, true},
        {{CHECKING, CONNECTED, DISCONNECTED, FAILED, END}, true},
        {{CONNECTED, END}, false},
        {{CHECKING, CHECKING, END}, false},
        {{CHECKING, DISCONNECTED, END}, false},
        {{CHECKING, CONNECTED, CHECKING, END}, false},
        {{CHECKING, FAILED, CONNECTED, END}, false},
        {{CHECKING, FAILED, FAILED, END}, false},
    };
    struct stage *stage;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        set_up((void **)&stage);
        asks(stage, 0, (struct forged){.tid = 1});
        is_answered(stage, 0, 1);
        for (const int *at = cases[i].states; *at != END; at++)
            enters(stage, 60 * AUGER_SEC, (enum auger_ice_state) * at);
        assert_int_equal(!monitor_broken(stage->monitor), cases[i].fine);
        tear_down((void **)&stage);
    }
}

static void nothing_comes_after_the_end(void **state)
{
    struct stage *stage = *state;

    enters(stage, 0, AUGER_ICE_CHECKING);
    enters(stage, 0, AUGER_ICE_FAILED);
    holds(stage);
    monitor_event(stage->monitor, 0, &(struct auger_ice_event){.type = AUGER_ICE_EVENT_GATHERED});
    breaks(stage, '1');
}

static void candidates_come_before_their_end(void **state)
{
    static const struct {
        enum auger_ice_event_type first, second;
        bool fine;
    } cases[] = {
        {AUGER_ICE_EVENT_CANDIDATE, AUGER_ICE_EVENT_GATHERED, true},
        {AUGER_ICE_EVENT_GATHERED, AUGER_ICE_EVENT_CANDIDATE, false},
        {AUGER_ICE_EVENT_GATHERED, AUGER_ICE_EVENT_GATHERED, false},
    };
    struct stage *stage;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        set_up((void **)&stage);
        monitor_event(stage->monitor, 0, &(struct auger_ice_event){.type = cases[i].first});
        monitor_event(stage->monitor, 0, &(struct auger_ice_event){.type = cases[i].second});
        if (cases[i].fine)
            holds(stage);
        else
            breaks(stage, '1');
        tear_down((void **)&stage);
    }
}

SCENARIOS(
    staged(data_needs_a_success_of_our_own), staged(data_after_a_success_is_fine),
    staged(a_keepalive_goes_where_data_may),
    staged(data_along_another_stream_needs_a_success_of_its_own),
    staged(data_of_a_lite_agent_needs_a_nomination),
    staged(a_lite_agent_does_not_fail_on_what_it_answers),
    staged(a_lite_agent_may_fail_on_what_it_does_not_answer),
    staged(data_between_lite_agents_goes_where_was_told),
    staged(data_between_lite_agents_goes_nowhere_else), staged(a_lite_agent_asks_nobody),
    staged(a_success_under_a_wrong_key_is_none), staged(a_success_that_nobody_asked_for_is_none),
    staged(data_stops_30_s_after_the_last_success), staged(a_success_from_elsewhere_is_none),
    staged(a_second_answer_says_nothing), staged(a_path_is_one_where_a_check_succeeded),
    staged(a_path_needs_consent), cmocka_unit_test(consent_lasts_for_30_s),
    staged(connected_needs_a_success), staged(a_request_is_sent_7_times_at_most),
    staged(a_silent_address_gets_7_requests_a_base), staged(a_check_from_it_allows_7_more),
    staged(another_role_allows_7_more), staged(a_role_that_an_answer_alone_shows_allows_7_more),
    staged(an_address_that_answers_may_be_asked_on), staged(all_silent_addresses_get_700_requests),
    cmocka_unit_test(new_transactions_keep_their_distance),
    cmocka_unit_test(a_check_must_be_well_formed), staged(a_message_must_be_well_formed),
    cmocka_unit_test(an_answer_needs_a_question_and_its_address),
    staged(an_altered_copy_takes_no_answer_away_and_gives_none),
    staged(two_must_not_insist_on_one_role), cmocka_unit_test(one_pair_is_selected_and_it_is_valid),
    staged(pairs_are_bounded), staged(a_timer_that_is_due_at_once_is_a_spin),
    staged(a_step_sends_little), cmocka_unit_test(states_follow_each_other_by_the_grammar),
    staged(nothing_comes_after_the_end), cmocka_unit_test(candidates_come_before_their_end))
