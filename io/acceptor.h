/* io/acceptor.h - a TCP socket that listens, never blocking, and the connections that it takes. */
#ifndef AUGER_IO_ACCEPTOR_H
#define AUGER_IO_ACCEPTOR_H

#include "io/watch.h"

#define AUGER_ACCEPTS_MAX 32 /* in one turn */

struct auger_acceptor_options {
    bool shares_port; /* with other sockets of this user, if they say so as well */
    bool is_deaf;     /* it does not listen, and only has its address */
};
/* Binds and listens at `addr`, whose port is filled in where it was 0.  AUGER_ERR_SYSTEM. */
int auger_acceptor_open(struct auger_watch *watch, struct auger_addr *addr,
                        const struct auger_acceptor_options *options) AUGER_CHECK_RESULT;

enum auger_accepted {
    AUGER_ACCEPTED,
    AUGER_ACCEPTED_NONE,    /* none waits */
    AUGER_ACCEPTED_LOST,    /* it had gone before it was taken */
    AUGER_ACCEPTED_NO_ROOM, /* there is no descriptor for one more now */
};
/* Takes one of those that wait: a descriptor of the caller's, and its two ends. */
enum auger_accepted auger_acceptor_take(const struct auger_watch *watch, int *fd,
                                        struct auger_path *path);

#endif /* AUGER_IO_ACCEPTOR_H */
