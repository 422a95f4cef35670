/* ice/inflight.h - the connectivity checks that are under way, the cancelled ones
 * among them.  What they do and mean is check.c. */
#ifndef AUGER_ICE_INFLIGHT_H
#define AUGER_ICE_INFLIGHT_H

#include "ice/pair.h"
#include "stun/transaction.h"

/* How many cancelled checks are remembered; beyond that the oldest is forgotten,
 * which costs a wait for the triggered check that took its place. */
#define AUGER_CANCELLED_MAX 16

/* One Binding transaction of a pair. */
struct auger_check {
    struct auger_pair *pair; /* NULL: the slot is free */
    struct auger_stun_transaction tx;
    uint8_t role;          /* enum auger_role */
    uint8_t role_switches; /* of ours before it was asked */
    bool nominates;        /* carries USE-CANDIDATE */
    bool cancelled;        /* may succeed, is not repeated, cannot fail (7.3.1.4) */
    uint32_t nomination;   /* its value, if it nominates; 0: none */
};

struct auger_inflight {
    const struct auger_env *env;
    struct auger_pool slots;
    uint16_t used;
};

void auger_inflight_init(struct auger_inflight *inflight, const struct auger_env *env,
                         uint16_t pairs_max);
void auger_inflight_fini(struct auger_inflight *inflight);
/* Room for a check on each of that many pairs; false: no memory. */
bool auger_inflight_reserve(struct auger_inflight *inflight, size_t pairs);
/* The slot with that number, below slots.len. */
static inline struct auger_check *auger_inflight_at(const struct auger_inflight *inflight,
                                                    size_t index)
{
    return auger_pool_at(&inflight->slots, index);
}

/* A slot for a check on `pair`, for which room was reserved and which has none that is not
 * cancelled. */
struct auger_check *auger_inflight_add(struct auger_inflight *inflight, struct auger_pair *pair);
void auger_inflight_remove(struct auger_inflight *inflight, struct auger_check *check);
void auger_inflight_remove_pair(struct auger_inflight *inflight, const struct auger_pair *pair);
void auger_inflight_clear(struct auger_inflight *inflight);

struct auger_check *auger_inflight_find(const struct auger_inflight *inflight,
                                        const struct auger_stun_tid *tid);
/* Whether there is one on `pair`, cancelled or not. */
bool auger_inflight_has_pair(const struct auger_inflight *inflight, const struct auger_pair *pair);
/* The check on `pair` that is not cancelled. */
struct auger_check *auger_inflight_find_pair(const struct auger_inflight *inflight,
                                             const struct auger_pair *pair);

#endif /* AUGER_ICE_INFLIGHT_H */
