/* turn/challenge.c - the long-term credential mechanism at a server: RFC 8489 section 9.2.4.
 * Its checks stand here in its order; the client's half is credentials.c. */
#include "turn/challenge.h"
#include "crypto/crypto.h"
#include "turn/opaque.h"
#include "turn/reply_limit.h"

#include <string.h>

#define ALLOCATE_LEN 28 /* of the smallest that can be granted */

/* What we know, the better one first. */
static const uint8_t algorithms[] = {0, AUGER_STUN_SHA256, 0, 0, 0, AUGER_STUN_MD5, 0, 0};

/* A request as it was read, before anything is believed of it. */
struct claim {
    struct auger_bytes username, userhash, realm, nonce, algorithms;
    bool has_username, has_userhash, has_realm, has_nonce, has_algorithms, has_algorithm;
    enum auger_stun_password_algorithm algorithm;
};

void auger_proof_fini(struct auger_proof *proof)
{
    auger_prepared_key_let_go(proof->prepared);
    proof->prepared = NULL;
    proof->key = NULL;
}

static bool equal(struct auger_bytes a, struct auger_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* --- the checks of 9.2.4 ------------------------------------------------------------------- */

static bool has_integrity(const struct auger_stun_msg *request)
{
    return request->integrity_offset || request->integrity256_offset;
}

static void read_claim(const struct auger_stun_msg *request, struct claim *claim)
{
    claim->has_username = auger_stun_msg_bytes(request, AUGER_STUN_ATTR_USERNAME, &claim->username);
    claim->has_userhash = auger_stun_msg_bytes(request, AUGER_STUN_ATTR_USERHASH, &claim->userhash);
    claim->has_realm = auger_stun_msg_bytes(request, AUGER_STUN_ATTR_REALM, &claim->realm);
    claim->has_nonce = auger_stun_msg_bytes(request, AUGER_STUN_ATTR_NONCE, &claim->nonce);
    claim->has_algorithms =
        auger_stun_msg_bytes(request, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS, &claim->algorithms);
    claim->has_algorithm = auger_stun_msg_has(request, AUGER_STUN_ATTR_PASSWORD_ALGORITHM);
    claim->algorithm = AUGER_STUN_MD5;
}

static bool is_whole(const struct claim *claim)
{
    return (claim->has_username || claim->has_userhash) && claim->has_realm && claim->has_nonce;
}

/* Both algorithms' attributes or neither, and the list as we sent it: somebody between may
 * have taken the better one away (9.2.1). */
static bool choose_algorithm(const struct auger_stun_msg *request, struct claim *claim)
{
    const struct auger_bytes ours = {algorithms, sizeof(algorithms)};

    if (!(auger_nonce_features(claim->nonce) & AUGER_NONCE_PASSWORD_ALGORITHMS) ||
        (!claim->has_algorithms && !claim->has_algorithm)) {
        claim->has_algorithm = false;
        return true;
    }
    int algorithm = auger_stun_msg_password_algorithm(request, AUGER_STUN_ATTR_PASSWORD_ALGORITHM);
    if (!claim->has_algorithms || !claim->has_algorithm || !equal(claim->algorithms, ours) ||
        algorithm < 0)
        return false;
    claim->algorithm = (enum auger_stun_password_algorithm)algorithm;
    return true;
}

static enum auger_challenge_verdict read_and_check(const struct auger_stun_msg *request,
                                                   struct claim *claim)
{
    if (!has_integrity(request))
        return AUGER_CHALLENGE_ABSENT;
    read_claim(request, claim);
    return is_whole(claim) && choose_algorithm(request, claim) ? AUGER_CHALLENGE_PASSED
                                                               : AUGER_CHALLENGE_BAD_REQUEST;
}

static enum auger_challenge_verdict verify(const struct auger_stun_msg *request,
                                           struct auger_stun_key *key)
{
    int err = auger_stun_msg_verify(request, key);

    return err == 0                     ? AUGER_CHALLENGE_PASSED
           : err == AUGER_ERR_INTEGRITY ? AUGER_CHALLENGE_WRONG
                                        : AUGER_CHALLENGE_FAILED;
}

/* Takes over one hold of it. */
static enum auger_challenge_verdict pass(struct auger_proof *proof,
                                         struct auger_prepared_key *prepared)
{
    if (!prepared)
        return AUGER_CHALLENGE_FAILED;
    proof->prepared = prepared;
    proof->key = prepared->key;
    return AUGER_CHALLENGE_PASSED;
}

/* Whether that key made the integrity; `proof` has it then. */
static enum auger_challenge_verdict try_key(const struct auger_challenger *c,
                                            const struct auger_stun_msg *request,
                                            const struct claim *claim,
                                            const struct auger_user_key *key,
                                            struct auger_proof *proof)
{
    struct auger_stun_key *made;

    if (auger_stun_key_new(&made, key->bytes, key->len) < 0)
        return AUGER_CHALLENGE_FAILED;
    enum auger_challenge_verdict verdict = verify(request, made);
    if (verdict == AUGER_CHALLENGE_PASSED)
        return pass(proof, auger_prepared_key_new(auger_user_keys_env(c->keys), proof->username,
                                                  claim->algorithm, made));
    auger_stun_key_free(made);
    return verdict;
}

/* A nonce is judged last, so that a 438 goes to those alone who have the password. */
static enum auger_challenge_verdict check_nonce(const struct auger_challenger *c, auger_time now,
                                                const struct auger_path *path,
                                                const struct claim *claim,
                                                struct auger_proof *proof)
{
    if (auger_nonces_judge(c->nonces, now, path, claim->nonce) == AUGER_NONCE_FRESH) {
        proof->is_sha256 = claim->has_algorithm;
        proof->algorithm = (uint8_t)claim->algorithm;
        return AUGER_CHALLENGE_PASSED;
    }
    auger_proof_fini(proof);
    return AUGER_CHALLENGE_STALE;
}

static bool is_our_realm(const struct auger_challenger *c, const struct claim *claim)
{
    return equal(claim->realm, auger_user_keys_realm(c->keys));
}

/* All keys are tried, also those of nobody: what is wrong takes the same time whatever it is.
 * A key of nobody that fits would be one that was guessed at random. */
static enum auger_challenge_verdict try_keys(const struct auger_challenger *c,
                                             const struct auger_stun_msg *request,
                                             const struct claim *claim, struct auger_user *user,
                                             struct auger_proof *proof)
{
    enum auger_challenge_verdict verdict = AUGER_CHALLENGE_WRONG;
    struct auger_user_key key;

    for (size_t i = 0; verdict == AUGER_CHALLENGE_WRONG && i < user->tries; i++) {
        if (auger_user_keys_try(c->keys, user, i, claim->algorithm, &key) < 0)
            verdict = AUGER_CHALLENGE_FAILED;
        else
            verdict = try_key(c, request, claim, &key, proof);
    }
    auger_bytes_wipe(&key, sizeof(key));
    if (verdict == AUGER_CHALLENGE_PASSED && (!user->is_known || !is_our_realm(c, claim))) {
        auger_proof_fini(proof);
        verdict = AUGER_CHALLENGE_WRONG;
    }
    if (verdict == AUGER_CHALLENGE_PASSED)
        auger_user_keys_remember(c->keys, user, proof->prepared);
    proof->expires_at_s = user->expires_at_s;
    return verdict;
}

/* The key that proved itself before; in its place one of nobody, so that a wrong password takes as
 * long whether somebody of that name was here or not. */
static enum auger_challenge_verdict try_remembered(const struct auger_challenger *c,
                                                   const struct auger_stun_msg *request,
                                                   const struct claim *claim,
                                                   const struct auger_user *user,
                                                   struct auger_proof *proof)
{
    struct auger_prepared_key *known = auger_user_keys_remembered(c->keys, user, claim->algorithm);
    enum auger_challenge_verdict verdict =
        verify(request, known ? known->key : auger_user_keys_nobody(c->keys));

    if (verdict != AUGER_CHALLENGE_PASSED)
        return verdict;
    if (!known || !is_our_realm(c, claim))
        return AUGER_CHALLENGE_WRONG;
    proof->expires_at_s = known->expires_at_s;
    return pass(proof, auger_prepared_key_hold(known));
}

static bool is_for_program(const struct auger_challenger *c, const struct claim *claim,
                           const struct auger_user *user)
{
    return c->asks_program && !user->is_known && claim->has_username && is_our_realm(c, claim) &&
           claim->username.len <= AUGER_TURN_USERNAME_MAX &&
           auger_opaque_check(claim->username.data, claim->username.len) == 0;
}

enum auger_challenge_verdict auger_challenge_judge(const struct auger_challenger *c, auger_time now,
                                                   int64_t wall_s, const struct auger_path *path,
                                                   const struct auger_stun_msg *request,
                                                   struct auger_proof *proof)
{
    struct claim claim;
    struct auger_user user;

    *proof = (struct auger_proof){.expires_at_s = AUGER_USER_NEVER};
    enum auger_challenge_verdict verdict = read_and_check(request, &claim);
    if (verdict != AUGER_CHALLENGE_PASSED)
        return verdict;
    if (claim.has_username)
        auger_user_keys_find(c->keys, wall_s, claim.username, &user);
    else
        auger_user_keys_find_hash(c->keys, claim.userhash, &user);
    proof->username = user.username;
    if (is_for_program(c, &claim, &user))
        return AUGER_CHALLENGE_NEEDS_KEY;
    verdict = try_remembered(c, request, &claim, &user, proof);
    if (verdict == AUGER_CHALLENGE_WRONG)
        verdict = try_keys(c, request, &claim, &user, proof);
    return verdict == AUGER_CHALLENGE_PASSED ? check_nonce(c, now, path, &claim, proof) : verdict;
}

enum auger_challenge_verdict auger_challenge_judge_by(const struct auger_challenger *c,
                                                      auger_time now, const struct auger_path *path,
                                                      const struct auger_stun_msg *request,
                                                      const char *password,
                                                      struct auger_proof *proof)
{
    struct claim claim;
    struct auger_user_key key;

    *proof = (struct auger_proof){.expires_at_s = AUGER_USER_NEVER};
    enum auger_challenge_verdict verdict = read_and_check(request, &claim);
    if (verdict != AUGER_CHALLENGE_PASSED)
        return verdict;
    proof->username = claim.username;
    const char *tried = password ? password : "";
    if (auger_user_key_derive(&key, claim.algorithm, claim.username, auger_user_keys_realm(c->keys),
                              (struct auger_bytes){(const uint8_t *)tried, strlen(tried)}) < 0)
        return AUGER_CHALLENGE_FAILED;
    verdict = try_key(c, request, &claim, &key, proof);
    auger_bytes_wipe(&key, sizeof(key));
    proof->is_programs = true;
    if (verdict == AUGER_CHALLENGE_PASSED && (!password || !is_our_realm(c, &claim))) {
        auger_proof_fini(proof);
        verdict = AUGER_CHALLENGE_WRONG;
    }
    return verdict == AUGER_CHALLENGE_PASSED ? check_nonce(c, now, path, &claim, proof) : verdict;
}

enum auger_challenge_verdict auger_challenge_judge_kept(const struct auger_challenger *c,
                                                        auger_time now,
                                                        const struct auger_path *path,
                                                        const struct auger_stun_msg *request,
                                                        struct auger_prepared_key *kept,
                                                        struct auger_proof *proof)
{
    struct claim claim;

    *proof = (struct auger_proof){.expires_at_s = AUGER_USER_NEVER};
    enum auger_challenge_verdict verdict = read_and_check(request, &claim);
    if (verdict != AUGER_CHALLENGE_PASSED)
        return verdict;
    if (!claim.has_username || !auger_prepared_key_is(kept, claim.username, claim.algorithm) ||
        !is_our_realm(c, &claim))
        return AUGER_CHALLENGE_WRONG;
    proof->username = claim.username;
    verdict = verify(request, kept->key);
    if (verdict != AUGER_CHALLENGE_PASSED)
        return verdict;
    (void)pass(proof, auger_prepared_key_hold(kept));
    return check_nonce(c, now, path, &claim, proof);
}

/* --- answers --------------------------------------------------------------------------------- */

static uint16_t code_of(enum auger_challenge_verdict verdict)
{
    switch (verdict) {
    case AUGER_CHALLENGE_PASSED:
    case AUGER_CHALLENGE_NEEDS_KEY:
    case AUGER_CHALLENGE_FAILED:
        return 0;
    case AUGER_CHALLENGE_BAD_REQUEST:
        return AUGER_STUN_BAD_REQUEST;
    case AUGER_CHALLENGE_ABSENT:
    case AUGER_CHALLENGE_WRONG:
        return AUGER_STUN_UNAUTHENTICATED;
    case AUGER_CHALLENGE_STALE:
        return AUGER_STUN_STALE_NONCE;
    }
    return 0;
}

/* What a 401 or 438 takes. */
static size_t len_of(const struct auger_challenger *c, const struct auger_stun_msg *request,
                     bool is_short)
{
    size_t realm = (auger_user_keys_realm(c->keys).len + 3) & ~(size_t)3;
    size_t nonce = is_short ? AUGER_NONCE_SHORT_LEN : AUGER_NONCE_LEN;

    return AUGER_STUN_HEADER_LEN + 8 + 4 + realm + 4 + nonce +
           (is_short ? 0 : 4 + sizeof(algorithms)) + (request->fingerprint_offset ? 8 : 0);
}

/* docs/decisions/124.  The source of a stream cannot be forged. */
static bool fits(const struct auger_challenger *c, const struct auger_path *path,
                 const struct auger_stun_msg *request, bool is_short)
{
    return path->remote.transport == AUGER_TCP ||
           len_of(c, request, is_short) <= auger_reply_limit_room(&path->remote, request->len);
}

bool auger_challenge_is_owed(const struct auger_challenger *c, const struct auger_path *path,
                             const struct auger_stun_msg *request)
{
    return request->len >= ALLOCATE_LEN || fits(c, path, request, true);
}

/* Of 401 and 438 alike: REALM, NONCE, and PASSWORD-ALGORITHMS where there is room for it, or
 * a user who has no other key. */
static bool write_challenge(const struct auger_challenger *c, auger_time now,
                            const struct auger_path *path, const struct auger_stun_msg *request,
                            struct auger_stun_builder *b)
{
    const struct auger_bytes realm = auger_user_keys_realm(c->keys);
    bool is_short = !fits(c, path, request, false) && !auger_user_keys_need_sha256(c->keys);
    uint8_t nonce[AUGER_NONCE_LEN];

    int len = is_short ? auger_nonces_issue_short(c->nonces, now, path, nonce)
                       : auger_nonces_issue(c->nonces, now, path, nonce);
    if (len < 0)
        return false;
    auger_stun_build_bytes(b, AUGER_STUN_ATTR_REALM, realm.data, realm.len);
    auger_stun_build_bytes(b, AUGER_STUN_ATTR_NONCE, nonce, (size_t)len);
    if (!is_short)
        auger_stun_build_bytes(b, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS, algorithms,
                               sizeof(algorithms));
    return true;
}

size_t auger_challenge_refuse(const struct auger_challenger *c, auger_time now,
                              const struct auger_path *path, const struct auger_stun_msg *request,
                              enum auger_challenge_verdict verdict, uint8_t *reply, size_t cap)
{
    uint16_t code = code_of(verdict);
    const uint8_t error[4] = {0, 0, (uint8_t)(code / 100), (uint8_t)(code % 100)};
    struct auger_stun_builder b;

    if (code == 0)
        return 0;
    auger_stun_build_begin(&b, reply, cap, AUGER_STUN_ERROR, request->method, &request->tid);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_ERROR_CODE, error, sizeof(error));
    if (code != AUGER_STUN_BAD_REQUEST && !write_challenge(c, now, path, request, &b))
        return 0;
    if (request->fingerprint_offset)
        auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    return len < 0 ? 0 : (size_t)len;
}

void auger_challenge_protect(const struct auger_proof *proof, struct auger_stun_builder *b)
{
    if (proof->is_sha256)
        auger_stun_build_integrity_sha256(b, proof->key);
    else
        auger_stun_build_integrity(b, proof->key);
}
