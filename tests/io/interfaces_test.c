/* Which addresses of a machine are used.  The machine is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/interfaces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 200
#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define UP 1u
#define LO (UP | 2u)
#define DEPRECATED 4u
#define TEMPORARY 8u
#define TENTATIVE 16u

struct row {
    const char *name;
    unsigned flags;
    const char *ip;
};

/* The machine of a test, and where its default routes send from. */
static const struct row *machine;
static size_t machine_len;
static const char *routes[2];

static struct auger_addr ip_of(const char *text)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse_ip(&addr, text, strlen(text), 0), 0);
    return addr;
}

/* The first letters of a name tell interfaces apart, as an index does. */
static uint32_t index_of(const char *name)
{
    uint32_t index = 0;

    while (*name)
        index = index * 31 + (uint8_t)*name++;
    return index;
}

static struct auger_machine *judged(const struct auger_net_config *net)
{
    struct auger_machine *m = calloc(1, sizeof(*m));

    assert_non_null(m);
    for (size_t i = 0; i < machine_len; i++) {
        struct auger_machine_row *row = &m->rows[m->len++];
        snprintf(row->net.interface, sizeof(row->net.interface), "%s", machine[i].name);
        row->index = index_of(machine[i].name);
        row->is_up = machine[i].flags & UP;
        row->is_loopback = machine[i].flags & 2u;
        row->is_tentative = machine[i].flags & TENTATIVE;
        row->net.deprecated = machine[i].flags & DEPRECATED;
        row->net.temporary = machine[i].flags & TEMPORARY;
        row->net.addr = ip_of(machine[i].ip);
    }
    for (size_t i = 0; i < 2; i++)
        if (routes[i])
            m->routes[i] = ip_of(routes[i]);
    auger_interfaces_judge(net, m);
    return m;
}

/* Those that are used, in their order. */
static void must_use(const struct auger_net_config *net, const char *expected)
{
    char text[1024] = "", ip[AUGER_ADDR_TEXT_MAX];
    struct auger_machine *m = judged(net);

    for (size_t i = 0; i < m->len && !m->rows[i].net.left_out; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
                 auger_addr_format_ip(&m->rows[i].net.addr, ip, sizeof(ip)));
    assert_string_equal(text, expected);
    free(m);
}

/* Why that address is not. */
static void must_leave_out(const struct auger_net_config *net, const char *ip, const char *why)
{
    const struct auger_addr addr = ip_of(ip);
    struct auger_machine *m = judged(net);
    const char *found = "not there";

    for (size_t i = 0; i < m->len; i++)
        if (auger_addr_ip_equal(&m->rows[i].net.addr, &addr))
            found = m->rows[i].net.left_out ? m->rows[i].net.left_out : "used";
    assert_string_equal(found, why);
    free(m);
}

static struct auger_net_config defaults(void)
{
    struct auger_net_config net;

    auger_net_config_init(&net);
    return net;
}

#define MACHINE(...)                                                                               \
    static const struct row rows[] = {__VA_ARGS__};                                                \
    machine = rows;                                                                                \
    machine_len = sizeof(rows) / sizeof(rows[0])

static void addresses_of_interfaces_that_are_up_are_used(void **state)
{
    struct auger_net_config net = defaults();
    MACHINE({"lo", LO, "127.0.0.1"}, {"eth0", UP, "192.0.2.7"}, {"eth1", 0, "192.0.2.8"},
            {"lo", LO, "::1"}, {"eth0", UP, "2001:db8::7"}, {"eth0", UP, "fe80::7"},
            {"eth2", UP, "169.254.3.4"});

    (void)state;
    must_use(&net, "192.0.2.7 2001:db8::7");
    must_leave_out(&net, "127.0.0.1", "loopback");
    must_leave_out(&net, "192.0.2.8", "down");
    must_leave_out(&net, "fe80::7", "link-local");
    must_leave_out(&net, "169.254.3.4", "link-local");
    net.loopback = true;
    must_use(&net, "127.0.0.1 192.0.2.7 ::1 2001:db8::7");
    net.ipv6 = false;
    must_leave_out(&net, "2001:db8::7", "family");
    must_use(&net, "127.0.0.1 192.0.2.7");
    net.ipv4 = false;
    must_use(&net, "");
    net.ipv6 = true;
    must_use(&net, "::1 2001:db8::7");
}

static void bridges_of_containers_are_used_only_where_there_is_nothing_else(void **state)
{
    const struct auger_net_config net = defaults();
    static const struct row rows[] = {{"docker0", UP, "172.17.0.1"},
                                      {"br-1234", UP, "172.18.0.1"},
                                      {"virbr0", UP, "192.168.122.1"},
                                      {"eth0", UP, "192.0.2.7"}};

    (void)state;
    machine = rows;
    machine_len = 4;
    must_use(&net, "192.0.2.7");
    must_leave_out(&net, "172.17.0.1", "bridge");
    machine_len = 3;
    must_use(&net, "172.17.0.1 172.18.0.1 192.168.122.1");
}

static void a_bridge_that_is_named_is_an_interface_like_any_other(void **state)
{
    struct auger_net_config net = defaults();
    const char *const both[] = {"docker0", "192.0.2.0/24"}, *const all[] = {"*"};
    MACHINE({"docker0", UP, "172.17.0.1"}, {"vethab12", UP, "172.18.0.1"},
            {"eth0", UP, "192.0.2.7"});

    (void)state;
    net.only = both;
    net.only_len = 2;
    must_use(&net, "172.17.0.1 192.0.2.7");
    net.only = all;
    net.only_len = 1;
    must_use(&net, "172.17.0.1 172.18.0.1 192.0.2.7");
}

static void filters_speak_of_interfaces_and_of_addresses(void **state)
{
    static const struct {
        const char *only, *without, *expected;
    } filters[] = {
        {"eth0", NULL, "192.0.2.7 2001:db8::7"},
        {"wlan*", NULL, "198.51.100.9 198.51.100.130"},
        {"198.51.100.128/25", NULL, "198.51.100.130"},
        {"198.51.100.0/25", NULL, "198.51.100.9"},
        {"2001:db8::/32", NULL, "2001:db8::7"},
        {"2001:db8::7", NULL, "2001:db8::7"},
        {"0.0.0.0/0", NULL, "192.0.2.7 198.51.100.9 198.51.100.130"},
        {NULL, "eth0", "198.51.100.9 198.51.100.130"},
        {NULL, "192.0.2.0/24", "198.51.100.9 198.51.100.130 2001:db8::7"},
        {"*", "wlan0", "192.0.2.7 198.51.100.130 2001:db8::7"},
        {"et", NULL, ""},
    };
    MACHINE({"eth0", UP, "192.0.2.7"}, {"wlan0", UP, "198.51.100.9"},
            {"wlan1", UP, "198.51.100.130"}, {"eth0", UP, "2001:db8::7"});

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        struct auger_net_config net = defaults();
        net.only = &filters[i].only;
        net.only_len = filters[i].only != NULL;
        net.without = &filters[i].without;
        net.without_len = filters[i].without != NULL;
        assert_true(auger_interfaces_is_valid(&net));
        must_use(&net, filters[i].expected);
    }
}

static void filters_that_are_none_are_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "eth0/24",
                                        "192.0.2.0/33",
                                        "192.0.2.0/",
                                        "192.0.2.0/x",
                                        "2001:db8::/129",
                                        "2001:db8:::",
                                        "an interface",
                                        "a-name-that-is-too-long"};
    const char *many[17];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct auger_net_config net = defaults();
        net.without = &wrong[i];
        net.without_len = 1;
        assert_false(auger_interfaces_is_valid(&net));
        net.only = net.without;
        net.only_len = 1;
        net.without_len = 0;
        assert_false(auger_interfaces_is_valid(&net));
    }
    struct auger_net_config net = defaults();
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = "eth0";
    net.only = many;
    net.only_len = 16;
    assert_true(auger_interfaces_is_valid(&net));
    net.only_len = 17;
    assert_false(auger_interfaces_is_valid(&net));
}

/* RFC 8828 section 5.2. */
static void only_the_interface_of_the_default_route_is_used_if_so_asked(void **state)
{
    struct auger_net_config net = defaults();
    MACHINE({"vpn0", UP, "10.8.0.2"}, {"eth0", UP, "192.0.2.7"}, {"vpn0", UP, "10.9.0.2"},
            {"eth0", UP, "2001:db8::7"});

    (void)state;
    routes[0] = "10.8.0.2";
    net.ip_handling = AUGER_IP_DEFAULT_ROUTE;
    must_use(&net, "10.8.0.2 10.9.0.2");
    must_leave_out(&net, "192.0.2.7", "route");
    routes[1] = "2001:db8::7";
    must_use(&net, "10.8.0.2 10.9.0.2 2001:db8::7");
    routes[0] = routes[1] = NULL;
    must_use(&net, "");
    net.ip_handling = AUGER_IP_ALL;
    must_use(&net, "10.8.0.2 192.0.2.7 10.9.0.2 2001:db8::7");
}

/* RFC 8445 section 5.1.1.1: of the same prefix on the same interface. */
static void a_temporary_address_stands_for_the_permanent_ones_beside_it(void **state)
{
    struct auger_net_config net = defaults();
    MACHINE({"eth0", UP, "2001:db8:1::aa"}, {"eth0", UP | TEMPORARY, "2001:db8:1::71"},
            {"eth0", UP, "2001:db8:2::aa"}, {"eth1", UP, "2001:db8:1::bb"},
            {"eth0", UP, "fe80::aa"}, {"eth1", UP, "fe80::bb"});

    (void)state;
    must_use(&net, "2001:db8:1::71 2001:db8:2::aa 2001:db8:1::bb");
    must_leave_out(&net, "2001:db8:1::aa", "permanent");
    net.link_local = true;
    must_leave_out(&net, "fe80::aa", "permanent");
    must_leave_out(&net, "fe80::bb", "used");
}

static void a_temporary_address_that_is_not_used_stands_for_nothing(void **state)
{
    const struct auger_net_config net = defaults();
    MACHINE({"eth0", UP, "2001:db8:1::aa"}, {"eth0", UP | TEMPORARY | DEPRECATED, "2001:db8:1::71"},
            {"eth0", UP | TEMPORARY | TENTATIVE, "2001:db8:1::72"});

    (void)state;
    must_use(&net, "2001:db8:1::aa");
    must_leave_out(&net, "2001:db8:1::71", "deprecated");
    must_leave_out(&net, "2001:db8:1::72", "tentative");
}

/* RFC 6724 section 2.1. */
static void of_ipv6_the_native_and_global_addresses_come_first(void **state)
{
    const struct auger_net_config net = defaults();
    MACHINE({"a", UP, "2001:0:c000:201::1"}, {"b", UP, "fd00::1"}, {"c", UP, "2002:c000:201::1"},
            {"d", UP, "2001:db8::1"}, {"e", UP, "192.0.2.1"});

    (void)state;
    must_use(&net, "192.0.2.1 2001:db8::1 2002:c000:201::1 2001:0:c000:201::1 fd00::1");
}

static void addresses_that_no_candidate_may_have_are_left_out(void **state)
{
    static const char *const ips[] = {
        "fec0::1", "::ffff:192.0.2.1", "::192.0.2.1", "::", "ff02::1", "0.0.0.0", "224.0.0.1"};
    const struct auger_net_config net = defaults();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ips); i++) {
        const struct row row = {"eth0", UP, ips[i]};
        machine = &row;
        machine_len = 1;
        must_leave_out(&net, ips[i], "unusable");
    }
}

static void of_one_interface_four_addresses_of_a_family_are_used(void **state)
{
    const struct auger_net_config net = defaults();
    MACHINE({"eth0", UP, "2001:db8::1"}, {"eth0", UP, "2001:db8:1::2"},
            {"eth0", UP, "2001:db8:2::3"}, {"eth0", UP, "fd00::4"}, {"eth0", UP, "2001:db8:3::5"},
            {"eth0", UP, "192.0.2.1"});

    (void)state;
    must_use(&net, "192.0.2.1 2001:db8::1 2001:db8:1::2 2001:db8:2::3 2001:db8:3::5");
    must_leave_out(&net, "fd00::4", "limit");
}

/* An interface each. */
static void fill(struct row *rows, char (*texts)[2][16], size_t ipv4, size_t all)
{
    for (size_t i = 0; i < all; i++) {
        snprintf(texts[i][0], 16, "eth%zu", i);
        snprintf(texts[i][1], 16, i < ipv4 ? "10.0.0.%zu" : "2001:db8::%zu", i + 1);
        rows[i] = (struct row){.name = texts[i][0], .flags = UP, .ip = texts[i][1]};
    }
    machine = rows;
    machine_len = all;
}

static size_t count_used(uint8_t family)
{
    const struct auger_net_config net = defaults();
    struct auger_machine *m = judged(&net);
    size_t count = 0;

    for (size_t i = 0; i < m->len; i++)
        count += !m->rows[i].net.left_out && m->rows[i].net.addr.family == family;
    free(m);
    return count;
}

static void the_bound_leaves_room_for_both_families(void **state)
{
    static struct row rows[ROWS_MAX];
    static char texts[ROWS_MAX][2][16];

    (void)state;
    fill(rows, texts, ROWS_MAX, ROWS_MAX);
    assert_int_equal(count_used(AUGER_IPV4), AUGER_INTERFACES_MAX);
    fill(rows, texts, 20, 40);
    assert_int_equal(count_used(AUGER_IPV4), AUGER_INTERFACES_MAX / 2);
    assert_int_equal(count_used(AUGER_IPV6), AUGER_INTERFACES_MAX / 2);
    fill(rows, texts, 3, 40);
    assert_int_equal(count_used(AUGER_IPV6), AUGER_INTERFACES_MAX - 3);
}

static void one_address_is_used_as_it_was_asked_for(void **state)
{
    struct auger_addr addrs[AUGER_INTERFACES_MAX];
    struct auger_net_config net = defaults();
    const struct auger_addr bind = ip_of("192.0.2.9");

    (void)state;
    net.bind = &bind;
    assert_int_equal(auger_interfaces_list(&net, addrs), 1);
    assert_true(auger_addr_equal(&addrs[0], &bind));
}

/* Of the real one: every machine has loopback. */
static void the_kernel_tells_of_loopback(void **state)
{
    static struct auger_net_addr addrs[AUGER_MACHINE_MAX];
    struct auger_net_config net = defaults();
    const struct auger_addr loopback = ip_of("127.0.0.1");
    bool found = false;

    (void)state;
    net.loopback = true;
    int len = auger_net_addrs(&net, addrs, AUGER_MACHINE_MAX);
    for (int i = 0; i < len; i++)
        if (auger_addr_ip_equal(&addrs[i].addr, &loopback)) {
            assert_null(addrs[i].left_out);
            assert_string_equal(addrs[i].interface, "lo");
            found = true;
        }
    assert_true(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_interfaces_that_are_up_are_used),
        cmocka_unit_test(bridges_of_containers_are_used_only_where_there_is_nothing_else),
        cmocka_unit_test(a_bridge_that_is_named_is_an_interface_like_any_other),
        cmocka_unit_test(filters_speak_of_interfaces_and_of_addresses),
        cmocka_unit_test(filters_that_are_none_are_refused),
        cmocka_unit_test(only_the_interface_of_the_default_route_is_used_if_so_asked),
        cmocka_unit_test(a_temporary_address_stands_for_the_permanent_ones_beside_it),
        cmocka_unit_test(a_temporary_address_that_is_not_used_stands_for_nothing),
        cmocka_unit_test(of_ipv6_the_native_and_global_addresses_come_first),
        cmocka_unit_test(addresses_that_no_candidate_may_have_are_left_out),
        cmocka_unit_test(of_one_interface_four_addresses_of_a_family_are_used),
        cmocka_unit_test(the_bound_leaves_room_for_both_families),
        cmocka_unit_test(one_address_is_used_as_it_was_asked_for),
        cmocka_unit_test(the_kernel_tells_of_loopback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
