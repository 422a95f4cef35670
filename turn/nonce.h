/* turn/nonce.h - the nonces of a server: RFC 8489 sections 9.2 and 18.1.  No state is kept of
 * one: it says when it was issued, and a code over that and the 5-tuple proves it.  What a
 * client does with one is credentials.h. */
#ifndef AUGER_TURN_NONCE_H
#define AUGER_TURN_NONCE_H

#include <auger/base.h>

#define AUGER_NONCE_LEN 32       /* the cookie of 13, and 14 bytes in base64 */
#define AUGER_NONCE_SHORT_LEN 20 /* the cookie, and 42 bits */
#define AUGER_NONCE_SECRET_LEN 32
#define AUGER_NONCE_LIFETIME (600 * AUGER_SEC) /* the usual one */

/* The security features of the nonce cookie (18.1). */
#define AUGER_NONCE_PASSWORD_ALGORITHMS 0x800000u
#define AUGER_NONCE_USERNAME_ANONYMITY 0x400000u

/* What the cookie of any nonce names; 0 without a cookie. */
uint32_t auger_nonce_features(struct auger_bytes nonce);

struct auger_nonces;

/* Engines with the same secret and the same clock take each other's nonces.  The keys are
 * made of the secret, one for each lifetime: two are live at a time.  `secret` is copied.
 * AUGER_ERR_INVALID: no lifetime, or one of less than a second; AUGER_ERR_NO_MEMORY,
 * AUGER_ERR_CRYPTO. */
int auger_nonces_new(struct auger_nonces **out, const struct auger_env *env,
                     const uint8_t secret[AUGER_NONCE_SECRET_LEN], auger_time lifetime,
                     uint32_t features) AUGER_CHECK_RESULT;
void auger_nonces_free(struct auger_nonces *nonces); /* NULL is fine */

/* For the client at path->remote who asks path->local.  Its length, or AUGER_ERR_CRYPTO. */
int auger_nonces_issue(struct auger_nonces *nonces, auger_time now, const struct auger_path *path,
                       uint8_t nonce[AUGER_NONCE_LEN]) AUGER_CHECK_RESULT;
/* One of AUGER_NONCE_SHORT_LEN that never has AUGER_NONCE_PASSWORD_ALGORITHMS, and lives for
 * seven eighths of a lifetime at least: docs/decisions/124. */
int auger_nonces_issue_short(struct auger_nonces *nonces, auger_time now,
                             const struct auger_path *path,
                             uint8_t nonce[AUGER_NONCE_LEN]) AUGER_CHECK_RESULT;

enum auger_nonce_verdict {
    AUGER_NONCE_FRESH,
    AUGER_NONCE_STALE,   /* ours, and its time is over */
    AUGER_NONCE_FOREIGN, /* not issued for that path, altered, or of a key that is gone */
};
/* Any that is not fresh is a 438 (9.2.4).  A hash that fails is a foreign one. */
enum auger_nonce_verdict auger_nonces_judge(struct auger_nonces *nonces, auger_time now,
                                            const struct auger_path *path,
                                            struct auger_bytes nonce);

#endif /* AUGER_TURN_NONCE_H */
