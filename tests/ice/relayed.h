/* tests/ice/relayed.h - an agent with TURN servers, and a peer that says exactly what a test wants,
 * through them or not.  To be included first. */
#ifndef TESTS_ICE_RELAYED_H
#define TESTS_ICE_RELAYED_H

#include "tests/ice/turn_servers.h"

#include "tests/ice/puppet.h"

#define SERVER "198.51.100.53:3478"
#define OTHER_SERVER "198.51.100.54:3478"
#define RELAYED "198.51.100.99:50000"
#define OTHER_RELAYED "198.51.100.98:51000"
#define MAPPED "203.0.113.1:32853"
#define PEER "203.0.113.7:7000"
#define PEER_AGAIN "203.0.113.7:7001"
#define OTHER_PEER "203.0.113.8:7000"
#define STEP (10 * AUGER_MS)

static struct auger_cand told[EVENTS_MAX];
static size_t told_len;
static bool is_gathered, is_restart_wanted;
static size_t told_before_end; /* the latest one */
static auger_time gathered_after;
/* What left, other than to a TURN server: as whoever gets it sees it. */
static struct sent left[256];
static size_t left_len;

static inline void take_news(struct puppet *p)
{
    struct auger_ice_event event;

    while (auger_ice_poll_event(p->ice, &event)) {
        if (event.type == AUGER_ICE_EVENT_CANDIDATE)
            told[told_len++] = event.cand;
        is_gathered |= event.type == AUGER_ICE_EVENT_GATHERED;
        if (event.type == AUGER_ICE_EVENT_GATHERED)
            told_before_end = told_len;
        is_restart_wanted |= event.type == AUGER_ICE_EVENT_RESTART_WANTED;
    }
}

static inline void settle(struct puppet *p)
{
    while (left_len < 256 && puppet_take(p, &left[left_len]))
        left_len++;
    take_news(p);
}

static inline void run(struct puppet *p, auger_time time)
{
    auger_time begin = p->world->now, end = begin + time;

    settle(p);
    while (p->world->now < end) {
        puppet_wait(p, STEP);
        bool was_gathered = is_gathered;
        settle(p);
        if (is_gathered && !was_gathered)
            gathered_after = p->world->now - begin;
    }
}

static inline void forget(void)
{
    told_len = left_len = told_before_end = 0;
    is_gathered = is_restart_wanted = false;
}

static inline struct puppet *agent_with(struct auger_ice_config *config)
{
    forget();
    turn_reset();
    return puppet_with(config);
}

static inline struct puppet *agent(bool controlling)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.controlling = controlling;
    return agent_with(&config);
}

static inline int add_server_of(struct puppet *p, const char *addr, const char *password,
                                bool is_tcp, bool over_tls)
{
    struct auger_ice_turn_server server;

    auger_ice_turn_server_init(&server);
    server.addr = addr_of(addr);
    server.addr.transport = is_tcp ? AUGER_TCP : AUGER_UDP;
    server.username = "user";
    server.password = password;
    server.over_tls = over_tls;
    return auger_ice_add_turn_server(p->ice, p->world->now, &server);
}

static inline struct turn_server *add_server(struct puppet *p, const char *addr,
                                             const char *relayed)
{
    struct turn_server *server = turn_add(addr, relayed);

    assert_int_equal(add_server_of(p, addr, "secret", false, false), 0);
    return server;
}

static inline struct turn_server *add_stream(struct puppet *p, const char *addr,
                                             const char *relayed, bool over_tls)
{
    struct turn_server *server = turn_add(addr, relayed);

    server->addr.transport = AUGER_TCP;
    server->mapped = MAPPED;
    assert_int_equal(add_server_of(p, addr, "secret", true, over_tls), 0);
    return server;
}

/* Gathered, with one relayed address. */
static inline struct puppet *agent_with_relay(bool controlling, struct turn_server **server)
{
    struct puppet *p = agent(controlling);

    *server = add_server(p, SERVER, RELAYED);
    (*server)->mapped = MAPPED;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_true(is_gathered);
    puppet_introduce(p);
    return p;
}

static inline const struct auger_cand *find_told(enum auger_cand_type type)
{
    for (size_t i = 0; i < told_len; i++)
        if (told[i].type == type)
            return &told[i];
    return NULL;
}

static inline size_t count_told(enum auger_cand_type type)
{
    size_t count = 0;

    for (size_t i = 0; i < told_len; i++)
        count += told[i].type == type;
    return count;
}

static inline bool is_along(const struct sent *sent, const char *local, const char *remote)
{
    struct auger_addr from = addr_of(local), to = addr_of(remote);

    return auger_addr_equal(&sent->path.local, &from) && auger_addr_equal(&sent->path.remote, &to);
}

/* The first check that left along that path; NULL: none. */
static inline struct sent *find_check(const char *local, const char *remote)
{
    for (size_t i = 0; i < left_len; i++)
        if (is_along(&left[i], local, remote) && left[i].msg.class_ == AUGER_STUN_REQUEST &&
            left[i].msg.method == AUGER_STUN_BINDING)
            return &left[i];
    return NULL;
}

static inline size_t count_from(const char *local)
{
    struct auger_addr from = addr_of(local);
    size_t count = 0;

    for (size_t i = 0; i < left_len; i++)
        count += auger_addr_equal(&left[i].path.local, &from);
    return count;
}

static inline struct auger_ice_pair_info pair_of(const struct puppet *p, const char *local,
                                                 const char *remote)
{
    static struct auger_ice_pair_info pairs[100];
    struct auger_addr from = addr_of(local), to = addr_of(remote);
    size_t len = auger_ice_pairs(p->ice, pairs, 100);

    for (size_t i = 0; i < len; i++)
        if (auger_addr_equal(&pairs[i].local.addr, &from) &&
            auger_addr_equal(&pairs[i].remote.addr, &to))
            return pairs[i];
    fail_msg("no pair %s > %s", local, remote);
    return pairs[0];
}

/* Connected by way of the relay alone. */
static inline struct puppet *relayed_session(bool controlling, struct turn_server **server)
{
    struct puppet *p = agent_with_relay(controlling, server);

    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    run(p, AUGER_SEC);
    struct sent *check = find_check(RELAYED, PEER);
    assert_non_null(check);
    puppet_answer(p, check, &(struct puppet_answer){.to = RELAYED});
    take_news(p);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    return p;
}

/* Answers what is asked by way of the relay, for that long. */
static inline void keep(struct puppet *p, auger_time time)
{
    for (auger_time end = p->world->now + time; p->world->now < end;) {
        left_len = 0;
        puppet_wait(p, 500 * AUGER_MS);
        settle(p);
        for (size_t i = 0; i < left_len; i++)
            if (is_along(&left[i], RELAYED, PEER) && left[i].msg.class_ == AUGER_STUN_REQUEST)
                puppet_answer(p, &left[i], &(struct puppet_answer){.to = RELAYED});
    }
}

static inline void end(struct puppet *p)
{
    puppet_free(p);
    turn_reset();
}

static inline int write_text(struct puppet *p, const char *text, struct auger_path *path,
                             uint8_t *buf, size_t cap)
{
    return auger_ice_write_data(p->ice, p->world->now, (const uint8_t *)text, strlen(text), path,
                                buf, cap);
}

static inline void lose(struct puppet *p, const struct turn_server *server)
{
    struct auger_path path = server->allocations[0].client;

    auger_ice_stream_lost(p->ice, p->world->now, &path);
    memset(turn_servers[0].allocations, 0, sizeof(turn_servers[0].allocations));
}

static inline struct puppet *agent_with_stream(struct turn_server **server)
{
    struct puppet *p = agent(true);

    *server = add_stream(p, SERVER, RELAYED, false);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    return p;
}

#endif /* TESTS_ICE_RELAYED_H */
