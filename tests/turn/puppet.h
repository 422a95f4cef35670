/* tests/turn/puppet.h - a client whose server is the test: it reads what the client sends and
 * answers with what it likes, built by the builder of stun/.  To be included first. */
#ifndef TESTS_TURN_PUPPET_H
#define TESTS_TURN_PUPPET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "turn/opaque.h"

#include <auger/stun.h>
#include <auger/turn.h>

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SERVER "198.51.100.53:3478"
#define MAPPED "192.0.2.1:32853"
#define RELAYED "198.51.100.99:50000"
#define RELAYED6 "[2001:db8::99]:50001"
#define PEER "203.0.113.7:7000"
#define PEER6 "[2001:db8::7]:7000"

#define COOKIE_NONE "obMatJos2AAAAnonce"
#define COOKIE_ALGORITHMS "obMatJos2gAAAnonce"
#define COOKIE_BOTH "obMatJos2wAAAnonce"
#define COOKIE_ANONYMITY "obMatJos2QAAAnonce"

/* What the server says of itself when it challenges. */
struct challenge {
    const char *realm, *nonce;
    uint16_t algorithms[4]; /* up to the first 0 */
};

struct puppet {
    struct auger_turn *turn;
    struct auger_turn_config config;
    struct auger_env env;
    struct auger_addr server;
    auger_time now;
    struct auger_stun_key *key; /* NULL: answers carry no integrity */
    bool is_sha256;             /* which integrity */
    uint8_t buf[2048];          /* the last request */
    size_t len;
    struct auger_stun_msg request;
    struct auger_turn_event event; /* the last one */
    struct auger_turn_data data;
    long blocks, bytes; /* of the environment, that live */
    bool no_random;
    uint8_t random; /* what its bytes begin at */
};

static inline struct auger_addr addr_of(const char *text)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse(&addr, text), 0);
    return addr;
}

static inline struct auger_addr tcp_of(const char *text)
{
    struct auger_addr addr = addr_of(text);

    addr.transport = AUGER_TCP;
    return addr;
}

/* --- the environment ---------------------------------------------------------------- */

static inline int puppet_random(void *user, uint8_t *buf, size_t len)
{
    struct puppet *p = user;

    for (size_t i = 0; i < len; i++)
        buf[i] = (uint8_t)(p->random + i);
    p->random++;
    return p->no_random ? AUGER_ERR_ENTROPY : 0;
}

static inline void *puppet_alloc(void *user, size_t size)
{
    struct puppet *p = user;
    size_t *block = calloc(1, sizeof(size_t) * 2 + size);

    block[0] = size;
    p->blocks++;
    p->bytes += (long)size;
    return block + 2;
}

static inline void puppet_release(void *user, void *ptr)
{
    struct puppet *p = user;
    size_t *block = (size_t *)ptr - 2;

    p->blocks--;
    p->bytes -= (long)block[0];
    free(block);
}

/* --- from the client ----------------------------------------------------------------- */

static inline size_t poll_at(struct puppet *p, auger_time now)
{
    p->now = now;
    auger_turn_handle_timeout(p->turn, now);
    p->len = auger_turn_poll_transmit(p->turn, now, p->buf, AUGER_DATAGRAM_MAX);
    if (p->len > 0)
        assert_int_equal(auger_stun_msg_parse(&p->request, p->buf, p->len), 0);
    return p->len;
}

static inline void expect_request(struct puppet *p, uint16_t method)
{
    assert_true(poll_at(p, p->now) > 0);
    assert_int_equal(p->request.class_, AUGER_STUN_REQUEST);
    assert_int_equal(p->request.method, method);
}

static inline void expect_silence(struct puppet *p)
{
    assert_int_equal(poll_at(p, p->now), 0);
}

static inline void expect_event(struct puppet *p, enum auger_turn_event_type type)
{
    assert_true(auger_turn_poll_event(p->turn, &p->event));
    assert_int_equal(p->event.type, type);
}

static inline void expect_no_event(struct puppet *p)
{
    assert_false(auger_turn_poll_event(p->turn, &p->event));
}

static inline void expect_failure(struct puppet *p, enum auger_turn_error error, uint16_t code)
{
    expect_event(p, AUGER_TURN_EVENT_FAILED);
    assert_int_equal(p->event.failed.error, error);
    assert_int_equal(p->event.failed.code, code);
    assert_int_equal(p->event.failed.retry_after, auger_turn_retry_after(error));
    assert_int_equal(auger_turn_state(p->turn), AUGER_TURN_FAILED);
    expect_no_event(p);
}

static inline bool has_text(const struct puppet *p, uint16_t type, const char *text)
{
    struct auger_bytes value;

    return auger_stun_msg_bytes(&p->request, type, &value) && value.len == strlen(text) &&
           memcmp(value.data, text, value.len) == 0;
}

/* Whether the request proves the password, by that attribute and no other. */
static inline bool is_signed(const struct puppet *p)
{
    return p->key && auger_stun_msg_verify(&p->request, p->key) == 0 &&
           (p->request.integrity256_offset != 0) == p->is_sha256 &&
           (p->request.integrity_offset != 0) == !p->is_sha256;
}

/* --- to the client ------------------------------------------------------------------- */

/* An answer while it is written. */
struct answer {
    struct puppet *p;
    uint8_t buf[2048];
    struct auger_stun_builder b;
};

static inline struct auger_stun_builder *begin(struct answer *a, struct puppet *p,
                                               enum auger_stun_class class_)
{
    a->p = p;
    auger_stun_build_begin(&a->b, a->buf, sizeof(a->buf), class_, p->request.method,
                           &p->request.tid);
    return &a->b;
}

static inline enum auger_turn_taken deliver(struct puppet *p, const uint8_t *buf, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees what is read behind it */
    static uint8_t kept[4096];

    if (len)
        memcpy(exact, buf, len);
    enum auger_turn_taken taken =
        auger_turn_handle_datagram(p->turn, p->now, &p->server, exact, len, &p->data);
    if (taken == AUGER_TURN_DATA) {
        assert_in_range((uintptr_t)p->data.bytes.data, (uintptr_t)exact, (uintptr_t)exact + len);
        memcpy(kept, p->data.bytes.data, p->data.bytes.len);
        p->data.bytes.data = kept;
    }
    free(exact);
    return taken;
}

static inline void send_as_it_is(struct answer *a)
{
    int len = auger_stun_build_end(&a->b);

    assert_true(len > 0);
    assert_int_equal(deliver(a->p, a->buf, (size_t)len), AUGER_TURN_CONSUMED);
}

static inline void sign_and_send(struct answer *a)
{
    if (a->p->key && a->p->is_sha256)
        auger_stun_build_integrity_sha256(&a->b, a->p->key);
    else if (a->p->key)
        auger_stun_build_integrity(&a->b, a->p->key);
    send_as_it_is(a);
}

static inline void add_challenge(struct answer *a, const struct challenge *challenge)
{
    uint8_t list[16] = {0};
    size_t len = 0;

    if (challenge->realm)
        auger_stun_build_bytes(&a->b, AUGER_STUN_ATTR_REALM, challenge->realm,
                               strlen(challenge->realm));
    if (challenge->nonce)
        auger_stun_build_bytes(&a->b, AUGER_STUN_ATTR_NONCE, challenge->nonce,
                               strlen(challenge->nonce));
    for (size_t i = 0; i < COUNT(challenge->algorithms) && challenge->algorithms[i]; i++) {
        list[len + 1] = (uint8_t)challenge->algorithms[i];
        len += 4;
    }
    if (len)
        auger_stun_build_bytes(&a->b, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS, list, len);
}

static inline void challenge_with(struct puppet *p, uint16_t code,
                                  const struct challenge *challenge)
{
    struct answer a;

    begin(&a, p, AUGER_STUN_ERROR);
    auger_stun_build_error(&a.b, code);
    add_challenge(&a, challenge);
    send_as_it_is(&a);
}

static inline void refuse(struct puppet *p, uint16_t code)
{
    struct answer a;

    begin(&a, p, AUGER_STUN_ERROR);
    auger_stun_build_error(&a.b, code);
    sign_and_send(&a);
}

static inline void add_addr(struct answer *a, uint16_t type, const char *text)
{
    struct auger_addr addr = addr_of(text);

    auger_stun_build_addr(&a->b, type, &addr);
}

/* NULL: without. */
static inline void grant_with(struct puppet *p, const char *relayed, const char *second,
                              uint32_t lifetime_s)
{
    struct answer a;

    begin(&a, p, AUGER_STUN_SUCCESS);
    if (relayed)
        add_addr(&a, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, relayed);
    if (second)
        add_addr(&a, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, second);
    add_addr(&a, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, MAPPED);
    auger_stun_build_u32(&a.b, AUGER_STUN_ATTR_LIFETIME, lifetime_s);
    sign_and_send(&a);
}

static inline void confirm(struct puppet *p)
{
    struct answer a;

    begin(&a, p, AUGER_STUN_SUCCESS);
    if (p->request.method == AUGER_STUN_REFRESH)
        auger_stun_build_u32(&a.b, AUGER_STUN_ATTR_LIFETIME, 600);
    sign_and_send(&a);
}

/* --- to a point ----------------------------------------------------------------------- */

/* The key of user, "example.org" and secret, as the test computes it. */
static inline void use_key(struct puppet *p, bool is_sha256_key, bool is_sha256)
{
    static const char text[] = "user:example.org:secret";
    const struct auger_bytes piece = {(const uint8_t *)text, sizeof(text) - 1};
    uint8_t secret[32];

    assert_int_equal(auger_digest_compute(is_sha256_key ? AUGER_DIGEST_SHA256 : AUGER_DIGEST_MD5,
                                          &piece, 1, secret),
                     0);
    auger_stun_key_free(p->key);
    assert_int_equal(auger_stun_key_new(&p->key, secret, is_sha256_key ? 32 : 16), 0);
    p->is_sha256 = is_sha256;
}

/* Whether names and passwords beyond ASCII can be prepared. */
static inline bool is_built_with_unicode(void)
{
    uint8_t out[8];

    return auger_opaque_prepare((const uint8_t *)"\xC3\xA9", 2, out, sizeof(out)) == 2;
}

static inline void puppet_start(struct puppet *p)
{
    p->server = p->config.server;
    assert_int_equal(auger_turn_new(&p->turn, &p->env, p->now, &p->config), 0);
}

static inline struct puppet *puppet_prepare(void)
{
    struct puppet *p = calloc(1, sizeof(*p));

    p->env = (struct auger_env){
        .user = p, .random = puppet_random, .alloc = puppet_alloc, .release = puppet_release};
    auger_turn_config_init(&p->config);
    p->config.server = addr_of(SERVER);
    p->config.username = "user";
    p->config.password = "secret";
    p->now = 1000 * AUGER_SEC;
    return p;
}

static inline struct puppet *puppet_new(void)
{
    struct puppet *p = puppet_prepare();

    puppet_start(p);
    return p;
}

static const struct challenge plain_challenge = {.realm = "example.org", .nonce = "1"};

/* Asked once without and once with credentials: the request with them is what was read. */
static inline void puppet_authenticate(struct puppet *p)
{
    expect_request(p, AUGER_STUN_ALLOCATE);
    challenge_with(p, AUGER_STUN_UNAUTHENTICATED, &plain_challenge);
    use_key(p, false, false);
    expect_request(p, AUGER_STUN_ALLOCATE);
    assert_true(is_signed(p));
}

static inline void puppet_allocate(struct puppet *p)
{
    puppet_authenticate(p);
    grant_with(p, RELAYED, p->config.families == AUGER_TURN_BOTH ? RELAYED6 : NULL, 600);
    expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
    expect_no_event(p);
}

static inline struct puppet *puppet_allocated(void)
{
    struct puppet *p = puppet_new();

    puppet_allocate(p);
    return p;
}

static inline void puppet_permit(struct puppet *p, const char *text)
{
    struct auger_addr peer = addr_of(text);

    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), 0);
    expect_request(p, AUGER_STUN_CREATE_PERMISSION);
    confirm(p);
    expect_event(p, AUGER_TURN_EVENT_PERMITTED);
    assert_true(auger_addr_equal(&p->event.peer.addr, &peer));
}

/* Its last request has such an attribute. */
static inline bool puppet_asks(const struct puppet *p, uint16_t type)
{
    return auger_stun_msg_has(&p->request, type);
}

static inline void puppet_free(struct puppet *p)
{
    auger_turn_free(p->turn);
    assert_int_equal(p->blocks, 0);
    auger_stun_key_free(p->key);
    free(p);
}

#endif /* TESTS_TURN_PUPPET_H */
