/* ice/keepalive.h - what keeps a NAT's mapping between two consent checks: RFC 8445 section 11. Its
 * Tr is the caller's, or what is learned of a NAT that forgets sooner than consent asks
 * (docs/decisions/191). */
#ifndef AUGER_ICE_KEEPALIVE_H
#define AUGER_ICE_KEEPALIVE_H

#include "ice/state.h"

#define AUGER_KEEPALIVE_MIN AUGER_SEC /* of Tr */

void auger_keepalive_init(struct auger_ice *ice);
/* A Binding indication, which is for the NATs on the way alone.  0: none could be written. */
size_t auger_keepalive_build(const struct auger_ice *ice, uint8_t *buf, size_t cap);

/* Another pair is the one that data uses, or none is. */
void auger_keepalive_watch(struct auger_ice *ice, auger_time now);
/* Something leaves along `path`. */
void auger_keepalive_left(struct auger_ice *ice, auger_time now, const struct auger_path *path);
/* For how long nothing has left along the pair that data uses. */
auger_time auger_keepalive_silence(const struct auger_ice *ice, auger_time now);

/* The peer answered a consent check that came after so long a silence of ours. */
void auger_keepalive_shown(struct auger_ice *ice, auger_time now, const struct auger_stun_msg *msg,
                           auger_time silence);
/* Consent on the pair has ended; the first check without an answer came after that silence. */
void auger_keepalive_lost(struct auger_ice *ice, auger_time now, auger_time silence);

size_t auger_keepalive_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                             uint8_t *buf, size_t cap);
auger_time auger_keepalive_next_timeout(const struct auger_ice *ice);

#endif /* AUGER_ICE_KEEPALIVE_H */
