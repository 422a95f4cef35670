/* Why there is no path, where a peer alone can be the cause.  What a network can do is
 * tests/scenarios/explain_test.c. */
#include "tests/ice/puppet.h"

#include <auger/ice_explain.h>

#define REMOTE "192.0.2.2:2002"

static struct auger_ice_explanation explain(const struct puppet *p)
{
    struct auger_ice_explanation explanation;

    auger_ice_explain(p->ice, &explanation);
    return explanation;
}

static void must_be(const struct puppet *p, enum auger_ice_why why)
{
    assert_string_equal(auger_ice_why_name(explain(p).why), auger_ice_why_name(why));
}

static struct puppet *puppet_checking(struct sent *sent)
{
    struct puppet *p = puppet_new(true);

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, REMOTE, 2130706431), 0);
    assert_true(puppet_take(p, sent));
    return p;
}

static void test_a_peer_that_answers_with_an_error_refused(void **state)
{
    (void)state;
    struct sent sent;
    struct puppet *p = puppet_checking(&sent);

    puppet_answer(p, &sent, &(struct puppet_answer){.code = 400});
    must_be(p, AUGER_ICE_WHY_REFUSED);
    puppet_free(p);
}

static void test_an_answer_from_elsewhere_is_asymmetric(void **state)
{
    (void)state;
    struct sent sent;
    struct puppet *p = puppet_checking(&sent);

    puppet_answer(p, &sent, &(struct puppet_answer){.from = "192.0.2.9:9"});
    must_be(p, AUGER_ICE_WHY_ASYMMETRIC);
    puppet_free(p);
}

static void test_an_answer_with_another_password_is_named_and_counted(void **state)
{
    (void)state;
    struct sent sent;
    struct puppet *p = puppet_checking(&sent);

    puppet_answer(p, &sent, &(struct puppet_answer){.wrong_password = true});
    must_be(p, AUGER_ICE_WHY_WRONG_PASSWORD);
    assert_int_equal(explain(p).unproved_answers, 1);
    puppet_free(p);
}

/* Anybody may send those: they say nothing once the peer has proved itself. */
static void test_a_stranger_with_a_wrong_password_is_not_blamed_when_the_peer_is_heard(void **state)
{
    (void)state;
    struct sent sent;
    struct puppet *p = puppet_checking(&sent);

    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .wrong_password = true});
    must_be(p, AUGER_ICE_WHY_WRONG_PASSWORD);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED});
    must_be(p, AUGER_ICE_WHY_UNANSWERED);
    assert_int_equal(explain(p).unproved_checks, 1);
    assert_int_equal(explain(p).checks_received, 1);
    puppet_free(p);
}

static void test_roles_that_never_settle_are_named(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);

    puppet_introduce(p);
    for (int i = 0; i < 100 && auger_ice_get_state(p->ice) != AUGER_ICE_FAILED; i++)
        puppet_check(p, &(struct puppet_check){.role = i % 2 ? CONTROLLED : CONTROLLING,
                                               .tie_breaker =
                                                   i % 2 ? (uint64_t)i : UINT64_MAX - (uint64_t)i});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    must_be(p, AUGER_ICE_WHY_ROLE_CONFLICT);
    puppet_free(p);
}

static void test_consent_that_is_revoked_is_not_called_expired(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent sent;

    must_be(p, AUGER_ICE_WHY_NOTHING);
    while (!puppet_take_request(p, &sent))
        puppet_wait(p, 100 * AUGER_MS);
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 403});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    must_be(p, AUGER_ICE_WHY_CONSENT_REVOKED);
    puppet_free(p);
}

static void test_every_reason_has_a_name_and_a_sentence_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a <= AUGER_ICE_WHY_CONSENT_REVOKED; a++) {
        assert_true(strlen(auger_ice_why_text(a)) > 10);
        for (int b = 0; b < a; b++)
            assert_string_not_equal(auger_ice_why_name(a), auger_ice_why_name(b));
    }
    assert_string_equal(auger_ice_why_name(1000), "unknown");
}

/* The longest numbers fit, and nothing behind a smaller struct is touched. */
static void test_a_caller_of_an_earlier_version_gets_what_it_knows(void **state)
{
    (void)state;
    struct sent sent;
    struct puppet *p = puppet_checking(&sent);
    struct auger_ice_explanation e;

    memset(&e, 0x5A, sizeof(e));
    auger_ice_explain_sized(p->ice, &e, sizeof(e.why));
    assert_int_equal(e.why, AUGER_ICE_WHY_NOTHING_ARRIVED);
    assert_int_equal(e.evidence[0], 0x5A);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_peer_that_answers_with_an_error_refused),
        cmocka_unit_test(test_an_answer_from_elsewhere_is_asymmetric),
        cmocka_unit_test(test_an_answer_with_another_password_is_named_and_counted),
        cmocka_unit_test(
            test_a_stranger_with_a_wrong_password_is_not_blamed_when_the_peer_is_heard),
        cmocka_unit_test(test_roles_that_never_settle_are_named),
        cmocka_unit_test(test_consent_that_is_revoked_is_not_called_expired),
        cmocka_unit_test(test_every_reason_has_a_name_and_a_sentence_of_its_own),
        cmocka_unit_test(test_a_caller_of_an_earlier_version_gets_what_it_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
