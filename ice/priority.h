/* ice/priority.h - what a candidate of ours is worth before it stands in the table: RFC 8445
 * section 5.1.2, 8421 section 4 and 6544 section 4.2. */
#ifndef AUGER_ICE_PRIORITY_H
#define AUGER_ICE_PRIORITY_H

#include "ice/candidate.h"

uint32_t auger_priority_host(const struct auger_cands *cands, const struct auger_addr *base,
                             enum auger_tcp_type tcptype);
/* That of the host candidate itself, in whose place another is told, or the next below that none
 * has. */
uint32_t auger_priority_in_place_of(const struct auger_cands *cands,
                                    const struct auger_ice_cand *host);
/* Of one behind the base of `host`. */
uint32_t auger_priority_reflexive(const struct auger_cands *cands,
                                  const struct auger_ice_cand *host);
uint32_t auger_priority_relayed(const struct auger_cands *cands, const struct auger_addr *relayed,
                                enum auger_cand_via via);
/* What PRIORITY says in a check from this candidate (8445 section 7.1.1). */
uint32_t auger_priority_prflx(const struct auger_ice_cand *local);

#endif /* AUGER_ICE_PRIORITY_H */
