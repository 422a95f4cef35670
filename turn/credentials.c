/* turn/credentials.c - the long-term credential mechanism: RFC 8489 sections 9.2 and 18.5.1.
 * When a request is asked again is exchange.c, where time-limited ones come from rest.c. */
#include "turn/credentials.h"
#include "base/env.h"
#include "crypto/crypto.h"
#include "turn/nonce.h"
#include "turn/opaque.h"

#include <string.h>

/* Name, realm, nonce and algorithms together, so that each request has room in one datagram. */
#define TEXTS_MAX 1300

struct auger_challenge {
    uint16_t realm_len, nonce_len, algorithms_len;
    uint8_t bytes[]; /* one after the other, as they came */
};

static struct auger_bytes realm_of(const struct auger_challenge *challenge)
{
    return (struct auger_bytes){challenge->bytes, challenge->realm_len};
}

static struct auger_bytes nonce_of(const struct auger_challenge *challenge)
{
    return (struct auger_bytes){challenge->bytes + challenge->realm_len, challenge->nonce_len};
}

static struct auger_bytes algorithms_of(const struct auger_challenge *challenge)
{
    return (struct auger_bytes){challenge->bytes + challenge->realm_len + challenge->nonce_len,
                                challenge->algorithms_len};
}

static struct auger_bytes username_of(const struct auger_turn_credentials *c)
{
    return (struct auger_bytes){c->secrets, c->username_len};
}

static struct auger_bytes password_of(const struct auger_turn_credentials *c)
{
    return (struct auger_bytes){c->secrets + c->username_len, c->password_len};
}

static bool equal(struct auger_bytes a, struct auger_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* --- our own ----------------------------------------------------------------------- */

static int prepare(const char *text, uint8_t *out, size_t max)
{
    return auger_opaque_prepare((const uint8_t *)text, strlen(text), out, max);
}

/* Both as they are hashed and sent (9.2.2). */
static int keep(struct auger_turn_credentials *c, const uint8_t *username, size_t username_len,
                const uint8_t *password, size_t password_len)
{
    c->secrets = auger_env_alloc(c->env, 1, username_len + password_len);
    if (!c->secrets)
        return AUGER_ERR_NO_MEMORY;
    c->username_len = (uint16_t)username_len;
    c->password_len = (uint16_t)password_len;
    memcpy(c->secrets, username, username_len);
    memcpy(c->secrets + username_len, password, password_len);
    return 0;
}

int auger_longterm_init(struct auger_turn_credentials *c, const struct auger_env *env,
                        const char *username, const char *password)
{
    *c = (struct auger_turn_credentials){.env = env};
    if (!username && !password)
        return 0;
    if (!username || !password)
        return AUGER_ERR_INVALID;
    uint8_t name[AUGER_TURN_USERNAME_MAX], secret[AUGER_TURN_PASSWORD_MAX];
    int name_len = prepare(username, name, sizeof(name));
    int secret_len = name_len < 0 ? name_len : prepare(password, secret, sizeof(secret));
    if (secret_len < 0)
        return secret_len;
    int err = keep(c, name, (size_t)name_len, secret, (size_t)secret_len);
    auger_bytes_wipe(secret, sizeof(secret));
    return err;
}

void auger_longterm_forget_challenge(struct auger_turn_credentials *c)
{
    auger_env_release(c->env, c->challenge);
    auger_stun_key_free(c->key);
    c->challenge = NULL;
    c->key = NULL;
    c->is_hashed = c->has_algorithms = false;
}

void auger_longterm_fini(struct auger_turn_credentials *c)
{
    auger_longterm_forget_challenge(c);
    if (c->secrets)
        auger_bytes_wipe(c->secrets, (size_t)c->username_len + c->password_len);
    auger_env_release(c->env, c->secrets);
    c->secrets = NULL;
}

/* --- the challenge ----------------------------------------------------------------- */

bool auger_longterm_is_stripped(const struct auger_stun_msg *msg)
{
    struct auger_bytes nonce;

    return auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_NONCE, &nonce) &&
           (auger_nonce_features(nonce) & AUGER_NONCE_PASSWORD_ALGORITHMS) &&
           !auger_stun_msg_has(msg, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS);
}

/* 9.2.2: quotes and trailing nulls are no part of what is hashed. */
static struct auger_bytes bare(struct auger_bytes text)
{
    while (text.len > 0 && text.data[text.len - 1] == '\0')
        text.len--;
    if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"') {
        text.data++;
        text.len -= 2;
    }
    return text;
}

/* A challenge as it was read, before anything is believed of it. */
struct offer {
    struct auger_bytes realm, nonce, algorithms;
    bool is_hashed, has_algorithms;
    uint8_t algorithm;
    size_t prepared_len;
    uint8_t prepared[TEXTS_MAX]; /* the realm as it is hashed; as it came it goes back */
};

static enum auger_turn_error prepare_realm(struct offer *offer)
{
    struct auger_bytes realm = bare(offer->realm);
    int len = auger_opaque_prepare(realm.data, realm.len, offer->prepared, TEXTS_MAX);

    offer->prepared_len = len < 0 ? 0 : (size_t)len;
    return len < 0 ? AUGER_TURN_ERROR_REALM : AUGER_TURN_ERROR_NONE;
}

static enum auger_turn_error read_offer(const struct auger_stun_msg *msg, struct offer *offer)
{
    *offer = (struct offer){.algorithm = AUGER_STUN_MD5};
    if (!auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_REALM, &offer->realm) ||
        !auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_NONCE, &offer->nonce) || offer->nonce.len == 0)
        return AUGER_TURN_ERROR_MALFORMED;
    if (auger_longterm_is_stripped(msg))
        return AUGER_TURN_ERROR_BID_DOWN;
    offer->is_hashed = auger_nonce_features(offer->nonce) & AUGER_NONCE_USERNAME_ANONYMITY;
    offer->has_algorithms =
        auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS, &offer->algorithms);
    if (offer->has_algorithms) {
        int algorithm = auger_stun_msg_password_algorithm(msg, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS);
        if (algorithm < 0)
            return AUGER_TURN_ERROR_NO_ALGORITHM;
        offer->algorithm = (uint8_t)algorithm;
    }
    return prepare_realm(offer);
}

static bool has_room(const struct auger_turn_credentials *c, const struct offer *offer)
{
    return c->username_len + offer->realm.len + offer->nonce.len + offer->algorithms.len <=
           TEXTS_MAX;
}

/* 9.2.1: the challenge itself is not protected, so what was better before stays so.  The
 * password is not hashed for another realm than the first. */
static enum auger_turn_error compare(const struct auger_turn_credentials *c,
                                     const struct offer *offer)
{
    if (!c->challenge)
        return AUGER_TURN_ERROR_NONE;
    if (!equal(realm_of(c->challenge), offer->realm))
        return AUGER_TURN_ERROR_REALM;
    bool is_weaker = (c->has_algorithms && !offer->has_algorithms) ||
                     (c->is_hashed && !offer->is_hashed) || offer->algorithm < c->algorithm;
    return is_weaker ? AUGER_TURN_ERROR_BID_DOWN : AUGER_TURN_ERROR_NONE;
}

static struct auger_challenge *copy(const struct auger_env *env, const struct offer *offer)
{
    size_t len = offer->realm.len + offer->nonce.len + offer->algorithms.len;
    struct auger_challenge *challenge = auger_env_alloc(env, 1, sizeof(*challenge) + len);

    if (!challenge)
        return NULL;
    challenge->realm_len = (uint16_t)offer->realm.len;
    challenge->nonce_len = (uint16_t)offer->nonce.len;
    challenge->algorithms_len = (uint16_t)offer->algorithms.len;
    if (offer->realm.len)
        memcpy(challenge->bytes, offer->realm.data, offer->realm.len);
    memcpy(challenge->bytes + offer->realm.len, offer->nonce.data, offer->nonce.len);
    if (offer->algorithms.len)
        memcpy(challenge->bytes + offer->realm.len + offer->nonce.len, offer->algorithms.data,
               offer->algorithms.len);
    return challenge;
}

/* 18.5.1 */
static struct auger_stun_key *derive(const struct auger_turn_credentials *c,
                                     const struct offer *offer)
{
    static const uint8_t colon[] = {':'};
    bool is_md5 = offer->algorithm == AUGER_STUN_MD5;
    struct auger_stun_key *key = NULL;
    uint8_t secret[AUGER_SHA256_LEN];
    const struct auger_bytes pieces[] = {username_of(c),
                                         {colon, 1},
                                         {offer->prepared, offer->prepared_len},
                                         {colon, 1},
                                         password_of(c)};

    if (auger_digest_compute(is_md5 ? AUGER_DIGEST_MD5 : AUGER_DIGEST_SHA256, pieces, 5, secret) <
        0)
        return NULL;
    int err = auger_stun_key_new(&key, secret, is_md5 ? AUGER_MD5_LEN : AUGER_SHA256_LEN);
    auger_bytes_wipe(secret, sizeof(secret));
    return err < 0 ? NULL : key;
}

/* 14.4 */
static bool hash_username(const struct auger_turn_credentials *c, const struct offer *offer,
                          uint8_t userhash[32])
{
    static const uint8_t colon[] = {':'};
    const struct auger_bytes pieces[] = {
        username_of(c), {colon, 1}, {offer->prepared, offer->prepared_len}};

    return auger_digest_compute(AUGER_DIGEST_SHA256, pieces, 3, userhash) == 0;
}

static bool adopt(struct auger_turn_credentials *c, const struct offer *offer)
{
    bool keeps_key = c->key && c->algorithm == offer->algorithm;
    struct auger_challenge *challenge = copy(c->env, offer);
    struct auger_stun_key *key = keeps_key ? c->key : derive(c, offer);
    uint8_t userhash[32] = {0};

    if (!challenge || !key || (offer->is_hashed && !hash_username(c, offer, userhash))) {
        auger_env_release(c->env, challenge);
        if (!keeps_key)
            auger_stun_key_free(key);
        return false;
    }
    auger_env_release(c->env, c->challenge);
    if (!keeps_key)
        auger_stun_key_free(c->key);
    c->challenge = challenge;
    c->key = key;
    memcpy(c->userhash, userhash, sizeof(userhash));
    c->is_hashed = offer->is_hashed;
    c->has_algorithms = offer->has_algorithms;
    c->algorithm = offer->algorithm;
    return true;
}

enum auger_turn_error auger_longterm_take(struct auger_turn_credentials *c,
                                          const struct auger_stun_msg *msg)
{
    struct offer offer;

    if (!c->secrets)
        return AUGER_TURN_ERROR_UNAUTHENTICATED;
    enum auger_turn_error error = read_offer(msg, &offer);
    if (error == AUGER_TURN_ERROR_NONE && !has_room(c, &offer))
        error = AUGER_TURN_ERROR_MALFORMED;
    if (error == AUGER_TURN_ERROR_NONE)
        error = compare(c, &offer);
    if (error != AUGER_TURN_ERROR_NONE)
        return error;
    return adopt(c, &offer) ? AUGER_TURN_ERROR_NONE : AUGER_TURN_ERROR_RESOURCES;
}

/* --- requests and answers ---------------------------------------------------------- */

static void write_bytes(struct auger_stun_builder *b, uint16_t type, struct auger_bytes value)
{
    auger_stun_build_bytes(b, type, value.data, value.len);
}

/* 9.2.3.2 and 9.2.5: REALM, NONCE and PASSWORD-ALGORITHMS as they came. */
void auger_longterm_write(const struct auger_turn_credentials *c, struct auger_stun_builder *b)
{
    if (!c->key)
        return;
    if (c->is_hashed)
        auger_stun_build_bytes(b, AUGER_STUN_ATTR_USERHASH, c->userhash, sizeof(c->userhash));
    else
        write_bytes(b, AUGER_STUN_ATTR_USERNAME, username_of(c));
    write_bytes(b, AUGER_STUN_ATTR_REALM, realm_of(c->challenge));
    write_bytes(b, AUGER_STUN_ATTR_NONCE, nonce_of(c->challenge));
    if (!c->has_algorithms) {
        auger_stun_build_integrity(b, c->key);
        return;
    }
    write_bytes(b, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS, algorithms_of(c->challenge));
    auger_stun_build_u32(b, AUGER_STUN_ATTR_PASSWORD_ALGORITHM, (uint32_t)c->algorithm << 16);
    auger_stun_build_integrity_sha256(b, c->key);
}

/* 9.2.4: an answer to a request with PASSWORD-ALGORITHM has the SHA-256. */
bool auger_longterm_prove(const struct auger_turn_credentials *c, const struct auger_stun_msg *msg)
{
    return (!c->has_algorithms || msg->integrity256_offset) &&
           auger_stun_msg_verify(msg, c->key) == 0;
}
