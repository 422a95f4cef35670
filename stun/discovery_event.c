/* stun/discovery_event.c - what is told of the progress of a discovery. */
#include "stun/discovery_event.h"

void auger_discovery_tell(struct auger_discovery *discovery,
                          const struct auger_discovery_event *event)
{
    if (discovery->events_len == AUGER_DISCOVERY_EVENTS_MAX) {
        discovery->events_at = (discovery->events_at + 1) % AUGER_DISCOVERY_EVENTS_MAX;
        discovery->events_len--;
    }
    size_t at = (discovery->events_at + discovery->events_len) % AUGER_DISCOVERY_EVENTS_MAX;
    discovery->events[at] = *event;
    discovery->events[at].stage = (enum auger_discovery_stage)discovery->stage;
    discovery->events_len++;
}

bool auger_discovery_take_event(struct auger_discovery *discovery,
                                struct auger_discovery_event *event)
{
    if (discovery->events_len == 0)
        return false;
    *event = discovery->events[discovery->events_at];
    discovery->events_at = (discovery->events_at + 1) % AUGER_DISCOVERY_EVENTS_MAX;
    discovery->events_len--;
    return true;
}
