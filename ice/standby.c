/* ice/standby.c - valid pairs that are kept warm beside the one in use, and when one of them
 * takes its place: docs/decisions/072. */
#include "ice/standby.h"

#include "ice/check.h"
#include "ice/consent.h"
#include "ice/nominate.h"
#include "ice/pace.h"
#include "ice/renominate.h"
#include "ice/role.h"

#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"

#include <assert.h>
#include <string.h>

/* A pair is better whose last three round trips are all shorter than the last three of the
 * pair in use, by so much. */
#define BETTER_PERCENT 30
#define BETTER_BY (20 * AUGER_MS)
#define SWITCHED_AT_MOST_EVERY (10 * AUGER_SEC)

/* Pairs that are checked at a time to find one that can be kept. */
#define SOUGHT_MAX 4
#define ENTROPY_RETRY (1 * AUGER_SEC)

static bool may_change(const struct auger_ice *ice)
{
    return auger_renominate_is_agreed(ice) || ice->config.standby_restarts;
}

static bool is_wanted(const struct auger_ice *ice)
{
    return ice->config.standby_max > 0 && !ice->config.lite && may_change(ice) &&
           ice->current->nomination.selected && !ice->current->end_reason;
}

/* Of its slot; 0: none. */
static uint8_t number_of(const struct auger_pair *pair)
{
    return pair && pair->proof ? pair->proof->standby : 0;
}

static struct auger_standby_slot *slot_of(const struct auger_ice *ice,
                                          const struct auger_pair *pair)
{
    return number_of(pair) ? &ice->standby->slots[number_of(pair) - 1] : NULL;
}

static bool is_in_use(const struct auger_ice *ice, const struct auger_pair *pair)
{
    return pair == ice->current->nomination.selected;
}

bool auger_standby_missed(const struct auger_ice *ice, const struct auger_pair *pair)
{
    const struct auger_standby_slot *slot = slot_of(ice, pair);

    return slot && slot->missed && pair->proof->answered_at <= slot->sent_at;
}

/* --- what is kept ----------------------------------------------------------------------- */

/* Those that went leave their slots; returns the slots that are taken, as bits. */
static unsigned drop_unusable(struct auger_ice *ice, auger_time now)
{
    const struct auger_checklist *list = &ice->current->checklist;
    unsigned taken = 0;

    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        if (number_of(pair) && !auger_pair_is_usable(pair, now))
            pair->proof->standby = 0;
        if (number_of(pair))
            taken |= 1u << number_of(pair);
    }
    return taken;
}

static void keep(struct auger_ice *ice, auger_time now, struct auger_pair *pair, unsigned *taken)
{
    uint8_t number = 1;

    while (*taken & 1u << number)
        number++;
    assert(number <= ice->config.standby_max + 1u);
    *taken |= 1u << number;
    pair->proof->standby = number;
    *slot_of(ice, pair) = (struct auger_standby_slot){
        .sent_at = AUGER_NEVER,
        .measured_at = pair->proof->answered_at,
        .next_at = auger_time_max(
            now, auger_time_add(pair->proof->answered_at, auger_consent_interval(ice)))};
    if (!is_in_use(ice, pair))
        auger_trace(ice->env, now, "ice:standby", AUGER_F_ADDR("local", &pair->local->addr),
                    AUGER_F_ADDR("remote", &pair->remote->addr));
}

/* The best that is valid and not kept. */
static struct auger_pair *next_best(const struct auger_ice *ice, auger_time now)
{
    const struct auger_generation *current = ice->current;
    struct auger_pair *best = NULL;

    for (uint16_t i = 0; i < current->checklist.len; i++) {
        struct auger_pair *pair = current->checklist.order[i];
        if (number_of(pair) || is_in_use(ice, pair) || !auger_pair_is_usable(pair, now))
            continue;
        if (!best || auger_pair_valid_priority(pair, current->role) >
                         auger_pair_valid_priority(best, current->role))
            best = pair;
    }
    return best;
}

static bool has_table(struct auger_ice *ice)
{
    if (!ice->standby)
        ice->standby = auger_env_alloc(ice->env, 1,
                                       sizeof(*ice->standby) + (ice->config.standby_max + 1u) *
                                                                   sizeof(ice->standby->slots[0]));
    return ice->standby != NULL;
}

void auger_standby_fini(struct auger_ice *ice)
{
    auger_env_release(ice->env, ice->standby);
}

/* The lowest of those that are kept goes. */
static void drop_lowest(struct auger_ice *ice, unsigned *taken)
{
    const struct auger_generation *current = ice->current;
    struct auger_pair *lowest = NULL;

    for (uint16_t i = 0; i < current->checklist.len; i++) {
        struct auger_pair *pair = current->checklist.order[i];
        if (number_of(pair) && !is_in_use(ice, pair) &&
            (!lowest || auger_pair_valid_priority(pair, current->role) <
                            auger_pair_valid_priority(lowest, current->role)))
            lowest = pair;
    }
    assert(lowest);
    *taken &= ~(1u << number_of(lowest));
    lowest->proof->standby = 0;
}

/* Returns how many more there could be.  The pair in use has a slot of its own, for the sake of
 * comparison: consent is what asks on it. */
static unsigned fill(struct auger_ice *ice, auger_time now, unsigned taken)
{
    struct auger_pair *selected = ice->current->nomination.selected, *pair;
    unsigned kept = 0;

    for (unsigned bits = taken; bits; bits &= bits - 1)
        kept++;
    kept -= number_of(selected) != 0;
    for (; kept > ice->config.standby_max; kept--) /* another pair is in use now */
        drop_lowest(ice, &taken);
    while (kept < ice->config.standby_max && (pair = next_best(ice, now)) && has_table(ice)) {
        keep(ice, now, pair, &taken);
        kept++;
    }
    if (kept > 0 && !number_of(selected))
        keep(ice, now, selected, &taken);
    return ice->config.standby_max - kept;
}

/* --- what is sought --------------------------------------------------------------------- */

/* The nomination cancelled it (8445 section 8.1.2); it goes on where it was, if there is time left
 * for it. */
static bool resume(struct auger_ice *ice, auger_time now, const struct auger_pair *pair)
{
    const struct auger_inflight *inflight = &ice->current->checklist.inflight;

    for (uint16_t i = 0; i < inflight->slots.len; i++) {
        struct auger_check *check = auger_inflight_at(inflight, i);
        if (check->pair == pair && !check->nominates)
            return auger_check_resume(ice, now, check);
    }
    return false;
}

/* After the nomination ordinary checks are over; some go on until there is something to keep. */
static void seek(struct auger_ice *ice, auger_time now)
{
    struct auger_checklist *list = &ice->current->checklist;
    unsigned sought = 0;

    for (uint16_t i = 0; i < list->len; i++)
        sought +=
            auger_pair_is_open(list->order[i]) && auger_checklist_is_asking(list, list->order[i]);
    for (uint16_t i = 0; i < list->len && sought < SOUGHT_MAX; i++) {
        struct auger_pair *pair = list->order[i];
        if (!auger_pair_is_open(pair) || auger_checklist_is_asking(list, pair))
            continue;
        if (pair->state == AUGER_PAIR_IN_PROGRESS) {
            sought += resume(ice, now, pair);
        } else {
            auger_checklist_trigger(list, now, pair);
            sought++;
        }
    }
}

/* --- which is better -------------------------------------------------------------------- */

/* Whether there is anything new. */
static bool measure(struct auger_ice *ice)
{
    const struct auger_checklist *list = &ice->current->checklist;
    bool is_new = false;

    for (uint16_t i = 0; i < list->len; i++) {
        const struct auger_pair *pair = list->order[i];
        struct auger_standby_slot *slot = slot_of(ice, pair);
        if (!slot || slot->measured_at == pair->proof->answered_at)
            continue;
        slot->measured_at = pair->proof->answered_at;
        slot->rtts[slot->rtts_next] = pair->proof->rtt;
        slot->rtts_next = (uint8_t)((slot->rtts_next + 1) % AUGER_STANDBY_RTTS);
        slot->rtts_len += slot->rtts_len < AUGER_STANDBY_RTTS;
        is_new = true;
    }
    return is_new;
}

static auger_time shortest(const struct auger_standby_slot *slot)
{
    auger_time rtt = slot->rtts[0];

    for (size_t i = 1; i < AUGER_STANDBY_RTTS; i++)
        rtt = auger_time_min(rtt, slot->rtts[i]);
    return rtt;
}

static auger_time longest(const struct auger_standby_slot *slot)
{
    auger_time rtt = slot->rtts[0];

    for (size_t i = 1; i < AUGER_STANDBY_RTTS; i++)
        rtt = auger_time_max(rtt, slot->rtts[i]);
    return rtt;
}

/* One whose last check had no answer is not better, however fast it was. */
static bool is_better(const struct auger_standby_slot *slot, const struct auger_standby_slot *used)
{
    if (slot->rtts_len < AUGER_STANDBY_RTTS || used->rtts_len < AUGER_STANDBY_RTTS || slot->missed)
        return false;
    auger_time rtt = longest(slot), used_rtt = shortest(used);
    return rtt * 100 <= used_rtt * (100 - BETTER_PERCENT) && rtt + BETTER_BY <= used_rtt;
}

static struct auger_pair *find_better(const struct auger_ice *ice)
{
    const struct auger_checklist *list = &ice->current->checklist;
    const struct auger_standby_slot *used = slot_of(ice, ice->current->nomination.selected);
    struct auger_pair *better = NULL;

    for (uint16_t i = 0; used && i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        const struct auger_standby_slot *slot = slot_of(ice, pair);
        if (slot && slot != used && is_better(slot, used) &&
            (!better || longest(slot) < longest(slot_of(ice, better))))
            better = pair;
    }
    return better;
}

/* --- changing --------------------------------------------------------------------------- */

static void ask_for_restart(struct auger_ice *ice, auger_time now, const char *reason)
{
    struct auger_nomination *nomination = &ice->current->nomination;

    if (nomination->restart_asked || !ice->config.standby_restarts || ice->next)
        return;
    nomination->restart_asked = true;
    ice->news.restart_wanted = true;
    auger_trace(ice->env, now, "ice:restart_wanted", AUGER_F_TEXT("reason", reason));
}

/* At most once in ten seconds, and on the controlling side alone. */
static void change_to_better(struct auger_ice *ice, auger_time now)
{
    const struct auger_nomination *nomination = &ice->current->nomination;

    if (ice->current->role != AUGER_CONTROLLING || nomination->pair ||
        now < auger_time_add(nomination->selected_at, SWITCHED_AT_MOST_EVERY))
        return;
    struct auger_pair *better = find_better(ice);
    if (!better)
        return;
    if (auger_renominate_may(ice)) {
        auger_trace(ice->env, now, "ice:standby_better",
                    AUGER_F_ADDR("local", &better->local->addr),
                    AUGER_F_ADDR("remote", &better->remote->addr),
                    AUGER_F_TIME("rtt", auger_pair_rtt(better)),
                    AUGER_F_TIME("instead_of", auger_pair_rtt(nomination->selected)));
        auger_nominate_begin(ice, now, better);
    } else {
        ice->standby->wanted = auger_pair_path(better);
        ask_for_restart(ice, now, "a better round trip");
    }
}

/* Data goes along another pair already (route.c); now the peer is told. */
static void replace_lost(struct auger_ice *ice, auger_time now)
{
    struct auger_nomination *nomination = &ice->current->nomination;

    if (ice->current->role != AUGER_CONTROLLING ||
        !auger_checklist_best(&ice->current->checklist, now, AUGER_CONTROLLING))
        return;
    if (!auger_renominate_may(ice)) {
        ask_for_restart(ice, now, "consent to the selected pair is lost");
        return;
    }
    auger_trace(ice->env, now, "ice:standby_takes_over",
                AUGER_F_ADDR("local", &nomination->selected->local->addr),
                AUGER_F_ADDR("remote", &nomination->selected->remote->addr));
    nomination->selected = nomination->former = NULL;
}

void auger_standby_handle_failover(struct auger_ice *ice, auger_time now)
{
    if (is_wanted(ice) && ice->current->role == AUGER_CONTROLLING && !auger_renominate_may(ice))
        ask_for_restart(ice, now, "the selected pair is silent");
}

void auger_standby_consider(struct auger_ice *ice, auger_time now)
{
    unsigned taken = ice->standby ? drop_unusable(ice, now) : 0;

    if (!is_wanted(ice))
        return;
    if (!auger_pair_is_usable(ice->current->nomination.selected, now)) {
        replace_lost(ice, now);
        return;
    }
    if (fill(ice, now, taken) > 0)
        seek(ice, now);
    if (!ice->standby)
        return;
    if (measure(ice))
        change_to_better(ice, now);
}

/* --- asking ----------------------------------------------------------------------------- */

static bool is_asked(const struct auger_ice *ice, auger_time now, const struct auger_pair *pair)
{
    return number_of(pair) && !is_in_use(ice, pair) && pair != ice->consent.pair &&
           auger_pair_is_usable(pair, now);
}

static struct auger_pair *next_due(const struct auger_ice *ice, auger_time now)
{
    const struct auger_checklist *list = &ice->current->checklist;
    struct auger_pair *due = NULL;

    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        if (is_asked(ice, now, pair) &&
            (!due || slot_of(ice, pair)->next_at < slot_of(ice, due)->next_at))
            due = pair;
    }
    return due;
}

size_t auger_standby_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                           uint8_t *buf, size_t cap)
{
    struct auger_pair *pair = ice->standby && is_wanted(ice) ? next_due(ice, now) : NULL;
    struct auger_standby_slot *slot = slot_of(ice, pair);

    if (!slot || now < slot->next_at || !auger_pace_allows(ice, now))
        return 0;
    if (auger_env_random(ice->env, slot->tid.bytes, sizeof(slot->tid.bytes)) != 0) {
        slot->next_at = auger_time_add(now, ENTROPY_RETRY);
        slot->sent_at = AUGER_NEVER;
        return 0;
    }
    auger_ice_mark(ice, &slot->tid);
    auger_pace_begin(ice, now);
    slot->missed = slot->sent_at != AUGER_NEVER;
    ice->has_given_up |= slot->missed; /* failover.c may have counted on it */
    slot->sent_at = now;
    slot->next_at = auger_time_add(now, auger_consent_interval(ice));
    slot->role_switches = pair->generation->role_switches;

    size_t len = auger_check_build(pair, &slot->tid, false, 0, buf, cap);
    if (len == 0)
        return 0;
    *path = auger_pair_path(pair);
    pair->requests_sent++;
    pair->proof->tally.consent_requests_sent++;
    ice->counters.checks_sent++;
    auger_trace(ice->env, now, "ice:standby_asked", AUGER_F_ADDR("local", &path->local),
                AUGER_F_ADDR("remote", &path->remote));
    return len;
}

struct auger_pair *auger_standby_find(const struct auger_ice *ice, const struct auger_stun_tid *tid)
{
    const struct auger_checklist *list = &ice->current->checklist;

    for (uint16_t i = 0; ice->standby && i < list->len; i++) {
        const struct auger_standby_slot *slot = slot_of(ice, list->order[i]);
        if (slot && slot->sent_at != AUGER_NEVER &&
            memcmp(slot->tid.bytes, tid->bytes, sizeof(tid->bytes)) == 0)
            return list->order[i];
    }
    return NULL;
}

void auger_standby_handle_response(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                                   const struct auger_path *path, const struct auger_stun_msg *msg)
{
    struct auger_standby_slot *slot = slot_of(ice, pair);

    if (!auger_consent_take(ice, now, pair, slot->sent_at, path, msg))
        return;
    slot->sent_at = AUGER_NEVER;
    slot->missed = false;
    if (msg->class_ == AUGER_STUN_SUCCESS)
        return;
    if (msg->error_code == AUGER_STUN_ROLE_CONFLICT) {
        if (slot->role_switches == pair->generation->role_switches)
            slot->next_at = now; /* in the other role */
        auger_role_yield(ice, pair->generation, now, slot->role_switches);
    } else if (msg->error_code == AUGER_STUN_FORBIDDEN) { /* 7675 section 5.2 */
        auger_pair_fail(pair, ice->env, now, AUGER_PAIR_NO_CONSENT);
        auger_inflight_remove_pair(&pair->generation->checklist.inflight, pair);
    }
}

auger_time auger_standby_next_timeout(const struct auger_ice *ice)
{
    auger_time at = AUGER_NEVER;

    if (!ice->standby || !is_wanted(ice))
        return at;
    for (uint16_t i = 0; i < ice->current->checklist.len; i++) {
        const struct auger_pair *pair = ice->current->checklist.order[i];
        if (!number_of(pair))
            continue;
        at = auger_time_min(at, auger_time_add(pair->proof->answered_at, AUGER_CONSENT_LIFETIME));
        if (!is_in_use(ice, pair) && pair != ice->consent.pair)
            at = auger_time_min(at, auger_time_max(slot_of(ice, pair)->next_at, ice->pace_at));
    }
    return at;
}
