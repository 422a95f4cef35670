/* ice/ours.h - candidates of ours, as they come to be, with base, priority and foundation: RFC 8445
 * sections 5.1.1 and 7.2.5.3.1.  When they do is for gather.h, allocate.h, mapping.h, check.h. */
#ifndef AUGER_ICE_OURS_H
#define AUGER_ICE_OURS_H

#include "ice/candidate.h"

/* Candidates of ours.  NULL when the table is full or there is no memory; a redundant one (5.1.3)
 * must have been looked for before.  Servers, however many, fill three quarters of the table at
 * most.  `host` and `server` stay where they are as long as the candidate is there. */
struct auger_ice_cand *auger_ours_add_host(struct auger_cands *cands, const struct auger_addr *addr,
                                           enum auger_tcp_type tcptype);
struct auger_ice_cand *auger_ours_add_srflx(struct auger_cands *cands,
                                            const struct auger_ice_cand *host,
                                            const struct auger_addr *mapped,
                                            const struct auger_addr *server);
/* A server shows as well what an answer to a check had shown, which was not told (242).  false: as
 * NULL. */
bool auger_ours_turn_srflx(struct auger_cands *cands, struct auger_ice_cand *cand,
                           const struct auger_ice_cand *host, const struct auger_addr *server);
/* Where the configuration says that `host` is seen; `as_host`: told in its place. */
struct auger_ice_cand *auger_ours_add_mapped(struct auger_cands *cands,
                                             const struct auger_ice_cand *host,
                                             const struct auger_addr *external, bool as_host);
/* `origin` stays as `server` does. */
struct auger_ice_cand *auger_ours_add_relayed(struct auger_cands *cands,
                                              const struct auger_addr *relayed,
                                              const struct auger_cand_origin *origin,
                                              enum auger_cand_via via);
/* Learned from an answer to a check that said `priority` (7.2.5.3.1). */
struct auger_ice_cand *auger_ours_add_local_prflx(struct auger_cands *cands,
                                                  const struct auger_ice_cand *host,
                                                  const struct auger_addr *mapped,
                                                  uint32_t priority);

#endif /* AUGER_ICE_OURS_H */
