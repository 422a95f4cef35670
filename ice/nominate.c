/* ice/nominate.c - choosing the selected pair: RFC 8445 section 8.1.1 and design
 * decision 13.  Where data goes before that is route.c. */
#include "ice/nominate.h"

#include "base/time.h"
#include "base/trace.h"

#include <assert.h>

/* How long better pairs may be waited for once one is valid. */
#define HOLD_DIRECT (300 * AUGER_MS) /* or three round trips */
#define HOLD_RELAYED (1 * AUGER_SEC)

/* While several nominations may be of one volley, as a peer of RFC 5245 sends
 * them, the highest priority decides (8.3.1 names the time). */
#define VOLLEY (3 * AUGER_SEC)

bool auger_nominate_is_concluded(const struct auger_ice *ice)
{
    return ice->nomination.selected != NULL;
}

static void choose(struct auger_ice *ice, auger_time now, struct auger_pair *pair)
{
    ice->nomination.selected = pair;
    ice->nomination.selected_at = now;
    auger_ice_forget_nomination(ice);
    auger_checklist_cancel_all(&ice->checklist); /* 8.1.2 */
    auger_trace(ice->env, now, "ice:selected", AUGER_F_ADDR("local", &pair->local->addr),
                AUGER_F_ADDR("remote", &pair->remote->addr));
}

/* Of a volley the best is chosen; a nomination that comes later is the peer's
 * change of mind and is followed, since it may no longer listen elsewhere. */
static bool is_to_replace(const struct auger_ice *ice, auger_time now,
                          const struct auger_pair *pair)
{
    const struct auger_pair *selected = ice->nomination.selected;

    if (!selected || !auger_pair_is_usable(selected, now))
        return true;
    if (now >= auger_time_add(ice->nomination.selected_at, VOLLEY))
        return true;
    return auger_pair_valid_priority(pair, ice->role) >
           auger_pair_valid_priority(selected, ice->role);
}

static void nominated(struct auger_ice *ice, auger_time now, struct auger_pair *pair)
{
    assert(pair->seen_as);
    pair->use_when_valid = false;
    if (pair != ice->nomination.selected && is_to_replace(ice, now, pair))
        choose(ice, now, pair);
}

void auger_nominate_asked(struct auger_ice *ice, auger_time now, struct auger_pair *pair)
{
    assert(ice->role == AUGER_CONTROLLED);
    if (auger_pair_is_usable(pair, now))
        nominated(ice, now, pair);
    else
        pair->use_when_valid = true;
}

void auger_nominate_succeeded(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                              bool nominating)
{
    if (ice->nomination.valid_at == AUGER_NEVER)
        ice->nomination.valid_at = now;
    if (ice->role == AUGER_CONTROLLING ? nominating : pair->use_when_valid)
        nominated(ice, now, pair);
}

/* Whether waiting could bring a better pair than `best`: one that is still to be
 * checked, or, when a relay is all there is, one that is still to be told. */
static bool is_worth_waiting(const struct auger_ice *ice, const struct auger_pair *best)
{
    if (auger_pair_is_relayed(best) &&
        (!ice->remote_ended || ice->gather.state != AUGER_GATHER_DONE))
        return true;
    return auger_checklist_may_beat(&ice->checklist, auger_pair_valid_priority(best, ice->role));
}

static auger_time time_to_nominate(const struct auger_ice *ice, const struct auger_pair *best)
{
    auger_time hold = HOLD_RELAYED;

    if (!is_worth_waiting(ice, best))
        return ice->nomination.valid_at;
    if (!auger_pair_is_relayed(best))
        hold = auger_time_max(HOLD_DIRECT, 3 * best->rtt);
    return auger_time_add(ice->nomination.valid_at, hold);
}

/* Whether it is on us to choose, and we have not yet. */
static bool is_open(const struct auger_ice *ice)
{
    return ice->role == AUGER_CONTROLLING && !ice->nomination.pair &&
           !auger_nominate_is_concluded(ice);
}

/* Repeats the check that made the pair valid, this time with USE-CANDIDATE.  If
 * that fails the pair is valid no more, and another may be nominated. */
void auger_nominate_consider(struct auger_ice *ice, auger_time now)
{
    if (ice->nomination.pair && !ice->nomination.pair->seen_as)
        auger_ice_forget_nomination(ice);
    if (!is_open(ice))
        return;
    struct auger_pair *best = auger_checklist_best(&ice->checklist, now, ice->role);
    if (!best || now < time_to_nominate(ice, best))
        return;
    ice->nomination.pair = best;
    ice->nomination.ask_at = now;
    auger_trace(ice->env, now, "ice:nominate", AUGER_F_ADDR("local", &best->local->addr),
                AUGER_F_ADDR("remote", &best->remote->addr));
}

auger_time auger_nominate_next_timeout(const struct auger_ice *ice)
{
    if (ice->nomination.pair)
        return ice->nomination.ask_at;
    return is_open(ice) && ice->route ? time_to_nominate(ice, ice->route) : AUGER_NEVER;
}
