/* ice/window.h - the next ports of our NAT, told with the last candidates where these leave before
 * the peer is known (docs/decisions/214).  Once it is known bracket.h does better. */
#ifndef AUGER_ICE_WINDOW_H
#define AUGER_ICE_WINDOW_H

#include "ice/state.h"

/* With AUGER_BURST_HELPERS helpers.  false: there is no room for it. */
bool auger_window_begin(struct auger_ice *ice, auger_time now, const struct auger_addr *helpers);
/* Tells what the servers' answers come to. */
void auger_window_conclude(struct auger_ice *ice, auger_time now);
/* Checks the peer's public addresses from the socket whose next ports were told, before all else
 * that takes one of them. */
void auger_window_open(struct auger_ice *ice, auger_time now);

#endif /* AUGER_ICE_WINDOW_H */
