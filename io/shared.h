/* io/shared.h - sockets that many peers share.  What a peer does with them is slot.c. */
#ifndef AUGER_IO_SHARED_H
#define AUGER_IO_SHARED_H

#include "io/watch.h"

#include <auger/io.h>

#define AUGER_SHARED_SOCKETS_MAX 64

struct auger_shared_socket {
    struct auger_watch watch;
    struct auger_loop_mux *mux;
    struct auger_ready_queue blocked; /* slots with a datagram that it had no room for */
};

struct auger_loop_mux {
    struct auger_loop_mux *next; /* of the loop */
    struct auger_net_config net; /* what its sockets were made by */
    bool follows;                /* the addresses of this machine, as they come and go */
    struct auger_mux *table;     /* a session's user is its slot */
    size_t peers;                /* that use it */
    struct auger_mux_event told; /* the latest */
    size_t sockets_len;          /* they stay; one that is gone has no fd */
    struct auger_shared_socket sockets[AUGER_SHARED_SOCKETS_MAX];
};

/* Binds each address of `net`.
 * AUGER_ERR_SYSTEM, AUGER_ERR_LIMIT, AUGER_ERR_NO_MEMORY. */
int auger_shared_new(struct auger_loop_mux **out, const struct auger_loop_config *config,
                     const struct auger_net_config *net, int epoll_fd) AUGER_CHECK_RESULT;
void auger_shared_free(struct auger_loop_mux *mux);
/* Binds one more address to every port of the range, or to any one; all or none.
 * AUGER_ERR_SYSTEM, AUGER_ERR_LIMIT. */
int auger_shared_add(struct auger_loop_mux *mux, const struct auger_addr *ip, uint32_t buffer,
                     int epoll_fd) AUGER_CHECK_RESULT;
/* Nobody may use it any more. */
void auger_shared_close(struct auger_shared_socket *socket);
bool auger_shared_has(const struct auger_loop_mux *mux, const struct auger_addr *ip);
/* NULL: none is bound to it. */
struct auger_watch *auger_shared_find(struct auger_loop_mux *mux, const struct auger_addr *local);

#endif /* AUGER_IO_SHARED_H */
