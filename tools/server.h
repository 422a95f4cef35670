/* tools/server.h - HTTP and WebSocket for `auger serve`: the page, the rooms, and posted offers
 * (docs/signalling.md), and counters at an address of their own.  Only this file's .c knows
 * libwebsockets. */
#ifndef AUGER_TOOLS_SERVER_H
#define AUGER_TOOLS_SERVER_H

#include "tools/demo_peer.h"
#include "tools/rooms.h"

#include <auger/io.h>

struct server;

struct server_config {
    const char *address;    /* to listen at, numeric; NULL: neither page nor rooms are served */
    uint16_t port;          /* 0: any */
    const char *cert, *key; /* PEM files: HTTPS; NULL: HTTP */
    uint16_t stun_port;     /* told to the page */
    const char *demo_room;  /* where `demo` answers posted offers */
    /* HTTP without TLS, for /metrics alone; NULL: not served. */
    const char *metrics_address;
    uint16_t metrics_port;
    char *(*metrics)(void *user); /* to be freed; NULL: no memory */
    void *metrics_user;
};

/* NULL: it said on standard error what failed.  All pointers must outlive the server; `rooms` and
 * `demo` may be NULL where there is no address. */
struct server *server_new(const struct server_config *config, struct auger_loop *loop,
                          struct rooms *rooms, struct demo *demo);
void server_free(struct server *server);
uint16_t server_port(const struct server *server);
uint16_t server_metrics_port(const struct server *server);

/* Waits until something happened, on the network or in the loop, and deals with its own part. */
void server_wait(struct server *server);
/* Ends server_wait() early; from a signal handler too. */
void server_wake(struct server *server);

#endif /* AUGER_TOOLS_SERVER_H */
