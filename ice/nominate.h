/* ice/nominate.h - choosing the selected pair: RFC 8445 section 8.1.1 and design
 * decision 13.  Where data goes before that is route.c. */
#ifndef AUGER_ICE_NOMINATE_H
#define AUGER_ICE_NOMINATE_H

#include "ice/state.h"

/* The peer's check on `pair` carried USE-CANDIDATE, or NOMINATION with that value, and we are
 * controlled (7.3.1.5).  0: it had no value. */
void auger_nominate_asked(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                          uint32_t value);
/* As controlled: what was asked for is followed where it could not be then, and can be now: the
 * pair has become valid in the other role, or its consent lasts again.  What is kept in reserve is
 * thought over after that. */
void auger_nominate_honour_asked(struct auger_ice *ice, auger_time now);
/* A check on `pair` succeeded; `nominating`: it carried USE-CANDIDATE (7.2.5.3.4), and with it
 * that value, or 0. */
void auger_nominate_succeeded(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                              bool nominating, uint32_t value);

/* As controlling: `pair`, which is valid, is nominated; the check that says so follows. */
void auger_nominate_begin(struct auger_ice *ice, auger_time now, struct auger_pair *pair);
/* As controlling: nominates when it is time to. */
void auger_nominate_consider(struct auger_ice *ice, auger_time now);
auger_time auger_nominate_next_timeout(const struct auger_ice *ice);

/* Whether a check on `pair` says again that we have nominated it. */
bool auger_nominate_repeats(const struct auger_pair *pair);
/* True once: the peer may have forgotten that, and knows us now, so it is to be said at once. */
bool auger_nominate_is_to_be_repeated(const struct auger_pair *pair);

/* Whether a selected pair has been chosen, so that no ordinary check is due. */
bool auger_nominate_is_concluded(const struct auger_generation *generation);

#endif /* AUGER_ICE_NOMINATE_H */
