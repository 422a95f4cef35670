/* ICE over TCP, on loopback: who opens and who accepts, what becomes of a stream, and of those who
 * connect and prove nothing. */
#include "ice/state.h"
#include "io/acceptor.h"
#include "io/clock.h"
#include "io/loop_state.h"
#include "io/sockaddr.h"
#include "tests/io/ends.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVERY_TYPE (AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE | AUGER_ICE_TCP_SO)

/* --- two peers ---------------------------------------------------------------------------------
 */

struct traits {
    uint8_t types;
    bool has_udp, has_reserve; /* pairs that are kept warm */
};

static struct auger_peer *new_tcp_peer(struct auger_loop *loop, const struct traits *traits)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_peer_config config;
    struct auger_peer *peer;

    net.no_udp = !traits->has_udp;
    auger_peer_config_init(&config);
    config.ice.tcp = traits->types;
    if (!traits->has_reserve)
        config.ice.standby_max = 0;
    config.ice.pacing = 5 * AUGER_MS;
    assert_int_equal(auger_loop_peer_new(loop, &config, &net, &peer), 0);
    return peer;
}

static void begin_with(struct ends *ends, const struct traits *alice, const struct traits *bob)
{
    struct auger_loop *loop;

    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    *ends = (struct ends){.loop = loop};
    ends->peers[ALICE] = new_tcp_peer(loop, alice);
    ends->peers[BOB] = new_tcp_peer(loop, bob);
    introduce(ends);
}

/* Without UDP, with candidates of these types. */
static void begin_tcp(struct ends *ends, uint8_t alice, uint8_t bob)
{
    begin_with(ends, &(struct traits){.types = alice}, &(struct traits){.types = bob});
}

static struct auger_slot *slot_of(const struct ends *ends, int side)
{
    return ends->loop->slots[side];
}

static struct auger_ice_pair_info selected_of(const struct ends *ends, int side)
{
    struct auger_ice_pair_info pairs[32];
    size_t len = auger_ice_pairs(auger_peer_ice(ends->peers[side]), pairs, ARRAY_LEN(pairs));

    for (size_t i = 0; i < len; i++)
        if (pairs[i].selected)
            return pairs[i];
    fail_msg("no pair is selected");
    return pairs[0];
}

static bool is_selected(const struct ends *ends, int side)
{
    struct auger_ice_pair_info pairs[32];
    size_t len = auger_ice_pairs(auger_peer_ice(ends->peers[side]), pairs, ARRAY_LEN(pairs));

    for (size_t i = 0; i < len; i++)
        if (pairs[i].selected)
            return true;
    return false;
}

/* Which makes no event. */
static void until_selected(struct ends *ends)
{
    struct pollfd readable = {.fd = auger_loop_fd(ends->loop), .events = POLLIN};
    struct auger_loop_event event;

    until_open(ends);
    while (!is_selected(ends, ALICE) || !is_selected(ends, BOB)) {
        if (auger_loop_poll(ends->loop, &event))
            take(ends, &event);
        else
            poll(&readable, 1, -1);
    }
}

/* Both ways, and more than one datagram holds. */
static void they_talk(struct ends *ends)
{
    static char large[20000];
    size_t before[2] = {ends->messages[ALICE], ends->messages[BOB]};

    memset(large, 'x', sizeof(large));
    for (int side = ALICE; side <= BOB; side++) {
        send_text(ends, side, "hello");
        assert_int_equal(auger_peer_send(ends->peers[side], now_of(ends), ends->channels[side],
                                         AUGER_MESSAGE_BINARY, large, sizeof(large)),
                         0);
    }
    while (ends->messages[ALICE] < before[ALICE] + 2 || ends->messages[BOB] < before[BOB] + 2)
        step(ends);
}

static size_t open_streams(const struct auger_slot *slot)
{
    size_t open = 0;

    for (size_t i = 0; i < slot->tcp.streams_len; i++)
        open += slot->tcp.streams[i]->stream.state == AUGER_STREAM_OPEN;
    return open;
}

static void one_opens_and_the_other_accepts(void **state)
{
    static const uint8_t types[][2] = {
        {AUGER_ICE_TCP_ACTIVE, AUGER_ICE_TCP_PASSIVE},
        {AUGER_ICE_TCP_PASSIVE, AUGER_ICE_TCP_ACTIVE},
        {AUGER_ICE_TCP_SO, AUGER_ICE_TCP_SO},
        {EVERY_TYPE, EVERY_TYPE},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct ends ends;
        begin_tcp(&ends, types[i][ALICE], types[i][BOB]);
        until_selected(&ends);
        they_talk(&ends);
        assert_int_equal(selected_of(&ends, ALICE).local.addr.transport, AUGER_TCP);
        assert_int_equal(selected_of(&ends, BOB).local.addr.transport, AUGER_TCP);
        assert_true(open_streams(slot_of(&ends, ALICE)) > 0);
        assert_int_equal(ends.loop->strangers.len, 0);
        end(&ends);
    }
}

static void udp_is_preferred_where_it_gets_through(void **state)
{
    const struct traits traits = {.types = EVERY_TYPE, .has_udp = true};
    struct ends ends;
    (void)state;

    begin_with(&ends, &traits, &traits);
    until_selected(&ends);
    they_talk(&ends);
    assert_int_equal(selected_of(&ends, ALICE).local.addr.transport, AUGER_UDP);
    end(&ends);
}

/* --- a stream that ends ------------------------------------------------------------------------
 */

static struct auger_stream *stream_of(const struct ends *ends, int side)
{
    const struct auger_slot *slot = slot_of(ends, side);

    for (size_t i = 0; i < slot->tcp.streams_len; i++)
        if (slot->tcp.streams[i]->stream.state == AUGER_STREAM_OPEN)
            return &slot->tcp.streams[i]->stream;
    fail_msg("no stream is open");
    return NULL;
}

/* That pair has failed, or its place was taken by another. */
static bool is_over(const struct ends *ends, int side, const struct auger_ice_pair_info *pair)
{
    struct auger_ice_pair_info pairs[32];
    size_t len = auger_ice_pairs(auger_peer_ice(ends->peers[side]), pairs, ARRAY_LEN(pairs));

    for (size_t i = 0; i < len; i++)
        if (auger_addr_equal(&pairs[i].remote.addr, &pair->remote.addr))
            return pairs[i].state == AUGER_PAIR_FAILED;
    return true;
}

/* The agent is told before it has anything to send there, as consent in some seconds. */
static void until_over(struct ends *ends, int side, const struct auger_ice_pair_info *pair)
{
    struct pollfd readable = {.fd = auger_loop_fd(ends->loop), .events = POLLIN};
    struct auger_loop_event event;

    for (int i = 0; i < 100 && !is_over(ends, side, pair); i++)
        if (auger_loop_poll(ends->loop, &event))
            take(ends, &event);
        else
            poll(&readable, 1, 10);
    assert_true(is_over(ends, side, pair));
}

static void a_session_outlives_its_stream(void **state)
{
    struct ends ends;
    (void)state;

    begin_tcp(&ends, AUGER_ICE_TCP_ACTIVE, AUGER_ICE_TCP_PASSIVE);
    until_selected(&ends);
    they_talk(&ends);
    const struct auger_ice_pair_info before = selected_of(&ends, BOB);
    struct auger_stream *stream = stream_of(&ends, ALICE);
    assert_int_equal(shutdown(stream->watch->udp.fd, SHUT_RDWR), 0);
    until_over(&ends, BOB, &before);
    they_talk(&ends);
    assert_int_equal(ends.states[ALICE], AUGER_PEER_CONNECTED);
    assert_int_equal(ends.states[BOB], AUGER_PEER_CONNECTED);
    end(&ends);
}

/* The others are kept for 3 s after a nomination, and looked at once a second. */
static void let_time_pass(struct ends *ends, int side)
{
    const struct auger_ice *ice = auger_peer_ice(ends->peers[side]);

    ice->current->nomination.selected_at -= 10 * AUGER_SEC;
    slot_of(ends, side)->tcp.look_at = now_of(ends);
}

/* By and by: one on which a check is out has a use yet. */
static void until_one_is_open(struct ends *ends, int side)
{
    struct pollfd readable = {.fd = auger_loop_fd(ends->loop), .events = POLLIN};
    struct auger_slot *slot = slot_of(ends, side);
    struct auger_loop_event event;

    let_time_pass(ends, side);
    for (int i = 0; i < 1000; i++) {
        slot->tcp.look_at = now_of(ends);
        auger_slot_handle_timeout(slot, now_of(ends));
        if (open_streams(slot) == 1)
            break;
        if (auger_loop_poll(ends->loop, &event))
            take(ends, &event);
        else
            poll(&readable, 1, 10);
    }
    assert_int_equal(open_streams(slot), 1);
}

/* 8: what was opened on the way to the pair in use is closed. */
static void streams_of_no_use_are_closed(void **state)
{
    struct ends ends;
    (void)state;

    begin_tcp(&ends, EVERY_TYPE, EVERY_TYPE);
    until_selected(&ends);
    they_talk(&ends);
    for (int side = ALICE; side <= BOB; side++) {
        until_one_is_open(&ends, side);
        assert_int_not_equal(slot_of(&ends, side)->tcp.look_at, AUGER_NEVER);
    }
    they_talk(&ends);
    for (int side = ALICE; side <= BOB; side++)
        assert_int_equal(open_streams(slot_of(&ends, side)), 1); /* nor opened again */
    end(&ends);
}

/* --- who connects and proves nothing -------------------------------------------------------------
 */

struct door {
    struct auger_loop *loop;
    struct auger_peer *peer;
    struct auger_slot *slot;
    struct auger_addr addr;
};

static void open_door(struct door *door)
{
    assert_int_equal(auger_loop_new(&door->loop, NULL), 0);
    door->peer = new_tcp_peer(door->loop, &(struct traits){.types = AUGER_ICE_TCP_PASSIVE});
    door->slot = door->loop->slots[0];
    assert_int_equal(door->slot->sockets_len, 1);
    door->addr = door->slot->sockets[0].udp.addr;
}

static void close_door(struct door *door)
{
    auger_loop_free(door->loop);
}

static void turn(struct door *door)
{
    struct auger_loop_event event;

    for (int i = 0; i < 8; i++)
        (void)auger_loop_poll(door->loop, &event);
}

static int knock_unheard(struct door *door)
{
    struct sockaddr_storage sa;
    socklen_t len = auger_sockaddr_from(&sa, &door->addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (const struct sockaddr *)&sa, len), 0);
    return fd;
}

static int knock(struct door *door)
{
    int fd = knock_unheard(door);

    turn(door);
    return fd;
}

/* Whether the other side has closed it. */
static bool is_shut(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    char byte;

    return poll(&readable, 1, 0) > 0 && recv(fd, &byte, 1, MSG_DONTWAIT) <= 0;
}

static void who_says_nothing_is_shut_out_in_time(void **state)
{
    struct door door;
    (void)state;

    open_door(&door);
    int fd = knock(&door);
    auger_time now = auger_clock_now();
    assert_int_equal(door.loop->strangers.len, 1);
    assert_in_range(auger_loop_deadline(door.loop), 0, now + AUGER_ICE_TCP_PROVE_TIME);
    auger_ice_tcp_end_strangers(&door.loop->strangers, now);
    assert_false(is_shut(fd));
    /* A frame that never ends, and one that proves nothing, buy no time. */
    assert_int_equal(write(fd, "\0\1x\1\0", 5), 5);
    turn(&door);
    auger_ice_tcp_end_strangers(&door.loop->strangers, now + AUGER_ICE_TCP_PROVE_TIME + 1);
    assert_true(is_shut(fd));
    assert_int_equal(door.loop->strangers.len, 0);
    close(fd);
    close_door(&door);
}

static void the_one_who_waited_longest_makes_room(void **state)
{
    int fds[AUGER_ICE_TCP_IP_STRANGERS_MAX + 1];
    struct door door;
    (void)state;

    open_door(&door);
    for (size_t i = 0; i < AUGER_ICE_TCP_IP_STRANGERS_MAX; i++)
        fds[i] = knock(&door);
    assert_int_equal(door.loop->strangers.len, AUGER_ICE_TCP_IP_STRANGERS_MAX);
    assert_false(is_shut(fds[0]));
    fds[AUGER_ICE_TCP_IP_STRANGERS_MAX] = knock(&door);
    assert_true(is_shut(fds[0]));
    assert_false(is_shut(fds[1]));
    assert_int_equal(door.loop->strangers.len, AUGER_ICE_TCP_IP_STRANGERS_MAX);
    assert_in_range(door.slot->tcp.streams_len, 1, AUGER_ICE_TCP_IP_STRANGERS_MAX + 1);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    turn(&door);
    assert_int_equal(door.loop->strangers.len, 0); /* who goes by himself is forgotten */
    close_door(&door);
}

static void a_frame_that_is_none_of_ours_shuts_it(void **state)
{
    struct door door;
    (void)state;

    open_door(&door);
    int fd = knock(&door);
    assert_int_equal(write(fd, "GET / HTTP/1.0\r\n", 16), 16);
    turn(&door);
    assert_true(is_shut(fd));
    assert_int_equal(door.loop->strangers.len, 0);
    close(fd);
    close_door(&door);
}

/* What cannot be taken waits, and costs no time. */
static void without_a_descriptor_nobody_is_taken_until_there_is_one(void **state)
{
    struct rlimit before, none;
    struct door door;
    (void)state;

    open_door(&door);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int fd = knock_unheard(&door);
    none = before;
    none.rlim_cur = (rlim_t)fd + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    turn(&door);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(door.loop->strangers.len, 0);
    assert_int_not_equal(door.slot->accept_at, AUGER_NEVER);
    turn(&door);
    assert_int_equal(door.loop->strangers.len, 0);

    auger_slot_handle_timeout(door.slot, door.slot->accept_at);
    assert_int_equal(door.slot->accept_at, AUGER_NEVER);
    turn(&door);
    assert_int_equal(door.loop->strangers.len, 1);
    close(fd);
    close_door(&door);
}

static void a_peer_that_ends_shuts_out_who_waits(void **state)
{
    struct door door;
    (void)state;

    open_door(&door);
    int fd = knock(&door);
    auger_loop_peer_free(door.loop, door.peer);
    assert_true(is_shut(fd));
    assert_int_equal(door.loop->strangers.len, 0);
    close(fd);
    close_door(&door);
}

/* --- which sockets there are ---------------------------------------------------------------------
 */

static bool listens(const struct auger_addr *addr)
{
    struct sockaddr_storage sa;
    socklen_t len = auger_sockaddr_from(&sa, addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = connect(fd, (const struct sockaddr *)&sa, len) == 0;

    close(fd);
    return connected;
}

static void it_listens_where_somebody_is_to_connect(void **state)
{
    static const struct {
        struct traits traits;
        size_t sockets;
        bool listens;
    } rows[] = {
        {{.types = 0, .has_udp = true}, 1, false},
        {{.types = AUGER_ICE_TCP_ACTIVE, .has_udp = true}, 2, false},
        {{.types = AUGER_ICE_TCP_PASSIVE, .has_udp = true}, 2, true},
        {{.types = AUGER_ICE_TCP_SO, .has_udp = false}, 1, true},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct auger_loop *loop;
        assert_int_equal(auger_loop_new(&loop, NULL), 0);
        (void)new_tcp_peer(loop, &rows[i].traits);
        const struct auger_slot *slot = loop->slots[0];
        const struct auger_addr *last = &slot->sockets[slot->sockets_len - 1].udp.addr;
        assert_int_equal(slot->sockets_len, rows[i].sockets);
        if (last->transport == AUGER_TCP)
            assert_int_equal(listens(last), rows[i].listens);
        assert_int_equal(slot->sockets[0].udp.addr.transport,
                         rows[i].traits.has_udp ? AUGER_UDP : AUGER_TCP);
        auger_loop_free(loop);
    }
}

static void without_udp_and_tcp_there_is_no_peer(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_loop_mux *mux;
    struct auger_peer *peer;
    struct auger_loop *loop;
    (void)state;

    net.no_udp = true;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), AUGER_ERR_INVALID);
    assert_int_equal(auger_loop_mux_new(loop, &net, &mux), AUGER_ERR_INVALID);
    auger_loop_free(loop);
}

static uint16_t free_port(void)
{
    struct auger_watch held;
    struct auger_addr addr = addr_of("127.0.0.1:0");

    assert_int_equal(auger_acceptor_open(&held, &addr, &(struct auger_acceptor_options){0}), 0);
    auger_udp_close(&held.udp);
    return addr.port;
}

static void ports_are_of_the_range(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_peer_config config;
    struct auger_peer *peer;
    struct auger_loop *loop;
    (void)state;

    auger_peer_config_init(&config);
    config.ice.tcp = AUGER_ICE_TCP_PASSIVE;
    net.no_udp = true;
    net.port_min = net.port_max = free_port();
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    assert_int_equal(auger_loop_peer_new(loop, &config, &net, &peer), 0);
    assert_int_equal(loop->slots[0]->sockets[0].udp.addr.port, net.port_min);
    assert_int_equal(auger_loop_peer_new(loop, &config, &net, &peer), AUGER_ERR_SYSTEM);
    auger_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_opens_and_the_other_accepts),
        cmocka_unit_test(udp_is_preferred_where_it_gets_through),
        cmocka_unit_test(a_session_outlives_its_stream),
        cmocka_unit_test(streams_of_no_use_are_closed),
        cmocka_unit_test(who_says_nothing_is_shut_out_in_time),
        cmocka_unit_test(the_one_who_waited_longest_makes_room),
        cmocka_unit_test(a_frame_that_is_none_of_ours_shuts_it),
        cmocka_unit_test(without_a_descriptor_nobody_is_taken_until_there_is_one),
        cmocka_unit_test(a_peer_that_ends_shuts_out_who_waits),
        cmocka_unit_test(it_listens_where_somebody_is_to_connect),
        cmocka_unit_test(without_udp_and_tcp_there_is_no_peer),
        cmocka_unit_test(ports_are_of_the_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
