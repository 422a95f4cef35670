/* ice/permit.c - what our relays let through: a permission for each peer's address before a check
 * leaves for it, a channel for the pairs that data may use (RFC 8656 sections 9 and 12). */
#include "ice/permit.h"

#include "turn/permission.h"

#include "base/time.h"
#include "base/trace.h"

static struct auger_relay *relay_of(const struct auger_ice *ice, const struct auger_pair *pair)
{
    return pair->local->type == AUGER_CAND_RELAY ? auger_relay_of(ice, pair->local) : NULL;
}

/* Memory and chance may be there the next time, and an allocation that has just ended takes its
 * pairs with it. */
static bool may_come(int err)
{
    return err == AUGER_ERR_NO_MEMORY || err == AUGER_ERR_ENTROPY || err == AUGER_ERR_STATE;
}

/* Asked for even if it is there: it may be one that was let go. */
bool auger_permit_obtain(struct auger_ice *ice, auger_time now, struct auger_pair *pair)
{
    const struct auger_addr *peer = &pair->remote->addr;
    struct auger_relay *relay = relay_of(ice, pair);

    if (!relay)
        return true;
    int err = relay->turn ? auger_turn_permit(relay->turn, now, peer) : AUGER_ERR_STATE;
    if (err == 0 && auger_turn_is_permitted(relay->turn, now, peer))
        return true;
    if (err == 0) {
        pair->awaits_permission = true;
        auger_trace(ice->env, now, "ice:permission_asked",
                    AUGER_F_ADDR("local", &pair->local->addr), AUGER_F_ADDR("remote", peer));
    } else if (!may_come(err)) {
        auger_pair_fail(pair, ice->env, now, AUGER_PAIR_NOT_PERMITTED);
        ice->has_given_up = true;
    }
    return false;
}

/* --- what comes of it --------------------------------------------------------------------- */

static bool is_about(const struct auger_pair *pair, const struct auger_relay *relay,
                     const struct auger_addr *peer)
{
    return (pair->local == relay->cands[0] || pair->local == relay->cands[1]) &&
           auger_addr_ip_equal(&pair->remote->addr, peer);
}

void auger_permit_granted(struct auger_ice *ice, const struct auger_relay *relay,
                          const struct auger_addr *peer)
{
    const struct auger_checklist *list = &ice->current->checklist;

    for (uint16_t i = 0; i < list->len; i++)
        if (is_about(list->order[i], relay, peer))
            list->order[i]->awaits_permission = false;
}

/* What pointed to it as to a pair that is valid. */
static void forget(struct auger_ice *ice, struct auger_pair *pair)
{
    struct auger_nomination *nomination = &pair->generation->nomination;

    auger_inflight_remove_pair(&pair->generation->checklist.inflight, pair);
    if (nomination->selected == pair)
        nomination->selected = nomination->former = NULL;
    if (ice->consent.pair == pair)
        ice->consent.pair = NULL;
}

static void refuse(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                   enum auger_turn_error error)
{
    if (pair->awaits_permission && error == AUGER_TURN_ERROR_RESOURCES) {
        pair->awaits_permission = false; /* nobody has refused anything */
    } else if (pair->failure != AUGER_PAIR_NO_CONSENT) {
        auger_pair_fail(pair, ice->env, now, AUGER_PAIR_NOT_PERMITTED);
        forget(ice, pair);
    }
}

static void refuse_in(struct auger_ice *ice, auger_time now, struct auger_generation *generation,
                      const struct auger_relay *relay, const struct auger_addr *peer,
                      enum auger_turn_error error)
{
    for (uint16_t i = 0; generation && i < generation->checklist.len; i++)
        if (is_about(generation->checklist.order[i], relay, peer))
            refuse(ice, now, generation->checklist.order[i], error);
}

void auger_permit_refused(struct auger_ice *ice, auger_time now, const struct auger_relay *relay,
                          const struct auger_addr *peer, enum auger_turn_error error)
{
    refuse_in(ice, now, ice->current, relay, peer, error);
    refuse_in(ice, now, ice->previous, relay, peer, error);
}

/* --- channels ----------------------------------------------------------------------------- */

/* A refused one is not asked for again: data goes on without. */
static bool is_to_have_channel(const struct auger_ice *ice, const struct auger_pair *pair)
{
    return pair->local->type == AUGER_CAND_RELAY && pair->proof && !pair->proof->channel_asked &&
           (pair == ice->route || pair == pair->generation->nomination.selected ||
            pair->proof->standby);
}

static struct auger_pair *next_for_channel(const struct auger_ice *ice)
{
    const struct auger_checklist *list = &ice->current->checklist;

    if (!ice->relays || ice->state == AUGER_ICE_FAILED)
        return NULL;
    if (ice->route && is_to_have_channel(ice, ice->route))
        return ice->route;
    for (uint16_t i = 0; i < list->len; i++)
        if (is_to_have_channel(ice, list->order[i]))
            return list->order[i];
    return NULL;
}

bool auger_permit_wants_channel(const struct auger_ice *ice)
{
    return next_for_channel(ice) != NULL;
}

void auger_permit_ask_channel(struct auger_ice *ice, auger_time now)
{
    struct auger_pair *pair = next_for_channel(ice);
    struct auger_relay *relay = relay_of(ice, pair);

    int err = relay && relay->turn ? auger_turn_bind_channel(relay->turn, now, &pair->remote->addr)
                                   : AUGER_ERR_STATE;
    pair->proof->channel_asked = err != AUGER_ERR_NO_MEMORY && err != AUGER_ERR_ENTROPY;
}

/* --- what is needed no more ----------------------------------------------------------------- */

/* Until a pair is selected a check of the peer's may yet revive each. */
static bool is_alive(const struct auger_pair *pair)
{
    const struct auger_generation *generation = pair->generation;

    return !generation->nomination.selected || auger_pair_is_valid(pair) ||
           auger_checklist_is_asking(&generation->checklist, pair);
}

static bool needs(const struct auger_generation *generation, const struct auger_relay *relay,
                  const struct auger_addr *peer)
{
    for (uint16_t i = 0; generation && i < generation->checklist.len; i++) {
        const struct auger_pair *pair = generation->checklist.order[i];
        if (is_about(pair, relay, peer) && is_alive(pair))
            return true;
    }
    return false;
}

/* Nobody renews its channel any more: a pair that comes to life again asks for it again. */
static void let_channels_go(struct auger_generation *generation, const struct auger_relay *relay,
                            const struct auger_addr *peer)
{
    for (uint16_t i = 0; generation && i < generation->checklist.len; i++) {
        struct auger_pair *pair = generation->checklist.order[i];
        if (is_about(pair, relay, peer) && pair->proof)
            pair->proof->channel_asked = false;
    }
}

static void let_go(struct auger_ice *ice, const struct auger_relay *relay,
                   const struct auger_addr *peer)
{
    auger_turn_forget(relay->turn, peer);
    let_channels_go(ice->current, relay, peer);
    let_channels_go(ice->previous, relay, peer);
    let_channels_go(ice->next, relay, peer);
}

void auger_permit_sweep(struct auger_ice *ice, const struct auger_relay *relay)
{
    const struct auger_pool *permissions = &relay->turn->permissions;

    if (relay->state != AUGER_RELAY_ALLOCATED)
        return;
    for (size_t i = 0; i < permissions->len; i++) {
        const struct auger_permission *p = auger_pool_at(permissions, i);
        if (p->state == AUGER_PERMISSION_FREE || !p->is_kept)
            continue;
        if (!needs(ice->current, relay, &p->peer) && !needs(ice->previous, relay, &p->peer) &&
            !needs(ice->next, relay, &p->peer))
            let_go(ice, relay, &p->peer);
    }
}
