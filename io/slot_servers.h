/* io/slot_servers.h - the TURN servers of one peer in a loop: which addresses its agent is given
 * and when, and what is told of those that failed. */
#ifndef AUGER_IO_SLOT_SERVERS_H
#define AUGER_IO_SLOT_SERVERS_H

#include "io/slot_state.h"

/* No more bases and servers are to come, for what is known. */
void auger_slot_end_of_addrs(struct auger_slot *slot, auger_time now);
/* One of its TURN servers has these addresses. */
void auger_slot_add_turn_server(struct auger_slot *slot, struct auger_link_server *server,
                                const struct auger_addr *addrs, size_t len, auger_time now);
/* What of its TURN servers is of IPv4 is reached through that NAT64 too. */
void auger_slot_translate(struct auger_slot *slot, const struct auger_nat64 *nat64, auger_time now);

/* What went wrong with the server at that address, to the application. */
void auger_slot_tell_trouble(struct auger_slot *slot, const struct auger_addr *at, int error,
                             const char *why);
/* That address of a server has failed. */
void auger_slot_give_up_server(struct auger_slot *slot, const struct auger_addr *at,
                               auger_time now);
/* The next addresses of servers that have given no relay in their time. */
void auger_slot_give_due_servers(struct auger_slot *slot, auger_time now);
/* Servers that refused since it was asked last. */
void auger_slot_tell_refusals(struct auger_slot *slot);

#endif /* AUGER_IO_SLOT_SERVERS_H */
