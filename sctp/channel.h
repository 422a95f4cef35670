/* sctp/channel.h - one data channel, and the table of them: RFC 8831 section 6.  Plain
 * data; engine.c moves it. */
#ifndef AUGER_SCTP_CHANNEL_H
#define AUGER_SCTP_CHANNEL_H

#include "sctp/dcep.h"

enum auger_channel_state {
    AUGER_CHANNEL_OPENING, /* ours: the peer has not acknowledged it */
    AUGER_CHANNEL_OPEN,
    AUGER_CHANNEL_CLOSING, /* what is buffered goes out, then the stream is reset */
    AUGER_CHANNEL_RESET,   /* our stream is being reset */
};

/* A message on its way out; the first `sent` bytes are with the association. */
struct auger_outgoing {
    struct auger_outgoing *next;
    uint32_t ppid;
    bool ordered; /* whatever the channel is: DATA_CHANNEL_OPEN is (8832 section 6) */
    bool counts;  /* towards the buffered amount: the application's, not ours */
    size_t len, sent;
    uint8_t data[];
};

struct auger_channel_entry {
    auger_channel handle;
    enum auger_channel_state state;
    uint16_t stream; /* AUGER_STREAM_NONE: not yet */
    bool is_ours, unordered;
    uint16_t priority;
    enum auger_dcep_reliability reliability; /* as the peer asked; ours is reliable */
    uint32_t parameter;
    char *label, *protocol;
    struct auger_outgoing *first, *last;
    size_t buffered, low_water;
    bool was_above;  /* the low water mark: falling to it is an event */
    bool wants_room; /* a message was refused for what all channels have buffered */
    /* The message that is coming in. */
    uint8_t *incoming;
    size_t incoming_len, incoming_cap;
    uint32_t incoming_ppid;
    bool out_is_reset, in_is_reset; /* closed once both are */
};

/* Slots by handle: the index below, a generation above, so that an old handle finds
 * nothing. */
struct auger_channels {
    const struct auger_env *env;
    struct auger_channel_entry **slots;
    uint16_t *generations;
    size_t cap, len, max;
};

void auger_channels_init(struct auger_channels *channels, const struct auger_env *env, size_t max);
void auger_channels_fini(struct auger_channels *channels);

/* A new entry with copies of the texts; AUGER_ERR_LIMIT, AUGER_ERR_NO_MEMORY. */
int auger_channels_add(struct auger_channels *channels, struct auger_bytes label,
                       struct auger_bytes protocol,
                       struct auger_channel_entry **out) AUGER_CHECK_RESULT;
void auger_channels_remove(struct auger_channels *channels, struct auger_channel_entry *entry);

struct auger_channel_entry *auger_channels_find(const struct auger_channels *channels,
                                                auger_channel handle);
struct auger_channel_entry *auger_channels_find_stream(const struct auger_channels *channels,
                                                       uint16_t stream);
static inline size_t auger_channel_slot(const struct auger_channel_entry *entry)
{
    return entry->handle & 0xFFFF;
}

/* The one in slot `i`, or NULL; for walking them all. */
static inline struct auger_channel_entry *auger_channels_at(const struct auger_channels *channels,
                                                            size_t i)
{
    return channels->slots[i];
}

/* Adds a message at the end. */
int auger_channel_queue(struct auger_channels *channels, struct auger_channel_entry *entry,
                        uint32_t ppid, bool ordered, bool counts, const uint8_t *data,
                        size_t len) AUGER_CHECK_RESULT;
void auger_channel_drop_first(struct auger_channels *channels, struct auger_channel_entry *entry);
void auger_channel_drop_all(struct auger_channels *channels, struct auger_channel_entry *entry);

/* Adds a piece to the message that is coming in.  AUGER_ERR_TOO_LARGE above `max`. */
int auger_channel_collect(struct auger_channels *channels, struct auger_channel_entry *entry,
                          struct auger_bytes piece, size_t max) AUGER_CHECK_RESULT;

#endif /* AUGER_SCTP_CHANNEL_H */
