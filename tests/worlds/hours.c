/* tests/worlds/hours.c - a session that lasts for hours: relays, permissions and nonces are renewed
 * hundreds of times, consent thousands of times, and once an hour something happens. */
#include "tests/worlds/life.h"

#define HOUR (3600 * AUGER_SEC)
#define SETTLED_AFTER (300 * AUGER_SEC)   /* the event: else the application restarts, */
#define RESTARTED_AFTER (120 * AUGER_SEC) /* which has to lead to a path in this time */
#define SLEEP (20 * AUGER_SEC)
#define CHATTER_OF_HOURS_MS 10000

/* What may end a session for good, and what makes it slow to run. */
static const enum feature unsuited[] = {
    LITE,
    LITE_B,
    GIVES,
    GIVES_B,
    HOSTILE_PEER,
    HOSTILE_SIGNAL_PERMILLE,
    MUX,
    OBSERVER,
    OFF_PATH,
    TURN_DRAINS,
    TURN_QUOTA,
    TURN_DIES,
    TURN_FORGETS,
    TURN_SLOW_MS,
    TURN_BUSY_PERMILLE,
    CUT,
    REBOOT,
    REBIND,
    RENUMBER,
    SUSPEND,
    LEAP,
    MOVES,
    VPN,
    RESTART,
    PAIRS_MAX,
    PAIRS_MAX_B,
    NARROW_KBIT,
    ROWS_MAX,
    ROWS_MAX_B,
    BURSTS_PERMILLE,
    POOL,
    POOL_B,
    SERVER_DEAD,
    SERVER_DIES_MS,
    OOM_PERMILLE,
    CORRUPT_PERMILLE,
    HEAVY_LOSS_PERMILLE,
    SIGNAL_DROP_PERMILLE,
    BUGGIFY_PERMILLE,
    SLOW_MS,
    UNROUTED,
    MTU,
    NO_IPV4,
    NO_IPV4_B,
    TURN_STREAMS,
    TURN_STREAMS_B,
    PREDICTION,
    PREDICTION_B,
    BUSY,
    BUSY_B,
    SAME_ROLE,
};

void plan_make_long(struct plan *plan, unsigned hours)
{
    struct plan off;

    plan_clear(&off, plan->seed);
    for (size_t i = 0; i < sizeof(unsuited) / sizeof(unsuited[0]); i++)
        plan->value[unsuited[i]] = off.value[unsuited[i]];
    for (int side = 0; side < 2; side++) {
        plan->value[TURN + side] |= 1;
        plan->value[CHATTER_MS + side] = CHATTER_OF_HOURS_MS;
        if (plan->value[GATES + side] == UDP_BLOCKED)
            plan->value[GATES + side] = ONE_NAT;
    }
    plan->value[LASTS_S] = (int64_t)hours * 3600;
    plan->value[HOURLY] = 1;
}

/* --- what happens ----------------------------------------------------------------------- */

static void look_again(struct sim *sim, void *user)
{
    struct life *life = user;

    (void)sim;
    if (!life_is_connected(life))
        life_condemn(life, "12: hour %u: %s and %s, two minutes after a restart", life->hours,
                     auger_ice_state_name(life_story(life, 0)->state),
                     auger_ice_state_name(life_story(life, 1)->state));
}

static void look(struct sim *sim, void *user)
{
    struct life *life = user;

    if (life_is_connected(life))
        return;
    life->hours_restarted++;
    sim_restart(sim, life->built.peers[life->hours % 2]);
    sim_schedule(sim, RESTARTED_AFTER, look_again, life);
}

static void befall(struct sim *sim, const struct life *life)
{
    struct sim_peer *peer = life->built.peers[life->hours / 4 % 2];
    struct sim_gateway *gateway = sim_peer_gateway(peer);

    switch (life->hours % 4) {
    case 0:
        sim_restart(sim, peer);
        break;
    case 1:
        sim_peer_suspend(sim, peer, SLEEP, life->hours % 8 == 1);
        break;
    case 2:
        if (gateway)
            sim_gateway_rebind(sim, gateway);
        break;
    default:
        if (gateway)
            sim_gateway_reboot(sim, gateway);
    }
}

static void strike(struct sim *sim, void *user)
{
    struct life *life = user;

    life->hours++;
    befall(sim, life);
    sim_schedule(sim, SETTLED_AFTER, look, life);
    if (life->hours + 1 < life->plan->value[LASTS_S] / 3600)
        sim_schedule(sim, HOUR, strike, life);
}

void life_arrange_hours(struct life *life)
{
    if (life->plan->value[HOURLY] && life->plan->value[LASTS_S] >= 2 * 3600)
        sim_schedule(life->built.sim, HOUR, strike, life);
}

void life_judge_hours(struct life *life, struct tally *tally)
{
    tally->judged[MUST_COME_BACK] += life->hours;
    tally->hours_restarted += life->hours_restarted;
    if (life->hours > 0 && !life_is_connected(life))
        life_condemn(life, "12: after %u hours: %s and %s", life->hours,
                     auger_ice_state_name(life_story(life, 0)->state),
                     auger_ice_state_name(life_story(life, 1)->state));
}
