/* What was recorded is replayed to the same trace, to the byte; what was changed is found out. */
#include <auger/record.h>
#include <auger/trace.h>

#include <auger/ice.h>

#include "record/ops.h"
#include "record/replay.h"

#include <stdlib.h>
#include <string.h>

#define RECORDING_MAX (256 * 1024)
#define TRACE_MAX (256 * 1024)

static struct auger_recorder *recorder;
static struct auger_ice *recorded; /* the first agent of a world */
static struct auger_ice *called;
static uint64_t bytes_max;

struct text {
    char bytes[TRACE_MAX];
    size_t len;
};
static struct text said, said_again;
static struct auger_env outside;
static uint8_t recording[RECORDING_MAX];
static size_t recording_len;

static struct auger_recorder *recorder_of(const struct auger_ice *ice)
{
    return recorder && ice == recorded ? recorder : NULL;
}

static int new_recorded(struct auger_ice **out, const struct auger_env *env,
                        const struct auger_ice_config *config, size_t size);
static void free_recorded(struct auger_ice *ice);

/* The agents of world.h are recorded. */
#define auger_ice_new_sized new_recorded
#define auger_ice_free free_recorded
#define RECORDED(verb, ice, ...)                                                                   \
    (called = (ice), auger_record_##verb(recorder_of(called), called, __VA_ARGS__))
#define auger_ice_remove_local_addr(ice, ...) RECORDED(remove_local_addr, ice, __VA_ARGS__)
#define auger_ice_add_mapped_addr(ice, ...) RECORDED(add_mapped_addr, ice, __VA_ARGS__)
#define auger_ice_remove_mapped_addr(ice, ...) RECORDED(remove_mapped_addr, ice, __VA_ARGS__)
#define auger_ice_set_nat64(ice, ...) RECORDED(set_nat64, ice, __VA_ARGS__)
#define auger_ice_add_local_addr(ice, ...) RECORDED(add_local_addr, ice, __VA_ARGS__)
#define auger_ice_add_stun_server(ice, ...) RECORDED(add_stun_server, ice, __VA_ARGS__)
#define auger_ice_end_of_local_addrs(ice, ...) RECORDED(end_of_local_addrs, ice, __VA_ARGS__)
#define auger_ice_restart(ice, ...) RECORDED(restart, ice, __VA_ARGS__)
#define auger_ice_withdraw_restart(ice, ...) RECORDED(withdraw_restart, ice, __VA_ARGS__)
#define auger_ice_set_remote_credentials(ice, ...)                                                 \
    RECORDED(set_remote_credentials, ice, __VA_ARGS__)
#define auger_ice_add_remote_cand(ice, ...) RECORDED(add_remote_cand, ice, __VA_ARGS__)
#define auger_ice_end_of_remote_cands(ice, ...) RECORDED(end_of_remote_cands, ice, __VA_ARGS__)
#define auger_ice_handle_datagram(ice, ...) RECORDED(handle_datagram, ice, __VA_ARGS__)
#define auger_ice_handle_timeout(ice, ...) RECORDED(handle_timeout, ice, __VA_ARGS__)
#define auger_ice_poll_transmit(ice, ...) RECORDED(poll_transmit, ice, __VA_ARGS__)
#define auger_ice_poll_event(ice, ...) RECORDED(poll_event, ice, __VA_ARGS__)
#define auger_ice_write_data(ice, ...) RECORDED(write_data, ice, __VA_ARGS__)
#include "tests/ice/world.h"
#undef auger_ice_new_sized
#undef auger_ice_free

/* --- recording ------------------------------------------------------------------------------ */

static void keep(void *user, const uint8_t *bytes, size_t len)
{
    (void)user;
    assert_true(recording_len + len <= sizeof(recording));
    memcpy(recording + recording_len, bytes, len);
    recording_len += len;
}

static void write_down(void *user, const struct auger_trace_record *record)
{
    struct text *text = user;
    int len = auger_trace_format(text->bytes + text->len, sizeof(text->bytes) - text->len, record,
                                 1000 * AUGER_SEC);

    assert_true(len > 0);
    text->len += (size_t)len;
}

static int outside_random(void *user, uint8_t *buf, size_t len)
{
    (void)user;
    static uint8_t next = 1;

    for (size_t i = 0; i < len; i++)
        buf[i] = next = (uint8_t)(next * 73 + 41);
    return 0;
}

static unsigned long blocks_taken, missing_block; /* counted from 1; 0: none is */

static void *outside_alloc(void *user, size_t size)
{
    (void)user;
    return ++blocks_taken == missing_block ? NULL : calloc(1, size);
}

static void outside_release(void *user, void *block)
{
    (void)user;
    free(block);
}

static int new_recorded(struct auger_ice **out, const struct auger_env *env,
                        const struct auger_ice_config *config, size_t size)
{
    struct auger_recorder_config how;
    struct auger_ice_config kept;

    if (recorder)
        return auger_ice_new_sized(out, env, config, size);
    outside = (struct auger_env){.user = &said,
                                 .random = outside_random,
                                 .alloc = outside_alloc,
                                 .release = outside_release,
                                 .trace = write_down};
    auger_recorder_config_init(&how);
    how.write = keep;
    if (bytes_max)
        how.bytes_max = bytes_max;
    assert_int_equal(auger_recorder_new(&recorder, &outside, &how), 0);
    auger_ice_config_init(&kept);
    if (config)
        memcpy(&kept, config, size < sizeof(kept) ? size : sizeof(kept));
    kept.keepalive = 3 * AUGER_SEC; /* what a default would not tell from one that is lost */
    int err = auger_record_new_sized(recorder, out, &outside, &kept, sizeof(kept));
    recorded = *out;
    return err;
}

static void free_recorded(struct auger_ice *ice)
{
    bool is_ours = recorder_of(ice) != NULL;

    auger_record_free(recorder_of(ice), ice);
    if (!is_ours)
        return;
    auger_recorder_free(recorder);
    recorder = NULL;
}

/* A session in which there is something of everything. */
static void record_a_session(void)
{
    said.len = recording_len = 0;
    struct world *world = world_of_two(20 * AUGER_MS);
    struct auger_ice *ice = world->sides[0].ice;
    struct auger_addr server = addr_of("198.51.100.1:3478"), base = addr_of("192.0.2.1:1003"),
                      mapped = addr_of("198.51.100.7:1003");
    const struct auger_nat64 nat64 = {.prefix = {0x00, 0x64, 0xFF, 0x9B}, .prefix_len = 96};

    world->server = server;
    assert_int_equal(auger_ice_add_stun_server(ice, world->now, &server), 0);
    assert_int_equal(auger_ice_add_local_addr(ice, world->now, &base), 0);
    assert_true(auger_ice_add_local_addr(ice, world->now, &base) < 0);
    auger_ice_end_of_local_addrs(ice, world->now);
    assert_int_equal(auger_ice_set_nat64(ice, world->now, &nat64), 0);
    assert_int_equal(auger_ice_add_mapped_addr(ice, world->now, &base, &mapped), 0);
    introduce(world);
    world_run(world, 10 * AUGER_SEC);
    assert_int_equal(auger_ice_remove_mapped_addr(ice, world->now, &base, &mapped), 0);
    assert_int_equal(auger_ice_remove_local_addr(ice, world->now, &base), 0);
    send_text(world, 0, "hello");
    send_text(world, 1, "hello");
    assert_int_equal(auger_ice_restart(ice, world->now), 0);
    assert_int_equal(auger_ice_withdraw_restart(ice, world->now), 0);
    assert_int_equal(auger_ice_restart(ice, world->now), 0);
    world_settle(world);
    tell_credentials(world, 1);
    tell_candidates(world, 1);
    tell_credentials(world, 0);
    tell_candidates(world, 0);
    auger_ice_end_of_remote_cands(ice, world->now);
    world_run(world, 20 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(ice), AUGER_ICE_CONNECTED);
    world_free(world);
}

static int replay(const uint8_t *bytes, size_t len, struct auger_replay_result *result)
{
    struct auger_env env = outside;

    said_again.len = 0;
    env.user = &said_again;
    return auger_replay(bytes, len, &env, result);
}

static void test_a_session_is_replayed_to_the_same_trace_to_the_byte(void **state)
{
    (void)state;
    struct auger_replay_result result;

    record_a_session();
    int err = replay(recording, recording_len, &result);
    if (err < 0)
        fail_msg("%s, at byte %zu", result.what, result.offset);
    assert_true(said.len > 1000);
    assert_int_equal(said_again.len, said.len);
    assert_memory_equal(said_again.bytes, said.bytes, said.len);
    assert_int_equal(result.first, 1000 * AUGER_SEC);
    assert_true(result.last >= 1025 * AUGER_SEC);
    assert_true(result.datagrams > 10 && result.calls > 100 && result.records > 20);
    assert_false(result.is_cut);
}

static void test_any_byte_that_changed_is_noticed(void **state)
{
    (void)state;
    struct auger_replay_result result;

    record_a_session();
    for (size_t i = 0; i < recording_len; i += 1 + i / 100) {
        recording[i] ^= 0x10;
        assert_true(replay(recording, recording_len, &result) < 0);
        assert_non_null(result.what);
        assert_true(result.offset <= i);
        recording[i] ^= 0x10;
    }
    assert_int_equal(replay(recording, recording_len, &result), 0);
}

static void test_a_recording_that_is_cut_off_is_noticed(void **state)
{
    (void)state;
    struct auger_replay_result result;

    record_a_session();
    assert_int_equal(replay(recording, 0, &result), AUGER_ERR_MALFORMED);
    assert_int_equal(replay(recording, 8, &result), AUGER_ERR_UNSUPPORTED);
    assert_int_equal(replay(recording, recording_len - 1, &result), AUGER_ERR_MALFORMED);
    assert_string_equal(result.what, "it is cut off, or a length in it has changed");
}

/* The stream of ops, without frames. */
static size_t unwrapped(uint8_t *ops)
{
    size_t len = 0;

    for (size_t at = AUGER_RECORD_MAGIC_LEN + 1; at < recording_len;) {
        size_t piece = (size_t)recording[at] << 8 | recording[at + 1];
        memcpy(ops + len, recording + at + 2, piece);
        len += piece;
        at += piece + AUGER_RECORD_FRAME_OVERHEAD;
    }
    return len;
}

/* Whole again, with other bytes in it: the agent does something else, and no byte harms. */
static void test_an_agent_that_does_something_else_is_noticed(void **state)
{
    (void)state;
    static uint8_t ops[RECORDING_MAX];
    struct auger_env env;
    unsigned parted = 0;

    record_a_session();
    size_t len = unwrapped(ops);
    env = outside;
    env.user = &said_again;
    for (size_t i = 0; i < len; i += 1 + i / 200) {
        struct auger_replay_result result = {0};
        said_again.len = 0;
        ops[i] ^= 0x01;
        parted += auger_replay_ops(ops, len, &env, &result) == AUGER_ERR_STATE;
        ops[i] ^= 0x01;
    }
    assert_true(parted > 100);
}

static void test_a_recording_ends_at_its_size_and_says_so(void **state)
{
    (void)state;
    struct auger_replay_result result;

    bytes_max = 83 * 1024;
    record_a_session();
    bytes_max = 0;
    assert_true(recording_len < 83 * 1024);
    assert_int_equal(replay(recording, recording_len, &result), 0);
    assert_true(result.is_cut);
    assert_true(said_again.len < said.len);
    assert_memory_equal(said_again.bytes, said.bytes, said_again.len);
}

/* That a block was missing is an input too. */
static void test_memory_that_ran_out_is_replayed(void **state)
{
    (void)state;
    struct auger_replay_result result;
    struct auger_addr base = addr_of("192.0.2.1:1003");
    struct auger_ice *ice = NULL;
    unsigned missing = 0;

    said.len = recording_len = 0;
    assert_int_equal(new_recorded(&ice, NULL, NULL, sizeof(struct auger_ice_config)), 0);
    assert_int_equal(auger_record_add_local_addr(recorder, ice, AUGER_SEC, &base), 0);
    for (int err = -1; err != 0; missing++) {
        missing_block = blocks_taken + missing + 1;
        err = auger_record_restart(recorder, ice, AUGER_SEC);
        missing_block = 0;
    }
    assert_true(missing > 2);
    free_recorded(ice);
    assert_int_equal(replay(recording, recording_len, &result), 0);
    assert_int_equal(said_again.len, said.len);
    assert_memory_equal(said_again.bytes, said.bytes, said.len);
}

static void test_larger_tables_than_ours_are_not_made(void **state)
{
    (void)state;
    struct auger_replay_result result = {0};
    const uint8_t ops[] = {AUGER_OP_NEW, 0, 0, 0, 0, 10, 10, 10, 0xFF, 0xFF, 0x7F, 1, 1, 1, 1, 0};

    record_a_session();
    assert_int_equal(auger_replay_ops(ops, sizeof(ops), &outside, &result), AUGER_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_is_replayed_to_the_same_trace_to_the_byte),
        cmocka_unit_test(test_any_byte_that_changed_is_noticed),
        cmocka_unit_test(test_a_recording_that_is_cut_off_is_noticed),
        cmocka_unit_test(test_an_agent_that_does_something_else_is_noticed),
        cmocka_unit_test(test_a_recording_ends_at_its_size_and_says_so),
        cmocka_unit_test(test_memory_that_ran_out_is_replayed),
        cmocka_unit_test(test_larger_tables_than_ours_are_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
