/* ice/checklist.c - the pairs in their order, and which of them is checked next:
 * RFC 8445 section 6.1.2 and 6.1.4, RFC 8838 sections 10 to 12. */
#include "ice/checklist.h"

#include "base/buggify.h"
#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"

#include <assert.h>
#include <string.h>

void auger_checklist_init(struct auger_checklist *list, const struct auger_env *env,
                          struct auger_generation *generation, uint16_t max)
{
    *list = (struct auger_checklist){
        .env = env, .generation = generation, .pairs = auger_pool(sizeof(struct auger_pair), max)};
    auger_inflight_init(&list->inflight, env, max);
}

void auger_checklist_fini(struct auger_checklist *list)
{
    if (!list->env)
        return;
    auger_inflight_fini(&list->inflight);
    for (uint16_t i = 0; i < list->len; i++)
        auger_pair_fini(list->order[i], list->env);
    auger_env_release(list->env, list->order);
    auger_pool_fini(&list->pairs, list->env);
    *list = (struct auger_checklist){0};
}

struct auger_pair *auger_checklist_find(const struct auger_checklist *list,
                                        const struct auger_path *path)
{
    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_path known = auger_pair_path(list->order[i]);
        if (auger_path_equal(&known, path))
            return list->order[i];
    }
    return NULL;
}

static void insert_in_order(struct auger_checklist *list, struct auger_pair *pair,
                            enum auger_role role)
{
    uint64_t priority = auger_pair_priority(pair, role);
    uint16_t at = list->len++;
    for (; at > 0 && auger_pair_priority(list->order[at - 1], role) < priority; at--)
        list->order[at] = list->order[at - 1];
    list->order[at] = pair;
}

static void remove_at(struct auger_checklist *list, uint16_t at)
{
    struct auger_pair *pair = list->order[at];

    auger_inflight_remove_pair(&list->inflight, pair);
    auger_pair_fini(pair, list->env);
    list->len--;
    memmove(&list->order[at], &list->order[at + 1],
            (size_t)(list->len - at) * sizeof(struct auger_pair *));
}

/* A nomination has ended its check (8.1.2), and it has neither failed nor succeeded. */
static bool is_given_up(const struct auger_checklist *list, const struct auger_pair *pair)
{
    return pair->state == AUGER_PAIR_IN_PROGRESS &&
           !auger_inflight_find_pair(&list->inflight, pair);
}

/* A pair whose consent ended is kept, so that it is not made anew; and so is one that failed since
 * no request is left, while its last may be answered: a new one would have none either
 * (docs/decisions/292). */
static bool has_failed_for_good(const struct auger_checklist *list, const struct auger_pair *pair)
{
    if (pair->state != AUGER_PAIR_FAILED || pair->failure == AUGER_PAIR_NO_CONSENT)
        return false;
    return pair->failure != AUGER_PAIR_LIMIT || !auger_inflight_has_pair(&list->inflight, pair);
}

static bool is_dead(const struct auger_checklist *list, const struct auger_pair *pair)
{
    return has_failed_for_good(list, pair) || is_given_up(list, pair);
}

/* A pair that is new could be asked nothing, while what had worked may be asked yet. */
static bool has_no_requests_left(const struct auger_checklist *list)
{
    for (uint16_t i = 0; i < list->len; i++)
        if (list->order[i]->state == AUGER_PAIR_FAILED &&
            list->order[i]->failure == AUGER_PAIR_LIMIT)
            return true;
    return false;
}

/* What makes room, the last of these first. */
enum ease { STAYS, IS_LOWER, HAS_WORKED, WAS_GIVEN_UP, HAS_FAILED };

static enum ease ease_of(const struct auger_checklist *list, const struct auger_pair *pair,
                         enum auger_role role, uint64_t for_priority)
{
    assert(pair); /* below `len` none is missing */
    if (is_dead(list, pair)) {
        if (auger_pair_was_answered(pair))
            return HAS_WORKED;
        return pair->state == AUGER_PAIR_FAILED ? HAS_FAILED : WAS_GIVEN_UP;
    }
    bool is_idle = (pair->state == AUGER_PAIR_FROZEN || pair->state == AUGER_PAIR_WAITING) &&
                   pair->ticket == 0;
    return is_idle && auger_pair_priority(pair, role) < for_priority ? IS_LOWER : STAYS;
}

/* Failed pairs go first, then the lowest; each from the end of the list (8838 section 10, step 6).
 * Of those that failed the ones that had worked are the last (docs/decisions/295). */
static bool make_room(struct auger_checklist *list, enum auger_role role, uint64_t for_priority)
{
    const bool is_spent = has_no_requests_left(list);
    enum ease most = STAYS;
    uint16_t at = 0;

    for (uint16_t i = list->len; i-- > 0;) {
        enum ease ease = ease_of(list, list->order[i], role, for_priority);
        if (ease <= most || (is_spent && ease == HAS_WORKED))
            continue;
        most = ease;
        at = i;
    }
    if (most != STAYS)
        remove_at(list, at);
    return most != STAYS;
}

/* Room for more pairs, for their order, and for a check on each. */
static bool grow(struct auger_checklist *list)
{
    if (list->pairs.len == list->order_max && !auger_pool_grow(&list->pairs, list->env))
        return false;
    struct auger_pair **order =
        auger_env_alloc(list->env, list->pairs.len, sizeof(struct auger_pair *));
    if (!order || !auger_inflight_reserve(&list->inflight, list->pairs.len)) {
        auger_env_release(list->env, order);
        return false;
    }
    if (list->len > 0)
        memcpy(order, list->order, list->len * sizeof(struct auger_pair *));
    auger_env_release(list->env, list->order);
    list->order = order;
    list->order_max = list->pairs.len;
    return true;
}

static struct auger_pair *free_slot(struct auger_checklist *list)
{
    if (list->len == list->order_max && !grow(list))
        return NULL;
    for (uint16_t i = 0; i < list->pairs.len; i++) {
        struct auger_pair *pair = auger_pool_at(&list->pairs, i);
        if (!pair->local)
            return pair;
    }
    return NULL;
}

struct auger_pair *auger_checklist_add(struct auger_checklist *list, auger_time now,
                                       struct auger_ice_cand *local, struct auger_ice_cand *remote,
                                       enum auger_role role)
{
    uint64_t priority = auger_pair_priority_of(local, remote, role);

    if (AUGER_BUGGIFY(CHECKLIST_FULL))
        make_room(list, role, 0);
    if (list->len == list->pairs.max && !make_room(list, role, priority)) {
        auger_trace(list->env, now, "ice:pair_refused", AUGER_F_ADDR("local", &local->addr),
                    AUGER_F_ADDR("remote", &remote->addr), AUGER_F_TEXT("reason", "limit"));
        return NULL;
    }
    struct auger_pair *pair = free_slot(list);
    if (!pair) {
        auger_trace(list->env, now, "ice:pair_refused", AUGER_F_ADDR("local", &local->addr),
                    AUGER_F_ADDR("remote", &remote->addr), AUGER_F_TEXT("reason", "memory"));
        return NULL;
    }
    *pair = (struct auger_pair){.generation = list->generation,
                                .local = local,
                                .remote = remote,
                                .state = AUGER_PAIR_FROZEN};
    insert_in_order(list, pair, role);
    auger_trace(list->env, now, "ice:pair_added", AUGER_F_ADDR("local", &local->addr),
                AUGER_F_ADDR("remote", &remote->addr), AUGER_F_INT("priority", priority));
    return pair;
}

static bool foundation_has(const struct auger_checklist *list, const struct auger_pair *pair,
                           unsigned states)
{
    for (uint16_t i = 0; i < list->len; i++) {
        const struct auger_pair *other = list->order[i];
        if ((states & 1u << other->state) && auger_pair_has_same_foundation(other, pair))
            return true;
    }
    return false;
}

/* The highest of its foundation begins, and so does every one whose foundation
 * has proved to work (6.1.2.6; 8838 section 12, rules 1 and 2). */
static void thaw(struct auger_checklist *list, auger_time now)
{
    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        if (pair->state != AUGER_PAIR_FROZEN)
            continue;
        bool first = true;
        for (uint16_t above = 0; above < i && first; above++)
            first = !auger_pair_has_same_foundation(list->order[above], pair);
        if (first || foundation_has(list, pair, 1u << AUGER_PAIR_SUCCEEDED))
            auger_pair_set_state(pair, list->env, now, AUGER_PAIR_WAITING);
    }
}

/* A reflexive candidate stands in a pair by its base (6.1.2.4).  Its host
 * candidate has the higher priority and the same base, so that the pair would be
 * redundant with one of the host's: those alone make pairs that are their own base. */
static bool makes_pairs(const struct auger_ice_cand *local)
{
    return local->addr.family != AUGER_FAMILY_NONE && auger_cand_is_base(local) &&
           !local->is_barred && (!local->is_helper || local->is_adopted) &&
           auger_tcp_makes_pairs((enum auger_tcp_type)local->tcptype);
}

static void form_with(struct auger_checklist *list, auger_time now, struct auger_ice_cand *local,
                      const struct auger_cands *remotes, const struct auger_forming *forming)
{
    for (uint16_t i = 0; i < remotes->len; i++) {
        struct auger_ice_cand *remote = auger_cands_at(remotes, i);
        if (forming->of && forming->of != local && forming->of != remote)
            continue;
        /* The pair of a peer-reflexive candidate is made by its check alone (7.3.1.3). */
        if (remote->type == AUGER_CAND_PRFLX && !list->pairs_prflx)
            continue;
        if (!auger_cand_can_pair(local, remote))
            continue;
        const struct auger_pair would_be = {.local = local, .remote = remote};
        struct auger_path path = auger_pair_path(&would_be);
        if (auger_checklist_find(list, &path))
            continue;
        struct auger_pair *pair = auger_checklist_add(list, now, local, remote, forming->role);
        if (pair && forming->is_late)
            auger_checklist_trigger(list, now, pair);
    }
}

void auger_checklist_form(struct auger_checklist *list, auger_time now,
                          const struct auger_cands *locals, const struct auger_cands *remotes,
                          const struct auger_forming *forming)
{
    for (uint16_t i = 0; i < locals->len; i++) {
        if (makes_pairs(auger_cands_at(locals, i)))
            form_with(list, now, auger_cands_at(locals, i), remotes, forming);
    }
    thaw(list, now);
}

bool auger_checklist_is_dead(const struct auger_checklist *list,
                             const struct auger_ice_cand *remote)
{
    for (uint16_t i = 0; i < list->len; i++) {
        if (list->order[i]->remote == remote && !is_dead(list, list->order[i]))
            return false;
    }
    return true;
}

auger_time auger_checklist_answered_at(const struct auger_checklist *list,
                                       const struct auger_ice_cand *remote)
{
    auger_time at = 0;

    for (uint16_t i = 0; i < list->len; i++) {
        const struct auger_pair *pair = list->order[i];
        if (pair->remote == remote && auger_pair_was_answered(pair))
            at = auger_time_max(at, pair->proof->answered_at);
    }
    return at;
}

bool auger_checklist_is_proved(const struct auger_checklist *list,
                               const struct auger_ice_cand *remote)
{
    for (uint16_t i = 0; i < list->len; i++) {
        if (list->order[i]->remote == remote && auger_pair_is_valid(list->order[i]))
            return true;
    }
    return false;
}

void auger_checklist_remove_cand(struct auger_checklist *list, const struct auger_ice_cand *remote)
{
    for (uint16_t i = list->len; i-- > 0;) {
        if (list->order[i]->remote == remote)
            remove_at(list, i);
    }
}

void auger_checklist_remove_local(struct auger_checklist *list, const struct auger_ice_cand *local)
{
    for (uint16_t i = list->len; i-- > 0;) {
        struct auger_pair *pair = list->order[i];
        if (pair->local == local)
            remove_at(list, i);
        else if (auger_pair_seen_as(pair) == local)
            pair->proof->seen_as = pair->local;
    }
}

void auger_checklist_retry(struct auger_checklist *list, auger_time now)
{
    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        if ((pair->state == AUGER_PAIR_FAILED && !auger_pair_is_over(pair)) ||
            is_given_up(list, pair))
            auger_pair_set_state(pair, list->env, now, AUGER_PAIR_WAITING);
    }
}

void auger_checklist_reorder(struct auger_checklist *list, enum auger_role role)
{
    uint16_t len = list->len;

    list->len = 0;
    for (uint16_t i = 0; i < len; i++) {
        insert_in_order(list, list->order[i], role);
    }
}

void auger_checklist_cancel(struct auger_checklist *list, const struct auger_pair *pair)
{
    struct auger_check *check = auger_inflight_find_pair(&list->inflight, pair);
    if (check)
        check->cancelled = true;
}

void auger_checklist_excuse(struct auger_checklist *list, const struct auger_pair *pair)
{
    struct auger_check *check = auger_inflight_find_pair(&list->inflight, pair);
    if (check && !check->nominates)
        check->cancelled = true;
}

bool auger_checklist_is_asking(const struct auger_checklist *list, const struct auger_pair *pair)
{
    return pair->ticket || auger_inflight_find_pair(&list->inflight, pair);
}

void auger_checklist_trigger(struct auger_checklist *list, auger_time now, struct auger_pair *pair)
{
    if (pair->ticket || pair->failure == AUGER_PAIR_NO_CONSENT)
        return;
    auger_checklist_cancel(list, pair);
    pair->ticket = ++list->tickets;
    if (pair->state != AUGER_PAIR_SUCCEEDED)
        auger_pair_set_state(pair, list->env, now, AUGER_PAIR_WAITING);
}

/* It has failed, or is asked in vain: what repeats a check doubles its wait each time (8489 section
 * 6.2.1), and may come to it long after the way is free. */
static bool is_unanswered(const struct auger_checklist *list, const struct auger_pair *pair)
{
    const struct auger_check *check = auger_inflight_find_pair(&list->inflight, pair);

    return pair->state == AUGER_PAIR_FAILED ||
           (pair->state == AUGER_PAIR_IN_PROGRESS && (!check || check->tx.sent > 1));
}

void auger_checklist_retry_proved(struct auger_checklist *list, auger_time now)
{
    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        if (auger_pair_was_answered(pair) && !auger_pair_is_over(pair) && is_unanswered(list, pair))
            auger_checklist_trigger(list, now, pair);
    }
}

void auger_checklist_cancel_all(struct auger_checklist *list)
{
    for (uint16_t i = 0; i < list->inflight.slots.len; i++) {
        struct auger_check *check = auger_inflight_at(&list->inflight, i);
        check->cancelled = check->pair != NULL;
    }
    for (uint16_t i = 0; i < list->len; i++)
        list->order[i]->ticket = 0;
}

/* What a first check on `pair` would open (RFC 6544 section 7.1). */
static bool opens_stream(const struct auger_pair *pair)
{
    return auger_tcp_opens((enum auger_tcp_type)pair->local->tcptype) && !auger_pair_is_valid(pair);
}

/* RFC 6544 section 12. */
static bool may_open(const struct auger_checklist *list, const struct auger_pair *pair)
{
    unsigned opening = 0;

    for (uint16_t i = 0; list->inflight.used && i < list->inflight.slots.len; i++) {
        const struct auger_check *check = auger_inflight_at(&list->inflight, i);
        opening += check->pair && check->pair != pair && opens_stream(check->pair) &&
                   auger_addr_ip_equal(&check->pair->remote->addr, &pair->remote->addr);
    }
    return opening < AUGER_TCP_OPENING_MAX;
}

/* A permission is asked for already, and a check would go nowhere before it is there. */
static bool may_be_next(const struct auger_checklist *list, const struct auger_pair *pair)
{
    return !pair->awaits_permission && (!opens_stream(pair) || may_open(list, pair));
}

static struct auger_pair *first_triggered(const struct auger_checklist *list)
{
    struct auger_pair *first = NULL;
    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        if (pair->ticket && may_be_next(list, pair) && (!first || pair->ticket < first->ticket))
            first = pair;
    }
    return first;
}

static struct auger_pair *first_in_state(const struct auger_checklist *list,
                                         enum auger_ice_pair_state state)
{
    for (uint16_t i = 0; i < list->len; i++) {
        if (list->order[i]->state == state && may_be_next(list, list->order[i]))
            return list->order[i];
    }
    return NULL;
}

static bool stands_aside(const struct auger_checklist *list, const struct auger_pair *pair)
{
    const struct auger_check *check = auger_inflight_find_pair(&list->inflight, pair);

    return check && check->tx.sent > AUGER_CHECKLIST_WAITED_FOR_MAX;
}

static bool is_held_up(const struct auger_checklist *list, const struct auger_pair *pair)
{
    for (uint16_t i = 0; i < list->len; i++) {
        const struct auger_pair *other = list->order[i];
        if (other->state == AUGER_PAIR_IN_PROGRESS && auger_pair_has_same_foundation(other, pair) &&
            !stands_aside(list, other))
            return true;
    }
    return false;
}

/* Step 2: with none waiting, a foundation of which none is under way may go on. */
static struct auger_pair *first_unblocked(const struct auger_checklist *list)
{
    for (uint16_t i = 0; i < list->len; i++) {
        if (list->order[i]->state == AUGER_PAIR_FROZEN && may_be_next(list, list->order[i]) &&
            !is_held_up(list, list->order[i]))
            return list->order[i];
    }
    return NULL;
}

struct auger_pair *auger_checklist_next(const struct auger_checklist *list, bool triggered_only)
{
    struct auger_pair *pair = first_triggered(list);

    if (!pair && !triggered_only)
        pair = first_in_state(list, AUGER_PAIR_WAITING);
    if (!pair && !triggered_only)
        pair = first_unblocked(list);
    return pair;
}

void auger_checklist_unfreeze(struct auger_checklist *list, auger_time now,
                              const struct auger_pair *pair)
{
    for (uint16_t i = 0; i < list->len; i++) {
        if (list->order[i]->state == AUGER_PAIR_FROZEN &&
            auger_pair_has_same_foundation(list->order[i], pair))
            auger_pair_set_state(list->order[i], list->env, now, AUGER_PAIR_WAITING);
    }
}

size_t auger_checklist_count_active(const struct auger_checklist *list)
{
    size_t count = 0;
    for (uint16_t i = 0; i < list->len; i++)
        count += list->order[i]->state == AUGER_PAIR_WAITING ||
                 list->order[i]->state == AUGER_PAIR_IN_PROGRESS;
    return count;
}

bool auger_checklist_may_beat(const struct auger_checklist *list, enum auger_role role,
                              uint64_t priority)
{
    for (uint16_t i = 0; i < list->len; i++) {
        if (auger_pair_priority(list->order[i], role) <= priority)
            break;
        if (auger_pair_is_open(list->order[i]))
            return true;
    }
    return false;
}

auger_time auger_checklist_usable_until(const struct auger_checklist *list)
{
    auger_time until = 0;

    for (uint16_t i = 0; i < list->len; i++) {
        const struct auger_pair *pair = list->order[i];
        if (!auger_pair_is_valid(pair))
            continue;
        auger_time ends = auger_time_add(pair->proof->answered_at, AUGER_CONSENT_LIFETIME);
        if (pair->proof->barred_until < ends)
            until = auger_time_max(until, ends);
    }
    return until;
}

static struct auger_pair *best_of(const struct auger_checklist *list, auger_time now,
                                  enum auger_role role,
                                  bool (*is_good)(const struct auger_pair *pair, auger_time now))
{
    struct auger_pair *best = NULL;
    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        if (is_good(pair, now) && (!best || auger_pair_valid_priority(pair, role) >
                                                auger_pair_valid_priority(best, role)))
            best = pair;
    }
    return best;
}

struct auger_pair *auger_checklist_best(const struct auger_checklist *list, auger_time now,
                                        enum auger_role role)
{
    return best_of(list, now, role, auger_pair_is_usable);
}

struct auger_pair *auger_checklist_best_lasting(const struct auger_checklist *list, auger_time now,
                                                enum auger_role role)
{
    return best_of(list, now, role, auger_pair_is_lasting);
}

void auger_checklist_renew(struct auger_checklist *list, auger_time now)
{
    for (uint16_t i = 0; i < list->len; i++) {
        struct auger_pair *pair = list->order[i];
        if (auger_pair_is_valid(pair) && !auger_pair_is_lasting(pair, now) &&
            !auger_checklist_is_asking(list, pair))
            auger_checklist_trigger(list, now, pair);
    }
}

bool auger_checklist_is_renewing(const struct auger_checklist *list)
{
    for (uint16_t i = 0; i < list->len; i++)
        if (auger_pair_is_valid(list->order[i]) && auger_checklist_is_asking(list, list->order[i]))
            return true;
    return false;
}
