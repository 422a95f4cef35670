/* io/slot_state.h - what is known of one peer in a loop: plain data, beneath what is done with it.
 */
#ifndef AUGER_IO_SLOT_STATE_H
#define AUGER_IO_SLOT_STATE_H

#include "io/deadlines.h"
#include "io/ice_tcp.h"
#include "io/interfaces.h"
#include "io/links.h"
#include "io/shared.h"
#include "io/tcp_seen.h"
#include "io/trouble.h"

#include <auger/io.h>

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
    int share_error;            /* the latest trouble with it */
    struct auger_links *links;  /* to TURN servers; NULL: it has none */
    uint8_t tcp_types;          /* of its candidates: AUGER_ICE_TCP_ACTIVE and so on */
    struct auger_ice_tcp tcp;   /* streams to and from the other side */
    struct auger_tcp_seen seen; /* where its ports are seen */
    auger_time accept_at;       /* acceptors rest until then; AUGER_NEVER: they do not */
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

#endif /* AUGER_IO_SLOT_STATE_H */
