/* Marks of those that have something to do. */
#include <auger/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct auger_ready_queue queue;
static struct auger_ready marks[3];

static int begin(void **state)
{
    (void)state;
    queue = (struct auger_ready_queue){0};
    for (size_t i = 0; i < 3; i++)
        marks[i] = (struct auger_ready){.queue = &queue};
    return 0;
}

static void marks_are_taken_in_the_order_of_marking(void **state)
{
    (void)state;
    auger_ready_mark(&marks[1]);
    auger_ready_mark(&marks[0]);
    auger_ready_mark(&marks[2]);
    assert_int_equal(queue.len, 3);
    assert_ptr_equal(auger_ready_take(&queue), &marks[1]);
    assert_ptr_equal(auger_ready_take(&queue), &marks[0]);
    assert_ptr_equal(auger_ready_take(&queue), &marks[2]);
    assert_null(auger_ready_take(&queue));
    assert_int_equal(queue.len, 0);
}

static void a_second_mark_changes_nothing(void **state)
{
    (void)state;
    auger_ready_mark(&marks[0]);
    auger_ready_mark(&marks[1]);
    auger_ready_mark(&marks[0]);
    assert_int_equal(queue.len, 2);
    assert_ptr_equal(auger_ready_take(&queue), &marks[0]);
}

static void one_that_was_taken_may_be_marked_again(void **state)
{
    (void)state;
    auger_ready_mark(&marks[0]);
    auger_ready_mark(&marks[1]);
    auger_ready_mark(auger_ready_take(&queue));
    assert_ptr_equal(auger_ready_take(&queue), &marks[1]);
    assert_ptr_equal(auger_ready_take(&queue), &marks[0]);
}

static void each_place_of_the_queue_can_be_left(void **state)
{
    (void)state;
    for (size_t gone = 0; gone < 3; gone++) {
        for (size_t i = 0; i < 3; i++)
            auger_ready_mark(&marks[i]);
        auger_ready_remove(&marks[gone]);
        auger_ready_remove(&marks[gone]); /* not there: nothing happens */
        for (size_t i = 0; i < 3; i++)
            if (i != gone)
                assert_ptr_equal(auger_ready_take(&queue), &marks[i]);
        assert_null(auger_ready_take(&queue));
    }
}

static void nothing_to_mark_is_fine(void **state)
{
    (void)state;
    auger_ready_mark(NULL);
    assert_null(auger_ready_take(&queue));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(marks_are_taken_in_the_order_of_marking, begin),
        cmocka_unit_test_setup(a_second_mark_changes_nothing, begin),
        cmocka_unit_test_setup(one_that_was_taken_may_be_marked_again, begin),
        cmocka_unit_test_setup(each_place_of_the_queue_can_be_left, begin),
        cmocka_unit_test_setup(nothing_to_mark_is_fine, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
