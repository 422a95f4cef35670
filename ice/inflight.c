/* ice/inflight.c - the connectivity checks that are under way, the cancelled ones
 * among them.  What they do and mean is check.c. */
#include "ice/inflight.h"

#include "base/buggify.h"
#include "base/env.h"

#include <assert.h>

void auger_inflight_init(struct auger_inflight *inflight, const struct auger_env *env,
                         uint16_t pairs_max)
{
    *inflight = (struct auger_inflight){
        .env = env,
        .slots = auger_pool(sizeof(struct auger_check), (size_t)pairs_max + AUGER_CANCELLED_MAX)};
}

void auger_inflight_fini(struct auger_inflight *inflight)
{
    auger_pool_fini(&inflight->slots, inflight->env);
    *inflight = (struct auger_inflight){0};
}

bool auger_inflight_reserve(struct auger_inflight *inflight, size_t pairs)
{
    /* `max` is 0 behind auger_inflight_fini(): none is begun any more. */
    return auger_pool_reserve(&inflight->slots, inflight->env, pairs);
}

void auger_inflight_remove(struct auger_inflight *inflight, struct auger_check *check)
{
    assert(check->pair && inflight->used > 0);
    *check = (struct auger_check){0};
    inflight->used--;
}

static struct auger_check *oldest_cancelled(const struct auger_inflight *inflight)
{
    struct auger_check *oldest = NULL;
    for (uint16_t i = 0; i < inflight->slots.len; i++) {
        struct auger_check *check = auger_inflight_at(inflight, i);
        if (check->pair && check->cancelled &&
            (!oldest || check->tx.first_sent_at < oldest->tx.first_sent_at))
            oldest = check;
    }
    return oldest;
}

struct auger_check *auger_inflight_add(struct auger_inflight *inflight, struct auger_pair *pair)
{
    assert(!auger_inflight_find_pair(inflight, pair));
    if (AUGER_BUGGIFY(INFLIGHT_FULL) && oldest_cancelled(inflight))
        auger_inflight_remove(inflight, oldest_cancelled(inflight));
    if (inflight->used == inflight->slots.len &&
        !auger_pool_grow(&inflight->slots, inflight->env)) {
        struct auger_check *oldest = oldest_cancelled(inflight);
        assert(oldest); /* at most one check a pair is not cancelled */
        auger_inflight_remove(inflight, oldest);
    }
    for (uint16_t i = 0; i < inflight->slots.len; i++) {
        struct auger_check *check = auger_inflight_at(inflight, i);
        if (!check->pair) {
            check->pair = pair;
            inflight->used++;
            return check;
        }
    }
    assert(false);
    return NULL;
}

void auger_inflight_remove_pair(struct auger_inflight *inflight, const struct auger_pair *pair)
{
    for (uint16_t i = 0; inflight->used && i < inflight->slots.len; i++) {
        if (auger_inflight_at(inflight, i)->pair == pair)
            auger_inflight_remove(inflight, auger_inflight_at(inflight, i));
    }
}

void auger_inflight_clear(struct auger_inflight *inflight)
{
    for (uint16_t i = 0; i < inflight->slots.len; i++)
        *auger_inflight_at(inflight, i) = (struct auger_check){0};
    inflight->used = 0;
}

struct auger_check *auger_inflight_find(const struct auger_inflight *inflight,
                                        const struct auger_stun_tid *tid)
{
    for (uint16_t i = 0; inflight->used && i < inflight->slots.len; i++) {
        struct auger_check *check = auger_inflight_at(inflight, i);
        if (check->pair && auger_stun_transaction_matches(&check->tx, tid))
            return check;
    }
    return NULL;
}

bool auger_inflight_has_pair(const struct auger_inflight *inflight, const struct auger_pair *pair)
{
    for (uint16_t i = 0; inflight->used && i < inflight->slots.len; i++) {
        if (auger_inflight_at(inflight, i)->pair == pair)
            return true;
    }
    return false;
}

struct auger_check *auger_inflight_find_pair(const struct auger_inflight *inflight,
                                             const struct auger_pair *pair)
{
    for (uint16_t i = 0; inflight->used && i < inflight->slots.len; i++) {
        struct auger_check *check = auger_inflight_at(inflight, i);
        if (check->pair == pair && !check->cancelled)
            return check;
    }
    return NULL;
}
