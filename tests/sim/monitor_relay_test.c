/* What goes through a relay is judged by what is inside: on the path between relayed address and
 * peer the rules are those of any other path. */
#include "tests/sim/monitor_relay_stage.h"

static void data_through_a_relay_needs_a_success_too(void **state)
{
    allocate(*state);
    sends_data_inside(*state, 0);
    breaks(*state, '1');
}

static void after_a_success_it_is_fine_for_30_s(void **state)
{
    allocate(*state);
    sends_check(*state, 0, 1);
    is_answered_inside(*state, 0, 1);
    sends_data_inside(*state, 30 * AUGER_SEC);
    holds(*state);
    sends_data_inside(*state, 30 * AUGER_SEC + 1);
    breaks(*state, '2');
}

static void a_success_on_another_path_is_none_for_the_relay(void **state)
{
    allocate(*state);
    asks(*state, 0, (struct forged){.tid = 1});
    is_answered(*state, 0, 1);
    sends_data_inside(*state, 0);
    breaks(*state, '1');
}

static void checks_through_a_relay_are_counted(void **state)
{
    allocate(*state);
    for (uint8_t i = 0; i < 14; i++) /* two bases */
        sends_check(*state, i * AUGER_SEC, i);
    holds(*state);
    sends_check(*state, 14 * AUGER_SEC, 14);
    breaks(*state, '3');
}

static void nothing_leaves_by_a_relay_that_is_not_there(void **state)
{
    sends_check(*state, 0, 1);
    breaks(*state, '5');
}

static void who_is_not_the_server_allocates_nothing(void **state)
{
    allocate_with(*state, 0, true);
    sends_check(*state, 0, 1);
    breaks(*state, '5');
}

static void data_on_a_channel_needs_a_success_of_both(void **state)
{
    allocate(*state);
    sends_on_channel(*state);
    breaks(*state, '5');
}

static void a_channel_leads_to_its_peer(void **state)
{
    allocate(*state);
    bind_channel(*state);
    sends_on_channel(*state);
    breaks(*state, '1'); /* no check has succeeded */
}

static void data_on_a_bound_channel_is_fine(void **state)
{
    allocate(*state);
    bind_channel(*state);
    sends_check(*state, 0, 1);
    is_answered_inside(*state, 0, 1);
    sends_on_channel(*state);
    holds(*state);
}

static void what_comes_without_a_permission_is_not_heard(void **state)
{
    static const struct {
        bool asks, is_permitted;
        auger_time at;
        bool is_heard;
    } cases[] = {{false, false, 0, false},
                 {true, false, 0, false},
                 {true, true, 0, true},
                 {true, true, 300 * AUGER_SEC - 1, true},
                 {true, true, 300 * AUGER_SEC, false}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct stage *both[2] = {*state};

        set_up((void **)&both[1]);
        asks(both[1], cases[i].at, (struct forged){.tid = 1, .tie_breaker = 7});
        is_asked(both[1], cases[i].at, (struct forged){.tid = 2, .tie_breaker = 8});
        asks(both[1], cases[i].at + AUGER_SEC, (struct forged){.tid = 3, .tie_breaker = 7});
        allocate_with(both[0], 0, false);
        if (cases[i].asks)
            asks_for_permission(both[0], 0);
        if (cases[i].is_permitted)
            is_permitted(both[0], 0);
        asks(both[0], cases[i].at, (struct forged){.tid = 1, .tie_breaker = 8});
        is_asked_inside(both[0], cases[i].at, 7);
        asks(both[0], cases[i].at + AUGER_SEC, (struct forged){.tid = 2, .tie_breaker = 8});
        monitor_roles(both[0]->monitor, both[1]->monitor);
        if (cases[i].is_heard)
            breaks(both[0], '7');
        else
            holds(both[0]);
        tear_down((void **)&both[1]);
        tear_down(state);
        set_up_relay(state);
    }
}

/* 8489 section 9.2.5: 1.5 s after a 401 that nobody signed it was given up, and the server's own
 * answer is read by nobody. */
static void an_answer_to_what_came_without_a_permission_is_one_to_nothing(void **state)
{
    struct stage *stage = *state;

    allocate_with(stage, 0, false);
    is_asked_inside(stage, 0, 7);
    forge_success(stage, 50, stage->our_key, &path.remote);
    sends(stage, 0);
    breaks(stage, '0');
}

/* Of two Allocates the first, which was given up for the other: docs/decisions/317. */
static void what_is_granted_to_one_that_was_given_up_changes_nothing(void **state)
{
    struct stage *stage = *state;
    struct auger_addr another = relayed;

    another.port++;
    says(
        stage, 0,
        &(struct turn_msg){.class_ = AUGER_STUN_REQUEST, .method = AUGER_STUN_ALLOCATE, .tid = 99});
    allocate_at(stage, AUGER_SEC);
    bind_channel(stage);
    sends_check(stage, AUGER_SEC, 1);
    is_answered_inside(stage, AUGER_SEC, 1);
    is_told(stage, 2 * AUGER_SEC,
            &(struct turn_msg){.class_ = AUGER_STUN_SUCCESS,
                               .method = AUGER_STUN_ALLOCATE,
                               .tid = 99,
                               .relayed = &another});
    sends_on_channel(stage);
    holds(stage);
}

/* 8656 section 12: for who has asked for one. */
static void a_channel_is_a_permission_too(void **state)
{
    struct stage *stage = *state;

    allocate_with(stage, 0, false);
    asks_for_permission(stage, 0);
    bind_channel(stage);
    is_asked_inside(stage, 0, 7);
    forge_success(stage, 50, stage->our_key, &path.remote);
    sends(stage, 0);
    holds(stage);
}

static void begin_for_20_s(struct stage *stage)
{
    begin_on_the_relay(stage);
    asks_server(stage, AUGER_STUN_REFRESH, false);
    is_told(stage, 0,
            &(struct turn_msg){.class_ = AUGER_STUN_SUCCESS,
                               .method = AUGER_STUN_REFRESH,
                               .tid = 102,
                               .lifetime_s = 20});
}

/* 8656 section 7: nobody need say so. */
static void one_is_adrift_when_the_lifetime_is_over(void **state)
{
    begin_for_20_s(*state);
    monitor_woken(((struct stage *)*state)->monitor, 20 * AUGER_SEC - 1);
    sends_data_inside(*state, 20 * AUGER_SEC - 1);
    holds(*state);
    enters(*state, 20 * AUGER_SEC, AUGER_ICE_CHECKING);
    holds(*state);
}

static void and_not_before(void **state)
{
    begin_for_20_s(*state);
    enters(*state, 20 * AUGER_SEC - 1, AUGER_ICE_CHECKING);
    breaks(*state, '1');
}

static void nothing_leaves_by_a_relay_whose_lifetime_is_over(void **state)
{
    begin_for_20_s(*state);
    sends_data_inside(*state, 20 * AUGER_SEC);
    breaks(*state, '5');
}

/* Nor does a refresh bring it back, once the agent has let it go. */
static void a_late_refresh_brings_nothing_back(void **state)
{
    begin_for_20_s(*state);
    says(
        *state, AUGER_SEC,
        &(struct turn_msg){.class_ = AUGER_STUN_REQUEST, .method = AUGER_STUN_REFRESH, .tid = 104});
    monitor_woken(((struct stage *)*state)->monitor, 20 * AUGER_SEC);
    is_told(*state, 20 * AUGER_SEC,
            &(struct turn_msg){.class_ = AUGER_STUN_SUCCESS,
                               .method = AUGER_STUN_REFRESH,
                               .tid = 104,
                               .lifetime_s = 60});
    sends_data_inside(*state, 21 * AUGER_SEC);
    breaks(*state, '5');
}

static void the_relay_goes_with_its_base(void **state)
{
    begin_on_the_relay(*state);
    monitor_remove_base(((struct stage *)*state)->monitor, &path.local);
    wants_a_restart(*state);
    holds(*state);
}

/* A stream is named by the IP address alone. */
static void one_that_is_asked_by_a_stream_goes_too(void **state)
{
    tear_down(state);
    is_by_stream = true;
    set_up_relay(state);
    the_relay_goes_with_its_base(state);
    is_by_stream = false;
}

/* And stays with another base of that address. */
static void it_stays_with_the_last_of_its_address(void **state)
{
    struct auger_addr other = path.local;

    tear_down(state);
    is_by_stream = true;
    set_up_relay(state);
    other.port++;
    monitor_add_base(((struct stage *)*state)->monitor, &other);
    begin_on_the_relay(*state);
    monitor_remove_base(((struct stage *)*state)->monitor, &path.local);
    holds(*state);
    wants_a_restart(*state);
    breaks(*state, '1');
    is_by_stream = false;
}

SCENARIOS(relay_staged(data_through_a_relay_needs_a_success_too),
          relay_staged(after_a_success_it_is_fine_for_30_s),
          relay_staged(a_success_on_another_path_is_none_for_the_relay),
          relay_staged(checks_through_a_relay_are_counted),
          relay_staged(nothing_leaves_by_a_relay_that_is_not_there),
          relay_staged(who_is_not_the_server_allocates_nothing),
          relay_staged(data_on_a_channel_needs_a_success_of_both),
          relay_staged(a_channel_leads_to_its_peer), relay_staged(data_on_a_bound_channel_is_fine),
          relay_staged(what_comes_without_a_permission_is_not_heard),
          relay_staged(an_answer_to_what_came_without_a_permission_is_one_to_nothing),
          relay_staged(what_is_granted_to_one_that_was_given_up_changes_nothing),
          relay_staged(a_channel_is_a_permission_too),
          relay_staged(one_is_adrift_when_the_lifetime_is_over), relay_staged(and_not_before),
          relay_staged(nothing_leaves_by_a_relay_whose_lifetime_is_over),
          relay_staged(a_late_refresh_brings_nothing_back),
          relay_staged(the_relay_goes_with_its_base),
          relay_staged(one_that_is_asked_by_a_stream_goes_too),
          relay_staged(it_stays_with_the_last_of_its_address))
