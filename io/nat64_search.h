/* io/nat64_search.h - what a loop knows of the NAT64 of its network.  Where it has that from is
 * nat64.c's. */
#ifndef AUGER_IO_NAT64_SEARCH_H
#define AUGER_IO_NAT64_SEARCH_H

#include "io/advertised.h"
#include "io/watch.h"

struct auger_nat64_search {
    struct auger_watch router; /* advertisements; fd -1: not listened to (yet) */
    struct auger_advertised advertised;
    struct auger_nat64 by_dns; /* without a prefix: the DNS knows of none */
    bool is_asking, is_stale;  /* the network has changed since it was asked */
    unsigned failures;         /* since the network changed */
    auger_time fresh_until;    /* the DNS is not asked before */
    auger_time again_at;       /* it is asked again; AUGER_NEVER: nobody needs it */
    auger_time hold_until;     /* ends of candidates wait for the answer; AUGER_NEVER: none does */
};

#endif /* AUGER_IO_NAT64_SEARCH_H */
