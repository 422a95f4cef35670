/* An agent with TURN servers whose memory runs out: from the first server to the close, with the
 * n-th block missing for every n.  Nothing is left behind, and a restart brings what was missing.
 */
#include "tests/memory/sweep.h"

#include <auger/ice.h>

static void handle_swept(struct auger_ice *ice, auger_time now, const struct auger_path *path,
                         const uint8_t *buf, size_t len, struct auger_bytes *data)
{
    SWEPT_VOID(auger_ice_handle_datagram(ice, now, path, buf, len, data));
}

static size_t poll_swept(struct auger_ice *ice, auger_time now, struct auger_path *path,
                         uint8_t *buf, size_t cap)
{
    return (size_t)SWEPT((long)auger_ice_poll_transmit(ice, now, path, buf, cap));
}

static int write_swept(struct auger_ice *ice, auger_time now, const uint8_t *data, size_t len,
                       struct auger_path *path, uint8_t *buf, size_t cap)
{
    return (int)SWEPT(auger_ice_write_data(ice, now, data, len, path, buf, cap));
}

/* What the servers say is built with memory that is there. */
#define auger_ice_handle_datagram handle_swept
#define auger_ice_poll_transmit poll_swept
#define auger_ice_write_data write_swept
#include "tests/ice/turn_servers.h"

#include "tests/ice/puppet.h"

#define SERVER "198.51.100.53:3478"
#define STREAM "198.51.100.54:3478"
#define RELAYED "198.51.100.99:50000"
#define PEER "203.0.113.7:7000"
#define BLOCKS_MAX 400

/* The first check by way of the relay is answered; returns how many candidates were told. */
static unsigned run(struct puppet *p, auger_time time)
{
    struct auger_addr relayed = addr_of(RELAYED);
    struct auger_ice_event event;
    unsigned relays = 0;
    struct sent sent;

    for (auger_time end = p->world->now + time; p->world->now < end;) {
        p->world->now += 25 * AUGER_MS;
        SWEPT_VOID(auger_ice_handle_timeout(p->ice, p->world->now));
        while (puppet_take_request(p, &sent))
            if (sent.path.local.family == relayed.family &&
                auger_addr_ip_equal(&sent.path.local, &relayed)) {
                char to[AUGER_ADDR_TEXT_MAX];
                auger_addr_format(&sent.path.local, to, sizeof(to));
                puppet_answer(p, &sent, &(struct puppet_answer){.to = to});
            }
        while (SWEPT(auger_ice_poll_event(p->ice, &event)))
            relays +=
                event.type == AUGER_ICE_EVENT_CANDIDATE && event.cand.type == AUGER_CAND_RELAY;
    }
    return relays;
}

static void add_swept(struct puppet *p, const char *addr, bool is_stream)
{
    struct auger_ice_turn_server server;

    auger_ice_turn_server_init(&server);
    server.addr = addr_of(addr);
    server.addr.transport = is_stream ? AUGER_TCP : AUGER_UDP;
    server.username = "user";
    server.password = "secret";
    size_t blocks = p->world->blocks;
    if ((int)SWEPT(auger_ice_add_turn_server(p->ice, p->world->now, &server)) == 0)
        return;
    assert_int_equal(p->world->blocks, blocks);
    assert_int_equal(auger_ice_add_turn_server(p->ice, p->world->now, &server), 0);
}

/* The server's end too. */
static void break_stream(struct puppet *p)
{
    struct auger_path path = {p->base, addr_of(STREAM)};

    path.local.transport = path.remote.transport = AUGER_TCP;
    path.local.port = 0;
    SWEPT_VOID(auger_ice_stream_lost(p->ice, p->world->now, &path));
    memset(turn_servers[1].allocations, 0, sizeof(turn_servers[1].allocations));
}

static void move(struct puppet *p)
{
    const struct auger_path path = {p->base, addr_of(SERVER)};

    SWEPT_VOID(auger_ice_path_moved(p->ice, p->world->now, &path));
    memset(turn_servers[0].allocations, 0, sizeof(turn_servers[0].allocations));
}

static void live(struct puppet *p)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;

    add_swept(p, SERVER, false);
    add_swept(p, STREAM, true);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    run(p, 2 * AUGER_SEC);
    (void)turn_write_data(p->ice, p->world->now, (const uint8_t *)"hello", 5, &path, buf,
                          sizeof(buf));
    break_stream(p);
    move(p);
    run(p, AUGER_SEC);
}

/* Whether a block was missing. */
static bool live_with_missing(unsigned long n)
{
    struct puppet *p = puppet_new(true);

    turn_reset();
    turn_add(SERVER, RELAYED);
    turn_add(STREAM, "198.51.100.99:51000")->addr.transport = AUGER_TCP;
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    sweep_begin(n);
    live(p);
    bool failed = sweep_end();
    break_stream(p);
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    unsigned relays = run(p, 2 * AUGER_SEC);
    if (relays != 2)
        fail_msg("%u relays at block %lu", relays, n);
    SWEPT_VOID(auger_ice_close(p->ice, p->world->now));
    run(p, 2 * AUGER_SEC);
    assert_true(turn_servers[0].releases > 0 && turn_servers[1].releases > 0);
    puppet_free(p);
    turn_reset();
    return failed;
}

static void a_session_with_relays_outlives_any_missing_block(void **state)
{
    (void)state;
    unsigned long n = 1;

    while (live_with_missing(n))
        assert_true(++n < BLOCKS_MAX);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_with_relays_outlives_any_missing_block),
    };
    return sweep_openssl() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
