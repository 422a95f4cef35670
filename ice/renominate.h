/* ice/renominate.h - nominations in the order of the values that they carry, NOMINATION
 * (0xC001) of draft-thatcher-ice-renomination, and docs/decisions/071.  What follows from a
 * nomination is nominate.h's. */
#ifndef AUGER_ICE_RENOMINATE_H
#define AUGER_ICE_RENOMINATE_H

#include "ice/state.h"

/* A value has 24 bits, and the first is 1.  There is none behind the last: a restart counts
 * anew. */
#define AUGER_NOMINATION_MAX 0xFFFFFFu

/* Whether both sides have offered it. */
bool auger_renominate_is_agreed(const struct auger_ice *ice);

/* As controlling: whether another pair may be nominated in the place of one that is selected. */
bool auger_renominate_may(const struct auger_ice *ice);
/* The value of the nomination that begins: one more than ever.  0: it has none. */
uint32_t auger_renominate_next(struct auger_ice *ice);
/* Whether the latest value of ours stands for `pair`, as it does where there is none yet. */
bool auger_renominate_has_named(const struct auger_pair *pair);

/* What NOMINATION of a controlling peer's check says; 0: nothing that counts. */
uint32_t auger_renominate_read(const struct auger_ice *ice, const struct auger_stun_msg *msg);
/* As controlled: what the peer's nomination of a pair is, beside the one that was followed. */
enum auger_renomination {
    AUGER_RENOMINATION_UNORDERED, /* neither has a value */
    AUGER_RENOMINATION_LATER,
    AUGER_RENOMINATION_REPEATED, /* it is that one: docs/decisions/018 */
    AUGER_RENOMINATION_OUTDATED,
};
enum auger_renomination auger_renominate_judge(const struct auger_pair *pair, uint32_t value);

#endif /* AUGER_ICE_RENOMINATE_H */
