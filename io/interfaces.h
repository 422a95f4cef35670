/* io/interfaces.h - which addresses of this machine a peer is reached at.  Which there are
 * is machine.h's. */
#ifndef AUGER_IO_INTERFACES_H
#define AUGER_IO_INTERFACES_H

#include "io/machine.h"

#define AUGER_INTERFACES_MAX 16
/* Of one family on one interface. */
#define AUGER_PER_INTERFACE_MAX 4

/* Whether the filters of `net` can be read. */
bool auger_interfaces_is_valid(const struct auger_net_config *net);
/* Says of each address whether it is left out, and sorts them: those that are used first,
 * IPv4 before IPv6, and of one family by RFC 6724's table of precedence. */
void auger_interfaces_judge(const struct auger_net_config *net, struct auger_machine *machine);

/* Fills `addrs` with at most AUGER_INTERFACES_MAX addresses, port 0, of which each family has half
 * if it needs them.  How many, AUGER_ERR_SYSTEM or AUGER_ERR_NO_MEMORY. */
int auger_interfaces_list(const struct auger_net_config *net,
                          struct auger_addr addrs[AUGER_INTERFACES_MAX]) AUGER_CHECK_RESULT;

#endif /* AUGER_IO_INTERFACES_H */
