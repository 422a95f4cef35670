/* io/tcp_seen.h - where STUN servers see the ports at which one peer listens for TCP: RFC 6544
 * section 5.2.  They are asked over connections that leave from these ports, so that a NAT makes
 * the mapping that it has for them.  Of UDP the agent asks by itself. */
#ifndef AUGER_IO_TCP_SEEN_H
#define AUGER_IO_TCP_SEEN_H

#include "io/interfaces.h"
#include "io/stream.h"

#include <auger/peer.h>
#include <auger/stun.h>

#define AUGER_TCP_SEEN_SERVERS_MAX 16 /* addresses, of two families */

struct auger_slot;

/* One port at which we listen. */
struct auger_tcp_seen_base {
    struct auger_addr base;           /* of no family: the place is free */
    struct auger_addr external;       /* what the agent was told; of no family: nothing */
    size_t tried;                     /* servers, in their order */
    struct auger_stun_client *client; /* NULL: none is being asked */
    auger_time answer_by;             /* of that one */
    struct auger_stream stream;
};

struct auger_tcp_seen {
    struct auger_slot *slot; /* for the loop */
    struct auger_peer *peer;
    const struct auger_env *env;
    int epoll_fd;
    const struct auger_watch *sockets; /* the peer's */
    const size_t *sockets_len;
    /* Ports are shared, for simultaneous-open, and what servers see is told. */
    bool is_of_use;
    struct auger_addr servers[AUGER_TCP_SEEN_SERVERS_MAX];
    size_t servers_len;
    /* Each made with its first use; they stay as long as the peer. */
    struct auger_tcp_seen_base *bases[AUGER_INTERFACES_MAX];
    size_t bases_len;
    auger_time look_at;      /* for ports that came or went; AUGER_NEVER while it rests */
    auger_time connected_at; /* AUGER_NEVER: ICE is not */
    bool rests;              /* ICE has what it wanted, or is over */
};

/* A STUN server of UDP: it may answer over TCP at the same port (RFC 8489 section 6.2.2). */
void auger_tcp_seen_add_server(struct auger_tcp_seen *seen, const struct auger_addr *server,
                               auger_time now);
/* false: that stream is none of these. */
bool auger_tcp_seen_ready(struct auger_tcp_seen *seen, struct auger_watch *watch, uint32_t events,
                          auger_time now);
void auger_tcp_seen_handle_timeout(struct auger_tcp_seen *seen, auger_time now);
auger_time auger_tcp_seen_next_timeout(const struct auger_tcp_seen *seen);
void auger_tcp_seen_free(struct auger_tcp_seen *seen, auger_time now);

#endif /* AUGER_IO_TCP_SEEN_H */
