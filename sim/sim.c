/* sim/sim.c - the world's clock: what happens next, and after it the invariants. */
#include "sim/digest.h"
#include "sim/peer.h"
#include "sim/stream.h"
#include "sim/tcp.h"

#include "base/time.h"

#include <stdarg.h>
#include <string.h>

#define STEPS_AT_ONE_TIME_MAX 20000

/* Half of the worlds begin shortly before a count of milliseconds outgrows 31 or 32 bits. */
static auger_time first_moment(uint64_t seed)
{
    struct prng prng;

    prng_init(&prng, seed, "clock");
    auger_time offset = prng_between(&prng, 0, 60 * AUGER_SEC);
    switch (prng_below(&prng, 4)) {
    case 0:
        return (INT64_C(1) << 31) * AUGER_MS - offset;
    case 1:
        return (INT64_C(1) << 32) * AUGER_MS - offset;
    default:
        return offset;
    }
}

struct sim *sim_new(const struct sim_options *options)
{
    struct sim *sim = sim_alloc(sizeof(*sim));

    sim->options = *options;
    sim->options.internet = NULL;
    sim->now = first_moment(options->seed);
    sim->digest = sim->attack_digest = DIGEST_START;
    sim->internet = sim_net_new(sim, "internet", NULL, NULL);
    if (options->internet)
        sim->internet->quality = *options->internet;
    else
        sim->internet->quality = (struct link_quality){.delay = options->delay,
                                                       .jitter = options->jitter,
                                                       .loss_permille = options->loss_permille};
    return sim;
}

void sim_free(struct sim *sim)
{
    if (!sim)
        return;
    sim_peers_free(sim);
    sim_probers_free(sim);
    sim_turns_free(sim);
    sim_streams_free(sim);
    if (sim->strangers)
        sim->strangers->leave(sim);
    sim_tcp_free(sim);
    sim_nets_free(sim);
    queue_fini(&sim->queue);
    free(sim);
}

void sim_break(struct sim *sim, const char *format, ...)
{
    va_list args;

    if (sim->broken[0])
        return;
    va_start(args, format);
    vsnprintf(sim->broken, sizeof(sim->broken), format, args);
    va_end(args);
    sim_log(sim, "BROKEN: %s", sim->broken);
    if (sim->options.broken)
        sim->options.broken(sim, sim->broken);
}

void sim_log(const struct sim *sim, const char *format, ...)
{
    va_list args;

    if (!sim->options.log)
        return;
    fprintf(sim->options.log, "%12.6f ", (double)sim->now / 1e9);
    va_start(args, format);
    vfprintf(sim->options.log, format, args);
    va_end(args);
    fputc('\n', sim->options.log);
}

const char *sim_broken(const struct sim *sim)
{
    return sim->broken[0] ? sim->broken : NULL;
}

auger_time sim_now(const struct sim *sim)
{
    return sim->now;
}

uint64_t sim_digest(const struct sim *sim)
{
    return digest_u64(sim->digest, sim->attack_digest);
}

uint64_t sim_honest_digest(const struct sim *sim)
{
    return sim->digest;
}

uint64_t sim_seed(const struct sim *sim)
{
    return sim->options.seed;
}

uint64_t sim_too_long(const struct sim *sim)
{
    return sim->too_long;
}

uint64_t sim_fragmented(const struct sim *sim)
{
    return sim->fragmented;
}

uint64_t sim_rewritten(const struct sim *sim)
{
    return sim->rewritten;
}

uint64_t sim_packets(const struct sim *sim)
{
    return sim->packets;
}

struct sim_net *sim_internet(struct sim *sim)
{
    return sim->internet;
}

/* --- what is arranged --------------------------------------------------------- */

struct appointment {
    sim_fate *fate;
    void *user;
};

static void keep(struct sim *sim, void *what)
{
    struct appointment appointment = *(struct appointment *)what;

    free(what);
    appointment.fate(sim, appointment.user);
}

void sim_schedule(struct sim *sim, auger_time after, sim_fate *fate, void *user)
{
    struct appointment *appointment = sim_alloc(sizeof(*appointment));

    *appointment = (struct appointment){fate, user};
    queue_put(&sim->queue, auger_time_add(sim->now, after), keep, appointment);
}

uint64_t sim_in_flight(const struct sim *sim)
{
    return sim->data_in_flight;
}

/* --- the run ---------------------------------------------------------------- */

static void go_to(struct sim *sim, auger_time next)
{
    if (next < sim->now)
        sim_break(sim, "time ran backwards");
    sim->steps_at_now = next == sim->now ? sim->steps_at_now + 1 : 0;
    if (sim->steps_at_now > STEPS_AT_ONE_TIME_MAX)
        sim_break(sim, "time stands still");
    sim->now = next;
}

static void step(struct sim *sim)
{
    if (queue_next(&sim->queue) > sim->now) {
        sim_peers_wake(sim);
        return;
    }
    struct queue_event event = queue_take(&sim->queue);
    event.happen(sim, event.what);
}

bool sim_run_until(struct sim *sim, sim_condition *done, auger_time limit)
{
    auger_time deadline = auger_time_add(sim->now, limit);

    for (;;) {
        sim_peers_drain(sim); /* what they want to send goes onto the wire */
        if (sim_broken(sim))
            return false;
        if (done && done(sim))
            return true;

        auger_time next = auger_time_min(queue_next(&sim->queue), sim_peers_next(sim));
        if (next > deadline) { /* nothing will happen in time */
            sim->now = deadline;
            return false;
        }
        go_to(sim, next);
        step(sim);
    }
}

bool sim_run(struct sim *sim, auger_time duration)
{
    sim_run_until(sim, NULL, duration);
    return !sim_broken(sim);
}
