/* Packets under way: in their order, late, overtaken, lost. */
#include "tests/natbox/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct line line;

static void make(auger_time delay, auger_time jitter, unsigned loss_percent)
{
    memset(&line, 0, sizeof(line));
    line.delay = delay;
    line.jitter = jitter;
    line.loss_percent = loss_percent;
    prng_init(&line.random, 1, "line");
}

static bool put(auger_time now, uint8_t number)
{
    return line_put(&line, now, &number, 1);
}

/* The number of the packet that has arrived, or -1. */
static int take(auger_time now)
{
    uint8_t buf[LINE_PACKET_LEN];
    return line_take(&line, now, buf) ? buf[0] : -1;
}

static void what_was_put_first_arrives_first(void **state)
{
    (void)state;
    make(0, 0, 0);
    for (uint8_t i = 0; i < 10; i++)
        assert_true(put(5, i));
    for (int i = 0; i < 10; i++)
        assert_int_equal(take(5), i);
    assert_int_equal(take(5), -1);
}

static void a_packet_takes_its_delay(void **state)
{
    (void)state;
    make(20 * AUGER_MS, 0, 0);
    assert_int_equal(line_next_timeout(&line), AUGER_NEVER);
    assert_true(put(AUGER_MS, 7));
    assert_int_equal(line_next_timeout(&line), 21 * AUGER_MS);
    assert_int_equal(take(21 * AUGER_MS - 1), -1);
    assert_int_equal(take(21 * AUGER_MS), 7);
}

static void jitter_stays_within_its_bounds_and_lets_packets_overtake(void **state)
{
    bool overtook = false;
    (void)state;
    make(20 * AUGER_MS, 5 * AUGER_MS, 0);
    for (uint8_t i = 0; i < 200; i++)
        assert_true(put(0, i));
    assert_int_equal(take(15 * AUGER_MS - 1), -1);
    for (int i = 0, last = -1; i < 200; i++) {
        int number = take(25 * AUGER_MS);
        assert_true(number >= 0);
        overtook |= number < last;
        last = number;
    }
    assert_true(overtook);
}

static void as_many_are_lost_as_should_be(void **state)
{
    int arrived = 0;
    (void)state;
    make(0, 0, 30);
    for (int i = 0; i < 1000; i++)
        arrived += put(0, 1) && take(0) == 1;
    assert_in_range(arrived, 630, 770);
}

static void a_line_is_full_at_its_bound(void **state)
{
    uint8_t large[LINE_PACKET_LEN + 1] = {0};
    (void)state;
    make(1, 0, 0);
    assert_false(line_put(&line, 0, large, sizeof(large)));
    for (int i = 0; i < LINE_PACKETS_MAX; i++)
        assert_true(put(0, 1));
    assert_false(put(0, 1));
    assert_int_equal(take(1), 1);
    assert_true(put(1, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_first_arrives_first),
        cmocka_unit_test(a_packet_takes_its_delay),
        cmocka_unit_test(jitter_stays_within_its_bounds_and_lets_packets_overtake),
        cmocka_unit_test(as_many_are_lost_as_should_be),
        cmocka_unit_test(a_line_is_full_at_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
