/* A session over TCP is recorded and replayed to the same trace: its candidates, streams that come
 * and streams that are lost. */
#include <auger/record.h>
#include <auger/trace.h>

#include <auger/ice.h>

static struct auger_recorder *recorder;

/* The agent of puppet.h is recorded. */
#define RECORDED(verb, ...) auger_record_##verb(recorder, __VA_ARGS__)
#define auger_ice_new_sized new_recorded
#define auger_ice_free(ice) auger_record_free(recorder, ice)
#define auger_ice_add_local_addr(...) RECORDED(add_local_addr, __VA_ARGS__)
#define auger_ice_set_remote_credentials(...) RECORDED(set_remote_credentials, __VA_ARGS__)
#define auger_ice_add_remote_cand(...) RECORDED(add_remote_cand, __VA_ARGS__)
#define auger_ice_handle_datagram(...) RECORDED(handle_datagram, __VA_ARGS__)
#define auger_ice_handle_timeout(...) RECORDED(handle_timeout, __VA_ARGS__)
#define auger_ice_poll_transmit(...) RECORDED(poll_transmit, __VA_ARGS__)
#define auger_ice_poll_event(...) RECORDED(poll_event, __VA_ARGS__)
#define auger_ice_write_data(...) RECORDED(write_data, __VA_ARGS__)
#define auger_ice_stream_lost(...) RECORDED(stream_lost, __VA_ARGS__)

static int new_recorded(struct auger_ice **out, const struct auger_env *env,
                        const struct auger_ice_config *config, size_t size);

#include "tests/ice/puppet.h"

#define BASE "tcp:192.0.2.1:5000"
#define ACTIVE_BASE "tcp:192.0.2.1:0"
#define PEER "tcp:192.0.2.2:6000"
#define CALLER "tcp:192.0.2.2:40000"
#define RECORDING_MAX (256 * 1024)
#define TRACE_MAX (256 * 1024)

struct text {
    char bytes[TRACE_MAX];
    size_t len;
};
static struct text said, said_again;
static struct auger_env outside;
static uint8_t recording[RECORDING_MAX];
static size_t recording_len;

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

static int outside_random(void *user, uint8_t *buf, size_t len)
{
    (void)user;
    static uint8_t next = 1;

    for (size_t i = 0; i < len; i++)
        buf[i] = next = (uint8_t)(next * 73 + 41);
    return 0;
}

static void write_down(void *user, const struct auger_trace_record *record)
{
    struct text *text = user;
    int len = auger_trace_format(text->bytes + text->len, sizeof(text->bytes) - text->len, record,
                                 1000 * AUGER_SEC);

    assert_true(len > 0);
    text->len += (size_t)len;
}

static int new_recorded(struct auger_ice **out, const struct auger_env *env,
                        const struct auger_ice_config *config, size_t size)
{
    (void)env;
    return auger_record_new_sized(recorder, out, &outside, config, size);
}

/* --- a session ------------------------------------------------------------------------------ */

static void run(struct puppet *p, auger_time time)
{
    struct auger_ice_event event;
    struct sent sent;

    for (auger_time end = p->world->now + time; p->world->now < end;) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take_request(p, &sent))
            if (sent.path.remote.transport == AUGER_TCP)
                puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
        while (auger_ice_poll_event(p->ice, &event))
            ;
    }
}

static void lose_stream(struct puppet *p, const char *local, const char *remote)
{
    struct auger_path path = {addr_of(local), addr_of(remote)};
    auger_ice_stream_lost(p->ice, p->world->now, &path);
}

static void tell(struct puppet *p, const char *addr, enum auger_tcp_type tcptype, uint32_t priority)
{
    struct auger_cand cand = cand_of(addr, AUGER_CAND_HOST, priority);

    cand.tcptype = tcptype;
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
}

static void record_a_session(void)
{
    struct auger_ice_config config;
    struct auger_addr base = addr_of(BASE);

    auger_ice_config_init(&config);
    config.controlling = true;
    config.tcp = AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE | AUGER_ICE_TCP_SO;
    struct puppet *p = puppet_with(&config);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
    puppet_introduce(p);
    tell(p, "tcp:192.0.2.2:9", AUGER_TCP_TYPE_ACTIVE, 1500000002);
    tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000001);
    tell(p, "tcp:192.0.2.2:6001", AUGER_TCP_TYPE_SO, 1500000000);
    lose_stream(p, BASE, "tcp:192.0.2.2:6001"); /* it could not be opened */
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .from = CALLER, .to = BASE});
    run(p, 2 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    lose_stream(p, BASE, CALLER);
    for (int i = 0; i < 3; i++) { /* the last one for good */
        run(p, AUGER_SEC);
        assert_int_equal(puppet_pair(p, PEER).valid, i < 2);
        lose_stream(p, ACTIVE_BASE, PEER);
    }
    run(p, AUGER_SEC);
    puppet_free(p);
}

static void a_session_over_tcp_is_replayed_to_the_same_trace(void **state)
{
    (void)state;
    struct auger_recorder_config how;
    struct auger_replay_result result;

    outside = (struct auger_env){.user = &said,
                                 .random = outside_random,
                                 .alloc = outside_alloc,
                                 .release = outside_release,
                                 .trace = write_down};
    auger_recorder_config_init(&how);
    how.write = keep;
    assert_int_equal(auger_recorder_new(&recorder, &outside, &how), 0);
    record_a_session();
    auger_recorder_free(recorder);

    struct auger_env again = outside;
    again.user = &said_again;
    int err = auger_replay(recording, recording_len, &again, &result);
    if (err < 0)
        fail_msg("%s, at byte %zu", result.what, result.offset);
    assert_non_null(strstr(said.bytes, "stream_lost"));
    assert_int_equal(said_again.len, said.len);
    assert_memory_equal(said_again.bytes, said.bytes, said.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_over_tcp_is_replayed_to_the_same_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
