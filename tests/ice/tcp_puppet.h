/* tests/ice/tcp_puppet.h - an agent over TCP, and what a peer does with its streams. */
#ifndef TESTS_ICE_TCP_PUPPET_H
#define TESTS_ICE_TCP_PUPPET_H

#include "tests/ice/puppet.h"

#include "ice/state.h"

#define ALL (AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE | AUGER_ICE_TCP_SO)
#define BASE "tcp:192.0.2.1:5000"
#define ACTIVE_BASE "tcp:192.0.2.1:0"
#define PEER "tcp:192.0.2.2:6000"
#define CALLER "tcp:192.0.2.2:40000" /* from where it connects */

static inline struct puppet *tcp_puppet(uint8_t tcp, bool controls)
{
    struct auger_ice_config config;
    struct auger_addr base = addr_of(BASE);

    auger_ice_config_init(&config);
    config.controlling = controls;
    config.tcp = tcp;
    struct puppet *p = puppet_with(&config);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
    puppet_introduce(p);
    return p;
}

static inline int tell(struct puppet *p, const char *addr, enum auger_tcp_type tcptype,
                       uint32_t priority)
{
    struct auger_cand cand = cand_of(addr, AUGER_CAND_HOST, priority);

    cand.tcptype = tcptype;
    return auger_ice_add_remote_cand(p->ice, p->world->now, &cand);
}

static inline struct auger_path path_of(const char *local, const char *remote)
{
    return (struct auger_path){addr_of(local), addr_of(remote)};
}

static inline bool is_along(const struct sent *sent, const char *local, const char *remote)
{
    struct auger_path path = path_of(local, remote);
    return auger_path_equal(&sent->path, &path);
}

static inline void lose_stream(struct puppet *p, const char *local, const char *remote)
{
    struct auger_path path = path_of(local, remote);
    auger_ice_stream_lost(p->ice, p->world->now, &path);
}

static inline bool is_wanted(const struct puppet *p, const char *local, const char *remote)
{
    struct auger_path path = path_of(local, remote);
    return auger_ice_stream_is_wanted(p->ice, p->world->now, &path);
}

/* In a second. */
static inline void next_request(struct puppet *p, struct sent *sent)
{
    for (int i = 0; i < 20; i++) {
        if (puppet_take_request(p, sent))
            return;
        puppet_wait(p, 50 * AUGER_MS);
    }
    fail_msg("it asks nothing");
}

static inline bool has_data_path(struct puppet *p)
{
    struct auger_path path;
    uint8_t buf[16];
    return auger_ice_write_data(p->ice, p->world->now, (const uint8_t *)"x", 1, &path, buf,
                                sizeof(buf)) == 1;
}

/* Connected along an active pair, which is selected if we control. */
static inline struct puppet *connected_actively(bool controls)
{
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE, controls);
    struct sent sent;

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
    if (controls) {
        assert_true(puppet_take_request(p, &sent));
        assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
        puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
        assert_true(puppet_pair(p, PEER).selected);
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    return p;
}

static inline uint32_t priority(uint32_t type, uint32_t direction, uint32_t other)
{
    return type << 24 | (8192 * direction + other) << 8 | 255;
}

#endif
