/* ice/checklist.h - the pairs in their order, and which of them is checked next:
 * RFC 8445 section 6.1.2 and 6.1.4, RFC 8838 sections 10 to 12. */
#ifndef AUGER_ICE_CHECKLIST_H
#define AUGER_ICE_CHECKLIST_H

#include "ice/inflight.h"

/* Requests of a check that others of its foundation wait for; with the next it is their turn,
 * and this one goes on beside them (docs/decisions/061). */
#define AUGER_CHECKLIST_WAITED_FOR_MAX 4

struct auger_checklist {
    const struct auger_env *env;
    struct auger_generation *generation; /* whose list it is */
    struct auger_pool pairs;             /* they stay where they are */
    struct auger_pair **order;           /* the same, best first: room for `order_max` */
    uint16_t len, order_max;
    uint32_t tickets; /* given out so far */
    bool pairs_prflx; /* what the peer's checks showed is tried from every base: locals.c */
    struct auger_inflight inflight;
};

void auger_checklist_init(struct auger_checklist *list, const struct auger_env *env,
                          struct auger_generation *generation, uint16_t max);
void auger_checklist_fini(struct auger_checklist *list);

struct auger_pair *auger_checklist_find(const struct auger_checklist *list,
                                        const struct auger_path *path);
/* A new pair, frozen.  When the list is full a pair that failed or was given up, or one of lower
 * priority, makes room (8838 section 10); NULL: there was none, or no memory. */
struct auger_pair *auger_checklist_add(struct auger_checklist *list, auger_time now,
                                       struct auger_ice_cand *local, struct auger_ice_cand *remote,
                                       enum auger_role role);
/* Which pairs are to be made. */
struct auger_forming {
    const struct auger_ice_cand *of; /* of either side; NULL: of all */
    enum auger_role role;
    bool is_late; /* they are checked though checks are over */
};
/* The pairs that the candidates make and that are not there yet, thawed. */
void auger_checklist_form(struct auger_checklist *list, auger_time now,
                          const struct auger_cands *locals, const struct auger_cands *remotes,
                          const struct auger_forming *forming);
/* Whether no pair of that remote candidate can come to anything any more. */
bool auger_checklist_is_dead(const struct auger_checklist *list,
                             const struct auger_ice_cand *remote);
/* When the peer answered there last, on whatever pair there is; 0: it has not. */
auger_time auger_checklist_answered_at(const struct auger_checklist *list,
                                       const struct auger_ice_cand *remote);
/* Whether the peer has answered there: a pair with that candidate is valid. */
bool auger_checklist_is_proved(const struct auger_checklist *list,
                               const struct auger_ice_cand *remote);
void auger_checklist_remove_cand(struct auger_checklist *list, const struct auger_ice_cand *remote);
/* A candidate of ours goes.  Its pairs go with it; one that the peer knows by it, but that
 * sends from another base, is then known by that base. */
void auger_checklist_remove_local(struct auger_checklist *list, const struct auger_ice_cand *local);
/* Pairs that had failed, or whose checks were cancelled, are to be tried again: all but those
 * that are over. */
void auger_checklist_retry(struct auger_checklist *list, auger_time now);
/* The pairs that the peer has answered on before and that have failed since, or that are asked for
 * the second time or later without an answer. */
void auger_checklist_retry_proved(struct auger_checklist *list, auger_time now);
/* The role has changed, and with it every priority (6.1.2.3). */
void auger_checklist_reorder(struct auger_checklist *list, enum auger_role role);

/* A check on `pair` is under way, or waits in the triggered-check queue. */
bool auger_checklist_is_asking(const struct auger_checklist *list, const struct auger_pair *pair);
/* Puts `pair` into the triggered-check queue, if it is not there and may be, and
 * cancels the check on it that is under way (7.3.1.4). */
void auger_checklist_trigger(struct auger_checklist *list, auger_time now, struct auger_pair *pair);
/* The check on `pair` that is under way may still succeed, but is not repeated
 * and cannot fail. */
void auger_checklist_cancel(struct auger_checklist *list, const struct auger_pair *pair);
/* The same, save for one that nominates: `pair` has had an answer to another check, and one that
 * is under way has nothing more to find out. */
void auger_checklist_excuse(struct auger_checklist *list, const struct auger_pair *pair);
/* No check but the triggered ones is of interest any more (8.1.2). */
void auger_checklist_cancel_all(struct auger_checklist *list);

/* The pair to check when Ta fires (6.1.4.2), of the triggered queue alone if so
 * asked; NULL: none. */
struct auger_pair *auger_checklist_next(const struct auger_checklist *list, bool triggered_only);
/* A check on `pair` succeeded: others of its foundation may begin (7.2.5.3.3). */
void auger_checklist_unfreeze(struct auger_checklist *list, auger_time now,
                              const struct auger_pair *pair);

/* How many checks wait or are under way, for the RTO (14.3). */
size_t auger_checklist_count_active(const struct auger_checklist *list);
/* Whether a check may yet make a valid pair of higher priority than that. */
bool auger_checklist_may_beat(const struct auger_checklist *list, enum auger_role role,
                              uint64_t priority);
/* When consent to the last pair that could be used ends, a bar that ends before it aside; 0: there
 * is none. */
auger_time auger_checklist_usable_until(const struct auger_checklist *list);
/* The valid pair of highest priority with consent at `now`; NULL: none. */
struct auger_pair *auger_checklist_best(const struct auger_checklist *list, auger_time now,
                                        enum auger_role role);
/* The same of those whose consent lasts. */
struct auger_pair *auger_checklist_best_lasting(const struct auger_checklist *list, auger_time now,
                                                enum auger_role role);
/* Asks on the other valid ones; and whether any valid one is being asked. */
void auger_checklist_renew(struct auger_checklist *list, auger_time now);
bool auger_checklist_is_renewing(const struct auger_checklist *list);

#endif /* AUGER_ICE_CHECKLIST_H */
