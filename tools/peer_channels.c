/* tools/peer_channels.c - the channels of `auger peer`. */
#define _POSIX_C_SOURCE 200809L
#include "tools/peer_channels.h"

#include <stdlib.h>
#include <string.h>

#define WAITING_MAX (64u * 1024 * 1024)
#define LOW_WATER (256u * 1024)

struct peer_channel *peer_channels_add(struct peer_channels *channels, auger_channel id,
                                       const char *label)
{
    struct peer_channel *channel = NULL;

    if (channels->len < PEER_CHANNELS_MAX)
        channel = calloc(1, sizeof(*channel));
    if (!channel)
        return NULL;
    channel->label = strdup(label);
    if (!channel->label) {
        free(channel);
        return NULL;
    }
    channel->id = id;
    echo_queue_init(&channel->waiting, WAITING_MAX);
    channels->items[channels->len++] = channel;
    return channel;
}

struct peer_channel *peer_channels_find(const struct peer_channels *channels, auger_channel id)
{
    for (size_t i = 0; i < channels->len; i++)
        if (channels->items[i]->id == id)
            return channels->items[i];
    return NULL;
}

struct peer_channel *peer_channels_named(const struct peer_channels *channels, const char *label)
{
    for (size_t i = channels->len; i-- > 0;)
        if (strcmp(channels->items[i]->label, label) == 0)
            return channels->items[i];
    return NULL;
}

void peer_channels_remove(struct peer_channels *channels, struct peer_channel *channel)
{
    size_t i = 0;

    while (channels->items[i] != channel)
        i++;
    channels->len--;
    memmove(channels->items + i, channels->items + i + 1,
            (channels->len - i) * sizeof(channels->items[0]));
    echo_queue_fini(&channel->waiting);
    free(channel->label);
    free(channel);
}

void peer_channels_clear(struct peer_channels *channels)
{
    while (channels->len > 0)
        peer_channels_remove(channels, channels->items[0]);
}

void peer_channel_flush(struct peer_channel *channel, struct auger_peer *peer, auger_time now)
{
    struct echo_queue *waiting = &channel->waiting;

    while (waiting->first && auger_peer_send(peer, now, channel->id, waiting->first->kind,
                                             waiting->first->data, waiting->first->len) == 0)
        echo_queue_drop_first(waiting);
}

int peer_channel_send(struct peer_channel *channel, struct auger_peer *peer, auger_time now,
                      enum auger_message_kind kind, const uint8_t *data, size_t len)
{
    int err = AUGER_ERR_AGAIN;

    if (!channel->waiting.first)
        err = auger_peer_send(peer, now, channel->id, kind, data, len);
    if (err != AUGER_ERR_AGAIN)
        return err;
    err = auger_peer_set_low_water(peer, channel->id, LOW_WATER);
    if (err == 0 && !echo_queue_add(&channel->waiting, kind, data, len))
        err = AUGER_ERR_LIMIT;
    return err;
}
