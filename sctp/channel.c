/* sctp/channel.c - the table of channels and what each holds. */
#include "sctp/channel.h"
#include "base/env.h"

#include <string.h>

#define START_CAP 8
#define INCOMING_START 4096

void auger_channels_init(struct auger_channels *channels, const struct auger_env *env, size_t max)
{
    *channels = (struct auger_channels){.env = env, .max = max};
}

static void free_entry(struct auger_channels *channels, struct auger_channel_entry *entry)
{
    auger_channel_drop_all(channels, entry);
    auger_env_release(channels->env, entry->label);
    auger_env_release(channels->env, entry->protocol);
    auger_env_release(channels->env, entry->incoming);
    auger_env_release(channels->env, entry);
}

void auger_channels_fini(struct auger_channels *channels)
{
    for (size_t i = 0; i < channels->cap; i++)
        if (channels->slots[i])
            free_entry(channels, channels->slots[i]);
    auger_env_release(channels->env, channels->slots);
    auger_env_release(channels->env, channels->generations);
    channels->slots = NULL;
    channels->generations = NULL;
    channels->cap = channels->len = 0;
}

/* --- slots ----------------------------------------------------------------------------- */

static int grow(struct auger_channels *channels)
{
    size_t cap = channels->cap ? 2 * channels->cap : START_CAP;

    if (cap > channels->max)
        cap = channels->max;
    struct auger_channel_entry **slots =
        auger_env_alloc(channels->env, cap, sizeof(struct auger_channel_entry *));
    uint16_t *generations = auger_env_alloc(channels->env, cap, sizeof(uint16_t));
    if (!slots || !generations) {
        auger_env_release(channels->env, slots);
        auger_env_release(channels->env, generations);
        return AUGER_ERR_NO_MEMORY;
    }
    if (channels->cap > 0) {
        memcpy(slots, channels->slots, channels->cap * sizeof(slots[0]));
        memcpy(generations, channels->generations, channels->cap * sizeof(generations[0]));
    }
    auger_env_release(channels->env, channels->slots);
    auger_env_release(channels->env, channels->generations);
    channels->slots = slots;
    channels->generations = generations;
    channels->cap = cap;
    return 0;
}

static int free_slot(struct auger_channels *channels, size_t *slot)
{
    if (channels->len == channels->max)
        return AUGER_ERR_LIMIT;
    if (channels->len == channels->cap) {
        int err = grow(channels);
        if (err < 0)
            return err;
    }
    for (*slot = 0; channels->slots[*slot];)
        ++*slot;
    return 0;
}

static char *copy_text(const struct auger_env *env, struct auger_bytes text)
{
    char *copy = auger_env_alloc(env, 1, text.len + 1);

    if (copy && text.len)
        memcpy(copy, text.data, text.len);
    return copy;
}

int auger_channels_add(struct auger_channels *channels, struct auger_bytes label,
                       struct auger_bytes protocol, struct auger_channel_entry **out)
{
    size_t slot;
    int err = free_slot(channels, &slot);

    if (err < 0)
        return err;
    struct auger_channel_entry *entry = auger_env_alloc(channels->env, 1, sizeof(*entry));
    if (!entry)
        return AUGER_ERR_NO_MEMORY;
    entry->label = copy_text(channels->env, label);
    entry->protocol = copy_text(channels->env, protocol);
    if (!entry->label || !entry->protocol) {
        free_entry(channels, entry);
        return AUGER_ERR_NO_MEMORY;
    }
    if (++channels->generations[slot] == 0)
        channels->generations[slot] = 1;
    entry->handle = (auger_channel)channels->generations[slot] << 16 | (auger_channel)slot;
    entry->stream = AUGER_STREAM_NONE;
    channels->slots[slot] = entry;
    channels->len++;
    *out = entry;
    return 0;
}

void auger_channels_remove(struct auger_channels *channels, struct auger_channel_entry *entry)
{
    channels->slots[auger_channel_slot(entry)] = NULL;
    channels->len--;
    free_entry(channels, entry);
}

struct auger_channel_entry *auger_channels_find(const struct auger_channels *channels,
                                                auger_channel handle)
{
    size_t slot = handle & 0xFFFF;

    if (slot >= channels->cap || !channels->slots[slot])
        return NULL;
    return channels->slots[slot]->handle == handle ? channels->slots[slot] : NULL;
}

struct auger_channel_entry *auger_channels_find_stream(const struct auger_channels *channels,
                                                       uint16_t stream)
{
    for (size_t i = 0; i < channels->cap; i++)
        if (channels->slots[i] && channels->slots[i]->stream == stream)
            return channels->slots[i];
    return NULL;
}

/* --- going out ---------------------------------------------------------------------------- */

int auger_channel_queue(struct auger_channels *channels, struct auger_channel_entry *entry,
                        uint32_t ppid, bool ordered, bool counts, const uint8_t *data, size_t len)
{
    struct auger_outgoing *message =
        auger_env_alloc(channels->env, 1, sizeof(struct auger_outgoing) + len);

    if (!message)
        return AUGER_ERR_NO_MEMORY;
    message->ppid = ppid;
    message->ordered = ordered;
    message->counts = counts;
    message->len = len;
    if (len)
        memcpy(message->data, data, len);
    if (entry->last)
        entry->last->next = message;
    else
        entry->first = message;
    entry->last = message;
    if (counts)
        entry->buffered += len;
    return 0;
}

void auger_channel_drop_first(struct auger_channels *channels, struct auger_channel_entry *entry)
{
    struct auger_outgoing *message = entry->first;

    entry->first = message->next;
    if (!entry->first)
        entry->last = NULL;
    if (message->counts)
        entry->buffered -= message->len - message->sent;
    auger_env_release(channels->env, message);
}

void auger_channel_drop_all(struct auger_channels *channels, struct auger_channel_entry *entry)
{
    while (entry->first)
        auger_channel_drop_first(channels, entry);
}

/* --- coming in ---------------------------------------------------------------------------- */

static int make_room(struct auger_channels *channels, struct auger_channel_entry *entry,
                     size_t need)
{
    size_t cap = entry->incoming_cap ? entry->incoming_cap : INCOMING_START;

    while (cap < need)
        cap *= 2;
    uint8_t *larger = auger_env_alloc(channels->env, 1, cap);
    if (!larger)
        return AUGER_ERR_NO_MEMORY;
    if (entry->incoming_len > 0)
        memcpy(larger, entry->incoming, entry->incoming_len);
    auger_env_release(channels->env, entry->incoming);
    entry->incoming = larger;
    entry->incoming_cap = cap;
    return 0;
}

int auger_channel_collect(struct auger_channels *channels, struct auger_channel_entry *entry,
                          struct auger_bytes piece, size_t max)
{
    if (piece.len > max - entry->incoming_len)
        return AUGER_ERR_TOO_LARGE;
    if (entry->incoming_len + piece.len > entry->incoming_cap) {
        int err = make_room(channels, entry, entry->incoming_len + piece.len);
        if (err < 0)
            return err;
    }
    if (piece.len > 0)
        memcpy(entry->incoming + entry->incoming_len, piece.data, piece.len);
    entry->incoming_len += piece.len;
    return 0;
}
