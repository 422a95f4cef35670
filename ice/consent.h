/* ice/consent.h - the peer's consent to receive data, and whether it is heard at
 * all: RFC 7675 and design decision 14. */
#ifndef AUGER_ICE_CONSENT_H
#define AUGER_ICE_CONSENT_H

#include "ice/state.h"

/* Keeps consent on the pair that data uses now, and tells connected from
 * disconnected. */
void auger_consent_follow(struct auger_ice *ice, auger_time now);
size_t auger_consent_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                           uint8_t *buf, size_t cap);

/* Until the next check: 4 to 6 s, drawn anew each time (5.1). */
auger_time auger_consent_interval(struct auger_ice *ice);

/* The check that is out, and the pair that it was sent on: the one in use, or the one that data
 * has left last (docs/decisions/290).  NULL: there is none, or its pair is gone. */
struct auger_consent_check *auger_consent_find(struct auger_ice *ice,
                                               const struct auger_stun_tid *tid,
                                               struct auger_pair **pair);
/* Whether it was sent on the pair in use, since data came to that. */
static inline bool auger_consent_is_current(const struct auger_consent *consent,
                                            const struct auger_consent_check *check)
{
    return check->on == consent->on && check->sent_at >= consent->watched_at;
}
/* The peer answered a check that was sent to keep `pair`, the one in use or one in reserve;
 * false: from elsewhere, or too late for the pair or for the check, and nothing is changed. */
bool auger_consent_take(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                        auger_time sent_at, const struct auger_path *path,
                        const struct auger_stun_msg *msg);
/* The peer answered `check` on `pair`; the caller verified the integrity. */
void auger_consent_handle_response(struct auger_ice *ice, auger_time now,
                                   struct auger_consent_check *check, struct auger_pair *pair,
                                   const struct auger_path *path, const struct auger_stun_msg *msg);
/* Gives up the pair whose consent has expired, and the session with it if that
 * was the last. */
void auger_consent_expire(struct auger_ice *ice, auger_time now);
auger_time auger_consent_next_timeout(const struct auger_ice *ice);

#endif /* AUGER_ICE_CONSENT_H */
