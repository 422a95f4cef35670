/* ice/lite.c - what a lite agent does instead of asking: RFC 8445 sections 2.5, 7.3.2, 8.2
 * and 11.  A full agent whose peer is lite differs in its role alone (role.c). */
#include "ice/lite.h"

#include "ice/keepalive.h"
#include "ice/nominate.h"

#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"

#include <assert.h>

#define KEEPALIVE (15 * AUGER_SEC) /* 11: Tr */

/* No check of ours makes it valid: the peer vouches for it.  It has room for a proof. */
static void make_valid(struct auger_ice *ice, auger_time now, struct auger_pair *pair)
{
    if (pair->state == AUGER_PAIR_FROZEN)
        auger_pair_set_state(pair, ice->env, now, AUGER_PAIR_WAITING);
    auger_pair_validate(pair, ice->env, now, pair->local);
}

/* What it asks before its credentials are known waits for them, as a session has no path
 * before it has begun. */
void auger_lite_asked(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                      bool use_candidate)
{
    assert(ice->config.lite);
    if (auger_lite_are_both(ice))
        return;
    if (!auger_pair_prove(pair, ice->env)) {
        ice->counters.limited++;
        return;
    }
    pair->proof->answered_at = now;
    if (use_candidate)
        pair->use_when_valid = true;
}

static void follow_nominations(struct auger_ice *ice, auger_time now)
{
    const struct auger_checklist *list = &ice->current->checklist;

    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        if (!pair->use_when_valid)
            continue;
        if (!auger_pair_is_valid(pair)) {
            auger_time asked_at = pair->proof->answered_at; /* and from then on it counts */
            make_valid(ice, now, pair);
            pair->proof->answered_at = asked_at;
        }
        auger_nominate_asked(ice, now, pair, 0);
    }
}

/* Without checks there is no consent either: the pair stays valid. */
static void select_best(struct auger_ice *ice, auger_time now)
{
    struct auger_generation *current = ice->current;
    struct auger_pair *best = current->checklist.len ? current->checklist.order[0] : NULL;

    if (!best || best == current->nomination.selected || !auger_pair_prove(best, ice->env))
        return;
    make_valid(ice, now, best);
    best->proof->answered_at = AUGER_NEVER;
    if (current->role == AUGER_CONTROLLING)
        auger_nominate_succeeded(ice, now, best, true, 0);
    else
        auger_nominate_asked(ice, now, best, 0);
}

void auger_lite_conclude(struct auger_ice *ice, auger_time now)
{
    if (!ice->config.lite || ice->current->end_reason ||
        !auger_credentials_are_known(&ice->current->remote))
        return;
    if (ice->peer_is_lite)
        select_best(ice, now);
    else
        follow_nominations(ice, now);
}

size_t auger_lite_write_keepalive(struct auger_ice *ice, auger_time now, struct auger_path *path,
                                  uint8_t *buf, size_t cap)
{
    size_t len = auger_keepalive_build(ice, buf, cap);

    if (len == 0)
        return 0;
    *path = auger_pair_path(ice->consent.pair);
    auger_trace(ice->env, now, "ice:keepalive", AUGER_F_ADDR("remote", &path->remote));
    return len;
}

auger_time auger_lite_next_keepalive(const struct auger_ice *ice, auger_time now)
{
    return auger_lite_are_both(ice) ? auger_time_add(now, KEEPALIVE) : AUGER_NEVER;
}
