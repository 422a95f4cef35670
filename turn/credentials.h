/* turn/credentials.h - the long-term credentials of RFC 8489 section 9.2: our name and
 * password, what the server has challenged us with, and the key of both.  When a request is
 * asked again is exchange.h. */
#ifndef AUGER_TURN_CREDENTIALS_H
#define AUGER_TURN_CREDENTIALS_H

#include <auger/stun.h>
#include <auger/turn.h>

struct auger_challenge;

struct auger_turn_credentials {
    const struct auger_env *env;
    uint8_t *secrets; /* the name, then the password; NULL: none */
    uint16_t username_len, password_len;
    struct auger_challenge *challenge; /* NULL: the server has asked for nothing yet */
    struct auger_stun_key *key;        /* NULL as long as challenge is */
    uint8_t userhash[32];              /* when is_hashed */
    bool is_hashed;                    /* "Username anonymity" */
    bool has_algorithms;               /* PASSWORD-ALGORITHMS came */
    uint8_t algorithm;                 /* enum auger_stun_password_algorithm */
};

/* Copies both texts; NULL and NULL is fine.  Errors as auger_turn_new(). */
int auger_longterm_init(struct auger_turn_credentials *c, const struct auger_env *env,
                        const char *username, const char *password) AUGER_CHECK_RESULT;
void auger_longterm_fini(struct auger_turn_credentials *c);

/* Whether requests carry them: 9.2.3.1 wants the first one to go without. */
static inline bool auger_longterm_are_asked_for(const struct auger_turn_credentials *c)
{
    return c->key != NULL;
}

/* Takes the challenge of a 401 or 438 (9.2.5).  Anything but AUGER_TURN_ERROR_NONE: the
 * request must not be asked again, and nothing has changed. */
enum auger_turn_error auger_longterm_take(struct auger_turn_credentials *c,
                                          const struct auger_stun_msg *msg);
/* Another server is asked, with the same name and password. */
void auger_longterm_forget_challenge(struct auger_turn_credentials *c);

/* Writes what authenticates a request, as its last attributes. */
void auger_longterm_write(const struct auger_turn_credentials *c, struct auger_stun_builder *b);
/* Whether an answer to a request that carried them proves that the server has them too. */
bool auger_longterm_prove(const struct auger_turn_credentials *c, const struct auger_stun_msg *msg);
/* 9.2.5: its nonce says that there are password algorithms, and they are not there. */
bool auger_longterm_is_stripped(const struct auger_stun_msg *msg);

#endif /* AUGER_TURN_CREDENTIALS_H */
