/* tools/net_options.c - which addresses of this machine are used, what the other side is told
 * of them, and how datagrams leave. */
#include "tools/net_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    enum auger_ip_handling handling;
    enum auger_ice_policy policy;
} policies[] = {
    {"all", AUGER_IP_ALL, AUGER_ICE_POLICY_ALL},
    {"default-route", AUGER_IP_DEFAULT_ROUTE, AUGER_ICE_POLICY_ALL},
    {"default-route-only", AUGER_IP_DEFAULT_ROUTE_ONLY, AUGER_ICE_POLICY_ALL},
    {"proxy", AUGER_IP_PROXY, AUGER_ICE_POLICY_ALL},
    {"no-host", AUGER_IP_ALL, AUGER_ICE_POLICY_NO_HOST},
    {"relay", AUGER_IP_ALL, AUGER_ICE_POLICY_RELAY},
};

/* RFC 8837 section 5 uses some of these, RFC 2474, 2597, 3246 and 8622 define them. */
static const struct {
    const char *word;
    uint8_t dscp;
} dscps[] = {
    {"DF", 0},    {"LE", 1},    {"CS1", 8},   {"AF11", 10}, {"AF12", 12}, {"AF13", 14},
    {"CS2", 16},  {"AF21", 18}, {"AF22", 20}, {"AF23", 22}, {"CS3", 24},  {"AF31", 26},
    {"AF32", 28}, {"AF33", 30}, {"CS4", 32},  {"AF41", 34}, {"AF42", 36}, {"AF43", 38},
    {"CS5", 40},  {"EF", 46},   {"CS6", 48},  {"CS7", 56},
};

static bool apply_policy(const char *word, struct auger_net_config *net,
                         struct auger_ice_config *ice)
{
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        if (strcmp(word, policies[i].word) != 0)
            continue;
        net->ip_handling = policies[i].handling;
        ice->policy = policies[i].policy;
        return true;
    }
    return false;
}

/* Digits alone; what stands behind them is *end. */
static bool read_number(const char *text, long max, long *number, char **end)
{
    if (*text < '0' || *text > '9')
        return false;
    *number = strtol(text, end, 10);
    return *number <= max;
}

static bool apply_dscp(const char *word, struct auger_net_config *net)
{
    long number;
    char *end;

    for (size_t i = 0; i < sizeof(dscps) / sizeof(dscps[0]); i++)
        if (strcmp(word, dscps[i].word) == 0) {
            net->dscp = dscps[i].dscp;
            return true;
        }
    if (!read_number(word, 63, &number, &end) || *end)
        return false;
    net->dscp = (uint8_t)number;
    return true;
}

static bool apply_ports(const char *text, struct auger_net_config *net)
{
    long min, max;
    char *end;

    if (!read_number(text, 65535, &min, &end) || *end != '-' ||
        !read_number(end + 1, 65535, &max, &end) || *end || min == 0 || min > max)
        return false;
    net->port_min = (uint16_t)min;
    net->port_max = (uint16_t)max;
    return true;
}

static bool apply_standby(const char *text, struct auger_ice_config *ice)
{
    long number;
    char *end;

    if (!read_number(text, AUGER_ICE_STANDBY_MAX, &number, &end) || *end)
        return false;
    ice->standby_max = (uint8_t)number;
    return true;
}

static bool apply_relay_family(const char *word, struct auger_net_config *net)
{
    static const char *const words[] = {
        [AUGER_TURN_IPV4] = "ipv4", [AUGER_TURN_IPV6] = "ipv6", [AUGER_TURN_BOTH] = "both"};

    for (size_t i = AUGER_TURN_IPV4; i <= AUGER_TURN_BOTH; i++)
        if (strcmp(word, words[i]) == 0) {
            net->relay_families = (enum auger_turn_families)i;
            return true;
        }
    return false;
}

static bool apply_ice_tcp(const char *text, struct auger_ice_config *ice)
{
    static const struct {
        const char *word;
        uint8_t types;
    } words[] = {
        {"active", AUGER_ICE_TCP_ACTIVE},
        {"passive", AUGER_ICE_TCP_PASSIVE},
        {"so", AUGER_ICE_TCP_SO},
        {"all", AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE | AUGER_ICE_TCP_SO},
    };

    for (;;) {
        size_t len = strcspn(text, ","), i = 0;
        while (i < sizeof(words) / sizeof(words[0]) &&
               (strlen(words[i].word) != len || strncmp(words[i].word, text, len) != 0))
            i++;
        if (i == sizeof(words) / sizeof(words[0]))
            return false;
        ice->tcp |= words[i].types;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

/* IP, IP:PORT or [IP]:PORT; without a port it is 0. */
static bool read_end(const char *text, size_t len, struct auger_addr *addr)
{
    char copy[AUGER_ADDR_TEXT_MAX];

    if (len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (auger_addr_parse(addr, copy) == 0 || auger_addr_parse_ip(addr, copy, len, 0) == 0)
        return true;
    return len > 2 && copy[0] == '[' && copy[len - 1] == ']' &&
           auger_addr_parse_ip(addr, copy + 1, len - 2, 0) == 0;
}

static bool apply_nat64(const char *text, struct auger_net_config *net)
{
    if (strcmp(text, "auto") == 0)
        net->nat64 = AUGER_NAT64_FIND;
    else if (strcmp(text, "off") == 0)
        net->nat64 = AUGER_NAT64_OFF;
    else if (auger_nat64_parse(&net->nat64_prefix, text) == 0)
        net->nat64 = AUGER_NAT64_GIVEN;
    else
        return false;
    return true;
}

static bool apply_map(const char *text, struct auger_ice_mapping *mapping)
{
    const char *equals = strchr(text, '=');

    return equals && read_end(text, (size_t)(equals - text), &mapping->local) &&
           read_end(equals + 1, strlen(equals + 1), &mapping->external) &&
           mapping->local.family == mapping->external.family;
}

/* The loop and the agent know best what an entry may be. */
static bool is_possible(const struct auger_net_config *net, const char *const *entries, size_t len,
                        const char **wrong)
{
    for (size_t i = 0; i < len; i++) {
        struct auger_net_config alone = *net;
        struct auger_net_addr none;
        alone.only = &entries[i];
        alone.only_len = 1;
        alone.without_len = 0;
        *wrong = entries[i];
        if (auger_net_addrs(&alone, &none, 0) == AUGER_ERR_INVALID)
            return false;
    }
    return true;
}

static bool apply_filters(struct net_options *options, struct auger_net_config *net,
                          const char **name)
{
    const char *wrong;

    net->only = options->only.items;
    net->only_len = options->only.len;
    net->without = options->without.items;
    net->without_len = options->without.len;
    *name = "--only";
    if (!is_possible(net, options->only.items, options->only.len, &wrong))
        return false;
    *name = "--without";
    return is_possible(net, options->without.items, options->without.len, &wrong);
}

static bool apply_maps(struct net_options *options, struct auger_ice_config *ice)
{
    for (size_t i = 0; i < options->maps.len; i++)
        if (!apply_map(options->maps.items[i], &options->mappings[i]))
            return false;
    ice->mappings = options->mappings;
    ice->mappings_len = options->maps.len;
    ice->mappings_replace_host = options->map_as_host;
    return true;
}

/* The last colon parts them: names that expire have one themselves. */
static bool read_user(const char *text, char *name, size_t cap, struct auger_net_turn_server *out)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;

    if (len == 0 || len >= cap || colon[1] == '\0')
        return false;
    memcpy(name, text, len);
    name[len] = '\0';
    out->username = name;
    out->password = colon + 1;
    return true;
}

static bool apply_turn(struct net_options *options, const char *command,
                       struct auger_net_config *net)
{
    const struct option_texts *users = &options->users;

    if (users->len > 1 && users->len != options->turn.len)
        return options_wrong(command, "--user", "is given once, or as often as --turn");
    for (size_t i = 0; i < options->turn.len; i++) {
        struct auger_net_turn_server *out = &options->turn_servers[i];
        const char *user = users->len == 0 ? NULL : users->items[users->len == 1 ? 0 : i];
        *out = (struct auger_net_turn_server){.uri = options->turn.items[i],
                                              .ca_file = options->turn_ca,
                                              .trust_anybody = options->turn_any,
                                              .proxy = options->turn_proxy};
        if (user && !read_user(user, options->names[i], sizeof(options->names[i]), out))
            return options_wrong(command, "--user", "takes NAME:PASSWORD");
    }
    net->turn_servers = options->turn_servers;
    net->turn_servers_len = options->turn.len;
    return true;
}

bool net_options_apply(struct net_options *options, const char *command,
                       struct auger_net_config *net, struct auger_ice_config *ice)
{
    const char *name;

    net->loopback = options->loopback;
    net->stun_ca_file = options->turn_ca;
    net->stun_trust_anybody = options->turn_any;
    net->link_local = options->link_local;
    net->port_mapping = options->port_mapping;
    if (options->policy && !apply_policy(options->policy, net, ice))
        return options_wrong(
            command, "--policy",
            "takes all, default-route, default-route-only, proxy, no-host or relay");
    if (options->dscp && !apply_dscp(options->dscp, net))
        return options_wrong(command, "--dscp", "takes a number from 0 to 63, or a word as AF21");
    if (options->nat64 && !apply_nat64(options->nat64, net))
        return options_wrong(command, "--nat64", "takes auto, off or a prefix, as 64:ff9b::/96");
    if (options->ports && !apply_ports(options->ports, net))
        return options_wrong(command, "--ports", "takes MIN-MAX, as 50000-50100");
    if (options->standby && !apply_standby(options->standby, ice))
        return options_wrong(command, "--standby", "takes a number from 0 to 4");
    ice->standby_restarts = options->standby_restarts;
    if (ice->standby_restarts && ice->standby_max == 0)
        return options_wrong(command, "--standby-restarts", "is of no use with --standby 0");
    if (options->relay_family && !apply_relay_family(options->relay_family, net))
        return options_wrong(command, "--relay-family", "takes ipv4, ipv6 or both");
    if (options->ice_tcp && !apply_ice_tcp(options->ice_tcp, ice))
        return options_wrong(command, "--ice-tcp",
                             "takes active, passive and so, with commas between, or all");
    net->no_udp = options->no_udp;
    if (net->no_udp && !ice->tcp)
        return options_wrong(command, "--no-udp", "leaves nothing without --ice-tcp");
    if (!apply_filters(options, net, &name))
        return options_wrong(command, name,
                             "takes an interface, as eth0 or wlan*, or addresses, as 192.0.2.0/24");
    if (!apply_maps(options, ice))
        return options_wrong(
            command, "--map",
            "takes BASE=PUBLIC, as 10.0.0.5=198.51.100.7 or 0.0.0.0=198.51.100.7:5000");
    return apply_turn(options, command, net);
}

const char *net_options_why(struct auger_loop *loop, int err)
{
    struct auger_loop_event event;
    int saved = errno;

    if (loop && auger_loop_poll(loop, &event) && event.type == AUGER_LOOP_EVENT_TROUBLE)
        return event.what;
    return err == AUGER_ERR_SYSTEM ? strerror(saved) : auger_strerror(err);
}
