/* io/interfaces.h - the addresses of this machine that a peer may be reached at. */
#ifndef AUGER_IO_INTERFACES_H
#define AUGER_IO_INTERFACES_H

#include <auger/io.h>

#define AUGER_INTERFACES_MAX 16

/* Fills `addrs` with at most AUGER_INTERFACES_MAX addresses, port 0, of which each family has half
 * if it needs them; those of container bridges only where there are no others.  How many, or
 * AUGER_ERR_SYSTEM. */
int auger_interfaces_list(const struct auger_net_config *net,
                          struct auger_addr addrs[AUGER_INTERFACES_MAX]) AUGER_CHECK_RESULT;

#endif /* AUGER_IO_INTERFACES_H */
