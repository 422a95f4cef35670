/* The CRC-32 of ITU V.42. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crc32.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t crc_of(const char *text)
{
    return auger_crc32((const uint8_t *)text, strlen(text));
}

static void known_values_are_met(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t crc;
    } rows[] = {
        {"", 0},
        {"a", 0xE8B7BE43},
        {"abc", 0x352441C2},
        {"123456789", 0xCBF43926}, /* the check value of the catalogues */
        {"The quick brown fox jumps over the lazy dog", 0x414FA339},
    };
    static const uint8_t zeros[32], ones[4] = {0xFF, 0xFF, 0xFF, 0xFF};

    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(crc_of(rows[i].text), rows[i].crc);
    assert_int_equal(auger_crc32(zeros, 32), 0x190A55AD);
    assert_int_equal(auger_crc32(ones, 4), 0xFFFFFFFF);
}

/* Bit by bit, by the polynomial of RFC 8489 section 14.7, reflected. */
static uint32_t slow(const uint8_t *buf, size_t len)
{
    uint32_t crc = 0xFFFFFFFF;

    for (size_t i = 0; i < len; i++) {
        crc ^= buf[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

/* Every entry of the tables is used: by each value of a byte in each of the four places. */
static void the_tables_follow_the_polynomial(void **state)
{
    (void)state;
    uint8_t buf[12] = {0};

    for (size_t place = 0; place < sizeof(buf); place++) {
        for (unsigned value = 0; value < 256; value++) {
            buf[place] = (uint8_t)value;
            assert_int_equal(auger_crc32(buf, sizeof(buf)), slow(buf, sizeof(buf)));
        }
    }
}

static void any_length_at_any_address_will_do(void **state)
{
    (void)state;
    _Alignas(8) uint8_t arena[80];

    for (size_t i = 0; i < sizeof(arena); i++)
        arena[i] = (uint8_t)(i * 37 + 11);
    for (size_t shift = 0; shift < 8; shift++)
        for (size_t len = 0; len <= 64; len++)
            assert_int_equal(auger_crc32(arena + shift, len), slow(arena + shift, len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values_are_met),
        cmocka_unit_test(the_tables_follow_the_polynomial),
        cmocka_unit_test(any_length_at_any_address_will_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
