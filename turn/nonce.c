/* turn/nonce.c - nonces that a server need not remember: RFC 8489 sections 9.2, 9.2.1, 9.2.4
 * and 18.1.  A cookie that names security features, then in base64 the second it was issued
 * in and 80 bits of an HMAC over all of that and the 5-tuple.  A short one offers no password
 * algorithms, and says an eighth of a lifetime in 4 bits and has 38 of the HMAC: decision 124. */
#include "turn/nonce.h"
#include "base/buggify.h"
#include "base/bytes.h"
#include "base/env.h"
#include "crypto/crypto.h"
#include "turn/base64.h"

#define MAGIC "obMatJos2"
#define MAGIC_LEN 9
#define COOKIE_LEN 13 /* and three bytes in base64 */
#define MAC_LEN 10
#define BODY_LEN (4 + MAC_LEN)
#define PATH_LEN 40
#define SLOTS 8 /* in a lifetime, of the short ones; 16 are told apart */
#define NO_PERIOD (-1)

/* The key of one period, which is as long as a nonce lives. */
struct live_key {
    int64_t period;
    struct auger_hmac *hmac;
};

/* A code and what it is of. */
struct coded {
    const char *cookie; /* NULL: nothing */
    int64_t issued_s;
    struct auger_path path;
    uint8_t code[AUGER_SHA256_LEN];
};

struct auger_nonces {
    const struct auger_env *env;
    struct auger_hmac *secret;
    int64_t lifetime_s;
    struct live_key keys[2];
    struct coded last; /* a request asks twice */
    char cookie[COOKIE_LEN + 4], short_cookie[COOKIE_LEN + 4];
};

uint32_t auger_nonce_features(struct auger_bytes nonce)
{
    uint32_t features = 0;

    if (nonce.len < COOKIE_LEN || memcmp(nonce.data, MAGIC, MAGIC_LEN) != 0)
        return 0;
    for (size_t i = MAGIC_LEN; i < COOKIE_LEN; i++) {
        int digit = auger_base64_digit(nonce.data[i]);
        if (digit < 0)
            return 0;
        features = features << 6 | (uint32_t)digit;
    }
    return features;
}

static void write_cookie(char cookie[COOKIE_LEN + 4], uint32_t features)
{
    const uint8_t bits[3] = {(uint8_t)(features >> 16), (uint8_t)(features >> 8),
                             (uint8_t)features};

    memcpy(cookie, MAGIC, MAGIC_LEN);
    auger_base64_write(bits, sizeof(bits), cookie + MAGIC_LEN);
}

int auger_nonces_new(struct auger_nonces **out, const struct auger_env *env,
                     const uint8_t secret[AUGER_NONCE_SECRET_LEN], auger_time lifetime,
                     uint32_t features)
{
    if (lifetime < AUGER_SEC)
        return AUGER_ERR_INVALID;
    struct auger_nonces *nonces = auger_env_alloc(env, 1, sizeof(*nonces));
    if (!nonces)
        return AUGER_ERR_NO_MEMORY;
    nonces->env = env;
    nonces->lifetime_s = lifetime / AUGER_SEC;
    nonces->keys[0].period = nonces->keys[1].period = NO_PERIOD;
    write_cookie(nonces->cookie, features);
    write_cookie(nonces->short_cookie, features & ~AUGER_NONCE_PASSWORD_ALGORITHMS);
    int err = auger_hmac_new(&nonces->secret, AUGER_SHA256, secret, AUGER_NONCE_SECRET_LEN);
    if (err < 0) {
        auger_nonces_free(nonces);
        return err;
    }
    *out = nonces;
    return 0;
}

void auger_nonces_free(struct auger_nonces *nonces)
{
    if (!nonces)
        return;
    auger_hmac_free(nonces->keys[0].hmac);
    auger_hmac_free(nonces->keys[1].hmac);
    auger_hmac_free(nonces->secret);
    auger_env_release(nonces->env, nonces);
}

/* --- keys --------------------------------------------------------------------------- */

static int make_key(struct auger_nonces *nonces, int64_t period, struct auger_hmac **hmac)
{
    uint8_t number[8], key[AUGER_SHA256_LEN];
    struct auger_writer w = auger_writer(number, sizeof(number));
    const struct auger_bytes piece = {number, sizeof(number)};

    auger_write_u64(&w, (uint64_t)period);
    int err = auger_hmac_compute(nonces->secret, &piece, 1, key);
    if (err == 0)
        err = auger_hmac_new(hmac, AUGER_SHA256, key, sizeof(key));
    auger_bytes_wipe(key, sizeof(key));
    return err;
}

/* The key of a period; that of two periods before goes. */
static struct auger_hmac *key_of(struct auger_nonces *nonces, int64_t period)
{
    struct live_key *key = &nonces->keys[period & 1];
    struct auger_hmac *fresh;

    if (key->period == period)
        return key->hmac;
    if (make_key(nonces, period, &fresh) < 0)
        return NULL;
    auger_hmac_free(key->hmac);
    *key = (struct live_key){.period = period, .hmac = fresh};
    return fresh;
}

/* --- writing and judging -------------------------------------------------------------- */

static void write_addr(struct auger_writer *w, const struct auger_addr *addr)
{
    auger_write_u8(w, addr->family);
    auger_write_u8(w, addr->transport);
    auger_write_u16(w, addr->port);
    auger_write_bytes(w, addr->ip, sizeof(addr->ip));
}

static int compute(struct auger_nonces *nonces, struct coded *coded)
{
    struct auger_hmac *hmac = key_of(nonces, coded->issued_s / nonces->lifetime_s);
    uint8_t second[4], ends[PATH_LEN];
    struct auger_writer w = auger_writer(ends, sizeof(ends)), head = auger_writer(second, 4);
    const struct auger_bytes pieces[] = {
        {(const uint8_t *)coded->cookie, COOKIE_LEN}, {second, 4}, {ends, sizeof(ends)}};

    write_addr(&w, &coded->path.local);
    write_addr(&w, &coded->path.remote);
    auger_write_u32(&head, (uint32_t)coded->issued_s);
    return hmac && auger_hmac_compute(hmac, pieces, 3, coded->code) == 0 ? 0 : AUGER_ERR_CRYPTO;
}

/* The code of that second and path, behind four bytes of the second. */
static int write_code(struct auger_nonces *nonces, const char *cookie, int64_t issued_s,
                      const struct auger_path *path, uint8_t body[4 + AUGER_SHA256_LEN])
{
    struct auger_writer w = auger_writer(body, 4 + AUGER_SHA256_LEN);
    struct coded *last = &nonces->last;

    if (last->cookie != cookie || last->issued_s != issued_s ||
        !auger_path_equal(&last->path, path)) {
        *last = (struct coded){.issued_s = issued_s, .path = *path, .cookie = cookie};
        if (compute(nonces, last) < 0) {
            last->cookie = NULL;
            return AUGER_ERR_CRYPTO;
        }
    }
    auger_write_u32(&w, (uint32_t)issued_s);
    auger_write_bytes(&w, last->code, sizeof(last->code));
    return 0;
}

/* The one nonce of that second and path. */
static int write_long(struct auger_nonces *nonces, int64_t issued_s, const struct auger_path *path,
                      uint8_t nonce[AUGER_NONCE_LEN])
{
    uint8_t body[4 + AUGER_SHA256_LEN];
    char text[4 * ((BODY_LEN + 2) / 3) + 1];

    if (write_code(nonces, nonces->cookie, issued_s, path, body) < 0)
        return AUGER_ERR_CRYPTO;
    auger_base64_write(body, BODY_LEN, text);
    memcpy(nonce, nonces->cookie, COOKIE_LEN);
    memcpy(nonce + COOKIE_LEN, text, AUGER_NONCE_LEN - COOKIE_LEN);
    return AUGER_NONCE_LEN;
}

static int64_t slot_s(const struct auger_nonces *nonces)
{
    return nonces->lifetime_s < SLOTS ? 1 : nonces->lifetime_s / SLOTS;
}

/* The one short nonce of that slot and path. */
static int write_short(struct auger_nonces *nonces, int64_t slot, const struct auger_path *path,
                       uint8_t nonce[AUGER_NONCE_LEN])
{
    uint8_t body[4 + AUGER_SHA256_LEN], *code = body + 4;
    char text[8 + 1];

    if (write_code(nonces, nonces->short_cookie, slot * slot_s(nonces), path, body) < 0)
        return AUGER_ERR_CRYPTO;
    code[0] = (uint8_t)((slot & 15) << 4 | (code[0] & 15));
    auger_base64_write(code, 6, text);
    memcpy(nonce, nonces->short_cookie, COOKIE_LEN);
    memcpy(nonce + COOKIE_LEN, text, AUGER_NONCE_SHORT_LEN - COOKIE_LEN);
    return AUGER_NONCE_SHORT_LEN;
}

int auger_nonces_issue(struct auger_nonces *nonces, auger_time now, const struct auger_path *path,
                       uint8_t nonce[AUGER_NONCE_LEN])
{
    return write_long(nonces, now / AUGER_SEC, path, nonce);
}

int auger_nonces_issue_short(struct auger_nonces *nonces, auger_time now,
                             const struct auger_path *path, uint8_t nonce[AUGER_NONCE_LEN])
{
    return write_short(nonces, now / AUGER_SEC / slot_s(nonces), path, nonce);
}

/* The second that a nonce claims, of those around `now_s` that end in the same 32 bits. */
static bool read_long(struct auger_bytes nonce, int64_t now_s, int64_t *issued_s)
{
    uint64_t bits = 0;

    for (size_t i = COOKIE_LEN; i < COOKIE_LEN + 6; i++) {
        int digit = auger_base64_digit(nonce.data[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint64_t)digit;
    }
    *issued_s = now_s - (int32_t)((uint32_t)now_s - (uint32_t)(bits >> 4));
    return true;
}

/* The first second of the slot that a short one claims: the next, or one of the last 15. */
static bool read_short(const struct auger_nonces *nonces, struct auger_bytes nonce, int64_t now_s,
                       int64_t *issued_s)
{
    int digit = auger_base64_digit(nonce.data[COOKIE_LEN]);
    int64_t next = now_s / slot_s(nonces) + 1;

    *issued_s = (next - ((next - (digit >> 2)) & 15)) * slot_s(nonces);
    return digit >= 0;
}

/* Another engine of the server may have read the clock a little later than we did.  Whether
 * the key is still live is asked before any is made, so that nobody can have us make keys. */
static bool is_live(const struct auger_nonces *nonces, int64_t now_s, int64_t issued_s)
{
    int64_t period = issued_s / nonces->lifetime_s, current = now_s / nonces->lifetime_s;

    return issued_s >= 0 && issued_s <= now_s + 1 && period >= current - 1;
}

/* Ours of the second that `nonce` claims.  Its length, or negative. */
static int write_again(struct auger_nonces *nonces, int64_t now_s, const struct auger_path *path,
                       struct auger_bytes nonce, int64_t *issued_s, uint8_t ours[AUGER_NONCE_LEN])
{
    if (nonce.len == AUGER_NONCE_LEN && read_long(nonce, now_s, issued_s) &&
        is_live(nonces, now_s, *issued_s))
        return write_long(nonces, *issued_s, path, ours);
    if (nonce.len == AUGER_NONCE_SHORT_LEN && read_short(nonces, nonce, now_s, issued_s) &&
        is_live(nonces, now_s, *issued_s))
        return write_short(nonces, *issued_s / slot_s(nonces), path, ours);
    return AUGER_ERR_INVALID;
}

enum auger_nonce_verdict auger_nonces_judge(struct auger_nonces *nonces, auger_time now,
                                            const struct auger_path *path, struct auger_bytes nonce)
{
    int64_t now_s = now / AUGER_SEC, issued_s;
    uint8_t ours[AUGER_NONCE_LEN];

    if (write_again(nonces, now_s, path, nonce, &issued_s, ours) < 0 ||
        !auger_bytes_equal_secret(ours, nonce.data, nonce.len))
        return AUGER_NONCE_FOREIGN;
    if (AUGER_BUGGIFY(NONCE_STALE))
        return AUGER_NONCE_STALE;
    return now_s - issued_s < nonces->lifetime_s ? AUGER_NONCE_FRESH : AUGER_NONCE_STALE;
}
