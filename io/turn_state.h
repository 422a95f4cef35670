/* io/turn_state.h - what a TURN service knows: its sockets and streams.  turn_traffic.c
 * lets the engine decide and carries it out. */
#ifndef AUGER_IO_TURN_STATE_H
#define AUGER_IO_TURN_STATE_H

#include "io/path_table.h"
#include "io/strangers.h"
#include "io/watch.h"

#include <auger/io_turn.h>
#include <auger/tls.h>

#define AUGER_TURN_READ_MAX 65536   /* of one datagram, or of a stream at once */
#define AUGER_TURN_SEALED_MAX 16384 /* of a stream with TLS at once */

struct auger_turn_sealed;
struct auger_turn_guests;

/* The socket of a relay. */
struct auger_turn_relay {
    struct auger_watch watch;
    uint32_t number;
    bool is_watched;    /* and set up for data */
    bool dont_fragment; /* how it is set now */
    struct auger_turn_relay *next_dead;
};

struct auger_turn_stream {
    struct auger_watch watch; /* watch.udp.addr is the client's */
    struct auger_path_node node;
    struct auger_turn_stream *next_dead;
    struct auger_stranger stranger; /* if it is one */
    struct auger_tls *tls;          /* NULL: in the clear */
    uint8_t *in;                    /* a frame that is not whole */
    uint8_t *out;                   /* what the client has not read */
    size_t in_len, out_at, out_len, out_cap;
    bool is_dead;
    struct auger_turn_peer *peer; /* whose bytes it carries; NULL: it speaks TURN */
    bool is_paused;               /* with a peer: not read for now */
    bool is_ended, is_told;       /* so: the client has said its last, was told that the peer has */
};

/* A connection of a TCP allocation to a peer. */
struct auger_turn_peer {
    struct auger_watch watch;
    uint32_t connection;              /* as the engine calls it */
    struct auger_turn_peer *next;     /* in its bucket, or among the dead */
    struct auger_turn_stream *stream; /* NULL: not spliced yet, or no more */
    struct auger_deadline due;        /* of a connection that is being opened; else when to go on */
    auger_time read_at;               /* more may be read from then on, both ways */
    auger_time half_until;            /* once one way has ended */
    uint8_t *out;                     /* what the peer has not read */
    size_t out_at, out_len;
    bool is_connecting;
    bool is_ended, is_told; /* the peer has said its last, was told that the client has */
};

struct auger_turn_tcp {
    struct auger_turn_peer **buckets, *dead;
    size_t buckets_len, len;
    struct auger_deadlines deadlines;
};

/* Room for one reading of a socket and all that comes of it. */
struct auger_turn_room {
    struct auger_udp_message in[AUGER_UDP_MANY], out[AUGER_UDP_SEND_MAX];
    struct auger_watch *by[AUGER_UDP_SEND_MAX]; /* who sends out[i] */
    bool dont_fragment[AUGER_UDP_SEND_MAX];
    size_t out_len;
    uint8_t heads[AUGER_UDP_SEND_MAX][AUGER_TURN_OVERHEAD]; /* what goes before out[i], if apart */
    uint8_t replies[AUGER_UDP_SEND_MAX][AUGER_TURN_SERVER_REPLY_MAX];
    struct {
        uint8_t before[64]; /* AUGER_TURN_OVERHEAD at least */
        uint8_t bytes[AUGER_TURN_READ_MAX];
        uint8_t behind[64]; /* AUGER_TURN_SERVER_TAIL at least */
    } bufs[AUGER_UDP_MANY];
    uint8_t stream[AUGER_TURN_FRAME_MAX + AUGER_TURN_READ_MAX];
    uint8_t sealed[AUGER_TURN_SEALED_MAX];
};

/* Somebody whose key the application is asked for. */
struct auger_turn_question {
    uint32_t ticket;
    char user[AUGER_TURN_USERNAME_MAX + 1];
};

struct auger_turn_service {
    struct auger_turn_service *next; /* of the loop */
    struct auger_turn_service_config config;
    struct auger_turn_server *engine;
    const struct auger_env *env;
    int epoll_fd;
    void *user;
    struct auger_turn_service_stats stats;
    auger_time told_time_at; /* when the engine was told the time of day */

    struct auger_tls_context *tls;    /* NULL: there is no certificate */
    struct auger_turn_sealed *sealed; /* NULL: nobody may come by DTLS */
    struct auger_watch listeners[AUGER_TURN_SERVICE_LISTENERS_MAX];
    bool is_tls[AUGER_TURN_SERVICE_LISTENERS_MAX]; /* of that listener */
    size_t listeners_len;
    struct auger_watch mail;          /* of a team; its descriptor is the team's */
    struct auger_turn_guests *guests; /* NULL: there is no team */
    auger_time accept_at;             /* acceptors rest until then; AUGER_NEVER: they do not */

    struct auger_turn_relay **relays; /* by AUGER_TURN_SERVER_RELAY_INDEX of their number */
    size_t relays_cap;
    struct auger_turn_relay *dead_relays; /* epoll may still speak of them in this turn */

    struct auger_path_table streams;
    struct auger_strangers strangers; /* clients without an allocation */
    struct auger_turn_stream *dead_streams;
    struct auger_turn_tcp tcp;

    struct auger_turn_question *questions; /* a ring */
    size_t questions_at, questions_len, questions_max;
    struct auger_turn_question asked;        /* the latest that was told */
    struct auger_turn_server_event happened; /* the latest */
    struct auger_turn_service_event told;
    struct auger_turn_room *room;
};

#endif /* AUGER_IO_TURN_STATE_H */
