/* Addresses that go while a session lives, and others that come: Wi-Fi to cellular. */
#include "tests/ice/world.h"

#define WIFI "192.0.2.1:1001"
#define CELLULAR "198.51.100.1:1003"
#define ETHERNET "203.0.113.1:1005"

static bool is_down; /* WIFI: nothing passes any more */

static bool wire(struct world *world, struct packet *packet)
{
    const struct auger_addr wifi = addr_of(WIFI);

    (void)world;
    return !is_down || (!auger_addr_equal(&packet->path.local, &wifi) &&
                        !auger_addr_equal(&packet->path.remote, &wifi));
}

static void comes(struct world *world, const char *text)
{
    const struct auger_addr addr = addr_of(text);
    struct side *side = &world->sides[0];
    size_t told = side->cands_len;

    assert_int_equal(auger_ice_add_local_addr(side->ice, world->now, &addr), 0);
    auger_ice_end_of_local_addrs(side->ice, world->now);
    world_settle(world);
    for (size_t i = told; i < side->cands_len; i++)
        assert_int_equal(
            auger_ice_add_remote_cand(world->sides[1].ice, world->now, &side->cands[i]), 0);
}

static void goes(struct world *world, const char *text)
{
    const struct auger_addr addr = addr_of(text);

    is_down = true;
    assert_int_equal(auger_ice_remove_local_addr(world->sides[0].ice, world->now, &addr), 0);
    world_settle(world);
}

/* Both connected over WIFI, whoever controls. */
static struct world *connected(bool mover_controls)
{
    struct world *world = world_of_two(20 * AUGER_MS);

    is_down = false;
    world->wire = wire;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(auger_ice_set_controlling(world->sides[i].ice, (i == 0) == mover_controls),
                         0);
        auger_ice_end_of_local_addrs(world->sides[i].ice, world->now);
    }
    introduce(world);
    world_run(world, 20 * AUGER_SEC);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
        world->sides[i].states_len = 0;
    }
    return world;
}

static void must_go_through(struct world *world, int from)
{
    size_t count = world->sides[1 - from].data_count;

    send_text(world, from, "\x7F hello");
    world_run(world, AUGER_SEC);
    assert_int_equal(world->sides[1 - from].data_count, count + 1);
}

static void must_never_have_been(const struct side *side, enum auger_ice_state state)
{
    for (size_t i = 0; i < side->states_len; i++)
        assert_int_not_equal(side->states[i], state);
}

static void test_another_address_takes_over_when_the_one_in_use_goes(void **state)
{
    (void)state;
    for (int controls = 0; controls < 2; controls++) {
        struct world *world = connected(controls);
        const struct auger_addr cellular = addr_of(CELLULAR);

        comes(world, CELLULAR);
        world_run(world, 5 * AUGER_SEC);
        goes(world, WIFI);
        world_run(world, AUGER_SEC);
        assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_CONNECTED);
        assert_true(auger_addr_equal(&world->sides[0].path.local, &cellular));
        must_never_have_been(&world->sides[0], AUGER_ICE_DISCONNECTED);
        must_go_through(world, 0);

        world_run(world, 60 * AUGER_SEC);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
            must_never_have_been(&world->sides[i], AUGER_ICE_FAILED);
            assert_int_equal(world->sides[i].wanted_restarts, 0);
            must_go_through(world, i);
        }
        world_free(world);
    }
}

/* The peer that controls has chosen the dead pair, and nobody tells it. */
static void test_the_other_side_follows_before_consent_expires(void **state)
{
    (void)state;
    struct world *world = connected(false);
    const struct auger_addr cellular = addr_of(CELLULAR);

    comes(world, CELLULAR);
    goes(world, WIFI);
    world_run(world, 15 * AUGER_SEC);
    assert_true(auger_addr_equal(&world->sides[1].path.remote, &cellular));
    must_go_through(world, 1);
    assert_int_equal(auger_ice_get_state(world->sides[1].ice), AUGER_ICE_CONNECTED);
    world_free(world);
}

static void test_between_two_addresses_the_session_waits_and_asks_for_a_restart(void **state)
{
    (void)state;
    struct world *world = connected(true);

    goes(world, WIFI);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_DISCONNECTED);
    assert_int_equal(world->sides[0].wanted_restarts, 1);
    world_run(world, 10 * AUGER_SEC);
    assert_int_equal(world->sides[0].wanted_restarts, 1);

    comes(world, CELLULAR);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_CHECKING);
    world_run(world, 2 * AUGER_SEC);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
        must_go_through(world, i);
    }
    world_free(world);
}

static void test_without_any_address_the_session_ends_when_patience_does(void **state)
{
    (void)state;
    struct world *world = connected(true);

    goes(world, WIFI);
    world_run(world, 39 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_DISCONNECTED);
    world_run(world, AUGER_SEC);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_FAILED);
    world_free(world);
}

static void test_an_address_that_is_not_in_use_goes_without_a_word(void **state)
{
    (void)state;
    struct world *world = connected(true);
    const struct auger_addr cellular = addr_of(CELLULAR);
    struct auger_cand cands[8];

    comes(world, CELLULAR);
    world_run(world, AUGER_SEC);
    assert_int_equal(auger_ice_remove_local_addr(world->sides[0].ice, world->now, &cellular), 0);
    world_run(world, 60 * AUGER_SEC);
    assert_int_equal(world->sides[0].states_len, 0);
    assert_int_equal(world->sides[0].paths, 1);
    assert_int_equal(auger_ice_local_cands(world->sides[0].ice, cands, 8), 1);
    world_free(world);
}

/* A path of before is tried once more: the peer's second address had failed. */
static void test_pairs_that_had_failed_are_tried_again(void **state)
{
    (void)state;
    struct world *world = connected(true);
    struct auger_ice_pair_info pairs[4];

    comes(world, CELLULAR);
    comes(world, ETHERNET);
    goes(world, WIFI);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_CHECKING);
    world_run(world, 2 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_CONNECTED);
    assert_int_equal(auger_ice_pairs(world->sides[0].ice, pairs, 4), 2);
    world_free(world);
}

/* As Firefox does, which tells names alone and asks no more once a pair is nominated. */
static void test_a_peer_that_told_no_address_is_found_from_the_new_one(void **state)
{
    (void)state;
    struct world *world = world_of_two(20 * AUGER_MS);
    const struct auger_addr cellular = addr_of(CELLULAR);

    is_down = false;
    world->wire = wire;
    world_settle(world);
    tell_credentials(world, 0);
    tell_credentials(world, 1);
    tell_candidates(world, 1);
    world_run(world, 20 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_CONNECTED);
    world->sides[0].states_len = 0;
    assert_int_equal(auger_ice_add_local_addr(world->sides[0].ice, world->now, &cellular), 0);
    goes(world, WIFI);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_CHECKING);
    world_run(world, 2 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(world->sides[0].ice), AUGER_ICE_CONNECTED);
    must_never_have_been(&world->sides[0], AUGER_ICE_DISCONNECTED);
    must_go_through(world, 0);
    world_free(world);
}

static void test_nothing_leaves_from_an_address_that_is_gone(void **state)
{
    (void)state;
    struct world *world = connected(true);
    const struct auger_addr wifi = addr_of(WIFI);
    struct auger_path path;
    uint8_t buf[AUGER_DATAGRAM_MAX];

    /* With all that may wait: a consent check, and an answer to one. */
    world->now += 6 * AUGER_SEC;
    auger_ice_handle_timeout(world->sides[0].ice, world->now);
    assert_int_equal(auger_ice_remove_local_addr(world->sides[0].ice, world->now, &wifi), 0);
    assert_int_equal(
        auger_ice_poll_transmit(world->sides[0].ice, world->now, &path, buf, sizeof(buf)), 0);
    assert_int_equal(auger_ice_write_data(world->sides[0].ice, world->now, (const uint8_t *)"x", 1,
                                          &path, buf, sizeof(buf)),
                     AUGER_ERR_NO_PATH);
    assert_int_equal(auger_ice_remove_local_addr(world->sides[0].ice, world->now, &wifi),
                     AUGER_ERR_NOT_FOUND);
    world_free(world);
}

static void test_an_address_may_go_at_any_moment(void **state)
{
    (void)state;
    for (auger_time at = 0; at < 400 * AUGER_MS; at += 5 * AUGER_MS) {
        struct world *world = world_of_two(20 * AUGER_MS);
        const struct auger_addr server = addr_of("203.0.113.3:3478");

        is_down = false;
        world->wire = wire;
        world->server = server;
        assert_int_equal(auger_ice_add_stun_server(world->sides[0].ice, world->now, &server), 0);
        introduce(world);
        world_run(world, at);
        goes(world, WIFI);
        comes(world, CELLULAR);
        world_run(world, 60 * AUGER_SEC);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
            must_go_through(world, i);
        }
        world_free(world);
    }
}

static void test_an_address_may_go_while_a_restart_goes_on(void **state)
{
    (void)state;
    struct world *world = connected(true);

    assert_int_equal(auger_ice_restart(world->sides[0].ice, world->now), 0);
    world->sides[0].cands_len = 0;
    tell_credentials(world, 1);
    world_run(world, 5 * AUGER_MS);
    goes(world, WIFI);
    comes(world, CELLULAR);
    tell_credentials(world, 0);
    tell_candidates(world, 0);
    world_run(world, 40 * AUGER_SEC);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
        must_go_through(world, i);
    }
    world_free(world);
}

static void test_the_table_has_room_again_for_those_that_come(void **state)
{
    (void)state;
    struct world *world = connected(true);
    struct auger_ice *ice = world->sides[0].ice;

    for (int i = 0; i < 100; i++) {
        char text[32];
        snprintf(text, sizeof(text), "198.51.100.1:%d", 2000 + i);
        const struct auger_addr addr = addr_of(text);
        assert_int_equal(auger_ice_add_local_addr(ice, world->now, &addr), 0);
        world_run(world, 100 * AUGER_MS);
        world->sides[0].cands_len = 0;
        assert_int_equal(auger_ice_remove_local_addr(ice, world->now, &addr), 0);
    }
    must_go_through(world, 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_address_takes_over_when_the_one_in_use_goes),
        cmocka_unit_test(test_the_other_side_follows_before_consent_expires),
        cmocka_unit_test(test_between_two_addresses_the_session_waits_and_asks_for_a_restart),
        cmocka_unit_test(test_without_any_address_the_session_ends_when_patience_does),
        cmocka_unit_test(test_an_address_that_is_not_in_use_goes_without_a_word),
        cmocka_unit_test(test_pairs_that_had_failed_are_tried_again),
        cmocka_unit_test(test_a_peer_that_told_no_address_is_found_from_the_new_one),
        cmocka_unit_test(test_nothing_leaves_from_an_address_that_is_gone),
        cmocka_unit_test(test_an_address_may_go_at_any_moment),
        cmocka_unit_test(test_an_address_may_go_while_a_restart_goes_on),
        cmocka_unit_test(test_the_table_has_room_again_for_those_that_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
