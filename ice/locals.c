/* ice/locals.c - the addresses that the application gives us to send from: RFC 8445
 * section 5.1.1.1, and what comes of each. */
#include "ice/locals.h"

#include "ice/gather.h"
#include "ice/mapping.h"
#include "ice/ours.h"
#include "ice/policy.h"
#include "ice/relay.h"

#include "ice/consent.h"
#include "ice/nominate.h"
#include "ice/route.h"

#include "base/time.h"
#include "base/trace.h"

/* The pair in use may go at any moment, and what is to take its place must be known by then. */
static void note_move(struct auger_generation *generation)
{
    if (!auger_nominate_is_concluded(generation))
        return;
    generation->has_moved = true;
    generation->checklist.pairs_prflx = true;
}

/* One of UDP, or those of TCP that are not there yet. */
struct hosts {
    struct auger_ice_cand *items[AUGER_TCP_TYPES_MAX];
    size_t len;
};

static size_t types_at(const struct auger_ice *ice, const struct auger_addr *base,
                       enum auger_tcp_type types[AUGER_TCP_TYPES_MAX])
{
    types[0] = AUGER_TCP_TYPE_NONE;
    return base->transport == AUGER_TCP ? auger_tcp_types(&ice->config, types) : 1;
}

static struct auger_ice_cand *find_host(const struct auger_ice *ice, const struct auger_addr *addr,
                                        enum auger_tcp_type tcptype)
{
    for (uint16_t i = 0; i < ice->locals.len; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand->type == AUGER_CAND_HOST && cand->tcptype == tcptype && auger_cand_is_base(cand) &&
            auger_addr_equal(&cand->addr, addr))
            return cand;
    }
    return NULL;
}

static int add_hosts(struct auger_ice *ice, const struct auger_addr *base, struct hosts *hosts)
{
    enum auger_tcp_type types[AUGER_TCP_TYPES_MAX];
    size_t len = types_at(ice, base, types);

    for (size_t i = 0; i < len; i++) {
        struct auger_addr addr = auger_tcp_addr(base, types[i]);
        if (find_host(ice, &addr, types[i])) /* active, of another port */
            continue;
        struct auger_ice_cand *host = auger_ours_add_host(&ice->locals, &addr, types[i]);
        if (!host)
            return auger_cands_refusal(&ice->locals);
        hosts->items[hosts->len++] = host;
        int err = auger_gather_add_host(ice, host);
        if (err)
            return err;
    }
    return hosts->len > 0 ? 0 : AUGER_ERR_INVALID;
}

static void begin_host(struct auger_ice *ice, auger_time now, struct auger_ice_cand *host)
{
    auger_trace(ice->env, now, "ice:local_candidate", AUGER_F_ADDR("addr", &host->addr),
                AUGER_F_TEXT("type", "host"), AUGER_F_INT("priority", host->priority));
    auger_policy_apply(ice->config.policy, ice->env, now, host);
    auger_mapping_apply(ice, now, host);
    note_move(ice->current);
    auger_generation_form_pairs_of(ice->current, now, &ice->locals, host);
}

int auger_locals_add(struct auger_ice *ice, auger_time now, const struct auger_addr *base)
{
    struct hosts hosts = {0};

    if (!auger_cand_addr_is_usable(base, &ice->policy) || auger_cands_find_base(&ice->locals, base))
        return AUGER_ERR_INVALID;
    int err = add_hosts(ice, base, &hosts);
    for (size_t i = 0; err && i < hosts.len; i++) {
        auger_gather_remove_host(ice, hosts.items[i]);
        auger_cands_remove(&ice->locals, hosts.items[i]);
    }
    if (err)
        auger_gather_conclude(ice, now);
    for (size_t i = 0; !err && i < hosts.len; i++)
        begin_host(ice, now, hosts.items[i]);
    return err;
}

/* --- going ------------------------------------------------------------------------------ */

/* Before the pairs of `host` are gone: what points to one of them points to none. */
static void forget_pairs(struct auger_ice *ice, struct auger_generation *generation,
                         const struct auger_ice_cand *host)
{
    for (uint16_t i = 0; i < generation->checklist.len; i++) {
        struct auger_pair *pair = generation->checklist.order[i];
        if (pair->local != host)
            continue;
        if (generation->nomination.selected == pair)
            generation->nomination.is_gone = true;
        auger_route_forget_pair(ice, pair);
    }
}

static void forget_responses(struct auger_responses *responses, const struct auger_addr *base)
{
    for (uint8_t i = 0; i < AUGER_RESPONSES_MAX; i++)
        if (auger_addr_equal(&responses->items[i].path.local, base))
            responses->items[i].generation = NULL;
}

static void remove_cand(struct auger_ice *ice, struct auger_ice_cand *cand)
{
    struct auger_generation *all[] = {ice->current, ice->previous, ice->next};

    for (size_t i = 0; i < 3; i++)
        if (all[i])
            auger_checklist_remove_local(&all[i]->checklist, cand);
    auger_cands_remove(&ice->locals, cand);
}

static void remove_all_of(struct auger_ice *ice, const struct auger_ice_cand *host)
{
    const struct auger_addr *base = &host->addr;

    for (uint16_t i = 0; i < ice->locals.len; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand->base == base)
            remove_cand(ice, cand);
    }
}

/* Of a peer that hides its addresses we know those alone that its checks have shown, and
 * after a nomination it begins no more of them: then ours must.
 *
 * What is left is tried anew, with the patience of a beginning (8863 section 4): first what has
 * worked, which makes no room for what is formed now (docs/decisions/275). */
static void begin_anew(struct auger_ice *ice, auger_time now)
{
    struct auger_generation *current = ice->current;

    current->nomination.valid_at = AUGER_NEVER;
    current->patience_ended = false;
    current->pac_at = auger_time_add(now, ice->config.pac_timeout);
    current->checklist.pairs_prflx = true;
    if (!ice->config.lite)
        auger_checklist_retry_proved(&current->checklist, now);
    auger_generation_form_pairs(current, now, &ice->locals);
    auger_checklist_retry(&current->checklist, now);
    if (!ice->config.lite)
        auger_checklist_renew(&current->checklist, now);
    ice->drift = (struct auger_drift){.goes_on = true};
}

static bool can_take_over(const struct auger_ice *ice, auger_time now)
{
    const struct auger_generation *current = ice->current;

    if (ice->config.lite)
        return auger_checklist_best(&current->checklist, now, current->role) != NULL;
    return auger_checklist_best_lasting(&current->checklist, now, current->role) != NULL;
}

static bool is_in_use(const struct auger_ice *ice, const struct auger_ice_cand *own)
{
    struct auger_path used;

    return auger_route_in_use(ice, &used) && auger_addr_equal(&used.local, &own->addr);
}

/* With all that sends from there.  `own` is its own base. */
static void lose(struct auger_ice *ice, struct auger_ice_cand *own)
{
    struct auger_generation *all[] = {ice->current, ice->previous, ice->next};

    if (!ice->route && is_in_use(ice, own)) /* a check had failed on the selected one */
        ice->current->nomination.is_gone = true;
    for (size_t i = 0; i < 3; i++)
        if (all[i])
            forget_pairs(ice, all[i], own);
    forget_responses(&ice->responses, &own->addr);
    remove_all_of(ice, own);
}

void auger_locals_go_on(struct auger_ice *ice, auger_time now, auger_time awaits_until)
{
    if (can_take_over(ice, now))
        return;
    begin_anew(ice, now);
    ice->drift.awaits_until = awaits_until;
}

/* Whether it was in use. */
static bool lose_relayed(struct auger_ice *ice, auger_time now, struct auger_ice_cand *relayed)
{
    bool was_in_use = is_in_use(ice, relayed);

    auger_trace(ice->env, now, "ice:relayed_address_gone", AUGER_F_ADDR("addr", &relayed->addr),
                AUGER_F_INT("in_use", was_in_use));
    auger_relay_forget(ice, relayed);
    lose(ice, relayed);
    return was_in_use;
}

void auger_locals_lose_relayed(struct auger_ice *ice, auger_time now,
                               struct auger_ice_cand *const relayed[2])
{
    bool was_in_use = false;

    for (size_t i = 0; i < 2; i++)
        if (relayed[i])
            was_in_use |= lose_relayed(ice, now, relayed[i]);
    if (was_in_use)
        auger_locals_go_on(ice, now, 0);
}

void auger_locals_lose_helper(struct auger_ice *ice, struct auger_ice_cand *helper)
{
    lose(ice, helper);
    ice->has_given_up = true;
}

/* An active candidate is of every base of TCP with its IP address. */
static bool is_of_another_base(const struct auger_ice *ice, const struct auger_ice_cand *host)
{
    for (uint16_t i = 0; host->tcptype == AUGER_TCP_TYPE_ACTIVE && i < ice->locals.len; i++) {
        const struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand != host && cand->type == AUGER_CAND_HOST && cand->tcptype != AUGER_TCP_TYPE_NONE &&
            auger_addr_ip_equal(&cand->addr, &host->addr))
            return true;
    }
    return false;
}

/* With the relays that are asked from there.  Whether one of all that was in use. */
static bool lose_host(struct auger_ice *ice, auger_time now, struct auger_ice_cand *host)
{
    bool was_in_use = is_in_use(ice, host);
    struct auger_ice_cand *relayed;

    auger_trace(ice->env, now, "ice:local_address_gone", AUGER_F_ADDR("base", &host->addr),
                AUGER_F_INT("in_use", was_in_use));
    while ((relayed = auger_relay_behind(ice, host)))
        was_in_use |= lose_relayed(ice, now, relayed);
    auger_relay_remove_host(ice, host);
    auger_gather_remove_host(ice, host);
    lose(ice, host);
    return was_in_use;
}

/* All of that IP address, before it is decided how to go on: none of them may take over from it.
 * Whether one was in use. */
static bool lose_helpers(struct auger_ice *ice, const struct auger_addr *base)
{
    bool was_in_use = false;

    for (uint16_t i = 0; i < ice->locals.len && ice->locals.predicted > 0; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand->addr.family == AUGER_FAMILY_NONE || !cand->is_helper ||
            !auger_addr_ip_equal(&cand->addr, base))
            continue;
        was_in_use |= is_in_use(ice, cand);
        lose(ice, cand);
        ice->prediction->has_done = true;
    }
    return was_in_use;
}

int auger_locals_remove(struct auger_ice *ice, auger_time now, const struct auger_addr *base)
{
    const struct auger_addr gone = *base; /* it may be that of the candidate */
    enum auger_tcp_type types[AUGER_TCP_TYPES_MAX];
    bool was_in_use = false, found = false;

    for (size_t i = types_at(ice, &gone, types); i-- > 0;) { /* the active one last */
        struct auger_addr addr = auger_tcp_addr(&gone, types[i]);
        struct auger_ice_cand *host = find_host(ice, &addr, types[i]);
        if (!host || is_of_another_base(ice, host))
            continue;
        found = true;
        was_in_use |= lose_host(ice, now, host);
    }
    if (found)
        was_in_use |= lose_helpers(ice, &gone);
    auger_gather_conclude(ice, now);
    if (was_in_use)
        auger_locals_go_on(ice, now, 0);
    else if (found && !ice->config.lite) /* it may have been in the way (docs/decisions/230) */
        auger_checklist_retry_proved(&ice->current->checklist, now);
    return found ? 0 : AUGER_ERR_NOT_FOUND;
}

int auger_locals_remove_mapped(struct auger_ice *ice, auger_time now, const struct auger_addr *base,
                               const struct auger_addr *external)
{
    struct auger_ice_cand *cand = auger_mapping_find(ice, base, external);

    if (!cand)
        return AUGER_ERR_NOT_FOUND;
    auger_trace(ice->env, now, "ice:mapping_gone", AUGER_F_ADDR("addr", external),
                AUGER_F_ADDR("base", base));
    for (; cand; cand = auger_mapping_find(ice, base, external))
        remove_cand(ice, cand);
    return 0;
}

/* --- adrift ----------------------------------------------------------------------------- */

static void ask_for_restart(struct auger_ice *ice, auger_time now)
{
    if (ice->drift.has_asked)
        return;
    ice->drift.has_asked = true;
    ice->news.restart_wanted = true;
    auger_trace(ice->env, now, "ice:restart_wanted", AUGER_F_TEXT("reason", "no pair left to try"));
}

static bool has_host(const struct auger_ice *ice)
{
    for (uint16_t i = 0; i < ice->locals.len; i++)
        if (auger_cands_at(&ice->locals, i)->type == AUGER_CAND_HOST &&
            auger_cands_at(&ice->locals, i)->addr.family != AUGER_FAMILY_NONE)
            return true;
    return false;
}

/* The peer's candidates are still to come, as just after a restart. */
static bool awaits_pairs(const struct auger_ice *ice)
{
    const struct auger_generation *current = ice->current;

    return current->checklist.len == 0 && !current->remote_ended && !current->patience_ended &&
           has_host(ice);
}

/* Not "disconnected" while a pair has yet to be tried. */
void auger_locals_follow_drift(struct auger_ice *ice, auger_time now)
{
    if (!ice->drift.goes_on && !ice->drift.by_check)
        return;
    if (ice->route) {
        ice->drift = (struct auger_drift){0};
        ice->news.restart_wanted &= ice->current->nomination.restart_asked; /* standby.c, once */
        return;
    }
    if (!ice->drift.goes_on) /* what is valid waits to be selected */
        return;
    if (now >= ice->drift.awaits_until)
        ice->drift.awaits_until = 0;
    if (awaits_pairs(ice) || ice->drift.awaits_until || auger_relay_may_come(ice) ||
        auger_checklist_is_renewing(&ice->current->checklist) ||
        auger_checklist_may_beat(&ice->current->checklist, ice->current->role, 0)) {
        ice->drift.has_asked = false;
        if (ice->drift.by_check)
            auger_ice_set_state(ice, now, AUGER_ICE_DISCONNECTED, "a check on the path failed");
        else
            auger_ice_set_state(ice, now, AUGER_ICE_CHECKING, "the address in use is gone");
        return;
    }
    auger_ice_set_state(ice, now, AUGER_ICE_DISCONNECTED, "no pair left to try");
    if (!ice->drift.by_check) /* else the peer may yet ask, as long as patience lasts */
        ask_for_restart(ice, now);
}

auger_time auger_locals_next_timeout(const struct auger_ice *ice)
{
    bool awaits = ice->drift.goes_on && ice->drift.awaits_until && !ice->drift.has_asked;

    return awaits ? ice->drift.awaits_until : AUGER_NEVER;
}
