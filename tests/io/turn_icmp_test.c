/* What the kernel learns about datagrams of a relay reaches its client (RFC 8656 section 11.6),
 * over sockets, in a network namespace of its own. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/crypto.h>
#include <auger/io_turn.h>

#include "tests/io/namespace.h"

#include "io/sockaddr.h"

#include <poll.h>
#include <sys/socket.h>

#define MTU 1300 /* of the way to the far peer */

struct pair {
    struct auger_loop *loop;
    struct auger_turn *client;
    int fd;
    struct auger_addr at;
    enum auger_turn_families family;
};

static struct auger_addr addr_of(const char *text)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse(&addr, text), 0);
    return addr;
}

/* A way of little room to 10.2.0.0/24 and fd02::/64, from 10.1.0.1 and fd01::1. */
static int enter_namespace(void **state)
{
    (void)state;
    become_root();
    new_namespace();
    ip("link add near type veth peer name far");
    ip("link set near up");
    ip("link set far up");
    ip("addr add 10.1.0.1/24 dev near");
    ip("addr add fd01::1/64 dev near nodad");
    ip("route add 10.2.0.0/24 dev near mtu 1300");
    ip("route add fd02::/64 dev near mtu 1300");
    return 0;
}

static void serve(struct pair *pair, const char *at)
{
    static const char *const allowed[] = {"10.1.0.1", "10.2.0.0/24", "fd01::1", "fd02::/64"};
    const struct auger_addr any = addr_of(at);
    struct auger_turn_server_config server;
    struct auger_turn_service_config config;
    struct auger_turn_service *service;

    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&config);
    server.realm = "example.org";
    config.listen = &any;
    config.listen_len = 1;
    assert_int_equal(auger_loop_new(&pair->loop, NULL), 0);
    assert_int_equal(auger_loop_turn_new(pair->loop, &server, &config, &service, NULL), 0);
    assert_int_equal(auger_turn_service_addrs(service, &pair->at, 1), 1);
    struct auger_turn_server *engine = auger_turn_service_server(service);
    assert_int_equal(auger_turn_server_add_user(engine, "ann", "secret"), 0);
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        assert_int_equal(auger_turn_server_allow_peers(engine, allowed[i]), 0);
}

static void ask(struct pair *pair)
{
    struct auger_turn_config config;
    struct sockaddr_storage to;
    socklen_t len = auger_sockaddr_from(&to, &pair->at);

    auger_turn_config_init(&config);
    config.server = pair->at;
    config.username = "ann";
    config.password = "secret";
    config.dont_fragment = true;
    config.families = pair->family;
    assert_int_equal(
        auger_turn_new(&pair->client, auger_env_system(), auger_loop_now(pair->loop), &config), 0);
    pair->fd = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(pair->fd, (const struct sockaddr *)&to, len), 0);
}

static void turn(struct pair *pair)
{
    struct pollfd fds[] = {{.fd = pair->fd, .events = POLLIN},
                           {.fd = auger_loop_fd(pair->loop), .events = POLLIN}};
    auger_time now = auger_loop_now(pair->loop);
    struct auger_loop_event event;
    struct auger_turn_data data;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    ssize_t got;
    size_t len;

    while ((got = recv(pair->fd, buf, sizeof(buf), 0)) > 0)
        auger_turn_handle_datagram(pair->client, now, &pair->at, buf, (size_t)got, &data);
    auger_turn_handle_timeout(pair->client, now);
    while ((len = auger_turn_poll_transmit(pair->client, now, buf, sizeof(buf))) > 0)
        assert_int_equal(send(pair->fd, buf, len, 0), len);
    while (auger_loop_poll(pair->loop, &event))
        continue;
    (void)poll(fds, 2, 20);
}

static struct auger_turn_event wait_for(struct pair *pair, enum auger_turn_event_type type)
{
    struct auger_turn_event event;

    for (;;) {
        while (auger_turn_poll_event(pair->client, &event))
            if (event.type == type)
                return event;
        turn(pair);
    }
}

static void begin(struct pair *pair, const char *at, enum auger_turn_families family,
                  const struct auger_addr *peer)
{
    *pair = (struct pair){.family = family};
    serve(pair, at);
    ask(pair);
    (void)wait_for(pair, AUGER_TURN_EVENT_ALLOCATED);
    assert_int_equal(auger_turn_permit(pair->client, auger_loop_now(pair->loop), peer), 0);
    (void)wait_for(pair, AUGER_TURN_EVENT_PERMITTED);
}

/* Sends that much to the peer, again and again until something is told of it. */
static struct auger_turn_event what_is_told(struct pair *pair, const struct auger_addr *peer,
                                            size_t len)
{
    static const uint8_t data[MTU + 100];
    struct auger_turn_event event;
    uint8_t buf[sizeof(data) + AUGER_TURN_OVERHEAD];

    for (;;) {
        int n = auger_turn_write(pair->client, auger_loop_now(pair->loop), peer, data, len, buf,
                                 sizeof(buf));
        assert_true(n > 0);
        assert_int_equal(send(pair->fd, buf, (size_t)n, 0), n);
        for (int i = 0; i < 5; i++) {
            turn(pair);
            while (auger_turn_poll_event(pair->client, &event))
                if (event.type == AUGER_TURN_EVENT_ICMP)
                    return event;
        }
    }
}

static void end(struct pair *pair)
{
    close(pair->fd);
    auger_turn_free(pair->client);
    auger_loop_free(pair->loop);
}

static void expect_icmp(const char *at, enum auger_turn_families family, const char *peer,
                        size_t len, uint8_t type, uint8_t code, uint32_t mtu)
{
    const struct auger_addr addr = addr_of(peer);
    struct pair pair;

    begin(&pair, at, family, &addr);
    struct auger_turn_event event = what_is_told(&pair, &addr, len);
    assert_true(auger_addr_ip_equal(&event.icmp.peer, &addr));
    assert_int_equal(event.icmp.type, type);
    assert_int_equal(event.icmp.code, code);
    assert_int_equal(event.icmp.data, mtu);
    end(&pair);
}

static void nobody_listens_at_a_port(void **state)
{
    (void)state;
    expect_icmp("10.1.0.1:0", AUGER_TURN_IPV4, "10.1.0.1:9", 10, 3, 3, 0);
    expect_icmp("[fd01::1]:0", AUGER_TURN_IPV6, "[fd01::1]:9", 10, 1, 4, 0);
}

/* The kernel finds it out before anything leaves, and stands in for the router. */
static void a_datagram_with_df_is_too_large_for_its_way(void **state)
{
    (void)state;
    expect_icmp("10.1.0.1:0", AUGER_TURN_IPV4, "10.2.0.9:9", MTU, 3, 4, MTU);
    expect_icmp("[fd01::1]:0", AUGER_TURN_IPV6, "[fd02::9]:9", MTU, 2, 0, MTU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_listens_at_a_port),
        cmocka_unit_test(a_datagram_with_df_is_too_large_for_its_way),
    };

    return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
