/* ice/state.c - the states of an agent, design decision 14: the table of what may
 * follow what.  Who decides that something follows is in the files above. */
#include "ice/state.h"

#include "base/addr.h"
#include "base/time.h"
#include "base/trace.h"

#include <assert.h>
#include <string.h>

const char *auger_ice_state_name(enum auger_ice_state state)
{
    switch (state) {
    case AUGER_ICE_NEW:
        return "new";
    case AUGER_ICE_CHECKING:
        return "checking";
    case AUGER_ICE_CONNECTED:
        return "connected";
    case AUGER_ICE_DISCONNECTED:
        return "disconnected";
    case AUGER_ICE_FAILED:
        return "failed";
    }
    return "unknown";
}

#define TO(state) (1u << (state))

static const unsigned transitions[] = {
    [AUGER_ICE_NEW] = TO(AUGER_ICE_CHECKING) | TO(AUGER_ICE_FAILED),
    [AUGER_ICE_CHECKING] =
        TO(AUGER_ICE_CONNECTED) | TO(AUGER_ICE_DISCONNECTED) | TO(AUGER_ICE_FAILED),
    /* Back to checking when the pair in use went with its address (locals.c). */
    [AUGER_ICE_CONNECTED] =
        TO(AUGER_ICE_DISCONNECTED) | TO(AUGER_ICE_FAILED) | TO(AUGER_ICE_CHECKING),
    [AUGER_ICE_DISCONNECTED] =
        TO(AUGER_ICE_CONNECTED) | TO(AUGER_ICE_FAILED) | TO(AUGER_ICE_CHECKING),
    [AUGER_ICE_FAILED] = TO(AUGER_ICE_CHECKING), /* by a restart alone */
};

static void tell_state(struct auger_ice_news *news, enum auger_ice_state state)
{
    if (news->states_len == AUGER_STATES_MAX)
        news->states_len--;
    news->states[news->states_len++] = state;
}

void auger_ice_set_state(struct auger_ice *ice, auger_time now, enum auger_ice_state state,
                         const char *reason)
{
    if (ice->state == state)
        return;
    assert(transitions[ice->state] & TO(state));
    auger_trace(ice->env, now, "ice:state", AUGER_F_TEXT("from", auger_ice_state_name(ice->state)),
                AUGER_F_TEXT("to", auger_ice_state_name(state)), AUGER_F_TEXT("reason", reason));
    ice->state = state;
    tell_state(&ice->news, state);
}

void auger_ice_fail(struct auger_ice *ice, auger_time now, const char *reason)
{
    auger_ice_set_state(ice, now, AUGER_ICE_FAILED, reason);
    ice->current->end_reason = reason;
    auger_inflight_clear(&ice->current->checklist.inflight);
    ice->responses.len = 0;
    ice->route = NULL;
    ice->consent.pair = NULL;
    ice->news.path = ice->news.restart_failed = ice->news.restart_wanted = false;
    ice->drift = (struct auger_drift){0};
}

/* What of the previous generation is not valid will not become so. */
static bool has_another_hope(const struct auger_ice *ice, auger_time now)
{
    const struct auger_generation *previous = ice->previous;

    if (ice->next || !ice->current->end_reason)
        return true;
    return previous && !previous->end_reason &&
           auger_checklist_best(&previous->checklist, now, previous->role);
}

void auger_ice_give_up(struct auger_ice *ice, auger_time now, struct auger_generation *generation,
                       const char *reason)
{
    generation->end_reason = reason;
    auger_inflight_clear(&generation->checklist.inflight);
    if (!has_another_hope(ice, now))
        auger_ice_fail(ice, now, reason);
}

/* --- pairs, whatever their generation --------------------------------------------- */

const struct auger_pair *auger_ice_pair_at(const struct auger_ice *ice, size_t index)
{
    const struct auger_checklist *list = &ice->current->checklist;

    if (ice->route && ice->route->generation != ice->current && index-- == 0)
        return ice->route;
    return index < list->len ? list->order[index] : NULL;
}

struct auger_pair *auger_ice_find_pair(const struct auger_ice *ice, const struct auger_path *path)
{
    struct auger_generation *all[] = {ice->current, ice->previous, ice->next};

    if (ice->route) {
        struct auger_path used = auger_pair_path(ice->route);
        if (auger_path_equal(&used, path))
            return ice->route;
    }
    for (size_t i = 0; i < 3; i++) {
        struct auger_pair *pair = all[i] ? auger_checklist_find(&all[i]->checklist, path) : NULL;
        if (pair)
            return pair;
    }
    return NULL;
}

void auger_ice_heard(struct auger_ice *ice, auger_time now, const struct auger_path *path)
{
    ice->heard_at = now;
    ice->heard_on = *path;
    ice->consent.asked_at = AUGER_NEVER;
}

bool auger_ice_is_silent(const struct auger_ice *ice)
{
    return ice->state == AUGER_ICE_DISCONNECTED && ice->consent.asked_at != AUGER_NEVER;
}

void auger_ice_mark(const struct auger_ice *ice, struct auger_stun_tid *id)
{
    if (ice->shares_sockets)
        memcpy(id->bytes, ice->tag, sizeof(ice->tag));
}
