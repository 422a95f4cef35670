/* stun/discovery_event.h - what is told of the progress of a discovery. */
#ifndef AUGER_STUN_DISCOVERY_EVENT_H
#define AUGER_STUN_DISCOVERY_EVENT_H

#include "stun/discovery_state.h"

/* Its stage is filled in.  The oldest makes room. */
void auger_discovery_tell(struct auger_discovery *discovery,
                          const struct auger_discovery_event *event);
bool auger_discovery_take_event(struct auger_discovery *discovery,
                                struct auger_discovery_event *event);

#endif /* AUGER_STUN_DISCOVERY_EVENT_H */
