/* ice/inbound.h - connectivity checks, the answering side: RFC 8445 section 7.3.
 * The asking side, section 7.2, is check.c. */
#ifndef AUGER_ICE_INBOUND_H
#define AUGER_ICE_INBOUND_H

#include "ice/state.h"

/* A Binding request arrived.  Without the right FINGERPRINT, USERNAME and
 * integrity it is counted and nothing else: no reply, no state. */
void auger_inbound_handle_request(struct auger_ice *ice, auger_time now,
                                  const struct auger_path *path, const struct auger_stun_msg *msg);
/* The next response; never paced. */
size_t auger_inbound_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                           uint8_t *buf, size_t cap);
bool auger_inbound_has_response(const struct auger_ice *ice);

#endif /* AUGER_ICE_INBOUND_H */
