/* fuzz: reaches auger_dcep_parse auger_dcep_write auger_assoc_input take_open take_dcep */
/* fuzz: reaches refuse_stream keep_early reset_in closed auger_channel_collect */
/* fuzz: reaches auger_sctp_chunks_are_sound */
/* 'D' and a DCEP message, which is read and written back; or the script of a peer: what
 * it says on which stream, packets made by hand, resets, and time that passes. */
#include <auger/sctp.h>

#include "base/bytes.h"
#include "sctp/assoc.h"
#include "sctp/crc32c.h"
#include "sctp/dcep.h"
#include "sctp/state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define HEADER_LEN 12
#define CHANNELS_MAX 20
#define MESSAGE_MAX 5000
#define STEPS_MAX 200
#define HEAP_MAX (16 * 1024 * 1024)

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* --- the world, the same in every run ---------------------------------------------------- */

static struct {
    auger_time now;
    uint64_t random;
    size_t blocks, bytes;
} world;

static int fill(void *user, uint8_t *buf, size_t len)
{
    (void)user;
    for (size_t i = 0; i < len; i++) {
        world.random = world.random * 6364136223846793005u + 1442695040888963407u;
        buf[i] = (uint8_t)(world.random >> 56);
    }
    return 0;
}

AUGER_API void read_random(void *buf, size_t len);
void read_random(void *buf, size_t len)
{
    (void)fill(NULL, buf, len);
}

AUGER_API int gettimeofday(struct timeval *restrict tv, void *restrict zone);
int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    (void)zone;
    tv->tv_sec = world.now / AUGER_SEC;
    tv->tv_usec = world.now % AUGER_SEC / AUGER_US;
    return 0;
}

static void *allocate(void *user, size_t size)
{
    size_t *block = calloc(1, 16 + size);

    (void)user;
    require(block != NULL);
    *block = size;
    world.blocks++;
    world.bytes += size;
    require(world.bytes < HEAP_MAX);
    return (uint8_t *)block + 16;
}

static void release(void *user, void *ptr)
{
    (void)user;
    if (!ptr)
        return;
    size_t *block = (size_t *)(void *)((uint8_t *)ptr - 16);
    world.blocks--;
    world.bytes -= *block;
    free(block);
}

static const struct auger_env env = {.random = fill, .alloc = allocate, .release = release};

/* --- a message ----------------------------------------------------------------------------- */

static void read_and_write(const uint8_t *data, size_t size)
{
    struct auger_dcep dcep;

    if (auger_dcep_parse(&dcep, data, size) < 0)
        return;
    require(auger_dcep_len(&dcep) == size);
    uint8_t *back = malloc(size);
    require(back != NULL);
    auger_dcep_write(&dcep, back);
    require(memcmp(back, data, size) == 0);
    free(back);
}

/* --- an engine and a peer that follows a script -------------------------------------------- */

struct stage {
    struct auger_sctp *sctp;
    struct auger_assoc *peer;
    uint8_t tag[4]; /* of what is sent to the engine */
    auger_channel ours;
    size_t opened, closed;
    bool is_down;
};

static void look(struct stage *stage, const struct auger_sctp_event *event)
{
    struct auger_channel_options options;

    require(!stage->is_down);
    switch (event->type) {
    case AUGER_SCTP_EVENT_CHANNEL:
        require(auger_sctp_channel_options(stage->sctp, event->channel, &options) == 0);
        require(options.id % 2 == 1);
        stage->opened++;
        break;
    case AUGER_SCTP_EVENT_MESSAGE:
        require(event->data.len <= MESSAGE_MAX);
        require(auger_sctp_channel_options(stage->sctp, event->channel, &options) == 0);
        break;
    case AUGER_SCTP_EVENT_CLOSED:
        require(auger_sctp_channel_options(stage->sctp, event->channel, &options) ==
                AUGER_ERR_NOT_FOUND);
        stage->closed++;
        break;
    case AUGER_SCTP_EVENT_DOWN:
        require(stage->opened == stage->closed);
        stage->is_down = true;
        break;
    case AUGER_SCTP_EVENT_UP:
    case AUGER_SCTP_EVENT_OPEN:
    case AUGER_SCTP_EVENT_LOW_WATER:
        break;
    }
}

static void check(const struct stage *stage)
{
    const struct auger_sctp *sctp = stage->sctp;

    require(sctp->channels.len <= CHANNELS_MAX);
    require(sctp->early_len <= AUGER_EARLY_MAX);
    require(sctp->early_bytes <= AUGER_EARLY_BYTES_MAX + AUGER_DCEP_MAX);
    require(sctp->buffered <= sctp->config.send_buffer_max);
    require(stage->opened >= stage->closed);
}

/* Carries packets both ways until nobody says anything. */
static void settle(struct stage *stage)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_sctp_event event;
    struct auger_assoc_event raw;
    size_t len;

    for (int round = 0; round < 100; round++) {
        bool quiet = true;
        while (auger_sctp_poll_event(stage->sctp, &event))
            look(stage, &event);
        while (auger_assoc_poll(stage->peer, &raw))
            ;
        while ((len = auger_sctp_poll_transmit(stage->sctp, world.now, buf, sizeof(buf))) > 0) {
            auger_assoc_input(stage->peer, world.now, buf, len);
            quiet = false;
        }
        while ((len = auger_assoc_output(stage->peer, buf, sizeof(buf))) > 0) {
            memcpy(stage->tag, buf + 4, sizeof(stage->tag));
            auger_sctp_handle_datagram(stage->sctp, world.now, buf, len);
            quiet = false;
        }
        if (quiet)
            break;
    }
    check(stage);
}

static void wait(struct stage *stage, auger_time time)
{
    auger_time limit = world.now + time;

    while (world.now < limit) {
        auger_time next = auger_sctp_next_timeout(stage->sctp);
        world.now = next < limit ? next : limit;
        auger_sctp_handle_timeout(stage->sctp, world.now);
        auger_assoc_handle_timeout(stage->peer, world.now);
        require(auger_sctp_next_timeout(stage->sctp) > world.now);
        settle(stage);
    }
}

static void say(struct stage *stage, struct auger_reader *r, struct auger_bytes bytes)
{
    static const uint32_t ppids[] = {50, 51, 53, 56, 57, 52, 54, 0};
    uint8_t stream = auger_read_u8(r), how = auger_read_u8(r);

    if (bytes.len > 0)
        (void)!auger_assoc_send(stage->peer, world.now, stream, ppids[how % 8], how & 0x80,
                                bytes.data, bytes.len);
}

/* With the right ports, and a right tag unless the script says otherwise. */
static void forge(struct stage *stage, struct auger_reader *r, struct auger_bytes chunks)
{
    uint8_t packet[HEADER_LEN + 256] = {5001 >> 8, 5001 & 0xFF, 5000 >> 8, 5000 & 0xFF};
    uint8_t how = auger_read_u8(r);

    memcpy(packet + 4, stage->tag, sizeof(stage->tag));
    if (how & 1)
        memset(packet + 4, how & 2 ? 0 : 0xEE, 4);
    if (chunks.len > 0)
        memcpy(packet + HEADER_LEN, chunks.data, chunks.len);
    auger_sctp_packet_seal(packet, HEADER_LEN + chunks.len);
    auger_sctp_handle_datagram(stage->sctp, world.now, packet, HEADER_LEN + chunks.len);
}

static void act(struct stage *stage, uint8_t what, struct auger_bytes bytes)
{
    const struct auger_channel_options options = {.label = "ours", .unordered = what & 1};

    if (what % 4 == 0 &&
        auger_sctp_channel_open(stage->sctp, world.now, &options, &stage->ours) == 0)
        stage->opened++;
    else if (what % 4 == 1)
        (void)!auger_sctp_channel_close(stage->sctp, world.now, stage->ours);
    else if (what % 4 == 2)
        (void)!auger_sctp_send(stage->sctp, world.now, stage->ours, AUGER_MESSAGE_BINARY,
                               bytes.data, bytes.len);
    else if (what == 7)
        auger_sctp_shutdown(stage->sctp, world.now);
}

/* One line of the script: what, how long, and then as `what` has it. */
static void step(struct stage *stage, struct auger_reader *r)
{
    uint8_t what = auger_read_u8(r);
    struct auger_reader arguments = *r;
    (void)!auger_read_bytes(r, 2); /* of `say`; the others leave what they do not need */
    struct auger_bytes bytes = {.len = auger_read_u8(r)};

    if (bytes.len > r->left)
        bytes.len = r->left;
    bytes.data = auger_read_bytes(r, bytes.len);
    if (r->failed)
        return;
    switch (what % 6) {
    case 0:
        say(stage, &arguments, bytes);
        break;
    case 1:
        forge(stage, &arguments, bytes);
        break;
    case 2:
        auger_sctp_handle_datagram(stage->sctp, world.now, bytes.data, bytes.len);
        break;
    case 3:
        (void)!auger_assoc_reset(stage->peer, auger_read_u8(&arguments));
        break;
    case 4:
        wait(stage, auger_read_u8(&arguments) * 10 * AUGER_MS);
        break;
    case 5:
        act(stage, auger_read_u8(&arguments), bytes);
        break;
    }
}

static void play(const uint8_t *data, size_t size)
{
    struct auger_sctp_config config;
    const struct auger_assoc_config peer = {.local_port = 5001,
                                            .packet_max = 1163,
                                            .send_buffer = 262144,
                                            .receive_buffer = 262144,
                                            .streams_start = 32,
                                            .streams_max = 64};
    const struct auger_sctp_remote remote = {.port = 5001, .dtls_client = true};
    struct auger_reader r = auger_reader(data, size);
    struct stage stage = {0};

    auger_sctp_config_init(&config);
    config.channels_max = CHANNELS_MAX;
    config.max_message_size = MESSAGE_MAX;
    require(auger_sctp_new(&stage.sctp, &env, &config) == 0);
    require(auger_assoc_new(&stage.peer, &env, &peer) == 0);
    require(auger_sctp_connect(stage.sctp, world.now, &remote) == 0);
    require(auger_assoc_connect(stage.peer, world.now, 5000) == 0);
    settle(&stage);
    for (int i = 0; i < STEPS_MAX && r.left > 0 && !stage.is_down; i++) {
        step(&stage, &r);
        if (i % 2)
            settle(&stage);
    }
    settle(&stage);
    if (!stage.is_down)
        wait(&stage, 2 * AUGER_SEC);
    auger_sctp_free(stage.sctp);
    auger_assoc_free(stage.peer);
    require(world.blocks == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    world.now += 10 * AUGER_SEC;
    world.random = 1;
    if (size > 0 && data[0] == 'D')
        read_and_write(data + 1, size - 1);
    else
        play(data, size);
    return 0;
}
