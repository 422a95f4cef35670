/* tools/load_socket.h - one UDP socket of the load; what passes through it is load_wire.h. */
#ifndef AUGER_TOOLS_LOAD_SOCKET_H
#define AUGER_TOOLS_LOAD_SOCKET_H

#include <auger/base.h>

#include <sys/socket.h>

/* The length. */
socklen_t load_addr_to_sockaddr(const struct auger_addr *addr, struct sockaddr_storage *out);
void load_addr_from_sockaddr(struct auger_addr *out, const struct sockaddr *from);

/* Nonblocking, with large buffers.  Bound to `local` if that has a family, connected to `remote`
 * if that is not NULL.  The descriptor; -1 leaves errno set. */
int load_socket_open(const struct auger_addr *local, const struct auger_addr *remote);
/* Its own address. */
void load_socket_name(int fd, struct auger_addr *out);
/* Datagrams that came and found its buffer full. */
uint32_t load_socket_drops(int fd);
/* As many descriptors as this process may have. */
void load_sockets_allow_many(void);

#endif /* AUGER_TOOLS_LOAD_SOCKET_H */
