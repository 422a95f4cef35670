/*
 * tests/explore/world.h - two agents, what is under way between them, and the clock: all
 * in one piece of memory, so that a state is kept and brought back by copying it.
 *
 * An agent is a function of its inputs and takes all its memory from `env`; here that is
 * an arena inside the piece, which never moves, so its pointers stay right.  The keys of
 * the HMAC lie outside; they do not change once the agents know each other.
 */
#ifndef EXPLORE_WORLD_H
#define EXPLORE_WORLD_H

#include "sim/digest.h"

#include <auger/ice.h>

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_SIZE (24 * 1024)
#define FLIGHT_MAX 24
#define FLIGHT_BYTES 160

struct arena {
    size_t used;
    _Alignas(16) uint8_t bytes[ARENA_SIZE];
};

struct side {
    struct auger_env env;
    struct auger_ice *ice;
    uint64_t random;
    struct auger_addr inside, outside; /* a static NAT, open to all; or none */
    bool is_told;                      /* of the peer's candidates */
    struct arena arena;
};

enum flight_kind { DATAGRAM, CANDIDATES };

struct flight {
    enum flight_kind kind;
    unsigned to;
    unsigned age;           /* timers that fired while it was under way */
    struct auger_path path; /* as the receiver sees it */
    size_t len;
    uint8_t bytes[FLIGHT_BYTES];
};

struct world {
    auger_time now;
    unsigned losses, delays, minds; /* that may yet happen */
    size_t flights_len;
    struct flight flights[FLIGHT_MAX];
    struct side sides[2];
};

/* --- env ---------------------------------------------------------------------- */

static inline int world_random(void *user, uint8_t *buf, size_t len)
{
    struct side *side = user;

    for (size_t i = 0; i < len; i++) {
        side->random ^= side->random << 13;
        side->random ^= side->random >> 7;
        side->random ^= side->random << 17;
        buf[i] = (uint8_t)(side->random >> 24);
    }
    return 0;
}

static inline void *world_alloc(void *user, size_t size)
{
    struct arena *arena = &((struct side *)user)->arena;
    size_t need = (size + 15) / 16 * 16;

    if (arena->used + need > sizeof(arena->bytes))
        abort();
    uint8_t *at = arena->bytes + arena->used;
    memset(at, 0, size);
    arena->used += need;
    return at;
}

static inline void world_release(void *user, void *ptr)
{
    (void)user;
    (void)ptr;
}

/* --- keeping a state ------------------------------------------------------------ */

/* What of a world counts: the arenas only as far as they are used. */
static inline void world_copy(struct world *to, const struct world *from)
{
    to->now = from->now;
    to->losses = from->losses;
    to->delays = from->delays;
    to->minds = from->minds;
    to->flights_len = from->flights_len;
    memcpy(to->flights, from->flights, from->flights_len * sizeof(from->flights[0]));
    for (int i = 0; i < 2; i++) {
        memcpy(&to->sides[i], &from->sides[i], offsetof(struct side, arena));
        to->sides[i].arena.used = from->sides[i].arena.used;
        memcpy(to->sides[i].arena.bytes, from->sides[i].arena.bytes, from->sides[i].arena.used);
    }
}

static inline uint64_t digest_words(uint64_t digest, const void *data, size_t len)
{
    const uint8_t *at = data;
    uint64_t word;

    for (; len >= 8; at += 8, len -= 8) {
        memcpy(&word, at, 8);
        digest = (digest ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        digest ^= digest >> 29;
    }
    return digest_bytes(digest, at, len);
}

static inline uint64_t flight_digest(const struct flight *flight)
{
    uint64_t digest = digest_u64(DIGEST_START, (uint64_t)flight->kind << 8 | flight->to);

    digest = digest_words(digest, &flight->path, sizeof(flight->path));
    return digest_words(digest, flight->bytes, flight->len);
}

/* Of everything that decides what can come of this state.  The order in which datagrams
 * were sent does not. */
static inline uint64_t world_digest(const struct world *world)
{
    uint64_t digest = digest_u64(DIGEST_START, (uint64_t)world->now), flights = 0;

    digest = digest_u64(digest, (uint64_t)world->minds << 16 | world->losses << 8 | world->delays);
    for (size_t i = 0; i < world->flights_len; i++)
        flights += flight_digest(&world->flights[i]);
    digest = digest_u64(digest, flights);
    for (int i = 0; i < 2; i++) {
        const struct side *side = &world->sides[i];
        digest = digest_u64(digest, side->random);
        digest = digest_u64(digest, side->is_told);
        digest = digest_words(digest, side->arena.bytes, side->arena.used);
    }
    return digest;
}

/* --- what happens ----------------------------------------------------------------- */

static inline struct flight *world_add_flight(struct world *world, enum flight_kind kind,
                                              unsigned to)
{
    if (world->flights_len == FLIGHT_MAX)
        abort();
    struct flight *flight = &world->flights[world->flights_len++];
    memset(flight, 0, sizeof(*flight));
    flight->kind = kind;
    flight->to = to;
    return flight;
}

static inline void world_remove_flight(struct world *world, size_t i)
{
    memmove(&world->flights[i], &world->flights[i + 1],
            (world->flights_len - i - 1) * sizeof(world->flights[0]));
    world->flights_len--;
}

/* The receiver's path, or false: nobody is there. */
static inline bool route(const struct world *world, unsigned from, const struct auger_path *path,
                         struct auger_path *arrived)
{
    const struct side *sender = &world->sides[from], *receiver = &world->sides[1 - from];
    bool translates = sender->outside.family && auger_addr_equal(&path->local, &sender->inside);

    memset(arrived, 0, sizeof(*arrived));
    arrived->remote = translates ? sender->outside : path->local;
    arrived->local = path->remote;
    if (!receiver->outside.family)
        return true;
    arrived->local = receiver->inside;
    return auger_addr_equal(&path->remote, &receiver->outside);
}

static inline void world_drain(struct world *world, unsigned which)
{
    struct auger_ice *ice = world->sides[which].ice;
    struct auger_path path, arrived;
    struct auger_ice_event event;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;

    while ((len = auger_ice_poll_transmit(ice, world->now, &path, buf, sizeof(buf))) > 0) {
        if (!route(world, which, &path, &arrived))
            continue;
        assert(len <= FLIGHT_BYTES);
        struct flight *flight = world_add_flight(world, DATAGRAM, 1 - which);
        flight->path = arrived;
        flight->len = len;
        memcpy(flight->bytes, buf, len);
    }
    while (auger_ice_poll_event(ice, &event))
        continue;
}

static inline void world_check(int err)
{
    if (err < 0)
        abort();
}

/* Makes the keys, which lie outside the arena: before anything is explored. */
static inline void world_tell_credentials(struct world *world, unsigned which)
{
    const struct auger_ice *peer = world->sides[1 - which].ice;

    world_check(auger_ice_set_remote_credentials(world->sides[which].ice, world->now,
                                                 auger_ice_ufrag(peer), auger_ice_password(peer)));
}

/* The candidates that can be reached, and their end. */
static inline void world_tell_candidates(struct world *world, unsigned which)
{
    struct side *side = &world->sides[which];
    const struct side *peer = &world->sides[1 - which];
    struct auger_cand cands[4];
    size_t len = auger_ice_local_cands(peer->ice, cands, 4);

    for (size_t i = 0; i < len && !peer->outside.family; i++)
        world_check(auger_ice_add_remote_cand(side->ice, world->now, &cands[i]));
    auger_ice_end_of_remote_cands(side->ice, world->now);
    side->is_told = true;
}

static inline void world_deliver(struct world *world, size_t i)
{
    struct flight flight = world->flights[i];
    struct auger_ice *ice = world->sides[flight.to].ice;
    struct auger_bytes data = {0};

    world_remove_flight(world, i);
    if (flight.kind == CANDIDATES)
        world_tell_candidates(world, flight.to);
    else
        auger_ice_handle_datagram(ice, world->now, &flight.path, flight.bytes, flight.len, &data);
    world_drain(world, flight.to);
}

static inline void world_fire(struct world *world, unsigned which)
{
    auger_time next = auger_ice_next_timeout(world->sides[which].ice);

    if (next > world->now)
        world->now = next;
    auger_ice_handle_timeout(world->sides[which].ice, world->now);
    world_drain(world, which);
}

/* Of the side whose timer is due first. */
static inline auger_time world_next(const struct world *world, unsigned which)
{
    return auger_ice_next_timeout(world->sides[which].ice);
}

#endif /* EXPLORE_WORLD_H */
