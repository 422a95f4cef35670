/* Cursors over wire bytes, and the small arithmetic beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/env.h"
#include "base/time.h"

#include <stdlib.h>

static const uint8_t wire[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0x10,
                               0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE, 0x0F, 0x1E};

/* --- reading ---------------------------------------------------------------------------------- */

static void numbers_are_read_in_network_order(void **state)
{
    (void)state;
    struct auger_reader r = auger_reader(wire, sizeof(wire));

    assert_int_equal(auger_read_u8(&r), 0x01);
    assert_int_equal(auger_read_u16(&r), 0x2345);
    assert_int_equal(auger_read_u24(&r), 0x6789AB);
    assert_int_equal(auger_read_u32(&r), 0xCDEF1032);
    assert_true(auger_read_u64(&r) == 0x547698BADCFE0F1E);
    assert_int_equal(r.left, 0);
    assert_false(r.failed);
}

static void the_first_step_past_the_end_sticks(void **state)
{
    (void)state;
    struct auger_reader r = auger_reader(wire, 3);

    assert_int_equal(auger_read_u16(&r), 0x0123);
    assert_int_equal(auger_read_u16(&r), 0);
    assert_true(r.failed);
    assert_int_equal(auger_read_u8(&r), 0); /* although there is one left */
    assert_null(auger_read_bytes(&r, 0));
    assert_true(r.failed);
}

static void every_width_fails_one_byte_short(void **state)
{
    (void)state;
    for (size_t width = 1; width <= 8; width++) {
        struct auger_reader r = auger_reader(wire, width - 1);
        assert_true(auger_read_uint(&r, width) == 0);
        assert_true(r.failed);
        r = auger_reader(wire, width);
        assert_true(auger_read_uint(&r, width) != 0);
        assert_false(r.failed);
    }
}

static void absurd_lengths_do_not_wrap(void **state)
{
    (void)state;
    static const size_t lens[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2};

    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        struct auger_reader r = auger_reader(wire, 4);
        uint8_t buf[4];
        struct auger_writer w = auger_writer(buf, sizeof(buf));
        auger_write_u8(&w, 1);
        assert_null(auger_read_bytes(&r, lens[i]));
        assert_null(auger_write_room(&w, lens[i]));
        assert_true(r.failed && w.failed);
    }
}

static void pieces_lie_where_they_are(void **state)
{
    (void)state;
    struct auger_reader r = auger_reader(wire, 8);

    assert_ptr_equal(auger_read_bytes(&r, 3), wire);
    assert_ptr_equal(auger_read_bytes(&r, 0), wire + 3);
    assert_ptr_equal(auger_read_bytes(&r, 5), wire + 3);
    assert_ptr_equal(auger_read_bytes(&r, 0), wire + 8);
    assert_false(r.failed);
}

static void nothing_can_be_read(void **state)
{
    (void)state;
    struct auger_reader r = auger_reader(NULL, 0);

    assert_int_equal(auger_read_u8(&r), 0);
    assert_true(r.failed);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void numbers_are_written_in_network_order(void **state)
{
    (void)state;
    uint8_t buf[sizeof(wire)];
    struct auger_writer w = auger_writer(buf, sizeof(buf));

    auger_write_u8(&w, 0x01);
    auger_write_u16(&w, 0x2345);
    auger_write_u24(&w, 0x6789AB);
    auger_write_u32(&w, 0xCDEF1032);
    auger_write_u64(&w, 0x547698BADCFE0F1E);
    assert_false(w.failed);
    assert_int_equal(w.len, sizeof(wire));
    assert_memory_equal(buf, wire, sizeof(wire));
}

static void what_does_not_fit_is_not_begun(void **state)
{
    (void)state;
    uint8_t buf[8];
    struct auger_writer w = auger_writer(buf, 3);

    memset(buf, 0xAA, sizeof(buf));
    auger_write_u16(&w, 0x0102);
    auger_write_u32(&w, 0x03040506);
    assert_true(w.failed);
    auger_write_u8(&w, 7); /* although there is room for one */
    auger_write_bytes(&w, wire, 0);
    assert_int_equal(w.len, 2);
    for (size_t i = 2; i < sizeof(buf); i++)
        assert_int_equal(buf[i], 0xAA);
}

static void pieces_are_copied_and_room_is_left(void **state)
{
    (void)state;
    uint8_t buf[8] = {0};
    struct auger_writer w = auger_writer(buf, sizeof(buf));

    auger_write_bytes(&w, wire, 3);
    auger_write_bytes(&w, NULL, 0);
    uint8_t *room = auger_write_room(&w, 5);
    assert_ptr_equal(room, buf + 3);
    assert_false(w.failed);
    assert_memory_equal(buf, wire, 3);
    assert_null(auger_write_room(&w, 1));
}

/* --- beside -------------------------------------------------------------------------------------
 */

static void never_stays_never(void **state)
{
    (void)state;
    assert_int_equal(auger_time_add(1, 2), 3);
    assert_int_equal(auger_time_add(AUGER_NEVER, 0), AUGER_NEVER);
    assert_int_equal(auger_time_add(AUGER_NEVER, AUGER_SEC), AUGER_NEVER);
    assert_int_equal(auger_time_add(AUGER_NEVER - 1, AUGER_NEVER), AUGER_NEVER);
    assert_int_equal(auger_time_add(AUGER_NEVER - 1, 1), AUGER_NEVER);
    assert_int_equal(auger_time_min(1, AUGER_NEVER), 1);
    assert_int_equal(auger_time_min(AUGER_NEVER, 1), 1);
    assert_int_equal(auger_time_max(1, AUGER_NEVER), AUGER_NEVER);
    assert_int_equal(auger_time_max(2, 1), 2);
}

static void *only_small(void *user, size_t size)
{
    (void)user;
    return size <= 64 ? calloc(1, size) : NULL;
}

static void release(void *user, void *ptr)
{
    ++*(int *)user;
    free(ptr);
}

static void a_count_that_overflows_is_no_memory(void **state)
{
    (void)state;
    int released = 0;
    const struct auger_env env = {.user = &released, .alloc = only_small, .release = release};

    assert_null(auger_env_alloc(&env, SIZE_MAX / 4 + 2, 4)); /* wraps to 4 */
    assert_null(auger_env_alloc(&env, 16, SIZE_MAX / 16 + 2));
    assert_null(auger_env_alloc(&env, 65, 1));
    void *ptr = auger_env_alloc(&env, 8, 8);
    assert_non_null(ptr);
    auger_env_release(&env, ptr);
    auger_env_release(&env, NULL);
    assert_int_equal(released, 1);
}

static void every_error_has_its_words(void **state)
{
    (void)state;
    for (int err = AUGER_ERR_NAME_TAKEN; err <= AUGER_OK; err++) {
        assert_string_not_equal(auger_strerror(err), "unknown error");
        for (int other = AUGER_ERR_NAME_TAKEN; other < err; other++)
            assert_string_not_equal(auger_strerror(err), auger_strerror(other));
    }
    assert_string_equal(auger_strerror(1), "unknown error");
    assert_string_equal(auger_strerror(AUGER_ERR_NAME_TAKEN - 1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_in_network_order),
        cmocka_unit_test(the_first_step_past_the_end_sticks),
        cmocka_unit_test(every_width_fails_one_byte_short),
        cmocka_unit_test(absurd_lengths_do_not_wrap),
        cmocka_unit_test(pieces_lie_where_they_are),
        cmocka_unit_test(nothing_can_be_read),
        cmocka_unit_test(numbers_are_written_in_network_order),
        cmocka_unit_test(what_does_not_fit_is_not_begun),
        cmocka_unit_test(pieces_are_copied_and_room_is_left),
        cmocka_unit_test(never_stays_never),
        cmocka_unit_test(a_count_that_overflows_is_no_memory),
        cmocka_unit_test(every_error_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
