/* sim/peer_clock.c - the clocks of the hosts: each runs a little fast or slow, stands
 * still with its machine, and leaps; and the timers that go by them. */
#include "sim/digest.h"
#include "sim/peer.h"

#include "base/time.h"

#include <assert.h>
#include <string.h>

#define MILLION 1000000

auger_time sim_peer_now(const struct sim_peer *peer)
{
    auger_time passed = peer->sim->now - peer->clock.since;

    assert(passed >= 0); /* it stands still: nobody may look at it */
    return peer->clock.local + passed + passed / MILLION * peer->clock.ppm +
           passed % MILLION * peer->clock.ppm / MILLION;
}

/* The first moment at which its clock shows `local` or more. */
auger_time sim_peer_moment(const struct sim_peer *peer, auger_time local)
{
    const struct sim_clock *clock = &peer->clock;

    if (local == AUGER_NEVER || clock->ppm == 0)
        return local == AUGER_NEVER ? local : clock->since + (local - clock->local);
    if (local <= clock->local)
        return clock->since;
    auger_time to_pass = local - clock->local, rate = MILLION + clock->ppm;
    auger_time passed = to_pass / rate * MILLION + to_pass % rate * MILLION / rate;
    for (;; passed++) {
        auger_time shows = clock->local + passed + passed / MILLION * clock->ppm +
                           passed % MILLION * clock->ppm / MILLION;
        if (shows >= local)
            return clock->since + passed;
    }
}

static void set(struct sim_peer *peer, auger_time local, int ppm)
{
    peer->clock = (struct sim_clock){.since = peer->sim->now, .local = local, .ppm = ppm};
}

void sim_peer_init_clock(struct sim_peer *peer)
{
    assert(peer->options.drift_ppm > -MILLION);
    set(peer, peer->sim->now, peer->options.drift_ppm);
}

void sim_peer_leap(struct sim *sim, struct sim_peer *peer, auger_time by)
{
    assert(by >= 0);
    sim_log(sim, "%s: the clock leaps by %lld ms", peer->name, (long long)(by / AUGER_MS));
    set(peer, sim_peer_now(peer) + by, peer->clock.ppm);
    peer->is_touched = true;
}

bool sim_peer_is_asleep(const struct sim_peer *peer)
{
    return peer->sim->now < peer->asleep_until;
}

auger_time sim_peer_sleeps_for(const struct sim_peer *peer)
{
    return sim_peer_is_asleep(peer) ? peer->asleep_until - peer->sim->now : 0;
}

/* --- the timer -------------------------------------------------------------------- */

/* The same for one deadline, whoever else troubles the agent meanwhile. */
static uint64_t chance(const struct sim_peer *peer, auger_time local)
{
    uint64_t mix = digest_u64(DIGEST_START, peer->sim->options.seed);

    mix = digest_u64(digest_bytes(mix, peer->name, strlen(peer->name)), (uint64_t)local);
    mix = (mix ^ mix >> 31) * UINT64_C(0x9E3779B97F4A7C15);
    return mix ^ mix >> 29;
}

/* Somewhere between now and then, or never. */
static auger_time early(const struct sim_peer *peer, uint64_t luck, auger_time moment)
{
    auger_time to_wait = moment - peer->sim->now;

    if (to_wait <= 0 || luck % 1000 >= peer->options.early_permille)
        return AUGER_NEVER;
    return peer->sim->now + to_wait / 1000 * (auger_time)(luck / 1000 % 1000);
}

void sim_peer_set_timer(struct sim_peer *peer, auger_time local)
{
    struct sim_timer *timer = &peer->timer;
    bool is_new = local != timer->wants;
    uint64_t luck = chance(peer, local);
    auger_time moment = sim_peer_moment(peer, local), late_max = peer->options.late_max;

    timer->wants = local;
    timer->rings_at = moment;
    if (local != AUGER_NEVER && late_max > 0)
        timer->rings_at = moment + (auger_time)(luck / 1000000 % (uint64_t)(late_max + 1));
    if (local == AUGER_NEVER)
        timer->early_at = AUGER_NEVER;
    else if (is_new) {
        timer->early_at = early(peer, luck, moment);
        timer->early_left = peer->options.early_again;
    }
    if (timer->early_at >= moment) /* the clock has leapt past what it was early for */
        timer->early_at = AUGER_NEVER;
}

/* Once it has rung early. */
static void ring_again(struct sim_peer *peer)
{
    struct sim_timer *timer = &peer->timer;
    auger_time now = peer->sim->now, to_wait = sim_peer_moment(peer, timer->wants) - now;

    if (timer->early_left == 0 || to_wait <= 0)
        return;
    timer->early_at = now + to_wait / 2;
    timer->early_left--;
}

auger_time sim_peer_wakes_at(const struct sim_peer *peer)
{
    return auger_time_min(peer->timer.early_at, peer->timer.rings_at);
}

bool sim_peer_is_woken(struct sim_peer *peer)
{
    struct sim_timer *timer = &peer->timer;
    auger_time now = peer->sim->now;

    if (now < sim_peer_wakes_at(peer))
        return false;
    peer->story.woken_early += now < timer->rings_at;
    peer->story.woken_late += peer->options.late_max > 0 && now >= timer->rings_at &&
                              sim_peer_now(peer) >= timer->wants + AUGER_MS;
    timer->early_at = AUGER_NEVER;
    if (now < timer->rings_at)
        ring_again(peer);
    return true;
}

/* --- sleep -------------------------------------------------------------------------- */

static void awake(struct sim *sim, void *what)
{
    struct sim_peer **held = what;
    struct sim_peer *peer = *held;

    free(held);
    if (sim_peer_is_asleep(peer)) /* it fell asleep again */
        return;
    sim_log(sim, "%s wakes up", peer->name);
    peer->is_touched = true;
}

void sim_peer_suspend(struct sim *sim, struct sim_peer *peer, auger_time duration, bool clock_stops)
{
    struct sim_peer **held = sim_alloc(sizeof(struct sim_peer *));

    sim_log(sim, "%s sleeps for %lld ms", peer->name, (long long)(duration / AUGER_MS));
    peer->asleep_until = auger_time_max(peer->asleep_until, sim->now + duration);
    if (clock_stops) { /* nobody looks at it until then */
        peer->clock.local = sim_peer_now(peer);
        peer->clock.since = peer->asleep_until;
    }
    *held = peer;
    queue_put(&sim->queue, peer->asleep_until, awake, held);
}
