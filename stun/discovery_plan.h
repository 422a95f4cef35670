/* stun/discovery_plan.h - what is asked in which stage of a discovery: RFC 5780, 4. */
#ifndef AUGER_STUN_DISCOVERY_PLAN_H
#define AUGER_STUN_DISCOVERY_PLAN_H

#include "stun/discovery_state.h"

/* A question to each server. */
void auger_plan_begin(struct auger_discovery *discovery);
/* What came, and what did not, may end a stage or lead to other questions. */
void auger_plan_advance(struct auger_discovery *discovery, auger_time now);
auger_time auger_plan_next_timeout(const struct auger_discovery *discovery);

#endif /* AUGER_STUN_DISCOVERY_PLAN_H */
