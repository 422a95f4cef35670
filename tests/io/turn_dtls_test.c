/* A TURN server for clients by DTLS (RFC 7350), over sockets: who is taken in, what stays of whom,
 * and what becomes of one who begins anew. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/crypto.h>
#include <auger/io_turn.h>
#include <auger/tls.h>

#include "tests/tls/ca.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 10
#define MANY 60          /* fewer than the strangers of one address */
#define BEGINNINGS_MAX 8 /* as io/turn_sealed.c */

static struct authority authority;
static struct leaf leaf;

/* Somebody at a port of this machine. */
struct client {
    struct place *place;
    int fd;
    struct auger_tls *tls;
    struct auger_turn *turn; /* NULL: it only shakes hands */
};

struct place {
    struct auger_loop *loop;
    struct auger_turn_service *service;
    struct auger_addr at;
    struct auger_tls_context *context;
    unsigned allocated, ended;
    struct client clients[CLIENTS_MAX];
};

/* --- the place ----------------------------------------------------------------------------- */

static void open_place_for(struct place *place, struct auger_turn_service_config *service,
                           bool loopback_unlimited)
{
    const struct auger_addr at = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}};
    struct auger_turn_server_config server;
    struct auger_tls_config tls;

    *place = (struct place){0};
    auger_turn_server_config_init(&server);
    server.realm = "example.org";
    server.loopback_unlimited = loopback_unlimited;
    service->tls_listen = &at;
    service->tls_listen_len = 1;
    service->certificate_pem = pem_bytes(&leaf.certificate);
    service->key_pem = pem_bytes(&leaf.key);
    assert_int_equal(auger_loop_new(&place->loop, NULL), 0);
    assert_int_equal(auger_loop_turn_new(place->loop, &server, service, &place->service, NULL), 0);
    assert_int_equal(
        auger_turn_server_add_user(auger_turn_service_server(place->service), "ann", "secret"), 0);
    assert_int_equal(auger_turn_service_addrs(place->service, &place->at, 1), 1);
    assert_int_equal(place->at.transport, AUGER_UDP);
    assert_true(auger_turn_service_is_tls(place->service, 0));
    auger_tls_config_init(&tls);
    tls.datagrams = true;
    tls.ca_pem = pem_bytes(&authority.pem);
    assert_int_equal(auger_tls_context_new(&place->context, auger_env_system(), &tls, NULL), 0);
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        place->clients[i] = (struct client){.place = place, .fd = -1};
}

static void open_place(struct place *place, struct auger_turn_service_config *service)
{
    open_place_for(place, service, true);
}

/* Where clients on the loopback interface are limited as others are. */
static void open_strict_place(struct place *place)
{
    struct auger_turn_service_config service;

    auger_turn_service_config_init(&service);
    open_place_for(place, &service, false);
}

static void open_default_place(struct place *place)
{
    struct auger_turn_service_config service;

    auger_turn_service_config_init(&service);
    open_place(place, &service);
}

static void close_place(struct place *place)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        auger_turn_free(place->clients[i].turn);
        auger_tls_free(place->clients[i].tls);
        if (place->clients[i].fd >= 0)
            close(place->clients[i].fd);
    }
    auger_tls_context_free(place->context);
    auger_loop_free(place->loop);
}

static struct auger_turn_service_stats stats_of(const struct place *place)
{
    struct auger_turn_service_stats stats;

    auger_turn_service_get_stats(place->service, &stats);
    return stats;
}

/* --- clients ------------------------------------------------------------------------------- */

static auger_time now_at(const struct place *place)
{
    return auger_loop_now(place->loop);
}

static void connect_from(struct client *client, uint32_t ip)
{
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(ip)}};
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(client->place->at.port),
                                   .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};

    client->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(client->fd, (const struct sockaddr *)&from, sizeof(from)), 0);
    assert_int_equal(connect(client->fd, (const struct sockaddr *)&to, sizeof(to)), 0);
}

/* Shakes hands, once more if it has done so from the same port. */
static void greet(struct client *client)
{
    if (client->fd < 0)
        connect_from(client, INADDR_LOOPBACK);
    auger_tls_free(client->tls);
    assert_int_equal(
        auger_tls_new(&client->tls, client->place->context, now_at(client->place), "turn.example"),
        0);
}

static void ask(struct client *client)
{
    struct auger_turn_config config;

    auger_turn_free(client->turn);
    auger_turn_config_init(&config);
    config.server = client->place->at;
    config.username = "ann";
    config.password = "secret";
    assert_int_equal(
        auger_turn_new(&client->turn, auger_env_system(), now_at(client->place), &config), 0);
}

/* What the TURN client has to say, once it can be sealed. */
static void speak(struct client *client, auger_time now)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;

    if (!client->turn || auger_tls_get_state(client->tls) != AUGER_TLS_CONNECTED)
        return;
    auger_turn_handle_timeout(client->turn, now);
    while ((len = auger_turn_poll_transmit(client->turn, now, buf, sizeof(buf))) > 0)
        assert_int_equal(auger_tls_write(client->tls, now, buf, len), len);
}

static void turn_client(struct client *client)
{
    auger_time now = now_at(client->place);
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_turn_data data;
    ssize_t got;
    size_t len;

    while ((got = recv(client->fd, buf, sizeof(buf), 0)) > 0) {
        (void)auger_tls_feed(client->tls, now, buf, (size_t)got);
        while ((len = auger_tls_read(client->tls, now, buf, sizeof(buf))) > 0 && client->turn)
            auger_turn_handle_datagram(client->turn, now, &client->place->at, buf, len, &data);
    }
    auger_tls_handle_timeout(client->tls, now);
    speak(client, now);
    while ((len = auger_tls_take(client->tls, now, buf, sizeof(buf))) > 0)
        (void)!send(client->fd, buf, len, 0);
}

static void turn_server(struct place *place)
{
    struct auger_loop_event event;

    while (auger_loop_poll(place->loop, &event)) {
        place->allocated += event.turn_event->type == AUGER_TURN_SERVICE_EVENT_ALLOCATED;
        place->ended += event.turn_event->type == AUGER_TURN_SERVICE_EVENT_ENDED;
    }
}

/* One round, after which whoever waits has waited a little. */
static void turn(struct place *place)
{
    struct pollfd fds[CLIENTS_MAX + 1];
    nfds_t len = 0;

    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (!place->clients[i].tls)
            continue;
        turn_client(&place->clients[i]);
        fds[len++] = (struct pollfd){.fd = place->clients[i].fd, .events = POLLIN};
    }
    turn_server(place);
    fds[len++] = (struct pollfd){.fd = auger_loop_fd(place->loop), .events = POLLIN};
    (void)poll(fds, len, 10);
}

static void run_until_connected(struct client *client)
{
    while (auger_tls_get_state(client->tls) == AUGER_TLS_CONNECTING)
        turn(client->place);
    assert_string_equal(auger_tls_why(client->tls), "");
    turn(client->place); /* the last flight, or what follows it */
}

static void run_until_allocated(struct client *client)
{
    while (auger_turn_state(client->turn) == AUGER_TURN_ALLOCATING)
        turn(client->place);
    assert_int_equal(auger_turn_state(client->turn), AUGER_TURN_ALLOCATED);
}

static void allocate(struct client *client)
{
    greet(client);
    ask(client);
    run_until_allocated(client);
}

/* --- who is taken in ------------------------------------------------------------------------ */

static void who_has_no_cookie_costs_nothing(void **state)
{
    uint8_t hello[AUGER_DATAGRAM_MAX], answer[AUGER_DATAGRAM_MAX];
    struct place place;

    (void)state;
    open_default_place(&place);
    struct client *client = &place.clients[0];
    greet(client);
    size_t len = auger_tls_take(client->tls, now_at(&place), hello, sizeof(hello));
    for (int i = 0; i < 100; i++) {
        assert_int_equal(send(client->fd, hello, len, 0), len);
        turn_server(&place);
        ssize_t got = recv(client->fd, answer, sizeof(answer), 0);
        assert_in_range(got, 1, len); /* RFC 6347 section 4.2.1: no amplification */
    }
    assert_int_equal(stats_of(&place).associations_taken, 0);
    close_place(&place);
}

/* Nobody can have us flood the address that it says it has. */
static void cookies_for_one_address_are_few(void **state)
{
    uint8_t hello[AUGER_DATAGRAM_MAX], answer[AUGER_DATAGRAM_MAX];
    struct place place;
    unsigned answers = 0;

    (void)state;
    open_strict_place(&place);
    struct client *client = &place.clients[0];
    greet(client);
    size_t len = auger_tls_take(client->tls, now_at(&place), hello, sizeof(hello));
    auger_time begin = now_at(&place);
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(send(client->fd, hello, len, 0), len);
        turn_server(&place);
        answers += recv(client->fd, answer, sizeof(answer), 0) > 0;
    }
    auger_time took = now_at(&place) - begin;
    assert_in_range(answers, 1, 11 + 10 * took / AUGER_SEC);
    assert_int_equal(stats_of(&place).cookies_limited, 200 - answers);
    close_place(&place);
}

static void what_is_no_hello_gets_no_answer(void **state)
{
    const uint8_t binding[20] = {0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42};
    const uint8_t record[40] = {22, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 9, 0, 27};
    uint8_t answer[AUGER_DATAGRAM_MAX];
    struct place place;

    (void)state;
    open_default_place(&place);
    greet(&place.clients[0]);
    for (size_t len = 0; len <= sizeof(record); len += 5)
        assert_int_equal(send(place.clients[0].fd, record, len, 0), len);
    assert_int_equal(send(place.clients[0].fd, binding, sizeof(binding), 0), sizeof(binding));
    turn_server(&place);
    assert_int_equal(recv(place.clients[0].fd, answer, sizeof(answer), 0), -1);
    assert_int_equal(stats_of(&place).associations_taken, 0);
    close_place(&place);
}

static void a_client_allocates_and_releases(void **state)
{
    struct place place;

    (void)state;
    open_default_place(&place);
    struct client *client = &place.clients[0];
    allocate(client);
    turn_server(&place);
    assert_int_equal(place.allocated, 1);
    assert_string_equal(auger_tls_version(client->tls), "DTLSv1.2");
    assert_string_equal(auger_tls_alpn(client->tls), "stun.turn");
    assert_int_equal(stats_of(&place).associations, 1);
    assert_int_equal(stats_of(&place).associations_unknown, 0);
    auger_turn_release(client->turn, now_at(&place));
    while (auger_turn_state(client->turn) != AUGER_TURN_RELEASED)
        turn(&place);
    turn_server(&place);
    assert_int_equal(place.ended, 1);
    assert_int_equal(stats_of(&place).associations_unknown, 1);
    close_place(&place);
}

/* RFC 8656 section 12.5: no padding in datagrams. */
static void data_goes_both_ways_without_padding(void **state)
{
    struct sockaddr_in peer = {.sin_family = AF_INET,
                               .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    struct auger_addr addr = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}};
    socklen_t peer_len = sizeof(peer);
    struct auger_turn_event event;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct place place;

    (void)state;
    open_default_place(&place);
    struct client *client = &place.clients[0];
    assert_int_equal(
        auger_turn_server_allow_peers(auger_turn_service_server(place.service), "127.0.0.1"), 0);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&peer, sizeof(peer)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&peer, &peer_len), 0);
    addr.port = ntohs(peer.sin_port);
    allocate(client);
    assert_int_equal(auger_turn_bind_channel(client->turn, now_at(&place), &addr), 0);
    while (!auger_turn_poll_event(client->turn, &event) ||
           event.type != AUGER_TURN_EVENT_CHANNEL_BOUND)
        turn(&place);
    int len = auger_turn_write(client->turn, now_at(&place), &addr, (const uint8_t *)"hello", 5,
                               buf, sizeof(buf));
    assert_int_equal(len, 9);
    assert_int_equal(auger_tls_write(client->tls, now_at(&place), buf, 9), 9);
    ssize_t got;
    while ((got = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&peer, &peer_len)) < 0)
        turn(&place);
    assert_int_equal(got, 5);
    assert_memory_equal(buf, "hello", 5);
    assert_int_equal(sendto(fd, "world", 5, 0, (const struct sockaddr *)&peer, peer_len), 5);
    do {
        turn_server(&place);
        got = recv(client->fd, buf, sizeof(buf), 0);
    } while (got < 0);
    (void)auger_tls_feed(client->tls, now_at(&place), buf, (size_t)got);
    assert_int_equal(auger_tls_read(client->tls, now_at(&place), buf, sizeof(buf)), 9);
    assert_memory_equal(buf + 4, "world", 5);
    close(fd);
    close_place(&place);
}

/* Each handshake costs the server a signature. */
static void handshakes_of_many_do_not_begin_in_one_turn(void **state)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct place place;

    (void)state;
    open_default_place(&place);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        greet(&place.clients[i]);
        turn_client(&place.clients[i]);
        turn_server(&place);
    }
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        turn_client(&place.clients[i]); /* proves its cookie */
    turn_server(&place);
    assert_int_equal(stats_of(&place).associations_taken, BEGINNINGS_MAX);
    assert_int_equal(recv(place.clients[CLIENTS_MAX - 1].fd, buf, sizeof(buf), 0), -1);
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        run_until_connected(&place.clients[i]); /* who had to wait asks again */
    close_place(&place);
}

/* All ports of one address are one source, whose signatures do not keep others waiting. */
static void handshakes_of_one_address_leave_room_for_others(void **state)
{
    struct client many[MANY];
    struct place place;

    (void)state;
    open_strict_place(&place);
    for (size_t i = 0; i < MANY; i++) {
        many[i] = (struct client){.place = &place, .fd = -1};
        greet(&many[i]);
        turn_client(&many[i]);
        turn_server(&place);
    }
    assert_int_equal(stats_of(&place).cookies_limited, 0);
    auger_time begin = now_at(&place);
    for (size_t i = 0; i < MANY; i++) {
        turn_client(&many[i]); /* proves its cookie */
        turn_server(&place);
    }
    auger_time took = now_at(&place) - begin;
    struct auger_turn_service_stats stats = stats_of(&place);
    assert_in_range(stats.associations_taken, 1, 21 + 20 * took / AUGER_SEC);
    assert_int_equal(stats.handshakes_limited, MANY - stats.associations_taken);
    connect_from(&place.clients[0], INADDR_LOOPBACK + 1);
    allocate(&place.clients[0]);
    assert_int_equal(stats_of(&place).handshakes_limited, stats.handshakes_limited);
    for (size_t i = 0; i < MANY; i++) {
        auger_tls_free(many[i].tls);
        close(many[i].fd);
    }
    close_place(&place);
}

/* --- what stays ----------------------------------------------------------------------------- */

static void who_allocates_nothing_has_to_go(void **state)
{
    struct auger_turn_service_config service;
    struct place place;

    (void)state;
    auger_turn_service_config_init(&service);
    service.first_message_timeout = 300 * AUGER_MS;
    open_place(&place, &service);
    struct client *client = &place.clients[0];
    greet(client);
    run_until_connected(client);
    while (auger_tls_get_state(client->tls) == AUGER_TLS_CONNECTED)
        turn(&place);
    assert_int_equal(auger_tls_get_state(client->tls), AUGER_TLS_CLOSED); /* and is told so */
    assert_int_equal(stats_of(&place).associations, 0);
    assert_int_equal(stats_of(&place).associations_shut, 1);
    close_place(&place);
}

static void who_does_not_end_the_handshake_has_to_go(void **state)
{
    struct auger_turn_service_config service;
    struct place place;

    (void)state;
    auger_turn_service_config_init(&service);
    service.first_message_timeout = 300 * AUGER_MS;
    open_place(&place, &service);
    struct client *client = &place.clients[0];
    greet(client);
    while (stats_of(&place).associations == 0)
        turn(&place);
    auger_tls_free(client->tls);
    client->tls = NULL;
    while (stats_of(&place).associations_shut == 0)
        turn(&place);
    assert_int_equal(stats_of(&place).associations, 0);
    close_place(&place);
}

static void strangers_of_one_address_make_room_for_each_other(void **state)
{
    struct auger_turn_service_config service;
    struct place place;

    (void)state;
    auger_turn_service_config_init(&service);
    service.ip_strangers_max = 3;
    service.first_message_timeout = 3600 * AUGER_SEC;
    open_place(&place, &service);
    allocate(&place.clients[0]); /* who is no stranger stays */
    for (size_t i = 1; i < CLIENTS_MAX; i++) {
        greet(&place.clients[i]);
        run_until_connected(&place.clients[i]);
    }
    while (auger_tls_get_state(place.clients[CLIENTS_MAX - 4].tls) == AUGER_TLS_CONNECTED)
        turn(&place);
    assert_int_equal(stats_of(&place).associations, 4);
    assert_int_equal(stats_of(&place).associations_unknown, 3);
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        assert_int_equal(auger_tls_get_state(place.clients[i].tls),
                         i == 0 || i > CLIENTS_MAX - 4 ? AUGER_TLS_CONNECTED : AUGER_TLS_CLOSED);
    close_place(&place);
}

static void when_all_have_allocations_nobody_else_comes_in(void **state)
{
    struct auger_turn_service_config service;
    struct place place;

    (void)state;
    auger_turn_service_config_init(&service);
    service.streams_max = 2;
    open_place(&place, &service);
    allocate(&place.clients[0]);
    allocate(&place.clients[1]);
    greet(&place.clients[2]);
    while (stats_of(&place).accept_failures == 0)
        turn(&place);
    assert_int_equal(stats_of(&place).associations, 2);
    close_place(&place);
}

/* --- ends ----------------------------------------------------------------------------------- */

static void the_end_of_an_association_ends_its_allocation(void **state)
{
    struct place place;

    (void)state;
    open_default_place(&place);
    allocate(&place.clients[0]);
    auger_tls_close(place.clients[0].tls, now_at(&place));
    while (place.ended == 0)
        turn(&place);
    assert_int_equal(stats_of(&place).associations, 0);
    close_place(&place);
}

static void who_has_lost_its_allocation_is_a_stranger(void **state)
{
    struct place place;

    (void)state;
    open_default_place(&place);
    allocate(&place.clients[0]);
    turn_server(&place);
    auger_turn_server_close(auger_turn_service_server(place.service), now_at(&place));
    while (place.ended == 0)
        turn_server(&place);
    assert_int_equal(stats_of(&place).associations, 1);
    assert_int_equal(stats_of(&place).associations_unknown, 1);
    close_place(&place);
}

static void a_service_that_ends_says_so(void **state)
{
    struct place place;

    (void)state;
    open_default_place(&place);
    allocate(&place.clients[0]);
    auger_loop_turn_free(place.loop, place.service);
    while (auger_tls_get_state(place.clients[0].tls) == AUGER_TLS_CONNECTED)
        turn_client(&place.clients[0]);
    assert_int_equal(auger_tls_get_state(place.clients[0].tls), AUGER_TLS_CLOSED);
    close_place(&place);
}

/* --- RFC 6347 section 4.2.8 ------------------------------------------------------------------ */

static void who_begins_anew_at_a_port_is_another_client(void **state)
{
    struct place place;

    (void)state;
    open_default_place(&place);
    struct client *client = &place.clients[0];
    allocate(client);
    allocate(client); /* all that it knew is gone */
    turn_server(&place);
    assert_int_equal(place.allocated, 2);
    assert_int_equal(place.ended, 1);
    assert_int_equal(stats_of(&place).associations, 1);
    assert_int_equal(stats_of(&place).associations_unknown, 0);
    close_place(&place);
}

static void who_only_says_hello_again_ends_nothing(void **state)
{
    uint8_t hello[AUGER_DATAGRAM_MAX];
    struct auger_tls *other;
    struct place place;
    size_t len;

    (void)state;
    open_default_place(&place);
    struct client *client = &place.clients[0];
    allocate(client);
    /* Somebody in the client's place, who proves a cookie, and goes no further. */
    assert_int_equal(auger_tls_new(&other, place.context, now_at(&place), "turn.example"), 0);
    for (int flight = 0; flight < 2; flight++) {
        while ((len = auger_tls_take(other, now_at(&place), hello, sizeof(hello))) > 0)
            assert_int_equal(send(client->fd, hello, len, 0), len);
        turn_server(&place);
        ssize_t got = recv(client->fd, hello, sizeof(hello), 0);
        assert_true(got > 0);
        if (flight == 0)
            (void)auger_tls_feed(other, now_at(&place), hello, (size_t)got);
    }
    auger_tls_free(other);
    auger_turn_release(client->turn, now_at(&place));
    while (auger_turn_state(client->turn) != AUGER_TURN_RELEASED)
        turn(&place);
    turn_server(&place);
    assert_int_equal(place.ended, 1);
    close_place(&place);
}

/* --- certificates --------------------------------------------------------------------------- */

static void a_new_certificate_is_for_who_comes_then(void **state)
{
    struct place place;
    struct leaf other;

    (void)state;
    open_default_place(&place);
    allocate(&place.clients[0]);
    make_leaf(&other, &authority, "DNS:other.example", -1, 1);
    assert_int_equal(auger_turn_service_set_certificate(
                         place.service, pem_bytes(&other.certificate), pem_bytes(&other.key), NULL),
                     0);
    greet(&place.clients[1]);
    while (auger_tls_get_state(place.clients[1].tls) == AUGER_TLS_CONNECTING)
        turn(&place);
    assert_int_equal(auger_tls_get_failure(place.clients[1].tls), AUGER_TLS_WRONG_NAME);
    assert_int_equal(auger_tls_get_state(place.clients[0].tls), AUGER_TLS_CONNECTED);
    assert_int_equal(auger_turn_service_set_certificate(
                         place.service, pem_bytes(&other.certificate), pem_bytes(&leaf.key), NULL),
                     AUGER_ERR_INVALID);
    close_place(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_no_cookie_costs_nothing),
        cmocka_unit_test(cookies_for_one_address_are_few),
        cmocka_unit_test(what_is_no_hello_gets_no_answer),
        cmocka_unit_test(a_client_allocates_and_releases),
        cmocka_unit_test(data_goes_both_ways_without_padding),
        cmocka_unit_test(handshakes_of_many_do_not_begin_in_one_turn),
        cmocka_unit_test(handshakes_of_one_address_leave_room_for_others),
        cmocka_unit_test(who_allocates_nothing_has_to_go),
        cmocka_unit_test(who_does_not_end_the_handshake_has_to_go),
        cmocka_unit_test(strangers_of_one_address_make_room_for_each_other),
        cmocka_unit_test(when_all_have_allocations_nobody_else_comes_in),
        cmocka_unit_test(the_end_of_an_association_ends_its_allocation),
        cmocka_unit_test(who_has_lost_its_allocation_is_a_stranger),
        cmocka_unit_test(a_service_that_ends_says_so),
        cmocka_unit_test(who_begins_anew_at_a_port_is_another_client),
        cmocka_unit_test(who_only_says_hello_again_ends_nothing),
        cmocka_unit_test(a_new_certificate_is_for_who_comes_then),
    };

    make_authority(&authority, "Authority");
    make_leaf(&leaf, &authority, "DNS:turn.example", -1, 1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free_authority(&authority);
    return failed;
}
