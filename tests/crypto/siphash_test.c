/* SipHash-2-4 with the vector of its authors' paper (appendix A), and what a table needs of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"

#include <string.h>

static struct auger_siphash *with_key(uint8_t first)
{
    uint8_t key[AUGER_SIPHASH_KEY_LEN];
    struct auger_siphash *siphash;

    for (uint8_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(first + i);
    assert_int_equal(auger_siphash_new(&siphash, key), 0);
    return siphash;
}

static void the_vector_of_the_paper_comes_out(void **state)
{
    static const uint8_t expected[] = {0xE5, 0x45, 0xBE, 0x49, 0x61, 0xCA, 0x29, 0xA1};
    struct auger_siphash *siphash = with_key(0);
    uint8_t input[15];
    uint64_t hash;

    (void)state;
    for (uint8_t i = 0; i < sizeof(input); i++)
        input[i] = i;
    for (int again = 0; again < 3; again++) {
        hash = 0;
        assert_int_equal(auger_siphash_compute(siphash, input, sizeof(input), &hash), 0);
        assert_memory_equal(&hash, expected, sizeof(expected));
    }
    auger_siphash_free(siphash);
}

static void another_key_and_another_input_are_another_hash(void **state)
{
    struct auger_siphash *one = with_key(0), *two = with_key(1);
    uint64_t hash, other_key, other_input, nothing;

    (void)state;
    assert_int_equal(auger_siphash_compute(one, (const uint8_t *)"abcd", 4, &hash), 0);
    assert_int_equal(auger_siphash_compute(two, (const uint8_t *)"abcd", 4, &other_key), 0);
    assert_int_equal(auger_siphash_compute(one, (const uint8_t *)"abce", 4, &other_input), 0);
    assert_int_equal(auger_siphash_compute(one, (const uint8_t *)"abcd", 0, &nothing), 0);
    assert_true(hash != other_key && hash != other_input && hash != nothing);
    auger_siphash_free(one);
    auger_siphash_free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vector_of_the_paper_comes_out),
        cmocka_unit_test(another_key_and_another_input_are_another_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
