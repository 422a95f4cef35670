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
    uint32_t priority; /* as PRIORITY says it */
    enum auger_role role;
    uint8_t role_switches; /* of ours before it was asked */
    bool nominates;        /* carries USE-CANDIDATE */
    bool cancelled;        /* may succeed, is not repeated, cannot fail (7.3.1.4) */
};

struct auger_inflight {
    struct auger_check *checks;
    uint16_t max, used;
};

int auger_inflight_init(struct auger_inflight *inflight, const struct auger_env *env,
                        uint16_t pairs_max) AUGER_CHECK_RESULT;
void auger_inflight_fini(struct auger_inflight *inflight, const struct auger_env *env);

/* A slot for a check on `pair`, which has none that is not cancelled. */
struct auger_check *auger_inflight_add(struct auger_inflight *inflight, struct auger_pair *pair);
void auger_inflight_remove(struct auger_inflight *inflight, struct auger_check *check);
void auger_inflight_remove_pair(struct auger_inflight *inflight, const struct auger_pair *pair);
void auger_inflight_clear(struct auger_inflight *inflight);

struct auger_check *auger_inflight_find(const struct auger_inflight *inflight,
                                        const struct auger_stun_tid *tid);
/* The check on `pair` that is not cancelled. */
struct auger_check *auger_inflight_find_pair(const struct auger_inflight *inflight,
                                             const struct auger_pair *pair);

#endif /* AUGER_ICE_INFLIGHT_H */
