/* The test vectors of RFC 5769 and of RFC 8489 appendix B.1, read and rebuilt. */
#include "tests/stun/message.h"

#include "crypto/crypto.h"

#include <openssl/evp.h>

static const struct auger_stun_tid tid_of_ice = {
    {0xB7, 0xE7, 0xA7, 0x01, 0xBC, 0x34, 0xD6, 0x86, 0xFA, 0x87, 0xDF, 0xAE}};
static const struct auger_stun_tid tid_of_long_term = {
    {0x78, 0xAD, 0x34, 0x33, 0xC6, 0xAD, 0x72, 0xC0, 0x29, 0xDA, 0x41, 0x2E}};

#define MATRIX "\u30DE\u30C8\u30EA\u30C3\u30AF\u30B9"
#define REALM "example.org"
#define LONG_TERM MATRIX ":" REALM ":TheMatrIX"
#define NONCE "f//499k954d6OL34oL9FSTvy64sA"
#define NONCE_OF_8489 "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"

struct vector {
    uint8_t buf[256];
    size_t len;
    struct auger_stun_msg msg;
};

static struct vector read_vector(const char *name)
{
    static struct vector vector;
    uint8_t bytes[sizeof(vector.buf)];

    vector.len = load(name, bytes, sizeof(bytes));
    memcpy(vector.buf, bytes, vector.len);
    assert_int_equal(auger_stun_msg_parse(&vector.msg, vector.buf, vector.len), 0);
    return vector;
}

static void assert_text(const struct auger_stun_msg *msg, uint16_t type, const char *text)
{
    struct auger_bytes value;

    assert_true(auger_stun_msg_bytes(msg, type, &value));
    assert_int_equal(value.len, strlen(text));
    assert_memory_equal(value.data, text, value.len);
}

static void assert_sealed(const struct auger_stun_msg *msg, const void *secret, size_t len,
                          bool with_fingerprint)
{
    struct auger_stun_key *key = key_of(secret, len), *other = key_of("another", 7);

    assert_int_equal(auger_stun_msg_verify(msg, key), 0);
    assert_int_equal(auger_stun_msg_verify(msg, other), AUGER_ERR_INTEGRITY);
    assert_int_equal(auger_stun_msg_fingerprint_ok(msg), with_fingerprint);
    auger_stun_key_free(key);
    auger_stun_key_free(other);
}

static void build_text(struct auger_stun_builder *b, uint16_t type, const char *text)
{
    auger_stun_build_bytes(b, type, text, strlen(text));
}

/* RFC 5769 pads with spaces; we, as RFC 8489 demands, with zeros. */
static void pad_with_spaces(struct auger_stun_builder *b, size_t len)
{
    assert_int_equal(b->err, 0);
    for (size_t i = 1; i <= len; i++)
        assert_int_equal(b->buf[b->len - i], 0);
    memset(b->buf + b->len - len, ' ', len);
}

static void seal_and_compare(struct auger_stun_builder *b, const struct vector *vector)
{
    struct auger_stun_key *key = key_of(PASSWORD, strlen(PASSWORD));

    auger_stun_build_integrity(b, key);
    auger_stun_build_fingerprint(b);
    assert_int_equal(auger_stun_build_end(b), vector->len);
    assert_memory_equal(b->buf, vector->buf, vector->len);
    auger_stun_key_free(key);
}

/* --- RFC 5769 ------------------------------------------------------------------------- */

static void the_sample_request_is_read(void **state)
{
    (void)state;
    struct vector v = read_vector("stun/rfc5769-2.1.bin");
    uint32_t priority;
    uint64_t tie_breaker;

    assert_int_equal(v.msg.class_, AUGER_STUN_REQUEST);
    assert_int_equal(v.msg.method, AUGER_STUN_BINDING);
    assert_memory_equal(&v.msg.tid, &tid_of_ice, 12);
    assert_text(&v.msg, AUGER_STUN_ATTR_SOFTWARE, "STUN test client");
    assert_text(&v.msg, AUGER_STUN_ATTR_USERNAME, "evtj:h6vY");
    assert_true(auger_stun_msg_u32(&v.msg, AUGER_STUN_ATTR_PRIORITY, &priority));
    assert_int_equal(priority, 0x6E0001FF);
    assert_true(auger_stun_msg_u64(&v.msg, AUGER_STUN_ATTR_ICE_CONTROLLED, &tie_breaker));
    assert_true(tie_breaker == 0x932FF9B151263B36);
    assert_int_equal(v.msg.unknown_len, 0);
    assert_sealed(&v.msg, PASSWORD, strlen(PASSWORD), true);
}

static void the_sample_request_is_rebuilt_to_the_byte(void **state)
{
    (void)state;
    struct vector v = read_vector("stun/rfc5769-2.1.bin");
    uint8_t buf[256];
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_REQUEST, AUGER_STUN_BINDING,
                           &tid_of_ice);
    build_text(&b, AUGER_STUN_ATTR_SOFTWARE, "STUN test client");
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_PRIORITY, 0x6E0001FF);
    auger_stun_build_u64(&b, AUGER_STUN_ATTR_ICE_CONTROLLED, 0x932FF9B151263B36);
    build_text(&b, AUGER_STUN_ATTR_USERNAME, "evtj:h6vY");
    pad_with_spaces(&b, 3);
    seal_and_compare(&b, &v);
}

static const struct {
    const char *file, *mapped;
} responses[] = {
    {"stun/rfc5769-2.2.bin", "192.0.2.1:32853"},
    {"stun/rfc5769-2.3.bin", "[2001:db8:1234:5678:11:2233:4455:6677]:32853"},
};

static void the_sample_responses_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(responses); i++) {
        struct vector v = read_vector(responses[i].file);
        struct auger_addr mapped, wanted = addr_of(responses[i].mapped);

        assert_int_equal(v.msg.class_, AUGER_STUN_SUCCESS);
        assert_text(&v.msg, AUGER_STUN_ATTR_SOFTWARE, "test vector");
        assert_true(auger_stun_msg_addr(&v.msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped));
        assert_true(auger_addr_equal(&mapped, &wanted));
        assert_sealed(&v.msg, PASSWORD, strlen(PASSWORD), true);
    }
}

static void the_sample_responses_are_rebuilt_to_the_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(responses); i++) {
        struct vector v = read_vector(responses[i].file);
        struct auger_addr mapped = addr_of(responses[i].mapped);
        uint8_t buf[256];
        struct auger_stun_builder b;

        auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_SUCCESS, AUGER_STUN_BINDING,
                               &tid_of_ice);
        build_text(&b, AUGER_STUN_ATTR_SOFTWARE, "test vector");
        pad_with_spaces(&b, 1);
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
        seal_and_compare(&b, &v);
    }
}

/* --- long-term credentials -------------------------------------------------------------- */

/* RFC 8489 section 18.5.1 */
static size_t long_term_key(const EVP_MD *md, uint8_t *secret)
{
    unsigned len;

    assert_true(EVP_Digest(LONG_TERM, strlen(LONG_TERM), secret, &len, md, NULL));
    return len;
}

static void the_long_term_request_is_read_and_rebuilt_to_the_byte(void **state)
{
    (void)state;
    struct vector v = read_vector("stun/rfc5769-2.4.bin");
    uint8_t buf[256], secret[EVP_MAX_MD_SIZE];
    size_t secret_len = long_term_key(EVP_md5(), secret);
    struct auger_stun_builder b;

    assert_memory_equal(&v.msg.tid, &tid_of_long_term, 12);
    assert_text(&v.msg, AUGER_STUN_ATTR_USERNAME, MATRIX);
    assert_text(&v.msg, AUGER_STUN_ATTR_NONCE, NONCE);
    assert_text(&v.msg, AUGER_STUN_ATTR_REALM, REALM);
    assert_sealed(&v.msg, secret, secret_len, false);

    struct auger_stun_key *key = key_of(secret, secret_len);
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_REQUEST, AUGER_STUN_BINDING,
                           &tid_of_long_term);
    build_text(&b, AUGER_STUN_ATTR_USERNAME, MATRIX);
    build_text(&b, AUGER_STUN_ATTR_NONCE, NONCE);
    build_text(&b, AUGER_STUN_ATTR_REALM, REALM);
    auger_stun_build_integrity(&b, key);
    assert_int_equal(auger_stun_build_end(&b), v.len);
    assert_memory_equal(buf, v.buf, v.len);
    auger_stun_key_free(key);
}

/* The vector as printed says 156 in its length field, which is its length with the header,
 * and its code is computed over that.  So it breaks section 5, and is refused; everything
 * else of it is held against us with the field mended. */
#define LEN_OF_B1 156
#define COVERED_OF_B1 (LEN_OF_B1 - 36)

static void load_b1(uint8_t buf[LEN_OF_B1])
{
    uint8_t bytes[256];

    assert_int_equal(load("stun/rfc8489-B.1.bin", bytes, sizeof(bytes)), LEN_OF_B1);
    memcpy(buf, bytes, LEN_OF_B1);
}

static void the_vector_of_8489_is_no_message_as_printed(void **state)
{
    (void)state;
    uint8_t buf[LEN_OF_B1];
    struct auger_stun_msg msg;

    load_b1(buf);
    assert_int_equal(buf[3], LEN_OF_B1);
    assert_int_equal(auger_stun_msg_parse(&msg, buf, sizeof(buf)), AUGER_ERR_MALFORMED);
}

static void the_code_of_8489_is_that_of_its_bytes_as_printed(void **state)
{
    (void)state;
    uint8_t buf[LEN_OF_B1], secret[EVP_MAX_MD_SIZE], mac[AUGER_SHA256_LEN];
    size_t secret_len = long_term_key(EVP_sha256(), secret);
    struct auger_hmac *hmac;

    load_b1(buf);
    assert_int_equal(auger_hmac_new(&hmac, AUGER_SHA256, secret, secret_len), 0);
    assert_int_equal(auger_hmac_compute(hmac, &(struct auger_bytes){buf, COVERED_OF_B1}, 1, mac),
                     0);
    assert_memory_equal(mac, buf + COVERED_OF_B1 + 4, sizeof(mac));
    auger_hmac_free(hmac);
}

static void the_vector_of_8489_is_read_with_its_length_mended(void **state)
{
    (void)state;
    uint8_t buf[LEN_OF_B1], userhash[EVP_MAX_MD_SIZE];
    struct auger_stun_msg msg;
    struct auger_bytes value;
    unsigned len;

    load_b1(buf);
    buf[3] = LEN_OF_B1 - 20;
    assert_int_equal(auger_stun_msg_parse(&msg, buf, sizeof(buf)), 0);
    assert_text(&msg, AUGER_STUN_ATTR_NONCE, NONCE_OF_8489);
    assert_text(&msg, AUGER_STUN_ATTR_REALM, REALM);
    assert_true(EVP_Digest(MATRIX ":" REALM, strlen(MATRIX ":" REALM), userhash, &len, EVP_sha256(),
                           NULL)); /* 14.4 */
    assert_true(auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_USERHASH, &value));
    assert_int_equal(value.len, len);
    assert_memory_equal(value.data, userhash, len);
    assert_int_equal(msg.integrity256_offset, COVERED_OF_B1);
}

static void the_vector_of_8489_is_rebuilt_but_for_the_length_and_the_code(void **state)
{
    (void)state;
    /* Of the mended message, computed by another implementation of HMAC. */
    static const uint8_t code[] = {0x23, 0x41, 0x12, 0xFB, 0xD4, 0xE2, 0x7F, 0x98, 0x3E, 0xB4, 0x03,
                                   0x28, 0x36, 0xF9, 0x98, 0x21, 0x6F, 0x5B, 0x23, 0xF8, 0xD9, 0x27,
                                   0x75, 0x3F, 0xBC, 0x4F, 0x88, 0x2B, 0xFB, 0xDF, 0x0D, 0xEC};
    uint8_t printed[LEN_OF_B1], buf[256], secret[EVP_MAX_MD_SIZE];
    struct auger_stun_key *key = key_of(secret, long_term_key(EVP_sha256(), secret));
    struct auger_stun_builder b;
    struct auger_stun_msg msg;

    load_b1(printed);
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_REQUEST, AUGER_STUN_BINDING,
                           &tid_of_long_term);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USERHASH, printed + 24, 32);
    build_text(&b, AUGER_STUN_ATTR_NONCE, NONCE_OF_8489);
    build_text(&b, AUGER_STUN_ATTR_REALM, REALM);
    auger_stun_build_integrity_sha256(&b, key);
    assert_int_equal(auger_stun_build_end(&b), LEN_OF_B1);

    printed[3] = LEN_OF_B1 - 20;
    assert_memory_equal(buf, printed, COVERED_OF_B1 + 4);
    assert_memory_equal(buf + COVERED_OF_B1 + 4, code, sizeof(code));
    assert_int_equal(auger_stun_msg_parse(&msg, buf, LEN_OF_B1), 0);
    assert_int_equal(auger_stun_msg_verify(&msg, key), 0);
    auger_stun_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_request_is_read),
        cmocka_unit_test(the_sample_request_is_rebuilt_to_the_byte),
        cmocka_unit_test(the_sample_responses_are_read),
        cmocka_unit_test(the_sample_responses_are_rebuilt_to_the_byte),
        cmocka_unit_test(the_long_term_request_is_read_and_rebuilt_to_the_byte),
        cmocka_unit_test(the_vector_of_8489_is_no_message_as_printed),
        cmocka_unit_test(the_code_of_8489_is_that_of_its_bytes_as_printed),
        cmocka_unit_test(the_vector_of_8489_is_read_with_its_length_mended),
        cmocka_unit_test(the_vector_of_8489_is_rebuilt_but_for_the_length_and_the_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
