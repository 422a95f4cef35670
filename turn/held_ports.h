/* turn/held_ports.h - which ports relays hold now, of all the servers that relay from the same IP
 * addresses: a bit for each family, transport and port.  Servers of several threads share one,
 * which is why its bits are atomic; nobody waits for anybody.  The ledger that one server draws
 * its ports from is server_ports.h. */
#ifndef AUGER_TURN_HELD_PORTS_H
#define AUGER_TURN_HELD_PORTS_H

#include <auger/turn_server.h>

/* Of the address its family, transport and port count.  A port has one relay at a time. */
void auger_turn_held_ports_add(struct auger_turn_held_ports *held, const struct auger_addr *at);
void auger_turn_held_ports_remove(struct auger_turn_held_ports *held, const struct auger_addr *at);
bool auger_turn_held_ports_has(struct auger_turn_held_ports *held, const struct auger_addr *at);

#endif /* AUGER_TURN_HELD_PORTS_H */
