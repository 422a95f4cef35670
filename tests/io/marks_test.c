/* How sockets are bound and marked: ranges of ports, DSCP. */
#define _GNU_SOURCE
#include "tests/io/ends.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- ports ------------------------------------------------------------------------------------ */

static int taken_port(uint16_t *port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(in);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    *port = ntohs(in.sin_port);
    return fd;
}

static void a_range_without_a_free_port_is_named(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_loop *loop;
    struct auger_loop_event event;
    struct auger_peer *peer;
    char expected[80];
    int fd = taken_port(&net.port_min);

    (void)state;
    net.port_max = net.port_min;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), AUGER_ERR_SYSTEM);
    assert_true(auger_loop_poll(loop, &event));
    assert_int_equal(event.type, AUGER_LOOP_EVENT_TROUBLE);
    assert_int_equal(event.error, AUGER_ERR_LIMIT);
    assert_null(event.peer);
    snprintf(expected, sizeof(expected), "no port from %u to %u is free on 127.0.0.1", net.port_min,
             net.port_max);
    assert_string_equal(event.what, expected);
    close(fd);
    auger_loop_free(loop);
}

static void a_range_is_used_from_its_first_free_port(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_loop *loop;
    struct auger_peer *peer;
    struct auger_cand cand;
    int fd = taken_port(&net.port_min);

    (void)state;
    if (net.port_min > 65000)
        net.port_min = 65000;
    net.port_max = (uint16_t)(net.port_min + 500);
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), 0);
    assert_int_equal(auger_ice_local_cands(auger_peer_ice(peer), &cand, 1), 1);
    assert_in_range(cand.addr.port, net.port_min, net.port_max);
    close(fd);
    auger_loop_free(loop);
}

/* --- marks ------------------------------------------------------------------------------------ */

/* Where a peer sends its first datagram, with the byte that carries the code point shown. */
static int open_listener(int family, char uri[64])
{
    struct sockaddr_in6 sa = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&sa;
    socklen_t len = family == AF_INET ? sizeof(*in) : sizeof(sa);
    int fd = socket(family, SOCK_DGRAM, 0), on = 1;

    if (family == AF_INET) {
        in->sin_family = AF_INET;
        in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)), 0);
    } else {
        sa.sin6_family = AF_INET6;
        sa.sin6_addr = in6addr_loopback;
        assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on)), 0);
    }
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    snprintf(uri, 64, family == AF_INET ? "stun:127.0.0.1:%u" : "stun:[::1]:%u",
             ntohs(sa.sin6_port)); /* the port lies in one place in both */
    return fd;
}

static int received_mark(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    union {
        struct cmsghdr header;
        char bytes[256];
    } control;
    char buf[1500];
    struct iovec piece = {buf, sizeof(buf)};
    struct msghdr msg = {.msg_iov = &piece,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control)};
    int mark = 0;

    assert_int_equal(poll(&readable, 1, 10000), 1);
    assert_true(recvmsg(fd, &msg, 0) > 0);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS)
            mark = *(unsigned char *)CMSG_DATA(c);
        else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS)
            memcpy(&mark, CMSG_DATA(c), sizeof(mark));
    }
    return mark;
}

static int mark_of(int family, uint8_t dscp, bool is_shared)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_addr bind = addr_of(family == AF_INET ? "127.0.0.1:0" : "[::1]:0");
    struct auger_loop *loop;
    struct auger_loop_event event;
    struct auger_peer *peer;
    char uri[64];
    const char *const servers[] = {uri};
    int fd = open_listener(family, uri);

    net.bind = &bind;
    net.dscp = dscp;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    if (is_shared) {
        struct auger_loop_mux *mux;
        assert_int_equal(auger_loop_mux_new(loop, &net, &mux), 0);
        auger_net_config_init(&net);
        net.mux = mux;
    }
    net.stun_servers = servers;
    net.stun_servers_len = 1;
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), 0);
    while (auger_loop_poll(loop, &event))
        ;
    int mark = received_mark(fd);
    close(fd);
    auger_loop_free(loop);
    return mark;
}

static void datagrams_carry_the_code_point(void **state)
{
    static const int families[] = {AF_INET, AF_INET6};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        for (int is_shared = 0; is_shared < 2; is_shared++) {
            assert_int_equal(mark_of(families[i], 0, is_shared), 0);
            assert_int_equal(mark_of(families[i], 46, is_shared), 46 << 2);
        }
}

/* --- marks of streams ------------------------------------------------------------------------- */

static int open_tcp_listener(uint16_t *port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(in);
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    *port = ntohs(in.sin_port);
    return fd;
}

/* Of who connects, once it has; without the bits of RFC 3168. */
static int mark_of_caller(struct auger_loop *loop, int listener)
{
    union {
        struct cmsghdr header;
        char bytes[256];
    } control;
    socklen_t len = sizeof(control);
    struct pollfd readable = {.fd = listener, .events = POLLIN};
    struct auger_loop_event event;

    while (poll(&readable, 1, 10) == 0)
        while (auger_loop_poll(loop, &event))
            ;
    int fd = accept(listener, NULL, NULL), mark = -1;
    assert_true(fd >= 0);
    assert_int_equal(getsockopt(fd, IPPROTO_IP, IP_PKTOPTIONS, &control, &len), 0);
    assert_true(len >= CMSG_LEN(sizeof(mark)) && control.header.cmsg_type == IP_TOS);
    memcpy(&mark, CMSG_DATA(&control.header), sizeof(mark));
    close(fd);
    close(listener);
    return mark & ~3;
}

static int mark_of_stream_to_server(uint8_t dscp)
{
    struct auger_net_config net = net_of_loopback();
    char uri[64];
    const struct auger_net_turn_server server = {
        .uri = uri, .username = "user", .password = "secret"};
    struct auger_loop *loop;
    struct auger_peer *peer;
    uint16_t port;
    int listener = open_tcp_listener(&port);

    snprintf(uri, sizeof(uri), "turn:127.0.0.1:%u?transport=tcp", port);
    net.dscp = dscp;
    net.turn_servers = &server;
    net.turn_servers_len = 1;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), 0);
    int mark = mark_of_caller(loop, listener);
    auger_loop_free(loop);
    return mark;
}

static int mark_of_stream_to_peer(uint8_t dscp)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_peer_config config;
    char line[96];
    struct ends ends = {0};
    uint16_t port;
    int listener = open_tcp_listener(&port);

    net.dscp = dscp;
    auger_peer_config_init(&config);
    config.ice.tcp = AUGER_ICE_TCP_ACTIVE;
    assert_int_equal(auger_loop_new(&ends.loop, NULL), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(auger_loop_peer_new(ends.loop, &config, &net, &ends.peers[i]), 0);
    introduce(&ends);
    snprintf(line, sizeof(line),
             "candidate:1 1 tcp 2105458943 127.0.0.1 %u typ host tcptype passive", port);
    assert_int_equal(
        auger_peer_add_remote_candidate(ends.peers[ALICE], now_of(&ends), line, strlen(line)), 0);
    int mark = mark_of_caller(ends.loop, listener);
    end(&ends);
    return mark;
}

static void streams_carry_the_code_point(void **state)
{
    (void)state;
    assert_int_equal(mark_of_stream_to_server(0), 0);
    assert_int_equal(mark_of_stream_to_server(46), 46 << 2);
    assert_int_equal(mark_of_stream_to_peer(0), 0);
    assert_int_equal(mark_of_stream_to_peer(46), 46 << 2);
}

static void a_code_point_that_is_none_is_refused(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_loop *loop;
    struct auger_peer *peer;

    (void)state;
    net.dscp = 64;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), AUGER_ERR_INVALID);
    auger_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_without_a_free_port_is_named),
        cmocka_unit_test(a_range_is_used_from_its_first_free_port),
        cmocka_unit_test(datagrams_carry_the_code_point),
        cmocka_unit_test(streams_carry_the_code_point),
        cmocka_unit_test(a_code_point_that_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
