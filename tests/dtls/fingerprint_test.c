/* Who the peer is: reading fingerprints (RFC 8122 section 5), and that a certificate
 * that is not the one in the description, or too weak, ends the session. */
#include "tests/dtls/pair.h"

#define HEX16 "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"
#define HEX32 HEX16 ":" HEX16
#define HEX48 HEX32 ":" HEX16
#define HEX64 HEX32 ":" HEX32

/* --- reading ------------------------------------------------------------------------------ */

static void test_fingerprints_are_read_by_their_grammar(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
        size_t len;
    } rows[] = {
        {"sha-256 " HEX32, 0, 32},
        {"SHA-256 " HEX32, 0, 32},
        {"sha-384 " HEX48, 0, 48},
        {"sha-512 " HEX64, 0, 64},
        {"sha-256 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:" HEX16, 0, 32},
        {"sha-256 " HEX16, AUGER_ERR_MALFORMED, 0},
        {"sha-256 " HEX32 ":00", AUGER_ERR_MALFORMED, 0},
        {"sha-256 " HEX32 ":", AUGER_ERR_MALFORMED, 0},
        {"sha-512 " HEX32, AUGER_ERR_MALFORMED, 0},
        {"sha-256  " HEX32, AUGER_ERR_MALFORMED, 0},
        {"sha-256 0:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:F:" HEX16, AUGER_ERR_MALFORMED, 0},
        {"sha-256 00-11-22-33-44-55-66-77-88-99-AA-BB-CC-DD-EE-FF:" HEX16, AUGER_ERR_MALFORMED, 0},
        {"sha-256 0G:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:" HEX16, AUGER_ERR_MALFORMED, 0},
        {"sha-256 ", AUGER_ERR_MALFORMED, 0},
        {"sha-256", AUGER_ERR_MALFORMED, 0},
        {" " HEX32, AUGER_ERR_MALFORMED, 0},
        {"", AUGER_ERR_MALFORMED, 0},
        {"sha-1 " HEX16 ":00:11:22:33", AUGER_ERR_UNSUPPORTED, 0},
        {"md5 " HEX16, AUGER_ERR_UNSUPPORTED, 0},
        {"sha-25 " HEX32, AUGER_ERR_UNSUPPORTED, 0},
        {"sha-2567 " HEX32, AUGER_ERR_UNSUPPORTED, 0},
        {"sha3-256 " HEX32, AUGER_ERR_UNSUPPORTED, 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct auger_fingerprint out, before;
        size_t len = strlen(rows[i].text);
        char *exact = malloc(len + 1); /* without a NUL behind it */
        memcpy(exact, rows[i].text, len);
        memset(&out, 0x5A, sizeof(out));
        before = out;
        if (auger_fingerprint_parse(&out, exact, len) != rows[i].result)
            fail_msg("\"%s\"", rows[i].text);
        if (rows[i].result < 0)
            assert_memory_equal(&out, &before, sizeof(out));
        else
            assert_int_equal(out.len, rows[i].len);
        free(exact);
    }
}

static void test_what_is_read_is_what_was_written(void **state)
{
    (void)state;
    struct auger_fingerprint fingerprint;
    const char *text = auger_certificate_fingerprint(certificate_of(CLIENT));

    assert_int_equal(
        auger_fingerprint_parse(&fingerprint, "sha-256 " HEX32, strlen("sha-256 " HEX32)), 0);
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(fingerprint.value[i], i % 16 * 0x11);
    assert_string_equal(fingerprint.hash, "sha-256");
    assert_int_equal(strlen(text), 8 + 95);
    assert_string_not_equal(text, auger_certificate_fingerprint(certificate_of(SERVER)));
}

/* --- another certificate ------------------------------------------------------------------ */

/* Nothing of what a stranger says or may learn: failed, silent, without keys. */
static void assert_gate_is_shut(struct pair *pair, int who, enum auger_dtls_failure failure)
{
    struct auger_dtls *dtls = pair->ends[who].dtls;
    uint8_t buf[AUGER_DATAGRAM_MAX];

    assert_failed(pair, who, failure);
    assert_int_equal(auger_dtls_write_data(dtls, pair->now, buf, 1, buf, sizeof(buf)),
                     AUGER_ERR_STATE);
    assert_int_equal(auger_dtls_export(dtls, "EXTRACTOR-dtls_srtp", buf, 60), AUGER_ERR_STATE);
    assert_int_equal(auger_dtls_srtp_profile(dtls), AUGER_SRTP_NONE);
    assert_string_equal(auger_dtls_cipher(dtls), "");
    assert_int_equal(auger_dtls_next_timeout(dtls), AUGER_NEVER);
}

static void fail_by_bit(int who, size_t bit)
{
    struct pair *pair = pair_of_ours(NULL);
    struct auger_fingerprint wrong = fingerprint_of(!who);

    wrong.value[bit / 8] ^= (uint8_t)(1 << bit % 8);
    introduce(pair, !who);
    know(pair, who, &wrong);
    start(pair, CLIENT);
    start(pair, SERVER);
    run_for(pair, AUGER_SEC);

    assert_gate_is_shut(pair, who, AUGER_DTLS_FINGERPRINT_MISMATCH);
    assert_false(is_up(pair, !who));
    run_for(pair, 30 * AUGER_SEC); /* the other one learns why, from somebody */
    assert_failed(pair, !who, AUGER_DTLS_TIMEOUT);
    assert_int_equal(pair->ends[!who].events[0].alert_hint, SSL_AD_BAD_CERTIFICATE);
    pair_free(pair);
}

static void test_a_fingerprint_wrong_in_one_bit_fails_in_both_roles(void **state)
{
    (void)state;

    for (int who = CLIENT; who <= SERVER; who++)
        for (size_t bit = 0; bit < 256; bit += 15)
            fail_by_bit(who, bit);
}

static void test_our_own_fingerprint_is_not_the_peers(void **state)
{
    (void)state;

    for (int who = CLIENT; who <= SERVER; who++) {
        struct pair *pair = pair_of_ours(NULL);
        struct auger_fingerprint own = fingerprint_of(who);
        introduce(pair, !who);
        know(pair, who, &own);
        start(pair, CLIENT);
        start(pair, SERVER);
        run_for(pair, AUGER_SEC);
        assert_gate_is_shut(pair, who, AUGER_DTLS_FINGERPRINT_MISMATCH);
        pair_free(pair);
    }
}

/* --- several fingerprints ------------------------------------------------------------------- */

/* "256" and so on, a '!' before one that is of another certificate. */
static size_t read_list(const struct raw *raw, const char *text, struct auger_fingerprint *out)
{
    size_t len = 0;

    for (; *text; text += 3 + (text[3] == ' ')) {
        bool wrong = *text == '!';
        char hash[8];
        text += wrong;
        snprintf(hash, sizeof(hash), "sha-%.3s", text);
        out[len] = raw_fingerprint(raw, hash);
        out[len++].value[0] ^= wrong;
    }
    return len;
}

static const struct {
    const char *list;
    bool matches;
} lists[] = {
    {"256", true},       {"384", true},
    {"512", true},       {"!256 256", true},
    {"256 !256", true},  {"!256 !256 !256 256", true},
    {"!256 512", true},  {"512 !256", true},
    {"384 512", true},   {"!256", false},
    {"!384", false},     {"!512", false},
    {"256 !384", false}, {"!512 256", false},
    {"384 !512", false}, {"!512 !512 256 384", false},
};

static void try_list(size_t row, int who, bool late)
{
    struct pair *pair = pair_with_raw(who, NULL);
    struct auger_fingerprint list[4];
    size_t len = read_list(pair->ends[!who].raw, lists[row].list, list);

    for (int i = 0; i < 2; i++) {
        if (i == late)
            assert_int_equal(
                auger_dtls_set_remote_fingerprints(pair->ends[who].dtls, pair->now, list, len), 0);
        start(pair, i ? SERVER : CLIENT);
        run_for(pair, i ? AUGER_SEC : 0);
    }
    if (lists[row].matches != is_up(pair, who))
        fail_msg("\"%s\" as %s", lists[row].list, who == CLIENT ? "client" : "server");
    if (!lists[row].matches)
        assert_gate_is_shut(pair, who, AUGER_DTLS_FINGERPRINT_MISMATCH);
    pair_free(pair);
}

/* RFC 8122 section 5.1. */
static void test_one_of_those_with_the_strongest_hash_must_match(void **state)
{
    (void)state;

    for (size_t row = 0; row < ARRAY_LEN(lists); row++)
        for (int who = CLIENT; who <= SERVER; who++)
            try_list(row, who, false);
}

/* The flight that was held meets all of them, not the first alone. */
static void test_held_datagrams_meet_all_fingerprints(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);
    struct auger_fingerprint list[2] = {fingerprint_of(CLIENT), fingerprint_of(SERVER)};

    introduce(pair, SERVER);
    start(pair, CLIENT);
    start(pair, SERVER);
    run_for(pair, AUGER_SEC);
    assert_int_equal(
        auger_dtls_set_remote_fingerprints(pair->ends[CLIENT].dtls, pair->now, list, 2), 0);
    run_for(pair, AUGER_SEC);
    assert_talk(pair);
    pair_free(pair);
}

static void test_fingerprints_are_set_once_and_one_to_four(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);
    struct auger_dtls *dtls = pair->ends[CLIENT].dtls;
    struct auger_fingerprint list[5];

    for (size_t i = 0; i < ARRAY_LEN(list); i++)
        list[i] = fingerprint_of(SERVER);
    assert_int_equal(auger_dtls_set_remote_fingerprints(dtls, START, list, 0), AUGER_ERR_INVALID);
    assert_int_equal(auger_dtls_set_remote_fingerprints(dtls, START, list, 5), AUGER_ERR_LIMIT);
    assert_int_equal(auger_dtls_set_remote_fingerprints(dtls, START, list, 4), 0);
    assert_int_equal(auger_dtls_set_remote_fingerprints(dtls, START, list, 1), AUGER_ERR_STATE);
    auger_dtls_close(pair->ends[SERVER].dtls, START);
    assert_int_equal(auger_dtls_set_remote_fingerprints(pair->ends[SERVER].dtls, START, list, 1),
                     AUGER_ERR_STATE);
    pair_free(pair);
}

/* --- the certificate itself --------------------------------------------------------------------
 */

enum { OURS_IS_SERVER = 1, OURS_IS_CLIENT = 2, BOTH = 3 };

static const struct {
    const char *what;
    struct raw_options peer;
    int accepted_as;
    enum auger_dtls_failure failure;
} certificates[] = {
    {"P-256", {.key = RAW_P256}, BOTH, AUGER_DTLS_OK},
    {"P-384", {.key = RAW_P384}, BOTH, AUGER_DTLS_OK},
    {"RSA 2048", {.key = RAW_RSA2048}, BOTH, AUGER_DTLS_OK},
    {"RSA 1024", {.key = RAW_RSA1024}, 0, AUGER_DTLS_BAD_CERTIFICATE},
    {"expired", {.not_before = -200000, .not_after = -100000}, BOTH, AUGER_DTLS_OK},
    {"not yet valid", {.not_before = 100000, .not_after = 200000}, BOTH, AUGER_DTLS_OK},
    {"a chain of 9 kB", {.chain = 10}, BOTH, AUGER_DTLS_OK},
};

static void try_certificate(size_t row, int who)
{
    struct pair *pair = pair_with_raw(who, &certificates[row].peer);
    bool accepted =
        certificates[row].accepted_as & (who == SERVER ? OURS_IS_SERVER : OURS_IS_CLIENT);

    start_both(pair);
    run_for(pair, 5 * AUGER_SEC);
    if (accepted != is_up(pair, who))
        fail_msg("%s, ours as %s", certificates[row].what, who == CLIENT ? "client" : "server");
    if (accepted)
        assert_talk(pair);
    else
        assert_gate_is_shut(pair, who, certificates[row].failure);
    pair_free(pair);
}

static void test_keys_decide_and_dates_do_not(void **state)
{
    (void)state;

    for (size_t row = 0; row < ARRAY_LEN(certificates); row++)
        for (int who = CLIENT; who <= SERVER; who++)
            try_certificate(row, who);
}

/* Refused by whichever side sees first that nothing can come of it. */
static void test_what_no_handshake_can_use_is_refused(void **state)
{
    (void)state;
    static const struct raw_options peers[] = {{.key = RAW_P521}, {.chain = 20}};

    for (size_t i = 0; i < ARRAY_LEN(peers); i++)
        for (int who = CLIENT; who <= SERVER; who++) {
            struct pair *pair = pair_with_raw(who, &peers[i]);
            start_both(pair);
            run_for(pair, 31 * AUGER_SEC);
            assert_false(is_up(pair, !who));
            assert_int_equal(auger_dtls_get_state(pair->ends[who].dtls), AUGER_DTLS_FAILED);
            pair_free(pair);
        }
}

static void test_a_client_without_a_certificate_is_refused(void **state)
{
    (void)state;
    static const struct raw_options nobody = {.key = RAW_NO_KEY};
    struct pair *pair = pair_with_raw(SERVER, &nobody);

    start_both(pair);
    run_for(pair, AUGER_SEC);
    assert_gate_is_shut(pair, SERVER, AUGER_DTLS_BAD_CERTIFICATE);
    assert_false(is_up(pair, CLIENT));
    pair_free(pair);
}

/* --- a certificate that nobody proves to own ----------------------------------------------------
 */

/* Takes the CertificateVerify out of the client's flight. */
static void carry_without_proof(struct pair *pair, int from, const uint8_t *buf, size_t len)
{
    uint8_t out[RAW_DATAGRAM_MAX];
    size_t kept = 0;

    for (size_t at = 0; at + 13 <= len;) {
        size_t size = 13 + (size_t)(buf[at + 11] << 8 | buf[at + 12]);
        bool proof = buf[at] == 22 && buf[at + 4] == 0 && buf[at + 13] == 15;
        if (from == SERVER || !proof) {
            memcpy(out + kept, buf + at, size);
            kept += size;
        }
        at += size;
    }
    if (kept > 0)
        put_on_wire(pair, !from, DELAY, out, kept);
}

static void test_a_certificate_without_proof_of_its_key_never_connects(void **state)
{
    (void)state;
    struct pair *pair = pair_with_raw(SERVER, NULL);

    pair->carry = carry_without_proof;
    start_both(pair);
    run_for(pair, 31 * AUGER_SEC);
    assert_true(pair->ends[CLIENT].sent > 5);
    assert_gate_is_shut(pair, SERVER, AUGER_DTLS_TIMEOUT);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fingerprints_are_read_by_their_grammar),
        cmocka_unit_test(test_what_is_read_is_what_was_written),
        cmocka_unit_test(test_a_fingerprint_wrong_in_one_bit_fails_in_both_roles),
        cmocka_unit_test(test_our_own_fingerprint_is_not_the_peers),
        cmocka_unit_test(test_one_of_those_with_the_strongest_hash_must_match),
        cmocka_unit_test(test_held_datagrams_meet_all_fingerprints),
        cmocka_unit_test(test_fingerprints_are_set_once_and_one_to_four),
        cmocka_unit_test(test_keys_decide_and_dates_do_not),
        cmocka_unit_test(test_what_no_handshake_can_use_is_refused),
        cmocka_unit_test(test_a_client_without_a_certificate_is_refused),
        cmocka_unit_test(test_a_certificate_without_proof_of_its_key_never_connects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
