/* ice/failover.c - a selected pair that falls silent while another one answers, as when the
 * peer's address has changed: docs/decisions/070. */
#include "ice/failover.h"

#include "base/time.h"
#include "base/trace.h"

/* Two checks of consent have had no answer: they are at most 6 s apart (7675 section 5.1). */
#define SILENT_FOR (13 * AUGER_SEC)

/* Proved since the selected pair last was, by checks that the peer's caused. */
static bool is_later(const struct auger_pair *pair, const struct auger_pair *selected)
{
    return pair != selected && auger_pair_is_valid(pair) &&
           pair->proof->answered_at > selected->proof->answered_at;
}

static bool another_answers(const struct auger_generation *generation)
{
    const struct auger_checklist *list = &generation->checklist;

    for (uint16_t i = 0; i < list->len; i++)
        if (is_later(list->order[i], generation->nomination.selected))
            return true;
    return false;
}

static auger_time given_up_at(const struct auger_ice *ice)
{
    const struct auger_pair *selected = ice->current->nomination.selected;

    if (!selected || !auger_pair_is_valid(selected) || selected != ice->consent.pair ||
        !another_answers(ice->current))
        return AUGER_NEVER;
    /* While data went elsewhere nothing was asked on it, and that is no silence. */
    return auger_time_add(auger_time_max(selected->proof->answered_at, ice->consent.watched_at),
                          SILENT_FOR);
}

auger_time auger_failover_next_timeout(const struct auger_ice *ice)
{
    return given_up_at(ice);
}

void auger_failover_consider(struct auger_ice *ice, auger_time now)
{
    struct auger_pair *selected = ice->current->nomination.selected;

    if (now < given_up_at(ice))
        return;
    auger_trace(ice->env, now, "ice:failover", AUGER_F_ADDR("local", &selected->local->addr),
                AUGER_F_ADDR("remote", &selected->remote->addr));
    auger_pair_fail(selected, ice->env, now, AUGER_PAIR_TIMEOUT);
    auger_inflight_remove_pair(&ice->current->checklist.inflight, selected);
    ice->current->nomination.selected = ice->current->nomination.former = NULL;
    ice->consent.pair = NULL;
    ice->route = NULL;
}
