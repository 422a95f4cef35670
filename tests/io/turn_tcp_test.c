/* Our client, on sockets of this test, relays TCP through our service, and
 * through coturn where that is installed (RFC 6062). */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/turn_tcp.h"

#include <auger/crypto.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LONG 30000 /* rounds of at most 2 ms: a bound for what never ends */

/* A stream of ours to the server, and what of its last frame is there. */
struct stream {
    int fd;
    uint8_t buf[4096];
    size_t len;
};

struct session {
    struct auger_turn *client;
    struct auger_addr server;
    struct stream control, data; /* data.fd is -1 until something is fetched */
    uint32_t connection;         /* what is fetched */
    struct auger_turn_event event;
    struct auger_loop *loop; /* NULL: the server is another process */
    struct auger_turn_service *service;
    pid_t coturn;
};

static auger_time clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * AUGER_SEC + now.tv_nsec;
}

static struct sockaddr_in at_port(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in name;
    socklen_t len = sizeof(name);

    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    return ntohs(name.sin_port);
}

static struct auger_addr loopback(uint16_t port)
{
    return (struct auger_addr){
        .family = AUGER_IPV4, .transport = AUGER_TCP, .port = port, .ip = {127, 0, 0, 1}};
}

/* -1: nobody listens. */
static int connect_to(uint16_t port)
{
    const struct sockaddr_in to = at_port(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    close(fd);
    return -1;
}

static int listen_anywhere(void)
{
    const struct sockaddr_in any = at_port(0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

/* --- one round
 * --------------------------------------------------------------------------------
 */

static void send_all(int fd, const uint8_t *buf, size_t len)
{
    assert_int_equal(send(fd, buf, len, MSG_NOSIGNAL), len);
}

static void hear(struct session *s, const struct stream *stream, size_t len)
{
    struct auger_turn_data data;

    if (stream == &s->control)
        auger_turn_handle_datagram(s->client, clock_now(), &s->server, stream->buf, len, &data);
    else
        assert_true(
            auger_turn_connection_handle(s->client, clock_now(), s->connection, stream->buf, len));
}

static void read_frames(struct session *s, struct stream *stream)
{
    ssize_t got = recv(stream->fd, stream->buf + stream->len, sizeof(stream->buf) - stream->len,
                       MSG_DONTWAIT);
    int len;

    if (got > 0)
        stream->len += (size_t)got;
    while (stream->len > 0 && (len = auger_turn_frame_len(stream->buf, stream->len)) > 0 &&
           (size_t)len <= stream->len) {
        hear(s, stream, (size_t)len);
        stream->len -= (size_t)len;
        memmove(stream->buf, stream->buf + len, stream->len);
    }
}

static void turn_client(struct session *s)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;

    read_frames(s, &s->control);
    auger_turn_handle_timeout(s->client, clock_now());
    while ((len = auger_turn_poll_transmit(s->client, clock_now(), buf, sizeof(buf))) > 0)
        send_all(s->control.fd, buf, len);
    if (s->data.fd < 0)
        return;
    while ((len = auger_turn_connection_transmit(s->client, clock_now(), s->connection, buf,
                                                 sizeof(buf))) > 0)
        send_all(s->data.fd, buf, len);
    read_frames(s, &s->data);
}

static void turn_server(struct session *s)
{
    struct auger_loop_event event;

    while (s->loop && auger_loop_poll(s->loop, &event))
        continue;
}

static void turn(struct session *s)
{
    struct pollfd fds[] = {{.fd = s->control.fd, .events = POLLIN},
                           {.fd = s->loop ? auger_loop_fd(s->loop) : -1, .events = POLLIN}};

    turn_client(s);
    turn_server(s);
    (void)poll(fds, 2, 2);
}

static void wait_for(struct session *s, enum auger_turn_event_type type)
{
    for (int i = 0; i < LONG; i++) {
        if (auger_turn_poll_event(s->client, &s->event)) {
            assert_int_equal(s->event.type, type);
            return;
        }
        turn(s);
    }
    fail_msg("no event %d", (int)type);
}

static int accept_one(struct session *s, int listener)
{
    for (int i = 0; i < LONG; i++) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0)
            return fd;
        turn_server(s);
        usleep(1000);
    }
    fail_msg("nobody came");
    return -1;
}

static void expect_bytes(struct session *s, int fd, const char *text)
{
    char buf[64];
    size_t have = 0;

    for (int i = 0; have < strlen(text) && i < LONG; i++) {
        ssize_t got = recv(fd, buf + have, strlen(text) - have, MSG_DONTWAIT);
        if (got > 0)
            have += (size_t)got;
        turn_server(s);
        usleep(1000);
    }
    assert_int_equal(have, strlen(text));
    assert_memory_equal(buf, text, have);
}

/* --- servers
 * ------------------------------------------------------------------------------------
 */

static void serve(struct session *s)
{
    struct auger_addr at[1] = {loopback(0)};
    struct auger_turn_server_config server;
    struct auger_turn_service_config service;

    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&service);
    server.realm = "example.org";
    server.tcp_relay = true;
    server.loopback_unlimited = true;
    service.listen = at;
    service.listen_len = 1;
    assert_int_equal(auger_loop_new(&s->loop, NULL), 0);
    assert_int_equal(auger_loop_turn_new(s->loop, &server, &service, &s->service, NULL), 0);
    struct auger_turn_server *engine = auger_turn_service_server(s->service);
    assert_int_equal(auger_turn_server_add_user(engine, "ann", "secret"), 0);
    assert_int_equal(auger_turn_server_allow_peers(engine, "127.0.0.1"), 0);
    assert_int_equal(auger_turn_service_addrs(s->service, &s->server, 1), 1);
}

static void run_coturn(uint16_t port)
{
    char text[8];

    snprintf(text, sizeof(text), "%u", port);
    freopen("/dev/null", "w", stdout);
    freopen("/dev/null", "w", stderr);
    execlp("turnserver", "turnserver", "-n", "-a", "-u", "ann:secret", "-r", "example.org", "-L",
           "127.0.0.1", "-E", "127.0.0.1", "-p", text, "--allow-loopback-peers", "--no-cli",
           "--no-tls", "--no-dtls", "--log-file", "stdout", "--pidfile", "/dev/null", "--userdb",
           ":memory:", (char *)NULL);
    _exit(127);
}

/* false: it is not installed. */
static bool start_coturn(struct session *s)
{
    int probe = listen_anywhere(), fd = -1;
    uint16_t port = port_of(probe);

    close(probe);
    s->server = loopback(port);
    s->coturn = fork();
    assert_true(s->coturn >= 0);
    if (s->coturn == 0)
        run_coturn(port);
    for (int i = 0; i < LONG && fd < 0; i++) {
        if (waitpid(s->coturn, NULL, WNOHANG) == s->coturn)
            return false;
        fd = connect_to(port);
        usleep(2000);
    }
    close(fd);
    return fd >= 0;
}

/* --- what a client does
 * ---------------------------------------------------------------------------
 */

static void allocate(struct session *s)
{
    struct auger_turn_config config;

    auger_turn_config_init(&config);
    config.server = s->server;
    config.username = "ann";
    config.password = "secret";
    config.tcp_relay = true;
    s->control.fd = connect_to(s->server.port);
    assert_true(s->control.fd >= 0);
    assert_int_equal(auger_turn_new(&s->client, auger_env_system(), clock_now(), &config), 0);
    wait_for(s, AUGER_TURN_EVENT_ALLOCATED);
}

static void fetch(struct session *s)
{
    s->connection = s->event.connection.number;
    s->data = (struct stream){.fd = connect_to(s->server.port)};
    assert_true(s->data.fd >= 0);
    assert_int_equal(auger_turn_bind_connection(s->client, clock_now(), s->connection), 0);
    wait_for(s, AUGER_TURN_EVENT_BOUND);
}

/* Both ways, and the end of one is the end of the other. */
static void talk(struct session *s, int peer)
{
    send_all(s->data.fd, (const uint8_t *)"to the peer", 11);
    expect_bytes(s, peer, "to the peer");
    send_all(peer, (const uint8_t *)"to the client", 13);
    expect_bytes(s, s->data.fd, "to the client");
    close(peer);
    close(s->data.fd);
    s->data.fd = -1;
    auger_turn_connection_closed(s->client, s->connection);
}

/* Of the sockets to peers; the kernel counts its own part as well. */
static void expect_bounds(const struct session *s)
{
    for (size_t i = 0; s->service && i < s->service->tcp.buckets_len; i++) {
        const struct auger_turn_peer *peer = s->service->tcp.buckets[i];
        int sends, receives;
        socklen_t len = sizeof(sends);
        if (!peer)
            continue;
        assert_int_equal(getsockopt(peer->watch.udp.fd, SOL_SOCKET, SO_SNDBUF, &sends, &len), 0);
        assert_int_equal(getsockopt(peer->watch.udp.fd, SOL_SOCKET, SO_RCVBUF, &receives, &len), 0);
        assert_int_equal(sends, 2 * s->service->config.stream_buffer);
        assert_int_equal(receives, 2 * s->service->config.stream_queue_max);
    }
}

static void reach_and_be_reached(struct session *s)
{
    struct auger_addr peer;
    int listener = listen_anywhere();

    allocate(s);
    const struct auger_addr relayed = s->event.allocated.relayed[0];
    peer = loopback(port_of(listener));
    assert_int_equal(auger_turn_connect(s->client, clock_now(), &peer), 0);
    wait_for(s, AUGER_TURN_EVENT_CONNECTED);
    expect_bounds(s);
    fetch(s);
    talk(s, accept_one(s, listener));
    close(listener);
    peer = loopback(9);
    assert_int_equal(auger_turn_connect(s->client, clock_now(), &peer), 0);
    wait_for(s, AUGER_TURN_EVENT_NOT_CONNECTED);
    assert_int_equal(s->event.connection.code, 447);
    assert_int_equal(auger_turn_permit(s->client, clock_now(), &peer), 0);
    wait_for(s, AUGER_TURN_EVENT_PERMITTED);
    int coming = connect_to(relayed.port);
    assert_true(coming >= 0);
    wait_for(s, AUGER_TURN_EVENT_ATTEMPT);
    expect_bounds(s);
    assert_int_equal(s->event.connection.peer.port, port_of(coming));
    fetch(s);
    talk(s, coming);
    auger_turn_release(s->client, clock_now());
    wait_for(s, AUGER_TURN_EVENT_RELEASED);
    close(s->control.fd);
    auger_turn_free(s->client);
}

static void our_client_relays_tcp_through_our_service(void **state)
{
    struct session s = {.data.fd = -1};

    (void)state;
    serve(&s);
    reach_and_be_reached(&s);
    auger_loop_free(s.loop);
}

/* From the loopback interface there is no way to it: that shows before anything is sent. */
static void a_peer_out_of_reach_is_no_failure_of_a_socket(void **state)
{
    const struct auger_addr peer = {
        .family = AUGER_IPV4, .transport = AUGER_TCP, .port = 9, .ip = {192, 0, 2, 1}};
    struct session s = {.data.fd = -1};
    struct auger_turn_service_stats stats;

    (void)state;
    serve(&s);
    assert_int_equal(
        auger_turn_server_allow_peers(auger_turn_service_server(s.service), "192.0.2.1"), 0);
    allocate(&s);
    assert_int_equal(auger_turn_connect(s.client, clock_now(), &peer), 0);
    wait_for(&s, AUGER_TURN_EVENT_NOT_CONNECTED);
    assert_int_equal(s.event.connection.code, 447);
    auger_turn_service_get_stats(s.service, &stats);
    assert_int_equal(stats.relay_failures, 0);
    close(s.control.fd);
    auger_turn_free(s.client);
    auger_loop_free(s.loop);
}

static void our_client_relays_tcp_through_coturn(void **state)
{
    struct session s = {.data.fd = -1};

    (void)state;
    if (!start_coturn(&s))
        skip();
    reach_and_be_reached(&s);
    kill(s.coturn, SIGKILL); /* not SIGINT, which who is started in the background may ignore */
    waitpid(s.coturn, NULL, 0);
}

static void loops_that_share_a_port_relay_no_tcp(void **state)
{
    struct auger_addr at[1] = {loopback(0)};
    struct auger_turn_server_config server;
    struct auger_turn_service_config config;
    struct auger_turn_service *service;
    struct auger_loop *loop;

    (void)state;
    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&config);
    server.realm = "example.org";
    server.tcp_relay = true;
    config.listen = at;
    config.listen_len = 1;
    config.shares_port = true;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    assert_int_equal(auger_loop_turn_new(loop, &server, &config, &service, NULL),
                     AUGER_ERR_UNSUPPORTED);
    auger_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_client_relays_tcp_through_our_service),
        cmocka_unit_test(a_peer_out_of_reach_is_no_failure_of_a_socket),
        cmocka_unit_test(our_client_relays_tcp_through_coturn),
        cmocka_unit_test(loops_that_share_a_port_relay_no_tcp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
