/* io/stream.h - one stream, TCP with or without TLS: opened from one of our addresses or accepted,
 * cut into the frames of RFC 8656 section 12.5, or into those of RFC 4571 where it leads to the
 * other side itself.  What goes by datagrams and is sealed is sealed.h. */
#ifndef AUGER_IO_STREAM_H
#define AUGER_IO_STREAM_H

#include "io/proxy.h"
#include "io/stream_input.h"
#include "io/stream_queue.h"
#include "io/watch.h"

#include <auger/tls.h>

#define AUGER_STREAM_ADDRS_MAX 4                  /* of one family that a name has */
#define AUGER_STREAM_QUEUE_MAX (256 * 1024)       /* bytes that wait; of them data has all but */
#define AUGER_STREAM_RESERVE (16 * 1024)          /* these */
#define AUGER_STREAM_FRAMED_QUEUE_MAX (64 * 1024) /* the same of a stream to the other side */

enum auger_stream_state { AUGER_STREAM_CLOSED, AUGER_STREAM_CONNECTING, AUGER_STREAM_OPEN };

struct auger_stream_room {
    uint8_t out[4096]; /* sealed, or for the proxy: to be sent first */
    uint8_t raw[4096]; /* sealed, as it came */
};

struct auger_stream {
    enum auger_stream_state state;
    int epoll_fd;
    struct auger_path path; /* by which the agent knows it */
    bool is_framed;         /* RFC 4571; else TURN */
    uint8_t dscp;           /* of one that is opened */
    /* RFC 8305 section 5: each address begins a while after the one before, and the first that
     * answers is taken.  They stay, since an event may still lie in the loop's hands. */
    struct auger_watch attempts[AUGER_STREAM_ADDRS_MAX];
    struct auger_addr addrs[AUGER_STREAM_ADDRS_MAX];
    size_t addrs_len, begun;
    struct auger_watch *watch; /* the one that was taken */
    auger_time began_at, next_at, connect_by;
    struct auger_proxy_talk *talk;     /* with a proxy, first of all; NULL: none, or it is over */
    const struct auger_proxy *proxy;   /* its target's; or NULL */
    struct auger_tls *tls;             /* NULL: none */
    struct auger_tls_context *context; /* its target's, which outlives it; or NULL */
    char name[AUGER_TLS_NAME_MAX];     /* whom the certificate must be for */
    char host[AUGER_HOST_MAX];         /* of the server, for a proxy, */
    uint16_t port;                     /* and its port */
    bool waits_to_write;               /* told to epoll */
    struct auger_stream_queue queue;
    struct auger_stream_room *room; /* with TLS or a proxy alone */
    size_t out_at, out_len, raw_at, raw_len;
    struct auger_stream_input input;
    size_t budget;    /* bytes to be read before the others' turn */
    uint64_t dropped; /* frames that the queue had no room for */
    char why[AUGER_TLS_WHY_MAX];
};

/* Where it leads.  All of one family; `context` NULL: no TLS. */
struct auger_stream_target {
    const struct auger_path *path;
    const struct auger_addr *addrs;
    size_t addrs_len;
    struct auger_tls_context *context;
    const char *name;
    const struct auger_proxy *proxy; /* whose addresses those are; NULL: the server's own */
    const char *host;                /* of the server, for the proxy; else it may be NULL */
    uint16_t port;
    bool is_framed; /* RFC 4571, without all of these */
    uint8_t dscp;   /* of all that leaves: RFC 2474 */
};
/* Begins to open it, from the port of the path's local end if that has one.  `slot` is for the
 * loop. */
void auger_stream_open(struct auger_stream *stream, struct auger_slot *slot, int epoll_fd,
                       const struct auger_stream_target *target, auger_time now);
/* It stands already, and is framed: somebody connected, whom `fd` leads to.  One that is being
 * opened along the same path goes on as that, with what it has to send. */
void auger_stream_take(struct auger_stream *stream, struct auger_slot *slot, int epoll_fd,
                       const struct auger_path *path, int fd, auger_time now);
/* Says close_notify, if there is room, and closes. */
void auger_stream_close(struct auger_stream *stream, auger_time now);
/* The memory that it took. */
void auger_stream_fini(struct auger_stream *stream, auger_time now);

/* Queues one frame and sends what can be sent: none goes by in part.  Without room it is
 * dropped; data before requests. */
void auger_stream_send(struct auger_stream *stream, auger_time now, const uint8_t *buf, size_t len);
/* It is to be connected by then, if that is sooner. */
void auger_stream_hurry(struct auger_stream *stream, auger_time by);
/* epoll told of it. */
void auger_stream_ready(struct auger_stream *stream, struct auger_watch *watch, uint32_t events,
                        auger_time now);
/* The next frame that came; valid until the next call.  false: none is there. */
bool auger_stream_next(struct auger_stream *stream, auger_time now, struct auger_bytes *frame);
void auger_stream_handle_timeout(struct auger_stream *stream, auger_time now);
auger_time auger_stream_next_timeout(const struct auger_stream *stream);

/* Ends it as if it had ended by itself. */
void auger_stream_give_up(struct auger_stream *stream, const char *why);
/* It ended by itself, which nobody took yet. */
bool auger_stream_is_lost(const struct auger_stream *stream);
/* Once: it ended by itself, and why. */
bool auger_stream_take_loss(struct auger_stream *stream, char why[AUGER_TLS_WHY_MAX]);

#endif /* AUGER_IO_STREAM_H */
