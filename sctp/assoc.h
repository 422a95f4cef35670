/* sctp/assoc.h - one SCTP association, behind a face without the library's types:
 * another engine can stand here.  Streams and messages only; channels are above. */
#ifndef AUGER_SCTP_ASSOC_H
#define AUGER_SCTP_ASSOC_H

#include <auger/base.h>

struct auger_assoc;

struct auger_assoc_config {
    uint16_t local_port;
    uint16_t packet_max;
    uint32_t send_buffer, receive_buffer;
    uint16_t streams_start, streams_max; /* outgoing at first; of each direction at most */
};

enum auger_assoc_event_type {
    AUGER_ASSOC_UP,   /* .streams: outgoing */
    AUGER_ASSOC_DATA, /* .stream .ppid .data .end: valid until the next call on any association */
    AUGER_ASSOC_RESET_IN,     /* .stream: the peer will send no more on it */
    AUGER_ASSOC_RESET_OUT,    /* .stream: ours is reset */
    AUGER_ASSOC_RESET_FAILED, /* .stream: the peer refused */
    AUGER_ASSOC_STREAMS,      /* .streams: outgoing, from now on */
    AUGER_ASSOC_DOWN,         /* .error: 0 after an orderly shutdown */
};

struct auger_assoc_event {
    enum auger_assoc_event_type type;
    uint16_t stream, streams;
    uint32_t ppid;
    struct auger_bytes data;
    bool end; /* of the message */
    int error;
};

int auger_assoc_new(struct auger_assoc **out, const struct auger_env *env,
                    const struct auger_assoc_config *config) AUGER_CHECK_RESULT;
/* To be marked when there is output, which another association's turn may cause. */
void auger_assoc_set_ready(struct auger_assoc *assoc, struct auger_ready *ready);
/* Without a word to the peer.  NULL is fine. */
void auger_assoc_free(struct auger_assoc *assoc);

int auger_assoc_connect(struct auger_assoc *assoc, auger_time now,
                        uint16_t remote_port) AUGER_CHECK_RESULT;
void auger_assoc_input(struct auger_assoc *assoc, auger_time now, const uint8_t *packet,
                       size_t len);
size_t auger_assoc_output(struct auger_assoc *assoc, uint8_t *buf, size_t cap);
bool auger_assoc_poll(struct auger_assoc *assoc, struct auger_assoc_event *event);

/* A piece of a message, `end` with its last; how much was taken, which may be less
 * and may be 0: later.  A negative error: the stream takes nothing any more. */
int auger_assoc_send(struct auger_assoc *assoc, auger_time now, uint16_t stream, uint32_t ppid,
                     bool unordered, const uint8_t *data, size_t len) AUGER_CHECK_RESULT;
/* Outgoing streams: reset one, or ask for more. */
int auger_assoc_reset(struct auger_assoc *assoc, uint16_t stream) AUGER_CHECK_RESULT;
int auger_assoc_add_streams(struct auger_assoc *assoc, uint16_t more) AUGER_CHECK_RESULT;
/* Orderly: what was taken is delivered first. */
void auger_assoc_shutdown(struct auger_assoc *assoc, auger_time now);
void auger_assoc_abort(struct auger_assoc *assoc);

void auger_assoc_handle_timeout(struct auger_assoc *assoc, auger_time now);
auger_time auger_assoc_next_timeout(const struct auger_assoc *assoc);

#endif /* AUGER_SCTP_ASSOC_H */
