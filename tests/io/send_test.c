/* A kernel that refuses to send: sendto() is replaced. */
#define _GNU_SOURCE
#include "tests/io/ends.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REFUSALS 4

static struct {
    int errors[REFUSALS]; /* what is answered in place of sending, in turns */
    unsigned every;       /* each so many calls; 0: never */
    unsigned left;        /* so often */
    unsigned calls, refusals;
    /* The datagram that was refused last. */
    int fd;
    size_t len;
    uint8_t bytes[AUGER_DATAGRAM_MAX];
    bool is_owed, is_out_of_order;
} kernel;

static bool refuses(void)
{
    kernel.calls++;
    if (kernel.every == 0 || kernel.left == 0 || kernel.calls % kernel.every != 0)
        return false;
    kernel.left--;
    return true;
}

/* What was refused because there was no room has to be the next that this socket sends. */
static void check_order(int fd, const void *buf, size_t len)
{
    if (!kernel.is_owed || fd != kernel.fd)
        return;
    kernel.is_owed = false;
    if (len != kernel.len || memcmp(buf, kernel.bytes, len) != 0)
        kernel.is_out_of_order = true;
}

ssize_t sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr,
               socklen_t addr_len)
{
    check_order(fd, buf, n);
    if (refuses()) {
        kernel.fd = fd;
        kernel.len = n;
        memcpy(kernel.bytes, buf, n);
        errno = kernel.errors[kernel.refusals++ % REFUSALS];
        kernel.is_owed = errno == EAGAIN || errno == ENOBUFS;
        return -1;
    }
    return syscall(SYS_sendto, fd, buf, n, flags, addr, addr_len);
}

static void until_message(struct ends *ends, size_t len)
{
    static uint8_t message[200 * 1024];

    until_open(ends);
    assert_int_equal(auger_peer_send(ends->peers[ALICE], now_of(ends), ends->channels[ALICE],
                                     AUGER_MESSAGE_BINARY, message, len),
                     0);
    while (ends->messages[BOB] == 0)
        step(ends);
}

static void a_full_socket_delays_a_datagram_and_loses_none(void **state)
{
    struct ends ends;

    (void)state;
    memset(&kernel, 0, sizeof(kernel));
    for (size_t i = 0; i < REFUSALS; i++)
        kernel.errors[i] = i % 2 ? ENOBUFS : EAGAIN;
    kernel.every = 3;
    kernel.left = 1000;
    begin(&ends);
    until_message(&ends, 200 * 1024);
    end(&ends);
    assert_true(kernel.refusals > 20);
    assert_false(kernel.is_out_of_order);
}

static void what_the_network_refuses_is_repeated_like_what_it_loses(void **state)
{
    static const int rows[][REFUSALS] = {
        {EPERM, ENETUNREACH, EHOSTUNREACH, ECONNREFUSED},
        {EADDRNOTAVAIL, EMSGSIZE, EINTR, EACCES},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct ends ends;
        memset(&kernel, 0, sizeof(kernel));
        memcpy(kernel.errors, rows[i], sizeof(kernel.errors));
        kernel.every = 1;
        kernel.left = REFUSALS; /* two datagrams, which are tried twice each */
        begin(&ends);
        until_message(&ends, 1000);
        end(&ends);
        assert_int_equal(kernel.refusals, REFUSALS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_socket_delays_a_datagram_and_loses_none),
        cmocka_unit_test(what_the_network_refuses_is_repeated_like_what_it_loses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
