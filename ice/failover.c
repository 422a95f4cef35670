/* ice/failover.c - the pair in use falls silent while another one answers, as when the peer's
 * address has changed: docs/decisions/070. */
#include "ice/failover.h"

#include "ice/route.h"

#include "base/time.h"
#include "base/trace.h"

/* Two checks of consent have had no answer: they are at most 6 s apart (7675 section 5.1). */
#define SILENT_FOR (13 * AUGER_SEC)

/* One has had none: so many others, the best, are asked whether they would answer. */
#define ASKED_AFTER (7 * AUGER_SEC)
#define ASKED_MAX 4

/* The selected pair; and one that took the place of such, before it is. */
static bool is_watched(const struct auger_generation *current, const struct auger_pair *pair)
{
    return pair == current->nomination.selected ||
           (pair->generation == current && current->has_moved);
}

static struct auger_pair *in_use(const struct auger_ice *ice)
{
    struct auger_pair *pair = ice->consent.pair;

    return pair && is_watched(ice->current, pair) && auger_pair_is_valid(pair) ? pair : NULL;
}

/* Proved since `used` last was, by checks that the peer's or the silence caused. */
static bool is_later(const struct auger_pair *pair, const struct auger_pair *used)
{
    return pair != used && auger_pair_is_valid(pair) &&
           pair->proof->answered_at > used->proof->answered_at;
}

static bool another_answers(const struct auger_ice *ice)
{
    const struct auger_checklist *list = &ice->current->checklist;

    for (uint16_t i = 0; i < list->len; i++)
        if (is_later(list->order[i], in_use(ice)))
            return true;
    return false;
}

/* While data went elsewhere nothing was asked on it, and that is no silence. */
static auger_time silent_since(const struct auger_ice *ice)
{
    return auger_time_max(in_use(ice)->proof->answered_at, ice->consent.watched_at);
}

static auger_time given_up_at(const struct auger_ice *ice)
{
    if (!in_use(ice) || !another_answers(ice))
        return AUGER_NEVER;
    return auger_time_add(silent_since(ice), SILENT_FOR);
}

/* --- who would answer --------------------------------------------------------------------- */

static bool is_being_asked(const struct auger_checklist *list, const struct auger_pair *pair)
{
    return pair->ticket || auger_inflight_find_pair(&list->inflight, pair);
}

/* Of those that were valid before the silence: the first that is to be asked; NULL: none. */
static struct auger_pair *next_to_ask(const struct auger_ice *ice)
{
    const struct auger_checklist *list = &ice->current->checklist;
    const struct auger_pair *used = in_use(ice);
    unsigned len = 0;

    if (!used || ice->config.lite)
        return NULL;
    for (uint16_t i = 0; i < list->len && len < ASKED_MAX; i++) {
        struct auger_pair *pair = list->order[i];
        if (pair == used || !auger_pair_is_valid(pair))
            continue;
        len++;
        if (!is_later(pair, used) && !is_being_asked(list, pair))
            return pair;
    }
    return NULL;
}

static auger_time asked_at(const struct auger_ice *ice)
{
    return next_to_ask(ice) ? auger_time_add(silent_since(ice), ASKED_AFTER) : AUGER_NEVER;
}

static void ask_others(struct auger_ice *ice, auger_time now)
{
    while (now >= asked_at(ice))
        auger_checklist_trigger(&ice->current->checklist, now, next_to_ask(ice));
}

/* --- the end of the pair in use ------------------------------------------------------------- */

auger_time auger_failover_next_timeout(const struct auger_ice *ice)
{
    return auger_time_min(given_up_at(ice), asked_at(ice));
}

static void forget(struct auger_generation *generation, const struct auger_pair *pair)
{
    struct auger_nomination *nomination = &generation->nomination;

    if (nomination->pair == pair)
        auger_generation_forget_nomination(generation);
    if (nomination->selected == pair)
        nomination->selected = nomination->former = NULL;
}

void auger_failover_consider(struct auger_ice *ice, auger_time now)
{
    struct auger_pair *pair;

    ask_others(ice, now);
    if (now < given_up_at(ice))
        return;
    pair = in_use(ice);
    auger_trace(ice->env, now, "ice:failover", AUGER_F_ADDR("local", &pair->local->addr),
                AUGER_F_ADDR("remote", &pair->remote->addr));
    auger_pair_fail(pair, ice->env, now, AUGER_PAIR_TIMEOUT);
    auger_inflight_remove_pair(&ice->current->checklist.inflight, pair);
    forget(ice->current, pair);
    ice->consent.pair = NULL;
    auger_route_forget(ice);
}
