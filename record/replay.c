/* record/replay.c - makes the agent of a recording again, calls it as it was called, and sees
 * that it does what it did.  A recording is anybody's file. */
#include "record/replay.h"

#include <auger/ice_explain.h>
#include <auger/ice_predict.h>
#include <auger/ice_share.h>
#include <auger/ice_stats.h>

#include "base/env.h"
#include "record/fields.h"
#include "record/ops.h"

#include <assert.h>

#define LIMIT_MAX 4096 /* of each table of the agent */
#define TEXT_MAX 1024

/* --- what the agent asks of the world -------------------------------------------------------- */

static bool is_next(struct auger_replay *r, enum auger_op op)
{
    if (r->in.failed || r->in.left == 0 || *r->in.at != op)
        return false;
    auger_read_u8(&r->in);
    return true;
}

static int give_random(void *user, uint8_t *buf, size_t len)
{
    struct auger_replay *r = user;
    struct auger_bytes given = {0};

    if (is_next(r, AUGER_OP_NO_RANDOM))
        return AUGER_ERR_ENTROPY;
    if (is_next(r, AUGER_OP_RANDOM))
        given = auger_field_blob(r, r->in.left);
    if (!given.data || given.len != len) {
        auger_replay_parts(r, "it asks for other random bytes");
        return AUGER_ERR_ENTROPY;
    }
    memcpy(buf, given.data, len);
    return 0;
}

static void *give_memory(void *user, size_t size)
{
    struct auger_replay *r = user;

    if (is_next(r, AUGER_OP_NO_MEMORY))
        return NULL;
    void *block = r->outside->alloc(r->outside->user, size);
    if (!block)
        auger_replay_fails(r, AUGER_ERR_NO_MEMORY, "out of memory");
    return block;
}

static void take_memory(void *user, void *block)
{
    struct auger_replay *r = user;

    r->outside->release(r->outside->user, block);
}

static void take_record(void *user, const struct auger_trace_record *record)
{
    struct auger_replay *r = user;

    r->digest = auger_digest_record(r->digest, record);
    r->result->records++;
    if (r->outside->trace)
        r->outside->trace(r->outside->user, record);
}

/* --- calls ----------------------------------------------------------------------------------- */

static void compare_trace(struct auger_replay *r)
{
    uint32_t traced = (uint32_t)(r->digest ^ r->digest >> 32);

    if (traced != r->traced && !is_next(r, AUGER_OP_TRACED))
        auger_replay_parts(r, "it decides something where it did not");
    else if (traced != r->traced && auger_read_u32(&r->in) != traced)
        auger_replay_parts(r, "it decides something else");
    else if (traced == r->traced && is_next(r, AUGER_OP_TRACED))
        auger_replay_parts(r, "it decides nothing where it did");
    r->traced = traced;
}

/* What a call returned and wrote is what it did then. */
static void compare(struct auger_replay *r, int64_t result, uint32_t digest)
{
    if (r->err != 0)
        return;
    if (result != 0 && (!is_next(r, AUGER_OP_RESULT) || auger_field_int(r) != result ||
                        auger_read_u32(&r->in) != digest))
        auger_replay_parts(r,
                           digest ? "it sends something else" : "a call comes to something else");
    if (result == 0 && is_next(r, AUGER_OP_RESULT))
        auger_replay_parts(r, "a call comes to nothing");
    compare_trace(r);
}

static uint16_t get_limit(struct auger_replay *r)
{
    uint64_t limit = auger_field_uint(r);

    if (limit > LIMIT_MAX)
        auger_replay_fails(r, AUGER_ERR_LIMIT, "an agent with larger tables than we make");
    return (uint16_t)limit;
}

static void get_prediction(struct auger_replay *r, struct auger_ice_config *config)
{
    config->predict_sockets =
        (uint16_t)auger_field_at_most(r, AUGER_ICE_PREDICT_SOCKETS_MAX, "too many");
    config->predict_port_min =
        (uint16_t)auger_field_at_most(r, UINT16_MAX, "a port that cannot be");
    config->predict_port_max =
        (uint16_t)auger_field_at_most(r, UINT16_MAX, "a port that cannot be");
}

static void get_config(struct auger_replay *r, struct auger_ice_config *config)
{
    uint8_t roles = auger_read_u8(&r->in);

    config->pacer = NULL; /* a recorded agent has its own */
    config->controlling = roles & 1;
    config->lite = roles & 2;
    config->renomination = roles & 4;
    config->standby_restarts = roles & 8;
    config->standby_max = roles >> 4;
    uint8_t nomination = auger_read_u8(&r->in);
    config->nominate_at_once = nomination & 1;
    config->relays_max = nomination >> 1;
    uint8_t loopback = auger_read_u8(&r->in);
    config->allow_loopback = loopback & 1;
    config->tcp = loopback >> 1;
    uint8_t link_local = auger_read_u8(&r->in);
    config->allow_link_local = link_local & 1;
    config->prediction = link_local & 2;
    config->predict_random = link_local & 4;
    config->predict_window = link_local & 8;
    bool has_keepalive = link_local & 16;
    config->pacing = auger_field_int(r);
    config->pac_timeout = auger_field_int(r);
    config->gather_timeout = auger_field_int(r);
    config->local_cands_max = get_limit(r);
    config->remote_cands_max = get_limit(r);
    config->prflx_cands_max = get_limit(r);
    config->pairs_max = get_limit(r);
    config->servers_max = get_limit(r);
    config->policy = (enum auger_ice_policy)auger_field_at_most(r, AUGER_ICE_POLICY_RELAY,
                                                                "a policy that we lack");
    config->mappings = r->mappings;
    config->mappings_len = auger_field_at_most(r, AUGER_ICE_MAPPINGS_MAX, "too many mappings");
    for (size_t i = 0; r->err == 0 && i < config->mappings_len; i++) {
        r->mappings[i].local = auger_field_addr(r);
        r->mappings[i].external = auger_field_addr(r);
    }
    config->mappings_replace_host = auger_field_bool(r);
    if (config->prediction)
        get_prediction(r, config);
    if (has_keepalive)
        config->keepalive = auger_field_int(r);
}
static void make(struct auger_replay *r)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    get_config(r, &config);
    if (r->ice)
        auger_replay_is_malformed(r, "a second agent");
    if (r->err == 0 && !r->in.failed)
        compare(r, auger_ice_new(&r->ice, &r->inside, &config), 0);
}

static void add_remote_cand(struct auger_replay *r, auger_time now)
{
    struct auger_cand cand = {0};

    cand.type = (enum auger_cand_type)auger_read_u8(&r->in);
    uint8_t how = auger_read_u8(&r->in);
    cand.hidden = how & 1;
    cand.tcptype = (enum auger_tcp_type)(how >> 1 & 0x3F);
    cand.mapped = how >> 7;
    cand.addr = auger_field_addr(r);
    cand.related = auger_field_addr(r);
    cand.priority = (uint32_t)auger_field_at_most(r, UINT32_MAX, "a priority that cannot be");
    auger_field_text(r, cand.foundation, sizeof(cand.foundation));
    auger_field_text(r, cand.ufrag, sizeof(cand.ufrag));
    if (cand.type > AUGER_CAND_RELAY || cand.tcptype > AUGER_TCP_TYPE_SO)
        auger_replay_is_malformed(r, "a candidate of no type");
    if (r->err == 0)
        compare(r, auger_ice_add_remote_cand(r->ice, now, &cand), 0);
}

static void set_remote_credentials(struct auger_replay *r, auger_time now)
{
    char ufrag[TEXT_MAX + 1], password[TEXT_MAX + 1];

    auger_field_text(r, ufrag, sizeof(ufrag));
    auger_field_text(r, password, sizeof(password));
    if (r->err == 0)
        compare(r, auger_ice_set_remote_credentials(r->ice, now, ufrag, password), 0);
}

/* NULL where there was none. */
static const char *get_secret(struct auger_replay *r, char *text, size_t cap)
{
    if (!auger_field_bool(r))
        return NULL;
    auger_field_text(r, text, cap);
    return text;
}

static void add_turn_server(struct auger_replay *r, auger_time now)
{
    struct auger_ice_turn_server server;
    char username[TEXT_MAX + 1], password[TEXT_MAX + 1];

    auger_ice_turn_server_init(&server);
    server.addr = auger_field_addr(r);
    server.families = (enum auger_turn_families)auger_read_u8(&r->in);
    uint8_t sealing = auger_read_u8(&r->in);
    server.over_tls = sealing & 1;
    server.seals_alternates = sealing & 2;
    server.username = get_secret(r, username, sizeof(username));
    server.password = get_secret(r, password, sizeof(password));
    if (server.families > AUGER_TURN_BOTH)
        auger_replay_is_malformed(r, "families that we lack");
    if (sealing > 3)
        auger_replay_is_malformed(r, "a way to be sealed that we lack");
    if (r->err == 0 && !r->in.failed)
        compare(r, auger_ice_add_turn_server(r->ice, now, &server), 0);
}

static void stream_lost(struct auger_replay *r, auger_time now)
{
    struct auger_path path = auger_field_path(r);

    if (r->err == 0)
        auger_ice_stream_lost(r->ice, now, &path);
    compare(r, 0, 0);
}

static void path_moved(struct auger_replay *r, auger_time now)
{
    struct auger_path path = auger_field_path(r);

    if (r->err == 0)
        auger_ice_path_moved(r->ice, now, &path);
    compare(r, 0, 0);
}

static void share_sockets(struct auger_replay *r)
{
    uint32_t tag = auger_read_u32(&r->in);

    if (!r->in.failed)
        compare(r, auger_ice_share_sockets(r->ice, tag), 0);
}

static void set_local_credentials(struct auger_replay *r)
{
    char ufrag[TEXT_MAX + 1], password[TEXT_MAX + 1];

    auger_field_text(r, ufrag, sizeof(ufrag));
    auger_field_text(r, password, sizeof(password));
    if (r->err == 0)
        compare(r, auger_ice_set_local_credentials(r->ice, ufrag, password), 0);
}

static void refuse_path(struct auger_replay *r, auger_time now)
{
    struct auger_path path = auger_field_path(r);

    if (r->err == 0)
        compare(r, auger_ice_refuse_path(r->ice, now, &path), 0);
}

static void handle_datagram(struct auger_replay *r, auger_time now)
{
    uint8_t
        whole[UINT16_MAX]; /* zeroes stand for application data, which the agent does not read */
    struct auger_path path = auger_field_path(r);
    size_t len = (size_t)auger_field_at_most(r, UINT16_MAX, "a datagram that is too long");
    struct auger_bytes bytes = auger_field_blob(r, len), out;

    if (bytes.len != len && bytes.len != 0 && bytes.len != AUGER_RECORD_CHANNEL_HEAD)
        auger_replay_is_malformed(r, "half a datagram");
    if (r->err != 0 || r->in.failed)
        return;
    memset(whole, 0, len);
    if (bytes.len > 0)
        memcpy(whole, bytes.data, bytes.len);
    auger_ice_handle_datagram(r->ice, now, &path, whole, len, &out);
    compare(r, out.len > 0, 0);
}

static void poll_transmit(struct auger_replay *r, auger_time now)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;
    uint64_t cap = auger_field_uint(r);

    if (r->err != 0)
        return;
    size_t len = auger_ice_poll_transmit(r->ice, now, &path, buf,
                                         cap < sizeof(buf) ? (size_t)cap : sizeof(buf));
    r->result->datagrams += len > 0;
    compare(r, (int64_t)len, len > 0 ? auger_digest_datagram(&path, buf, len) : 0);
}

static void poll_event(struct auger_replay *r)
{
    struct auger_ice_event event;

    compare(r, auger_ice_poll_event(r->ice, &event) ? 1 + (int)event.type : 0, 0);
}

static void write_data(struct auger_replay *r, auger_time now)
{
    uint8_t data[UINT16_MAX] = {0}, buf[UINT16_MAX];
    struct auger_path path;
    size_t len = (size_t)auger_field_at_most(r, sizeof(data), "data that is too long");
    size_t cap = (size_t)auger_field_uint(r);

    if (r->err == 0)
        compare(r,
                auger_ice_write_data(r->ice, now, data, len, &path, buf,
                                     cap < sizeof(buf) ? cap : sizeof(buf)),
                0);
}

static void note_discarded(struct auger_replay *r)
{
    struct auger_path path = auger_field_path(r);
    size_t len = (size_t)auger_field_uint(r);

    if (r->err == 0)
        auger_ice_note_discarded(r->ice, &path, len);
    compare(r, 0, 0);
}

static void call_with_addr(struct auger_replay *r, enum auger_op op, auger_time now)
{
    struct auger_addr addr = auger_field_addr(r);

    if (r->err != 0)
        return;
    if (op == AUGER_OP_ADD_LOCAL_ADDR)
        compare(r, auger_ice_add_local_addr(r->ice, now, &addr), 0);
    else if (op == AUGER_OP_REMOVE_LOCAL_ADDR)
        compare(r, auger_ice_remove_local_addr(r->ice, now, &addr), 0);
    else
        compare(r, auger_ice_add_stun_server(r->ice, now, &addr), 0);
}

static void call_with_mapping(struct auger_replay *r, enum auger_op op, auger_time now)
{
    struct auger_addr base = auger_field_addr(r), external = auger_field_addr(r);

    if (r->err != 0)
        return;
    if (op == AUGER_OP_ADD_MAPPED_ADDR)
        compare(r, auger_ice_add_mapped_addr(r->ice, now, &base, &external), 0);
    else
        compare(r, auger_ice_remove_mapped_addr(r->ice, now, &base, &external), 0);
}

static void add_helper_addrs(struct auger_replay *r, auger_time now)
{
    struct auger_addr addrs[AUGER_ICE_PREDICT_SOCKETS_MAX];
    size_t len = auger_field_at_most(r, AUGER_ICE_PREDICT_SOCKETS_MAX, "too many helpers");

    for (size_t i = 0; r->err == 0 && i < len; i++)
        addrs[i] = auger_field_addr(r);
    if (r->err == 0)
        compare(r, auger_ice_add_helper_addrs(r->ice, now, addrs, len), 0);
}

static void set_nat64(struct auger_replay *r, auger_time now)
{
    struct auger_nat64 nat64 = {.prefix_len = auger_read_u8(&r->in)};
    struct auger_bytes prefix = auger_field_blob(r, sizeof(nat64.prefix));

    if (r->err != 0 || !prefix.data)
        return;
    memcpy(nat64.prefix, prefix.data, prefix.len);
    compare(r, auger_ice_set_nat64(r->ice, now, &nat64), 0);
}

/* Calls without a time. */
static bool call_at_no_time(struct auger_replay *r, enum auger_op op)
{
    switch ((int)op) {
    case AUGER_OP_FREE:
        auger_ice_free(r->ice);
        r->ice = NULL;
        compare(r, 0, 0);
        return true;
    case AUGER_OP_SET_CONTROLLING:
        compare(r, auger_ice_set_controlling(r->ice, auger_field_bool(r)), 0);
        return true;
    case AUGER_OP_SET_REMOTE_LITE:
        auger_ice_set_remote_lite(r->ice, auger_field_bool(r));
        compare(r, 0, 0);
        return true;
    case AUGER_OP_POLL_EVENT:
        poll_event(r);
        return true;
    case AUGER_OP_NOTE_UNUSABLE_CAND:
        auger_ice_note_unusable_cand(r->ice);
        compare(r, 0, 0);
        return true;
    case AUGER_OP_NOTE_DISCARDED:
        note_discarded(r);
        return true;
    case AUGER_OP_SHARE_SOCKETS:
        share_sockets(r);
        return true;
    case AUGER_OP_SET_LOCAL_CREDENTIALS:
        set_local_credentials(r);
        return true;
    }
    return false;
}

/* What our own side may say of itself. */
static bool call_of_ours(struct auger_replay *r, enum auger_op op, auger_time now)
{
    switch ((int)op) {
    case AUGER_OP_ADD_LOCAL_ADDR:
    case AUGER_OP_REMOVE_LOCAL_ADDR:
    case AUGER_OP_ADD_STUN_SERVER:
        call_with_addr(r, op, now);
        return true;
    case AUGER_OP_ADD_MAPPED_ADDR:
    case AUGER_OP_REMOVE_MAPPED_ADDR:
        call_with_mapping(r, op, now);
        return true;
    case AUGER_OP_ADD_HELPER_ADDRS:
        add_helper_addrs(r, now);
        return true;
    case AUGER_OP_SET_NAT64:
        set_nat64(r, now);
        return true;
    case AUGER_OP_END_OF_LOCAL_ADDRS:
        auger_ice_end_of_local_addrs(r->ice, now);
        compare(r, 0, 0);
        return true;
    case AUGER_OP_RESTART:
        compare(r, auger_ice_restart(r->ice, now), 0);
        return true;
    case AUGER_OP_WITHDRAW_RESTART:
        compare(r, auger_ice_withdraw_restart(r->ice, now), 0);
        return true;
    case AUGER_OP_ADD_TURN_SERVER:
        add_turn_server(r, now);
        return true;
    case AUGER_OP_CLOSE:
        auger_ice_close(r->ice, now);
        compare(r, 0, 0);
        return true;
    }
    return false;
}

/* What signalling brings. */
static bool call_of_peers(struct auger_replay *r, enum auger_op op, auger_time now)
{
    switch ((int)op) {
    case AUGER_OP_SET_REMOTE_PACING:
        auger_ice_set_remote_pacing(r->ice, now, auger_field_int(r));
        compare(r, 0, 0);
        return true;
    case AUGER_OP_SET_REMOTE_RENOMINATION:
        auger_ice_set_remote_renomination(r->ice, now, auger_field_bool(r));
        compare(r, 0, 0);
        return true;
    case AUGER_OP_SET_REMOTE_CREDENTIALS:
        set_remote_credentials(r, now);
        return true;
    case AUGER_OP_ADD_REMOTE_CAND:
        add_remote_cand(r, now);
        return true;
    case AUGER_OP_END_OF_REMOTE_CANDS:
        auger_ice_end_of_remote_cands(r->ice, now);
        compare(r, 0, 0);
        return true;
    }
    return false;
}

/* What passes on the network, and time. */
static void call_of_network(struct auger_replay *r, enum auger_op op, auger_time now)
{
    switch ((int)op) {
    case AUGER_OP_HANDLE_DATAGRAM:
        handle_datagram(r, now);
        break;
    case AUGER_OP_HANDLE_TIMEOUT:
        auger_ice_handle_timeout(r->ice, now);
        compare(r, 0, 0);
        break;
    case AUGER_OP_POLL_TRANSMIT:
        poll_transmit(r, now);
        break;
    case AUGER_OP_WRITE_DATA:
        write_data(r, now);
        break;
    case AUGER_OP_REFUSE_PATH:
        refuse_path(r, now);
        break;
    case AUGER_OP_STREAM_LOST:
        stream_lost(r, now);
        break;
    case AUGER_OP_PATH_MOVED:
        path_moved(r, now);
        break;
    }
}

static void take_op(struct auger_replay *r)
{
    enum auger_op op = (enum auger_op)auger_read_u8(&r->in);

    if (op == AUGER_OP_FULL && r->in.left == 0) {
        r->result->is_cut = true;
        return;
    }
    if (op < AUGER_OP_NEW || op >= AUGER_OP_CALLS) {
        auger_replay_parts(r, "it asks for less than it did");
        return;
    }
    if (op == AUGER_OP_NEW) {
        make(r);
        return;
    }
    if (!r->ice) {
        auger_replay_is_malformed(r, "a call, and no agent");
        return;
    }
    r->result->calls++;
    if (call_at_no_time(r, op))
        return;
    auger_time now = auger_field_now(r);
    if (r->err != 0 || r->in.failed)
        return;
    if (!call_of_ours(r, op, now) && !call_of_peers(r, op, now))
        call_of_network(r, op, now);
}

int auger_replay_ops(const uint8_t *ops, size_t len, const struct auger_env *env,
                     struct auger_replay_result *result)
{
    struct auger_replay r = {.in = auger_reader(ops, len),
                             .start = ops,
                             .outside = env,
                             .digest = AUGER_DIGEST_START,
                             .result = result};

    r.traced = (uint32_t)(r.digest ^ r.digest >> 32);
    r.inside = (struct auger_env){.user = &r,
                                  .random = give_random,
                                  .alloc = give_memory,
                                  .release = take_memory,
                                  .trace = take_record};
    while (r.err == 0 && r.in.left > 0) {
        take_op(&r);
        if (r.in.failed)
            auger_replay_is_malformed(&r, "it ends in the middle of a call");
    }
    auger_ice_free(r.ice);
    return r.err;
}
