/* One UDP socket on loopback: what comes whole, what is dropped, and what disturbs nothing. */
#define _GNU_SOURCE
#include "tests/io/ends.h"

#include "io/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER (256 * 1024)

struct two {
    struct auger_udp a, b;
    struct auger_udp_batch batch;
};

static int open_two(void **state)
{
    static struct two two;
    struct auger_addr at = *loopback();

    assert_int_equal(auger_udp_open(&two.a, &at, BUFFER), 0);
    at = *loopback();
    assert_int_equal(auger_udp_open(&two.b, &at, BUFFER), 0);
    *state = &two;
    return 0;
}

static int close_two(void **state)
{
    struct two *two = *state;

    auger_udp_close(&two->a);
    auger_udp_close(&two->b);
    auger_udp_close(&two->b); /* twice is fine */
    return 0;
}

static void send_len(struct two *two, size_t len)
{
    static uint8_t bytes[9000];

    memset(bytes, (int)len, sizeof(bytes));
    assert_int_equal(auger_udp_send(&two->a, &two->b.addr, bytes, len), AUGER_UDP_SENT);
}

static void datagrams_come_whole_in_order_and_with_their_sender(void **state)
{
    struct two *two = *state;
    static const size_t lens[] = {1, 0, 1200, 2048};

    for (size_t i = 0; i < ARRAY_LEN(lens); i++)
        send_len(two, lens[i]);
    assert_int_equal(auger_udp_receive(&two->b, &two->batch), ARRAY_LEN(lens));
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        assert_int_equal(two->batch.lens[i], lens[i]);
        assert_true(auger_addr_equal(&two->batch.from[i], &two->a.addr));
        for (size_t j = 0; j < lens[i]; j++)
            assert_int_equal(two->batch.bufs[i][j], (uint8_t)lens[i]);
    }
    assert_int_equal(auger_udp_receive(&two->b, &two->batch), 0);
}

static void what_was_cut_is_dropped_and_its_neighbours_stay(void **state)
{
    struct two *two = *state;

    send_len(two, 10);
    send_len(two, 2049);
    send_len(two, 8999);
    send_len(two, 11);
    assert_int_equal(auger_udp_receive(&two->b, &two->batch), 2);
    assert_int_equal(two->batch.lens[0], 10);
    assert_int_equal(two->batch.lens[1], 11);
    assert_int_equal(two->batch.bufs[1][10], 11);
}

static void one_reading_is_bounded(void **state)
{
    struct two *two = *state;

    for (size_t i = 0; i < AUGER_UDP_BATCH + 3; i++)
        send_len(two, i + 1);
    assert_int_equal(auger_udp_receive(&two->b, &two->batch), AUGER_UDP_BATCH);
    assert_int_equal(auger_udp_receive(&two->b, &two->batch), 3);
    assert_int_equal(two->batch.lens[2], AUGER_UDP_BATCH + 3);
}

/* A port of loopback where nobody is. */
static struct auger_addr deserted(void)
{
    struct auger_addr at = *loopback();
    struct auger_udp udp;

    assert_int_equal(auger_udp_open(&udp, &at, BUFFER), 0);
    auger_udp_close(&udp);
    return at;
}

/* The kernel tells ICMP errors to a connected socket alone, so this one is connected, for a
 * moment, to where nobody is.  true: the error is waiting. */
static bool provoke_refusal(struct two *two)
{
    const struct auger_addr nowhere = deserted();
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(nowhere.port)};
    struct pollfd events = {.fd = two->b.fd};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(two->b.fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(send(two->b.fd, "x", 1, 0), 1);
    return poll(&events, 1, 0) == 1 && (events.revents & POLLERR);
}

static void leave_it(struct two *two)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    assert_int_equal(connect(two->b.fd, &nobody, sizeof(nobody)), 0);
}

static void a_port_unreachable_does_not_stop_what_comes(void **state)
{
    struct two *two = *state;

    send_len(two, 5); /* it lies in the queue while the error comes */
    assert_true(provoke_refusal(two));
    assert_int_equal(auger_udp_receive(&two->b, &two->batch), 1);
    assert_int_equal(two->batch.lens[0], 5);

    assert_true(provoke_refusal(two));
    assert_int_equal(auger_udp_receive(&two->b, &two->batch), 0); /* took the error */
    leave_it(two);
}

static void a_port_unreachable_does_not_stop_what_goes(void **state)
{
    struct two *two = *state;

    assert_true(provoke_refusal(two));
    assert_int_equal(auger_udp_send(&two->b, &two->a.addr, (const uint8_t *)"after", 5),
                     AUGER_UDP_SENT);
    assert_int_equal(auger_udp_receive(&two->a, &two->batch), 1);
    assert_memory_equal(two->batch.bufs[0], "after", 5);
}

/* EINVAL, EACCES (broadcast), ENETUNREACH, EMSGSIZE: the network's, not the caller's. */
static void what_the_network_refuses_counts_as_lost(void **state)
{
    struct two *two = *state;
    static uint8_t large[65535];
    const struct auger_addr rows[] = {addr_of("255.255.255.255:9"), addr_of("127.0.0.1:0"),
                                      addr_of("[2001:db8::1]:9")};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_not_equal(auger_udp_send(&two->a, &rows[i], (const uint8_t *)"x", 1),
                             AUGER_UDP_FULL);
    assert_int_not_equal(auger_udp_send(&two->a, &two->b.addr, large, sizeof(large)),
                         AUGER_UDP_FULL);
    assert_int_equal(auger_udp_receive(&two->b, &two->batch), 0);
}

static void an_address_that_is_taken_or_not_ours_is_an_error(void **state)
{
    struct two *two = *state;
    struct auger_addr taken = two->a.addr, foreign = addr_of("192.0.2.1:0");
    struct auger_udp udp = {.fd = -1};

    assert_int_equal(auger_udp_open(&udp, &taken, BUFFER), AUGER_ERR_SYSTEM);
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(auger_udp_open(&udp, &foreign, BUFFER), AUGER_ERR_SYSTEM);
    assert_int_equal(errno, EADDRNOTAVAIL);
    assert_int_equal(udp.fd, -1);
}

/* --- many at once, joined -------------------------------------------------------------------- */

#define JOINED 10

/* One of them, each with bytes of its own. */
static void check_bytes(const uint8_t *bytes, size_t len, size_t nth)
{
    assert_int_equal(len, nth == JOINED - 1 ? 1 + 7 : 1 + 100 + 3);
    assert_int_equal(bytes[0], 'h');
    for (size_t i = 1; i < len; i++)
        assert_int_equal(bytes[i], nth < JOINED - 1 && i > 100 ? 0 : nth);
}

/* All alike but the last, which is shorter: a head, the bytes, zeroes. */
static void send_joined(struct two *two)
{
    static uint8_t bytes[JOINED][100];
    struct auger_udp_message messages[JOINED] = {0};

    for (size_t i = 0; i < JOINED; i++) {
        memset(bytes[i], (int)i, sizeof(bytes[i]));
        messages[i] = (struct auger_udp_message){.buf = bytes[i],
                                                 .len = i == JOINED - 1 ? 7 : 100,
                                                 .head = (const uint8_t *)"h",
                                                 .head_len = 1,
                                                 .pad = i == JOINED - 1 ? 0 : 3,
                                                 .remote = two->b.addr};
    }
    assert_int_equal(auger_udp_send_many(&two->a, messages, JOINED), JOINED);
}

static size_t receive_joined(struct two *two, struct auger_udp_message *messages)
{
    static uint8_t room[JOINED + 2][65536];

    for (size_t i = 0; i < JOINED + 2; i++)
        messages[i] = (struct auger_udp_message){.buf = room[i], .len = sizeof(room[i])};
    return auger_udp_receive_many(&two->b, messages, JOINED + 2);
}

static void check_apart(struct two *two)
{
    struct auger_udp_message messages[JOINED + 2];

    assert_int_equal(receive_joined(two, messages), JOINED);
    for (size_t i = 0; i < JOINED; i++) {
        assert_int_equal(messages[i].segment, 0);
        check_bytes(messages[i].buf, messages[i].len, i);
    }
}

static void what_leaves_joined_comes_as_it_was(void **state)
{
    struct two *two = *state;

    auger_udp_join(&two->a);
    assert_true(two->a.gso);
    send_joined(two);
    check_apart(two);
}

static void what_is_joined_comes_as_one(void **state)
{
    struct two *two = *state;
    struct auger_udp_message messages[JOINED + 2];

    auger_udp_join(&two->a);
    auger_udp_join(&two->b);
    assert_true(two->b.gro);
    send_joined(two);
    assert_int_equal(receive_joined(two, messages), 1);
    assert_true(auger_addr_equal(&messages[0].remote, &two->a.addr));
    assert_int_equal(messages[0].segment, 104);
    assert_int_equal(messages[0].len, (JOINED - 1) * 104 + 8);
    for (size_t i = 0; i < JOINED; i++)
        check_bytes(messages[0].buf + i * 104, i == JOINED - 1 ? 8 : 104, i);
}

/* The kernel joins nothing that has no checksum. */
static void what_cannot_leave_joined_leaves_one_by_one(void **state)
{
    struct two *two = *state;
    int on = 1;

    auger_udp_join(&two->a);
    assert_int_equal(setsockopt(two->a.fd, SOL_SOCKET, SO_NO_CHECK, &on, sizeof(on)), 0);
    send_joined(two);
    check_apart(two);
}

static void what_is_not_alike_is_not_joined(void **state)
{
    struct two *two = *state;
    uint8_t bytes[3] = {1, 2, 3};
    static const size_t lens[] = {2, 3, 3, 3, 1, 3, 0, 0, 1};
    struct auger_udp_message messages[ARRAY_LEN(lens) + JOINED] = {0};

    auger_udp_join(&two->a);
    for (size_t i = 0; i < ARRAY_LEN(lens); i++)
        messages[i] = (struct auger_udp_message){
            .buf = bytes, .len = lens[i], .remote = i == 2 ? two->a.addr : two->b.addr};
    assert_int_equal(auger_udp_send_many(&two->a, messages, ARRAY_LEN(lens)), ARRAY_LEN(lens));
    assert_int_equal(receive_joined(two, messages), ARRAY_LEN(lens) - 1);
    for (size_t i = 0; i < ARRAY_LEN(lens) - 1; i++)
        assert_int_equal(messages[i].len, lens[i < 2 ? i : i + 1]);
}

static void more_than_a_call_takes_all_leave(void **state)
{
    static struct auger_udp_message messages[AUGER_UDP_SEND_MAX];
    struct auger_udp_message got[JOINED + 2];
    struct two *two = *state;
    uint8_t byte = 1;
    size_t count = 0, n;

    for (size_t i = 0; i < ARRAY_LEN(messages); i++)
        messages[i] = (struct auger_udp_message){.buf = &byte, .len = 1, .remote = two->b.addr};
    assert_int_equal(auger_udp_send_many(&two->a, messages, ARRAY_LEN(messages)),
                     ARRAY_LEN(messages));
    auger_udp_join(&two->a);
    assert_int_equal(auger_udp_send_many(&two->a, messages, ARRAY_LEN(messages)),
                     ARRAY_LEN(messages));
    while ((n = receive_joined(two, got)) > 0)
        count += n;
    assert_int_equal(count, 2 * ARRAY_LEN(messages));
}

int main(void)
{
#define WITH_TWO(test) cmocka_unit_test_setup_teardown(test, open_two, close_two)
    const struct CMUnitTest tests[] = {
        WITH_TWO(datagrams_come_whole_in_order_and_with_their_sender),
        WITH_TWO(what_was_cut_is_dropped_and_its_neighbours_stay),
        WITH_TWO(one_reading_is_bounded),
        WITH_TWO(a_port_unreachable_does_not_stop_what_comes),
        WITH_TWO(a_port_unreachable_does_not_stop_what_goes),
        WITH_TWO(what_the_network_refuses_counts_as_lost),
        WITH_TWO(an_address_that_is_taken_or_not_ours_is_an_error),
        WITH_TWO(what_leaves_joined_comes_as_it_was),
        WITH_TWO(what_is_joined_comes_as_one),
        WITH_TWO(what_cannot_leave_joined_leaves_one_by_one),
        WITH_TWO(what_is_not_alike_is_not_joined),
        WITH_TWO(more_than_a_call_takes_all_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
