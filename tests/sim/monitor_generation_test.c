/* Restarts before the monitor: each invariant about generations is shown a forged agent
 * that breaks it, and an honest one that does not. */
#include "tests/sim/monitor_stage.h"

/* The stage's keys are those of the newest generation from now on. */
static void restarts(struct stage *stage)
{
    static const char ours[] = "our-password-of-later...", theirs[] = "their-password-of-later.";

    monitor_restarted(stage->monitor, "ours2", ours);
    monitor_set_remote(stage->monitor, "theirs2", theirs);
    auger_stun_key_free(stage->our_key);
    auger_stun_key_free(stage->their_key);
    assert_int_equal(auger_stun_key_new(&stage->our_key, (const uint8_t *)ours, strlen(ours)), 0);
    assert_int_equal(auger_stun_key_new(&stage->their_key, (const uint8_t *)theirs, strlen(theirs)),
                     0);
}

static void a_check_is_of_one_generation(void **state)
{
    static const struct {
        const char *username;
        bool fine;
    } cases[] = {{"theirs2:ours2", true},
                 {"theirs:ours2", false},
                 {"theirs2:ours", false},
                 {"theirs:ours", false}}; /* over: nothing had succeeded in it */
    struct stage *stage;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        set_up((void **)&stage);
        restarts(stage);
        asks(stage, 0, (struct forged){.tid = 1, .username = cases[i].username});
        if (cases[i].fine)
            holds(stage);
        else
            breaks(stage, '0');
        tear_down((void **)&stage);
    }
}

/* Asked along a path whose check had succeeded before the restart. */
static void an_old_generation_lives_as_long_as_its_consent(void **state)
{
    static const struct {
        auger_time at;
        bool fine;
    } cases[] = {{30 * AUGER_SEC, true}, {30 * AUGER_SEC + 1, false}};
    struct stage *stage;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        set_up((void **)&stage);
        asks(stage, 0, (struct forged){.tid = 1});
        is_answered(stage, 0, 1);
        monitor_restarted(stage->monitor, "ours2", "our-password-of-later...");
        monitor_set_remote(stage->monitor, "theirs2", "their-password-of-later.");
        sends_data(stage, cases[i].at);
        asks(stage, cases[i].at, (struct forged){.tid = 2});
        if (cases[i].fine)
            holds(stage);
        else
            breaks(stage, '2');
        tear_down((void **)&stage);
    }
}

static void is_on_path(struct stage *stage, auger_time now)
{
    monitor_event(stage->monitor, now,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_PATH, .path = path});
}

/* Of a path that both have, the one in use before its time and the other's a little later: a check
 * of the new one may yet succeed there. */
static void where_consent_of_both_has_ended_the_new_one_may_begin_again(void **state)
{
    (void)state;
    for (int is_asked_anew = 0; is_asked_anew < 2; is_asked_anew++) {
        const auger_time late = 33 * AUGER_SEC;
        struct stage *stage;

        set_up((void **)&stage);
        enters(stage, 0, AUGER_ICE_CHECKING);
        asks(stage, 0, (struct forged){.tid = 1});
        is_answered(stage, 0, 1);
        is_on_path(stage, 0);
        enters(stage, 0, AUGER_ICE_CONNECTED);
        restarts(stage);
        asks(stage, AUGER_SEC, (struct forged){.tid = 2, .username = "theirs2:ours2"});
        is_answered(stage, AUGER_SEC, 2);
        monitor_woken(stage->monitor, 30 * AUGER_SEC);
        enters(stage, 30 * AUGER_SEC, AUGER_ICE_DISCONNECTED);
        monitor_woken(stage->monitor, 31 * AUGER_SEC);
        if (is_asked_anew) {
            asks(stage, late, (struct forged){.tid = 3, .username = "theirs2:ours2"});
            is_answered(stage, late, 3);
        }
        is_on_path(stage, late);
        enters(stage, late, AUGER_ICE_CONNECTED);
        sends_data(stage, late);
        if (is_asked_anew)
            holds(stage);
        else
            breaks(stage, '2');
        tear_down((void **)&stage);
    }
}

/* A check of the generation before, whose keys those are. */
static void renews(struct stage *stage, auger_time now, uint8_t tid, struct auger_stun_key *ours,
                   struct auger_stun_key *theirs)
{
    struct auger_stun_key *const newest[] = {stage->our_key, stage->their_key};

    stage->our_key = ours;
    stage->their_key = theirs;
    asks(stage, now, (struct forged){.tid = tid});
    is_answered(stage, now, tid);
    stage->our_key = newest[0];
    stage->their_key = newest[1];
}

static const char new_one[] = "theirs2:ours2";

/* On a path that the other uses consent of the new one has ended, which is nothing's end, and has
 * begun again. */
static struct stage *ended_out_of_use(void)
{
    struct stage *stage;

    set_up((void **)&stage);
    enters(stage, 0, AUGER_ICE_CHECKING);
    asks(stage, 0, (struct forged){.tid = 1});
    is_answered(stage, 0, 1);
    is_on_path(stage, 0);
    enters(stage, 0, AUGER_ICE_CONNECTED);
    struct auger_stun_key *ours = stage->our_key, *theirs = stage->their_key;
    stage->our_key = stage->their_key = NULL;
    restarts(stage);
    asks(stage, AUGER_SEC, (struct forged){.tid = 2, .username = new_one});
    is_answered(stage, AUGER_SEC, 2);
    renews(stage, 5 * AUGER_SEC, 3, ours, theirs);
    auger_stun_key_free(ours);
    auger_stun_key_free(theirs);
    monitor_woken(stage->monitor, 32 * AUGER_SEC);
    asks(stage, 33 * AUGER_SEC, (struct forged){.tid = 4, .username = new_one});
    is_answered(stage, 33 * AUGER_SEC, 4);
    return stage;
}

static void what_ended_out_of_use_may_come_into_use(void **state)
{
    (void)state;
    struct stage *stage = ended_out_of_use();

    is_on_path(stage, 33 * AUGER_SEC);
    monitor_woken(stage->monitor, 36 * AUGER_SEC);
    sends_data(stage, 40 * AUGER_SEC);
    holds(stage);
    monitor_woken(stage->monitor, 63 * AUGER_SEC);
    sends_data(stage, 63 * AUGER_SEC);
    breaks(stage, '2');
    tear_down((void **)&stage);
}

/* Meanwhile another path has been in use, so that nothing has ended of the old one. */
static void what_ended_out_of_use_may_be_come_back_to(void **state)
{
    static const struct auger_path other = {
        {.family = AUGER_IPV4, .port = 7000, .ip = {10, 0, 0, 7}},
        {.family = AUGER_IPV4, .port = 7001, .ip = {10, 0, 0, 8}}};
    (void)state;
    struct stage *stage = ended_out_of_use();

    succeeds_as(stage, 34 * AUGER_SEC, &other, (struct forged){.tid = 5, .username = new_one});
    monitor_event(stage->monitor, 34 * AUGER_SEC,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_PATH, .path = other});
    is_on_path(stage, 37 * AUGER_SEC);
    sends_data(stage, 37 * AUGER_SEC);
    holds(stage);
    tear_down((void **)&stage);
}

static void an_answer_is_to_a_check_of_one_generation(void **state)
{
    static const struct {
        const char *username;
        bool fine;
    } cases[] = {{"ours2:theirs2", true}, {"ours2:theirs", false}, {"theirs:ours2", false}};
    struct stage *stage;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        set_up((void **)&stage);
        restarts(stage);
        is_asked(stage, 0, (struct forged){.tid = 1, .username = cases[i].username});
        forge_success(stage, 1, stage->our_key, &path.remote);
        monitor_sent(stage->monitor, 0, &path, stage->buf, stage->len);
        if (cases[i].fine)
            holds(stage);
        else
            breaks(stage, '0');
        tear_down((void **)&stage);
    }
}

static void a_restart_alone_leads_out_of_failed(void **state)
{
    for (int fine = 0; fine < 2; fine++) {
        struct stage *stage;

        (void)state;
        set_up((void **)&stage);
        enters(stage, 0, AUGER_ICE_CHECKING);
        enters(stage, 0, AUGER_ICE_FAILED);
        if (fine)
            restarts(stage);
        enters(stage, 0, AUGER_ICE_CHECKING);
        if (fine)
            holds(stage);
        else
            breaks(stage, '1');
        tear_down((void **)&stage);
    }
}

static void a_restart_that_failed_leaves_a_path(void **state)
{
    for (int fine = 0; fine < 2; fine++) {
        struct stage *stage;

        (void)state;
        set_up((void **)&stage);
        asks(stage, 0, (struct forged){.tid = 1});
        if (fine)
            is_answered(stage, 0, 1);
        if (fine)
            monitor_event(stage->monitor, 0,
                          &(struct auger_ice_event){.type = AUGER_ICE_EVENT_PATH, .path = path});
        restarts(stage);
        monitor_event(stage->monitor, AUGER_SEC,
                      &(struct auger_ice_event){.type = AUGER_ICE_EVENT_RESTART_FAILED});
        if (fine)
            holds(stage);
        else
            breaks(stage, '1');
        tear_down((void **)&stage);
    }
}

/* They have asked for no consent, and can only hope. */
static void a_restart_that_failed_leaves_two_lite_agents_a_path(void **state)
{
    for (int fine = 0; fine < 2; fine++) {
        struct stage *stage;

        (void)state;
        set_up((void **)&stage);
        monitor_make_both_lite(stage->monitor);
        monitor_told(stage->monitor, &path.remote);
        if (fine)
            monitor_event(stage->monitor, 0,
                          &(struct auger_ice_event){.type = AUGER_ICE_EVENT_PATH, .path = path});
        restarts(stage);
        monitor_event(stage->monitor, 60 * AUGER_SEC,
                      &(struct auger_ice_event){.type = AUGER_ICE_EVENT_RESTART_FAILED});
        if (fine)
            holds(stage);
        else
            breaks(stage, '1');
        tear_down((void **)&stage);
    }
}

SCENARIOS(cmocka_unit_test(a_check_is_of_one_generation),
          cmocka_unit_test(an_old_generation_lives_as_long_as_its_consent),
          cmocka_unit_test(where_consent_of_both_has_ended_the_new_one_may_begin_again),
          cmocka_unit_test(what_ended_out_of_use_may_come_into_use),
          cmocka_unit_test(what_ended_out_of_use_may_be_come_back_to),
          cmocka_unit_test(an_answer_is_to_a_check_of_one_generation),
          cmocka_unit_test(a_restart_alone_leads_out_of_failed),
          cmocka_unit_test(a_restart_that_failed_leaves_a_path),
          cmocka_unit_test(a_restart_that_failed_leaves_two_lite_agents_a_path))
