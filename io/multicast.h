/* io/multicast.h - the sockets of multicast DNS (RFC 6762 section 3): one for each interface and
 * family, bound to the group itself, so that what is sent to one host alone goes to the responder
 * that it is meant for, if the machine has one. */
#ifndef AUGER_IO_MULTICAST_H
#define AUGER_IO_MULTICAST_H

#include "io/watch.h"

#define AUGER_MULTICAST_SOCKETS_MAX 16

struct auger_multicast_socket {
    struct auger_watch watch;
    enum auger_family family;
    uint32_t index; /* of the interface */
};

struct auger_multicast {
    struct auger_multicast_socket sockets[AUGER_MULTICAST_SOCKETS_MAX];
    size_t len;
};

/* Joins the groups on the interfaces that have these addresses, where it has not yet; what cannot
 * be had is left out.  AUGER_ERR_SYSTEM: it is in no group; AUGER_ERR_NO_MEMORY. */
int auger_multicast_join(struct auger_multicast *multicast, int epoll_fd,
                         const struct auger_addr *addrs, size_t len) AUGER_CHECK_RESULT;
void auger_multicast_close(struct auger_multicast *multicast);
/* To a group: on every interface.  What does not get out is lost. */
void auger_multicast_send(const struct auger_multicast *multicast, const struct auger_addr *to,
                          const uint8_t *buf, size_t len);

#endif /* AUGER_IO_MULTICAST_H */
