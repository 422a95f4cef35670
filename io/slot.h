/* io/slot.h - one peer in a loop: its sockets, the names it waits for, and its turn. */
#ifndef AUGER_IO_SLOT_H
#define AUGER_IO_SLOT_H

#include "io/deadlines.h"
#include "io/ice_tcp.h"
#include "io/interfaces.h"
#include "io/links.h"
#include "io/shared.h"
#include "io/trouble.h"

#include <auger/io.h>

#define AUGER_SLOT_BUDGET 64 /* datagrams that one peer may send before the others' turn */

struct auger_slot {
    uint64_t id; /* never used again */
    const struct auger_loop_config *config;
    size_t place;                    /* among the loop's */
    int epoll_fd;                    /* the loop's, */
    struct auger_troubles *troubles; /* and where to tell what went wrong */
    struct auger_ready ready;        /* in the loop's queue: it may have something to do */
    struct auger_deadline due;       /* of what it waits for when it has not */
    bool has_more;                   /* its budget ended before what it has to send did */
    struct auger_peer *peer;
    void *user;
    /* UDP and TCP; they stay; one that is gone has no fd. */
    struct auger_watch sockets[2 * AUGER_INTERFACES_MAX];
    size_t sockets_len;
    struct auger_net_config net;  /* what they were made by */
    struct auger_watch **helpers; /* sockets beside them, for prediction (helpers.h) */
    size_t helpers_len;
    bool follows;               /* the addresses of this machine, as they come and go */
    struct auger_loop_mux *mux; /* in place of them; or NULL */
    struct auger_mux_session *session;
    int share_error;           /* the latest trouble with it */
    struct auger_links *links; /* to TURN servers; NULL: it has none */
    uint8_t tcp_types;         /* of its candidates: AUGER_ICE_TCP_ACTIVE and so on */
    struct auger_ice_tcp tcp;  /* streams to and from the other side */
    auger_time accept_at;      /* acceptors rest until then; AUGER_NEVER: they do not */
    size_t names_pending;
    auger_time names_by; /* then they are given up; AUGER_NEVER when none is pending */
    auger_time gather_timeout;
    enum auger_turn_families relay_families;
    enum auger_nat64_use nat64_use;
    struct auger_nat64 nat64_given;
    bool holds_end;              /* of candidates, for the prefix of a NAT64 (nat64.h) */
    bool has_ended;              /* no server is waited for: one that comes late is the last */
    bool maps_ports;             /* asks gateways for mappings of its sockets (portmap.h) */
    bool hides;                  /* its addresses behind names */
    uint64_t hidden_as;          /* which of the loop's names stand for its addresses (names.h) */
    struct auger_addr exhausted; /* has no free port in the range, the latest of them; or none */
    /* A datagram that its socket had no room for. */
    uint8_t kept[AUGER_DATAGRAM_MAX];
    size_t kept_len;
    struct auger_watch *kept_for;
    struct auger_addr kept_to;
    struct auger_ready blocked; /* in the queue of the shared socket that had none */
};

/* Puts the peer on shared sockets instead. */
int auger_slot_join(struct auger_slot *slot, struct auger_loop_mux *mux,
                    auger_time now) AUGER_CHECK_RESULT;
/* This machine has that address, at which a socket was, no more. */
void auger_slot_lose_addr(struct auger_slot *slot, const struct auger_addr *gone, auger_time now);
/* That shared socket is going, with its address. */
void auger_slot_lose_shared(struct auger_slot *slot, struct auger_shared_socket *socket,
                            auger_time now);
void auger_slot_close(struct auger_slot *slot);
/* Its helper sockets: those that its agent wants no more, or all. */
void auger_slot_close_helpers(struct auger_slot *slot, bool all);

/* Brings its mux up to date, after each call into the peer; an error leaves it as it was. */
int auger_slot_settle(struct auger_slot *slot, auger_time now) AUGER_CHECK_RESULT;

/* Sends what the peer has to send, within the budget.  true: there may be more. */
bool auger_slot_transmit(struct auger_slot *slot, int epoll_fd, auger_time now);
/* The socket that could not send is ready again. */
void auger_slot_writable(struct auger_slot *slot, int epoll_fd, struct auger_watch *socket);
void auger_slot_receive(struct auger_slot *slot, const struct auger_watch *socket,
                        struct auger_udp_batch *batch, auger_time now);

/* A stream of its has something to do, or one waits to be accepted, or a deadline of its links and
 * streams has come. */
void auger_slot_ready_stream(struct auger_watch *watch, uint32_t events, auger_time now);
void auger_slot_accept(struct auger_watch *acceptor, auger_time now);
void auger_slot_handle_timeout(struct auger_slot *slot, auger_time now);
auger_time auger_slot_next_timeout(const struct auger_slot *slot);
/* No more bases and servers are to come, for what is known. */
void auger_slot_end_of_addrs(struct auger_slot *slot, auger_time now);
/* One of its TURN servers has these addresses. */
void auger_slot_add_turn_server(struct auger_slot *slot, struct auger_link_server *server,
                                const struct auger_addr *addrs, size_t len, auger_time now);

/* What of its TURN servers is of IPv4 is reached through that NAT64 too. */
void auger_slot_translate(struct auger_slot *slot, const struct auger_nat64 *nat64, auger_time now);

/* The same for a socket of many. */
void auger_slot_writable_shared(struct auger_shared_socket *socket, int epoll_fd);
void auger_slot_receive_shared(struct auger_shared_socket *socket, struct auger_udp_batch *batch,
                               auger_time now);

#endif /* AUGER_IO_SLOT_H */
