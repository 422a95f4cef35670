/* Keepalives between two checks of consent: RFC 8445 section 11. */
#include "tests/ice/world.h"

#define TR (2 * AUGER_SEC)

struct heard {
    unsigned indications;
    auger_time last_at, longest; /* of whatever leaves the first agent */
};

static bool note(struct world *world, struct packet *packet)
{
    struct heard *heard = world->user;
    struct auger_addr first = addr_of("192.0.2.1:1001");
    struct auger_stun_msg msg;

    if (!auger_addr_equal(&packet->path.local, &first))
        return true;
    if (heard->last_at && world->now - heard->last_at > heard->longest)
        heard->longest = world->now - heard->last_at;
    heard->last_at = world->now;
    if (auger_stun_msg_parse(&msg, packet->buf, packet->len) != 0 ||
        msg.class_ != AUGER_STUN_INDICATION)
        return true;
    assert_true(auger_stun_msg_fingerprint_ok(&msg));
    assert_int_equal(msg.method, AUGER_STUN_BINDING);
    assert_false(auger_stun_msg_has(&msg, AUGER_STUN_ATTR_USERNAME));
    heard->indications++;
    return true;
}

static struct world *connected(auger_time keepalive, struct heard *heard)
{
    struct world *world = world_new();
    struct auger_ice_config config;
    const char *bases[] = {"192.0.2.1:1001", "192.0.2.2:2002"};

    auger_ice_config_init(&config);
    config.keepalive = keepalive;
    for (int i = 0; i < 2; i++) {
        config.controlling = i == 0;
        struct auger_addr base = addr_of(bases[i]);
        assert_int_equal(auger_ice_add_local_addr(world_add(world, i, &config), world->now, &base),
                         0);
    }
    introduce(world);
    world_run(world, AUGER_SEC);
    *heard = (struct heard){0};
    world->user = heard;
    world->wire = note;
    return world;
}

static void test_nothing_is_silent_for_longer_than_tr(void **state)
{
    (void)state;
    struct heard heard;
    struct world *world = connected(TR, &heard);

    world_run(world, 60 * AUGER_SEC);
    assert_true(heard.longest <= TR);
    assert_true(heard.indications >= 10 && heard.indications <= 30);
    world_free(world);
}

static void test_beside_consent_there_is_none_by_default(void **state)
{
    (void)state;
    struct heard heard;
    struct world *world = connected(0, &heard);

    world_run(world, 60 * AUGER_SEC);
    assert_int_equal(heard.indications, 0);
    world_free(world);
}

static void test_where_data_goes_there_is_none(void **state)
{
    (void)state;
    struct heard heard;
    struct world *world = connected(TR, &heard);

    for (int i = 0; i < 60; i++) {
        send_text(world, 0, "data");
        world_run(world, AUGER_SEC);
    }
    assert_int_equal(heard.indications, 0);
    world_free(world);
}

static void test_it_is_a_second_at_least(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_ice_config config;
    struct auger_ice *ice = NULL;

    auger_ice_config_init(&config);
    for (auger_time keepalive = -1; keepalive < AUGER_SEC; keepalive += AUGER_SEC / 4)
        if (keepalive != 0) {
            config.keepalive = keepalive;
            assert_int_equal(auger_ice_new(&ice, &world->env, &config), AUGER_ERR_INVALID);
        }
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_silent_for_longer_than_tr),
        cmocka_unit_test(test_beside_consent_there_is_none_by_default),
        cmocka_unit_test(test_where_data_goes_there_is_none),
        cmocka_unit_test(test_it_is_a_second_at_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
