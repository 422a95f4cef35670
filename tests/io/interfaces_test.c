/* Which addresses of the machine are used.  The machine is the test's: getifaddrs() is replaced. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/interfaces.h"
#include "io/sockaddr.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 200
#define UP IFF_UP
#define LO (IFF_UP | IFF_LOOPBACK)

struct row {
    const char *name;
    unsigned flags;
    const char *ip; /* NULL: an interface without an address */
};

/* The machine of a test. */
static const struct row *machine;
static size_t machine_len;
static bool is_refused;

int getifaddrs(struct ifaddrs **ifap)
{
    static struct ifaddrs entries[ROWS_MAX];
    static struct sockaddr_storage addrs[ROWS_MAX];

    memset(entries, 0, sizeof(entries));
    if (is_refused) {
        errno = EMFILE;
        return -1;
    }
    for (size_t i = 0; i < machine_len; i++) {
        struct auger_addr addr;
        entries[i].ifa_name = (char *)(uintptr_t)machine[i].name;
        entries[i].ifa_flags = machine[i].flags;
        entries[i].ifa_next = i + 1 < machine_len ? &entries[i + 1] : NULL;
        if (!machine[i].ip)
            continue;
        assert_int_equal(auger_addr_parse_ip(&addr, machine[i].ip, strlen(machine[i].ip), 0), 0);
        auger_sockaddr_from(&addrs[i], &addr);
        entries[i].ifa_addr = (struct sockaddr *)&addrs[i];
    }
    *ifap = machine_len ? entries : NULL;
    return 0;
}

void freeifaddrs(struct ifaddrs *ifa)
{
    (void)ifa;
}

static void must_use(const struct auger_net_config *net, const char *expected)
{
    struct auger_addr addrs[AUGER_INTERFACES_MAX];
    char text[1024] = "", ip[AUGER_ADDR_TEXT_MAX];
    int len = auger_interfaces_list(net, addrs);

    assert_in_range(len, 0, AUGER_INTERFACES_MAX);
    for (int i = 0; i < len; i++) {
        assert_int_equal(addrs[i].port, 0);
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
                 auger_addr_format_ip(&addrs[i], ip, sizeof(ip)));
    }
    assert_string_equal(text, expected);
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
            {"tun0", UP, NULL}, {"lo", LO, "::1"}, {"eth0", UP, "2001:db8::7"},
            {"eth0", UP, "fe80::7"}, {"eth2", UP, "169.254.3.4"});

    (void)state;
    must_use(&net, "192.0.2.7 2001:db8::7");
    net.loopback = true;
    must_use(&net, "127.0.0.1 192.0.2.7 ::1 2001:db8::7");
    net.ipv6 = false;
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
    machine_len = 3;
    must_use(&net, "172.17.0.1 172.18.0.1 192.168.122.1");
}

static void of_many_addresses_sixteen_are_used(void **state)
{
    static struct row rows[ROWS_MAX];
    static char ips[ROWS_MAX][16];
    struct auger_addr addrs[AUGER_INTERFACES_MAX];
    const struct auger_net_config net = defaults();

    (void)state;
    for (size_t i = 0; i < ROWS_MAX; i++) {
        snprintf(ips[i], sizeof(ips[i]), "10.0.0.%zu", i + 1);
        rows[i] = (struct row){.name = "eth0", .flags = UP, .ip = ips[i]};
    }
    machine = rows;
    machine_len = ROWS_MAX;
    assert_int_equal(auger_interfaces_list(&net, addrs), AUGER_INTERFACES_MAX);
    machine_len = 16;
    assert_int_equal(auger_interfaces_list(&net, addrs), 16);
}

static void the_bound_leaves_room_for_both_families(void **state)
{
    static struct row rows[40];
    static char ips[40][16];
    struct auger_addr addrs[AUGER_INTERFACES_MAX];
    const struct auger_net_config net = defaults();
    size_t ipv6 = 0;

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        snprintf(ips[i], sizeof(ips[i]), i < 20 ? "10.0.0.%zu" : "2001:db8::%zu", i + 1);
        rows[i] = (struct row){.name = "eth0", .flags = UP, .ip = ips[i]};
    }
    machine = rows;
    machine_len = 40;
    assert_int_equal(auger_interfaces_list(&net, addrs), AUGER_INTERFACES_MAX);
    for (size_t i = 0; i < AUGER_INTERFACES_MAX; i++)
        ipv6 += addrs[i].family == AUGER_IPV6;
    assert_int_equal(ipv6, AUGER_INTERFACES_MAX / 2);
}

static void one_address_is_used_as_it_was_asked_for(void **state)
{
    struct auger_net_config net = defaults();
    struct auger_addr bind;
    MACHINE({"eth0", UP, "192.0.2.7"});

    (void)state;
    assert_int_equal(auger_addr_parse_ip(&bind, "192.0.2.9", 9, 0), 0);
    net.bind = &bind;
    must_use(&net, "192.0.2.9");
}

static void a_machine_that_does_not_tell_is_an_error(void **state)
{
    struct auger_addr addrs[AUGER_INTERFACES_MAX];
    const struct auger_net_config net = defaults();

    (void)state;
    is_refused = true;
    assert_int_equal(auger_interfaces_list(&net, addrs), AUGER_ERR_SYSTEM);
    assert_int_equal(errno, EMFILE);
    is_refused = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_interfaces_that_are_up_are_used),
        cmocka_unit_test(bridges_of_containers_are_used_only_where_there_is_nothing_else),
        cmocka_unit_test(of_many_addresses_sixteen_are_used),
        cmocka_unit_test(the_bound_leaves_room_for_both_families),
        cmocka_unit_test(one_address_is_used_as_it_was_asked_for),
        cmocka_unit_test(a_machine_that_does_not_tell_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
