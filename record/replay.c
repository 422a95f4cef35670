/* record/replay.c - makes the agent of a recording again, calls it as it was called, and sees
 * that it does what it did.  A recording is anybody's file. */
#include "record/replay.h"

#include <auger/ice_explain.h>
#include <auger/ice_predict.h>
#include <auger/ice_share.h>
#include <auger/ice_stats.h>

#include "base/env.h"
#include "record/ops.h"

#include <assert.h>

#define LIMIT_MAX 4096 /* of each table of the agent */
#define TEXT_MAX 1024

struct replay {
    struct auger_reader in;
    const uint8_t *start;
    const struct auger_env *outside;
    struct auger_env inside;
    struct auger_ice *ice;
    struct auger_ice_mapping mappings[AUGER_ICE_MAPPINGS_MAX]; /* of its config */
    auger_time now;
    uint64_t digest; /* of the trace */
    uint32_t traced; /* as it was before this call */
    struct auger_replay_result *result;
    int err;
};

/* The first that goes wrong counts. */
static void go_wrong(struct replay *r, int err, const char *what)
{
    if (r->err != 0)
        return;
    r->err = err;
    r->result->what = what;
    r->result->offset = (size_t)(r->in.at - r->start);
}

static void part(struct replay *r, const char *what)
{
    go_wrong(r, AUGER_ERR_STATE, what);
}

static void is_malformed(struct replay *r, const char *what)
{
    go_wrong(r, AUGER_ERR_MALFORMED, what);
}

/* --- values ------------------------------------------------------------------------------- */

static uint64_t get_uint(struct replay *r)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = auger_read_u8(&r->in);
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return value;
    }
    is_malformed(r, "a number without end");
    return 0;
}

static int64_t get_int(struct replay *r)
{
    uint64_t value = get_uint(r);
    return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

static uint64_t get_at_most(struct replay *r, uint64_t max, const char *what)
{
    uint64_t value = get_uint(r);

    if (value <= max)
        return value;
    is_malformed(r, what);
    return 0;
}

static bool get_bool(struct replay *r)
{
    return auger_read_u8(&r->in) != 0;
}

static struct auger_bytes get_blob(struct replay *r, size_t max)
{
    size_t len = (size_t)get_at_most(r, max, "more bytes than there can be");
    return (struct auger_bytes){auger_read_bytes(&r->in, len), len};
}

/* NUL-terminated; a NUL inside is its end. */
static void get_text(struct replay *r, char *text, size_t cap)
{
    struct auger_bytes bytes = get_blob(r, cap - 1);

    if (bytes.data)
        memcpy(text, bytes.data, bytes.len);
    text[bytes.data ? bytes.len : 0] = '\0';
}

static struct auger_addr get_addr(struct replay *r)
{
    struct auger_addr addr = {.family = auger_read_u8(&r->in),
                              .transport = auger_read_u8(&r->in),
                              .port = auger_read_u16(&r->in)};

    addr.scope = (uint32_t)get_at_most(r, UINT32_MAX, "a scope that cannot be");
    const uint8_t *ip = auger_read_bytes(&r->in, sizeof(addr.ip));
    if (ip)
        memcpy(addr.ip, ip, sizeof(addr.ip));
    if ((addr.family != AUGER_FAMILY_NONE && addr.family != AUGER_IPV4 &&
         addr.family != AUGER_IPV6) ||
        addr.transport > AUGER_TCP)
        is_malformed(r, "an address of no family");
    return addr;
}

static struct auger_path get_path(struct replay *r)
{
    struct auger_path path;

    path.local = get_addr(r);
    path.remote = get_addr(r);
    return path;
}

/* The caller's time goes on. */
static auger_time get_now(struct replay *r)
{
    int64_t step = get_int(r);

    if (step < 0 || r->now > AUGER_NEVER - 1 - step)
        is_malformed(r, "time that goes back");
    else
        r->now += step;
    if (r->result->calls == 1)
        r->result->first = r->now;
    r->result->last = r->now;
    return r->now;
}

/* --- what the agent asks of the world -------------------------------------------------------- */

static bool is_next(struct replay *r, enum auger_op op)
{
    if (r->in.failed || r->in.left == 0 || *r->in.at != op)
        return false;
    auger_read_u8(&r->in);
    return true;
}

static int give_random(void *user, uint8_t *buf, size_t len)
{
    struct replay *r = user;
    struct auger_bytes given = {0};

    if (is_next(r, AUGER_OP_NO_RANDOM))
        return AUGER_ERR_ENTROPY;
    if (is_next(r, AUGER_OP_RANDOM))
        given = get_blob(r, r->in.left);
    if (!given.data || given.len != len) {
        part(r, "it asks for other random bytes");
        return AUGER_ERR_ENTROPY;
    }
    memcpy(buf, given.data, len);
    return 0;
}

static void *give_memory(void *user, size_t size)
{
    struct replay *r = user;

    if (is_next(r, AUGER_OP_NO_MEMORY))
        return NULL;
    void *block = r->outside->alloc(r->outside->user, size);
    if (!block)
        go_wrong(r, AUGER_ERR_NO_MEMORY, "out of memory");
    return block;
}

static void take_memory(void *user, void *block)
{
    struct replay *r = user;

    r->outside->release(r->outside->user, block);
}

static void take_record(void *user, const struct auger_trace_record *record)
{
    struct replay *r = user;

    r->digest = auger_digest_record(r->digest, record);
    r->result->records++;
    if (r->outside->trace)
        r->outside->trace(r->outside->user, record);
}

/* --- calls ----------------------------------------------------------------------------------- */

static void compare_trace(struct replay *r)
{
    uint32_t traced = (uint32_t)(r->digest ^ r->digest >> 32);

    if (traced != r->traced && !is_next(r, AUGER_OP_TRACED))
        part(r, "it decides something where it did not");
    else if (traced != r->traced && auger_read_u32(&r->in) != traced)
        part(r, "it decides something else");
    else if (traced == r->traced && is_next(r, AUGER_OP_TRACED))
        part(r, "it decides nothing where it did");
    r->traced = traced;
}

/* What a call returned and wrote is what it did then. */
static void compare(struct replay *r, int64_t result, uint32_t digest)
{
    if (r->err != 0)
        return;
    if (result != 0 &&
        (!is_next(r, AUGER_OP_RESULT) || get_int(r) != result || auger_read_u32(&r->in) != digest))
        part(r, digest ? "it sends something else" : "a call comes to something else");
    if (result == 0 && is_next(r, AUGER_OP_RESULT))
        part(r, "a call comes to nothing");
    compare_trace(r);
}

static uint16_t get_limit(struct replay *r)
{
    uint64_t limit = get_uint(r);

    if (limit > LIMIT_MAX)
        go_wrong(r, AUGER_ERR_LIMIT, "an agent with larger tables than we make");
    return (uint16_t)limit;
}

static void get_config(struct replay *r, struct auger_ice_config *config)
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
    config->pacing = get_int(r);
    config->pac_timeout = get_int(r);
    config->gather_timeout = get_int(r);
    config->local_cands_max = get_limit(r);
    config->remote_cands_max = get_limit(r);
    config->prflx_cands_max = get_limit(r);
    config->pairs_max = get_limit(r);
    config->servers_max = get_limit(r);
    config->policy =
        (enum auger_ice_policy)get_at_most(r, AUGER_ICE_POLICY_RELAY, "a policy that we lack");
    config->mappings = r->mappings;
    config->mappings_len = get_at_most(r, AUGER_ICE_MAPPINGS_MAX, "too many mappings");
    for (size_t i = 0; r->err == 0 && i < config->mappings_len; i++) {
        r->mappings[i].local = get_addr(r);
        r->mappings[i].external = get_addr(r);
    }
    config->mappings_replace_host = get_bool(r);
    if (!config->prediction)
        return;
    config->predict_sockets = (uint16_t)get_at_most(r, AUGER_ICE_PREDICT_SOCKETS_MAX, "too many");
    config->predict_port_min = (uint16_t)get_at_most(r, UINT16_MAX, "a port that cannot be");
    config->predict_port_max = (uint16_t)get_at_most(r, UINT16_MAX, "a port that cannot be");
}

static void make(struct replay *r)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    get_config(r, &config);
    if (r->ice)
        is_malformed(r, "a second agent");
    if (r->err == 0 && !r->in.failed)
        compare(r, auger_ice_new(&r->ice, &r->inside, &config), 0);
}

static void add_remote_cand(struct replay *r, auger_time now)
{
    struct auger_cand cand = {0};

    cand.type = (enum auger_cand_type)auger_read_u8(&r->in);
    uint8_t how = auger_read_u8(&r->in);
    cand.hidden = how & 1;
    cand.tcptype = (enum auger_tcp_type)(how >> 1 & 0x3F);
    cand.mapped = how >> 7;
    cand.addr = get_addr(r);
    cand.related = get_addr(r);
    cand.priority = (uint32_t)get_at_most(r, UINT32_MAX, "a priority that cannot be");
    get_text(r, cand.foundation, sizeof(cand.foundation));
    get_text(r, cand.ufrag, sizeof(cand.ufrag));
    if (cand.type > AUGER_CAND_RELAY || cand.tcptype > AUGER_TCP_TYPE_SO)
        is_malformed(r, "a candidate of no type");
    if (r->err == 0)
        compare(r, auger_ice_add_remote_cand(r->ice, now, &cand), 0);
}

static void set_remote_credentials(struct replay *r, auger_time now)
{
    char ufrag[TEXT_MAX + 1], password[TEXT_MAX + 1];

    get_text(r, ufrag, sizeof(ufrag));
    get_text(r, password, sizeof(password));
    if (r->err == 0)
        compare(r, auger_ice_set_remote_credentials(r->ice, now, ufrag, password), 0);
}

/* NULL where there was none. */
static const char *get_secret(struct replay *r, char *text, size_t cap)
{
    if (!get_bool(r))
        return NULL;
    get_text(r, text, cap);
    return text;
}

static void add_turn_server(struct replay *r, auger_time now)
{
    struct auger_ice_turn_server server;
    char username[TEXT_MAX + 1], password[TEXT_MAX + 1];

    auger_ice_turn_server_init(&server);
    server.addr = get_addr(r);
    server.families = (enum auger_turn_families)auger_read_u8(&r->in);
    uint8_t sealing = auger_read_u8(&r->in);
    server.over_tls = sealing & 1;
    server.seals_alternates = sealing & 2;
    server.username = get_secret(r, username, sizeof(username));
    server.password = get_secret(r, password, sizeof(password));
    if (server.families > AUGER_TURN_BOTH)
        is_malformed(r, "families that we lack");
    if (sealing > 3)
        is_malformed(r, "a way to be sealed that we lack");
    if (r->err == 0 && !r->in.failed)
        compare(r, auger_ice_add_turn_server(r->ice, now, &server), 0);
}

static void stream_lost(struct replay *r, auger_time now)
{
    struct auger_path path = get_path(r);

    if (r->err == 0)
        auger_ice_stream_lost(r->ice, now, &path);
    compare(r, 0, 0);
}

static void share_sockets(struct replay *r)
{
    uint32_t tag = auger_read_u32(&r->in);

    if (!r->in.failed)
        compare(r, auger_ice_share_sockets(r->ice, tag), 0);
}

static void set_local_credentials(struct replay *r)
{
    char ufrag[TEXT_MAX + 1], password[TEXT_MAX + 1];

    get_text(r, ufrag, sizeof(ufrag));
    get_text(r, password, sizeof(password));
    if (r->err == 0)
        compare(r, auger_ice_set_local_credentials(r->ice, ufrag, password), 0);
}

static void refuse_path(struct replay *r, auger_time now)
{
    struct auger_path path = get_path(r);

    if (r->err == 0)
        compare(r, auger_ice_refuse_path(r->ice, now, &path), 0);
}

static void handle_datagram(struct replay *r, auger_time now)
{
    uint8_t
        whole[UINT16_MAX]; /* zeroes stand for application data, which the agent does not read */
    struct auger_path path = get_path(r);
    size_t len = (size_t)get_at_most(r, UINT16_MAX, "a datagram that is too long");
    struct auger_bytes bytes = get_blob(r, len), out;

    if (bytes.len != len && bytes.len != 0 && bytes.len != AUGER_RECORD_CHANNEL_HEAD)
        is_malformed(r, "half a datagram");
    if (r->err != 0 || r->in.failed)
        return;
    memset(whole, 0, len);
    if (bytes.len > 0)
        memcpy(whole, bytes.data, bytes.len);
    auger_ice_handle_datagram(r->ice, now, &path, whole, len, &out);
    compare(r, out.len > 0, 0);
}

static void poll_transmit(struct replay *r, auger_time now)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;
    uint64_t cap = get_uint(r);

    if (r->err != 0)
        return;
    size_t len = auger_ice_poll_transmit(r->ice, now, &path, buf,
                                         cap < sizeof(buf) ? (size_t)cap : sizeof(buf));
    r->result->datagrams += len > 0;
    compare(r, (int64_t)len, len > 0 ? auger_digest_datagram(&path, buf, len) : 0);
}

static void poll_event(struct replay *r)
{
    struct auger_ice_event event;

    compare(r, auger_ice_poll_event(r->ice, &event) ? 1 + (int)event.type : 0, 0);
}

static void write_data(struct replay *r, auger_time now)
{
    uint8_t data[UINT16_MAX] = {0}, buf[UINT16_MAX];
    struct auger_path path;
    size_t len = (size_t)get_at_most(r, sizeof(data), "data that is too long");
    size_t cap = (size_t)get_uint(r);

    if (r->err == 0)
        compare(r,
                auger_ice_write_data(r->ice, now, data, len, &path, buf,
                                     cap < sizeof(buf) ? cap : sizeof(buf)),
                0);
}

static void note_discarded(struct replay *r)
{
    struct auger_path path = get_path(r);
    size_t len = (size_t)get_uint(r);

    if (r->err == 0)
        auger_ice_note_discarded(r->ice, &path, len);
    compare(r, 0, 0);
}

static void call_with_addr(struct replay *r, enum auger_op op, auger_time now)
{
    struct auger_addr addr = get_addr(r);

    if (r->err != 0)
        return;
    if (op == AUGER_OP_ADD_LOCAL_ADDR)
        compare(r, auger_ice_add_local_addr(r->ice, now, &addr), 0);
    else if (op == AUGER_OP_REMOVE_LOCAL_ADDR)
        compare(r, auger_ice_remove_local_addr(r->ice, now, &addr), 0);
    else
        compare(r, auger_ice_add_stun_server(r->ice, now, &addr), 0);
}

static void call_with_mapping(struct replay *r, enum auger_op op, auger_time now)
{
    struct auger_addr base = get_addr(r), external = get_addr(r);

    if (r->err != 0)
        return;
    if (op == AUGER_OP_ADD_MAPPED_ADDR)
        compare(r, auger_ice_add_mapped_addr(r->ice, now, &base, &external), 0);
    else
        compare(r, auger_ice_remove_mapped_addr(r->ice, now, &base, &external), 0);
}

static void add_helper_addrs(struct replay *r, auger_time now)
{
    struct auger_addr addrs[AUGER_ICE_PREDICT_SOCKETS_MAX];
    size_t len = get_at_most(r, AUGER_ICE_PREDICT_SOCKETS_MAX, "too many helpers");

    for (size_t i = 0; r->err == 0 && i < len; i++)
        addrs[i] = get_addr(r);
    if (r->err == 0)
        compare(r, auger_ice_add_helper_addrs(r->ice, now, addrs, len), 0);
}

static void set_nat64(struct replay *r, auger_time now)
{
    struct auger_nat64 nat64 = {.prefix_len = auger_read_u8(&r->in)};
    struct auger_bytes prefix = get_blob(r, sizeof(nat64.prefix));

    if (r->err != 0 || !prefix.data)
        return;
    memcpy(nat64.prefix, prefix.data, prefix.len);
    compare(r, auger_ice_set_nat64(r->ice, now, &nat64), 0);
}

/* Calls without a time. */
static bool call_at_no_time(struct replay *r, enum auger_op op)
{
    switch ((int)op) {
    case AUGER_OP_FREE:
        auger_ice_free(r->ice);
        r->ice = NULL;
        compare(r, 0, 0);
        return true;
    case AUGER_OP_SET_CONTROLLING:
        compare(r, auger_ice_set_controlling(r->ice, get_bool(r)), 0);
        return true;
    case AUGER_OP_SET_REMOTE_LITE:
        auger_ice_set_remote_lite(r->ice, get_bool(r));
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

static void call_now(struct replay *r, enum auger_op op, auger_time now)
{
    switch ((int)op) {
    case AUGER_OP_ADD_LOCAL_ADDR:
    case AUGER_OP_REMOVE_LOCAL_ADDR:
    case AUGER_OP_ADD_STUN_SERVER:
        call_with_addr(r, op, now);
        break;
    case AUGER_OP_ADD_MAPPED_ADDR:
    case AUGER_OP_REMOVE_MAPPED_ADDR:
        call_with_mapping(r, op, now);
        break;
    case AUGER_OP_ADD_HELPER_ADDRS:
        add_helper_addrs(r, now);
        break;
    case AUGER_OP_SET_NAT64:
        set_nat64(r, now);
        break;
    case AUGER_OP_SET_REMOTE_PACING:
        auger_ice_set_remote_pacing(r->ice, now, get_int(r));
        compare(r, 0, 0);
        break;
    case AUGER_OP_SET_REMOTE_RENOMINATION:
        auger_ice_set_remote_renomination(r->ice, now, get_bool(r));
        compare(r, 0, 0);
        break;
    case AUGER_OP_END_OF_LOCAL_ADDRS:
        auger_ice_end_of_local_addrs(r->ice, now);
        compare(r, 0, 0);
        break;
    case AUGER_OP_RESTART:
        compare(r, auger_ice_restart(r->ice, now), 0);
        break;
    case AUGER_OP_WITHDRAW_RESTART:
        compare(r, auger_ice_withdraw_restart(r->ice, now), 0);
        break;
    case AUGER_OP_SET_REMOTE_CREDENTIALS:
        set_remote_credentials(r, now);
        break;
    case AUGER_OP_ADD_REMOTE_CAND:
        add_remote_cand(r, now);
        break;
    case AUGER_OP_END_OF_REMOTE_CANDS:
        auger_ice_end_of_remote_cands(r->ice, now);
        compare(r, 0, 0);
        break;
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
    case AUGER_OP_ADD_TURN_SERVER:
        add_turn_server(r, now);
        break;
    case AUGER_OP_STREAM_LOST:
        stream_lost(r, now);
        break;
    case AUGER_OP_CLOSE:
        auger_ice_close(r->ice, now);
        compare(r, 0, 0);
        break;
    }
}

static void take_op(struct replay *r)
{
    enum auger_op op = (enum auger_op)auger_read_u8(&r->in);

    if (op == AUGER_OP_FULL && r->in.left == 0) {
        r->result->is_cut = true;
        return;
    }
    if (op < AUGER_OP_NEW || op >= AUGER_OP_CALLS) {
        part(r, "it asks for less than it did");
        return;
    }
    if (op == AUGER_OP_NEW) {
        make(r);
        return;
    }
    if (!r->ice) {
        is_malformed(r, "a call, and no agent");
        return;
    }
    r->result->calls++;
    if (call_at_no_time(r, op))
        return;
    auger_time now = get_now(r);
    if (r->err == 0 && !r->in.failed)
        call_now(r, op, now);
}

int auger_replay_ops(const uint8_t *ops, size_t len, const struct auger_env *env,
                     struct auger_replay_result *result)
{
    struct replay r = {.in = auger_reader(ops, len),
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
            is_malformed(&r, "it ends in the middle of a call");
    }
    auger_ice_free(r.ice);
    return r.err;
}
