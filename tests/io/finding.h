/* tests/io/finding.h - one peer that looks for its servers, by names of the test's own DNS
 * (dns_zone.h), and what it may find on loopback: a TURN server, and a port that takes what comes
 * and answers nothing. */
#ifndef TESTS_IO_FINDING_H
#define TESTS_IO_FINDING_H

#include "tests/io/dns_zone.h"

#include "tests/io/ends.h"
#include "tests/tls/ca.h"

#include "io/clock.h"
#include "io/udp.h"

#include <auger/io_turn.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#define ROWS_MAX 8

/* --- what there is --------------------------------------------------------------------------- */

static const struct zone_host hosts[] = {
    {"here.test", "127.0.0.1"},
    {"stun.test", "127.0.0.1"},
    {"proxy.test", "127.0.0.1"},
};
static struct zone_row rows[ROWS_MAX];

struct world {
    struct auger_loop *loop;
    struct auger_turn_service *turn;
    struct auger_addr turn_udp, turn_tcp;
    struct auger_addr hole_at; /* takes what comes, and answers nothing */
    int hole, waiting[4];
    struct auger_peer *peer;
    /* What came of it. */
    size_t hosts, relays, reflexive, troubles;
    char relay_protocol[8], trouble[320];
    bool gathered;
};

static inline void add_row(const char *name, unsigned priority, uint16_t port)
{
    rows[zone_rows_len++] = (struct zone_row){
        .name = name, .type = ns_t_srv, .a = (uint16_t)priority, .c = port, .target = "here.test"};
}

/* Over both transports at one port. */
static inline void serve_turn(struct world *world)
{
    const struct auger_addr any[] = {
        {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}},
        {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}, .transport = AUGER_TCP}};
    struct auger_turn_server_config server;
    struct auger_turn_service_config service;
    struct auger_addr at[2];

    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&service);
    server.realm = "example.org";
    server.asks_for_keys = true;
    server.loopback_unlimited = true;
    service.listen = any;
    service.listen_len = 2;
    assert_int_equal(auger_loop_turn_new(world->loop, &server, &service, &world->turn, NULL), 0);
    assert_int_equal(auger_turn_service_addrs(world->turn, at, 2), 2);
    world->turn_udp = at[0];
    world->turn_tcp = at[1];
}

/* A UDP socket that nobody reads, and at the same port a listener whose queue is full. */
static inline void dig_hole(struct world *world)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    world->hole = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(world->hole, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(world->hole, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(listen(world->hole, 0), 0);
    world->hole_at = addr_of("127.0.0.1:1");
    world->hole_at.port = ntohs(at.sin_port);
    for (int i = 0; i < 3; i++) {
        world->waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(world->waiting[i], (struct sockaddr *)&at, sizeof(at));
    }
    world->waiting[3] = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(world->waiting[3], (struct sockaddr *)&at, sizeof(at)), 0);
}

static inline void begin_world(struct world *world)
{
    *world = (struct world){0};
    zone_rows_len = 0;
    assert_int_equal(auger_loop_new(&world->loop, NULL), 0);
    serve_turn(world);
    dig_hole(world);
}

static inline void end_world(struct world *world)
{
    auger_loop_free(world->loop);
    close(world->hole);
    for (int i = 0; i < 4; i++)
        close(world->waiting[i]);
}

static inline void ask(struct world *world, const struct auger_net_config *net)
{
    struct auger_peer_config config;

    auger_peer_config_init(&config);
    assert_int_equal(auger_loop_peer_new(world->loop, &config, net, &world->peer), 0);
}

static inline void ask_turn(struct world *world, const char *const *uris, size_t len)
{
    struct auger_net_turn_server servers[4];
    struct auger_net_config net = net_of_loopback();

    for (size_t i = 0; i < len; i++)
        servers[i] =
            (struct auger_net_turn_server){.uri = uris[i], .username = "ann", .password = "secret"};
    net.turn_servers = servers;
    net.turn_servers_len = len;
    ask(world, &net);
}

static inline void note_candidate(struct world *world, const char *line)
{
    struct auger_ice_relay_info infos[8];
    struct auger_cand cand;

    assert_int_equal(auger_cand_parse(&cand, line, strlen(line)), 0);
    world->hosts += cand.type == AUGER_CAND_HOST;
    world->reflexive += cand.type == AUGER_CAND_SRFLX;
    world->relays += cand.type == AUGER_CAND_RELAY;
    size_t len = auger_ice_relays(auger_peer_ice(world->peer), infos, 8);
    for (size_t i = 0; i < len; i++)
        if (infos[i].relayed[0].family != AUGER_FAMILY_NONE)
            snprintf(world->relay_protocol, sizeof(world->relay_protocol), "%s", infos[i].protocol);
}

static inline void note(struct world *world, const struct auger_loop_event *event)
{
    if (event->type == AUGER_LOOP_EVENT_TURN &&
        event->turn_event->type == AUGER_TURN_SERVICE_EVENT_NEEDS_KEY)
        auger_turn_service_answer_key(event->turn, event->turn_event->ticket, "secret");
    if (event->type == AUGER_LOOP_EVENT_TROUBLE) {
        world->troubles++;
        snprintf(world->trouble, sizeof(world->trouble), "%s", event->what);
    }
    if (event->type != AUGER_LOOP_EVENT_PEER || event->peer != world->peer)
        return;
    if (event->event.type == AUGER_PEER_EVENT_CANDIDATE)
        note_candidate(world, event->event.candidate);
    world->gathered |= event->event.type == AUGER_PEER_EVENT_GATHERED;
}

static inline void turn_once(struct world *world)
{
    struct auger_loop_event event;

    assert_true(auger_loop_next(world->loop, &event));
    note(world, &event);
}

static inline void until_relay(struct world *world)
{
    while (world->relays == 0 && !world->gathered)
        turn_once(world);
    assert_int_equal(world->relays, 1);
}

/* A file that the client reads whom to trust from. */
static inline void write_ca(const struct authority *authority, char file[64])
{
    snprintf(file, 64, "/tmp/auger-finding-XXXXXX");
    int fd = mkstemp(file);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, authority->pem.text, authority->pem.len), authority->pem.len);
    close(fd);
}

static inline int prepare(void **state)
{
    zone_hosts = hosts;
    zone_hosts_len = ARRAY_LEN(hosts);
    zone_rows = rows;
    return zone_open(state);
}

#endif /* TESTS_IO_FINDING_H */
