/* tools/load_wire.h - many datagrams by one system call: recvmmsg and sendmmsg, and, where the
 * kernel has them, pieces of one large one (GRO, GSO). */
#ifndef AUGER_TOOLS_LOAD_WIRE_H
#define AUGER_TOOLS_LOAD_WIRE_H

#include <auger/base.h>

#define LOAD_BATCH 32         /* datagrams that are sent at a time, at most */
#define LOAD_MESSAGE_MAX 1500 /* bytes of one that is sent */

struct load_wire;

/* Without batches each datagram is a system call of its own; without GSO each leaves as one.  NULL:
 * no memory. */
struct load_wire *load_wire_new(bool is_batched, bool has_gso);
void load_wire_free(struct load_wire *wire);
/* Lets what comes in on `fd` be given as one, if it can be. */
void load_wire_prepare(const struct load_wire *wire, int fd);

/* Where message `i` of the next load_wire_send() is written, when all have `size` bytes. */
uint8_t *load_wire_room(struct load_wire *wire, size_t i, size_t size);
/* How many of the `count` messages left; `to` is NULL on a connected socket.  0 with errno set:
 * EAGAIN, or what is wrong with the socket. */
size_t load_wire_send(struct load_wire *wire, int fd, const struct auger_addr *to, size_t size,
                      size_t count);

/* Takes in what there is, at most some dozens at a time.  false: nothing; errno says why. */
bool load_wire_receive(struct load_wire *wire, int fd);
/* The next of them, valid until the next load_wire_receive(). */
bool load_wire_next(struct load_wire *wire, struct auger_bytes *datagram);

#endif /* AUGER_TOOLS_LOAD_WIRE_H */
