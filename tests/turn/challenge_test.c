/* The server side of long-term credentials: RFC 8489 section 9.2.4. */
#include "tests/turn/asked.h"

/* --- requests ----------------------------------------------------------------------------- */

static void expect_challenge(enum auger_challenge_verdict verdict, uint16_t code)
{
    struct auger_bytes value;

    turn_away(verdict);
    assert_true(s.answer_len > 0);
    assert_int_equal(s.answer.class_, AUGER_STUN_ERROR);
    assert_int_equal(s.answer.method, s.request.method);
    assert_memory_equal(&s.answer.tid, &s.request.tid, sizeof(s.answer.tid));
    assert_int_equal(s.answer.error_code, code);
    assert_true(auger_stun_msg_bytes(&s.answer, AUGER_STUN_ATTR_REALM, &value));
    assert_true(value.len == 5 && memcmp(value.data, "realm", 5) == 0);
    assert_true(auger_stun_msg_bytes(&s.answer, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS, &value));
    assert_memory_equal(value.data, ours, sizeof(ours));
    assert_true(auger_stun_msg_bytes(&s.answer, AUGER_STUN_ATTR_NONCE, &value));
    assert_int_equal(auger_nonces_judge(s.nonces, s.now, &s.path, value), AUGER_NONCE_FRESH);
    assert_false(auger_stun_msg_has(&s.answer, AUGER_STUN_ATTR_USERNAME));
    assert_false(auger_stun_msg_has(&s.answer, AUGER_STUN_ATTR_USERHASH));
    assert_false(s.answer.integrity_offset || s.answer.integrity256_offset);
}

/* --- the order of 9.2.4 ---------------------------------------------------------------------- */

/* Each check by a request that fails it and would fail all that follow. */
static void the_checks_are_made_in_the_order_of_the_section(void **state)
{
    (void)state;
    static const uint8_t other[] = {0, 1, 0, 0};

    assert_int_equal(ASK(.no_name = true, .no_realm = true, .no_nonce = true),
                     AUGER_CHALLENGE_ABSENT);
    assert_int_equal(ASK(.no_name = true, .has_list = true, .list = other, .list_len = 4,
                         .integrity = SHA256, .password = "wrong"),
                     AUGER_CHALLENGE_BAD_REQUEST);
    assert_int_equal(ASK(.name = "nobody", .has_list = true, .list = other, .list_len = 4,
                         .has_algorithm = true, .integrity = SHA256, .password = "wrong"),
                     AUGER_CHALLENGE_BAD_REQUEST);
    assert_int_equal(ASK(.name = "nobody", .nonce = "old", .integrity = SHA1),
                     AUGER_CHALLENGE_WRONG);
    assert_int_equal(ASK(.nonce = "old", .integrity = SHA1, .password = "wrong"),
                     AUGER_CHALLENGE_WRONG);
    assert_int_equal(ASK(.nonce = "old", .integrity = SHA1), AUGER_CHALLENGE_STALE);
    assert_int_equal(ASK(.integrity = SHA1), AUGER_CHALLENGE_PASSED);
}

static void without_integrity_it_is_a_401_whatever_else_is_there(void **state)
{
    (void)state;
    assert_int_equal(ASK(.integrity = NO_INTEGRITY), AUGER_CHALLENGE_ABSENT);
    assert_int_equal(ASK(.has_list = true), AUGER_CHALLENGE_ABSENT);
    expect_challenge(AUGER_CHALLENGE_ABSENT, 401);
}

static void with_integrity_and_a_part_missing_it_is_a_400_that_says_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ASK(.no_name = i == 0, .no_realm = i == 1, .no_nonce = i == 2,
                             .integrity = i % 2 ? SHA1 : SHA256),
                         AUGER_CHALLENGE_BAD_REQUEST);
        turn_away(AUGER_CHALLENGE_BAD_REQUEST);
        assert_int_equal(s.answer.error_code, 400);
        assert_int_equal(s.answer.attrs_len, 1);
    }
}

static void a_userhash_stands_for_a_name(void **state)
{
    (void)state;
    set_features(AUGER_NONCE_PASSWORD_ALGORITHMS | AUGER_NONCE_USERNAME_ANONYMITY);
    assert_int_equal(
        ASK(.by_hash = true, .has_list = true, .has_algorithm = true, .integrity = SHA256),
        AUGER_CHALLENGE_PASSED);
    assert_int_equal(s.proof.username.len, 4);
    assert_memory_equal(s.proof.username.data, "user", 4);
    assert_int_equal(ASK(.name = "nobody", .by_hash = true, .integrity = SHA1),
                     AUGER_CHALLENGE_WRONG);
}

static void the_lists_of_algorithms_are_both_there_and_as_they_were_sent(void **state)
{
    (void)state;
    static const uint8_t md5[] = {0, 1, 0, 0}, turned[] = {0, 1, 0, 0, 0, 2, 0, 0},
                         longer[] = {0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0};
    static const struct {
        struct asked asked;
        enum auger_challenge_verdict verdict;
    } cases[] = {
        {{.integrity = SHA1}, AUGER_CHALLENGE_PASSED},
        {{.integrity = BOTH}, AUGER_CHALLENGE_PASSED},
        {{.has_list = true, .has_algorithm = true, .integrity = SHA256}, AUGER_CHALLENGE_PASSED},
        {{.has_list = true, .has_algorithm = true, .algorithm = 1, .integrity = SHA256},
         AUGER_CHALLENGE_PASSED},
        {{.has_list = true, .integrity = SHA256}, AUGER_CHALLENGE_BAD_REQUEST},
        {{.has_algorithm = true, .integrity = SHA256}, AUGER_CHALLENGE_BAD_REQUEST},
        {{.has_list = true, .has_algorithm = true, .algorithm = 3, .integrity = SHA256},
         AUGER_CHALLENGE_BAD_REQUEST},
        {{.has_list = true,
          .list = md5,
          .list_len = 4,
          .has_algorithm = true,
          .algorithm = 1,
          .integrity = SHA256},
         AUGER_CHALLENGE_BAD_REQUEST},
        {{.has_list = true,
          .list = turned,
          .list_len = 8,
          .has_algorithm = true,
          .integrity = SHA256},
         AUGER_CHALLENGE_BAD_REQUEST},
        {{.has_list = true,
          .list = longer,
          .list_len = 12,
          .has_algorithm = true,
          .integrity = SHA256},
         AUGER_CHALLENGE_BAD_REQUEST},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        if (ask(&cases[i].asked) != cases[i].verdict)
            fail_msg("case %zu", i);
}

/* 9.2.1: who took the list and the bit out of a 401 gets no further than a stale nonce. */
static void a_bid_down_on_the_way_never_passes(void **state)
{
    (void)state;
    char stripped[AUGER_NONCE_LEN + 1];

    strcpy(stripped, fresh_nonce());
    memcpy(stripped, "obMatJos2AAAA", 13);
    assert_int_equal(ASK(.nonce = stripped, .integrity = SHA1), AUGER_CHALLENGE_STALE);
    strcpy(stripped, fresh_nonce());
    assert_int_equal(ASK(.nonce = stripped + 13, .integrity = SHA1), AUGER_CHALLENGE_STALE);
}

/* 9.2.4, the last paragraph. */
static void an_answer_has_the_integrity_that_the_request_asks_for(void **state)
{
    (void)state;
    static const struct {
        struct asked asked;
        bool is_sha256;
        uint8_t algorithm;
    } cases[] = {
        {{.integrity = SHA1}, false, AUGER_STUN_MD5},
        {{.integrity = SHA256}, false, AUGER_STUN_MD5},
        {{.has_list = true, .has_algorithm = true, .integrity = SHA256}, true, AUGER_STUN_SHA256},
        {{.has_list = true, .has_algorithm = true, .algorithm = 1, .integrity = SHA256},
         true,
         AUGER_STUN_MD5},
        {{.has_list = true, .has_algorithm = true, .integrity = SHA1}, true, AUGER_STUN_SHA256},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct auger_stun_builder b;
        assert_int_equal(ask(&cases[i].asked), AUGER_CHALLENGE_PASSED);
        assert_int_equal(s.proof.algorithm, cases[i].algorithm);
        auger_stun_build_begin(&b, s.reply, sizeof(s.reply), AUGER_STUN_SUCCESS, s.request.method,
                               &s.request.tid);
        auger_challenge_protect(&s.proof, &b);
        int len = auger_stun_build_end(&b);
        assert_true(len > 0);
        assert_int_equal(auger_stun_msg_parse(&s.answer, s.reply, (size_t)len), 0);
        assert_int_equal(s.answer.integrity256_offset != 0, cases[i].is_sha256);
        assert_int_equal(s.answer.integrity_offset != 0, !cases[i].is_sha256);
        assert_int_equal(auger_stun_msg_verify(&s.answer, s.proof.key), 0);
    }
}

/* D4 */
static void whatever_is_wrong_with_a_nonce_is_a_438_with_a_fresh_one(void **state)
{
    (void)state;
    char nonce[AUGER_NONCE_LEN + 1];
    const struct auger_path own = s.path;

    strcpy(nonce, fresh_nonce());
    s.path.remote.port++;
    assert_int_equal(ASK(.nonce = nonce, .integrity = SHA1), AUGER_CHALLENGE_STALE);
    s.path = own;
    s.path.remote.ip[3]++;
    assert_int_equal(ASK(.nonce = nonce, .integrity = SHA1), AUGER_CHALLENGE_STALE);
    s.path = own;
    s.now += LIFETIME;
    assert_int_equal(ASK(.nonce = nonce, .integrity = SHA1), AUGER_CHALLENGE_STALE);
    s.now -= LIFETIME;
    nonce[20] ^= 1;
    assert_int_equal(ASK(.nonce = nonce, .integrity = SHA1), AUGER_CHALLENGE_STALE);
    expect_challenge(AUGER_CHALLENGE_STALE, 438);
    assert_int_equal(ASK(.nonce = "", .integrity = SHA1), AUGER_CHALLENGE_STALE);
    nonce[20] ^= 1;
    assert_int_equal(ASK(.nonce = nonce, .integrity = SHA1), AUGER_CHALLENGE_PASSED);
}

/* D5: the answers are alike in all but the nonce. */
static void what_is_wrong_with_a_name_or_password_is_not_told(void **state)
{
    (void)state;
    static const struct asked wrong[] = {
        {.password = "wrong", .integrity = SHA1},
        {.name = "nobody", .integrity = SHA1},
        {.name = "nobody", .by_hash = true, .integrity = SHA1},
        {.realm = "other", .integrity = SHA1},
        {.name = "1:user", .integrity = SHA1},
        {.name = "us\x01"
                 "er",
         .integrity = SHA1},
    };
    uint8_t first[2048];
    size_t first_len = 0;

    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(ask(&wrong[i]), AUGER_CHALLENGE_WRONG);
        expect_challenge(AUGER_CHALLENGE_WRONG, 401);
        if (i == 0) {
            memcpy(first, s.reply, s.answer_len);
            first_len = s.answer_len;
        }
        assert_int_equal(s.answer_len, first_len);
        assert_memory_equal(s.reply, first, first_len);
    }
}

static void a_time_limited_name_says_when_it_ends(void **state)
{
    (void)state;
    struct auger_turn_rest rest;

    assert_int_equal(
        auger_user_keys_add_secret(s.keys, AUGER_TURN_REST_SHA256, (const uint8_t *)"another", 7),
        0);
    assert_int_equal(
        auger_user_keys_add_secret(s.keys, AUGER_TURN_REST_SHA1, (const uint8_t *)"shared", 6), 0);
    assert_int_equal(auger_turn_rest_make(&rest, AUGER_TURN_REST_SHA1, (const uint8_t *)"shared", 6,
                                          NOW_S + 60, "alice"),
                     0);
    assert_int_equal(ASK(.name = rest.username, .password = rest.password, .integrity = SHA1),
                     AUGER_CHALLENGE_PASSED);
    assert_true(s.proof.expires_at_s == NOW_S + 60);
    assert_int_equal(ASK(.integrity = SHA1), AUGER_CHALLENGE_PASSED);
    assert_true(s.proof.expires_at_s == AUGER_USER_NEVER);
    assert_int_equal(ASK(.name = rest.username, .password = "wrong", .integrity = SHA1),
                     AUGER_CHALLENGE_WRONG);
    assert_int_equal(auger_turn_rest_make(&rest, AUGER_TURN_REST_SHA1, (const uint8_t *)"shared", 6,
                                          NOW_S, "alice"),
                     0);
    assert_int_equal(ASK(.name = rest.username, .password = rest.password, .integrity = SHA1),
                     AUGER_CHALLENGE_WRONG);
}

/* --- size
 * ------------------------------------------------------------------------------------------ */

/* What a client asks first: 28 bytes, or less than could be granted. */
static void build_first(size_t len)
{
    auger_stun_build_begin(&s.b, s.raw, sizeof(s.raw), AUGER_STUN_REQUEST, AUGER_STUN_ALLOCATE,
                           &(struct auger_stun_tid){{0}});
    if (len >= 28)
        auger_stun_build_u32(&s.b, AUGER_STUN_ATTR_REQUESTED_TRANSPORT, 17u << 24);
    else if (len == 24)
        auger_stun_build_bytes(&s.b, AUGER_STUN_ATTR_DONT_FRAGMENT, NULL, 0);
    if (len == 36)
        auger_stun_build_fingerprint(&s.b);
    assert_int_equal(auger_stun_build_end(&s.b), len);
    assert_int_equal(auger_stun_msg_parse(&s.request, s.raw, len), 0);
}

static void set_realm(size_t len)
{
    char realm[128];

    memset(realm, 'r', len);
    realm[len] = 0;
    auger_user_keys_free(s.keys);
    assert_int_equal(auger_user_keys_new(&s.keys, auger_env_system(), realm, 100), 0);
    s.c.keys = s.keys;
}

/* ABUSE V10: with the headers of IP and UDP. */
static void a_401_by_udp_is_at_most_1_7_times_the_question(void **state)
{
    (void)state;
    static const char *const clients[] = {"192.0.2.1:40000", "[2001:db8::1]:40000"};

    for (size_t client = 0; client < COUNT(clients); client++) {
        s.path.remote = addr_of(clients[client]);
        size_t headers = client == 0 ? 28 : 48;
        for (size_t realm = 1; realm <= 127; realm++) {
            set_realm(realm);
            for (size_t len = 20; len <= 36; len += len < 28 ? 4 : 8) {
                build_first(len);
                bool is_owed = auger_challenge_is_owed(&s.c, &s.path, &s.request);
                assert_true(is_owed || len < 28);
                turn_away(AUGER_CHALLENGE_ABSENT);
                bool is_small = 10 * (s.answer_len + headers) <= 17 * (len + headers);
                if (is_owed && (realm <= 8 || len < 28))
                    assert_true(is_small);
            }
        }
    }
}

static void a_short_401_can_be_answered_and_offers_md5_alone(void **state)
{
    (void)state;
    struct auger_bytes value;
    char nonce[AUGER_NONCE_SHORT_LEN + 1] = "";

    build_first(28);
    turn_away(AUGER_CHALLENGE_ABSENT);
    assert_int_equal(s.answer_len, 20 + 8 + 12 + 24);
    assert_false(auger_stun_msg_has(&s.answer, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS));
    assert_true(auger_stun_msg_bytes(&s.answer, AUGER_STUN_ATTR_NONCE, &value));
    assert_int_equal(auger_nonce_features(value), 0);
    memcpy(nonce, value.data, value.len);
    assert_int_equal(ASK(.nonce = nonce, .integrity = SHA1), AUGER_CHALLENGE_PASSED);
    assert_false(s.proof.is_sha256);
}

/* Nobody forges the source of a stream. */
static void a_401_by_a_stream_is_whole(void **state)
{
    (void)state;
    s.path.local.transport = s.path.remote.transport = AUGER_TCP;
    build_first(20);
    assert_true(auger_challenge_is_owed(&s.c, &s.path, &s.request));
    expect_challenge(AUGER_CHALLENGE_ABSENT, 401);
    assert_int_equal(s.answer_len, 20 + 8 + 12 + 36 + 12);
}

static void a_user_of_sha256_alone_is_offered_it_always(void **state)
{
    (void)state;
    static const uint8_t key[32] = {1}, md5[16] = {1};

    assert_int_equal(auger_user_keys_add_key(s.keys, "new", AUGER_STUN_SHA256, key, 32), 0);
    build_first(28);
    expect_challenge(AUGER_CHALLENGE_ABSENT, 401);
    assert_int_equal(auger_user_keys_add_key(s.keys, "new", AUGER_STUN_MD5, md5, 16), 0);
    turn_away(AUGER_CHALLENGE_ABSENT);
    assert_int_equal(s.answer_len, 20 + 8 + 12 + 24);
    assert_int_equal(auger_user_keys_add_key(s.keys, "newer", AUGER_STUN_SHA256, key, 32), 0);
    expect_challenge(AUGER_CHALLENGE_ABSENT, 401);
    assert_int_equal(auger_user_keys_remove(s.keys, "newer"), 0);
    turn_away(AUGER_CHALLENGE_ABSENT);
    assert_int_equal(s.answer_len, 20 + 8 + 12 + 24);
}

static void a_fingerprint_is_answered_with_one_and_no_room_with_silence(void **state)
{
    (void)state;
    ASK(.fingerprint = true);
    turn_away(AUGER_CHALLENGE_ABSENT);
    assert_true(auger_stun_msg_fingerprint_ok(&s.answer));
    for (size_t cap = 20; cap < s.answer_len; cap++)
        assert_int_equal(auger_challenge_refuse(&s.c, s.now, &s.path, &s.request,
                                                AUGER_CHALLENGE_ABSENT, s.reply, cap),
                         0);
    turn_away(AUGER_CHALLENGE_FAILED);
    assert_int_equal(s.answer_len, 0);
    turn_away(AUGER_CHALLENGE_PASSED);
    assert_int_equal(s.answer_len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_checks_are_made_in_the_order_of_the_section, make,
                                        drop),
        cmocka_unit_test_setup_teardown(without_integrity_it_is_a_401_whatever_else_is_there, make,
                                        drop),
        cmocka_unit_test_setup_teardown(
            with_integrity_and_a_part_missing_it_is_a_400_that_says_nothing, make, drop),
        cmocka_unit_test_setup_teardown(a_userhash_stands_for_a_name, make, drop),
        cmocka_unit_test_setup_teardown(
            the_lists_of_algorithms_are_both_there_and_as_they_were_sent, make, drop),
        cmocka_unit_test_setup_teardown(a_bid_down_on_the_way_never_passes, make, drop),
        cmocka_unit_test_setup_teardown(an_answer_has_the_integrity_that_the_request_asks_for, make,
                                        drop),
        cmocka_unit_test_setup_teardown(whatever_is_wrong_with_a_nonce_is_a_438_with_a_fresh_one,
                                        make, drop),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_a_name_or_password_is_not_told, make,
                                        drop),
        cmocka_unit_test_setup_teardown(a_time_limited_name_says_when_it_ends, make, drop),
        cmocka_unit_test_setup_teardown(a_401_by_udp_is_at_most_1_7_times_the_question, make, drop),
        cmocka_unit_test_setup_teardown(a_short_401_can_be_answered_and_offers_md5_alone, make,
                                        drop),
        cmocka_unit_test_setup_teardown(a_401_by_a_stream_is_whole, make, drop),
        cmocka_unit_test_setup_teardown(a_user_of_sha256_alone_is_offered_it_always, make, drop),
        cmocka_unit_test_setup_teardown(a_fingerprint_is_answered_with_one_and_no_room_with_silence,
                                        make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
