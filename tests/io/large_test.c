/* The largest datagrams through a relay by DTLS (RFC 7350), of ours and of coturn, by IPv4 and
 * IPv6: what fits goes both ways, what does not is refused, and what comes may be longer. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/clock.h"
#include "io/sockaddr.h"
#include "tests/tls/ca.h"

#include <auger/crypto.h>
#include <auger/io_turn.h>
#include <auger/tls.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOM 2048
#define FITS (AUGER_TLS_DATAGRAM_MAX - 4) /* of data on a channel */
#define FROM_OUTSIDE 1450                 /* as coturn relays it, though it does not fit a path */
#define PATIENCE (30 * AUGER_SEC)

static const char *const ips[] = {"127.0.0.1", "::1"};

static struct authority authority;
static struct leaf leaf;
static char pem_file[64];

struct world {
    struct auger_addr server, peer, relayed;
    struct auger_loop *loop; /* with our service; NULL: it is another process */
    pid_t coturn;
    struct auger_tls_context *context;
    struct auger_tls *tls;
    struct auger_turn *turn;
    int fd, peer_fd;
    auger_time by;
    bool is_bound;
    uint8_t got[ROOM];
    size_t got_len; /* of what the peer sent */
};

static struct auger_addr any_at(const char *ip)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse_ip(&addr, ip, strlen(ip), 0), 0);
    return addr;
}

/* A socket there; its address. */
static int open_at(const char *ip, int type, struct auger_addr *addr)
{
    struct sockaddr_storage sa;

    *addr = any_at(ip);
    socklen_t len = auger_sockaddr_from(&sa, addr);
    int fd = socket(sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    assert_true(auger_sockaddr_to((struct sockaddr *)&sa, addr));
    return fd;
}

static bool connects(int fd, const struct auger_addr *to)
{
    struct sockaddr_storage sa;
    socklen_t len = auger_sockaddr_from(&sa, to);

    return connect(fd, (struct sockaddr *)&sa, len) == 0;
}

/* --- servers -----------------------------------------------------------------------------------
 */

static void serve_ours(struct world *world, const char *ip)
{
    const struct auger_addr at = any_at(ip);
    struct auger_turn_server_config server;
    struct auger_turn_service_config service;
    struct auger_turn_service *made;

    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&service);
    server.realm = "example.org";
    server.loopback_unlimited = true;
    service.tls_listen = &at;
    service.tls_listen_len = 1;
    service.certificate_pem = pem_bytes(&leaf.certificate);
    service.key_pem = pem_bytes(&leaf.key);
    assert_int_equal(auger_loop_new(&world->loop, NULL), 0);
    assert_int_equal(auger_loop_turn_new(world->loop, &server, &service, &made, NULL), 0);
    assert_int_equal(auger_turn_server_add_user(auger_turn_service_server(made), "ann", "secret"),
                     0);
    assert_int_equal(auger_turn_server_allow_peers(auger_turn_service_server(made), ip), 0);
    assert_int_equal(auger_turn_service_addrs(made, &world->server, 1), 1);
}

static void run_coturn(const char *ip, uint16_t port)
{
    char text[8], cert[80], key[80];

    snprintf(text, sizeof(text), "%u", port);
    snprintf(cert, sizeof(cert), "--cert=%s", pem_file);
    snprintf(key, sizeof(key), "--pkey=%s", pem_file);
    if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
        _exit(126);
    execlp("turnserver", "turnserver", "-n", "-a", "-u", "ann:secret", "-r", "example.org", "-L",
           ip, "-E", ip, "--tls-listening-port", text, "--listening-port", "0", cert, key,
           "--allow-loopback-peers", "--no-cli", "--log-file", "stdout", "--pidfile", "/dev/null",
           "--userdb", ":memory:", (char *)NULL);
    _exit(127);
}

/* By TCP too, by which one sees that it listens. */
static void serve_coturn(struct world *world, const char *ip)
{
    bool listens = false;

    close(open_at(ip, SOCK_DGRAM, &world->server));
    world->coturn = fork();
    assert_true(world->coturn >= 0);
    if (world->coturn == 0)
        run_coturn(ip, world->server.port);
    while (!listens && auger_clock_now() < world->by) {
        int fd = socket(world->server.family == AUGER_IPV4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
        if (waitpid(world->coturn, NULL, WNOHANG) == world->coturn)
            fail_msg("turnserver is missing or ends: scripts/setup installs coturn");
        listens = connects(fd, &world->server);
        close(fd);
        poll(NULL, 0, 20);
    }
    assert_true(listens);
}

/* --- a client ----------------------------------------------------------------------------------
 */

static void begin_client(struct world *world)
{
    struct auger_tls_config tls;
    struct auger_turn_config config;

    auger_tls_config_init(&tls);
    tls.datagrams = true;
    tls.ca_pem = pem_bytes(&authority.pem);
    assert_int_equal(auger_tls_context_new(&world->context, auger_env_system(), &tls, NULL), 0);
    assert_int_equal(auger_tls_new(&world->tls, world->context, auger_clock_now(), "turn.example"),
                     0);
    auger_turn_config_init(&config);
    config.server = world->server;
    config.username = "ann";
    config.password = "secret";
    config.families = world->server.family == AUGER_IPV4 ? AUGER_TURN_IPV4 : AUGER_TURN_IPV6;
    assert_int_equal(auger_turn_new(&world->turn, auger_env_system(), auger_clock_now(), &config),
                     0);
}

static void hear(struct world *world, auger_time now, const uint8_t *buf, size_t len)
{
    struct auger_turn_data data;

    if (auger_turn_handle_datagram(world->turn, now, &world->server, buf, len, &data) !=
        AUGER_TURN_DATA)
        return;
    assert_true(data.bytes.len <= sizeof(world->got));
    memcpy(world->got, data.bytes.data, data.bytes.len);
    world->got_len = data.bytes.len;
}

static void take_events(struct world *world, auger_time now)
{
    struct auger_turn_event event;

    while (auger_turn_poll_event(world->turn, &event)) {
        assert_int_not_equal(event.type, AUGER_TURN_EVENT_FAILED);
        if (event.type == AUGER_TURN_EVENT_CHANNEL_REFUSED ||
            event.type == AUGER_TURN_EVENT_REFUSED)
            fail_msg("refused: %u", event.peer.code);
        if (event.type == AUGER_TURN_EVENT_ALLOCATED) {
            world->relayed = event.allocated.relayed[0];
            assert_int_equal(auger_turn_bind_channel(world->turn, now, &world->peer), 0);
        }
        world->is_bound |= event.type == AUGER_TURN_EVENT_CHANNEL_BOUND;
    }
}

static void turn_client(struct world *world)
{
    auger_time now = auger_clock_now();
    uint8_t buf[ROOM];
    ssize_t got;
    size_t len;

    while ((got = recv(world->fd, buf, sizeof(buf), 0)) > 0) {
        (void)auger_tls_feed(world->tls, now, buf, (size_t)got);
        while ((len = auger_tls_read(world->tls, now, buf, sizeof(buf))) > 0)
            hear(world, now, buf, len);
    }
    auger_tls_handle_timeout(world->tls, now);
    if (auger_tls_get_state(world->tls) == AUGER_TLS_CONNECTED) {
        auger_turn_handle_timeout(world->turn, now);
        while ((len = auger_turn_poll_transmit(world->turn, now, buf, sizeof(buf))) > 0)
            assert_int_equal(auger_tls_write(world->tls, now, buf, len), len);
    }
    while ((len = auger_tls_take(world->tls, now, buf, sizeof(buf))) > 0)
        (void)!send(world->fd, buf, len, 0);
    take_events(world, now);
}

static void turn(struct world *world)
{
    struct auger_loop_event event;
    struct pollfd fd = {.fd = world->fd, .events = POLLIN};

    while (world->loop && auger_loop_poll(world->loop, &event))
        continue;
    turn_client(world);
    poll(&fd, 1, 5);
    if (auger_clock_now() > world->by)
        fail_msg("nothing came: %s", auger_tls_why(world->tls));
}

/* --- what goes through -------------------------------------------------------------------------
 */

static void begin_world(struct world *world, const char *ip, bool coturn)
{
    struct auger_addr unused;

    *world = (struct world){.by = auger_clock_now() + PATIENCE};
    if (coturn)
        serve_coturn(world, ip);
    else
        serve_ours(world, ip);
    world->peer_fd = open_at(ip, SOCK_DGRAM, &world->peer);
    world->fd = open_at(ip, SOCK_DGRAM, &unused);
    assert_true(connects(world->fd, &world->server));
    begin_client(world);
    while (!world->is_bound)
        turn(world);
}

static void end_world(struct world *world)
{
    auger_turn_free(world->turn);
    auger_tls_free(world->tls);
    auger_tls_context_free(world->context);
    auger_loop_free(world->loop);
    close(world->fd);
    close(world->peer_fd);
    if (world->coturn > 0) {
        kill(world->coturn, SIGKILL);
        waitpid(world->coturn, NULL, 0);
    }
}

static void send_out(struct world *world, size_t len)
{
    uint8_t data[ROOM], buf[ROOM];
    auger_time now = auger_clock_now();
    ssize_t got;

    memset(data, 0x55, sizeof(data));
    int n = auger_turn_write(world->turn, now, &world->peer, data, len, buf, sizeof(buf));
    assert_int_equal(n, len + 4);
    assert_int_equal(auger_tls_write(world->tls, now, buf, (size_t)n), n);
    while ((got = recv(world->peer_fd, buf, sizeof(buf), 0)) < 0)
        turn(world);
    assert_int_equal(got, len);
    assert_memory_equal(buf, data, len);
}

static void send_too_much(struct world *world)
{
    uint8_t data[ROOM] = {0}, buf[ROOM];
    auger_time now = auger_clock_now();
    int n = auger_turn_write(world->turn, now, &world->peer, data, FITS + 1, buf, sizeof(buf));

    assert_int_equal(n, FITS + 5);
    assert_int_equal(auger_tls_write(world->tls, now, buf, (size_t)n), AUGER_ERR_TOO_LARGE);
}

static void send_in(struct world *world, size_t len)
{
    struct sockaddr_storage to;
    socklen_t to_len = auger_sockaddr_from(&to, &world->relayed);
    uint8_t data[ROOM];

    memset(data, 0xAA, sizeof(data));
    world->got_len = 0;
    assert_int_equal(sendto(world->peer_fd, data, len, 0, (struct sockaddr *)&to, to_len), len);
    while (world->got_len == 0)
        turn(world);
    assert_int_equal(world->got_len, len);
    assert_memory_equal(world->got, data, len);
}

static void what_fits_goes_through(bool coturn)
{
    struct world world;

    /* Ours lets nobody have ::1 for a peer: 0.0.0.1 is in it. */
    for (size_t i = 0; i < (coturn ? 2 : 1); i++) {
        print_message("%s\n", ips[i]);
        begin_world(&world, ips[i], coturn);
        send_out(&world, FITS);
        send_in(&world, FITS);
        send_too_much(&world);
        if (coturn)
            send_in(&world, FROM_OUTSIDE);
        send_out(&world, 1); /* it goes on */
        end_world(&world);
    }
}

static void what_fits_goes_through_our_server(void **state)
{
    (void)state;
    what_fits_goes_through(false);
}

static void what_fits_goes_through_coturn(void **state)
{
    (void)state;
    what_fits_goes_through(true);
}

static int set_up(void **state)
{
    (void)state;
    make_authority(&authority, "an authority");
    make_leaf(&leaf, &authority, "DNS:turn.example", -1, 1);
    snprintf(pem_file, sizeof(pem_file), "/tmp/auger-large-XXXXXX");
    int fd = mkstemp(pem_file);
    if (fd < 0 || write(fd, leaf.certificate.text, leaf.certificate.len) < 0 ||
        write(fd, leaf.key.text, leaf.key.len) < 0 || fchmod(fd, 0644) < 0)
        return -1;
    return close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    free_authority(&authority);
    return unlink(pem_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_goes_through_our_server),
        cmocka_unit_test(what_fits_goes_through_coturn),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
