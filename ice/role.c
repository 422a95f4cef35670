/* ice/role.c - which side controls, and what happens when both or neither think
 * they do: RFC 8445 sections 7.2.5.1 and 7.3.1.1. */
#include "ice/role.h"

#include "base/env.h"
#include "base/trace.h"

const char *auger_role_name(enum auger_role role)
{
    return role == AUGER_CONTROLLING ? "controlling" : "controlled";
}

static enum auger_role opposite(enum auger_role role)
{
    return role == AUGER_CONTROLLING ? AUGER_CONTROLLED : AUGER_CONTROLLING;
}

/* The peer may never have heard of what was selected in the old role: now it is on us
 * to say so. */
static void nominate_again(struct auger_generation *generation, auger_time now)
{
    struct auger_nomination *nomination = &generation->nomination;

    if (generation->role == AUGER_CONTROLLING && nomination->selected &&
        auger_pair_is_usable(nomination->selected, now)) {
        nomination->pair = nomination->selected;
        nomination->ask_at = now;
    }
}

/* A request is repeated byte for byte, but the role in those under way is the
 * wrong one now: fresh ones take their place, save where a pair is valid already. */
static void ask_again(struct auger_generation *generation, auger_time now)
{
    struct auger_checklist *list = &generation->checklist;

    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        if (pair->state == AUGER_PAIR_IN_PROGRESS)
            auger_checklist_trigger(list, now, pair);
        else
            auger_checklist_cancel(list, pair);
    }
}

/* So that two equal ones do not meet again.  Without entropy the old one stays:
 * the conflict then lasts until there is some. */
static void change_tie_breaker(struct auger_generation *generation, const struct auger_env *env)
{
    uint64_t fresh;
    if (auger_env_random(env, &fresh, sizeof(fresh)) == 0)
        generation->tie_breaker = fresh;
}

/* --- 6.1.1 ------------------------------------------------------------------------- */

bool auger_role_is_given(const struct auger_ice *ice)
{
    return ice->config.lite != ice->peer_is_lite;
}

enum auger_role auger_role_due(const struct auger_ice *ice)
{
    if (auger_role_is_given(ice))
        return ice->config.lite ? AUGER_CONTROLLED : AUGER_CONTROLLING;
    return ice->config.controlling ? AUGER_CONTROLLING : AUGER_CONTROLLED;
}

static void take(struct auger_generation *generation, enum auger_role role)
{
    if (!generation || generation->role == role)
        return;
    generation->role = role;
    auger_checklist_reorder(&generation->checklist, role);
}

int auger_ice_set_controlling(struct auger_ice *ice, bool controlling)
{
    if (ice->current->role_is_settled || (ice->next && ice->next->role_is_settled))
        return AUGER_ERR_STATE;
    ice->config.controlling = controlling;
    take(ice->current, auger_role_due(ice));
    take(ice->next, auger_role_due(ice));
    return 0;
}

/* A role that is given was so before any check; one that two of a kind have settled
 * stays (6.1.1). */
void auger_ice_set_remote_lite(struct auger_ice *ice, bool lite)
{
    bool was_given = auger_role_is_given(ice);

    ice->peer_is_lite = lite;
    if (!auger_role_is_given(ice) && !was_given)
        return;
    if (!auger_credentials_are_known(&ice->current->remote))
        take(ice->current, auger_role_due(ice));
    take(ice->next, auger_role_due(ice));
}

/* --- conflicts --------------------------------------------------------------------- */

static void set(struct auger_ice *ice, struct auger_generation *generation, auger_time now,
                enum auger_role role, const char *reason)
{
    if (generation->role == role)
        return;
    if (generation->role_switches == AUGER_ROLE_SWITCHES_MAX) {
        auger_ice_give_up(ice, now, generation, "too many role switches");
        return;
    }
    generation->role_switches++;
    ice->counters.role_switches++;
    take(generation, role);
    change_tie_breaker(generation, ice->env);
    auger_generation_forget_nomination(generation);
    ask_again(generation, now);
    nominate_again(generation, now);
    auger_trace(ice->env, now, "ice:role", AUGER_F_TEXT("role", auger_role_name(role)),
                AUGER_F_TEXT("reason", reason));
}

/* The peer changes its role for the sake of ours alone: once it has been heard in the other one,
 * since we changed last, a check in ours is from before, and came by a slower way. */
static bool is_overtaken(const struct auger_generation *generation, enum auger_role role)
{
    const struct auger_tie_breakers *heard = &generation->heard;

    return role == generation->role && heard->in_force < heard->len && heard->role != role &&
           heard->role_switches == generation->role_switches;
}

/* Whether the peer has used another one since.  7.2.5.1: it changes with the role. */
static bool is_outdated(struct auger_generation *generation, enum auger_role role,
                        uint64_t tie_breaker)
{
    struct auger_tie_breakers *heard = &generation->heard;

    for (uint8_t i = 0; i < heard->len; i++) {
        if (heard->items[i] == tie_breaker)
            return i != heard->in_force;
    }
    if (is_overtaken(generation, role))
        return true;
    heard->items[heard->next] = tie_breaker;
    heard->in_force = heard->next;
    heard->role = role;
    heard->role_switches = generation->role_switches;
    heard->next = (uint8_t)((heard->next + 1) % AUGER_TIE_BREAKERS_MAX);
    if (heard->len < AUGER_TIE_BREAKERS_MAX)
        heard->len++;
    return false;
}

void auger_role_yield(struct auger_ice *ice, struct auger_generation *generation, auger_time now,
                      uint8_t asked_after)
{
    struct auger_tie_breakers *heard = &generation->heard;

    if (asked_after != generation->role_switches || auger_role_is_given(ice))
        return;
    if (heard->role != generation->role && heard->role_switches < asked_after)
        heard->in_force = AUGER_TIE_BREAKERS_MAX; /* the peer has left the role of that one */
    set(ice, generation, now, opposite(generation->role), "487");
}

bool auger_role_resolve(struct auger_ice *ice, struct auger_generation *generation, auger_time now,
                        enum auger_role role, uint64_t tie_breaker)
{
    bool ours_is_larger = generation->tie_breaker >= tie_breaker;
    bool outdated = is_outdated(generation, role, tie_breaker);

    if (role != generation->role)
        return true;
    /* The larger one controls. */
    if (auger_role_is_given(ice) || outdated ||
        ours_is_larger == (generation->role == AUGER_CONTROLLING))
        return false;
    set(ice, generation, now, opposite(role), "tie-breaker");
    return true;
}
