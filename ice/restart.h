/* ice/restart.h - ICE restarts: RFC 8445 section 9, RFC 8839 section 4.4.3.1.1 and
 * docs/decisions/015.
 *
 * Three generations can live side by side.  `next` is ours alone: it waits for the
 * peer's credentials, answers early checks and begins none.  `current` does all that
 * an agent does.  `previous` carries data until the current one has selected a pair,
 * and answers late checks for a while after that. */
#ifndef AUGER_ICE_RESTART_H
#define AUGER_ICE_RESTART_H

#include "ice/state.h"

/* How long the previous generation answers once data does without it and the peer has
 * been heard in the new one.  It may switch over later than we do, by as much as the
 * repetitions of a lost nomination take. */
#define AUGER_RESTART_GRACE (10 * AUGER_SEC)

/* We restart: makes `next`, in the place of one that still waits. */
int auger_restart_begin(struct auger_ice *ice, auger_time now) AUGER_CHECK_RESULT;
/* Takes that back.  False: there was none. */
bool auger_restart_withdraw(struct auger_ice *ice, auger_time now);
/* The peer's credentials, which are not those of the current generation: its first
 * ones, its answer to a restart of ours, or a restart of its own. */
int auger_restart_meet(struct auger_ice *ice, auger_time now, const char *ufrag,
                       const char *password) AUGER_CHECK_RESULT;

/* The previous generation goes when it has had its time. */
void auger_restart_retire(struct auger_ice *ice, auger_time now);
auger_time auger_restart_next_timeout(const struct auger_ice *ice);

#endif /* AUGER_ICE_RESTART_H */
