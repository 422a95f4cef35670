/* ice/failover.c - the pair in use falls silent while another one answers, as when the peer's
 * address has changed: docs/decisions/070. */
#include "ice/failover.h"

#include "ice/consent.h"
#include "ice/standby.h"

#include "base/time.h"
#include "base/trace.h"

/* Two checks of consent are at most so far from the last answer (7675 section 5.1), and the
 * second has had the time of ANSWER: a machine may have slept, or its clock leapt, meanwhile. */
#define SILENT_FOR (13 * AUGER_SEC)
#define ANSWER (1 * AUGER_SEC) /* or three round trips */

/* One has had none: so many others, the best, are asked whether they would answer.  They may
 * have gone with the one in use: as many more are asked as long as none does. */
#define ASKED_AFTER (7 * AUGER_SEC)
#define ASKED_MAX 4
#define MORE_AFTER (4 * AUGER_SEC)

/* Selected or not: a nomination that has no answer is as silent (docs/decisions/303). */
static struct auger_pair *in_use(const struct auger_ice *ice)
{
    struct auger_pair *pair = ice->consent.pair;

    return pair && pair->generation == ice->current && auger_pair_is_valid(pair) ? pair : NULL;
}

/* When the first check of consent after `after` was sent that has had no answer yet;
 * AUGER_NEVER: none was. */
static auger_time unanswered_after(const struct auger_ice *ice, auger_time after)
{
    auger_time first = AUGER_NEVER;

    for (size_t i = 0; i < AUGER_CONSENT_CHECKS_MAX; i++) {
        const struct auger_consent_check *check = &ice->consent.checks[i];
        if (check->sent_at > after && auger_consent_is_current(&ice->consent, check))
            first = auger_time_min(first, check->sent_at);
    }
    return first;
}

static auger_time unanswered_since(const struct auger_ice *ice)
{
    return unanswered_after(ice, ice->consent.pair->proof->answered_at);
}

/* Proved since the one in use was asked in vain, by checks that the peer's or the silence
 * caused. */
static bool has_answered(const struct auger_ice *ice, const struct auger_pair *pair)
{
    return pair != ice->consent.pair && auger_pair_is_valid(pair) &&
           pair->proof->answered_at > unanswered_since(ice);
}

/* And it is not silent again. */
static bool is_later(const struct auger_ice *ice, const struct auger_pair *pair)
{
    return has_answered(ice, pair) && !auger_standby_missed(ice, pair);
}

static bool another_answers(const struct auger_ice *ice)
{
    const struct auger_checklist *list = &ice->current->checklist;

    for (uint16_t i = 0; i < list->len; i++)
        if (is_later(ice, list->order[i]))
            return true;
    return false;
}

/* While data went elsewhere nothing was asked on it, and that is no silence. */
static auger_time silent_since(const struct auger_ice *ice)
{
    return auger_time_max(in_use(ice)->proof->answered_at, ice->consent.watched_at);
}

static auger_time answer_due(const struct auger_ice *ice, auger_time sent_at)
{
    return auger_time_add(sent_at, auger_time_max(ANSWER, 3 * in_use(ice)->proof->rtt));
}

static auger_time given_up_at(const struct auger_ice *ice)
{
    if (!in_use(ice) || !another_answers(ice))
        return AUGER_NEVER;
    auger_time second = unanswered_after(ice, unanswered_since(ice));
    return auger_time_max(auger_time_add(silent_since(ice), SILENT_FOR), answer_due(ice, second));
}

/* --- who would answer --------------------------------------------------------------------- */

static bool is_to_be_asked(const struct auger_ice *ice, const struct auger_pair *pair)
{
    return pair != in_use(ice) && auger_pair_is_valid(pair) && !has_answered(ice, pair) &&
           !auger_checklist_is_asking(&ice->current->checklist, pair);
}

/* Along which the peer has asked us since: it has gone on there, however low that pair is. */
static struct auger_pair *heard_on(const struct auger_ice *ice)
{
    struct auger_pair *pair = auger_checklist_find(&ice->current->checklist, &ice->heard_on);

    return pair && ice->heard_at > unanswered_since(ice) && is_to_be_asked(ice, pair) ? pair : NULL;
}

/* Of those that were valid before the silence: the first that is to be asked, and how long after
 * the others; NULL: none. */
static struct auger_pair *next_to_ask(const struct auger_ice *ice, auger_time *after)
{
    const struct auger_checklist *list = &ice->current->checklist;
    struct auger_pair *heard = in_use(ice) && !ice->config.lite ? heard_on(ice) : NULL;
    unsigned others = 0;

    *after = 0;
    if (heard || !in_use(ice) || ice->config.lite)
        return heard;
    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        if (is_to_be_asked(ice, pair)) {
            *after = others / ASKED_MAX * MORE_AFTER;
            return *after > 0 && another_answers(ice) ? NULL : pair;
        }
        others += pair != in_use(ice) && auger_pair_is_valid(pair);
    }
    return NULL;
}

static auger_time asking_begins(const struct auger_ice *ice)
{
    return auger_time_max(auger_time_add(silent_since(ice), ASKED_AFTER),
                          answer_due(ice, unanswered_since(ice)));
}

static auger_time asked_at(const struct auger_ice *ice)
{
    auger_time after;

    return next_to_ask(ice, &after) ? auger_time_add(asking_begins(ice), after) : AUGER_NEVER;
}

static void ask_others(struct auger_ice *ice, auger_time now)
{
    auger_time after;

    while (now >= asked_at(ice))
        auger_checklist_trigger(&ice->current->checklist, now, next_to_ask(ice, &after));
}

/* --- the end of the pair in use ------------------------------------------------------------- */

auger_time auger_failover_next_timeout(const struct auger_ice *ice)
{
    return auger_time_min(given_up_at(ice), asked_at(ice));
}

static void give_up(struct auger_ice *ice, auger_time now, struct auger_pair *pair)
{
    auger_trace(ice->env, now, "ice:failover", AUGER_F_ADDR("local", &pair->local->addr),
                AUGER_F_ADDR("remote", &pair->remote->addr));
    auger_pair_fail(pair, ice->env, now, AUGER_PAIR_TIMEOUT);
    auger_inflight_remove_pair(&ice->current->checklist.inflight, pair);
}

/* What could take its place by its priority, or is being nominated, and has had no answer
 * since either: the network has failed more than one, and one of them has answered. */
static void give_up_others(struct auger_ice *ice, auger_time now)
{
    const struct auger_checklist *list = &ice->current->checklist;

    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        if (pair != in_use(ice) && auger_pair_is_valid(pair) && !is_later(ice, pair) &&
            (auger_pair_is_usable(pair, now) || auger_checklist_is_asking(list, pair)))
            give_up(ice, now, pair);
    }
}

void auger_failover_consider(struct auger_ice *ice, auger_time now)
{
    struct auger_nomination *nomination = &ice->current->nomination;
    struct auger_pair *pair;

    ask_others(ice, now);
    if (now < given_up_at(ice))
        return;
    pair = in_use(ice);
    give_up_others(ice, now);
    give_up(ice, now, pair);
    if (nomination->selected == pair) {
        auger_standby_handle_failover(ice, now);
        nomination->selected = nomination->former = NULL;
    }
    ice->consent.pair = NULL;
}
