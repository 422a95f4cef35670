/* io/servers.h - the STUN and TURN servers that a peer's configuration names, and what their names
 * lead to.  What its agent is given of a TURN server, and when, is slot_servers.h. */
#ifndef AUGER_IO_SERVERS_H
#define AUGER_IO_SERVERS_H

#include "io/loop_state.h"

/* Those of `net`: what is no address is asked for. */
void auger_servers_add(struct auger_loop *loop, struct auger_slot *slot,
                       const struct auger_net_config *net, auger_time now);
/* Where the time of its names is up. */
void auger_servers_give_up_names(struct auger_loop *loop, struct auger_slot *slot, auger_time now);
/* Names that were resolved since. */
void auger_servers_take_names(struct auger_loop *loop, auger_time now);

#endif /* AUGER_IO_SERVERS_H */
