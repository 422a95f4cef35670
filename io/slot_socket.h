/* io/slot_socket.h - the sockets of one peer in a loop: how one more is had, which one is meant,
 * and what leaves and comes by them.  Which there are as addresses come and go is bases.h. */
#ifndef AUGER_IO_SLOT_SOCKET_H
#define AUGER_IO_SLOT_SOCKET_H

#include "io/slot_state.h"

/* Binds it to that IP address, and to a port of the range where there is one: AUGER_ERR_SYSTEM,
 * with EADDRINUSE where none is free.  It is in no epoll yet. */
int auger_slot_open_socket(struct auger_slot *slot, struct auger_watch *socket,
                           struct auger_addr *addr, const struct auger_net_config *net,
                           uint32_t buffer) AUGER_CHECK_RESULT;
/* The same beside those that there are, marked as they are. */
int auger_slot_open_beside(struct auger_slot *slot, struct auger_watch *socket,
                           struct auger_addr *addr) AUGER_CHECK_RESULT;

/* That which is bound to it; NULL: none is. */
struct auger_watch *auger_slot_find_socket(struct auger_slot *slot, const struct auger_addr *local);
/* Along `path`, of the agent's; what is lost is counted there. */
enum auger_udp_sent auger_slot_send(struct auger_slot *slot, const struct auger_watch *socket,
                                    const struct auger_path *path, const uint8_t *buf, size_t len);

/* What the application wants to see. */
void auger_slot_show(const struct auger_slot *slot, auger_time now, const struct auger_path *path,
                     bool outbound, const uint8_t *buf, size_t len);
/* It came, and is shown. */
void auger_slot_hear(struct auger_slot *slot, auger_time now, const struct auger_path *path,
                     const uint8_t *buf, size_t len);

#endif /* AUGER_IO_SLOT_SOCKET_H */
