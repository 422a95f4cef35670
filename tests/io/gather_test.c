/* What a peer of a loop gathers: which sockets it gets, and what STUN servers add. */
#include "tests/io/stun_server.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

/* What one gathering brought. */
struct gathered {
    struct auger_cand cands[16];
    size_t len;
    size_t troubles;
    char trouble[320];
};

static void take_candidate(struct gathered *gathered, const char *line)
{
    assert_true(gathered->len < ARRAY_LEN(gathered->cands));
    assert_int_equal(auger_cand_parse(&gathered->cands[gathered->len++], line, strlen(line)), 0);
}

/* Turns the loop until that peer has gathered; `server` may be NULL. */
static void gather(struct gathered *gathered, struct auger_loop *loop, struct auger_peer *peer,
                   struct stun_server *server)
{
    struct auger_loop_event event;

    *gathered = (struct gathered){0};
    while (auger_loop_next(loop, &event)) {
        if (server && server_take(server, &event))
            continue;
        if (event.type == AUGER_LOOP_EVENT_TROUBLE) {
            gathered->troubles++;
            snprintf(gathered->trouble, sizeof(gathered->trouble), "%s", event.what);
        }
        if (event.type != AUGER_LOOP_EVENT_PEER || event.peer != peer)
            continue;
        if (event.event.type == AUGER_PEER_EVENT_CANDIDATE)
            take_candidate(gathered, event.event.candidate);
        if (event.event.type == AUGER_PEER_EVENT_GATHERED)
            return;
    }
    fail_msg("the loop stopped");
}

static struct auger_loop *new_loop(void)
{
    struct auger_loop *loop;

    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    return loop;
}

static struct auger_peer *new_peer_with(struct auger_loop *loop, const struct auger_net_config *net)
{
    struct auger_peer *peer;

    assert_int_equal(auger_loop_peer_new(loop, NULL, net, &peer), 0);
    return peer;
}

static const struct auger_cand *find_type(const struct gathered *gathered,
                                          enum auger_cand_type type)
{
    for (size_t i = 0; i < gathered->len; i++)
        if (gathered->cands[i].type == type)
            return &gathered->cands[i];
    return NULL;
}

/* --- sockets ---------------------------------------------------------------------------- */

static void bound_to_one_address_there_is_one_candidate_and_it_is_that(void **state)
{
    struct auger_loop *loop = new_loop();
    struct gathered gathered;

    (void)state;
    gather(&gathered, loop, new_peer(loop), NULL);
    assert_int_equal(gathered.len, 1);
    assert_int_equal(gathered.cands[0].type, AUGER_CAND_HOST);
    assert_true(auger_addr_ip_equal(&gathered.cands[0].addr, loopback()));
    assert_int_not_equal(gathered.cands[0].addr.port, 0);
    auger_loop_free(loop);
}

static void an_address_that_is_not_of_this_machine_is_an_error(void **state)
{
    struct auger_net_config net = net_of_loopback();
    const struct auger_addr foreign = addr_of("192.0.2.1:0");
    struct auger_loop *loop = new_loop();
    struct auger_peer *peer = NULL;

    (void)state;
    net.bind = &foreign;
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), AUGER_ERR_SYSTEM);
    assert_int_equal(errno, EADDRNOTAVAIL);
    assert_null(peer);
    auger_loop_free(loop);
}

static void loopback_is_used_only_by_who_asks_for_it(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_loop *loop = new_loop();
    struct auger_peer *peer = NULL;

    (void)state;
    net.loopback = false;
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), AUGER_ERR_INVALID);
    assert_null(peer);
    auger_loop_free(loop);
}

/* A port of 127.0.0.1 that is free, with `len` - 1 free ones after it; all are bound for a moment
 * to know it.  Tests that run at the same time begin at another. */
static uint16_t find_free_ports(size_t len)
{
    struct auger_udp held[8];

    for (unsigned first = 20000 + (unsigned)getpid() % 1500 * 8; first + len < 65535;
         first += (unsigned)len) {
        size_t bound = 0;
        for (; bound < len; bound++) {
            struct auger_addr at = *loopback();
            at.port = (uint16_t)(first + bound);
            if (auger_udp_open(&held[bound], &at, 4096) < 0)
                break;
        }
        for (size_t i = 0; i < bound; i++)
            auger_udp_close(&held[i]);
        if (bound == len)
            return (uint16_t)first;
    }
    fail_msg("no free ports");
    return 0;
}

static void ports_are_taken_from_the_range_until_it_is_exhausted(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_loop *loop = new_loop();
    struct auger_peer *peers[3], *none = NULL;

    (void)state;
    net.port_min = find_free_ports(ARRAY_LEN(peers));
    net.port_max = (uint16_t)(net.port_min + ARRAY_LEN(peers) - 1);
    for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
        struct gathered gathered;
        peers[i] = new_peer_with(loop, &net);
        gather(&gathered, loop, peers[i], NULL);
        assert_int_equal(gathered.cands[0].addr.port, net.port_min + i);
    }
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &none), AUGER_ERR_SYSTEM);
    assert_int_equal(errno, EADDRINUSE);
    assert_null(none);

    auger_loop_peer_free(loop, peers[1]);
    struct gathered gathered;
    gather(&gathered, loop, new_peer_with(loop, &net), NULL);
    assert_int_equal(gathered.cands[0].addr.port, net.port_min + 1);
    auger_loop_free(loop);
}

static void a_range_that_is_none_is_an_error(void **state)
{
    static const uint16_t rows[][2] = {{2, 1}, {5000, 0}, {0, 5000}};
    struct auger_net_config net = net_of_loopback();
    struct auger_loop *loop = new_loop();
    struct auger_peer *peer = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        net.port_min = rows[i][0];
        net.port_max = rows[i][1];
        assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), AUGER_ERR_INVALID);
    }
    assert_null(peer);
    auger_loop_free(loop);
}

static void without_descriptors_a_peer_is_an_error_and_the_loop_goes_on(void **state)
{
    const struct auger_net_config net = net_of_loopback();
    struct auger_loop *loop = new_loop();
    struct auger_peer *peer = NULL;
    struct gathered gathered;
    struct rlimit limit, none = {0};

    (void)state;
    auger_loop_peer_free(loop, new_peer(loop)); /* what is opened once is open */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none.rlim_max = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int err = auger_loop_peer_new(loop, NULL, &net, &peer);
    int why = errno;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(err, AUGER_ERR_SYSTEM);
    assert_int_equal(why, EMFILE);
    gather(&gathered, loop, new_peer(loop), NULL);
    assert_int_equal(gathered.len, 1);
    auger_loop_free(loop);
}

static void families_of_relays_that_are_none_are_an_error(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_loop *loop = new_loop();
    struct auger_peer *peer = NULL;

    (void)state;
    net.relay_families = 0;
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), AUGER_ERR_INVALID);
    net.relay_families = AUGER_TURN_BOTH + 1;
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), AUGER_ERR_INVALID);
    auger_loop_free(loop);
}

/* An application that was built against an earlier header passes a shorter structure. */
static void a_shorter_configuration_has_defaults_for_the_rest(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_loop *loop = new_loop();
    struct auger_peer *peer = NULL;

    (void)state;
    net.port_min = 2; /* wrong, and beyond what is passed */
    net.port_max = 1;
    assert_int_equal(auger_loop_peer_new_sized(loop, NULL, sizeof(struct auger_peer_config), &net,
                                               offsetof(struct auger_net_config, port_min), &peer),
                     0);
    auger_loop_free(loop);
}

/* --- STUN servers ---------------------------------------------------------------------------- */

static void the_loops_own_server_shows_no_nat_on_this_machine(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_addr at = *loopback();
    struct auger_loop *loop = new_loop();
    struct gathered gathered;
    char uri[64];
    const char *const uris[] = {uri};

    (void)state;
    assert_int_equal(auger_loop_serve_stun(loop, &at), 0);
    assert_int_not_equal(at.port, 0);
    snprintf(uri, sizeof(uri), "stun:127.0.0.1:%u", at.port);
    net.stun_servers = uris;
    net.stun_servers_len = 1;
    gather(&gathered, loop, new_peer_with(loop, &net), NULL);
    assert_int_equal(gathered.len, 1);
    assert_int_equal(gathered.cands[0].type, AUGER_CAND_HOST);
    assert_int_equal(gathered.troubles, 0);
    auger_loop_free(loop);
}

static void the_loops_server_says_whence_a_request_came(void **state)
{
    struct auger_loop *loop = new_loop();
    struct auger_addr at = *loopback(), from = *loopback(), mapped;
    const struct auger_stun_tid id = {.bytes = "twelve bytes"};
    struct auger_stun_builder b;
    struct auger_udp_batch batch;
    struct auger_loop_event event;
    struct auger_stun_msg msg;
    struct auger_udp client;
    uint8_t request[64];

    (void)state;
    assert_int_equal(auger_loop_serve_stun(loop, &at), 0);
    assert_int_equal(auger_udp_open(&client, &from, 65536), 0);
    auger_stun_build_begin(&b, request, sizeof(request), AUGER_STUN_REQUEST, AUGER_STUN_BINDING,
                           &id);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    assert_int_equal(auger_udp_send(&client, &at, (const uint8_t *)"no STUN", 7), AUGER_UDP_SENT);
    assert_int_equal(auger_udp_send(&client, &at, request, (size_t)len), AUGER_UDP_SENT);
    assert_false(auger_loop_poll(loop, &event));
    assert_int_equal(auger_udp_receive(&client, &batch), 1);
    assert_int_equal(auger_stun_msg_parse(&msg, batch.bufs[0], batch.lens[0]), 0);
    assert_true(auger_stun_msg_addr(&msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped));
    assert_true(auger_addr_equal(&mapped, &client.addr));
    auger_udp_close(&client);
    auger_loop_free(loop);
}

static void of_stun_listeners_there_are_eight(void **state)
{
    struct auger_loop *loop = new_loop();
    struct auger_addr at;

    (void)state;
    for (int i = 0; i < 8; i++) {
        at = *loopback();
        assert_int_equal(auger_loop_serve_stun(loop, &at), 0);
    }
    struct auger_addr more = *loopback();
    assert_int_equal(auger_loop_serve_stun(loop, &more), AUGER_ERR_LIMIT);
    assert_int_equal(more.port, 0);
    auger_loop_free(loop);

    loop = new_loop();
    struct auger_udp taken;
    at = *loopback();
    assert_int_equal(auger_udp_open(&taken, &at, 4096), 0);
    assert_int_equal(auger_loop_serve_stun(loop, &at), AUGER_ERR_SYSTEM);
    auger_udp_close(&taken);
    auger_loop_free(loop);
}

static void a_server_that_sees_another_address_adds_a_reflexive_candidate(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_loop *loop = new_loop();
    struct stun_server server;
    struct gathered gathered;

    (void)state;
    server_open(&server, loop, "198.51.100.7:4567");
    const char *const uris[] = {server.uri};
    net.stun_servers = uris;
    net.stun_servers_len = 1;
    gather(&gathered, loop, new_peer_with(loop, &net), &server);

    const struct auger_cand *host = find_type(&gathered, AUGER_CAND_HOST);
    const struct auger_cand *srflx = find_type(&gathered, AUGER_CAND_SRFLX);
    assert_int_equal(gathered.len, 2);
    assert_non_null(host);
    assert_non_null(srflx);
    assert_true(auger_addr_equal(&srflx->addr, &server.mapped));
    assert_true(auger_addr_equal(&srflx->related, &host->addr));
    assert_true(server.asked > 0);
    server_close(&server);
    auger_loop_free(loop);
}

static void of_stun_servers_there_are_four(void **state)
{
    static const char *const uris[] = {"stun:127.0.0.1:1", "stun:127.0.0.1:2", "stun:127.0.0.1:3",
                                       "stun:127.0.0.1:4", "stun:127.0.0.1:5"};
    struct auger_net_config net = net_of_loopback();
    struct auger_loop *loop = new_loop();
    struct auger_peer *peer = NULL;

    (void)state;
    net.stun_servers = uris;
    net.stun_servers_len = 5;
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), AUGER_ERR_LIMIT);
    assert_null(peer);
    net.stun_servers_len = 4;
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), 0);
    auger_loop_free(loop);
}

static void what_is_no_uri_is_told_and_the_others_are_asked(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_loop *loop = new_loop();
    struct stun_server server;
    struct gathered gathered;

    (void)state;
    server_open(&server, loop, "198.51.100.7:4567");
    const char *const uris[] = {"turn:127.0.0.1", server.uri};
    net.stun_servers = uris;
    net.stun_servers_len = 2;
    gather(&gathered, loop, new_peer_with(loop, &net), &server);
    assert_int_equal(gathered.troubles, 1);
    assert_non_null(strstr(gathered.trouble, "turn:127.0.0.1"));
    assert_non_null(find_type(&gathered, AUGER_CAND_SRFLX));
    server_close(&server);
    auger_loop_free(loop);
}

/* --- a port where nobody is --------------------------------------------------------------------
 */

static uint16_t deserted_port(void)
{
    return find_free_ports(1);
}

static void a_port_unreachable_among_the_candidates_and_servers_disturbs_nothing(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_loop *loop = new_loop();
    struct ends ends = {.loop = loop};
    char line[100], uri[64];
    const char *const uris[] = {uri};

    (void)state;
    snprintf(uri, sizeof(uri), "stun:127.0.0.1:%u", deserted_port());
    net.stun_servers = uris;
    net.stun_servers_len = 1;
    ends.peers[ALICE] = new_peer_with(loop, &net);
    ends.peers[BOB] = new_peer(loop);
    introduce(&ends);
    snprintf(line, sizeof(line), "candidate:9 1 udp 2130706431 127.0.0.1 %u typ host",
             deserted_port());
    for (int side = ALICE; side <= BOB; side++)
        assert_int_equal(
            auger_peer_add_remote_candidate(ends.peers[side], now_of(&ends), line, strlen(line)),
            0);
    until_open(&ends);
    send_text(&ends, ALICE, "on");
    while (ends.messages[BOB] == 0)
        step(&ends);
    end(&ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bound_to_one_address_there_is_one_candidate_and_it_is_that),
        cmocka_unit_test(an_address_that_is_not_of_this_machine_is_an_error),
        cmocka_unit_test(loopback_is_used_only_by_who_asks_for_it),
        cmocka_unit_test(ports_are_taken_from_the_range_until_it_is_exhausted),
        cmocka_unit_test(a_range_that_is_none_is_an_error),
        cmocka_unit_test(without_descriptors_a_peer_is_an_error_and_the_loop_goes_on),
        cmocka_unit_test(families_of_relays_that_are_none_are_an_error),
        cmocka_unit_test(a_shorter_configuration_has_defaults_for_the_rest),
        cmocka_unit_test(the_loops_own_server_shows_no_nat_on_this_machine),
        cmocka_unit_test(the_loops_server_says_whence_a_request_came),
        cmocka_unit_test(of_stun_listeners_there_are_eight),
        cmocka_unit_test(a_server_that_sees_another_address_adds_a_reflexive_candidate),
        cmocka_unit_test(of_stun_servers_there_are_four),
        cmocka_unit_test(what_is_no_uri_is_told_and_the_others_are_asked),
        cmocka_unit_test(a_port_unreachable_among_the_candidates_and_servers_disturbs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
