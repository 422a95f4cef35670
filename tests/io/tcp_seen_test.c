/* What STUN servers see of the ports at which a peer listens for TCP (RFC 6544 section 5.2). */
#include "io/loop_state.h"
#include "io/sockaddr.h"
#include "tests/io/ends.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTENS (AUGER_ICE_TCP_PASSIVE | AUGER_ICE_TCP_SO)
#define SEEN "198.51.100.7:4711"

/* A STUN server over TCP, in the loop under test. */
struct server {
    struct auger_loop *loop;
    int listener, client; /* -1: nobody has come */
    bool is_silent;
    struct auger_addr from;
    char uri[64];
};

struct stage {
    struct auger_loop *loop;
    struct auger_peer *peer;
    size_t reflexive[4]; /* told, by enum auger_tcp_type */
};

static void open_server(struct server *server, struct auger_loop *loop, bool listens)
{
    struct sockaddr_storage sa;
    socklen_t len = auger_sockaddr_from(&sa, loopback());
    struct auger_addr at;

    *server = (struct server){.loop = loop, .client = -1};
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&sa, len), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&sa, &len), 0);
    assert_true(auger_sockaddr_to((struct sockaddr *)&sa, &at));
    snprintf(server->uri, sizeof(server->uri), "stun:127.0.0.1:%u", at.port);
    if (!listens)
        return;
    assert_int_equal(listen(server->listener, 4), 0);
    assert_int_equal(auger_loop_watch_fd(loop, server->listener, server), 0);
}

static void close_server(struct server *server)
{
    close(server->listener);
    if (server->client >= 0)
        close(server->client);
}

static void accept_client(struct server *server)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof(sa);

    assert_int_equal(server->client, -1);
    server->client = accept(server->listener, (struct sockaddr *)&sa, &len);
    assert_true(server->client >= 0 && auger_sockaddr_to((struct sockaddr *)&sa, &server->from));
    assert_int_equal(auger_loop_watch_fd(server->loop, server->client, server), 0);
}

static void answer(struct server *server)
{
    const struct auger_addr seen = addr_of(SEEN);
    uint8_t request[200], reply[200];
    ssize_t len = recv(server->client, request, sizeof(request), 0);

    if (len <= 0 || server->is_silent)
        return;
    size_t reply_len = auger_stun_server_answer(&seen, request, (size_t)len, reply, sizeof(reply));
    assert_true(reply_len > 0);
    assert_int_equal(send(server->client, reply, reply_len, 0), (ssize_t)reply_len);
    assert_int_equal(auger_loop_watch_fd(server->loop, server->client, server), 0);
}

static void serve(struct server *server, int fd)
{
    if (fd == server->listener)
        accept_client(server);
    else
        answer(server);
}

static void note(struct stage *stage, const char *line)
{
    struct auger_cand cand;

    assert_int_equal(auger_cand_parse(&cand, line, strlen(line)), 0);
    if (cand.type != AUGER_CAND_SRFLX)
        return;
    struct auger_addr seen = addr_of(SEEN);
    seen.transport = AUGER_TCP;
    assert_true(auger_addr_equal(&cand.addr, &seen));
    stage->reflexive[cand.tcptype]++;
}

static void go_on(struct stage *stage)
{
    struct auger_loop_event event;

    assert_true(auger_loop_next(stage->loop, &event));
    if (event.type == AUGER_LOOP_EVENT_FD)
        serve(event.user, event.fd);
    if (event.type == AUGER_LOOP_EVENT_PEER && event.event.type == AUGER_PEER_EVENT_CANDIDATE)
        note(stage, event.event.candidate);
}

static void begin_stage(struct stage *stage)
{
    *stage = (struct stage){0};
    assert_int_equal(auger_loop_new(&stage->loop, NULL), 0);
}

static void ask(struct stage *stage, uint8_t types, enum auger_ice_policy policy,
                const char *const *uris, size_t len)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_peer_config config;

    net.no_udp = true;
    net.stun_servers = uris;
    net.stun_servers_len = len;
    auger_peer_config_init(&config);
    config.ice.tcp = types;
    config.ice.policy = policy;
    config.ice.pac_timeout = 100 * AUGER_MS;
    assert_int_equal(auger_loop_peer_new(stage->loop, &config, &net, &stage->peer), 0);
}

/* The connection leaves from the port that listens, else the NAT's mapping is another's. */
static void what_is_seen_is_a_candidate_of_each_type_that_listens(void **state)
{
    static const uint8_t types[] = {AUGER_ICE_TCP_SO, LISTENS};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        size_t wanted = types[i] == LISTENS ? 2 : 1;
        struct server server;
        struct stage stage;
        begin_stage(&stage);
        open_server(&server, stage.loop, true);
        ask(&stage, types[i], AUGER_ICE_POLICY_ALL, (const char *const[]){server.uri}, 1);
        while (stage.reflexive[AUGER_TCP_TYPE_PASSIVE] + stage.reflexive[AUGER_TCP_TYPE_SO] <
               wanted)
            go_on(&stage);
        assert_int_equal(stage.reflexive[AUGER_TCP_TYPE_PASSIVE],
                         (types[i] & AUGER_ICE_TCP_PASSIVE) != 0);
        assert_int_equal(server.from.port, stage.loop->slots[0]->sockets[0].udp.addr.port);
        auger_loop_free(stage.loop);
        close_server(&server);
    }
}

static void where_one_server_refuses_the_next_is_asked(void **state)
{
    struct server deaf, server;
    struct stage stage;

    (void)state;
    begin_stage(&stage);
    open_server(&deaf, stage.loop, false);
    open_server(&server, stage.loop, true);
    ask(&stage, LISTENS, AUGER_ICE_POLICY_ALL, (const char *const[]){deaf.uri, server.uri}, 2);
    while (stage.reflexive[AUGER_TCP_TYPE_SO] == 0)
        go_on(&stage);
    auger_loop_free(stage.loop);
    close_server(&deaf);
    close_server(&server);
}

/* Nothing but its time ends that: the connection stands. */
static void where_one_server_is_silent_the_next_is_asked(void **state)
{
    struct server silent, server;
    struct stage stage;

    (void)state;
    begin_stage(&stage);
    open_server(&silent, stage.loop, true);
    open_server(&server, stage.loop, true);
    ask(&stage, LISTENS, AUGER_ICE_POLICY_ALL, (const char *const[]){silent.uri, server.uri}, 2);
    silent.is_silent = true;
    while (silent.client < 0)
        go_on(&stage);
    struct auger_tcp_seen_base *base = stage.loop->slots[0]->seen.bases[0];
    assert_true(base->client && base->answer_by > auger_loop_now(stage.loop) + 30 * AUGER_SEC);
    base->answer_by = 0;
    while (stage.reflexive[AUGER_TCP_TYPE_SO] == 0)
        go_on(&stage);
    auger_loop_free(stage.loop);
    close_server(&silent);
    close_server(&server);
}

/* Who listens nowhere, or tells relays alone, has no use for it. */
static void nobody_is_asked_for_what_is_not_told(void **state)
{
    static const struct {
        uint8_t types;
        enum auger_ice_policy policy;
    } rows[] = {{AUGER_ICE_TCP_ACTIVE, AUGER_ICE_POLICY_ALL},
                {AUGER_ICE_TCP_PASSIVE, AUGER_ICE_POLICY_ALL},
                {LISTENS, AUGER_ICE_POLICY_RELAY}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct server server;
        struct stage stage;
        begin_stage(&stage);
        open_server(&server, stage.loop, true);
        ask(&stage, rows[i].types, rows[i].policy, (const char *const[]){server.uri}, 1);
        assert_int_equal(stage.loop->slots[0]->seen.servers_len, 0);
        auger_loop_free(stage.loop);
        assert_int_equal(server.client, -1);
        assert_int_equal(accept(server.listener, NULL, NULL), -1);
        close_server(&server);
    }
}

static void with_its_connection_the_candidate_goes(void **state)
{
    struct server server;
    struct stage stage;

    (void)state;
    begin_stage(&stage);
    open_server(&server, stage.loop, true);
    ask(&stage, LISTENS, AUGER_ICE_POLICY_ALL, (const char *const[]){server.uri}, 1);
    while (stage.reflexive[AUGER_TCP_TYPE_SO] == 0)
        go_on(&stage);
    struct auger_cand cands[16];
    size_t before = auger_ice_local_cands(auger_peer_ice(stage.peer), cands, 16);
    assert_int_equal(shutdown(server.client, SHUT_RDWR), 0);
    while (stage.loop->slots[0]->seen.bases[0]->external.family != AUGER_FAMILY_NONE)
        go_on(&stage);
    assert_int_equal(auger_ice_local_cands(auger_peer_ice(stage.peer), cands, 16), before - 2);
    auger_loop_free(stage.loop);
    close_server(&server);
}

/* --- what ends before there is a path ------------------------------------------------------- */

static void close_peer(struct stage *stage)
{
    auger_peer_close(stage->peer, auger_loop_now(stage->loop));
}

/* Its peer has no candidate and tells of none. */
static void let_ice_fail(struct stage *stage)
{
    auger_time now = auger_loop_now(stage->loop);
    struct auger_net_config net = net_of_loopback();
    struct auger_peer *other;
    char sdp[4000];

    assert_int_equal(auger_loop_peer_new(stage->loop, NULL, &net, &other), 0);
    assert_true(auger_peer_create_offer(other, now, sdp, sizeof(sdp)) > 0);
    auger_loop_peer_free(stage->loop, other);
    assert_int_equal(auger_peer_set_remote_description(stage->peer, now, AUGER_SDP_OFFER, sdp,
                                                       strlen(sdp), NULL),
                     0);
    assert_true(auger_peer_create_answer(stage->peer, now, sdp, sizeof(sdp)) > 0);
}

static bool is_open(int fd)
{
    uint8_t byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 0;
}

/* Without a path there is none to wait for, and no mapping to keep. */
static void who_is_over_asks_nobody_and_wakes_nobody(void **state)
{
    void (*const ways[])(struct stage *) = {close_peer, let_ice_fail};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct server server;
        struct stage stage;
        begin_stage(&stage);
        open_server(&server, stage.loop, true);
        ask(&stage, LISTENS, AUGER_ICE_POLICY_ALL, (const char *const[]){server.uri}, 1);
        while (stage.reflexive[AUGER_TCP_TYPE_SO] == 0)
            go_on(&stage);
        assert_true(is_open(server.client));
        ways[i](&stage);
        while (is_open(server.client))
            go_on(&stage);
        const struct auger_tcp_seen *seen = &stage.loop->slots[0]->seen;
        assert_int_equal(auger_tcp_seen_next_timeout(seen), AUGER_NEVER);
        auger_loop_free(stage.loop);
        close_server(&server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_seen_is_a_candidate_of_each_type_that_listens),
        cmocka_unit_test(where_one_server_refuses_the_next_is_asked),
        cmocka_unit_test(where_one_server_is_silent_the_next_is_asked),
        cmocka_unit_test(nobody_is_asked_for_what_is_not_told),
        cmocka_unit_test(with_its_connection_the_candidate_goes),
        cmocka_unit_test(who_is_over_asks_nobody_and_wakes_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
