/* stun/discovery_refresh.h - which direction keeps a mapping: RFC 4787, 4.3.  Some mappings are
 * kept once by what goes out alone, some by what comes in alone, some by nothing, and all are
 * tested when only what kept them can be why they are there. */
#ifndef AUGER_STUN_DISCOVERY_REFRESH_H
#define AUGER_STUN_DISCOVERY_REFRESH_H

#include "stun/discovery_state.h"

/* Once the lifetime is known.  False: it is not known well enough for that. */
bool auger_refresh_begin(struct auger_discovery *discovery);
/* Goes on if something is due or came.  False: it is over. */
bool auger_refresh_advance(struct auger_discovery *discovery, auger_time now);
auger_time auger_refresh_next_timeout(const struct auger_discovery *discovery);

enum auger_discovery_answer auger_refresh_by(const struct auger_discovery *discovery,
                                             enum auger_refresh_way way);

#endif /* AUGER_STUN_DISCOVERY_REFRESH_H */
