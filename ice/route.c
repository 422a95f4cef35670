/* ice/route.c - where application data goes: the selected pair, and until there
 * is one the best valid pair (RFC 8445 section 12.1). */
#include "ice/route.h"

#include "base/trace.h"

/* The one in use is left for a higher one that lasts, and for no other: or the hour of the next
 * datagram would decide, at which consent has grown old or ended on some pair. */
static bool is_kept_beside(const struct auger_pair *route, const struct auger_pair *lasting,
                           const struct auger_generation *generation, auger_time now)
{
    return route && route->generation == generation && auger_pair_is_usable(route, now) &&
           (!lasting || auger_pair_valid_priority(route, generation->role) >=
                            auger_pair_valid_priority(lasting, generation->role));
}

/* One whose consent is about to end is not begun with where another lasts, and not at all where the
 * one in use went with its address: it has to renew it first (docs/decisions/229).  On a shared
 * socket it is the selected one alone (051), until that goes with its address (241). */
static struct auger_pair *best_of(const struct auger_ice *ice,
                                  const struct auger_generation *generation, auger_time now)
{
    if (!generation || generation->end_reason)
        return NULL;
    struct auger_pair *selected = generation->nomination.selected;
    if (selected && auger_pair_is_usable(selected, now))
        return selected;
    if (ice->shares_sockets && !generation->nomination.is_gone)
        return NULL;
    struct auger_pair *best = auger_checklist_best(&generation->checklist, now, generation->role);
    if (best && is_kept_beside(ice->route, best, generation, now))
        return ice->route;
    if (!best || auger_pair_is_lasting(best, now))
        return best;
    struct auger_pair *lasting =
        auger_checklist_best_lasting(&generation->checklist, now, generation->role);
    if (is_kept_beside(ice->route, lasting, generation, now))
        return ice->route;
    return lasting || ice->drift.goes_on ? lasting : best;
}

/* After a restart the previous pair stays in use until the new generation has
 * selected one, or as long as it lives; it is not come back to for what is left of its consent. */
static struct auger_pair *best_route(const struct auger_ice *ice, auger_time now)
{
    struct auger_pair *pair = best_of(ice, ice->current, now);
    struct auger_pair *previous = best_of(ice, ice->previous, now);
    bool stays = previous && (previous == ice->route || auger_pair_is_lasting(previous, now));

    return pair && (pair == ice->current->nomination.selected || !stays) ? pair : previous;
}

/* Another valid pair is not enough where the peer has to select it first.  Adrift, locals.c
 * says what the state is. */
static void tell_none(struct auger_ice *ice, auger_time now)
{
    if (ice->state == AUGER_ICE_CONNECTED && !ice->drift.goes_on)
        auger_ice_set_state(ice, now, AUGER_ICE_DISCONNECTED, "no pair to use");
}

/* Silent as the peer is, another pair whose consent has not ended yet is no word of it. */
static void tell_another(struct auger_ice *ice, auger_time now, const struct auger_pair *pair)
{
    auger_trace(ice->env, now, "ice:path", AUGER_F_ADDR("local", &pair->local->addr),
                AUGER_F_ADDR("remote", &pair->remote->addr));
    if (!auger_ice_is_silent(ice))
        auger_ice_set_state(ice, now, AUGER_ICE_CONNECTED, "valid pair");
}

void auger_route_update(struct auger_ice *ice, auger_time now)
{
    struct auger_pair *pair = best_route(ice, now);

    if (!pair)
        tell_none(ice, now);
    if (pair == ice->route)
        return;
    ice->route = pair;
    ice->tally.route_changes++;
    ice->news.path = pair != NULL;
    if (pair)
        tell_another(ice, now, pair);
}

bool auger_route_in_use(const struct auger_ice *ice, struct auger_path *path)
{
    *path = ice->route ? auger_pair_path(ice->route) : ice->drift.path;
    return ice->route || ice->drift.by_check;
}

void auger_route_forget_pair(struct auger_ice *ice, struct auger_pair *pair)
{
    struct auger_nomination *nomination = &pair->generation->nomination;

    if (nomination->pair == pair)
        auger_generation_forget_nomination(pair->generation);
    if (nomination->said_of == pair)
        nomination->said_of = NULL;
    if (nomination->selected == pair)
        nomination->selected = NULL;
    if (nomination->former == pair)
        nomination->former = NULL;
    if (nomination->best == pair)
        nomination->best = NULL;
    if (ice->consent.pair == pair)
        ice->consent.pair = NULL;
    if (ice->route != pair)
        return;
    ice->route = NULL;
    ice->news.path = false;
}

/* The pair along `path`, if data may come from there. */
static struct auger_pair *accepting(const struct auger_generation *generation,
                                    const struct auger_path *path)
{
    struct auger_pair *pair = NULL;

    if (generation)
        pair = auger_checklist_find(&generation->checklist, path);
    return pair && (auger_pair_is_valid(pair) || pair->requests_received > 0) ? pair : NULL;
}

bool auger_route_accepts(struct auger_ice *ice, auger_time now, const struct auger_path *path,
                         size_t len)
{
    struct auger_pair *pair = accepting(ice->current, path);

    if (!pair)
        pair = accepting(ice->previous, path);
    if (!pair)
        pair = accepting(ice->next, path);
    if (!pair)
        return false;
    if (auger_pair_prove(pair, ice->env)) /* what comes before our check is answered counts too */
        auger_tally_packet(&pair->proof->tally.received, now, len);
    auger_tally_packet(&ice->tally.received, now, len);
    return true;
}

bool auger_route_find(const struct auger_ice *ice, auger_time now, struct auger_path *path)
{
    if (!ice->route || !auger_pair_is_usable(ice->route, now))
        return false;
    *path = auger_pair_path(ice->route);
    return true;
}

void auger_route_count(struct auger_ice *ice, auger_time now, size_t len)
{
    auger_tally_packet(&ice->route->proof->tally.sent, now, len);
    auger_tally_packet(&ice->tally.sent, now, len);
}
