/* Servers that a peer finds by name, through the loop: by their records, several at once, past
 * those that are dead, and STUN servers over DTLS. */
#define _GNU_SOURCE
#include "tests/io/finding.h"

/* --- TURN ------------------------------------------------------------------------------------ */

static void a_turn_server_is_found_by_its_record(void **state)
{
    static const char *const uris[] = {"turn:one.test?transport=udp"};
    struct world world;
    (void)state;

    begin_world(&world);
    add_row("_turn._udp.one.test", 0, world.turn_udp.port);
    ask_turn(&world, uris, 1);
    until_relay(&world);
    assert_string_equal(world.relay_protocol, "udp");
    assert_int_equal(world.troubles, 0);
    end_world(&world);
}

static void where_the_dns_has_tcp_alone_it_is_tcp(void **state)
{
    static const char *const uris[] = {"turn:one.test"};
    struct world world;
    (void)state;

    begin_world(&world);
    add_row("_turn._tcp.one.test", 0, world.turn_tcp.port);
    add_row("_turn._udp.one.test", 0, 0); /* decidedly not */
    rows[1].target = "";
    ask_turn(&world, uris, 1);
    until_relay(&world);
    assert_string_equal(world.relay_protocol, "tcp");
    end_world(&world);
}

static void behind_a_silent_server_the_next_one_is_asked(void **state)
{
    static const char *const uris[] = {"turn:two.test?transport=udp"};
    struct world world;
    (void)state;

    begin_world(&world);
    add_row("_turn._udp.two.test", 1, world.hole_at.port);
    add_row("_turn._udp.two.test", 2, world.turn_udp.port);
    ask_turn(&world, uris, 1);
    until_relay(&world);
    assert_false(world.gathered); /* which waits for the first */
    end_world(&world);
}

static void until_stuck(size_t len)
{
    while (atomic_load(&zone_stuck_len) < len)
        sched_yield();
}

/* The name of a backup whose DNS is dead. */
static void a_target_that_nobody_answers_for_does_not_hold_up_the_one_before(void **state)
{
    static const char *const uris[] = {"turn:two.test?transport=udp"};
    size_t before = atomic_load(&zone_stuck_len);
    struct world world;
    (void)state;

    begin_world(&world);
    add_row("_turn._udp.two.test", 1, world.turn_udp.port);
    add_row("_turn._udp.two.test", 2, 1);
    rows[1].target = "stuck.test";
    pthread_mutex_lock(&zone_stuck);
    ask_turn(&world, uris, 1);
    until_relay(&world);
    until_stuck(before + 1);
    assert_false(world.gathered); /* a name is still waited for */
    pthread_mutex_unlock(&zone_stuck);
    while (!world.gathered)
        turn_once(&world);
    assert_int_equal(world.relays, 1);
    assert_int_equal(world.troubles, 0);
    end_world(&world);
}

static void what_is_found_behind_it_is_asked_too(void **state)
{
    static const char *const uris[] = {"turn:two.test?transport=udp"};
    size_t before = atomic_load(&zone_stuck_len);
    struct auger_ice_relay_info infos[8];
    struct auger_loop_event event;
    struct world world;
    (void)state;

    begin_world(&world);
    add_row("_turn._udp.two.test", 1, world.hole_at.port);
    add_row("_turn._udp.two.test", 2, 1);
    add_row("_turn._udp.two.test", 3, world.turn_udp.port);
    rows[1].target = "stuck.test";
    pthread_mutex_lock(&zone_stuck);
    ask_turn(&world, uris, 1);
    until_stuck(before + 1);
    while (auger_ice_relays(auger_peer_ice(world.peer), infos, 8) == 0)
        if (auger_loop_poll(world.loop, &event)) /* the first is asked meanwhile */
            note(&world, &event);
    assert_int_equal(infos[0].server.port, world.hole_at.port);
    pthread_mutex_unlock(&zone_stuck);
    until_relay(&world);
    assert_int_equal(auger_ice_relays(auger_peer_ice(world.peer), infos, 8), 2);
    end_world(&world);
}

/* As many names as a peer may have servers of both kinds, all but one of them stuck. */
static void of_one_peer_no_name_holds_up_another(void **state)
{
    static const char *const stun[] = {"stun:stuck.test:1", "stun:stuck.test:2",
                                       "stun:stuck.test:3", "stun:stuck.test:4"};
    struct auger_net_turn_server turn[4];
    size_t before = atomic_load(&zone_stuck_len);
    struct auger_net_config net = net_of_loopback();
    char uri[64];
    struct world world;
    (void)state;

    begin_world(&world);
    snprintf(uri, sizeof(uri), "turn:here.test:%u?transport=udp", world.turn_udp.port);
    for (size_t i = 0; i < 4; i++)
        turn[i] = (struct auger_net_turn_server){
            .uri = i == 3 ? uri : "turn:stuck.test:5", .username = "ann", .password = "secret"};
    net.stun_servers = stun;
    net.turn_servers = turn;
    net.stun_servers_len = net.turn_servers_len = 4;
    pthread_mutex_lock(&zone_stuck);
    ask(&world, &net);
    until_relay(&world);
    until_stuck(before + 7);
    pthread_mutex_unlock(&zone_stuck);
    end_world(&world);
}

static void behind_silent_udp_tcp_is_asked_if_the_dns_has_it(void **state)
{
    static const char *const uris[] = {"turn:both.test"};
    struct world world;
    (void)state;

    begin_world(&world);
    add_row("_turn._udp.both.test", 0, world.hole_at.port);
    add_row("_turn._tcp.both.test", 0, world.turn_tcp.port);
    ask_turn(&world, uris, 1);
    until_relay(&world);
    assert_string_equal(world.relay_protocol, "tcp");
    end_world(&world);
}

/* What is there is not asked for twice. */
static void a_server_that_has_given_a_relay_is_the_only_one(void **state)
{
    static const char *const uris[] = {"turn:two.test?transport=udp"};
    struct auger_ice_relay_info infos[8];
    struct world world;
    (void)state;

    begin_world(&world);
    add_row("_turn._udp.two.test", 1, world.turn_udp.port);
    add_row("_turn._udp.two.test", 2, world.hole_at.port);
    ask_turn(&world, uris, 1);
    until_relay(&world);
    auger_loop_set_timer(world.loop, auger_clock_now() + 1500 * AUGER_MS, NULL);
    struct auger_loop_event event;
    do {
        assert_true(auger_loop_next(world.loop, &event));
        note(&world, &event);
    } while (event.type != AUGER_LOOP_EVENT_TIMER);
    assert_int_equal(auger_ice_relays(auger_peer_ice(world.peer), infos, 8), 1);
    end_world(&world);
}

static void a_black_hole_does_not_hold_up_the_next_address_of_a_stream(void **state)
{
    static const char *const uris[] = {"turn:two.test?transport=tcp"};
    struct world world;
    (void)state;

    begin_world(&world);
    add_row("_turn._tcp.two.test", 1, world.hole_at.port);
    add_row("_turn._tcp.two.test", 2, world.turn_tcp.port);
    auger_time began = auger_clock_now();
    ask_turn(&world, uris, 1);
    until_relay(&world);
    assert_true(auger_clock_now() - began < 10 * AUGER_SEC); /* when it would be given up */
    assert_int_equal(world.troubles, 0);
    end_world(&world);
}

/* Over TCP alone, at a port whose UDP nobody reads. */
static int serve_behind_a_firewall(struct world *world, char uri[64])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    struct auger_addr tcp = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}, .transport = AUGER_TCP};
    struct auger_turn_server_config server;
    struct auger_turn_service_config service;
    struct auger_turn_service *made;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    tcp.port = ntohs(at.sin_port);
    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&service);
    server.realm = "example.org";
    server.asks_for_keys = true;
    server.loopback_unlimited = true;
    service.listen = &tcp;
    service.listen_len = 1;
    assert_int_equal(auger_loop_turn_new(world->loop, &server, &service, &made, NULL), 0);
    snprintf(uri, 64, "turn:127.0.0.1:%u", tcp.port);
    return fd;
}

/* RFC 5928 section 3, step 1. */
static void where_udp_is_shut_tcp_is_asked_at_the_same_port(void **state)
{
    char uri[64];
    const char *const uris[] = {uri};
    struct world world;
    (void)state;

    begin_world(&world);
    int shut = serve_behind_a_firewall(&world, uri);
    ask_turn(&world, uris, 1);
    until_relay(&world);
    assert_string_equal(world.relay_protocol, "tcp");
    end_world(&world);
    close(shut);
}

/* By what the DNS prefers nobody is there; what it has next is asked before candidates end. */
static void behind_a_server_that_refuses_the_next_one_is_asked_before_the_end(void **state)
{
    static const char *const uris[] = {"turn:nap.test"};
    static const char *const services[] = {"RELAY:turn.tcp", "RELAY:turn.udp"};
    static const char *const names[] = {"_turn._tcp.nap.test", "_turn._udp.nap.test"};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    struct world world;
    (void)state;

    begin_world(&world);
    int nobody = socket(AF_INET, SOCK_STREAM, 0); /* bound, and does not listen */
    assert_int_equal(bind(nobody, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(nobody, (struct sockaddr *)&at, &len), 0);
    for (size_t i = 0; i < 2; i++)
        rows[zone_rows_len++] = (struct zone_row){.name = "nap.test",
                                                  .type = ns_t_naptr,
                                                  .a = (uint16_t)(i + 1),
                                                  .flags = "s",
                                                  .service = services[i],
                                                  .target = names[i]};
    add_row(names[0], 0, ntohs(at.sin_port));
    add_row(names[1], 0, world.turn_udp.port);
    ask_turn(&world, uris, 1);
    until_relay(&world);
    assert_string_equal(world.relay_protocol, "udp");
    assert_false(world.gathered);
    end_world(&world);
    close(nobody);
}

static void dead_servers_do_not_hold_up_the_relay_of_another(void **state)
{
    char dead_udp[64], dead_tcp[64];
    const char *const uris[] = {dead_udp, dead_tcp, "turn:missing.test", "turn:one.test"};
    struct world world;
    (void)state;

    begin_world(&world);
    add_row("_turn._udp.one.test", 0, world.turn_udp.port);
    snprintf(dead_udp, sizeof(dead_udp), "turn:127.0.0.1:%u", world.hole_at.port);
    snprintf(dead_tcp, sizeof(dead_tcp), "turn:127.0.0.1:%u?transport=tcp", world.hole_at.port);
    ask_turn(&world, uris, 4);
    until_relay(&world);
    assert_false(world.gathered);
    end_world(&world);
}

/* It takes connections, and says nothing: of the three ways to be dead it is the one in which a
 * connection stands. */
static int listen_in_silence(struct auger_addr *at)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(sa);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    assert_int_equal(listen(fd, 16), 0);
    *at = addr_of("127.0.0.1:1");
    at->port = ntohs(sa.sin_port);
    return fd;
}

static void dead_proxies_do_not_hold_up_the_candidates_of_others(void **state)
{
    static const char *const kinds[] = {"http://127.0.0.1:%u", "socks5://127.0.0.1:%u"};
    static const char *const lives[] = {"turn:one.test", "turn:one.test?transport=tcp"};
    (void)state;

    for (size_t i = 0; i < 4; i++) {
        char hole[64], silent[64];
        struct auger_net_turn_server servers[] = {
            {.uri = "turn:192.0.2.1?transport=tcp", .proxy = hole},
            {.uri = "turn:far.test:3478?transport=tcp", .proxy = silent},
            {.uri = "turn:192.0.2.2?transport=tcp", .proxy = "http://missing.test:3128"},
            {.uri = lives[i / 2]},
        };
        struct auger_net_config net = net_of_loopback();
        struct auger_addr silent_at;
        struct world world;
        begin_world(&world);
        int fd = listen_in_silence(&silent_at);
        snprintf(hole, sizeof(hole), kinds[i % 2], world.hole_at.port);
        snprintf(silent, sizeof(silent), kinds[i % 2], silent_at.port);
        add_row("_turn._udp.one.test", 0, world.turn_udp.port);
        add_row("_turn._tcp.one.test", 0, world.turn_tcp.port);
        for (size_t j = 0; j < 4; j++) {
            servers[j].username = "ann";
            servers[j].password = "secret";
        }
        net.turn_servers = servers;
        net.turn_servers_len = 4;
        ask(&world, &net);
        until_relay(&world);
        assert_string_equal(world.relay_protocol, i / 2 ? "tcp" : "udp");
        assert_true(world.hosts > 0);
        assert_false(world.gathered); /* the dead ones are waited for yet */
        end_world(&world);
        close(fd);
    }
}

/* --- STUN over DTLS -------------------------------------------------------------------------- */

struct sealed_stun {
    struct authority authority;
    struct leaf leaf;
    struct auger_tls_context *context;
    struct auger_tls *tls;
    struct auger_udp udp;
    struct auger_udp_batch batch;
    struct auger_addr from;
    char ca_file[64];
    size_t answered;
};

static void open_sealed_stun(struct sealed_stun *server, struct auger_loop *loop, const char *sans)
{
    struct auger_addr at = addr_of("127.0.0.1:0");
    struct auger_tls_config config;

    memset(server, 0, sizeof(*server));
    make_authority(&server->authority, "an authority");
    make_leaf(&server->leaf, &server->authority, sans, -1, 1);
    auger_tls_config_init(&config);
    config.role = AUGER_TLS_SERVER;
    config.datagrams = true;
    config.certificate_pem = pem_bytes(&server->leaf.certificate);
    config.key_pem = pem_bytes(&server->leaf.key);
    assert_int_equal(auger_tls_context_new(&server->context, auger_env_system(), &config, NULL), 0);
    assert_int_equal(auger_udp_open(&server->udp, &at, 65536), 0);
    assert_int_equal(auger_loop_watch_fd(loop, server->udp.fd, server), 0);
    write_ca(&server->authority, server->ca_file);
}

static void close_sealed_stun(struct sealed_stun *server, struct auger_loop *loop)
{
    auger_loop_unwatch_fd(loop, server->udp.fd);
    auger_udp_close(&server->udp);
    auger_tls_free(server->tls);
    auger_tls_context_free(server->context);
    free_authority(&server->authority);
    unlink(server->ca_file);
}

static void answer_sealed(struct sealed_stun *server, auger_time now)
{
    static const char *const seen = "198.51.100.7:4567";
    uint8_t buf[AUGER_DATAGRAM_MAX], answer[200];
    const struct auger_addr mapped = addr_of(seen);
    struct auger_stun_builder b;
    struct auger_stun_msg msg;
    size_t len;

    while ((len = auger_tls_read(server->tls, now, buf, sizeof(buf))) > 0) {
        assert_int_equal(auger_stun_msg_parse(&msg, buf, len), 0);
        assert_int_equal(msg.method, AUGER_STUN_BINDING);
        auger_stun_build_begin(&b, answer, sizeof(answer), AUGER_STUN_SUCCESS, AUGER_STUN_BINDING,
                               &msg.tid);
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
        int n = auger_stun_build_end(&b);
        assert_true(auger_tls_write(server->tls, now, answer, (size_t)n) > 0);
        server->answered++;
    }
}

static void take_sealed(struct sealed_stun *server, const struct auger_addr *from,
                        const uint8_t *in, size_t in_len)
{
    auger_time now = auger_clock_now();
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;

    struct auger_tls *fresh = NULL;
    bool may_begin = !server->tls || auger_tls_get_state(server->tls) == AUGER_TLS_CONNECTING;

    if (may_begin) {
        int n = auger_tls_accept(&fresh, server->context, now, from, in, in_len, buf, sizeof(buf));
        assert_true(n >= 0); /* what is no DTLS has none */
        if (n > 0)
            assert_int_equal(auger_udp_send(&server->udp, from, buf, (size_t)n), AUGER_UDP_SENT);
    }
    if (fresh) {
        auger_tls_free(server->tls);
        server->tls = fresh;
    } else if (server->tls) {
        (void)auger_tls_feed(server->tls, now, in, in_len);
    }
    if (server->tls)
        answer_sealed(server, now);
    while (server->tls && (len = auger_tls_take(server->tls, now, buf, sizeof(buf))) > 0)
        assert_int_equal(auger_udp_send(&server->udp, from, buf, len), AUGER_UDP_SENT);
}

static void sealed_turn_once(struct world *world, struct sealed_stun *server)
{
    struct auger_loop_event event;

    assert_true(auger_loop_next(world->loop, &event));
    note(world, &event);
    if (event.type != AUGER_LOOP_EVENT_FD)
        return;
    size_t len = auger_udp_receive(&server->udp, &server->batch);
    for (size_t i = 0; i < len; i++)
        take_sealed(server, &server->batch.from[i], server->batch.bufs[i], server->batch.lens[i]);
    assert_int_equal(auger_loop_watch_fd(world->loop, server->udp.fd, server), 0);
}

static void ask_sealed(struct world *world, const struct sealed_stun *server, const char *uri)
{
    struct auger_net_config net = net_of_loopback();

    net.stun_servers = &uri;
    net.stun_servers_len = 1;
    net.stun_ca_file = server->ca_file;
    ask(world, &net);
}

static void a_stuns_server_is_asked_over_dtls(void **state)
{
    struct sealed_stun server;
    struct world world;
    (void)state;

    begin_world(&world);
    open_sealed_stun(&server, world.loop, "DNS:secure.test");
    add_row("_stuns._udp.secure.test", 0, server.udp.addr.port);
    ask_sealed(&world, &server, "stuns:secure.test"); /* not of where it is: of how it is called */
    while (world.reflexive == 0 && !world.gathered)
        sealed_turn_once(&world, &server);
    assert_int_equal(world.reflexive, 1);
    assert_int_equal(world.troubles, 0);
    assert_int_equal(server.answered, 1);
    close_sealed_stun(&server, world.loop);
    end_world(&world);
}

static void a_stuns_server_of_another_name_is_not_believed(void **state)
{
    struct sealed_stun server;
    struct world world;
    (void)state;

    begin_world(&world);
    open_sealed_stun(&server, world.loop, "DNS:here.test");
    add_row("_stuns._udp.secure.test", 0, server.udp.addr.port);
    ask_sealed(&world, &server, "stuns:secure.test");
    while (world.troubles == 0)
        sealed_turn_once(&world, &server);
    assert_non_null(strstr(world.trouble, "stuns:secure.test (127.0.0.1:"));
    assert_non_null(strstr(world.trouble, "the certificate is for here.test, not secure.test"));
    assert_int_equal(world.reflexive, 0);
    close_sealed_stun(&server, world.loop);
    end_world(&world);
}

/* RFC 8489 section 8.1. */
static void a_stuns_uri_with_an_address_is_refused(void **state)
{
    static const char *const uri = "stuns:127.0.0.1:5349";
    struct auger_net_config net = net_of_loopback();
    struct world world;
    (void)state;

    begin_world(&world);
    net.stun_servers = &uri;
    net.stun_servers_len = 1;
    ask(&world, &net);
    while (!world.gathered)
        turn_once(&world);
    assert_int_equal(world.troubles, 1);
    assert_string_equal(world.trouble,
                        "stuns:127.0.0.1:5349: a stuns: URI has a name, not an address");
    end_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_server_is_found_by_its_record),
        cmocka_unit_test(where_the_dns_has_tcp_alone_it_is_tcp),
        cmocka_unit_test(behind_a_silent_server_the_next_one_is_asked),
        cmocka_unit_test(a_target_that_nobody_answers_for_does_not_hold_up_the_one_before),
        cmocka_unit_test(what_is_found_behind_it_is_asked_too),
        cmocka_unit_test(of_one_peer_no_name_holds_up_another),
        cmocka_unit_test(behind_silent_udp_tcp_is_asked_if_the_dns_has_it),
        cmocka_unit_test(a_server_that_has_given_a_relay_is_the_only_one),
        cmocka_unit_test(a_black_hole_does_not_hold_up_the_next_address_of_a_stream),
        cmocka_unit_test(where_udp_is_shut_tcp_is_asked_at_the_same_port),
        cmocka_unit_test(behind_a_server_that_refuses_the_next_one_is_asked_before_the_end),
        cmocka_unit_test(dead_servers_do_not_hold_up_the_relay_of_another),
        cmocka_unit_test(dead_proxies_do_not_hold_up_the_candidates_of_others),
        cmocka_unit_test(a_stuns_server_is_asked_over_dtls),
        cmocka_unit_test(a_stuns_server_of_another_name_is_not_believed),
        cmocka_unit_test(a_stuns_uri_with_an_address_is_refused),
    };

    return cmocka_run_group_tests(tests, prepare, zone_close);
}
