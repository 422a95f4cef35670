/* The ordinary environment: random bytes and memory. */
#define _DEFAULT_SOURCE /* fork() */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/env.h"

#include <auger/crypto.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void random_bytes_fill_what_is_asked_for_and_no_more(void **state)
{
    (void)state;
    const struct auger_env *env = auger_env_system();

    for (size_t len = 0; len <= 64; len++) {
        uint8_t seen[64] = {0}; /* bits that were 1 at least once */
        for (int again = 0; again < 64; again++) {
            uint8_t buf[80];
            memset(buf, 0xAA, sizeof(buf));
            assert_int_equal(auger_env_random(env, buf, len), 0);
            for (size_t i = 0; i < len; i++)
                seen[i] |= buf[i];
            for (size_t i = len; i < sizeof(buf); i++)
                assert_int_equal(buf[i], 0xAA);
        }
        for (size_t i = 0; i < len; i++) /* one bit fails in 2^64 runs */
            assert_int_equal(seen[i], 0xFF);
    }
}

/* A quarter of a million bits, of which half are 1: further off than this by chance once in
 * 10^22 runs. */
static void half_of_the_random_bits_are_set(void **state)
{
    (void)state;
    static uint8_t buf[32768];
    long ones = 0;

    assert_int_equal(auger_env_random(auger_env_system(), buf, sizeof(buf)), 0);
    for (size_t i = 0; i < sizeof(buf); i++)
        for (int bit = 0; bit < 8; bit++)
            ones += buf[i] >> bit & 1;
    assert_in_range(ones, 131072 - 2560, 131072 + 2560);
}

static void more_random_bytes_than_can_be_had_are_an_error(void **state)
{
    (void)state;
    static const size_t lens[] = {(size_t)INT_MAX + 1, (size_t)UINT32_MAX + 2};
    uint8_t buf[1];

    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
        assert_int_equal(auger_env_random(auger_env_system(), buf, lens[i]), AUGER_ERR_ENTROPY);
}

/* What the child draws, sent through a pipe. */
static void draw_in_child(uint8_t *buf, size_t len)
{
    int ends[2], status;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool ok = auger_env_random(auger_env_system(), buf, len) == 0 &&
                  write(ends[1], buf, len) == (ssize_t)len;
        _exit(ok ? 0 : 1);
    }
    assert_int_equal(read(ends[0], buf, len), len);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ends[0]);
    close(ends[1]);
}

/* The state of the generator is copied by fork(); its bytes must not be. */
static void a_child_draws_other_bytes_than_its_parent_and_its_siblings(void **state)
{
    (void)state;
    uint8_t drawn[4][12];

    assert_int_equal(auger_env_random(auger_env_system(), drawn[0], 12), 0); /* it is seeded */
    for (size_t i = 0; i < 3; i++)
        draw_in_child(drawn[i], 12);
    assert_int_equal(auger_env_random(auger_env_system(), drawn[3], 12), 0);
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(drawn[i], drawn[j], 12);
}

static void memory_comes_zeroed_and_aligned(void **state)
{
    (void)state;
    const struct auger_env *env = auger_env_system();
    static const uint8_t zeros[512];

    for (size_t size = 0; size <= 512; size += 37) {
        uint8_t *ptr = auger_env_alloc(env, 1, size);
        assert_non_null(ptr); /* of no size too: NULL would mean that there is none */
        assert_memory_equal(ptr, zeros, size);
        assert_int_equal((uintptr_t)ptr % _Alignof(max_align_t), 0);
        if (size)
            memset(ptr, 0xFF, size);
        auger_env_release(env, ptr);
    }
    auger_env_release(env, NULL);
    env->release(env->user, NULL);
}

static void there_is_one_and_it_does_not_trace(void **state)
{
    (void)state;
    assert_non_null(auger_env_system());
    assert_ptr_equal(auger_env_system(), auger_env_system());
    assert_null(auger_env_system()->trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_bytes_fill_what_is_asked_for_and_no_more),
        cmocka_unit_test(half_of_the_random_bits_are_set),
        cmocka_unit_test(more_random_bytes_than_can_be_had_are_an_error),
        cmocka_unit_test(a_child_draws_other_bytes_than_its_parent_and_its_siblings),
        cmocka_unit_test(memory_comes_zeroed_and_aligned),
        cmocka_unit_test(there_is_one_and_it_does_not_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
