/* Long-term credentials: RFC 8489 section 9.2, as a client of TURN uses them. */
#include "tests/turn/puppet.h"

static void expect_challenge_refused(const struct challenge *challenge, uint16_t code,
                                     enum auger_turn_error error)
{
    struct puppet *p = puppet_new();

    expect_request(p, AUGER_STUN_ALLOCATE);
    challenge_with(p, code, challenge);
    expect_failure(p, error, code);
    expect_silence(p);
    puppet_free(p);
}

/* To where the server has challenged with it and the client has asked again. */
static struct puppet *asked_again(const struct challenge *challenge, bool is_sha256_key,
                                  bool is_sha256)
{
    struct puppet *p = puppet_new();

    expect_request(p, AUGER_STUN_ALLOCATE);
    challenge_with(p, 401, challenge);
    use_key(p, is_sha256_key, is_sha256);
    expect_request(p, AUGER_STUN_ALLOCATE);
    return p;
}

static void a_401_is_answered_with_name_realm_nonce_and_proof(void **state)
{
    (void)state;
    struct puppet *p = asked_again(&plain_challenge, false, false);

    assert_true(has_text(p, AUGER_STUN_ATTR_USERNAME, "user"));
    assert_true(has_text(p, AUGER_STUN_ATTR_REALM, "example.org"));
    assert_true(has_text(p, AUGER_STUN_ATTR_NONCE, "1"));
    assert_false(puppet_asks(p, AUGER_STUN_ATTR_PASSWORD_ALGORITHM));
    assert_true(is_signed(p));
    grant_with(p, RELAYED, NULL, 600);
    expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
    puppet_free(p);
}

/* 9.2.2 has this key: MD5("user:realm:pass"). */
static void the_key_is_that_of_the_standard(void **state)
{
    (void)state;
    static const uint8_t wanted[16] = {0x84, 0x93, 0xfb, 0xc5, 0x3b, 0xa5, 0x82, 0xfb,
                                       0x4c, 0x04, 0x4c, 0x45, 0x6b, 0xdc, 0x40, 0xeb};
    static const char *const realms[] = {"realm", "\"realm\""};

    for (size_t i = 0; i < COUNT(realms); i++) {
        struct puppet *p = puppet_prepare();
        const struct challenge challenge = {.realm = realms[i], .nonce = "n"};
        p->config.password = "pass";
        puppet_start(p);
        expect_request(p, AUGER_STUN_ALLOCATE);
        challenge_with(p, 401, &challenge);
        expect_request(p, AUGER_STUN_ALLOCATE);
        assert_int_equal(auger_stun_key_new(&p->key, wanted, sizeof(wanted)), 0);
        assert_true(is_signed(p));
        assert_true(has_text(p, AUGER_STUN_ATTR_REALM, realms[i]));
        puppet_free(p);
    }
}

/* RFC 8265: what is hashed, and what is sent as our name, is prepared; a realm goes back as it
 * came. */
static void texts_beyond_ascii_are_prepared(void **state)
{
    static const char text[] = "\xC3\xA5:b\xC3\xBCro:\xC3\xB6 \xC3\xB6";
    const struct auger_bytes piece = {(const uint8_t *)text, sizeof(text) - 1};
    const struct challenge challenge = {.realm = "bu\xCC\x88ro", .nonce = "n"};
    uint8_t wanted[16];
    (void)state;

    if (!is_built_with_unicode())
        skip();
    struct puppet *p = puppet_prepare();
    p->config.username = "a\xCC\x8A";
    p->config.password = "o\xCC\x88\xC2\xA0\xC3\xB6";
    puppet_start(p);
    expect_request(p, AUGER_STUN_ALLOCATE);
    challenge_with(p, 401, &challenge);
    expect_request(p, AUGER_STUN_ALLOCATE);
    assert_int_equal(auger_digest_compute(AUGER_DIGEST_MD5, &piece, 1, wanted), 0);
    assert_int_equal(auger_stun_key_new(&p->key, wanted, sizeof(wanted)), 0);
    assert_true(is_signed(p));
    assert_true(has_text(p, AUGER_STUN_ATTR_USERNAME, "\xC3\xA5"));
    assert_true(has_text(p, AUGER_STUN_ATTR_REALM, "bu\xCC\x88ro"));
    puppet_free(p);
}

static void the_first_algorithm_that_is_known_counts(void **state)
{
    (void)state;
    static const struct {
        struct challenge challenge;
        uint32_t algorithm;
    } rows[] = {
        {{"example.org", COOKIE_ALGORITHMS, {2, 1}}, 2},
        {{"example.org", COOKIE_ALGORITHMS, {9, 1, 2}}, 1},
        {{"example.org", "no cookie", {2}}, 2},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct puppet *p = asked_again(&rows[i].challenge, rows[i].algorithm == 2, true);
        struct auger_bytes list;
        uint32_t algorithm;

        assert_true(is_signed(p));
        assert_true(
            auger_stun_msg_u32(&p->request, AUGER_STUN_ATTR_PASSWORD_ALGORITHM, &algorithm));
        assert_int_equal(algorithm, rows[i].algorithm << 16);
        assert_true(auger_stun_msg_bytes(&p->request, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS, &list));
        assert_int_equal(list.data[1], rows[i].challenge.algorithms[0]);
        grant_with(p, RELAYED, NULL, 600);
        expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
        puppet_free(p);
    }
}

static void a_server_that_hides_names_gets_a_hash(void **state)
{
    (void)state;
    static const struct challenge challenge = {"example.org", COOKIE_ANONYMITY, {0}};
    static const char text[] = "user:example.org";
    const struct auger_bytes piece = {(const uint8_t *)text, sizeof(text) - 1};
    struct puppet *p = asked_again(&challenge, false, false);
    struct auger_bytes hash;
    uint8_t wanted[32];

    assert_int_equal(auger_digest_compute(AUGER_DIGEST_SHA256, &piece, 1, wanted), 0);
    assert_true(auger_stun_msg_bytes(&p->request, AUGER_STUN_ATTR_USERHASH, &hash));
    assert_memory_equal(hash.data, wanted, 32);
    assert_false(puppet_asks(p, AUGER_STUN_ATTR_USERNAME));
    assert_true(is_signed(p));
    puppet_free(p);
}

static void a_cookie_without_features_is_a_nonce_like_any_other(void **state)
{
    (void)state;
    static const char *const nonces[] = {COOKIE_NONE, "obMatJos2", "obMatJos2???", "obMatJos2g*AA"};

    for (size_t i = 0; i < COUNT(nonces); i++) {
        const struct challenge challenge = {"example.org", nonces[i], {0}};
        struct puppet *p = asked_again(&challenge, false, false);
        assert_true(has_text(p, AUGER_STUN_ATTR_USERNAME, "user"));
        assert_true(is_signed(p));
        puppet_free(p);
    }
}

static void what_a_challenge_must_not_be(void **state)
{
    (void)state;
    static char long_nonce[700], long_realm[700];
    static const struct {
        struct challenge challenge;
        enum auger_turn_error error;
    } rows[] = {
        {{NULL, "n", {0}}, AUGER_TURN_ERROR_MALFORMED},
        {{"example.org", NULL, {0}}, AUGER_TURN_ERROR_MALFORMED},
        {{"example.org", "", {0}}, AUGER_TURN_ERROR_MALFORMED},
        {{"", "n", {0}}, AUGER_TURN_ERROR_REALM},
        {{"b\xCD\xB8ro", "n", {0}}, AUGER_TURN_ERROR_REALM}, /* unassigned */
        {{"example.org", COOKIE_ALGORITHMS, {0}}, AUGER_TURN_ERROR_BID_DOWN},
        {{"example.org", COOKIE_BOTH, {0}}, AUGER_TURN_ERROR_BID_DOWN},
        {{"example.org", COOKIE_ALGORITHMS, {9, 10}}, AUGER_TURN_ERROR_NO_ALGORITHM},
        {{long_realm, long_nonce, {0}}, AUGER_TURN_ERROR_MALFORMED},
    };

    memset(long_nonce, 'n', sizeof(long_nonce) - 1);
    memset(long_realm, 'r', sizeof(long_realm) - 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        expect_challenge_refused(&rows[i].challenge, 401, rows[i].error);
        expect_challenge_refused(&rows[i].challenge, 438, rows[i].error);
    }
}

/* What the client does until then is repeat itself. */
static void wait_in_vain(struct puppet *p, auger_time time)
{
    for (auger_time end = p->now + time; p->now < end;) {
        expect_no_event(p);
        auger_time next = auger_turn_next_timeout(p->turn);
        assert_true(next > p->now);
        poll_at(p, next);
    }
}

static void a_second_401_is_the_end(void **state)
{
    (void)state;
    static const struct challenge other = {"example.com", "2", {0}};
    struct puppet *p = asked_again(&plain_challenge, false, false);

    challenge_with(p, 401, &other);
    wait_in_vain(p, 1500 * AUGER_MS);
    expect_failure(p, AUGER_TURN_ERROR_UNAUTHENTICATED, 401);
    expect_silence(p);
    puppet_free(p);
}

/* Who sees a request can answer it sooner than the server does. */
static void a_forged_challenge_ends_nothing(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        struct challenge challenge;
    } rows[] = {
        {401, {"example.org", "2", {0}}},
        {401, {"example.com", "2", {0}}},
        {401, {NULL, NULL, {0}}},
        {438, {"example.com", "2", {0}}},
        {438, {"example.org", COOKIE_ALGORITHMS, {0}}},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct puppet *p = asked_again(&plain_challenge, false, false);
        challenge_with(p, rows[i].code, &rows[i].challenge);
        challenge_with(p, rows[i].code, &rows[i].challenge);
        expect_no_event(p);
        grant_with(p, RELAYED, NULL, 600);
        expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
        poll_at(p, auger_turn_next_timeout(p->turn)); /* a refresh */
        challenge_with(p, rows[i].code, &rows[i].challenge);
        poll_at(p, p->now + 500 * AUGER_MS);
        confirm(p);
        poll_at(p, p->now + 10 * AUGER_SEC);
        expect_no_event(p);
        assert_int_equal(auger_turn_state(p->turn), AUGER_TURN_ALLOCATED);
        puppet_free(p);
    }
}

/* The next request of that method, with all others confirmed. */
static void await_request(struct puppet *p, uint16_t method)
{
    while (poll_at(p, auger_turn_next_timeout(p->turn)) == 0 || p->request.method != method)
        if (p->len > 0)
            confirm(p);
}

static void say_no_unsigned(struct puppet *p, uint16_t method)
{
    await_request(p, method);
    challenge_with(p, 401, &plain_challenge);
    poll_at(p, p->now + 500 * AUGER_MS); /* the repetition has no answer */
    assert_int_equal(p->request.method, method);
    poll_at(p, p->now + AUGER_SEC);
}

/* A request that is damaged on its way is refused so, and the answer to its repetition is lost:
 * there are three of them in a row until it is believed. */
static void a_no_that_nobody_signed_is_asked_about(void **state)
{
    (void)state;
    static const struct {
        uint16_t method;
        enum auger_turn_event_type event;
    } rows[] = {
        {AUGER_STUN_REFRESH, AUGER_TURN_EVENT_FAILED},
        {AUGER_STUN_CREATE_PERMISSION, AUGER_TURN_EVENT_REFUSED},
        {AUGER_STUN_CHANNEL_BIND, AUGER_TURN_EVENT_CHANNEL_REFUSED},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct puppet *p = puppet_allocated();
        struct auger_addr peer = addr_of(PEER);
        puppet_permit(p, PEER);
        if (rows[i].method == AUGER_STUN_CHANNEL_BIND) {
            assert_int_equal(auger_turn_bind_channel(p->turn, p->now, &peer), 0);
            expect_request(p, AUGER_STUN_CHANNEL_BIND);
            confirm(p);
            expect_event(p, AUGER_TURN_EVENT_CHANNEL_BOUND);
        }
        for (int no = 0; no < 2 + 3; no++) {
            expect_no_event(p);
            auger_time before = p->now;
            say_no_unsigned(p, rows[i].method);
            if (no != 0 && no != 2)
                assert_int_equal(p->now - before, 11500 * AUGER_MS);
            if (no != 1)
                continue;
            await_request(p, rows[i].method);
            confirm(p);
        }
        expect_event(p, rows[i].event);
        puppet_free(p);
    }
}

static void who_has_no_credentials_answers_no_challenge(void **state)
{
    (void)state;
    struct puppet *p = puppet_prepare();

    p->config.username = p->config.password = NULL;
    puppet_start(p);
    expect_request(p, AUGER_STUN_ALLOCATE);
    challenge_with(p, 401, &plain_challenge);
    expect_failure(p, AUGER_TURN_ERROR_UNAUTHENTICATED, 401);
    puppet_free(p);
}

/* --- stale nonces ---------------------------------------------------------------------- */

static void a_stale_nonce_is_replaced_at_once(void **state)
{
    (void)state;
    static const struct challenge next = {"example.org", "2", {0}};
    struct puppet *p = puppet_allocated();

    p->now = auger_turn_next_timeout(p->turn);
    expect_request(p, AUGER_STUN_REFRESH);
    struct auger_stun_tid tid = p->request.tid;
    challenge_with(p, 438, &next);
    expect_request(p, AUGER_STUN_REFRESH);
    assert_memory_not_equal(tid.bytes, p->request.tid.bytes, sizeof(tid.bytes));
    assert_true(has_text(p, AUGER_STUN_ATTR_NONCE, "2"));
    assert_true(is_signed(p));
    confirm(p);
    expect_no_event(p);
    puppet_permit(p, PEER);
    assert_true(has_text(p, AUGER_STUN_ATTR_NONCE, "2"));
    puppet_free(p);
}

static void nonces_that_are_always_stale_are_given_up(void **state)
{
    (void)state;
    static const int64_t waits_ms[] = {0, 500, 0, 1500, 0}; /* what waited has aged meanwhile */
    struct puppet *p = asked_again(&plain_challenge, false, false);

    for (size_t i = 0; i < COUNT(waits_ms); i++) {
        challenge_with(p, 438, &plain_challenge);
        assert_int_equal(auger_turn_next_timeout(p->turn), p->now + waits_ms[i] * AUGER_MS);
        p->now = auger_turn_next_timeout(p->turn);
        expect_request(p, AUGER_STUN_ALLOCATE);
    }
    challenge_with(p, 438, &plain_challenge);
    expect_failure(p, AUGER_TURN_ERROR_STALE_NONCE, 438);
    puppet_free(p);
}

static void a_new_nonce_takes_nothing_away(void **state)
{
    (void)state;
    static const struct challenge best = {"example.org", COOKIE_BOTH, {2, 1}};
    static const struct {
        struct challenge challenge;
        enum auger_turn_error error;
    } rows[] = {
        {{"example.org", COOKIE_BOTH, {0}}, AUGER_TURN_ERROR_BID_DOWN},
        {{"example.org", COOKIE_BOTH, {1}}, AUGER_TURN_ERROR_BID_DOWN},
        {{"example.org", COOKIE_ALGORITHMS, {2}}, AUGER_TURN_ERROR_BID_DOWN},
        {{"example.org", "a plain one", {0}}, AUGER_TURN_ERROR_BID_DOWN},
        {{"example.com", COOKIE_BOTH, {2, 1}}, AUGER_TURN_ERROR_REALM},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct puppet *p = asked_again(&best, true, true);
        assert_true(is_signed(p));
        challenge_with(p, 438, &rows[i].challenge);
        wait_in_vain(p, 1500 * AUGER_MS);
        expect_failure(p, rows[i].error, 438);
        expect_silence(p);
        puppet_free(p);
    }
}

/* MD5 by PASSWORD-ALGORITHMS has the SHA-256 over it, and MD5 without has SHA-1. */
static void nor_does_it_take_the_list_away(void **state)
{
    (void)state;
    static const struct challenge first = {"example.org", COOKIE_ALGORITHMS, {1}};
    struct puppet *p = asked_again(&first, false, true);

    assert_true(is_signed(p));
    challenge_with(p, 438, &plain_challenge);
    wait_in_vain(p, 1500 * AUGER_MS);
    expect_failure(p, AUGER_TURN_ERROR_BID_DOWN, 438);
    puppet_free(p);
}

/* --- what is believed ------------------------------------------------------------------- */

static void build_grant(struct answer *a, struct puppet *p)
{
    begin(a, p, AUGER_STUN_SUCCESS);
    add_addr(a, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, RELAYED);
    add_addr(a, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, MAPPED);
    auger_stun_build_u32(&a->b, AUGER_STUN_ATTR_LIFETIME, 600);
}

static void build_refusal(struct answer *a, struct puppet *p)
{
    begin(a, p, AUGER_STUN_ERROR);
    auger_stun_build_error(&a->b, 486);
}

static void build_400(struct answer *a, struct puppet *p)
{
    begin(a, p, AUGER_STUN_ERROR);
    auger_stun_build_error(&a->b, 400);
}

static void (*const builds[])(struct answer *, struct puppet *) = {build_grant, build_refusal,
                                                                   build_400};

static void an_answer_that_proves_nothing_never_came(void **state)
{
    (void)state;
    static const uint16_t codes[] = {0, 486, 400};

    for (size_t i = 0; i < COUNT(builds); i++) {
        struct puppet *p = asked_again(&plain_challenge, false, false);
        auger_time again = auger_turn_next_timeout(p->turn);
        struct answer a;

        builds[i](&a, p);
        send_as_it_is(&a);
        builds[i](&a, p);
        use_key(p, true, false); /* of another password, as it were */
        sign_and_send(&a);
        expect_no_event(p);
        assert_int_equal(auger_turn_next_timeout(p->turn), again);
        while (auger_turn_state(p->turn) == AUGER_TURN_ALLOCATING)
            poll_at(p, auger_turn_next_timeout(p->turn));
        expect_failure(p, AUGER_TURN_ERROR_INTEGRITY, codes[i]);
        puppet_free(p);
    }
}

static void an_answer_to_another_method_is_none(void **state)
{
    (void)state;
    struct puppet *p = asked_again(&plain_challenge, false, false);

    p->request.method = AUGER_STUN_REFRESH;
    refuse(p, 486);
    expect_no_event(p);
    assert_int_equal(auger_turn_state(p->turn), AUGER_TURN_ALLOCATING);
    puppet_free(p);
}

static void on_a_stream_it_ends_the_request(void **state)
{
    (void)state;
    struct puppet *p = puppet_prepare();
    struct answer a;

    p->config.server = tcp_of(SERVER);
    puppet_start(p);
    expect_request(p, AUGER_STUN_ALLOCATE);
    challenge_with(p, 401, &plain_challenge);
    expect_request(p, AUGER_STUN_ALLOCATE);
    build_grant(&a, p);
    send_as_it_is(&a);
    expect_failure(p, AUGER_TURN_ERROR_INTEGRITY, 0);
    puppet_free(p);
}

static void after_sha256_sha1_proves_nothing(void **state)
{
    (void)state;
    static const struct challenge challenge = {"example.org", COOKIE_ALGORITHMS, {2}};
    struct puppet *p = asked_again(&challenge, true, true);

    p->is_sha256 = false;
    grant_with(p, RELAYED, NULL, 600);
    expect_no_event(p);
    p->is_sha256 = true;
    grant_with(p, RELAYED, NULL, 600);
    expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
    puppet_free(p);
}

static void a_signed_answer_without_its_algorithms_is_ignored(void **state)
{
    (void)state;
    struct puppet *p = asked_again(&plain_challenge, false, false);
    struct answer a;

    build_grant(&a, p);
    auger_stun_build_bytes(&a.b, AUGER_STUN_ATTR_NONCE, COOKIE_ALGORITHMS,
                           strlen(COOKIE_ALGORITHMS));
    sign_and_send(&a);
    expect_no_event(p);
    puppet_free(p);
}

static void an_unsigned_400_is_not_believed_even_at_first(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();
    struct answer a;

    expect_request(p, AUGER_STUN_ALLOCATE);
    build_400(&a, p);
    send_as_it_is(&a);
    expect_no_event(p);
    while (auger_turn_state(p->turn) == AUGER_TURN_ALLOCATING)
        poll_at(p, auger_turn_next_timeout(p->turn));
    expect_failure(p, AUGER_TURN_ERROR_TIMEOUT, 400);
    puppet_free(p);
}

static void an_answer_with_what_nobody_knows_fails(void **state)
{
    (void)state;
    struct puppet *p = asked_again(&plain_challenge, false, false);
    struct answer a;

    build_grant(&a, p);
    auger_stun_build_u32(&a.b, 0x7ABC, 1);
    sign_and_send(&a);
    expect_failure(p, AUGER_TURN_ERROR_MALFORMED, 0);
    puppet_free(p);
}

static void the_longest_credentials_fit_a_datagram(void **state)
{
    (void)state;
    static char username[AUGER_TURN_USERNAME_MAX + 2], realm[400], long_nonce[700];
    struct puppet *p = puppet_prepare();
    const struct challenge challenge = {realm, long_nonce, {2}};

    memset(username, 'u', AUGER_TURN_USERNAME_MAX + 1);
    memset(realm, 'r', 100);
    memset(long_nonce, 'n', 680);
    p->config.username = username;
    assert_int_equal(auger_turn_new(&p->turn, &p->env, p->now, &p->config), AUGER_ERR_INVALID);
    username[AUGER_TURN_USERNAME_MAX] = '\0';
    puppet_start(p);
    expect_request(p, AUGER_STUN_ALLOCATE);
    challenge_with(p, 401, &challenge);
    expect_request(p, AUGER_STUN_ALLOCATE);
    assert_true(has_text(p, AUGER_STUN_ATTR_USERNAME, username));
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_401_is_answered_with_name_realm_nonce_and_proof),
        cmocka_unit_test(the_key_is_that_of_the_standard),
        cmocka_unit_test(texts_beyond_ascii_are_prepared),
        cmocka_unit_test(the_first_algorithm_that_is_known_counts),
        cmocka_unit_test(a_server_that_hides_names_gets_a_hash),
        cmocka_unit_test(a_cookie_without_features_is_a_nonce_like_any_other),
        cmocka_unit_test(what_a_challenge_must_not_be),
        cmocka_unit_test(a_second_401_is_the_end),
        cmocka_unit_test(a_forged_challenge_ends_nothing),
        cmocka_unit_test(a_no_that_nobody_signed_is_asked_about),
        cmocka_unit_test(who_has_no_credentials_answers_no_challenge),
        cmocka_unit_test(a_stale_nonce_is_replaced_at_once),
        cmocka_unit_test(nonces_that_are_always_stale_are_given_up),
        cmocka_unit_test(a_new_nonce_takes_nothing_away),
        cmocka_unit_test(nor_does_it_take_the_list_away),
        cmocka_unit_test(an_answer_that_proves_nothing_never_came),
        cmocka_unit_test(an_answer_to_another_method_is_none),
        cmocka_unit_test(on_a_stream_it_ends_the_request),
        cmocka_unit_test(after_sha256_sha1_proves_nothing),
        cmocka_unit_test(a_signed_answer_without_its_algorithms_is_ignored),
        cmocka_unit_test(an_unsigned_400_is_not_believed_even_at_first),
        cmocka_unit_test(an_answer_with_what_nobody_knows_fails),
        cmocka_unit_test(the_longest_credentials_fit_a_datagram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
