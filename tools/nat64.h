/* tools/nat64.h - whether there is a NAT64, and under which prefix it shows IPv4: RFC 7050. */
#ifndef AUGER_TOOLS_NAT64_H
#define AUGER_TOOLS_NAT64_H

#include <auger/base.h>

/* Asks the resolver, for as long as that takes.  false: there is none. */
bool nat64_find(struct auger_nat64 *out);

#endif /* AUGER_TOOLS_NAT64_H */
