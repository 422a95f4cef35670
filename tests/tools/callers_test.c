/* Callers: nobody may hold many connections on which nothing was asked yet, and who is silent for
 * longest makes room for who comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/callers.h"

#include <stdio.h>

static char connections[CALLERS_MAX + 1];

/* The connection `which`, from the address of that number. */
static struct caller *call_from(struct callers *callers, int number, size_t which, void **dismissed)
{
    char ip[CALLER_IP_MAX];

    snprintf(ip, sizeof(ip), "192.0.2.%d", number);
    return callers_add(callers, ip, &connections[which], dismissed);
}

static void the_65th_silent_one_of_an_address_takes_the_place_of_the_first(void **state)
{
    static struct callers callers;
    struct caller *list[CALLERS_SILENT_MAX];
    void *dismissed;

    (void)state;
    for (size_t i = 0; i < CALLERS_SILENT_MAX; i++) {
        list[i] = call_from(&callers, 1, i, &dismissed);
        assert_non_null(list[i]);
        assert_null(dismissed);
    }
    assert_non_null(call_from(&callers, 2, 100, &dismissed));
    assert_null(dismissed);
    assert_ptr_equal(call_from(&callers, 1, 64, &dismissed), list[0]);
    assert_ptr_equal(dismissed, &connections[0]);

    caller_asked(list[1]);
    assert_non_null(call_from(&callers, 1, 65, &dismissed));
    assert_null(dismissed);
    assert_ptr_equal(call_from(&callers, 1, 66, &dismissed), list[2]);
    assert_ptr_equal(dismissed, &connections[2]);

    caller_left(list[3]);
    assert_ptr_equal(call_from(&callers, 1, 67, &dismissed), list[3]);
    assert_null(dismissed);
}

static void when_all_places_are_taken_the_longest_silent_one_goes(void **state)
{
    static struct callers callers;
    struct caller *list[CALLERS_MAX];
    void *dismissed;

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < CALLERS_MAX; i++) {
            list[i] = call_from(&callers, (int)(i % 200), i, &dismissed);
            assert_non_null(list[i]);
            assert_null(dismissed);
        }
        caller_asked(list[0]);
        assert_ptr_equal(call_from(&callers, 250, CALLERS_MAX, &dismissed), list[1]);
        assert_ptr_equal(dismissed, &connections[1]);
        for (size_t i = 0; i < CALLERS_MAX; i++)
            caller_left(list[i]);
    }
    caller_left(NULL);
}

static void who_has_asked_is_not_sent_away(void **state)
{
    static struct callers callers;
    void *dismissed;

    (void)state;
    for (size_t i = 0; i < CALLERS_MAX; i++) {
        assert_false(callers_are_full(&callers));
        caller_asked(call_from(&callers, (int)(i % 200), i, &dismissed));
    }
    assert_true(callers_are_full(&callers));
    assert_null(call_from(&callers, 250, 0, &dismissed));
    assert_null(dismissed);
}

static void who_has_no_address_is_refused(void **state)
{
    static struct callers callers;
    void *dismissed;

    (void)state;
    assert_null(callers_add(&callers, "", connections, &dismissed));
    assert_null(dismissed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_65th_silent_one_of_an_address_takes_the_place_of_the_first),
        cmocka_unit_test(when_all_places_are_taken_the_longest_silent_one_goes),
        cmocka_unit_test(who_has_asked_is_not_sent_away),
        cmocka_unit_test(who_has_no_address_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
