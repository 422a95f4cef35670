/* bench/idle_bench.c - what connected peers cost that say nothing: consent, timers and the loop's
 * turns, by how many share one loop.  A loop that looks at all of them each time shows here. */
#include "bench/bench.h"
#include "bench/loopback.h"

#include <auger/crypto.h>

#include <stdio.h>

#define PAIRS_MAX 120

static const int numbers[] = {10, 30, PAIRS_MAX};

/* Returns when both ends have their channel. */
static void connect_pair(struct auger_loop *loop, struct auger_certificate *certificate)
{
    char offer[LOOPBACK_SDP_MAX], answer[LOOPBACK_SDP_MAX];
    struct auger_peer *alice = loopback_peer(loop, certificate);
    struct auger_peer *bob = loopback_peer(loop, certificate);
    struct auger_loop_event event;
    int open = 0;

    loopback_channel(loop, alice);
    loopback_offer(loop, alice, offer);
    loopback_answer(loop, bob, offer, answer);
    loopback_finish(loop, alice, answer);
    while (open < 2 && auger_loop_next(loop, &event))
        if (event.type == AUGER_LOOP_EVENT_PEER &&
            (event.event.type == AUGER_PEER_EVENT_CHANNEL ||
             event.event.type == AUGER_PEER_EVENT_CHANNEL_OPEN))
            open++;
}

/* Any peer that is lost would make the figure a lie. */
static void sit(struct auger_loop *loop, double seconds)
{
    struct auger_loop_event event;

    auger_loop_set_timer(loop, auger_loop_now(loop) + (auger_time)(seconds * 1e9), NULL);
    while (auger_loop_next(loop, &event) && event.type != AUGER_LOOP_EVENT_TIMER)
        if (event.type == AUGER_LOOP_EVENT_PEER && event.event.type == AUGER_PEER_EVENT_STATE &&
            event.event.state >= AUGER_PEER_DISCONNECTED)
            loopback_must(AUGER_ERR_NO_PATH, "an idle peer was lost");
}

static void measure(struct auger_certificate *certificate, int pairs, const char *name)
{
    struct auger_loop *loop = loopback_loop();

    for (int i = 0; i < pairs; i++)
        connect_pair(loop, certificate);
    sit(loop, bench_seconds(3));
    double cpu = bench_cpu_seconds(), seconds = bench_seconds(10);
    int64_t start = bench_now();
    sit(loop, seconds);
    seconds = (double)(bench_now() - start) / 1e9;
    bench_value(name, "us/s a peer", 1e6 * (bench_cpu_seconds() - cpu) / seconds / (2 * pairs));
    auger_loop_free(loop);
}

void bench_cases(void)
{
    struct auger_certificate *certificate;
    char name[64];

    if (auger_certificate_new(&certificate, auger_env_system()) < 0)
        return;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        snprintf(name, sizeof(name), "idle/%d_peers", 2 * numbers[i]);
        if (bench_wants(name))
            measure(certificate, numbers[i], name);
    }
    auger_certificate_free(certificate);
}
