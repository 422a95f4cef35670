/* Memory runs out under <auger/turn_server.h>: a server from its first user to the end of its
 * last allocation. */
#include "tests/memory/sweep.h"

#include <auger/turn_server.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BLOCKS_MAX 600

static long env_blocks;

static int fill(void *user, uint8_t *buf, size_t len)
{
    static uint32_t next = 1;

    (void)user;
    for (size_t i = 0; i < len; i++) {
        next = next * 1664525 + 1013904223;
        buf[i] = (uint8_t)(next >> 24);
    }
    return 0;
}

static void *take(void *user, size_t size)
{
    void *block = calloc(1, size);

    (void)user;
    env_blocks += block != NULL;
    return block;
}

static void give_back(void *user, void *block)
{
    (void)user;
    env_blocks--;
    free(block);
}

static const struct auger_env env = {.random = fill, .alloc = take, .release = give_back};

static struct {
    struct auger_turn_server *server;
    struct auger_stun_key *key; /* of user, realm and pass */
    auger_time now;
    struct auger_addr listeners[2], peer;
    struct auger_path path;
    struct auger_turn_server_relay_ip relay_ip;
    uint8_t question[512], reply[AUGER_TURN_SERVER_REPLY_MAX];
    uint8_t nonce[128], ticket[64];
    size_t nonce_len, ticket_len;
    struct auger_stun_builder b;
    struct auger_turn_server_out out;
    struct auger_stun_msg answer;
    uint32_t relay, protocol;
} s;

/* --- one request ------------------------------------------------------------------------ */

static struct auger_stun_builder *begin(enum auger_stun_class class_, uint16_t method)
{
    struct auger_stun_tid tid;

    fill(NULL, tid.bytes, sizeof(tid.bytes));
    auger_stun_build_begin(&s.b, s.question, sizeof(s.question), class_, method, &tid);
    if (method == AUGER_STUN_ALLOCATE)
        auger_stun_build_u32(&s.b, AUGER_STUN_ATTR_REQUESTED_TRANSPORT, s.protocol << 24);
    return &s.b;
}

static void open_relays(void)
{
    while (s.out.what == AUGER_TURN_SERVER_OPEN_RELAY) {
        s.relay = s.out.relay;
        SWEPT_VOID(auger_turn_server_relay_opened(s.server, s.now, s.out.relay, 0, s.reply,
                                                  sizeof(s.reply), &s.out));
    }
}

/* 0: success; AUGER_ERR_NO_MEMORY: any other answer, or none. */
static int outcome(void)
{
    open_relays();
    if (s.out.what != AUGER_TURN_SERVER_TO_CLIENT || s.out.bytes.data != s.reply)
        return AUGER_ERR_NO_MEMORY;
    assert_int_equal(auger_stun_msg_parse(&s.answer, s.reply, s.out.bytes.len), 0);
    return s.answer.class_ == AUGER_STUN_SUCCESS ? 0 : AUGER_ERR_NO_MEMORY;
}

static void send_bare(void)
{
    int len = auger_stun_build_end(&s.b);

    assert_true(len > 0);
    SWEPT_VOID(auger_turn_server_handle_client(s.server, s.now, &s.path, s.question, (size_t)len,
                                               s.reply, sizeof(s.reply), &s.out));
}

static void sign(const char *name)
{
    auger_stun_build_bytes(&s.b, AUGER_STUN_ATTR_USERNAME, name, 4);
    auger_stun_build_bytes(&s.b, AUGER_STUN_ATTR_REALM, "realm", 5);
    auger_stun_build_bytes(&s.b, AUGER_STUN_ATTR_NONCE, s.nonce, s.nonce_len);
    auger_stun_build_integrity(&s.b, s.key);
}

static int ask(void)
{
    sign("user");
    send_bare();
    return outcome();
}

static int learn_nonce(uint16_t port)
{
    struct auger_bytes nonce;

    s.path.remote.port = port;
    begin(AUGER_STUN_REQUEST, AUGER_STUN_ALLOCATE);
    send_bare();
    outcome();
    if (s.out.what != AUGER_TURN_SERVER_TO_CLIENT ||
        !auger_stun_msg_bytes(&s.answer, AUGER_STUN_ATTR_NONCE, &nonce))
        return AUGER_ERR_NO_MEMORY;
    memcpy(s.nonce, nonce.data, nonce.len);
    s.nonce_len = nonce.len;
    return 0;
}

/* --- a life ------------------------------------------------------------------------------- */

static int allocate(void)
{
    const uint8_t reserve = 0x80;
    struct auger_bytes ticket;

    int err = learn_nonce(5000);
    if (err < 0)
        return err;
    begin(AUGER_STUN_REQUEST, AUGER_STUN_ALLOCATE);
    auger_stun_build_bytes(&s.b, AUGER_STUN_ATTR_EVEN_PORT, &reserve, 1);
    auger_stun_build_bytes(&s.b, AUGER_STUN_ATTR_MOBILITY_TICKET, NULL, 0);
    err = ask();
    if (err < 0)
        return err;
    s.relay &= ~1u; /* the first of the pair */
    assert_true(auger_stun_msg_bytes(&s.answer, AUGER_STUN_ATTR_MOBILITY_TICKET, &ticket));
    memcpy(s.ticket, ticket.data, ticket.len);
    s.ticket_len = ticket.len;
    return 0;
}

static int permit_and_bind(void)
{
    begin(AUGER_STUN_REQUEST, AUGER_STUN_CREATE_PERMISSION);
    auger_stun_build_addr(&s.b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &s.peer);
    int err = ask();
    if (err < 0)
        return err;
    begin(AUGER_STUN_REQUEST, AUGER_STUN_CHANNEL_BIND);
    auger_stun_build_u32(&s.b, AUGER_STUN_ATTR_CHANNEL_NUMBER, 0x40000000);
    auger_stun_build_addr(&s.b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &s.peer);
    return ask();
}

static void relay_data(void)
{
    uint8_t room[AUGER_TURN_OVERHEAD + 4 + AUGER_TURN_SERVER_TAIL] = {0};
    static const uint8_t channel_data[] = {0x40, 0, 0, 1, 'x'};

    SWEPT_VOID(auger_turn_server_handle_client(s.server, s.now, &s.path, channel_data,
                                               sizeof(channel_data), s.reply, sizeof(s.reply),
                                               &s.out));
    assert_int_equal(s.out.what, AUGER_TURN_SERVER_TO_PEER);
    SWEPT_VOID(auger_turn_server_handle_peer(s.server, s.now, s.out.relay, &s.peer,
                                             room + AUGER_TURN_OVERHEAD, 4, &s.out));
    assert_int_equal(s.out.what, AUGER_TURN_SERVER_TO_CLIENT);
    SWEPT_VOID(auger_turn_server_handle_icmp(s.server, s.now, s.relay, &s.peer, 3, 3, 0, s.reply,
                                             sizeof(s.reply), &s.out));
}

static int move_on(void)
{
    int err = learn_nonce(5001);

    if (err < 0)
        return err;
    begin(AUGER_STUN_REQUEST, AUGER_STUN_REFRESH);
    auger_stun_build_bytes(&s.b, AUGER_STUN_ATTR_MOBILITY_TICKET, s.ticket, s.ticket_len);
    return ask();
}

static int ask_program(void)
{
    int err = learn_nonce(5002);

    if (err < 0)
        return err;
    begin(AUGER_STUN_REQUEST, AUGER_STUN_ALLOCATE);
    sign("who?");
    send_bare();
    if (s.out.what != AUGER_TURN_SERVER_NEEDS_KEY)
        return AUGER_ERR_NO_MEMORY;
    SWEPT_VOID(auger_turn_server_answer_key(s.server, s.now, s.out.ticket, "pass", s.reply,
                                            sizeof(s.reply), &s.out));
    return 0;
}

/* A connection that a client asked for, one that a peer has made, and the ends of both. */
static int connect_and_bind(void)
{
    begin(AUGER_STUN_REQUEST, AUGER_STUN_CONNECT);
    auger_stun_build_addr(&s.b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &s.peer);
    sign("user");
    send_bare();
    if (s.out.what != AUGER_TURN_SERVER_CONNECT)
        return AUGER_ERR_NO_MEMORY;
    uint32_t connection = s.out.connection;
    SWEPT_VOID(auger_turn_server_peer_connected(s.server, s.now, connection, 0, s.reply,
                                                sizeof(s.reply), &s.out));
    int err = outcome();
    if (err == 0)
        err = learn_nonce(5004);
    if (err < 0)
        return err;
    begin(AUGER_STUN_REQUEST, AUGER_STUN_CONNECTION_BIND);
    auger_stun_build_u32(&s.b, AUGER_STUN_ATTR_CONNECTION_ID, connection);
    sign("user");
    send_bare();
    if (s.out.what != AUGER_TURN_SERVER_SPLICE)
        return AUGER_ERR_NO_MEMORY;
    assert_true(SWEPT(auger_turn_server_carry(s.server, s.now, connection, true, 5)) <= s.now);
    SWEPT_VOID(auger_turn_server_peer_closed(s.server, s.now, connection));
    return 0;
}

static int relay_tcp(void)
{
    s.path.local = s.listeners[1];
    s.path.remote.transport = AUGER_TCP;
    s.protocol = 6;
    int err = learn_nonce(5003);
    if (err < 0)
        return err;
    begin(AUGER_STUN_REQUEST, AUGER_STUN_ALLOCATE);
    err = ask();
    if (err < 0)
        return err;
    begin(AUGER_STUN_REQUEST, AUGER_STUN_CREATE_PERMISSION);
    auger_stun_build_addr(&s.b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &s.peer);
    err = ask();
    if (err < 0)
        return err;
    struct auger_addr from = s.peer;
    from.port++;
    SWEPT_VOID(auger_turn_server_peer_accepted(s.server, s.now, s.relay, &from, s.reply,
                                               sizeof(s.reply), &s.out));
    return s.out.connection ? connect_and_bind() : AUGER_ERR_NO_MEMORY;
}

static int session(void)
{
    int err = allocate();

    if (err == 0)
        err = permit_and_bind();
    if (err == 0)
        relay_data();
    if (err == 0)
        err = move_on();
    if (err == 0)
        err = ask_program();
    if (err == 0)
        err = relay_tcp();
    return err;
}

static void look_around(void)
{
    struct auger_turn_server_event event;
    struct auger_turn_server_stats stats;

    SWEPT_VOID(auger_turn_server_get_stats(s.server, &stats));
    assert_true(SWEPT(auger_turn_server_is_known(s.server, &s.path)) == 0);
    assert_true(SWEPT(auger_turn_server_may_answer(s.server, s.now, &s.path.remote)) >= 0);
    assert_true(SWEPT(auger_turn_server_may_shake_hands(s.server, s.now, &s.path.remote)) >= 0);
    SWEPT_VOID(auger_turn_server_stream_closed(s.server, s.now, &s.path));
    SWEPT_VOID(auger_turn_server_drain(s.server, NULL));
    SWEPT_VOID(auger_turn_server_close(s.server, s.now));
    while (SWEPT(auger_turn_server_next_timeout(s.server)) != AUGER_NEVER) {
        s.now += 10 * AUGER_SEC;
        SWEPT_VOID(auger_turn_server_handle_timeout(s.server, s.now));
        while (SWEPT(auger_turn_server_poll_event(s.server, &event)))
            continue;
    }
    SWEPT_VOID(auger_turn_server_get_stats(s.server, &stats));
    assert_int_equal(stats.allocations, 0);
    assert_int_equal(stats.relays, 0);
}

static int populate(void)
{
    static const uint8_t key[16] = {1};

    int err = (int)SWEPT(auger_turn_server_add_user(s.server, "user", "pass"));
    if (err == 0)
        err = (int)SWEPT(
            auger_turn_server_add_user_key(s.server, "other", AUGER_STUN_MD5, key, sizeof(key)));
    if (err == 0)
        err = (int)SWEPT(
            auger_turn_server_add_secret(s.server, AUGER_TURN_REST_SHA1, (const uint8_t *)"k", 1));
    if (err == 0)
        err = (int)SWEPT(auger_turn_server_allow_peers(s.server, "10.0.0.0/8"));
    if (err == 0)
        err = (int)SWEPT(auger_turn_server_deny_peers(s.server, "10.1.0.0/16"));
    SWEPT_VOID(auger_turn_server_set_time_of_day(s.server, s.now, 1700000000));
    return err;
}

static void depopulate(void)
{
    if (SWEPT(auger_turn_server_remove_user(s.server, "user")) == 0)
        assert_int_equal(SWEPT(auger_turn_server_remove_user(s.server, "user")),
                         AUGER_ERR_NOT_FOUND);
    SWEPT_VOID(auger_turn_server_remove_secrets(s.server));
    SWEPT_VOID(auger_turn_server_forget_peer_rules(s.server));
}

static int live(void)
{
    struct auger_turn_held_ports *held = NULL;
    struct auger_turn_server_config config;

    SWEPT_VOID(auger_turn_server_config_init(&config));
    int err = (int)SWEPT(auger_turn_held_ports_new(&held, &env));
    if (err < 0)
        return err;
    config.held_ports = held;
    config.realm = "realm";
    config.listeners = s.listeners;
    config.listeners_len = 2;
    config.relay_ips = &s.relay_ip;
    config.relay_ips_len = 1;
    config.mobility = config.asks_for_keys = config.tcp_relay = true;
    config.relay_to_relay = true;
    s.now = 1000 * AUGER_SEC;
    s.server = NULL;
    s.protocol = 17;
    s.path.local = s.listeners[0];
    s.path.remote.transport = AUGER_UDP;
    err = (int)SWEPT(auger_turn_server_new(&s.server, &env, s.now, &config));
    if (err < 0) {
        assert_null(s.server);
        SWEPT_VOID(auger_turn_held_ports_free(held));
        return err;
    }
    err = populate();
    if (err == 0)
        err = session();
    depopulate();
    s.path.remote.port = 9;
    look_around();
    SWEPT_VOID(auger_turn_server_free(s.server));
    SWEPT_VOID(auger_turn_held_ports_free(held));
    return err;
}

/* --- for every block --------------------------------------------------------------------- */

static void test_a_server_from_beginning_to_end(void **state)
{
    static const uint8_t secret[] = {/* MD5 of user:realm:pass */
                                     0x84, 0x93, 0xfb, 0xc5, 0x3b, 0xa5, 0x82, 0xfb,
                                     0x4c, 0x04, 0x4c, 0x45, 0x6b, 0xdc, 0x40, 0xeb};
    unsigned long n = 0;
    bool failed;

    (void)state;
    assert_int_equal(auger_addr_parse(&s.listeners[0], "198.51.100.1:3478"), 0);
    s.listeners[1] = s.listeners[0];
    s.listeners[1].transport = AUGER_TCP;
    assert_int_equal(auger_addr_parse(&s.relay_ip.ip, "198.51.100.1:0"), 0);
    assert_int_equal(auger_addr_parse(&s.peer, "8.8.8.8:7000"), 0);
    assert_int_equal(auger_addr_parse(&s.path.remote, "9.9.9.9:5000"), 0);
    assert_int_equal(auger_stun_key_new(&s.key, secret, sizeof(secret)), 0);
    assert_int_equal(live(), 0);
    long blocks = sweep.openssl_blocks;
    do {
        sweep_begin(++n);
        int err = live();
        failed = sweep_end();
        assert_true(err == 0 || failed);
        assert_true(err == 0 || err == AUGER_ERR_NO_MEMORY || err == AUGER_ERR_CRYPTO);
        assert_int_equal(env_blocks, 0);
        assert_int_equal(live(), 0);
        assert_true(sweep.openssl_blocks <= blocks);
    } while (failed && n < BLOCKS_MAX);
    assert_true(n > 40 && n < BLOCKS_MAX);
    auger_stun_key_free(s.key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_server_from_beginning_to_end),
    };
    return sweep_openssl() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
