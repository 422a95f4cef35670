/* tools/peer_events.h - what `auger peer` tells by itself, and its echoes.  What it does when it is
 * asked is peer_ops.h. */
#ifndef AUGER_TOOLS_PEER_EVENTS_H
#define AUGER_TOOLS_PEER_EVENTS_H

#include "tools/peer_state.h"

void peer_events_take(struct peer_ops *ops, const struct auger_peer_event *event);

#endif /* AUGER_TOOLS_PEER_EVENTS_H */
