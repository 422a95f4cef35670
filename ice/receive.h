/* ice/receive.h - whose a datagram is: a request of the peer's, the answer to one of ours,
 * whichever procedure sent that, or data (8445 section 7.2.5.2, 8489 section 6.3). */
#ifndef AUGER_ICE_RECEIVE_H
#define AUGER_ICE_RECEIVE_H

#include "ice/state.h"

/* What came along `path`, whether or not through a relay, that is taken off.  `data` is what the
 * application gets, if anything.  Whether conclusions are to be drawn. */
bool auger_receive(struct auger_ice *ice, auger_time now, const struct auger_path *path,
                   struct auger_bytes bytes, struct auger_bytes *data);

#endif /* AUGER_ICE_RECEIVE_H */
