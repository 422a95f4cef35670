/* Servers that send a peer on to another (ALTERNATE-SERVER, RFC 8489 section 10), by TCP, TLS and
 * DTLS.  By UDP in the clear tests/ice and tests/turn have it. */
#define _GNU_SOURCE
#include "tests/io/finding.h"

static void serve_another(struct world *world, struct auger_turn_service **another,
                          struct auger_addr *at)
{
    struct auger_turn_service *first = world->turn;
    struct auger_addr udp = world->turn_udp, tcp = world->turn_tcp;

    serve_turn(world);
    *another = world->turn;
    *at = world->turn_tcp;
    world->turn = first;
    world->turn_udp = udp;
    world->turn_tcp = tcp;
}

/* ALTERNATE-SERVER, RFC 8489 section 10. */
static void a_server_over_tcp_sends_on_to_another(void **state)
{
    static const char *const uris[] = {"turn:one.test?transport=tcp"};
    struct auger_turn_service *another;
    struct auger_ice_relay_info info;
    struct auger_addr at;
    struct world world;
    (void)state;

    begin_world(&world);
    serve_another(&world, &another, &at);
    auger_turn_server_drain(auger_turn_service_server(world.turn), &at);
    add_row("_turn._tcp.one.test", 0, world.turn_tcp.port);
    ask_turn(&world, uris, 1);
    until_relay(&world);
    assert_int_equal(auger_ice_relays(auger_peer_ice(world.peer), &info, 1), 1);
    assert_int_equal(info.server.port, at.port);
    assert_int_equal(info.added.port, world.turn_tcp.port);
    assert_int_equal(world.troubles, 0);
    end_world(&world);
}

static void servers_over_tcp_that_send_on_to_each_other_end(void **state)
{
    static const char *const uris[] = {"turn:one.test?transport=tcp"};
    struct auger_turn_service *another;
    struct auger_addr at;
    struct world world;
    (void)state;

    begin_world(&world);
    serve_another(&world, &another, &at);
    auger_turn_server_drain(auger_turn_service_server(world.turn), &at);
    auger_turn_server_drain(auger_turn_service_server(another), &world.turn_tcp);
    add_row("_turn._tcp.one.test", 0, world.turn_tcp.port);
    ask_turn(&world, uris, 1);
    while (!world.gathered || world.troubles == 0)
        turn_once(&world);
    assert_int_equal(world.relays, 0);
    assert_int_equal(world.troubles, 1);
    assert_non_null(strstr(world.trouble, "(300)"));
    end_world(&world);
}

/* --- by TLS and DTLS ---------------------------------------------------------------------------
 */

static const struct {
    enum auger_transport transport;
    const char *uri, *record, *protocol;
} sealed[] = {
    {AUGER_TCP, "turns:secure.test?transport=tcp", "_turns._tcp.secure.test", "tls"},
    {AUGER_UDP, "turns:secure.test?transport=udp", "_turns._udp.secure.test", "udp"},
};

struct sealed_server {
    struct auger_turn_server *engine;
    struct auger_addr at;
};

/* Neither certificate has a word of where it is. */
static struct authority authority;
static struct leaf leaves[2];
static char ca_file[64];

static struct sealed_server serve_sealed(struct world *world, const struct leaf *leaf,
                                         enum auger_transport transport)
{
    const struct auger_addr any = {
        .family = AUGER_IPV4, .ip = {127, 0, 0, 1}, .transport = (uint8_t)transport};
    struct auger_turn_server_config server;
    struct auger_turn_service_config service;
    struct auger_turn_service *made;
    struct sealed_server out;

    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&service);
    server.realm = "example.org";
    server.asks_for_keys = true;
    server.loopback_unlimited = true;
    service.tls_listen = &any;
    service.tls_listen_len = 1;
    service.certificate_pem = pem_bytes(&leaf->certificate);
    service.key_pem = pem_bytes(&leaf->key);
    assert_int_equal(auger_loop_turn_new(world->loop, &server, &service, &made, NULL), 0);
    assert_int_equal(auger_turn_service_addrs(made, &out.at, 1), 1);
    out.engine = auger_turn_service_server(made);
    return out;
}

static void ask_sealed(struct world *world, size_t i, const struct sealed_server *first)
{
    struct auger_net_config net = net_of_loopback();
    const struct auger_net_turn_server config = {
        .uri = sealed[i].uri, .username = "ann", .password = "secret", .ca_file = ca_file};

    add_row(sealed[i].record, 0, first->at.port);
    net.turn_servers = &config;
    net.turn_servers_len = 1;
    ask(world, &net);
}

static void begin_two(struct world *world, size_t i, const struct leaf *leaf,
                      struct sealed_server servers[2])
{
    begin_world(world);
    servers[0] = serve_sealed(world, &leaves[0], sealed[i].transport);
    servers[1] = serve_sealed(world, leaf, sealed[i].transport);
    auger_turn_server_drain(servers[0].engine, &servers[1].at);
}

/* 8489, 10: it is asked for the name that the first was asked for. */
static void who_is_sent_on_to_has_the_name_of_the_first(void **state)
{
    struct sealed_server servers[2];
    struct auger_ice_relay_info info;
    struct world world;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(sealed); i++) {
        print_message("%s\n", sealed[i].uri);
        begin_two(&world, i, &leaves[0], servers);
        ask_sealed(&world, i, &servers[0]);
        until_relay(&world);
        assert_string_equal(world.relay_protocol, sealed[i].protocol);
        assert_int_equal(auger_ice_relays(auger_peer_ice(world.peer), &info, 1), 1);
        assert_int_equal(info.server.port, servers[1].at.port);
        assert_int_equal(world.troubles, 0);
        end_world(&world);
    }
}

static void who_is_sent_on_to_and_has_another_name_is_not_believed(void **state)
{
    struct sealed_server servers[2];
    struct world world;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(sealed); i++) {
        print_message("%s\n", sealed[i].uri);
        begin_two(&world, i, &leaves[1], servers);
        ask_sealed(&world, i, &servers[0]);
        while (world.troubles == 0 && world.relays == 0)
            turn_once(&world);
        assert_int_equal(world.relays, 0);
        assert_non_null(strstr(world.trouble, "is for other.test, not secure.test"));
        end_world(&world);
    }
}

/* 8489, 10: who is sent to where it was already stops. */
static void sealed_servers_that_send_on_to_each_other_end(void **state)
{
    struct sealed_server servers[2];
    struct world world;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(sealed); i++) {
        print_message("%s\n", sealed[i].uri);
        begin_two(&world, i, &leaves[0], servers);
        auger_turn_server_drain(servers[1].engine, &servers[0].at);
        ask_sealed(&world, i, &servers[0]);
        while (!world.gathered || world.troubles == 0)
            turn_once(&world);
        assert_int_equal(world.relays, 0);
        assert_int_equal(world.troubles, 1);
        assert_non_null(strstr(world.trouble, "(300)"));
        end_world(&world);
    }
}

static int set_up(void **state)
{
    make_authority(&authority, "an authority");
    make_leaf(&leaves[0], &authority, "DNS:secure.test", -1, 1);
    make_leaf(&leaves[1], &authority, "DNS:other.test", -1, 1);
    write_ca(&authority, ca_file);
    return prepare(state);
}

static int tidy(void **state)
{
    unlink(ca_file);
    free_authority(&authority);
    return zone_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_over_tcp_sends_on_to_another),
        cmocka_unit_test(servers_over_tcp_that_send_on_to_each_other_end),
        cmocka_unit_test(who_is_sent_on_to_has_the_name_of_the_first),
        cmocka_unit_test(who_is_sent_on_to_and_has_another_name_is_not_believed),
        cmocka_unit_test(sealed_servers_that_send_on_to_each_other_end),
    };

    return cmocka_run_group_tests(tests, set_up, tidy);
}
