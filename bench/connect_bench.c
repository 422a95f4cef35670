/* bench/connect_bench.c - from t0, when both ends have both descriptions, until a channel is open:
 * round trips in virtual time, work on a wire without delay, and real time over loopback. */
#include "bench/bench.h"
#include "bench/loopback.h"
#include "bench/world.h"

#include <auger/crypto.h>

#include <stdio.h>
#include <stdlib.h>

#define RTT (50 * AUGER_MS)
#define REAL_RUNS_MAX 1000

/* --- round trips ------------------------------------------------------------------------------ */

static double since_t0(const struct world *world, auger_time at, auger_time unit)
{
    return (double)(at - world->t0) / (double)unit;
}

static void report_end(const struct world *world, const char *net, const char *who,
                       const struct world_times *times, const char *unit, auger_time one)
{
    const struct {
        const char *name;
        auger_time at;
    } steps[] = {{"usable", times->usable},
                 {"nominated", times->nominated},
                 {"secure", times->secure},
                 {"open", times->open}};
    char name[64];

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        snprintf(name, sizeof(name), "connect/%s/%s_%s", net, who, steps[i].name);
        bench_value(name, unit, since_t0(world, steps[i].at, one));
    }
}

static void measure_time(const char *net, auger_time rtt, const char *unit, auger_time one)
{
    struct world *world = world_new(rtt / 2);
    struct world_end *pair = world_add_pair(world, true, NULL);

    world_introduce(world, pair);
    world_run_until_open(world, pair);
    uint64_t datagrams = world->datagrams, bytes = world->wire_bytes;
    world_run_for(world, rtt); /* nobody waits for a nomination */
    report_end(world, net, "offerer", &pair[0].times, unit, one);
    report_end(world, net, "answerer", &pair[1].times, unit, one);
    if (rtt > 0) {
        bench_value("connect/rtt50/datagrams", "datagrams", (double)datagrams);
        bench_value("connect/rtt50/bytes", "bytes", (double)bytes);
    }
    world_free(world);
}

/* --- work ------------------------------------------------------------------------------------- */

/* All that two peers do from their making to an open channel, and their end. */
static void connect_pair(void *arg)
{
    struct world *world = world_new(0);
    struct world_end *pair = world_add_pair(world, false, arg);

    world_introduce(world, pair);
    world_run_until_open(world, pair);
    world_free(world);
}

static void make_certificate(void *arg)
{
    struct auger_certificate *certificate = NULL;
    int err = auger_certificate_new(&certificate, auger_env_system());

    auger_certificate_free(certificate);
    bench_keep(err == 0 ? certificate : arg);
}

static void make_peer(void *arg)
{
    struct auger_peer_config config;
    struct auger_peer *peer = NULL;

    auger_peer_config_init(&config);
    config.certificate = arg;
    int err = auger_peer_new(&peer, auger_env_system(), &config);
    bench_keep(err == 0 ? peer : arg);
    auger_peer_free(peer);
}

/* --- real time -------------------------------------------------------------------------------- */

struct real_times {
    double usable_ms, open_ms; /* at the later of both ends */
};

static struct real_times connect_over_loopback(struct auger_certificate *certificate)
{
    char offer[LOOPBACK_SDP_MAX], answer[LOOPBACK_SDP_MAX];
    struct auger_loop *loop = loopback_loop();
    struct auger_peer *alice = loopback_peer(loop, certificate);
    struct auger_peer *bob = loopback_peer(loop, certificate);
    struct auger_loop_event event;
    struct real_times times = {0};
    int usable = 0, open = 0;

    loopback_channel(loop, alice);
    loopback_offer(loop, alice, offer);
    loopback_answer(loop, bob, offer, answer);
    loopback_finish(loop, alice, answer);
    int64_t t0 = bench_now();
    while (open < 2 && auger_loop_next(loop, &event)) {
        double ms = (double)(bench_now() - t0) / 1e6;
        if (event.type != AUGER_LOOP_EVENT_PEER)
            continue;
        if (event.event.type == AUGER_PEER_EVENT_PATH && ++usable == 2)
            times.usable_ms = ms;
        if ((event.event.type == AUGER_PEER_EVENT_CHANNEL ||
             event.event.type == AUGER_PEER_EVENT_CHANNEL_OPEN) &&
            ++open == 2)
            times.open_ms = ms;
        if (event.event.type == AUGER_PEER_EVENT_STATE && event.event.state >= AUGER_PEER_FAILED)
            loopback_must(AUGER_ERR_NO_PATH, "a pair did not connect");
    }
    auger_loop_free(loop);
    return times;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report_spread(const char *step, double *values, size_t len)
{
    char name[64];

    qsort(values, len, sizeof(*values), by_size);
    snprintf(name, sizeof(name), "connect/loopback/%s_median", step);
    bench_value(name, "ms", values[len / 2]);
    snprintf(name, sizeof(name), "connect/loopback/%s_p99", step);
    bench_value(name, "ms", values[len * 99 / 100]);
}

static void measure_real_time(struct auger_certificate *certificate)
{
    static double usable[REAL_RUNS_MAX], open[REAL_RUNS_MAX];
    size_t runs = (size_t)bench_seconds(REAL_RUNS_MAX);

    for (size_t i = 0; i < runs; i++) {
        struct real_times times = connect_over_loopback(certificate);
        usable[i] = times.usable_ms;
        open[i] = times.open_ms;
    }
    report_spread("usable", usable, runs);
    report_spread("open", open, runs);
}

static bool wants_real_time(void)
{
    return bench_wants("connect/loopback/usable_median") ||
           bench_wants("connect/loopback/usable_p99") ||
           bench_wants("connect/loopback/open_median") || bench_wants("connect/loopback/open_p99");
}

void bench_cases(void)
{
    struct auger_certificate *certificate;

    measure_time("rtt50", RTT, "round trips", RTT);
    measure_time("rtt0", 0, "ms of virtual time", AUGER_MS);

    if (auger_certificate_new(&certificate, auger_env_system()) < 0)
        return;
    bench_case("connect/work/make_certificate", make_certificate, NULL);
    bench_case("connect/work/make_and_free_peer", make_peer, certificate);
    bench_case("connect/work/pair_own_certificates", connect_pair, NULL);
    bench_case("connect/work/pair_given_certificate", connect_pair, certificate);
    if (wants_real_time())
        measure_real_time(certificate);
    auger_certificate_free(certificate);
}
