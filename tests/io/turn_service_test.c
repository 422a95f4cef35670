/* A TURN server inside a program: the loop carries it, and the program answers for the keys. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/turn_streams.h"

#include <auger/crypto.h>

#include <arpa/inet.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A client by UDP, and the loop that the server is in. */
struct pair {
    struct auger_loop *loop;
    struct auger_turn_service *service;
    struct auger_turn *client;
    int fd;
    struct auger_addr at;
    unsigned questions, allocated, ended;
    const char *password; /* what the program says of whoever is asked for */
};

static void begin(struct pair *pair, const char *password)
{
    const struct auger_addr any = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}};
    struct auger_turn_server_config server;
    struct auger_turn_service_config service;

    *pair = (struct pair){.fd = -1, .password = password};
    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&service);
    server.realm = "example.org";
    server.asks_for_keys = true;
    server.loopback_unlimited = true;
    service.listen = &any;
    service.listen_len = 1;
    assert_int_equal(auger_loop_new(&pair->loop, NULL), 0);
    assert_int_equal(auger_loop_turn_new(pair->loop, &server, &service, &pair->service, NULL), 0);
    assert_int_equal(auger_turn_service_addrs(pair->service, &pair->at, 1), 1);
}

static void ask(struct pair *pair)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(pair->at.port),
                                   .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    struct auger_turn_config config;

    auger_turn_config_init(&config);
    config.server = pair->at;
    config.username = "ann";
    config.password = "secret";
    assert_int_equal(
        auger_turn_new(&pair->client, auger_env_system(), auger_loop_now(pair->loop), &config), 0);
    pair->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(pair->fd, (const struct sockaddr *)&to, sizeof(to)), 0);
}

static void turn_client(struct pair *pair)
{
    auger_time now = auger_loop_now(pair->loop);
    struct auger_turn_data data;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    ssize_t got;
    size_t len;

    while ((got = recv(pair->fd, buf, sizeof(buf), 0)) > 0)
        auger_turn_handle_datagram(pair->client, now, &pair->at, buf, (size_t)got, &data);
    auger_turn_handle_timeout(pair->client, now);
    while ((len = auger_turn_poll_transmit(pair->client, now, buf, sizeof(buf))) > 0)
        assert_int_equal(send(pair->fd, buf, len, 0), len);
}

static void turn_server(struct pair *pair)
{
    struct auger_loop_event event;

    while (auger_loop_poll(pair->loop, &event)) {
        assert_int_equal(event.type, AUGER_LOOP_EVENT_TURN);
        assert_ptr_equal(event.turn, pair->service);
        switch (event.turn_event->type) {
        case AUGER_TURN_SERVICE_EVENT_NEEDS_KEY:
            pair->questions++;
            assert_string_equal(event.turn_event->user, "ann");
            auger_turn_service_answer_key(pair->service, event.turn_event->ticket, pair->password);
            break;
        case AUGER_TURN_SERVICE_EVENT_ALLOCATED:
            pair->allocated++;
            break;
        case AUGER_TURN_SERVICE_EVENT_ENDED:
            pair->ended++;
            break;
        }
    }
}

static void run_until(struct pair *pair, enum auger_turn_state state)
{
    while (auger_turn_state(pair->client) != state) {
        struct pollfd fds[] = {{.fd = pair->fd, .events = POLLIN},
                               {.fd = auger_loop_fd(pair->loop), .events = POLLIN}};
        turn_client(pair);
        turn_server(pair);
        if (auger_turn_state(pair->client) != state)
            (void)poll(fds, 2, 50);
    }
}

static void end(struct pair *pair)
{
    if (pair->fd >= 0)
        close(pair->fd);
    auger_turn_free(pair->client);
    auger_loop_free(pair->loop);
}

static void the_program_answers_for_a_user(void **state)
{
    struct auger_turn_server_stats stats;
    struct pair pair;

    (void)state;
    begin(&pair, "secret");
    ask(&pair);
    run_until(&pair, AUGER_TURN_ALLOCATED);
    turn_server(&pair);
    assert_true(pair.questions > 0);
    assert_int_equal(pair.allocated, 1);
    auger_turn_server_get_stats(auger_turn_service_server(pair.service), &stats);
    assert_int_equal(stats.allocations, 1);
    assert_int_equal(stats.relays, 1);
    auger_turn_release(pair.client, auger_loop_now(pair.loop));
    run_until(&pair, AUGER_TURN_RELEASED);
    turn_server(&pair);
    assert_int_equal(pair.ended, 1);
    auger_turn_server_get_stats(auger_turn_service_server(pair.service), &stats);
    assert_int_equal(stats.relays, 0);
    end(&pair);
}

static void who_is_no_user_is_refused(void **state)
{
    struct pair pair;

    (void)state;
    begin(&pair, NULL);
    ask(&pair);
    run_until(&pair, AUGER_TURN_FAILED);
    assert_true(pair.questions > 0);
    assert_int_equal(pair.allocated, 0);
    end(&pair);
}

static void a_loop_that_ends_closes_what_is_open(void **state)
{
    struct pair pair;

    (void)state;
    begin(&pair, "secret");
    ask(&pair);
    run_until(&pair, AUGER_TURN_ALLOCATED);
    end(&pair);
}

/* --- one allocation after another ------------------------------------------------------------- */

/* A client by TCP, whose stream is of a user that the server knows. */
static void begin_by_tcp(struct pair *pair)
{
    const struct auger_addr any = {
        .family = AUGER_IPV4, .ip = {127, 0, 0, 1}, .transport = AUGER_TCP};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct auger_turn_server_config server;
    struct auger_turn_service_config service;

    *pair = (struct pair){.fd = socket(AF_INET, SOCK_STREAM, 0)};
    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&service);
    server.realm = "example.org";
    server.loopback_unlimited = true;
    service.listen = &any;
    service.listen_len = 1;
    assert_int_equal(auger_loop_new(&pair->loop, NULL), 0);
    assert_int_equal(auger_loop_turn_new(pair->loop, &server, &service, &pair->service, NULL), 0);
    assert_int_equal(auger_turn_service_addrs(pair->service, &pair->at, 1), 1);
    assert_int_equal(
        auger_turn_server_add_user(auger_turn_service_server(pair->service), "ann", "secret"), 0);
    to.sin_port = htons(pair->at.port);
    assert_int_equal(connect(pair->fd, (const struct sockaddr *)&to, sizeof(to)), 0);
}

static struct auger_turn *new_client(const struct pair *pair)
{
    struct auger_turn_config config;
    struct auger_turn *client;

    auger_turn_config_init(&config);
    config.server = pair->at;
    config.username = "ann";
    config.password = "secret";
    assert_int_equal(
        auger_turn_new(&client, auger_env_system(), auger_loop_now(pair->loop), &config), 0);
    return client;
}

static void send_whole(const struct pair *pair, const uint8_t *buf, size_t len)
{
    assert_int_equal(send(pair->fd, buf, len, MSG_NOSIGNAL), len);
}

/* One answer, for `client`. */
static void hear_answer(struct pair *pair, struct auger_turn *client)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_turn_data data;
    ssize_t got;

    while ((got = recv(pair->fd, buf, sizeof(buf), MSG_DONTWAIT)) <= 0)
        turn_server(pair);
    assert_int_equal(auger_turn_frame_len(buf, (size_t)got), got);
    auger_turn_handle_datagram(client, auger_loop_now(pair->loop), &pair->at, buf, (size_t)got,
                               &data);
}

static size_t next_request(const struct pair *pair, struct auger_turn *client, uint8_t *buf,
                           size_t cap)
{
    size_t len = auger_turn_poll_transmit(client, auger_loop_now(pair->loop), buf, cap);

    assert_true(len > 0);
    return len;
}

/* The end of the first is told when the second lives. */
static void a_stream_keeps_what_follows_an_end_at_once(void **state)
{
    uint8_t buf[2 * AUGER_DATAGRAM_MAX];
    struct auger_turn_service_stats stats;
    struct auger_turn *next;
    struct pair pair;
    size_t len;

    (void)state;
    begin_by_tcp(&pair);
    pair.client = new_client(&pair);
    next = new_client(&pair);
    for (int i = 0; i < 2; i++) {
        send_whole(&pair, buf, next_request(&pair, pair.client, buf, sizeof(buf)));
        hear_answer(&pair, pair.client);
    }
    assert_int_equal(auger_turn_state(pair.client), AUGER_TURN_ALLOCATED);
    send_whole(&pair, buf, next_request(&pair, next, buf, sizeof(buf)));
    hear_answer(&pair, next);
    auger_turn_release(pair.client, auger_loop_now(pair.loop));
    len = next_request(&pair, pair.client, buf, sizeof(buf));
    len += next_request(&pair, next, buf + len, sizeof(buf) - len);
    send_whole(&pair, buf, len);
    while (pair.ended == 0 || pair.allocated < 2)
        turn_server(&pair);
    auger_turn_service_get_stats(pair.service, &stats);
    assert_int_equal(stats.streams, 1);
    assert_int_equal(stats.strangers, 0);
    auger_turn_free(next);
    end(&pair);
}

/* --- data takes no memory --------------------------------------------------------------------- */

/* Of the sanitizers' runtime; without one nothing is counted. */
int __sanitizer_install_malloc_and_free_hooks(void (*taken)(const volatile void *, size_t),
                                              void (*given)(const volatile void *))
    __attribute__((weak));

static bool counts;
static unsigned heap_calls;

static void count_taken(const volatile void *ptr, size_t size)
{
    (void)ptr, (void)size;
    heap_calls += counts;
}

static void count_given(const volatile void *ptr)
{
    heap_calls += counts && ptr;
}

static void wait_for(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};

    while (poll(&readable, 1, -1) < 1)
        ;
}

static void serve_counted(struct pair *pair)
{
    wait_for(auger_loop_fd(pair->loop));
    counts = true;
    turn_server(pair);
    counts = false;
}

/* From the client to the peer and back. */
static void relay_once(struct pair *pair, int peer, const struct auger_addr *peer_at)
{
    uint8_t buf[AUGER_DATAGRAM_MAX], data[1200] = {0};
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);

    int len = auger_turn_write(pair->client, auger_loop_now(pair->loop), peer_at, data,
                               sizeof(data), buf, sizeof(buf));
    assert_true(len > 0);
    assert_int_equal(send(pair->fd, buf, (size_t)len, 0), len);
    serve_counted(pair);
    wait_for(peer);
    assert_int_equal(recvfrom(peer, buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_len),
                     sizeof(data));
    assert_int_equal(sendto(peer, data, sizeof(data), 0, (struct sockaddr *)&from, from_len),
                     sizeof(data));
    serve_counted(pair);
    wait_for(pair->fd);
    assert_int_equal(recv(pair->fd, buf, sizeof(buf), 0), len);
}

static void relay_many(struct pair *pair, int peer, const struct auger_addr *peer_at)
{
    relay_once(pair, peer, peer_at); /* the first time sockets are set up */
    heap_calls = 0;
    for (int i = 0; i < 100; i++)
        relay_once(pair, peer, peer_at);
    assert_int_equal(heap_calls, 0);
}

static void run_until_event(struct pair *pair, enum auger_turn_event_type type)
{
    struct auger_turn_event event = {0};

    do {
        struct pollfd fds[] = {{.fd = pair->fd, .events = POLLIN},
                               {.fd = auger_loop_fd(pair->loop), .events = POLLIN}};
        turn_client(pair);
        turn_server(pair);
        (void)poll(fds, 2, 10);
        turn_client(pair);
        while (event.type != type && auger_turn_poll_event(pair->client, &event))
            ;
    } while (event.type != type);
}

static void data_takes_no_memory(void **state)
{
    struct auger_addr peer_at = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);
    int peer = socket(AF_INET, SOCK_DGRAM, 0);
    struct pair pair;

    (void)state;
    if (__sanitizer_install_malloc_and_free_hooks)
        assert_true(__sanitizer_install_malloc_and_free_hooks(count_taken, count_given) > 0);
    assert_int_equal(bind(peer, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(peer, (struct sockaddr *)&at, &len), 0);
    peer_at.port = ntohs(at.sin_port);
    begin(&pair, "secret");
    assert_int_equal(
        auger_turn_server_allow_peers(auger_turn_service_server(pair.service), "127.0.0.1"), 0);
    ask(&pair);
    run_until(&pair, AUGER_TURN_ALLOCATED);
    assert_int_equal(auger_turn_permit(pair.client, auger_loop_now(pair.loop), &peer_at), 0);
    run_until_event(&pair, AUGER_TURN_EVENT_PERMITTED);
    relay_many(&pair, peer, &peer_at);
    assert_int_equal(auger_turn_bind_channel(pair.client, auger_loop_now(pair.loop), &peer_at), 0);
    run_until_event(&pair, AUGER_TURN_EVENT_CHANNEL_BOUND);
    relay_many(&pair, peer, &peer_at);
    close(peer);
    end(&pair);
}

/* The one relay that is open. */
static const struct auger_turn_relay *the_relay(const struct pair *pair)
{
    size_t i = 0;

    while (i < pair->service->relays_cap && !pair->service->relays[i])
        i++;
    assert_true(i < pair->service->relays_cap);
    return pair->service->relays[i];
}

/* What the kernel holds of what came there. */
static uint32_t held_at(const struct auger_turn_relay *relay)
{
    uint32_t info[SK_MEMINFO_VARS];
    socklen_t len = sizeof(info);

    assert_int_equal(getsockopt(relay->watch.udp.fd, SOL_SOCKET, SO_MEMINFO, info, &len), 0);
    return info[SK_MEMINFO_RMEM_ALLOC];
}

static void send_to_relay(const struct auger_turn_relay *relay, int peer, const char *text,
                          size_t len)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(relay->watch.udp.addr.port),
                                   .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};

    assert_int_equal(sendto(peer, text, len, 0, (const struct sockaddr *)&to, sizeof(to)), len);
}

static void hear_data(struct pair *pair, const char *text)
{
    struct auger_turn_data data;
    uint8_t buf[AUGER_DATAGRAM_MAX];

    wait_for(auger_loop_fd(pair->loop));
    turn_server(pair);
    wait_for(pair->fd);
    ssize_t got = recv(pair->fd, buf, sizeof(buf), 0);
    assert_int_equal(auger_turn_handle_datagram(pair->client, auger_loop_now(pair->loop), &pair->at,
                                                buf, (size_t)got, &data),
                     AUGER_TURN_DATA);
    assert_int_equal(data.bytes.len, strlen(text));
    assert_memory_equal(data.bytes.data, text, data.bytes.len);
}

/* Nobody is permitted: what comes wakes no loop, fills no buffer, and is not heard later, when he
 * who sent it is. */
static void what_came_before_a_permission_is_for_nobody(void **state)
{
    static const char much[1000] = "old";
    struct auger_addr peer_at = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}, .port = 9};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int peer = socket(AF_INET, SOCK_DGRAM, 0);
    struct pair pair;

    (void)state;
    assert_int_equal(bind(peer, (struct sockaddr *)&at, sizeof(at)), 0);
    begin(&pair, "secret");
    assert_int_equal(
        auger_turn_server_allow_peers(auger_turn_service_server(pair.service), "127.0.0.1"), 0);
    ask(&pair);
    run_until(&pair, AUGER_TURN_ALLOCATED);
    const struct auger_turn_relay *relay = the_relay(&pair);
    for (int i = 0; i < 200; i++)
        send_to_relay(relay, peer, much, sizeof(much));
    assert_in_range(held_at(relay), 1, 16384);
    assert_int_equal(auger_turn_permit(pair.client, auger_loop_now(pair.loop), &peer_at), 0);
    run_until_event(&pair, AUGER_TURN_EVENT_PERMITTED);
    assert_int_equal(held_at(relay), 0);
    send_to_relay(relay, peer, "new", 3);
    hear_data(&pair, "new");
    close(peer);
    end(&pair);
}

/* The one stream that is open; it waits for it. */
static const struct auger_turn_stream *the_stream(struct auger_loop *loop,
                                                  const struct auger_turn_service *service)
{
    struct pollfd readable = {.fd = auger_loop_fd(loop), .events = POLLIN};
    struct auger_loop_event event;

    for (;;) {
        const struct auger_path_node *node = auger_path_table_any(&service->streams);
        if (node)
            return auger_turn_streams_find(service, &node->path);
        (void)poll(&readable, 1, -1);
        while (auger_loop_poll(loop, &event))
            ;
    }
}

static void the_kernel_keeps_a_bounded_part_for_a_stream(void **state)
{
    const struct auger_addr at = {
        .family = AUGER_IPV4, .ip = {127, 0, 0, 1}, .transport = AUGER_TCP};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct auger_turn_server_config server;
    struct auger_turn_service_config config;
    struct auger_turn_service *service;
    struct auger_loop *loop;
    struct auger_addr bound;
    int fd = socket(AF_INET, SOCK_STREAM, 0), size;
    socklen_t len = sizeof(size);

    (void)state;
    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&config);
    server.realm = "example.org";
    config.listen = &at;
    config.listen_len = 1;
    config.stream_buffer = 100000;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    assert_int_equal(auger_loop_turn_new(loop, &server, &config, &service, NULL), 0);
    assert_int_equal(auger_turn_service_addrs(service, &bound, 1), 1);
    to.sin_port = htons(bound.port);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    int theirs = the_stream(loop, service)->watch.udp.fd;
    assert_int_equal(getsockopt(theirs, SOL_SOCKET, SO_SNDBUF, &size, &len), 0);
    assert_int_equal(size, 200000); /* the kernel counts its own part as well */
    close(fd);
    auger_loop_free(loop);
}

static void what_cannot_be_listened_at_is_told(void **state)
{
    const struct auger_addr foreign = {.family = AUGER_IPV4, .ip = {192, 0, 2, 1}, .port = 3478};
    struct auger_addr tls = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}, .transport = AUGER_TCP};
    struct auger_turn_server_config server;
    struct auger_turn_service_config config;
    struct auger_turn_service *service;
    struct auger_loop *loop;
    struct auger_addr failed;

    (void)state;
    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&config);
    server.realm = "example.org";
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    assert_int_equal(auger_loop_turn_new(loop, &server, &config, &service, &failed),
                     AUGER_ERR_INVALID);
    config.listen = &foreign;
    config.listen_len = 1;
    assert_int_equal(auger_loop_turn_new(loop, &server, &config, &service, &failed),
                     AUGER_ERR_SYSTEM);
    assert_true(auger_addr_equal(&failed, &foreign));
    config.listen_len = 0;
    config.tls_listen = &tls;
    config.tls_listen_len = 1;
    assert_int_equal(auger_loop_turn_new(loop, &server, &config, &service, &failed),
                     AUGER_ERR_INVALID); /* no certificate */
    auger_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_program_answers_for_a_user),
        cmocka_unit_test(who_is_no_user_is_refused),
        cmocka_unit_test(a_loop_that_ends_closes_what_is_open),
        cmocka_unit_test(a_stream_keeps_what_follows_an_end_at_once),
        cmocka_unit_test(data_takes_no_memory),
        cmocka_unit_test(what_came_before_a_permission_is_for_nobody),
        cmocka_unit_test(the_kernel_keeps_a_bounded_part_for_a_stream),
        cmocka_unit_test(what_cannot_be_listened_at_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
