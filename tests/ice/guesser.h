/* tests/ice/guesser.h - an agent that predicts ports behind a NAT that maps by destination, and a
 * peer of which its candidates alone are known: what the agent sends is kept, servers answer. */
#ifndef TESTS_ICE_GUESSER_H
#define TESTS_ICE_GUESSER_H

#include "tests/ice/world.h"

#include <auger/ice_predict.h>

#define GUESSER_SENT_MAX 2048
#define GUESSER_MAPPINGS_MAX 512

enum guesser_nat { GUESSER_BY_DESTINATION, GUESSER_FOR_ALL, GUESSER_RANDOM };

struct guesser_sent {
    auger_time at;
    struct auger_path path;
    uint16_t seen_at; /* its port at the NAT */
};

struct guesser {
    struct world *world;
    struct auger_ice *ice;
    struct auger_addr base, servers[2];
    enum guesser_nat nat;
    uint16_t next; /* port of the NAT */
    int step;
    struct guesser_sent sent[GUESSER_SENT_MAX];
    size_t sent_len;
    struct guesser_sent mappings[GUESSER_MAPPINGS_MAX];
    size_t mappings_len;
    bool deaf_servers;
    /* Events. */
    struct auger_cand cands[EVENTS_MAX];
    size_t cands_len;
    struct auger_ice_helpers wanted; /* the latest */
    size_t wants, dones, gathered;
};

static inline uint16_t guesser_map(struct guesser *g, const struct auger_path *path)
{
    for (size_t i = 0; i < g->mappings_len; i++) {
        const struct auger_path *known = &g->mappings[i].path;
        if (auger_addr_equal(&known->local, &path->local) &&
            (g->nat == GUESSER_FOR_ALL || auger_addr_equal(&known->remote, &path->remote)))
            return g->mappings[i].seen_at;
    }
    assert_true(g->mappings_len < GUESSER_MAPPINGS_MAX);
    g->mappings[g->mappings_len++] = (struct guesser_sent){.path = *path, .seen_at = g->next};
    uint16_t port = g->next;
    if (g->nat == GUESSER_RANDOM)
        g->next = (uint16_t)(1024 + (g->next * 7919u + 12345u) % 60000u);
    else
        g->next = (uint16_t)(g->next + g->step);
    return port;
}

static inline bool guesser_is_server(const struct guesser *g, const struct auger_addr *addr)
{
    return auger_addr_equal(addr, &g->servers[0]) || auger_addr_equal(addr, &g->servers[1]);
}

/* Sends what there is to send; servers answer at once. */
static inline void guesser_drain(struct guesser *g)
{
    uint8_t buf[AUGER_DATAGRAM_MAX], reply[AUGER_DATAGRAM_MAX];
    struct auger_path path;
    struct auger_bytes data;
    size_t len;

    while ((len = auger_ice_poll_transmit(g->ice, g->world->now, &path, buf, sizeof(buf))) > 0) {
        struct auger_addr seen = addr_of("198.51.100.77:1");
        seen.port = guesser_map(g, &path);
        assert_true(g->sent_len < GUESSER_SENT_MAX);
        g->sent[g->sent_len++] = (struct guesser_sent){g->world->now, path, seen.port};
        if (!guesser_is_server(g, &path.remote) || g->deaf_servers)
            continue;
        len = auger_stun_server_answer(&seen, buf, len, reply, sizeof(reply));
        auger_ice_handle_datagram(g->ice, g->world->now, &path, reply, len, &data);
    }
}

static inline void guesser_take_events(struct guesser *g)
{
    struct auger_ice_event event;

    while (auger_ice_poll_event(g->ice, &event)) {
        if (event.type == AUGER_ICE_EVENT_CANDIDATE && g->cands_len < EVENTS_MAX)
            g->cands[g->cands_len++] = event.cand;
        if (event.type == AUGER_ICE_EVENT_HELPERS_WANTED) {
            g->wanted = event.helpers;
            g->wants++;
        }
        g->dones += event.type == AUGER_ICE_EVENT_HELPERS_DONE;
        g->gathered += event.type == AUGER_ICE_EVENT_GATHERED;
    }
}

static inline void guesser_run(struct guesser *g, auger_time duration)
{
    auger_time end = g->world->now + duration;

    for (;;) {
        guesser_drain(g);
        guesser_take_events(g);
        auger_time next = auger_ice_next_timeout(g->ice);
        if (next > end)
            break;
        assert_true(next > g->world->now);
        g->world->now = next;
        auger_ice_handle_timeout(g->ice, g->world->now);
    }
    g->world->now = end;
}

/* What the peer tells: "23.4.5.6:7000". */
static inline void guesser_hear(struct guesser *g, const char *const *addrs, size_t len)
{
    struct auger_cand cand = {.type = AUGER_CAND_SRFLX, .priority = 1694498815, .foundation = "1"};

    assert_int_equal(auger_ice_set_remote_credentials(g->ice, g->world->now, "peer",
                                                      "peerspasswordpeerspassword"),
                     0);
    for (size_t i = 0; i < len; i++, cand.priority -= 256) {
        cand.addr = addr_of(addrs[i]);
        assert_int_equal(auger_ice_add_remote_cand(g->ice, g->world->now, &cand), 0);
    }
}

static inline void guesser_begin(struct guesser *g, enum guesser_nat nat,
                                 const struct auger_ice_config *config)
{
    struct auger_ice_config own;

    auger_ice_config_init(&own);
    if (config)
        own = *config;
    own.prediction = true;
    *g = (struct guesser){.world = world_new(), .nat = nat, .next = 30000, .step = 1};
    g->base = addr_of("192.168.1.5:5000");
    g->servers[0] = addr_of("203.0.113.1:3478");
    g->servers[1] = addr_of("203.0.113.2:3478");
    g->ice = world_add(g->world, 0, &own);
    assert_int_equal(auger_ice_add_local_addr(g->ice, g->world->now, &g->base), 0);
}

/* Both servers have seen the base, and a peer of those addresses is known. */
static inline void guesser_meet(struct guesser *g, const char *const *addrs, size_t len)
{
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(auger_ice_add_stun_server(g->ice, g->world->now, &g->servers[i]), 0);
    auger_ice_end_of_local_addrs(g->ice, g->world->now);
    guesser_run(g, 100 * AUGER_MS);
    guesser_hear(g, addrs, len);
    guesser_run(g, 200 * AUGER_MS);
}

/* As many as were wanted, from that port on. */
static inline int guesser_help(struct guesser *g, uint16_t first_port, size_t len)
{
    struct auger_addr addrs[AUGER_ICE_PREDICT_SOCKETS_MAX];

    for (size_t i = 0; i < len; i++) {
        addrs[i] = g->base;
        addrs[i].port = (uint16_t)(first_port + i);
    }
    return auger_ice_add_helper_addrs(g->ice, g->world->now, addrs, len);
}

static inline bool guesser_wants(const struct guesser *g, uint16_t port)
{
    struct auger_addr addr = g->base;

    addr.port = port;
    return auger_ice_helper_is_wanted(g->ice, &addr);
}

static inline void guesser_end(struct guesser *g)
{
    world_free(g->world);
}

#endif /* TESTS_ICE_GUESSER_H */
