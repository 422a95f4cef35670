/* ice/check.h - connectivity checks, the asking side: RFC 8445 section 7.2.
 * The answering side, section 7.3, is inbound.c. */
#ifndef AUGER_ICE_CHECK_H
#define AUGER_ICE_CHECK_H

#include "ice/state.h"

/* A check of ours is given up this long after its first request, however long
 * the RTO: the time that the default RTO comes to (8489 section 6.2.1). */
#define AUGER_CHECK_LIFETIME (79 * AUGER_STUN_RTO)

/* Requests of a check whose pair is a guess (predict.h). */
#define AUGER_CHECK_GUESSED_MAX 4

/* Over a stream nothing is sent again; who had no answer asks anew, as another transaction, after
 * that time and twice that time more (docs/decisions/189). */
#define AUGER_CHECK_STREAM_ANEW (5 * AUGER_SEC)
#define AUGER_CHECK_STREAM_MAX 3

/* Requests in one session on pairs that have never been answered, for each pair
 * that there may be (19.5.1): what an address can be made to suffer from us.  Then
 * what is still to be asked is given up. */
#define AUGER_CHECK_UNANSWERED_MAX AUGER_STUN_RC

/* Writes the Binding request of a check along `pair`, in the role and with the
 * credentials of its generation; its length, 0 on failure.  `nomination`: the value that it
 * nominates with, 0 for none. */
size_t auger_check_build(const struct auger_pair *pair, const struct auger_stun_tid *tid,
                         bool nominates, uint32_t nomination, uint8_t *buf, size_t cap);

/* The first request of a nomination; not paced: it goes along a path that has
 * proved to be wanted, and seldom (docs/decisions/011). */
size_t auger_check_write_nomination(struct auger_ice *ice, auger_time now, struct auger_path *path,
                                    uint8_t *buf, size_t cap);
/* The repetition that is due; not paced. */
size_t auger_check_write_again(struct auger_ice *ice, auger_time now, struct auger_path *path,
                               uint8_t *buf, size_t cap);
/* The first request of a check on that pair, at once and whatever Ta says: of a burst, which is
 * counted elsewhere (predict.h).  0: it was asked on before, or may not be. */
size_t auger_check_write_unpaced(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                                 struct auger_path *path, uint8_t *buf, size_t cap);
/* The next new check, if there is one and Ta allows it. */
size_t auger_check_write_next(struct auger_ice *ice, auger_time now, struct auger_path *path,
                              uint8_t *buf, size_t cap);

/* The peer answered `check`.  The caller matched the transaction and verified
 * the integrity; the pair may have moved on since the request was sent. */
void auger_check_handle_response(struct auger_ice *ice, auger_time now, struct auger_check *check,
                                 const struct auger_path *path, const struct auger_stun_msg *msg);
/* It was cancelled, and goes on; false: its time was over meanwhile, and its pair has failed. */
bool auger_check_resume(struct auger_ice *ice, auger_time now, struct auger_check *check);
/* Gives up what has waited long enough. */
void auger_check_handle_timeout(struct auger_ice *ice, auger_time now);
auger_time auger_check_next_timeout(const struct auger_ice *ice);

#endif /* AUGER_ICE_CHECK_H */
