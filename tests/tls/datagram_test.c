/* DTLS with a server that has a name: cookies first, then a handshake that survives loss. */
#include "tests/tls/pair.h"

static struct authority authority;
static struct leaf good;

static int set_up(void **state)
{
    (void)state;
    make_authority(&authority, "Test Authority");
    make_leaf(&good, &authority, "DNS:turn.example", -1, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free_authority(&authority);
    return 0;
}

static void begin_ours(struct pair *pair, const char *name, uint16_t mtu)
{
    struct auger_tls_config client = client_config(&authority), server = server_config(&good);

    client.datagrams = server.datagrams = true;
    client.mtu = server.mtu = mtu;
    begin(pair, &client, &server, name);
}

static void a_handshake_takes_a_cookie_and_no_time(void **state)
{
    struct pair pair;
    (void)state;

    begin_ours(&pair, "turn.example", 1200);
    carry_all(&pair);
    assert_true(both_are(&pair, AUGER_TLS_CONNECTED));
    assert_string_equal(auger_tls_version(pair.ends[SERVER]), "DTLSv1.2");
    assert_string_equal(auger_tls_alpn(pair.ends[CLIENT]), "stun.turn");
    assert_talk(&pair);
    assert_in_range(pair.largest, 100, 1200);
    end_pair(&pair);
}

static void a_wrong_name_is_named(void **state)
{
    struct pair pair;
    (void)state;

    begin_ours(&pair, "other.example", 1200);
    wait_until(&pair, START + 2 * AUGER_SEC); /* tried three times */
    assert_int_equal(auger_tls_get_failure(pair.ends[CLIENT]), AUGER_TLS_WRONG_NAME);
    assert_string_equal(auger_tls_why(pair.ends[CLIENT]),
                        "the certificate is for turn.example, not other.example");
    end_pair(&pair);
}

static void any_one_lost_datagram_costs_time_alone(void **state)
{
    static const uint16_t mtus[] = {1200, 300};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        size_t carried = 1;
        for (size_t lost = 1; lost <= carried; lost++) {
            struct pair pair;
            begin_ours(&pair, "turn.example", mtus[i]);
            pair.lost_at = lost;
            wait_until(&pair, START + 5 * AUGER_SEC);
            assert_true(both_are(&pair, AUGER_TLS_CONNECTED));
            carried = lost == 1 ? pair.carried : carried;
            pair.lost_at = 0;
            assert_talk(&pair);
            assert_in_range(pair.largest, 100, mtus[i]);
            end_pair(&pair);
        }
    }
}

static void who_never_answers_is_asked_again_until_time_is_up(void **state)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct pair pair;
    size_t sent = 0;
    (void)state;

    begin_ours(&pair, "turn.example", 1200);
    while (auger_tls_get_state(pair.ends[CLIENT]) == AUGER_TLS_CONNECTING) {
        while (auger_tls_take(pair.ends[CLIENT], pair.now, buf, sizeof(buf)) > 0)
            sent++;
        pair.now = auger_tls_next_timeout(pair.ends[CLIENT]);
        auger_tls_handle_timeout(pair.ends[CLIENT], pair.now);
    }
    assert_int_equal(pair.now, START + 15 * AUGER_SEC);
    assert_int_equal(auger_tls_get_failure(pair.ends[CLIENT]), AUGER_TLS_TIMEOUT);
    assert_int_equal(sent, 8); /* at 0, 0.2, 0.6, 1.4, 3, 6.2, 10.2 and 14.2 s */
    end_pair(&pair);
}

/* --- cookies ------------------------------------------------------------------------------- */

static size_t first_hello(struct pair *pair, uint8_t *buf, size_t cap)
{
    begin_ours(pair, "turn.example", 1200);
    size_t len = auger_tls_take(pair->ends[CLIENT], START, buf, cap);

    assert_in_range(len, 60, 1200);
    return len;
}

static int accept_at(struct pair *pair, auger_time now, const struct auger_addr *from,
                     const uint8_t *buf, size_t len, uint8_t *reply)
{
    struct auger_tls *tls = NULL;
    int n = auger_tls_accept(&tls, pair->contexts[SERVER], now, from, buf, len, reply,
                             AUGER_DATAGRAM_MAX);

    int result = tls ? -1000 : n;
    auger_tls_free(tls);
    return result;
}

static void a_stranger_gets_a_cookie_and_costs_no_connection(void **state)
{
    uint8_t hello[AUGER_DATAGRAM_MAX], reply[AUGER_DATAGRAM_MAX], again[AUGER_DATAGRAM_MAX];
    struct pair pair;
    (void)state;

    size_t len = first_hello(&pair, hello, sizeof(hello));
    int n = accept_at(&pair, START, &client_addr, hello, len, reply);
    assert_int_equal(n, 44);
    assert_int_equal(reply[13], 3); /* HelloVerifyRequest */
    assert_int_equal(accept_at(&pair, START, &client_addr, hello, len, again), n);
    assert_memory_equal(reply, again, (size_t)n);
    end_pair(&pair);
}

/* With the cookie, what it is bound to is changed. */
static void a_cookie_is_good_for_its_client_and_for_a_while(void **state)
{
    uint8_t hello[AUGER_DATAGRAM_MAX], reply[AUGER_DATAGRAM_MAX], second[AUGER_DATAGRAM_MAX];
    struct auger_addr other_port = client_addr, other_ip = client_addr;
    struct pair pair;
    (void)state;

    other_port.port++;
    other_ip.ip[3]++;
    size_t len = first_hello(&pair, hello, sizeof(hello));
    int n = accept_at(&pair, START, &client_addr, hello, len, reply);
    assert_int_equal(auger_tls_feed(pair.ends[CLIENT], START, reply, (size_t)n), n);
    len = auger_tls_take(pair.ends[CLIENT], START, second, sizeof(second));

    assert_int_equal(accept_at(&pair, START, &client_addr, second, len, reply), -1000);
    assert_int_equal(accept_at(&pair, START + 29 * AUGER_SEC, &client_addr, second, len, reply),
                     -1000);
    assert_int_equal(accept_at(&pair, START + 60 * AUGER_SEC, &client_addr, second, len, reply), 0);
    assert_int_equal(accept_at(&pair, START, &other_port, second, len, reply), 0);
    assert_int_equal(accept_at(&pair, START, &other_ip, second, len, reply), 0);
    second[13 + 12 + 2] ^= 1; /* of the random bytes */
    assert_int_equal(accept_at(&pair, START, &client_addr, second, len, reply), 0);
    end_pair(&pair);
}

static void nothing_else_is_answered(void **state)
{
    uint8_t hello[AUGER_DATAGRAM_MAX], reply[AUGER_DATAGRAM_MAX];
    static const uint8_t others[][2] = {
        {0, 23} /* data */,        {1, 3} /* version */,          {4, 1} /* epoch */,
        {13, 2} /* ServerHello */, {18, 1} /* a third message */, {21, 1} /* a later fragment */};
    struct pair pair;
    (void)state;

    size_t len = first_hello(&pair, hello, sizeof(hello));
    for (size_t cut = 0; cut < 60; cut++)
        assert_int_equal(accept_at(&pair, START, &client_addr, hello, cut, reply), 0);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        uint8_t was = hello[others[i][0]];
        hello[others[i][0]] = others[i][1];
        assert_int_equal(accept_at(&pair, START, &client_addr, hello, len, reply), 0);
        hello[others[i][0]] = was;
    }
    assert_int_equal(accept_at(&pair, START, &client_addr, hello, len, reply), 44);
    end_pair(&pair);
}

static void a_context_of_another_kind_accepts_nobody(void **state)
{
    uint8_t hello[AUGER_DATAGRAM_MAX], reply[AUGER_DATAGRAM_MAX];
    struct auger_tls *tls = NULL;
    struct pair pair;
    (void)state;

    size_t len = first_hello(&pair, hello, sizeof(hello));
    assert_int_equal(auger_tls_accept(&tls, pair.contexts[CLIENT], START, &client_addr, hello, len,
                                      reply, sizeof(reply)),
                     AUGER_ERR_STATE);
    assert_int_equal(auger_tls_new(&tls, pair.contexts[SERVER], START, NULL), AUGER_ERR_INVALID);
    end_pair(&pair);
}

/* RFC 6347 section 4.2.1: the ServerHello goes on from the number of the ClientHello, so that
 * no number is used twice. */
static void record_numbers_go_on_from_the_clients(void **state)
{
    uint8_t hello[AUGER_DATAGRAM_MAX], reply[AUGER_DATAGRAM_MAX];
    struct pair pair;
    (void)state;

    size_t len = first_hello(&pair, hello, sizeof(hello));
    int n = accept_at(&pair, START, &client_addr, hello, len, reply);
    assert_int_equal(auger_tls_feed(pair.ends[CLIENT], START, reply, (size_t)n), n);
    len = auger_tls_take(pair.ends[CLIENT], START, hello, sizeof(hello));
    hello[9] = 7; /* of its record's number */
    assert_int_equal(auger_tls_accept(&pair.ends[SERVER], pair.contexts[SERVER], START,
                                      &client_addr, hello, len, reply, sizeof(reply)),
                     0);
    len = auger_tls_take(pair.ends[SERVER], START, reply, sizeof(reply));
    assert_true(len > 13);
    assert_int_equal(reply[13], 2); /* ServerHello */
    assert_memory_equal(reply + 5, hello + 5, 6);
    end_pair(&pair);
}

/* --- data ---------------------------------------------------------------------------------- */

static void datagrams_stay_apart(void **state)
{
    uint8_t buf[AUGER_DATAGRAM_MAX], clear[AUGER_DATAGRAM_MAX];
    struct pair pair;
    (void)state;

    begin_ours(&pair, "turn.example", 1200);
    carry_all(&pair);
    for (size_t len = 1; len <= 3; len++)
        assert_int_equal(auger_tls_write(pair.ends[CLIENT], pair.now, (const uint8_t *)"abc", len),
                         len);
    for (size_t len = 1; len <= 3; len++) {
        size_t sealed = auger_tls_take(pair.ends[CLIENT], pair.now, buf, sizeof(buf));
        assert_int_equal(auger_tls_feed(pair.ends[SERVER], pair.now, buf, sealed), sealed);
        assert_int_equal(auger_tls_read(pair.ends[SERVER], pair.now, clear, sizeof(clear)), len);
        assert_int_equal(auger_tls_read(pair.ends[SERVER], pair.now, clear, sizeof(clear)), 0);
    }
    end_pair(&pair);
}

static void what_a_reader_has_no_room_for_is_lost(void **state)
{
    uint8_t buf[AUGER_DATAGRAM_MAX], clear[4];
    struct pair pair;
    (void)state;

    begin_ours(&pair, "turn.example", 1200);
    carry_all(&pair);
    assert_int_equal(auger_tls_write(pair.ends[CLIENT], pair.now, (const uint8_t *)"abcdef", 6), 6);
    size_t sealed = auger_tls_take(pair.ends[CLIENT], pair.now, buf, sizeof(buf));
    (void)auger_tls_feed(pair.ends[SERVER], pair.now, buf, sealed);
    assert_int_equal(auger_tls_read(pair.ends[SERVER], pair.now, clear, sizeof(clear)), 4);
    assert_int_equal(auger_tls_read(pair.ends[SERVER], pair.now, clear, sizeof(clear)), 0);
    assert_talk(&pair);
    assert_int_equal(auger_tls_write(pair.ends[CLIENT], pair.now, buf, 1401), AUGER_ERR_TOO_LARGE);
    end_pair(&pair);
}

static void bad_datagrams_end_nothing(void **state)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct pair pair;
    (void)state;

    begin_ours(&pair, "turn.example", 1200);
    carry_all(&pair);
    for (unsigned i = 0; i < 256; i++) {
        memset(buf, (int)i, 200);
        arrive(&pair, SERVER, buf, 200);
        arrive(&pair, CLIENT, buf, 200);
    }
    assert_talk(&pair);
    end_pair(&pair);
}

/* RFC 6347 section 4.1.2.7: in clear anybody could have sent it. */
static void forge(struct pair *pair, int who)
{
    static const uint8_t forged[][26] = {
        {21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40} /* handshake_failure */,
        {21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 1, 0} /* close_notify */,
        {21, 0xFE, 0xFD, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0, 2, 2, 40},
        {20, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 1, 1},
        {22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 3, 0, 2, 1, 1} /* no message */,
        {22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 4, 0, 12, 0, [24] = 0} /* HelloRequest */,
        {22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 5, 0, 13, 20, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 1},
        {23, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 6, 0, 2, 1, 1},
    };
    static const size_t lens[] = {15, 15, 15, 15, 15, 25, 26, 15};

    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
        if (pair->ends[who])
            arrive(pair, who, forged[i], lens[i]);
}

static void what_is_forged_in_clear_ends_no_handshake(void **state)
{
    struct pair pair;
    bool any;
    (void)state;

    begin_ours(&pair, "turn.example", 300);
    do {
        forge(&pair, CLIENT);
        any = carry(&pair, CLIENT);
        forge(&pair, SERVER);
        forge(&pair, CLIENT);
        any |= carry(&pair, SERVER);
    } while (any);
    assert_string_equal(auger_tls_why(pair.ends[CLIENT]), "");
    assert_true(both_are(&pair, AUGER_TLS_CONNECTED));
    forge(&pair, CLIENT);
    forge(&pair, SERVER);
    assert_talk(&pair);
    end_pair(&pair);
}

/* --- forged messages -------------------------------------------------------------------------- */

/* What somebody sends with the server's address who does not see what goes by: it is well formed,
 * and comes first. */
struct forgery {
    const char *what;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;
};

static void put(struct forgery *forgery, const void *bytes, size_t len)
{
    memcpy(forgery->buf + forgery->len, bytes, len);
    forgery->len += len;
}

/* A record with one fragment. */
static void put_message(struct forgery *forgery, uint8_t type, uint16_t seq, size_t whole,
                        const uint8_t *body, size_t len)
{
    const uint8_t record[13] = {22,
                                0xFE,
                                0xFD,
                                [9] = 9,
                                [10] = (uint8_t)seq,
                                (uint8_t)((len + 12) >> 8),
                                (uint8_t)(len + 12)};
    const uint8_t message[12] = {type,
                                 0,
                                 (uint8_t)(whole >> 8),
                                 (uint8_t)whole,
                                 0,
                                 (uint8_t)seq,
                                 [10] = (uint8_t)(len >> 8),
                                 (uint8_t)len};

    put(forgery, record, sizeof(record));
    put(forgery, message, sizeof(message));
    put(forgery, body, len);
}

/* ECDHE-ECDSA-AES128-GCM-SHA256, with the extensions without which OpenSSL takes none. */
static void put_server_hello(struct forgery *forgery, uint16_t seq)
{
    static const uint8_t hello[] = {0xFE, 0xFD, [2] = 0x77, [33] = 0x77, 0, 0xC0, 0x2B, 0, 0, 9,
                                    0xFF, 0x01, 0,          1,           0, 0,    0x17, 0, 0};

    put_message(forgery, 2, seq, sizeof(hello), hello, sizeof(hello));
}

#define FORGERIES 6

static void make_forgeries(struct forgery forged[FORGERIES])
{
    static const uint8_t cookie[] = {0xFE, 0xFD, 4, 1, 2, 3, 4}, junk[64] = {1, 2, 3};

    memset(forged, 0, FORGERIES * sizeof(*forged));
    forged[0].what = "a ServerHello before a cookie";
    put_server_hello(&forged[0], 0);
    forged[1].what = "a ServerHello behind a cookie";
    put_server_hello(&forged[1], 1);
    forged[2].what = "another cookie";
    put_message(&forged[2], 3, 0, sizeof(cookie), cookie, sizeof(cookie));
    forged[3].what = "the beginning of a long Certificate";
    put_message(&forged[3], 11, 2, 9000, junk, sizeof(junk));
    forged[4].what = "a ServerKeyExchange";
    put_message(&forged[4], 12, 3, sizeof(junk), junk, sizeof(junk));
    forged[5].what = "a CertificateRequest";
    put_message(&forged[5], 13, 4, sizeof(junk), junk, sizeof(junk));
}

/* It arrives before the datagram of that number, counted from 1. */
static void shake_beside(struct pair *pair, const struct forgery *forgery, size_t before)
{
    begin_ours(pair, "turn.example", 1200);
    pair->forged = forgery->buf;
    pair->forged_len = forgery->len;
    pair->forged_at = before;
    wait_until(pair, START + 10 * AUGER_SEC);
}

/* RFC 6347 section 4.1.2.7: what anybody could have sent costs time alone. */
static void one_forged_message_costs_time_alone(void **state)
{
    struct forgery forged[FORGERIES];
    struct pair pair;
    (void)state;

    make_forgeries(forged);
    for (size_t i = 0; i < FORGERIES; i++)
        for (size_t before = 1; before <= 6; before++) {
            print_message("%s, before datagram %zu\n", forged[i].what, before);
            shake_beside(&pair, &forged[i], before);
            assert_string_equal(auger_tls_why(pair.ends[CLIENT]), "");
            assert_true(both_are(&pair, AUGER_TLS_CONNECTED));
            assert_talk(&pair);
            end_pair(&pair);
        }
}

/* Before a ServerHello nothing is of this try. */
static void what_is_left_of_one_try_spoils_no_other(void **state)
{
    struct forgery forged[FORGERIES];
    struct pair pair;
    (void)state;

    make_forgeries(forged);
    begin_ours(&pair, "turn.example", 1200);
    pair.forged = forged[4].buf;
    pair.forged_len = forged[4].len;
    pair.forged_always = true;
    wait_until(&pair, START + 10 * AUGER_SEC);
    assert_true(both_are(&pair, AUGER_TLS_CONNECTED));
    assert_int_equal(pair.beginnings, 2);
    end_pair(&pair);
}

/* Its server, which does not believe an alert in clear, waits for the handshake that it knows. */
static void who_is_not_let_begin_anew_still_hears_why(void **state)
{
    struct pair pair;
    (void)state;

    begin_ours(&pair, "other.example", 1200);
    pair.is_stubborn = true;
    wait_until(&pair, START + 15 * AUGER_SEC - 1);
    assert_int_equal(auger_tls_get_state(pair.ends[CLIENT]), AUGER_TLS_CONNECTING);
    wait_until(&pair, START + 15 * AUGER_SEC);
    assert_int_equal(auger_tls_get_failure(pair.ends[CLIENT]), AUGER_TLS_WRONG_NAME);
    assert_string_equal(auger_tls_why(pair.ends[CLIENT]),
                        "the certificate is for turn.example, not other.example");
    end_pair(&pair);
}

/* Nothing helps against who forges each time; it has an end, and a reason. */
static void who_is_always_first_ends_it_after_three_tries(void **state)
{
    struct forgery forged[FORGERIES];
    struct pair pair;
    (void)state;

    make_forgeries(forged);
    begin_ours(&pair, "turn.example", 1200);
    pair.forged = forged[1].buf;
    pair.forged_len = forged[1].len;
    pair.forged_always = true;
    wait_until(&pair, START + 10 * AUGER_SEC);
    assert_int_equal(auger_tls_get_failure(pair.ends[CLIENT]), AUGER_TLS_PROTOCOL);
    assert_int_equal(pair.beginnings, 3);
    assert_int_equal(auger_tls_next_timeout(pair.ends[CLIENT]), AUGER_NEVER);
    end_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handshake_takes_a_cookie_and_no_time),
        cmocka_unit_test(a_wrong_name_is_named),
        cmocka_unit_test(any_one_lost_datagram_costs_time_alone),
        cmocka_unit_test(who_never_answers_is_asked_again_until_time_is_up),
        cmocka_unit_test(a_stranger_gets_a_cookie_and_costs_no_connection),
        cmocka_unit_test(a_cookie_is_good_for_its_client_and_for_a_while),
        cmocka_unit_test(nothing_else_is_answered),
        cmocka_unit_test(a_context_of_another_kind_accepts_nobody),
        cmocka_unit_test(record_numbers_go_on_from_the_clients),
        cmocka_unit_test(datagrams_stay_apart),
        cmocka_unit_test(what_a_reader_has_no_room_for_is_lost),
        cmocka_unit_test(bad_datagrams_end_nothing),
        cmocka_unit_test(what_is_forged_in_clear_ends_no_handshake),
        cmocka_unit_test(one_forged_message_costs_time_alone),
        cmocka_unit_test(what_is_left_of_one_try_spoils_no_other),
        cmocka_unit_test(who_is_not_let_begin_anew_still_hears_why),
        cmocka_unit_test(who_is_always_first_ends_it_after_three_tries),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
