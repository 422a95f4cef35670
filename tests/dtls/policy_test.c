/* What we offer and accept: RFC 8827 section 6.5, 9325, 7627, 5764; against a peer that
 * would do otherwise. */
#include "tests/dtls/pair.h"
#include "tests/dtls/records.h"

/* --- versions and cipher suites ------------------------------------------------------------ */

static void refuse(const struct raw_options *peer, const char *what)
{
    for (int who = CLIENT; who <= SERVER; who++) {
        struct pair *pair = pair_with_raw(who, peer);
        start_both(pair);
        run_for(pair, 31 * AUGER_SEC);
        if (is_up(pair, who) || is_up(pair, !who))
            fail_msg("%s, ours as %s: connected", what, who == CLIENT ? "client" : "server");
        assert_int_equal(auger_dtls_get_state(pair->ends[who].dtls), AUGER_DTLS_FAILED);
        pair_free(pair);
    }
}

static void test_nothing_below_dtls_1_2_is_accepted(void **state)
{
    (void)state;
    static const struct raw_options old = {.min_version = DTLS1_VERSION,
                                           .max_version = DTLS1_VERSION};
    static const struct raw_options both = {.min_version = DTLS1_VERSION};

    refuse(&old, "DTLS 1.0");
    for (int who = CLIENT; who <= SERVER; who++) {
        struct pair *pair = pair_with_raw(who, &both);
        start_both(pair);
        run_for(pair, AUGER_SEC);
        assert_talk(pair);
        assert_string_equal(auger_dtls_version(pair->ends[who].dtls), "DTLSv1.2");
        pair_free(pair);
    }
}

static void test_a_server_says_protocol_version_to_an_old_client(void **state)
{
    (void)state;
    static const struct raw_options old = {.min_version = DTLS1_VERSION,
                                           .max_version = DTLS1_VERSION};
    struct pair *pair = pair_with_raw(SERVER, &old);

    start_both(pair);
    run_for(pair, AUGER_SEC);
    assert_failed(pair, SERVER, AUGER_DTLS_PROTOCOL);
    assert_int_equal(pair->ends[CLIENT].raw->alert, SSL3_AL_FATAL << 8 | SSL_AD_PROTOCOL_VERSION);
    pair_free(pair);
}

static void test_only_aead_with_ecdhe_is_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *ciphers;
        enum raw_key key;
        bool accepted;
    } rows[] = {
        {"ECDHE-ECDSA-AES128-GCM-SHA256", RAW_P256, true},
        {"ECDHE-ECDSA-AES256-GCM-SHA384", RAW_P256, true},
        {"ECDHE-ECDSA-CHACHA20-POLY1305", RAW_P256, true},
        {"ECDHE-RSA-AES128-GCM-SHA256", RAW_RSA2048, true},
        {"ECDHE-ECDSA-AES128-SHA", RAW_P256, false},
        {"ECDHE-ECDSA-AES128-SHA256", RAW_P256, false},
        {"ECDHE-ECDSA-AES128-CCM", RAW_P256, false},
        {"AES128-GCM-SHA256", RAW_RSA2048, false},
        {"DHE-RSA-AES128-GCM-SHA256", RAW_RSA2048, false},
        {"AES128-SHA:@SECLEVEL=0", RAW_RSA2048, false},
        {"ADH:AECDH:@SECLEVEL=0", RAW_P256, false},
        {"eNULL:@SECLEVEL=0", RAW_P256, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct raw_options peer = {.ciphers = rows[i].ciphers, .key = rows[i].key};
        if (!rows[i].accepted) {
            refuse(&peer, rows[i].ciphers);
            continue;
        }
        for (int who = CLIENT; who <= SERVER; who++) {
            /* A client's suites are of the server's key: ours is ECDSA. */
            if (who == SERVER && rows[i].key != RAW_P256)
                continue;
            struct pair *pair = pair_with_raw(who, &peer);
            start_both(pair);
            run_for(pair, AUGER_SEC);
            assert_talk(pair);
            assert_string_equal(auger_dtls_cipher(pair->ends[who].dtls), rows[i].ciphers);
            pair_free(pair);
        }
    }
}

/* The body of the first message of a datagram. */
static struct auger_reader first_message(const uint8_t *buf, size_t len)
{
    assert_true(len > RECORD_HEADER + MESSAGE_HEADER);
    return auger_reader(buf + RECORD_HEADER + MESSAGE_HEADER, len - RECORD_HEADER - MESSAGE_HEADER);
}

static void test_the_client_hello_offers_what_it_should(void **state)
{
    (void)state;
    static const uint16_t suites[] = {0xC02B, 0xC02C, 0xC02F, 0xC030,
                                      0xCCA9, 0xCCA8, 0x00FF /* renegotiation_info, 5746 */};
    struct pair *pair = pair_of_ours(NULL);
    uint8_t buf[RAW_DATAGRAM_MAX] = {0};
    bool seen[ARRAY_LEN(suites)] = {false};

    start(pair, CLIENT);
    struct auger_reader r = first_message(buf, poll_transmit(pair, CLIENT, buf));
    assert_int_equal(auger_read_u16(&r), DTLS_1_2);
    auger_read_bytes(&r, 32);
    assert_int_equal(auger_read_u8(&r), 0); /* no session to go back to */
    assert_int_equal(auger_read_u8(&r), 0); /* no cookie */
    size_t len = auger_read_u16(&r);
    assert_int_equal(len, sizeof(suites));
    for (size_t i = 0; i < len / 2; i++) {
        uint16_t suite = auger_read_u16(&r);
        assert_true(i > 0 || suite == 0xC02B); /* 8827: must be supported; the fastest too */
        for (size_t j = 0; j < ARRAY_LEN(suites); j++)
            seen[j] |= suites[j] == suite;
    }
    for (size_t j = 0; j < ARRAY_LEN(suites); j++)
        assert_true(seen[j]);
    assert_int_equal(auger_read_u16(&r), 0x0100); /* no compression */
    pair_free(pair);
}

/* --- sessions -------------------------------------------------------------------------------- */

static void test_no_extended_master_secret_no_session(void **state)
{
    (void)state;
    static const struct raw_options old = {.options = SSL_OP_NO_EXTENDED_MASTER_SECRET};

    for (int who = CLIENT; who <= SERVER; who++) {
        struct pair *pair = pair_with_raw(who, &old);
        uint8_t key[60];
        start_both(pair);
        run_for(pair, AUGER_SEC);
        assert_failed(pair, who, AUGER_DTLS_NO_EXTENDED_MASTER_SECRET);
        assert_int_equal(auger_dtls_export(pair->ends[who].dtls, "EXTRACTOR-dtls_srtp", key, 60),
                         AUGER_ERR_STATE);
        assert_true(pair->ends[!who].raw->is_closed); /* it is not left to wait */
        pair_free(pair);
    }
}

static void test_no_session_is_resumed(void **state)
{
    (void)state;
    SSL_SESSION *session = NULL;

    for (int round = 0; round < 2; round++) {
        struct pair *pair = pair_with_raw(SERVER, NULL);
        SSL *ssl = pair->ends[CLIENT].raw->ssl;
        unsigned int id_len;
        if (session)
            assert_int_equal(SSL_set_session(ssl, session), 1);
        start_both(pair);
        run_for(pair, AUGER_SEC);
        assert_talk(pair);
        assert_false(SSL_session_reused(ssl));
        SSL_SESSION_free(session);
        session = SSL_get1_session(ssl);
        SSL_SESSION_get_id(session, &id_len);
        assert_int_equal(id_len, 0);
        assert_false(SSL_SESSION_has_ticket(session));
        pair_free(pair);
    }
    SSL_SESSION_free(session);
}

/* 8827 section 6.5: rejected, and our side of the session lives; what OpenSSL makes of
 * that as the peer, a fatal alert, is kept from arriving. */
static void test_renegotiation_is_refused_and_the_session_lives(void **state)
{
    (void)state;

    for (int who = CLIENT; who <= SERVER; who++) {
        struct pair *pair = pair_with_raw(who, NULL);
        struct raw *raw = pair->ends[!who].raw;
        start_both(pair);
        run_for(pair, AUGER_SEC);
        assert_true(both_up(pair));
        assert_int_equal(SSL_renegotiate(raw->ssl), 1);
        (void)SSL_do_handshake(raw->ssl);
        run_for(pair, 2 * DELAY);
        drop_wire(pair);
        assert_int_equal(raw->alert, SSL3_AL_WARNING << 8 | SSL_AD_NO_RENEGOTIATION);
        assert_int_equal(auger_dtls_get_state(pair->ends[who].dtls), AUGER_DTLS_CONNECTED);
        assert_int_equal(pair->ends[who].events_len, 1);
        send_text(pair, who, "still here");
        pair_free(pair);
    }
}

/* --- keys for SRTP ------------------------------------------------------------------------------
 */

#define SRTP_LABEL "EXTRACTOR-dtls_srtp" /* 5764 section 4.2 */

static void test_both_ends_export_the_same_keys(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);
    uint8_t keys[3][60];

    for (int who = CLIENT; who <= SERVER; who++)
        assert_int_equal(auger_dtls_export(pair->ends[who].dtls, SRTP_LABEL, keys[0], 60),
                         AUGER_ERR_STATE);
    start_both(pair);
    run_for(pair, AUGER_SEC);
    for (int who = CLIENT; who <= SERVER; who++)
        assert_int_equal(auger_dtls_export(pair->ends[who].dtls, SRTP_LABEL, keys[who], 60), 0);
    assert_memory_equal(keys[CLIENT], keys[SERVER], 60);
    assert_int_equal(auger_dtls_export(pair->ends[CLIENT].dtls, "EXPERIMENTAL other", keys[2], 60),
                     0);
    assert_memory_not_equal(keys[2], keys[CLIENT], 60);
    pair_free(pair);
}

static void test_a_raw_peer_exports_the_same_keys(void **state)
{
    (void)state;
    static const struct raw_options peer = {.srtp = "SRTP_AES128_CM_SHA1_80"};

    for (int who = CLIENT; who <= SERVER; who++) {
        struct pair *pair = pair_with_raw(who, &peer);
        uint8_t ours[60], theirs[60];
        start_both(pair);
        run_for(pair, AUGER_SEC);
        assert_int_equal(auger_dtls_export(pair->ends[who].dtls, SRTP_LABEL, ours, 60), 0);
        assert_int_equal(SSL_export_keying_material(pair->ends[!who].raw->ssl, theirs, 60,
                                                    SRTP_LABEL, strlen(SRTP_LABEL), NULL, 0, 0),
                         1);
        assert_memory_equal(ours, theirs, 60);
        pair_free(pair);
    }
}

static void test_use_srtp_is_negotiated(void **state)
{
    (void)state;
    static const struct {
        const char *peer;
        enum auger_srtp_profile agreed;
    } rows[] = {
        {NULL, AUGER_SRTP_NONE},
        {"SRTP_AES128_CM_SHA1_80", AUGER_SRTP_AES128_CM_SHA1_80},
        {"SRTP_AES128_CM_SHA1_32", AUGER_SRTP_NONE},
        {"SRTP_AEAD_AES_256_GCM", AUGER_SRTP_AEAD_AES_256_GCM},
        {"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80", AUGER_SRTP_AEAD_AES_128_GCM},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (int who = CLIENT; who <= SERVER; who++) {
            struct raw_options peer = {.srtp = rows[i].peer};
            struct pair *pair = pair_with_raw(who, &peer);
            start_both(pair);
            run_for(pair, AUGER_SEC);
            assert_true(both_up(pair));
            assert_int_equal(auger_dtls_srtp_profile(pair->ends[who].dtls), rows[i].agreed);
            pair_free(pair);
        }
}

static void test_use_srtp_may_be_left_out(void **state)
{
    (void)state;
    struct auger_dtls_config config;

    for (int srtp = 0; srtp < 2; srtp++) {
        auger_dtls_config_init(&config);
        config.srtp = srtp;
        struct pair *pair = pair_of_ours(&config);
        start_both(pair);
        run_for(pair, AUGER_SEC);
        for (int who = CLIENT; who <= SERVER; who++)
            assert_int_equal(auger_dtls_srtp_profile(pair->ends[who].dtls),
                             srtp ? AUGER_SRTP_AEAD_AES_128_GCM : AUGER_SRTP_NONE);
        pair_free(pair);
    }
}

/* --- cookies -------------------------------------------------------------------------------------
 */

/* RFC 6347 section 4.2.1: a client must be ready for it; it costs one time-out. */
static void test_a_client_answers_a_server_that_wants_a_cookie(void **state)
{
    (void)state;
    static const struct raw_options careful = {.cookies = true};
    struct pair *pair = pair_with_raw(CLIENT, &careful);

    start_both(pair);
    run_for(pair, AUGER_SEC);
    assert_talk(pair);
    assert_int_equal(pair->ends[CLIENT].up_at - START, 100 * AUGER_MS + 4 * DELAY);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_below_dtls_1_2_is_accepted),
        cmocka_unit_test(test_a_server_says_protocol_version_to_an_old_client),
        cmocka_unit_test(test_only_aead_with_ecdhe_is_accepted),
        cmocka_unit_test(test_the_client_hello_offers_what_it_should),
        cmocka_unit_test(test_no_extended_master_secret_no_session),
        cmocka_unit_test(test_no_session_is_resumed),
        cmocka_unit_test(test_renegotiation_is_refused_and_the_session_lives),
        cmocka_unit_test(test_both_ends_export_the_same_keys),
        cmocka_unit_test(test_a_raw_peer_exports_the_same_keys),
        cmocka_unit_test(test_use_srtp_is_negotiated),
        cmocka_unit_test(test_use_srtp_may_be_left_out),
        cmocka_unit_test(test_a_client_answers_a_server_that_wants_a_cookie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
