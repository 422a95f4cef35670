/* bench/world.c - pairs of peers on a wire in memory. */
#define _GNU_SOURCE
#include "bench/world.h"
#include "bench/bench.h"

#include <auger/crypto.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#define WIRE_MAX 4096
#define SDP_MAX 8192

/* The delay is the same for all, so what left first arrives first. */
struct datagram {
    auger_time at;
    struct auger_path path; /* as the receiver sees it */
    size_t len;
    uint8_t bytes[AUGER_DATAGRAM_MAX];
};

static struct datagram wire[WIRE_MAX];
static size_t wire_at, wire_len;
static struct world *current;

static void must(int err, const char *what)
{
    if (err >= 0)
        return;
    fprintf(stderr, "bench: %s: %s\n", what, auger_strerror(err));
    exit(1);
}

/* usrsctp and libssl ask this for their round-trip times; while there is a world, its time is
 * theirs. */
__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict tv,
                                                        void *restrict tz)
{
    struct timespec ts;

    (void)tz;
    clock_gettime(CLOCK_REALTIME, &ts);
    if (current)
        ts = (struct timespec){.tv_sec = 1700000000 + current->now / AUGER_SEC,
                               .tv_nsec = (long)(current->now % AUGER_SEC)};
    *tv = (struct timeval){.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000};
    return 0;
}

/* --- an end's environment -------------------------------------------------------------------- */

static int draw(void *user, uint8_t *buf, size_t len)
{
    (void)user;
    return auger_env_system()->random(NULL, buf, len);
}

static void *take(void *user, size_t size)
{
    struct world_end *end = user;
    void *ptr = calloc(1, size);

    end->heap += malloc_usable_size(ptr);
    return ptr;
}

static void give_back(void *user, void *ptr)
{
    struct world_end *end = user;

    end->heap -= malloc_usable_size(ptr);
    free(ptr);
}

static void note(auger_time *at, auger_time now)
{
    if (*at == AUGER_NEVER)
        *at = now;
}

static void listen_in(void *user, const struct auger_trace_record *record)
{
    struct world_end *end = user;

    if (!strcmp(record->name, "ice:selected"))
        note(&end->times.nominated, record->at);
    else if (!strcmp(record->name, "sctp:up"))
        note(&end->times.associated, record->at);
}

/* --- the wire -------------------------------------------------------------------------------- */

static void send_off(struct world *world, const struct auger_path *path, const uint8_t *buf,
                     size_t len)
{
    if (wire_len == WIRE_MAX)
        return; /* a full wire loses, as others do */
    struct datagram *datagram = &wire[(wire_at + wire_len++) % WIRE_MAX];

    datagram->at = world->now + world->delay;
    datagram->path = (struct auger_path){.local = path->remote, .remote = path->local};
    datagram->len = len;
    memcpy(datagram->bytes, buf, len);
    world->datagrams++;
    world->wire_bytes += len;
}

/* Ports are numbers of ends. */
static void deliver(struct world *world, const struct datagram *datagram)
{
    size_t to = datagram->path.local.port - 1u;

    if (to < world->ends_len)
        auger_peer_handle_datagram(world->ends[to].peer, world->now, &datagram->path,
                                   datagram->bytes, datagram->len);
}

static bool deliver_due(struct world *world)
{
    bool any = false;

    while (wire_len > 0 && wire[wire_at].at <= world->now) {
        deliver(world, &wire[wire_at]);
        wire_at = (wire_at + 1) % WIRE_MAX;
        wire_len--;
        any = true;
    }
    return any;
}

/* --- the five verbs -------------------------------------------------------------------------- */

static void take_event(struct world_end *end, auger_time now, const struct auger_peer_event *event)
{
    if (event->type == AUGER_PEER_EVENT_PATH) {
        note(&end->times.usable, now);
    } else if (event->type == AUGER_PEER_EVENT_STATE && event->state == AUGER_PEER_CONNECTED) {
        note(&end->times.secure, now);
    } else if (event->type == AUGER_PEER_EVENT_CHANNEL ||
               event->type == AUGER_PEER_EVENT_CHANNEL_OPEN) {
        end->channel = event->channel;
        note(&end->times.open, now);
    } else if (event->type == AUGER_PEER_EVENT_MESSAGE) {
        end->messages++;
        end->bytes += event->data.len;
    }
}

static bool turn(struct world *world, struct world_end *end)
{
    struct auger_peer_event event;
    struct auger_path path;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;
    bool any = false;

    if (auger_peer_next_timeout(end->peer) <= world->now)
        auger_peer_handle_timeout(end->peer, world->now);
    while ((len = auger_peer_poll_transmit(end->peer, world->now, &path, buf, sizeof(buf))) > 0) {
        send_off(world, &path, buf, len);
        any = true;
    }
    while (auger_peer_poll_event(end->peer, &event)) {
        take_event(end, world->now, &event);
        any = true;
    }
    return any;
}

/* Everything that happens without time passing. */
static void settle(struct world *world)
{
    bool any;

    do {
        any = deliver_due(world);
        for (size_t i = 0; i < world->ends_len; i++)
            any |= turn(world, &world->ends[i]);
    } while (any);
}

static auger_time next_time(const struct world *world)
{
    auger_time next = wire_len > 0 ? wire[wire_at].at : AUGER_NEVER;

    for (size_t i = 0; i < world->ends_len; i++) {
        auger_time at = auger_peer_next_timeout(world->ends[i].peer);
        next = at < next ? at : next;
    }
    return next > world->now ? next : world->now + AUGER_US;
}

/* false: there is nothing more to do until then. */
static bool step(struct world *world, auger_time until)
{
    settle(world);
    auger_time next = next_time(world);
    world->now = next < until ? next : until;
    return next <= until;
}

void world_run_for(struct world *world, auger_time duration)
{
    auger_time until = world->now + duration;

    while (step(world, until))
        ;
    settle(world);
}

void world_run_until_open(struct world *world, const struct world_end *pair)
{
    auger_time until = world->now + 60 * AUGER_SEC;

    settle(world);
    while (pair[0].times.open == AUGER_NEVER || pair[1].times.open == AUGER_NEVER)
        if (!step(world, until))
            must(AUGER_ERR_NO_PATH, "a pair did not connect");
        else
            settle(world);
}

/* --- pairs ------------------------------------------------------------------------------------ */

struct world *world_new(auger_time delay)
{
    static auger_time last = AUGER_SEC;
    struct world *world = calloc(1, sizeof(*world));

    if (!world)
        abort();
    last += 3600 * AUGER_SEC; /* a later world's clock must not go back */
    world->now = last;
    world->delay = delay;
    wire_at = wire_len = 0;
    current = world;
    return world;
}

void world_free(struct world *world)
{
    for (size_t i = 0; i < world->ends_len; i++)
        auger_peer_free(world->ends[i].peer);
    current = NULL;
    free(world);
}

static void add_end(struct world *world, bool traced, struct auger_certificate *certificate)
{
    struct world_end *end = &world->ends[world->ends_len++];
    struct auger_peer_config config;

    end->env = (struct auger_env){.user = end,
                                  .random = draw,
                                  .alloc = take,
                                  .release = give_back,
                                  .trace = traced ? listen_in : NULL};
    end->times =
        (struct world_times){AUGER_NEVER, AUGER_NEVER, AUGER_NEVER, AUGER_NEVER, AUGER_NEVER};
    end->addr = (struct auger_addr){
        .family = AUGER_IPV4, .port = (uint16_t)world->ends_len, .ip = {192, 0, 2, 1}};
    auger_peer_config_init(&config);
    config.certificate = certificate;
    must(auger_peer_new(&end->peer, &end->env, &config), "no peer");
    must(auger_peer_add_local_addr(end->peer, world->now, &end->addr), "no address");
    auger_peer_end_of_local_addrs(end->peer, world->now);
}

struct world_end *world_add_pair(struct world *world, bool traced,
                                 struct auger_certificate *certificate)
{
    if (world->ends_len + 2 > WORLD_ENDS_MAX)
        abort();
    add_end(world, traced, certificate);
    add_end(world, traced, certificate);
    return &world->ends[world->ends_len - 2];
}

static void tell(const struct world *world, struct world_end *end, enum auger_sdp_type type,
                 const char *sdp)
{
    must(auger_peer_set_remote_description(end->peer, world->now, type, sdp, strlen(sdp), NULL),
         "a description is refused");
}

void world_introduce(struct world *world, struct world_end *pair)
{
    const struct auger_channel_options options = {.label = "bench", .id = AUGER_STREAM_NONE};
    char offer[SDP_MAX], answer[SDP_MAX];

    must(auger_peer_channel_open(pair[0].peer, world->now, &options, &pair[0].channel),
         "no channel");
    must(auger_peer_create_offer(pair[0].peer, world->now, offer, sizeof(offer)), "no offer");
    tell(world, &pair[1], AUGER_SDP_OFFER, offer);
    must(auger_peer_create_answer(pair[1].peer, world->now, answer, sizeof(answer)), "no answer");
    tell(world, &pair[0], AUGER_SDP_ANSWER, answer);
    world->t0 = world->now;
}
