/* tools/load_run.c - one load from beginning to end. */
#define _GNU_SOURCE
#include "tools/load_run.h"
#include "tools/command.h"
#include "tools/interrupt.h"
#include "tools/load_report.h"
#include "tools/load_server.h"
#include "tools/load_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define TICK (10 * AUGER_MS)           /* between looks at the clients' deadlines */
#define ANSWERS_WITHIN (4 * AUGER_SEC) /* else there is no server */
#define SILENCE_MAX (2 * AUGER_SEC)    /* of packets that are sent and do not arrive */
#define FORGOTTEN (100 * AUGER_MS)     /* nothing arrives: what was on its way is lost */
#define DRAIN (AUGER_SEC / 2)          /* for the last packets */
#define RELEASE_WITHIN (15 * AUGER_SEC)
#define ALLOCATIONS_PER_SECOND 500 /* without --max */
#define EVENTS 64
#define ROUNDS 4 /* batches in or out before somebody else has a turn */

#define TAG_PEER UINT64_MAX
#define TAG_INTERRUPT (UINT64_MAX - 1)

auger_time load_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (auger_time)ts.tv_sec * AUGER_SEC + ts.tv_nsec;
}

static double own_cpu(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double seconds_between(auger_time from, auger_time to)
{
    return (double)(to - from) / (double)AUGER_SEC;
}

void load_run_begin_stretch(const struct load_run *run, struct load_stretch *stretch)
{
    stretch->seconds = -seconds_between(0, load_now());
    stretch->own_cpu = -own_cpu();
    if (load_server_cpu(run->plan->server_pid, &stretch->server_cpu))
        stretch->server_cpu = -stretch->server_cpu;
}

void load_run_end_stretch(const struct load_run *run, struct load_stretch *stretch)
{
    double cpu;

    stretch->seconds += seconds_between(0, load_now());
    stretch->own_cpu += own_cpu();
    if (load_server_cpu(run->plan->server_pid, &cpu))
        stretch->server_cpu += cpu;
    else
        stretch->server_cpu = -1;
}

/* --- what comes in -------------------------------------------------------------------------------
 */

static void take_packet(struct load_run *run, struct load_way *way, struct load_pace *pace,
                        struct auger_bytes packet, size_t client, auger_time now)
{
    struct load_swarm *swarm = &run->swarm;
    uint32_t marked;

    if (!load_mark_read(way, packet, (size_t)run->plan->size, &marked) || marked >= swarm->begun ||
        (way == &run->from_peer && marked != client)) {
        way->foreign++;
        return;
    }
    struct load_client *of = &swarm->clients[marked];
    load_pace_arrived(pace,
                      load_way_arrived(way, way == &run->to_peer ? &of->to_peer : &of->from_peer,
                                       packet.data, now));
}

static void take_from_client(struct load_run *run, size_t i)
{
    struct auger_bytes packet;

    for (int round = 0; round < ROUNDS; round++) {
        auger_time now = load_now();
        if (!load_swarm_receive(&run->swarm, i, now))
            return;
        while (load_swarm_next(&run->swarm, i, now, &packet))
            take_packet(run, &run->from_peer, &run->pace_from_peer, packet, i, now);
    }
}

static void take_at_peer(struct load_run *run)
{
    struct auger_bytes packet;

    for (int round = 0; round < ROUNDS && load_wire_receive(run->wire, run->peer_fd); round++) {
        auger_time now = load_now();
        while (load_wire_next(run->wire, &packet))
            take_packet(run, &run->to_peer, &run->pace_to_peer, packet, 0, now);
    }
}

static void take_interrupt(struct load_run *run)
{
    int status = interrupt_take(run->interrupt_fd);

    if (status == 0)
        return;
    if (run->status != 0)
        interrupt_exits(true); /* the second time: at once */
    run->status = status;
    run->ended_by = "Ctrl-C";
}

void load_run_take(struct load_run *run, auger_time until)
{
    struct epoll_event events[EVENTS];
    auger_time now = load_now();

    if (until > now + TICK)
        until = now + TICK;
    auger_time wait = until > now ? until - now : 0;
    const struct timespec timeout = {.tv_sec = 0, .tv_nsec = (long)wait};
    int len = epoll_pwait2(run->epoll_fd, events, EVENTS, &timeout, NULL);
    for (int i = 0; i < len; i++) {
        if (events[i].data.u64 == TAG_PEER)
            take_at_peer(run);
        else if (events[i].data.u64 == TAG_INTERRUPT)
            take_interrupt(run);
        else
            take_from_client(run, (size_t)events[i].data.u64);
    }
    now = load_now();
    if (now - run->ticked_at < TICK)
        return;
    run->ticked_at = now;
    load_swarm_handle_timeout(&run->swarm, now);
}

/* --- progress, and what ends it early
 * -------------------------------------------------------------- */

void load_run_tell(struct load_run *run, const char *what, size_t wanted)
{
    auger_time now = load_now();
    double passed = seconds_between(run->told_at, now);

    if (passed < 1)
        return;
    uint64_t sent = run->to_peer.sent + run->from_peer.sent;
    uint64_t arrived = run->to_peer.arrived + run->from_peer.arrived;
    const struct load_way *way = run->plan->to_peer ? &run->to_peer : &run->from_peer;
    const struct load_progress progress = {
        .what = what,
        .at = seconds_between(run->began_at, now),
        .allocations = run->plan->is_churn ? (size_t)run->swarm.allocated : run->swarm.ready,
        .wanted = wanted,
        .sent_per_second = (double)(sent - run->told_sent) / passed,
        .arrived_per_second = (double)(arrived - run->told_arrived) / passed,
        .latency = load_histogram_percentile(&way->latency, 50)};
    load_report_progress(run->plan, &progress);
    run->told_at = now;
    run->told_sent = sent;
    run->told_arrived = arrived;
}

static bool is_over(const struct load_run *run)
{
    return run->ended_by != NULL;
}

void load_run_watch_answers(struct load_run *run)
{
    if (run->swarm.failure.is_unreachable)
        run->ended_by = load_failure_text(&run->swarm.failure);
    else if (load_now() - run->swarm.heard_at > ANSWERS_WITHIN && run->swarm.asking > 0)
        run->ended_by = "the server has not answered for four seconds";
}

/* What has not arrived when nothing arrives any more is lost, and does not stand in the way of what
 * is to be sent. */
static void forget_lost(struct load_run *run, struct load_way *way, auger_time now)
{
    if (way->on_way == 0 || now - way->last_arrival < FORGOTTEN)
        return;
    way->on_way = 0;
    way->last_arrival = now;
    for (size_t i = 0; i < run->swarm.begun; i++) {
        struct load_client *client = &run->swarm.clients[i];
        struct load_flow *flow = way == &run->to_peer ? &client->to_peer : &client->from_peer;
        flow->expected = flow->next;
    }
}

/* --- allocating
 * ------------------------------------------------------------------------------------ */

/* One first, to see that there is a server and that it knows us. */
static bool may_begin(struct load_run *run, auger_time now)
{
    const struct load_swarm *swarm = &run->swarm;
    size_t most = swarm->ready > 0 ? LOAD_ASKING_MAX : 1;

    return swarm->begun < swarm->clients_len && swarm->failed == 0 && swarm->asking < most &&
           (run->plan->is_max || load_pace_allows(&run->pace_allocating, now, 0) > 0);
}

/* The first allocation is not counted: with it comes what the server needs once. */
static void note_memory(struct load_run *run, double *first, bool *is_first_noted)
{
    size_t ready = run->swarm.ready, all = run->swarm.clients_len;
    double bytes;

    if (!*is_first_noted && ready > 0) {
        *is_first_noted = load_server_memory(run->plan->server_pid, first);
        run->memory_from = ready;
    }
    if (*is_first_noted && ready == all && all > run->memory_from &&
        load_server_memory(run->plan->server_pid, &bytes))
        run->figures.memory = (bytes - *first) / (double)(all - run->memory_from);
}

static void allocate_all(struct load_run *run)
{
    struct load_swarm *swarm = &run->swarm;
    bool is_first_noted = false;
    double first = 0;

    load_run_begin_stretch(run, &run->figures.allocating);
    do {
        auger_time now = load_now();
        while (may_begin(run, now)) {
            load_pace_sent(&run->pace_allocating, 1);
            load_swarm_begin(swarm, swarm->begun, now);
        }
        load_run_take(run, now + AUGER_MS);
        load_run_watch_answers(run);
        load_run_tell(run, "allocating", swarm->clients_len);
        note_memory(run, &first, &is_first_noted);
    } while (!is_over(run) &&
             (swarm->asking > 0 || (swarm->failed == 0 && swarm->begun < swarm->clients_len)));
    load_run_end_stretch(run, &run->figures.allocating);
    run->figures.allocations = swarm->ready;
}

/* --- sending
 * ----------------------------------------------------------------------------------------- */

static size_t write_to_peer(struct load_run *run, size_t client, size_t count, auger_time now)
{
    static uint8_t payload[LOAD_SIZE_MAX];
    struct load_client *from = &run->swarm.clients[client];
    size_t size = (size_t)run->plan->size, len = 0;

    for (size_t i = 0; i < count; i++) {
        uint8_t *room = load_wire_room(run->wire, i, len);
        load_mark_write(&run->to_peer, (uint32_t)client, from->to_peer.next + (uint32_t)i, now,
                        payload);
        if (run->plan->is_bare) {
            memcpy(room, payload, size);
            len = size;
            continue;
        }
        int written = auger_turn_write(from->turn, now, &run->swarm.peer, payload, size, room,
                                       LOAD_MESSAGE_MAX);
        if (written < 0)
            return 0;
        len = (size_t)written;
    }
    return len;
}

static size_t write_from_peer(struct load_run *run, size_t client, size_t count, auger_time now)
{
    size_t size = (size_t)run->plan->size;

    for (size_t i = 0; i < count; i++)
        load_mark_write(&run->from_peer, (uint32_t)client,
                        run->swarm.clients[client].from_peer.next + (uint32_t)i, now,
                        load_wire_room(run->wire, i, size));
    return size;
}

static size_t send_batch(struct load_run *run, struct load_way *way, size_t i, size_t count)
{
    struct load_client *client = &run->swarm.clients[i];
    bool is_to_peer = way == &run->to_peer;
    auger_time now = load_now();
    size_t size =
        is_to_peer ? write_to_peer(run, i, count, now) : write_from_peer(run, i, count, now);

    if (size == 0)
        return 0;
    size_t sent = is_to_peer
                      ? load_wire_send(run->wire, client->fd, NULL, size, count)
                      : load_wire_send(run->wire, run->peer_fd, &client->relayed, size, count);
    if (sent == 0 && errno == ECONNREFUSED)
        run->ended_by = "the server is gone: its port is closed";
    else if (sent == 0 && errno != EAGAIN && errno != ENOBUFS)
        run->ended_by = strerror(errno);
    load_way_sent(way, is_to_peer ? &client->to_peer : &client->from_peer, sent);
    return sent;
}

/* Round robin; SIZE_MAX: none is ready. */
static size_t next_ready(const struct load_swarm *swarm, size_t *next)
{
    for (size_t tried = 0; tried < swarm->begun; tried++) {
        size_t i = *next % swarm->begun;
        *next = i + 1;
        if (swarm->clients[i].state == LOAD_READY)
            return i;
    }
    return SIZE_MAX;
}

/* Returns when to try again. */
static auger_time send_some(struct load_run *run, struct load_way *way, struct load_pace *pace,
                            size_t *next)
{
    for (int round = 0; round < ROUNDS && !is_over(run); round++) {
        size_t count = load_pace_allows(pace, load_now(), way->on_way);
        size_t client = count > 0 ? next_ready(&run->swarm, next) : SIZE_MAX;
        if (client == SIZE_MAX)
            return load_pace_next(pace, load_now());
        count = count < LOAD_BATCH ? count : LOAD_BATCH;
        size_t sent = send_batch(run, way, client, count);
        load_pace_sent(pace, sent);
        if (sent == 0)
            return load_now() + 100 * AUGER_US;
    }
    return load_now();
}

/* Whether what is sent one way has stopped arriving. */
static void watch_silence(struct load_run *run, struct load_way *way, auger_time began_at,
                          auger_time now)
{
    auger_time patience = SILENCE_MAX + 3 * AUGER_SEC / run->plan->rate;
    auger_time heard_at = way->arrived > 0 ? way->last_arrival : began_at;

    if (way->sent > 3 && now - heard_at > patience)
        run->ended_by = way->arrived > 0 ? "nothing arrives any more" : "nothing has arrived";
}

static void tend_way(struct load_run *run, struct load_way *way, auger_time began_at)
{
    auger_time now = load_now();

    watch_silence(run, way, began_at, now);
    if (run->plan->is_max && !is_over(run))
        forget_lost(run, way, now);
}

static void send_all(struct load_run *run)
{
    const struct load_plan *plan = run->plan;
    auger_time began_at = load_now(), until = began_at + plan->seconds * AUGER_SEC;

    load_pace_start(&run->pace_to_peer, began_at, plan->is_max, plan->rate);
    load_pace_start(&run->pace_from_peer, began_at, plan->is_max, plan->rate);
    while (!is_over(run) && load_now() < until && run->swarm.ready > 0) {
        auger_time next = until, back = until;
        if (plan->to_peer)
            next = send_some(run, &run->to_peer, &run->pace_to_peer, &run->next_to_peer);
        if (plan->from_peer)
            back = send_some(run, &run->from_peer, &run->pace_from_peer, &run->next_from_peer);
        load_run_take(run, next < back ? next : back);
        if (plan->to_peer)
            tend_way(run, &run->to_peer, began_at);
        if (plan->from_peer)
            tend_way(run, &run->from_peer, began_at);
        if (run->swarm.failure.is_unreachable)
            run->ended_by = "the server is gone: its port is closed";
        load_run_tell(run, "loading", run->swarm.clients_len);
    }
    if (!is_over(run) && run->swarm.ready == 0)
        run->ended_by = "no allocation is left";
}

/* What is still on its way counts. */
static void drain(struct load_run *run)
{
    uint64_t before;
    auger_time quiet_since = load_now(), given_up_at = quiet_since + 4 * DRAIN;

    while (run->status == 0 && load_now() < given_up_at && load_now() - quiet_since < DRAIN &&
           run->to_peer.sent + run->from_peer.sent >
               run->to_peer.arrived + run->from_peer.arrived) {
        before = run->to_peer.arrived + run->from_peer.arrived;
        load_run_take(run, load_now() + TICK);
        if (run->to_peer.arrived + run->from_peer.arrived > before)
            quiet_since = load_now();
    }
}

static uint32_t count_drops(const struct load_run *run)
{
    uint32_t drops = run->peer_fd >= 0 ? load_socket_drops(run->peer_fd) : 0;

    for (size_t i = 0; i < run->swarm.begun; i++)
        if (run->swarm.clients[i].fd >= 0)
            drops += load_socket_drops(run->swarm.clients[i].fd);
    return drops;
}

static void load(struct load_run *run)
{
    double seconds;

    load_run_begin_stretch(run, &run->figures.loading);
    send_all(run);
    seconds = run->figures.loading.seconds + seconds_between(0, load_now());
    drain(run);
    load_run_end_stretch(run, &run->figures.loading);
    run->figures.loading.seconds = seconds; /* of sending; the rest of it is for what comes after */
    run->figures.own_drops = count_drops(run);
}

/* --- giving back
 * --------------------------------------------------------------------------------------- */

static void release_all(struct load_run *run)
{
    struct load_swarm *swarm = &run->swarm;
    auger_time until = load_now() + RELEASE_WITHIN;
    size_t next = 0;

    while (load_now() < until && swarm->asking + swarm->ready + swarm->releasing > 0) {
        for (; next < swarm->begun && swarm->releasing < LOAD_ASKING_MAX; next++)
            load_swarm_release(swarm, next, load_now());
        load_run_take(run, load_now() + TICK);
        load_run_tell(run, "releasing", swarm->clients_len);
    }
}

/* --- the whole
 * ------------------------------------------------------------------------------------------ */

/* The address of this machine that datagrams to the server leave from. */
static bool find_peer_addr(struct load_run *run, struct auger_addr *out)
{
    const struct load_plan *plan = run->plan;
    int fd = load_socket_open(&(struct auger_addr){0}, &plan->server);

    if (fd < 0)
        return false;
    load_socket_name(fd, out);
    out->port = 0;
    close(fd);
    return true;
}

static bool watch(struct load_run *run, int fd, uint64_t tag)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};

    return epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool open_peer(struct load_run *run)
{
    struct auger_addr addr = run->plan->peer;

    if (addr.family == AUGER_FAMILY_NONE && !find_peer_addr(run, &addr))
        return false;
    run->peer_fd = load_socket_open(&addr, NULL);
    if (run->peer_fd < 0 || !watch(run, run->peer_fd, TAG_PEER))
        return false;
    load_wire_prepare(run->wire, run->peer_fd);
    load_socket_name(run->peer_fd, &run->swarm.peer);
    return true;
}

static bool begin(struct load_run *run)
{
    run->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    run->wire = load_wire_new(!run->plan->no_batches, !run->plan->no_gso);
    load_sockets_allow_many();
    (void)prctl(PR_SET_TIMERSLACK, 1000UL); /* ns: a pace of packets, not of people */
    run->began_at = run->told_at = load_now();
    load_pace_start(&run->pace_allocating, run->began_at, false, ALLOCATIONS_PER_SECOND);
    if (run->epoll_fd < 0 || !run->wire ||
        !load_swarm_init(&run->swarm, run->plan, run->wire, run->epoll_fd) ||
        !watch(run, run->interrupt_fd, TAG_INTERRUPT))
        return false;
    run->swarm.heard_at = run->began_at;
    return run->swarm.env->random(run->swarm.env->user, (uint8_t *)&run->to_peer.run,
                                  sizeof(run->to_peer.run)) == 0 &&
           open_peer(run);
}

static void finish_figures(struct load_run *run)
{
    struct load_figures *figures = &run->figures;
    const struct load_swarm *swarm = &run->swarm;

    figures->failed = swarm->failed;
    figures->allocation_time = &swarm->allocation_time;
    figures->to_peer = run->plan->to_peer && !run->plan->is_churn ? &run->to_peer : NULL;
    figures->from_peer = run->plan->from_peer && !run->plan->is_churn ? &run->from_peer : NULL;
    figures->ended_by = run->ended_by;
    figures->is_behind_nat = swarm->allocated > 0 && run->plan->local.family == AUGER_FAMILY_NONE &&
                             !auger_addr_ip_equal(&swarm->mapped, &swarm->peer);
}

static void end(struct load_run *run)
{
    if (run->peer_fd >= 0)
        close(run->peer_fd);
    load_swarm_fini(&run->swarm);
    load_wire_free(run->wire);
    if (run->epoll_fd >= 0)
        close(run->epoll_fd);
}

static int exit_status(const struct load_run *run)
{
    if (run->status != 0)
        return run->status;
    return run->ended_by || run->swarm.failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

static void run_phases(struct load_run *run)
{
    if (run->plan->is_churn) {
        load_churn(run);
    } else {
        allocate_all(run);
        if (run->swarm.ready > 0 && !is_over(run))
            load(run);
    }
    if (run->swarm.failure.is_set)
        fprintf(stderr, "auger turnload: %zu allocation%s failed%s: %s\n", run->swarm.failed,
                run->swarm.failed == 1 ? "" : "s", run->swarm.failed == 1 ? "" : ", the first",
                load_failure_text(&run->swarm.failure));
    release_all(run);
}

int load_run(const struct load_plan *plan, int interrupt_fd)
{
    static struct load_run run; /* the histograms are large */

    run = (struct load_run){.plan = plan,
                            .epoll_fd = -1,
                            .peer_fd = -1,
                            .interrupt_fd = interrupt_fd,
                            .figures = {.memory = -1, .loading = {.server_cpu = -1}}};
    if (!begin(&run)) {
        fprintf(stderr, "auger turnload: cannot begin: %s\n", strerror(errno));
        end(&run);
        return EXIT_FAILED;
    }
    run.from_peer.run = run.to_peer.run;
    run_phases(&run);
    finish_figures(&run);
    load_report_figures(plan, &run.figures);
    int status = exit_status(&run);
    end(&run);
    return status;
}
