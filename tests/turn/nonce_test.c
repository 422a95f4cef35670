/* The nonces of a server: turn/nonce.c.  D4, D31 and D32 of what a server must survive. */
#include "tests/turn/puppet.h"

#include "turn/base64.h"
#include "turn/nonce.h"

#include <stdio.h>

#define LIFETIME (600 * AUGER_SEC)
#define FEATURES (AUGER_NONCE_PASSWORD_ALGORITHMS | AUGER_NONCE_USERNAME_ANONYMITY)

static const uint8_t secret[AUGER_NONCE_SECRET_LEN] = "a secret of thirty-two bytes...";

static struct auger_nonces *nonces;
static struct auger_path path;

static struct auger_nonces *make_with(const uint8_t *key, uint32_t features)
{
    struct auger_nonces *made;

    assert_int_equal(auger_nonces_new(&made, auger_env_system(), key, LIFETIME, features), 0);
    return made;
}

static int make(void **state)
{
    (void)state;
    path.local = addr_of("198.51.100.53:3478");
    path.remote = addr_of("192.0.2.1:40000");
    nonces = make_with(secret, FEATURES);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    auger_nonces_free(nonces);
    nonces = NULL;
    return 0;
}

static struct auger_bytes issue_at(auger_time now)
{
    static uint8_t nonce[AUGER_NONCE_LEN];

    assert_int_equal(auger_nonces_issue(nonces, now, &path, nonce), AUGER_NONCE_LEN);
    return (struct auger_bytes){nonce, sizeof(nonce)};
}

static enum auger_nonce_verdict judge_at(auger_time now, struct auger_bytes nonce)
{
    return auger_nonces_judge(nonces, now, &path, nonce);
}

static void a_nonce_is_fresh_for_its_lifetime_and_then_stale(void **state)
{
    (void)state;
    static const int64_t starts_s[] = {0,     1,       599,        600,        1199,
                                       86400, 4294967, 3000000000, 4294967295, 9000000000};

    for (size_t i = 0; i < COUNT(starts_s); i++) {
        auger_time issued = starts_s[i] * AUGER_SEC;
        struct auger_bytes nonce = issue_at(issued);
        assert_int_equal(judge_at(issued, nonce), AUGER_NONCE_FRESH);
        assert_int_equal(judge_at(issued + LIFETIME - 1, nonce), AUGER_NONCE_FRESH);
        enum auger_nonce_verdict verdict = judge_at(issued + LIFETIME, nonce);
        assert_true(verdict != AUGER_NONCE_FRESH);
        assert_true(judge_at(issued + 100 * LIFETIME, nonce) != AUGER_NONCE_FRESH);
    }
}

static void what_has_just_ended_is_ours_and_stale(void **state)
{
    (void)state;
    struct auger_bytes nonce = issue_at(100 * AUGER_SEC);

    assert_int_equal(judge_at(1199 * AUGER_SEC, nonce), AUGER_NONCE_STALE);
    assert_int_equal(judge_at(1200 * AUGER_SEC, nonce), AUGER_NONCE_FOREIGN); /* no key of then */
}

static void a_nonce_from_the_future_is_foreign(void **state)
{
    (void)state;
    struct auger_bytes nonce = issue_at(1000 * AUGER_SEC);

    assert_int_equal(judge_at(999 * AUGER_SEC, nonce),
                     AUGER_NONCE_FRESH); /* another thread's clock */
    assert_int_equal(judge_at(998 * AUGER_SEC, nonce), AUGER_NONCE_FOREIGN);
    assert_int_equal(judge_at(0, nonce), AUGER_NONCE_FOREIGN);
}

/* D4 */
static void a_nonce_is_of_one_5_tuple(void **state)
{
    (void)state;
    struct auger_bytes nonce = issue_at(0);
    const struct auger_path own = path;
    static const struct {
        const char *local, *remote;
        enum auger_transport transport;
    } others[] = {
        {"198.51.100.53:3478", "192.0.2.1:40001", AUGER_UDP},
        {"198.51.100.53:3478", "192.0.2.2:40000", AUGER_UDP},
        {"198.51.100.53:3478", "[2001:db8::1]:40000", AUGER_UDP},
        {"198.51.100.53:3478", "192.0.2.1:40000", AUGER_TCP},
        {"198.51.100.53:3479", "192.0.2.1:40000", AUGER_UDP},
        {"198.51.100.54:3478", "192.0.2.1:40000", AUGER_UDP},
    };

    for (size_t i = 0; i < COUNT(others); i++) {
        path.local = addr_of(others[i].local);
        path.remote = addr_of(others[i].remote);
        path.local.transport = path.remote.transport = (uint8_t)others[i].transport;
        assert_int_equal(judge_at(0, nonce), AUGER_NONCE_FOREIGN);
    }
    path = own;
    assert_int_equal(judge_at(0, nonce), AUGER_NONCE_FRESH);
}

/* D4 */
static void any_bit_that_is_altered_makes_it_foreign(void **state)
{
    (void)state;
    uint8_t altered[AUGER_NONCE_LEN];
    struct auger_bytes nonce = issue_at(5 * AUGER_SEC), other = {altered, sizeof(altered)};

    for (size_t bit = 0; bit < 8 * nonce.len; bit++) {
        memcpy(altered, nonce.data, nonce.len);
        altered[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (judge_at(5 * AUGER_SEC, other) != AUGER_NONCE_FOREIGN)
            fail_msg("bit %zu", bit);
    }
}

static void any_other_length_is_foreign(void **state)
{
    (void)state;
    uint8_t longer[AUGER_NONCE_LEN + 1] = {0};
    struct auger_bytes nonce = issue_at(0);

    memcpy(longer, nonce.data, nonce.len);
    for (size_t len = 0; len <= sizeof(longer); len++) {
        uint8_t *exact = malloc(len ? len : 1);
        memcpy(exact, longer, len);
        assert_int_equal(judge_at(0, (struct auger_bytes){exact, len}),
                         len == AUGER_NONCE_LEN ? AUGER_NONCE_FRESH : AUGER_NONCE_FOREIGN);
        free(exact);
    }
}

static void its_cookie_names_the_features_and_cannot_be_exchanged(void **state)
{
    (void)state;
    uint8_t stripped[AUGER_NONCE_LEN];
    struct auger_bytes nonce = issue_at(0);

    assert_memory_equal(nonce.data, "obMatJos2wAAA", 13);
    assert_int_equal(auger_nonce_features(nonce), FEATURES);
    memcpy(stripped, nonce.data, nonce.len);
    memcpy(stripped, "obMatJos2AAAA", 13); /* a bid-down (9.2.1) */
    nonce.data = stripped;
    assert_int_equal(auger_nonce_features(nonce), 0);
    assert_int_equal(judge_at(0, nonce), AUGER_NONCE_FOREIGN);
}

static void features_are_read_of_a_whole_cookie_alone(void **state)
{
    (void)state;
    static const struct {
        const char *nonce;
        uint32_t features;
    } cases[] = {
        {"obMatJos2gAAA", AUGER_NONCE_PASSWORD_ALGORITHMS},
        {"obMatJos2QAAAx", AUGER_NONCE_USERNAME_ANONYMITY},
        {"obMatJos2AAAB", 1},
        {"obMatJos2gAA", 0},
        {"obMatJos2gA=A", 0},
        {"obMatJos3gAAA", 0},
        {"", 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct auger_bytes nonce = {(const uint8_t *)cases[i].nonce, strlen(cases[i].nonce)};
        assert_int_equal(auger_nonce_features(nonce), cases[i].features);
    }
}

static void engines_of_one_secret_take_each_others_nonces(void **state)
{
    (void)state;
    struct auger_nonces *sister = make_with(secret, FEATURES);
    uint8_t nonce[AUGER_NONCE_LEN];
    struct auger_bytes bytes = {nonce, sizeof(nonce)};

    for (int64_t s = 0; s < 3000; s += 299) {
        assert_int_equal(auger_nonces_issue(sister, s * AUGER_SEC, &path, nonce), AUGER_NONCE_LEN);
        assert_int_equal(judge_at(s * AUGER_SEC + LIFETIME - AUGER_SEC, bytes), AUGER_NONCE_FRESH);
    }
    auger_nonces_free(sister);
}

/* D4: a server that began anew has another secret. */
static void of_another_secret_none_is_ours(void **state)
{
    (void)state;
    uint8_t other[AUGER_NONCE_SECRET_LEN], nonce[AUGER_NONCE_LEN];

    memcpy(other, secret, sizeof(other));
    other[31] ^= 1;
    struct auger_nonces *stranger = make_with(other, FEATURES);
    assert_int_equal(auger_nonces_issue(stranger, 0, &path, nonce), AUGER_NONCE_LEN);
    assert_int_equal(judge_at(0, (struct auger_bytes){nonce, sizeof(nonce)}), AUGER_NONCE_FOREIGN);
    auger_nonces_free(stranger);
}

/* Nobody has the server make keys, whatever seconds are claimed. */
static void nonces_of_far_away_leave_the_live_keys_alone(void **state)
{
    (void)state;
    uint8_t claims[AUGER_NONCE_LEN];
    struct auger_bytes nonce = issue_at(1000 * AUGER_SEC), claim = {claims, sizeof(claims)};

    memcpy(claims, nonce.data, nonce.len);
    for (int i = 0; i < 256; i++) {
        memcpy(claims + 13, i & 1 ? "zzzz" : "AAAA", 4);
        claims[14] = (uint8_t)('A' + i % 26);
        assert_int_equal(judge_at(1000 * AUGER_SEC, claim), AUGER_NONCE_FOREIGN);
    }
    assert_int_equal(judge_at(1000 * AUGER_SEC, nonce), AUGER_NONCE_FRESH);
}

/* D31: of paths that differ in one port the codes have nothing in common. */
static void codes_are_spread_evenly(void **state)
{
    (void)state;
    unsigned ones[80] = {0};
    uint32_t seen[1000];

    for (unsigned i = 0; i < 1000; i++) {
        path.remote.port = (uint16_t)(1 + i);
        struct auger_bytes nonce = issue_at(0);
        assert_memory_equal(nonce.data, issue_at(0).data, nonce.len);
        memcpy(&seen[i], nonce.data + 20, 4);
        for (unsigned bit = 0; bit < 80; bit++)
            ones[bit] += nonce.data[19 + bit / 8] >> bit % 8 & 1;
        for (unsigned j = 0; j < i; j++)
            assert_true(seen[j] != seen[i] || i - j > 1);
    }
    unsigned uneven = 0;
    for (unsigned bit = 0; bit < 80; bit++)
        uneven += ones[bit] == 0 || ones[bit] == 1000;
    assert_true(uneven <= 12); /* the highest bit of an ASCII byte is none */
}

/* --- short ones ------------------------------------------------------------------------ */

static struct auger_bytes issue_short_at(auger_time now)
{
    static uint8_t nonce[AUGER_NONCE_LEN];

    assert_int_equal(auger_nonces_issue_short(nonces, now, &path, nonce), AUGER_NONCE_SHORT_LEN);
    return (struct auger_bytes){nonce, AUGER_NONCE_SHORT_LEN};
}

static void a_short_nonce_offers_no_password_algorithms(void **state)
{
    (void)state;
    struct auger_bytes nonce = issue_short_at(0);
    uint8_t altered[AUGER_NONCE_SHORT_LEN];

    assert_memory_equal(nonce.data, "obMatJos2QAAA", 13);
    assert_int_equal(auger_nonce_features(nonce), AUGER_NONCE_USERNAME_ANONYMITY);
    memcpy(altered, nonce.data, nonce.len);
    memcpy(altered, "obMatJos2wAAA", 13);
    nonce.data = altered;
    assert_int_equal(judge_at(0, nonce), AUGER_NONCE_FOREIGN);
}

/* A slot is 75 seconds. */
static void a_short_nonce_lives_for_seven_eighths_and_never_beyond_a_lifetime(void **state)
{
    (void)state;
    static const int64_t starts_s[] = {0,     1,       74,         75,         599,  600,
                                       86400, 4294967, 3000000000, 4294967295, 1199, 9000000000};

    for (size_t i = 0; i < COUNT(starts_s); i++) {
        auger_time issued = starts_s[i] * AUGER_SEC;
        struct auger_bytes nonce = issue_short_at(issued);
        for (auger_time age = 0; age < LIFETIME / 8 * 7; age += AUGER_SEC)
            assert_int_equal(judge_at(issued + age, nonce), AUGER_NONCE_FRESH);
        for (auger_time age = LIFETIME; age < 20 * LIFETIME; age += AUGER_SEC)
            assert_true(judge_at(issued + age, nonce) != AUGER_NONCE_FRESH);
    }
}

static void a_short_nonce_of_a_sister_with_a_later_clock_is_fresh(void **state)
{
    (void)state;
    struct auger_bytes nonce = issue_short_at(1200 * AUGER_SEC);

    assert_int_equal(judge_at(1199 * AUGER_SEC, nonce), AUGER_NONCE_FRESH);
    assert_int_equal(judge_at(1198 * AUGER_SEC, nonce), AUGER_NONCE_FOREIGN);
}

static void a_short_nonce_is_of_one_5_tuple_and_every_bit_counts(void **state)
{
    (void)state;
    struct auger_bytes nonce = issue_short_at(5 * AUGER_SEC);
    uint8_t altered[AUGER_NONCE_SHORT_LEN];
    struct auger_bytes other = {altered, sizeof(altered)};

    for (size_t bit = 0; bit < 8 * nonce.len; bit++) {
        memcpy(altered, nonce.data, nonce.len);
        altered[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (judge_at(5 * AUGER_SEC, other) != AUGER_NONCE_FOREIGN)
            fail_msg("bit %zu", bit);
    }
    path.remote.port++;
    assert_int_equal(judge_at(5 * AUGER_SEC, nonce), AUGER_NONCE_FOREIGN);
    path.remote.port--;
    assert_int_equal(judge_at(5 * AUGER_SEC, nonce), AUGER_NONCE_FRESH);
}

/* D31 */
static void short_codes_are_spread_evenly(void **state)
{
    (void)state;
    unsigned ones[42] = {0};

    for (unsigned i = 0; i < 1000; i++) {
        path.remote.port = (uint16_t)(1 + i);
        const uint8_t *text = issue_short_at(0).data + 13;
        for (unsigned bit = 0; bit < 42; bit++)
            ones[bit] += (unsigned)auger_base64_digit(text[bit / 6]) >> (5 - bit % 6) & 1;
    }
    for (unsigned bit = 0; bit < 4; bit++)
        assert_int_equal(ones[bit], 0);
    for (unsigned bit = 4; bit < 42; bit++)
        assert_in_range(ones[bit], 400, 600);
}

static void a_lifetime_of_less_than_a_second_is_refused(void **state)
{
    (void)state;
    struct auger_nonces *made;

    assert_int_equal(auger_nonces_new(&made, auger_env_system(), secret, AUGER_SEC - 1, 0),
                     AUGER_ERR_INVALID);
    assert_int_equal(auger_nonces_new(&made, auger_env_system(), secret, 0, 0), AUGER_ERR_INVALID);
    auger_nonces_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_short_nonce_offers_no_password_algorithms, make, drop),
        cmocka_unit_test_setup_teardown(
            a_short_nonce_lives_for_seven_eighths_and_never_beyond_a_lifetime, make, drop),
        cmocka_unit_test_setup_teardown(a_short_nonce_of_a_sister_with_a_later_clock_is_fresh, make,
                                        drop),
        cmocka_unit_test_setup_teardown(a_short_nonce_is_of_one_5_tuple_and_every_bit_counts, make,
                                        drop),
        cmocka_unit_test_setup_teardown(short_codes_are_spread_evenly, make, drop),
        cmocka_unit_test_setup_teardown(a_nonce_is_fresh_for_its_lifetime_and_then_stale, make,
                                        drop),
        cmocka_unit_test_setup_teardown(what_has_just_ended_is_ours_and_stale, make, drop),
        cmocka_unit_test_setup_teardown(a_nonce_from_the_future_is_foreign, make, drop),
        cmocka_unit_test_setup_teardown(a_nonce_is_of_one_5_tuple, make, drop),
        cmocka_unit_test_setup_teardown(any_bit_that_is_altered_makes_it_foreign, make, drop),
        cmocka_unit_test_setup_teardown(any_other_length_is_foreign, make, drop),
        cmocka_unit_test_setup_teardown(its_cookie_names_the_features_and_cannot_be_exchanged, make,
                                        drop),
        cmocka_unit_test_setup_teardown(features_are_read_of_a_whole_cookie_alone, make, drop),
        cmocka_unit_test_setup_teardown(engines_of_one_secret_take_each_others_nonces, make, drop),
        cmocka_unit_test_setup_teardown(of_another_secret_none_is_ours, make, drop),
        cmocka_unit_test_setup_teardown(nonces_of_far_away_leave_the_live_keys_alone, make, drop),
        cmocka_unit_test_setup_teardown(codes_are_spread_evenly, make, drop),
        cmocka_unit_test_setup_teardown(a_lifetime_of_less_than_a_second_is_refused, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
