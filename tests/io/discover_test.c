/* Where names of servers lead: SRV (RFC 2782), NAPTR (RFC 5928), and what is done without them. */
#define _GNU_SOURCE
#include "tests/io/dns_zone.h"

#include "io/clock.h"
#include "io/discover.h"
#include "io/dns.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static const struct zone_host hosts[] = {
    {"a.test", "192.0.2.1"},        {"b.test", "192.0.2.2"},       {"b.test", "2001:db8::2"},
    {"plain.test", "192.0.2.9"},    {"naptr.test", "192.0.2.10"},  {"gone.test", "192.0.2.11"},
    {"crowd.test", "192.0.2.20"},   {"crowd.test", "192.0.2.21"},  {"crowd.test", "192.0.2.22"},
    {"crowd.test", "2001:db8::20"}, {"local", "192.0.2.30"},       {"printer.local", "192.0.2.31"},
    {"sip.test", "192.0.2.32"},     {"circle.test", "192.0.2.33"}, {"many.test", "192.0.2.34"},
};

static const struct zone_row rows[] = {
    {"_stun._udp.srv.test", ns_t_srv, 20, 0, 3479, NULL, NULL, "a.test"},
    {"_stun._udp.srv.test", ns_t_srv, 10, 0, 3480, NULL, NULL, "b.test"},
    {"_stuns._udp.srv.test", ns_t_srv, 0, 0, 5350, NULL, NULL, "a.test"},
    {"_turn._udp.srv.test", ns_t_srv, 0, 0, 100, NULL, NULL, "a.test"},
    {"_turn._tcp.srv.test", ns_t_srv, 0, 0, 200, NULL, NULL, "b.test"},
    {"_turns._tcp.srv.test", ns_t_srv, 0, 0, 443, NULL, NULL, "b.test"},
    {"_turn._udp.gone.test", ns_t_srv, 0, 0, 0, NULL, NULL, ""},
    {"_turn._udp.lost.test", ns_t_srv, 0, 0, 77, NULL, NULL, "missing.test"},
    /* The example of RFC 5928 section 4.1, with other addresses. */
    {"naptr.test", ns_t_naptr, 200, 10, 0, "", "RELAY:turn.tcp:turn.tls", "stream.test"},
    {"naptr.test", ns_t_naptr, 100, 10, 0, "", "RELAY:turn.udp", "datagram.test"},
    {"datagram.test", ns_t_naptr, 100, 10, 0, "S", "RELAY:turn.udp", "_turn._udp.naptr.test"},
    {"stream.test", ns_t_naptr, 100, 10, 0, "S", "RELAY:turn.tcp", "_turn._tcp.naptr.test"},
    {"stream.test", ns_t_naptr, 200, 10, 0, "A", "RELAY:turn.tls", "a.test"},
    {"_turn._udp.naptr.test", ns_t_srv, 0, 0, 3478, NULL, NULL, "a.test"},
    {"_turn._tcp.naptr.test", ns_t_srv, 0, 0, 5000, NULL, NULL, "a.test"},
    {"sip.test", ns_t_naptr, 1, 1, 0, "S", "SIP+D2U", "_sip._udp.sip.test"},
    {"circle.test", ns_t_naptr, 1, 1, 0, "", "RELAY:turn.udp", "circle.test"},
    {"circle.test", ns_t_naptr, 1, 2, 0, "", "RELAY:turn.udp", "circle.test"},
    {"circle.test", ns_t_naptr, 1, 3, 0, "", "RELAY:turn.udp", "circle.test"},
    {"circle.test", ns_t_naptr, 1, 4, 0, "", "RELAY:turn.udp", "circle.test"},
    {"_turn._udp.many.test", ns_t_srv, 1, 0, 1, NULL, NULL, "crowd.test"},
    {"_turn._udp.many.test", ns_t_srv, 2, 0, 2, NULL, NULL, "crowd.test"},
    {"_turn._udp.many.test", ns_t_srv, 3, 0, 3, NULL, NULL, "crowd.test"},
    {"_turn._udp.many.test", ns_t_srv, 4, 0, 4, NULL, NULL, "crowd.test"},
    {"_turn._udp.herd.test", ns_t_srv, 1, 0, 1, NULL, NULL, "missing.test"},
    {"_turn._udp.herd.test", ns_t_srv, 1, 0, 2, NULL, NULL, "missing.test"},
    {"_turn._udp.herd.test", ns_t_srv, 1, 0, 3, NULL, NULL, "missing.test"},
    {"_turn._udp.herd.test", ns_t_srv, 1, 0, 4, NULL, NULL, "missing.test"},
    {"_turn._udp.herd.test", ns_t_srv, 1, 0, 5, NULL, NULL, "missing.test"},
    {"_turn._udp.herd.test", ns_t_srv, 1, 0, 6, NULL, NULL, "missing.test"},
    {"_turn._udp.herd.test", ns_t_srv, 1, 0, 7, NULL, NULL, "missing.test"},
    {"_turn._udp.herd.test", ns_t_srv, 1, 0, 8, NULL, NULL, "missing.test"},
    {"_turn._udp.herd.test", ns_t_srv, 1, 0, 9, NULL, NULL, "missing.test"},
    {"_turn._tcp.many.test", ns_t_srv, 1, 0, 5, NULL, NULL, "crowd.test"},
    {"_turn._tcp.many.test", ns_t_srv, 2, 0, 6, NULL, NULL, "crowd.test"},
};

/* "udp 192.0.2.1:3478, tcp [2001:db8::2]:200" */
static const char *as_text(const struct auger_addr *addrs, size_t len)
{
    static char text[1024];
    char one[AUGER_ADDR_TEXT_MAX];

    text[0] = '\0';
    for (size_t i = 0; i < len; i++) {
        strcat(text, i ? ", " : "");
        strcat(text, addrs[i].transport == AUGER_UDP ? "udp " : "tcp ");
        strcat(text, auger_addr_format(&addrs[i], one, sizeof(one)));
    }
    return text;
}

static void expect(const char *uri, const char *expected)
{
    const struct auger_target *target;
    struct auger_discover found;
    struct auger_stun_uri stun;
    struct auger_turn_uri turn;
    struct auger_lookup lookup;
    size_t wrong;

    if (auger_stun_uri_parse(&stun, uri) == 0) {
        lookup = auger_lookup_stun(&stun);
    } else {
        assert_int_equal(auger_turn_uri_parse(&turn, uri, &wrong), 0);
        lookup = auger_lookup_turn(&turn);
    }
    print_message("%s\n", uri);
    auger_discover_begin(&found, &lookup, auger_clock_now());
    while ((target = auger_discover_next(&found, 0)))
        auger_discover_look_up(&found, target);
    assert_string_equal(as_text(found.addrs, found.addrs_len), expected);
}

static void a_stun_server_is_where_its_srv_records_say_by_priority(void **state)
{
    (void)state;
    expect("stun:srv.test", "udp 192.0.2.2:3480, udp [2001:db8::2]:3480, udp 192.0.2.1:3479");
    expect("stuns:srv.test", "udp 192.0.2.1:5350");
}

static void without_records_it_is_the_hosts_own_addresses_at_the_default_port(void **state)
{
    (void)state;
    expect("stun:plain.test", "udp 192.0.2.9:3478");
    expect("stuns:plain.test", "udp 192.0.2.9:5349");
    expect("turn:plain.test", "udp 192.0.2.9:3478, tcp 192.0.2.9:3478");
    expect("turn:plain.test?transport=udp", "udp 192.0.2.9:3478");
    expect("turn:plain.test?transport=tcp", "tcp 192.0.2.9:3478");
    expect("turns:plain.test", "tcp 192.0.2.9:5349, udp 192.0.2.9:5349");
    expect("turns:plain.test?transport=tcp", "tcp 192.0.2.9:5349");
    expect("turns:plain.test?transport=udp", "udp 192.0.2.9:5349");
    expect("turn:crowd.test", "udp 192.0.2.20:3478, udp 192.0.2.21:3478, udp [2001:db8::20]:3478, "
                              "tcp 192.0.2.20:3478, tcp 192.0.2.21:3478, tcp [2001:db8::20]:3478");
    expect("turn:missing.test", "");
}

static void with_a_port_no_record_is_asked_for(void **state)
{
    size_t before = atomic_load(&zone_questions);

    (void)state;
    expect("stun:plain.test:7", "udp 192.0.2.9:7");
    expect("turn:naptr.test:8", "udp 192.0.2.10:8, tcp 192.0.2.10:8");
    expect("turn:naptr.test:8?transport=tcp", "tcp 192.0.2.10:8");
    expect("turns:naptr.test:8", "tcp 192.0.2.10:8, udp 192.0.2.10:8");
    assert_int_equal(atomic_load(&zone_questions), before);
}

static void of_names_that_are_in_no_dns_none_is_asked_for(void **state)
{
    size_t before = atomic_load(&zone_questions);

    (void)state;
    expect("stun:local", "udp 192.0.2.30:3478");
    expect("turn:printer.local", "udp 192.0.2.31:3478, tcp 192.0.2.31:3478");
    assert_int_equal(atomic_load(&zone_questions), before);
}

static void a_turn_server_is_found_by_its_transport(void **state)
{
    (void)state;
    expect("turn:srv.test?transport=udp", "udp 192.0.2.1:100");
    expect("turn:srv.test?transport=tcp", "tcp 192.0.2.2:200, tcp [2001:db8::2]:200");
    expect("turns:srv.test?transport=tcp", "tcp 192.0.2.2:443, tcp [2001:db8::2]:443");
}

static void without_a_transport_each_that_has_records_is_taken(void **state)
{
    (void)state;
    expect("turn:srv.test", "udp 192.0.2.1:100, tcp 192.0.2.2:200, tcp [2001:db8::2]:200");
    expect("turns:srv.test", "tcp 192.0.2.2:443, tcp [2001:db8::2]:443");
}

static void naptr_records_say_what_there_is_and_in_which_order(void **state)
{
    (void)state;
    expect("turn:naptr.test", "udp 192.0.2.1:3478, tcp 192.0.2.1:5000");
    expect("turns:naptr.test", "tcp 192.0.2.1:5349");
}

static void naptr_records_of_other_services_are_none(void **state)
{
    (void)state;
    expect("turn:sip.test", "udp 192.0.2.32:3478, tcp 192.0.2.32:3478");
}

static void a_record_that_says_no_is_believed(void **state)
{
    (void)state;
    expect("turn:gone.test?transport=udp", "");
    expect("turn:lost.test?transport=udp", "");
    expect("turn:gone.test", "tcp 192.0.2.11:3478"); /* of which nothing is said */
}

static void naptr_records_in_a_circle_end(void **state)
{
    size_t before = atomic_load(&zone_questions);

    (void)state;
    expect("turn:circle.test", "");
    assert_true(atomic_load(&zone_questions) - before <= 12);
}

static void of_many_there_are_eight_and_the_second_transport_has_room(void **state)
{
    (void)state;
    expect("turn:many.test", "udp 192.0.2.20:1, udp 192.0.2.21:1, udp [2001:db8::20]:1, "
                             "udp 192.0.2.20:2, tcp 192.0.2.20:5, tcp 192.0.2.21:5, "
                             "tcp [2001:db8::20]:5, tcp 192.0.2.20:6");
}

static void without_a_dns_addresses_are_still_looked_up(void **state)
{
    (void)state;
    atomic_store(&zone_is_off, true);
    expect("turn:srv.test", "");
    expect("stun:plain.test", "udp 192.0.2.9:3478");
    atomic_store(&zone_is_off, false);
}

static void once_the_time_is_up_no_further_host_is_looked_up(void **state)
{
    struct auger_lookup lookup = {.host = "many.test", .transport = AUGER_UDP, .service = "turn"};
    const struct auger_target *target;
    struct auger_discover found;

    (void)state;
    auger_discover_begin(&found, &lookup, auger_clock_now());
    target = auger_discover_next(&found, found.hosts_by); /* the first always is */
    assert_non_null(target);
    assert_int_equal(target->port, 1);
    auger_discover_look_up(&found, target);
    assert_null(auger_discover_next(&found, found.hosts_by));
    assert_non_null(auger_discover_next(&found, found.hosts_by - 1));
    assert_int_equal(found.addrs_len, 3);
}

static void when_its_time_is_up_no_record_is_asked_for(void **state)
{
    struct auger_lookup lookup = {.host = "many.test", .transport = AUGER_UDP, .service = "turn"};
    size_t before = atomic_load(&zone_questions);
    struct auger_discover found;

    (void)state;
    auger_discover_begin(&found, &lookup, auger_clock_now() - 3 * AUGER_SEC);
    assert_int_equal(atomic_load(&zone_questions), before);
    assert_string_equal(auger_discover_next(&found, 0)->host, "many.test");
}

static void of_hosts_eight_are_looked_up(void **state)
{
    struct auger_discover found;
    size_t len = 0;
    const struct auger_target *target;
    struct auger_lookup lookup = {.host = "herd.test", .transport = AUGER_UDP, .service = "turn"};

    (void)state;
    auger_discover_begin(&found, &lookup, auger_clock_now());
    for (; (target = auger_discover_next(&found, 0)); len++)
        auger_discover_look_up(&found, target);
    assert_int_equal(len, 8);
    assert_int_equal(found.addrs_len, 0);
}

/* --- order by weight ----------------------------------------------------------------------- */

static void within_a_priority_the_weight_decides(void **state)
{
    static const struct {
        uint32_t chances[4];
        const char *order;
    } orders[] = {
        /* Weights 0 (a), 10 (b), 30 (c); d is of another priority. */
        {{0, 0, 0, 0}, "abcd"},   {{1, 0, 0, 0}, "bacd"},
        {{10, 1, 0, 0}, "bcad"},  {{11, 0, 0, 0}, "cabd"},
        {{40, 10, 0, 0}, "cbad"}, {{41, 0, 0, 0}, "abcd"}, /* of 0 to 40, it is 0 */
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        struct auger_srv records[4] = {{.priority = 2, .weight = 99, .target = "d"},
                                       {.priority = 1, .weight = 30, .target = "c"},
                                       {.priority = 1, .weight = 0, .target = "a"},
                                       {.priority = 1, .weight = 10, .target = "b"}};
        char order[5] = {0};
        auger_dns_order_srv(records, 4, orders[i].chances);
        for (size_t j = 0; j < 4; j++)
            order[j] = records[j].target[0];
        assert_string_equal(order, orders[i].order);
    }
}

static void what_is_no_answer_has_no_records(void **state)
{
    struct auger_srv srv[AUGER_DNS_RECORDS_MAX];
    struct auger_naptr naptr[AUGER_DNS_RECORDS_MAX];
    uint8_t msg[8192] = {0x12, 0x34, 1, 0, 0, 1};
    size_t len, asked = 12 + zone_put_name(msg + 12, "_turn._udp.many.test");

    (void)state;
    asked += zone_put_u16(msg + asked, ns_t_srv);
    asked += zone_put_u16(msg + asked, ns_c_in);
    len = zone_answer(msg, asked);
    assert_int_equal(auger_dns_read_srv(msg, len, srv), 4);
    assert_int_equal(auger_dns_read_naptr(msg, len, naptr), 0);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *whole = malloc(cut + 1); /* so that a byte too far is seen */
        memcpy(whole, msg, cut);
        assert_true(auger_dns_read_srv(whole, cut, srv) < 4);
        free(whole);
    }
}

static int prepare(void **state)
{
    zone_hosts = hosts;
    zone_hosts_len = ARRAY_LEN(hosts);
    zone_rows = rows;
    zone_rows_len = ARRAY_LEN(rows);
    return zone_open(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stun_server_is_where_its_srv_records_say_by_priority),
        cmocka_unit_test(without_records_it_is_the_hosts_own_addresses_at_the_default_port),
        cmocka_unit_test(with_a_port_no_record_is_asked_for),
        cmocka_unit_test(of_names_that_are_in_no_dns_none_is_asked_for),
        cmocka_unit_test(a_turn_server_is_found_by_its_transport),
        cmocka_unit_test(without_a_transport_each_that_has_records_is_taken),
        cmocka_unit_test(naptr_records_say_what_there_is_and_in_which_order),
        cmocka_unit_test(naptr_records_of_other_services_are_none),
        cmocka_unit_test(a_record_that_says_no_is_believed),
        cmocka_unit_test(naptr_records_in_a_circle_end),
        cmocka_unit_test(of_many_there_are_eight_and_the_second_transport_has_room),
        cmocka_unit_test(without_a_dns_addresses_are_still_looked_up),
        cmocka_unit_test(once_the_time_is_up_no_further_host_is_looked_up),
        cmocka_unit_test(when_its_time_is_up_no_record_is_asked_for),
        cmocka_unit_test(of_hosts_eight_are_looked_up),
        cmocka_unit_test(within_a_priority_the_weight_decides),
        cmocka_unit_test(what_is_no_answer_has_no_records),
    };

    return cmocka_run_group_tests(tests, prepare, zone_close);
}
