/* portmap/answer.h - what the gateway says: in PCP, and in NAT-PMP. */
#ifndef AUGER_PORTMAP_ANSWER_H
#define AUGER_PORTMAP_ANSWER_H

#include "portmap/state.h"

/* A datagram of the gateway's, of which version 0 is NAT-PMP. */
void auger_portmap_hear(struct auger_portmap *portmap, auger_time now, const uint8_t *buf,
                        size_t len);

#endif /* AUGER_PORTMAP_ANSWER_H */
