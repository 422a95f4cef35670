/* ice/stream.h - the streams of TCP candidates: which there are, which are still of use, and
 * what becomes of a pair that loses its own (RFC 6544 sections 7.1, 8 and 11.1).  Which candidates
 * make pairs is tcp.h; streams to TURN servers are relay.h. */
#ifndef AUGER_ICE_STREAM_H
#define AUGER_ICE_STREAM_H

#include "ice/state.h"

/* The stream along `path`, if it is one of a pair, could not be opened or is closed. */
void auger_stream_lost(struct auger_ice *ice, auger_time now, const struct auger_path *path);
/* What came along `path` is no STUN.  If we opened it, and nothing else came before, whoever is
 * there is not the peer (7.1).  Whether that changed anything. */
bool auger_stream_heard_strange(struct auger_ice *ice, auger_time now,
                                const struct auger_path *path);

#endif /* AUGER_ICE_STREAM_H */
