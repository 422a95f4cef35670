/* sctp/inbound.c - from what the association brings to events.  Nothing is queued here:
 * what nobody asks for stays with the association, whose window then closes. */
#include "sctp/inbound.h"
#include "base/env.h"
#include "base/trace.h"
#include "sctp/outgoing.h"

#include <string.h>

#define INCOMING_KEPT_MAX 65536 /* of a channel's buffer, between messages */

/* --- messages without a channel ------------------------------------------------------------ */

static void drop_early(struct auger_sctp *sctp, size_t i)
{
    auger_env_release(sctp->env, sctp->early[i].data);
    sctp->early_bytes -= sctp->early[i].len;
    sctp->early_len--;
    memmove(&sctp->early[i], &sctp->early[i + 1], (sctp->early_len - i) * sizeof(sctp->early[0]));
}

static void drop_early_of_stream(struct auger_sctp *sctp, uint16_t stream)
{
    for (size_t i = sctp->early_len; i-- > 0;)
        if (sctp->early[i].stream == stream)
            drop_early(sctp, i);
}

void auger_inbound_fini(struct auger_sctp *sctp)
{
    while (sctp->early_len > 0)
        drop_early(sctp, 0);
    auger_env_release(sctp->env, sctp->delivered_early);
    sctp->delivered_early = NULL;
}

/* The message that this piece continues, or a new one.  NULL: there is no room.  The
 * last place is for an OPEN. */
static struct auger_early *find_early(struct auger_sctp *sctp, const struct auger_assoc_event *in)
{
    size_t max = in->ppid == AUGER_PPID_DCEP ? AUGER_EARLY_MAX : AUGER_EARLY_MAX - 1;

    for (size_t i = 0; i < sctp->early_len; i++)
        if (sctp->early[i].stream == in->stream && !sctp->early[i].whole)
            return &sctp->early[i];
    if (sctp->early_len >= max)
        return NULL;
    struct auger_early *early = &sctp->early[sctp->early_len++];
    *early = (struct auger_early){.stream = in->stream, .ppid = in->ppid};
    return early;
}

static bool append(struct auger_sctp *sctp, struct auger_early *early, struct auger_bytes piece)
{
    size_t max = AUGER_EARLY_BYTES_MAX + (early->ppid == AUGER_PPID_DCEP ? AUGER_DCEP_MAX : 0);

    if (sctp->early_bytes + piece.len > max)
        return false;
    uint8_t *larger = auger_env_alloc(sctp->env, 1, early->len + piece.len + 1);
    if (!larger)
        return false;
    if (early->len > 0)
        memcpy(larger, early->data, early->len);
    if (piece.len > 0)
        memcpy(larger + early->len, piece.data, piece.len);
    auger_env_release(sctp->env, early->data);
    early->data = larger;
    early->len += piece.len;
    sctp->early_bytes += piece.len;
    return true;
}

/* 8832 section 6: a stream that we will not serve is reset. */
static void refuse_stream(struct auger_sctp *sctp, uint16_t stream, const char *why)
{
    auger_trace(sctp->env, sctp->now, "sctp:stream_refused", AUGER_F_INT("stream", stream),
                AUGER_F_TEXT("why", why));
    drop_early_of_stream(sctp, stream);
    if (stream < sctp->streams)
        (void)!auger_assoc_reset(sctp->assoc, stream);
}

/* --- channels of the peer's ------------------------------------------------------------------- */

static bool is_ours(const struct auger_sctp *sctp, uint16_t stream)
{
    return (stream % 2 == 0) == sctp->remote.dtls_client; /* 8832 section 6 */
}

static int accept_channel(struct auger_sctp *sctp, uint16_t stream, const struct auger_dcep *open,
                          struct auger_channel_entry **out)
{
    const struct auger_dcep ack = {.type = AUGER_DCEP_ACK};
    int err = auger_channels_add(&sctp->channels, open->label, open->protocol, out);

    if (err < 0)
        return err;
    struct auger_channel_entry *entry = *out;
    entry->stream = stream;
    entry->state = AUGER_CHANNEL_OPEN;
    entry->unordered = open->unordered;
    entry->priority = open->priority;
    entry->reliability = open->reliability;
    entry->parameter = open->parameter;
    err = auger_outgoing_dcep(sctp, entry, &ack);
    if (err < 0)
        auger_channels_remove(&sctp->channels, entry);
    return err;
}

/* The OPEN in sctp->early[i].  true: there is an event. */
static bool take_open(struct auger_sctp *sctp, size_t i, struct auger_sctp_event *event)
{
    uint16_t stream = sctp->early[i].stream;
    struct auger_channel_entry *entry;
    struct auger_dcep open;

    if (auger_dcep_parse(&open, sctp->early[i].data, sctp->early[i].len) < 0 ||
        open.type != AUGER_DCEP_OPEN) {
        refuse_stream(sctp, stream, "no DATA_CHANNEL_OPEN");
        return false;
    }
    if (is_ours(sctp, stream)) {
        refuse_stream(sctp, stream, "a stream of our parity");
        return false;
    }
    if (accept_channel(sctp, stream, &open, &entry) < 0) {
        refuse_stream(sctp, stream, "too many channels");
        return false;
    }
    drop_early(sctp, i);
    auger_outgoing_flush(sctp); /* the acknowledgement */
    auger_trace(sctp->env, sctp->now, "sctp:channel_opened", AUGER_F_INT("stream", stream),
                AUGER_F_TEXT("by", "peer"));
    *event = (struct auger_sctp_event){.type = AUGER_SCTP_EVENT_CHANNEL, .channel = entry->handle};
    return true;
}

static void keep_early(struct auger_sctp *sctp, const struct auger_assoc_event *in)
{
    struct auger_early *early = find_early(sctp, in);

    if (early && append(sctp, early, in->data))
        early->whole = in->end;
    else
        refuse_stream(sctp, in->stream, "too much before DATA_CHANNEL_OPEN");
}

/* An OPEN among the early messages whose stream is free. */
static bool next_open(struct auger_sctp *sctp, struct auger_sctp_event *event)
{
    for (size_t i = 0; i < sctp->early_len;) {
        const struct auger_early *early = &sctp->early[i];
        if (!early->whole || early->ppid != AUGER_PPID_DCEP ||
            auger_channels_find_stream(&sctp->channels, early->stream)) {
            i++;
            continue;
        }
        if (take_open(sctp, i, event))
            return true;
        i = 0; /* it was refused, and all that was early on its stream */
    }
    return false;
}

static bool take_without_channel(struct auger_sctp *sctp, const struct auger_assoc_event *in,
                                 struct auger_sctp_event *event)
{
    keep_early(sctp, in);
    return next_open(sctp, event);
}

static bool closed(struct auger_sctp *sctp, struct auger_channel_entry *entry,
                   struct auger_sctp_event *event)
{
    auger_trace(sctp->env, sctp->now, "sctp:channel_closed", AUGER_F_INT("stream", entry->stream));
    *event = (struct auger_sctp_event){.type = AUGER_SCTP_EVENT_CLOSED, .channel = entry->handle};
    sctp->buffered -= entry->buffered;
    auger_channels_remove(&sctp->channels, entry);
    return true;
}

/* The stream is used again, so the peer has seen our reset of it, although we have not
 * heard so yet. */
static bool take_for_next_channel(struct auger_sctp *sctp, struct auger_channel_entry *entry,
                                  const struct auger_assoc_event *in,
                                  struct auger_sctp_event *event)
{
    if (entry->state != AUGER_CHANNEL_RESET)
        return false;
    keep_early(sctp, in);
    return closed(sctp, entry, event);
}

/* --- messages
 * ---------------------------------------------------------------------------------------- */

/* false: a PPID that means nothing to us. */
static bool describe(uint32_t ppid, struct auger_sctp_event *event)
{
    switch (ppid) {
    case AUGER_PPID_TEXT:
        event->kind = AUGER_MESSAGE_TEXT;
        return true;
    case AUGER_PPID_BINARY:
        event->kind = AUGER_MESSAGE_BINARY;
        return true;
    case AUGER_PPID_TEXT_EMPTY: /* 8831 section 6.6: its byte means nothing */
        event->kind = AUGER_MESSAGE_TEXT;
        event->data.len = 0;
        return true;
    case AUGER_PPID_BINARY_EMPTY:
        event->kind = AUGER_MESSAGE_BINARY;
        event->data.len = 0;
        return true;
    }
    return false;
}

static bool deliver(struct auger_sctp *sctp, struct auger_channel_entry *entry,
                    struct auger_sctp_event *event)
{
    sctp->delivered = entry->handle;
    *event =
        (struct auger_sctp_event){.type = AUGER_SCTP_EVENT_MESSAGE,
                                  .channel = entry->handle,
                                  .data = {.data = entry->incoming, .len = entry->incoming_len}};
    return entry->state <= AUGER_CHANNEL_OPEN && describe(entry->incoming_ppid, event);
}

static bool opened(struct auger_sctp *sctp, struct auger_channel_entry *entry,
                   struct auger_sctp_event *event)
{
    entry->state = AUGER_CHANNEL_OPEN;
    auger_trace(sctp->env, sctp->now, "sctp:channel_opened", AUGER_F_INT("stream", entry->stream),
                AUGER_F_TEXT("by", "us"));
    *event = (struct auger_sctp_event){.type = AUGER_SCTP_EVENT_OPEN, .channel = entry->handle};
    return true;
}

/* An acknowledgement; anything else is a breach that we need not notice. */
static bool take_dcep(struct auger_sctp *sctp, struct auger_channel_entry *entry,
                      struct auger_sctp_event *event)
{
    struct auger_dcep dcep;
    int err = auger_dcep_parse(&dcep, entry->incoming, entry->incoming_len);

    sctp->delivered = entry->handle;
    if (err < 0 || dcep.type != AUGER_DCEP_ACK || entry->state != AUGER_CHANNEL_OPENING)
        return false;
    return opened(sctp, entry, event);
}

static void go_down(struct auger_sctp *sctp, int error)
{
    sctp->is_down = true;
    sctp->error = error;
}

static void forget_delivered(struct auger_sctp *sctp)
{
    struct auger_channel_entry *entry = auger_channels_find(&sctp->channels, sctp->delivered);

    sctp->delivered = 0;
    auger_env_release(sctp->env, sctp->delivered_early);
    sctp->delivered_early = NULL;
    if (!entry)
        return;
    entry->incoming_len = 0;
    if (entry->incoming_cap > INCOMING_KEPT_MAX) {
        auger_env_release(sctp->env, entry->incoming);
        entry->incoming = NULL;
        entry->incoming_cap = 0;
    }
}

static bool take_data(struct auger_sctp *sctp, const struct auger_assoc_event *in,
                      struct auger_sctp_event *event)
{
    struct auger_channel_entry *entry = auger_channels_find_stream(&sctp->channels, in->stream);

    if (!entry)
        return take_without_channel(sctp, in, event);
    if (entry->in_is_reset)
        return take_for_next_channel(sctp, entry, in, event);
    int err =
        auger_channel_collect(&sctp->channels, entry, in->data, sctp->config.max_message_size);
    if (err < 0) {
        auger_assoc_abort(sctp->assoc);
        go_down(sctp, err);
        return false;
    }
    entry->incoming_ppid = in->ppid;
    if (!in->end)
        return false;
    if (in->ppid == AUGER_PPID_DCEP) {
        bool told = take_dcep(sctp, entry, event);
        forget_delivered(sctp);
        return told;
    }
    /* Data that overtook the acknowledgement stands for it. */
    if (entry->state == AUGER_CHANNEL_OPENING) {
        sctp->ready = entry->handle;
        return opened(sctp, entry, event);
    }
    bool told = deliver(sctp, entry, event);
    if (!told)
        forget_delivered(sctp);
    return told;
}

/* A message that waited for its channel, or for the channel's announcement. */
static bool next_waiting(struct auger_sctp *sctp, struct auger_sctp_event *event)
{
    struct auger_channel_entry *entry = auger_channels_find(&sctp->channels, sctp->ready);

    sctp->ready = 0;
    if (entry && deliver(sctp, entry, event))
        return true;
    forget_delivered(sctp);
    if (next_open(sctp, event))
        return true;
    for (size_t i = 0; i < sctp->early_len; i++) {
        struct auger_early early = sctp->early[i];
        entry = auger_channels_find_stream(&sctp->channels, early.stream);
        if (!entry || !early.whole)
            continue;
        *event = (struct auger_sctp_event){.type = AUGER_SCTP_EVENT_MESSAGE,
                                           .channel = entry->handle,
                                           .data = {.data = early.data, .len = early.len}};
        bool told = entry->state <= AUGER_CHANNEL_OPEN && describe(early.ppid, event);
        sctp->early[i].data = NULL;
        sctp->delivered_early = early.data;
        drop_early(sctp, i);
        if (told)
            return true;
        forget_delivered(sctp);
        i--;
    }
    return false;
}

/* --- resets
 * --------------------------------------------------------------------------------------------- */

/* 8831 section 6.7: the peer closed its half, so ours follows. */
static void reset_in(struct auger_sctp *sctp, uint16_t stream)
{
    struct auger_channel_entry *entry = auger_channels_find_stream(&sctp->channels, stream);

    drop_early_of_stream(sctp, stream);
    if (!entry)
        return;
    entry->in_is_reset = true;
    if (entry->state <= AUGER_CHANNEL_OPEN) {
        sctp->buffered -= entry->buffered;
        if (sctp->sending != entry->handle)
            auger_channel_drop_all(&sctp->channels, entry);
        else
            sctp->buffered += entry->buffered; /* what was begun must be ended */
        entry->state = AUGER_CHANNEL_CLOSING;
    }
}

static void reset_out(struct auger_sctp *sctp, uint16_t stream)
{
    struct auger_channel_entry *entry = auger_channels_find_stream(&sctp->channels, stream);

    if (entry && entry->state == AUGER_CHANNEL_RESET)
        entry->out_is_reset = true;
}

/* --- events
 * -----------------------------------------------------------------------------------------------
 */

/* What the association said.  true: it is an event of ours as it stands. */
static bool take(struct auger_sctp *sctp, const struct auger_assoc_event *in,
                 struct auger_sctp_event *event)
{
    switch (in->type) {
    case AUGER_ASSOC_UP:
        sctp->is_up = true;
        sctp->streams = in->streams;
        auger_trace(sctp->env, sctp->now, "sctp:up", AUGER_F_INT("streams", in->streams));
        *event = (struct auger_sctp_event){.type = AUGER_SCTP_EVENT_UP};
        return true;
    case AUGER_ASSOC_DATA:
        return take_data(sctp, in, event);
    case AUGER_ASSOC_RESET_IN:
        reset_in(sctp, in->stream);
        return false;
    case AUGER_ASSOC_RESET_OUT:
    case AUGER_ASSOC_RESET_FAILED:
        reset_out(sctp, in->stream);
        return false;
    case AUGER_ASSOC_STREAMS:
        sctp->streams = in->streams;
        sctp->streams_asked = false;
        return false;
    case AUGER_ASSOC_DOWN:
        auger_trace(sctp->env, sctp->now, "sctp:down", AUGER_F_INT("error", in->error));
        go_down(sctp, in->error);
        return false;
    }
    return false;
}

static bool fell_to_low_water(struct auger_sctp *sctp, struct auger_channel_entry *entry)
{
    bool fell = entry->was_above && entry->buffered <= entry->low_water;
    bool has_room = entry->wants_room && sctp->buffered <= sctp->config.send_buffer_max / 2;

    if (fell)
        entry->was_above = false;
    if (has_room)
        entry->wants_room = false;
    return fell || has_room;
}

/* What the channels themselves have to tell. */
static bool next_of_channels(struct auger_sctp *sctp, struct auger_sctp_event *event)
{
    for (size_t i = 0; i < sctp->channels.cap; i++) {
        struct auger_channel_entry *entry = auger_channels_at(&sctp->channels, i);
        if (!entry)
            continue;
        if (sctp->is_down || (entry->in_is_reset && entry->out_is_reset))
            return closed(sctp, entry, event);
        if (fell_to_low_water(sctp, entry)) {
            *event = (struct auger_sctp_event){.type = AUGER_SCTP_EVENT_LOW_WATER,
                                               .channel = entry->handle};
            return true;
        }
    }
    return false;
}

static bool next_of_association(struct auger_sctp *sctp, struct auger_sctp_event *event)
{
    struct auger_assoc_event in;

    while (!sctp->is_down && auger_assoc_poll(sctp->assoc, &in)) {
        bool told = take(sctp, &in, event);
        auger_outgoing_flush(sctp);
        if (told)
            return true;
    }
    return false;
}

bool auger_inbound_next(struct auger_sctp *sctp, struct auger_sctp_event *event)
{
    forget_delivered(sctp);
    if (next_waiting(sctp, event) || next_of_association(sctp, event) ||
        next_of_channels(sctp, event))
        return true;
    if (!sctp->is_down || sctp->down_is_told)
        return false;
    sctp->down_is_told = true;
    *event = (struct auger_sctp_event){.type = AUGER_SCTP_EVENT_DOWN, .error = sctp->error};
    return true;
}
