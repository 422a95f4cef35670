/* MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT: RFC 8489 sections 9 and
 * 14.5 to 14.7. */
#include "tests/stun/message.h"

#include "base/crc32.h"
#include "crypto/crypto.h"

static struct raw raw;

/* --- sealing without the builder ------------------------------------------------------------ */

/* What is covered, and what the header says meanwhile, are the test's to choose. */
static void compute(enum auger_hash hash, size_t covered, size_t claimed, uint8_t *mac)
{
    struct auger_hmac *hmac;
    uint8_t copy[4096];

    memcpy(copy, raw.buf, covered);
    raw_put16(copy + 2, claimed);
    assert_int_equal(auger_hmac_new(&hmac, hash, (const uint8_t *)PASSWORD, strlen(PASSWORD)), 0);
    assert_int_equal(auger_hmac_compute(hmac, &(struct auger_bytes){copy, covered}, 1, mac), 0);
    auger_hmac_free(hmac);
}

static void add_integrity(void)
{
    uint8_t mac[AUGER_SHA1_LEN];

    compute(AUGER_SHA1, raw.len, raw.len - 20 + 24, mac);
    raw_attr(&raw, AUGER_STUN_ATTR_MESSAGE_INTEGRITY, mac, sizeof(mac));
}

static void add_integrity_sha256(size_t len)
{
    uint8_t mac[AUGER_SHA256_LEN + 4] = {0};

    compute(AUGER_SHA256, raw.len, raw.len - 20 + 4 + len, mac);
    raw_attr(&raw, AUGER_STUN_ATTR_MESSAGE_INTEGRITY_SHA256, mac, len);
}

static void add_fingerprint(uint32_t error)
{
    size_t covered = raw.len;
    uint8_t value[4];

    raw_attr(&raw, AUGER_STUN_ATTR_FINGERPRINT, NULL, 4);
    uint32_t crc = auger_crc32(raw.buf, covered) ^ 0x5354554E ^ error;
    raw_put16(value, crc >> 16);
    raw_put16(value + 2, crc & 0xFFFF);
    memcpy(raw.buf + covered + 4, value, 4);
}

static void begin_request(void)
{
    raw_attr(raw_begin(&raw, REQUEST), AUGER_STUN_ATTR_USERNAME, "a:b", 3);
}

static int verify_truncated(size_t sha256_len_min)
{
    struct auger_stun_key *key = key_of(PASSWORD, strlen(PASSWORD));
    struct auger_stun_msg msg;

    int err = parse(&msg, &raw);
    if (err == 0)
        err = auger_stun_msg_verify_truncated(&msg, key, sha256_len_min);
    auger_stun_key_free(key);
    return err;
}

static int verify(void)
{
    struct auger_stun_key *key = key_of(PASSWORD, strlen(PASSWORD));
    struct auger_stun_msg msg;

    int err = parse(&msg, &raw);
    if (err == 0)
        err = auger_stun_msg_verify(&msg, key);
    auger_stun_key_free(key);
    return err;
}

static bool fingerprint_ok(void)
{
    struct auger_stun_msg msg;

    must_parse(&msg, &raw);
    return auger_stun_msg_fingerprint_ok(&msg);
}

/* --- which code counts ------------------------------------------------------------------------ */

static void a_message_without_a_code_is_not_believed(void **state)
{
    (void)state;
    begin_request();
    assert_int_equal(verify(), AUGER_ERR_INTEGRITY);
    add_fingerprint(0);
    assert_int_equal(verify(), AUGER_ERR_INTEGRITY);
}

static void either_code_is_enough(void **state)
{
    (void)state;
    begin_request();
    add_integrity();
    assert_int_equal(verify(), 0);
    add_fingerprint(0);
    assert_int_equal(verify(), 0);

    begin_request();
    add_integrity_sha256(32);
    assert_int_equal(verify(), 0);
    add_fingerprint(0);
    assert_int_equal(verify(), 0);
    assert_true(fingerprint_ok());
}

/* 9.1.3: so that nobody gains from breaking SHA-1. */
static void of_both_codes_the_longer_decides(void **state)
{
    (void)state;
    begin_request();
    add_integrity();
    add_integrity_sha256(32);
    assert_int_equal(verify(), 0);
    raw.buf[28 + 4] ^= 1; /* the SHA-1 code, which the other covers */
    assert_int_equal(verify(), AUGER_ERR_INTEGRITY);

    begin_request();
    raw_attr(&raw, AUGER_STUN_ATTR_MESSAGE_INTEGRITY, NULL, 20); /* wrong */
    add_integrity_sha256(32);
    assert_int_equal(verify(), 0);

    begin_request();
    add_integrity();
    raw_attr(&raw, AUGER_STUN_ATTR_MESSAGE_INTEGRITY_SHA256, NULL, 32); /* wrong */
    assert_int_equal(verify(), AUGER_ERR_INTEGRITY);
}

static void the_second_of_two_equal_codes_does_not_count(void **state)
{
    (void)state;
    begin_request();
    raw_attr(&raw, AUGER_STUN_ATTR_MESSAGE_INTEGRITY, NULL, 20);
    add_integrity();
    assert_int_equal(verify(), AUGER_ERR_INTEGRITY);

    begin_request();
    raw_attr(&raw, AUGER_STUN_ATTR_MESSAGE_INTEGRITY_SHA256, NULL, 32);
    add_integrity_sha256(32);
    assert_int_equal(verify(), AUGER_ERR_INTEGRITY);

    begin_request();
    raw_attr(&raw, AUGER_STUN_ATTR_MESSAGE_INTEGRITY_SHA256, NULL, 32);
    add_integrity(); /* behind the other one it is to be ignored (9) */
    assert_int_equal(verify(), AUGER_ERR_INTEGRITY);
}

static void a_code_has_one_length(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 40; len++) {
        begin_request();
        raw_attr(&raw, AUGER_STUN_ATTR_MESSAGE_INTEGRITY, NULL, len);
        assert_int_equal(verify(), len == 20 ? AUGER_ERR_INTEGRITY : AUGER_ERR_MALFORMED);
    }
}

/* 14.6: at least 16 bytes, a multiple of four, and all 32 unless the usage says otherwise. */
static void a_truncated_code_counts_only_where_it_is_allowed(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 36; len++) {
        begin_request();
        add_integrity_sha256(len);
        bool well_formed = len >= 16 && len <= 32 && len % 4 == 0;
        int wrong = well_formed ? AUGER_ERR_INTEGRITY : AUGER_ERR_MALFORMED;

        assert_int_equal(verify(), len == 32 ? 0 : wrong);
        assert_int_equal(verify_truncated(16), well_formed ? 0 : wrong);
        assert_int_equal(verify_truncated(20), well_formed && len >= 20 ? 0 : wrong);
        assert_int_equal(verify_truncated(0), well_formed ? 0 : wrong);
    }
}

static void each_byte_of_a_truncated_code_is_compared(void **state)
{
    (void)state;
    for (size_t len = 16; len <= 32; len += 4) {
        for (size_t i = 0; i < len; i++) {
            begin_request();
            add_integrity_sha256(len);
            raw.buf[raw.len - 1 - i] ^= 0x80;
            assert_int_equal(verify_truncated(16), AUGER_ERR_INTEGRITY);
        }
    }
}

/* --- what is covered ----------------------------------------------------------------------------
 */

static void a_code_over_the_length_of_the_whole_is_wrong(void **state)
{
    (void)state;
    uint8_t mac[AUGER_SHA1_LEN];

    begin_request();
    size_t covered = raw.len;
    compute(AUGER_SHA1, covered, covered - 20 + 24 + 8, mac); /* FINGERPRINT counted in */
    raw_attr(&raw, AUGER_STUN_ATTR_MESSAGE_INTEGRITY, mac, sizeof(mac));
    add_fingerprint(0);
    assert_int_equal(verify(), AUGER_ERR_INTEGRITY);

    begin_request();
    compute(AUGER_SHA1, covered, covered - 20, mac); /* without itself */
    raw_attr(&raw, AUGER_STUN_ATTR_MESSAGE_INTEGRITY, mac, sizeof(mac));
    assert_int_equal(verify(), AUGER_ERR_INTEGRITY);
}

static void a_code_that_covers_itself_is_wrong(void **state)
{
    (void)state;
    uint8_t mac[AUGER_SHA1_LEN];

    begin_request();
    size_t covered = raw.len;
    raw_attr(&raw, AUGER_STUN_ATTR_MESSAGE_INTEGRITY, NULL, 20);
    compute(AUGER_SHA1, raw.len, raw.len - 20, mac);
    memcpy(raw.buf + covered + 4, mac, sizeof(mac));
    assert_int_equal(verify(), AUGER_ERR_INTEGRITY);
}

static void what_follows_a_code_is_ignored(void **state)
{
    (void)state;
    for (int sha256 = 0; sha256 < 2; sha256++) {
        struct auger_stun_msg msg;

        begin_request();
        if (sha256)
            add_integrity_sha256(32);
        else
            add_integrity();
        raw_attr(&raw, AUGER_STUN_ATTR_USE_CANDIDATE, NULL, 0);
        raw_attr(&raw, AUGER_STUN_ATTR_PRIORITY, NULL, 3); /* malformed */
        raw_attr(&raw, 0x7FFF, NULL, 0);                   /* unknown */
        add_fingerprint(0);
        must_parse(&msg, &raw);
        assert_false(auger_stun_msg_has(&msg, AUGER_STUN_ATTR_USE_CANDIDATE));
        assert_false(auger_stun_msg_has(&msg, AUGER_STUN_ATTR_PRIORITY));
        assert_int_equal(msg.unknown_len, 0);
        assert_int_equal(verify(), 0);
        assert_true(auger_stun_msg_fingerprint_ok(&msg));
    }
}

/* The longer code behind the shorter covers what stands between them; that stays ignored. */
static void what_stands_between_the_codes_is_ignored(void **state)
{
    (void)state;
    struct auger_stun_msg msg;

    begin_request();
    add_integrity();
    raw_attr(&raw, AUGER_STUN_ATTR_USE_CANDIDATE, NULL, 0);
    add_integrity_sha256(32);
    must_parse(&msg, &raw);
    assert_false(auger_stun_msg_has(&msg, AUGER_STUN_ATTR_USE_CANDIDATE));
    assert_int_equal(verify(), 0);
}

/* --- FINGERPRINT ---------------------------------------------------------------------------------
 */

static void a_fingerprint_is_there_right_and_last(void **state)
{
    (void)state;
    begin_request();
    assert_false(fingerprint_ok());
    add_fingerprint(0);
    assert_true(fingerprint_ok());
    raw_attr(&raw, AUGER_STUN_ATTR_SOFTWARE, NULL, 0); /* its length is no longer the whole */
    assert_false(fingerprint_ok());

    for (int bit = 0; bit < 32; bit++) {
        begin_request();
        add_fingerprint(1u << bit);
        assert_false(fingerprint_ok());
    }
}

static void a_fingerprint_that_is_right_but_not_last_is_none(void **state)
{
    (void)state;
    uint8_t value[4];

    begin_request();
    size_t covered = raw.len;
    raw_attr(&raw, AUGER_STUN_ATTR_FINGERPRINT, NULL, 4);
    raw_attr(&raw, AUGER_STUN_ATTR_SOFTWARE, NULL, 0);
    uint32_t crc = auger_crc32(raw.buf, covered) ^ 0x5354554E;
    raw_put16(value, crc >> 16);
    raw_put16(value + 2, crc & 0xFFFF);
    memcpy(raw.buf + covered + 4, value, 4);
    assert_false(fingerprint_ok());
}

static void nothing_counts_behind_a_fingerprint(void **state)
{
    (void)state;
    begin_request();
    add_fingerprint(0);
    add_integrity();
    assert_int_equal(verify(), AUGER_ERR_INTEGRITY);
    assert_false(fingerprint_ok());
}

/* 7: it finds what only looks like STUN; a plain CRC of another protocol is not one. */
static void a_plain_crc_is_no_fingerprint(void **state)
{
    (void)state;
    begin_request();
    add_fingerprint(0x5354554E);
    assert_false(fingerprint_ok());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_without_a_code_is_not_believed),
        cmocka_unit_test(either_code_is_enough),
        cmocka_unit_test(of_both_codes_the_longer_decides),
        cmocka_unit_test(the_second_of_two_equal_codes_does_not_count),
        cmocka_unit_test(a_code_has_one_length),
        cmocka_unit_test(a_truncated_code_counts_only_where_it_is_allowed),
        cmocka_unit_test(each_byte_of_a_truncated_code_is_compared),
        cmocka_unit_test(a_code_over_the_length_of_the_whole_is_wrong),
        cmocka_unit_test(a_code_that_covers_itself_is_wrong),
        cmocka_unit_test(what_follows_a_code_is_ignored),
        cmocka_unit_test(what_stands_between_the_codes_is_ignored),
        cmocka_unit_test(a_fingerprint_is_there_right_and_last),
        cmocka_unit_test(a_fingerprint_that_is_right_but_not_last_is_none),
        cmocka_unit_test(nothing_counts_behind_a_fingerprint),
        cmocka_unit_test(a_plain_crc_is_no_fingerprint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
