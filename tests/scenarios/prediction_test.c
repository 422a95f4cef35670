/* Predicted ports between whole agents: a path where there was none, no trace of it afterwards, and
 * nothing where it is not needed.  How often it works: tests/matrix/prediction.c. */
#include "tests/sim/scenario.h"

#define DELAY (40 * AUGER_MS)

static struct sim *two_servers(uint64_t seed)
{
    struct sim *sim = world(seed, .delay = DELAY);

    sim_add_stun_server(sim);
    sim_add_stun_server(sim);
    return sim;
}

static struct sim_peer *add(struct sim *sim, const char *name, enum sim_nat kind,
                            const struct sim_peer_options *options)
{
    char gateway[32];

    snprintf(gateway, sizeof(gateway), "nat-%s", name);
    return sim_add_peer_in(sim, name, sim_add_nat_of_kind(sim, gateway, sim_internet(sim), kind),
                           options);
}

static struct sim_peer *add_guesser(struct sim *sim, const char *name, enum sim_nat kind)
{
    struct sim_peer_options options;

    sim_peer_options_init(&options);
    options.ice.prediction = true;
    options.chatter = 500 * AUGER_MS;
    return add(sim, name, kind, &options);
}

SCENARIO(one_exact_port_makes_a_path)
{
    struct sim *sim = two_servers(seed);
    struct sim_peer *alice = add_guesser(sim, "alice", SIM_SYMMETRIC_SEQUENTIAL);
    struct sim_peer *bob = add(sim, "bob", SIM_PORT_RESTRICTED, NULL);

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    CHECK(sim_run_until(sim, both_nominated, 5 * AUGER_SEC));
    CHECK(sim_route(alice, bob) == SIM_DIRECT);
    assert_int_equal(sim_peer_story(alice)->helpers_opened, 5);
    world_end(sim);
}

SCENARIO(without_helper_sockets_there_is_none_and_nothing_breaks)
{
    struct sim *sim = two_servers(seed);
    struct sim_peer_options options;

    sim_peer_options_init(&options);
    options.ice.prediction = options.no_helpers = true;
    struct sim_peer *alice = add(sim, "alice", SIM_SYMMETRIC_SEQUENTIAL, &options);
    struct sim_peer *bob = add(sim, "bob", SIM_PORT_RESTRICTED, NULL);

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    CHECK(!sim_run_until(sim, both_connected, 60 * AUGER_SEC));
    CHECK(both_failed(sim));
    world_end(sim);
}

SCENARIO(the_socket_of_the_path_alone_stays_open_and_data_goes_on_for_minutes)
{
    struct sim *sim = two_servers(seed);
    struct sim_peer *alice = add_guesser(sim, "alice", SIM_SYMMETRIC_SEQUENTIAL);
    struct sim_peer *bob = add(sim, "bob", SIM_PORT_RESTRICTED, NULL);

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    CHECK(sim_run_until(sim, both_nominated, 5 * AUGER_SEC));
    sim_run(sim, AUGER_SEC);
    assert_int_equal(sim_peer_story(alice)->helpers_open, 1);
    uint64_t before = sim_peer_story(bob)->data_received;
    sim_run(sim, 120 * AUGER_SEC);
    CHECK(both_connected(sim));
    assert_true(sim_peer_story(bob)->data_received > before + 200);
    world_end(sim);
}

SCENARIO(a_restart_goes_on_along_the_predicted_path)
{
    struct sim *sim = two_servers(seed);
    struct sim_peer *alice = add_guesser(sim, "alice", SIM_SYMMETRIC_SEQUENTIAL);
    struct sim_peer *bob = add(sim, "bob", SIM_PORT_RESTRICTED, NULL);

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    CHECK(sim_run_until(sim, both_nominated, 5 * AUGER_SEC));
    sim_restart(sim, alice);
    CHECK(sim_run_until(sim, both_restarted, 10 * AUGER_SEC));
    sim_run(sim, 10 * AUGER_SEC);
    CHECK(both_connected(sim));
    CHECK(sim_route(alice, bob) == SIM_DIRECT);
    assert_int_equal(sim_peer_story(alice)->disconnected, 0);
    world_end(sim);
}

SCENARIO(where_an_ordinary_path_is_found_nothing_is_opened)
{
    static const enum sim_nat kinds[] = {SIM_NO_NAT, SIM_FULL_CONE, SIM_ADDRESS_RESTRICTED,
                                         SIM_PORT_RESTRICTED};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct sim *sim = two_servers(seed);
        struct sim_peer *alice = add_guesser(sim, "alice", kinds[i]);
        struct sim_peer *bob = add_guesser(sim, "bob", SIM_PORT_RESTRICTED);
        sim_signal(sim, alice, bob, 100 * AUGER_MS);
        CHECK(sim_run_until(sim, both_nominated, 5 * AUGER_SEC));
        sim_run(sim, 10 * AUGER_SEC);
        assert_int_equal(sim_peer_story(alice)->helpers_opened, 0);
        assert_int_equal(sim_peer_story(bob)->helpers_opened, 0);
        world_end(sim);
    }
}

/* By which there is a path from the start; the direct one is in place before it is nominated. */
SCENARIO(beside_a_relay_the_direct_path_wins)
{
    struct sim *sim = two_servers(seed);
    struct sim_peer_options options;

    sim_add_turn_server(sim, &(struct sim_turn_options){0});
    sim_peer_options_init(&options);
    options.turn = 1;
    options.ice.prediction = true;
    struct sim_peer *alice = add(sim, "alice", SIM_SYMMETRIC_SEQUENTIAL, &options);
    options.ice.prediction = false;
    struct sim_peer *bob = add(sim, "bob", SIM_PORT_RESTRICTED, &options);

    sim_signal(sim, alice, bob, 50 * AUGER_MS);
    CHECK(sim_run_until(sim, both_nominated, 5 * AUGER_SEC));
    CHECK(sim_route(alice, bob) == SIM_DIRECT);
    world_end(sim);
}

/* Since servers saw the peer others have had some eighty ports of its NAT: where it is now the next
 * ones do not show, but they lie just before that from which it checks our relay. */
SCENARIO(where_a_relay_of_ours_has_seen_the_peer_its_port_is_just_before)
{
    struct sim *sim = two_servers(seed);
    struct sim_peer_options options;

    sim_add_turn_server(sim, &(struct sim_turn_options){0});
    sim_peer_options_init(&options);
    options.turn = 1;
    options.ice.prediction = true;
    struct sim_peer *alice = add(sim, "alice", SIM_PORT_RESTRICTED, &options);
    struct sim_peer *bob = add(sim, "bob", SIM_SYMMETRIC_SEQUENTIAL, NULL);

    sim_signal(sim, bob, alice, 300 * AUGER_MS);
    sim_run(sim, 400 * AUGER_MS);
    sim_gateway_make_busy(sim, sim_peer_gateway(bob), 1000);
    sim_run(sim, 80 * AUGER_MS);
    sim_gateway_make_busy(sim, sim_peer_gateway(bob), 1);
    CHECK(sim_run_until(sim, both_nominated, 8 * AUGER_SEC));
    CHECK(sim_route(alice, bob) == SIM_DIRECT);
    world_end(sim);
}

/* Both tell their candidates once, with the description. */
SCENARIO(ports_told_beforehand_make_a_path)
{
    for (int offers = 0; offers < 2; offers++) {
        struct sim *sim = two_servers(seed);
        struct sim_peer_options options;

        sim_peer_options_init(&options);
        options.ice.prediction = options.ice.predict_window = true;
        struct sim_peer *alice = add(sim, "alice", SIM_SYMMETRIC_SEQUENTIAL, &options);
        struct sim_peer *bob = add(sim, "bob", SIM_PORT_RESTRICTED, NULL);
        sim_signal_with(sim, offers ? alice : bob, offers ? bob : alice,
                        &(struct sim_signalling){
                            .delay = 200 * AUGER_MS, .no_trickle = true, .tells_once = true});
        CHECK(sim_run_until(sim, both_nominated, 8 * AUGER_SEC));
        CHECK(sim_route(alice, bob) == SIM_DIRECT);
        sim_run(sim, AUGER_SEC);
        assert_int_equal(sim_peer_story(alice)->helpers_open, 1);
        world_end(sim);
    }
}

/* Who nominates at once, as browsers do, may settle on the socket whose ports were told while we
 * settle on the other one, whose port was told as well: both are needed then. */
SCENARIO(a_socket_that_the_peer_has_checked_stays_open)
{
    struct sim *sim = two_servers(seed);
    struct sim_peer_options options;

    sim_peer_options_init(&options);
    options.chatter = 500 * AUGER_MS;
    options.ice.nominate_at_once = true;
    struct sim_peer *bob = add(sim, "bob", SIM_PORT_RESTRICTED, &options);
    options.ice.nominate_at_once = false;
    options.ice.prediction = options.ice.predict_window = true;
    struct sim_peer *alice = add(sim, "alice", SIM_SYMMETRIC_SEQUENTIAL, &options);

    sim_signal_with(
        sim, bob, alice,
        &(struct sim_signalling){.delay = 100 * AUGER_MS, .no_trickle = true, .tells_once = true});
    CHECK(sim_run_until(sim, both_nominated, 8 * AUGER_SEC));
    sim_run(sim, 60 * AUGER_SEC);
    uint64_t before[] = {sim_peer_story(alice)->data_received, sim_peer_story(bob)->data_received};
    sim_run(sim, 10 * AUGER_SEC);
    CHECK(both_connected(sim));
    assert_true(sim_peer_story(alice)->data_received >= before[0] + 15);
    assert_true(sim_peer_story(bob)->data_received >= before[1] + 15);
    world_end(sim);
}

SCENARIOS(scenario_test(one_exact_port_makes_a_path),
          scenario_test(without_helper_sockets_there_is_none_and_nothing_breaks),
          scenario_test(the_socket_of_the_path_alone_stays_open_and_data_goes_on_for_minutes),
          scenario_test(a_restart_goes_on_along_the_predicted_path),
          scenario_test(where_an_ordinary_path_is_found_nothing_is_opened),
          scenario_test(beside_a_relay_the_direct_path_wins),
          scenario_test(where_a_relay_of_ours_has_seen_the_peer_its_port_is_just_before),
          scenario_test(ports_told_beforehand_make_a_path),
          scenario_test(a_socket_that_the_peer_has_checked_stays_open))
