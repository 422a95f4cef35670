/* ice/ahead.h - checks ahead: to ports that the peer's NAT, which maps by destination, is to give
 * next (docs/prediction.md).  Of ports of ours it is bracket.h. */
#ifndef AUGER_ICE_AHEAD_H
#define AUGER_ICE_AHEAD_H

#include "ice/peer_ports.h"

#define AUGER_AHEAD_WINDOWS_MAX 2 /* port_pattern.h */
#define AUGER_AHEAD_BEHIND 8      /* what a relay has shown */
#define AUGER_AHEAD_AGAIN_AFTER (3 * AUGER_SEC)

/* A relay of ours has seen it, and that has not been made use of. */
bool auger_ahead_may_look_behind(const struct auger_prediction *prediction,
                                 const struct auger_peer_ports *peer);
/* There is something to check, and a base for it. */
bool auger_ahead_is_left(const struct auger_ice *ice, const struct auger_peer_ports *peer);
/* Makes pairs for the next of it, which wait for their turn as any. */
void auger_ahead_check(struct auger_ice *ice, auger_time now, const struct auger_peer_ports *peer);

#endif /* AUGER_ICE_AHEAD_H */
