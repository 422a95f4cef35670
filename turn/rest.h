/* turn/rest.h - the password of a time-limited name, for both ends: the TURN REST API
 * (draft-uberti-behave-turn-rest section 2.2).  Making both for a client is
 * auger_turn_rest_make(). */
#ifndef AUGER_TURN_REST_H
#define AUGER_TURN_REST_H

#include "crypto/crypto.h"

#define AUGER_REST_PASSWORD_MAX 44

/* The length of the password, which a NUL follows.  AUGER_ERR_CRYPTO. */
int auger_rest_password(struct auger_hmac *secret, enum auger_hash hash, struct auger_bytes name,
                        char password[AUGER_REST_PASSWORD_MAX + 1]) AUGER_CHECK_RESULT;
/* "1700000000" or "1700000000:alice": true, with the time, INT64_MIN where it does not fit. */
bool auger_rest_is_name(struct auger_bytes name, int64_t *expires_at_s);
/* "alice" of the latter, within `name`; of all else nothing. */
struct auger_bytes auger_rest_user(struct auger_bytes name);

#endif /* AUGER_TURN_REST_H */
