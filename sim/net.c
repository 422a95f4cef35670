/* sim/net.c - networks, what stands between them, and the hosts' addresses.  How
 * a datagram crosses them is in route.c. */
#include "sim/world.h"

#include <assert.h>
#include <string.h>

static void name_it(char out[SIM_NAME_MAX], const char *name)
{
    snprintf(out, SIM_NAME_MAX, "%s", name);
}

static void read_prefix(uint8_t out[3], const char *text)
{
    unsigned parts[3];
    int read = sscanf(text, "%3u.%3u.%3u", &parts[0], &parts[1], &parts[2]);

    assert(read == 3);
    (void)read;
    for (size_t i = 0; i < 3; i++)
        out[i] = (uint8_t)parts[i];
}

/* 23.4.5.x on the internet and 192.168.n.x behind the n-th gateway; 2a0a:0:0:n::x. */
struct sim_net *sim_net_new(struct sim *sim, const char *name, struct sim_gateway *gateway,
                            const char *prefix)
{
    struct sim_net *net = sim_alloc(sizeof(*net));
    uint8_t number = (uint8_t)sim->nets_len++;

    name_it(net->name, name);
    net->gateway = gateway;
    if (prefix)
        read_prefix(net->prefix4, prefix);
    else if (gateway)
        memcpy(net->prefix4, (uint8_t[]){192, 168, number}, 3);
    else
        memcpy(net->prefix4, (uint8_t[]){23, 4, 5}, 3);
    memcpy(net->prefix6, (uint8_t[]){0x2A, 0x0A, 0, 0, 0, 0, 0, number}, 8);
    net->next = sim->nets;
    sim->nets = net;
    return net;
}

static struct auger_addr addr_in(const struct sim_net *net, enum auger_family family,
                                 uint8_t number, uint16_t port)
{
    struct auger_addr addr = {.family = (uint8_t)family, .port = port};

    if (family == AUGER_IPV4) {
        memcpy(addr.ip, net->prefix4, 3);
        addr.ip[3] = number;
    } else {
        memcpy(addr.ip, net->prefix6, 8);
        addr.ip[15] = number;
    }
    return addr;
}

static struct auger_addr next_addr(struct sim_net *net, enum auger_family family, uint16_t port)
{
    assert(net->hosts + net->attackers < 254);
    return addr_in(net, family, (uint8_t)++net->hosts, port);
}

struct sim_host *sim_host_new(struct sim *sim, const char *name)
{
    struct sim_host *host = sim_alloc(sizeof(*host));

    name_it(host->name, name);
    prng_init(&host->random, sim->options.seed, name);
    host->next = sim->hosts;
    sim->hosts = host;
    return host;
}

struct auger_addr sim_host_attach(struct sim_host *host, struct sim_net *net,
                                  enum auger_family family, uint16_t port)
{
    assert(host->at_len < SIM_HOST_ADDRS_MAX);
    struct sim_attachment *at = &host->at[host->at_len++];

    *at = (struct sim_attachment){.net = net, .addr = next_addr(net, family, port)};
    return at->addr;
}

void sim_host_detach(struct sim_host *host, size_t i)
{
    assert(i < host->at_len);
    memmove(&host->at[i], &host->at[i + 1], (--host->at_len - i) * sizeof(host->at[0]));
}

void sim_host_attach_attacker(struct sim_host *host, struct sim_net *net, enum auger_family family)
{
    assert(host->at_len < SIM_HOST_ADDRS_MAX && net->hosts + net->attackers < 254);
    host->at[host->at_len++] = (struct sim_attachment){
        .net = net, .addr = addr_in(net, family, (uint8_t)(255 - ++net->attackers), 666)};
}

void sim_host_kill(struct sim_host *host)
{
    host->is_dead = true;
}

/* --- gateways --------------------------------------------------------------- */

static struct sim_gateway *gateway_new(struct sim *sim, const char *name, struct sim_net *outside,
                                       const char *prefix)
{
    struct sim_gateway *gateway = sim_alloc(sizeof(*gateway));

    name_it(gateway->name, name);
    gateway->outside = outside;
    gateway->inside = sim_net_new(sim, name, gateway, prefix);
    gateway->next = sim->gateways;
    sim->gateways = gateway;
    return gateway;
}

static struct nat *wall_new(const struct sim *sim, const char *name, enum nat_dependence filtering)
{
    const struct nat_config config = {.transparent = true, .filtering = filtering};
    struct nat *wall = nat_new(&config, sim->options.seed, name);

    assert(wall);
    return wall;
}

struct sim_net *sim_add_nat(struct sim *sim, const char *name, struct sim_net *outside,
                            const struct nat_config *config, const char *prefix)
{
    struct sim_gateway *gateway = gateway_new(sim, name, outside, prefix);
    struct nat_config own = *config;

    if (own.external_len == 0)
        own.external[own.external_len++] = next_addr(outside, AUGER_IPV4, 0);
    gateway->nat = nat_new(&own, sim->options.seed, gateway->name);
    assert(gateway->nat);
    gateway->wall = wall_new(sim, name, config->filtering);
    return gateway->inside;
}

void sim_net_lend_addr(struct sim_net *outside, struct nat_config *config)
{
    assert(config->external_len < NAT_EXTERNAL_MAX);
    config->external[config->external_len++] = next_addr(outside, AUGER_IPV4, 0);
}

struct sim_net *sim_add_firewall(struct sim *sim, const char *name, struct sim_net *outside,
                                 bool blocks_udp)
{
    char prefix[16];

    snprintf(prefix, sizeof(prefix), "23.4.%u", 100 + sim->nets_len);
    struct sim_gateway *gateway = gateway_new(sim, name, outside, prefix);
    gateway->nat = wall_new(sim, name, NAT_ADDRESS_AND_PORT_DEPENDENT);
    gateway->blocks_udp = blocks_udp;
    return gateway->inside;
}

bool sim_net_has(const struct sim_net *net, const struct auger_addr *addr)
{
    return addr->family == AUGER_IPV4 && memcmp(addr->ip, net->prefix4, sizeof(net->prefix4)) == 0;
}

struct sim_gateway *sim_net_gateway(struct sim_net *net)
{
    return net->gateway;
}

struct nat *sim_gateway_nat(struct sim_gateway *gateway)
{
    return gateway->nat;
}

void sim_gateway_block_udp(struct sim_gateway *gateway)
{
    gateway->blocks_udp = true;
}

void sim_gateway_rewrite(struct sim_gateway *gateway, bool rewrites)
{
    gateway->rewrites = rewrites;
}

void sim_gateway_translate(struct sim_gateway *gateway)
{
    gateway->is_nat64 = true;
}

const struct auger_nat64 *sim_nat64(void)
{
    static const struct auger_nat64 well_known = {.prefix = {0x00, 0x64, 0xFF, 0x9B},
                                                  .prefix_len = 96};

    return &well_known;
}

void sim_gateway_reboot(struct sim *sim, struct sim_gateway *gateway)
{
    sim_log(sim, "%s reboots", gateway->name);
    nat_reboot(gateway->nat);
    if (gateway->wall)
        nat_reboot(gateway->wall);
}

void sim_gateway_rebind(struct sim *sim, struct sim_gateway *gateway)
{
    sim_log(sim, "%s rebinds", gateway->name);
    nat_rebind(gateway->nat, sim->now);
}

void sim_gateway_renumber(struct sim *sim, struct sim_gateway *gateway)
{
    if (!gateway->wall) /* translates nothing */
        return;
    struct auger_addr fresh = next_addr(gateway->outside, AUGER_IPV4, 0);
    sim_log(sim, "%s has another address", gateway->name);
    nat_renumber(gateway->nat, &fresh);
}

void sim_net_set_quality(struct sim *sim, struct sim_net *net, const struct link_quality *quality)
{
    (void)sim;
    net->quality = *quality;
    for (struct sim_wire *wire = net->wires; wire; wire = wire->next)
        wire->link.quality = *quality;
}

void sim_nets_free(struct sim *sim)
{
    for (struct sim_host *host = sim->hosts, *next; host; host = next) {
        next = host->next;
        free(host->owns);
        free(host->helpers);
        free(host);
    }
    for (struct sim_gateway *gateway = sim->gateways, *next; gateway; gateway = next) {
        next = gateway->next;
        nat_free(gateway->nat);
        nat_free(gateway->wall);
        free(gateway);
    }
    for (struct sim_net *net = sim->nets, *next; net; net = next) {
        next = net->next;
        for (struct sim_wire *wire = net->wires, *following; wire; wire = following) {
            following = wire->next;
            free(wire);
        }
        free(net);
    }
}

/* --- kinds ------------------------------------------------------------------ */

static const struct {
    const char *name;
    struct nat_config config;
} kinds[SIM_NATS] = {
    [SIM_NO_NAT] = {.name = "no NAT"},
    [SIM_FULL_CONE] = {"full cone", {.filtering = NAT_ENDPOINT_INDEPENDENT}},
    [SIM_ADDRESS_RESTRICTED] = {"address restricted", {.filtering = NAT_ADDRESS_DEPENDENT}},
    [SIM_PORT_RESTRICTED] = {"port restricted", {.filtering = NAT_ADDRESS_AND_PORT_DEPENDENT}},
    [SIM_SYMMETRIC] = {"symmetric",
                       {.mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
                        .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                        .ports = NAT_PORTS_RANDOM}},
    [SIM_SYMMETRIC_SEQUENTIAL] = {"symmetric sequential",
                                  {.mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                   .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                   .ports = NAT_PORTS_SEQUENTIAL}},
    [SIM_UDP_BLOCKED] = {.name = "UDP blocked"},
};

const char *sim_nat_name(enum sim_nat kind)
{
    return kinds[kind].name;
}

struct nat_config sim_nat_config(enum sim_nat kind)
{
    return kinds[kind].config;
}

struct sim_net *sim_add_nat_of_kind(struct sim *sim, const char *name, struct sim_net *outside,
                                    enum sim_nat kind)
{
    if (kind == SIM_NO_NAT)
        return outside;
    if (kind == SIM_UDP_BLOCKED)
        return sim_add_firewall(sim, name, outside, true);
    return sim_add_nat(sim, name, outside, &kinds[kind].config, NULL);
}
