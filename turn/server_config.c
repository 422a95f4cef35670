/* turn/server_config.c - the configuration of a server, judged and applied. */
#include "turn/server_config.h"

#include "base/addr.h"
#include "base/env.h"
#include "crypto/crypto.h"

#include <string.h>

#define FAILURES_PER_S 50 /* wrong passwords of an IPv4 address, or of a /64 */
#define FAILURE_CELLS 2048
#define HANDSHAKES_PER_S 20 /* of an IPv4 address, or of a /64 */

static const struct auger_turn_server_config defaults = {
    .port_min = 49152,
    .port_max = 65535,
    .lifetime_s = 600,
    .lifetime_max_s = 3600,
    .nonce_lifetime_s = 600,
    .user_allocations_max = 10,
    .ip_allocations_max = 40,
    .permissions_max = 64,
    .channels_max = 64,
    .allocation_connections_max = 16,
    .user_connections_max = 64,
    .connections_max = 4096,
    .dont_fragment = true,
    .users_max = 65536,
    .keys_pending_max = 64,
    .reservations = true,
    .members = 1,
};

_Static_assert(AUGER_TURN_SERVER_NONCE_SECRET_LEN == AUGER_NONCE_SECRET_LEN, "one length");

void auger_turn_server_config_init_sized(struct auger_turn_server_config *config, size_t size)
{
    memset(config, 0, size);
    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

/* --- judged --------------------------------------------------------------------------- */

static bool are_listeners_valid(const struct auger_turn_server_config *config)
{
    if (config->listeners_len > AUGER_SERVER_LISTENERS_MAX)
        return false;
    for (size_t i = 0; i < config->listeners_len; i++)
        if (auger_addr_ip_len(&config->listeners[i]) == 0 || config->listeners[i].port == 0 ||
            auger_addr_is_multicast(&config->listeners[i]))
            return false;
    return true;
}

static bool is_relay_ip_valid(const struct auger_turn_server_relay_ip *ip)
{
    const struct auger_addr *told = ip->external.family ? &ip->external : &ip->ip;

    return auger_addr_ip_len(&ip->ip) > 0 && !auger_addr_is_multicast(&ip->ip) &&
           told->family == ip->ip.family && !auger_addr_is_unspecified(told) &&
           !auger_addr_is_multicast(told);
}

static bool are_relay_ips_valid(const struct auger_turn_server_config *config)
{
    if (config->relay_ips_len > 2)
        return false;
    for (size_t i = 0; i < config->relay_ips_len; i++)
        if (!is_relay_ip_valid(&config->relay_ips[i]))
            return false;
    return config->relay_ips_len < 2 ||
           config->relay_ips[0].ip.family != config->relay_ips[1].ip.family;
}

static bool are_ports_valid(const struct auger_turn_server_config *config)
{
    return config->port_min > 0 && config->port_min <= config->port_max;
}

static bool are_bounds_valid(const struct auger_turn_server_config *config)
{
    return are_ports_valid(config) && config->lifetime_s > 0 &&
           config->lifetime_s <= config->lifetime_max_s && config->nonce_lifetime_s > 0 &&
           config->nonce_lifetime_s <= 3600 && config->user_allocations_max > 0 &&
           config->ip_allocations_max > 0 && config->permissions_max > 0 &&
           config->channels_max > 0 && config->users_max > 0 && config->members <= UINT8_MAX &&
           config->member < config->members &&
           (!config->tcp_relay ||
            (config->allocation_connections_max > 0 && config->user_connections_max > 0 &&
             config->connections_max > 0)) &&
           (!config->asks_for_keys || config->keys_pending_max > 0);
}

int auger_server_config_read(struct auger_turn_server_config *known,
                             const struct auger_turn_server_config *config, size_t size)
{
    *known = defaults;
    memcpy(known, config, size < sizeof(*known) ? size : sizeof(*known));
    if (!known->realm || !are_bounds_valid(known) || !are_listeners_valid(known) ||
        !are_relay_ips_valid(known))
        return AUGER_ERR_INVALID;
    if (known->allocations_max == 0)
        known->allocations_max = ((uint32_t)(known->port_max - known->port_min) + 1 + 1) / 2 *
                                 (known->relay_ips_len ? (uint32_t)known->relay_ips_len : 1);
    return 0;
}

/* --- applied -------------------------------------------------------------------------- */

static int make_tables(struct auger_turn_server *server)
{
    struct auger_table *const tables[] = {&server->doors, &server->accounts, &server->reservations,
                                          &server->tickets, &server->connections};
    uint8_t key[AUGER_SIPHASH_KEY_LEN];
    int err = 0;

    for (size_t i = 0; err == 0 && i < sizeof(tables) / sizeof(tables[0]); i++)
        err = auger_table_init(tables[i], server->env);
    if (err == 0)
        err = auger_env_random(server->env, server->door_keys, sizeof(server->door_keys));
    if (err == 0)
        err = auger_env_random(server->env, server->indication_id, sizeof(server->indication_id));
    if (err == 0)
        err = auger_env_random(server->env, key, sizeof(key));
    return err < 0 ? err : auger_siphash_new(&server->siphash, key);
}

static int make_nonces(struct auger_turn_server *server,
                       const struct auger_turn_server_config *config)
{
    uint32_t features =
        AUGER_NONCE_PASSWORD_ALGORITHMS | (config->userhash ? AUGER_NONCE_USERNAME_ANONYMITY : 0);
    uint8_t secret[AUGER_NONCE_SECRET_LEN];

    int err = 0;
    if (config->nonce_secret)
        memcpy(secret, config->nonce_secret, sizeof(secret));
    else
        err = auger_env_random(server->env, secret, sizeof(secret));
    if (err == 0)
        err = auger_nonces_new(&server->nonces, server->env, secret,
                               config->nonce_lifetime_s * AUGER_SEC, features);
    auger_bytes_wipe(secret, sizeof(secret));
    return err;
}

static int make_failures(struct auger_turn_server *server,
                         const struct auger_turn_server_config *config)
{
    struct auger_reply_limit_config limit;
    int err = 0;

    auger_reply_limit_config_init(&limit);
    limit.prefix_rate = FAILURES_PER_S;
    limit.cells = FAILURE_CELLS;
    limit.exempt_loopback = config->loopback_unlimited;
    for (size_t i = 0; err == 0 && i < 2; i++)
        err = auger_reply_limit_new(&server->failures[i], server->env, &limit);
    return err;
}

static int make_handshakes(struct auger_turn_server *server,
                           const struct auger_turn_server_config *config)
{
    struct auger_reply_limit_config limit;

    auger_reply_limit_config_init(&limit);
    limit.port_rate = limit.port_burst = HANDSHAKES_PER_S;
    limit.prefix_rate = limit.prefix_burst = HANDSHAKES_PER_S;
    limit.cells = FAILURE_CELLS;
    limit.exempt_loopback = config->loopback_unlimited;
    return auger_reply_limit_new(&server->handshakes, server->env, &limit);
}

static int make_guards(struct auger_turn_server *server,
                       const struct auger_turn_server_config *config)
{
    struct auger_reply_limit_config limit;

    auger_reply_limit_config_init(&limit);
    limit.exempt_loopback = config->loopback_unlimited;
    int err = make_nonces(server, config);
    if (err == 0)
        err = auger_user_keys_new(&server->keys, server->env, config->realm, config->users_max);
    if (err == 0)
        err = auger_reply_limit_new(&server->limit, server->env, &limit);
    if (err == 0)
        err = make_failures(server, config);
    if (err == 0)
        err = make_handshakes(server, config);
    if (err == 0)
        err = auger_peer_policy_new(&server->policy, server->env);
    server->challenger = (struct auger_challenger){
        .nonces = server->nonces, .keys = server->keys, .asks_program = config->asks_for_keys};
    return err;
}

static int take_relay_ip(struct auger_turn_server *server,
                         const struct auger_turn_server_relay_ip *given)
{
    struct auger_server_relay_ip *ip = &server->relay_ips[auger_server_family(&given->ip)];

    ip->is_there = true;
    ip->ip = given->ip;
    ip->told = given->external.family ? given->external : given->ip;
    ip->ip.transport = ip->told.transport = AUGER_UDP;
    return auger_server_ports_init(&ip->ports, server->env, server->config.port_min,
                                   server->config.port_max);
}

static int add_own(struct auger_turn_server *server, const struct auger_addr *ip)
{
    struct auger_addr own = *ip;

    own.port = 0;
    return auger_addr_is_unspecified(&own) ? 0 : auger_peer_policy_add_own(server->policy, &own);
}

static int let_relays_meet(struct auger_turn_server *server)
{
    int err = server->held ? 0 : auger_turn_held_ports_new(&server->own_held, server->env);

    if (err < 0)
        return err;
    if (!server->held)
        server->held = server->own_held;
    for (size_t family = 0; err == 0 && family < 2; family++) {
        const struct auger_server_relay_ip *ip = &server->relay_ips[family];
        if (ip->is_there)
            err = auger_peer_policy_add_relay(server->policy, &ip->ip);
        if (err == 0 && ip->is_there)
            err = auger_peer_policy_add_relay(server->policy, &ip->told);
    }
    auger_peer_policy_let_relays_meet(server->policy, server->held);
    return err;
}

static int take_addresses(struct auger_turn_server *server,
                          const struct auger_turn_server_config *config)
{
    int err = 0;

    for (size_t i = 0; err == 0 && i < config->listeners_len; i++) {
        server->listeners[i] = config->listeners[i];
        err = auger_peer_policy_add_own(server->policy, &config->listeners[i]);
    }
    for (size_t i = 0; err == 0 && i < config->relay_ips_len; i++)
        err = take_relay_ip(server, &config->relay_ips[i]);
    for (size_t family = 0; family < 2; family++) {
        const struct auger_server_relay_ip *ip = &server->relay_ips[family];
        if (err == 0 && ip->is_there)
            err = add_own(server, &ip->ip);
        if (err == 0 && ip->is_there && !auger_addr_ip_equal(&ip->ip, &ip->told))
            err = add_own(server, &ip->told);
    }
    return err == 0 && config->relay_to_relay ? let_relays_meet(server) : err;
}

int auger_server_config_apply(struct auger_turn_server *server,
                              const struct auger_turn_server_config *config)
{
    server->config = *config;
    server->config.realm = NULL;
    server->config.listeners = NULL;
    server->config.relay_ips = NULL;
    server->config.nonce_secret = NULL;
    server->config.held_ports = NULL;
    server->held = config->held_ports;
    server->wall_at = AUGER_NEVER;
    int err = make_tables(server);
    if (err == 0)
        err = make_guards(server, config);
    return err < 0 ? err : take_addresses(server, config);
}
