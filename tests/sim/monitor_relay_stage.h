/* tests/sim/monitor_relay_stage.h - a monitor beside an agent that uses a TURN server, forged with
 * it, datagram by datagram. */
#ifndef SIM_MONITOR_RELAY_STAGE_H
#define SIM_MONITOR_RELAY_STAGE_H

#include "tests/sim/monitor_stage.h"

#include "crypto/crypto.h"

static const struct auger_addr server = {.family = AUGER_IPV4, .port = 3478, .ip = {23, 4, 5, 1}};
static const struct auger_addr relayed = {.family = AUGER_IPV4, .port = 49152, .ip = {23, 4, 5, 2}};

#define CHANNEL 0x4001

static bool is_by_stream;

static inline struct auger_path to_server(void)
{
    struct auger_path out = {path.local, server};

    if (is_by_stream) {
        out.local.port = 0;
        out.local.transport = out.remote.transport = AUGER_TCP;
    }
    return out;
}

static inline struct auger_stun_key *server_key(void)
{
    static const char text[] = "user:realm:secret";
    const struct auger_bytes piece = {(const uint8_t *)text, sizeof(text) - 1};
    uint8_t secret[AUGER_MD5_LEN];
    struct auger_stun_key *key;

    assert_int_equal(auger_digest_compute(AUGER_DIGEST_MD5, &piece, 1, secret), 0);
    assert_int_equal(auger_stun_key_new(&key, secret, sizeof(secret)), 0);
    return key;
}

static inline int set_up_relay(void **state)
{
    set_up(state);
    monitor_add_turn_server(((struct stage *)*state)->monitor,
                            &(struct monitor_turn){to_server().remote, "user", "realm", "secret"});
    return 0;
}

/* --- forging ------------------------------------------------------------------------------ */

struct turn_msg {
    enum auger_stun_class class_;
    uint16_t method;
    uint8_t tid;
    const struct auger_addr *peer, *relayed;
    bool has_channel, is_unsigned;
    uint16_t error_code;
    uint32_t lifetime_s; /* 0: none is said */
    const uint8_t *data;
    size_t data_len;
};

static inline size_t write_turn(uint8_t buf[512], const struct turn_msg *m)
{
    struct auger_stun_key *key = server_key();
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, 512, m->class_, m->method,
                           &(struct auger_stun_tid){.bytes = {m->tid}});
    if (m->peer)
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, m->peer);
    if (m->relayed)
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, m->relayed);
    if (m->has_channel)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_CHANNEL_NUMBER, CHANNEL << 16);
    if (m->lifetime_s)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_LIFETIME, m->lifetime_s);
    if (m->error_code)
        auger_stun_build_error(&b, m->error_code);
    if (m->data)
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_DATA, m->data, m->data_len);
    if (m->class_ != AUGER_STUN_INDICATION && !m->is_unsigned)
        auger_stun_build_integrity(&b, key);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    auger_stun_key_free(key);
    return (size_t)len;
}

static inline void says(struct stage *stage, auger_time now, const struct turn_msg *m)
{
    const struct auger_path out = to_server();
    uint8_t buf[512];
    size_t len = write_turn(buf, m);

    monitor_sent(stage->monitor, now, &out, buf, len);
}

static inline void is_told(struct stage *stage, auger_time now, const struct turn_msg *m)
{
    const struct auger_path in = to_server();
    uint8_t buf[512];
    size_t len = write_turn(buf, m);

    monitor_received(stage->monitor, now, &in, buf, len);
}

static inline void allocate_with(struct stage *stage, auger_time now, bool is_forged)
{
    says(stage, now,
         &(struct turn_msg){
             .class_ = AUGER_STUN_REQUEST, .method = AUGER_STUN_ALLOCATE, .tid = 100});
    is_told(stage, now,
            &(struct turn_msg){.class_ = AUGER_STUN_SUCCESS,
                               .method = AUGER_STUN_ALLOCATE,
                               .tid = 100,
                               .relayed = &relayed,
                               .is_unsigned = is_forged});
}

static inline void asks_for_permission(struct stage *stage, auger_time now)
{
    says(stage, now,
         &(struct turn_msg){.class_ = AUGER_STUN_REQUEST,
                            .method = AUGER_STUN_CREATE_PERMISSION,
                            .tid = 103,
                            .peer = &path.remote});
}

static inline void is_permitted(struct stage *stage, auger_time now)
{
    is_told(stage, now,
            &(struct turn_msg){
                .class_ = AUGER_STUN_SUCCESS, .method = AUGER_STUN_CREATE_PERMISSION, .tid = 103});
}

static inline void allocate_at(struct stage *stage, auger_time now)
{
    allocate_with(stage, now, false);
    asks_for_permission(stage, now);
    is_permitted(stage, now);
}

static inline void allocate(struct stage *stage)
{
    allocate_at(stage, 0);
}

/* What is in stage->buf, in a Send indication. */
static inline void sends(struct stage *stage, auger_time now)
{
    says(stage, now,
         &(struct turn_msg){.class_ = AUGER_STUN_INDICATION,
                            .method = AUGER_STUN_SEND,
                            .tid = 1,
                            .peer = &path.remote,
                            .data = stage->buf,
                            .data_len = stage->len});
}

static inline void sends_check(struct stage *stage, auger_time now, uint8_t tid)
{
    forge_request(stage, (struct forged){.tid = tid});
    sends(stage, now);
}

static inline void sends_data_inside(struct stage *stage, auger_time now)
{
    memcpy(stage->buf, data, sizeof(data));
    stage->len = sizeof(data);
    sends(stage, now);
}

/* What is in stage->buf, in a Data indication. */
static inline void hears(struct stage *stage, auger_time now)
{
    is_told(stage, now,
            &(struct turn_msg){.class_ = AUGER_STUN_INDICATION,
                               .method = AUGER_STUN_DATA,
                               .tid = 1,
                               .peer = &path.remote,
                               .data = stage->buf,
                               .data_len = stage->len});
}

static inline void is_answered_inside(struct stage *stage, auger_time now, uint8_t tid)
{
    forge_success(stage, tid, stage->their_key, &relayed);
    hears(stage, now);
}

static inline void is_asked_inside(struct stage *stage, auger_time now, uint64_t tie_breaker)
{
    forge_request(stage, (struct forged){.tid = 50, .from_peer = true, .tie_breaker = tie_breaker});
    hears(stage, now);
}

static inline void sends_on_channel(struct stage *stage)
{
    const struct auger_path out = to_server();
    uint8_t buf[4 + sizeof(data)] = {CHANNEL >> 8, CHANNEL & 0xFF, 0, sizeof(data)};

    memcpy(buf + 4, data, sizeof(data));
    monitor_sent(stage->monitor, 0, &out, buf, sizeof(buf));
}

static inline void bind_channel(struct stage *stage)
{
    says(stage, 0,
         &(struct turn_msg){.class_ = AUGER_STUN_REQUEST,
                            .method = AUGER_STUN_CHANNEL_BIND,
                            .tid = 101,
                            .peer = &path.remote,
                            .has_channel = true});
    is_told(stage, 0,
            &(struct turn_msg){
                .class_ = AUGER_STUN_SUCCESS, .method = AUGER_STUN_CHANNEL_BIND, .tid = 101});
}

static inline void begin_on_the_relay(struct stage *stage)
{
    struct auger_path inner = {relayed, path.remote};

    allocate(stage);
    sends_check(stage, 0, 1);
    is_answered_inside(stage, 0, 1);
    enters(stage, 0, AUGER_ICE_CHECKING);
    monitor_event(stage->monitor, 0,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_PATH, .path = inner});
    enters(stage, 0, AUGER_ICE_CONNECTED);
    holds(stage);
}

static inline void wants_a_restart_at(struct stage *stage, auger_time now)
{
    monitor_event(stage->monitor, now,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_RESTART_WANTED});
}

static inline void wants_a_restart(struct stage *stage)
{
    wants_a_restart_at(stage, 0);
}

/* What asks for credentials has not got any. */
static inline void asks_server_at(struct stage *stage, auger_time now, uint16_t method,
                                  bool is_unsigned)
{
    says(stage, now,
         &(struct turn_msg){.class_ = AUGER_STUN_REQUEST,
                            .method = method,
                            .tid = 102,
                            .is_unsigned = is_unsigned});
}

static inline void asks_server(struct stage *stage, uint16_t method, bool is_unsigned)
{
    asks_server_at(stage, 0, method, is_unsigned);
}

static inline void is_refused_at(struct stage *stage, auger_time now, uint16_t method,
                                 uint16_t code)
{
    is_told(stage, now,
            &(struct turn_msg){.class_ = AUGER_STUN_ERROR,
                               .method = method,
                               .tid = 102,
                               .error_code = code,
                               .is_unsigned = code == AUGER_STUN_UNAUTHENTICATED});
}

static inline void is_refused(struct stage *stage, uint16_t method, uint16_t code)
{
    is_refused_at(stage, 0, method, code);
}

#define relay_staged(name) cmocka_unit_test_setup_teardown(name, set_up_relay, tear_down)

#endif /* SIM_MONITOR_RELAY_STAGE_H */
