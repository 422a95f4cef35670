/* A peer whose TURN server over DTLS was started anew, and is deaf to the port that it knew, as
 * coturn is: the way there is begun anew from another port, and nothing else of the peer changes.
 */
#define _GNU_SOURCE
#include "tests/io/ends.h"
#include "tests/tls/ca.h"

#include "io/udp.h"

#include <auger/crypto.h>
#include <auger/io_turn.h>

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAYS_MAX 8
#define LINES_MAX 32

static struct authority authority;
static struct leaf leaf;
static char ca_file[64];

/* From one port of a client to the server: as behind a NAT each has a port of its own there. */
struct way {
    struct auger_addr client;
    struct auger_udp there;
    bool is_shut;   /* either way nothing comes through */
    size_t dropped; /* of what the server said */
    /* Of the client's that did not come through: how many, the random bytes of the first, and how
     * many had the same (RFC 5246 section 7.4.1.2; RFC 6347 section 4.3.2). */
    size_t held, repeated;
    uint8_t random[32];
};
#define RANDOM_AT (13 + 12 + 2) /* behind the heads of record and message, and the version */

/* Stands before the server. */
struct gate {
    struct auger_udp front;
    struct auger_udp_batch batch;
    struct way ways[WAYS_MAX];
    size_t ways_len;
    bool admits_nobody; /* whom it does not know yet */
};

struct place {
    struct ends ends;
    struct gate gate;
    struct auger_turn_service *service;
    struct auger_addr server;
    size_t allocated, ended, troubles;
    /* Candidates of Alice, as they were told. */
    char lines[LINES_MAX][AUGER_CAND_LINE_MAX + 1];
    size_t lines_len, fds_before;
};

static size_t count_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* --- the server ------------------------------------------------------------------------------ */

static void serve(struct place *place)
{
    struct auger_turn_server_config server;
    struct auger_turn_service_config service;

    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&service);
    server.realm = "example.org";
    server.loopback_unlimited = true;
    service.tls_listen = loopback();
    service.tls_listen_len = 1;
    service.certificate_pem = pem_bytes(&leaf.certificate);
    service.key_pem = pem_bytes(&leaf.key);
    assert_int_equal(
        auger_loop_turn_new(place->ends.loop, &server, &service, &place->service, NULL), 0);
    assert_int_equal(
        auger_turn_server_add_user(auger_turn_service_server(place->service), "ann", "secret"), 0);
    assert_int_equal(auger_turn_service_addrs(place->service, &place->server, 1), 1);
}

static void restart_server(struct place *place)
{
    auger_loop_turn_free(place->ends.loop, place->service);
    serve(place);
}

/* --- the gate -------------------------------------------------------------------------------- */

static struct way *way_of(struct place *place, const struct auger_addr *client)
{
    struct gate *gate = &place->gate;
    struct auger_addr any = *loopback();

    for (size_t i = 0; i < gate->ways_len; i++)
        if (auger_addr_equal(&gate->ways[i].client, client))
            return &gate->ways[i];
    assert_true(gate->ways_len < WAYS_MAX);
    struct way *way = &gate->ways[gate->ways_len++];
    way->client = *client;
    way->is_shut = gate->admits_nobody;
    assert_int_equal(auger_udp_open(&way->there, &any, 65536), 0);
    assert_int_equal(auger_loop_watch_fd(place->ends.loop, way->there.fd, way), 0);
    return way;
}

static void hold(struct way *way, const uint8_t *buf, size_t len)
{
    if (way->held++ == 0 && len >= RANDOM_AT + sizeof(way->random))
        memcpy(way->random, buf + RANDOM_AT, sizeof(way->random));
    way->repeated += len >= RANDOM_AT + sizeof(way->random) &&
                     memcmp(way->random, buf + RANDOM_AT, sizeof(way->random)) == 0;
}

static void let_in(struct place *place)
{
    struct gate *gate = &place->gate;
    size_t len = auger_udp_receive(&gate->front, &gate->batch);

    for (size_t i = 0; i < len; i++) {
        struct way *way = way_of(place, &gate->batch.from[i]);
        if (way->is_shut)
            hold(way, gate->batch.bufs[i], gate->batch.lens[i]);
        else
            (void)auger_udp_send(&way->there, &place->server, gate->batch.bufs[i],
                                 gate->batch.lens[i]);
    }
    assert_int_equal(auger_loop_watch_fd(place->ends.loop, gate->front.fd, gate), 0);
}

static void let_out(struct place *place, struct way *way)
{
    struct gate *gate = &place->gate;
    size_t len = auger_udp_receive(&way->there, &gate->batch);

    way->dropped += way->is_shut ? len : 0;
    for (size_t i = 0; i < len && !way->is_shut; i++)
        (void)auger_udp_send(&gate->front, &way->client, gate->batch.bufs[i], gate->batch.lens[i]);
    assert_int_equal(auger_loop_watch_fd(place->ends.loop, way->there.fd, way), 0);
}

static void shut_all(struct gate *gate)
{
    for (size_t i = 0; i < gate->ways_len; i++)
        gate->ways[i].is_shut = true;
}

/* --- what happens ---------------------------------------------------------------------------- */

static void step_in(struct place *place)
{
    struct auger_loop_event event;

    assert_true(auger_loop_next(place->ends.loop, &event));
    if (event.type == AUGER_LOOP_EVENT_FD && event.user == &place->gate)
        let_in(place);
    else if (event.type == AUGER_LOOP_EVENT_FD)
        let_out(place, event.user);
    place->troubles += event.type == AUGER_LOOP_EVENT_TROUBLE;
    if (event.type == AUGER_LOOP_EVENT_TURN) {
        place->allocated += event.turn_event->type == AUGER_TURN_SERVICE_EVENT_ALLOCATED;
        place->ended += event.turn_event->type == AUGER_TURN_SERVICE_EVENT_ENDED;
    }
    if (take(&place->ends, &event) == ALICE && event.event.type == AUGER_PEER_EVENT_CANDIDATE) {
        assert_true(place->lines_len < LINES_MAX);
        snprintf(place->lines[place->lines_len++], AUGER_CAND_LINE_MAX + 1, "%s",
                 event.event.candidate);
    }
}

/* Of the candidates told from the `from`th on, how many are of that type; the latest in `out`. */
static size_t told(const struct place *place, size_t from, enum auger_cand_type type,
                   struct auger_cand *out)
{
    size_t count = 0;

    for (size_t i = from; i < place->lines_len; i++) {
        struct auger_cand cand;
        const char *line = place->lines[i];
        assert_int_equal(auger_cand_parse(&cand, line, strlen(line)), 0);
        if (cand.type != type)
            continue;
        *out = cand;
        count++;
    }
    return count;
}

static struct auger_peer *peer_with_server(struct place *place, uint16_t port)
{
    char uri[64];
    const struct auger_net_turn_server server = {
        .uri = uri, .username = "ann", .password = "secret", .ca_file = ca_file};
    struct auger_net_config net = net_of_loopback();
    struct auger_peer *peer;

    snprintf(uri, sizeof(uri), "turns:127.0.0.1:%u?transport=udp", place->gate.front.addr.port);
    net.turn_servers = &server;
    net.turn_servers_len = 1;
    net.port_min = net.port_max = port;
    assert_int_equal(auger_loop_peer_new(place->ends.loop, NULL, &net, &peer), 0);
    return peer;
}

/* Two that meet, and a server before which the gate is.  Alice's port, or 0: any. */
static void begin_place(struct place *place, uint16_t port, bool admits_nobody)
{
    struct auger_addr any = *loopback();

    memset(place, 0, sizeof(*place));
    assert_int_equal(auger_loop_new(&place->ends.loop, NULL), 0);
    place->fds_before = count_fds();
    place->gate.admits_nobody = admits_nobody;
    serve(place);
    assert_int_equal(auger_udp_open(&place->gate.front, &any, 65536), 0);
    assert_int_equal(auger_loop_watch_fd(place->ends.loop, place->gate.front.fd, &place->gate), 0);
    place->ends.peers[ALICE] = peer_with_server(place, port);
    place->ends.peers[BOB] = new_peer(place->ends.loop);
    introduce(&place->ends);
}

/* Both are connected, whatever way data goes; Alice has a relay. */
static void open_place(struct place *place, uint16_t port)
{
    struct auger_cand relay;

    begin_place(place, port, false);
    while (!place->ends.open[ALICE] || !place->ends.open[BOB] ||
           told(place, 0, AUGER_CAND_RELAY, &relay) == 0)
        step_in(place);
    assert_int_equal(place->gate.ways_len, 1);
}

/* A restart of ICE looks whether the relay still stands. */
static void renegotiate(struct place *place)
{
    static char sdp[AUGER_SDP_MAX + 1];
    struct auger_peer *alice = place->ends.peers[ALICE], *bob = place->ends.peers[BOB];
    auger_time now = now_of(&place->ends);

    assert_int_equal(auger_peer_restart(alice, now), 0);
    int len = auger_peer_create_offer(alice, now, sdp, sizeof(sdp));
    assert_true(len > 0);
    assert_int_equal(
        auger_peer_set_remote_description(bob, now, AUGER_SDP_OFFER, sdp, (size_t)len, NULL), 0);
    len = auger_peer_create_answer(bob, now, sdp, sizeof(sdp));
    assert_true(len > 0);
    assert_int_equal(
        auger_peer_set_remote_description(alice, now, AUGER_SDP_ANSWER, sdp, (size_t)len, NULL), 0);
}

/* All that the peers had is given back. */
static void close_place(struct place *place)
{
    for (int side = 0; side < 2; side++)
        auger_loop_peer_free(place->ends.loop, place->ends.peers[side]);
    auger_loop_turn_free(place->ends.loop, place->service);
    for (size_t i = 0; i < place->gate.ways_len; i++)
        auger_udp_close(&place->gate.ways[i].there);
    auger_udp_close(&place->gate.front);
    assert_int_equal(count_fds(), place->fds_before);
    auger_loop_free(place->ends.loop);
}

/* --- the tests ------------------------------------------------------------------------------- */

/* RFC 8445 section 5.1.1.2: a relay is related to where its server sees us. */
static void one_that_is_deaf_to_our_port_is_reached_from_another(void **state)
{
    static struct place place;
    struct auger_cand host, relay, again;

    (void)state;
    open_place(&place, 0);
    assert_int_equal(told(&place, 0, AUGER_CAND_HOST, &host), 1);
    assert_true(auger_addr_equal(&host.addr, &place.gate.ways[0].client));
    shut_all(&place.gate);
    restart_server(&place);
    assert_int_equal(told(&place, 0, AUGER_CAND_RELAY, &relay), 1);
    assert_true(auger_addr_equal(&relay.related, &place.gate.ways[0].there.addr));
    size_t before = place.lines_len;
    place.allocated = 0;
    renegotiate(&place);
    do
        step_in(&place);
    while (place.allocated == 0 || told(&place, before, AUGER_CAND_RELAY, &again) == 0 ||
           auger_addr_equal(&again.addr, &relay.addr));
    assert_int_equal(place.gate.ways_len, 2);
    assert_true(auger_addr_ip_equal(&place.gate.ways[1].client, &host.addr));
    assert_int_not_equal(place.gate.ways[1].client.port, host.addr.port);
    assert_true(auger_addr_equal(&again.related, &place.gate.ways[1].there.addr));
    assert_int_equal(told(&place, before, AUGER_CAND_HOST, &again), 1);
    assert_true(auger_addr_equal(&again.addr, &host.addr));
    close_place(&place);
}

/* Nobody was started anew: the way was shut, and opens again to every port at once. */
static void one_that_is_heard_again_keeps_what_it_gave(void **state)
{
    static struct place place;

    (void)state;
    open_place(&place, 0);
    shut_all(&place.gate);
    place.gate.admits_nobody = true;
    renegotiate(&place);
    while (place.gate.ways_len == 1)
        step_in(&place);
    size_t fds = count_fds();
    for (size_t i = 0; i < place.gate.ways_len; i++)
        place.gate.ways[i].is_shut = false;
    while (count_fds() == fds)
        step_in(&place);
    assert_int_equal(count_fds(), fds - 1); /* the second way is left */
    assert_int_equal(place.gate.ways_len, 2);
    assert_int_equal(place.allocated, 1);
    assert_int_equal(place.ended, 0);
    close_place(&place);
}

static uint16_t free_port(void)
{
    struct auger_addr addr = *loopback();
    struct auger_udp udp;

    assert_int_equal(auger_udp_open(&udp, &addr, 0), 0);
    auger_udp_close(&udp);
    return addr.port;
}

/* The range holds: no other is taken. */
static void without_another_port_it_is_begun_anew_from_the_same(void **state)
{
    static struct place place;

    (void)state;
    open_place(&place, free_port());
    place.gate.ways[0].is_shut = true;
    restart_server(&place);
    while (place.gate.ways[0].dropped == 0) /* the end of the association */
        step_in(&place);
    place.gate.ways[0].is_shut = false;
    place.allocated = 0;
    renegotiate(&place);
    while (place.allocated == 0)
        step_in(&place);
    assert_int_equal(place.gate.ways_len, 1);
    close_place(&place);
}

/* RFC 5246 section 7.2.1: one that says that it ends is not waited for. */
static void one_that_closes_is_asked_anew_at_once(void **state)
{
    static struct place place;

    (void)state;
    for (size_t ways = 1; ways <= 2; ways++) {
        open_place(&place, ways == 1 ? free_port() : 0);
        restart_server(&place);
        place.allocated = 0;
        while (place.allocated == 0)
            step_in(&place);
        assert_int_equal(place.gate.ways_len, ways);
        close_place(&place);
    }
}

/* One that answers and ends, again and again, makes us open no port after the other. */
static void one_that_closes_soon_again_is_let_alone(void **state)
{
    static struct place place;

    (void)state;
    open_place(&place, 0);
    restart_server(&place);
    place.allocated = 0;
    while (place.allocated == 0)
        step_in(&place);
    assert_int_equal(place.gate.ways_len, 2);
    restart_server(&place);
    size_t fds = count_fds(), troubles = place.troubles;
    while (place.troubles == troubles)
        step_in(&place);
    assert_int_equal(count_fds(), fds - 1); /* no third one in the place of the second */
    close_place(&place);
}

/* RFC 6347 section 4.2.4: a handshake repeats what it said.  One from the same port in its place
 * says nothing else, and would never be over. */
static void without_another_port_a_handshake_goes_on(void **state)
{
    static struct place place;

    (void)state;
    begin_place(&place, free_port(), true);
    while (place.gate.ways_len == 0 || place.gate.ways[0].held < 6) /* the last one after 6.2 s */
        step_in(&place);
    assert_int_equal(place.gate.ways[0].repeated, place.gate.ways[0].held);
    close_place(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_deaf_to_our_port_is_reached_from_another),
        cmocka_unit_test(one_that_is_heard_again_keeps_what_it_gave),
        cmocka_unit_test(without_another_port_it_is_begun_anew_from_the_same),
        cmocka_unit_test(one_that_closes_is_asked_anew_at_once),
        cmocka_unit_test(one_that_closes_soon_again_is_let_alone),
        cmocka_unit_test(without_another_port_a_handshake_goes_on),
    };

    make_authority(&authority, "Authority");
    make_leaf(&leaf, &authority, "IP:127.0.0.1", -1, 1);
    snprintf(ca_file, sizeof(ca_file), "/tmp/auger-sealed-path-XXXXXX");
    int fd = mkstemp(ca_file);
    if (fd < 0 || write(fd, authority.pem.text, authority.pem.len) != (ssize_t)authority.pem.len)
        return 1;
    close(fd);
    alarm(120); /* what never comes is not waited for */
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(ca_file);
    free_authority(&authority);
    return failed;
}
