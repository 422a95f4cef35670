/* Somebody who sends with the address of a TURN server, and sees nothing of what goes by, while a
 * peer shakes hands with it by DTLS. */
#define _GNU_SOURCE
#include "tests/io/ends.h"
#include "tests/io/namespace.h"
#include "tests/tls/ca.h"

#include <auger/crypto.h>
#include <auger/io_turn.h>

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

static struct authority authority;
static struct leaf leaf;
static char ca_file[64];

struct world {
    struct auger_env env;
    struct auger_loop *loop;
    struct auger_peer *peer;
    struct auger_addr server, client;
    int raw;
    size_t spoilt; /* handshakes that the peer began anew */
    size_t relays, troubles;
    char trouble[320];
};

static void note_trace(void *user, const struct auger_trace_record *record)
{
    struct world *world = user;

    world->spoilt += strcmp(record->name, "tls:again") == 0;
}

/* --- what there is -----------------------------------------------------------------------------
 */

static void serve(struct world *world)
{
    const struct auger_addr any = *loopback();
    struct auger_turn_server_config server;
    struct auger_turn_service_config service;
    struct auger_turn_service *made;

    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&service);
    server.realm = "example.org";
    server.asks_for_keys = true;
    server.loopback_unlimited = true;
    service.tls_listen = &any;
    service.tls_listen_len = 1;
    service.certificate_pem = pem_bytes(&leaf.certificate);
    service.key_pem = pem_bytes(&leaf.key);
    assert_int_equal(auger_loop_turn_new(world->loop, &server, &service, &made, NULL), 0);
    assert_int_equal(auger_turn_service_addrs(made, &world->server, 1), 1);
}

static void ask(struct world *world)
{
    char uri[64];
    const struct auger_net_turn_server config = {
        .uri = uri, .username = "ann", .password = "secret", .ca_file = ca_file};
    struct auger_net_config net = net_of_loopback();
    struct auger_cand cand;

    snprintf(uri, sizeof(uri), "turns:127.0.0.1:%u?transport=udp", world->server.port);
    net.turn_servers = &config;
    net.turn_servers_len = 1;
    assert_int_equal(auger_loop_peer_new(world->loop, NULL, &net, &world->peer), 0);
    assert_int_equal(auger_ice_local_cands(auger_peer_ice(world->peer), &cand, 1), 1);
    world->client = cand.addr;
}

static void begin_world(struct world *world)
{
    struct auger_loop_config config;

    *world = (struct world){.env = *auger_env_system()};
    world->env.user = world;
    world->env.trace = note_trace;
    auger_loop_config_init(&config);
    config.env = &world->env;
    assert_int_equal(auger_loop_new(&world->loop, &config), 0);
    serve(world);
    ask(world);
    world->raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    assert_true(world->raw >= 0);
}

static void end_world(struct world *world)
{
    auger_loop_free(world->loop);
    close(world->raw);
}

/* --- the forger --------------------------------------------------------------------------------
 */

/* With the server's address, as somebody elsewhere would send it. */
static void send_forged(const struct world *world, const uint8_t *buf, size_t len)
{
    struct {
        struct iphdr ip;
        struct udphdr udp;
        uint8_t bytes[200];
    } packet = {.ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP}};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    packet.ip.saddr = packet.ip.daddr = htonl(INADDR_LOOPBACK);
    packet.ip.tot_len = htons((uint16_t)(28 + len));
    packet.udp.source = htons(world->server.port);
    packet.udp.dest = htons(world->client.port);
    packet.udp.len = htons((uint16_t)(8 + len));
    memcpy(packet.bytes, buf, len);
    assert_int_equal(sendto(world->raw, &packet, 28 + len, 0, (struct sockaddr *)&to, sizeof(to)),
                     28 + len);
}

/* A ServerHello behind a cookie: ECDHE-ECDSA-AES128-GCM-SHA256. */
static void forge(const struct world *world)
{
    static const uint8_t hello[] = {
        22, 0xFE, 0xFD, 0,    0,    0,           0,           0, 0,    0,    1,
        0,  61,   2,    0,    0,    49,          0,           1, 0,    0,    0,
        0,  0,    49,   0xFE, 0xFD, [27] = 0x77, [58] = 0x77, 0, 0xC0, 0x2B, 0,
        0,  9,    0xFF, 0x01, 0,    1,           0,           0, 0x17, 0,    0};

    send_forged(world, hello, sizeof(hello));
}

/* --- what comes of it --------------------------------------------------------------------------
 */

static void note(struct world *world, const struct auger_loop_event *event)
{
    if (event->type == AUGER_LOOP_EVENT_TURN &&
        event->turn_event->type == AUGER_TURN_SERVICE_EVENT_NEEDS_KEY)
        auger_turn_service_answer_key(event->turn, event->turn_event->ticket, "secret");
    if (event->type == AUGER_LOOP_EVENT_TROUBLE) {
        world->troubles++;
        snprintf(world->trouble, sizeof(world->trouble), "%s", event->what);
    }
    if (event->type == AUGER_LOOP_EVENT_PEER && event->event.type == AUGER_PEER_EVENT_CANDIDATE)
        world->relays += strstr(event->event.candidate, " typ relay") != NULL;
}

/* It forges until so many handshakes were spoilt. */
static void go_on(struct world *world, size_t spoilt)
{
    struct auger_loop_event event;

    while (world->relays == 0 && world->troubles == 0) {
        struct pollfd readable = {.fd = auger_loop_fd(world->loop), .events = POLLIN};
        if (world->spoilt < spoilt)
            forge(world);
        if (auger_loop_poll(world->loop, &event))
            note(world, &event);
        else
            poll(&readable, 1, world->spoilt < spoilt ? 1 : 50);
    }
}

static void who_spoils_a_handshake_holds_up_the_relay_and_no_more(void **state)
{
    struct world world;
    (void)state;

    for (size_t spoilt = 1; spoilt <= 2; spoilt++) {
        begin_world(&world);
        go_on(&world, spoilt);
        assert_int_equal(world.spoilt, spoilt);
        assert_string_equal(world.trouble, "");
        assert_int_equal(world.relays, 1);
        end_world(&world);
    }
}

static void who_spoils_each_is_told_of(void **state)
{
    struct world world;
    (void)state;

    begin_world(&world);
    go_on(&world, 99);
    assert_int_equal(world.relays, 0);
    assert_int_equal(world.spoilt, 2);
    assert_non_null(strstr(world.trouble, "?transport=udp (127.0.0.1:"));
    assert_non_null(strstr(world.trouble, "the handshake failed: "));
    end_world(&world);
}

static int prepare(void **state)
{
    (void)state;
    become_root();
    (void)new_namespace();
    make_authority(&authority, "an authority");
    make_leaf(&leaf, &authority, "IP:127.0.0.1", -1, 1);
    snprintf(ca_file, sizeof(ca_file), "/tmp/auger-forger-XXXXXX");
    int fd = mkstemp(ca_file);
    if (fd < 0 || write(fd, authority.pem.text, authority.pem.len) < 0)
        return -1;
    return close(fd);
}

static int tidy(void **state)
{
    (void)state;
    free_authority(&authority);
    return unlink(ca_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_spoils_a_handshake_holds_up_the_relay_and_no_more),
        cmocka_unit_test(who_spoils_each_is_told_of),
    };

    return cmocka_run_group_tests(tests, prepare, tidy);
}
