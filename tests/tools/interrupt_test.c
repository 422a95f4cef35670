/* Ctrl-C: held back for the loop, and let through while nothing can end a call. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/interrupt.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* What becomes of a process that does `act`, which ends with 0 if it is not ended before. */
static int status_of(void (*act)(int), int number)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        act(number);
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void is_told(int number)
{
    int fd = interrupt_open();

    if (interrupt_take(fd) != 0 || raise(number) != 0)
        _exit(1);
    _exit(interrupt_take(fd));
}

static void ends(int number)
{
    if (interrupt_open() < 0)
        _exit(1);
    interrupt_exits(true);
    (void)raise(number);
}

static void ends_though_it_came_before(int number)
{
    if (interrupt_open() < 0 || raise(number) != 0)
        _exit(1);
    interrupt_exits(true);
}

static void is_told_again_afterwards(int number)
{
    int fd = interrupt_open();

    interrupt_exits(true);
    interrupt_exits(false);
    if (raise(number) != 0)
        _exit(1);
    _exit(interrupt_take(fd));
}

static void the_status_is_that_of_the_signal_in_each_way(void **state)
{
    static void (*const acts[])(int) = {is_told, ends, ends_though_it_came_before,
                                        is_told_again_afterwards};
    (void)state;
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        assert_int_equal(status_of(acts[i], SIGINT), 130);
        assert_int_equal(status_of(acts[i], SIGTERM), 143);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_is_that_of_the_signal_in_each_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
