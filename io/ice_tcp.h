/* io/ice_tcp.h - one peer's streams to and from the other side (RFC 6544): each stands for a
 * candidate pair, and carries its datagrams in frames of RFC 4571.  Streams to TURN servers are
 * links.h. */
#ifndef AUGER_IO_ICE_TCP_H
#define AUGER_IO_ICE_TCP_H

#include "io/strangers.h"
#include "io/stream.h"

#include <auger/ice.h>

#define AUGER_ICE_TCP_STREAMS_MAX 64      /* of a peer; of them strangers make room */
#define AUGER_ICE_TCP_STRANGERS_MAX 256   /* of a loop */
#define AUGER_ICE_TCP_IP_STRANGERS_MAX 32 /* of an IPv4 address or an IPv6 /64 */
#define AUGER_ICE_TCP_PROVE_TIME (10 * AUGER_SEC)

struct auger_ice_stream {
    struct auger_stream stream;     /* its first member */
    struct auger_stranger stranger; /* while no check on it has proved who it is */
    struct auger_ice_tcp *tcp;
};

struct auger_ice_tcp {
    struct auger_slot *slot;
    struct auger_strangers *strangers; /* the loop's */
    int epoll_fd;
    uint8_t dscp;
    bool opens_from_ports; /* simultaneous-open */
    /* Each made with its first use; they stay as long as the peer. */
    struct auger_ice_stream *streams[AUGER_ICE_TCP_STREAMS_MAX];
    size_t streams_len;
    auger_time look_at; /* when it is asked which of them are still of use */
};

void auger_ice_tcp_init(struct auger_ice_tcp *tcp, struct auger_slot *slot,
                        struct auger_strangers *strangers, int epoll_fd);
/* Closes them all. */
void auger_ice_tcp_fini(struct auger_ice_tcp *tcp, auger_time now);

/* Sends along that stream, which is opened if there was none.  false: it cannot be had. */
bool auger_ice_tcp_send(struct auger_ice_tcp *tcp, auger_time now, const struct auger_path *path,
                        const uint8_t *buf, size_t len);
/* Takes some of those that wait to be taken.  false: there is no descriptor for one more now. */
bool auger_ice_tcp_accept(struct auger_ice_tcp *tcp, const struct auger_watch *acceptor,
                          auger_time now);
/* The agent was given what came along that path: whether that has proved who it is. */
void auger_ice_tcp_judge(struct auger_ice_tcp *tcp, const struct auger_ice *ice, auger_time now,
                         const struct auger_path *path);
/* Each that ended by itself, once. */
bool auger_ice_tcp_take_loss(struct auger_ice_tcp *tcp, struct auger_path *path);

/* Closes those that the agent does not want any more (8), and gives up what does not open. */
void auger_ice_tcp_handle_timeout(struct auger_ice_tcp *tcp, const struct auger_ice *ice,
                                  auger_time now);
auger_time auger_ice_tcp_next_timeout(const struct auger_ice_tcp *tcp);
/* Of a loop: closes strangers whose time is up. */
void auger_ice_tcp_end_strangers(struct auger_strangers *strangers, auger_time now);

#endif /* AUGER_IO_ICE_TCP_H */
