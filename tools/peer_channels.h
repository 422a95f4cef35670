/* tools/peer_channels.h - the channels of `auger peer`, by label, each with what waits to be sent.
 */
#ifndef AUGER_TOOLS_PEER_CHANNELS_H
#define AUGER_TOOLS_PEER_CHANNELS_H

#include "tools/echo_queue.h"

#include <auger/peer.h>

#define PEER_CHANNELS_MAX 64

struct peer_channel {
    auger_channel id;
    char *label;
    bool is_open;
    struct echo_queue waiting;
};

struct peer_channels {
    struct peer_channel *items[PEER_CHANNELS_MAX];
    size_t len;
};

/* NULL: the table is full, or memory is out. */
struct peer_channel *peer_channels_add(struct peer_channels *channels, auger_channel id,
                                       const char *label);
struct peer_channel *peer_channels_find(const struct peer_channels *channels, auger_channel id);
/* The latest one of that label. */
struct peer_channel *peer_channels_named(const struct peer_channels *channels, const char *label);
void peer_channels_remove(struct peer_channels *channels, struct peer_channel *channel);
void peer_channels_clear(struct peer_channels *channels);

/* Sends, or keeps until the peer takes it, in order.  A negative enum auger_err. */
int peer_channel_send(struct peer_channel *channel, struct auger_peer *peer, auger_time now,
                      enum auger_message_kind kind, const uint8_t *data, size_t len);
void peer_channel_flush(struct peer_channel *channel, struct auger_peer *peer, auger_time now);

#endif /* AUGER_TOOLS_PEER_CHANNELS_H */
