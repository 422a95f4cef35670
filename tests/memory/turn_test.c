/* Memory runs out under <auger/turn.h>: a client from its first request to its release. */
#include "tests/memory/env.h"
#include "tests/memory/sweep.h"

#include <auger/stun.h>
#include <auger/turn.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BLOCKS_MAX 400
#define ATTEMPTS 4 /* an answer or a request may be lost for want of memory */

static struct {
    struct auger_turn *turn;
    struct auger_stun_key *key;
    auger_time now;
    struct auger_addr server, peer, relayed;
    uint8_t question[AUGER_DATAGRAM_MAX], answer[AUGER_DATAGRAM_MAX];
} s;

static enum auger_turn_taken hear(size_t len, struct auger_turn_data *data)
{
    return (enum auger_turn_taken)SWEPT(
        auger_turn_handle_datagram(s.turn, s.now, &s.server, s.answer, len, data));
}

/* A 401 to what has no credentials, else what was asked for. */
static void answer(size_t question_len)
{
    struct auger_stun_msg msg;
    struct auger_stun_builder b;
    struct auger_turn_data data;

    assert_int_equal(auger_stun_msg_parse(&msg, s.question, question_len), 0);
    bool is_known = auger_stun_msg_has(&msg, AUGER_STUN_ATTR_NONCE);
    auger_stun_build_begin(&b, s.answer, sizeof(s.answer),
                           is_known ? AUGER_STUN_SUCCESS : AUGER_STUN_ERROR, msg.method, &msg.tid);
    if (!is_known) {
        auger_stun_build_error(&b, AUGER_STUN_UNAUTHENTICATED);
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_REALM, "realm", 5);
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_NONCE, "obMatJos2QAAA", 13);
    } else {
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &s.relayed);
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &s.relayed);
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_LIFETIME, 600);
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_MOBILITY_TICKET, "ticket", 6);
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_CONNECTION_ID, 7);
        auger_stun_build_integrity(&b, s.key);
    }
    assert_int_equal(hear((size_t)auger_stun_build_end(&b), &data), AUGER_TURN_CONSUMED);
}

/* Until nothing is asked any more, or it is over. */
static int settle(void)
{
    for (int i = 0; i < 4 * ATTEMPTS; i++) {
        size_t len = (size_t)SWEPT(
            (long)auger_turn_poll_transmit(s.turn, s.now, s.question, sizeof(s.question)));
        if (len > 0) {
            answer(len);
        } else {
            auger_time next = (auger_time)SWEPT(auger_turn_next_timeout(s.turn));
            if (next > s.now + 20 * AUGER_SEC)
                break;
            s.now = next;
            SWEPT_VOID(auger_turn_handle_timeout(s.turn, s.now));
        }
    }
    return auger_turn_state(s.turn) == AUGER_TURN_FAILED ? AUGER_ERR_NO_MEMORY : 0;
}

static int send_and_receive(void)
{
    struct auger_turn_data data;
    struct auger_stun_builder b;
    const struct auger_stun_tid tid = {{1}};

    int err = (int)SWEPT(auger_turn_write(s.turn, s.now, &s.peer, (const uint8_t *)"hi", 2,
                                          s.question, sizeof(s.question)));
    if (err < 0)
        return err;
    auger_stun_build_begin(&b, s.answer, sizeof(s.answer), AUGER_STUN_INDICATION, AUGER_STUN_DATA,
                           &tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &s.peer);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_DATA, "hi", 2);
    assert_int_equal(hear((size_t)auger_stun_build_end(&b), &data), AUGER_TURN_DATA);
    assert_true(SWEPT(auger_turn_is_permitted(s.turn, s.now, &s.peer)));
    return 0;
}

static int session(void)
{
    struct auger_turn_event event;

    int err = settle();
    if (err == 0)
        err = (int)SWEPT(auger_turn_permit(s.turn, s.now, &s.peer));
    if (err == 0)
        err = (int)SWEPT(auger_turn_bind_channel(s.turn, s.now, &s.peer));
    if (err == 0)
        err = settle();
    if (err == 0)
        err = send_and_receive();
    if (err == 0)
        err = (int)SWEPT(auger_turn_move(s.turn, s.now));
    if (err == 0)
        err = settle();
    SWEPT_VOID(auger_turn_forget(s.turn, &s.peer));
    SWEPT_VOID(auger_turn_release(s.turn, s.now));
    if (err == 0)
        err = settle();
    while (SWEPT(auger_turn_poll_event(s.turn, &event)))
        if (event.type == AUGER_TURN_EVENT_FAILED)
            assert_int_equal(event.failed.error, AUGER_TURN_ERROR_RESOURCES);
    return err;
}

static int live(void)
{
    struct auger_turn_config config;

    SWEPT_VOID(auger_turn_config_init(&config));
    config.server = s.server;
    config.username = "user";
    config.password = "pass";
    config.mobility = true;
    s.now = AUGER_SEC;
    s.turn = NULL;
    int err = (int)SWEPT(auger_turn_new(&s.turn, &env, s.now, &config));
    if (err < 0) {
        assert_null(s.turn);
        return err;
    }
    err = session();
    SWEPT_VOID(auger_turn_free(s.turn));
    return err;
}

/* One to a peer, whose stream says what it has to. */
static int connect_and_fetch(void)
{
    struct auger_turn_event event;
    struct auger_stun_msg msg;
    struct auger_stun_builder b;

    int err = (int)SWEPT(auger_turn_connect(s.turn, s.now, &s.peer));
    if (err == 0)
        err = settle();
    if (err == 0)
        err = (int)SWEPT(auger_turn_bind_connection(s.turn, s.now, 7));
    if (err < 0)
        /* A request was lost, which a stream does not repeat, or its answer was. */
        return err == AUGER_ERR_NOT_FOUND || err == AUGER_ERR_STATE ? AUGER_ERR_NO_MEMORY : err;
    size_t len = (size_t)SWEPT(
        (long)auger_turn_connection_transmit(s.turn, s.now, 7, s.question, sizeof(s.question)));
    if (len == 0)
        return AUGER_ERR_NO_MEMORY;
    assert_int_equal(auger_stun_msg_parse(&msg, s.question, len), 0);
    auger_stun_build_begin(&b, s.answer, sizeof(s.answer), AUGER_STUN_SUCCESS, msg.method,
                           &msg.tid);
    auger_stun_build_integrity(&b, s.key);
    len = (size_t)auger_stun_build_end(&b);
    assert_true(SWEPT(auger_turn_connection_handle(s.turn, s.now, 7, s.answer, len)));
    while (SWEPT(auger_turn_poll_event(s.turn, &event)))
        if (event.type == AUGER_TURN_EVENT_NOT_CONNECTED)
            return AUGER_ERR_NO_MEMORY;
    SWEPT_VOID(auger_turn_connection_closed(s.turn, 7));
    return 0;
}

static int live_by_tcp(void)
{
    struct auger_turn_config config;

    SWEPT_VOID(auger_turn_config_init(&config));
    s.server.transport = s.peer.transport = AUGER_TCP;
    config.server = s.server;
    config.username = "user";
    config.password = "pass";
    config.tcp_relay = true;
    s.now = AUGER_SEC;
    s.turn = NULL;
    int err = (int)SWEPT(auger_turn_new(&s.turn, &env, s.now, &config));
    if (err == 0)
        err = settle();
    if (err == 0)
        err = connect_and_fetch();
    SWEPT_VOID(auger_turn_free(s.turn));
    s.server.transport = s.peer.transport = AUGER_UDP;
    return err;
}

static int make_credentials(void)
{
    struct auger_turn_rest rest = {.username = ""};
    int err = (int)SWEPT(auger_turn_rest_make(&rest, AUGER_TURN_REST_SHA1, (const uint8_t *)"k", 1,
                                              1700000000, "alice"));

    assert_true((err == 0) == (rest.username[0] != '\0'));
    return err;
}

/* Does all with the n-th block missing for every n, until none is.  Whatever comes of it,
 * nothing is left behind, and the next attempt works. */
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

static void test_a_client_from_beginning_to_end(void **state)
{
    (void)state;
    static const uint8_t secret[16] = {0x84, 0x93, 0xfb, 0xc5, 0x3b, 0xa5, 0x82, 0xfb,
                                       0x4c, 0x04, 0x4c, 0x45, 0x6b, 0xdc, 0x40, 0xeb};

    assert_int_equal(auger_addr_parse(&s.server, "198.51.100.1:3478"), 0);
    assert_int_equal(auger_addr_parse(&s.relayed, "198.51.100.1:50000"), 0);
    assert_int_equal(auger_addr_parse(&s.peer, "203.0.113.7:7000"), 0);
    assert_int_equal(auger_stun_key_new(&s.key, secret, sizeof(secret)), 0);
    assert_true(sweep_all(live) > 10);
    assert_true(sweep_all(live_by_tcp) > 5);
    auger_stun_key_free(s.key);
}

static void test_time_limited_credentials(void **state)
{
    (void)state;
    assert_true(sweep_all(make_credentials) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_client_from_beginning_to_end),
        cmocka_unit_test(test_time_limited_credentials),
    };
    return sweep_openssl() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
