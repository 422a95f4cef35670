/* tools/trace_writer.c - a trace and a capture as files.  What stands in them is formatted by
 * <auger/trace.h>. */
#define _GNU_SOURCE
#include "tools/trace_writer.h"

#include <auger/crypto.h>
#include <auger/peer_stats.h>
#include <auger/record.h>
#include <auger/trace.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MIB (1024 * 1024L)
#define LIMIT_ROOM 256  /* for the record that says that there are no more */
#define KEYS_KEPT 64    /* associations whose keys are in the capture; then one may come twice */
#define KEY_NAME_LEN 78 /* "CLIENT_RANDOM " and 64 digits: which association a key is of */
#define DATAGRAM_MAX 2048

struct output {
    FILE *file; /* NULL: not asked for, or full */
    long left;  /* bytes */
};

struct trace_writer {
    struct auger_env env;
    const char *title;
    struct output trace, pcap, record;
    struct auger_recorder *recorder;
    bool keys, has_begun;
    auger_time origin; /* the trace's time 0 */
    int64_t wall_ns;   /* then */
    size_t words_len;  /* of what was decided since the last datagram */
    char words[AUGER_PCAPNG_COMMENT_MAX];
    char keys_known[KEYS_KEPT][KEY_NAME_LEN];
    size_t keys_next;
};

/* --- files ------------------------------------------------------------------------------------ */

/* Nobody else's to read: addresses are in it, perhaps keys. */
static bool open_output(struct output *output, const char *path, long max_mib)
{
    if (!path)
        return true;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    output->file = fd < 0 ? NULL : fdopen(fd, "w");
    output->left = max_mib * MIB;
    if (!output->file)
        fprintf(stderr, "auger: cannot write to %s: %s\n", path, strerror(errno));
    return output->file;
}

static void close_output(struct output *output)
{
    if (output->file)
        fclose(output->file);
    output->file = NULL;
}

/* Flushed, since it is wanted most when the program ends badly. */
static void put(struct output *output, const void *bytes, int len)
{
    if (!output->file || len < 0)
        return;
    fwrite(bytes, 1, (size_t)len, output->file);
    fflush(output->file);
    output->left -= len;
}

/* --- the trace -------------------------------------------------------------------------------- */

static void begin_trace(struct trace_writer *writer)
{
    char line[AUGER_TRACE_LINE_MAX];

    int len = auger_trace_format_header(line, sizeof(line), writer->title, writer->wall_ns);
    put(&writer->trace, line, len);
}

static void begin(struct trace_writer *writer, auger_time now)
{
    struct timespec wall;

    if (writer->has_begun)
        return;
    clock_gettime(CLOCK_REALTIME, &wall);
    writer->has_begun = true;
    writer->origin = now;
    writer->wall_ns = wall.tv_sec * AUGER_SEC + wall.tv_nsec;
    begin_trace(writer);
}

static void end_at_limit(struct trace_writer *writer, auger_time now)
{
    char line[AUGER_TRACE_LINE_MAX];
    const struct auger_trace_record limit = {.at = now, .name = "trace:limit"};

    int len = auger_trace_format(line, sizeof(line), &limit, writer->origin);
    put(&writer->trace, line, len);
    close_output(&writer->trace);
}

static void write_line(struct trace_writer *writer, const struct auger_trace_record *record)
{
    char line[AUGER_TRACE_LINE_MAX];
    int len = auger_trace_format(line, sizeof(line), record, writer->origin);

    if (!writer->trace.file)
        return;
    if (len + LIMIT_ROOM > writer->trace.left)
        end_at_limit(writer, record->at);
    else
        put(&writer->trace, line, len);
}

/* What does not fit is in the trace all the same. */
static void keep_words(struct trace_writer *writer, const struct auger_trace_record *record)
{
    char *at = writer->words + writer->words_len;
    size_t room = sizeof(writer->words) - writer->words_len;

    if (room < 2)
        return;
    if (writer->words_len > 0)
        *at++ = '\n', room--;
    int len = auger_trace_format_words(at, room, record);
    if (len > 0)
        writer->words_len = (size_t)(at + len - writer->words);
    writer->words[writer->words_len] = '\0';
}

static void take_record(void *user, const struct auger_trace_record *record)
{
    struct trace_writer *writer = user;

    begin(writer, record->at);
    write_line(writer, record);
    if (writer->pcap.file)
        keep_words(writer, record);
}

/* --- the capture ------------------------------------------------------------------------------ */

static void put_block(struct trace_writer *writer, const uint8_t *block, int len)
{
    if (len > writer->pcap.left)
        close_output(&writer->pcap);
    else
        put(&writer->pcap, block, len);
}

static bool is_known(struct trace_writer *writer, const char *key_log)
{
    for (size_t i = 0; i < KEYS_KEPT; i++)
        if (memcmp(writer->keys_known[i], key_log, KEY_NAME_LEN) == 0)
            return true;
    memcpy(writer->keys_known[writer->keys_next++ % KEYS_KEPT], key_log, KEY_NAME_LEN);
    return false;
}

/* Before the first packet that they decrypt. */
static void write_keys(struct trace_writer *writer, const struct auger_peer *peer)
{
    char key_log[AUGER_KEY_LOG_MAX];
    uint8_t block[AUGER_KEY_LOG_MAX + AUGER_PCAPNG_OVERHEAD];
    int len = auger_peer_key_log(peer, key_log, sizeof(key_log));

    if (len > 0 && !is_known(writer, key_log))
        put_block(writer, block, auger_pcapng_secrets(block, sizeof(block), key_log, (size_t)len));
}

static void take_datagram(void *user, const struct auger_tap *tap)
{
    struct trace_writer *writer = user;
    uint8_t block[DATAGRAM_MAX + AUGER_PCAPNG_COMMENT_MAX + AUGER_PCAPNG_OVERHEAD];

    begin(writer, tap->now);
    if (!writer->pcap.file)
        return;
    if (writer->keys)
        write_keys(writer, tap->peer);
    put_block(writer, block,
              auger_pcapng_packet(block, sizeof(block),
                                  &(struct auger_pcapng_packet){
                                      .wall_ns = writer->wall_ns + tap->now - writer->origin,
                                      .outbound = tap->outbound,
                                      .path = tap->path,
                                      .data = tap->data.data,
                                      .len = tap->data.len,
                                      .comment = writer->words}));
    writer->words[writer->words_len = 0] = '\0';
}

/* --- the recording -----------------------------------------------------------------------------
 */

static void take_recording(void *user, const uint8_t *bytes, size_t len)
{
    struct trace_writer *writer = user;

    put(&writer->record, bytes, (int)len);
}

static bool begin_recording(struct trace_writer *writer, const struct trace_options *options)
{
    struct auger_recorder_config config;

    if (!options->record)
        return true;
    if (!open_output(&writer->record, options->record, options->max_mib))
        return false;
    auger_recorder_config_init(&config);
    config.write = take_recording;
    config.user = writer;
    config.bytes_max = (uint64_t)(options->max_mib * MIB);
    return auger_recorder_new(&writer->recorder, auger_env_system(), &config) == 0;
}

struct auger_recorder *trace_writer_recorder(struct trace_writer *writer)
{
    return writer->recorder;
}

static void begin_pcap(struct trace_writer *writer)
{
    uint8_t block[AUGER_PCAPNG_BEGIN_MAX];

    int len = auger_pcapng_begin(block, sizeof(block), writer->title);
    put(&writer->pcap, block, len);
}

/* --- life ------------------------------------------------------------------------------------- */

struct trace_writer *trace_writer_new(const struct trace_options *options, const char *title)
{
    struct trace_writer *writer = calloc(1, sizeof(*writer));

    if (!writer)
        return NULL;
    writer->env = *auger_env_system();
    writer->title = title;
    writer->keys = options->keys;
    if (!open_output(&writer->trace, options->trace, options->max_mib) ||
        !open_output(&writer->pcap, options->pcap, options->max_mib) ||
        !begin_recording(writer, options)) {
        trace_writer_free(writer);
        return NULL;
    }
    begin_pcap(writer);
    return writer;
}

void trace_writer_free(struct trace_writer *writer)
{
    if (!writer)
        return;
    close_output(&writer->trace);
    close_output(&writer->pcap);
    auger_recorder_free(writer->recorder);
    close_output(&writer->record);
    free(writer);
}

void trace_writer_attach(struct trace_writer *writer, struct auger_loop_config *config)
{
    if (writer->trace.file || writer->pcap.file) {
        writer->env.user = writer; /* the system's own functions do not look at it */
        writer->env.trace = take_record;
    }
    config->env = &writer->env;
    if (writer->pcap.file) {
        config->tap = take_datagram;
        config->tap_user = writer;
    }
}
