/* HMAC with a kept key: the vectors of RFC 2202 section 3 and RFC 4231 section 4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"

#include <limits.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct vector {
    const char *key;
    size_t key_len; /* the first byte so often; 0: the text */
    const char *data;
    size_t data_len; /* the same */
    uint8_t sha1[AUGER_SHA1_LEN], sha256[AUGER_SHA256_LEN];
    bool has_sha1, has_sha256;
} vectors[] = {
    /* RFC 4231 case 1; RFC 2202 has the same with 20 bytes of key */
    {.key = "\x0B",
     .key_len = 20,
     .data = "Hi There",
     .sha1 = {0xB6, 0x17, 0x31, 0x86, 0x55, 0x05, 0x72, 0x64, 0xE2, 0x8B,
              0xC0, 0xB6, 0xFB, 0x37, 0x8C, 0x8E, 0xF1, 0x46, 0xBE, 0x00},
     .sha256 = {0xB0, 0x34, 0x4C, 0x61, 0xD8, 0xDB, 0x38, 0x53, 0x5C, 0xA8, 0xAF,
                0xCE, 0xAF, 0x0B, 0xF1, 0x2B, 0x88, 0x1D, 0xC2, 0x00, 0xC9, 0x83,
                0x3D, 0xA7, 0x26, 0xE9, 0x37, 0x6C, 0x2E, 0x32, 0xCF, 0xF7},
     .has_sha1 = true,
     .has_sha256 = true},
    /* case 2 of both: a key shorter than the hash */
    {.key = "Jefe",
     .data = "what do ya want for nothing?",
     .sha1 = {0xEF, 0xFC, 0xDF, 0x6A, 0xE5, 0xEB, 0x2F, 0xA2, 0xD2, 0x74,
              0x16, 0xD5, 0xF1, 0x84, 0xDF, 0x9C, 0x25, 0x9A, 0x7C, 0x79},
     .sha256 = {0x5B, 0xDC, 0xC1, 0x46, 0xBF, 0x60, 0x75, 0x4E, 0x6A, 0x04, 0x24,
                0x26, 0x08, 0x95, 0x75, 0xC7, 0x5A, 0x00, 0x3F, 0x08, 0x9D, 0x27,
                0x39, 0x83, 0x9D, 0xEC, 0x58, 0xB9, 0x64, 0xEC, 0x38, 0x43},
     .has_sha1 = true,
     .has_sha256 = true},
    /* case 3 of both */
    {.key = "\xAA",
     .key_len = 20,
     .data = "\xDD",
     .data_len = 50,
     .sha1 = {0x12, 0x5D, 0x73, 0x42, 0xB9, 0xAC, 0x11, 0xCD, 0x91, 0xA3,
              0x9A, 0xF4, 0x8A, 0xA1, 0x7B, 0x4F, 0x63, 0xF1, 0x75, 0xD3},
     .sha256 = {0x77, 0x3E, 0xA9, 0x1E, 0x36, 0x80, 0x0E, 0x46, 0x85, 0x4D, 0xB8,
                0xEB, 0xD0, 0x91, 0x81, 0xA7, 0x29, 0x59, 0x09, 0x8B, 0x3E, 0xF8,
                0xC1, 0x22, 0xD9, 0x63, 0x55, 0x14, 0xCE, 0xD5, 0x65, 0xFE},
     .has_sha1 = true,
     .has_sha256 = true},
    /* case 4 of both */
    {.key = "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24\25\26\27\30\31",
     .data = "\xCD",
     .data_len = 50,
     .sha1 = {0x4C, 0x90, 0x07, 0xF4, 0x02, 0x62, 0x50, 0xC6, 0xBC, 0x84,
              0x14, 0xF9, 0xBF, 0x50, 0xC8, 0x6C, 0x2D, 0x72, 0x35, 0xDA},
     .sha256 = {0x82, 0x55, 0x8A, 0x38, 0x9A, 0x44, 0x3C, 0x0E, 0xA4, 0xCC, 0x81,
                0x98, 0x99, 0xF2, 0x08, 0x3A, 0x85, 0xF0, 0xFA, 0xA3, 0xE5, 0x78,
                0xF8, 0x07, 0x7A, 0x2E, 0x3F, 0xF4, 0x67, 0x29, 0x66, 0x5B},
     .has_sha1 = true,
     .has_sha256 = true},
    /* RFC 2202 case 5; RFC 4231 truncates it to 16 bytes */
    {.key = "\x0C",
     .key_len = 20,
     .data = "Test With Truncation",
     .sha1 = {0x4C, 0x1A, 0x03, 0x42, 0x4B, 0x55, 0xE0, 0x7F, 0xE7, 0xF2,
              0x7B, 0xE1, 0xD5, 0x8B, 0xB9, 0x32, 0x4A, 0x9A, 0x5A, 0x04},
     .has_sha1 = true},
    /* RFC 2202 cases 6 and 7: a key longer than a block */
    {.key = "\xAA",
     .key_len = 80,
     .data = "Test Using Larger Than Block-Size Key - Hash Key First",
     .sha1 = {0xAA, 0x4A, 0xE5, 0xE1, 0x52, 0x72, 0xD0, 0x0E, 0x95, 0x70,
              0x56, 0x37, 0xCE, 0x8A, 0x3B, 0x55, 0xED, 0x40, 0x21, 0x12},
     .has_sha1 = true},
    {.key = "\xAA",
     .key_len = 80,
     .data = "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
     .sha1 = {0xE8, 0xE9, 0x9D, 0x0F, 0x45, 0x23, 0x7D, 0x78, 0x6D, 0x6B,
              0xBA, 0xA7, 0x96, 0x5C, 0x78, 0x08, 0xBB, 0xFF, 0x1A, 0x91},
     .has_sha1 = true},
    /* RFC 4231 cases 6 and 7 */
    {.key = "\xAA",
     .key_len = 131,
     .data = "Test Using Larger Than Block-Size Key - Hash Key First",
     .sha256 = {0x60, 0xE4, 0x31, 0x59, 0x1E, 0xE0, 0xB6, 0x7F, 0x0D, 0x8A, 0x26,
                0xAA, 0xCB, 0xF5, 0xB7, 0x7F, 0x8E, 0x0B, 0xC6, 0x21, 0x37, 0x28,
                0xC5, 0x14, 0x05, 0x46, 0x04, 0x0F, 0x0E, 0xE3, 0x7F, 0x54},
     .has_sha256 = true},
    {.key = "\xAA",
     .key_len = 131,
     .data = "This is a test using a larger than block-size key and a larger than block-size "
             "data. The key needs to be hashed before being used by the HMAC algorithm.",
     .sha256 = {0x9B, 0x09, 0xFF, 0xA7, 0x1B, 0x94, 0x2F, 0xCB, 0x27, 0x63, 0x5F,
                0xBC, 0xD5, 0xB0, 0xE9, 0x44, 0xBF, 0xDC, 0x63, 0x64, 0x4F, 0x07,
                0x13, 0x93, 0x8A, 0x7F, 0x51, 0x53, 0x5C, 0x3A, 0x35, 0xE2},
     .has_sha256 = true},
};

static size_t expand(const char *text, size_t repeated, uint8_t *out)
{
    size_t len = repeated ? repeated : strlen(text);

    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)text[repeated ? 0 : i];
    return len;
}

static struct auger_hmac *hmac_of(enum auger_hash hash, const uint8_t *key, size_t len)
{
    struct auger_hmac *hmac;

    assert_int_equal(auger_hmac_new(&hmac, hash, key, len), 0);
    return hmac;
}

static void assert_mac(struct auger_hmac *hmac, const uint8_t *data, size_t len,
                       const uint8_t *wanted, size_t wanted_len)
{
    uint8_t mac[AUGER_SHA256_LEN + 1];

    memset(mac, 0xAA, sizeof(mac));
    assert_int_equal(auger_hmac_compute(hmac, &(struct auger_bytes){data, len}, 1, mac), 0);
    assert_memory_equal(mac, wanted, wanted_len);
    assert_int_equal(mac[wanted_len], 0xAA);
}

static void the_vectors_of_the_rfcs_are_met(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        const struct vector *v = &vectors[i];
        uint8_t key[256], data[256];
        size_t key_len = expand(v->key, v->key_len, key);
        size_t data_len = expand(v->data, v->data_len, data);

        struct auger_hmac *sha1 = hmac_of(AUGER_SHA1, key, key_len);
        struct auger_hmac *sha256 = hmac_of(AUGER_SHA256, key, key_len);
        for (int again = 0; again < 3; again++) { /* the key stays as it is */
            if (v->has_sha1)
                assert_mac(sha1, data, data_len, v->sha1, AUGER_SHA1_LEN);
            if (v->has_sha256)
                assert_mac(sha256, data, data_len, v->sha256, AUGER_SHA256_LEN);
        }
        auger_hmac_free(sha1);
        auger_hmac_free(sha256);
    }
}

static void pieces_count_as_one(void **state)
{
    (void)state;
    const uint8_t *data = (const uint8_t *)vectors[1].data;
    size_t len = strlen(vectors[1].data);
    struct auger_hmac *hmac = hmac_of(AUGER_SHA1, (const uint8_t *)"Jefe", 4);

    for (size_t a = 0; a <= len; a++) {
        for (size_t b = a; b <= len; b++) {
            const struct auger_bytes pieces[] = {
                {data, a}, {data + a, b - a}, {NULL, 0}, {data + b, len - b}};
            uint8_t mac[AUGER_SHA1_LEN];
            assert_int_equal(auger_hmac_compute(hmac, pieces, COUNT(pieces), mac), 0);
            assert_memory_equal(mac, vectors[1].sha1, sizeof(mac));
        }
    }
    auger_hmac_free(hmac);
}

static void keys_do_not_mix(void **state)
{
    (void)state;
    struct auger_hmac *a = hmac_of(AUGER_SHA1, (const uint8_t *)"Jefe", 4);
    struct auger_hmac *b = hmac_of(AUGER_SHA1, (const uint8_t *)"Jefd", 4);
    const uint8_t *data = (const uint8_t *)vectors[1].data;
    uint8_t other[AUGER_SHA1_LEN];

    assert_int_equal(
        auger_hmac_compute(b, &(struct auger_bytes){data, strlen(vectors[1].data)}, 1, other), 0);
    assert_memory_not_equal(other, vectors[1].sha1, sizeof(other));
    assert_mac(a, data, strlen(vectors[1].data), vectors[1].sha1, AUGER_SHA1_LEN);
    auger_hmac_free(b);
    assert_mac(a, data, strlen(vectors[1].data), vectors[1].sha1, AUGER_SHA1_LEN);
    auger_hmac_free(a);
    auger_hmac_free(NULL);
}

/* The codes of the empty key and of no data are known too. */
static void an_empty_key_and_no_data_will_do(void **state)
{
    (void)state;
    static const uint8_t sha1[] = {0xFB, 0xDB, 0x1D, 0x1B, 0x18, 0xAA, 0x6C, 0x08, 0x32, 0x4B,
                                   0x7D, 0x64, 0xB7, 0x1F, 0xB7, 0x63, 0x70, 0x69, 0x0E, 0x1D};
    struct auger_hmac *hmac = hmac_of(AUGER_SHA1, (const uint8_t *)"", 0);
    uint8_t mac[AUGER_SHA1_LEN];

    assert_int_equal(auger_hmac_compute(hmac, NULL, 0, mac), 0);
    assert_memory_equal(mac, sha1, sizeof(mac));
    auger_hmac_free(hmac);
}

static void a_key_whose_length_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const size_t lens[] = {(size_t)INT_MAX + 1, (size_t)UINT32_MAX + 1, SIZE_MAX};
    struct auger_hmac *hmac;

    for (size_t i = 0; i < COUNT(lens); i++)
        assert_int_equal(auger_hmac_new(&hmac, AUGER_SHA1, (const uint8_t *)"", lens[i]),
                         AUGER_ERR_CRYPTO);
}

static void secrets_are_compared_to_the_last_byte(void **state)
{
    (void)state;
    uint8_t a[32] = {0}, b[32] = {0};

    assert_true(auger_bytes_equal_secret(a, b, sizeof(a)));
    assert_true(auger_bytes_equal_secret(a, b, 0));
    for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(auger_bytes_equal_secret(a, b, sizeof(a)));
        assert_true(auger_bytes_equal_secret(a, b, bit / 8));
        b[bit / 8] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_rfcs_are_met),
        cmocka_unit_test(pieces_count_as_one),
        cmocka_unit_test(keys_do_not_mix),
        cmocka_unit_test(an_empty_key_and_no_data_will_do),
        cmocka_unit_test(a_key_whose_length_does_not_fit_is_refused),
        cmocka_unit_test(secrets_are_compared_to_the_last_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
