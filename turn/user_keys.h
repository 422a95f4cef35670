/* turn/user_keys.h - whom a server knows: the keys of users by name and by hash of name, and
 * the secrets of time-limited credentials: RFC 8489 sections 9.2.2, 14.4 and 18.5.1, and the
 * TURN REST API.  How a request is judged by them is challenge.h; a client's own are
 * credentials.h. */
#ifndef AUGER_TURN_USER_KEYS_H
#define AUGER_TURN_USER_KEYS_H

#include "turn/prepared_keys.h"

#include <auger/turn.h>

#define AUGER_USER_SECRETS_MAX 8 /* of time-limited credentials, live at the same time */
#define AUGER_USER_NEVER INT64_MAX

struct auger_user_keys;
struct auger_user_entry;

/* `realm` is copied: printable ASCII without a quote, at most 127 bytes.  AUGER_ERR_INVALID,
 * AUGER_ERR_UNSUPPORTED: not such a text; AUGER_ERR_NO_MEMORY, AUGER_ERR_ENTROPY,
 * AUGER_ERR_CRYPTO. */
int auger_user_keys_new(struct auger_user_keys **out, const struct auger_env *env,
                        const char *realm, size_t users_max) AUGER_CHECK_RESULT;
void auger_user_keys_free(struct auger_user_keys *keys); /* NULL is fine */
struct auger_bytes auger_user_keys_realm(const struct auger_user_keys *keys);

/* Adds a user, or gives one another password.  Only keys are kept.  Texts as those of
 * auger_turn_config.  AUGER_ERR_INVALID, AUGER_ERR_UNSUPPORTED, AUGER_ERR_LIMIT,
 * AUGER_ERR_NO_MEMORY, AUGER_ERR_CRYPTO. */
int auger_user_keys_add(struct auger_user_keys *keys, const char *username,
                        const char *password) AUGER_CHECK_RESULT;
/* The same with a key that is ready: 16 bytes for MD5, 32 for SHA-256.  Who has that of one
 * algorithm alone is unknown by the other. */
int auger_user_keys_add_key(struct auger_user_keys *keys, const char *username,
                            enum auger_stun_password_algorithm algorithm, const uint8_t *key,
                            size_t len) AUGER_CHECK_RESULT;
/* AUGER_ERR_NOT_FOUND. */
int auger_user_keys_remove(struct auger_user_keys *keys, const char *username) AUGER_CHECK_RESULT;
/* Whether there is a user who has no key for MD5. */
bool auger_user_keys_need_sha256(const struct auger_user_keys *keys);
size_t auger_user_keys_len(const struct auger_user_keys *keys);

/* A secret that time-limited credentials are made with.  AUGER_ERR_LIMIT: that many are live;
 * AUGER_ERR_INVALID: an empty one; AUGER_ERR_NO_MEMORY, AUGER_ERR_CRYPTO. */
int auger_user_keys_add_secret(struct auger_user_keys *keys, enum auger_turn_rest_hash hash,
                               const uint8_t *secret, size_t len) AUGER_CHECK_RESULT;
/* AUGER_ERR_NOT_FOUND. */
int auger_user_keys_remove_secret(struct auger_user_keys *keys, enum auger_turn_rest_hash hash,
                                  const uint8_t *secret, size_t len) AUGER_CHECK_RESULT;
void auger_user_keys_remove_secrets(struct auger_user_keys *keys);

/* The key of 18.5.1. */
struct auger_user_key {
    uint8_t bytes[32];
    size_t len; /* 16 or 32 */
};
int auger_user_key_derive(struct auger_user_key *key, enum auger_stun_password_algorithm algorithm,
                          struct auger_bytes username, struct auger_bytes realm,
                          struct auger_bytes password) AUGER_CHECK_RESULT;

/* Who a request may be from.  How many keys there are to try depends on the form of the name
 * alone, so that the work tells nobody which names exist: keys of nobody are among them. */
struct auger_user {
    struct auger_bytes username; /* the request's, or of a user until keys change */
    int64_t expires_at_s;        /* by the wall clock, of the key that was tried last */
    bool is_known;               /* false: nobody, an expired one, or a name that cannot be */
    uint8_t tries;               /* at least 1 */
    /* The rest is for user_keys.c alone. */
    const struct auger_user_entry *entry;
    uint64_t hash; /* of the name */
    uint8_t secrets;
    bool is_timely;
    int64_t secrets_expire_at_s;
};
/* By name. */
void auger_user_keys_find(const struct auger_user_keys *keys, int64_t wall_s,
                          struct auger_bytes username, struct auger_user *user);
/* By USERHASH (14.4): never a time-limited one. */
void auger_user_keys_find_hash(const struct auger_user_keys *keys, struct auger_bytes userhash,
                               struct auger_user *user);
/* The nth key of those `user->tries`; a random one where there is none.  AUGER_ERR_CRYPTO. */
int auger_user_keys_try(const struct auger_user_keys *keys, struct auger_user *user, size_t nth,
                        enum auger_stun_password_algorithm algorithm,
                        struct auger_user_key *key) AUGER_CHECK_RESULT;

/* The prepared key by which that user has proved the password before, and that is good still; NULL:
 * none is remembered.  It is not held for the caller. */
struct auger_prepared_key *auger_user_keys_remembered(struct auger_user_keys *keys,
                                                      const struct auger_user *user,
                                                      enum auger_stun_password_algorithm algorithm);
/* One of nobody, ready too. */
struct auger_stun_key *auger_user_keys_nobody(const struct auger_user_keys *keys);
/* The key that was tried last is the user's. */
void auger_user_keys_remember(struct auger_user_keys *keys, const struct auger_user *user,
                              struct auger_prepared_key *key);
const struct auger_env *auger_user_keys_env(const struct auger_user_keys *keys);

#endif /* AUGER_TURN_USER_KEYS_H */
