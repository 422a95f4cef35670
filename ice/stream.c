/* ice/stream.c - the streams of TCP candidates: which there are, which are still of use, and
 * what becomes of a pair that loses its own (RFC 6544 sections 7.1, 8 and 11.1). */
#include "ice/stream.h"

#include "ice/locals.h"
#include "ice/nominate.h"
#include "ice/relay.h"
#include "ice/route.h"

#include "base/addr.h"
#include "base/time.h"
#include "base/trace.h"

/* So long the others are kept after a nomination, as candidates are (RFC 8445 section 8.3). */
#define KEPT_FOR (3 * AUGER_SEC)
/* So long the peer has to open another in the place of the one in use, before a restart is asked
 * for (11.1). */
#define AWAITED_FOR (5 * AUGER_SEC)

/* A stream that answers have come along for so long counts as good again. */
#define STOOD_FOR (30 * AUGER_SEC)

static bool is_ours_to_open(const struct auger_pair *pair)
{
    return auger_tcp_opens((enum auger_tcp_type)pair->local->tcptype);
}

bool auger_ice_stream_is_framed(const struct auger_ice *ice, const struct auger_path *path)
{
    return path->remote.transport == AUGER_TCP && !auger_relay_has_stream(ice, path);
}

/* --- of use ------------------------------------------------------------------------------- */

static bool is_settled(const struct auger_ice *ice, const struct auger_generation *generation,
                       auger_time now)
{
    return auger_nominate_is_concluded(generation) && !ice->next &&
           now >= auger_time_add(generation->nomination.selected_at, KEPT_FOR);
}

static bool is_wanted(const struct auger_ice *ice, auger_time now, const struct auger_pair *pair)
{
    const struct auger_generation *generation = pair->generation;
    const struct auger_nomination *nomination = &generation->nomination;

    if (pair->state == AUGER_PAIR_FAILED || generation->end_reason)
        return false;
    if (pair == ice->route || pair == nomination->selected || pair == nomination->pair ||
        (pair->proof && pair->proof->standby) ||
        auger_checklist_is_asking(&generation->checklist, pair))
        return true;
    return !is_settled(ice, generation, now);
}

bool auger_ice_stream_is_wanted(const struct auger_ice *ice, auger_time now,
                                const struct auger_path *path)
{
    const struct auger_generation *all[] = {ice->current, ice->next, ice->previous};

    if (ice->state == AUGER_ICE_FAILED && !ice->next)
        return false;
    for (size_t i = 0; i < 3; i++) {
        const struct auger_pair *pair =
            all[i] ? auger_checklist_find(&all[i]->checklist, path) : NULL;
        if (pair && is_wanted(ice, now, pair))
            return true;
    }
    return false;
}

/* --- the end of one ------------------------------------------------------------------------- */

/* An answer would have it opened again. */
static void forget_responses(struct auger_responses *responses, const struct auger_path *path)
{
    for (uint8_t i = 0; i < AUGER_RESPONSES_MAX; i++)
        if (auger_path_equal(&responses->items[i].path, path))
            responses->items[i].generation = NULL;
}

static bool has_stood(const struct auger_pair *pair)
{
    return auger_pair_is_valid(pair) &&
           pair->proof->answered_at >= auger_time_add(pair->proof->valid_since, STOOD_FOR);
}

static void count_loss(struct auger_pair *pair)
{
    if (has_stood(pair))
        pair->streams_lost = 0;
    if (pair->streams_lost < AUGER_STREAMS_LOST_MAX)
        pair->streams_lost++;
}

/* Once more, if it is of use: what is lost before it was answered has failed (7.1), and what the
 * caller closed because nobody wants it stays closed (8). */
static void reopen(struct auger_ice *ice, auger_time now, struct auger_pair *pair)
{
    if (pair->generation == ice->current && !auger_pair_is_over(pair))
        auger_checklist_trigger(&ice->current->checklist, now, pair);
}

static bool is_in_use(const struct auger_ice *ice, const struct auger_pair *pair)
{
    const struct auger_path path = auger_pair_path(pair);
    struct auger_path used;

    return auger_route_in_use(ice, &used) && auger_path_equal(&used, &path) &&
           pair->generation == (ice->route ? ice->route->generation : ice->current);
}

static void lose(struct auger_ice *ice, auger_time now, struct auger_pair *pair)
{
    bool was_in_use = is_in_use(ice, pair);
    bool is_missed = auger_pair_is_valid(pair) && is_wanted(ice, now, pair);

    auger_trace(ice->env, now, "ice:stream_lost", AUGER_F_ADDR("local", &pair->local->addr),
                AUGER_F_ADDR("remote", &pair->remote->addr), AUGER_F_INT("in_use", was_in_use));
    auger_route_forget_pair(ice, pair);
    auger_inflight_remove_pair(&pair->generation->checklist.inflight, pair);
    count_loss(pair);
    auger_pair_fail(pair, ice->env, now, AUGER_PAIR_STREAM_LOST);
    if (was_in_use)
        auger_locals_go_on(ice, now, is_ours_to_open(pair) ? 0 : auger_time_add(now, AWAITED_FOR));
    if (is_missed)
        reopen(ice, now, pair);
}

void auger_stream_lost(struct auger_ice *ice, auger_time now, const struct auger_path *path)
{
    struct auger_generation *all[] = {ice->current, ice->previous, ice->next};

    if (!auger_ice_stream_is_framed(ice, path))
        return;
    forget_responses(&ice->responses, path);
    for (size_t i = 0; i < 3; i++) {
        struct auger_pair *pair = all[i] ? auger_checklist_find(&all[i]->checklist, path) : NULL;
        if (pair && pair->state != AUGER_PAIR_FAILED)
            lose(ice, now, pair);
    }
}

/* --- somebody else ---------------------------------------------------------------------------- */

static bool is_unheard(const struct auger_pair *pair)
{
    return pair->state == AUGER_PAIR_IN_PROGRESS && pair->requests_received == 0 &&
           (!pair->proof || pair->proof->responses_received == 0);
}

bool auger_stream_heard_strange(struct auger_ice *ice, auger_time now,
                                const struct auger_path *path)
{
    struct auger_checklist *list = &ice->current->checklist;
    const struct auger_pair *heard =
        auger_ice_stream_is_framed(ice, path) ? auger_checklist_find(list, path) : NULL;

    if (!heard || !is_ours_to_open(heard) || !is_unheard(heard))
        return false;
    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        if (pair->remote != heard->remote || auger_pair_is_valid(pair) ||
            pair->state == AUGER_PAIR_FAILED)
            continue;
        auger_inflight_remove_pair(&list->inflight, pair);
        auger_pair_fail(pair, ice->env, now, AUGER_PAIR_MALFORMED);
    }
    return true;
}
