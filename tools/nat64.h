/* tools/nat64.h - whether there is a NAT64, and under which prefix it shows IPv4: RFC 7050. */
#ifndef AUGER_TOOLS_NAT64_H
#define AUGER_TOOLS_NAT64_H

#include <auger/base.h>

struct nat64_prefix {
    struct auger_addr ip; /* the rest of it zero */
    unsigned len;         /* bits; 0: there is none */
};

/* What an address of ipv4only.arpa says; `len` stays 0 where it has none of its two in it. */
struct nat64_prefix nat64_read(const struct auger_addr *addr);
/* Asks the resolver, for as long as that takes. */
struct nat64_prefix nat64_find(void);

#endif /* AUGER_TOOLS_NAT64_H */
