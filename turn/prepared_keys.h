/* turn/prepared_keys.h - keys that have proved themselves, ready for the integrity of the next
 * request of the same user (RFC 8489 section 9.2.4): preparing one costs more than all else of a
 * request.  What keys are made of is user_keys.h. */
#ifndef AUGER_TURN_PREPARED_KEYS_H
#define AUGER_TURN_PREPARED_KEYS_H

#include "base/table.h"

#include <auger/stun.h>

#define AUGER_PREPARED_KEYS_MAX 1024 /* that are remembered; the one not used for longest goes */

struct auger_prepared_key {
    struct auger_table_node node;             /* while it is remembered */
    struct auger_prepared_key *older, *newer; /* so too, in the order of their use */
    const struct auger_env *env;
    struct auger_stun_key *key;
    int64_t expires_at_s; /* as of struct auger_user */
    uint32_t holds;
    uint16_t name_len;
    uint8_t algorithm; /* enum auger_stun_password_algorithm */
    uint8_t name[];
};

/* Takes `key` over, whatever comes of it; held once, by the caller.  NULL: no memory. */
struct auger_prepared_key *auger_prepared_key_new(const struct auger_env *env,
                                                  struct auger_bytes name,
                                                  enum auger_stun_password_algorithm algorithm,
                                                  struct auger_stun_key *key);
struct auger_prepared_key *auger_prepared_key_hold(struct auger_prepared_key *key);
void auger_prepared_key_let_go(struct auger_prepared_key *key); /* NULL is fine */
bool auger_prepared_key_is(const struct auger_prepared_key *key, struct auger_bytes name,
                           enum auger_stun_password_algorithm algorithm);

struct auger_prepared_keys {
    struct auger_table table;
    struct auger_prepared_key *oldest, *newest;
};
int auger_prepared_keys_init(struct auger_prepared_keys *keys,
                             const struct auger_env *env) AUGER_CHECK_RESULT;
void auger_prepared_keys_fini(struct auger_prepared_keys *keys);
/* `hash` is of the name.  NULL: it is not remembered. */
struct auger_prepared_key *auger_prepared_keys_find(struct auger_prepared_keys *keys, uint64_t hash,
                                                    struct auger_bytes name,
                                                    enum auger_stun_password_algorithm algorithm);
/* Takes a hold of its own, in place of another key of the same name and algorithm. */
void auger_prepared_keys_remember(struct auger_prepared_keys *keys, uint64_t hash,
                                  struct auger_prepared_key *key);
void auger_prepared_keys_forget(struct auger_prepared_keys *keys, uint64_t hash,
                                struct auger_bytes name);
void auger_prepared_keys_forget_all(struct auger_prepared_keys *keys);

#endif /* AUGER_TURN_PREPARED_KEYS_H */
