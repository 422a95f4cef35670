/* Username fragments and passwords: RFC 8445 section 5.3, RFC 8839 section 5.4. */
#include "tests/ice/world.h"

#include "ice/credentials.h"

static const char ice_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void test_generated_ones_are_long_enough_and_even(void **state)
{
    (void)state;
    struct world *world = world_new();
    unsigned counts[256] = {0}, total = 0;

    for (int i = 0; i < 2000; i++) {
        struct auger_credentials credentials;
        assert_int_equal(auger_credentials_generate(&credentials, &world->env), 0);
        assert_int_equal(strlen(credentials.ufrag), 8);
        assert_true(strlen(credentials.password) * 6 >= 128);
        for (const char *c = credentials.password; *c; c++, total++)
            counts[(uint8_t)*c]++;
        auger_credentials_fini(&credentials, &world->env);
    }
    unsigned seen = 0;
    for (const char *c = ice_chars; *c; c++) {
        seen += counts[(uint8_t)*c];
        assert_in_range(counts[(uint8_t)*c], total / 64 * 8 / 10, total / 64 * 12 / 10);
    }
    assert_int_equal(seen, total); /* and no other sign */
    world_free(world);
}

static void test_no_entropy_is_an_error(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_ice *ice = NULL;

    world->no_entropy = true;
    assert_int_equal(auger_ice_new(&ice, &world->env, NULL), AUGER_ERR_ENTROPY);
    assert_null(ice);
    world_free(world);
}

static const char *text_of(size_t len, char last)
{
    static char texts[2][300];
    static int next;
    char *text = texts[next++ % 2];
    memset(text, 'x', len);
    text[len - 1] = last;
    text[len] = '\0';
    return text;
}

static void test_lengths_and_signs_of_what_a_peer_may_use(void **state)
{
    (void)state;
    static const struct {
        size_t ufrag, password;
        char last;
        int err;
    } cases[] = {
        {4, 22, 'a', 0},
        {256, 256, '+', 0},
        {3, 22, 'a', AUGER_ERR_INVALID},
        {4, 21, 'a', AUGER_ERR_INVALID},
        {257, 22, 'a', AUGER_ERR_INVALID},
        {4, 257, 'a', AUGER_ERR_INVALID},
        {4, 22, ':', AUGER_ERR_INVALID},
        {4, 22, ' ', AUGER_ERR_INVALID},
        {4, 22, '-', AUGER_ERR_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *world = world_of_two(0);
        int err = auger_ice_set_remote_credentials(world->sides[0].ice, world->now,
                                                   text_of(cases[i].ufrag, cases[i].last),
                                                   text_of(cases[i].password, cases[i].last));
        assert_int_equal(err, cases[i].err);
        assert_int_equal(auger_ice_get_state(world->sides[0].ice),
                         err ? AUGER_ICE_NEW : AUGER_ICE_CHECKING);
        world_free(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated_ones_are_long_enough_and_even),
        cmocka_unit_test(test_no_entropy_is_an_error),
        cmocka_unit_test(test_lengths_and_signs_of_what_a_peer_may_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
