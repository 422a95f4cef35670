/* stun/discovery_age.h - how long an idle mapping lives: RFC 5780, 4.6, with as many mappings at
 * the same time as there are sockets, each of which is tested once a round. */
#ifndef AUGER_STUN_DISCOVERY_AGE_H
#define AUGER_STUN_DISCOVERY_AGE_H

#include "stun/discovery_state.h"

/* `has_fresh_ports`: a new mapping of the same socket does not get the port of the old one, so that
 * even a server without RESPONSE-PORT shows whether the old one was there still. */
void auger_age_begin(struct auger_discovery *discovery, bool has_fresh_ports);
/* Goes on if something is due or came.  False: it is over. */
bool auger_age_advance(struct auger_discovery *discovery, auger_time now);
auger_time auger_age_next_timeout(const struct auger_discovery *discovery);

#endif /* AUGER_STUN_DISCOVERY_AGE_H */
