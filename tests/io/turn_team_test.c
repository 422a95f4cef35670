/* TURN services of one team, each in a thread of its own at the same addresses: clients that move
 * about reach any of them, by datagrams, DTLS and TCP. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/turn_guests.h"
#include "io/turn_team.h"

#include <auger/crypto.h>
#include <auger/io_turn.h>

#include "tests/tls/ca.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MEMBERS 3
#define CLIENTS 6
#define MOVES 5
#define MEETING 20

enum way { BY_UDP, BY_DTLS, BY_TCP, WAYS };

static struct authority authority;
static struct leaf leaf;

struct team {
    bool relays_meet; /* and nothing else at this machine is a peer */
    struct auger_turn_team *team;
    struct auger_loop *loops[MEMBERS];
    struct auger_turn_service *services[MEMBERS];
    pthread_t threads[MEMBERS];
    struct auger_addr at[WAYS];
    struct auger_tls_context *context;
};

/* --- the servers ----------------------------------------------------------------------------- */

static void open_member(struct team *t, uint16_t member, struct auger_turn_service_config *service)
{
    static const uint8_t secret[AUGER_TURN_SERVER_NONCE_SECRET_LEN] = {7};
    struct auger_turn_server_config server;

    auger_turn_server_config_init(&server);
    server.realm = "example.org";
    server.nonce_secret = secret;
    server.mobility = server.tcp_relay = server.loopback_unlimited = true;
    server.relay_to_relay = t->relays_meet;
    server.user_allocations_max = server.ip_allocations_max = 1000;
    server.port_min = (uint16_t)(50000 + 1000 * member);
    server.port_max = (uint16_t)(server.port_min + 999);
    service->member = member;
    assert_int_equal(auger_loop_new(&t->loops[member], NULL), 0);
    assert_int_equal(
        auger_loop_turn_new(t->loops[member], &server, service, &t->services[member], NULL), 0);
    struct auger_turn_server *engine = auger_turn_service_server(t->services[member]);
    assert_int_equal(auger_turn_server_add_user(engine, "ann", "secret"), 0);
    if (!t->relays_meet)
        assert_int_equal(auger_turn_server_allow_peers(engine, "127.0.0.1"), 0);
}

static void open_team_of(struct team *t, bool relays_meet)
{
    struct auger_addr at[WAYS] = {
        [BY_UDP] = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}},
        [BY_DTLS] = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}},
        [BY_TCP] = {.family = AUGER_IPV4, .transport = AUGER_TCP, .ip = {127, 0, 0, 1}}};
    struct auger_addr plain[2] = {at[BY_UDP], at[BY_TCP]}, got[WAYS];
    struct auger_turn_service_config service;
    struct auger_tls_config tls;

    *t = (struct team){.relays_meet = relays_meet};
    assert_int_equal(auger_turn_team_new(&t->team, MEMBERS), 0);
    auger_turn_service_config_init(&service);
    service.team = t->team;
    service.listen = plain;
    service.listen_len = 2;
    service.tls_listen = &at[BY_DTLS];
    service.tls_listen_len = 1;
    service.certificate_pem = pem_bytes(&leaf.certificate);
    service.key_pem = pem_bytes(&leaf.key);
    for (uint16_t i = 0; i < MEMBERS; i++) {
        open_member(t, i, &service);
        assert_int_equal(auger_turn_service_addrs(t->services[i], got, WAYS), WAYS);
        plain[0] = got[0];
        plain[1] = got[1];
        at[BY_DTLS] = got[2];
    }
    t->at[BY_UDP] = plain[0];
    t->at[BY_TCP] = plain[1];
    t->at[BY_DTLS] = at[BY_DTLS];
    auger_tls_config_init(&tls);
    tls.datagrams = true;
    tls.ca_pem = pem_bytes(&authority.pem);
    assert_int_equal(auger_tls_context_new(&t->context, auger_env_system(), &tls, NULL), 0);
}

static void open_team(struct team *t)
{
    open_team_of(t, false);
}

static atomic_bool stops;

static void *run(void *loop)
{
    struct auger_loop_event event;

    while (!atomic_load(&stops) && auger_loop_next(loop, &event))
        continue;
    return NULL;
}

static void start_team(struct team *t)
{
    atomic_store(&stops, false);
    for (size_t i = 0; i < MEMBERS; i++)
        assert_int_equal(pthread_create(&t->threads[i], NULL, run, t->loops[i]), 0);
}

static void stop_team(struct team *t)
{
    atomic_store(&stops, true);
    for (size_t i = 0; i < MEMBERS; i++)
        auger_loop_wake(t->loops[i]);
    for (size_t i = 0; i < MEMBERS; i++)
        assert_int_equal(pthread_join(t->threads[i], NULL), 0);
}

static void close_team(struct team *t)
{
    for (size_t i = 0; i < MEMBERS; i++)
        auger_loop_free(t->loops[i]);
    auger_turn_team_free(t->team);
    auger_tls_context_free(t->context);
}

/* --- clients --------------------------------------------------------------------------------- */

/* One 5-tuple. */
struct link {
    int fd; /* -1: none */
    struct auger_tls *tls;
    uint8_t in[4096];
    size_t in_len;
};

struct client {
    struct team *t;
    enum way way;
    struct link now, next;
    bool moves; /* to `next` */
    struct auger_turn *turn;
    struct auger_addr relayed;
    uint8_t heard[64];
    size_t heard_len;
};

static auger_time now_at(const struct client *c)
{
    return auger_loop_now(c->t->loops[0]);
}

static void open_link(const struct client *c, struct link *link)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(c->t->at[c->way].port),
                                   .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};

    *link = (struct link){0};
    link->fd = socket(AF_INET, c->way == BY_TCP ? SOCK_STREAM : SOCK_DGRAM, 0);
    assert_int_equal(connect(link->fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    if (c->way == BY_DTLS)
        assert_int_equal(auger_tls_new(&link->tls, c->t->context, now_at(c), "turn.example"), 0);
}

static void close_link(struct link *link)
{
    auger_tls_free(link->tls);
    if (link->fd >= 0)
        close(link->fd);
    *link = (struct link){.fd = -1};
}

static bool is_connected(const struct link *link)
{
    return !link->tls || auger_tls_get_state(link->tls) == AUGER_TLS_CONNECTED;
}

static void say(struct client *c, struct link *link, const uint8_t *buf, size_t len)
{
    if (link->tls)
        assert_int_equal(auger_tls_write(link->tls, now_at(c), buf, len), len);
    else
        assert_int_equal(send(link->fd, buf, len, 0), len);
}

static void hear(struct client *c, const uint8_t *buf, size_t len)
{
    struct auger_turn_data data;

    if (auger_turn_handle_datagram(c->turn, now_at(c), &c->t->at[c->way], buf, len, &data) ==
        AUGER_TURN_DATA) {
        assert_true(data.bytes.len <= sizeof(c->heard));
        memcpy(c->heard, data.bytes.data, data.bytes.len);
        c->heard_len = data.bytes.len;
    }
}

static void read_datagrams(struct client *c, struct link *link)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    ssize_t got;
    size_t len;

    while ((got = recv(link->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
        if (!link->tls) {
            hear(c, buf, (size_t)got);
            continue;
        }
        (void)auger_tls_feed(link->tls, now_at(c), buf, (size_t)got);
        while ((len = auger_tls_read(link->tls, now_at(c), buf, sizeof(buf))) > 0)
            hear(c, buf, len);
    }
}

static void read_stream(struct client *c, struct link *link)
{
    ssize_t got =
        recv(link->fd, link->in + link->in_len, sizeof(link->in) - link->in_len, MSG_DONTWAIT);
    int len;

    assert_int_not_equal(got, 0);
    link->in_len += got > 0 ? (size_t)got : 0;
    while ((len = auger_turn_frame_len(link->in, link->in_len)) > 0 &&
           (size_t)len <= link->in_len) {
        hear(c, link->in, (size_t)len);
        link->in_len -= (size_t)len;
        memmove(link->in, link->in + len, link->in_len);
    }
}

static void turn_link(struct client *c, struct link *link)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;

    if (link->fd < 0)
        return;
    if (c->way == BY_TCP)
        read_stream(c, link);
    else
        read_datagrams(c, link);
    if (!link->tls)
        return;
    auger_tls_handle_timeout(link->tls, now_at(c));
    while ((len = auger_tls_take(link->tls, now_at(c), buf, sizeof(buf))) > 0)
        (void)!send(link->fd, buf, len, 0);
}

/* A round, after which who waits has waited a little. */
static void turn(struct client *c)
{
    struct link *speaks = c->moves ? &c->next : &c->now;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;

    turn_link(c, &c->now);
    turn_link(c, &c->next);
    if (is_connected(speaks)) {
        auger_turn_handle_timeout(c->turn, now_at(c));
        while ((len = auger_turn_poll_transmit(c->turn, now_at(c), buf, sizeof(buf))) > 0)
            say(c, speaks, buf, len);
        turn_link(c, speaks);
    }
    struct pollfd fds[] = {{.fd = c->now.fd, .events = POLLIN},
                           {.fd = c->next.fd, .events = POLLIN}};
    (void)poll(fds, 2, 10);
}

/* Of that type; what fails does not wait. */
static struct auger_turn_event run_until(struct client *c, enum auger_turn_event_type type)
{
    struct auger_turn_event event;

    for (;;) {
        while (auger_turn_poll_event(c->turn, &event)) {
            if (event.type == type)
                return event;
            assert_int_not_equal(event.type, AUGER_TURN_EVENT_MOVE_FAILED);
            assert_int_not_equal(event.type, AUGER_TURN_EVENT_FAILED);
            assert_int_not_equal(event.type, AUGER_TURN_EVENT_REFUSED);
        }
        turn(c);
    }
}

static void allocate(struct team *t, struct client *c, enum way way, const struct auger_addr *peer)
{
    struct auger_turn_config config;

    *c = (struct client){.t = t, .way = way, .next.fd = -1};
    open_link(c, &c->now);
    auger_turn_config_init(&config);
    config.server = t->at[way];
    config.username = "ann";
    config.password = "secret";
    config.mobility = true;
    assert_int_equal(auger_turn_new(&c->turn, auger_env_system(), now_at(c), &config), 0);
    c->relayed = run_until(c, AUGER_TURN_EVENT_ALLOCATED).allocated.relayed[0];
    assert_int_equal(auger_turn_permit(c->turn, now_at(c), peer), 0);
    run_until(c, AUGER_TURN_EVENT_PERMITTED);
}

static void move(struct client *c)
{
    open_link(c, &c->next);
    c->moves = true;
    assert_int_equal(auger_turn_move(c->turn, now_at(c)), 0);
    run_until(c, AUGER_TURN_EVENT_MOVED);
    close_link(&c->now);
    c->now = c->next;
    c->next = (struct link){.fd = -1};
    c->moves = false;
}

static void release(struct client *c)
{
    auger_turn_release(c->turn, now_at(c));
    run_until(c, AUGER_TURN_EVENT_RELEASED);
    auger_turn_free(c->turn);
    close_link(&c->now);
}

static void send_to(struct client *c, const struct auger_addr *at, const uint8_t *bytes, size_t len)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];

    int written = auger_turn_write(c->turn, now_at(c), at, bytes, len, buf, sizeof(buf));
    assert_true(written > 0);
    say(c, &c->now, buf, (size_t)written);
    turn_link(c, &c->now);
}

/* What the client sends comes to the peer from its relayed address, and back. */
static void there_and_back(struct client *c, int peer, const struct auger_addr *at, uint8_t what)
{
    uint8_t bytes[40], buf[AUGER_DATAGRAM_MAX];
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);

    memset(bytes, what, sizeof(bytes));
    send_to(c, at, bytes, sizeof(bytes));
    assert_int_equal(recvfrom(peer, buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_len),
                     sizeof(bytes));
    assert_int_equal(ntohs(from.sin_port), c->relayed.port);
    assert_memory_equal(buf, bytes, sizeof(bytes));
    assert_int_equal(sendto(peer, buf, sizeof(bytes), 0, (struct sockaddr *)&from, from_len),
                     sizeof(bytes));
    c->heard_len = 0;
    while (c->heard_len == 0)
        turn(c);
    assert_int_equal(c->heard_len, sizeof(bytes));
    assert_memory_equal(c->heard, bytes, sizeof(bytes));
}

static int open_peer(struct auger_addr *at)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(sa);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    *at =
        (struct auger_addr){.family = AUGER_IPV4, .ip = {127, 0, 0, 1}, .port = ntohs(sa.sin_port)};
    return fd;
}

/* --- the tests -------------------------------------------------------------------------------- */

static void clients_move_to_whatever_thread(void **state)
{
    static struct client clients[CLIENTS];
    struct auger_turn_service_stats stats;
    struct auger_turn_server_stats engine;
    struct auger_addr peer_at;
    int peer = open_peer(&peer_at);
    uint64_t given_on = 0;
    struct team t;

    (void)state;
    open_team(&t);
    start_team(&t);
    for (size_t i = 0; i < CLIENTS; i++)
        allocate(&t, &clients[i], i % WAYS, &peer_at);
    for (int round = 0; round < MOVES; round++) {
        for (size_t i = 0; i < CLIENTS; i++) {
            move(&clients[i]);
            there_and_back(&clients[i], peer, &peer_at, (uint8_t)(round * CLIENTS + (int)i));
        }
    }
    for (size_t i = 0; i < CLIENTS; i++)
        release(&clients[i]);
    stop_team(&t);
    for (size_t i = 0; i < MEMBERS; i++) {
        auger_turn_service_get_stats(t.services[i], &stats);
        auger_turn_server_get_stats(auger_turn_service_server(t.services[i]), &engine);
        given_on += stats.given_on;
        assert_int_equal(stats.given_on_lost, 0);
        assert_int_equal(engine.allocations, 0);
    }
    assert_true(given_on > 0); /* but for one chance in 3^30 */
    close(peer);
    close_team(&t);
}

/* --- relays that meet (docs/decisions/222) -----------------------------------------------------
 */

static void expect_from_relay(struct client *to, struct client *from, uint8_t what)
{
    uint8_t bytes[40];

    memset(bytes, what, sizeof(bytes));
    to->heard_len = 0;
    send_to(from, &to->relayed, bytes, sizeof(bytes));
    while (to->heard_len == 0)
        turn(to);
    assert_int_equal(to->heard_len, sizeof(bytes));
    assert_memory_equal(to->heard, bytes, sizeof(bytes));
}

static uint16_t member_of(const struct client *c)
{
    return (uint16_t)((c->relayed.port - 50000) / 1000);
}

/* A program that takes it as soon as the server has let it go. */
static int take_port(const struct auger_addr *at)
{
    const struct sockaddr_in sa = {.sin_family = AF_INET,
                                   .sin_port = htons(at->port),
                                   .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    while (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
        assert_int_equal(errno, EADDRINUSE);
    return fd;
}

static void relays_of_whatever_threads_meet_while_they_are_there(void **state)
{
    static struct client clients[MEETING];
    const struct auger_addr anywhere = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}, .port = 1};
    bool is_of_another = false;
    uint8_t byte = 0;
    struct team t;

    (void)state;
    open_team_of(&t, true);
    start_team(&t);
    for (size_t i = 0; i < MEETING; i++)
        allocate(&t, &clients[i], BY_UDP, &anywhere);
    for (size_t i = 0; i < MEETING; i++) {
        struct client *next = &clients[(i + 1) % MEETING];
        expect_from_relay(next, &clients[i], (uint8_t)i);
        is_of_another |= member_of(next) != member_of(&clients[i]);
    }
    assert_true(is_of_another); /* but for one chance in 3^19 */
    release(&clients[1]);
    int stranger = take_port(&clients[1].relayed);
    send_to(&clients[0], &clients[1].relayed, &byte, sizeof(byte));
    expect_from_relay(&clients[2], &clients[0], 'x'); /* it went the same way, behind the other */
    assert_int_equal(recv(stranger, &byte, sizeof(byte), MSG_DONTWAIT), -1);
    close(stranger);
    release(&clients[0]);
    for (size_t i = 2; i < MEETING; i++)
        release(&clients[i]);
    stop_team(&t);
    close_team(&t);
}

/* --- guests ------------------------------------------------------------------------------------
 */

static void turn_loop(struct auger_loop *loop)
{
    struct auger_loop_event event;

    while (auger_loop_poll(loop, &event))
        continue;
}

/* Where a client's datagrams come to it is known whose they are for as long as that is so. */
static void who_has_nothing_left_is_sent_after_no_more(void **state)
{
    struct auger_path path = {.remote = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}, .port = 9}};
    uint16_t whose = 0;
    struct team t;

    (void)state;
    open_team(&t);
    path.local = t.at[BY_UDP];
    auger_time now = auger_loop_now(t.loops[0]);
    auger_turn_guests_add(t.services[1], now, &path, 0);
    auger_turn_guests_add(t.services[1], now, &path, 0);
    assert_false(auger_turn_guests_is_away(t.services[0], &path, &whose));
    turn_loop(t.loops[0]);
    assert_true(auger_turn_guests_is_away(t.services[0], &path, &whose));
    assert_int_equal(whose, 1);
    assert_false(auger_turn_guests_is_away(t.services[1], &path, &whose));
    assert_true(auger_turn_guests_next_timeout(t.services[1]) < AUGER_NEVER);
    auger_turn_guests_handle_timeout(t.services[1], now + 60 * AUGER_SEC);
    turn_loop(t.loops[0]);
    assert_false(auger_turn_guests_is_away(t.services[0], &path, &whose));
    assert_true(auger_turn_guests_next_timeout(t.services[1]) == AUGER_NEVER);
    close_team(&t);
}

/* He went on from the second to the third: what the second says of its guest comes late. */
static void a_former_host_frees_nobody(void **state)
{
    struct auger_path path = {.remote = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}, .port = 9}};
    uint16_t whose = 0;
    struct team t;

    (void)state;
    open_team(&t);
    path.local = t.at[BY_UDP];
    auger_time now = auger_loop_now(t.loops[0]);
    auger_turn_guests_add(t.services[1], now, &path, 0);
    turn_loop(t.loops[0]);
    auger_turn_guests_add(t.services[2], now, &path, 0);
    turn_loop(t.loops[0]);
    auger_turn_guests_handle_timeout(t.services[1], now + 60 * AUGER_SEC);
    turn_loop(t.loops[0]);
    assert_true(auger_turn_guests_is_away(t.services[0], &path, &whose));
    assert_int_equal(whose, 2);
    close_team(&t);
}

/* A stream that is on its way belongs to nobody but the box. */
static void what_is_on_its_way_at_the_end_is_freed(void **state)
{
    struct auger_addr peer_at;
    int peer = open_peer(&peer_at);
    static struct client client;
    struct link links[20];
    struct team t;

    (void)state;
    open_team(&t);
    start_team(&t);
    allocate(&t, &client, BY_TCP, &peer_at);
    stop_team(&t);
    for (size_t i = 0; i < 20; i++) {
        uint8_t buf[AUGER_DATAGRAM_MAX];
        open_link(&client, &links[i]);
        assert_int_equal(auger_turn_move(client.turn, now_at(&client)), 0);
        size_t len = auger_turn_poll_transmit(client.turn, now_at(&client), buf, sizeof(buf));
        assert_true(len > 0);
        say(&client, &links[i], buf, len);
    }
    for (size_t i = 0; i < MEMBERS; i++)
        turn_loop(t.loops[i]); /* the first has read nothing since */
    auger_turn_free(client.turn);
    close_link(&client.now);
    for (size_t i = 0; i < 20; i++)
        close_link(&links[i]);
    close(peer);
    close_team(&t);
}

/* --- where there is no room --------------------------------------------------------------------
 */

static size_t owner_of_the_only_allocation(const struct team *t)
{
    struct auger_turn_server_stats stats;
    size_t i = 0;

    for (;; i++) {
        assert_true(i < MEMBERS);
        auger_turn_server_get_stats(auger_turn_service_server(t->services[i]), &stats);
        if (stats.allocations == 1)
            return i;
    }
}

/* By as many 5-tuples, of which the chance is 1 in 3^20 that all lead to the owner. */
static void come_back(struct client *c, size_t times)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];

    assert_int_equal(auger_turn_move(c->turn, now_at(c)), 0);
    size_t len = auger_turn_poll_transmit(c->turn, now_at(c), buf, sizeof(buf));
    assert_true(len > 0);
    for (size_t sent = 0; sent < times;) {
        struct link links[20];
        for (size_t i = 0; i < 20; i++, sent++) {
            open_link(c, &links[i]);
            say(c, &links[i], buf, len);
        }
        for (size_t i = 0; i < MEMBERS; i++)
            if (i != owner_of_the_only_allocation(c->t))
                turn_loop(c->t->loops[i]);
        for (size_t i = 0; i < 20; i++)
            close_link(&links[i]);
    }
}

static struct auger_turn_service_stats sum_of(const struct team *t)
{
    struct auger_turn_service_stats stats, sum = {0};

    for (size_t i = 0; i < MEMBERS; i++) {
        auger_turn_service_get_stats(t->services[i], &stats);
        sum.given_on += stats.given_on;
        sum.given_on_lost += stats.given_on_lost;
    }
    return sum;
}

/* Nobody reads the box of the owner meanwhile. */
static void what_a_full_box_has_no_room_for_is_lost_alone(void **state)
{
    static struct client patient, eager;
    struct auger_turn_service_stats sum;
    struct auger_addr peer_at;
    int peer = open_peer(&peer_at);
    struct team t;

    (void)state;
    open_team(&t);
    start_team(&t);
    allocate(&t, &eager, BY_UDP, &peer_at);
    stop_team(&t);
    come_back(&eager, 6000);
    sum = sum_of(&t);
    assert_true(sum.given_on > 300 && sum.given_on_lost > 300);
    auger_turn_free(eager.turn);
    close_link(&eager.now);
    for (size_t i = 0; i < MEMBERS; i++)
        turn_loop(t.loops[i]);
    start_team(&t);
    allocate(&t, &patient, BY_UDP, &peer_at);
    for (uint8_t round = 0; round < MOVES; round++) {
        move(&patient);
        there_and_back(&patient, peer, &peer_at, round);
    }
    release(&patient);
    stop_team(&t);
    assert_int_equal(sum_of(&t).given_on_lost, sum.given_on_lost);
    close(peer);
    close_team(&t);
}

static struct auger_path path_of_guest(const struct team *t, uint32_t number)
{
    struct auger_path path = {.local = t->at[BY_UDP], .remote = {.family = AUGER_IPV4, .port = 9}};

    path.remote.ip[0] = 198;
    path.remote.ip[2] = (uint8_t)(number >> 8);
    path.remote.ip[3] = (uint8_t)number;
    return path;
}

static size_t count_away(const struct team *t, size_t via)
{
    size_t away = 0;

    for (uint32_t i = 0; i < AUGER_TURN_GUESTS_MAX; i++) {
        struct auger_path path = path_of_guest(t, i);
        uint16_t whose;
        away += auger_turn_guests_is_away(t->services[via], &path, &whose);
    }
    return away;
}

static void look_at_guests(const struct team *t, size_t host, size_t via, auger_time now,
                           auger_time seconds)
{
    for (auger_time second = 0; second < seconds; second++) {
        auger_turn_guests_handle_timeout(t->services[host], now + second * AUGER_SEC);
        turn_loop(t->loops[via]);
    }
}

static void a_service_has_so_many_guests(void **state)
{
    static struct client client;
    struct auger_addr peer_at;
    int peer = open_peer(&peer_at);
    struct team t;

    (void)state;
    open_team(&t);
    start_team(&t);
    allocate(&t, &client, BY_UDP, &peer_at);
    stop_team(&t);
    size_t host = owner_of_the_only_allocation(&t), via = (host + 1) % MEMBERS;
    auger_time later = auger_loop_now(t.loops[0]) + 3600 * AUGER_SEC;
    for (uint32_t i = 0; i < AUGER_TURN_GUESTS_MAX; i++) {
        struct auger_path path = path_of_guest(&t, i);
        assert_false(auger_turn_team_is_full(t.team, (uint16_t)host));
        auger_turn_guests_add(t.services[host], later, &path, (uint16_t)via);
    }
    assert_true(auger_turn_team_is_full(t.team, (uint16_t)host));
    turn_loop(t.loops[via]);
    size_t away = count_away(&t, via); /* what the box had room for */
    assert_in_range(away, 1, AUGER_TURN_GUESTS_MAX - 1);
    look_at_guests(&t, host, via, later + 1 * AUGER_SEC, 8); /* nobody leaves yet */
    assert_true(count_away(&t, via) > away);
    come_back(&client, 20);
    assert_int_equal(sum_of(&t).given_on, 0);
    assert_true(sum_of(&t).given_on_lost > 0);
    look_at_guests(&t, host, via, later + 60 * AUGER_SEC, 40);
    assert_int_equal(count_away(&t, via), 0);
    assert_false(auger_turn_team_is_full(t.team, (uint16_t)host));
    auger_turn_free(client.turn);
    close_link(&client.now);
    close(peer);
    close_team(&t);
}

static void a_team_has_so_many_members(void **state)
{
    struct auger_turn_team *team;

    (void)state;
    assert_int_equal(auger_turn_team_new(&team, 0), AUGER_ERR_INVALID);
    assert_int_equal(auger_turn_team_new(&team, 256), AUGER_ERR_INVALID);
    assert_int_equal(auger_turn_team_new(&team, 255), 0);
    auger_turn_team_free(team);
    auger_turn_team_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_move_to_whatever_thread),
        cmocka_unit_test(relays_of_whatever_threads_meet_while_they_are_there),
        cmocka_unit_test(who_has_nothing_left_is_sent_after_no_more),
        cmocka_unit_test(a_former_host_frees_nobody),
        cmocka_unit_test(what_is_on_its_way_at_the_end_is_freed),
        cmocka_unit_test(what_a_full_box_has_no_room_for_is_lost_alone),
        cmocka_unit_test(a_service_has_so_many_guests),
        cmocka_unit_test(a_team_has_so_many_members),
    };

    make_authority(&authority, "Authority");
    make_leaf(&leaf, &authority, "DNS:turn.example", -1, 1);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    free_authority(&authority);
    return failures;
}
