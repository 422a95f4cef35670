/* An agent's memory runs out as it hears every kind of datagram, as helper sockets come, and over
 * streams: with the n-th block missing for every n. The datagram is dropped; the session comes
 * about all the same. */
#include "tests/memory/swept_ice.h"

/* --- datagrams -------------------------------------------------------------------------- */

struct datagram {
    const char *name;
    struct puppet *(*begin)(void);
    void (*say)(struct puppet *puppet);
    bool shows; /* or tells of a candidate that was not known, so that tables may grow */
};

static struct puppet *controlled(void)
{
    struct puppet *p = puppet_new(false);
    puppet_introduce(p);
    return p;
}

static struct puppet *controlling(void)
{
    struct puppet *p = puppet_new(true);
    puppet_introduce(p);
    return p;
}

static struct puppet *stranger(void)
{
    return puppet_new(false);
}

static struct puppet *settled(void)
{
    return puppet_connected(false);
}

static void check(struct puppet *p)
{
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .tie_breaker = 1});
}

static void check_that_nominates(struct puppet *p)
{
    puppet_check(
        p, &(struct puppet_check){.role = CONTROLLING, .tie_breaker = 1, .use_candidate = true});
}

static void check_of_a_stranger(struct puppet *p)
{
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .wrong_password = true});
}

static void check_with_sha256(struct puppet *p)
{
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .sha256 = true});
}

static void check_with_an_unknown_attribute(struct puppet *p)
{
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .unknown_attr = 0x7777});
}

static void check_in_the_same_role(struct puppet *p)
{
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .tie_breaker = 1});
}

static void check_that_makes_us_switch(struct puppet *p)
{
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .tie_breaker = UINT64_MAX});
}

/* An answer to the check that the agent sends to a candidate. */
static void answer_with(struct puppet *p, const struct puppet_answer *answer)
{
    struct sent sent;

    (void)puppet_tell(p, "192.0.2.2:2002", 2130706431);
    p->world->now += AUGER_SEC;
    if (puppet_take_request(p, &sent))
        puppet_answer(p, &sent, answer);
}

static void answer(struct puppet *p)
{
    answer_with(p, &(struct puppet_answer){0});
}

static void answer_that_tells_of_a_nat(struct puppet *p)
{
    answer_with(p, &(struct puppet_answer){.mapped = "203.0.113.7:7777"});
}

static void answer_487(struct puppet *p)
{
    answer_with(p, &(struct puppet_answer){.code = 487});
}

static void answer_400(struct puppet *p)
{
    answer_with(p, &(struct puppet_answer){.code = 400});
}

static void answer_of_a_stranger(struct puppet *p)
{
    answer_with(p, &(struct puppet_answer){.wrong_password = true});
}

static void consent(struct puppet *p)
{
    struct sent sent;

    p->world->now += 6 * AUGER_SEC;
    auger_ice_handle_timeout(p->ice, p->world->now);
    if (puppet_take_request(p, &sent))
        puppet_answer(p, &sent, &(struct puppet_answer){0});
}

static void server_answer(struct puppet *p)
{
    struct auger_addr server = addr_of("198.51.100.1:3478"), seen = addr_of("203.0.113.7:7777");
    uint8_t reply[AUGER_DATAGRAM_MAX];
    struct sent sent;

    int err = auger_ice_add_stun_server(p->ice, p->world->now, &server);
    assert_true(err == 0 || err == AUGER_ERR_INVALID);
    p->world->now += AUGER_SEC;
    if (!puppet_take_request(p, &sent))
        return;
    size_t len = auger_stun_server_answer(&seen, sent.buf, sent.len, reply, sizeof(reply));
    puppet_deliver(p, "198.51.100.1:3478", NULL, reply, len);
}

static void indication(struct puppet *p)
{
    static const uint8_t keepalive[20] = {0x00, 0x11, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1};
    puppet_deliver(p, NULL, NULL, keepalive, sizeof(keepalive));
}

static void broken_stun(struct puppet *p)
{
    static const uint8_t broken[24] = {0x00, 0x01, 0, 4, 0x21, 0x12, 0xA4, 0x42, [22] = 0xFF};
    puppet_deliver(p, NULL, NULL, broken, sizeof(broken));
}

static void data(struct puppet *p)
{
    puppet_deliver(p, NULL, NULL, (const uint8_t *)"\x80rtp", 4);
}

static struct puppet *asked(void)
{
    struct puppet *p = controlled();

    check(p);
    return p;
}

static const struct datagram datagrams[] = {
    {"a check", controlled, check, true},
    {"a check before the credentials", stranger, check, true},
    {"a check on a valid pair", settled, check, false},
    {"a check that nominates", controlled, check_that_nominates, true},
    {"a check that nominates a valid pair", settled, check_that_nominates, false},
    {"a check with another password", controlled, check_of_a_stranger, false},
    {"a check with SHA-256", controlled, check_with_sha256, true},
    {"a check with an unknown attribute", controlled, check_with_an_unknown_attribute, false},
    {"a check in the same role", controlled, check_in_the_same_role, true},
    {"a check that wins the conflict", controlling, check_that_makes_us_switch, true},
    {"an answer", controlling, answer, true},
    {"an answer of a new address", controlling, answer_that_tells_of_a_nat, true},
    {"an answer 487", controlling, answer_487, true},
    {"an answer 400", controlling, answer_400, true},
    {"an answer with another password", controlling, answer_of_a_stranger, true},
    {"an answer for consent", settled, consent, false},
    {"an answer of a server", controlled, server_answer, false},
    {"an indication", controlled, indication, false},
    {"broken STUN", controlled, broken_stun, false},
    {"data", settled, data, false},
    {"data too early", controlled, data, false},
    {"data before our check is answered", asked, data, true},
};

/* Of the other role than the agent has by now. */
static void check_as_the_other(struct puppet *p)
{
    struct auger_ice_transport_stats stats;

    auger_ice_get_transport_stats(p->ice, &stats);
    puppet_check(p, &(struct puppet_check){.role = stats.is_controlling ? CONTROLLED : CONTROLLING,
                                           .tie_breaker = 1});
}

/* The agent still answers, and connects. */
static void go_on(struct puppet *p, const char *after)
{
    struct sent sent;

    (void)!auger_ice_set_remote_credentials(p->ice, p->world->now, PUPPET_UFRAG, PUPPET_PASSWORD);
    (void)puppet_tell(p, "192.0.2.2:2002", 2130706431);
    check_as_the_other(p);
    for (int i = 0; i < 400; i++) {
        puppet_wait(p, 50 * AUGER_MS);
        if (puppet_take_request(p, &sent))
            puppet_answer(p, &sent, &(struct puppet_answer){0});
        if (auger_ice_get_state(p->ice) == AUGER_ICE_CONNECTED)
            break;
    }
    if (auger_ice_get_state(p->ice) != AUGER_ICE_CONNECTED)
        fail_msg("%s, and then nothing goes any more", after);
    check_as_the_other(p);
    assert_true(puppet_take_response(p, &sent));
}

/* One candidate more of either side may make its table grow, and has a foundation; one pair
 * more the table of pairs, their order and the checks; and a valid one has its proof. */
#define BLOCKS_OF_ONE 8

static bool hear_with_missing(const struct datagram *datagram, unsigned long n)
{
    struct puppet *p = datagram->begin();
    size_t blocks = p->world->blocks;

    sweep_begin(n);
    datagram->say(p);
    bool failed = sweep_end();
    if (datagram->say != server_answer &&
        p->world->blocks > blocks + (datagram->shows ? BLOCKS_OF_ONE : 0))
        fail_msg("%s takes %zu blocks", datagram->name, p->world->blocks - blocks);
    go_on(p, datagram->name);
    puppet_free(p);
    return failed;
}

static void test_each_block_of_each_datagram_may_be_missing(void **state)
{
    unsigned long missing = 0; /* OpenSSL's, for the HMACs */

    (void)state;
    for (size_t i = 0; i < sizeof(datagrams) / sizeof(datagrams[0]); i++) {
        hear_with_missing(&datagrams[i], BLOCKS_MAX);
        long before = sweep.openssl_blocks;
        unsigned long n = 1;
        while (hear_with_missing(&datagrams[i], n))
            assert_true(++n < BLOCKS_MAX);
        missing += n - 1;
        if (sweep.openssl_blocks != before)
            fail_msg("%s leaks %ld blocks of OpenSSL's", datagrams[i].name,
                     sweep.openssl_blocks - before);
    }
    assert_true(missing > 10);
}

/* --- helpers ------------------------------------------------------------------------------ */

/* Behind a NAT that maps by destination helper sockets are wanted.  Whatever is missing as they
 * come, the agent does without them, or tells its guess. */
static bool help_with_missing(unsigned long n)
{
    static const char *const peer[] = {"23.4.5.6:7000"};
    struct auger_addr addrs[5];
    struct guesser g;

    guesser_begin(&g, GUESSER_BY_DESTINATION, NULL);
    guesser_meet(&g, peer, 1);
    guesser_run(&g, 300 * AUGER_MS);
    assert_int_equal(g.wants, 1);
    for (uint16_t i = 0; i < 5; i++) {
        addrs[i] = g.base;
        addrs[i].port = (uint16_t)(6000 + i);
    }
    size_t told = g.cands_len;
    sweep_begin(n);
    assert_int_equal(SWEPT(auger_ice_add_helper_addrs(g.ice, g.world->now, addrs, 5)), 0);
    SWEPT_VOID((void)auger_ice_helper_is_wanted(g.ice, &addrs[0]));
    bool failed = sweep_end();
    guesser_run(&g, 5 * AUGER_SEC);
    assert_int_equal(g.cands_len, told + !failed);
    assert_true(g.dones > 0);
    assert_int_equal(auger_ice_helper_is_wanted(g.ice, &addrs[2]), !failed);
    guesser_end(&g);
    return failed;
}

static void test_each_block_may_be_missing_as_helpers_come(void **state)
{
    unsigned long n = 1;

    (void)state;
    while (help_with_missing(n))
        assert_true(++n < BLOCKS_MAX);
    assert_true(n > 1);
}

/* --- streams ------------------------------------------------------------------------------ */

#define TCP_BASE "tcp:192.0.2.1:5000"
#define TCP_ACTIVE "tcp:192.0.2.1:0"
#define TCP_PEER "tcp:192.0.2.2:6000"
#define TCP_CALLER "tcp:192.0.2.2:40000"

static struct puppet *with_tcp(void)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.tcp = AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE | AUGER_ICE_TCP_SO;
    struct puppet *p = puppet_with(&config);
    puppet_introduce(p);
    return p;
}

static void add_over_tcp(struct puppet *p)
{
    struct auger_addr base = addr_of(TCP_BASE);
    struct auger_cand cand = cand_of(TCP_PEER, AUGER_CAND_HOST, 1500000000);

    if (SWEPT(auger_ice_add_local_addr(p->ice, p->world->now, &base)) < 0)
        assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
    cand.tcptype = AUGER_TCP_TYPE_PASSIVE;
    if (SWEPT(auger_ice_add_remote_cand(p->ice, p->world->now, &cand)) < 0)
        assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
}

static void run_over_tcp(struct puppet *p)
{
    struct sent sent;

    for (int i = 0; i < 20; i++) {
        p->world->now += 50 * AUGER_MS;
        SWEPT_VOID(auger_ice_handle_timeout(p->ice, p->world->now));
        while ((sent.len = (size_t)SWEPT((long)auger_ice_poll_transmit(
                    p->ice, p->world->now, &sent.path, sent.buf, sizeof(sent.buf)))) > 0) {
            assert_int_equal(auger_stun_msg_parse(&sent.msg, sent.buf, sent.len), 0);
            if (sent.msg.class_ == AUGER_STUN_REQUEST)
                puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
        }
    }
}

static void lose_swept(struct puppet *p, const char *local, const char *remote)
{
    struct auger_path path = {addr_of(local), addr_of(remote)};
    SWEPT_VOID(auger_ice_stream_lost(p->ice, p->world->now, &path));
}

static bool stream_with_missing(unsigned long n)
{
    struct puppet *p = with_tcp();

    sweep_begin(n);
    add_over_tcp(p);
    run_over_tcp(p);
    puppet_check(p,
                 &(struct puppet_check){.role = CONTROLLING, .from = TCP_CALLER, .to = TCP_BASE});
    run_over_tcp(p);
    lose_swept(p, TCP_BASE, TCP_CALLER);
    lose_swept(p, TCP_ACTIVE, TCP_PEER);
    run_over_tcp(p);
    lose_swept(p, TCP_ACTIVE, TCP_PEER);
    bool failed = sweep_end();
    go_on(p, "streams");
    puppet_free(p);
    return failed;
}

static void test_each_block_of_streams_may_be_missing(void **state)
{
    (void)state;
    unsigned long n = 1;

    stream_with_missing(BLOCKS_MAX * BLOCKS_MAX); /* OpenSSL makes some things once */
    long before = sweep.openssl_blocks;
    while (stream_with_missing(n))
        n++;
    assert_true(n > 10);
    assert_int_equal(sweep.openssl_blocks, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_block_of_each_datagram_may_be_missing),
        cmocka_unit_test(test_each_block_may_be_missing_as_helpers_come),
        cmocka_unit_test(test_each_block_of_streams_may_be_missing),
    };
    return sweep_openssl() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
