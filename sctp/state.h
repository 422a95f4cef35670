/* sctp/state.h - the state of data channels over one association.  outgoing.c,
 * inbound.c and engine.c work on it; a part below calls nothing above it. */
#ifndef AUGER_SCTP_STATE_H
#define AUGER_SCTP_STATE_H

#include "sctp/assoc.h"
#include "sctp/channel.h"
#include "sctp/dcep.h"

/* RFC 8831 section 8 */
enum auger_ppid {
    AUGER_PPID_DCEP = 50,
    AUGER_PPID_TEXT = 51,
    AUGER_PPID_BINARY = 53,
    AUGER_PPID_TEXT_EMPTY = 56,
    AUGER_PPID_BINARY_EMPTY = 57,
};

#define AUGER_STREAMS_START 16
#define AUGER_STREAMS_MAX 1024
#define AUGER_EARLY_BYTES_MAX 65536 /* of messages on streams without a channel; OPEN on top */
#define AUGER_EARLY_MAX 16

/* A message on a stream without a channel: OPEN itself, or one that overtook it
 * (8832 section 6). */
struct auger_early {
    uint16_t stream;
    uint32_t ppid;
    uint8_t *data;
    size_t len;
    bool whole;
};

struct auger_sctp {
    const struct auger_env *env;
    struct auger_sctp_config config;
    struct auger_assoc *assoc;
    struct auger_channels channels;
    struct auger_sctp_remote remote;
    bool is_connected; /* auger_sctp_connect() was called */
    bool is_up, is_down, down_is_told;
    int error;
    bool is_shutting_down, shutdown_is_sent;
    uint16_t streams;      /* outgoing, of the association */
    bool streams_asked;    /* more are on their way */
    bool streams_wait;     /* such a request, until nothing is under way */
    auger_channel sending; /* a message of this channel is partly with the association; 0: none */
    size_t turn;           /* whose messages come next */
    size_t buffered;       /* of all channels */
    struct auger_early early[AUGER_EARLY_MAX]; /* oldest first */
    size_t early_len, early_bytes;
    /* A message that was handed out is forgotten by the next poll_event; one whose
     * channel had to be announced first is handed out by it. */
    auger_channel delivered, ready;
    uint8_t *delivered_early;
    auger_time now; /* of the verb that is running */
};

#endif /* AUGER_SCTP_STATE_H */
