/* Servers that a peer finds by name, through the loop: by their records, several at once, past
 * those that are dead, and STUN servers over DTLS. */
#define _GNU_SOURCE
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
    size_t relays, reflexive, troubles;
    char relay_protocol[8], trouble[320];
    bool gathered;
};

static void add_row(const char *name, unsigned priority, uint16_t port)
{
    rows[zone_rows_len++] = (struct zone_row){
        .name = name, .type = ns_t_srv, .a = (uint16_t)priority, .c = port, .target = "here.test"};
}

/* Over both transports at one port. */
static void serve_turn(struct world *world)
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
static void dig_hole(struct world *world)
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

static void begin_world(struct world *world)
{
    *world = (struct world){0};
    zone_rows_len = 0;
    assert_int_equal(auger_loop_new(&world->loop, NULL), 0);
    serve_turn(world);
    dig_hole(world);
}

static void end_world(struct world *world)
{
    auger_loop_free(world->loop);
    close(world->hole);
    for (int i = 0; i < 4; i++)
        close(world->waiting[i]);
}

static void ask(struct world *world, const struct auger_net_config *net)
{
    struct auger_peer_config config;

    auger_peer_config_init(&config);
    assert_int_equal(auger_loop_peer_new(world->loop, &config, net, &world->peer), 0);
}

static void ask_turn(struct world *world, const char *const *uris, size_t len)
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

static void note_candidate(struct world *world, const char *line)
{
    struct auger_ice_relay_info infos[8];
    struct auger_cand cand;

    assert_int_equal(auger_cand_parse(&cand, line, strlen(line)), 0);
    world->reflexive += cand.type == AUGER_CAND_SRFLX;
    world->relays += cand.type == AUGER_CAND_RELAY;
    size_t len = auger_ice_relays(auger_peer_ice(world->peer), infos, 8);
    for (size_t i = 0; i < len; i++)
        if (infos[i].relayed[0].family != AUGER_FAMILY_NONE)
            snprintf(world->relay_protocol, sizeof(world->relay_protocol), "%s", infos[i].protocol);
}

static void note(struct world *world, const struct auger_loop_event *event)
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

static void turn_once(struct world *world)
{
    struct auger_loop_event event;

    assert_true(auger_loop_next(world->loop, &event));
    note(world, &event);
}

static void until_relay(struct world *world)
{
    while (world->relays == 0 && !world->gathered)
        turn_once(world);
    assert_int_equal(world->relays, 1);
}

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

/* A file that the client reads whom to trust from. */
static void write_ca(const struct authority *authority, char file[64])
{
    snprintf(file, 64, "/tmp/auger-finding-XXXXXX");
    int fd = mkstemp(file);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, authority->pem.text, authority->pem.len), authority->pem.len);
    close(fd);
}

/* --- another server -------------------------------------------------------------------------- */

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

static struct auger_addr serve_tls(struct world *world, const struct leaf *leaf,
                                   const struct auger_addr *alternate)
{
    const struct auger_addr any = {
        .family = AUGER_IPV4, .ip = {127, 0, 0, 1}, .transport = AUGER_TCP};
    struct auger_turn_server_config server;
    struct auger_turn_service_config service;
    struct auger_turn_service *made;
    struct auger_addr at;

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
    assert_int_equal(auger_turn_service_addrs(made, &at, 1), 1);
    if (alternate)
        auger_turn_server_drain(auger_turn_service_server(made), alternate);
    return at;
}

/* Neither has a word of where it is in its certificate. */
static void over_tls_who_is_sent_on_to_has_the_same_name(void **state)
{
    static const char *const names[] = {"DNS:secure.test", "DNS:other.test"};
    struct authority authority;
    struct leaf leaves[2];
    char ca_file[64];
    (void)state;

    make_authority(&authority, "an authority");
    make_leaf(&leaves[0], &authority, names[0], -1, 1);
    make_leaf(&leaves[1], &authority, names[1], -1, 1);
    write_ca(&authority, ca_file);
    for (int is_other = 0; is_other < 2; is_other++) {
        struct auger_net_config net = net_of_loopback();
        const struct auger_net_turn_server config = {.uri = "turns:secure.test",
                                                     .username = "ann",
                                                     .password = "secret",
                                                     .ca_file = ca_file};
        struct world world;
        begin_world(&world);
        struct auger_addr last = serve_tls(&world, &leaves[is_other], NULL);
        struct auger_addr first = serve_tls(&world, &leaves[0], &last);
        add_row("_turns._tcp.secure.test", 0, first.port);
        net.turn_servers = &config;
        net.turn_servers_len = 1;
        ask(&world, &net);
        while (is_other ? world.troubles == 0 : world.relays == 0)
            turn_once(&world);
        if (is_other)
            assert_non_null(strstr(world.trouble, "is for other.test, not secure.test"));
        else
            assert_string_equal(world.relay_protocol, "tls");
        end_world(&world);
    }
    unlink(ca_file);
    free_authority(&authority);
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

static int prepare(void **state)
{
    zone_hosts = hosts;
    zone_hosts_len = ARRAY_LEN(hosts);
    zone_rows = rows;
    return zone_open(state);
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
        cmocka_unit_test(dead_servers_do_not_hold_up_the_relay_of_another),
        cmocka_unit_test(a_server_over_tcp_sends_on_to_another),
        cmocka_unit_test(servers_over_tcp_that_send_on_to_each_other_end),
        cmocka_unit_test(over_tls_who_is_sent_on_to_has_the_same_name),
        cmocka_unit_test(a_stuns_server_is_asked_over_dtls),
        cmocka_unit_test(a_stuns_server_of_another_name_is_not_believed),
        cmocka_unit_test(a_stuns_uri_with_an_address_is_refused),
    };

    return cmocka_run_group_tests(tests, prepare, zone_close);
}
