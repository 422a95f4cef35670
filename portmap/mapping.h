/* portmap/mapping.h - what all mappings of one gateway share: its protocol, and what becomes of
 * them by its answers.  When one is asked for is lease.h's. */
#ifndef AUGER_PORTMAP_MAPPING_H
#define AUGER_PORTMAP_MAPPING_H

#include "portmap/state.h"

#define AUGER_PORTMAP_HOLD_SHORT (30 * AUGER_SEC) /* RFC 6887 section 7.4: of what passes */

uint32_t auger_portmap_chance(const struct auger_portmap *portmap);
bool auger_portmap_has_natpmp(const struct auger_portmap *portmap);
/* The mapping of that port of ours, whatever has become of it; NULL. */
struct auger_lease *auger_portmap_find(struct auger_portmap *portmap, uint8_t transport,
                                       uint16_t port);

/* What is asked from now on is asked in that protocol. */
void auger_portmap_speak(struct auger_portmap *portmap, auger_time now,
                         enum auger_portmap_protocol protocol);
/* An answer in that protocol has come: what is in flight stays so. */
void auger_portmap_settle(struct auger_portmap *portmap, enum auger_portmap_protocol protocol);
/* Of NAT-PMP: its address outside is not known, or not any more. */
void auger_portmap_ask_address(struct auger_portmap *portmap, auger_time at);
/* The gateway has begun anew: what stands is asked for again from `at` on. */
void auger_portmap_remake_all(struct auger_portmap *portmap, auger_time now, auger_time at);

void auger_portmap_grant(struct auger_portmap *portmap, auger_time now, struct auger_lease *lease,
                         const struct auger_addr *external, uint32_t lifetime_s);
void auger_portmap_refuse(struct auger_portmap *portmap, auger_time now, struct auger_lease *lease,
                          enum auger_portmap_error error, auger_time hold);
/* A success that gives no time. */
void auger_portmap_end(struct auger_portmap *portmap, auger_time now, struct auger_lease *lease);
void auger_portmap_trace_end(const struct auger_portmap *portmap, auger_time now,
                             const struct auger_lease *lease);

#endif /* AUGER_PORTMAP_MAPPING_H */
