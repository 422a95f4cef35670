/* bench/throughput_bench.c - what one reliable, ordered channel carries over the loopback
 * interface, by size of the messages: both ends in one thread, and each in a process of its own. */
#define _GNU_SOURCE
#include "bench/bench.h"
#include "bench/loopback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOW_WATER (512 * 1024)

static const size_t sizes[] = {64, 1024, 16 * 1024, 64 * 1024, 256 * 1024};
static uint8_t payload[256 * 1024];

/* One end: what it shall do, and what it has done. */
struct end {
    struct auger_loop *loop;
    struct auger_peer *peer;
    auger_channel channel;
    bool open, full;
    size_t size; /* of messages to send */
    uint64_t messages, bytes;
};

/* What was done and used in one stretch of time. */
struct stretch {
    double seconds, cpu_s;
    uint64_t messages, bytes, allocations, own_allocations;
};

/* --- an end ------------------------------------------------------------------------------------
 */

static void fill(struct end *end)
{
    auger_time now = auger_loop_now(end->loop);

    while (end->size > 0 && end->open && !end->full) {
        int err =
            auger_peer_send(end->peer, now, end->channel, AUGER_MESSAGE_BINARY, payload, end->size);
        end->full = err == AUGER_ERR_AGAIN;
        if (!end->full)
            loopback_must(err, "cannot send");
    }
}

static void take_event(struct end *end, const struct auger_peer_event *event)
{
    switch (event->type) {
    case AUGER_PEER_EVENT_CHANNEL:
    case AUGER_PEER_EVENT_CHANNEL_OPEN:
        end->channel = event->channel;
        end->open = true;
        loopback_must(auger_peer_set_low_water(end->peer, end->channel, LOW_WATER), "no mark");
        break;
    case AUGER_PEER_EVENT_LOW_WATER:
        end->full = false;
        break;
    case AUGER_PEER_EVENT_MESSAGE:
        end->messages++;
        end->bytes += event->data.len;
        break;
    case AUGER_PEER_EVENT_STATE:
        if (event->state >= AUGER_PEER_FAILED)
            loopback_must(AUGER_ERR_STATE, "the connection ended");
        break;
    case AUGER_PEER_EVENT_CANDIDATE:
    case AUGER_PEER_EVENT_GATHERED:
    case AUGER_PEER_EVENT_ICE_STATE:
    case AUGER_PEER_EVENT_PATH:
    case AUGER_PEER_EVENT_RESTART_FAILED:
    case AUGER_PEER_EVENT_RESTART_WANTED:
    case AUGER_PEER_EVENT_CHANNEL_CLOSED:
    case AUGER_PEER_EVENT_HELPERS_WANTED: /* the loop sees to them */
    case AUGER_PEER_EVENT_HELPERS_DONE:
        break;
    }
}

/* Turns the loop for so long. */
static void run_for(struct auger_loop *loop, struct end *ends, size_t ends_len, double seconds)
{
    auger_time until = auger_loop_now(loop) + (auger_time)(seconds * 1e9);
    struct auger_loop_event event;

    auger_loop_set_timer(loop, until, NULL);
    for (;;) {
        for (size_t i = 0; i < ends_len; i++)
            fill(&ends[i]);
        if (!auger_loop_next(loop, &event) || event.type == AUGER_LOOP_EVENT_TIMER)
            return;
        for (size_t i = 0; i < ends_len; i++)
            if (event.type == AUGER_LOOP_EVENT_PEER && event.peer == ends[i].peer)
                take_event(&ends[i], &event.event);
    }
}

/* Measures what `receiver` takes. */
static struct stretch measure(struct auger_loop *loop, struct end *ends, size_t ends_len,
                              const struct end *receiver, double seconds)
{
    int64_t start = bench_now();
    double cpu = bench_cpu_seconds();
    uint64_t messages = receiver->messages, bytes = receiver->bytes;
    uint64_t allocations = bench_heap_calls(), own_allocations = loopback_allocations();

    run_for(loop, ends, ends_len, seconds);
    return (struct stretch){.seconds = (double)(bench_now() - start) / 1e9,
                            .cpu_s = bench_cpu_seconds() - cpu,
                            .messages = receiver->messages - messages,
                            .bytes = receiver->bytes - bytes,
                            .allocations = bench_heap_calls() - allocations,
                            .own_allocations = loopback_allocations() - own_allocations};
}

/* --- reports -----------------------------------------------------------------------------------
 */

static const char *case_name(const char *how, size_t size, const char *what)
{
    static char name[64];

    if (size < 1024)
        snprintf(name, sizeof(name), "throughput/%s/%zuB%s", how, size, what);
    else
        snprintf(name, sizeof(name), "throughput/%s/%zuKiB%s", how, size / 1024, what);
    return name;
}

/* MB and GB are powers of ten. */
static void report(const char *how, size_t size, const struct stretch *done)
{
    double bytes = (double)done->bytes;

    if (done->bytes == 0)
        loopback_must(AUGER_ERR_NO_PATH, "nothing arrived");
    bench_value(case_name(how, size, ""), "MB/s", bytes / 1e6 / done->seconds);
    bench_value(case_name(how, size, "/messages"), "messages/s",
                (double)done->messages / done->seconds);
    bench_value(case_name(how, size, "/cpu"), "CPU s/GB", done->cpu_s / (bytes / 1e9));
}

/* --- both ends in one thread -------------------------------------------------------------------
 */

static void in_one_thread(size_t size)
{
    char offer[LOOPBACK_SDP_MAX], answer[LOOPBACK_SDP_MAX];
    struct auger_loop *loop = loopback_loop();
    struct end ends[2] = {{.loop = loop, .size = size}, {.loop = loop}};

    ends[0].peer = loopback_peer(loop, NULL);
    ends[1].peer = loopback_peer(loop, NULL);
    ends[0].channel = loopback_channel(loop, ends[0].peer);
    loopback_offer(loop, ends[0].peer, offer);
    loopback_answer(loop, ends[1].peer, offer, answer);
    loopback_finish(loop, ends[0].peer, answer);
    run_for(loop, ends, 2, bench_seconds(0.5));
    struct stretch done = measure(loop, ends, 2, &ends[1], bench_seconds(2));
    auger_loop_free(loop);
    report("one_thread", size, &done);
    bench_value(case_name("one_thread", size, "/heap"), "allocations/message",
                (double)done.allocations / (double)done.messages);
    bench_value(case_name("one_thread", size, "/heap_ours"), "allocations/message",
                (double)done.own_allocations / (double)done.messages);
}

/* --- each in its own process --------------------------------------------------------------------
 */

static void pass(int fd, const void *data, size_t len)
{
    if (write(fd, data, len) != (ssize_t)len)
        loopback_must(AUGER_ERR_SYSTEM, "cannot tell the other process");
}

static void await(int fd, void *data, size_t len)
{
    if (recv(fd, data, len, MSG_WAITALL) != (ssize_t)len)
        loopback_must(AUGER_ERR_SYSTEM, "the other process is gone");
}

static void receive_in_child(int fd)
{
    char offer[LOOPBACK_SDP_MAX], answer[LOOPBACK_SDP_MAX] = "";
    struct auger_loop *loop = loopback_loop();
    struct end end = {.loop = loop, .peer = loopback_peer(loop, NULL)};

    await(fd, offer, sizeof(offer));
    loopback_answer(loop, end.peer, offer, answer);
    pass(fd, answer, sizeof(answer));
    run_for(loop, &end, 1, bench_seconds(0.5));
    struct stretch done = measure(loop, &end, 1, &end, bench_seconds(2));
    pass(fd, &done, sizeof(done));
    auger_loop_free(loop);
}

/* The sender goes on a little longer, so that the receiver's whole stretch is filled. */
static void send_from_parent(int fd, size_t size)
{
    char offer[LOOPBACK_SDP_MAX] = "", answer[LOOPBACK_SDP_MAX];
    struct auger_loop *loop = loopback_loop();
    struct end end = {.loop = loop, .peer = loopback_peer(loop, NULL), .size = size};
    struct stretch done;

    end.channel = loopback_channel(loop, end.peer);
    loopback_offer(loop, end.peer, offer);
    pass(fd, offer, sizeof(offer));
    await(fd, answer, sizeof(answer));
    loopback_finish(loop, end.peer, answer);
    run_for(loop, &end, 1, bench_seconds(0.5));
    double cpu_s = measure(loop, &end, 1, &end, bench_seconds(2)).cpu_s;
    run_for(loop, &end, 1, 0.1);
    await(fd, &done, sizeof(done));
    done.cpu_s += cpu_s;
    auger_loop_free(loop);
    report("two_processes", size, &done);
}

static void in_two_processes(size_t size)
{
    int fds[2];

    fflush(stdout);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        loopback_must(AUGER_ERR_SYSTEM, "no socket pair");
    pid_t child = fork();
    if (child < 0)
        loopback_must(AUGER_ERR_SYSTEM, "no second process");
    if (child == 0) {
        close(fds[0]);
        receive_in_child(fds[1]);
        _exit(0);
    }
    close(fds[1]);
    send_from_parent(fds[0], size);
    close(fds[0]);
    waitpid(child, NULL, 0);
}

static bool is_wanted(const char *how, size_t size)
{
    return bench_wants(case_name(how, size, "")) || bench_wants(case_name(how, size, "/cpu")) ||
           bench_wants(case_name(how, size, "/messages")) ||
           bench_wants(case_name(how, size, "/heap_ours"));
}

/* Processes first: a fork takes no half-used SCTP runtime along. */
void bench_cases(void)
{
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (is_wanted("two_processes", sizes[i]))
            in_two_processes(sizes[i]);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (is_wanted("one_thread", sizes[i]))
            in_one_thread(sizes[i]);
}
