/* ice/restart.c - ICE restarts: RFC 8445 section 9, RFC 8839 section 4.4.3.1.1 and
 * docs/decisions/015.  What a generation is made of is generation.h. */
#include "ice/restart.h"

#include "ice/gather.h"
#include "ice/role.h"
#include "ice/unseen.h"

#include "base/time.h"
#include "base/trace.h"

#include <assert.h>

/* --- dropping ------------------------------------------------------------------------- */

/* Reflexive candidates that were not seen again and that no pair stands for. */
static void forget_outdated_locals(struct auger_ice *ice)
{
    for (uint16_t i = 0; i < ice->locals.len; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand->telling == AUGER_CAND_OUTDATED && auger_is_unseen(ice, cand))
            auger_cands_remove(&ice->locals, cand);
    }
}

static void forget_responses(struct auger_responses *responses,
                             const struct auger_generation *generation)
{
    for (uint8_t i = 0; i < AUGER_RESPONSES_MAX; i++) {
        if (responses->items[i].generation == generation)
            responses->items[i].generation = NULL;
    }
}

static void forget_consent(struct auger_consent *consent, const struct auger_generation *generation)
{
    if (consent->pair && consent->pair->generation == generation)
        consent->pair = NULL;
    for (uint8_t i = 0; i < 2; i++) {
        if (consent->asked[i].generation == generation)
            consent->asked[i].generation = NULL;
    }
}

/* The caller has taken it out of its place. */
static void drop(struct auger_ice *ice, struct auger_generation *generation)
{
    if (!generation)
        return;
    assert(!ice->route || ice->route->generation != generation);
    forget_consent(&ice->consent, generation);
    forget_responses(&ice->responses, generation);
    auger_generation_free(generation, ice->env);
    forget_outdated_locals(ice);
}

static bool carries_data(const struct auger_ice *ice, const struct auger_generation *generation)
{
    return ice->route && ice->route->generation == generation;
}

/* A check in the new generation shows that the peer has our new credentials, so that
 * it needs the old ones no more, but for the time of its own switch.  Until then it may
 * rely on them, as an offerer does that waits for the answer, for as long as it asks. */
static auger_time retires_at(const struct auger_ice *ice)
{
    const struct auger_generation *current = ice->current, *previous = ice->previous;

    if (!previous || ice->left_at == AUGER_NEVER)
        return AUGER_NEVER;
    if (current->asked_first_at != AUGER_NEVER)
        return auger_time_add(auger_time_max(ice->left_at, current->asked_first_at),
                              AUGER_RESTART_GRACE);
    auger_time asked_at = previous->asked_last_at == AUGER_NEVER ? 0 : previous->asked_last_at;
    return auger_time_add(auger_time_max(ice->left_at, asked_at), AUGER_CONSENT_LIFETIME);
}

void auger_restart_retire(struct auger_ice *ice, auger_time now)
{
    struct auger_generation *previous = ice->previous;

    if (!previous)
        return;
    if (carries_data(ice, previous))
        ice->left_at = AUGER_NEVER;
    else if (ice->left_at == AUGER_NEVER)
        ice->left_at = now;
    if (now < retires_at(ice))
        return;
    ice->previous = NULL;
    ice->left_at = AUGER_NEVER;
    drop(ice, previous);
    auger_trace(ice->env, now, "ice:retired");
}

auger_time auger_restart_next_timeout(const struct auger_ice *ice)
{
    return retires_at(ice);
}

/* --- making ----------------------------------------------------------------------------- */

/* A restart keeps the roles (8445 section 9), unless the peer has come back as lite or full
 * beside another kind: then it is given (6.1.1).  Early checks may have settled a conflict in
 * the new generation already: then that counts. */
static void take_over_role(const struct auger_ice *ice, struct auger_generation *to,
                           const struct auger_generation *from)
{
    if (to->role_is_settled)
        return;
    to->role = auger_role_is_given(ice) ? auger_role_due(ice) : from->role;
    to->tie_breaker = from->tie_breaker;
    auger_checklist_reorder(&to->checklist, to->role);
}

/* A new generation, and what is asked of the servers for it. */
static int make(struct auger_ice *ice, struct auger_generation **out, struct auger_query **queries)
{
    struct auger_generation *made;

    int err = auger_generation_new(&made, ice->env, &ice->config);
    if (err)
        return err;
    err = auger_gather_prepare_again(ice, queries);
    if (err) {
        auger_generation_free(made, ice->env);
        return err;
    }
    take_over_role(ice, made, ice->current);
    *out = made;
    return 0;
}

int auger_restart_begin(struct auger_ice *ice, auger_time now)
{
    struct auger_generation *made, *waiting = ice->next;
    struct auger_query *queries;

    int err = make(ice, &made, &queries);
    if (err)
        return err;
    auger_trace(ice->env, now, "ice:restart", AUGER_F_TEXT("by", "us"));
    ice->next = made;
    ice->news.restart_wanted = false;
    drop(ice, waiting);
    if (ice->state == AUGER_ICE_FAILED)
        auger_ice_set_state(ice, now, AUGER_ICE_CHECKING, "restart");
    auger_gather_again(ice, now, queries);
    return 0;
}

bool auger_restart_withdraw(struct auger_ice *ice, auger_time now)
{
    struct auger_generation *waiting = ice->next;

    if (!waiting)
        return false;
    ice->next = NULL;
    drop(ice, waiting);
    auger_trace(ice->env, now, "ice:restart_withdrawn");
    if (ice->current->end_reason && !ice->route && ice->state != AUGER_ICE_FAILED)
        auger_ice_fail(ice, now, ice->current->end_reason);
    return true;
}

/* --- meeting ---------------------------------------------------------------------------- */

static bool is_worth_keeping(const struct auger_generation *generation)
{
    return auger_credentials_are_known(&generation->remote) && !generation->end_reason;
}

/* It begins no check any more, and believes no answer to those under way. */
static void quieten(struct auger_generation *generation)
{
    auger_inflight_fini(&generation->checklist.inflight);
    auger_generation_forget_nomination(generation);
}

/* The check failed in the session of before (docs/decisions/231): this one is checking, as any. */
static void forget_failed_check(struct auger_ice *ice, auger_time now)
{
    if (!ice->drift.by_check)
        return;
    ice->drift = (struct auger_drift){0};
    auger_ice_set_state(ice, now, AUGER_ICE_CHECKING, "restart");
}

/* The one that carries data is kept, however many restarts there were; what was
 * between goes.  Without any the latest is kept, to answer its late checks. */
static void replace_current(struct auger_ice *ice, auger_time now, struct auger_generation *fresh)
{
    struct auger_generation *old = ice->current, *older = ice->previous;

    take_over_role(ice, fresh, old);
    ice->current = fresh;
    ice->next = NULL;
    forget_failed_check(ice, now);
    if (carries_data(ice, older) || !is_worth_keeping(old)) {
        drop(ice, old);
        return;
    }
    quieten(old);
    ice->previous = old;
    ice->left_at = carries_data(ice, old) ? AUGER_NEVER : now;
    drop(ice, older);
}

static void begin_checks(struct auger_ice *ice, auger_time now)
{
    struct auger_generation *current = ice->current;

    auger_generation_drop_strangers(current);
    current->pac_at = auger_time_add(now, ice->config.pac_timeout); /* 8863 section 4 */
    if (ice->state == AUGER_ICE_NEW || ice->state == AUGER_ICE_FAILED)
        auger_ice_set_state(ice, now, AUGER_ICE_CHECKING, "remote credentials");
    auger_generation_form_pairs(current, now, &ice->locals);
}

/* The generation that waits for the peer's credentials; NULL: none. */
static struct auger_generation *waiting(const struct auger_ice *ice)
{
    if (ice->next)
        return ice->next;
    return auger_credentials_are_known(&ice->current->remote) ? NULL : ice->current;
}

static int meet_anew(struct auger_ice *ice, auger_time now, const char *ufrag, const char *password)
{
    struct auger_generation *made;
    struct auger_query *queries;

    int err = make(ice, &made, &queries);
    if (err)
        return err;
    err = auger_credentials_set(&made->remote, ice->env, ufrag, password);
    if (err) {
        auger_gather_release(ice, queries);
        auger_generation_free(made, ice->env);
        return err;
    }
    auger_trace(ice->env, now, "ice:restart", AUGER_F_TEXT("by", "peer"));
    auger_gather_again(ice, now, queries);
    replace_current(ice, now, made);
    return 0;
}

int auger_restart_meet(struct auger_ice *ice, auger_time now, const char *ufrag,
                       const char *password)
{
    struct auger_generation *fresh = waiting(ice);

    int err = fresh ? auger_credentials_set(&fresh->remote, ice->env, ufrag, password)
                    : meet_anew(ice, now, ufrag, password);
    if (err)
        return err;
    if (fresh && fresh != ice->current)
        replace_current(ice, now, fresh);
    begin_checks(ice, now);
    return 0;
}
