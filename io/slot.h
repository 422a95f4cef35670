/* io/slot.h - one peer in a loop: its sockets, the names it waits for, and its turn. */
#ifndef AUGER_IO_SLOT_H
#define AUGER_IO_SLOT_H

#include "io/slot_state.h"

#define AUGER_SLOT_BUDGET 64 /* datagrams that one peer may send before the others' turn */

/* Puts the peer on shared sockets instead. */
int auger_slot_join(struct auger_slot *slot, struct auger_loop_mux *mux,
                    auger_time now) AUGER_CHECK_RESULT;
/* This machine has that address, at which a socket was, no more. */
void auger_slot_lose_addr(struct auger_slot *slot, const struct auger_addr *gone, auger_time now);
/* That shared socket is going, with its address. */
void auger_slot_lose_shared(struct auger_slot *slot, struct auger_shared_socket *socket,
                            auger_time now);
void auger_slot_close(struct auger_slot *slot);
/* Its helper sockets: those that its agent wants no more, or all. */
void auger_slot_close_helpers(struct auger_slot *slot, bool all);

/* Brings its mux up to date, after each call into the peer; an error leaves it as it was. */
int auger_slot_settle(struct auger_slot *slot, auger_time now) AUGER_CHECK_RESULT;

/* Sends what the peer has to send, within the budget.  true: there may be more. */
bool auger_slot_transmit(struct auger_slot *slot, int epoll_fd, auger_time now);
/* The socket that could not send is ready again. */
void auger_slot_writable(struct auger_slot *slot, int epoll_fd, struct auger_watch *socket);
void auger_slot_receive(struct auger_slot *slot, const struct auger_watch *socket,
                        struct auger_udp_batch *batch, auger_time now);

/* A stream of its has something to do, or one waits to be accepted, or a deadline of its links and
 * streams has come. */
void auger_slot_ready_stream(struct auger_watch *watch, uint32_t events, auger_time now);
void auger_slot_accept(struct auger_watch *acceptor, auger_time now);
void auger_slot_handle_timeout(struct auger_slot *slot, auger_time now);
auger_time auger_slot_next_timeout(const struct auger_slot *slot);
/* The same for a socket of many. */
void auger_slot_writable_shared(struct auger_shared_socket *socket, int epoll_fd);
void auger_slot_receive_shared(struct auger_shared_socket *socket, struct auger_udp_batch *batch,
                               auger_time now);

#endif /* AUGER_IO_SLOT_H */
