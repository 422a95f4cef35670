/* fuzz: reaches auger_relay_unwrap auger_relay_wrap auger_relay_remove_host another_host */
/* fuzz: reaches allocated lost again_after take_event free_if_done auger_permit_sweep */
/* fuzz: reaches auger_permit_obtain auger_permit_granted auger_permit_refused begin_anew */
/* fuzz: reaches auger_allocate_stream_lost auger_relay_tell_again auger_allocate_release */
/* fuzz: reaches auger_permit_ask_channel keep_credentials */
/* Hostile TURN servers, and a peer that answers when it likes, drive an agent.  Nothing leaves but
 * for the servers and candidates that it was told, under relays alone for the servers; data comes
 * of a peer that was heard; memory is bounded and given back. */
#include "crypto/crypto.h"
#include "tests/fuzz/life.h"

#include <auger/ice.h>
#include <auger/stun.h>

#include <stdlib.h>
#include <string.h>

#define BYTES_MAX 65536
#define STEPS_MAX 120
#define DATAGRAMS_MAX 60 /* at one moment */

/* --- one life --------------------------------------------------------------------------- */

#define ASKED_MAX 8

/* A request to a server that waits for its answer, or a check to the peer. */
struct asked {
    struct auger_path path;
    struct auger_stun_tid tid;
    uint16_t method;
};

struct life {
    struct auger_ice *ice;
    auger_time now;
    bool relays_alone, is_heard;
    struct asked asked[ASKED_MAX]; /* of servers: a ring */
    struct asked check;            /* the last one through a relay, as the peer sees it */
    unsigned asked_next;
    struct auger_addr relayed; /* the last that was granted */
    struct auger_path client;  /* who was granted it */
    uint16_t channel;          /* the last number that was asked for */
};

static struct auger_addr addr_of(const char *text, uint8_t transport)
{
    struct auger_addr addr;

    require(auger_addr_parse(&addr, text) == 0);
    addr.transport = transport;
    return addr;
}

static struct auger_addr server_number(unsigned which)
{
    return addr_of(which ? "198.51.100.54:3478" : "198.51.100.53:3478",
                   which ? AUGER_TCP : AUGER_UDP);
}

static struct auger_addr base_number(unsigned which)
{
    return addr_of(which & 1 ? "192.0.2.1:1001" : "192.0.2.1:1002", AUGER_UDP);
}

static struct auger_addr peer_number(unsigned which)
{
    struct auger_addr peer = addr_of("203.0.113.1:7000", AUGER_UDP);

    peer.ip[3] = (uint8_t)(1 + (which & 3));
    return peer;
}

static struct auger_stun_key *server_key(void)
{
    static struct auger_stun_key *key;
    static const char text[] = "user:example.org:secret";
    const struct auger_bytes piece = {(const uint8_t *)text, sizeof(text) - 1};
    uint8_t secret[32];

    if (key)
        return key;
    require(auger_digest_compute(AUGER_DIGEST_MD5, &piece, 1, secret) == 0);
    require(auger_stun_key_new(&key, secret, 16) == 0);
    return key;
}

static struct auger_stun_key *peer_key(void)
{
    static struct auger_stun_key *key;

    if (!key)
        require(auger_stun_key_new(&key, (const uint8_t *)"peerpeerpeerpeerpeerpeer", 24) == 0);
    return key;
}

static void deliver(struct life *life, const struct auger_path *path, const uint8_t *buf,
                    size_t len)
{
    struct auger_bytes data;
    uint8_t *exact = malloc(len ? len : 1);

    require(exact != NULL);
    if (len)
        memcpy(exact, buf, len);
    auger_ice_handle_datagram(life->ice, life->now, path, exact, len, &data);
    require(!data.len || (data.data >= exact && data.data + data.len <= exact + len));
    require(!data.data || life->is_heard);
    free(exact);
}

/* --- what a server says ------------------------------------------------------------------ */

static void answer(struct life *life, struct input *in, const struct asked *asked, uint8_t how)
{
    static const char *const relayed[] = {"198.51.100.9:9000", "198.51.100.8:9000",
                                          "127.0.0.1:9000", "203.0.113.1:7000"};
    static const uint16_t codes[] = {401, 438, 437, 403, 486, 508, 400, 300};
    bool is_refused = how & 1;
    uint8_t buf[512];
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, sizeof(buf), is_refused ? AUGER_STUN_ERROR : AUGER_STUN_SUCCESS,
                           asked->method, &asked->tid);
    if (is_refused) {
        auger_stun_build_error(&b, codes[how >> 1 & 7]);
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_REALM, "example.org", 11);
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_NONCE, "nonce", 5);
    } else if (asked->method == AUGER_STUN_ALLOCATE) {
        struct auger_addr addr = addr_of(relayed[how >> 1 & 3], AUGER_UDP);
        addr.port = (uint16_t)(addr.port + next_byte(in) % 4);
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &addr);
        life->relayed = addr;
        life->client = asked->path;
        addr = addr_of("203.0.113.99:5000", AUGER_UDP);
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &addr);
    }
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_LIFETIME, how & 0x10 ? 600 : 60);
    if (!is_refused || (how >> 1 & 7) > 1)
        auger_stun_build_integrity(&b, server_key());
    deliver(life, &asked->path, buf, (size_t)auger_stun_build_end(&b));
}

/* From the last that an allocation was granted to. */
static void relay(struct life *life, const struct auger_addr *peer, const uint8_t *data, size_t len,
                  bool by_channel)
{
    uint8_t buf[1024];
    struct auger_stun_tid tid = {{'d'}};
    struct auger_stun_builder b;

    if (len > 800)
        len = 800;
    if (by_channel) {
        buf[0] = (uint8_t)(life->channel >> 8);
        buf[1] = (uint8_t)life->channel;
        buf[2] = (uint8_t)(len >> 8);
        buf[3] = (uint8_t)len;
        if (len)
            memcpy(buf + 4, data, len);
        deliver(life, &life->client, buf, len + 4);
        return;
    }
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_INDICATION, AUGER_STUN_DATA, &tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, peer);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_DATA, data, len);
    deliver(life, &life->client, buf, (size_t)auger_stun_build_end(&b));
}

/* --- what a peer says through it ---------------------------------------------------------- */

static void answer_check(struct life *life, bool by_channel)
{
    uint8_t buf[256];
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_SUCCESS, AUGER_STUN_BINDING,
                           &life->check.tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &life->relayed);
    auger_stun_build_integrity(&b, peer_key());
    auger_stun_build_fingerprint(&b);
    life->is_heard = true;
    relay(life, &life->check.path.remote, buf, (size_t)auger_stun_build_end(&b), by_channel);
}

static void check(struct life *life, const struct auger_addr *peer, bool use_candidate)
{
    const char *password = auger_ice_password(life->ice), *ufrag = auger_ice_ufrag(life->ice);
    struct auger_stun_tid tid = {{'c'}};
    struct auger_stun_builder b;
    struct auger_stun_key *key;
    char name[AUGER_UFRAG_MAX + 8];
    uint8_t buf[512];

    require(auger_stun_key_new(&key, (const uint8_t *)password, strlen(password)) == 0);
    size_t len = strlen(ufrag);
    memcpy(name, ufrag, len);
    memcpy(name + len, ":peer", 5);
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_REQUEST, AUGER_STUN_BINDING, &tid);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USERNAME, name, len + 5);
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_PRIORITY, 1853824767);
    auger_stun_build_u64(&b, AUGER_STUN_ATTR_ICE_CONTROLLING, 1);
    if (use_candidate)
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USE_CANDIDATE, NULL, 0);
    auger_stun_build_integrity(&b, key);
    auger_stun_build_fingerprint(&b);
    auger_stun_key_free(key);
    life->is_heard = true;
    relay(life, peer, buf, (size_t)auger_stun_build_end(&b), false);
}

/* --- what the agent says ------------------------------------------------------------------- */

static bool is_server(const struct auger_addr *addr)
{
    struct auger_addr one = server_number(0), other = server_number(1);

    return auger_addr_equal(addr, &one) || auger_addr_equal(addr, &other);
}

static void read_sent(struct life *life, const struct auger_path *path, const uint8_t *buf,
                      size_t len)
{
    struct auger_stun_msg msg, inner;
    struct auger_bytes data;
    struct auger_addr peer;
    uint32_t number;

    require(is_server(&path->remote) || !life->relays_alone);
    if (!is_server(&path->remote) || auger_stun_msg_parse(&msg, buf, len) < 0)
        return;
    if (msg.class_ == AUGER_STUN_REQUEST) {
        life->asked[life->asked_next++ % ASKED_MAX] = (struct asked){*path, msg.tid, msg.method};
        if (auger_stun_msg_u32(&msg, AUGER_STUN_ATTR_CHANNEL_NUMBER, &number))
            life->channel = (uint16_t)(number >> 16);
    }
    if (msg.method == AUGER_STUN_SEND && auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_DATA, &data) &&
        auger_stun_msg_addr(&msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer) &&
        auger_stun_msg_parse(&inner, data.data, data.len) == 0 &&
        inner.class_ == AUGER_STUN_REQUEST)
        life->check = (struct asked){{life->relayed, peer}, inner.tid, inner.method};
}

static void drain(struct life *life)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_ice_event event;
    struct auger_path path;
    size_t len, sent = 0;

    auger_ice_handle_timeout(life->ice, life->now);
    while ((len = auger_ice_poll_transmit(life->ice, life->now, &path, buf, sizeof(buf))) > 0) {
        require(++sent <= DATAGRAMS_MAX);
        read_sent(life, &path, buf, len);
    }
    while (auger_ice_poll_event(life->ice, &event))
        require(!life->relays_alone || event.type != AUGER_ICE_EVENT_CANDIDATE ||
                event.cand.type == AUGER_CAND_RELAY);
    require(auger_ice_next_timeout(life->ice) > life->now);
    require(bytes_taken <= BYTES_MAX);
}

static void write_data(struct life *life)
{
    uint8_t buf[64 + AUGER_ICE_OVERHEAD];
    struct auger_path path;
    int len = auger_ice_write_data(life->ice, life->now, (const uint8_t *)"hello", 5, &path, buf,
                                   sizeof(buf));

    require(len > 0 || len == AUGER_ERR_NO_PATH);
    if (len > 0)
        require(life->is_heard && (!life->relays_alone || is_server(&path.remote)));
}

static void lose_stream(struct life *life)
{
    struct auger_path path = {base_number(0), server_number(1)};

    path.local.port = 0;
    path.local.transport = AUGER_TCP;
    auger_ice_stream_lost(life->ice, life->now, &path);
}

static void move_path(struct life *life)
{
    const struct auger_path path = {base_number(0), server_number(0)};

    auger_ice_path_moved(life->ice, life->now, &path);
}

static void change_base(struct life *life, uint8_t how)
{
    struct auger_addr base = base_number(how >> 1);

    if (how & 1)
        (void)!auger_ice_add_local_addr(life->ice, life->now, &base);
    else
        (void)!auger_ice_remove_local_addr(life->ice, life->now, &base);
}

static void step(struct life *life, struct input *in)
{
    uint8_t what = next_byte(in), how = next_byte(in);
    const struct asked *asked = &life->asked[(how >> 5) % ASKED_MAX];
    struct auger_addr peer = peer_number(how);
    struct auger_bytes raw;

    switch (what % 12) {
    case 0:
    case 1:
        if (life->asked_next)
            asked = &life->asked[(life->asked_next - 1) % ASKED_MAX];
        answer(life, in, asked, how);
        break;
    case 2:
        answer(life, in, asked, next_byte(in));
        break;
    case 3:
        raw = next_bytes(in, next_byte(in));
        if (life->relayed.family != AUGER_FAMILY_NONE)
            relay(life, &peer, raw.data, raw.len, how & 4);
        break;
    case 4:
        if (life->check.method != 0)
            answer_check(life, how & 1);
        break;
    case 5:
        if (life->relayed.family != AUGER_FAMILY_NONE)
            check(life, &peer, how & 4);
        break;
    case 6:
        life->now += how * 10 * AUGER_MS;
        break;
    case 7:
        life->now += how * AUGER_SEC;
        break;
    case 8:
        raw = next_bytes(in, next_byte(in));
        deliver(life, &asked->path, raw.data, raw.len);
        break;
    case 9:
        write_data(life);
        break;
    case 10:
        if (how & 0xE0)
            change_base(life, how);
        else if (how & 16)
            move_path(life);
        else
            lose_stream(life);
        break;
    case 11:
        if (how > 240)
            auger_ice_close(life->ice, life->now);
        else if (how > 200)
            (void)!auger_ice_restart(life->ice, life->now);
        break;
    }
}

static void begin(struct life *life, uint8_t how)
{
    struct auger_ice_config config;
    struct auger_ice_turn_server server;

    auger_ice_config_init(&config);
    config.controlling = how & 1;
    config.relays_max = 3;
    if (how & 2)
        config.policy = AUGER_ICE_POLICY_RELAY;
    life->relays_alone = how & 2;
    require(auger_ice_new(&life->ice, &env, &config) == 0);
    change_base(life, 1);
    for (unsigned i = 0; i < 2; i++) {
        auger_ice_turn_server_init(&server);
        server.addr = server_number(i);
        server.username = "user";
        server.password = "secret";
        require(auger_ice_add_turn_server(life->ice, life->now, &server) == 0);
    }
    auger_ice_end_of_local_addrs(life->ice, life->now);
    require(auger_ice_set_remote_credentials(life->ice, life->now, "peer",
                                             "peerpeerpeerpeerpeerpeer") == 0);
    for (unsigned i = 0; i < 3; i++) {
        struct auger_cand cand = {.addr = peer_number(i), .priority = 1000 - i};
        cand.foundation[0] = (char)('1' + i);
        require(auger_ice_add_remote_cand(life->ice, life->now, &cand) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct life life;
    struct input in = {data, size};

    life = (struct life){.now = AUGER_SEC, .channel = 0x4000};
    begin(&life, next_byte(&in));
    drain(&life);
    for (int steps = 0; steps < STEPS_MAX && in.left > 0; steps++) {
        step(&life, &in);
        drain(&life);
    }
    auger_ice_free(life.ice);
    require(blocks_taken == 0 && bytes_taken == 0);
    return 0;
}
