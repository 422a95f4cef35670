/* tests/ice/turn_servers.h - TURN servers that the test is: they stand between an agent and
 * whoever talks to it by puppet.h or world.h, who see what goes through a relay as if it left from
 * the relayed address.  To be included first. */
#ifndef TESTS_ICE_TURN_SERVERS_H
#define TESTS_ICE_TURN_SERVERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "turn/chandata.h"

#include <auger/ice.h>
#include <auger/stun.h>

#include <stdlib.h>
#include <string.h>

#define TURN_SERVERS_MAX 8
#define TURN_ALLOCATIONS_MAX 8
#define TURN_PEERS_MAX 64
#define TURN_REALM "example.org"

struct turn_allocation {
    struct auger_path client; /* as the agent sees it; of no family: free */
    struct auger_addr relayed[2];
    struct auger_addr permitted[TURN_PEERS_MAX];
    struct auger_addr channels[TURN_PEERS_MAX]; /* from AUGER_CHANNEL_FIRST on */
    size_t permitted_len, channels_len;
    struct auger_stun_tid tid; /* that it was asked for by: repeated, it is granted again */
};

struct turn_server {
    struct auger_addr addr;
    const char *relayed, *relayed6; /* of its first allocation; the ports go up */
    const char *mapped;             /* NULL: as it is */
    bool is_silent;
    unsigned unheard; /* requests of clients meanwhile */
    uint16_t allocate_code, refresh_code, permit_code, bind_code; /* 0: granted */
    const char *refused;   /* the peer that permit_code is about; NULL: all */
    const char *alternate; /* with an allocate_code of 300, */
    const char *domain;    /* and whom its certificate is for; NULL: it says nothing of it */
    /* So many permissions are answered by 438, while there is nothing to draw from. */
    unsigned stales_without_entropy;
    bool *no_entropy;
    struct turn_allocation allocations[TURN_ALLOCATIONS_MAX];
    /* What came: requests with credentials alone. */
    unsigned bindings; /* without any */
    unsigned challenged, allocates, refreshes, releases, permits, binds;
    unsigned sends, channel_sends, dropped, keepalives;
    uint8_t numbers; /* allocations made */
    struct auger_addr last_permit;
    size_t last_len; /* of a Send or ChannelData, as it came */
};

static struct turn_server turn_servers[TURN_SERVERS_MAX];
static size_t turn_servers_len;
static struct auger_stun_key *turn_key;

static inline struct auger_addr turn_addr_of(const char *text)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse(&addr, text), 0);
    return addr;
}

static inline void turn_reset(void)
{
    memset(turn_servers, 0, sizeof(turn_servers));
    turn_servers_len = 0;
    auger_stun_key_free(turn_key);
    turn_key = NULL;
}

static inline struct turn_server *turn_add(const char *addr, const char *relayed)
{
    static const char text[] = "user:" TURN_REALM ":secret";
    const struct auger_bytes piece = {(const uint8_t *)text, sizeof(text) - 1};
    uint8_t secret[32];
    struct turn_server *server = &turn_servers[turn_servers_len++];

    if (!turn_key) {
        assert_int_equal(auger_digest_compute(AUGER_DIGEST_MD5, &piece, 1, secret), 0);
        assert_int_equal(auger_stun_key_new(&turn_key, secret, 16), 0);
    }
    server->addr = turn_addr_of(addr);
    server->relayed = relayed;
    return server;
}

static inline struct turn_server *turn_at(const struct auger_addr *addr)
{
    for (size_t i = 0; i < turn_servers_len; i++)
        if (auger_addr_equal(&turn_servers[i].addr, addr))
            return &turn_servers[i];
    return NULL;
}

static inline struct turn_allocation *turn_of_client(struct turn_server *server,
                                                     const struct auger_path *client)
{
    for (size_t i = 0; i < TURN_ALLOCATIONS_MAX; i++)
        if (auger_path_equal(&server->allocations[i].client, client))
            return &server->allocations[i];
    return NULL;
}

/* --- answers ---------------------------------------------------------------------------- */

static inline void turn_reply(struct auger_ice *ice, auger_time now, const struct auger_path *path,
                              struct auger_stun_builder *b, const uint8_t *buf)
{
    struct auger_bytes data;
    int len = auger_stun_build_end(b);

    assert_true(len > 0);
    auger_ice_handle_datagram(ice, now, path, buf, (size_t)len, &data);
    assert_null(data.data);
}

static inline void turn_refuse(struct auger_ice *ice, auger_time now, const struct auger_path *path,
                               const struct auger_stun_msg *msg, uint16_t code)
{
    const struct turn_server *server = turn_at(&path->remote);
    uint8_t buf[1024];
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_ERROR, msg->method, &msg->tid);
    auger_stun_build_error(&b, code);
    if (code == AUGER_STUN_TRY_ALTERNATE) {
        struct auger_addr alternate = turn_addr_of(server->alternate);
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_ALTERNATE_SERVER, &alternate);
        if (server->domain)
            auger_stun_build_bytes(&b, AUGER_STUN_ATTR_ALTERNATE_DOMAIN, server->domain,
                                   strlen(server->domain));
    }
    if (code == AUGER_STUN_UNAUTHENTICATED || code == AUGER_STUN_STALE_NONCE) {
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_REALM, TURN_REALM, strlen(TURN_REALM));
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_NONCE, "nonce", 5);
    } else {
        auger_stun_build_integrity(&b, turn_key);
    }
    turn_reply(ice, now, path, &b, buf);
}

static inline struct turn_allocation *turn_allocate(struct turn_server *server,
                                                    const struct auger_path *path,
                                                    const struct auger_stun_tid *tid)
{
    struct turn_allocation *a = turn_of_client(server, path);

    if (a)
        return a;
    for (size_t i = 0; !a && i < TURN_ALLOCATIONS_MAX; i++)
        if (server->allocations[i].client.local.family == AUGER_FAMILY_NONE)
            a = &server->allocations[i];
    assert_non_null(a);
    *a = (struct turn_allocation){.client = *path, .tid = *tid};
    a->relayed[0] = turn_addr_of(server->relayed);
    a->relayed[0].port = (uint16_t)(a->relayed[0].port + server->numbers);
    if (server->relayed6) {
        a->relayed[1] = turn_addr_of(server->relayed6);
        a->relayed[1].port = (uint16_t)(a->relayed[1].port + server->numbers);
    }
    server->numbers++;
    return a;
}

static inline void turn_grant(struct auger_ice *ice, auger_time now, struct turn_server *server,
                              const struct auger_path *path, const struct auger_stun_msg *msg)
{
    struct auger_addr mapped = server->mapped ? turn_addr_of(server->mapped) : path->local;
    uint8_t buf[1024];
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_SUCCESS, msg->method, &msg->tid);
    if (msg->method == AUGER_STUN_ALLOCATE) {
        const struct turn_allocation *a = turn_allocate(server, path, &msg->tid);
        for (size_t i = 0; i < 2 && a->relayed[i].family; i++)
            auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &a->relayed[i]);
        mapped.port = mapped.port ? mapped.port : 40000;
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
    }
    if (msg->method == AUGER_STUN_ALLOCATE || msg->method == AUGER_STUN_REFRESH)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_LIFETIME, 600);
    auger_stun_build_integrity(&b, turn_key);
    turn_reply(ice, now, path, &b, buf);
}

static inline void turn_show(struct auger_ice *ice, auger_time now, struct turn_server *server,
                             const struct auger_path *path, const struct auger_stun_msg *msg)
{
    struct auger_addr mapped = server->mapped ? turn_addr_of(server->mapped) : path->local;
    struct auger_stun_builder b;
    uint8_t buf[128];

    server->bindings++;
    if (server->is_silent)
        return;
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_SUCCESS, msg->method, &msg->tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
    turn_reply(ice, now, path, &b, buf);
}

/* --- requests --------------------------------------------------------------------------- */

static inline bool turn_is_about(const char *text, const struct auger_addr *peer)
{
    struct auger_addr addr;

    if (!text)
        return true;
    addr = turn_addr_of(text);
    return auger_addr_ip_equal(&addr, peer);
}

/* The code to refuse with; 0: it is granted. */
static inline uint16_t turn_judge(struct turn_server *server, const struct auger_path *path,
                                  const struct auger_stun_msg *msg)
{
    struct turn_allocation *a = turn_of_client(server, path);
    struct auger_addr peer = {0};
    uint32_t lifetime = 1;

    auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer);
    auger_stun_msg_u32(msg, AUGER_STUN_ATTR_LIFETIME, &lifetime);
    switch (msg->method) {
    case AUGER_STUN_ALLOCATE:
        server->allocates++;
        if (a && memcmp(&a->tid, &msg->tid, sizeof(a->tid)) != 0)
            return AUGER_STUN_ALLOCATION_MISMATCH;
        return server->allocate_code;
    case AUGER_STUN_REFRESH:
        server->refreshes += lifetime > 0;
        server->releases += lifetime == 0;
        if (a && (lifetime == 0 || server->refresh_code == AUGER_STUN_ALLOCATION_MISMATCH))
            *a = (struct turn_allocation){0};
        return server->refresh_code;
    case AUGER_STUN_CREATE_PERMISSION:
        server->permits++;
        server->last_permit = peer;
        if (server->permit_code && turn_is_about(server->refused, &peer))
            return server->permit_code;
        if (!a)
            return AUGER_STUN_ALLOCATION_MISMATCH;
        a->permitted[a->permitted_len++ % TURN_PEERS_MAX] = peer;
        return 0;
    case AUGER_STUN_CHANNEL_BIND:
        server->binds++;
        if (server->bind_code || !a)
            return server->bind_code ? server->bind_code : AUGER_STUN_ALLOCATION_MISMATCH;
        uint32_t number;
        assert_true(auger_stun_msg_u32(msg, AUGER_STUN_ATTR_CHANNEL_NUMBER, &number));
        a->channels_len = (number >> 16) - AUGER_CHANNEL_FIRST + 1;
        a->channels[a->channels_len - 1] = peer;
        return 0;
    }
    fail_msg("method %u", (unsigned)msg->method);
    return 0;
}

static inline void turn_request(struct auger_ice *ice, auger_time now, struct turn_server *server,
                                const struct auger_path *path, const struct auger_stun_msg *msg)
{
    if (server->is_silent) {
        server->unheard++;
        return;
    }
    if (auger_stun_msg_verify(msg, turn_key) != 0) {
        server->challenged++;
        turn_refuse(ice, now, path, msg, AUGER_STUN_UNAUTHENTICATED);
        return;
    }
    if (msg->method == AUGER_STUN_CREATE_PERMISSION && server->stales_without_entropy > 0) {
        server->stales_without_entropy--;
        *server->no_entropy = true;
        turn_refuse(ice, now, path, msg, AUGER_STUN_STALE_NONCE);
        *server->no_entropy = false;
        return;
    }
    uint16_t code = turn_judge(server, path, msg);
    if (code)
        turn_refuse(ice, now, path, msg, code);
    else
        turn_grant(ice, now, server, path, msg);
}

static inline bool turn_permits(const struct turn_allocation *a, const struct auger_addr *peer)
{
    for (size_t i = 0; i < a->permitted_len && i < TURN_PEERS_MAX; i++)
        if (auger_addr_ip_equal(&a->permitted[i], peer))
            return true;
    for (size_t i = 0; i < a->channels_len; i++)
        if (auger_addr_ip_equal(&a->channels[i], peer))
            return true;
    return false;
}

static inline const struct auger_addr *turn_relayed(const struct turn_allocation *a, uint8_t family)
{
    return a->relayed[0].family == family ? &a->relayed[0] : &a->relayed[1];
}

/* Whether something goes on to a peer, which is then in `buf`, and `path` as the peer sees it. */
static inline bool turn_relay(struct turn_server *server, struct auger_path *path, uint8_t *buf,
                              size_t *len)
{
    const struct turn_allocation *a = turn_of_client(server, path);
    struct auger_stun_msg msg;
    struct auger_bytes data;
    struct auger_addr peer;
    uint16_t number;

    server->last_len = *len;
    if (!a) { /* it has started anew */
        server->dropped++;
        return false;
    }
    if (auger_chandata_is(buf, *len)) {
        assert_true(auger_chandata_read(buf, *len, &number, &data));
        assert_in_range(number, AUGER_CHANNEL_FIRST, AUGER_CHANNEL_FIRST + a->channels_len - 1);
        peer = a->channels[number - AUGER_CHANNEL_FIRST];
        server->channel_sends++;
    } else {
        assert_int_equal(auger_stun_msg_parse(&msg, buf, *len), 0);
        assert_true(auger_stun_msg_addr(&msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer));
        assert_true(auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_DATA, &data));
        server->sends++;
    }
    if (!turn_permits(a, &peer)) {
        server->dropped++;
        return false;
    }
    *path = (struct auger_path){*turn_relayed(a, peer.family), peer};
    *len = data.len;
    memmove(buf, data.data, data.len);
    return true;
}

/* What the agent sends to anybody who is no TURN server; relayed, as it leaves the relay. */
static inline size_t turn_poll_transmit(struct auger_ice *ice, auger_time now,
                                        struct auger_path *path, uint8_t *buf, size_t cap)
{
    struct auger_stun_msg msg;
    size_t len;

    while ((len = auger_ice_poll_transmit(ice, now, path, buf, cap)) > 0) {
        struct turn_server *server = turn_at(&path->remote);
        if (!server)
            return len;
        bool is_stun = auger_stun_msg_parse(&msg, buf, len) == 0;
        if (is_stun && msg.class_ == AUGER_STUN_REQUEST && msg.method == AUGER_STUN_BINDING)
            turn_show(ice, now, server, path, &msg);
        else if (is_stun && msg.class_ == AUGER_STUN_REQUEST)
            turn_request(ice, now, server, path, &msg);
        else if (is_stun && msg.method == AUGER_STUN_BINDING)
            server->keepalives++;
        else if (turn_relay(server, path, buf, &len))
            return len;
    }
    return 0;
}

static inline int turn_write_data(struct auger_ice *ice, auger_time now, const uint8_t *data,
                                  size_t len, struct auger_path *path, uint8_t *buf, size_t cap)
{
    int written = auger_ice_write_data(ice, now, data, len, path, buf, cap);
    struct turn_server *server = written > 0 ? turn_at(&path->remote) : NULL;
    size_t inner = (size_t)written;

    if (!server)
        return written;
    assert_in_range(written, len + 4, len + AUGER_ICE_OVERHEAD);
    return turn_relay(server, path, buf, &inner) ? (int)inner : AUGER_ERR_NO_PATH;
}

/* What comes to a relayed address reaches the agent by its server, if that lets it through. */
static inline void turn_handle_datagram(struct auger_ice *ice, auger_time now,
                                        const struct auger_path *path, const uint8_t *buf,
                                        size_t len, struct auger_bytes *data)
{
    static uint8_t wrapped[2048];
    struct auger_stun_tid tid = {{'d'}};
    struct auger_stun_builder b;

    *data = (struct auger_bytes){0};
    for (size_t i = 0; i < turn_servers_len * TURN_ALLOCATIONS_MAX; i++) {
        struct turn_server *server = &turn_servers[i / TURN_ALLOCATIONS_MAX];
        const struct turn_allocation *a = &server->allocations[i % TURN_ALLOCATIONS_MAX];
        if (!auger_addr_equal(&a->relayed[0], &path->local) &&
            !auger_addr_equal(&a->relayed[1], &path->local))
            continue;
        if (!turn_permits(a, &path->remote)) {
            server->dropped++;
            return;
        }
        for (size_t c = 0; c < a->channels_len; c++) {
            if (!auger_addr_equal(&a->channels[c], &path->remote))
                continue;
            int n = auger_chandata_write((uint16_t)(AUGER_CHANNEL_FIRST + c), false, buf, len,
                                         wrapped, sizeof(wrapped));
            auger_ice_handle_datagram(ice, now, &a->client, wrapped, (size_t)n, data);
            return;
        }
        auger_stun_build_begin(&b, wrapped, sizeof(wrapped), AUGER_STUN_INDICATION, AUGER_STUN_DATA,
                               &tid);
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &path->remote);
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_DATA, buf, len);
        auger_ice_handle_datagram(ice, now, &a->client, wrapped, (size_t)auger_stun_build_end(&b),
                                  data);
        return;
    }
    auger_ice_handle_datagram(ice, now, path, buf, len, data);
}

/* No server sees it. */
static inline size_t turn_intercept(struct auger_ice *ice, auger_time now, struct auger_path *path,
                                    uint8_t *buf, size_t cap)
{
    return auger_ice_poll_transmit(ice, now, path, buf, cap);
}

/* The agents of puppet.h and world.h have these servers. */
#undef auger_ice_poll_transmit
#undef auger_ice_write_data
#undef auger_ice_handle_datagram
#define auger_ice_poll_transmit turn_poll_transmit
#define auger_ice_write_data turn_write_data
#define auger_ice_handle_datagram turn_handle_datagram

#endif /* TESTS_ICE_TURN_SERVERS_H */
