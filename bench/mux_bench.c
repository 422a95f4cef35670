/* bench/mux_bench.c - one round of consent for many agents on one mux: each asks and is
 * answered, is asked and answers.  The far ends are not agents and not measured; beside it
 * stand the four HMACs of such a round alone, with as many keys. */
#include "bench/bench.h"

#include "crypto/crypto.h"

#include <auger/crypto.h>
#include <auger/mux.h>
#include <auger/stun.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUND (6 * AUGER_SEC) /* nobody waits longer between two checks (RFC 7675 section 5.1) */
#define ROUNDS 3
#define HMACS 4        /* of a round: two messages written, two believed */
#define HMAC_INPUT 76  /* what of a check lies before its integrity, about */
#define PACKETS_EACH 2 /* of the far end, in a round */
#define PACKET_MAX 128

static const char far_password[] = "the+password+of+far+ends",
                  our_password[] = "our+password+for+all+of+them";

struct packet {
    uint32_t agent;
    uint8_t len;
    uint8_t buf[PACKET_MAX];
};

struct crowd {
    uint32_t len;
    struct auger_mux *mux;
    struct auger_ice **agents;
    struct auger_mux_session **sessions;
    struct auger_stun_key *far_key, *our_key;
    struct auger_addr base;
    auger_time now;
    struct packet *sent, *received; /* by the agents */
    size_t sent_len, received_len;
};

static void must(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "mux_bench: %s\n", what);
    exit(1);
}

/* --- far ends ------------------------------------------------------------------------------ */

static struct auger_addr far_addr(uint32_t i)
{
    return (struct auger_addr){
        .family = AUGER_IPV4,
        .port = 50000,
        .ip = {100, (uint8_t)(64 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i}};
}

static struct packet *new_packet(struct crowd *crowd, uint32_t agent)
{
    struct packet *packet = &crowd->received[crowd->received_len++];
    packet->agent = agent;
    return packet;
}

static void seal(struct packet *packet, struct auger_stun_builder *b, struct auger_stun_key *key)
{
    auger_stun_build_integrity(b, key);
    auger_stun_build_fingerprint(b);
    int len = auger_stun_build_end(b);
    must(len > 0, "a far end cannot write");
    packet->len = (uint8_t)len;
}

static void far_asks(struct crowd *crowd, uint32_t i)
{
    struct packet *packet = new_packet(crowd, i);
    struct auger_stun_builder b;
    struct auger_stun_tid tid = {{0}};
    char username[64];

    memcpy(tid.bytes, &i, sizeof(i));
    int len = snprintf(username, sizeof(username), "agent%u:far%u", i, i);
    auger_stun_build_begin(&b, packet->buf, PACKET_MAX, AUGER_STUN_REQUEST, AUGER_STUN_BINDING,
                           &tid);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USERNAME, username, (size_t)len);
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_PRIORITY, 0x6E0001FF);
    auger_stun_build_u64(&b, AUGER_STUN_ATTR_ICE_CONTROLLING, 1);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USE_CANDIDATE, NULL, 0);
    seal(packet, &b, crowd->our_key);
}

static void far_answers(struct crowd *crowd, const struct packet *request)
{
    struct packet *packet = new_packet(crowd, request->agent);
    struct auger_stun_builder b;
    struct auger_stun_tid tid;

    memcpy(tid.bytes, request->buf + 8, sizeof(tid.bytes));
    auger_stun_build_begin(&b, packet->buf, PACKET_MAX, AUGER_STUN_SUCCESS, AUGER_STUN_BINDING,
                           &tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &crowd->base);
    seal(packet, &b, crowd->far_key);
}

/* Requests are answered, answers are taken. */
static void far_ends_work(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->sent_len; i++)
        if (crowd->sent[i].buf[0] == 0 && crowd->sent[i].buf[1] == 1)
            far_answers(crowd, &crowd->sent[i]);
    crowd->sent_len = 0;
}

static void shuffle(struct crowd *crowd)
{
    uint64_t random = 88172645463325252u;
    struct packet spare;

    for (size_t i = crowd->received_len; i > 1; i--) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        size_t j = random % i;
        spare = crowd->received[i - 1];
        crowd->received[i - 1] = crowd->received[j];
        crowd->received[j] = spare;
    }
}

/* --- agents -------------------------------------------------------------------------------- */

static void settle(struct crowd *crowd, uint32_t i)
{
    struct auger_path taken;

    must(auger_mux_settle(crowd->mux, crowd->sessions[i], crowd->agents[i], &taken) == 0,
         "a path is taken");
}

static void drain(struct crowd *crowd, uint32_t i)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;
    size_t len;

    while ((len = auger_ice_poll_transmit(crowd->agents[i], crowd->now, &path, buf, sizeof(buf)))) {
        struct packet *packet = &crowd->sent[crowd->sent_len++];
        must(len <= PACKET_MAX, "a packet is too long");
        packet->agent = i;
        packet->len = (uint8_t)len;
        memcpy(packet->buf, buf, len);
    }
    auger_time next = auger_ice_next_timeout(crowd->agents[i]);
    bench_keep(&next);
}

static void take(struct crowd *crowd, const struct packet *packet)
{
    const struct auger_path path = {crowd->base, far_addr(packet->agent)};
    struct auger_bytes data;

    struct auger_mux_session *session =
        auger_mux_find(crowd->mux, crowd->now, &path, packet->buf, packet->len);
    must(session == crowd->sessions[packet->agent], "a datagram goes astray");
    auger_ice_handle_datagram(auger_mux_user(session), crowd->now, &path, packet->buf, packet->len,
                              &data);
    settle(crowd, packet->agent);
    drain(crowd, packet->agent);
}

static struct auger_ice *new_agent(uint32_t i)
{
    struct auger_ice_config config;
    struct auger_ice *ice;
    char ufrag[32];

    auger_ice_config_init(&config);
    config.local_cands_max = config.remote_cands_max = config.prflx_cands_max = 2;
    config.pairs_max = 4;
    config.servers_max = 1;
    snprintf(ufrag, sizeof(ufrag), "agent%u", i);
    must(auger_ice_new(&ice, auger_env_system(), &config) == 0 &&
             auger_ice_set_local_credentials(ice, ufrag, our_password) == 0,
         "no agent");
    return ice;
}

static void join(struct crowd *crowd, uint32_t i)
{
    struct auger_ice *ice = crowd->agents[i];
    char ufrag[32];

    snprintf(ufrag, sizeof(ufrag), "far%u", i);
    must(auger_mux_add(crowd->mux, ice, &crowd->sessions[i]) == 0 &&
             auger_ice_share_sockets(ice, auger_mux_tag(crowd->sessions[i])) == 0 &&
             auger_ice_add_local_addr(ice, crowd->now, &crowd->base) == 0 &&
             auger_ice_set_remote_credentials(ice, crowd->now, ufrag, far_password) == 0,
         "an agent cannot begin");
    settle(crowd, i);
}

/* Their checks are nominations; ours are answered. */
static void connect_all(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->len; i++)
        far_asks(crowd, i);
    while (crowd->received_len > 0) {
        size_t len = crowd->received_len;
        for (size_t i = 0; i < len; i++)
            take(crowd, &crowd->received[i]);
        crowd->received_len = 0;
        far_ends_work(crowd);
    }
    for (uint32_t i = 0; i < crowd->len; i++)
        must(auger_ice_get_state(crowd->agents[i]) == AUGER_ICE_CONNECTED,
             "an agent is not connected");
}

static struct crowd *new_crowd(uint32_t len)
{
    struct crowd *crowd = calloc(1, sizeof(*crowd));
    struct auger_mux_config config;

    must(crowd != NULL, "no memory");
    *crowd = (struct crowd){.len = len, .now = 1000 * AUGER_SEC};
    auger_mux_config_init(&config);
    config.sessions_max = len;
    crowd->agents = calloc(len, sizeof(struct auger_ice *));
    crowd->sessions = calloc(len, sizeof(struct auger_mux_session *));
    crowd->sent = calloc((size_t)len * PACKETS_EACH, sizeof(struct packet));
    crowd->received = calloc((size_t)len * PACKETS_EACH, sizeof(struct packet));
    must(crowd->agents && crowd->sessions && crowd->sent && crowd->received, "no memory");
    must(auger_addr_parse(&crowd->base, "192.0.2.1:3000") == 0 &&
             auger_stun_key_new(&crowd->far_key, (const uint8_t *)far_password,
                                strlen(far_password)) == 0 &&
             auger_stun_key_new(&crowd->our_key, (const uint8_t *)our_password,
                                strlen(our_password)) == 0 &&
             auger_mux_new(&crowd->mux, auger_env_system(), &config) == 0,
         "no mux");
    return crowd;
}

static void free_crowd(struct crowd *crowd)
{
    auger_mux_free(crowd->mux);
    for (uint32_t i = 0; i < crowd->len; i++)
        auger_ice_free(crowd->agents[i]);
    auger_stun_key_free(crowd->far_key);
    auger_stun_key_free(crowd->our_key);
    free(crowd->agents);
    free(crowd->sessions);
    free(crowd->sent);
    free(crowd->received);
    free(crowd);
}

/* --- figures ------------------------------------------------------------------------------- */

static void report(uint32_t len, const char *what, const char *unit, double value)
{
    char name[64];

    snprintf(name, sizeof(name), "mux/%u/%s", len, what);
    bench_value(name, unit, value);
}

/* Nanoseconds of the processor's, of one agent. */
static double consent_round(struct crowd *crowd)
{
    double began = bench_cpu_seconds();

    crowd->now += ROUND;
    for (uint32_t i = 0; i < crowd->len; i++)
        drain(crowd, i);
    double asking = bench_cpu_seconds() - began;
    must(crowd->sent_len == crowd->len, "not everybody asks for consent");

    crowd->received_len = 0;
    far_ends_work(crowd);
    for (uint32_t i = 0; i < crowd->len; i++)
        far_asks(crowd, i);
    shuffle(crowd);
    began = bench_cpu_seconds();
    for (size_t i = 0; i < crowd->received_len; i++)
        take(crowd, &crowd->received[i]);
    double answering = bench_cpu_seconds() - began;
    must(crowd->sent_len == crowd->len, "not everybody answers");
    crowd->sent_len = 0;
    return (asking + answering) * 1e9 / crowd->len;
}

/* As many keys as there are passwords in such a crowd, in no order of use. */
static double hmacs_alone(uint32_t agents)
{
    uint32_t len = 2 * agents;
    struct auger_hmac **keys = calloc(len, sizeof(struct auger_hmac *));
    uint8_t key[24] = {0}, input[HMAC_INPUT] = {0}, mac[AUGER_SHA1_LEN];
    const struct auger_bytes piece = {input, sizeof(input)};
    uint64_t random = 88172645463325252u;

    must(keys != NULL, "no memory");
    for (uint32_t i = 0; i < len; i++) {
        memcpy(key, &i, sizeof(i));
        must(auger_hmac_new(&keys[i], AUGER_SHA1, key, sizeof(key)) == 0, "no key");
    }
    double began = bench_cpu_seconds();
    for (uint64_t i = 0; i < (uint64_t)HMACS * agents; i++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        must(auger_hmac_compute(keys[random % len], &piece, 1, mac) == 0, "no HMAC");
        bench_keep(mac);
    }
    double seconds = bench_cpu_seconds() - began;
    for (uint32_t i = 0; i < len; i++)
        auger_hmac_free(keys[i]);
    free(keys);
    return seconds * 1e9 / agents;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static void measure(uint32_t len)
{
    struct crowd *crowd = new_crowd(len);
    double round = 1e18, hmacs = 1e18;

    size_t empty = bench_heap_bytes();
    for (uint32_t i = 0; i < len; i++)
        crowd->agents[i] = new_agent(i);
    for (uint32_t i = 0; i < len; i++)
        join(crowd, i);
    connect_all(crowd);
    size_t connected = bench_heap_bytes();
    for (int i = 0; i < ROUNDS; i++) {
        round = least(round, consent_round(crowd));
        hmacs = least(hmacs, hmacs_alone(len));
    }
    auger_mux_free(crowd->mux);
    crowd->mux = NULL;
    size_t without = bench_heap_bytes();

    report(len, "consent_round", "ns an agent", round);
    report(len, "hmacs_alone", "ns an agent", hmacs);
    report(len, "times_the_hmacs", "times", round / hmacs);
    report(len, "session_bytes", "bytes", (double)(connected - without) / len);
    report(len, "agent_bytes", "bytes", (double)(without - empty) / len);
    free_crowd(crowd);
}

static bool is_wanted(uint32_t len)
{
    static const char *const figures[] = {"consent_round", "hmacs_alone", "times_the_hmacs",
                                          "session_bytes", "agent_bytes"};
    char name[64];

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        snprintf(name, sizeof(name), "mux/%u/%s", len, figures[i]);
        if (bench_wants(name))
            return true;
    }
    return false;
}

void bench_cases(void)
{
    static const uint32_t sizes[] = {1000, 10000, 100000};

    /* The largest takes its time. */
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (is_wanted(sizes[i]) && (sizes[i] <= 10000 || bench_seconds(10) >= 10))
            measure(sizes[i]);
}
