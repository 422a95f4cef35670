/* What goes through a relay is recorded and replayed like all else, but for application data. */
#include <auger/record.h>

#include <auger/ice.h>

static struct auger_recorder *recorder;

/* The agent of puppet.h is recorded. */
#define RECORDED(verb, ...) auger_record_##verb(recorder, __VA_ARGS__)
#define auger_ice_new_sized new_recorded
#define auger_ice_free(ice) auger_record_free(recorder, ice)
#define auger_ice_add_local_addr(...) RECORDED(add_local_addr, __VA_ARGS__)
#define auger_ice_end_of_local_addrs(...) RECORDED(end_of_local_addrs, __VA_ARGS__)
#define auger_ice_restart(...) RECORDED(restart, __VA_ARGS__)
#define auger_ice_set_remote_credentials(...) RECORDED(set_remote_credentials, __VA_ARGS__)
#define auger_ice_add_remote_cand(...) RECORDED(add_remote_cand, __VA_ARGS__)
#define auger_ice_handle_datagram(...) RECORDED(handle_datagram, __VA_ARGS__)
#define auger_ice_handle_timeout(...) RECORDED(handle_timeout, __VA_ARGS__)
#define auger_ice_poll_transmit(...) RECORDED(poll_transmit, __VA_ARGS__)
#define auger_ice_poll_event(...) RECORDED(poll_event, __VA_ARGS__)
#define auger_ice_write_data(...) RECORDED(write_data, __VA_ARGS__)
#define auger_ice_stream_lost(...) RECORDED(stream_lost, __VA_ARGS__)
#define auger_ice_path_moved(...) RECORDED(path_moved, __VA_ARGS__)
#define auger_ice_close(...) RECORDED(close, __VA_ARGS__)

static int new_recorded(struct auger_ice **out, const struct auger_env *env,
                        const struct auger_ice_config *config, size_t size)
{
    return auger_record_new_sized(recorder, out, env, config, size);
}

#include "tests/ice/turn_servers.h"

#include "tests/ice/puppet.h"

#define SERVER "198.51.100.53:3478"
#define STREAM "198.51.100.54:3478"
#define RELAYED "198.51.100.99:50000"
#define PEER "203.0.113.7:7000"
#define PAYLOAD "a payload that nobody else is to see"
#define RECORDING_MAX (1024 * 1024)

static uint8_t recording[RECORDING_MAX];
static size_t recording_len;
static unsigned records, records_again;

static void keep(void *user, const uint8_t *bytes, size_t len)
{
    (void)user;
    assert_true(recording_len + len <= sizeof(recording));
    memcpy(recording + recording_len, bytes, len);
    recording_len += len;
}

static void *outside_alloc(void *user, size_t size)
{
    (void)user;
    return calloc(1, size);
}

static void outside_release(void *user, void *block)
{
    (void)user;
    free(block);
}

static void count_record(void *user, const struct auger_trace_record *record)
{
    (void)record;
    ++*(unsigned *)user;
}

static void run(struct puppet *p, auger_time time)
{
    struct auger_ice_event event;
    struct sent sent;

    for (auger_time end = p->world->now + time; p->world->now < end;) {
        puppet_wait(p, 25 * AUGER_MS);
        while (puppet_take_request(p, &sent)) {
            char to[AUGER_ADDR_TEXT_MAX];
            auger_addr_format(&sent.path.local, to, sizeof(to));
            if (strcmp(to, RELAYED) == 0)
                puppet_answer(p, &sent, &(struct puppet_answer){.to = to});
        }
        while (auger_ice_poll_event(p->ice, &event))
            ;
    }
}

static void add_server(struct puppet *p, const char *addr, const char *relayed, bool is_stream)
{
    struct auger_ice_turn_server server;

    auger_ice_turn_server_init(&server);
    server.addr = addr_of(addr);
    server.addr.transport = is_stream ? AUGER_TCP : AUGER_UDP;
    server.username = "user";
    server.password = "secret";
    turn_add(addr, relayed)->addr.transport = server.addr.transport;
    assert_int_equal(auger_record_add_turn_server(recorder, p->ice, p->world->now, &server), 0);
}

static void talk(struct puppet *p)
{
    const uint8_t *payload = (const uint8_t *)PAYLOAD;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;

    assert_int_equal(
        turn_write_data(p->ice, p->world->now, payload, strlen(PAYLOAD), &path, buf, sizeof(buf)),
        strlen(PAYLOAD));
    struct auger_bytes data = puppet_deliver(p, PEER, RELAYED, payload, strlen(PAYLOAD));
    assert_int_equal(data.len, strlen(PAYLOAD));
}

static void record_a_session(void)
{
    struct puppet *p = puppet_new(true);
    struct auger_path stream = {p->base, addr_of(STREAM)};
    const struct auger_path moved = {p->base, addr_of(SERVER)};

    turn_reset();
    add_server(p, SERVER, RELAYED, false);
    add_server(p, STREAM, "198.51.100.99:51000", true);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    for (int i = 0; auger_ice_get_state(p->ice) != AUGER_ICE_CONNECTED && i < 100; i++)
        run(p, 25 * AUGER_MS);
    assert_int_equal(turn_servers[0].binds, 0);
    talk(p);
    run(p, AUGER_SEC);
    talk(p);
    assert_true(turn_servers[0].channel_sends > 0);
    stream.local.transport = stream.remote.transport = AUGER_TCP;
    stream.local.port = 0;
    auger_ice_stream_lost(p->ice, p->world->now, &stream);
    memset(turn_servers[1].allocations, 0, sizeof(turn_servers[1].allocations));
    run(p, AUGER_SEC);
    auger_ice_path_moved(p->ice, p->world->now, &moved);
    memset(turn_servers[0].allocations, 0, sizeof(turn_servers[0].allocations));
    run(p, AUGER_SEC);
    assert_int_equal(turn_servers[0].allocates, 2);
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    run(p, AUGER_SEC);
    auger_ice_close(p->ice, p->world->now);
    run(p, 2 * AUGER_SEC);
    puppet_free(p);
    turn_reset();
}

static bool recording_has(const char *text)
{
    for (size_t i = 0; i + strlen(text) <= recording_len; i++)
        if (memcmp(recording + i, text, strlen(text)) == 0)
            return true;
    return false;
}

static void a_relayed_session_is_replayed_and_its_data_not_kept(void **state)
{
    (void)state;
    struct auger_env outside = {
        .user = &records, .alloc = outside_alloc, .release = outside_release};
    struct auger_recorder_config how;
    struct auger_replay_result result;

    auger_recorder_config_init(&how);
    how.write = keep;
    assert_int_equal(auger_recorder_new(&recorder, &outside, &how), 0);
    record_a_session();
    auger_recorder_free(recorder);
    assert_true(recording_len > 1000);
    assert_false(recording_has(PAYLOAD));
    assert_true(recording_has("secret"));

    outside.user = &records_again;
    outside.trace = count_record;
    int err = auger_replay(recording, recording_len, &outside, &result);
    if (err < 0)
        fail_msg("%s, at byte %zu", result.what, result.offset);
    assert_true(result.datagrams > 10 && records_again > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relayed_session_is_replayed_and_its_data_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
