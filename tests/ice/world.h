/* tests/ice/world.h - two agents on a wire without loss, with a clock of its own:
 * just enough to see one behaviour at a time.  The simulated internet is tests/sim. */
#ifndef TESTS_ICE_WORLD_H
#define TESTS_ICE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/ice.h>
#include <auger/stun.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKETS_MAX 256
#define EVENTS_MAX 64

struct packet {
    auger_time at;
    struct auger_path path; /* as the sender sees it */
    size_t len;
    uint8_t buf[AUGER_DATAGRAM_MAX];
};

struct side {
    struct auger_ice *ice;
    struct auger_addr nat_inside, nat_outside; /* one mapping, open to all; or none */
    enum auger_ice_state states[EVENTS_MAX];
    size_t states_len;
    struct auger_cand cands[EVENTS_MAX];
    size_t cands_len;
    struct auger_path path;
    size_t paths, failed_restarts, wanted_restarts;
    auger_time path_at, connected_at, gathered_at, selected_at;
    uint8_t data[AUGER_DATAGRAM_MAX];
    size_t data_len, data_count;
};

struct world {
    struct auger_env env;
    uint64_t random;
    bool no_entropy;
    size_t draws;                /* of random bytes */
    size_t allocations, fail_at; /* 0: never */
    size_t blocks, bytes;        /* in use */
    auger_time now, delay;
    struct packet *packets[PACKETS_MAX];
    size_t packets_len;
    struct auger_addr server; /* of STUN, or none */
    /* False: the packet is lost.  May change it. */
    bool (*wire)(struct world *world, struct packet *packet);
    size_t sent; /* packets on the wire, lost ones too */
    void *user;
    struct side sides[2];
};

static inline int world_random(void *user, uint8_t *buf, size_t len)
{
    struct world *world = user;
    world->draws++;
    if (world->no_entropy)
        return AUGER_ERR_ENTROPY;
    for (size_t i = 0; i < len; i++) {
        world->random ^= world->random << 13;
        world->random ^= world->random >> 7;
        world->random ^= world->random << 17;
        buf[i] = (uint8_t)(world->random >> 24);
    }
    return 0;
}

/* The size that was asked for stands in front. */
static inline void *world_alloc(void *user, size_t size)
{
    struct world *world = user;
    size_t *block = ++world->allocations == world->fail_at ? NULL : calloc(1, 16 + size);
    if (!block)
        return NULL;
    *block = size;
    world->blocks++;
    world->bytes += size;
    return block + 2;
}

static inline void world_release(void *user, void *ptr)
{
    struct world *world = user;
    size_t *block = (size_t *)ptr - 2;
    assert_true(world->blocks > 0);
    world->blocks--;
    world->bytes -= *block;
    free(block);
}

/* Of UDP, unless it begins with "tcp:". */
static inline struct auger_addr addr_of(const char *text)
{
    struct auger_addr addr;
    bool is_tcp = strncmp(text, "tcp:", 4) == 0;
    assert_int_equal(auger_addr_parse(&addr, is_tcp ? text + 4 : text), 0);
    addr.transport = is_tcp ? AUGER_TCP : AUGER_UDP;
    return addr;
}

static inline struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->random = 88172645463325252u;
    world->env = (struct auger_env){world, world_random, world_alloc, world_release, NULL};
    world->now = 1000 * AUGER_SEC;
    for (int i = 0; i < 2; i++) {
        struct side *side = &world->sides[i];
        side->path_at = side->connected_at = side->gathered_at = side->selected_at = AUGER_NEVER;
    }
    return world;
}

/* Nothing may be left behind. */
static inline void world_free(struct world *world)
{
    for (int i = 0; i < 2; i++)
        auger_ice_free(world->sides[i].ice);
    for (size_t i = 0; i < world->packets_len; i++)
        free(world->packets[i]);
    assert_int_equal(world->blocks, 0);
    free(world);
}

static inline struct auger_ice *world_add(struct world *world, int which,
                                          const struct auger_ice_config *config)
{
    assert_int_equal(auger_ice_new(&world->sides[which].ice, &world->env, config), 0);
    return world->sides[which].ice;
}

/* Two agents with one base each, the first one controlling; they do not know of
 * each other yet. */
static inline struct world *world_of_two(auger_time delay)
{
    struct world *world = world_new();
    struct auger_ice_config config;
    const char *bases[] = {"192.0.2.1:1001", "192.0.2.2:2002"};

    world->delay = delay;
    auger_ice_config_init(&config);
    for (int i = 0; i < 2; i++) {
        config.controlling = i == 0;
        struct auger_addr base = addr_of(bases[i]);
        assert_int_equal(auger_ice_add_local_addr(world_add(world, i, &config), world->now, &base),
                         0);
    }
    return world;
}

static inline void tell_credentials(struct world *world, int to)
{
    const struct auger_ice *from = world->sides[1 - to].ice;
    assert_int_equal(auger_ice_set_remote_credentials(world->sides[to].ice, world->now,
                                                      auger_ice_ufrag(from),
                                                      auger_ice_password(from)),
                     0);
}

/* Hands over what the other side has said so far. */
static inline void tell_candidates(struct world *world, int to)
{
    const struct side *from = &world->sides[1 - to];
    for (size_t i = 0; i < from->cands_len; i++)
        assert_int_equal(
            auger_ice_add_remote_cand(world->sides[to].ice, world->now, &from->cands[i]), 0);
}

static inline void take_events(struct world *world, struct side *side)
{
    struct auger_ice_event event;

    while (auger_ice_poll_event(side->ice, &event)) {
        switch (event.type) {
        case AUGER_ICE_EVENT_CANDIDATE:
            assert_true(side->cands_len < EVENTS_MAX);
            side->cands[side->cands_len++] = event.cand;
            break;
        case AUGER_ICE_EVENT_GATHERED:
            side->gathered_at = world->now;
            break;
        case AUGER_ICE_EVENT_STATE:
            assert_true(side->states_len < EVENTS_MAX);
            side->states[side->states_len++] = event.state;
            if (event.state == AUGER_ICE_CONNECTED && side->connected_at == AUGER_NEVER)
                side->connected_at = world->now;
            break;
        case AUGER_ICE_EVENT_PATH:
            side->path = event.path;
            side->paths++;
            if (side->path_at == AUGER_NEVER)
                side->path_at = world->now;
            break;
        case AUGER_ICE_EVENT_RESTART_WANTED:
            side->wanted_restarts++;
            break;
        case AUGER_ICE_EVENT_RESTART_FAILED:
            side->failed_restarts++;
            break;
        case AUGER_ICE_EVENT_HELPERS_WANTED: /* guesser.h */
        case AUGER_ICE_EVENT_HELPERS_DONE:
            break;
        }
    }
    struct auger_ice_pair_info pairs[100];
    size_t len = auger_ice_pairs(side->ice, pairs, 100);
    for (size_t i = 0; i < len && side->selected_at == AUGER_NEVER; i++) {
        if (pairs[i].selected)
            side->selected_at = world->now;
    }
}

static inline void put_on_wire(struct world *world, const struct auger_path *path,
                               const uint8_t *buf, size_t len)
{
    struct packet *packet = calloc(1, sizeof(*packet));
    assert_non_null(packet);
    packet->at = world->now + world->delay;
    packet->path = *path;
    packet->len = len;
    memcpy(packet->buf, buf, len);
    world->sent++;
    if (world->packets_len == PACKETS_MAX || (world->wire && !world->wire(world, packet))) {
        free(packet);
        return;
    }
    world->packets[world->packets_len++] = packet;
}

static inline void drain(struct world *world, struct side *side)
{
    struct auger_path path;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;

    if (!side->ice)
        return;
    while ((len = auger_ice_poll_transmit(side->ice, world->now, &path, buf, sizeof(buf)))) {
        if (auger_addr_equal(&path.local, &side->nat_inside))
            path.local = side->nat_outside;
        put_on_wire(world, &path, buf, len);
    }
    take_events(world, side);
}

static inline bool owns(const struct side *side, const struct auger_addr *addr)
{
    struct auger_cand cands[64];
    size_t len = side->ice ? auger_ice_local_cands(side->ice, cands, 64) : 0;
    if (side->ice && addr->family && auger_addr_equal(&side->nat_inside, addr))
        return true;
    for (size_t i = 0; i < len; i++) {
        if ((cands[i].type == AUGER_CAND_HOST || cands[i].type == AUGER_CAND_RELAY) &&
            auger_addr_equal(&cands[i].addr, addr))
            return true;
    }
    return false;
}

static inline void deliver(struct world *world, const struct packet *packet)
{
    struct auger_addr to = packet->path.remote;

    if (world->server.family && auger_addr_equal(&to, &world->server)) {
        uint8_t reply[AUGER_DATAGRAM_MAX];
        size_t len = auger_stun_server_answer(&packet->path.local, packet->buf, packet->len, reply,
                                              sizeof(reply));
        struct auger_path back = {to, packet->path.local};
        if (len)
            put_on_wire(world, &back, reply, len);
        return;
    }
    for (int i = 0; i < 2; i++) {
        struct side *side = &world->sides[i];
        struct auger_path path = {to, packet->path.local};
        struct auger_bytes data;
        if (side->nat_outside.family) {
            if (!auger_addr_equal(&to, &side->nat_outside))
                continue;
            path.local = side->nat_inside;
        }
        if (!owns(side, &path.local))
            continue;
        auger_ice_handle_datagram(side->ice, world->now, &path, packet->buf, packet->len, &data);
        if (data.data) {
            memcpy(side->data, data.data, data.len);
            side->data_len = data.len;
            side->data_count++;
        }
        return;
    }
}

static inline bool deliver_due(struct world *world)
{
    for (size_t i = 0; i < world->packets_len; i++) {
        struct packet *packet = world->packets[i];
        if (packet->at > world->now)
            continue;
        memmove(&world->packets[i], &world->packets[i + 1],
                (--world->packets_len - i) * sizeof(world->packets[0]));
        deliver(world, packet);
        free(packet);
        return true;
    }
    return false;
}

/* Lets happen what happens at this very moment. */
static inline void world_settle(struct world *world)
{
    do {
        drain(world, &world->sides[0]);
        drain(world, &world->sides[1]);
    } while (deliver_due(world));
}

static inline auger_time world_next(const struct world *world)
{
    auger_time next = AUGER_NEVER;
    for (size_t i = 0; i < world->packets_len; i++)
        next = world->packets[i]->at < next ? world->packets[i]->at : next;
    for (int i = 0; i < 2; i++) {
        auger_time at =
            world->sides[i].ice ? auger_ice_next_timeout(world->sides[i].ice) : AUGER_NEVER;
        next = at < next ? at : next;
    }
    return next;
}

/* Lets the world go on for `time`, from one thing that happens to the next.  An
 * agent that asks to be woken at once for ever is found out. */
static inline void world_run(struct world *world, auger_time time)
{
    auger_time end = world->now + time;

    world_settle(world);
    for (;;) {
        auger_time next = world_next(world);
        if (next > end)
            break;
        assert_true(next > world->now);
        world->now = next;
        for (int i = 0; i < 2; i++) {
            if (world->sides[i].ice)
                auger_ice_handle_timeout(world->sides[i].ice, world->now);
        }
        world_settle(world);
    }
    world->now = end;
}

static inline struct auger_ice_counters counters_of(const struct world *world, int which)
{
    struct auger_ice_counters counters;
    auger_ice_get_counters(world->sides[which].ice, &counters);
    return counters;
}

/* Both know everything that the other has said so far. */
static inline void introduce(struct world *world)
{
    world_settle(world);
    tell_credentials(world, 0);
    tell_credentials(world, 1);
    tell_candidates(world, 0);
    tell_candidates(world, 1);
}

/* The datagram that side `from` makes of `text`, put on the wire. */
static inline void send_text(struct world *world, int from, const char *text)
{
    struct auger_path path;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    int len = auger_ice_write_data(world->sides[from].ice, world->now, (const uint8_t *)text,
                                   strlen(text), &path, buf, sizeof(buf));
    assert_int_equal(len, strlen(text));
    if (auger_addr_equal(&path.local, &world->sides[from].nat_inside))
        path.local = world->sides[from].nat_outside;
    put_on_wire(world, &path, buf, (size_t)len);
}

#endif /* TESTS_ICE_WORLD_H */
