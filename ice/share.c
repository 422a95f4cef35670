/* ice/share.c - an agent whose sockets are shared with other agents: what it wants for
 * itself, and what it does without it.  Who owns what is the mux's (mux/paths.c). */
#include "ice/share.h"

#include <auger/ice_share.h>

#include "ice/consent.h"
#include "ice/nominate.h"
#include "ice/relay.h"
#include "ice/route.h"
#include "ice/standby.h"

#include "base/time.h"
#include "base/trace.h"

/* How long a refused path is left alone: its holder may be gone, which shows in about
 * that time (consent.c). */
#define BARRED_FOR (5 * AUGER_SEC)

int auger_ice_share_sockets(struct auger_ice *ice, uint32_t tag)
{
    if (auger_credentials_are_known(&ice->current->remote) || auger_relay_uses_sockets(ice))
        return AUGER_ERR_STATE;
    ice->shares_sockets = true;
    for (size_t i = 0; i < sizeof(ice->tag); i++)
        ice->tag[i] = (uint8_t)(tag >> (24 - 8 * i));
    return 0;
}

int auger_ice_set_local_credentials(struct auger_ice *ice, const char *ufrag, const char *password)
{
    struct auger_credentials fresh;

    if (ice->next || auger_credentials_are_known(&ice->current->remote))
        return AUGER_ERR_STATE;
    int err = auger_credentials_set(&fresh, ice->env, ufrag, password);
    if (err < 0)
        return err;
    auger_credentials_fini(&ice->current->local, ice->env);
    ice->current->local = fresh;
    return 0;
}

/* --- what is asked about it --------------------------------------------------------------- */

size_t auger_ice_local_ufrags(const struct auger_ice *ice, const char *ufrags[AUGER_ICE_UFRAGS_MAX])
{
    const struct auger_generation *all[] = {ice->next, ice->current, ice->previous};
    size_t len = 0;

    for (size_t i = 0; i < AUGER_ICE_UFRAGS_MAX; i++)
        if (all[i])
            ufrags[len++] = all[i]->local.ufrag;
    return len;
}

/* What a relay or a stream brings comes over a socket that is the agent's alone. */
bool auger_ice_heard_on(const struct auger_ice *ice, struct auger_path *path)
{
    *path = ice->heard_on;
    return path->remote.transport == AUGER_UDP && !auger_relay_is_at(ice, &path->local) &&
           path->remote.family != AUGER_FAMILY_NONE;
}

/* Nominated by the peer, while our own check is under way (RFC 8445 section 7.3.1.5). */
static const struct auger_pair *asked_for(const struct auger_generation *generation)
{
    if (generation->role != AUGER_CONTROLLED || auger_nominate_is_concluded(generation))
        return NULL;
    for (uint16_t i = 0; i < generation->checklist.len; i++)
        if (generation->checklist.order[i]->use_when_valid)
            return generation->checklist.order[i];
    return NULL;
}

size_t auger_ice_wants(const struct auger_ice *ice,
                       struct auger_ice_want wants[AUGER_ICE_WANTS_MAX])
{
    const struct auger_pair *pairs[AUGER_ICE_WANTS_MAX] = {
        ice->route, ice->current->nomination.pair, asked_for(ice->current)};
    size_t len = 0;

    for (size_t i = 0; i < AUGER_ICE_WANTS_MAX && ice->state != AUGER_ICE_FAILED; i++)
        if (pairs[i] && (i == 0 || pairs[i] != pairs[0]) &&
            pairs[i]->local->type == AUGER_CAND_HOST &&
            pairs[i]->local->tcptype == AUGER_TCP_TYPE_NONE)
            wants[len++] = (struct auger_ice_want){.path = auger_pair_path(pairs[i]),
                                                   .is_proved = auger_pair_is_valid(pairs[i])};
    return len;
}

/* --- being refused -------------------------------------------------------------------------- */

/* Answers that wait to leave were written before we knew. */
static void take_back_answers(struct auger_ice *ice, const struct auger_path *path)
{
    struct auger_responses *responses = &ice->responses;

    for (uint8_t i = 0; i < responses->len; i++) {
        struct auger_response *response =
            &responses->items[(responses->first + i) % AUGER_RESPONSES_MAX];
        if (response->error_code == 0 && auger_path_equal(&response->path, path))
            response->error_code = AUGER_STUN_SERVER_ERROR;
    }
}

static void bar(struct auger_ice *ice, auger_time now, struct auger_pair *pair)
{
    struct auger_nomination *nomination = &pair->generation->nomination;

    if (auger_pair_prove(pair, ice->env)) {
        pair->proof->barred_until = auger_time_add(now, BARRED_FOR);
        ice->bar_until = auger_time_min(ice->bar_until, pair->proof->barred_until);
    } else {
        auger_pair_fail(pair, ice->env, now, AUGER_PAIR_LIMIT);
    }
    pair->use_when_valid = false;
    if (nomination->pair == pair)
        auger_generation_forget_nomination(pair->generation);
    if (nomination->selected == pair) {
        struct auger_pair *former = nomination->former;
        nomination->selected = former && auger_pair_is_usable(former, now) ? former : NULL;
        nomination->former = NULL;
    }
}

static bool bar_along(struct auger_ice *ice, auger_time now, struct auger_generation *generation,
                      const struct auger_path *path)
{
    struct auger_pair *pair =
        generation ? auger_checklist_find(&generation->checklist, path) : NULL;

    if (pair)
        bar(ice, now, pair);
    return pair != NULL;
}

int auger_ice_refuse_path(struct auger_ice *ice, auger_time now, const struct auger_path *path)
{
    bool found = bar_along(ice, now, ice->current, path);

    found |= bar_along(ice, now, ice->previous, path);
    if (!found)
        return AUGER_ERR_NOT_FOUND;
    ice->tally.paths_refused++;
    auger_trace(ice->env, now, "ice:path_taken", AUGER_F_ADDR("local", &path->local),
                AUGER_F_ADDR("remote", &path->remote));
    take_back_answers(ice, path);
    if (ice->state == AUGER_ICE_FAILED)
        return 0;
    auger_standby_consider(ice, now);
    auger_route_update(ice, now);
    auger_consent_follow(ice, now);
    auger_nominate_consider(ice, now);
    return 0;
}

static auger_time first_bar(const struct auger_generation *generation, auger_time now)
{
    auger_time first = AUGER_NEVER;

    for (uint16_t i = 0; generation && i < generation->checklist.len; i++) {
        const struct auger_pair *pair = generation->checklist.order[i];
        if (auger_pair_is_barred(pair, now))
            first = auger_time_min(first, pair->proof->barred_until);
    }
    return first;
}

void auger_share_handle_timeout(struct auger_ice *ice, auger_time now)
{
    if (now >= ice->bar_until)
        ice->bar_until =
            auger_time_min(first_bar(ice->current, now), first_bar(ice->previous, now));
}
