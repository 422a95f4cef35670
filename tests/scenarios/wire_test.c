/* Bad wires: loss, bursts of it, duplicates, disorder. */
#include "tests/sim/scenario.h"

/* Consent is asked for every five seconds, once (RFC 7675 section 5.1): where a fifth is
 * lost each way six questions in a row fail now and then, and the session rightly ends. */
static bool may_end(const struct link_quality *quality)
{
    return quality->loss_permille > 50;
}

static void survives(uint64_t seed, const struct link_quality *quality, const char *name)
{
    struct sim *sim = world(seed, .internet = quality);
    struct sim_peer_options options;
    sim_peer_options_init(&options);
    options.chatter = 100 * AUGER_MS;
    sim_add_stun_server(sim);
    struct sim_net *home = sim_add_nat_of_kind(sim, "home", sim_internet(sim), SIM_PORT_RESTRICTED);
    struct sim_peer *alice = sim_add_peer_in(sim, "alice", home, &options);
    struct sim_peer *bob = sim_add_peer_in(sim, "bob", sim_internet(sim), &options);

    sim_signal(sim, alice, bob, 100 * AUGER_MS);
    CHECK(sim_run_until(sim, both_connected, 40 * AUGER_SEC), "%s", name);
    CHECK(sim_run(sim, 120 * AUGER_SEC), "%s", name);
    if (!may_end(quality)) {
        CHECK(sim_peer_story(alice)->failed + sim_peer_story(bob)->failed == 0, "%s", name);
        CHECK(sim_peer_story(bob)->data_received > sim_peer_story(alice)->data_sent / 2, "%s",
              name);
    }
    world_end(sim);
}

SCENARIO(a_session_lives_on_a_bad_wire)
{
    static const struct {
        const char *name;
        struct link_quality quality;
    } wires[] = {
        {"a tenth lost", {.delay = 50 * AUGER_MS, .loss_permille = 100}},
        {"a fifth lost", {.delay = 50 * AUGER_MS, .loss_permille = 200}},
        {"bursts of losses",
         {.delay = 50 * AUGER_MS,
          .burst_begins_permille = 10,
          .burst_ends_permille = 200,
          .burst_loss_permille = 900}},
        {"everything twice", {.delay = 50 * AUGER_MS, .duplicate_permille = 1000}},
        {"disorder",
         {.delay = 50 * AUGER_MS,
          .jitter = 20 * AUGER_MS,
          .reorder_permille = 300,
          .reorder_by = 300 * AUGER_MS}},
        {"half a second of delay", {.delay = 500 * AUGER_MS}},
        {"a narrow wire",
         {.delay = 50 * AUGER_MS, .bits_per_second = 64000, .queue = 200 * AUGER_MS}},
        {"all of it",
         {.delay = 50 * AUGER_MS,
          .jitter = 20 * AUGER_MS,
          .loss_permille = 50,
          .duplicate_permille = 50,
          .reorder_permille = 50,
          .reorder_by = 200 * AUGER_MS}},
    };

    for (size_t i = 0; i < ARRAY_LEN(wires); i++)
        survives(seed, &wires[i].quality, wires[i].name);
}

SCENARIOS(scenario_test(a_session_lives_on_a_bad_wire))
