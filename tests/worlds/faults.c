/* tests/worlds/faults.c - what befalls a world while it is lived, at the times of its plan. */
#include "tests/worlds/life.h"

static struct sim_peer *victim(const struct life *life, enum feature feature)
{
    struct sim_peer *peer = life->built.peers[life->plan->value[feature] == 2];
    return peer ? peer : life->built.peers[0];
}

/* Then it comes when the sleeper wakes up. */
static bool is_put_off(struct life *life, const struct sim_peer *peer, sim_fate *fate)
{
    auger_time sleeps_for = sim_peer_sleeps_for(peer);

    if (sleeps_for > 0)
        sim_schedule(life->built.sim, sleeps_for, fate, life);
    return sleeps_for > 0;
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

static void lose_route(struct sim *sim, void *user)
{
    const struct life *life = user;
    struct sim_send_errors errors = build_errors(life->plan, life->plan->value[UNROUTED] == 2);

    (void)sim;
    errors.has_no_route = true;
    sim_peer_set_errors(victim(life, UNROUTED), &errors);
}

static void find_route(struct sim *sim, void *user)
{
    const struct life *life = user;
    struct sim_send_errors errors = build_errors(life->plan, life->plan->value[UNROUTED] == 2);

    (void)sim;
    sim_peer_set_errors(victim(life, UNROUTED), &errors);
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
    struct life *life = user;

    if (is_put_off(life, victim(life, LEAP), leap))
        return;
    sim_peer_leap(sim, victim(life, LEAP), life->plan->value[LEAP_BY_MS] * AUGER_MS);
}

/* The network that alice's data leaves through.  Her second home was added last. */
static struct sim_net *home_in_use(const struct life *life)
{
    struct auger_cand cands[32], *last = NULL;
    size_t len = auger_ice_local_cands(sim_peer_ice(life->built.peers[0]), cands, 32);

    for (size_t i = 0; i < len; i++)
        if (cands[i].type == AUGER_CAND_HOST)
            last = &cands[i];
    bool is_last = last && auger_addr_equal(&life_story(life, 0)->path.local, &last->addr);
    return life->built.homes[0][is_last && life->built.homes_len[0] > 1];
}

/* What is outside stays as it is. */
static void become_slow(struct sim *sim, void *user)
{
    const struct life *life = user;
    struct link_quality slow = {.delay = life->plan->value[SLOW_MS] * AUGER_MS / 2};

    struct sim_net *home = home_in_use(life);

    if (sim_net_gateway(home))
        sim_net_set_quality(sim, home, &slow);
}

/* --- a move ---------------------------------------------------------------------------- */

static int mover(const struct life *life)
{
    return life->plan->value[MOVES] == 2;
}

static void leave_home(struct sim *sim, void *user)
{
    struct life *life = user;
    int side = mover(life);

    if (is_put_off(life, life->built.peers[side], leave_home))
        return;
    for (unsigned i = 0; i < life->built.homes_len[side]; i++)
        sim_peer_remove_addrs(sim, life->built.peers[side], life->built.homes[side][i]);
}

static void arrive(struct sim *sim, void *user)
{
    struct life *life = user;
    int side = mover(life);

    if (is_put_off(life, life->built.peers[side], arrive))
        return;
    sim_peer_add_addr(sim, life->built.peers[side], life->built.away[side], AUGER_IPV4);
}

static void move(struct sim *sim, void *user)
{
    struct life *life = user;
    int64_t gap = life->plan->value[MOVES_GAP_MS] * AUGER_MS;

    if (gap < 0)
        arrive(sim, life);
    else
        leave_home(sim, life);
    sim_schedule(sim, gap < 0 ? -gap : gap, gap < 0 ? leave_home : arrive, life);
}

/* What a stranger tells in signalling may be a restart, and so may what a move leads to. */
static bool can_move(const struct life *life)
{
    return life->built.peers[1] && !life->plan->value[HOSTILE_SIGNAL_PERMILLE];
}

/* --- a VPN ------------------------------------------------------------------------------ */

static void vpn_comes(struct sim *sim, void *user)
{
    struct life *life = user;
    int side = life->plan->value[VPN] == 2;
    struct sim_peer *peer = life->built.peers[side];
    int64_t takes = life->plan->value[VPN_TAKES];

    if (is_put_off(life, peer, vpn_comes))
        return;
    if (takes != VPN_TAKES_NOTHING)
        sim_peer_set_tunnel(peer, life->built.vpn[side], takes == VPN_STOPS_ALL);
    sim_peer_add_addr(sim, peer, life->built.vpn[side], AUGER_IPV4);
}

static void vpn_goes(struct sim *sim, void *user)
{
    struct life *life = user;
    int side = life->plan->value[VPN] == 2;
    struct sim_peer *peer = life->built.peers[side];

    if (is_put_off(life, peer, vpn_goes))
        return;
    life->vpn_was_in_use = life_is_connected(life) &&
                           sim_net_has(life->built.vpn[side], &life_story(life, side)->path.local);
    sim_peer_set_tunnel(peer, NULL, false);
    sim_peer_remove_addrs(sim, peer, life->built.vpn[side]);
}

static void turn_dies(struct sim *sim, void *user)
{
    const struct life *life = user;

    (void)sim;
    for (int i = 0; i < 2; i++)
        if (life->built.turns[i] && life->plan->value[TURN_DIES] >> i & 1)
            sim_host_kill(sim_turn_host(life->built.turns[i]));
}

static void turn_forgets(struct sim *sim, void *user)
{
    const struct life *life = user;

    for (int i = 0; i < 2; i++)
        if (life->built.turns[i] && life->plan->value[TURN_FORGETS] >> i & 1)
            sim_turn_forget(sim, life->built.turns[i]);
}

static void turn_drains(struct sim *sim, void *user)
{
    const struct life *life = user;
    const int64_t *v = life->plan->value;

    (void)sim;
    for (int i = 0; i < 2; i++) {
        const struct sim_turn *other = life->built.turns[!i];
        enum auger_family family = v[TURN_ALTERNATE] == 2 ? AUGER_IPV6 : AUGER_IPV4;
        if (life->built.turns[i] && v[TURN_DRAINS] >> i & 1)
            sim_turn_drain(life->built.turns[i],
                           v[TURN_ALTERNATE] ? sim_turn_addr(other, family) : NULL);
    }
}

static void server_dies(struct sim *sim, void *user)
{
    const struct life *life = user;
    (void)sim;
    sim_host_kill(life->built.server);
}

/* --- restarts ----------------------------------------------------------------------- */

/* Who has not heard of the other has nothing to restart, and who sleeps restarts nothing. */
static void restart(struct life *life, int side)
{
    const struct sim_peer_story *mine = life_story(life, side);

    if (sim_peer_sleeps_for(life->built.peers[side]) > 0 || mine->signalled_at == AUGER_NEVER ||
        life_story(life, !side)->signalled_at == AUGER_NEVER)
        return;
    life->restarts.count++;
    life->restarts.in_mid_check |= mine->state == AUGER_ICE_CHECKING;
    life->restarts.of_failed |= mine->state == AUGER_ICE_FAILED;
    sim_restart(life->built.sim, life->built.peers[side]);
}

static void restart_bob(struct sim *sim, void *user)
{
    (void)sim;
    restart(user, 1);
}

/* So that the offers of both cross. */
static auger_time apart(const struct plan *plan)
{
    int64_t apart_ms = plan->value[RESTART_APART_MS], signal_ms = plan->value[SIGNAL_MS];

    return (apart_ms < signal_ms ? apart_ms : signal_ms / 2) * AUGER_MS;
}

static void restart_by(struct life *life, int64_t who)
{
    if (who != 2)
        restart(life, 0);
    if (who == 3)
        sim_schedule(life->built.sim, apart(life->plan), restart_bob, life);
    else if (who == 2)
        restart(life, 1);
    life->restarts.by_both |= who == 3;
}

static void restart_first(struct sim *sim, void *user)
{
    struct life *life = user;

    (void)sim;
    restart_by(life, life->plan->value[RESTART]);
}

/* While offers and answers of the first may be on their way, whoever was alone with it may
 * put another in its place. */
static void restart_again(struct sim *sim, void *user)
{
    struct life *life = user;
    const int64_t *v = life->plan->value;
    int64_t settles_ms = 2 * (v[SIGNAL_MS] + v[SIGNAL_JITTER_MS] + v[ANSWER_LATE_MS]) +
                         v[OFFER_LATE_MS] + v[SUSPEND_FOR_MS] * (v[SUSPEND] > 0);

    (void)sim;
    if (v[RESTART_AGAIN_MS] <= settles_ms && (v[RESTART] == 3 || v[RESTART_AGAIN_BY] != v[RESTART]))
        return;
    life->restarts.again = life->restarts.count > 0;
    restart_by(life, v[RESTART_AGAIN_BY]);
}

/* What a stranger tells in signalling may be a restart too: there nobody knows whose counts. */
static void arrange_restarts(struct life *life)
{
    const int64_t *v = life->plan->value;

    if (!v[RESTART] || !life->built.peers[1] || v[HOSTILE_SIGNAL_PERMILLE] || v[MOVES] || v[VPN])
        return;
    sim_schedule(life->built.sim, v[RESTART_AT_MS] * AUGER_MS, restart_first, life);
    if (v[RESTART_AGAIN_MS])
        sim_schedule(life->built.sim, (v[RESTART_AT_MS] + v[RESTART_AGAIN_MS]) * AUGER_MS,
                     restart_again, life);
}

/* --- the times of the plan ------------------------------------------------------------ */

static void note_connected(struct sim *sim, void *user)
{
    struct life *life = user;

    (void)sim;
    life->first.connected_at_fault += couple_is_connected(&life->first);
    life->beside.connected_at_fault += couple_is_connected(&life->beside);
}

static const struct {
    enum feature feature, at;
    sim_fate *fate;
} faults[] = {
    {CUT, CUT_AT_MS, cut},
    {UNROUTED, UNROUTED_AT_MS, lose_route},
    {REBOOT, REBOOT_AT_MS, reboot},
    {REBIND, REBIND_AT_MS, rebind},
    {RENUMBER, RENUMBER_AT_MS, renumber},
    {SUSPEND, SUSPEND_AT_MS, fall_asleep},
    {LEAP, LEAP_AT_MS, leap},
    {MOVES, MOVES_AT_MS, move},
    {VPN, VPN_AT_MS, vpn_comes},
    {TURN_DIES, TURN_DIES_AT_MS, turn_dies},
    {TURN_FORGETS, TURN_FORGETS_AT_MS, turn_forgets},
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
            (faults[i].feature == CUT && !life->built.peers[1]) ||
            ((faults[i].feature == MOVES || faults[i].feature == VPN) && !can_move(life)))
            continue;
        sim_schedule(sim, v[faults[i].at] * AUGER_MS, note_connected, life);
        sim_schedule(sim, v[faults[i].at] * AUGER_MS, faults[i].fate, life);
    }
    arrange_restarts(life);
    life_arrange_hours(life);
    if (v[CUT])
        sim_schedule(sim, (v[CUT_AT_MS] + v[CUT_FOR_MS]) * AUGER_MS, heal, life);
    if (v[UNROUTED])
        sim_schedule(sim, (v[UNROUTED_AT_MS] + v[UNROUTED_FOR_MS]) * AUGER_MS, find_route, life);
    if (v[VPN] && can_move(life))
        sim_schedule(sim, (v[VPN_AT_MS] + v[VPN_FOR_MS]) * AUGER_MS, vpn_goes, life);
    if (v[SLOW_MS])
        sim_schedule(sim, v[SLOW_AT_MS] * AUGER_MS, become_slow, life);
    if (v[TURN_DRAINS]) /* what stands goes on, so that it is no fault */
        sim_schedule(sim, v[TURN_DRAINS_AT_MS] * AUGER_MS, turn_drains, life);
    if (v[SERVER_DIES_MS])
        sim_schedule(sim, v[SERVER_DIES_MS] * AUGER_MS, server_dies, life);
}
