/* tests/turn/asked.h - requests with every part of a long-term credential as a test wants it. */
#ifndef TESTS_TURN_ASKED_H
#define TESTS_TURN_ASKED_H

#include "tests/turn/puppet.h"

#include "turn/challenge.h"
#include "turn/credentials.h"

#include <stdio.h>

#define NOW_S 1700000000
#define LIFETIME (600 * AUGER_SEC)

static struct {
    struct auger_nonces *nonces;
    struct auger_user_keys *keys;
    struct auger_challenger c;
    struct auger_path path;
    auger_time now;
    uint8_t raw[2048], reply[2048];
    struct auger_stun_builder b;
    struct auger_stun_msg request, answer;
    size_t answer_len;
    struct auger_proof proof;
} s;

static const uint8_t secret[AUGER_NONCE_SECRET_LEN] = "a secret of thirty-two bytes...";
static const uint8_t ours[] = {0, 2, 0, 0, 0, 1, 0, 0};

static inline void set_features(uint32_t features)
{
    auger_nonces_free(s.nonces);
    assert_int_equal(auger_nonces_new(&s.nonces, auger_env_system(), secret, LIFETIME, features),
                     0);
    s.c.nonces = s.nonces;
}

static inline int make(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    s.now = AUGER_SEC;
    s.path.local = addr_of("198.51.100.53:3478");
    s.path.remote = addr_of("192.0.2.1:40000");
    set_features(AUGER_NONCE_PASSWORD_ALGORITHMS);
    assert_int_equal(auger_user_keys_new(&s.keys, auger_env_system(), "realm", 100), 0);
    assert_int_equal(auger_user_keys_add(s.keys, "user", "pass"), 0);
    s.c.keys = s.keys;
    return 0;
}

static inline int drop(void **state)
{
    (void)state;
    auger_proof_fini(&s.proof);
    auger_nonces_free(s.nonces);
    auger_user_keys_free(s.keys);
    return 0;
}

enum integrity { NO_INTEGRITY, SHA1, SHA256, BOTH };

/* What a request says of who asks; NULL: nothing. */
struct asked {
    const char *name, *realm, *nonce, *password;
    enum integrity integrity;
    bool no_name, no_realm, no_nonce, by_hash;
    bool has_list, has_algorithm;
    const uint8_t *list; /* instead of ours */
    size_t list_len;
    uint16_t algorithm; /* 0: SHA-256 */
    bool fingerprint;
};

static inline const char *fresh_nonce(void)
{
    static char nonce[AUGER_NONCE_LEN + 1];

    assert_int_equal(auger_nonces_issue(s.nonces, s.now, &s.path, (uint8_t *)nonce),
                     AUGER_NONCE_LEN);
    return nonce;
}

static inline void put(uint16_t type, const char *text)
{
    auger_stun_build_bytes(&s.b, type, text, strlen(text));
}

static inline void put_name(const struct asked *a, const char *name)
{
    uint8_t userhash[32];
    const struct auger_bytes pieces[] = {{(const uint8_t *)name, strlen(name)},
                                         {(const uint8_t *)":realm", 6}};

    if (!a->by_hash) {
        put(AUGER_STUN_ATTR_USERNAME, name);
        return;
    }
    assert_int_equal(auger_digest_compute(AUGER_DIGEST_SHA256, pieces, 2, userhash), 0);
    auger_stun_build_bytes(&s.b, AUGER_STUN_ATTR_USERHASH, userhash, sizeof(userhash));
}

static inline void sign(const struct asked *a, const char *name, bool is_sha256)
{
    const char *password = a->password ? a->password : "pass";
    struct auger_user_key key;
    struct auger_stun_key *made;

    assert_int_equal(
        auger_user_key_derive(&key, is_sha256 ? AUGER_STUN_SHA256 : AUGER_STUN_MD5,
                              (struct auger_bytes){(const uint8_t *)name, strlen(name)},
                              (struct auger_bytes){(const uint8_t *)"realm", 5},
                              (struct auger_bytes){(const uint8_t *)password, strlen(password)}),
        0);
    assert_int_equal(auger_stun_key_new(&made, key.bytes, key.len), 0);
    if (a->integrity != SHA256)
        auger_stun_build_integrity(&s.b, made);
    if (a->integrity != SHA1)
        auger_stun_build_integrity_sha256(&s.b, made);
    auger_stun_key_free(made);
}

static inline void build(const struct asked *a)
{
    static const struct auger_stun_tid tid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
    const char *name = a->name ? a->name : "user";
    uint16_t algorithm = a->algorithm ? a->algorithm : AUGER_STUN_SHA256;

    auger_stun_build_begin(&s.b, s.raw, sizeof(s.raw), AUGER_STUN_REQUEST, AUGER_STUN_ALLOCATE,
                           &tid);
    auger_stun_build_u32(&s.b, AUGER_STUN_ATTR_REQUESTED_TRANSPORT, 17u << 24);
    if (!a->no_name)
        put_name(a, name);
    if (!a->no_realm)
        put(AUGER_STUN_ATTR_REALM, a->realm ? a->realm : "realm");
    if (!a->no_nonce)
        put(AUGER_STUN_ATTR_NONCE, a->nonce ? a->nonce : fresh_nonce());
    if (a->has_list)
        auger_stun_build_bytes(&s.b, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS, a->list ? a->list : ours,
                               a->list ? a->list_len : sizeof(ours));
    if (a->has_algorithm)
        auger_stun_build_u32(&s.b, AUGER_STUN_ATTR_PASSWORD_ALGORITHM, (uint32_t)algorithm << 16);
    if (a->integrity != NO_INTEGRITY)
        sign(a, name, a->has_algorithm && algorithm == AUGER_STUN_SHA256);
    if (a->fingerprint)
        auger_stun_build_fingerprint(&s.b);
    int len = auger_stun_build_end(&s.b);
    assert_true(len > 0);
    assert_int_equal(auger_stun_msg_parse(&s.request, s.raw, (size_t)len), 0);
}

static inline enum auger_challenge_verdict judge(void)
{
    auger_proof_fini(&s.proof);
    enum auger_challenge_verdict verdict =
        auger_challenge_judge(&s.c, s.now, NOW_S, &s.path, &s.request, &s.proof);
    assert_int_equal(verdict == AUGER_CHALLENGE_PASSED, s.proof.key != NULL);
    return verdict;
}

static inline enum auger_challenge_verdict ask(const struct asked *a)
{
    build(a);
    return judge();
}

#define ASK(...) ask(&(struct asked){__VA_ARGS__})

static inline void turn_away(enum auger_challenge_verdict verdict)
{
    s.answer_len =
        auger_challenge_refuse(&s.c, s.now, &s.path, &s.request, verdict, s.reply, sizeof(s.reply));
    if (s.answer_len > 0)
        assert_int_equal(auger_stun_msg_parse(&s.answer, s.reply, s.answer_len), 0);
}

#endif
