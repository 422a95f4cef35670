/* io/helpers.h - helper sockets of a peer that predicts ports (<auger/ice_predict.h>): opened when
 * its agent asks for them, closed when it needs them no more.  The sockets of its bases are
 * bases.h. */
#ifndef AUGER_IO_HELPERS_H
#define AUGER_IO_HELPERS_H

#include "io/slot.h"

/* Whether an event of the peer's is about them: then it has been seen to, and is nobody else's. */
bool auger_helpers_take(struct auger_slot *slot, const struct auger_peer_event *event,
                        auger_time now);

#endif /* AUGER_IO_HELPERS_H */
