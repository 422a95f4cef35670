/*
 * auger/sctp.h - one SCTP association and its data channels: RFC 8831, 8832,
 * over packets that DTLS carries (8261).
 *
 * An engine with the five verbs.  The association itself lives in a library
 * with state of the whole process: ARCHITECTURE.md says what that costs.
 *
 * Time     any monotonic clock, in nanoseconds, the same for all associations of a
 *          process; `now` never goes back.
 * Errors   0, a length or a negative enum auger_err; a failed call changes nothing.
 * Memory   bounded by the config.
 * Threads  all associations of a process belong to one thread at a time.
 */
#ifndef AUGER_SCTP_H
#define AUGER_SCTP_H

#include <auger/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_sctp;

#define AUGER_CHANNEL_TEXT_MAX 65535 /* label and protocol (RFC 8832 section 5.1) */
#define AUGER_STREAM_NONE 0xFFFF     /* a stream id that is not assigned yet */

/* A channel of one association; never 0.  It is not the stream id, which is known
 * only when the DTLS role is; and it is not used again soon, so that an old one
 * is AUGER_ERR_NOT_FOUND instead of another channel. */
typedef uint32_t auger_channel;

enum auger_message_kind { AUGER_MESSAGE_TEXT, AUGER_MESSAGE_BINARY };

struct auger_sctp_config {
    /* Our a=sctp-port.  Default 5000. */
    uint16_t local_port;
    /* What one SCTP packet may be: auger_dtls_data_max().  Default 1163. */
    uint16_t packet_max;
    /* The largest message that we accept or send.  Default 262144. */
    uint32_t max_message_size;
    /* Unsent bytes kept for all channels together.  Default 1 MiB. */
    uint32_t send_buffer_max;
    /* Channels open at once, whoever opened them.  Default 1024. */
    uint16_t channels_max;
};

/* What the descriptions and DTLS have settled. */
struct auger_sctp_remote {
    uint16_t port;             /* the peer's a=sctp-port */
    uint64_t max_message_size; /* its a=max-message-size: absent is 65536, 0 is "any" */
    /* The DTLS client opens even stream ids, the server odd ones (8832 section 6). */
    bool dtls_client;
};

struct auger_channel_options {
    const char *label;    /* UTF-8; NULL is "" */
    const char *protocol; /* NULL is "" */
    bool unordered;
    /* Partial reliability and negotiated ids come later: must be zero. */
    bool partial_by_retransmits, partial_by_lifetime;
    uint32_t partial_limit;
    bool negotiated;
    uint16_t id;       /* the stream id; AUGER_STREAM_NONE where it is not known yet */
    uint16_t priority; /* 8832 section 5.1; 0 is normal */
};

enum auger_sctp_event_type {
    AUGER_SCTP_EVENT_UP,        /* the association is established */
    AUGER_SCTP_EVENT_CHANNEL,   /* the peer opened .channel: ask for its properties */
    AUGER_SCTP_EVENT_OPEN,      /* .channel of ours was acknowledged */
    AUGER_SCTP_EVENT_MESSAGE,   /* .kind, .data: valid until the next call */
    AUGER_SCTP_EVENT_LOW_WATER, /* .channel: buffered amount fell to the threshold */
    AUGER_SCTP_EVENT_CLOSED,    /* .channel is closed both ways; its id is free again */
    AUGER_SCTP_EVENT_DOWN,      /* the association is gone, all channels with it; .error */
};
struct auger_sctp_event {
    enum auger_sctp_event_type type;
    auger_channel channel;
    enum auger_message_kind kind;
    struct auger_bytes data;
    int error; /* 0: orderly */
};

AUGER_API void auger_sctp_config_init_sized(struct auger_sctp_config *config, size_t size);
#define auger_sctp_config_init(config) auger_sctp_config_init_sized((config), sizeof(*(config)))

AUGER_API int auger_sctp_new_sized(struct auger_sctp **out, const struct auger_env *env,
                                   const struct auger_sctp_config *config,
                                   size_t size) AUGER_CHECK_RESULT;
#define auger_sctp_new(out, env, config)                                                           \
    auger_sctp_new_sized((out), (env), (config), sizeof(struct auger_sctp_config))
/* Marks `ready` when another association's turn makes this one speak: all of a process
 * share their timers.  NULL: nobody is told. */
AUGER_API void auger_sctp_set_ready(struct auger_sctp *sctp, struct auger_ready *ready);
/* Ends the association without a word if it is still up.  NULL is fine. */
AUGER_API void auger_sctp_free(struct auger_sctp *sctp);

/* The layer below is up: INIT leaves.  Packets handed in before are kept (8). */
AUGER_API int auger_sctp_connect(struct auger_sctp *sctp, auger_time now,
                                 const struct auger_sctp_remote *remote) AUGER_CHECK_RESULT;

AUGER_API void auger_sctp_handle_datagram(struct auger_sctp *sctp, auger_time now,
                                          const uint8_t *buf, size_t len);
AUGER_API void auger_sctp_handle_timeout(struct auger_sctp *sctp, auger_time now);
AUGER_API size_t auger_sctp_poll_transmit(struct auger_sctp *sctp, auger_time now, uint8_t *buf,
                                          size_t cap);
AUGER_API bool auger_sctp_poll_event(struct auger_sctp *sctp, struct auger_sctp_event *event);
AUGER_API auger_time auger_sctp_next_timeout(const struct auger_sctp *sctp);

/* Opens a channel, before or after auger_sctp_connect(); messages may be sent on
 * it at once (8832 section 6).  AUGER_ERR_LIMIT, AUGER_ERR_UNSUPPORTED,
 * AUGER_ERR_INVALID. */
AUGER_API int auger_sctp_channel_open(struct auger_sctp *sctp, auger_time now,
                                      const struct auger_channel_options *options,
                                      auger_channel *channel) AUGER_CHECK_RESULT;
/* Properties of a channel of either side; the texts are valid until it closes. */
AUGER_API int auger_sctp_channel_options(const struct auger_sctp *sctp, auger_channel channel,
                                         struct auger_channel_options *options) AUGER_CHECK_RESULT;
/* Takes a whole message or none.  Before auger_sctp_connect() the peer's limit is
 * taken to be 65536.  AUGER_ERR_TOO_LARGE, AUGER_ERR_AGAIN (wait for
 * low water), AUGER_ERR_NOT_FOUND, AUGER_ERR_STATE (closing). */
AUGER_API int auger_sctp_send(struct auger_sctp *sctp, auger_time now, auger_channel channel,
                              enum auger_message_kind kind, const uint8_t *data,
                              size_t len) AUGER_CHECK_RESULT;
/* Payload bytes taken by auger_sctp_send() and not yet handed to the wire. */
AUGER_API size_t auger_sctp_buffered_amount(const struct auger_sctp *sctp, auger_channel channel);
/* AUGER_SCTP_EVENT_LOW_WATER comes when the amount falls to this; default 0. */
AUGER_API int auger_sctp_set_low_water(struct auger_sctp *sctp, auger_channel channel,
                                       size_t threshold) AUGER_CHECK_RESULT;
/* Sends what is buffered, then resets the stream (8831 section 6.7); loses nothing. */
AUGER_API int auger_sctp_channel_close(struct auger_sctp *sctp, auger_time now,
                                       auger_channel channel) AUGER_CHECK_RESULT;
/* Sends what is buffered, then shuts the association down: AUGER_SCTP_EVENT_DOWN. */
AUGER_API void auger_sctp_shutdown(struct auger_sctp *sctp, auger_time now);

#ifdef __cplusplus
}
#endif

#endif /* AUGER_SCTP_H */
