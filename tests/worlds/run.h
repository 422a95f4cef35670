/*
 * tests/worlds/run.h - two virtual minutes of a planned world, and the judgement over it.
 *
 * For 75 seconds there are faults and attackers.  Then both end, and once things have had
 * the time to settle it is asked whether what must come about has (12, 14, 16 and 7 of the
 * simulator's invariants; those that hold after every step are the monitor's).  Some worlds are
 * lived again: without their attacker the application sees the same (10), and with timers that
 * ring early everything is the same to the byte (18).
 */
#ifndef WORLDS_RUN_H
#define WORLDS_RUN_H

#include "tests/worlds/plan.h"
#include "tests/worlds/tally.h"
#include "tests/worlds/verdict.h"

#include <stdio.h>

/* `log` may be NULL. */
struct verdict world_run(const struct plan *plan, FILE *log, struct tally *tally);
struct verdict world_run_sabotaged(const struct plan *plan, FILE *log, struct tally *tally,
                                   enum sabotage sabotage);

#endif /* WORLDS_RUN_H */
