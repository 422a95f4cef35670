/* tests/turn/station.h - a TURN server whose sockets, clients and peers are the test.  What it
 * asks for is opened at once, unless the test says that ports are taken.  To be included
 * first. */
#ifndef TESTS_TURN_STATION_H
#define TESTS_TURN_STATION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"

#include <auger/turn_server.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define LISTENER "198.51.100.53:3478"
#define LISTENER_TCP "198.51.100.53:443"
#define RELAY_IP "198.51.100.99:0"
#define RELAY_IP6 "[2001:db9::99]:0"
#define EXTERNAL "198.51.100.199:0"
#define CLIENT "9.9.9.1:5000"
#define CLIENT2 "9.9.9.1:5001"
#define PEER "8.8.4.4:7000"
#define PEER_OTHER_PORT "8.8.4.4:7001"
#define PEER2 "8.8.8.8:7000"
#define PEER6 "[2a00:1450::7]:7000"
#define REALM "example.org"
#define HEADROOM AUGER_TURN_OVERHEAD

struct station {
    struct auger_turn_server *server;
    struct auger_turn_server_config config;
    struct auger_addr listeners[4];
    struct auger_turn_server_relay_ip relay_ips[2];
    struct auger_env env;
    auger_time now;
    uint64_t random;
    long blocks, bytes; /* of the environment, that live */
    bool no_random;
    int taken;    /* ports that cannot be bound, from now on */
    int asked;    /* sockets that were asked for */
    bool is_slow; /* what is asked for stays open: the test says relay_opened() */
    uint8_t reply[AUGER_TURN_SERVER_REPLY_MAX];
    struct auger_turn_server_out out; /* the last one */
    struct auger_stun_msg answer;     /* of it */
    struct auger_addr relayed;        /* as the last Allocate was told */
    uint32_t relay;                   /* the number of the socket that was opened last */
    struct auger_addr bound;          /* and where */
    struct auger_turn_server_event event;
};

/* Who asks. */
struct asker {
    const char *name, *password, *from;
    bool is_stream;
    uint8_t nonce[128];
    size_t nonce_len;
};

#define ALICE ((struct asker){.name = "alice", .password = "wonderland", .from = CLIENT})
#define BOB ((struct asker){.name = "bob", .password = "builder", .from = CLIENT2})

static inline struct auger_addr addr_of(const char *text)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse(&addr, text), 0);
    return addr;
}

/* --- the environment ------------------------------------------------------------------ */

static inline int station_random(void *user, uint8_t *buf, size_t len)
{
    struct station *s = user;

    for (size_t i = 0; i < len; i++) {
        s->random ^= s->random << 13;
        s->random ^= s->random >> 7;
        s->random ^= s->random << 17;
        buf[i] = (uint8_t)(s->random >> 24);
    }
    return s->no_random ? AUGER_ERR_ENTROPY : 0;
}

static inline void *station_alloc(void *user, size_t size)
{
    struct station *s = user;
    size_t *block = calloc(1, sizeof(size_t) * 2 + size);

    block[0] = size;
    s->blocks++;
    s->bytes += (long)size;
    return block + 2;
}

static inline void station_release(void *user, void *ptr)
{
    struct station *s = user;
    size_t *block = (size_t *)ptr - 2;

    s->blocks--;
    s->bytes -= (long)block[0];
    free(block);
}

/* --- the server ----------------------------------------------------------------------- */

static inline struct station *station_prepare(void)
{
    struct station *s = calloc(1, sizeof(*s));

    s->env = (struct auger_env){
        .user = s, .random = station_random, .alloc = station_alloc, .release = station_release};
    s->random = 0x9E3779B97F4A7C15u;
    s->now = 1000 * AUGER_SEC;
    s->listeners[0] = addr_of(LISTENER);
    s->listeners[1] = addr_of(LISTENER_TCP);
    s->listeners[1].transport = AUGER_TCP;
    s->relay_ips[0].ip = addr_of(RELAY_IP);
    s->relay_ips[1].ip = addr_of(RELAY_IP6);
    auger_turn_server_config_init(&s->config);
    s->config.realm = REALM;
    s->config.listeners = s->listeners;
    s->config.listeners_len = 2;
    s->config.relay_ips = s->relay_ips;
    s->config.relay_ips_len = 2;
    return s;
}

static inline void station_start(struct station *s)
{
    assert_int_equal(auger_turn_server_new(&s->server, &s->env, s->now, &s->config), 0);
    assert_int_equal(auger_turn_server_add_user(s->server, "alice", "wonderland"), 0);
    assert_int_equal(auger_turn_server_add_user(s->server, "bob", "builder"), 0);
}

static inline struct station *station_new(void)
{
    struct station *s = station_prepare();

    station_start(s);
    return s;
}

static inline void station_free(struct station *s)
{
    auger_turn_server_free(s->server);
    assert_int_equal(s->blocks, 0);
    free(s);
}

static inline struct auger_turn_server_stats stats_of(const struct station *s)
{
    struct auger_turn_server_stats stats;

    auger_turn_server_get_stats(s->server, &stats);
    return stats;
}

static inline uint64_t drops_of(const struct station *s, enum auger_turn_server_drop why)
{
    return stats_of(s).drops[why];
}

/* --- from a client ---------------------------------------------------------------------- */

static inline struct auger_path path_of(const struct station *s, const struct asker *who)
{
    struct auger_path path = {.local = s->listeners[who->is_stream], .remote = addr_of(who->from)};

    path.remote.transport = path.local.transport;
    return path;
}

static inline void open_one(struct station *s)
{
    bool is_bound = s->taken-- <= 0;

    s->asked++;
    s->relay = s->out.relay;
    s->bound = s->out.path.local;
    auger_turn_server_relay_opened(s->server, s->now, s->out.relay, is_bound ? 0 : 98, s->reply,
                                   sizeof(s->reply), &s->out);
}

static inline void read_answer(struct station *s)
{
    if (s->out.what == AUGER_TURN_SERVER_TO_CLIENT && s->out.bytes.data == s->reply)
        assert_int_equal(auger_stun_msg_parse(&s->answer, s->reply, s->out.bytes.len), 0);
    else
        s->answer = (struct auger_stun_msg){0};
}

/* In a block of its own length, so that a sanitizer sees what is read behind it. */
static inline void give(struct station *s, const struct auger_path *path, const uint8_t *buf,
                        size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);

    if (len)
        memcpy(exact, buf, len);
    auger_turn_server_handle_client(s->server, s->now, path, exact, len, s->reply, sizeof(s->reply),
                                    &s->out);
    static uint8_t kept[70000];
    if (s->out.what == AUGER_TURN_SERVER_TO_PEER) {
        assert_in_range((uintptr_t)s->out.bytes.data, (uintptr_t)exact, (uintptr_t)exact + len);
        memcpy(kept, s->out.bytes.data, s->out.bytes.len);
        s->out.bytes.data = kept;
    }
    free(exact);
    while (s->out.what == AUGER_TURN_SERVER_OPEN_RELAY && !s->is_slow)
        open_one(s);
    read_answer(s);
}

/* A request while it is written. */
struct request {
    uint8_t buf[2048];
    struct auger_stun_builder b;
    struct auger_stun_tid tid;
};

static inline struct auger_stun_builder *begin_with(struct request *q, enum auger_stun_class class_,
                                                    uint16_t method, struct auger_stun_tid tid)
{
    q->tid = tid;
    auger_stun_build_begin(&q->b, q->buf, sizeof(q->buf), class_, method, &q->tid);
    return &q->b;
}

static inline struct auger_stun_builder *begin(struct request *q, uint16_t method)
{
    static uint32_t count;
    struct auger_stun_tid tid = {.bytes = {7}};

    count++;
    memcpy(tid.bytes + 4, &count, sizeof(count));
    return begin_with(q, AUGER_STUN_REQUEST, method, tid);
}

static inline void add_byte(struct request *q, uint16_t type, uint8_t first)
{
    auger_stun_build_u32(&q->b, type, (uint32_t)first << 24);
}

static inline void add_addr(struct request *q, uint16_t type, const char *text)
{
    struct auger_addr addr = addr_of(text);

    auger_stun_build_addr(&q->b, type, &addr);
}

static inline struct auger_stun_key *key_of(const struct asker *who)
{
    const struct auger_bytes pieces[] = {
        {(const uint8_t *)who->name, strlen(who->name)},
        {(const uint8_t *)":" REALM ":", strlen(":" REALM ":")},
        {(const uint8_t *)who->password, strlen(who->password)},
    };
    struct auger_stun_key *key;
    uint8_t md5[AUGER_MD5_LEN];

    assert_int_equal(auger_digest_compute(AUGER_DIGEST_MD5, pieces, 3, md5), 0);
    assert_int_equal(auger_stun_key_new(&key, md5, sizeof(md5)), 0);
    return key;
}

static inline void keep_nonce(struct station *s, struct asker *who)
{
    struct auger_bytes nonce;

    assert_true(auger_stun_msg_bytes(&s->answer, AUGER_STUN_ATTR_NONCE, &nonce));
    memcpy(who->nonce, nonce.data, nonce.len);
    who->nonce_len = nonce.len;
}

static inline void send_bare(struct station *s, struct request *q, const struct asker *who)
{
    const struct auger_path path = path_of(s, who);
    int len = auger_stun_build_end(&q->b);

    assert_true(len > 0);
    give(s, &path, q->buf, (size_t)len);
}

/* As a client of RFC 5389 signs it: MD5 and SHA-1, without PASSWORD-ALGORITHMS. */
static inline void sign(struct request *q, const struct asker *who)
{
    struct auger_stun_key *key = key_of(who);

    auger_stun_build_bytes(&q->b, AUGER_STUN_ATTR_USERNAME, who->name, strlen(who->name));
    auger_stun_build_bytes(&q->b, AUGER_STUN_ATTR_REALM, REALM, strlen(REALM));
    auger_stun_build_bytes(&q->b, AUGER_STUN_ATTR_NONCE, who->nonce, who->nonce_len);
    auger_stun_build_integrity(&q->b, key);
    auger_stun_key_free(key);
}

/* Asks for a nonce where there is none yet. */
static inline void challenge(struct station *s, struct asker *who)
{
    struct request q;

    if (who->nonce_len)
        return;
    begin(&q, AUGER_STUN_ALLOCATE);
    add_byte(&q, AUGER_STUN_ATTR_REQUESTED_TRANSPORT, 17);
    send_bare(s, &q, who);
    assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
    keep_nonce(s, who);
}

static inline void send_signed(struct station *s, struct request *q, struct asker *who)
{
    challenge(s, who);
    sign(q, who);
    send_bare(s, q, who);
}

/* The answer that came is signed with the asker's key, and has that code; 0: success. */
static inline void expect(struct station *s, const struct asker *who, uint16_t code)
{
    struct auger_stun_key *key = key_of(who);

    assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    assert_int_equal(s->answer.class_, code ? AUGER_STUN_ERROR : AUGER_STUN_SUCCESS);
    assert_int_equal(s->answer.error_code, code);
    assert_int_equal(auger_stun_msg_verify(&s->answer, key), 0);
    const struct auger_path path = path_of(s, who);
    assert_true(auger_path_equal(&s->out.path, &path));
    auger_stun_key_free(key);
}

static inline uint32_t u32_of(const struct station *s, uint16_t type)
{
    uint32_t value = UINT32_MAX;

    assert_true(auger_stun_msg_u32(&s->answer, type, &value));
    return value;
}

static inline void begin_allocate(struct request *q)
{
    begin(q, AUGER_STUN_ALLOCATE);
    add_byte(q, AUGER_STUN_ATTR_REQUESTED_TRANSPORT, 17);
}

static inline void allocate(struct station *s, struct asker *who)
{
    struct request q;

    challenge(s, who);
    begin_allocate(&q);
    send_signed(s, &q, who);
    expect(s, who, 0);
    assert_true(auger_stun_msg_addr(&s->answer, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &s->relayed));
}

static inline void refresh(struct station *s, struct asker *who, uint32_t lifetime_s)
{
    struct request q;

    begin(&q, AUGER_STUN_REFRESH);
    auger_stun_build_u32(&q.b, AUGER_STUN_ATTR_LIFETIME, lifetime_s);
    send_signed(s, &q, who);
}

static inline void permit(struct station *s, struct asker *who, const char *peer)
{
    struct request q;

    begin(&q, AUGER_STUN_CREATE_PERMISSION);
    add_addr(&q, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, peer);
    send_signed(s, &q, who);
}

static inline void bind_channel(struct station *s, struct asker *who, uint16_t number,
                                const char *peer)
{
    struct request q;

    begin(&q, AUGER_STUN_CHANNEL_BIND);
    auger_stun_build_u32(&q.b, AUGER_STUN_ATTR_CHANNEL_NUMBER, (uint32_t)number << 16);
    add_addr(&q, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, peer);
    send_signed(s, &q, who);
}

/* --- data ------------------------------------------------------------------------------- */

static inline void send_indication(struct station *s, const struct asker *who, const char *peer,
                                   const char *data)
{
    struct request q;

    begin_with(&q, AUGER_STUN_INDICATION, AUGER_STUN_SEND, (struct auger_stun_tid){{1}});
    add_addr(&q, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, peer);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_DATA, data, strlen(data));
    send_bare(s, &q, who);
}

static inline void send_channel(struct station *s, const struct asker *who, uint16_t number,
                                const char *data)
{
    const struct auger_path path = path_of(s, who);
    size_t len = strlen(data);
    uint8_t buf[256] = {(uint8_t)(number >> 8), (uint8_t)number, 0, (uint8_t)len};

    memcpy(buf + 4, data, len);
    give(s, &path, buf, 4 + len);
}

static inline void expect_to_peer(const struct station *s, const char *peer, const char *data)
{
    const struct auger_addr addr = addr_of(peer);

    assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_PEER);
    assert_true(auger_addr_equal(&s->out.path.remote, &addr));
    assert_int_equal(s->out.bytes.len, strlen(data));
    assert_memory_equal(s->out.bytes.data, data, strlen(data));
}

static inline void expect_nothing(const struct station *s)
{
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_NOTHING);
}

/* What a peer sends lies with room around it; what comes of it in `s->out` until the next. */
static inline void from_peer(struct station *s, uint32_t relay, const char *peer, const void *data,
                             size_t len)
{
    static uint8_t *room;
    const struct auger_addr from = addr_of(peer);

    free(room);
    room = malloc(HEADROOM + len + AUGER_TURN_SERVER_TAIL);
    memset(room, 0xA5, HEADROOM + len + AUGER_TURN_SERVER_TAIL);
    if (len)
        memcpy(room + HEADROOM, data, len);
    auger_turn_server_handle_peer(s->server, s->now, relay, &from, room + HEADROOM, len, &s->out);
}

/* --- what happens later ------------------------------------------------------------------- */

static inline void at(struct station *s, auger_time now)
{
    s->now = now;
    auger_turn_server_handle_timeout(s->server, now);
}

static inline void expect_event(struct station *s, enum auger_turn_server_event_type type)
{
    assert_true(auger_turn_server_poll_event(s->server, &s->event));
    assert_int_equal(s->event.type, type);
}

static inline void expect_no_event(struct station *s)
{
    assert_false(auger_turn_server_poll_event(s->server, &s->event));
}

static inline void forget_events(struct station *s)
{
    while (auger_turn_server_poll_event(s->server, &s->event))
        continue;
}

#endif /* TESTS_TURN_STATION_H */
