/* sctp/engine.c - data channels over one association, RFC 8831 and 8832: what the
 * application asks for, and the five verbs.  outgoing.c empties the queues, inbound.c
 * makes events of what comes. */
#include "base/env.h"
#include "base/time.h"
#include "sctp/inbound.h"
#include "sctp/outgoing.h"
#include "sctp/state.h"

#include <string.h>

#define SEND_BUFFER (512 * 1024) /* with the association; ours comes on top */
#define RECEIVE_BUFFER (1024 * 1024)
#define REMOTE_MESSAGE_ASSUMED 65536 /* before the peer's limit is known (8841 section 6.1) */

/* --- life ---------------------------------------------------------------------------------- */

void auger_sctp_config_init_sized(struct auger_sctp_config *config, size_t size)
{
    const struct auger_sctp_config defaults = {
        .local_port = 5000,
        .packet_max = 1163,
        .max_message_size = 262144,
        .send_buffer_max = 1024 * 1024,
        .channels_max = 1024,
    };

    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

static int new_assoc(struct auger_sctp *sctp)
{
    const struct auger_assoc_config config = {
        .local_port = sctp->config.local_port,
        .packet_max = sctp->config.packet_max,
        .send_buffer = SEND_BUFFER,
        .receive_buffer = RECEIVE_BUFFER,
        .streams_start = AUGER_STREAMS_START,
        .streams_max = AUGER_STREAMS_MAX,
    };

    return auger_assoc_new(&sctp->assoc, sctp->env, &config);
}

int auger_sctp_new_sized(struct auger_sctp **out, const struct auger_env *env,
                         const struct auger_sctp_config *config, size_t size)
{
    struct auger_sctp_config full;

    auger_sctp_config_init(&full);
    if (config)
        memcpy(&full, config, size < sizeof(full) ? size : sizeof(full));
    if (full.local_port == 0 || full.packet_max < 256 || full.packet_max > AUGER_DATAGRAM_MAX ||
        full.max_message_size == 0 || full.channels_max > AUGER_STREAMS_MAX)
        return AUGER_ERR_INVALID;
    struct auger_sctp *sctp = auger_env_alloc(env, 1, sizeof(*sctp));
    if (!sctp)
        return AUGER_ERR_NO_MEMORY;
    sctp->env = env;
    sctp->config = full;
    sctp->streams = AUGER_STREAMS_START;
    auger_channels_init(&sctp->channels, env, full.channels_max);
    int err = new_assoc(sctp);
    if (err < 0) {
        auger_sctp_free(sctp);
        return err;
    }
    *out = sctp;
    return 0;
}

void auger_sctp_set_ready(struct auger_sctp *sctp, struct auger_ready *ready)
{
    auger_assoc_set_ready(sctp->assoc, ready);
}

void auger_sctp_free(struct auger_sctp *sctp)
{
    if (!sctp)
        return;
    auger_inbound_fini(sctp);
    auger_assoc_free(sctp->assoc);
    auger_channels_fini(&sctp->channels);
    auger_env_release(sctp->env, sctp);
}

/* --- opening -----------------------------------------------------------------------------------
 */

/* The least free stream of our parity.  AUGER_STREAM_NONE: there is none. */
static uint16_t free_stream(const struct auger_sctp *sctp)
{
    for (uint16_t stream = sctp->remote.dtls_client ? 0 : 1; stream < AUGER_STREAMS_MAX;
         stream = (uint16_t)(stream + 2))
        if (!auger_channels_find_stream(&sctp->channels, stream))
            return stream;
    return AUGER_STREAM_NONE;
}

/* Before connect the parity is not known, but that half of the streams is ours is. */
static bool has_stream_for_another(const struct auger_sctp *sctp)
{
    size_t ours = 0;

    if (sctp->is_connected)
        return free_stream(sctp) != AUGER_STREAM_NONE;
    for (size_t i = 0; i < sctp->channels.cap; i++)
        ours += auger_channels_at(&sctp->channels, i) != NULL;
    return ours < AUGER_STREAMS_MAX / 2;
}

static struct auger_bytes text_bytes(const char *text)
{
    return (struct auger_bytes){.data = (const uint8_t *)text, .len = text ? strlen(text) : 0};
}

static int queue_open(struct auger_sctp *sctp, struct auger_channel_entry *entry)
{
    const struct auger_dcep dcep = {.type = AUGER_DCEP_OPEN,
                                    .unordered = entry->unordered,
                                    .priority = entry->priority,
                                    .label = text_bytes(entry->label),
                                    .protocol = text_bytes(entry->protocol)};

    return auger_outgoing_dcep(sctp, entry, &dcep);
}

int auger_sctp_channel_open(struct auger_sctp *sctp, auger_time now,
                            const struct auger_channel_options *options, auger_channel *channel)
{
    struct auger_bytes label = text_bytes(options->label);
    struct auger_bytes protocol = text_bytes(options->protocol);
    struct auger_channel_entry *entry;

    sctp->now = now;
    if (sctp->is_down || sctp->is_shutting_down)
        return AUGER_ERR_STATE;
    if (options->partial_by_retransmits || options->partial_by_lifetime || options->negotiated)
        return AUGER_ERR_UNSUPPORTED;
    if (label.len > AUGER_CHANNEL_TEXT_MAX || protocol.len > AUGER_CHANNEL_TEXT_MAX)
        return AUGER_ERR_INVALID;
    if (!has_stream_for_another(sctp))
        return AUGER_ERR_LIMIT;
    int err = auger_channels_add(&sctp->channels, label, protocol, &entry);
    if (err < 0)
        return err;
    entry->is_ours = true;
    entry->unordered = options->unordered;
    entry->priority = options->priority;
    entry->stream = sctp->is_connected ? free_stream(sctp) : AUGER_STREAM_NONE;
    err = queue_open(sctp, entry);
    if (err < 0) {
        auger_channels_remove(&sctp->channels, entry);
        return err;
    }
    *channel = entry->handle;
    auger_outgoing_flush(sctp);
    return 0;
}

int auger_sctp_connect(struct auger_sctp *sctp, auger_time now,
                       const struct auger_sctp_remote *remote)
{
    sctp->now = now;
    if (sctp->is_connected || sctp->is_down)
        return AUGER_ERR_STATE;
    if (remote->port == 0)
        return AUGER_ERR_INVALID;
    int err = auger_assoc_connect(sctp->assoc, now, remote->port);
    if (err < 0)
        return err;
    sctp->is_connected = true;
    sctp->remote = *remote;
    for (size_t i = 0; i < sctp->channels.cap; i++) {
        struct auger_channel_entry *entry = auger_channels_at(&sctp->channels, i);
        if (entry && entry->state == AUGER_CHANNEL_OPENING) /* not closed meanwhile */
            entry->stream = free_stream(sctp);
    }
    auger_outgoing_flush(sctp); /* rides with COOKIE-ECHO */
    return 0;
}

int auger_sctp_channel_options(const struct auger_sctp *sctp, auger_channel channel,
                               struct auger_channel_options *options)
{
    const struct auger_channel_entry *entry = auger_channels_find(&sctp->channels, channel);

    if (!entry)
        return AUGER_ERR_NOT_FOUND;
    *options = (struct auger_channel_options){.label = entry->label,
                                              .protocol = entry->protocol,
                                              .unordered = entry->unordered,
                                              .id = entry->stream,
                                              .priority = entry->priority};
    return 0;
}

/* --- messages
 * --------------------------------------------------------------------------------------- */

/* 8841 section 6.1: 0 is "any".  Our own limit holds both ways. */
static uint64_t message_max(const struct auger_sctp *sctp)
{
    uint64_t own = sctp->config.max_message_size;
    uint64_t remote = sctp->is_connected ? sctp->remote.max_message_size : REMOTE_MESSAGE_ASSUMED;

    return remote > 0 && remote < own ? remote : own;
}

int auger_sctp_send(struct auger_sctp *sctp, auger_time now, auger_channel channel,
                    enum auger_message_kind kind, const uint8_t *data, size_t len)
{
    struct auger_channel_entry *entry = auger_channels_find(&sctp->channels, channel);
    bool text = kind == AUGER_MESSAGE_TEXT;
    static const uint8_t zero[1];

    sctp->now = now;
    if (!entry)
        return AUGER_ERR_NOT_FOUND;
    if (sctp->is_down || sctp->is_shutting_down || entry->state > AUGER_CHANNEL_OPEN)
        return AUGER_ERR_STATE;
    if (len > message_max(sctp))
        return AUGER_ERR_TOO_LARGE;
    if (sctp->buffered > 0 && sctp->buffered + len > sctp->config.send_buffer_max) {
        entry->wants_room = true;
        return AUGER_ERR_AGAIN;
    }
    /* 8832 section 6: until the peer has acknowledged, everything is in order behind OPEN. */
    bool ordered = entry->state == AUGER_CHANNEL_OPENING;
    int err = len > 0 ? auger_channel_queue(&sctp->channels, entry,
                                            text ? AUGER_PPID_TEXT : AUGER_PPID_BINARY, ordered,
                                            true, data, len)
                      : auger_channel_queue(&sctp->channels, entry,
                                            text ? AUGER_PPID_TEXT_EMPTY : AUGER_PPID_BINARY_EMPTY,
                                            ordered, false, zero, 1); /* 8831 section 6.6 */
    if (err < 0)
        return err;
    sctp->buffered += len;
    entry->was_above |= entry->buffered > entry->low_water;
    auger_outgoing_flush(sctp);
    return 0;
}

size_t auger_sctp_buffered_amount(const struct auger_sctp *sctp, auger_channel channel)
{
    const struct auger_channel_entry *entry = auger_channels_find(&sctp->channels, channel);

    return entry ? entry->buffered : 0;
}

int auger_sctp_set_low_water(struct auger_sctp *sctp, auger_channel channel, size_t threshold)
{
    struct auger_channel_entry *entry = auger_channels_find(&sctp->channels, channel);

    if (!entry)
        return AUGER_ERR_NOT_FOUND;
    entry->low_water = threshold;
    entry->was_above |= entry->buffered > threshold;
    return 0;
}

/* --- closing
 * ---------------------------------------------------------------------------------------- */

int auger_sctp_channel_close(struct auger_sctp *sctp, auger_time now, auger_channel channel)
{
    struct auger_channel_entry *entry = auger_channels_find(&sctp->channels, channel);

    sctp->now = now;
    if (!entry)
        return AUGER_ERR_NOT_FOUND;
    if (entry->state > AUGER_CHANNEL_OPEN)
        return AUGER_ERR_STATE;
    entry->state = AUGER_CHANNEL_CLOSING;
    if (!sctp->is_connected)
        entry->out_is_reset = entry->in_is_reset = true; /* the peer never heard of it */
    auger_outgoing_flush(sctp);
    return 0;
}

void auger_sctp_shutdown(struct auger_sctp *sctp, auger_time now)
{
    sctp->now = now;
    if (!sctp->is_connected)
        sctp->is_down = true;
    sctp->is_shutting_down = true;
    auger_outgoing_flush(sctp);
}

/* --- the five verbs
 * ------------------------------------------------------------------------------------ */

void auger_sctp_handle_datagram(struct auger_sctp *sctp, auger_time now, const uint8_t *buf,
                                size_t len)
{
    sctp->now = now;
    auger_assoc_input(sctp->assoc, now, buf, len);
    auger_outgoing_flush(sctp);
}

void auger_sctp_handle_timeout(struct auger_sctp *sctp, auger_time now)
{
    sctp->now = now;
    auger_assoc_handle_timeout(sctp->assoc, now);
    auger_outgoing_flush(sctp);
}

size_t auger_sctp_poll_transmit(struct auger_sctp *sctp, auger_time now, uint8_t *buf, size_t cap)
{
    sctp->now = now;
    return auger_assoc_output(sctp->assoc, buf, cap);
}

bool auger_sctp_poll_event(struct auger_sctp *sctp, struct auger_sctp_event *event)
{
    return auger_inbound_next(sctp, event);
}

auger_time auger_sctp_next_timeout(const struct auger_sctp *sctp)
{
    return auger_assoc_next_timeout(sctp->assoc);
}
