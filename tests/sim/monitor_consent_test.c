/* Consent that has ended on the path in use is over, whatever is answered later (RFC 7675 section
 * 5.1). */
#include "tests/sim/monitor_stage.h"

#define LIFETIME (30 * AUGER_SEC)

static void comes_onto_path(struct stage *stage, auger_time now)
{
    monitor_event(stage->monitor, now,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_PATH, .path = path});
}

static void connects(struct stage *stage)
{
    asks(stage, 0, (struct forged){.tid = 1});
    is_answered(stage, 0, 1);
    enters(stage, 0, AUGER_ICE_CHECKING);
    comes_onto_path(stage, 0);
    enters(stage, 0, AUGER_ICE_CONNECTED);
}

/* Asked again just before the end. */
static void is_answered_late(struct stage *stage, auger_time at)
{
    asks(stage, LIFETIME - AUGER_SEC, (struct forged){.tid = 2});
    is_answered(stage, at, 2);
}

static void who_has_seen_the_end_may_fail_in_spite_of_a_late_answer(void **state)
{
    connects(*state);
    monitor_woken(((struct stage *)*state)->monitor, LIFETIME);
    is_answered_late(*state, LIFETIME + AUGER_SEC);
    enters(*state, LIFETIME + 2 * AUGER_SEC, AUGER_ICE_FAILED);
    holds(*state);
}

static void who_hears_late_of_the_end_may_fail_too(void **state)
{
    connects(*state);
    is_answered_late(*state, LIFETIME);
    enters(*state, LIFETIME + AUGER_SEC, AUGER_ICE_FAILED);
    holds(*state);
}

static void nobody_fails_whose_answer_came_in_time(void **state)
{
    connects(*state);
    is_answered_late(*state, LIFETIME - 1);
    monitor_woken(((struct stage *)*state)->monitor, LIFETIME);
    enters(*state, LIFETIME + AUGER_SEC, AUGER_ICE_FAILED);
    breaks(*state, '2');
}

/* At once to the second check, and much later to the first. */
static void is_answered_out_of_order(struct stage *stage)
{
    asks(stage, 0, (struct forged){.tid = 1});
    asks(stage, PACING, (struct forged){.tid = 2});
    is_answered(stage, PACING, 2);
    enters(stage, PACING, AUGER_ICE_CHECKING);
    comes_onto_path(stage, PACING);
    enters(stage, PACING, AUGER_ICE_CONNECTED);
    is_answered(stage, AUGER_SEC, 1);
    enters(stage, PACING + LIFETIME, AUGER_ICE_FAILED);
}

static void who_may_forget_what_was_replaced_owes_nothing_for_its_answer(void **state)
{
    monitor_expect_forgotten_checks(((struct stage *)*state)->monitor);
    is_answered_out_of_order(*state);
    holds(*state);
}

static void who_forgets_nothing_goes_on_with_the_answer_to_what_was_replaced(void **state)
{
    is_answered_out_of_order(*state);
    breaks(*state, '2');
}

static void what_was_not_replaced_is_not_forgotten(void **state)
{
    struct stage *stage = *state;

    monitor_expect_forgotten_checks(stage->monitor);
    connects(stage);
    is_answered_late(stage, LIFETIME - 1);
    enters(stage, LIFETIME + AUGER_SEC, AUGER_ICE_FAILED);
    breaks(stage, '2');
}

static void a_late_answer_brings_no_consent_for_data(void **state)
{
    connects(*state);
    monitor_woken(((struct stage *)*state)->monitor, LIFETIME);
    is_answered_late(*state, LIFETIME + AUGER_SEC);
    sends_data(*state, LIFETIME + AUGER_SEC);
    breaks(*state, '2');
}

static void a_path_that_is_taken_anew_counts_anew(void **state)
{
    connects(*state);
    monitor_woken(((struct stage *)*state)->monitor, LIFETIME);
    is_answered_late(*state, LIFETIME + AUGER_SEC);
    comes_onto_path(*state, LIFETIME + AUGER_SEC);
    sends_data(*state, LIFETIME + 2 * AUGER_SEC);
    holds(*state);
    enters(*state, LIFETIME + 2 * AUGER_SEC, AUGER_ICE_FAILED);
    breaks(*state, '2');
}

/* Nor does a late answer to the session of before end the one of now. */
static void what_ended_before_a_restart_says_nothing_of_what_is_after(void **state)
{
    struct stage *stage = *state;
    struct auger_stun_key *before = stage->their_key;
    static const char fresh[] = "another-password-of-24-ch";

    connects(stage);
    asks(stage, LIFETIME - AUGER_SEC, (struct forged){.tid = 2});
    monitor_restarted(stage->monitor, "ours2", fresh);
    monitor_set_remote(stage->monitor, "theirs2", fresh);
    monitor_woken(stage->monitor, LIFETIME);
    assert_int_equal(auger_stun_key_new(&stage->their_key, (const uint8_t *)fresh, strlen(fresh)),
                     0);
    asks(stage, LIFETIME, (struct forged){.tid = 3, .username = "theirs2:ours2"});
    is_answered(stage, LIFETIME, 3);
    comes_onto_path(stage, LIFETIME);
    forge_success(stage, 2, before, &path.local);
    monitor_received(stage->monitor, LIFETIME + AUGER_SEC, &path, stage->buf, stage->len);
    auger_stun_key_free(before);
    sends_data(stage, LIFETIME + 2 * AUGER_SEC);
    holds(stage);
}

static void of_a_path_that_is_not_in_use_nothing_ends(void **state)
{
    asks(*state, 0, (struct forged){.tid = 1});
    is_answered(*state, 0, 1);
    enters(*state, 0, AUGER_ICE_CHECKING);
    monitor_woken(((struct stage *)*state)->monitor, LIFETIME);
    is_answered_late(*state, LIFETIME + AUGER_SEC);
    comes_onto_path(*state, LIFETIME + AUGER_SEC);
    enters(*state, LIFETIME + AUGER_SEC, AUGER_ICE_CONNECTED);
    sends_data(*state, LIFETIME + 2 * AUGER_SEC);
    holds(*state);
}

/* In reserve it ended, and the first of two answers that come then renews it. */
static void renews_in_reserve(struct stage *stage, auger_time second_asked_at)
{
    asks(stage, 0, (struct forged){.tid = 1});
    is_answered(stage, 0, 1);
    enters(stage, 0, AUGER_ICE_CHECKING);
    asks(stage, LIFETIME - AUGER_SEC, (struct forged){.tid = 2});
    asks(stage, second_asked_at, (struct forged){.tid = 3});
    is_answered(stage, LIFETIME + AUGER_SEC, 2);
    comes_onto_path(stage, LIFETIME + AUGER_SEC);
    enters(stage, LIFETIME + AUGER_SEC, AUGER_ICE_CONNECTED);
    is_answered(stage, LIFETIME + 2 * AUGER_SEC, 3);
}

static void what_was_asked_before_consent_ended_may_be_forgotten_with_it(void **state)
{
    renews_in_reserve(*state, LIFETIME - 1);
    enters(*state, 2 * LIFETIME + AUGER_SEC, AUGER_ICE_FAILED);
    holds(*state);
}

static void what_was_asked_between_its_end_and_its_renewal_is_not(void **state)
{
    renews_in_reserve(*state, LIFETIME);
    enters(*state, 2 * LIFETIME + AUGER_SEC, AUGER_ICE_FAILED);
    breaks(*state, '2');
}

static void what_renewed_it_is_not(void **state)
{
    renews_in_reserve(*state, LIFETIME - 1);
    enters(*state, 2 * LIFETIME + AUGER_SEC - 1, AUGER_ICE_FAILED);
    breaks(*state, '2');
}

static void nor_is_what_was_asked_afterwards(void **state)
{
    renews_in_reserve(*state, LIFETIME - 1);
    asks(*state, LIFETIME + 3 * AUGER_SEC, (struct forged){.tid = 4});
    is_answered(*state, LIFETIME + 3 * AUGER_SEC, 4);
    enters(*state, 2 * LIFETIME + 2 * AUGER_SEC, AUGER_ICE_FAILED);
    breaks(*state, '2');
}

SCENARIOS(staged(who_has_seen_the_end_may_fail_in_spite_of_a_late_answer),
          staged(who_hears_late_of_the_end_may_fail_too),
          staged(nobody_fails_whose_answer_came_in_time),
          staged(who_may_forget_what_was_replaced_owes_nothing_for_its_answer),
          staged(who_forgets_nothing_goes_on_with_the_answer_to_what_was_replaced),
          staged(what_was_not_replaced_is_not_forgotten),
          staged(a_late_answer_brings_no_consent_for_data),
          staged(a_path_that_is_taken_anew_counts_anew),
          staged(what_ended_before_a_restart_says_nothing_of_what_is_after),
          staged(of_a_path_that_is_not_in_use_nothing_ends),
          staged(what_was_asked_before_consent_ended_may_be_forgotten_with_it),
          staged(what_was_asked_between_its_end_and_its_renewal_is_not),
          staged(what_renewed_it_is_not), staged(nor_is_what_was_asked_afterwards))
