/* tests/sim/turn_watch.c - what must hold of a TURN server, by what it is told and says. */
#include "tests/sim/turn_watch.h"

#include "sim/memory.h"

#include "base/time.h"

#include <auger/stun.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PERMISSION (300 * AUGER_SEC) /* RFC 8656 section 9 */
#define ALLOCATIONS_MAX 64
#define PERMISSIONS_MAX 64
#define SOURCES_MAX 256
#define REPLIES_PER_S 10
#define REPLIES_AT_ONCE 10

struct permission {
    struct auger_addr peer; /* whose IP address it is for */
    auger_time until;
};

struct allocation {
    struct auger_path client; /* no family: the slot is free */
    struct auger_addr relayed[2];
    struct permission permissions[PERMISSIONS_MAX];
    size_t permissions_len;
};

struct source {
    struct auger_addr addr;
    uint64_t received, sent; /* bytes */
    auger_time counted_at;   /* the latest reply */
    auger_time replies;      /* that count still, each as long as one takes */
};

struct turn_watch {
    uint64_t ports;
    struct allocation allocations[ALLOCATIONS_MAX];
    struct source sources[SOURCES_MAX];
    size_t sources_len;
    char broken[200];
};

struct turn_watch *turn_watch_new(uint64_t ports)
{
    struct turn_watch *watch = sim_alloc(sizeof(*watch));

    watch->ports = ports;
    return watch;
}

void turn_watch_free(struct turn_watch *watch)
{
    free(watch);
}

void turn_watch_forget(struct turn_watch *watch)
{
    memset(watch->allocations, 0, sizeof(watch->allocations));
}

const char *turn_watch_broken(const struct turn_watch *watch)
{
    return watch->broken[0] ? watch->broken : NULL;
}

static void __attribute__((format(printf, 2, 3)))
fault(struct turn_watch *watch, const char *format, ...)
{
    va_list args;

    if (watch->broken[0])
        return;
    va_start(args, format);
    vsnprintf(watch->broken, sizeof(watch->broken), format, args);
    va_end(args);
}

/* --- allocations ---------------------------------------------------------------------- */

static bool is_free(const struct allocation *allocation)
{
    return allocation->client.local.family == AUGER_FAMILY_NONE;
}

static struct allocation *of_client(struct turn_watch *watch, const struct auger_path *client)
{
    for (size_t i = 0; i < ALLOCATIONS_MAX; i++)
        if (!is_free(&watch->allocations[i]) &&
            auger_path_equal(&watch->allocations[i].client, client))
            return &watch->allocations[i];
    return NULL;
}

static bool has_relay(const struct allocation *allocation, const struct auger_addr *relayed)
{
    return auger_addr_equal(&allocation->relayed[0], relayed) ||
           auger_addr_equal(&allocation->relayed[1], relayed);
}

static struct allocation *of_relay(struct turn_watch *watch, const struct auger_addr *relayed)
{
    for (size_t i = 0; i < ALLOCATIONS_MAX; i++)
        if (!is_free(&watch->allocations[i]) && has_relay(&watch->allocations[i], relayed))
            return &watch->allocations[i];
    return NULL;
}

static void allocated(struct turn_watch *watch, const struct auger_path *client,
                      const struct auger_stun_msg *said)
{
    struct allocation *slot = of_client(watch, client);

    for (size_t i = 0; !slot && i < ALLOCATIONS_MAX; i++)
        if (is_free(&watch->allocations[i]))
            slot = &watch->allocations[i];
    if (!slot) {
        fault(watch, "5: more than %d allocations", ALLOCATIONS_MAX);
        return;
    }
    if (!is_free(slot))
        return; /* the answer is given once more */
    *slot = (struct allocation){.client = *client};
    for (size_t i = 0; i < 2; i++) {
        struct auger_addr relayed;
        if (!auger_stun_msg_addr_at(said, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, i, &relayed))
            continue;
        if (of_relay(watch, &relayed))
            fault(watch, "5: a relay of two allocations");
        slot->relayed[i] = relayed;
    }
}

static void permit(struct turn_watch *watch, auger_time now, struct allocation *allocation,
                   const struct auger_addr *peer)
{
    struct permission *permission = NULL;

    for (size_t i = 0; i < allocation->permissions_len; i++)
        if (auger_addr_ip_equal(&allocation->permissions[i].peer, peer))
            permission = &allocation->permissions[i];
    if (!permission && allocation->permissions_len == PERMISSIONS_MAX) {
        fault(watch, "5: more than %d permissions", PERMISSIONS_MAX);
        return;
    }
    if (!permission)
        permission = &allocation->permissions[allocation->permissions_len++];
    *permission = (struct permission){*peer, now + PERMISSION};
}

static void permitted(struct turn_watch *watch, auger_time now, struct allocation *allocation,
                      const struct auger_stun_msg *asked)
{
    struct auger_addr peer;

    for (size_t i = 0; auger_stun_msg_addr_at(asked, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, i, &peer);
         i++)
        permit(watch, now, allocation, &peer);
}

static bool is_permitted(const struct allocation *allocation, auger_time now,
                         const struct auger_addr *peer)
{
    for (size_t i = 0; i < allocation->permissions_len; i++)
        if (auger_addr_ip_equal(&allocation->permissions[i].peer, peer))
            return now < allocation->permissions[i].until;
    return false;
}

/* --- what it says --------------------------------------------------------------------- */

static void succeeded(struct turn_watch *watch, auger_time now, const struct auger_path *client,
                      const struct auger_stun_msg *asked, const struct auger_stun_msg *said)
{
    if (said->method == AUGER_STUN_ALLOCATE)
        allocated(watch, client, said);
    struct allocation *allocation = of_client(watch, client);
    if (!allocation)
        return;
    if (said->method == AUGER_STUN_CREATE_PERMISSION || said->method == AUGER_STUN_CHANNEL_BIND)
        permitted(watch, now, allocation, asked);
}

/* 8656 sections 5 and 7.2: a second allocation of one 5-tuple, or something else about none. */
static void refused(struct turn_watch *watch, bool was_there, const struct auger_stun_msg *said)
{
    if (said->error_code == AUGER_STUN_ALLOCATION_MISMATCH &&
        was_there != (said->method == AUGER_STUN_ALLOCATE))
        fault(watch, "5: a 437 to who has %s allocation", was_there ? "an" : "no");
}

static struct source *source_of(struct turn_watch *watch, const struct auger_addr *addr)
{
    for (size_t i = 0; i < watch->sources_len; i++)
        if (auger_addr_equal(&watch->sources[i].addr, addr))
            return &watch->sources[i];
    if (watch->sources_len == SOURCES_MAX)
        return NULL;
    struct source *source = &watch->sources[watch->sources_len++];
    *source = (struct source){.addr = *addr};
    return source;
}

/* 4: 10 replies at once, and 10 a second from then on (docs/decisions/126), however the seconds
 * are cut: in the first one there may be 20. */
static void answered_stranger(struct turn_watch *watch, auger_time now, struct source *source,
                              size_t len)
{
    auger_time step = AUGER_SEC / REPLIES_PER_S;

    source->replies = auger_time_max(source->replies - (now - source->counted_at), 0) + step;
    source->counted_at = now;
    source->sent += len;
    if (source->replies > REPLIES_AT_ONCE * step && source->sent * 10 > source->received * 17)
        fault(watch, "4: %llu bytes to a stranger for %llu", (unsigned long long)source->sent,
              (unsigned long long)source->received);
}

static void sent_to_peer(struct turn_watch *watch, auger_time now, const struct auger_path *client,
                         const struct auger_path *path)
{
    const struct allocation *allocation = of_client(watch, client);

    if (!allocation)
        fault(watch, "5: relayed to a peer without an allocation");
    else if (!has_relay(allocation, &path->local))
        fault(watch, "5: relayed to a peer by the relay of another");
    else if (!is_permitted(allocation, now, &path->remote))
        fault(watch, "5: relayed to a peer without a permission");
}

/* A Binding request of RFC 3489, or one whose cookie was damaged on the way: it is answered in
 * kind, with its 16 bytes of transaction id. */
static bool is_classic(const uint8_t *buf, size_t len, struct auger_bytes answer)
{
    static const uint8_t binding[] = {0x00, 0x01}, cookie[] = {0x21, 0x12, 0xA4, 0x42};

    return len >= 20 && memcmp(buf, binding, 2) == 0 && memcmp(buf + 4, cookie, 4) != 0 &&
           answer.len >= 20 && memcmp(answer.data + 4, buf + 4, 16) == 0;
}

void turn_watch_client(struct turn_watch *watch, auger_time now, const struct auger_path *client,
                       const uint8_t *buf, size_t len, const struct auger_turn_server_out *out)
{
    bool was_there = of_client(watch, client) != NULL;
    struct source *source = was_there ? NULL : source_of(watch, &client->remote);
    struct auger_stun_msg asked, said;

    if (source)
        source->received += len;
    if (out->what == AUGER_TURN_SERVER_TO_PEER) {
        sent_to_peer(watch, now, client, &out->path);
        return;
    }
    if (out->what != AUGER_TURN_SERVER_TO_CLIENT)
        return;
    if (!auger_path_equal(&out->path, client))
        fault(watch, "5: an answer to another than who has asked");
    if (is_classic(buf, len, out->bytes)) {
        if (source)
            answered_stranger(watch, now, source, out->bytes.len);
        return;
    }
    if (auger_stun_msg_parse(&asked, buf, len) != 0 ||
        auger_stun_msg_parse(&said, out->bytes.data, out->bytes.len) != 0) {
        fault(watch, "5: an answer that cannot be read");
        return;
    }
    if (said.class_ == AUGER_STUN_SUCCESS && said.method != AUGER_STUN_BINDING)
        succeeded(watch, now, client, &asked, &said);
    else if (source)
        answered_stranger(watch, now, source, out->bytes.len);
    if (said.class_ == AUGER_STUN_ERROR)
        refused(watch, was_there, &said);
}

void turn_watch_peer(struct turn_watch *watch, auger_time now, const struct auger_addr *relayed,
                     const struct auger_addr *peer, const struct auger_turn_server_out *out)
{
    const struct allocation *allocation = of_relay(watch, relayed);

    if (out->what == AUGER_TURN_SERVER_NOTHING)
        return;
    if (out->what != AUGER_TURN_SERVER_TO_CLIENT)
        fault(watch, "5: a peer's datagram goes elsewhere");
    else if (!allocation)
        fault(watch, "5: relayed to a client without an allocation");
    else if (!auger_path_equal(&out->path, &allocation->client))
        fault(watch, "5: relayed to another client");
    else if (!is_permitted(allocation, now, peer))
        fault(watch, "5: relayed from a peer without a permission");
}

void turn_watch_event(struct turn_watch *watch, const struct auger_turn_server_event *event)
{
    struct allocation *allocation = NULL;

    if (event->type == AUGER_TURN_SERVER_EVENT_ENDED)
        allocation = of_client(watch, &event->allocation.client);
    if (allocation)
        *allocation = (struct allocation){0};
}

void turn_watch_count(struct turn_watch *watch, const struct auger_turn_server_stats *stats,
                      uint64_t open)
{
    uint64_t allocations = 0, relays = 0;

    for (size_t i = 0; i < ALLOCATIONS_MAX; i++) {
        const struct allocation *allocation = &watch->allocations[i];
        allocations += !is_free(allocation);
        relays += allocation->relayed[0].family != AUGER_FAMILY_NONE;
        relays += allocation->relayed[1].family != AUGER_FAMILY_NONE;
    }
    if (allocations != stats->allocations)
        fault(watch, "5: %llu allocations, and it counts %llu", (unsigned long long)allocations,
              (unsigned long long)stats->allocations);
    if (relays != open || relays != stats->relays)
        fault(watch, "5: %llu relays of allocations, %llu open, and it counts %llu",
              (unsigned long long)relays, (unsigned long long)open,
              (unsigned long long)stats->relays);
    if (stats->ports_free[0] + stats->ports_free[1] + relays != 2 * watch->ports)
        fault(watch, "5: %llu ports free, and %llu relays",
              (unsigned long long)(stats->ports_free[0] + stats->ports_free[1]),
              (unsigned long long)relays);
}
