/* tests/sim/judges.h - a monitor beside each agent of a world, and a watch beside each TURN
 * server: what every world of the tests is made with. */
#ifndef SIM_JUDGES_H
#define SIM_JUDGES_H

#include "sim/sim.h"
#include "sim/watch.h"

extern const struct sim_watch sim_judges;

/* From now on the peers that there are may receive what nobody sent. */
void sim_expect_garbage(struct sim *sim);
/* And may forget checks that others have replaced. */
void sim_expect_forgotten_checks(struct sim *sim);

#endif /* SIM_JUDGES_H */
