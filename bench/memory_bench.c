/* bench/memory_bench.c - what a connected peer keeps: of the heap, counted by the allocator, and
 * of the process, as the kernel counts it.  Without sockets, whose memory is the kernel's. */
#include "bench/bench.h"
#include "bench/world.h"

#include <auger/crypto.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS 100

struct usage {
    double heap, rss; /* bytes */
};

/* What of the process is in memory; 0 where the kernel does not say. */
static double resident(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    char line[256];
    long kib = 0;

    while (file && fgets(line, sizeof(line), file))
        if (!strncmp(line, "Rss:", 4))
            kib = strtol(line + 4, NULL, 10);
    if (file)
        fclose(file);
    return 1024.0 * (double)kib;
}

static struct usage usage_now(void)
{
    return (struct usage){.heap = (double)bench_heap_bytes(), .rss = resident()};
}

static void report(const char *name, double bytes)
{
    bench_value(name, "KiB", bytes / 1024);
}

static void report_growth(const char *what, struct usage from, struct usage to, double peers)
{
    char name[64];

    snprintf(name, sizeof(name), "memory/%s/heap", what);
    report(name, (to.heap - from.heap) / peers);
    snprintf(name, sizeof(name), "memory/%s/rss", what);
    report(name, (to.rss - from.rss) / peers);
}

/* Bytes that peers took by way of their environment. */
static double taken_by_env(const struct world *world)
{
    double bytes = 0;

    for (size_t i = 0; i < world->ends_len; i++)
        bytes += (double)world->ends[i].heap;
    return bytes;
}

static void connect_one(struct world *world, struct auger_certificate *certificate)
{
    struct world_end *pair = world_add_pair(world, false, certificate);

    world_introduce(world, pair);
    world_run_until_open(world, pair);
}

/* All pairs stand at once.  The first of them warms up what is the process's: tables of the
 * libraries, the heap itself. */
static void measure_peers(struct auger_certificate *certificate)
{
    struct world *world = world_new(0);
    const double peers = 2.0 * PAIRS;

    connect_one(world, certificate);
    world_run_for(world, 10 * AUGER_SEC);
    struct usage before = usage_now();
    double env_before = taken_by_env(world);
    for (int i = 0; i < PAIRS; i++)
        world_add_pair(world, false, certificate);
    struct usage made = usage_now();
    for (size_t i = 2; i < world->ends_len; i += 2) {
        world_introduce(world, &world->ends[i]);
        world_run_until_open(world, &world->ends[i]);
    }
    struct usage open = usage_now();
    world_run_for(world, 10 * AUGER_SEC); /* what was needed to connect may go */
    struct usage settled = usage_now();

    report_growth("peer_made", before, made, peers);
    report_growth("peer_open", before, open, peers);
    report_growth("peer_settled", before, settled, peers);
    report("memory/peer_settled/of_its_environment", (taken_by_env(world) - env_before) / peers);
    world_free(world);
}

/* What 100 pairs leave behind when they have come and gone, after the first 100 have: a leak
 * would show. */
static void measure_rest(struct auger_certificate *certificate)
{
    struct usage usages[2];

    for (int round = 0; round < 2; round++) {
        struct world *world = world_new(0);
        for (int i = 0; i < PAIRS; i++)
            connect_one(world, certificate);
        world_free(world);
        usages[round] = usage_now();
    }
    report_growth("peer_gone", usages[0], usages[1], 2.0 * PAIRS);
}

void bench_cases(void)
{
    struct auger_certificate *certificate;

    if (auger_certificate_new(&certificate, auger_env_system()) < 0)
        return;
    measure_peers(certificate);
    measure_rest(certificate);
    auger_certificate_free(certificate);
}
