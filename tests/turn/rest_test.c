/* Time-limited credentials: the TURN REST API. */
#include "tests/turn/puppet.h"

static const uint8_t key[] = "north";

/* Made with: printf %s NAME | openssl dgst -sha1 -hmac north -binary | base64 */
static void the_password_is_the_hmac_of_the_name(void **state)
{
    (void)state;
    static const struct {
        enum auger_turn_rest_hash hash;
        const char *user, *username, *password;
    } rows[] = {
        {AUGER_TURN_REST_SHA1, NULL, "1700000000", "CWyHi3zCeWqXBir9thl4m+iZPRY="},
        {AUGER_TURN_REST_SHA1, "alice", "1700000000:alice", "Cd/49soE35ICqcJF/bCTn8Z4OyE="},
        {AUGER_TURN_REST_SHA256, NULL, "1700000000",
         "bPm3umkFB1D/6To/diuRJFJIGuru3Y0PaHdhRgDLads="},
        {AUGER_TURN_REST_SHA256, "alice", "1700000000:alice",
         "EuME0Xh0HllnbpbObfs8aBsd78Vr1EMwxArqbyCrGl8="},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct auger_turn_rest rest;
        assert_int_equal(auger_turn_rest_make(&rest, rows[i].hash, key, sizeof(key) - 1, 1700000000,
                                              rows[i].user),
                         0);
        assert_string_equal(rest.username, rows[i].username);
        assert_string_equal(rest.password, rows[i].password);
    }
}

static void what_makes_no_credentials(void **state)
{
    (void)state;
    static char user[AUGER_TURN_USERNAME_MAX + 1];
    struct auger_turn_rest rest = {.username = "before"};

    assert_int_equal(auger_turn_rest_make(&rest, AUGER_TURN_REST_SHA1, key, 0, 1, "u"),
                     AUGER_ERR_INVALID);
    assert_int_equal(auger_turn_rest_make(&rest, AUGER_TURN_REST_SHA1, key, 5, -1, "u"),
                     AUGER_ERR_INVALID);
    assert_int_equal(auger_turn_rest_make(&rest, AUGER_TURN_REST_SHA1, key, 5, 1, ""),
                     AUGER_ERR_INVALID);
    assert_int_equal(auger_turn_rest_make(&rest, AUGER_TURN_REST_SHA1, key, 5, 1, "a\nb"),
                     AUGER_ERR_INVALID);
    assert_int_equal(auger_turn_rest_make(&rest, AUGER_TURN_REST_SHA1, key, 5, 1, "\xC2\x85"),
                     is_built_with_unicode() ? AUGER_ERR_INVALID : AUGER_ERR_UNSUPPORTED);
    memset(user, 'u', AUGER_TURN_USERNAME_MAX - 1);
    assert_int_equal(auger_turn_rest_make(&rest, AUGER_TURN_REST_SHA1, key, 5, 1, user),
                     AUGER_ERR_INVALID);
    assert_string_equal(rest.username, "before");
    user[AUGER_TURN_USERNAME_MAX - 2] = '\0';
    assert_int_equal(auger_turn_rest_make(&rest, AUGER_TURN_REST_SHA1, key, 5, 1, user), 0);
    assert_int_equal(strlen(rest.username), AUGER_TURN_USERNAME_MAX);
}

static void a_client_takes_them(void **state)
{
    (void)state;
    struct puppet *p = puppet_prepare();
    struct auger_turn_rest rest;

    assert_int_equal(
        auger_turn_rest_make(&rest, AUGER_TURN_REST_SHA256, key, 5, 1700000000, "alice"), 0);
    p->config.username = rest.username;
    p->config.password = rest.password;
    puppet_start(p);
    expect_request(p, AUGER_STUN_ALLOCATE);
    challenge_with(p, 401, &plain_challenge);
    expect_request(p, AUGER_STUN_ALLOCATE);
    assert_true(has_text(p, AUGER_STUN_ATTR_USERNAME, "1700000000:alice"));
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_password_is_the_hmac_of_the_name),
        cmocka_unit_test(what_makes_no_credentials),
        cmocka_unit_test(a_client_takes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
