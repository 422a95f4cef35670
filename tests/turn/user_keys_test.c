/* Whom a server knows: turn/user_keys.c.  D5 and D7 of what a server must survive. */
#include "tests/turn/puppet.h"

#include "turn/rest.h"
#include "turn/user_keys.h"

#include <stdio.h>

#define NOW 1700000000

static struct auger_user_keys *keys;
static long blocks;
static size_t dirty; /* bytes that were not zero when a block was given back */

static void *take(void *user, size_t size)
{
    size_t *block = calloc(1, sizeof(size_t) * 2 + size);

    (void)user;
    block[0] = size;
    blocks++;
    return block + 2;
}

static void give_back(void *user, void *ptr)
{
    size_t *block = (size_t *)ptr - 2;

    (void)user;
    blocks--;
    dirty = 0;
    for (size_t i = 0; i < block[0]; i++)
        dirty += ((const uint8_t *)ptr)[i] != 0;
    free(block);
}

static int fill(void *user, uint8_t *buf, size_t len)
{
    static uint8_t next = 1;

    (void)user;
    for (size_t i = 0; i < len; i++)
        buf[i] = (uint8_t)(next++ * 41 + 7);
    return 0;
}

static const struct auger_env env = {NULL, fill, take, give_back, NULL};

static int make(void **state)
{
    (void)state;
    return auger_user_keys_new(&keys, &env, "realm", 1000);
}

static int drop(void **state)
{
    (void)state;
    auger_user_keys_free(keys);
    keys = NULL;
    assert_int_equal(blocks, 0);
    return 0;
}

static struct auger_bytes bytes(const char *text)
{
    return (struct auger_bytes){(const uint8_t *)text, strlen(text)};
}

static void add(const char *name, const char *password)
{
    assert_int_equal(auger_user_keys_add(keys, name, password), 0);
}

static void add_secret(enum auger_turn_rest_hash hash, const char *secret)
{
    assert_int_equal(
        auger_user_keys_add_secret(keys, hash, (const uint8_t *)secret, strlen(secret)), 0);
}

static struct auger_user find(const char *name)
{
    struct auger_user user;

    auger_user_keys_find(keys, NOW, bytes(name), &user);
    return user;
}

/* Whether one of the keys to try is the one of that password; how many there are. */
static bool opens(struct auger_user *user, enum auger_stun_password_algorithm algorithm,
                  const char *password, unsigned *tries)
{
    struct auger_user_key key, right;
    bool fits = false;

    assert_int_equal(
        auger_user_key_derive(&right, algorithm, user->username, bytes("realm"), bytes(password)),
        0);
    *tries = 0;
    for (size_t i = 0; !fits && i < user->tries; i++) {
        assert_int_equal(auger_user_keys_try(keys, user, i, algorithm, &key), 0);
        assert_int_equal(key.len, right.len);
        fits = memcmp(key.bytes, right.bytes, key.len) == 0;
        ++*tries;
    }
    return fits;
}

static bool is_open_to(const char *name, const char *password)
{
    struct auger_user user = find(name);
    unsigned tries;
    bool by_md5 = opens(&user, AUGER_STUN_MD5, password, &tries);

    assert_int_equal(opens(&user, AUGER_STUN_SHA256, password, &tries), by_md5);
    return by_md5;
}

/* 9.2.2 says so itself. */
static void the_key_of_the_rfc_comes_out(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0x84, 0x93, 0xfb, 0xc5, 0x3b, 0xa5, 0x82, 0xfb,
                                       0x4c, 0x04, 0x4c, 0x45, 0x6b, 0xdc, 0x40, 0xeb};
    struct auger_user_key key;

    add("user", "pass");
    struct auger_user user = find("user");
    assert_true(user.is_known);
    assert_int_equal(auger_user_keys_try(keys, &user, 0, AUGER_STUN_MD5, &key), 0);
    assert_int_equal(key.len, sizeof(expected));
    assert_memory_equal(key.bytes, expected, sizeof(expected));
}

static void users_are_found_by_name_and_by_its_hash(void **state)
{
    (void)state;
    char name[16], password[16];
    uint8_t userhash[32];
    struct auger_user user;
    unsigned tries;

    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "user%u", i);
        snprintf(password, sizeof(password), "pass%u", i);
        add(name, password);
    }
    assert_int_equal(auger_user_keys_len(keys), 1000);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "user%u", i);
        snprintf(password, sizeof(password), "pass%u", i);
        assert_true(is_open_to(name, password));
        const struct auger_bytes pieces[] = {bytes(name), bytes(":realm")};
        assert_int_equal(auger_digest_compute(AUGER_DIGEST_SHA256, pieces, 2, userhash), 0);
        auger_user_keys_find_hash(keys, (struct auger_bytes){userhash, 32}, &user);
        assert_true(user.is_known && user.username.len == strlen(name));
        assert_memory_equal(user.username.data, name, strlen(name));
        assert_true(opens(&user, AUGER_STUN_SHA256, password, &tries));
    }
    assert_int_equal(auger_user_keys_add(keys, "one more", "x"), AUGER_ERR_LIMIT);
    assert_int_equal(auger_user_keys_add(keys, "user7", "another"), 0);
}

/* RFC 8265: an answer that is prepared opens, however the user was written down. */
static void users_beyond_ascii_are_prepared(void **state)
{
    (void)state;

    if (!is_built_with_unicode())
        skip();
    add("a\xCC\x8A", "o\xCC\x88");
    assert_true(is_open_to("\xC3\xA5", "\xC3\xB6"));
    assert_false(find("a\xCC\x8A").is_known); /* who sends that is no client of ours */
    assert_int_equal(auger_user_keys_remove(keys, "a\xCC\x8A"), 0);
    assert_false(find("\xC3\xA5").is_known);
}

static void who_is_removed_is_not_found_by_either(void **state)
{
    (void)state;
    uint8_t userhash[32];
    struct auger_user user;
    const struct auger_bytes piece = bytes("alice:realm");

    add("alice", "secret");
    add("bob", "secret");
    assert_int_equal(auger_user_keys_remove(keys, "alice"), 0);
    assert_int_equal(auger_user_keys_remove(keys, "alice"), AUGER_ERR_NOT_FOUND);
    assert_false(find("alice").is_known || is_open_to("alice", "secret"));
    assert_int_equal(auger_digest_compute(AUGER_DIGEST_SHA256, &piece, 1, userhash), 0);
    auger_user_keys_find_hash(keys, (struct auger_bytes){userhash, 32}, &user);
    assert_false(user.is_known);
    assert_true(is_open_to("bob", "secret"));
    add("alice", "new");
    assert_true(is_open_to("alice", "new"));
}

static void a_new_password_replaces_the_old_one(void **state)
{
    (void)state;
    add("alice", "old");
    add("alice", "new");
    assert_int_equal(auger_user_keys_len(keys), 1);
    assert_true(is_open_to("alice", "new"));
    assert_false(is_open_to("alice", "old"));
}

static void a_key_that_is_ready_is_of_its_algorithm_alone(void **state)
{
    (void)state;
    struct auger_user_key key;
    unsigned tries;

    assert_int_equal(auger_user_key_derive(&key, AUGER_STUN_SHA256, bytes("alice"), bytes("realm"),
                                           bytes("secret")),
                     0);
    assert_int_equal(auger_user_keys_add_key(keys, "alice", AUGER_STUN_SHA256, key.bytes, key.len),
                     0);
    struct auger_user user = find("alice");
    assert_true(opens(&user, AUGER_STUN_SHA256, "secret", &tries));
    assert_false(opens(&user, AUGER_STUN_MD5, "secret", &tries));
    assert_int_equal(auger_user_keys_add_key(keys, "bob", AUGER_STUN_SHA256, key.bytes, 16),
                     AUGER_ERR_INVALID);
    assert_int_equal(auger_user_keys_add_key(keys, "bob", AUGER_STUN_MD5, key.bytes, 32),
                     AUGER_ERR_INVALID);
    assert_int_equal(
        auger_user_keys_add_key(keys, "bob", (enum auger_stun_password_algorithm)3, key.bytes, 32),
        AUGER_ERR_INVALID);
    assert_int_equal(auger_user_keys_len(keys), 1);
}

/* D5 */
static void nobody_has_as_many_keys_as_somebody_and_none_that_is_known(void **state)
{
    (void)state;
    struct auger_user_key first, again, of_alice;
    char password[AUGER_REST_PASSWORD_MAX + 1] = "";

    add("alice", "secret");
    for (int secrets = 0; secrets < 3; secrets++) {
        static const char *const pairs[][2] = {{"alice", "nobody"},
                                               {"1800000000:a", "1:a"},
                                               {"1800000000:a", "99999999999999999999:a"}};
        for (size_t i = 0; i < COUNT(pairs); i++)
            assert_int_equal(find(pairs[i][0]).tries, find(pairs[i][1]).tries);
        struct auger_user known = find("alice"), nobody = find("nobody");
        assert_false(nobody.is_known);
        assert_int_equal(auger_user_keys_try(keys, &known, 0, AUGER_STUN_SHA256, &of_alice), 0);
        assert_int_equal(auger_user_keys_try(keys, &nobody, 0, AUGER_STUN_SHA256, &first), 0);
        assert_int_equal(auger_user_keys_try(keys, &nobody, 0, AUGER_STUN_SHA256, &again), 0);
        assert_memory_equal(first.bytes, again.bytes, 32);
        assert_memory_not_equal(first.bytes, of_alice.bytes, 32);
        assert_false(is_open_to("nobody", password));
        add_secret(AUGER_TURN_REST_SHA1, secrets ? "two" : "one");
    }
}

/* D7 */
static void a_time_in_a_name_is_read_to_the_digit(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_name;
        int64_t expires_at_s;
    } cases[] = {
        {"1700000000:alice", true, 1700000000},
        {"1700000000", true, 1700000000},
        {"1700000000:", true, 1700000000},
        {"0:alice", true, 0},
        {"0000000000000000000000001:alice", true, 1},
        {"9223372036854775807:a", true, INT64_MAX},
        {"9223372036854775808:a", true, INT64_MIN},
        {"18446744073709551617:a", true, INT64_MIN}, /* 1, modulo 2^64 */
        {"99999999999999999999999999999999", true, INT64_MIN},
        {"-1:alice", false, 0},
        {"+1700000000:alice", false, 0},
        {" 1700000000:alice", false, 0},
        {"1700000000 :alice", false, 0},
        {"1700000000.5:alice", false, 0},
        {"0x7fffffff:alice", false, 0},
        {"1e10:alice", false, 0},
        {"alice", false, 0},
        {":alice", false, 0},
        {":1700000000", false, 0},
        {"", false, 0},
    };
    int64_t expires_at_s;

    for (size_t i = 0; i < COUNT(cases); i++) {
        if (auger_rest_is_name(bytes(cases[i].name), &expires_at_s) != cases[i].is_name ||
            (cases[i].is_name && expires_at_s != cases[i].expires_at_s))
            fail_msg("\"%s\": %lld", cases[i].name, (long long)expires_at_s);
    }
}

/* D7 */
static void a_time_limited_name_opens_until_its_time_is_over(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool opens;
    } cases[] = {
        {"1700000001:alice", true},
        {"1700000001", true},
        {"9223372036854775807:alice", true},
        {"1700000000:alice", false}, /* now */
        {"1699999999:alice", false},
        {"0:alice", false},
        {"9223372036854775808:alice", false},
        {"18446744073709551615:alice", false},
        {"-1700000001:alice", false},
        {" 1700000001:alice", false},
        {"1700000001:al\x07ice", false},
        {"1700000001:\xCD\xB8", false},
        {"alice", false},
    };

    add_secret(AUGER_TURN_REST_SHA1, "shared");
    for (size_t i = 0; i < COUNT(cases); i++) {
        char password[AUGER_REST_PASSWORD_MAX + 1];
        struct auger_hmac *hmac;
        assert_int_equal(auger_hmac_new(&hmac, AUGER_SHA1, (const uint8_t *)"shared", 6), 0);
        assert_true(auger_rest_password(hmac, AUGER_SHA1, bytes(cases[i].name), password) > 0);
        auger_hmac_free(hmac);
        if (is_open_to(cases[i].name, password) != cases[i].opens)
            fail_msg("%s", cases[i].name);
        assert_int_equal(find(cases[i].name).is_known, cases[i].opens);
    }
}

static void what_a_client_makes_of_a_secret_opens(void **state)
{
    (void)state;
    static const enum auger_turn_rest_hash hashes[] = {AUGER_TURN_REST_SHA1,
                                                       AUGER_TURN_REST_SHA256};
    struct auger_turn_rest rest;
    unsigned tries;

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(auger_turn_rest_make(&rest, hashes[i], (const uint8_t *)"shared", 6,
                                              NOW + 3600, "alice"),
                         0);
        assert_false(is_open_to(rest.username, rest.password));
        add_secret(hashes[i], "shared");
        assert_true(is_open_to(rest.username, rest.password));
        struct auger_user user = find(rest.username);
        assert_true(opens(&user, AUGER_STUN_MD5, rest.password, &tries));
        assert_int_equal(user.expires_at_s, NOW + 3600);
    }
}

static void several_secrets_live_while_they_are_exchanged(void **state)
{
    (void)state;
    struct auger_turn_rest by_old, by_new;

    assert_int_equal(auger_turn_rest_make(&by_old, AUGER_TURN_REST_SHA1, (const uint8_t *)"old", 3,
                                          NOW + 60, "a"),
                     0);
    assert_int_equal(auger_turn_rest_make(&by_new, AUGER_TURN_REST_SHA1, (const uint8_t *)"new", 3,
                                          NOW + 60, "a"),
                     0);
    add_secret(AUGER_TURN_REST_SHA1, "old");
    add_secret(AUGER_TURN_REST_SHA1, "new");
    assert_true(is_open_to(by_old.username, by_old.password));
    assert_true(is_open_to(by_new.username, by_new.password));
    assert_int_equal(
        auger_user_keys_remove_secret(keys, AUGER_TURN_REST_SHA256, (const uint8_t *)"old", 3),
        AUGER_ERR_NOT_FOUND);
    assert_int_equal(
        auger_user_keys_remove_secret(keys, AUGER_TURN_REST_SHA1, (const uint8_t *)"old", 3), 0);
    assert_false(is_open_to(by_old.username, by_old.password));
    assert_true(is_open_to(by_new.username, by_new.password));
    auger_user_keys_remove_secrets(keys);
    assert_false(is_open_to(by_new.username, by_new.password));
}

static void eight_secrets_are_live_at_most_and_none_is_empty(void **state)
{
    (void)state;
    char secret[2] = "a";

    for (int i = 0; i < AUGER_USER_SECRETS_MAX; i++, secret[0]++)
        add_secret(AUGER_TURN_REST_SHA1, secret);
    assert_int_equal(
        auger_user_keys_add_secret(keys, AUGER_TURN_REST_SHA1, (const uint8_t *)"x", 1),
        AUGER_ERR_LIMIT);
    auger_user_keys_remove_secrets(keys);
    assert_int_equal(auger_user_keys_add_secret(keys, AUGER_TURN_REST_SHA1, NULL, 0),
                     AUGER_ERR_INVALID);
}

static void a_user_whose_name_begins_with_a_time_keeps_his_password(void **state)
{
    (void)state;
    add("1700000001:alice", "secret");
    add_secret(AUGER_TURN_REST_SHA1, "shared");
    struct auger_user user = find("1700000001:alice");
    unsigned tries;

    assert_true(opens(&user, AUGER_STUN_MD5, "secret", &tries));
    assert_true(user.expires_at_s == AUGER_USER_NEVER);
    add("1:bob", "secret");
    assert_true(is_open_to("1:bob", "secret"));
}

static void texts_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct auger_user_keys *made;
    char longest[AUGER_TURN_USERNAME_MAX + 2];

    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(auger_user_keys_add(keys, "", "secret"), AUGER_ERR_INVALID);
    assert_int_equal(auger_user_keys_add(keys, "alice", ""), AUGER_ERR_INVALID);
    assert_int_equal(auger_user_keys_add(keys, "al\nice", "secret"), AUGER_ERR_INVALID);
    assert_int_equal(auger_user_keys_add(keys, "\xCD\xB8", "secret"),
                     is_built_with_unicode() ? AUGER_ERR_INVALID : AUGER_ERR_UNSUPPORTED);
    assert_int_equal(auger_user_keys_add(keys, longest, "secret"), AUGER_ERR_INVALID);
    assert_int_equal(auger_user_keys_add(keys, "alice", longest), AUGER_ERR_INVALID);
    longest[AUGER_TURN_USERNAME_MAX] = '\0';
    add(longest, longest);
    assert_int_equal(auger_user_keys_len(keys), 1);
    assert_int_equal(auger_user_keys_new(&made, &env, "", 1), AUGER_ERR_INVALID);
    assert_int_equal(auger_user_keys_new(&made, &env, "a \"realm\"", 1), AUGER_ERR_INVALID);
    longest[127] = '\0';
    assert_int_equal(auger_user_keys_new(&made, &env, longest, 1), 0);
    assert_int_equal(auger_user_keys_realm(made).len, 127);
    auger_user_keys_free(made);
    longest[127] = 'x';
    longest[128] = '\0';
    assert_int_equal(auger_user_keys_new(&made, &env, longest, 1), AUGER_ERR_INVALID);
}

static void the_keys_of_a_user_are_wiped(void **state)
{
    (void)state;
    add("alice", "secret");
    assert_int_equal(auger_user_keys_remove(keys, "alice"), 0);
    assert_int_equal(dirty, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_key_of_the_rfc_comes_out, make, drop),
        cmocka_unit_test_setup_teardown(users_are_found_by_name_and_by_its_hash, make, drop),
        cmocka_unit_test_setup_teardown(users_beyond_ascii_are_prepared, make, drop),
        cmocka_unit_test_setup_teardown(who_is_removed_is_not_found_by_either, make, drop),
        cmocka_unit_test_setup_teardown(a_new_password_replaces_the_old_one, make, drop),
        cmocka_unit_test_setup_teardown(a_key_that_is_ready_is_of_its_algorithm_alone, make, drop),
        cmocka_unit_test_setup_teardown(nobody_has_as_many_keys_as_somebody_and_none_that_is_known,
                                        make, drop),
        cmocka_unit_test_setup_teardown(a_time_in_a_name_is_read_to_the_digit, make, drop),
        cmocka_unit_test_setup_teardown(a_time_limited_name_opens_until_its_time_is_over, make,
                                        drop),
        cmocka_unit_test_setup_teardown(what_a_client_makes_of_a_secret_opens, make, drop),
        cmocka_unit_test_setup_teardown(several_secrets_live_while_they_are_exchanged, make, drop),
        cmocka_unit_test_setup_teardown(eight_secrets_are_live_at_most_and_none_is_empty, make,
                                        drop),
        cmocka_unit_test_setup_teardown(a_user_whose_name_begins_with_a_time_keeps_his_password,
                                        make, drop),
        cmocka_unit_test_setup_teardown(texts_that_cannot_be_are_refused, make, drop),
        cmocka_unit_test_setup_teardown(the_keys_of_a_user_are_wiped, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
