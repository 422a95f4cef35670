/* tools/load_plan.h - what `auger turnload` was asked to do: plain data, read by all its parts. */
#ifndef AUGER_TOOLS_LOAD_PLAN_H
#define AUGER_TOOLS_LOAD_PLAN_H

#include <auger/base.h>

#define LOAD_CLIENTS_MAX 12000
#define LOAD_SIZE_MAX 1400 /* with everything around it still below the MTU of Ethernet */
#define LOAD_RATE_MAX 10000000
#define LOAD_SECONDS_MAX 3600

struct load_plan {
    struct auger_addr server;
    const char *username, *password; /* NULL: the server asks for none */
    struct auger_addr local;         /* of the clients, port 0; no family: as the kernel likes */
    struct auger_addr peer;          /* port 0: any */
    /* Of a plain forwarder in the place of a server: where it takes what goes back; else no
     * family. */
    struct auger_addr bare_relay;
    bool is_bare;
    long clients;
    long size;    /* bytes of each packet */
    long rate;    /* packets a second, each way; with is_churn: allocations a second */
    long seconds; /* of load */
    long server_pid;
    bool is_max;             /* no rate: as much as arrives */
    bool is_churn;           /* allocate and release, nothing else */
    bool by_send;            /* Send indications, not channels */
    bool to_peer, from_peer; /* which ways data goes */
    bool no_batches;         /* a system call for each packet */
    bool no_gso;             /* what leaves is not one large datagram */
    bool json;
};

#endif /* AUGER_TOOLS_LOAD_PLAN_H */
