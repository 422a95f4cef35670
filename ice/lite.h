/* ice/lite.h - what a lite agent does instead of asking: RFC 8445 sections 2.5, 7.3.2, 8.2
 * and 11.  A full agent whose peer is lite differs in its role alone (role.h). */
#ifndef AUGER_ICE_LITE_H
#define AUGER_ICE_LITE_H

#include "ice/state.h"

/* Neither side asks (6.1.1). */
static inline bool auger_lite_are_both(const struct auger_ice *ice)
{
    return ice->config.lite && ice->peer_is_lite;
}

/* A lite agent got an authenticated check along `pair`: with USE-CANDIDATE it will make
 * the pair valid and nominated (7.3.2), and any shows for a while that the peer still
 * wants what comes on a valid one (docs/decisions/062). */
void auger_lite_asked(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                      bool use_candidate);
/* Nominations are followed; and of two lite agents each selects the pair of highest
 * priority (8.2). */
void auger_lite_conclude(struct auger_ice *ice, auger_time now);

/* A Binding indication on the selected pair, where neither side asks (11). */
size_t auger_lite_write_keepalive(struct auger_ice *ice, auger_time now, struct auger_path *path,
                                  uint8_t *buf, size_t cap);
/* When the next one is due, from `now` on; AUGER_NEVER: the peer's checks are answered,
 * which is enough. */
auger_time auger_lite_next_keepalive(const struct auger_ice *ice, auger_time now);

#endif /* AUGER_ICE_LITE_H */
