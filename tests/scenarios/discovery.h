/* tests/scenarios/discovery.h - a host that looks for its NAT, and servers of RFC 5780 that answer:
 *
 *     client (its sockets) - home NAT - the internet - servers, each with two addresses
 *
 * The servers are written here, from the RFC, so that they share no mistake with ours. */
#ifndef TESTS_SCENARIOS_DISCOVERY_H
#define TESTS_SCENARIOS_DISCOVERY_H

#include "sim/world.h"
#include "tests/sim/scenario.h"

#include <auger/stun.h>
#include <auger/stun_discovery.h>

#define SERVER_PORT 3478
#define SERVER_OTHER_PORT 3479

struct discovery_server {
    struct sim_host *host;
    struct auger_addr addr, other;
    bool is_plain;         /* knows nothing of RFC 5780, and says so */
    bool ignores_change;   /* answers from where it was asked, whatever is asked for */
    bool other_is_dead;    /* the second address says nothing */
    bool no_response_port; /* 420 */
    bool no_padding;
    struct auger_addr lies_other, lies_mapped; /* told in the place of the truth */
    unsigned asked;
};

struct discovery_client {
    struct auger_env env;
    struct sim *sim;
    struct sim_host *host;
    struct auger_addr locals[AUGER_DISCOVERY_SOCKETS];
    struct auger_discovery *discovery;
    struct auger_discovery_report report;
    struct auger_discovery_event events[256];
    size_t events_len;
    auger_time wakes_at;
    /* Whom it sent to, and how often. */
    struct {
        struct auger_addr to;
        unsigned count;
    } sent[32];
    size_t sent_len;
    unsigned new_in_second; /* transactions; 5: not more than ten */
    auger_time second_at;
    struct auger_stun_tid seen[512];
    size_t seen_len;
};

/* --- a server ----------------------------------------------------------------------------------
 */

static inline bool discovery_server_refuses(const struct discovery_server *server,
                                            const struct auger_stun_msg *msg)
{
    return (server->is_plain && (auger_stun_msg_has(msg, AUGER_STUN_ATTR_CHANGE_REQUEST) ||
                                 auger_stun_msg_has(msg, AUGER_STUN_ATTR_PADDING))) ||
           ((server->is_plain || server->no_response_port) &&
            auger_stun_msg_has(msg, AUGER_STUN_ATTR_RESPONSE_PORT)) ||
           (server->no_padding && auger_stun_msg_has(msg, AUGER_STUN_ATTR_PADDING));
}

static inline int discovery_server_write(const struct discovery_server *server,
                                         const struct auger_path *asked,
                                         const struct auger_stun_msg *msg, uint8_t *buf, size_t cap)
{
    const struct auger_addr *mapped =
        server->lies_mapped.family ? &server->lies_mapped : &asked->remote;
    struct auger_addr other = asked->local;
    struct auger_stun_builder b;

    if (discovery_server_refuses(server, msg)) {
        auger_stun_build_begin(&b, buf, cap, AUGER_STUN_ERROR, AUGER_STUN_BINDING, &msg->tid);
        auger_stun_build_error(&b, AUGER_STUN_UNKNOWN_ATTRIBUTE);
        return auger_stun_build_end(&b);
    }
    if (auger_addr_ip_equal(&other, &server->addr))
        memcpy(other.ip, server->other.ip, sizeof(other.ip));
    else
        memcpy(other.ip, server->addr.ip, sizeof(other.ip));
    other.port = other.port == SERVER_PORT ? SERVER_OTHER_PORT : SERVER_PORT;
    if (server->lies_other.family)
        other = server->lies_other;
    auger_stun_build_begin(&b, buf, cap, AUGER_STUN_SUCCESS, AUGER_STUN_BINDING, &msg->tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, mapped);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_MAPPED_ADDRESS, mapped);
    if (!server->is_plain)
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_OTHER_ADDRESS, &other);
    if (auger_stun_msg_has(msg, AUGER_STUN_ATTR_PADDING))
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_PADDING, "padding", 7);
    return auger_stun_build_end(&b);
}

/* Table 1 of RFC 5780, and 7.5. */
static inline void discovery_server_answer(struct sim *sim, struct sim_host *host,
                                           const struct auger_path *path, const uint8_t *buf,
                                           size_t len)
{
    struct discovery_server *server = host->owner;
    struct auger_path answer = *path;
    struct auger_stun_msg msg;
    uint8_t reply[AUGER_DATAGRAM_MAX];
    uint32_t flags = 0, port = 0;

    bool is_first = auger_addr_ip_equal(&path->local, &server->addr);
    if ((path->local.port != SERVER_PORT && path->local.port != SERVER_OTHER_PORT) ||
        (!is_first && server->other_is_dead) || auger_stun_msg_parse(&msg, buf, len) != 0 ||
        msg.class_ != AUGER_STUN_REQUEST)
        return;
    server->asked++;
    int reply_len = discovery_server_write(server, path, &msg, reply, sizeof(reply));
    assert_true(reply_len > 0);
    auger_stun_msg_u32(&msg, AUGER_STUN_ATTR_CHANGE_REQUEST, &flags);
    if (server->ignores_change || server->is_plain)
        flags = 0;
    if (flags & 4)
        memcpy(answer.local.ip, is_first ? server->other.ip : server->addr.ip, 16);
    if (flags & 2)
        answer.local.port = path->local.port == SERVER_PORT ? SERVER_OTHER_PORT : SERVER_PORT;
    if (auger_stun_msg_u32(&msg, AUGER_STUN_ATTR_RESPONSE_PORT, &port) &&
        !discovery_server_refuses(server, &msg))
        answer.remote.port = (uint16_t)(port >> 16);
    if (server->other_is_dead && (flags & 4))
        return;
    sim_host_send(sim, host, &answer, reply, (size_t)reply_len);
}

static inline void discovery_add_server(struct sim *sim, struct discovery_server *server,
                                        const char *name)
{
    server->host = sim_host_new(sim, name);
    server->addr = sim_host_attach(server->host, sim_internet(sim), AUGER_IPV4, SERVER_PORT);
    server->other = sim_host_attach(server->host, sim_internet(sim), AUGER_IPV4, SERVER_OTHER_PORT);
    server->host->has_all_ports = true;
    server->host->receive = discovery_server_answer;
    server->host->owner = server;
}

/* --- the client ----------------------------------------------------------------------------------
 */

static inline void discovery_count(struct discovery_client *client, const struct auger_addr *to,
                                   const uint8_t *buf)
{
    size_t i = 0;
    bool is_new = true;

    while (i < client->sent_len && !auger_addr_equal(&client->sent[i].to, to))
        i++;
    assert_true(i < ARRAY_LEN(client->sent));
    client->sent[i].to = *to;
    client->sent[i].count++;
    client->sent_len = i < client->sent_len ? client->sent_len : i + 1;
    for (size_t j = 0; j < client->seen_len; j++)
        is_new = is_new && memcmp(client->seen[j].bytes, buf + 8, 12) != 0;
    if (!is_new)
        return;
    assert_true(client->seen_len < ARRAY_LEN(client->seen));
    memcpy(client->seen[client->seen_len++].bytes, buf + 8, 12);
    if (sim_now(client->sim) >= client->second_at + AUGER_SEC) {
        client->second_at = sim_now(client->sim);
        client->new_in_second = 0;
    }
    assert_true(++client->new_in_second <= 10);
}

static inline void discovery_wake(struct sim *sim, void *user);

static inline void discovery_drain(struct discovery_client *client)
{
    struct auger_discovery_way way;
    uint8_t buf[AUGER_DISCOVERY_DATAGRAM_MAX];
    auger_time now = sim_now(client->sim);

    for (size_t len; (len = auger_discovery_poll_transmit(client->discovery, now, &way, buf,
                                                          sizeof(buf))) > 0;) {
        struct auger_path path = {.local = client->locals[way.socket], .remote = way.to};
        discovery_count(client, &way.to, buf);
        sim_host_send(client->sim, client->host, &path, buf, len);
    }
    while (client->events_len < ARRAY_LEN(client->events) &&
           auger_discovery_poll_event(client->discovery, &client->events[client->events_len]))
        client->events_len++;
    auger_time next = auger_discovery_next_timeout(client->discovery);
    if (next == AUGER_NEVER || next >= client->wakes_at)
        return;
    client->wakes_at = next;
    sim_schedule(client->sim, next > now ? next - now : 0, discovery_wake, client);
}

static inline void discovery_wake(struct sim *sim, void *user)
{
    struct discovery_client *client = user;

    client->wakes_at = AUGER_NEVER;
    if (client->discovery) {
        auger_discovery_handle_timeout(client->discovery, sim_now(sim));
        discovery_drain(client);
    }
}

static inline void discovery_hear(struct sim *sim, struct sim_host *host,
                                  const struct auger_path *path, const uint8_t *buf, size_t len)
{
    struct discovery_client *client = host->owner;

    for (size_t i = 0; client->discovery && i < AUGER_DISCOVERY_SOCKETS; i++)
        if (auger_addr_equal(&client->locals[i], &path->local)) {
            auger_discovery_handle_datagram(client->discovery, sim_now(sim), i, &path->remote, buf,
                                            len);
            discovery_drain(client);
        }
}

static inline int discovery_random(void *user, uint8_t *buf, size_t len)
{
    struct discovery_client *client = user;

    for (size_t i = 0; i < len; i++)
        buf[i] = (uint8_t)prng_below(&client->host->random, 256);
    return 0;
}

static inline void *discovery_alloc(void *user, size_t size)
{
    (void)user;
    return sim_alloc(size);
}

static inline void discovery_release(void *user, void *ptr)
{
    (void)user;
    free(ptr);
}

/* On that network; the ports of its sockets are anything, those of pairs beside each other. */
static inline void discovery_add_client(struct sim *sim, struct discovery_client *client,
                                        struct sim_net *net)
{
    *client = (struct discovery_client){
        .env = {client, discovery_random, discovery_alloc, discovery_release, NULL},
        .sim = sim,
        .wakes_at = AUGER_NEVER};
    client->host = sim_host_new(sim, "client");
    struct auger_addr addr = sim_host_attach(client->host, net, AUGER_IPV4, 1);
    client->host->has_all_ports = true;
    client->host->receive = discovery_hear;
    client->host->owner = client;
    for (size_t i = 0; i < AUGER_DISCOVERY_SOCKETS; i++) {
        size_t pair = (i - AUGER_DISCOVERY_FIRST_PAIR) / 2;
        client->locals[i] = addr;
        client->locals[i].port = i < AUGER_DISCOVERY_FIRST_PAIR
                                     ? (uint16_t)(40001 + 613 * i)
                                     : (uint16_t)(50000 + 1034 * pair + i % 2);
    }
}

static inline void discovery_start(struct discovery_client *client,
                                   const struct discovery_server *servers, size_t len,
                                   auger_time lifetime_max)
{
    struct auger_addr addrs[AUGER_DISCOVERY_SERVERS_MAX];
    struct auger_discovery_config config;

    auger_discovery_config_init(&config);
    for (size_t i = 0; i < len; i++)
        addrs[i] = servers[i].addr;
    config.locals = client->locals;
    config.locals_len = AUGER_DISCOVERY_SOCKETS;
    config.servers = addrs;
    config.servers_len = len;
    config.lifetime_max = lifetime_max;
    assert_int_equal(
        0, auger_discovery_new(&client->discovery, &client->env, sim_now(client->sim), &config));
    discovery_drain(client);
}

/* Runs until it is done, which has to be within `limit`. */
static inline void discovery_run(struct discovery_client *client, auger_time limit)
{
    auger_time until = sim_now(client->sim) + limit;

    do {
        sim_run(client->sim, AUGER_SEC / 4);
        auger_discovery_get_report(client->discovery, &client->report);
    } while (client->report.stage != AUGER_DISCOVERY_DONE && sim_now(client->sim) < until);
    assert_int_equal(AUGER_DISCOVERY_DONE, client->report.stage);
    assert_true(auger_discovery_next_timeout(client->discovery) == AUGER_NEVER);
    auger_discovery_free(client->discovery);
    client->discovery = NULL;
}

#endif /* TESTS_SCENARIOS_DISCOVERY_H */
