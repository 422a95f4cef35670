/* How long NATs remember, and what of it a session outlives: decision 227 has what was measured. */
#include "tests/sim/scenario.h"

#define DELAY (40 * AUGER_MS)
#define HALF_AN_HOUR (1800 * AUGER_SEC)

/* One port for all; in comes only what was asked for; either forgets that soon. */
struct meeting {
    enum nat_ports ports;
    auger_time timeout, chatter;
    struct sim *sim;
    struct sim_peer *alice, *bob;
};

static struct sim_peer *add(struct meeting *meeting, const char *name)
{
    const struct nat_config config = {.filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                      .ports = meeting->ports,
                                      .timeout = meeting->timeout};
    struct sim_peer_options options;
    char gateway[32];

    sim_peer_options_init(&options);
    options.chatter = meeting->chatter;
    snprintf(gateway, sizeof(gateway), "nat-%s", name);
    return sim_add_peer_in(
        meeting->sim, name,
        sim_add_nat(meeting->sim, gateway, sim_internet(meeting->sim), &config, NULL), &options);
}

static void meet(struct meeting *meeting, uint64_t seed)
{
    meeting->sim = world(seed, .delay = DELAY);
    sim_add_stun_server(meeting->sim);
    meeting->alice = add(meeting, "alice");
    meeting->bob = add(meeting, "bob");
    sim_signal(meeting->sim, meeting->alice, meeting->bob, 100 * AUGER_MS);
    CHECK(sim_run_until(meeting->sim, both_nominated, 10 * AUGER_SEC));
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
    world_end(meeting.sim);
}

SCENARIOS(scenario_test(data_keeps_mappings_that_live_for_three_seconds),
          scenario_test(consent_alone_keeps_mappings_that_live_for_seven),
          scenario_test(a_quiet_session_goes_on_where_a_forgotten_mapping_has_its_port_again),
          scenario_test(where_it_has_another_a_quiet_session_ends_and_a_restart_brings_it_back))
