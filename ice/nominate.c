/* ice/nominate.c - choosing the selected pair: RFC 8445 section 8.1.1 and design
 * decision 13.  Where data goes before that is route.c. */
#include "ice/nominate.h"

#include "ice/renominate.h"

#include "base/time.h"
#include "base/trace.h"

#include <assert.h>

/* How long better pairs may be waited for once one is valid. */
#define HOLD_DIRECT (300 * AUGER_MS) /* or three round trips */
#define HOLD_RELAYED (1 * AUGER_SEC)

/* While several nominations may be of one volley, as a peer of RFC 5245 sends
 * them, the highest priority decides (8.3.1 names the time). */
#define VOLLEY (3 * AUGER_SEC)

bool auger_nominate_is_concluded(const struct auger_generation *generation)
{
    return generation->nomination.selected != NULL;
}

bool auger_nominate_repeats(const struct auger_pair *pair)
{
    const struct auger_generation *generation = pair->generation;

    return generation->role == AUGER_CONTROLLING && pair == generation->nomination.selected &&
           !generation->nomination.pair && auger_renominate_has_named(pair);
}

/* Who has not had our description yet answers a check all the same (7.3), and Firefox
 * then remembers the first alone: docs/decisions/018. */
bool auger_nominate_is_to_be_repeated(const struct auger_pair *pair)
{
    struct auger_generation *generation = pair->generation;

    if (!auger_nominate_repeats(pair) || !generation->nomination.is_early ||
        generation->asked_first_at == AUGER_NEVER)
        return false;
    generation->nomination.is_early = false;
    return true;
}

static void forget_choices_of_before(const struct auger_checklist *list)
{
    for (uint16_t i = 0; i < list->len; i++)
        if (list->order[i]->proof)
            list->order[i]->proof->was_selected = false;
}

static void choose(struct auger_ice *ice, auger_time now, struct auger_pair *pair)
{
    struct auger_generation *generation = pair->generation;

    forget_choices_of_before(&generation->checklist);
    generation->nomination.former = generation->nomination.selected;
    generation->nomination.selected = pair;
    generation->nomination.is_gone = false;
    generation->nomination.selected_at = now;
    auger_generation_forget_nomination(generation);
    if (ice->standby)
        ice->standby->wanted = (struct auger_path){0};
    auger_checklist_cancel_all(&generation->checklist); /* 8.1.2 */
    auger_trace(ice->env, now, "ice:selected", AUGER_F_ADDR("local", &pair->local->addr),
                AUGER_F_ADDR("remote", &pair->remote->addr));
}

/* Of a volley the best is chosen; a nomination that comes later is the peer's
 * change of mind and is followed, since it may no longer listen elsewhere. */
static bool is_to_replace(auger_time now, const struct auger_pair *pair, uint32_t value)
{
    const struct auger_generation *generation = pair->generation;
    const struct auger_pair *selected = generation->nomination.selected;

    if (value || !selected || !auger_pair_is_usable(selected, now))
        return true;
    if (now >= auger_time_add(generation->nomination.selected_at, VOLLEY))
        return true;
    return auger_pair_valid_priority(pair, generation->role) >
           auger_pair_valid_priority(selected, generation->role);
}

static void nominated(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                      uint32_t value)
{
    assert(auger_pair_is_valid(pair));
    if (auger_pair_is_barred(pair, now))
        return;
    pair->use_when_valid = false;
    pair->nomination = 0;
    if (pair == pair->generation->nomination.selected)
        auger_generation_forget_nomination(pair->generation);
    else if (is_to_replace(now, pair, value))
        choose(ice, now, pair);
}

/* What is outdated was overtaken on its way, or is replayed. */
static void ignore(struct auger_ice *ice, auger_time now, struct auger_pair *pair, uint32_t value)
{
    pair->use_when_valid = false;
    pair->nomination = 0;
    auger_trace(ice->env, now, "ice:nomination_outdated", AUGER_F_ADDR("local", &pair->local->addr),
                AUGER_F_ADDR("remote", &pair->remote->addr), AUGER_F_INT("nomination", value),
                AUGER_F_INT("followed", pair->generation->nomination.followed));
}

/* As controlled. */
static void follow(struct auger_ice *ice, auger_time now, struct auger_pair *pair, uint32_t value)
{
    struct auger_generation *generation = pair->generation;

    switch (auger_renominate_judge(pair, value)) {
    case AUGER_RENOMINATION_UNORDERED:
        break;
    case AUGER_RENOMINATION_LATER:
        if (!auger_pair_is_barred(pair, now))
            generation->nomination.followed = value;
        break;
    case AUGER_RENOMINATION_REPEATED:
        return;
    case AUGER_RENOMINATION_OUTDATED:
        ignore(ice, now, pair, value);
        return;
    }
    nominated(ice, now, pair, value);
}

static bool may_follow_at_once(const struct auger_pair *pair, auger_time now)
{
    return auger_pair_is_lasting(pair, now) ||
           (pair == pair->generation->nomination.selected && auger_pair_is_usable(pair, now));
}

void auger_nominate_asked(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                          uint32_t value)
{
    assert(pair->generation->role == AUGER_CONTROLLED);
    if (may_follow_at_once(pair, now) ||
        auger_renominate_judge(pair, value) == AUGER_RENOMINATION_OUTDATED) {
        follow(ice, now, pair, value);
        return;
    }
    pair->use_when_valid = true;
    if (value > pair->nomination)
        pair->nomination = value;
}

/* On a shared socket, where data goes nowhere else: for the peer no check has failed there, so that
 * it has nothing to select (docs/decisions/280). */
static bool is_selected_still(const struct auger_ice *ice, const struct auger_pair *pair)
{
    const struct auger_generation *generation = pair->generation;

    return ice->shares_sockets && generation->role == AUGER_CONTROLLED &&
           !generation->nomination.selected && pair->proof->was_selected;
}

void auger_nominate_succeeded(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                              bool nominating, uint32_t value)
{
    struct auger_generation *generation = pair->generation;

    if (generation->nomination.valid_at == AUGER_NEVER)
        generation->nomination.valid_at = now;
    if (generation->role == AUGER_CONTROLLED && pair->use_when_valid)
        follow(ice, now, pair, pair->nomination);
    else if (is_selected_still(ice, pair))
        nominated(ice, now, pair, 0);
    else if (generation->role == AUGER_CONTROLLING && nominating &&
             value == generation->nomination.said) /* else a later one is out */
        nominated(ice, now, pair, value);
}

/* For the sake of which a restart was wanted (standby.c); NULL: none. */
static struct auger_pair *wanted(const struct auger_ice *ice)
{
    if (!ice->standby || ice->standby->wanted.remote.family == AUGER_FAMILY_NONE)
        return NULL;
    return auger_checklist_find(&ice->current->checklist, &ice->standby->wanted);
}

/* Whether waiting could bring a better pair than `best`: one that is still to be
 * checked, or, when a relay is all there is, one that is still to be told. */
static bool is_worth_waiting(const struct auger_ice *ice, const struct auger_pair *best)
{
    const struct auger_generation *generation = best->generation;

    if (wanted(ice) && auger_pair_is_open(wanted(ice)))
        return true;
    if (auger_pair_is_relayed(best) &&
        (!generation->remote_ended || ice->gather.state != AUGER_GATHER_DONE))
        return true;
    return auger_checklist_may_beat(&generation->checklist, generation->role,
                                    auger_pair_valid_priority(best, generation->role));
}

/* A relay, or TCP: while something better may come. */
static bool is_makeshift(const struct auger_pair *pair)
{
    return auger_pair_is_relayed(pair) || pair->local->tcptype != AUGER_TCP_TYPE_NONE;
}

static auger_time time_to_nominate(const struct auger_ice *ice, const struct auger_pair *best)
{
    auger_time valid_at = best->generation->nomination.valid_at;
    auger_time hold = HOLD_RELAYED;

    if (!is_worth_waiting(ice, best))
        return valid_at;
    if (!is_makeshift(best))
        hold = auger_time_max(HOLD_DIRECT, 3 * auger_pair_rtt(best));
    return auger_time_add(valid_at, hold);
}

/* Whether it is on us to choose, and we have not yet. */
static bool is_open(const struct auger_generation *generation)
{
    return generation->role == AUGER_CONTROLLING && !generation->nomination.pair &&
           !auger_nominate_is_concluded(generation);
}

void auger_nominate_honour_asked(struct auger_ice *ice, auger_time now)
{
    const struct auger_checklist *list = &ice->current->checklist;

    if (ice->current->role != AUGER_CONTROLLED)
        return;
    for (uint16_t i = 0; i < list->len; i++) {
        if (list->order[i]->use_when_valid && may_follow_at_once(list->order[i], now))
            follow(ice, now, list->order[i], list->order[i]->nomination);
    }
}

void auger_nominate_begin(struct auger_ice *ice, auger_time now, struct auger_pair *pair)
{
    struct auger_nomination *nomination = &ice->current->nomination;

    nomination->pair = pair;
    nomination->ask_at = now;
    nomination->is_early = ice->current->asked_first_at == AUGER_NEVER;
    auger_trace(ice->env, now, "ice:nominate", AUGER_F_ADDR("local", &pair->local->addr),
                AUGER_F_ADDR("remote", &pair->remote->addr));
}

/* The pair that we named last failed, or is gone, but the peer may have heard of it: then what we
 * stay with has to be said with a higher value. */
static void take_back(struct auger_ice *ice, auger_time now)
{
    const struct auger_nomination *nomination = &ice->current->nomination;
    struct auger_pair *selected = nomination->selected;

    if (!nomination->pair && selected && auger_pair_is_usable(selected, now) &&
        !auger_renominate_has_named(selected) && auger_renominate_may(ice))
        auger_nominate_begin(ice, now, selected);
}

/* A triggered check takes the place of the one that nominates (7.3.1.4), and says it too.  One that
 * has yet to leave, for want of entropy, keeps its time (docs/decisions/260). */
static void say_again(struct auger_ice *ice, auger_time now)
{
    struct auger_nomination *nomination = &ice->current->nomination;

    if (nomination->pair && nomination->pair->ticket && nomination->ask_at == AUGER_NEVER)
        nomination->ask_at = now;
}

/* What is valid no more may go, and another pair take its slot. */
static void forget_invalid(struct auger_generation *generation)
{
    struct auger_nomination *nomination = &generation->nomination;

    if (nomination->pair && !auger_pair_is_valid(nomination->pair))
        auger_generation_forget_nomination(generation);
    if (nomination->former && !auger_pair_is_valid(nomination->former))
        nomination->former = NULL;
    if (nomination->said_of && !auger_pair_is_valid(nomination->said_of))
        nomination->said_of = NULL;
}

/* Repeats the check that made the pair valid, this time with USE-CANDIDATE.  If
 * that fails the pair is valid no more, and another may be nominated. */
void auger_nominate_consider(struct auger_ice *ice, auger_time now)
{
    struct auger_generation *current = ice->current;
    struct auger_nomination *nomination = &current->nomination;

    forget_invalid(current);
    take_back(ice, now);
    say_again(ice, now);
    nomination->best = NULL;
    if (!is_open(current))
        return;
    struct auger_pair *best = wanted(ice);
    if (!best || !auger_pair_is_usable(best, now))
        best = auger_checklist_best(&current->checklist, now, current->role);
    nomination->best = best;
    if (!best || now < time_to_nominate(ice, best))
        return;
    auger_nominate_begin(ice, now, best);
}

auger_time auger_nominate_next_timeout(const struct auger_ice *ice)
{
    const struct auger_generation *current = ice->current;

    if (current->nomination.pair)
        return current->nomination.ask_at;
    if (!is_open(current) || !current->nomination.best ||
        !auger_pair_is_valid(current->nomination.best))
        return AUGER_NEVER;
    return time_to_nominate(ice, current->nomination.best);
}
