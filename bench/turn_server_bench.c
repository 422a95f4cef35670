/* bench/turn_server_bench.c - the TURN server's engine alone: what an allocation and its release
 * cost, both with credentials and all their integrity, what it holds while it lives, and what
 * data and strangers cost.  Sockets are none of it. */
#include "bench/bench.h"

#include <auger/crypto.h>
#include <auger/turn_server.h>

#include <openssl/evp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT "alice:example.org:wonderland"
#define LIVE 2000 /* while memory is measured */
#define PAYLOAD 120

struct relay {
    struct auger_turn_server *server;
    struct auger_stun_key *key;
    auger_time now;
    struct auger_path path;
    struct auger_addr peer;
    uint8_t nonce[128];
    size_t nonce_len;
    uint32_t number; /* of the relay that was opened last */
    uint8_t reply[AUGER_TURN_SERVER_REPLY_MAX];
    struct auger_turn_server_out out;
    uint8_t channel_data[4 + PAYLOAD];
    uint8_t send[256];
    size_t send_len;
    uint8_t room[AUGER_TURN_OVERHEAD + PAYLOAD + AUGER_TURN_SERVER_TAIL];
    uint64_t requests;
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "turn_server_bench: %s\n", what);
    exit(1);
}

/* --- a client --------------------------------------------------------------------------- */

static void give(struct relay *r, const uint8_t *buf, size_t len)
{
    auger_turn_server_handle_client(r->server, r->now, &r->path, buf, len, r->reply,
                                    sizeof(r->reply), &r->out);
    while (r->out.what == AUGER_TURN_SERVER_OPEN_RELAY) {
        r->number = r->out.relay;
        auger_turn_server_relay_opened(r->server, r->now, r->out.relay, 0, r->reply,
                                       sizeof(r->reply), &r->out);
    }
}

static void forget_events(struct relay *r)
{
    struct auger_turn_server_event event;

    while (auger_turn_server_poll_event(r->server, &event))
        continue;
}

static void begin(struct relay *r, struct auger_stun_builder *b, uint8_t *buf, size_t cap,
                  uint16_t method)
{
    struct auger_stun_tid tid = {{1}};

    r->requests++;
    memcpy(tid.bytes + 4, &r->requests, sizeof(r->requests));
    auger_stun_build_begin(b, buf, cap, AUGER_STUN_REQUEST, method, &tid);
    if (method == AUGER_STUN_ALLOCATE)
        auger_stun_build_u32(b, AUGER_STUN_ATTR_REQUESTED_TRANSPORT, 17u << 24);
}

static void ask(struct relay *r, struct auger_stun_builder *b)
{
    auger_stun_build_bytes(b, AUGER_STUN_ATTR_USERNAME, "alice", 5);
    auger_stun_build_bytes(b, AUGER_STUN_ATTR_REALM, "example.org", 11);
    auger_stun_build_bytes(b, AUGER_STUN_ATTR_NONCE, r->nonce, r->nonce_len);
    auger_stun_build_integrity(b, r->key);
    int len = auger_stun_build_end(b);
    must(len > 0, "no request");
    give(r, b->buf, (size_t)len);
    must(r->out.what == AUGER_TURN_SERVER_TO_CLIENT && r->reply[0] == 0x01 &&
             (r->reply[1] & 0x10) == 0,
         "refused");
}

static void learn_nonce(struct relay *r)
{
    struct auger_stun_builder b;
    struct auger_stun_msg msg;
    struct auger_bytes nonce;
    uint8_t buf[64];

    begin(r, &b, buf, sizeof(buf), AUGER_STUN_ALLOCATE);
    give(r, buf, b.len);
    must(auger_stun_msg_parse(&msg, r->reply, r->out.bytes.len) == 0 &&
             auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_NONCE, &nonce),
         "no nonce");
    memcpy(r->nonce, nonce.data, nonce.len);
    r->nonce_len = nonce.len;
}

static void allocate(struct relay *r)
{
    struct auger_stun_builder b;
    uint8_t buf[512];

    begin(r, &b, buf, sizeof(buf), AUGER_STUN_ALLOCATE);
    ask(r, &b);
}

static void ask_for_peer(struct relay *r, uint16_t method)
{
    struct auger_stun_builder b;
    uint8_t buf[512];

    begin(r, &b, buf, sizeof(buf), method);
    if (method == AUGER_STUN_CHANNEL_BIND)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_CHANNEL_NUMBER, 0x40000000);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &r->peer);
    ask(r, &b);
}

static void allocate_and_release(void *arg)
{
    struct relay *r = arg;
    struct auger_stun_builder b;
    uint8_t buf[512];

    allocate(r);
    begin(r, &b, buf, sizeof(buf), AUGER_STUN_REFRESH);
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_LIFETIME, 0);
    ask(r, &b);
    forget_events(r);
}

/* --- data and strangers ------------------------------------------------------------------ */

static void channel_to_peer(void *arg)
{
    struct relay *r = arg;

    give(r, r->channel_data, sizeof(r->channel_data));
    bench_keep(&r->out);
}

static void send_to_peer(void *arg)
{
    struct relay *r = arg;

    give(r, r->send, r->send_len);
    bench_keep(&r->out);
}

static void peer_to_client(void *arg)
{
    struct relay *r = arg;

    auger_turn_server_handle_peer(r->server, r->now, r->number, &r->peer,
                                  r->room + AUGER_TURN_OVERHEAD, PAYLOAD, &r->out);
    bench_keep(&r->out);
}

/* From ever new ports, so that each is answered. */
static void stranger(void *arg)
{
    struct relay *r = arg;
    const struct auger_path path = r->path;
    struct auger_stun_builder b;
    uint8_t buf[64];

    r->path.remote.port = (uint16_t)(1024 + r->requests % 60000);
    r->path.remote.ip[1] = (uint8_t)(r->requests >> 4);
    r->path.remote.ip[2] = (uint8_t)(r->requests >> 12);
    begin(r, &b, buf, sizeof(buf), AUGER_STUN_ALLOCATE);
    give(r, buf, b.len);
    r->now += AUGER_MS;
    r->path = path;
}

/* --- the cases ----------------------------------------------------------------------------- */

static void make_key(struct relay *r)
{
    uint8_t md5[16];
    unsigned len;

    must(EVP_Digest(TEXT, strlen(TEXT), md5, &len, EVP_md5(), NULL) == 1, "no MD5");
    must(auger_stun_key_new(&r->key, md5, sizeof(md5)) == 0, "no key");
}

static void start(struct relay *r)
{
    static struct auger_turn_server_relay_ip ip;
    struct auger_turn_server_config config;

    memset(r, 0, sizeof(*r));
    make_key(r);
    r->now = 1000 * AUGER_SEC;
    must(auger_addr_parse(&r->path.local, "198.51.100.53:3478") == 0 &&
             auger_addr_parse(&r->path.remote, "9.9.9.9:5000") == 0 &&
             auger_addr_parse(&r->peer, "8.8.8.8:7000") == 0 &&
             auger_addr_parse(&ip.ip, "198.51.100.53:0") == 0,
         "no address");
    auger_turn_server_config_init(&config);
    config.realm = "example.org";
    config.listeners = &r->path.local;
    config.listeners_len = 1;
    config.relay_ips = &ip;
    config.relay_ips_len = 1;
    config.user_allocations_max = config.ip_allocations_max = 1000000;
    must(auger_turn_server_new(&r->server, auger_env_system(), r->now, &config) == 0 &&
             auger_turn_server_add_user(r->server, "alice", "wonderland") == 0,
         "no server");
}

static void stop(struct relay *r)
{
    auger_turn_server_free(r->server);
    auger_stun_key_free(r->key);
}

static void measure_allocations(void)
{
    struct relay r;

    if (!bench_wants("turn_server/allocations"))
        return;
    start(&r);
    learn_nonce(&r);
    double cpu = bench_cpu_seconds(), seconds = bench_seconds(2);
    uint64_t count = 0;
    for (; bench_cpu_seconds() - cpu < seconds; count += 1000)
        for (int i = 0; i < 1000; i++)
            allocate_and_release(&r);
    bench_value("turn_server/allocations", "a second", (double)count / (bench_cpu_seconds() - cpu));
    stop(&r);
}

/* With a permission and a channel each; what it grows by once its tables are warm. */
static void measure_memory(void)
{
    struct relay r;

    if (!bench_wants("turn_server/live_allocation"))
        return;
    start(&r);
    size_t before = bench_heap_bytes();
    for (int i = 0; i < LIVE; i++) {
        r.path.remote.ip[1] = (uint8_t)(i >> 8);
        r.path.remote.ip[2] = (uint8_t)i;
        learn_nonce(&r);
        allocate(&r);
        ask_for_peer(&r, AUGER_STUN_CHANNEL_BIND);
        forget_events(&r);
    }
    bench_value("turn_server/live_allocation", "bytes",
                (double)(bench_heap_bytes() - before) / LIVE);
    stop(&r);
}

static void write_send(struct relay *r)
{
    const struct auger_stun_tid tid = {{1}};
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, r->send, sizeof(r->send), AUGER_STUN_INDICATION, AUGER_STUN_SEND,
                           &tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &r->peer);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_DATA, r->room, PAYLOAD);
    r->send_len = (size_t)auger_stun_build_end(&b);
}

static void measure_data(void)
{
    static const uint8_t header[4] = {0x40, 0, 0, PAYLOAD};
    struct relay r;

    start(&r);
    memcpy(r.channel_data, header, sizeof(header));
    write_send(&r);
    learn_nonce(&r);
    bench_case("turn_server/allocate_and_release", allocate_and_release, &r);
    bench_case("turn_server/challenge", stranger, &r);
    learn_nonce(&r);
    allocate(&r);
    ask_for_peer(&r, AUGER_STUN_CREATE_PERMISSION);
    bench_case("turn_server/send_to_peer", send_to_peer, &r);
    bench_case("turn_server/peer_to_data_indication", peer_to_client, &r);
    ask_for_peer(&r, AUGER_STUN_CHANNEL_BIND);
    bench_case("turn_server/channel_to_peer", channel_to_peer, &r);
    must(r.out.what == AUGER_TURN_SERVER_TO_PEER, "nothing for the peer");
    bench_case("turn_server/peer_to_channel", peer_to_client, &r);
    must(r.out.what == AUGER_TURN_SERVER_TO_CLIENT, "nothing for the client");
    stop(&r);
}

void bench_cases(void)
{
    measure_data();
    measure_allocations();
    measure_memory();
}
