/* Callers: nobody may hold many connections on which nothing was asked yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/callers.h"

#include <stdio.h>

static struct caller *call_from(struct callers *callers, int number)
{
    char ip[CALLER_IP_MAX];

    snprintf(ip, sizeof(ip), "192.0.2.%d", number);
    return callers_add(callers, ip);
}

static void one_address_may_be_silent_on_64(void **state)
{
    static struct callers callers;
    struct caller *first = call_from(&callers, 1);

    (void)state;
    assert_non_null(first);
    for (int i = 1; i < CALLERS_SILENT_MAX; i++)
        assert_non_null(call_from(&callers, 1));
    assert_null(call_from(&callers, 1));
    assert_non_null(call_from(&callers, 2));
    caller_asked(first);
    struct caller *next = call_from(&callers, 1);
    assert_non_null(next);
    assert_null(call_from(&callers, 1));
    caller_left(next);
    assert_non_null(call_from(&callers, 1));
}

static void all_together_are_bounded_and_places_come_back(void **state)
{
    static struct callers callers;
    struct caller *list[CALLERS_MAX];

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < CALLERS_MAX; i++) {
            list[i] = call_from(&callers, i % 200);
            assert_non_null(list[i]);
        }
        assert_null(call_from(&callers, 250));
        for (int i = 0; i < CALLERS_MAX; i++)
            caller_left(list[i]);
    }
    caller_left(NULL);
}

static void who_has_no_address_is_refused(void **state)
{
    static struct callers callers;

    (void)state;
    assert_null(callers_add(&callers, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_address_may_be_silent_on_64),
        cmocka_unit_test(all_together_are_bounded_and_places_come_back),
        cmocka_unit_test(who_has_no_address_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
