/* Two agents that meet by way of relays, where nothing passes between them otherwise. */
#include "tests/ice/turn_servers.h"

#include "tests/ice/world.h"

#define SERVER "198.51.100.53:3478"
#define RELAYED "198.51.100.99:50000"

static bool is_relayed(const struct auger_addr *addr)
{
    struct auger_addr relayed = addr_of(RELAYED);

    return auger_addr_ip_equal(addr, &relayed);
}

static bool relays_alone(struct world *world, struct packet *packet)
{
    (void)world;
    return is_relayed(&packet->path.local) || is_relayed(&packet->path.remote);
}

static bool relays_on_both_sides(struct world *world, struct packet *packet)
{
    (void)world;
    return is_relayed(&packet->path.local) && is_relayed(&packet->path.remote);
}

static void add_server(struct world *world, int side)
{
    struct auger_ice_turn_server server;

    auger_ice_turn_server_init(&server);
    server.addr = addr_of(SERVER);
    server.username = "user";
    server.password = "secret";
    assert_int_equal(auger_ice_add_turn_server(world->sides[side].ice, world->now, &server), 0);
}

static struct world *world_with_policy(enum auger_ice_policy policy)
{
    const char *bases[] = {"192.0.2.1:1001", "192.0.2.2:2002"};
    struct world *world = world_new();
    struct auger_ice_config config;

    turn_reset();
    turn_add(SERVER, RELAYED);
    world->delay = 20 * AUGER_MS;
    auger_ice_config_init(&config);
    config.policy = policy;
    for (int i = 0; i < 2; i++) {
        struct auger_addr base = addr_of(bases[i]);
        config.controlling = i == 0;
        assert_int_equal(auger_ice_add_local_addr(world_add(world, i, &config), world->now, &base),
                         0);
    }
    return world;
}

static void meet(struct world *world)
{
    for (int i = 0; i < 2; i++)
        auger_ice_end_of_local_addrs(world->sides[i].ice, world->now);
    world_run(world, AUGER_SEC);
    introduce(world);
    world_run(world, 5 * AUGER_SEC);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
        assert_int_not_equal(world->sides[i].selected_at, AUGER_NEVER);
    }
}

static void talk(struct world *world)
{
    for (int i = 0; i < 2; i++)
        world->sides[i].data_len = 0;
    send_text(world, 0, "hello");
    send_text(world, 1, "hello");
    world_run(world, AUGER_SEC);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(world->sides[i].data_len, 5);
        assert_memory_equal(world->sides[i].data, "hello", 5);
    }
}

static void end(struct world *world)
{
    world_free(world);
    turn_reset();
}

static void one_relay_is_enough(void **state)
{
    (void)state;
    for (int side = 0; side < 2; side++) {
        struct world *world = world_with_policy(AUGER_ICE_POLICY_ALL);
        world->wire = relays_alone;
        add_server(world, side);
        meet(world);
        talk(world);
        assert_true(is_relayed(&world->sides[side].path.local));
        assert_true(is_relayed(&world->sides[1 - side].path.remote));
        assert_true(turn_servers[0].channel_sends > 0);
        end(world);
    }
}

static void relays_meet_each_other(void **state)
{
    (void)state;
    struct world *world = world_with_policy(AUGER_ICE_POLICY_RELAY);

    world->wire = relays_on_both_sides;
    add_server(world, 0);
    add_server(world, 1);
    meet(world);
    talk(world);
    assert_int_equal(turn_servers[0].dropped, 0);
    world_run(world, 600 * AUGER_SEC); /* past every lifetime */
    for (int i = 0; i < 2; i++)
        assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
    talk(world);
    assert_in_range(turn_servers[0].allocates, 2, 2);
    assert_true(turn_servers[0].refreshes >= 2);
    end(world);
}

/* Whichever comes first, a path without a relay is the better one. */
static void a_path_without_a_relay_is_selected(void **state)
{
    (void)state;
    struct world *world = world_with_policy(AUGER_ICE_POLICY_ALL);

    add_server(world, 0);
    add_server(world, 1);
    meet(world);
    for (int i = 0; i < 2; i++) {
        assert_false(is_relayed(&world->sides[i].path.local));
        assert_false(is_relayed(&world->sides[i].path.remote));
    }
    end(world);
}

static void restart(struct world *world)
{
    for (int i = 0; i < 2; i++)
        world->sides[i].cands_len = 0;
    assert_int_equal(auger_ice_restart(world->sides[0].ice, world->now), 0);
    world_settle(world);
    tell_credentials(world, 1);
    tell_candidates(world, 1);
    world_settle(world);
    tell_credentials(world, 0);
    tell_candidates(world, 0);
}

static void a_restart_goes_over_the_same_relays(void **state)
{
    (void)state;
    struct world *world = world_with_policy(AUGER_ICE_POLICY_RELAY);

    world->wire = relays_on_both_sides;
    add_server(world, 0);
    add_server(world, 1);
    meet(world);
    restart(world);
    world_run(world, 15 * AUGER_SEC);
    talk(world);
    assert_int_equal(turn_servers[0].allocates, 2);
    end(world);
}

/* It knows nobody any more, and drops what comes without a word. */
static void forget_all(void)
{
    memset(turn_servers[0].allocations, 0, sizeof(turn_servers[0].allocations));
    turn_servers[0].refresh_code = AUGER_STUN_ALLOCATION_MISMATCH;
}

static void a_server_that_starts_anew_is_outlived(void **state)
{
    (void)state;
    struct world *world = world_with_policy(AUGER_ICE_POLICY_ALL);

    world->wire = relays_alone;
    add_server(world, 0);
    meet(world);
    world_run(world, 60 * AUGER_SEC);
    forget_all();
    for (int i = 0; i < 25; i++) {
        world_run(world, AUGER_SEC);
        tell_candidates(world, 1);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
    assert_int_equal(turn_servers[0].allocates, 2);
    assert_int_equal(world->sides[0].wanted_restarts, 0);
    talk(world);
    end(world);
}

static void a_restart_finds_out_that_the_server_started_anew(void **state)
{
    (void)state;
    struct world *world = world_with_policy(AUGER_ICE_POLICY_RELAY);

    world->wire = relays_on_both_sides;
    add_server(world, 0);
    add_server(world, 1);
    meet(world);
    forget_all();
    restart(world);
    world_run(world, 3 * AUGER_SEC);
    tell_candidates(world, 0);
    tell_candidates(world, 1);
    world_run(world, 10 * AUGER_SEC);
    assert_int_equal(turn_servers[0].allocates, 4);
    talk(world);
    end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_relay_is_enough),
        cmocka_unit_test(relays_meet_each_other),
        cmocka_unit_test(a_path_without_a_relay_is_selected),
        cmocka_unit_test(a_restart_goes_over_the_same_relays),
        cmocka_unit_test(a_server_that_starts_anew_is_outlived),
        cmocka_unit_test(a_restart_finds_out_that_the_server_started_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
