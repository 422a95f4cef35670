/* What else is found of a NAT: hairpins, the lifetime of mappings, addresses, sizes; and what
 * servers that lie can make of it. */
#include "tests/scenarios/discovery.h"

#define DELAY (40 * AUGER_MS)

static struct discovery_client client;
static struct discovery_server servers[2];

static const struct nat_config cone = {.ports = NAT_PORTS_RANDOM};

static struct sim *begin(uint64_t seed, const struct nat_config *config, struct sim_net **home)
{
    struct sim *sim = world(seed, .delay = DELAY);

    memset(servers, 0, sizeof(servers));
    discovery_add_server(sim, &servers[0], "one");
    discovery_add_server(sim, &servers[1], "two");
    struct sim_net *net = sim_add_nat(sim, "home", sim_internet(sim), config, NULL);
    discovery_add_client(sim, &client, net);
    if (home)
        *home = net;
    return sim;
}

/* --- hairpins -------------------------------------------------------------------------------- */

SCENARIO(hairpins_are_told_apart)
{
    static const enum auger_discovery_hairpin expected[] = {
        [NAT_HAIRPIN_NONE] = AUGER_DISCOVERY_HAIRPIN_NONE,
        [NAT_HAIRPIN_EXTERNAL_SOURCE] = AUGER_DISCOVERY_HAIRPIN_EXTERNAL_SOURCE,
        [NAT_HAIRPIN_INTERNAL_SOURCE] = AUGER_DISCOVERY_HAIRPIN_INTERNAL_SOURCE};

    for (int hairpin = 0; hairpin < 3; hairpin++)
        for (int filtering = 0; filtering < 3; filtering++) {
            const struct nat_config config = {.filtering = (enum nat_dependence)filtering,
                                              .ports = NAT_PORTS_RANDOM,
                                              .hairpin = (enum nat_hairpin)hairpin};
            struct sim *sim = begin(seed, &config, NULL);
            discovery_start(&client, servers, 1, 0);
            discovery_run(&client, 60 * AUGER_SEC);
            CHECK(client.report.hairpin == expected[hairpin], "hairpin %d, filtering %d, found %d",
                  hairpin, filtering, client.report.hairpin);
            world_end(sim);
        }
}

/* --- lifetime -------------------------------------------------------------------------------- */

static void find_lifetime(uint64_t seed, struct nat_config config, unsigned loss_permille)
{
    struct sim *sim = world(seed, .delay = DELAY, .loss_permille = loss_permille);
    const struct auger_discovery_report *report = &client.report;

    memset(servers, 0, sizeof(servers));
    discovery_add_server(sim, &servers[0], "one");
    discovery_add_client(sim, &client, sim_add_nat(sim, "home", sim_internet(sim), &config, NULL));
    discovery_start(&client, servers, 1, 300 * AUGER_SEC);
    discovery_run(&client, 1200 * AUGER_SEC);
    CHECK(report->lifetime_alive < config.timeout + AUGER_SEC, "%.1f s, found %.1f s alive",
          (double)config.timeout / 1e9, (double)report->lifetime_alive / 1e9);
    CHECK(report->lifetime_dead >= config.timeout - AUGER_SEC, "%.1f s, found %.1f s dead",
          (double)config.timeout / 1e9, (double)report->lifetime_dead / 1e9);
    CHECK(report->lifetime_dead - report->lifetime_alive <=
              (config.timeout > 20 * AUGER_SEC ? config.timeout / 10 : 2 * AUGER_SEC),
          "%.1f to %.1f s are wide apart", (double)report->lifetime_alive / 1e9,
          (double)report->lifetime_dead / 1e9);
    CHECK(report->response_port == AUGER_DISCOVERY_YES, "found %d", report->response_port);
    world_end(sim);
}

SCENARIO(the_lifetime_of_a_mapping_is_found)
{
    static const int timeouts_s[] = {2, 5, 17, 30, 60, 120, 250};

    for (size_t i = 0; i < ARRAY_LEN(timeouts_s); i++) {
        struct nat_config config = cone;
        config.timeout = timeouts_s[i] * AUGER_SEC;
        find_lifetime(seed, config, 0);
        config.filtering = config.mapping = NAT_ADDRESS_AND_PORT_DEPENDENT;
        config.inbound_refreshes = true;
        find_lifetime(seed, config, 10);
    }
}

/* Where there are few ports, the socket that asks gets that of the mapping which is gone. */
SCENARIO(an_answer_at_the_port_that_somebody_else_has_now_is_no_life)
{
    struct nat_config config = cone;

    config.timeout = 4 * AUGER_SEC;
    config.port_min = 5000;
    config.port_max = 5013;
    for (unsigned i = 0; i < 20; i++) {
        struct sim *sim = begin(seed + i, &config, NULL);
        discovery_start(&client, servers, 1, 300 * AUGER_SEC);
        discovery_run(&client, 1200 * AUGER_SEC);
        CHECK(client.report.lifetime_alive < 5 * AUGER_SEC, "%u: %.1f s", i,
              (double)client.report.lifetime_alive / 1e9);
        world_end(sim);
    }
}

SCENARIO(a_lifetime_above_what_is_looked_for_is_open)
{
    struct nat_config config = cone;

    config.timeout = 600 * AUGER_SEC;
    struct sim *sim = begin(seed, &config, NULL);
    discovery_start(&client, servers, 1, 60 * AUGER_SEC);
    discovery_run(&client, 200 * AUGER_SEC);
    CHECK(client.report.lifetime_alive >= 60 * AUGER_SEC, "%.1f s",
          (double)client.report.lifetime_alive / 1e9);
    CHECK(client.report.lifetime_dead == AUGER_NEVER, "there is no end of it");
    world_end(sim);
}

static void without_response_port(uint64_t seed, enum nat_ports ports, bool is_found)
{
    const struct nat_config config = {.ports = ports, .timeout = 30 * AUGER_SEC};
    struct sim *sim = begin(seed, &config, NULL);

    servers[0].no_response_port = true;
    discovery_start(&client, servers, 1, 120 * AUGER_SEC);
    discovery_run(&client, 500 * AUGER_SEC);
    CHECK(client.report.response_port == AUGER_DISCOVERY_NO, "found %d",
          client.report.response_port);
    if (is_found) {
        CHECK(client.report.lifetime_alive <= 31 * AUGER_SEC &&
                  client.report.lifetime_dead >= 29 * AUGER_SEC &&
                  client.report.lifetime_dead <= 33 * AUGER_SEC,
              "found %.1f to %.1f s", (double)client.report.lifetime_alive / 1e9,
              (double)client.report.lifetime_dead / 1e9);
    } else {
        CHECK(client.report.lifetime_alive == 0 && client.report.lifetime_dead == AUGER_NEVER,
              "a port that is kept tells nothing");
    }
    world_end(sim);
}

SCENARIO(without_response_port_the_next_port_tells)
{
    without_response_port(seed, NAT_PORTS_RANDOM, true);
    without_response_port(seed, NAT_PORTS_PRESERVE, false);
}

/* --- what keeps a mapping ---------------------------------------------------------------------
 */

static enum auger_discovery_answer yes(bool is_so)
{
    return is_so ? AUGER_DISCOVERY_YES : AUGER_DISCOVERY_NO;
}

static void find_refresh(uint64_t seed, struct nat_config config, unsigned loss_permille,
                         bool has_response_port)
{
    struct sim *sim = world(seed, .delay = DELAY, .loss_permille = loss_permille);
    enum auger_discovery_answer out = yes(!config.outbound_does_not);
    enum auger_discovery_answer in = yes(config.inbound_refreshes);

    memset(servers, 0, sizeof(servers));
    discovery_add_server(sim, &servers[0], "one");
    servers[0].no_response_port = !has_response_port;
    discovery_add_client(sim, &client, sim_add_nat(sim, "home", sim_internet(sim), &config, NULL));
    discovery_start(&client, servers, 1, 120 * AUGER_SEC);
    discovery_run(&client, 600 * AUGER_SEC);
    if (!has_response_port)
        in = AUGER_DISCOVERY_UNKNOWN;
    CHECK(client.report.outbound_refresh == out && client.report.inbound_refresh == in,
          "%.0f s, mapping %d, %u permille lost: out %d, not %d; in %d, not %d",
          (double)config.timeout / 1e9, config.mapping, loss_permille,
          client.report.outbound_refresh, out, client.report.inbound_refresh, in);
    world_end(sim);
}

/* RFC 4787, REQ-6: outbound has to, inbound may. */
SCENARIO(what_keeps_a_mapping_is_found)
{
    static const struct {
        bool inbound, not_outbound;
    } ways[] = {{false, false}, {true, false}, {true, true}};
    static const int timeouts_s[] = {6, 30, 90};

    for (size_t way = 0; way < ARRAY_LEN(ways); way++)
        for (size_t i = 0; i < ARRAY_LEN(timeouts_s); i++) {
            struct nat_config config = cone;
            config.inbound_refreshes = ways[way].inbound;
            config.outbound_does_not = ways[way].not_outbound;
            config.timeout = timeouts_s[i] * AUGER_SEC;
            find_refresh(seed, config, 0, true);
            find_refresh(seed, config, 0, false);
            config.mapping = config.filtering = NAT_ADDRESS_AND_PORT_DEPENDENT;
            find_refresh(seed, config, 20, true);
        }
}

/* Its lifetime is hard to find too, since it is not one of being idle. */
SCENARIO(of_a_mapping_that_nothing_keeps_no_keeper_is_told)
{
    struct nat_config config = cone;

    config.timeout = 30 * AUGER_SEC;
    config.outbound_does_not = true;
    struct sim *sim = begin(seed, &config, NULL);
    discovery_start(&client, servers, 1, 120 * AUGER_SEC);
    discovery_run(&client, 600 * AUGER_SEC);
    CHECK(client.report.outbound_refresh != AUGER_DISCOVERY_YES &&
              client.report.inbound_refresh != AUGER_DISCOVERY_YES,
          "out %d, in %d", client.report.outbound_refresh, client.report.inbound_refresh);
    world_end(sim);
}

SCENARIO(what_keeps_a_mapping_without_a_known_end_is_not_asked)
{
    struct nat_config config = cone;

    config.timeout = 600 * AUGER_SEC;
    struct sim *sim = begin(seed, &config, NULL);
    discovery_start(&client, servers, 1, 60 * AUGER_SEC);
    discovery_run(&client, 200 * AUGER_SEC);
    CHECK(client.report.outbound_refresh == AUGER_DISCOVERY_UNKNOWN &&
              client.report.inbound_refresh == AUGER_DISCOVERY_UNKNOWN,
          "out %d, in %d", client.report.outbound_refresh, client.report.inbound_refresh);
    world_end(sim);
}

SCENARIO(progress_is_told)
{
    struct nat_config config = cone;
    unsigned stages = 0, rounds = 0, alive = 0, dead = 0, keeping = 0;

    config.timeout = 30 * AUGER_SEC;
    struct sim *sim = begin(seed, &config, NULL);
    discovery_start(&client, servers, 1, 120 * AUGER_SEC);
    discovery_run(&client, 500 * AUGER_SEC);
    for (size_t i = 0; i < client.events_len; i++) {
        const struct auger_discovery_event *event = &client.events[i];
        stages += event->type == AUGER_DISCOVERY_EVENT_STAGE;
        rounds += event->type == AUGER_DISCOVERY_EVENT_ROUND;
        keeping += event->type == AUGER_DISCOVERY_EVENT_KEEPING;
        alive += event->type == AUGER_DISCOVERY_EVENT_TESTED && event->is_alive;
        dead += event->type == AUGER_DISCOVERY_EVENT_TESTED && !event->is_alive;
    }
    CHECK(stages == 3, "probing, ageing, done, and %u were told", stages);
    CHECK(keeping == 1, "%u times", keeping);
    CHECK(rounds >= 2 && rounds <= 4 && alive > 0 && dead > 0, "%u rounds, %u alive, %u dead",
          rounds, alive, dead);
    world_end(sim);
}

/* --- addresses, sizes ----------------------------------------------------------------------------
 */

SCENARIO(several_external_addresses_are_seen)
{
    struct nat_config config = cone;
    struct sim *sim = world(seed, .delay = DELAY);

    memset(servers, 0, sizeof(servers));
    discovery_add_server(sim, &servers[0], "one");
    config.arbitrary_pooling = true;
    sim_net_lend_addr(sim_internet(sim), &config);
    sim_net_lend_addr(sim_internet(sim), &config);
    discovery_add_client(sim, &client, sim_add_nat(sim, "home", sim_internet(sim), &config, NULL));
    discovery_start(&client, servers, 1, 0);
    discovery_run(&client, 60 * AUGER_SEC);
    CHECK(client.report.several_addrs == AUGER_DISCOVERY_YES, "found %d",
          client.report.several_addrs);
    world_end(sim);
}

SCENARIO(a_server_without_padding_is_not_asked_for_sizes)
{
    for (int has_padding = 0; has_padding < 2; has_padding++) {
        struct sim *sim = begin(seed, &cone, NULL);
        servers[0].no_padding = !has_padding;
        discovery_start(&client, servers, 1, 0);
        discovery_run(&client, 60 * AUGER_SEC);
        CHECK(client.report.padding == (has_padding ? AUGER_DISCOVERY_YES : AUGER_DISCOVERY_NO),
              "found %d", client.report.padding);
        CHECK(client.report.mtu == (has_padding ? 1500 : 0), "found %u", client.report.mtu);
        CHECK(client.report.fragments ==
                  (has_padding ? AUGER_DISCOVERY_YES : AUGER_DISCOVERY_UNKNOWN),
              "found %d", client.report.fragments);
        world_end(sim);
    }
}

SCENARIO(the_table_has_a_row_for_each_flow)
{
    const struct nat_config config = {.mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                      .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                      .ports = NAT_PORTS_RANDOM};
    struct sim_net *home;
    struct sim *sim = begin(seed, &config, &home);
    size_t len, found = 0;

    discovery_start(&client, servers, 1, 0);
    discovery_run(&client, 60 * AUGER_SEC);
    const struct nat_row *rows =
        nat_rows(sim_gateway_nat(sim_net_gateway(home)), sim_now(sim), &len);
    for (size_t i = 0; i < client.report.rows_len; i++)
        for (size_t j = 0; j < len; j++)
            found += auger_addr_equal(&client.report.rows[i].external, &rows[j].external) &&
                     auger_addr_equal(&client.report.rows[i].inside, &rows[j].inside) &&
                     auger_addr_equal(&client.report.rows[i].outside, &rows[j].remote);
    CHECK(found == client.report.rows_len && found == 12 + 3 + 2, "%zu of %zu", found,
          client.report.rows_len);
    world_end(sim);
}

/* --- servers that are wrong, or lie
 * ---------------------------------------------------------------- */

SCENARIO(who_does_not_change_its_address_tells_nothing_of_filters)
{
    struct sim *sim = begin(seed, &cone, NULL);

    servers[0].ignores_change = true;
    discovery_start(&client, servers, 1, 0);
    discovery_run(&client, 60 * AUGER_SEC);
    CHECK(client.report.filtering == AUGER_DISCOVERY_DEPENDENCE_UNKNOWN, "found %d",
          client.report.filtering);
    world_end(sim);
}

SCENARIO(silence_of_a_dead_address_tells_nothing_of_filters)
{
    struct sim *sim = begin(seed, &cone, NULL);

    servers[0].other_is_dead = true;
    discovery_start(&client, servers, 1, 0);
    discovery_run(&client, 60 * AUGER_SEC);
    CHECK(client.report.filtering == AUGER_DISCOVERY_DEPENDENCE_UNKNOWN, "found %d",
          client.report.filtering);
    world_end(sim);
}

/* What was sent to whoever is neither a server that was given, nor at its other address. */
static unsigned sent_to_others(void)
{
    unsigned sent = 0;

    for (size_t i = 0; i < client.sent_len; i++)
        if (!auger_addr_equal(&client.sent[i].to, &servers[0].addr) &&
            !auger_addr_equal(&client.sent[i].to, &servers[1].addr))
            sent += client.sent[i].count;
    return sent;
}

static void lie_of_other(uint64_t seed, const char *other)
{
    struct sim *sim = begin(seed, &cone, NULL);

    assert_int_equal(0, auger_addr_parse(&servers[0].lies_other, other));
    discovery_start(&client, servers, 1, 0);
    discovery_run(&client, 60 * AUGER_SEC);
    CHECK(!client.report.has_5780, "%s was believed", other);
    /* A hairpin's are to our own address. */
    CHECK(sent_to_others() <= 10, "%u went elsewhere for %s", sent_to_others(), other);
    world_end(sim);
}

SCENARIO(an_other_address_inside_is_not_asked)
{
    static const char *const others[] = {
        "127.0.0.1:3479",   "192.168.1.1:3479", "10.0.0.1:3479",     "169.254.1.1:3479",
        "100.64.0.1:3479",  "224.0.0.1:3479",   "255.255.255.255:9", "0.0.0.0:3479",
        "[2001:db8::1]:79", "23.4.5.9:53",      "23.4.5.9:3478",     "23.4.5.9:1023"};

    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        lie_of_other(seed, others[i]);
}

/* Twice five to an address that the server invents, and as many to what it says is ours. */
SCENARIO(a_server_that_lies_makes_us_send_little)
{
    struct sim *sim = begin(seed, &cone, NULL);

    assert_int_equal(0, auger_addr_parse(&servers[0].lies_other, "66.6.6.6:6666"));
    assert_int_equal(0, auger_addr_parse(&servers[0].lies_mapped, "66.6.6.7:7777"));
    discovery_start(&client, servers, 1, 0);
    discovery_run(&client, 60 * AUGER_SEC);
    CHECK(sent_to_others() == 20, "%u went elsewhere", sent_to_others());
    world_end(sim);
}

SCENARIO(a_second_server_gives_the_lie_to_our_address)
{
    struct sim *sim = begin(seed, &cone, NULL);

    assert_int_equal(0, auger_addr_parse(&servers[0].lies_mapped, "66.6.6.7:7777"));
    discovery_start(&client, servers, 2, 0);
    discovery_run(&client, 60 * AUGER_SEC);
    for (size_t i = 0; i < client.sent_len; i++)
        CHECK(!auger_addr_equal(&client.sent[i].to, &servers[0].lies_mapped), "it was believed");
    world_end(sim);
}

SCENARIOS(scenario_test(hairpins_are_told_apart), scenario_test(the_lifetime_of_a_mapping_is_found),
          scenario_test(an_answer_at_the_port_that_somebody_else_has_now_is_no_life),
          scenario_test(a_lifetime_above_what_is_looked_for_is_open),
          scenario_test(without_response_port_the_next_port_tells),
          scenario_test(what_keeps_a_mapping_is_found),
          scenario_test(of_a_mapping_that_nothing_keeps_no_keeper_is_told),
          scenario_test(what_keeps_a_mapping_without_a_known_end_is_not_asked),
          scenario_test(progress_is_told), scenario_test(several_external_addresses_are_seen),
          scenario_test(a_server_without_padding_is_not_asked_for_sizes),
          scenario_test(the_table_has_a_row_for_each_flow),
          scenario_test(who_does_not_change_its_address_tells_nothing_of_filters),
          scenario_test(silence_of_a_dead_address_tells_nothing_of_filters),
          scenario_test(an_other_address_inside_is_not_asked),
          scenario_test(a_server_that_lies_makes_us_send_little),
          scenario_test(a_second_server_gives_the_lie_to_our_address))
