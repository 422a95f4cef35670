/* tests/worlds/faults.c - what befalls a world while it is lived, at the times of its plan. */
#include "tests/worlds/life.h"

static struct sim_peer *victim(const struct life *life, enum feature feature)
{
    struct sim_peer *peer = life->built.peers[life->plan->value[feature] == 2];
    return peer ? peer : life->built.peers[0];
}

static void cut(struct sim *sim, void *user)
{
    struct life *life = user;
    struct sim_peer *alice = life->built.peers[0], *bob = life->built.peers[1];

    if (life->plan->value[CUT] == 1)
        sim_cut(sim, alice, bob);
    else if (life->plan->value[CUT] == 2)
        sim_cut_one_way(sim, alice, bob);
    else
        sim_cut_one_way(sim, bob, alice);
}

static void heal(struct sim *sim, void *user)
{
    (void)user;
    sim_heal(sim);
}

static void reboot(struct sim *sim, void *user)
{
    struct sim_gateway *gateway = sim_peer_gateway(victim(user, REBOOT));
    if (gateway)
        sim_gateway_reboot(sim, gateway);
}

static void rebind(struct sim *sim, void *user)
{
    struct life *life = user;
    struct sim_gateway *gateway = sim_peer_gateway(victim(life, REBIND));

    if (!gateway)
        return;
    life->was_in_flight = sim_in_flight(sim) > 0;
    sim_gateway_rebind(sim, gateway);
}

static void renumber(struct sim *sim, void *user)
{
    struct sim_gateway *gateway = sim_peer_gateway(victim(user, RENUMBER));
    if (gateway)
        sim_gateway_renumber(sim, gateway);
}

static void fall_asleep(struct sim *sim, void *user)
{
    const struct life *life = user;
    sim_peer_suspend(sim, victim(life, SUSPEND), life->plan->value[SUSPEND_FOR_MS] * AUGER_MS,
                     life->plan->value[SUSPEND_STOPS_CLOCK]);
}

static void leap(struct sim *sim, void *user)
{
    const struct life *life = user;
    sim_peer_leap(sim, victim(life, LEAP), life->plan->value[LEAP_BY_MS] * AUGER_MS);
}

static void server_dies(struct sim *sim, void *user)
{
    const struct life *life = user;
    (void)sim;
    sim_host_kill(life->built.server);
}

static void note_connected(struct sim *sim, void *user)
{
    struct life *life = user;

    (void)sim;
    if (life->built.peers[1] && life_is_connected(life))
        life->connected_at_fault++;
}

static const struct {
    enum feature feature, at;
    sim_fate *fate;
} faults[] = {
    {CUT, CUT_AT_MS, cut},
    {REBOOT, REBOOT_AT_MS, reboot},
    {REBIND, REBIND_AT_MS, rebind},
    {RENUMBER, RENUMBER_AT_MS, renumber},
    {SUSPEND, SUSPEND_AT_MS, fall_asleep},
    {LEAP, LEAP_AT_MS, leap},
};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

unsigned plan_count_faults(const struct plan *plan)
{
    unsigned count = 0;
    for (size_t i = 0; i < FAULTS; i++)
        count += plan_has(plan, faults[i].feature);
    return count;
}

void life_arrange_faults(struct life *life)
{
    const int64_t *v = life->plan->value;
    struct sim *sim = life->built.sim;

    for (size_t i = 0; i < FAULTS; i++) {
        if (!plan_has(life->plan, faults[i].feature) ||
            (faults[i].feature == CUT && !life->built.peers[1]))
            continue;
        sim_schedule(sim, v[faults[i].at] * AUGER_MS, note_connected, life);
        sim_schedule(sim, v[faults[i].at] * AUGER_MS, faults[i].fate, life);
    }
    if (v[CUT])
        sim_schedule(sim, (v[CUT_AT_MS] + v[CUT_FOR_MS]) * AUGER_MS, heal, life);
    if (v[SERVER_DIES_MS])
        sim_schedule(sim, v[SERVER_DIES_MS] * AUGER_MS, server_dies, life);
}
