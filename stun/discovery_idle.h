/* stun/discovery_idle.h - one mapping that is opened, left idle and then tested: RFC 5780, 4.6. How
 * long it is left is discovery_age.h's; whether something keeps it meanwhile,
 * discovery_refresh.h's. */
#ifndef AUGER_STUN_DISCOVERY_IDLE_H
#define AUGER_STUN_DISCOVERY_IDLE_H

#include "stun/discovery_state.h"

/* What opens the mapping of a row, and what tests it. */
struct auger_probe *auger_idle_opening(struct auger_discovery *discovery, size_t row);
struct auger_probe *auger_idle_testing(struct auger_discovery *discovery, size_t row);

void auger_idle_open(struct auger_discovery *discovery, size_t row,
                     const struct auger_addr *server);
/* From the main socket, and the answer goes to what `opened` made: 7.5. */
void auger_idle_ask_for(struct auger_probe *probe, const struct auger_probe *opened);
void auger_idle_test(struct auger_discovery *discovery, size_t row);
/* Of a test that is over: whether the mapping is there.  An error leaves it unknown. */
enum auger_discovery_answer auger_idle_judge(struct auger_discovery *discovery, size_t row);

#endif /* AUGER_STUN_DISCOVERY_IDLE_H */
