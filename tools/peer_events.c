/* tools/peer_events.c - the events of `auger peer`.  Its requests are peer_ops.c. */
#define _POSIX_C_SOURCE 200809L
#include "tools/peer_events.h"
#include "tools/output.h"
#include "tools/peer_ops.h"
#include "tools/peer_stats.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 1000 /* characters of a message in its event */

static void take_candidate(struct peer_ops *ops, const char *line)
{
    if (ops->described)
        peer_tell_candidate(ops, line);
    else if (!line)
        ops->gathered = true;
    else if (ops->held_len < PEER_HELD_MAX)
        ops->held[ops->held_len++] = strdup(line);
}

static void opened(struct peer_ops *ops, struct peer_channel *channel)
{
    struct auger_channel_options options = {.id = AUGER_STREAM_NONE};

    if (auger_peer_channel_options(ops->peer, channel->id, &options) < 0)
        return;
    channel->is_open = true;
    peer_tell(ops, "open",
              json_pack("{so si}", "label", json_text(channel->label, strlen(channel->label)),
                        "dcid", (int)options.id));
}

static void take_channel(struct peer_ops *ops, auger_channel id)
{
    struct auger_channel_options options;

    if (auger_peer_channel_options(ops->peer, id, &options) < 0)
        return;
    struct peer_channel *channel = peer_channels_add(&ops->channels, id, options.label);
    if (!channel) {
        (void)!auger_peer_channel_close(ops->peer, auger_loop_now(ops->loop), id);
        return;
    }
    peer_tell(ops, "datachannel",
              json_pack("{so so sb}", "label", json_text(options.label, strlen(options.label)),
                        "protocol", json_text(options.protocol, strlen(options.protocol)),
                        "ordered", (int)!options.unordered));
    opened(ops, channel);
}

/* Any of its bytes may be asked back, so they are copied before the peer is called. */
static void reply(struct peer_ops *ops, struct peer_channel *channel,
                  const struct auger_peer_event *event)
{
    size_t len = event->data.len;
    bool ping =
        event->kind == AUGER_MESSAGE_TEXT && len >= 4 && memcmp(event->data.data, "ping", 4) == 0;
    bool echo = event->kind == AUGER_MESSAGE_BINARY && len >= 1 && event->data.data[0] == 0xE0;

    if (!ping && !echo)
        return;
    uint8_t *copy = malloc(len);
    if (!copy)
        return;
    memcpy(copy, event->data.data, len);
    if (ping)
        memcpy(copy, "pong", 4);
    else
        copy[0] = 1;
    if (peer_channel_send(channel, ops->peer, auger_loop_now(ops->loop), event->kind, copy, len) <
        0)
        peer_tell(ops, "dcerror", json_pack("{ss}", "text", "an echo did not fit"));
    free(copy);
}

static void take_message(struct peer_ops *ops, const struct auger_peer_event *event)
{
    struct peer_channel *channel = peer_channels_find(&ops->channels, event->channel);
    bool binary = event->kind == AUGER_MESSAGE_BINARY;
    size_t shown = event->data.len < SHOWN_MAX ? event->data.len : SHOWN_MAX;

    if (!channel)
        return;
    json_t *fields =
        json_pack("{so sb sI}", "label", json_text(channel->label, strlen(channel->label)), "bin",
                  (int)binary, "n", (json_int_t)event->data.len);
    if (!binary)
        json_object_set_new(fields, "data", json_text((const char *)event->data.data, shown));
    else
        ops->received += event->data.len;
    peer_tell(ops, "msg", fields);
    reply(ops, channel, event);
}

static void channel_closed(struct peer_ops *ops, struct peer_channel *channel)
{
    if (!channel)
        return;
    peer_tell(ops, "dcclose",
              json_pack("{so}", "label", json_text(channel->label, strlen(channel->label))));
    peer_channels_remove(&ops->channels, channel);
}

/* What a restart can mend is no end. */
static bool is_end(const struct auger_peer_event *event)
{
    return event->state == AUGER_PEER_CLOSED ||
           (event->state == AUGER_PEER_FAILED && event->reason != AUGER_PEER_ICE_FAILED &&
            event->reason != AUGER_PEER_CONSENT_LOST);
}

static void take_state(struct peer_ops *ops, const struct auger_peer_event *event)
{
    enum auger_peer_state state = event->state;

    if (is_end(event)) {
        ops->ended = true;
        while (ops->channels.len > 0)
            channel_closed(ops, ops->channels.items[0]);
    }
    if (state == AUGER_PEER_FAILED)
        peer_tell(ops, "state",
                  json_pack("{ss ss so}", "which", "conn", "value", auger_peer_state_name(state),
                            "why", peer_why(ops->peer)));
    else
        peer_tell_state(ops, "conn", auger_peer_state_name(state));
}

static void flush(struct peer_ops *ops, auger_channel id)
{
    struct peer_channel *channel = peer_channels_find(&ops->channels, id);

    if (channel)
        peer_channel_flush(channel, ops->peer, auger_loop_now(ops->loop));
}

void peer_events_take(struct peer_ops *ops, const struct auger_peer_event *event)
{
    struct peer_channel *channel = peer_channels_find(&ops->channels, event->channel);

    switch (event->type) {
    case AUGER_PEER_EVENT_CANDIDATE:
        take_candidate(ops, event->candidate);
        break;
    case AUGER_PEER_EVENT_GATHERED:
        peer_ops_gathered(ops);
        take_candidate(ops, NULL);
        break;
    case AUGER_PEER_EVENT_ICE_STATE:
        peer_tell_state(ops, "ice", auger_ice_state_name(event->ice_state));
        break;
    case AUGER_PEER_EVENT_STATE:
        take_state(ops, event);
        break;
    case AUGER_PEER_EVENT_CHANNEL:
        take_channel(ops, event->channel);
        break;
    case AUGER_PEER_EVENT_CHANNEL_OPEN:
        if (channel)
            opened(ops, channel);
        break;
    case AUGER_PEER_EVENT_MESSAGE:
        take_message(ops, event);
        break;
    case AUGER_PEER_EVENT_LOW_WATER:
        flush(ops, event->channel);
        break;
    case AUGER_PEER_EVENT_CHANNEL_CLOSED:
        channel_closed(ops, channel);
        break;
    case AUGER_PEER_EVENT_RESTART_WANTED:
        peer_tell(ops, "restartwanted", json_object());
        break;
    case AUGER_PEER_EVENT_PATH:
    case AUGER_PEER_EVENT_RESTART_FAILED:
    case AUGER_PEER_EVENT_HELPERS_WANTED: /* the loop sees to them */
    case AUGER_PEER_EVENT_HELPERS_DONE:
        break;
    }
}
