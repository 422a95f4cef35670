/* tools/demo_channel.h - what the demo does on one channel: echo, or a file there and back. */
#ifndef AUGER_TOOLS_DEMO_CHANNEL_H
#define AUGER_TOOLS_DEMO_CHANNEL_H

#include "tools/echo_queue.h"
#include "tools/parcel.h"

#include <auger/peer.h>

struct demo_channel {
    auger_channel id;
    bool is_file;
    struct echo_queue echoes;
    struct parcel parcel;
};

void demo_channel_init(struct demo_channel *channel, const struct auger_peer *peer,
                       auger_channel id, struct parcel_budget *budget);
void demo_channel_fini(struct demo_channel *channel);
/* false: more waits than may wait; the channel is to be closed. */
bool demo_channel_take(struct demo_channel *channel, struct auger_peer *peer, auger_time now,
                       enum auger_message_kind kind, const uint8_t *data, size_t len);
/* Sends what waits, as far as the peer takes it. */
void demo_channel_flush(struct demo_channel *channel, struct auger_peer *peer, auger_time now);

#endif /* AUGER_TOOLS_DEMO_CHANNEL_H */
