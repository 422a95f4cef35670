/* io/slot.h - one peer in a loop: its sockets, the names it waits for, and its turn. */
#ifndef AUGER_IO_SLOT_H
#define AUGER_IO_SLOT_H

#include "io/deadlines.h"
#include "io/interfaces.h"
#include "io/udp.h"

#include <auger/io.h>

#define AUGER_SLOT_BUDGET 64 /* datagrams that one peer may send before the others' turn */

/* What an epoll descriptor stands for. */
enum auger_watch_kind {
    AUGER_WATCH_UDP,
    AUGER_WATCH_STUN,
    AUGER_WATCH_TIMER,
    AUGER_WATCH_WAKE,
    AUGER_WATCH_FD
};

struct auger_watch {
    enum auger_watch_kind kind;
    struct auger_slot *slot; /* of AUGER_WATCH_UDP */
    struct auger_udp udp;    /* of the first two */
    void *user;              /* of AUGER_WATCH_FD */
};

struct auger_slot {
    uint64_t id; /* never used again */
    const struct auger_loop_config *config;
    size_t place;              /* among the loop's */
    struct auger_ready ready;  /* in the loop's queue: it may have something to do */
    struct auger_deadline due; /* of what it waits for when it has not */
    bool has_more;             /* its budget ended before what it has to send did */
    struct auger_peer *peer;
    void *user;
    struct auger_watch sockets[AUGER_INTERFACES_MAX];
    size_t sockets_len;
    size_t names_pending;
    auger_time names_by; /* then they are given up; AUGER_NEVER when none is pending */
    auger_time gather_timeout;
    /* A datagram that its socket had no room for. */
    uint8_t kept[AUGER_DATAGRAM_MAX];
    size_t kept_len;
    struct auger_watch *kept_for;
    struct auger_addr kept_to;
};

/* Opens a socket an address, adds each to epoll and to the peer.  AUGER_ERR_SYSTEM when none could
 * be had. */
int auger_slot_open_sockets(struct auger_slot *slot, int epoll_fd,
                            const struct auger_net_config *net, uint32_t buffer,
                            auger_time now) AUGER_CHECK_RESULT;
void auger_slot_close(struct auger_slot *slot);

/* Sends what the peer has to send, within the budget.  true: there may be more. */
bool auger_slot_transmit(struct auger_slot *slot, int epoll_fd, auger_time now);
/* The socket that could not send is ready again. */
void auger_slot_writable(struct auger_slot *slot, int epoll_fd, struct auger_watch *socket);
void auger_slot_receive(struct auger_slot *slot, const struct auger_watch *socket,
                        struct auger_udp_batch *batch, auger_time now);

#endif /* AUGER_IO_SLOT_H */
