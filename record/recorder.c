/* record/recorder.c - writes down each call of an agent, and what it was given and did. */
#include <auger/ice_explain.h>
#include <auger/ice_predict.h>
#include <auger/ice_share.h>
#include <auger/ice_stats.h>
#include <auger/record.h>
#include <auger/stun.h>

#include "base/env.h"
#include "record/pen.h"

#define BYTES_MAX_DEFAULT (64u * 1024 * 1024)

struct auger_recorder {
    const struct auger_env *env;     /* of its own memory */
    const struct auger_env *outside; /* the agent's */
    struct auger_env inside;         /* what the agent sees of it */
    bool has_agent;
    struct auger_pen pen;
};

/* --- calls ------------------------------------------------------------------------------ */

/* Whether a call is to be written down: there is a recorder that has room. */
static bool begin(struct auger_recorder *r, enum auger_op op)
{
    return r && auger_pen_begin(&r->pen, op);
}

static bool begin_at(struct auger_recorder *r, enum auger_op op, auger_time now)
{
    return r && auger_pen_begin_at(&r->pen, op, now);
}

static void end_with(struct auger_recorder *r, int64_t result, uint32_t digest)
{
    if (r)
        auger_pen_end(&r->pen, result, digest);
}

static int end(struct auger_recorder *r, int result)
{
    end_with(r, result, 0);
    return result;
}

/* --- what the agent asks of the world ---------------------------------------------------- */

static int give_random(void *user, uint8_t *buf, size_t len)
{
    struct auger_recorder *r = user;
    int err = r->outside->random(r->outside->user, buf, len);

    if (r->pen.is_full)
        return err;
    auger_pen_u8(&r->pen, err == 0 ? AUGER_OP_RANDOM : AUGER_OP_NO_RANDOM);
    if (err == 0)
        auger_pen_blob(&r->pen, buf, len);
    return err;
}

static void *give_memory(void *user, size_t size)
{
    struct auger_recorder *r = user;
    void *block = r->outside->alloc(r->outside->user, size);

    if (!block && !r->pen.is_full)
        auger_pen_u8(&r->pen, AUGER_OP_NO_MEMORY);
    return block;
}

static void take_memory(void *user, void *block)
{
    struct auger_recorder *r = user;

    r->outside->release(r->outside->user, block);
}

static void take_record(void *user, const struct auger_trace_record *record)
{
    struct auger_recorder *r = user;

    r->pen.trace_digest = auger_digest_record(r->pen.trace_digest, record);
    if (r->outside->trace)
        r->outside->trace(r->outside->user, record);
}

/* --- life --------------------------------------------------------------------------------- */

void auger_recorder_config_init_sized(struct auger_recorder_config *config, size_t size)
{
    const struct auger_recorder_config defaults = {.bytes_max = BYTES_MAX_DEFAULT};

    memset(config, 0, size);
    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

int auger_recorder_new_sized(struct auger_recorder **out, const struct auger_env *env,
                             const struct auger_recorder_config *config, size_t size)
{
    struct auger_recorder_config full;

    auger_recorder_config_init(&full);
    memcpy(&full, config, size < sizeof(full) ? size : sizeof(full));
    if (!full.write)
        return AUGER_ERR_INVALID;
    struct auger_recorder *r = auger_env_alloc(env, 1, sizeof(*r));
    if (!r)
        return AUGER_ERR_NO_MEMORY;
    r->env = env;
    r->pen.write = full.write;
    r->pen.user = full.user;
    r->pen.left = full.bytes_max;
    r->pen.trace_digest = AUGER_DIGEST_START;
    r->pen.traced = (uint32_t)(r->pen.trace_digest ^ r->pen.trace_digest >> 32);
    r->inside = (struct auger_env){.user = r,
                                   .random = give_random,
                                   .alloc = give_memory,
                                   .release = take_memory,
                                   .trace = take_record};

    const uint8_t head[AUGER_RECORD_MAGIC_LEN + 1] = AUGER_RECORD_MAGIC "\x01";
    full.write(full.user, head, sizeof(head));
    *out = r;
    return 0;
}

void auger_recorder_free(struct auger_recorder *r)
{
    if (!r)
        return;
    auger_pen_frame(&r->pen);
    auger_env_release(r->env, r);
}

/* A pacer that is shared is moved by agents that nobody records: a recorded one has its own. */
static void part_from_others(struct auger_ice_config *config)
{
    config->pacer = NULL;
}

static void put_config(struct auger_recorder *r, const struct auger_ice_config *config)
{
    auger_pen_u8(&r->pen,
                 (uint8_t)(config->controlling | config->lite << 1 | config->renomination << 2 |
                           config->standby_restarts << 3 | config->standby_max << 4));
    auger_pen_u8(&r->pen, (uint8_t)(config->nominate_at_once | config->relays_max << 1));
    auger_pen_u8(&r->pen, (uint8_t)(config->allow_loopback | config->tcp << 1));
    auger_pen_u8(&r->pen, (uint8_t)(config->allow_link_local | config->prediction << 1 |
                                    config->predict_random << 2 | config->predict_window << 3 |
                                    (config->keepalive > 0) << 4));
    auger_pen_int(&r->pen, config->pacing);
    auger_pen_int(&r->pen, config->pac_timeout);
    auger_pen_int(&r->pen, config->gather_timeout);
    auger_pen_uint(&r->pen, config->local_cands_max);
    auger_pen_uint(&r->pen, config->remote_cands_max);
    auger_pen_uint(&r->pen, config->prflx_cands_max);
    auger_pen_uint(&r->pen, config->pairs_max);
    auger_pen_uint(&r->pen, config->servers_max);
    auger_pen_uint(&r->pen, (uint64_t)config->policy);
    auger_pen_uint(&r->pen, config->mappings_len);
    for (size_t i = 0; i < config->mappings_len; i++) {
        auger_pen_addr(&r->pen, &config->mappings[i].local);
        auger_pen_addr(&r->pen, &config->mappings[i].external);
    }
    auger_pen_u8(&r->pen, config->mappings_replace_host);
    if (config->prediction) {
        auger_pen_uint(&r->pen, config->predict_sockets);
        auger_pen_uint(&r->pen, config->predict_port_min);
        auger_pen_uint(&r->pen, config->predict_port_max);
    }
    if (config->keepalive > 0)
        auger_pen_int(&r->pen, config->keepalive);
}

int auger_record_new_sized(struct auger_recorder *r, struct auger_ice **out,
                           const struct auger_env *env, const struct auger_ice_config *config,
                           size_t size)
{
    struct auger_ice_config full;

    if (!r)
        return auger_ice_new_sized(out, env, config, size);
    if (r->has_agent)
        return AUGER_ERR_STATE;
    auger_ice_config_init(&full);
    if (config)
        memcpy(&full, config, size < sizeof(full) ? size : sizeof(full));
    part_from_others(&full);
    r->outside = env;
    if (begin(r, AUGER_OP_NEW))
        put_config(r, &full);
    int err = end(r, auger_ice_new(out, &r->inside, &full));
    r->has_agent = err == 0;
    return err;
}

void auger_record_free(struct auger_recorder *r, struct auger_ice *ice)
{
    if (ice)
        begin(r, AUGER_OP_FREE);
    auger_ice_free(ice);
    end(r, 0);
}

int auger_record_set_controlling(struct auger_recorder *r, struct auger_ice *ice, bool controlling)
{
    if (begin(r, AUGER_OP_SET_CONTROLLING))
        auger_pen_u8(&r->pen, controlling);
    return end(r, auger_ice_set_controlling(ice, controlling));
}

void auger_record_set_remote_pacing(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                                    auger_time pacing)
{
    if (begin_at(r, AUGER_OP_SET_REMOTE_PACING, now))
        auger_pen_int(&r->pen, pacing);
    auger_ice_set_remote_pacing(ice, now, pacing);
    end(r, 0);
}

void auger_record_set_remote_renomination(struct auger_recorder *r, struct auger_ice *ice,
                                          auger_time now, bool offered)
{
    if (begin_at(r, AUGER_OP_SET_REMOTE_RENOMINATION, now))
        auger_pen_u8(&r->pen, offered);
    auger_ice_set_remote_renomination(ice, now, offered);
    end(r, 0);
}

void auger_record_set_remote_lite(struct auger_recorder *r, struct auger_ice *ice, bool lite)
{
    if (begin(r, AUGER_OP_SET_REMOTE_LITE))
        auger_pen_u8(&r->pen, lite);
    auger_ice_set_remote_lite(ice, lite);
    end(r, 0);
}

int auger_record_add_local_addr(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                                const struct auger_addr *base)
{
    if (begin_at(r, AUGER_OP_ADD_LOCAL_ADDR, now))
        auger_pen_addr(&r->pen, base);
    return end(r, auger_ice_add_local_addr(ice, now, base));
}

int auger_record_remove_local_addr(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                                   const struct auger_addr *base)
{
    if (begin_at(r, AUGER_OP_REMOVE_LOCAL_ADDR, now))
        auger_pen_addr(&r->pen, base);
    return end(r, auger_ice_remove_local_addr(ice, now, base));
}

static void put_mapping(struct auger_recorder *r, const struct auger_addr *base,
                        const struct auger_addr *external)
{
    auger_pen_addr(&r->pen, base);
    auger_pen_addr(&r->pen, external);
}

int auger_record_add_mapped_addr(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                                 const struct auger_addr *base, const struct auger_addr *external)
{
    if (begin_at(r, AUGER_OP_ADD_MAPPED_ADDR, now))
        put_mapping(r, base, external);
    return end(r, auger_ice_add_mapped_addr(ice, now, base, external));
}

int auger_record_remove_mapped_addr(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                                    const struct auger_addr *base,
                                    const struct auger_addr *external)
{
    if (begin_at(r, AUGER_OP_REMOVE_MAPPED_ADDR, now))
        put_mapping(r, base, external);
    return end(r, auger_ice_remove_mapped_addr(ice, now, base, external));
}

int auger_record_add_helper_addrs(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                                  const struct auger_addr *addrs, size_t len)
{
    size_t told = len < AUGER_ICE_PREDICT_SOCKETS_MAX ? len : AUGER_ICE_PREDICT_SOCKETS_MAX;

    if (begin_at(r, AUGER_OP_ADD_HELPER_ADDRS, now)) {
        auger_pen_uint(&r->pen, told);
        for (size_t i = 0; i < told; i++)
            auger_pen_addr(&r->pen, &addrs[i]);
    }
    return end(r, auger_ice_add_helper_addrs(ice, now, addrs, told));
}

int auger_record_set_nat64(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                           const struct auger_nat64 *nat64)
{
    if (begin_at(r, AUGER_OP_SET_NAT64, now)) {
        auger_pen_u8(&r->pen, nat64->prefix_len);
        auger_pen_blob(&r->pen, nat64->prefix, sizeof(nat64->prefix));
    }
    return end(r, auger_ice_set_nat64(ice, now, nat64));
}

int auger_record_add_stun_server(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                                 const struct auger_addr *server)
{
    if (begin_at(r, AUGER_OP_ADD_STUN_SERVER, now))
        auger_pen_addr(&r->pen, server);
    return end(r, auger_ice_add_stun_server(ice, now, server));
}

static void put_secret(struct auger_recorder *r, const char *text)
{
    auger_pen_u8(&r->pen, text != NULL);
    if (text)
        auger_pen_text(&r->pen, text);
}

static void put_turn_server(struct auger_recorder *r, const struct auger_ice_turn_server *server)
{
    auger_pen_addr(&r->pen, &server->addr);
    auger_pen_u8(&r->pen, (uint8_t)server->families);
    auger_pen_u8(&r->pen, (uint8_t)(server->over_tls | server->seals_alternates << 1));
    put_secret(r, server->username);
    put_secret(r, server->password);
}

int auger_record_add_turn_server_sized(struct auger_recorder *r, struct auger_ice *ice,
                                       auger_time now, const struct auger_ice_turn_server *server,
                                       size_t size)
{
    struct auger_ice_turn_server full;

    auger_ice_turn_server_init(&full);
    memcpy(&full, server, size < sizeof(full) ? size : sizeof(full));
    if (begin_at(r, AUGER_OP_ADD_TURN_SERVER, now))
        put_turn_server(r, &full);
    return end(r, auger_ice_add_turn_server(ice, now, &full));
}

void auger_record_stream_lost(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                              const struct auger_path *path)
{
    if (begin_at(r, AUGER_OP_STREAM_LOST, now))
        auger_pen_path(&r->pen, path);
    auger_ice_stream_lost(ice, now, path);
    end(r, 0);
}

void auger_record_path_moved(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                             const struct auger_path *path)
{
    if (begin_at(r, AUGER_OP_PATH_MOVED, now))
        auger_pen_path(&r->pen, path);
    auger_ice_path_moved(ice, now, path);
    end(r, 0);
}

void auger_record_close(struct auger_recorder *r, struct auger_ice *ice, auger_time now)
{
    begin_at(r, AUGER_OP_CLOSE, now);
    auger_ice_close(ice, now);
    end(r, 0);
}

void auger_record_end_of_local_addrs(struct auger_recorder *r, struct auger_ice *ice,
                                     auger_time now)
{
    begin_at(r, AUGER_OP_END_OF_LOCAL_ADDRS, now);
    auger_ice_end_of_local_addrs(ice, now);
    end(r, 0);
}

int auger_record_restart(struct auger_recorder *r, struct auger_ice *ice, auger_time now)
{
    begin_at(r, AUGER_OP_RESTART, now);
    return end(r, auger_ice_restart(ice, now));
}

int auger_record_withdraw_restart(struct auger_recorder *r, struct auger_ice *ice, auger_time now)
{
    begin_at(r, AUGER_OP_WITHDRAW_RESTART, now);
    return end(r, auger_ice_withdraw_restart(ice, now));
}

int auger_record_set_remote_credentials(struct auger_recorder *r, struct auger_ice *ice,
                                        auger_time now, const char *ufrag, const char *password)
{
    if (begin_at(r, AUGER_OP_SET_REMOTE_CREDENTIALS, now)) {
        auger_pen_text(&r->pen, ufrag);
        auger_pen_text(&r->pen, password);
    }
    return end(r, auger_ice_set_remote_credentials(ice, now, ufrag, password));
}

int auger_record_add_remote_cand(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                                 const struct auger_cand *cand)
{
    if (begin_at(r, AUGER_OP_ADD_REMOTE_CAND, now)) {
        auger_pen_u8(&r->pen, (uint8_t)cand->type);
        auger_pen_u8(&r->pen, (uint8_t)(cand->hidden | cand->tcptype << 1 | cand->mapped << 7));
        auger_pen_addr(&r->pen, &cand->addr);
        auger_pen_addr(&r->pen, &cand->related);
        auger_pen_uint(&r->pen, cand->priority);
        auger_pen_text(&r->pen, cand->foundation);
        auger_pen_text(&r->pen, cand->ufrag);
    }
    return end(r, auger_ice_add_remote_cand(ice, now, cand));
}

void auger_record_end_of_remote_cands(struct auger_recorder *r, struct auger_ice *ice,
                                      auger_time now)
{
    begin_at(r, AUGER_OP_END_OF_REMOTE_CANDS, now);
    auger_ice_end_of_remote_cands(ice, now);
    end(r, 0);
}

int auger_record_share_sockets(struct auger_recorder *r, struct auger_ice *ice, uint32_t tag)
{
    if (begin(r, AUGER_OP_SHARE_SOCKETS))
        auger_pen_fixed(&r->pen, tag, 4);
    return end(r, auger_ice_share_sockets(ice, tag));
}

int auger_record_set_local_credentials(struct auger_recorder *r, struct auger_ice *ice,
                                       const char *ufrag, const char *password)
{
    if (begin(r, AUGER_OP_SET_LOCAL_CREDENTIALS)) {
        auger_pen_text(&r->pen, ufrag);
        auger_pen_text(&r->pen, password);
    }
    return end(r, auger_ice_set_local_credentials(ice, ufrag, password));
}

int auger_record_refuse_path(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                             const struct auger_path *path)
{
    if (begin_at(r, AUGER_OP_REFUSE_PATH, now))
        auger_pen_path(&r->pen, path);
    return end(r, auger_ice_refuse_path(ice, now, path));
}

/* --- the five verbs --------------------------------------------------------------------------- */

/* ChannelData of a TURN server (RFC 8656 section 12.4): number and length come first. */
static bool is_channel_data(const uint8_t *buf, size_t len)
{
    return len >= AUGER_RECORD_CHANNEL_HEAD && buf[0] >= 0x40 && buf[0] <= 0x4F;
}

/* Of application data the length alone: the agent hands on what is in it. */
static size_t bytes_that_count(const uint8_t *buf, size_t len)
{
    if (is_channel_data(buf, len))
        return auger_stun_is_message(buf + AUGER_RECORD_CHANNEL_HEAD,
                                     len - AUGER_RECORD_CHANNEL_HEAD)
                   ? len
                   : AUGER_RECORD_CHANNEL_HEAD;
    return auger_stun_is_message(buf, len) ? len : 0;
}

/* What a peer sent through a relay, in a Data indication (11.4), and which is no check. */
static struct auger_bytes relayed_data(const uint8_t *buf, size_t len)
{
    struct auger_stun_msg msg;
    struct auger_bytes data = {0};

    if (len == 0 || auger_stun_msg_parse(&msg, buf, len) < 0 ||
        msg.class_ != AUGER_STUN_INDICATION || msg.method != AUGER_STUN_DATA ||
        !auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_DATA, &data) ||
        auger_stun_is_message(data.data, data.len))
        return (struct auger_bytes){buf + len, 0};
    return data;
}

/* With zeroes in the place of application data. */
static void put_datagram(struct auger_recorder *r, const uint8_t *buf, size_t len)
{
    struct auger_bytes data = relayed_data(buf, len);
    size_t before = (size_t)(data.data - buf);

    auger_pen_uint(&r->pen, len);
    auger_pen_bytes(&r->pen, buf, before);
    for (size_t i = 0; i < data.len; i++)
        auger_pen_u8(&r->pen, 0);
    auger_pen_bytes(&r->pen, data.data + data.len, len - before - data.len);
}

void auger_record_handle_datagram(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                                  const struct auger_path *path, const uint8_t *buf, size_t len,
                                  struct auger_bytes *data)
{
    if (begin_at(r, AUGER_OP_HANDLE_DATAGRAM, now)) {
        auger_pen_path(&r->pen, path);
        auger_pen_uint(&r->pen, len);
        put_datagram(r, buf, bytes_that_count(buf, len));
    }
    auger_ice_handle_datagram(ice, now, path, buf, len, data);
    end(r, (int)(data->len > 0));
}

void auger_record_handle_timeout(struct auger_recorder *r, struct auger_ice *ice, auger_time now)
{
    begin_at(r, AUGER_OP_HANDLE_TIMEOUT, now);
    auger_ice_handle_timeout(ice, now);
    end(r, 0);
}

size_t auger_record_poll_transmit(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                                  struct auger_path *path, uint8_t *buf, size_t cap)
{
    if (begin_at(r, AUGER_OP_POLL_TRANSMIT, now))
        auger_pen_uint(&r->pen, cap);
    size_t len = auger_ice_poll_transmit(ice, now, path, buf, cap);
    end_with(r, (int64_t)len, r && len > 0 ? auger_digest_datagram(path, buf, len) : 0);
    return len;
}

bool auger_record_poll_event(struct auger_recorder *r, struct auger_ice *ice,
                             struct auger_ice_event *event)
{
    begin(r, AUGER_OP_POLL_EVENT);
    bool found = auger_ice_poll_event(ice, event);
    end(r, found ? 1 + (int)event->type : 0);
    return found;
}

int auger_record_write_data(struct auger_recorder *r, struct auger_ice *ice, auger_time now,
                            const uint8_t *data, size_t len, struct auger_path *path, uint8_t *buf,
                            size_t cap)
{
    if (len == 0) /* asks, and changes nothing */
        return auger_ice_write_data(ice, now, data, len, path, buf, cap);
    if (begin_at(r, AUGER_OP_WRITE_DATA, now)) {
        auger_pen_uint(&r->pen, len);
        auger_pen_uint(&r->pen, cap);
    }
    return end(r, auger_ice_write_data(ice, now, data, len, path, buf, cap));
}

void auger_record_note_unusable_cand(struct auger_recorder *r, struct auger_ice *ice)
{
    begin(r, AUGER_OP_NOTE_UNUSABLE_CAND);
    auger_ice_note_unusable_cand(ice);
    end(r, 0);
}

void auger_record_note_discarded(struct auger_recorder *r, struct auger_ice *ice,
                                 const struct auger_path *path, size_t len)
{
    if (begin(r, AUGER_OP_NOTE_DISCARDED)) {
        auger_pen_path(&r->pen, path);
        auger_pen_uint(&r->pen, len);
    }
    auger_ice_note_discarded(ice, path, len);
    end(r, 0);
}
