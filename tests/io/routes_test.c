/* A default route that changes alone, while every address stays as it is: a namespace of the
 * test's own with two wires.
 *
 *     one  10.9.1.1/24, fd09:1::1/64    the default routes at first
 *     two  10.9.2.1/24, fd09:2::1/64
 */
#define _GNU_SOURCE
#include "tests/io/ends.h"

#include "io/loop_state.h"
#include "tests/io/namespace.h"

#include <poll.h>

static int lay_wires(void **state)
{
    static const char *const wires[] = {
        "link add one type veth peer name far1",
        "link add two type veth peer name far2",
        "link set far1 up",
        "link set far2 up",
        "addr add 10.9.1.1/24 dev one",
        "addr add fd09:1::1/64 dev one nodad",
        "link set one up",
        "addr add 10.9.2.1/24 dev two",
        "addr add fd09:2::1/64 dev two nodad",
        "link set two up",
        "route add default via 10.9.1.2",
        "-6 route add default via fd09:1::2",
    };

    (void)state;
    become_root();
    (void)new_namespace();
    for (size_t i = 0; i < ARRAY_LEN(wires); i++)
        ip(wires[i]);
    return 0;
}

static bool has_socket_on(const struct auger_loop *loop, const char *text)
{
    const struct auger_slot *slot = loop->slots[0];
    struct auger_addr at;

    assert_int_equal(auger_addr_parse_ip(&at, text, strlen(text), 0), 0);
    for (size_t i = 0; i < slot->sockets_len; i++)
        if (slot->sockets[i].udp.fd >= 0 && auger_addr_ip_equal(&slot->sockets[i].udp.addr, &at))
            return true;
    return false;
}

static void turn_for(struct auger_loop *loop, int ms)
{
    struct pollfd readable = {.fd = auger_loop_fd(loop), .events = POLLIN};
    struct auger_loop_event event;

    poll(&readable, 1, ms);
    while (auger_loop_poll(loop, &event))
        ;
}

/* RFC 8828 section 5.2, mode 2: its address comes to the others. */
static void a_default_route_that_changes_alone_is_followed(void **state)
{
    static const struct {
        const char *change, *before, *after;
    } cases[] = {
        {"route replace default via 10.9.2.2", "10.9.1.1", "10.9.2.1"},
        {"-6 route replace default via fd09:2::2", "fd09:1::1", "fd09:2::1"},
    };
    struct auger_net_config net;
    struct auger_peer *peer;
    struct auger_loop *loop;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auger_net_config_init(&net);
        net.ip_handling = AUGER_IP_DEFAULT_ROUTE;
        assert_int_equal(auger_loop_new(&loop, NULL), 0);
        assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), 0);
        assert_true(has_socket_on(loop, cases[i].before));
        for (int j = 0; j < 10; j++) /* what the wires still had to tell */
            turn_for(loop, 100);
        assert_false(has_socket_on(loop, cases[i].after));
        ip(cases[i].change);
        for (int j = 0; j < 300 && !has_socket_on(loop, cases[i].after); j++)
            turn_for(loop, 100);
        assert_true(has_socket_on(loop, cases[i].after));
        auger_loop_free(loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_default_route_that_changes_alone_is_followed),
    };

    return cmocka_run_group_tests(tests, lay_wires, NULL);
}
