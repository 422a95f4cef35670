/* tools/demo_channel.h - what the demo does on the channels of a session: echo, or a file there and
 * back. */
#ifndef AUGER_TOOLS_DEMO_CHANNEL_H
#define AUGER_TOOLS_DEMO_CHANNEL_H

#include "tools/echo_queue.h"
#include "tools/parcel.h"

#include <auger/peer.h>

#define DEMO_CHANNELS_MAX 16

struct demo_channel {
    auger_channel id;
    bool is_file;
    struct echo_queue echoes;
    struct parcel parcel;
};

/* Those of one session. */
struct demo_channels {
    struct auger_peer *peer;
    struct parcel_budget *budget;
    struct demo_channel list[DEMO_CHANNELS_MAX];
    size_t len;
};

void demo_channels_fini(struct demo_channels *channels);
/* One that the peer says is open; one too many is closed again. */
void demo_channels_opened(struct demo_channels *channels, auger_time now, auger_channel id);
void demo_channels_closed(struct demo_channels *channels, auger_channel id);
/* A message; a channel on which more waits than may wait is closed. */
void demo_channels_take(struct demo_channels *channels, auger_time now,
                        const struct auger_peer_event *event);
/* Sends what waits, as far as the peer takes it. */
void demo_channels_flush(struct demo_channels *channels, auger_time now, auger_channel id);

#endif /* AUGER_TOOLS_DEMO_CHANNEL_H */
