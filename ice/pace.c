/* ice/pace.c - when a new transaction may begin: Ta, RFC 8445 section 14. */
#include "ice/pace.h"

#include "base/time.h"
#include "base/trace.h"

#define PACING_MIN (5 * AUGER_MS) /* 14.2, of all agents together */

/* Turns are given in the order in which they are asked for, so that none waits for ever. */
static auger_time take_turn(struct auger_pacer *pacer, auger_time now)
{
    auger_time turn = auger_time_max(now, pacer->free_at);

    pacer->free_at = auger_time_add(turn, PACING_MIN);
    return turn;
}

bool auger_pace_allows(struct auger_ice *ice, auger_time now)
{
    if (now < ice->pace_at)
        return false;
    if (ice->config.pacer && !ice->has_turn) {
        ice->has_turn = true;
        ice->pace_at = take_turn(ice->config.pacer, now);
    }
    return now >= ice->pace_at;
}

void auger_pace_begin(struct auger_ice *ice, auger_time now)
{
    ice->has_turn = false;
    ice->pace_at = auger_time_add(now, ice->pacing);
}

auger_time auger_pace_rto(const struct auger_ice *ice, size_t transactions)
{
    return auger_time_max(AUGER_STUN_RTO, ice->pacing * (auger_time)transactions);
}

/* RFC 8839 section 5.5: the larger one counts, on either side. */
void auger_ice_set_remote_pacing(struct auger_ice *ice, auger_time now, auger_time pacing)
{
    auger_time asked = auger_time_min(pacing, AUGER_PACING_MAX);
    auger_time larger = auger_time_max(ice->config.pacing, asked);

    if (larger == ice->pacing)
        return;
    ice->pacing = larger;
    auger_trace(ice->env, now, "ice:pacing", AUGER_F_TIME("ta", larger));
}
