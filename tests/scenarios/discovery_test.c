/* Every kind of NAT is recognised, by servers of RFC 5780 and, as far as that goes, by ordinary
 * ones. */
#include "tests/scenarios/discovery.h"

#define DELAY (40 * AUGER_MS)

static struct discovery_client client;
static struct discovery_server servers[3];

/* Kept apart from the names of the NAT that is looked for. */
static const char *const dependences[] = {"endpoint-independent", "address-dependent",
                                          "address-and-port-dependent"};
static const char *const port_kinds[] = {"preserve", "overload", "sequential",
                                         "random",   "parity",   "contiguous"};

static void begin(struct sim *sim, const struct nat_config *config, size_t servers_len)
{
    memset(servers, 0, sizeof(servers));
    discovery_add_server(sim, &servers[0], "one");
    if (servers_len > 1)
        discovery_add_server(sim, &servers[1], "two");
    if (servers_len > 2)
        discovery_add_server(sim, &servers[2], "three");
    discovery_add_client(sim, &client,
                         config ? sim_add_nat(sim, "home", sim_internet(sim), config, NULL)
                                : sim_internet(sim));
}

/* An inside port that is always kept serves every destination, and looks like it. */
static enum auger_discovery_dependence expected_mapping(const struct nat_config *config)
{
    static const enum auger_discovery_dependence of[] = {
        [NAT_ENDPOINT_INDEPENDENT] = AUGER_DISCOVERY_ENDPOINT_INDEPENDENT,
        [NAT_ADDRESS_DEPENDENT] = AUGER_DISCOVERY_ADDRESS_DEPENDENT,
        [NAT_ADDRESS_AND_PORT_DEPENDENT] = AUGER_DISCOVERY_ADDRESS_AND_PORT_DEPENDENT};

    return config->ports == NAT_PORTS_OVERLOAD ? AUGER_DISCOVERY_ENDPOINT_INDEPENDENT
                                               : of[config->mapping];
}

static enum auger_discovery_dependence expected_filtering(const struct nat_config *config)
{
    static const enum auger_discovery_dependence of[] = {
        [NAT_ENDPOINT_INDEPENDENT] = AUGER_DISCOVERY_ENDPOINT_INDEPENDENT,
        [NAT_ADDRESS_DEPENDENT] = AUGER_DISCOVERY_ADDRESS_DEPENDENT,
        [NAT_ADDRESS_AND_PORT_DEPENDENT] = AUGER_DISCOVERY_ADDRESS_AND_PORT_DEPENDENT};

    return of[config->filtering];
}

static enum auger_discovery_ports expected_ports(const struct nat_config *config)
{
    static const enum auger_discovery_ports of[] = {
        [NAT_PORTS_PRESERVE] = AUGER_DISCOVERY_PORTS_PRESERVED,
        [NAT_PORTS_OVERLOAD] = AUGER_DISCOVERY_PORTS_PRESERVED,
        [NAT_PORTS_SEQUENTIAL] = AUGER_DISCOVERY_PORTS_SEQUENTIAL,
        [NAT_PORTS_RANDOM] = AUGER_DISCOVERY_PORTS_RANDOM,
        [NAT_PORTS_PARITY] = AUGER_DISCOVERY_PORTS_PARITY,
        [NAT_PORTS_CONTIGUOUS] = AUGER_DISCOVERY_PORTS_CONTIGUOUS};

    return of[config->ports];
}

static void recognise(uint64_t seed, const struct nat_config *config, unsigned loss_permille)
{
    struct sim *sim =
        world(seed, .delay = DELAY, .jitter = DELAY / 4, .loss_permille = loss_permille);
    const struct auger_discovery_report *report = &client.report;
    const char *ports = port_kinds[config->ports];

    begin(sim, config, 1);
    discovery_start(&client, servers, 1, 0);
    discovery_run(&client, 60 * AUGER_SEC);
    CHECK(report->mapping == expected_mapping(config), "%s mapping, %s ports, found %d",
          dependences[config->mapping], ports, report->mapping);
    CHECK(report->filtering == expected_filtering(config), "%s filtering, found %d",
          dependences[config->filtering], report->filtering);
    CHECK(report->ports == expected_ports(config), "%s ports, found %d", ports, report->ports);
    CHECK(report->step == (config->ports == NAT_PORTS_SEQUENTIAL ? config->stride : 0),
          "a stride of %d, found %d", config->stride, report->step);
    CHECK(report->is_translated == AUGER_DISCOVERY_YES && report->udp == AUGER_DISCOVERY_YES, "%s",
          ports);
    world_end(sim);
}

static void recognise_all(uint64_t seed, unsigned loss_permille)
{
    for (int mapping = 0; mapping < 3; mapping++)
        for (int filtering = 0; filtering < 3; filtering++)
            for (int ports = 0; ports < (int)ARRAY_LEN(port_kinds); ports++) {
                const struct nat_config config = {.mapping = (enum nat_dependence)mapping,
                                                  .filtering = (enum nat_dependence)filtering,
                                                  .ports = (enum nat_ports)ports,
                                                  .stride = 1};
                recognise(seed, &config, loss_permille);
            }
}

SCENARIO(every_mapping_filtering_and_port_kind_is_recognised)
{
    recognise_all(seed, 0);
}

/* Of each request one in 25 is lost, or its answer. */
SCENARIO(so_it_is_where_datagrams_are_lost)
{
    recognise_all(seed, 20);
}

SCENARIO(the_step_of_sequential_ports_is_found)
{
    static const int strides[] = {1, 2, 3, 100, -1, -2, -100};

    for (size_t i = 0; i < ARRAY_LEN(strides); i++) {
        const struct nat_config config = {.mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                          .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                          .ports = NAT_PORTS_SEQUENTIAL,
                                          .stride = strides[i]};
        recognise(seed, &config, 20);
    }
}

/* Another host behind the same NAT, that takes a port now and then. */
struct neighbour {
    struct sim_prober *prober;
    struct auger_addr to;
    unsigned sent;
    struct prng random;
};

static void take_a_port(struct sim *sim, void *user)
{
    struct neighbour *neighbour = user;

    neighbour->to.port++;
    sim_prober_send(sim, neighbour->prober, &neighbour->to, "x");
    if (++neighbour->sent < 200)
        sim_schedule(sim, (auger_time)prng_below(&neighbour->random, 200) * AUGER_MS, take_a_port,
                     neighbour);
}

SCENARIO(the_step_is_found_on_a_busy_nat)
{
    static const int strides[] = {1, 2, 100};

    for (size_t i = 0; i < ARRAY_LEN(strides); i++) {
        const struct nat_config config = {.mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                          .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                          .ports = NAT_PORTS_SEQUENTIAL,
                                          .stride = strides[i]};
        struct sim *sim = world(seed, .delay = DELAY);
        struct neighbour neighbour = {.sent = 0};
        begin(sim, &config, 1);
        neighbour.prober = sim_add_prober(sim, "neighbour", client.host->at[0].net, AUGER_IPV4);
        neighbour.to = servers[0].addr;
        neighbour.to.port = 9000;
        prng_init(&neighbour.random, seed, "neighbour");
        sim_schedule(sim, 0, take_a_port, &neighbour);
        discovery_start(&client, servers, 1, 0);
        discovery_run(&client, 60 * AUGER_SEC);
        CHECK(client.report.ports == AUGER_DISCOVERY_PORTS_SEQUENTIAL, "found %d",
              client.report.ports);
        /* A foreign mapping in each gap would hide a step, and is too rare to. */
        CHECK(client.report.step == strides[i], "%d, found %d", strides[i], client.report.step);
        world_end(sim);
    }
}

/* --- without a NAT, and without servers that answer ------------------------------------------ */

SCENARIO(without_a_nat_that_is_said)
{
    struct sim *sim = world(seed, .delay = DELAY);

    begin(sim, NULL, 1);
    discovery_start(&client, servers, 1, 0);
    discovery_run(&client, 60 * AUGER_SEC);
    CHECK(client.report.is_translated == AUGER_DISCOVERY_NO, "found %d",
          client.report.is_translated);
    CHECK(client.report.mapping == AUGER_DISCOVERY_ENDPOINT_INDEPENDENT, "found %d",
          client.report.mapping);
    CHECK(client.report.filtering == AUGER_DISCOVERY_ENDPOINT_INDEPENDENT, "found %d",
          client.report.filtering);
    CHECK(client.report.hairpin == AUGER_DISCOVERY_HAIRPIN_UNKNOWN,
          "there is nothing to turn back");
    world_end(sim);
}

SCENARIO(a_firewall_is_no_nat_and_filters)
{
    struct sim *sim = world(seed, .delay = DELAY);

    begin(sim, NULL, 1);
    discovery_add_client(sim, &client, sim_add_firewall(sim, "firewall", sim_internet(sim), false));
    discovery_start(&client, servers, 1, 0);
    discovery_run(&client, 60 * AUGER_SEC);
    CHECK(client.report.is_translated == AUGER_DISCOVERY_NO, "found %d",
          client.report.is_translated);
    CHECK(client.report.filtering == AUGER_DISCOVERY_ADDRESS_AND_PORT_DEPENDENT, "found %d",
          client.report.filtering);
    world_end(sim);
}

SCENARIO(blocked_udp_is_told_within_twelve_seconds)
{
    struct sim *sim = world(seed, .delay = DELAY);

    begin(sim, NULL, 2);
    discovery_add_client(sim, &client, sim_add_firewall(sim, "firewall", sim_internet(sim), true));
    discovery_start(&client, servers, 2, 0);
    discovery_run(&client, 12 * AUGER_SEC);
    CHECK(client.report.udp == AUGER_DISCOVERY_NO, "found %d", client.report.udp);
    CHECK(client.report.mapping == AUGER_DISCOVERY_DEPENDENCE_UNKNOWN, "found %d",
          client.report.mapping);
    CHECK(client.report.sent <= 2 * 5, "%llu sent", (unsigned long long)client.report.sent);
    world_end(sim);
}

/* --- ordinary servers ----------------------------------------------------------------------------
 */

static void with_plain_servers(uint64_t seed, enum nat_dependence mapping, size_t len,
                               enum auger_discovery_dependence expected)
{
    const struct nat_config config = {
        .mapping = mapping, .filtering = NAT_ENDPOINT_INDEPENDENT, .ports = NAT_PORTS_SEQUENTIAL};
    struct sim *sim = world(seed, .delay = DELAY);

    begin(sim, &config, len);
    servers[0].is_plain = servers[1].is_plain = true;
    discovery_start(&client, servers, len, 0);
    discovery_run(&client, 60 * AUGER_SEC);
    CHECK(client.report.mapping == expected, "%zu servers, found %d", len, client.report.mapping);
    CHECK(client.report.filtering == AUGER_DISCOVERY_DEPENDENCE_UNKNOWN, "found %d",
          client.report.filtering);
    CHECK(client.report.ports == AUGER_DISCOVERY_PORTS_SEQUENTIAL && client.report.step == 1,
          "found %d", client.report.ports);
    CHECK(!client.report.has_5780, "nobody said so");
    world_end(sim);
}

SCENARIO(two_ordinary_servers_tell_whether_a_mapping_depends)
{
    with_plain_servers(seed, NAT_ENDPOINT_INDEPENDENT, 2, AUGER_DISCOVERY_ENDPOINT_INDEPENDENT);
    with_plain_servers(seed, NAT_ADDRESS_DEPENDENT, 2, AUGER_DISCOVERY_DEPENDENT);
    with_plain_servers(seed, NAT_ADDRESS_AND_PORT_DEPENDENT, 2, AUGER_DISCOVERY_DEPENDENT);
}

SCENARIO(one_ordinary_server_does_not)
{
    with_plain_servers(seed, NAT_ENDPOINT_INDEPENDENT, 1, AUGER_DISCOVERY_DEPENDENCE_UNKNOWN);
}

SCENARIO(the_one_that_knows_more_is_asked_for_the_rest)
{
    const struct nat_config config = {.mapping = NAT_ADDRESS_DEPENDENT,
                                      .filtering = NAT_ADDRESS_DEPENDENT,
                                      .ports = NAT_PORTS_RANDOM};
    struct sim *sim = world(seed, .delay = DELAY);

    begin(sim, &config, 3);
    servers[0].is_plain = true;
    servers[1].host->is_dead = true;
    discovery_start(&client, servers, 3, 0);
    discovery_run(&client, 60 * AUGER_SEC);
    CHECK(client.report.has_5780 && client.report.primary == 2, "%zu", client.report.primary);
    CHECK(client.report.mapping == AUGER_DISCOVERY_ADDRESS_DEPENDENT, "found %d",
          client.report.mapping);
    CHECK(client.report.filtering == AUGER_DISCOVERY_ADDRESS_DEPENDENT, "found %d",
          client.report.filtering);
    CHECK(client.report.servers[1].rtt == AUGER_NEVER, "it is dead");
    world_end(sim);
}

SCENARIOS(scenario_test(every_mapping_filtering_and_port_kind_is_recognised),
          scenario_test(so_it_is_where_datagrams_are_lost),
          scenario_test(the_step_of_sequential_ports_is_found),
          scenario_test(the_step_is_found_on_a_busy_nat), scenario_test(without_a_nat_that_is_said),
          scenario_test(a_firewall_is_no_nat_and_filters),
          scenario_test(blocked_udp_is_told_within_twelve_seconds),
          scenario_test(two_ordinary_servers_tell_whether_a_mapping_depends),
          scenario_test(one_ordinary_server_does_not),
          scenario_test(the_one_that_knows_more_is_asked_for_the_rest))
