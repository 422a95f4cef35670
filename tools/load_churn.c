/* tools/load_churn.c - allocations that are made and given back, again and again: how many a second
 * the server bears. */
#include "tools/load_run.h"

#define AHEAD_MAX (LOAD_ASKING_MAX / 2) /* clients that are ended before their turn comes again */
#define FAILURES_MAX 10                 /* and one in a hundred */

static bool is_free(const struct load_client *client)
{
    return client->state == LOAD_UNUSED || client->state == LOAD_OVER;
}

/* The clients are a ring: what was made longest ago is given back, and made anew. */
static void release_oldest(struct load_run *run, size_t next, auger_time now)
{
    struct load_swarm *swarm = &run->swarm;
    size_t len = swarm->clients_len;
    size_t ahead = len / 2 < AHEAD_MAX ? len / 2 + 1 : AHEAD_MAX;

    for (size_t i = 0; i < ahead && swarm->releasing < AHEAD_MAX; i++) {
        size_t oldest = (next + i) % len;
        if (swarm->clients[oldest].state == LOAD_READY)
            load_swarm_release(swarm, oldest, now);
    }
}

/* Returns whose turn it is now. */
static size_t begin_some(struct load_run *run, size_t next, auger_time now)
{
    struct load_swarm *swarm = &run->swarm;
    size_t most = swarm->allocated > 0 ? AHEAD_MAX : 1; /* one first, as a question */

    while (swarm->asking < most && is_free(&swarm->clients[next]) &&
           (run->plan->is_max || load_pace_allows(&run->pace_allocating, now, 0) > 0)) {
        load_pace_sent(&run->pace_allocating, 1);
        load_swarm_begin(swarm, next, now);
        next = (next + 1) % swarm->clients_len;
    }
    return next;
}

static void watch_failures(struct load_run *run)
{
    const struct load_swarm *swarm = &run->swarm;

    load_run_watch_answers(run);
    if (!run->ended_by && (swarm->failed > FAILURES_MAX + swarm->allocated / 100 ||
                           (swarm->failed > 0 && swarm->allocated == 0)))
        run->ended_by = "too many allocations failed";
}

void load_churn(struct load_run *run)
{
    auger_time until = load_now() + run->plan->seconds * AUGER_SEC, now;
    size_t next = 0;

    load_pace_start(&run->pace_allocating, load_now(), false, run->plan->rate);
    load_run_begin_stretch(run, &run->figures.loading);
    while (!run->ended_by && (now = load_now()) < until) {
        release_oldest(run, next, now);
        next = begin_some(run, next, now);
        load_run_take(run, now + AUGER_MS);
        watch_failures(run);
        load_run_tell(run, "allocating and releasing", run->swarm.clients_len);
    }
    load_run_end_stretch(run, &run->figures.loading);
    run->figures.allocations = (size_t)run->swarm.allocated;
}
