/* tools/demo_channel.c - what the demo does on the channels of a session. */
#include "tools/demo_channel.h"

#include <stdlib.h>
#include <string.h>

#define FILE_PROTOCOL "auger-file"
#define ECHOES_MAX (8u * 1024 * 1024)
#define LOW_WATER (256u * 1024)

static void init(struct demo_channel *channel, const struct auger_peer *peer, auger_channel id,
                 struct parcel_budget *budget)
{
    struct auger_channel_options options;

    *channel = (struct demo_channel){.id = id};
    echo_queue_init(&channel->echoes, ECHOES_MAX);
    parcel_init(&channel->parcel, budget);
    if (auger_peer_channel_options(peer, id, &options) == 0 && options.protocol)
        channel->is_file = strcmp(options.protocol, FILE_PROTOCOL) == 0;
}

static void fini(struct demo_channel *channel)
{
    echo_queue_fini(&channel->echoes);
    parcel_fini(&channel->parcel);
}

/* An error other than "later" drops the message: the channel is closing, and its end is told
 * elsewhere. */
static bool must_wait(struct demo_channel *channel, struct auger_peer *peer, auger_time now,
                      enum auger_message_kind kind, const uint8_t *data, size_t len)
{
    return auger_peer_send(peer, now, channel->id, kind, data, len) == AUGER_ERR_AGAIN;
}

static void flush_echoes(struct demo_channel *channel, struct auger_peer *peer, auger_time now)
{
    struct echo_queue *echoes = &channel->echoes;

    while (echoes->first && !must_wait(channel, peer, now, echoes->first->kind, echoes->first->data,
                                       echoes->first->len))
        echo_queue_drop_first(echoes);
}

static void flush_parcel(struct demo_channel *channel, struct auger_peer *peer, auger_time now)
{
    enum auger_message_kind kind;
    const uint8_t *data;
    char *to_free;
    size_t len;

    while ((data = parcel_next(&channel->parcel, &kind, &len, &to_free))) {
        bool wait = must_wait(channel, peer, now, kind, data, len);
        free(to_free);
        if (wait)
            return;
        parcel_sent(&channel->parcel);
    }
}

static void flush(struct demo_channel *channel, struct auger_peer *peer, auger_time now)
{
    if (channel->is_file)
        flush_parcel(channel, peer, now);
    else
        flush_echoes(channel, peer, now);
}

static bool take(struct demo_channel *channel, struct auger_peer *peer, auger_time now,
                 enum auger_message_kind kind, const uint8_t *data, size_t len)
{
    if (channel->is_file)
        parcel_take(&channel->parcel, kind, data, len);
    else if (!echo_queue_add(&channel->echoes, kind, data, len))
        return false;
    /* Low water is asked for so that what waits goes on; the peer ignores it on a closing channel.
     */
    if (auger_peer_set_low_water(peer, channel->id, LOW_WATER) == 0)
        flush(channel, peer, now);
    return true;
}

/* --- the table -------------------------------------------------------------------------------- */

static struct demo_channel *find(struct demo_channels *channels, auger_channel id)
{
    for (size_t i = 0; i < channels->len; i++)
        if (channels->list[i].id == id)
            return &channels->list[i];
    return NULL;
}

void demo_channels_fini(struct demo_channels *channels)
{
    while (channels->len > 0)
        fini(&channels->list[--channels->len]);
}

void demo_channels_opened(struct demo_channels *channels, auger_time now, auger_channel id)
{
    if (channels->len == DEMO_CHANNELS_MAX)
        (void)!auger_peer_channel_close(channels->peer, now, id);
    else
        init(&channels->list[channels->len++], channels->peer, id, channels->budget);
}

void demo_channels_closed(struct demo_channels *channels, auger_channel id)
{
    struct demo_channel *channel = find(channels, id);

    if (!channel)
        return;
    fini(channel);
    struct demo_channel *last = &channels->list[--channels->len];
    if (channel == last)
        return;
    *channel = *last;
    if (!channel->echoes.first)
        channel->echoes.last = &channel->echoes.first;
}

void demo_channels_take(struct demo_channels *channels, auger_time now,
                        const struct auger_peer_event *event)
{
    struct demo_channel *channel = find(channels, event->channel);

    if (channel &&
        !take(channel, channels->peer, now, event->kind, event->data.data, event->data.len))
        (void)!auger_peer_channel_close(channels->peer, now, event->channel);
}

void demo_channels_flush(struct demo_channels *channels, auger_time now, auger_channel id)
{
    struct demo_channel *channel = find(channels, id);

    if (channel)
        flush(channel, channels->peer, now);
}
