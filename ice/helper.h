/* ice/helper.h - helper sockets as bases: which are wanted, which stay as bases of a path, and
 * which are let go (docs/decisions/211).  What they are opened for is predict.h. */
#ifndef AUGER_ICE_HELPER_H
#define AUGER_ICE_HELPER_H

#include "ice/state.h"

/* Beside the base of the attempt, each at another port, none of them known yet. */
bool auger_helper_may_be_at(const struct auger_ice *ice, const struct auger_addr *addrs,
                            size_t len);
/* What a check from there has proved, or one of the peer's to there, makes it a base as any
 * other. */
void auger_helper_adopt_all(struct auger_ice *ice);
/* All that are not adopted; the one that checks in a burst. */
void auger_helper_drop_all(struct auger_ice *ice);
void auger_helper_drop_prober(struct auger_ice *ice);

#endif /* AUGER_ICE_HELPER_H */
