/* The parts of auger turnload that need no server: the pace, the numbers, the times, the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/load_histogram.h"
#include "tools/load_meter.h"
#include "tools/load_pace.h"
#include "tools/load_report.h"
#include "tools/load_socket.h"
#include "tools/load_target.h"
#include "tools/load_wire.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- the target ----------------------------------------------------------------------- */

static void a_uri_of_turn_over_udp_is_a_target(void **state)
{
    static const struct {
        const char *uri, *host;
        uint16_t port;
    } rows[] = {
        {"turn:192.0.2.1", "192.0.2.1", 3478},
        {"TURN:turn.example.org:5000", "turn.example.org", 5000},
        {"turn:[2001:db8::1]:80?transport=udp", "2001:db8::1", 80},
        {"turn:[2001:db8::1]", "2001:db8::1", 3478},
        {"turn:%74urn.example.org:", "turn.example.org", 3478},
    };
    struct load_target target;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_null(load_target_parse(&target, rows[i].uri));
        assert_string_equal(target.host, rows[i].host);
        assert_int_equal(target.port, rows[i].port);
    }
}

static void what_is_no_such_uri_is_refused_with_a_reason(void **state)
{
    static const char *const rows[][2] = {
        {"192.0.2.1", "turn:"},
        {"turn:", "turn:"},
        {"turn:a:0", "turn:"},
        {"turn:a:65536", "turn:"},
        {"turn:a:1x", "turn:"},
        {"turn:[::1", "turn:"},
        {"turn:[turn.example.org]", "turn:"},
        {"turn:a b", "turn:"},
        {"turn:user@a", "turn:"},
        {"turn:a?transport=sctp", "turn:"},
        {"turn:a?transport=tcp", "TCP"},
        {"turns:a", "TLS"},
        {"stun:a", "turn:"},
    };
    struct load_target target;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *why = load_target_parse(&target, rows[i][0]);
        assert_non_null(why);
        assert_non_null(strstr(why, rows[i][1]));
    }
}

static void clients_of_the_loopback_address_stand_beside_it(void **state)
{
    static const char *const rows[][2] = {{"127.0.0.1:3478", "127.0.0.2"},
                                          {"127.0.0.5:3478", NULL},
                                          {"192.0.2.1:3478", NULL},
                                          {"[::1]:3478", NULL}};
    char text[AUGER_ADDR_TEXT_MAX];
    struct auger_addr server;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(auger_addr_parse(&server, rows[i][0]), 0);
        struct auger_addr local = load_target_local(&server);
        assert_int_equal(local.family != AUGER_FAMILY_NONE, rows[i][1] != NULL);
        if (rows[i][1])
            assert_string_equal(auger_addr_format_ip(&local, text, sizeof(text)), rows[i][1]);
    }
}

/* --- times ------------------------------------------------------------------------------- */

static void percentiles_are_right_to_three_per_cent(void **state)
{
    static struct load_histogram times;
    static const double percents[] = {1, 50, 90, 99, 100};

    (void)state;
    for (auger_time i = 1; i <= 100000; i++)
        load_histogram_add(&times, i * 37);
    for (size_t i = 0; i < COUNT(percents); i++) {
        double exact = percents[i] * 1000 * 37;
        double got = (double)load_histogram_percentile(&times, percents[i]);
        assert_true(got >= exact * 0.999 && got <= exact * 1.032);
    }
    assert_int_equal(times.max, 3700000);
}

static void small_times_are_exact_and_huge_ones_have_a_place(void **state)
{
    static struct load_histogram times;

    (void)state;
    assert_int_equal(load_histogram_percentile(&times, 50), 0);
    for (auger_time i = 0; i < 64; i++)
        load_histogram_add(&times, i);
    assert_int_equal(load_histogram_percentile(&times, 50), 31);
    load_histogram_add(&times, -5);
    load_histogram_add(&times, AUGER_NEVER);
    assert_int_equal(times.len, 66);
    assert_int_equal(load_histogram_percentile(&times, 100), ((int64_t)64 << 34) - 1);
}

/* --- the pace ------------------------------------------------------------------------------ */

static size_t send_for(struct load_pace *pace, auger_time from, auger_time until, auger_time step)
{
    size_t sent = 0;

    for (auger_time now = from; now < until; now += step) {
        size_t count = load_pace_allows(pace, now, 0);
        load_pace_sent(pace, count);
        sent += count;
    }
    return sent;
}

static void a_rate_is_kept_and_caught_up_a_little(void **state)
{
    struct load_pace pace;

    (void)state;
    load_pace_start(&pace, 0, false, 1000);
    assert_in_range(send_for(&pace, 0, 10 * AUGER_SEC, AUGER_MS / 3), 9990, 10001);
    assert_int_equal(load_pace_allows(&pace, 11 * AUGER_SEC, 0), 20);
    load_pace_start(&pace, 0, false, 1000000);
    assert_int_equal(load_pace_allows(&pace, AUGER_SEC, 0), 256);
    load_pace_start(&pace, 0, false, 1);
    assert_in_range(send_for(&pace, 0, 10 * AUGER_SEC, 10 * AUGER_MS), 10, 11);
}

static void the_next_packet_of_a_rate_has_its_time(void **state)
{
    struct load_pace pace;

    (void)state;
    load_pace_start(&pace, 0, false, 100);
    assert_int_equal(load_pace_next(&pace, 0), 0);
    load_pace_sent(&pace, load_pace_allows(&pace, 0, 0));
    assert_int_equal(load_pace_next(&pace, 0), 10 * AUGER_MS);
    load_pace_start(&pace, 0, true, 100);
    assert_int_equal(load_pace_next(&pace, 0), AUGER_NEVER);
}

static void arrive(struct load_pace *pace, size_t count)
{
    for (size_t i = 0; i < count; i++)
        load_pace_arrived(pace, 0);
}

static void a_window_grows_until_something_is_lost(void **state)
{
    struct load_pace pace;

    (void)state;
    load_pace_start(&pace, 0, true, 0);
    assert_int_equal(load_pace_allows(&pace, 0, 0), 32);
    assert_int_equal(load_pace_allows(&pace, 0, 30), 2);
    assert_int_equal(load_pace_allows(&pace, 0, 40), 0);
    arrive(&pace, 32 + 64 + 128);
    assert_int_equal(pace.window, 256);
    load_pace_arrived(&pace, 5);
    assert_int_equal(pace.window, 192);
    load_pace_arrived(&pace, 5); /* of the same window: counts once */
    assert_int_equal(pace.window, 192);
    arrive(&pace, 191);
    assert_int_equal(pace.window, 196);
    arrive(&pace, 1000000);
    assert_in_range(pace.window, 1000, LOAD_WINDOW_MAX);
}

static void a_window_has_its_bounds(void **state)
{
    struct load_pace pace;

    (void)state;
    load_pace_start(&pace, 0, true, 0);
    arrive(&pace, 1000000);
    assert_int_equal(pace.window, LOAD_WINDOW_MAX);
    for (size_t i = 0; i < 1000000; i++)
        load_pace_arrived(&pace, 1);
    assert_int_equal(pace.window, LOAD_WINDOW_MIN);
}

/* --- the meter -------------------------------------------------------------------------------- */

static struct load_way way;
static struct load_flow flow;

static int begin_way(void **state)
{
    (void)state;
    way = (struct load_way){.run = 0x1122334455667788};
    flow = (struct load_flow){0};
    load_way_sent(&way, &flow, 10);
    return 0;
}

static uint32_t arrive_number(uint32_t number)
{
    uint8_t mark[LOAD_MARK_LEN];

    load_mark_write(&way, 3, number, 1000, mark);
    return load_way_arrived(&way, &flow, mark, 1500);
}

static void what_arrives_is_counted_and_timed(void **state)
{
    (void)state;
    assert_int_equal(way.on_way, 10);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(arrive_number(i), 0);
    assert_int_equal(way.arrived, 10);
    assert_int_equal(way.on_way, 0);
    assert_int_equal(way.missing, 0);
    assert_int_equal(way.latency.max, 500);
}

static void a_jump_is_what_is_missing_and_a_late_one_is_no_second_loss(void **state)
{
    (void)state;
    assert_int_equal(arrive_number(3), 3);
    assert_int_equal(way.on_way, 6);
    assert_int_equal(arrive_number(1), 0);
    assert_int_equal(way.on_way, 6);
    assert_int_equal(way.arrived, 2);
    assert_int_equal(way.misplaced, 1);
}

static void a_number_that_was_never_sent_does_not_count(void **state)
{
    (void)state;
    assert_int_equal(arrive_number(10), 0);
    assert_int_equal(arrive_number(UINT32_MAX), 0);
    assert_int_equal(way.arrived, 0);
    assert_int_equal(way.on_way, 10);
}

static void a_packet_of_another_run_or_length_is_foreign(void **state)
{
    uint8_t packet[100] = {0};
    struct load_way other = way;
    uint32_t client;

    (void)state;
    load_mark_write(&way, 7, 0, 0, packet);
    assert_true(load_mark_read(&way, (struct auger_bytes){packet, 100}, 100, &client));
    assert_int_equal(client, 7);
    assert_false(load_mark_read(&way, (struct auger_bytes){packet, 99}, 100, &client));
    other.run++;
    assert_false(load_mark_read(&other, (struct auger_bytes){packet, 100}, 100, &client));
}

/* --- whose the limit was -------------------------------------------------------------------------
 */

static void the_tool_says_when_it_is_the_limit_itself(void **state)
{
    struct load_plan plan = {.rate = 1000, .to_peer = true};
    struct load_figures figures = {.loading = {.seconds = 10, .own_cpu = 1, .server_cpu = -1},
                                   .to_peer = &way};

    (void)state;
    way.sent = 9900;
    assert_null(load_report_own_limit(&plan, &figures));
    way.sent = 9000;
    assert_non_null(strstr(load_report_own_limit(&plan, &figures), "rate"));
    figures.ended_by = "Ctrl-C";
    assert_null(load_report_own_limit(&plan, &figures));
    figures.own_drops = 1;
    assert_non_null(strstr(load_report_own_limit(&plan, &figures), "sockets"));

    figures.own_drops = 0;
    plan.is_max = true;
    figures.loading.own_cpu = 9.5;
    assert_non_null(strstr(load_report_own_limit(&plan, &figures), "core"));
    figures.loading.server_cpu = 9.9; /* it had no more to give either */
    assert_null(load_report_own_limit(&plan, &figures));
}

/* --- the wire
 * --------------------------------------------------------------------------------------- */

static size_t receive_until(struct load_wire *wire, int fd, size_t wanted, size_t size,
                            const struct load_way *marks)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    struct auger_bytes datagram;
    size_t got = 0;
    uint32_t client;

    while (got < wanted && poll(&ready, 1, 10000) > 0 && load_wire_receive(wire, fd))
        while (load_wire_next(wire, &datagram)) {
            assert_true(load_mark_read(marks, datagram, size, &client));
            assert_int_equal(client, got);
            got++;
        }
    return got;
}

static void send_and_receive(bool is_batched, bool has_gso, const char *bind_to)
{
    struct load_wire *wire = load_wire_new(is_batched, has_gso);
    struct auger_addr addr;
    const size_t size = 700, count = 20;

    assert_non_null(wire);
    assert_int_equal(auger_addr_parse(&addr, bind_to), 0);
    int in = load_socket_open(&addr, NULL);
    assert_true(in >= 0);
    load_wire_prepare(wire, in);
    load_socket_name(in, &addr);
    int out = load_socket_open(&(struct auger_addr){0}, &addr);
    assert_true(out >= 0);
    for (size_t i = 0; i < count; i++)
        load_mark_write(&way, (uint32_t)i, 0, 0, load_wire_room(wire, i, size));
    assert_int_equal(load_wire_send(wire, out, NULL, size, count), count);
    assert_int_equal(receive_until(wire, in, count, size, &way), count);
    assert_int_equal(load_socket_drops(in), 0);
    close(in);
    close(out);
    load_wire_free(wire);
}

static void what_leaves_in_batches_arrives_one_by_one_in_order(void **state)
{
    (void)state;
    send_and_receive(true, true, "127.0.0.1:0");
    send_and_receive(true, false, "127.0.0.1:0");
    send_and_receive(false, false, "127.0.0.1:0");
    send_and_receive(true, true, "[::1]:0");
}

static void a_socket_that_overflows_says_how_much(void **state)
{
    struct load_wire *wire = load_wire_new(true, true);
    struct auger_addr addr;
    const int small = 2048;

    (void)state;
    assert_int_equal(auger_addr_parse(&addr, "127.0.0.1:0"), 0);
    int in = load_socket_open(&addr, NULL);
    assert_int_equal(setsockopt(in, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    load_socket_name(in, &addr);
    int out = load_socket_open(&(struct auger_addr){0}, &addr);
    for (int i = 0; i < 4; i++)
        assert_int_equal(load_wire_send(wire, out, NULL, 1000, 20), 20);
    assert_true(load_socket_drops(in) > 0);
    close(in);
    close(out);
    load_wire_free(wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uri_of_turn_over_udp_is_a_target),
        cmocka_unit_test(what_is_no_such_uri_is_refused_with_a_reason),
        cmocka_unit_test(clients_of_the_loopback_address_stand_beside_it),
        cmocka_unit_test(percentiles_are_right_to_three_per_cent),
        cmocka_unit_test(small_times_are_exact_and_huge_ones_have_a_place),
        cmocka_unit_test(a_rate_is_kept_and_caught_up_a_little),
        cmocka_unit_test(the_next_packet_of_a_rate_has_its_time),
        cmocka_unit_test(a_window_grows_until_something_is_lost),
        cmocka_unit_test(a_window_has_its_bounds),
        cmocka_unit_test_setup(what_arrives_is_counted_and_timed, begin_way),
        cmocka_unit_test_setup(a_jump_is_what_is_missing_and_a_late_one_is_no_second_loss,
                               begin_way),
        cmocka_unit_test_setup(a_number_that_was_never_sent_does_not_count, begin_way),
        cmocka_unit_test_setup(a_packet_of_another_run_or_length_is_foreign, begin_way),
        cmocka_unit_test_setup(the_tool_says_when_it_is_the_limit_itself, begin_way),
        cmocka_unit_test_setup(what_leaves_in_batches_arrives_one_by_one_in_order, begin_way),
        cmocka_unit_test(a_socket_that_overflows_says_how_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
