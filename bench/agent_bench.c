/* bench/agent_bench.c - what an agent takes by itself, without DTLS, SCTP and sockets: bytes by
 * way of its environment, and the work of making two and connecting them in memory. */
#include "bench/bench.h"

#include <auger/crypto.h>
#include <auger/ice.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDES 2
#define DATAGRAMS_MAX 64

struct heap {
    size_t bytes;
};

struct datagram {
    int to;
    struct auger_path path; /* as its receiver sees it */
    size_t len;
    uint8_t bytes[AUGER_DATAGRAM_MAX];
};

/* Two agents, and what is on its way between them. */
struct meeting {
    auger_time now;
    struct heap heap[SIDES];
    struct auger_env env[SIDES];
    struct auger_ice *ice[SIDES];
    bool is_deaf; /* what is sent is lost */
    struct datagram wire[DATAGRAMS_MAX];
    size_t first, len;
};

static void must(int err, const char *what)
{
    if (err >= 0)
        return;
    fprintf(stderr, "bench: %s: %s\n", what, auger_strerror(err));
    exit(1);
}

/* --- the environment ------------------------------------------------------------------------ */

static int draw(void *user, uint8_t *buf, size_t len)
{
    (void)user;
    return auger_env_system()->random(NULL, buf, len);
}

/* The size that was asked for stands in front: what the agent takes, and not the allocator. */
static void *take(void *user, size_t size)
{
    struct heap *heap = user;
    size_t *block = calloc(1, 16 + size);

    if (!block)
        return NULL;
    *block = size;
    heap->bytes += size;
    return block + 2;
}

static void give_back(void *user, void *ptr)
{
    struct heap *heap = user;
    size_t *block = (size_t *)ptr - 2;

    heap->bytes -= *block;
    free(block);
}

/* --- a meeting ------------------------------------------------------------------------------ */

static struct auger_addr addr_of(int side, unsigned number)
{
    struct auger_addr addr;
    char text[64];

    snprintf(text, sizeof(text), "10.%d.%u.%u:%u", side, number / 200, 1 + number % 200,
             4000 + number);
    must(auger_addr_parse(&addr, text), "an address");
    return addr;
}

static void hear_events(struct meeting *meeting, int side)
{
    struct auger_ice_event event;

    while (auger_ice_poll_event(meeting->ice[side], &event))
        if (event.type == AUGER_ICE_EVENT_CANDIDATE && !meeting->is_deaf)
            (void)!auger_ice_add_remote_cand(meeting->ice[!side], meeting->now, &event.cand);
}

static void put_on_wire(struct meeting *meeting, int from, const struct auger_path *path,
                        const uint8_t *buf, size_t len)
{
    if (meeting->is_deaf || meeting->len == DATAGRAMS_MAX)
        return;
    struct datagram *datagram = &meeting->wire[(meeting->first + meeting->len++) % DATAGRAMS_MAX];
    datagram->to = !from;
    datagram->path = (struct auger_path){.local = path->remote, .remote = path->local};
    datagram->len = len;
    memcpy(datagram->bytes, buf, len);
}

static bool deliver_one(struct meeting *meeting)
{
    struct auger_bytes data;

    if (meeting->len == 0)
        return false;
    const struct datagram *datagram = &meeting->wire[meeting->first];
    meeting->first = (meeting->first + 1) % DATAGRAMS_MAX;
    meeting->len--;
    auger_ice_handle_datagram(meeting->ice[datagram->to], meeting->now, &datagram->path,
                              datagram->bytes, datagram->len, &data);
    return true;
}

/* All that is due now, and what it causes. */
static void settle(struct meeting *meeting)
{
    do {
        for (int side = 0; side < SIDES; side++) {
            struct auger_path path;
            uint8_t buf[AUGER_DATAGRAM_MAX];
            size_t len;
            auger_ice_handle_timeout(meeting->ice[side], meeting->now);
            while ((len = auger_ice_poll_transmit(meeting->ice[side], meeting->now, &path, buf,
                                                  sizeof(buf))) > 0)
                put_on_wire(meeting, side, &path, buf, len);
            hear_events(meeting, side);
        }
    } while (deliver_one(meeting));
}

static void run_for(struct meeting *meeting, auger_time duration)
{
    auger_time limit = meeting->now + duration;

    for (;;) {
        settle(meeting);
        auger_time next = limit;
        for (int side = 0; side < SIDES; side++) {
            auger_time at = auger_ice_next_timeout(meeting->ice[side]);
            next = at < next ? at : next;
        }
        if (next >= limit)
            break;
        meeting->now = next > meeting->now ? next : meeting->now + 1;
    }
    meeting->now = limit;
}

static void meeting_init(struct meeting *meeting)
{
    meeting->now = AUGER_SEC;
    for (int side = 0; side < SIDES; side++) {
        struct auger_ice_config config;
        meeting->env[side] = (struct auger_env){
            .user = &meeting->heap[side], .random = draw, .alloc = take, .release = give_back};
        auger_ice_config_init(&config);
        config.controlling = side == 0;
        must(auger_ice_new(&meeting->ice[side], &meeting->env[side], &config), "an agent");
    }
}

static void add_bases(struct meeting *meeting, unsigned bases)
{
    for (int side = 0; side < SIDES; side++) {
        for (unsigned i = 0; i < bases; i++) {
            struct auger_addr base = addr_of(side, i);
            must(auger_ice_add_local_addr(meeting->ice[side], meeting->now, &base), "a base");
        }
        auger_ice_end_of_local_addrs(meeting->ice[side], meeting->now);
    }
}

static void introduce(struct meeting *meeting)
{
    for (int side = 0; side < SIDES; side++)
        must(auger_ice_set_remote_credentials(meeting->ice[side], meeting->now,
                                              auger_ice_ufrag(meeting->ice[!side]),
                                              auger_ice_password(meeting->ice[!side])),
             "credentials");
}

static void add_remotes(struct meeting *meeting, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct auger_cand cand = {.type = AUGER_CAND_HOST, .addr = addr_of(1, i)};
        cand.priority = 2130706431 - i;
        snprintf(cand.foundation, sizeof(cand.foundation), "%u", i);
        must(auger_ice_add_remote_cand(meeting->ice[0], meeting->now, &cand), "a candidate");
    }
}

static void meeting_end(struct meeting *meeting)
{
    for (int side = 0; side < SIDES; side++) {
        auger_ice_free(meeting->ice[side]);
        if (meeting->heap[side].bytes)
            must(AUGER_ERR_INVALID, "memory is left");
    }
    *meeting = (struct meeting){0};
}

/* --- the cases ------------------------------------------------------------------------------ */

static struct meeting meeting;

static void report(const char *name)
{
    bench_value(name, "KiB", (double)meeting.heap[0].bytes / 1024);
}

/* Nobody answers, so that all that can be under way is. */
static void measure_checking(const char *name, unsigned bases, unsigned remotes)
{
    if (!bench_wants(name))
        return;
    meeting_init(&meeting);
    meeting.is_deaf = true;
    add_bases(&meeting, bases);
    introduce(&meeting);
    add_remotes(&meeting, remotes);
    run_for(&meeting, 5 * AUGER_SEC);
    report(name);
    meeting_end(&meeting);
}

static void connect_two(void)
{
    meeting_init(&meeting);
    add_bases(&meeting, 1);
    introduce(&meeting);
    run_for(&meeting, 100 * AUGER_MS);
    for (int side = 0; side < SIDES; side++)
        if (auger_ice_get_state(meeting.ice[side]) != AUGER_ICE_CONNECTED)
            must(AUGER_ERR_STATE, "agents that should be connected");
}

static void measure_made(void)
{
    meeting_init(&meeting);
    report("agent/memory/made");
    meeting_end(&meeting);
}

static void measure_settled(void)
{
    connect_two();
    run_for(&meeting, 60 * AUGER_SEC);
    report("agent/memory/settled_one_pair");
    meeting_end(&meeting);
}

static void come_and_go(void *arg)
{
    (void)arg;
    connect_two();
    meeting_end(&meeting);
}

/* Of the processor's time, in one thread; an agent's share of a meeting is half. */
static void measure_rate(void)
{
    double began = bench_cpu_seconds(), spent;
    unsigned agents = 0;

    do {
        come_and_go(NULL);
        agents += SIDES;
        spent = bench_cpu_seconds() - began;
    } while (spent < bench_seconds(2));
    bench_value("agent/work/made_and_connected", "agents/s", agents / spent);
}

void bench_cases(void)
{
    if (bench_wants("agent/memory/made"))
        measure_made();
    measure_checking("agent/memory/checking_2_bases_4_remotes", 2, 4);
    measure_checking("agent/memory/checking_3_bases_8_remotes", 3, 8);
    measure_checking("agent/memory/checking_every_table_full", 16, 64);
    if (bench_wants("agent/memory/settled_one_pair"))
        measure_settled();
    bench_case("agent/work/two_made_connected_and_freed", come_and_go, NULL);
    if (bench_wants("agent/work/made_and_connected"))
        measure_rate();
}
