/* io/bases.h - the sockets of a peer's own, one at each address of this machine, as those come and
 * go.  Those that many peers share are shared.h. */
#ifndef AUGER_IO_BASES_H
#define AUGER_IO_BASES_H

#include "io/slot.h"

/* Opens a socket an address, adds each to epoll and to the peer.  AUGER_ERR_SYSTEM when none could
 * be had. */
int auger_bases_open(struct auger_slot *slot, int epoll_fd, const struct auger_net_config *net,
                     uint32_t buffer, auger_time now) AUGER_CHECK_RESULT;
/* Sockets on the addresses that have come, and none on those that are gone. */
void auger_bases_follow(struct auger_slot *slot, int epoll_fd, struct auger_machine *machine,
                        auger_time now);

#endif /* AUGER_IO_BASES_H */
