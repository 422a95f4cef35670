/* Connections of whom nothing was proved: who leaves when there are too many. */
#include "io/strangers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT 8

struct crowd {
    struct auger_strangers strangers;
    struct auger_stranger all[COUNT];
};

static struct auger_addr at(const char *text)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse(&addr, text), 0);
    return addr;
}

static void gather(struct crowd *crowd, size_t max, size_t ip_max)
{
    *crowd = (struct crowd){0};
    assert_int_equal(auger_strangers_init(&crowd->strangers, max, ip_max, COUNT), 0);
}

static void add(struct crowd *crowd, size_t i, const char *text, auger_time until)
{
    const struct auger_addr addr = at(text);

    auger_strangers_add(&crowd->strangers, &crowd->all[i], &addr, until);
}

static const struct auger_stranger *who_leaves(const struct crowd *crowd, const char *text)
{
    const struct auger_addr addr = at(text);

    return auger_strangers_who_leaves(&crowd->strangers, &addr, false);
}

static void of_too_many_near_each_other_the_oldest_of_them_leaves(void **state)
{
    struct crowd crowd;
    (void)state;

    gather(&crowd, COUNT, 2);
    add(&crowd, 0, "192.0.2.1:1", 10);
    add(&crowd, 1, "[2001:db8::1]:1", 10);
    assert_null(who_leaves(&crowd, "[2001:db8::2]:1"));
    add(&crowd, 2, "[2001:db8::2]:1", 10); /* of the same /64 */
    assert_ptr_equal(who_leaves(&crowd, "[2001:db8:0:0:5::]:9"), &crowd.all[1]);
    assert_null(who_leaves(&crowd, "[2001:db8:0:1::]:9"));
    assert_null(who_leaves(&crowd, "192.0.2.1:2"));
    auger_strangers_fini(&crowd.strangers);
}

static void of_too_many_in_all_the_oldest_leaves(void **state)
{
    struct crowd crowd;
    (void)state;

    gather(&crowd, 2, 2);
    add(&crowd, 0, "192.0.2.1:1", 10);
    add(&crowd, 1, "192.0.2.2:1", 10);
    assert_ptr_equal(who_leaves(&crowd, "192.0.2.3:1"), &crowd.all[0]);
    auger_strangers_remove(&crowd.strangers, &crowd.all[0]);
    auger_strangers_remove(&crowd.strangers, &crowd.all[0]);
    assert_int_equal(crowd.strangers.len, 1);
    assert_null(who_leaves(&crowd, "192.0.2.3:1"));
    const struct auger_addr addr = at("192.0.2.3:1");
    assert_ptr_equal(auger_strangers_who_leaves(&crowd.strangers, &addr, true), &crowd.all[1]);
    auger_strangers_fini(&crowd.strangers);
}

static void each_has_its_time(void **state)
{
    struct crowd crowd;
    (void)state;

    gather(&crowd, COUNT, COUNT);
    assert_int_equal(auger_strangers_next_timeout(&crowd.strangers), AUGER_NEVER);
    add(&crowd, 0, "192.0.2.1:1", 10);
    add(&crowd, 1, "192.0.2.1:2", 20);
    auger_strangers_give_time(&crowd.strangers, &crowd.all[0], 30);
    assert_int_equal(auger_strangers_next_timeout(&crowd.strangers), 20);
    assert_null(auger_strangers_first_due(&crowd.strangers, 19));
    assert_ptr_equal(auger_strangers_first_due(&crowd.strangers, 20), &crowd.all[1]);
    auger_strangers_remove(&crowd.strangers, &crowd.all[1]);
    assert_null(auger_strangers_first_due(&crowd.strangers, 29));
    assert_ptr_equal(auger_strangers_first_due(&crowd.strangers, 30), &crowd.all[0]);
    auger_strangers_fini(&crowd.strangers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_too_many_near_each_other_the_oldest_of_them_leaves),
        cmocka_unit_test(of_too_many_in_all_the_oldest_leaves),
        cmocka_unit_test(each_has_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
