/* Dumps of the kernel that a change interrupted (NLM_F_DUMP_INTR): they may lack an address that
 * is there.  The program's own recv() makes them so. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/machine.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned to_interrupt; /* of those to come; each lacks every address and link */
static unsigned dumps;

ssize_t recv(int fd, void *buf, size_t n, int flags)
{
    ssize_t len = syscall(SYS_recvfrom, fd, buf, n, flags, NULL, NULL);
    struct nlmsghdr *header = buf;

    for (int left = (int)len; NLMSG_OK(header, (unsigned)left); header = NLMSG_NEXT(header, left)) {
        bool ends = header->nlmsg_type == NLMSG_DONE;
        if (to_interrupt > 0) {
            header->nlmsg_flags |= NLM_F_DUMP_INTR;
            header->nlmsg_type = ends ? NLMSG_DONE : NLMSG_NOOP;
        }
        dumps += ends;
        to_interrupt -= ends && to_interrupt > 0;
    }
    return len;
}

static const struct auger_addr loopback = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}};

static void a_dump_that_was_interrupted_is_made_again(void **state)
{
    struct auger_machine *whole = calloc(1, sizeof(*whole)), *again = calloc(1, sizeof(*again));

    (void)state;
    assert_true(whole && again);
    to_interrupt = 0;
    assert_int_equal(auger_machine_read(whole), 0);
    assert_true(auger_machine_has(whole, &loopback));
    for (unsigned i = 1; i <= 3; i++) {
        to_interrupt = i;
        assert_int_equal(auger_machine_read(again), 0);
        assert_int_equal(to_interrupt, 0);
        assert_true(auger_machine_has(again, &loopback));
        assert_int_equal(again->len, whole->len);
    }
    free(again);
    free(whole);
}

static void one_that_always_is_ends_as_a_failure(void **state)
{
    struct auger_machine *machine = calloc(1, sizeof(*machine));

    (void)state;
    assert_non_null(machine);
    to_interrupt = 1000;
    dumps = 0;
    assert_int_equal(auger_machine_read(machine), AUGER_ERR_SYSTEM);
    assert_in_range(dumps, 2, 20);
    free(machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dump_that_was_interrupted_is_made_again),
        cmocka_unit_test(one_that_always_is_ends_as_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
