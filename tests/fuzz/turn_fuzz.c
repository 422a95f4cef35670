/* fuzz: reaches auger_turn_handle_datagram auger_longterm_take read_offer compare */
/* fuzz: reaches auger_nonce_features */
/* fuzz: reaches hash_username auger_exchange_handle_response ask_again doubt read_relayed */
/* fuzz: reaches read_missing_code refreshed follow may_ask lists_dont_fragment take_icmp */
/* fuzz: reaches auger_data_take_indication auger_data_take_channel auger_chandata_read */
/* fuzz: reaches auger_channel_peer grant lose bound rest auger_turn_frame_len stun_frame_len */
/* fuzz: reaches auger_connection_take_attempt connected auger_connection_handle_bind_response */
/* A hostile server tells a client of TURN whatever it likes, some of it signed.  Data comes from
 * permitted peers alone, requests are whole and few, memory is bounded and given back. */
#include "crypto/crypto.h"
#include "tests/fuzz/life.h"

#include <auger/stun.h>
#include <auger/turn.h>

#include <stdlib.h>
#include <string.h>

#define BYTES_MAX 16384
#define REQUESTS_MAX 400 /* in one life: what 60 steps may cause */
#define STEPS_MAX 60

/* --- one life --------------------------------------------------------------------------- */

struct life {
    struct auger_turn *turn;
    auger_time now;
    uint32_t connection;           /* the last one that was told of */
    struct auger_stun_msg request; /* the last one, over the bytes behind it */
    uint8_t buf[AUGER_DATAGRAM_MAX];
    bool has_request;
    int requests;
};

static bool is_tcp; /* what is relayed */

static struct auger_addr addr_of(const char *text)
{
    struct auger_addr addr;

    require(auger_addr_parse(&addr, text) == 0);
    return addr;
}

static struct auger_addr peer_number(uint8_t number)
{
    struct auger_addr peer = addr_of(number & 1 ? "[2001:db8::1]:1000" : "203.0.113.1:1000");

    peer.ip[3] = (uint8_t)(peer.ip[3] + (number >> 1 & 7));
    peer.transport = is_tcp ? AUGER_TCP : AUGER_UDP;
    return peer;
}

static struct auger_stun_key *key_for(const struct auger_stun_msg *request)
{
    static struct auger_stun_key *keys[2];
    static const char text[] = "user:example.org:secret";
    const struct auger_bytes piece = {(const uint8_t *)text, sizeof(text) - 1};
    uint8_t secret[32];
    int is_sha256 = auger_stun_msg_password_algorithm(
                        request, AUGER_STUN_ATTR_PASSWORD_ALGORITHM) == AUGER_STUN_SHA256;

    if (keys[is_sha256])
        return keys[is_sha256];
    require(auger_digest_compute(is_sha256 ? AUGER_DIGEST_SHA256 : AUGER_DIGEST_MD5, &piece, 1,
                                 secret) == 0);
    require(auger_stun_key_new(&keys[is_sha256], secret, is_sha256 ? 32 : 16) == 0);
    return keys[is_sha256];
}

static void deliver(struct life *life, const uint8_t *buf, size_t len)
{
    struct auger_turn_data data;
    uint8_t *exact = malloc(len ? len : 1);

    require(exact != NULL);
    if (len)
        memcpy(exact, buf, len);
    enum auger_turn_taken taken = auger_turn_handle_datagram(
        life->turn, life->now, auger_turn_server(life->turn), exact, len, &data);
    if (taken == AUGER_TURN_DATA) {
        require(data.bytes.data >= exact && data.bytes.data + data.bytes.len <= exact + len);
        require(auger_turn_state(life->turn) == AUGER_TURN_ALLOCATED);
        /* Along a channel it may overtake what permits it. */
        require((len && exact[0] >= 0x40) ||
                auger_turn_is_permitted(life->turn, life->now, &data.peer));
    }
    int frame = auger_turn_frame_len(exact, len);
    require(frame == AUGER_ERR_AGAIN || frame == AUGER_ERR_MALFORMED ||
            (frame >= 4 && frame <= AUGER_TURN_FRAME_MAX && frame % 4 == 0));
    free(exact);
}

static void sign(const struct life *life, struct auger_stun_builder *b)
{
    if (auger_stun_msg_has(&life->request, AUGER_STUN_ATTR_PASSWORD_ALGORITHM))
        auger_stun_build_integrity_sha256(b, key_for(&life->request));
    else
        auger_stun_build_integrity(b, key_for(&life->request));
}

/* Attributes as they come: type, length and value, the length corrected if it must be. */
static void answer(struct life *life, struct input *in, enum auger_stun_class class_,
                   bool is_signed)
{
    static uint8_t buf[2048];
    struct auger_stun_builder b;
    struct auger_bytes attrs = next_bytes(in, next_u16(in));

    auger_stun_build_begin(&b, buf, sizeof(buf), class_, life->request.method, &life->request.tid);
    while (attrs.len >= 4) {
        uint16_t type = (uint16_t)(attrs.data[0] << 8 | attrs.data[1]);
        size_t len = (size_t)attrs.data[2] << 8 | attrs.data[3];
        if (len > attrs.len - 4)
            len = attrs.len - 4;
        struct auger_stun_builder before = b;
        auger_stun_build_bytes(&b, type, attrs.data + 4, len);
        if (b.err)
            b = before;
        size_t step = 4 + ((len + 3) & ~(size_t)3);
        step = step < attrs.len ? step : attrs.len;
        attrs.data += step;
        attrs.len -= step;
    }
    if (is_signed)
        sign(life, &b);
    int len = auger_stun_build_end(&b);
    if (len > 0)
        deliver(life, buf, (size_t)len);
}

/* Credible, so that a run comes further than its first answer. */
static void challenge(struct life *life, uint8_t which)
{
    static const char *const nonces[] = {"nonce", "obMatJos2AAAAn", "obMatJos2gAAAn",
                                         "obMatJos2wAAAn", "obMatJos2QAAAn"};
    static const uint8_t list[] = {0, 2, 0, 0, 0, 1, 0, 0};
    uint8_t buf[256];
    struct auger_stun_builder b;
    const char *nonce = nonces[which % 5];

    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_ERROR, life->request.method,
                           &life->request.tid);
    auger_stun_build_error(&b, which & 0x80 ? 438 : 401);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_REALM, "example.org", 11);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_NONCE, nonce, strlen(nonce));
    if (which & 0x40)
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS,
                               list + (which & 0x20 ? 4 : 0), which & 0x20 ? 4 : 8);
    deliver(life, buf, (size_t)auger_stun_build_end(&b));
}

static void grant_all(struct life *life)
{
    static const char *const relayed[] = {"198.51.100.9:9000", "[2001:db8::9]:9000"};
    uint8_t buf[256];
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_SUCCESS, life->request.method,
                           &life->request.tid);
    for (size_t i = 0; i < 2; i++) {
        struct auger_addr addr = addr_of(relayed[i]);
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &addr);
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &addr);
    }
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_LIFETIME, 600);
    if (is_tcp)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_CONNECTION_ID, (uint32_t)life->requests % 4);
    sign(life, &b);
    deliver(life, buf, (size_t)auger_stun_build_end(&b));
}

static void poll(struct life *life)
{
    auger_turn_handle_timeout(life->turn, life->now);
    size_t len = auger_turn_poll_transmit(life->turn, life->now, life->buf, sizeof(life->buf));
    if (len == 0) {
        require(auger_turn_next_timeout(life->turn) > life->now);
        return;
    }
    require(auger_stun_msg_parse(&life->request, life->buf, len) == 0);
    require(life->request.class_ == AUGER_STUN_REQUEST && life->request.unknown_len == 0);
    life->has_request = true;
    require(++life->requests <= REQUESTS_MAX);
}

static void write_to(struct life *life, uint8_t number)
{
    uint8_t data[64] = {0}, buf[64 + AUGER_TURN_OVERHEAD];
    struct auger_addr peer = peer_number(number);
    int len = auger_turn_write(life->turn, life->now, &peer, data, number % 64, buf, sizeof(buf));

    require(len > 0 || len == AUGER_ERR_AGAIN || len == AUGER_ERR_NO_PATH ||
            len == AUGER_ERR_STATE);
}

/* A peer has come, the server says. */
static void attempt(struct life *life, uint8_t how)
{
    const struct auger_addr peer = peer_number(how);
    const struct auger_stun_tid tid = {{how}};
    struct auger_stun_builder b;
    uint8_t buf[128];

    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_INDICATION,
                           AUGER_STUN_CONNECTION_ATTEMPT, &tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer);
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_CONNECTION_ID, how % 8);
    deliver(life, buf, (size_t)auger_stun_build_end(&b));
}

/* The stream of the last connection that was told of. */
static void speak_on_stream(struct life *life, uint8_t how)
{
    uint8_t buf[AUGER_DATAGRAM_MAX], said[256];
    struct auger_stun_builder b;

    (void)!auger_turn_bind_connection(life->turn, life->now, life->connection);
    size_t len =
        auger_turn_connection_transmit(life->turn, life->now, life->connection, buf, sizeof(buf));
    if (len > 0 && how & 1) {
        require(auger_stun_msg_parse(&life->request, buf, len) == 0);
        require(++life->requests <= REQUESTS_MAX);
        auger_stun_build_begin(&b, said, sizeof(said),
                               how & 2 ? AUGER_STUN_ERROR : AUGER_STUN_SUCCESS,
                               life->request.method, &life->request.tid);
        if (how & 2)
            auger_stun_build_error(&b, 400);
        if (how & 4)
            sign(life, &b);
        (void)auger_turn_connection_handle(life->turn, life->now, life->connection, said,
                                           (size_t)auger_stun_build_end(&b));
        life->has_request = false; /* its bytes are gone */
    }
    if (how & 8)
        auger_turn_connection_closed(life->turn, life->connection);
}

static void to_connections(struct life *life, uint8_t what, uint8_t how)
{
    const struct auger_addr peer = peer_number(how);

    if (what % 3 == 0)
        (void)!auger_turn_connect(life->turn, life->now, &peer);
    else if (what % 3 == 1)
        attempt(life, how);
    else
        speak_on_stream(life, how);
}

static void step(struct life *life, struct input *in)
{
    uint8_t what = next_byte(in), how = next_byte(in);
    struct auger_addr peer = peer_number(how);
    struct auger_bytes raw;

    if (is_tcp && what >= 200) {
        to_connections(life, what, how);
        return;
    }
    switch (what % 10) {
    case 0:
        raw = next_bytes(in, next_u16(in));
        deliver(life, raw.data, raw.len);
        break;
    case 1:
    case 2:
        if (life->has_request)
            answer(life, in, how & 1 ? AUGER_STUN_ERROR : AUGER_STUN_SUCCESS, how & 2);
        break;
    case 3:
        if (life->has_request)
            challenge(life, how);
        break;
    case 4:
        if (life->has_request)
            grant_all(life);
        break;
    case 5:
        if (auger_turn_permit(life->turn, life->now, &peer) == 0 && how & 0x80)
            auger_turn_forget(life->turn, &peer);
        break;
    case 6:
        if (auger_turn_bind_channel(life->turn, life->now, &peer) == AUGER_OK && how & 0x80)
            auger_turn_forget(life->turn, &peer);
        break;
    case 7:
        write_to(life, how);
        break;
    case 8:
        life->now += how * 4 * AUGER_SEC;
        break;
    case 9:
        if (how > 250)
            auger_turn_release(life->turn, life->now);
        else if (how > 240)
            (void)!auger_turn_move(life->turn, life->now);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct life life;
    struct input in = {data, size};
    struct auger_turn_config config;
    struct auger_turn_event event;

    life = (struct life){.now = AUGER_SEC};
    uint8_t how = next_byte(&in);
    auger_turn_config_init(&config);
    config.server = addr_of("198.51.100.53:3478");
    config.server.transport = how & 1 ? AUGER_TCP : AUGER_UDP;
    config.username = "user";
    config.password = "secret";
    config.families = how & 2 ? AUGER_TURN_IPV4 : AUGER_TURN_BOTH;
    config.dont_fragment = how & 4;
    config.mobility = how & 8;
    config.permissions_max = config.channels_max = 6;
    config.connections_max = 6;
    is_tcp = how & 16;
    if (is_tcp) {
        config.tcp_relay = true;
        config.server.transport = AUGER_TCP;
        config.dont_fragment = config.mobility = false;
    }
    require(auger_turn_new(&life.turn, &env, life.now, &config) == 0);
    for (int steps = 0; steps < STEPS_MAX && in.left > 0; steps++) {
        poll(&life);
        step(&life, &in);
        while (auger_turn_poll_event(life.turn, &event))
            if (event.type == AUGER_TURN_EVENT_CONNECTED || event.type == AUGER_TURN_EVENT_ATTEMPT)
                life.connection = event.connection.number;
        require(bytes_taken <= BYTES_MAX);
    }
    auger_turn_free(life.turn);
    require(blocks_taken == 0 && bytes_taken == 0);
    return 0;
}
