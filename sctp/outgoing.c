/* sctp/outgoing.c - from the channels' queues to the association, channel by channel. */
#include "sctp/outgoing.h"
#include "base/env.h"

#define TRIES_MAX 8

int auger_outgoing_dcep(struct auger_sctp *sctp, struct auger_channel_entry *entry,
                        const struct auger_dcep *dcep)
{
    size_t len = auger_dcep_len(dcep);
    uint8_t *buf = auger_env_alloc(sctp->env, 1, len);

    if (!buf)
        return AUGER_ERR_NO_MEMORY;
    auger_dcep_write(dcep, buf);
    int err = auger_channel_queue(&sctp->channels, entry, AUGER_PPID_DCEP, true, false, buf, len);
    auger_env_release(sctp->env, buf);
    return err;
}

static void ask_for_streams(struct auger_sctp *sctp, uint16_t stream)
{
    if (sctp->streams_asked || !sctp->is_up)
        return;
    /* Twice as many, so that a thousand channels ask seven times. */
    unsigned wanted = 2u * sctp->streams > stream + 1u ? 2u * sctp->streams : stream + 1u;
    if (wanted > AUGER_STREAMS_MAX)
        wanted = AUGER_STREAMS_MAX;
    if (wanted <= sctp->streams)
        return;
    sctp->streams_asked =
        auger_assoc_add_streams(sctp->assoc, (uint16_t)(wanted - sctp->streams)) == 0;
    sctp->streams_wait = !sctp->streams_asked; /* for all that is under way: no more, till then */
}

static bool can_send(struct auger_sctp *sctp, const struct auger_channel_entry *entry)
{
    if (entry->stream == AUGER_STREAM_NONE || !entry->first)
        return false;
    if (entry->stream < sctp->streams)
        return true;
    ask_for_streams(sctp, entry->stream);
    return false;
}

enum sent { SENT_NOTHING, SENT_A_PART, SENT_ALL };

/* Hands the first message on, or a part of it. */
static enum sent send_first(struct auger_sctp *sctp, struct auger_channel_entry *entry)
{
    struct auger_outgoing *message = entry->first;
    int taken = auger_assoc_send(sctp->assoc, sctp->now, entry->stream, message->ppid,
                                 entry->unordered && !message->ordered,
                                 message->data + message->sent, message->len - message->sent);

    if (taken <= 0)
        return SENT_NOTHING;
    message->sent += (size_t)taken;
    if (message->counts) {
        entry->buffered -= (size_t)taken;
        sctp->buffered -= (size_t)taken;
    }
    if (message->sent < message->len) {
        sctp->sending = entry->handle;
        return SENT_A_PART;
    }
    sctp->sending = 0;
    sctp->turn = auger_channel_slot(entry) + 1;
    auger_channel_drop_first(&sctp->channels, entry);
    return SENT_ALL;
}

/* A message that was begun goes on first: its pieces must not be mixed with another's.
 * Whose turn it is keeps it until there is room; meanwhile a few others may try, for a
 * stream that is being reset takes nothing either. */
static bool send_one(struct auger_sctp *sctp)
{
    struct auger_channel_entry *entry = auger_channels_find(&sctp->channels, sctp->sending);

    if (entry)
        return send_first(sctp, entry) == SENT_ALL;
    if (sctp->streams_wait)
        ask_for_streams(sctp, sctp->streams);
    if (sctp->streams_wait) /* and no message begins till then */
        return false;
    int tries = 0;
    for (size_t i = 0; i < sctp->channels.cap && tries < TRIES_MAX; i++) {
        entry = auger_channels_at(&sctp->channels, (sctp->turn + i) % sctp->channels.cap);
        if (!entry || !can_send(sctp, entry))
            continue;
        enum sent sent = send_first(sctp, entry);
        if (sent != SENT_NOTHING)
            return sent == SENT_ALL;
        tries++;
    }
    return false;
}

/* 8831 section 6.7: once all is handed over, our stream is reset. */
static void reset_if_drained(struct auger_sctp *sctp, struct auger_channel_entry *entry)
{
    if (entry->state != AUGER_CHANNEL_CLOSING || entry->first || !sctp->is_up)
        return;
    if (entry->stream >= sctp->streams || auger_assoc_reset(sctp->assoc, entry->stream) == 0)
        entry->state = AUGER_CHANNEL_RESET;
    if (entry->stream >= sctp->streams)
        entry->out_is_reset = true; /* it was never used */
}

static bool has_drained(const struct auger_sctp *sctp)
{
    for (size_t i = 0; i < sctp->channels.cap; i++) {
        const struct auger_channel_entry *entry = auger_channels_at(&sctp->channels, i);
        if (entry && entry->first)
            return false;
    }
    return true;
}

void auger_outgoing_flush(struct auger_sctp *sctp)
{
    if (!sctp->is_connected || sctp->is_down)
        return;
    while (send_one(sctp))
        ;
    for (size_t i = 0; i < sctp->channels.cap; i++)
        if (auger_channels_at(&sctp->channels, i))
            reset_if_drained(sctp, auger_channels_at(&sctp->channels, i));
    if (sctp->is_shutting_down && !sctp->shutdown_is_sent && has_drained(sctp)) {
        auger_assoc_shutdown(sctp->assoc, sctp->now);
        sctp->shutdown_is_sent = true;
    }
}
