/* sctp/assoc_usrsctp.c - one association by usrsctp: RFC 9260, with the stream resets
 * of 6525.  What is whole for the process is runtime.c's. */
#include "base/env.h"
#include "base/time.h"
#include "sctp/assoc.h"
#include "sctp/chunks.h"
#include "sctp/crc32c.h"
#include "sctp/runtime.h"

#include <usrsctp.h>

#include <assert.h>
#include <errno.h>
#include <string.h>

#define HEADER_LEN 12
#define HELD_MAX 8
#define RESETS_MAX 1024 /* streams that one notification may name, each a bit */
#define RTO_MIN_MS 1000 /* below it the library's window collapses without loss */
#define RTO_INITIAL_MS 1000
#define RTO_MAX_MS 10000
#define SACK_DELAY_MS 20
#define INIT_ATTEMPTS 16
/* The library counts probes of a closed window as losses, which would end an association
 * whose reader pauses, and takes the only path out of use before that: who is gone is for
 * SILENCE_MAX to tell. */
#define RETRANSMITS_MAX 60000
#define SILENCE_MAX (80 * AUGER_SEC) /* with something unacknowledged */
#define BUSY_FOR (300 * AUGER_MS)    /* after the last packet: what was sent may need a timer */
#define IDLE_TICK (1 * AUGER_SEC)

enum phase { NEW, CONNECTING, UP, DOWN };

struct held {
    uint8_t *buf;
    size_t len;
};

struct auger_assoc {
    const struct auger_env *env;
    struct auger_assoc_config config;
    struct auger_runtime_id id;
    struct auger_packet_queue output;
    struct auger_reset_gate gate;
    struct socket *socket;
    enum phase phase;
    auger_time busy_until; /* timers may be running until then */
    auger_time tick_at;
    auger_time ticked_at, silence; /* of the peer's, while something is unacknowledged */
    bool is_lost;
    struct held held[HELD_MAX]; /* came before our connect, which would mean an ABORT */
    size_t held_len;
    uint8_t resets[RESETS_MAX / 8]; /* streams of a notification that are still to be told */
    size_t resets_len;
    enum auger_assoc_event_type reset_type;
};

/* The library wants ports and PPIDs in network order. */
static uint16_t network16(uint16_t value)
{
    const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    memcpy(&value, bytes, sizeof(bytes));
    return value;
}

/* Its own inverse. */
static uint32_t network32(uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                              (uint8_t)value};

    memcpy(&value, bytes, sizeof(bytes));
    return value;
}

/* --- options ------------------------------------------------------------------------ */

static bool set(struct auger_assoc *assoc, int level, int option, const void *value, size_t len)
{
    return usrsctp_setsockopt(assoc->socket, level, option, value, (socklen_t)len) == 0;
}

/* ASCONF goes before AUTH, which it needs. */
static bool switch_off_extras(struct auger_assoc *assoc)
{
    static const int extras[] = {SCTP_ASCONF_SUPPORTED, SCTP_AUTH_SUPPORTED, SCTP_ECN_SUPPORTED,
                                 SCTP_PKTDROP_SUPPORTED, SCTP_NRSACK_SUPPORTED};
    const struct sctp_assoc_value off = {.assoc_id = SCTP_FUTURE_ASSOC};

    for (size_t i = 0; i < sizeof(extras) / sizeof(extras[0]); i++)
        if (!set(assoc, IPPROTO_SCTP, extras[i], &off, sizeof(off)))
            return false;
    return true;
}

static bool subscribe(struct auger_assoc *assoc)
{
    static const uint16_t types[] = {SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT,
                                     SCTP_STREAM_CHANGE_EVENT, SCTP_SHUTDOWN_EVENT};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const struct sctp_event event = {
            .se_assoc_id = SCTP_FUTURE_ASSOC, .se_type = types[i], .se_on = 1};
        if (!set(assoc, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof(event)))
            return false;
    }
    return true;
}

static bool set_buffers(struct auger_assoc *assoc)
{
    const int send = (int)assoc->config.send_buffer, receive = (int)assoc->config.receive_buffer;
    const struct linger none = {.l_onoff = 1}; /* close is at once */

    return set(assoc, SOL_SOCKET, SO_SNDBUF, &send, sizeof(send)) &&
           set(assoc, SOL_SOCKET, SO_RCVBUF, &receive, sizeof(receive)) &&
           set(assoc, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

static bool set_protocol(struct auger_assoc *assoc)
{
    const uint32_t on = 1;
    const struct sctp_assoc_value resets = {.assoc_id = SCTP_ALL_ASSOC,
                                            .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ |
                                                           SCTP_ENABLE_CHANGE_ASSOC_REQ};
    const struct sctp_initmsg init = {.sinit_num_ostreams = assoc->config.streams_start,
                                      .sinit_max_instreams = assoc->config.streams_max,
                                      .sinit_max_attempts = INIT_ATTEMPTS,
                                      .sinit_max_init_timeo = RTO_MAX_MS};
    const struct sctp_rtoinfo rto = {
        .srto_initial = RTO_INITIAL_MS, .srto_max = RTO_MAX_MS, .srto_min = RTO_MIN_MS};
    const struct sctp_assocparams assocparams = {.sasoc_asocmaxrxt = RETRANSMITS_MAX};
    const struct sctp_sack_info sack = {.sack_delay = SACK_DELAY_MS, .sack_freq = 2};

    return set(assoc, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof(on)) &&
           set(assoc, IPPROTO_SCTP, SCTP_EXPLICIT_EOR, &on, sizeof(on)) &&
           set(assoc, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof(on)) &&
           set(assoc, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, &resets, sizeof(resets)) &&
           set(assoc, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof(init)) &&
           set(assoc, IPPROTO_SCTP, SCTP_RTOINFO, &rto, sizeof(rto)) &&
           set(assoc, IPPROTO_SCTP, SCTP_DELAYED_SACK, &sack, sizeof(sack)) &&
           set(assoc, IPPROTO_SCTP, SCTP_ASSOCINFO, &assocparams, sizeof(assocparams));
}

static struct sockaddr_conn own_address(const struct auger_assoc *assoc, uint16_t port)
{
    return (struct sockaddr_conn){
        .sconn_family = AF_CONN, .sconn_port = network16(port), .sconn_addr = (void *)assoc->id.id};
}

/* The library leaves its common header out of the path's MTU. */
static bool bind_with_mtu(struct auger_assoc *assoc)
{
    struct sockaddr_conn address = own_address(assoc, assoc->config.local_port);
    const struct sctp_paddrparams params = {.spp_assoc_id = SCTP_FUTURE_ASSOC,
                                            .spp_flags = SPP_PMTUD_DISABLE | SPP_HB_DISABLE,
                                            .spp_pathmaxrxt = RETRANSMITS_MAX,
                                            .spp_pathmtu = assoc->config.packet_max - HEADER_LEN};

    return usrsctp_bind(assoc->socket, (struct sockaddr *)&address, sizeof(address)) == 0 &&
           set(assoc, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &params, sizeof(params));
}

static bool set_up(struct auger_assoc *assoc)
{
    assert(assoc->config.streams_max <= RESETS_MAX);
    assoc->socket = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
    return assoc->socket && usrsctp_set_non_blocking(assoc->socket, 1) == 0 && set_buffers(assoc) &&
           switch_off_extras(assoc) && set_protocol(assoc) && subscribe(assoc) &&
           bind_with_mtu(assoc);
}

/* --- life ------------------------------------------------------------------------------ */

int auger_assoc_new(struct auger_assoc **out, const struct auger_env *env,
                    const struct auger_assoc_config *config)
{
    struct auger_assoc *assoc = auger_env_alloc(env, 1, sizeof(*assoc));

    if (!assoc)
        return AUGER_ERR_NO_MEMORY;
    assoc->env = env;
    assoc->config = *config;
    assoc->tick_at = AUGER_NEVER;
    auger_packet_queue_init(&assoc->output, env);
    auger_runtime_add(&assoc->id, &assoc->output, &assoc->gate);
    if (!set_up(assoc)) {
        auger_assoc_free(assoc);
        return AUGER_ERR_NO_MEMORY;
    }
    *out = assoc;
    return 0;
}

static void drop_held(struct auger_assoc *assoc)
{
    for (size_t i = 0; i < assoc->held_len; i++)
        auger_env_release(assoc->env, assoc->held[i].buf);
    assoc->held_len = 0;
}

void auger_assoc_free(struct auger_assoc *assoc)
{
    if (!assoc)
        return;
    auger_runtime_remove(&assoc->id);
    if (assoc->socket)
        usrsctp_close(assoc->socket);
    drop_held(assoc);
    auger_packet_queue_fini(&assoc->output);
    auger_env_release(assoc->env, assoc);
}

static void stay_awake(struct auger_assoc *assoc, auger_time now)
{
    assoc->busy_until = now + BUSY_FOR;
    assoc->tick_at = auger_time_min(assoc->tick_at, now + AUGER_RUNTIME_TICK);
}

/* A reset for which data has come by now; its answer lets no other one in. */
static void open_gate(struct auger_assoc *assoc)
{
    uint8_t packet[AUGER_RESET_MAX];
    size_t len = auger_reset_gate_open(&assoc->gate, packet);

    if (len > 0)
        usrsctp_conninput((void *)assoc->id.id, packet, len, 0);
}

static void feed(struct auger_assoc *assoc, const uint8_t *packet, size_t len)
{
    uint8_t rest[AUGER_RESET_REST_MAX];
    size_t kept = auger_reset_gate_enter(&assoc->gate, &packet, len, rest);

    if (kept > 0)
        usrsctp_conninput((void *)assoc->id.id, packet, kept, 0);
    open_gate(assoc);
}

int auger_assoc_connect(struct auger_assoc *assoc, auger_time now, uint16_t remote_port)
{
    struct sockaddr_conn address = own_address(assoc, remote_port);

    if (assoc->phase != NEW)
        return AUGER_ERR_STATE;
    auger_runtime_catch_up(now);
    if (usrsctp_connect(assoc->socket, (struct sockaddr *)&address, sizeof(address)) < 0 &&
        errno != EINPROGRESS)
        return AUGER_ERR_NO_MEMORY;
    assoc->phase = CONNECTING;
    stay_awake(assoc, now);
    for (size_t i = 0; i < assoc->held_len; i++)
        feed(assoc, assoc->held[i].buf, assoc->held[i].len);
    drop_held(assoc);
    return 0;
}

void auger_assoc_shutdown(struct auger_assoc *assoc, auger_time now)
{
    auger_runtime_catch_up(now);
    usrsctp_shutdown(assoc->socket, SHUT_WR);
    stay_awake(assoc, now);
}

static void send_abort(struct auger_assoc *assoc)
{
    struct sctp_sendv_spa spa = {.sendv_flags = SCTP_SEND_SNDINFO_VALID,
                                 .sendv_sndinfo.snd_flags = SCTP_ABORT};

    usrsctp_sendv(assoc->socket, "", 0, NULL, 0, &spa, sizeof(spa), SCTP_SENDV_SPA, 0);
}

void auger_assoc_abort(struct auger_assoc *assoc)
{
    if (assoc->phase == CONNECTING || assoc->phase == UP)
        send_abort(assoc);
    assoc->phase = DOWN;
}

/* --- packets ------------------------------------------------------------------------------ */

static void hold(struct auger_assoc *assoc, const uint8_t *packet, size_t len)
{
    uint8_t *copy = assoc->held_len < HELD_MAX ? auger_env_alloc(assoc->env, 1, len) : NULL;

    if (!copy)
        return;
    memcpy(copy, packet, len);
    assoc->held[assoc->held_len++] = (struct held){.buf = copy, .len = len};
}

void auger_assoc_input(struct auger_assoc *assoc, auger_time now, const uint8_t *packet, size_t len)
{
    if (!auger_sctp_packet_is_intact(packet, len) || !auger_sctp_chunks_are_sound(packet, len))
        return;
    if (assoc->phase == NEW) {
        hold(assoc, packet, len);
        return;
    }
    auger_runtime_catch_up(now);
    feed(assoc, packet, len); /* after the end too: a SHUTDOWN-ACK that comes again */
    assoc->silence = 0;
    if (assoc->phase != DOWN)
        stay_awake(assoc, now);
}

void auger_assoc_set_ready(struct auger_assoc *assoc, struct auger_ready *ready)
{
    assoc->output.ready = ready;
}

size_t auger_assoc_output(struct auger_assoc *assoc, uint8_t *buf, size_t cap)
{
    return auger_packet_queue_take(&assoc->output, buf, cap);
}

int auger_assoc_send(struct auger_assoc *assoc, auger_time now, uint16_t stream, uint32_t ppid,
                     bool unordered, const uint8_t *data, size_t len)
{
    struct sctp_sendv_spa spa = {
        .sendv_flags = SCTP_SEND_SNDINFO_VALID,
        .sendv_sndinfo = {.snd_sid = stream,
                          .snd_flags = (uint16_t)(SCTP_EOR | (unordered ? SCTP_UNORDERED : 0)),
                          .snd_ppid = network32(ppid)}};

    if (assoc->phase != CONNECTING && assoc->phase != UP)
        return AUGER_ERR_STATE;
    auger_runtime_catch_up(now);
    ssize_t taken =
        usrsctp_sendv(assoc->socket, data, len, NULL, 0, &spa, sizeof(spa), SCTP_SENDV_SPA, 0);
    if (taken < 0 && errno != EWOULDBLOCK && errno != EAGAIN)
        return AUGER_ERR_STATE;
    stay_awake(assoc, now);
    return taken < 0 ? 0 : (int)taken;
}

int auger_assoc_reset(struct auger_assoc *assoc, uint16_t stream)
{
    uint16_t storage[(sizeof(struct sctp_reset_streams) + sizeof(uint16_t)) / sizeof(uint16_t)];
    const struct sctp_reset_streams request = {.srs_flags = SCTP_STREAM_RESET_OUTGOING,
                                               .srs_number_streams = 1};

    memcpy(storage, &request, sizeof(request));
    memcpy((uint8_t *)storage + offsetof(struct sctp_reset_streams, srs_stream_list), &stream,
           sizeof(stream));
    return set(assoc, IPPROTO_SCTP, SCTP_RESET_STREAMS, storage, sizeof(storage)) ? 0
                                                                                  : AUGER_ERR_AGAIN;
}

/* Whether the peer has acknowledged all that the library was given. */
static bool has_nothing_out(struct auger_assoc *assoc)
{
    struct sctp_status status = {0};
    socklen_t len = sizeof(status);

    return usrsctp_getsockopt(assoc->socket, IPPROTO_SCTP, SCTP_STATUS, &status, &len) == 0 &&
           status.sstat_unackdata == 0;
}

/* In the middle of a message the library would forget that it is, and put others between its
 * pieces: no receiver can read that (9260 section 6.9). */
int auger_assoc_add_streams(struct auger_assoc *assoc, uint16_t more)
{
    const struct sctp_add_streams request = {.sas_outstrms = more};

    if (!has_nothing_out(assoc))
        return AUGER_ERR_AGAIN;
    return set(assoc, IPPROTO_SCTP, SCTP_ADD_STREAMS, &request, sizeof(request)) ? 0
                                                                                 : AUGER_ERR_AGAIN;
}

/* --- what happened ------------------------------------------------------------------------------
 */

static bool went_down(struct auger_assoc *assoc, struct auger_assoc_event *event, int error)
{
    if (assoc->phase == DOWN)
        return false;
    assoc->phase = DOWN;
    assoc->tick_at = AUGER_NEVER;
    *event = (struct auger_assoc_event){.type = AUGER_ASSOC_DOWN, .error = error};
    return true;
}

static bool association_changed(struct auger_assoc *assoc, const struct sctp_assoc_change *change,
                                struct auger_assoc_event *event)
{
    switch (change->sac_state) {
    case SCTP_COMM_UP:
        assoc->phase = UP;
        *event = (struct auger_assoc_event){.type = AUGER_ASSOC_UP,
                                            .streams = change->sac_outbound_streams};
        return true;
    case SCTP_SHUTDOWN_COMP:
        return went_down(assoc, event, 0);
    case SCTP_COMM_LOST:
    case SCTP_CANT_STR_ASSOC:
        return went_down(assoc, event, AUGER_ERR_NO_PATH);
    case SCTP_RESTART: /* channels do not survive one, and the peer learns it */
        send_abort(assoc);
        return went_down(assoc, event, AUGER_ERR_NO_PATH);
    }
    return false;
}

static void note_reset(struct auger_assoc *assoc, uint16_t stream)
{
    uint8_t bit = (uint8_t)(1 << stream % 8);

    if (stream >= RESETS_MAX || assoc->resets[stream / 8] & bit)
        return;
    assoc->resets[stream / 8] |= bit;
    assoc->resets_len++;
}

static bool next_reset(struct auger_assoc *assoc, struct auger_assoc_event *event)
{
    for (uint16_t stream = 0; assoc->resets_len > 0 && stream < RESETS_MAX; stream++) {
        uint8_t bit = (uint8_t)(1 << stream % 8);
        if (!(assoc->resets[stream / 8] & bit))
            continue;
        assoc->resets[stream / 8] &= (uint8_t)~bit;
        assoc->resets_len--;
        *event = (struct auger_assoc_event){.type = assoc->reset_type, .stream = stream};
        return true;
    }
    return false;
}

static bool streams_were_reset(struct auger_assoc *assoc,
                               const struct sctp_stream_reset_event *reset, size_t len,
                               struct auger_assoc_event *event)
{
    size_t head = offsetof(struct sctp_stream_reset_event, strreset_stream_list);
    uint16_t flags = reset->strreset_flags;

    for (size_t i = 0; head + (i + 1) * sizeof(uint16_t) <= len; i++)
        note_reset(assoc, reset->strreset_stream_list[i]);
    if (flags & (SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED))
        assoc->reset_type = AUGER_ASSOC_RESET_FAILED;
    else
        assoc->reset_type =
            flags & SCTP_STREAM_RESET_INCOMING_SSN ? AUGER_ASSOC_RESET_IN : AUGER_ASSOC_RESET_OUT;
    return next_reset(assoc, event);
}

static bool streams_changed(const struct sctp_stream_change_event *change,
                            struct auger_assoc_event *event)
{
    *event = (struct auger_assoc_event){.type = AUGER_ASSOC_STREAMS,
                                        .streams = change->strchange_outstrms};
    return true;
}

/* true: there is something to tell. */
static bool take_notification(struct auger_assoc *assoc, size_t len,
                              struct auger_assoc_event *event)
{
    const union sctp_notification *note = (const union sctp_notification *)auger_runtime_piece();

    if (len < sizeof(note->sn_header))
        return false;
    switch (note->sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE:
        return association_changed(assoc, &note->sn_assoc_change, event);
    case SCTP_STREAM_RESET_EVENT:
        return streams_were_reset(assoc, &note->sn_strreset_event, len, event);
    case SCTP_STREAM_CHANGE_EVENT:
        return streams_changed(&note->sn_strchange_event, event);
    }
    return false;
}

static bool take_data(size_t len, const struct sctp_rcvinfo *info, int flags,
                      struct auger_assoc_event *event)
{
    *event = (struct auger_assoc_event){.type = AUGER_ASSOC_DATA,
                                        .stream = info->rcv_sid,
                                        .ppid = network32(info->rcv_ppid),
                                        .data = {.data = auger_runtime_piece(), .len = len},
                                        .end = flags & MSG_EOR};
    return true;
}

bool auger_assoc_poll(struct auger_assoc *assoc, struct auger_assoc_event *event)
{
    struct sctp_rcvinfo info;
    struct sockaddr_conn from;

    if (assoc->is_lost)
        return went_down(assoc, event, AUGER_ERR_NO_PATH);
    if (next_reset(assoc, event))
        return true;
    while (assoc->phase == CONNECTING || assoc->phase == UP) {
        socklen_t from_len = sizeof(from), info_len = sizeof(info);
        unsigned int info_type = 0;
        int flags = 0;
        ssize_t len = usrsctp_recvv(assoc->socket, auger_runtime_piece(), AUGER_RUNTIME_PIECE_MAX,
                                    (struct sockaddr *)&from, &from_len, &info, &info_len,
                                    &info_type, &flags);
        if (len < 0 && (errno == EWOULDBLOCK || errno == EAGAIN))
            return false;
        if (len <= 0)
            return went_down(assoc, event, len == 0 ? 0 : AUGER_ERR_NO_PATH);
        bool told = flags & MSG_NOTIFICATION ? take_notification(assoc, (size_t)len, event)
                                             : take_data((size_t)len, &info, flags, event);
        if (told)
            return true;
    }
    return false;
}

/* --- time
 * -------------------------------------------------------------------------------------------- */

/* Whether something of ours is on its way, so that the library's timers matter. */
static bool is_waiting_for_acks(struct auger_assoc *assoc)
{
    struct sctp_status status = {0};
    socklen_t len = sizeof(status);

    if (assoc->phase != UP)
        return assoc->phase == CONNECTING;
    return usrsctp_getsockopt(assoc->socket, IPPROTO_SCTP, SCTP_STATUS, &status, &len) == 0 &&
           (status.sstat_unackdata > 0 || status.sstat_state != SCTP_ESTABLISHED);
}

/* A caller that was away for a minute has not listened for a minute: it counts little. */
static void count_silence(struct auger_assoc *assoc, auger_time now, bool waiting)
{
    assoc->silence += auger_time_min(now - assoc->ticked_at, IDLE_TICK);
    assoc->ticked_at = now;
    if (!waiting || assoc->phase != UP)
        assoc->silence = 0;
    if (assoc->silence <= SILENCE_MAX || assoc->is_lost)
        return;
    send_abort(assoc);
    assoc->is_lost = true;
}

void auger_assoc_handle_timeout(struct auger_assoc *assoc, auger_time now)
{
    if (now < assoc->tick_at)
        return;
    auger_runtime_tick(now);
    open_gate(assoc);
    bool waiting = is_waiting_for_acks(assoc), busy = waiting || now < assoc->busy_until;
    count_silence(assoc, now, waiting);
    if (!busy)
        auger_packet_queue_rest(&assoc->output);
    assoc->tick_at = auger_time_add(now, busy ? AUGER_RUNTIME_TICK : IDLE_TICK);
}

auger_time auger_assoc_next_timeout(const struct auger_assoc *assoc)
{
    return assoc->phase == CONNECTING || assoc->phase == UP ? assoc->tick_at : AUGER_NEVER;
}
