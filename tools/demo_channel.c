/* tools/demo_channel.c - what the demo does on one channel. */
#include "tools/demo_channel.h"

#include <stdlib.h>
#include <string.h>

#define FILE_PROTOCOL "auger-file"
#define ECHOES_MAX (8u * 1024 * 1024)
#define LOW_WATER (256u * 1024)

void demo_channel_init(struct demo_channel *channel, const struct auger_peer *peer,
                       auger_channel id, struct parcel_budget *budget)
{
    struct auger_channel_options options;

    *channel = (struct demo_channel){.id = id};
    echo_queue_init(&channel->echoes, ECHOES_MAX);
    parcel_init(&channel->parcel, budget);
    if (auger_peer_channel_options(peer, id, &options) == 0 && options.protocol)
        channel->is_file = strcmp(options.protocol, FILE_PROTOCOL) == 0;
}

void demo_channel_fini(struct demo_channel *channel)
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

void demo_channel_flush(struct demo_channel *channel, struct auger_peer *peer, auger_time now)
{
    if (channel->is_file)
        flush_parcel(channel, peer, now);
    else
        flush_echoes(channel, peer, now);
}

bool demo_channel_take(struct demo_channel *channel, struct auger_peer *peer, auger_time now,
                       enum auger_message_kind kind, const uint8_t *data, size_t len)
{
    if (channel->is_file)
        parcel_take(&channel->parcel, kind, data, len);
    else if (!echo_queue_add(&channel->echoes, kind, data, len))
        return false;
    /* Low water is asked for so that what waits goes on; the peer ignores it on a closing channel.
     */
    if (auger_peer_set_low_water(peer, channel->id, LOW_WATER) == 0)
        demo_channel_flush(channel, peer, now);
    return true;
}
