/* tests/ice/puppet.h - one agent, and a peer that says exactly what a test wants. */
#ifndef TESTS_ICE_PUPPET_H
#define TESTS_ICE_PUPPET_H

#include "tests/ice/world.h"

#include "ice/state.h"

#define PUPPET_UFRAG "puppet01"
#define PUPPET_PASSWORD "puppetpuppetpuppetpuppet"

struct puppet {
    struct world *world;
    struct auger_ice *ice;
    struct auger_addr base; /* of the agent */
    struct auger_stun_key *agent_key, *puppet_key, *wrong_key;
    uint8_t next_tid;
};

enum puppet_role { CONTROLLING, CONTROLLED, BOTH_ROLES, NO_ROLE };

struct puppet_check {
    const char *from; /* "192.0.2.2:2002" by default */
    enum puppet_role role;
    uint64_t tie_breaker;
    bool use_candidate;
    bool no_priority, no_fingerprint, no_username, no_integrity, wrong_password;
    bool sha256; /* instead of the shorter integrity */
    uint16_t unknown_attr;
    uint32_t nomination;  /* NOMINATION; 0: none */
    const char *username; /* instead of the right one */
    const char *to;       /* a base that is not the first */
};

/* Something that the agent sent. */
struct sent {
    struct auger_path path;
    struct auger_stun_msg msg;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;
};

struct puppet_answer {
    uint16_t code; /* 0: success */
    const char *mapped, *from;
    const char *to;
    bool no_integrity, wrong_password, no_fingerprint, no_mapped;
    bool sha256; /* instead of the shorter integrity */
    uint16_t unknown_attr;
};

/* The puppet asks with our newest password from now on. */
static inline void puppet_renew_keys(struct puppet *p)
{
    const char *password = auger_ice_password(p->ice);

    auger_stun_key_free(p->agent_key);
    assert_int_equal(auger_stun_key_new(&p->agent_key, (const uint8_t *)password, strlen(password)),
                     0);
}

static inline struct puppet *puppet_with(const struct auger_ice_config *config)
{
    struct puppet *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    p->world = world_new();
    p->ice = world_add(p->world, 0, config);
    p->base = addr_of("192.0.2.1:1001");
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &p->base), 0);
    const char *password = auger_ice_password(p->ice);
    assert_int_equal(auger_stun_key_new(&p->agent_key, (const uint8_t *)password, strlen(password)),
                     0);
    assert_int_equal(auger_stun_key_new(&p->puppet_key, (const uint8_t *)PUPPET_PASSWORD,
                                        strlen(PUPPET_PASSWORD)),
                     0);
    assert_int_equal(auger_stun_key_new(&p->wrong_key, (const uint8_t *)"wrong", 5), 0);
    return p;
}

static inline struct puppet *puppet_new(bool agent_controls)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.controlling = agent_controls;
    return puppet_with(&config);
}

static inline void puppet_free(struct puppet *p)
{
    auger_stun_key_free(p->agent_key);
    auger_stun_key_free(p->puppet_key);
    auger_stun_key_free(p->wrong_key);
    world_free(p->world);
    free(p);
}

static inline void puppet_introduce(struct puppet *p)
{
    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, PUPPET_UFRAG, PUPPET_PASSWORD), 0);
}

static inline struct auger_cand cand_of(const char *addr, enum auger_cand_type type,
                                        uint32_t priority)
{
    struct auger_cand cand = {.type = type, .addr = addr_of(addr), .priority = priority};
    strcpy(cand.foundation, "1");
    return cand;
}

static inline int puppet_tell(struct puppet *p, const char *addr, uint32_t priority)
{
    struct auger_cand cand = cand_of(addr, AUGER_CAND_HOST, priority);
    return auger_ice_add_remote_cand(p->ice, p->world->now, &cand);
}

static inline struct auger_bytes puppet_deliver(struct puppet *p, const char *from, const char *to,
                                                const uint8_t *buf, size_t len)
{
    struct auger_path path = {to ? addr_of(to) : p->base, addr_of(from ? from : "192.0.2.2:2002")};
    struct auger_bytes data;
    auger_ice_handle_datagram(p->ice, p->world->now, &path, buf, len, &data);
    return data;
}

static inline void puppet_check(struct puppet *p, const struct puppet_check *check)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_stun_tid tid = {{'p', ++p->next_tid}};
    struct auger_stun_builder b;
    char username[AUGER_UFRAG_MAX * 2];

    snprintf(username, sizeof(username), "%s:%s", auger_ice_ufrag(p->ice), PUPPET_UFRAG);
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_REQUEST, AUGER_STUN_BINDING, &tid);
    if (!check->no_username) {
        const char *name = check->username ? check->username : username;
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USERNAME, name, strlen(name));
    }
    if (!check->no_priority)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_PRIORITY, 1853824767);
    if (check->role == CONTROLLING || check->role == BOTH_ROLES)
        auger_stun_build_u64(&b, AUGER_STUN_ATTR_ICE_CONTROLLING, check->tie_breaker);
    if (check->role == CONTROLLED || check->role == BOTH_ROLES)
        auger_stun_build_u64(&b, AUGER_STUN_ATTR_ICE_CONTROLLED, check->tie_breaker);
    if (check->use_candidate)
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USE_CANDIDATE, NULL, 0);
    if (check->nomination)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_NOMINATION, check->nomination);
    if (check->unknown_attr)
        auger_stun_build_bytes(&b, check->unknown_attr, "what", 4);
    if (check->sha256)
        auger_stun_build_integrity_sha256(&b, p->agent_key);
    else if (!check->no_integrity)
        auger_stun_build_integrity(&b, check->wrong_password ? p->wrong_key : p->agent_key);
    if (!check->no_fingerprint)
        auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    puppet_deliver(p, check->from, check->to, buf, (size_t)len);
}

/* What the agent sends now; false: nothing. */
static inline bool puppet_take(struct puppet *p, struct sent *sent)
{
    sent->len =
        auger_ice_poll_transmit(p->ice, p->world->now, &sent->path, sent->buf, sizeof(sent->buf));
    if (sent->len == 0)
        return false;
    assert_int_equal(auger_stun_msg_parse(&sent->msg, sent->buf, sent->len), 0);
    return true;
}

/* The next response that the agent sends; requests on the way are dropped. */
static inline bool puppet_take_response(struct puppet *p, struct sent *sent)
{
    while (puppet_take(p, sent)) {
        if (sent->msg.class_ != AUGER_STUN_REQUEST)
            return true;
    }
    return false;
}

static inline bool puppet_take_request(struct puppet *p, struct sent *sent)
{
    while (puppet_take(p, sent)) {
        if (sent->msg.class_ == AUGER_STUN_REQUEST)
            return true;
    }
    return false;
}

/* For addr_of(). */
static inline void puppet_name(const struct auger_addr *addr, char name[AUGER_ADDR_TEXT_MAX])
{
    bool is_tcp = addr->transport == AUGER_TCP;

    strcpy(name, is_tcp ? "tcp:" : "");
    auger_addr_format(addr, name + strlen(name), AUGER_ADDR_TEXT_MAX - 4);
}

static inline void puppet_answer(struct puppet *p, const struct sent *request,
                                 const struct puppet_answer *answer)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_stun_builder b;
    struct auger_addr mapped = answer->mapped ? addr_of(answer->mapped) : request->path.local;
    char from[AUGER_ADDR_TEXT_MAX], to[AUGER_ADDR_TEXT_MAX];

    auger_stun_build_begin(&b, buf, sizeof(buf),
                           answer->code ? AUGER_STUN_ERROR : AUGER_STUN_SUCCESS, AUGER_STUN_BINDING,
                           &request->msg.tid);
    if (answer->code)
        auger_stun_build_error(&b, answer->code);
    else if (!answer->no_mapped)
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
    if (answer->unknown_attr)
        auger_stun_build_bytes(&b, answer->unknown_attr, "what", 4);
    if (answer->sha256)
        auger_stun_build_integrity_sha256(&b, p->puppet_key);
    else if (!answer->no_integrity)
        auger_stun_build_integrity(&b, answer->wrong_password ? p->wrong_key : p->puppet_key);
    if (!answer->no_fingerprint)
        auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    puppet_name(&request->path.remote, from);
    puppet_name(&request->path.local, to);
    bool is_stream = request->path.remote.transport == AUGER_TCP;
    puppet_deliver(p, answer->from ? answer->from : from,
                   answer->to || !is_stream ? answer->to : to, buf, (size_t)len);
}

/* Moves the clock on and does what is due. */
static inline void puppet_wait(struct puppet *p, auger_time time)
{
    p->world->now += time;
    auger_ice_handle_timeout(p->ice, p->world->now);
}

static inline struct auger_ice_pair_info puppet_pair(const struct puppet *p, const char *remote)
{
    static struct auger_ice_pair_info pairs[100];
    struct auger_addr addr = addr_of(remote);
    size_t len = auger_ice_pairs(p->ice, pairs, 100);
    for (size_t i = 0; i < len; i++) {
        if (auger_addr_equal(&pairs[i].remote.addr, &addr))
            return pairs[i];
    }
    fail_msg("no pair with %s", remote);
    return pairs[0];
}

static inline size_t puppet_pairs(const struct puppet *p)
{
    static struct auger_ice_pair_info pairs[200];
    return auger_ice_pairs(p->ice, pairs, 200);
}

/* A check of ours, begun here, is refused: `base` is NULL for the first. */
static inline void puppet_refuse_along(struct puppet *p, const char *base, const char *remote)
{
    const struct auger_path path = {base ? addr_of(base) : p->base, addr_of(remote)};
    struct auger_checklist *list = &p->ice->current->checklist;
    struct sent sent = {0};

    auger_checklist_trigger(list, p->world->now, auger_checklist_find(list, &path));
    while (!auger_path_equal(&sent.path, &path)) {
        puppet_wait(p, 50 * AUGER_MS);
        assert_true(puppet_take_request(p, &sent));
    }
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 400, .to = base});
}

/* An agent with one valid pair with 192.0.2.2:2002. */
static inline struct puppet *puppet_connected(bool agent_controls)
{
    struct puppet *p = puppet_new(agent_controls);
    struct sent sent;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    return p;
}

#endif /* TESTS_ICE_PUPPET_H */
