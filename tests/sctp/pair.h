/* tests/sctp/pair.h - two SCTP engines on a wire with delay, loss, duplicates and
 * reordering, in virtual time; either side may be a bare association instead, which
 * says what no engine would.  The clock and the random source of the library below are
 * replaced in the test's program, so that they follow. */
#ifndef TESTS_SCTP_PAIR_H
#define TESTS_SCTP_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/sctp.h>

#include "sctp/assoc.h"
#include "sctp/chunks.h"
#include "sctp/crc32c.h"
#include "sctp/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define PORT_OF(side) ((uint16_t)(5000 + (side)))
#define HEADER_LEN 12
#define CHUNK_DATA 0
#define CHUNK_INIT 1
#define CHUNK_ABORT 6
#define CHUNK_COOKIE_ECHO 10
#define CHUNK_SHUTDOWN_COMPLETE 14
#define CHUNK_RE_CONFIG 130

enum { ALICE, BOB }; /* ALICE is the DTLS client: even streams */

struct packet {
    struct packet *next;
    auger_time at;
    int to;
    size_t len;
    uint8_t bytes[];
};

/* What a side's application saw. */
struct record {
    int side;
    auger_time at;
    struct auger_sctp_event event; /* its data is a copy */
};

/* What a bare association saw. */
struct raw_record {
    struct auger_assoc_event event; /* its data is a copy */
};

struct wire {
    auger_time delay;
    unsigned loss_percent, duplicate_percent, reorder_percent;
};

struct side {
    struct auger_sctp *sctp;
    struct auger_assoc *raw;
    bool is_deaf; /* does not ask for events */
    uint32_t tag; /* the verification tag of what is sent to it */
    size_t sent;  /* packets, lost ones too */
    size_t largest;
};

struct pair {
    struct auger_env env;
    uint64_t random;
    size_t blocks, bytes_most, bytes;
    auger_time now;
    struct wire wire;
    /* False: the packet is lost.  May change it. */
    bool (*filter)(struct pair *pair, int to, uint8_t *bytes, size_t *len);
    void *user;
    struct side sides[2];
    struct packet *packets; /* in order of arrival */
    struct record *records;
    size_t records_len, records_cap;
    struct raw_record *raws;
    size_t raws_len, raws_cap;
};

/* --- the world that the library below sees ------------------------------------------- */

static struct pair *current;
static size_t clock_reads; /* by the library */

static inline uint64_t pair_random(struct pair *pair) /* splitmix64 */
{
    uint64_t z = (pair->random += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline int pair_fill(void *user, uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf[i] = (uint8_t)pair_random(user);
    return 0;
}

AUGER_API void read_random(void *buf, size_t len);
void read_random(void *buf, size_t len)
{
    if (current)
        (void)pair_fill(current, buf, len);
    else
        memset(buf, 7, len);
}

AUGER_API int gettimeofday(struct timeval *restrict tv, void *restrict zone);
int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    auger_time now = current ? current->now : 0;

    (void)zone;
    clock_reads++;
    tv->tv_sec = now / AUGER_SEC;
    tv->tv_usec = now % AUGER_SEC / AUGER_US;
    return 0;
}

/* The size stands in front of each block. */
static inline void *pair_alloc(void *user, size_t size)
{
    struct pair *pair = user;
    size_t *block = calloc(1, 16 + size);

    assert_non_null(block);
    *block = size;
    pair->blocks++;
    pair->bytes += size;
    if (pair->bytes > pair->bytes_most)
        pair->bytes_most = pair->bytes;
    return (uint8_t *)block + 16;
}

static inline void pair_release(void *user, void *ptr)
{
    struct pair *pair = user;

    if (!ptr)
        return;
    size_t *block = (size_t *)(void *)((uint8_t *)ptr - 16);
    assert_true(pair->blocks > 0);
    pair->blocks--;
    pair->bytes -= *block;
    free(block);
}

/* --- two ends ------------------------------------------------------------------------- */

static inline struct pair *pair_new(uint64_t seed)
{
    struct pair *pair = calloc(1, sizeof(*pair));

    assert_non_null(pair);
    pair->random = seed;
    pair->env = (struct auger_env){pair, pair_fill, pair_alloc, pair_release, NULL};
    pair->now = 1000 * AUGER_SEC;
    current = pair;
    return pair;
}

static inline void pair_add_engine(struct pair *pair, int side,
                                   const struct auger_sctp_config *config)
{
    struct auger_sctp_config own;

    auger_sctp_config_init(&own);
    if (config)
        own = *config;
    own.local_port = PORT_OF(side);
    assert_int_equal(auger_sctp_new(&pair->sides[side].sctp, &pair->env, &own), 0);
}

static inline void pair_add_raw(struct pair *pair, int side)
{
    const struct auger_assoc_config config = {.local_port = PORT_OF(side),
                                              .packet_max = 1163,
                                              .send_buffer = 1024 * 1024,
                                              .receive_buffer = 1024 * 1024,
                                              .streams_start = 1024,
                                              .streams_max = 1024};

    assert_int_equal(auger_assoc_new(&pair->sides[side].raw, &pair->env, &config), 0);
}

static inline void pair_connect_side(struct pair *pair, int side, uint64_t message_max)
{
    const struct auger_sctp_remote remote = {
        .port = PORT_OF(!side), .max_message_size = message_max, .dtls_client = side == ALICE};
    struct side *self = &pair->sides[side];

    if (self->sctp)
        assert_int_equal(auger_sctp_connect(self->sctp, pair->now, &remote), 0);
    else
        assert_int_equal(auger_assoc_connect(self->raw, pair->now, remote.port), 0);
}

static inline void pair_connect(struct pair *pair)
{
    pair_connect_side(pair, ALICE, 262144);
    pair_connect_side(pair, BOB, 262144);
}

static inline void pair_forget_records(struct pair *pair)
{
    for (size_t i = 0; i < pair->records_len; i++)
        free((void *)(uintptr_t)pair->records[i].event.data.data);
    pair->records_len = 0;
}

/* Nothing may be left behind. */
static inline void pair_free(struct pair *pair)
{
    for (int side = ALICE; side <= BOB; side++) {
        auger_sctp_free(pair->sides[side].sctp);
        auger_assoc_free(pair->sides[side].raw);
    }
    while (pair->packets) {
        struct packet *packet = pair->packets;
        pair->packets = packet->next;
        free(packet);
    }
    pair_forget_records(pair);
    for (size_t i = 0; i < pair->raws_len; i++)
        free((void *)(uintptr_t)pair->raws[i].event.data.data);
    free(pair->records);
    free(pair->raws);
    assert_int_equal(pair->blocks, 0);
    assert_true(clock_reads > 0); /* hidden symbols would replace nothing */
    if (current == pair)
        current = NULL;
    free(pair);
}

/* --- the wire ----------------------------------------------------------------------------- */

static inline bool by_chance(struct pair *pair, unsigned percent)
{
    return percent > 0 && pair_random(pair) % 100 < percent;
}

static inline void pair_put(struct pair *pair, int to, auger_time at, const uint8_t *bytes,
                            size_t len)
{
    struct packet **link = &pair->packets, *packet = malloc(sizeof(*packet) + len);

    assert_non_null(packet);
    *packet = (struct packet){.at = at, .to = to, .len = len};
    memcpy(packet->bytes, bytes, len);
    while (*link && (*link)->at <= at)
        link = &(*link)->next;
    packet->next = *link;
    *link = packet;
}

static inline void pair_send(struct pair *pair, int from, uint8_t *bytes, size_t len)
{
    struct wire *wire = &pair->wire;
    auger_time at = pair->now + wire->delay;
    int to = !from;

    pair->sides[from].sent++;
    if (len > pair->sides[from].largest)
        pair->sides[from].largest = len;
    memcpy(&pair->sides[to].tag, bytes + 4, 4);
    if (by_chance(pair, wire->loss_percent))
        return;
    if (pair->filter && !pair->filter(pair, to, bytes, &len))
        return;
    if (by_chance(pair, wire->reorder_percent))
        at += wire->delay + (auger_time)(pair_random(pair) % 20) * AUGER_MS;
    pair_put(pair, to, at, bytes, len);
    if (by_chance(pair, wire->duplicate_percent))
        pair_put(pair, to, at + (auger_time)(pair_random(pair) % 30) * AUGER_MS, bytes, len);
}

/* --- the sides ------------------------------------------------------------------------ */

static inline const uint8_t *copy_of(struct auger_bytes bytes)
{
    uint8_t *copy = malloc(bytes.len + 1);

    assert_non_null(copy);
    if (bytes.len)
        memcpy(copy, bytes.data, bytes.len);
    return copy;
}

static inline void remember(struct pair *pair, int side, const struct auger_sctp_event *event)
{
    if (pair->records_len == pair->records_cap) {
        pair->records_cap = 2 * pair->records_cap + 64;
        pair->records = realloc(pair->records, pair->records_cap * sizeof(pair->records[0]));
        assert_non_null(pair->records);
    }
    struct record *record = &pair->records[pair->records_len++];
    *record = (struct record){.side = side, .at = pair->now, .event = *event};
    if (event->type == AUGER_SCTP_EVENT_MESSAGE)
        record->event.data.data = copy_of(event->data);
    else
        record->event.data = (struct auger_bytes){0};
}

static inline void remember_raw(struct pair *pair, const struct auger_assoc_event *event)
{
    if (pair->raws_len == pair->raws_cap) {
        pair->raws_cap = 2 * pair->raws_cap + 64;
        pair->raws = realloc(pair->raws, pair->raws_cap * sizeof(pair->raws[0]));
        assert_non_null(pair->raws);
    }
    struct raw_record *record = &pair->raws[pair->raws_len++];
    record->event = *event;
    record->event.data.data = event->type == AUGER_ASSOC_DATA ? copy_of(event->data) : NULL;
}

static inline void take_events(struct pair *pair, int side)
{
    struct side *self = &pair->sides[side];
    struct auger_assoc_event raw;
    struct auger_sctp_event event;

    while (self->sctp && !self->is_deaf && auger_sctp_poll_event(self->sctp, &event))
        remember(pair, side, &event);
    while (self->raw && !self->is_deaf && auger_assoc_poll(self->raw, &raw))
        remember_raw(pair, &raw);
}

static inline bool take_packet(struct pair *pair, int side)
{
    struct side *self = &pair->sides[side];
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len = self->sctp  ? auger_sctp_poll_transmit(self->sctp, pair->now, buf, sizeof(buf))
                 : self->raw ? auger_assoc_output(self->raw, buf, sizeof(buf))
                             : 0;

    if (len > 0) {
        assert_true(auger_sctp_chunks_are_sound(buf, len));
        pair_send(pair, side, buf, len);
    }
    return len > 0;
}

static inline void settle(struct pair *pair)
{
    for (int side = ALICE; side <= BOB; side++) {
        take_events(pair, side);
        while (take_packet(pair, side))
            ;
    }
}

static inline void deliver_to(struct pair *pair, int side, const uint8_t *bytes, size_t len)
{
    struct side *self = &pair->sides[side];

    if (self->sctp)
        auger_sctp_handle_datagram(self->sctp, pair->now, bytes, len);
    else if (self->raw)
        auger_assoc_input(self->raw, pair->now, bytes, len);
    settle(pair);
}

static inline auger_time timeout_of(const struct side *side)
{
    return side->sctp  ? auger_sctp_next_timeout(side->sctp)
           : side->raw ? auger_assoc_next_timeout(side->raw)
                       : AUGER_NEVER;
}

static inline void handle_timeouts(struct pair *pair)
{
    for (int side = ALICE; side <= BOB; side++) {
        struct side *self = &pair->sides[side];
        if (timeout_of(self) > pair->now)
            continue;
        if (self->sctp)
            auger_sctp_handle_timeout(self->sctp, pair->now);
        else
            auger_assoc_handle_timeout(self->raw, pair->now);
        assert_true(timeout_of(self) > pair->now); /* else a driver would spin */
        settle(pair);
    }
}

static inline auger_time next_of(const struct pair *pair)
{
    auger_time at = pair->packets ? pair->packets->at : AUGER_NEVER;

    for (int side = ALICE; side <= BOB; side++)
        if (timeout_of(&pair->sides[side]) < at)
            at = timeout_of(&pair->sides[side]);
    return at;
}

/* Goes to the next moment at which something happens; false: not before `limit`. */
static inline bool pair_step(struct pair *pair, auger_time limit)
{
    settle(pair);
    auger_time at = next_of(pair);
    if (at > limit) {
        pair->now = limit > pair->now ? limit : pair->now;
        return false;
    }
    pair->now = at > pair->now ? at : pair->now;
    struct packet *packet = pair->packets;
    if (packet && packet->at <= pair->now) {
        pair->packets = packet->next;
        deliver_to(pair, packet->to, packet->bytes, packet->len);
        free(packet);
        return true;
    }
    handle_timeouts(pair);
    return true;
}

static inline void pair_run(struct pair *pair, auger_time time)
{
    auger_time limit = pair->now + time;

    while (pair_step(pair, limit))
        ;
}

/* --- what was seen ---------------------------------------------------------------------- */

static inline size_t count_events(const struct pair *pair, int side,
                                  enum auger_sctp_event_type type)
{
    size_t count = 0;

    for (size_t i = 0; i < pair->records_len; i++)
        count += pair->records[i].side == side && pair->records[i].event.type == type;
    return count;
}

/* The nth of its kind, counted from 0; NULL: it did not come. */
static inline const struct record *nth_event(const struct pair *pair, int side,
                                             enum auger_sctp_event_type type, size_t nth)
{
    for (size_t i = 0; i < pair->records_len; i++)
        if (pair->records[i].side == side && pair->records[i].event.type == type && nth-- == 0)
            return &pair->records[i];
    return NULL;
}

/* Runs until `count` of them have come.  False: not within `time`. */
static inline bool run_until(struct pair *pair, int side, enum auger_sctp_event_type type,
                             size_t count, auger_time time)
{
    auger_time limit = pair->now + time;

    settle(pair);
    while (count_events(pair, side, type) < count)
        if (!pair_step(pair, limit))
            return count_events(pair, side, type) >= count;
    return true;
}

static inline size_t count_raw(const struct pair *pair, enum auger_assoc_event_type type)
{
    size_t count = 0;

    for (size_t i = 0; i < pair->raws_len; i++)
        count += pair->raws[i].event.type == type;
    return count;
}

static inline bool has_message(const struct record *record, enum auger_message_kind kind,
                               const char *text)
{
    return record && record->event.kind == kind && record->event.data.len == strlen(text) &&
           memcmp(record->event.data.data, text, strlen(text)) == 0;
}

/* --- what sides do ---------------------------------------------------------------------- */

static inline auger_channel open_channel(struct pair *pair, int side, const char *label,
                                         bool unordered)
{
    const struct auger_channel_options options = {
        .label = label, .protocol = "chat", .unordered = unordered, .id = AUGER_STREAM_NONE};
    auger_channel channel = 0;

    assert_int_equal(auger_sctp_channel_open(pair->sides[side].sctp, pair->now, &options, &channel),
                     0);
    assert_int_not_equal(channel, 0);
    return channel;
}

static inline int send_text(struct pair *pair, int side, auger_channel channel, const char *text)
{
    return auger_sctp_send(pair->sides[side].sctp, pair->now, channel, AUGER_MESSAGE_TEXT,
                           (const uint8_t *)text, strlen(text));
}

static inline int send_bytes(struct pair *pair, int side, auger_channel channel,
                             const uint8_t *bytes, size_t len)
{
    return auger_sctp_send(pair->sides[side].sctp, pair->now, channel, AUGER_MESSAGE_BINARY, bytes,
                           len);
}

static inline struct auger_channel_options options_of(struct pair *pair, int side,
                                                      auger_channel channel)
{
    struct auger_channel_options options;

    assert_int_equal(auger_sctp_channel_options(pair->sides[side].sctp, channel, &options), 0);
    return options;
}

/* Two engines with a channel of ALICE's, open at both ends. */
struct talk {
    struct pair *pair;
    auger_channel at[2];
};

static inline struct talk talk_new(uint64_t seed, auger_time delay, bool unordered)
{
    struct talk talk = {.pair = pair_new(seed)};

    talk.pair->wire.delay = delay;
    pair_add_engine(talk.pair, ALICE, NULL);
    pair_add_engine(talk.pair, BOB, NULL);
    talk.at[ALICE] = open_channel(talk.pair, ALICE, "talk", unordered);
    pair_connect(talk.pair);
    assert_true(run_until(talk.pair, ALICE, AUGER_SCTP_EVENT_OPEN, 1, 5 * AUGER_SEC));
    talk.at[BOB] = nth_event(talk.pair, BOB, AUGER_SCTP_EVENT_CHANNEL, 0)->event.channel;
    pair_run(talk.pair, 100 * AUGER_MS);
    return talk;
}

/* Bytes that tell where they belong. */
static inline void fill_pattern(uint8_t *buf, size_t len, uint32_t number)
{
    for (size_t i = 0; i < len; i++)
        buf[i] = (uint8_t)(number * 131 + i * 7 + (i >> 8));
}

static inline bool is_pattern(struct auger_bytes bytes, uint32_t number)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.data[i] != (uint8_t)(number * 131 + i * 7 + (i >> 8)))
            return false;
    return true;
}

/* The type of a packet's first chunk. */
static inline int chunk_of(const uint8_t *packet, size_t len)
{
    return len > HEADER_LEN ? packet[HEADER_LEN] : -1;
}

#endif /* TESTS_SCTP_PAIR_H */
