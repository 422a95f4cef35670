/* How long NATs remember, and what of it a session outlives: decision 227 has what was measured. */
#include "tests/sim/scenario.h"

#define DELAY (40 * AUGER_MS)
#define HALF_AN_HOUR (1800 * AUGER_SEC)

/* One port for all; in comes only what was asked for; either forgets that soon. */
struct meeting {
    enum nat_ports ports;
    bool bob_is_open; /* lets in anybody, and remembers */
    auger_time timeout, chatter, keepalive;
    struct sim *sim;
    struct sim_peer *alice, *bob;
};

static struct sim_peer *add(struct meeting *meeting, const char *name, bool is_open)
{
    const struct nat_config config = {.filtering = is_open ? NAT_ENDPOINT_INDEPENDENT
                                                           : NAT_ADDRESS_AND_PORT_DEPENDENT,
                                      .ports = meeting->ports,
                                      .timeout = is_open ? 0 : meeting->timeout};
    struct sim_peer_options options;
    char gateway[32];

    sim_peer_options_init(&options);
    options.chatter = meeting->chatter;
    options.ice.keepalive = meeting->keepalive;
    snprintf(gateway, sizeof(gateway), "nat-%s", name);
    return sim_add_peer_in(
        meeting->sim, name,
        sim_add_nat(meeting->sim, gateway, sim_internet(meeting->sim), &config, NULL), &options);
}

static void meet(struct meeting *meeting, uint64_t seed)
{
    meeting->sim = world(seed, .delay = DELAY);
    sim_add_stun_server(meeting->sim);
    meeting->alice = add(meeting, "alice", false);
    meeting->bob = add(meeting, "bob", meeting->bob_is_open);
    sim_signal(meeting->sim, meeting->alice, meeting->bob, 100 * AUGER_MS);
    CHECK(sim_run_until(meeting->sim, both_nominated, 10 * AUGER_SEC));
}

static unsigned forgotten(struct sim_peer *peer)
{
    struct auger_ice_counters counters;

    auger_ice_get_counters(sim_peer_ice(peer), &counters);
    return (unsigned)counters.mappings_forgotten;
}

static unsigned interruptions(const struct meeting *meeting)
{
    return sim_peer_story(meeting->alice)->disconnected +
           sim_peer_story(meeting->bob)->disconnected;
}

SCENARIO(data_keeps_mappings_that_live_for_three_seconds)
{
    struct meeting meeting = {
        .ports = NAT_PORTS_RANDOM, .timeout = 3 * AUGER_SEC, .chatter = AUGER_SEC};

    meet(&meeting, seed);
    sim_run(meeting.sim, HALF_AN_HOUR);
    CHECK(both_connected(meeting.sim));
    assert_int_equal(interruptions(&meeting), 0);
    world_end(meeting.sim);
}

/* 7675 section 5.1: no pause is longer than six seconds, and the answer takes its time. */
SCENARIO(consent_alone_keeps_mappings_that_live_for_seven)
{
    struct meeting meeting = {.ports = NAT_PORTS_RANDOM, .timeout = 7 * AUGER_SEC};

    meet(&meeting, seed);
    sim_run(meeting.sim, HALF_AN_HOUR);
    CHECK(both_connected(meeting.sim));
    assert_int_equal(interruptions(&meeting), 0);
    world_end(meeting.sim);
}

/* The next check from inside writes the same row again. */
SCENARIO(a_quiet_session_goes_on_where_a_forgotten_mapping_has_its_port_again)
{
    struct meeting meeting = {.ports = NAT_PORTS_PRESERVE, .timeout = 5 * AUGER_SEC};

    meet(&meeting, seed);
    sim_run(meeting.sim, HALF_AN_HOUR);
    CHECK(both_connected(meeting.sim));
    assert_int_equal(sim_peer_story(meeting.alice)->failed, 0);
    assert_int_equal(sim_peer_story(meeting.bob)->failed, 0);
    world_end(meeting.sim);
}

/* What comes from another port is let in by no other side, and consent ends. */
SCENARIO(where_it_has_another_a_quiet_session_ends_and_a_restart_brings_it_back)
{
    struct meeting meeting = {.ports = NAT_PORTS_RANDOM, .timeout = 5 * AUGER_SEC};

    meet(&meeting, seed);
    CHECK(sim_run_until(meeting.sim, both_failed, 3 * HALF_AN_HOUR));
    sim_restart(meeting.sim, meeting.alice);
    CHECK(sim_run_until(meeting.sim, both_restarted, 10 * AUGER_SEC));
    CHECK(both_connected(meeting.sim));
    /* Either has learned of it, and it does not happen again. */
    CHECK(forgotten(meeting.alice) > 0 && forgotten(meeting.bob) > 0);
    sim_run(meeting.sim, 3 * HALF_AN_HOUR);
    CHECK(both_connected(meeting.sim));
    world_end(meeting.sim);
}

/* RFC 8445 section 11: Tr by what is known of the NAT. */
SCENARIO(a_keepalive_keeps_mappings_that_live_for_three_seconds)
{
    struct meeting meeting = {
        .ports = NAT_PORTS_RANDOM, .timeout = 3 * AUGER_SEC, .keepalive = 2 * AUGER_SEC};

    meet(&meeting, seed);
    sim_run(meeting.sim, HALF_AN_HOUR);
    CHECK(both_connected(meeting.sim));
    assert_int_equal(interruptions(&meeting), 0);
    assert_int_equal(forgotten(meeting.alice) + forgotten(meeting.bob), 0);
    world_end(meeting.sim);
}

/* Bob lets her in from the next port too, and his answer shows it. */
SCENARIO(a_mapping_that_was_forgotten_once_is_kept_from_then_on)
{
    struct meeting meeting = {
        .bob_is_open = true, .ports = NAT_PORTS_RANDOM, .timeout = 5 * AUGER_SEC};

    meet(&meeting, seed);
    sim_run(meeting.sim, 2 * HALF_AN_HOUR);
    CHECK(both_connected(meeting.sim));
    CHECK(forgotten(meeting.alice) == 1, "%u times", forgotten(meeting.alice));
    CHECK(sim_peer_story(meeting.alice)->failed == 0);
    world_end(meeting.sim);
}

SCENARIOS(scenario_test(data_keeps_mappings_that_live_for_three_seconds),
          scenario_test(consent_alone_keeps_mappings_that_live_for_seven),
          scenario_test(a_quiet_session_goes_on_where_a_forgotten_mapping_has_its_port_again),
          scenario_test(where_it_has_another_a_quiet_session_ends_and_a_restart_brings_it_back),
          scenario_test(a_keepalive_keeps_mappings_that_live_for_three_seconds),
          scenario_test(a_mapping_that_was_forgotten_once_is_kept_from_then_on))
