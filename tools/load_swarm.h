/* tools/load_swarm.h - many TURN clients, a socket each: made, kept and given back, some at a
 * time.  What is sent through them is load_run.h. */
#ifndef AUGER_TOOLS_LOAD_SWARM_H
#define AUGER_TOOLS_LOAD_SWARM_H

#include "tools/load_meter.h"
#include "tools/load_plan.h"
#include "tools/load_wire.h"

#include <auger/turn.h>

/* From a random one on, one after the other: a server sees one again as late as can be. */
#define LOAD_PORT_FIRST 20000
#define LOAD_PORT_LAST 59999
#define LOAD_MISMATCHES_MAX 3 /* of one client, one after the other (RFC 8656 section 7.4) */
#define LOAD_ASKING_MAX 64    /* clients at a time that wait for an allocation, or its end */

enum load_client_state {
    LOAD_UNUSED,
    LOAD_ASKING, /* for an allocation, then for the way to the peer */
    LOAD_READY,  /* data may go */
    LOAD_RELEASING,
    LOAD_OVER,
};

struct load_client {
    int fd;
    uint8_t state;           /* enum load_client_state */
    uint8_t mismatches;      /* sockets whose port the server still knew */
    struct auger_turn *turn; /* NULL while it is unused, and towards a plain forwarder */
    struct auger_addr relayed;
    auger_time began_at, deadline;
    struct load_flow to_peer, from_peer;
};

/* Why clients failed: the first of them tells. */
struct load_failure {
    bool is_set;
    bool is_unreachable; /* the system says that nobody is there */
    bool is_peer;        /* there is an allocation, but it may not relay to the peer */
    enum auger_turn_error error;
    uint16_t code;  /* of the server's error */
    int system_err; /* errno: no socket */
};

struct load_swarm {
    const struct load_plan *plan;
    const struct auger_env *env;
    struct load_wire *wire;
    struct auger_addr peer, mapped; /* mapped: as the server sees the latest */
    int epoll_fd;
    uint16_t next_port; /* of a client's socket, where the plan says on which address */
    struct load_client *clients;
    size_t clients_len;
    size_t begun; /* the first so many were used */
    size_t asking, ready, releasing, failed;
    uint64_t allocated;  /* in all */
    auger_time heard_at; /* anything, from the server */
    struct load_failure failure;
    struct load_histogram allocation_time; /* from the first request to the answer that counts */
};

/* Descriptors in `epoll_fd` carry the client's index.  false: no memory. */
bool load_swarm_init(struct load_swarm *swarm, const struct load_plan *plan, struct load_wire *wire,
                     int epoll_fd);
/* Says nothing to the server. */
void load_swarm_fini(struct load_swarm *swarm);

/* Begins client number `i`, which is unused or over. */
void load_swarm_begin(struct load_swarm *swarm, size_t i, auger_time now);
void load_swarm_release(struct load_swarm *swarm, size_t i, auger_time now);
void load_swarm_handle_timeout(struct load_swarm *swarm, auger_time now);
/* Reads from the socket of client `i`; true while there may be more.  Then each packet that a
 * peer sent is told by load_swarm_next(). */
bool load_swarm_receive(struct load_swarm *swarm, size_t i, auger_time now);
bool load_swarm_next(struct load_swarm *swarm, size_t i, auger_time now,
                     struct auger_bytes *packet);

/* Why there is no allocation, in a sentence; static. */
const char *load_failure_text(const struct load_failure *failure);

#endif /* AUGER_TOOLS_LOAD_SWARM_H */
