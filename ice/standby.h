/* ice/standby.h - valid pairs that are kept warm beside the one in use, and when one of them
 * takes its place: docs/decisions/072.  How the peer is told is renominate.h's. */
#ifndef AUGER_ICE_STANDBY_H
#define AUGER_ICE_STANDBY_H

#include "ice/state.h"

/* Chooses what is kept, has more pairs checked while there are too few, and changes the pair
 * when another is better or consent to it is lost. */
void auger_standby_consider(struct auger_ice *ice, auger_time now);
void auger_standby_fini(struct auger_ice *ice);
/* The selected pair is given up for another one: failover.c. */
void auger_standby_handle_failover(struct auger_ice *ice, auger_time now);

/* The next check of a pair that is kept, when it is due and Ta allows it. */
size_t auger_standby_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                           uint8_t *buf, size_t cap);
/* The pair that was asked with that id; NULL: none. */
struct auger_pair *auger_standby_find(const struct auger_ice *ice,
                                      const struct auger_stun_tid *tid);
/* The peer answered the check of `pair`; the caller verified the integrity. */
void auger_standby_handle_response(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                                   const struct auger_path *path, const struct auger_stun_msg *msg);
/* Two checks of that pair, which is kept, have had no answer, the latest perhaps not yet. */
bool auger_standby_missed(const struct auger_ice *ice, const struct auger_pair *pair);
auger_time auger_standby_next_timeout(const struct auger_ice *ice);

#endif /* AUGER_ICE_STANDBY_H */
