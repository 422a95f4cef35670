/* The keys that a server tells requests by: those that have proved themselves, and those that a
 * program knows. */
#include "tests/turn/asked.h"

/* --- keys that have proved themselves --------------------------------------------------------- */

static void a_key_that_passed_is_ready_for_the_next_request(void **state)
{
    (void)state;
    assert_int_equal(ASK(.integrity = SHA1), AUGER_CHALLENGE_PASSED);
    const struct auger_prepared_key *known = s.proof.prepared;
    assert_int_equal(ASK(.integrity = SHA1), AUGER_CHALLENGE_PASSED);
    assert_ptr_equal(s.proof.prepared, known);
    assert_int_equal(ASK(.by_hash = true, .integrity = SHA1), AUGER_CHALLENGE_PASSED);
    assert_ptr_equal(s.proof.prepared, known);
    assert_int_equal(ASK(.integrity = SHA1, .password = "other"), AUGER_CHALLENGE_WRONG);
    assert_int_equal(ASK(.integrity = SHA1, .realm = "other"), AUGER_CHALLENGE_WRONG);
    assert_int_equal(ASK(.has_list = true, .has_algorithm = true, .integrity = SHA256),
                     AUGER_CHALLENGE_PASSED);
    assert_ptr_not_equal(s.proof.prepared, known);
    s.now += LIFETIME;
    build(&(struct asked){.integrity = SHA1});
    s.now += LIFETIME;
    assert_int_equal(judge(), AUGER_CHALLENGE_STALE);
}

static void a_password_that_changes_or_goes_takes_its_key_along(void **state)
{
    (void)state;
    assert_int_equal(ASK(.integrity = SHA1), AUGER_CHALLENGE_PASSED);
    assert_int_equal(auger_user_keys_add(s.keys, "user", "fresh"), 0);
    assert_int_equal(ASK(.integrity = SHA1), AUGER_CHALLENGE_WRONG);
    assert_int_equal(ASK(.integrity = SHA1, .password = "fresh"), AUGER_CHALLENGE_PASSED);
    assert_int_equal(auger_user_keys_remove(s.keys, "user"), 0);
    assert_int_equal(ASK(.integrity = SHA1, .password = "fresh"), AUGER_CHALLENGE_WRONG);
}

/* However it was written down (RFC 8265). */
static void who_goes_takes_the_key_of_his_prepared_name_along(void **state)
{
    const struct auger_bytes name = {(const uint8_t *)"\xC3\xA5", 2};
    struct auger_user user;

    (void)state;
    if (auger_user_keys_add(s.keys, "a\xCC\x8A", "pass") == AUGER_ERR_UNSUPPORTED)
        skip();
    assert_int_equal(ASK(.name = "\xC3\xA5", .integrity = SHA1), AUGER_CHALLENGE_PASSED);
    auger_user_keys_find(s.keys, NOW_S, name, &user);
    assert_non_null(auger_user_keys_remembered(s.keys, &user, AUGER_STUN_MD5));
    assert_int_equal(auger_user_keys_remove(s.keys, "a\xCC\x8A"), 0);
    assert_null(auger_user_keys_remembered(s.keys, &user, AUGER_STUN_MD5));
}

static void make_rest(struct auger_turn_rest *rest, const char *user, int64_t lifetime_s)
{
    assert_int_equal(auger_turn_rest_make(rest, AUGER_TURN_REST_SHA1, (const uint8_t *)"key", 3,
                                          NOW_S + lifetime_s, user),
                     0);
}

static void a_time_limited_key_is_good_as_long_as_its_name_and_its_secret(void **state)
{
    struct auger_turn_rest rest;

    (void)state;
    assert_int_equal(
        auger_user_keys_add_secret(s.keys, AUGER_TURN_REST_SHA1, (const uint8_t *)"key", 3), 0);
    make_rest(&rest, "bob", 100);
    const struct asked bob = {.name = rest.username, .password = rest.password, .integrity = SHA1};
    assert_int_equal(ask(&bob), AUGER_CHALLENGE_PASSED);
    const struct auger_prepared_key *known = s.proof.prepared;
    assert_int_equal(ask(&bob), AUGER_CHALLENGE_PASSED);
    assert_ptr_equal(s.proof.prepared, known);
    assert_int_equal(s.proof.expires_at_s, NOW_S + 100);
    auger_proof_fini(&s.proof);
    assert_int_equal(auger_challenge_judge(&s.c, s.now, NOW_S + 100, &s.path, &s.request, &s.proof),
                     AUGER_CHALLENGE_WRONG);
    assert_int_equal(ask(&bob), AUGER_CHALLENGE_PASSED);
    auger_user_keys_remove_secrets(s.keys);
    assert_int_equal(ask(&bob), AUGER_CHALLENGE_WRONG);
}

static void the_key_that_was_not_used_for_longest_makes_room(void **state)
{
    struct auger_turn_rest rest[2];
    const struct auger_prepared_key *known;

    (void)state;
    assert_int_equal(
        auger_user_keys_add_secret(s.keys, AUGER_TURN_REST_SHA1, (const uint8_t *)"key", 3), 0);
    assert_int_equal(ASK(.integrity = SHA1), AUGER_CHALLENGE_PASSED);
    known = auger_prepared_key_hold(s.proof.prepared);
    for (int i = 0; i < AUGER_PREPARED_KEYS_MAX; i++) {
        make_rest(&rest[i > 0], "bob", 100 + i);
        assert_int_equal(
            ASK(.name = rest[i > 0].username, .password = rest[i > 0].password, .integrity = SHA1),
            AUGER_CHALLENGE_PASSED);
        if (i == AUGER_PREPARED_KEYS_MAX - 2) { /* all have room until the last */
            assert_int_equal(ASK(.integrity = SHA1), AUGER_CHALLENGE_PASSED);
            assert_ptr_equal(s.proof.prepared, known);
        }
    }
    assert_int_equal(ASK(.integrity = SHA1), AUGER_CHALLENGE_PASSED);
    assert_ptr_equal(s.proof.prepared, known);
    auger_prepared_key_let_go((struct auger_prepared_key *)(uintptr_t)known);
    assert_null(auger_user_keys_remembered(s.keys, &(struct auger_user){0}, AUGER_STUN_MD5));
    struct auger_user first;
    auger_user_keys_find(
        s.keys, NOW_S,
        (struct auger_bytes){(const uint8_t *)rest[0].username, strlen(rest[0].username)}, &first);
    assert_null(auger_user_keys_remembered(s.keys, &first, AUGER_STUN_MD5));
}

/* --- a program that knows more names ---------------------------------------------------------- */

static enum auger_challenge_verdict answer_with(const char *password)
{
    auger_proof_fini(&s.proof);
    return auger_challenge_judge_by(&s.c, s.now, &s.path, &s.request, password, &s.proof);
}

static void the_program_is_asked_for_names_that_are_not_known(void **state)
{
    (void)state;
    s.c.asks_program = true;
    assert_int_equal(ASK(.integrity = SHA1), AUGER_CHALLENGE_PASSED);
    assert_int_equal(ASK(.name = "alice", .password = "hers", .has_list = true,
                         .has_algorithm = true, .integrity = SHA256),
                     AUGER_CHALLENGE_NEEDS_KEY);
    assert_int_equal(s.proof.username.len, 5);
    turn_away(AUGER_CHALLENGE_NEEDS_KEY);
    assert_int_equal(s.answer_len, 0);
    assert_int_equal(answer_with("hers"), AUGER_CHALLENGE_PASSED);
    assert_true(s.proof.key && s.proof.is_sha256);
    assert_int_equal(answer_with("other"), AUGER_CHALLENGE_WRONG);
    assert_int_equal(answer_with(""), AUGER_CHALLENGE_WRONG);
    assert_int_equal(answer_with(NULL), AUGER_CHALLENGE_WRONG);
    s.now += LIFETIME;
    assert_int_equal(answer_with("hers"), AUGER_CHALLENGE_STALE);
    assert_null(s.proof.key);
}

/* An empty password is not one that nobody has. */
static void nobody_has_no_password_not_even_an_empty_one(void **state)
{
    (void)state;
    s.c.asks_program = true;
    assert_int_equal(ASK(.name = "alice", .password = "", .integrity = SHA1),
                     AUGER_CHALLENGE_NEEDS_KEY);
    assert_int_equal(answer_with(NULL), AUGER_CHALLENGE_WRONG);
}

static void the_program_is_not_asked_about_what_no_name_can_be(void **state)
{
    (void)state;
    char longest[600];

    memset(longest, 'x', sizeof(longest));
    longest[599] = '\0';
    s.c.asks_program = true;
    assert_int_equal(ASK(.name = longest, .integrity = SHA1), AUGER_CHALLENGE_WRONG);
    assert_int_equal(ASK(.name = "", .integrity = SHA1), AUGER_CHALLENGE_WRONG);
    assert_int_equal(ASK(.name = "a\x1b[31m", .integrity = SHA1), AUGER_CHALLENGE_WRONG);
    assert_int_equal(ASK(.name = "alice", .by_hash = true, .integrity = SHA1),
                     AUGER_CHALLENGE_WRONG);
    assert_int_equal(ASK(.name = "alice", .realm = "other", .integrity = SHA1),
                     AUGER_CHALLENGE_WRONG);
}

/* --- the client of this library -----------------------------------------------------------------
 */

static void our_own_client_takes_the_challenge_and_passes(void **state)
{
    (void)state;
    static const uint32_t features[] = {AUGER_NONCE_PASSWORD_ALGORITHMS,
                                        AUGER_NONCE_PASSWORD_ALGORITHMS |
                                            AUGER_NONCE_USERNAME_ANONYMITY};
    static const struct auger_stun_tid tid = {{9}};

    for (size_t i = 0; i < COUNT(features); i++) {
        struct auger_turn_credentials client;
        set_features(features[i]);
        assert_int_equal(auger_longterm_init(&client, auger_env_system(), "user", "pass"), 0);
        assert_int_equal(ASK(.integrity = NO_INTEGRITY), AUGER_CHALLENGE_ABSENT);
        turn_away(AUGER_CHALLENGE_ABSENT);
        assert_int_equal(auger_longterm_take(&client, &s.answer), AUGER_TURN_ERROR_NONE);
        auger_stun_build_begin(&s.b, s.raw, sizeof(s.raw), AUGER_STUN_REQUEST, AUGER_STUN_ALLOCATE,
                               &tid);
        auger_longterm_write(&client, &s.b);
        int len = auger_stun_build_end(&s.b);
        assert_true(len > 0);
        assert_int_equal(auger_stun_msg_parse(&s.request, s.raw, (size_t)len), 0);
        assert_int_equal(auger_stun_msg_has(&s.request, AUGER_STUN_ATTR_USERHASH), i == 1);
        assert_int_equal(judge(), AUGER_CHALLENGE_PASSED);
        assert_int_equal(s.proof.algorithm, AUGER_STUN_SHA256);
        s.now += LIFETIME; /* then it takes a 438 as well */
        assert_int_equal(judge(), AUGER_CHALLENGE_STALE);
        turn_away(AUGER_CHALLENGE_STALE);
        assert_int_equal(auger_longterm_take(&client, &s.answer), AUGER_TURN_ERROR_NONE);
        auger_longterm_fini(&client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_that_passed_is_ready_for_the_next_request, make,
                                        drop),
        cmocka_unit_test_setup_teardown(a_password_that_changes_or_goes_takes_its_key_along, make,
                                        drop),
        cmocka_unit_test_setup_teardown(who_goes_takes_the_key_of_his_prepared_name_along, make,
                                        drop),
        cmocka_unit_test_setup_teardown(
            a_time_limited_key_is_good_as_long_as_its_name_and_its_secret, make, drop),
        cmocka_unit_test_setup_teardown(the_key_that_was_not_used_for_longest_makes_room, make,
                                        drop),
        cmocka_unit_test_setup_teardown(the_program_is_asked_for_names_that_are_not_known, make,
                                        drop),
        cmocka_unit_test_setup_teardown(nobody_has_no_password_not_even_an_empty_one, make, drop),
        cmocka_unit_test_setup_teardown(the_program_is_not_asked_about_what_no_name_can_be, make,
                                        drop),
        cmocka_unit_test_setup_teardown(our_own_client_takes_the_challenge_and_passes, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
