/* Memory runs out under what guards a TURN server: nonces, the policy of peers, the limit of
 * replies, users, and the judgement of a request. */
#include "tests/memory/env.h"
#include "tests/memory/sweep.h"

#include "turn/challenge.h"
#include "turn/peer_policy.h"
#include "turn/reply_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define BLOCKS_MAX 600
#define USERS 40 /* so that tables grow */

static const uint8_t secret[AUGER_NONCE_SECRET_LEN] = {1};

static struct {
    struct auger_path path;
    struct auger_addr peer;
    struct auger_challenger c;
    uint8_t request[1024], reply[1024];
    size_t len;
} s;

/* --- the policy of peers, the limit of replies -------------------------------------------- */

static int judge_peers(void)
{
    struct auger_turn_held_ports *held = NULL;
    struct auger_peer_policy *policy = NULL;
    char range[32];

    int err = (int)SWEPT(auger_peer_policy_new(&policy, &env));
    for (int i = 0; err == 0 && i < 100; i++) {
        snprintf(range, sizeof(range), "10.0.%d.0/24", i);
        err = (int)SWEPT(auger_peer_policy_allow(policy, range));
    }
    if (err == 0)
        err = (int)SWEPT(auger_peer_policy_deny(policy, "8.0.0.0/8"));
    if (err == 0)
        err = (int)SWEPT(auger_peer_policy_add_own(policy, &s.path.local));
    if (err == 0)
        err = (int)SWEPT(auger_turn_held_ports_new(&held, &env));
    if (err == 0)
        err = (int)SWEPT(auger_peer_policy_add_relay(policy, &s.path.local));
    if (err == 0) {
        SWEPT_VOID(auger_peer_policy_let_relays_meet(policy, held));
        assert_int_equal(SWEPT(auger_peer_policy_judge_heard(policy, &s.peer)), AUGER_PEER_LISTED);
        assert_int_equal(SWEPT(auger_peer_policy_judge(policy, &s.peer)), AUGER_PEER_LISTED);
        assert_int_equal(SWEPT(auger_peer_policy_judge_ip(policy, &s.peer)), AUGER_PEER_LISTED);
    }
    SWEPT_VOID(auger_peer_policy_free(policy));
    SWEPT_VOID(auger_turn_held_ports_free(held));
    return err;
}

/* Whatever is missing, no more is granted than is due. */
static int limit_replies(void)
{
    struct auger_reply_limit_config config;
    struct auger_reply_limit *limit = NULL;
    int granted = 0;

    auger_reply_limit_config_init(&config);
    config.cells = 64;
    int err = (int)SWEPT(auger_reply_limit_new(&limit, &env, &config));
    for (int i = 0; err == 0 && i < 20; i++)
        granted += SWEPT(auger_reply_limit_take(limit, AUGER_SEC, &s.path.remote)) != 0;
    assert_true(granted <= 10 && (err < 0 || granted == 10 || sweep.fails_at));
    SWEPT_VOID(auger_reply_limit_free(limit));
    return err;
}

/* --- a request ------------------------------------------------------------------------------ */

static void build_request(const uint8_t nonce[AUGER_NONCE_LEN])
{
    static const uint8_t rfc_key[16] = {0x84, 0x93, 0xfb, 0xc5, 0x3b, 0xa5, 0x82, 0xfb,
                                        0x4c, 0x04, 0x4c, 0x45, 0x6b, 0xdc, 0x40, 0xeb};
    struct auger_stun_builder b;
    struct auger_stun_key *key;

    assert_int_equal(auger_stun_key_new(&key, rfc_key, sizeof(rfc_key)), 0);
    auger_stun_build_begin(&b, s.request, sizeof(s.request), AUGER_STUN_REQUEST,
                           AUGER_STUN_ALLOCATE, &(struct auger_stun_tid){{1}});
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USERNAME, "user", 4);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_REALM, "realm", 5);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_NONCE, nonce, AUGER_NONCE_LEN);
    auger_stun_build_integrity(&b, key);
    s.len = (size_t)auger_stun_build_end(&b);
    auger_stun_key_free(key);
}

static int judge_request(void)
{
    struct auger_stun_msg msg;
    struct auger_proof proof;

    assert_int_equal(auger_stun_msg_parse(&msg, s.request, s.len), 0);
    long verdict = SWEPT(auger_challenge_judge(&s.c, AUGER_SEC, 0, &s.path, &msg, &proof));
    SWEPT_VOID(auger_proof_fini(&proof));
    if (verdict == AUGER_CHALLENGE_PASSED)
        verdict = SWEPT(auger_challenge_judge_by(&s.c, AUGER_SEC, &s.path, &msg, "pass", &proof));
    SWEPT_VOID(auger_proof_fini(&proof));
    size_t len = (size_t)SWEPT((long)auger_challenge_refuse(
        &s.c, AUGER_SEC, &s.path, &msg, AUGER_CHALLENGE_ABSENT, s.reply, sizeof(s.reply)));
    return verdict == AUGER_CHALLENGE_PASSED && len > 0 ? 0 : AUGER_ERR_NO_MEMORY;
}

static int add_all(struct auger_user_keys *keys)
{
    char name[16];
    int err = (int)SWEPT(auger_user_keys_add(keys, "user", "pass"));

    for (int i = 0; err == 0 && i < USERS; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        err = (int)SWEPT(auger_user_keys_add(keys, name, "pass"));
    }
    if (err == 0)
        err = (int)SWEPT(
            auger_user_keys_add_secret(keys, AUGER_TURN_REST_SHA256, secret, sizeof(secret)));
    if (err == 0)
        err = (int)SWEPT(auger_user_keys_remove(keys, "user7"));
    return err;
}

static int challenge(void)
{
    uint8_t nonce[AUGER_NONCE_LEN];

    s.c = (struct auger_challenger){0};
    int err = (int)SWEPT(auger_user_keys_new(&s.c.keys, &env, "realm", 100));
    if (err == 0)
        err = (int)SWEPT(auger_nonces_new(&s.c.nonces, &env, secret, AUGER_NONCE_LIFETIME,
                                          AUGER_NONCE_PASSWORD_ALGORITHMS));
    if (err == 0)
        err = add_all(s.c.keys);
    if (err == 0)
        err = (int)SWEPT(auger_nonces_issue_short(s.c.nonces, AUGER_SEC, &s.path, nonce));
    if (err >= 0)
        err = (int)SWEPT(auger_nonces_issue(s.c.nonces, AUGER_SEC, &s.path, nonce));
    if (err >= 0) {
        build_request(nonce);
        err = judge_request();
    }
    SWEPT_VOID(auger_nonces_free(s.c.nonces));
    SWEPT_VOID(auger_user_keys_free(s.c.keys));
    return err;
}

/* --- the sweep ------------------------------------------------------------------------------- */

static unsigned long sweep_all(int (*work)(void))
{
    unsigned long n = 0;
    bool failed;

    assert_int_equal(work(), 0);
    long blocks = sweep.openssl_blocks;
    do {
        sweep_begin(++n);
        int err = work();
        failed = sweep_end();
        assert_true(err == 0 || failed);
        assert_true(err == 0 || err == AUGER_ERR_NO_MEMORY || err == AUGER_ERR_CRYPTO);
        assert_int_equal(env_blocks, 0);
        assert_int_equal(work(), 0);
        assert_true(sweep.openssl_blocks <= blocks);
    } while (failed && n < BLOCKS_MAX);
    assert_true(n < BLOCKS_MAX);
    return n - 1;
}

static void test_the_policy_of_peers(void **state)
{
    (void)state;
    assert_true(sweep_all(judge_peers) >= 5);
}

static void test_the_limit_of_replies(void **state)
{
    (void)state;
    assert_true(sweep_all(limit_replies) >= 3);
}

static void test_the_judgement_of_a_request(void **state)
{
    (void)state;
    assert_true(sweep_all(challenge) > USERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_policy_of_peers),
        cmocka_unit_test(test_the_limit_of_replies),
        cmocka_unit_test(test_the_judgement_of_a_request),
    };
    if (auger_addr_parse(&s.path.local, "9.9.9.9:3478") < 0 ||
        auger_addr_parse(&s.path.remote, "1.1.1.1:1000") < 0 ||
        auger_addr_parse(&s.peer, "8.8.8.8:1000") < 0)
        return 1;
    return sweep_openssl() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
