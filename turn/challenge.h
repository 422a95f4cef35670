/* turn/challenge.h - a request as a server judges it by the long-term credential mechanism,
 * and its refusals: RFC 8489 section 9.2.4, in its order.  The client's half is
 * credentials.h. */
#ifndef AUGER_TURN_CHALLENGE_H
#define AUGER_TURN_CHALLENGE_H

#include "turn/nonce.h"
#include "turn/user_keys.h"

/* All borrowed. */
struct auger_challenger {
    struct auger_nonces *nonces; /* with AUGER_NONCE_PASSWORD_ALGORITHMS */
    struct auger_user_keys *keys;
    bool asks_program; /* a name that keys do not know is AUGER_CHALLENGE_NEEDS_KEY */
};

enum auger_challenge_verdict {
    AUGER_CHALLENGE_PASSED,
    AUGER_CHALLENGE_ABSENT,      /* 401: it carries no integrity */
    AUGER_CHALLENGE_BAD_REQUEST, /* 400 */
    AUGER_CHALLENGE_WRONG,       /* 401: the name, the realm or the password */
    AUGER_CHALLENGE_STALE,       /* 438 */
    AUGER_CHALLENGE_NEEDS_KEY,   /* the program knows, or nobody */
    AUGER_CHALLENGE_FAILED,      /* no memory, no hash: say nothing */
};

/* What a request that passed has proved.  auger_proof_fini() after each judgement. */
struct auger_proof {
    struct auger_stun_key *key; /* that of `prepared`, which is held */
    struct auger_prepared_key *prepared;
    bool is_programs;            /* the program has said the password */
    bool is_sha256;              /* which integrity an answer has */
    uint8_t algorithm;           /* enum auger_stun_password_algorithm */
    struct auger_bytes username; /* for AUGER_CHALLENGE_NEEDS_KEY too; as in auger_user */
    int64_t expires_at_s;        /* AUGER_USER_NEVER, or when the credentials end */
};
void auger_proof_fini(struct auger_proof *proof);

/* `now` as for nonces, `wall_s` seconds since 1970 for time-limited credentials. */
enum auger_challenge_verdict auger_challenge_judge(const struct auger_challenger *c, auger_time now,
                                                   int64_t wall_s, const struct auger_path *path,
                                                   const struct auger_stun_msg *request,
                                                   struct auger_proof *proof);
/* The rest of it, once the program has answered: `password` is of the request's name, or NULL
 * if nobody has it. */
enum auger_challenge_verdict auger_challenge_judge_by(const struct auger_challenger *c,
                                                      auger_time now, const struct auger_path *path,
                                                      const struct auger_stun_msg *request,
                                                      const char *password,
                                                      struct auger_proof *proof);

/* By a key that the program has said before; AUGER_CHALLENGE_WRONG: it is another's, or no such key
 * any more, and the program has to be asked. */
enum auger_challenge_verdict auger_challenge_judge_kept(const struct auger_challenger *c,
                                                        auger_time now,
                                                        const struct auger_path *path,
                                                        const struct auger_stun_msg *request,
                                                        struct auger_prepared_key *kept,
                                                        struct auger_proof *proof);

/* Whether a request is so large that a 401 may go to whom it says it is from.  Each Allocate
 * is that has what it must have. */
bool auger_challenge_is_owed(const struct auger_challenger *c, const struct auger_path *path,
                             const struct auger_stun_msg *request);
/* Writes the 400, 401 or 438 of a verdict, without a reason phrase so that it is small.  Its
 * length; 0: nothing is to be said, or `cap` is too small. */
size_t auger_challenge_refuse(const struct auger_challenger *c, auger_time now,
                              const struct auger_path *path, const struct auger_stun_msg *request,
                              enum auger_challenge_verdict verdict, uint8_t *reply, size_t cap);
/* The integrity of an answer to a request that passed, behind its other attributes. */
void auger_challenge_protect(const struct auger_proof *proof, struct auger_stun_builder *b);

#endif /* AUGER_TURN_CHALLENGE_H */
