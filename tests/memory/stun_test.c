/* Memory runs out under <auger/stun.h>: keys, messages with integrity, the Binding client; and
 * under <auger/stun_discovery.h>. */
#include "tests/memory/env.h"
#include "tests/memory/sweep.h"

#include <auger/stun.h>
#include <auger/stun_discovery.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BLOCKS_MAX 100

static const uint8_t secret[] = "VOkJxbRl1RmTxUk/WvJxBt";
static const struct auger_stun_tid tid = {{1, 2, 3}};
/* Does all with the n-th block missing for every n, until none is.  Each fails, and the next
 * attempt works; nothing is left behind.  Returns how many blocks there were. */
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

static int make_key(void)
{
    struct auger_stun_key *key = NULL;
    int err = (int)SWEPT(auger_stun_key_new(&key, secret, sizeof(secret) - 1));

    assert_true(err == 0 || !key);
    SWEPT_VOID(auger_stun_key_free(key));
    return err;
}

static void test_a_key(void **state)
{
    (void)state;
    assert_true(sweep_all(make_key) > 4);
}

/* --- messages ----------------------------------------------------------------------------- */

static struct auger_stun_key *key;

static int build(uint8_t *buf, size_t cap)
{
    struct auger_stun_builder b;

    SWEPT_VOID(auger_stun_build_begin(&b, buf, cap, AUGER_STUN_REQUEST, AUGER_STUN_BINDING, &tid));
    SWEPT_VOID(auger_stun_build_integrity(&b, key));
    SWEPT_VOID(auger_stun_build_integrity_sha256(&b, key));
    SWEPT_VOID(auger_stun_build_fingerprint(&b));
    return (int)SWEPT(auger_stun_build_end(&b));
}

static int build_a_message(void)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    int len = build(buf, sizeof(buf));

    return len < 0 ? len : 0;
}

static uint8_t message[AUGER_DATAGRAM_MAX];
static size_t message_len;

static int verify_a_message(void)
{
    struct auger_stun_msg msg;

    assert_true(SWEPT(auger_stun_is_message(message, message_len)));
    assert_int_equal(SWEPT(auger_stun_msg_parse(&msg, message, message_len)), 0);
    assert_true(SWEPT(auger_stun_msg_fingerprint_ok(&msg)));
    int err = (int)SWEPT(auger_stun_msg_verify(&msg, key));
    if (err == 0)
        err = (int)SWEPT(auger_stun_msg_verify_truncated(&msg, key, 16));
    return err;
}

/* What is computed with memory that was missing passes for no integrity. */
static void test_messages_with_integrity(void **state)
{
    (void)state;
    assert_int_equal(auger_stun_key_new(&key, secret, sizeof(secret) - 1), 0);
    sweep_all(build_a_message);
    message_len = (size_t)build(message, sizeof(message));
    sweep_all(verify_a_message);

    message[30] ^= 1; /* of the integrity */
    struct auger_stun_msg msg;
    assert_int_equal(auger_stun_msg_parse(&msg, message, message_len), 0);
    for (unsigned long n = 1; n < 10; n++) {
        sweep_begin(n);
        assert_true(SWEPT(auger_stun_msg_verify(&msg, key)) < 0);
        (void)sweep_end();
    }
    auger_stun_key_free(key);
}

/* --- the Binding client and server ----------------------------------------------------------- */

static int ask(void)
{
    struct auger_addr server, mapped = {0};
    struct auger_stun_client *client = NULL;
    uint8_t question[AUGER_DATAGRAM_MAX], answer[AUGER_DATAGRAM_MAX];

    assert_int_equal(auger_addr_parse(&server, "198.51.100.1:3478"), 0);
    assert_int_equal(auger_addr_parse(&mapped, "203.0.113.7:7777"), 0);
    int err = (int)SWEPT(auger_stun_client_new(&client, &env, AUGER_SEC, &server));
    if (err < 0) {
        assert_null(client);
        return err;
    }
    size_t len = (size_t)SWEPT(
        (long)auger_stun_client_poll_transmit(client, AUGER_SEC, question, sizeof(question)));
    len = (size_t)SWEPT(
        (long)auger_stun_server_answer(&mapped, question, len, answer, sizeof(answer)));
    SWEPT_VOID(auger_stun_client_handle_timeout(client, AUGER_SEC));
    SWEPT_VOID((void)auger_stun_client_next_timeout(client));
    assert_true(SWEPT(auger_stun_client_handle_datagram(client, &server, answer, len)));
    assert_int_equal(SWEPT(auger_stun_client_state(client)), AUGER_STUN_CLIENT_ANSWERED);
    SWEPT_VOID((void)auger_stun_client_error_code(client));
    assert_true(auger_addr_equal(auger_stun_client_mapped(client), &mapped));
    SWEPT_VOID(auger_stun_client_free(client));
    return 0;
}

static void test_the_binding_client_takes_one_block(void **state)
{
    (void)state;
    assert_int_equal(sweep_all(ask), 1);
}

/* --- the discovery of a NAT's behaviour ----------------------------------------------------------
 */

static int discover(void)
{
    struct auger_addr locals[AUGER_DISCOVERY_SOCKETS], server;
    struct auger_discovery *discovery = NULL;
    struct auger_discovery_config config;
    struct auger_discovery_report report;
    struct auger_discovery_event event;
    struct auger_discovery_way way;
    uint8_t question[AUGER_DISCOVERY_DATAGRAM_MAX], answer[AUGER_DATAGRAM_MAX];

    assert_int_equal(auger_addr_parse(&server, "198.51.100.1:3478"), 0);
    for (size_t i = 0; i < AUGER_DISCOVERY_SOCKETS; i++)
        assert_int_equal(auger_addr_parse(&locals[i], "192.168.1.2:4000"), 0);
    SWEPT_VOID(auger_discovery_config_init(&config));
    config.locals = locals;
    config.locals_len = AUGER_DISCOVERY_SOCKETS;
    config.servers = &server;
    config.servers_len = 1;
    int err = (int)SWEPT(auger_discovery_new(&discovery, &env, AUGER_SEC, &config));
    if (err < 0) {
        assert_null(discovery);
        return err;
    }
    size_t len = (size_t)SWEPT((long)auger_discovery_poll_transmit(discovery, AUGER_SEC, &way,
                                                                   question, sizeof(question)));
    len = auger_stun_server_answer(&locals[0], question, len, answer, sizeof(answer));
    SWEPT_VOID(
        auger_discovery_handle_datagram(discovery, AUGER_SEC, way.socket, &server, answer, len));
    SWEPT_VOID(auger_discovery_handle_timeout(discovery, AUGER_SEC));
    SWEPT_VOID((void)auger_discovery_next_timeout(discovery));
    assert_true(SWEPT(auger_discovery_poll_event(discovery, &event)));
    SWEPT_VOID(auger_discovery_get_report(discovery, &report));
    assert_int_equal(report.is_translated, AUGER_DISCOVERY_NO);
    assert_int_equal(SWEPT(auger_discovery_outlook(&report, AUGER_DISCOVERY_OTHER_OPEN)),
                     AUGER_DISCOVERY_OUTLOOK_DIRECT);
    SWEPT_VOID(auger_discovery_free(discovery));
    return 0;
}

static void test_a_discovery_takes_one_block(void **state)
{
    (void)state;
    assert_int_equal(sweep_all(discover), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key),
        cmocka_unit_test(test_messages_with_integrity),
        cmocka_unit_test(test_the_binding_client_takes_one_block),
        cmocka_unit_test(test_a_discovery_takes_one_block),
    };
    return sweep_openssl() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
