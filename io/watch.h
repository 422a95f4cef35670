/* io/watch.h - what a descriptor in the loop's epoll stands for. */
#ifndef AUGER_IO_WATCH_H
#define AUGER_IO_WATCH_H

#include "io/udp.h"

enum auger_watch_kind {
    AUGER_WATCH_UDP,
    AUGER_WATCH_MUX,    /* the first member of a struct auger_shared_socket */
    AUGER_WATCH_STREAM, /* .user: its struct auger_stream */
    AUGER_WATCH_SEALED, /* .user: the struct auger_sealed that has it to itself */
    AUGER_WATCH_ACCEPT, /* where a peer listens for streams (RFC 6544) */
    AUGER_WATCH_STUN,
    AUGER_WATCH_TIMER,
    AUGER_WATCH_WAKE,
    AUGER_WATCH_MDNS,
    AUGER_WATCH_CHANGES,
    AUGER_WATCH_ROUTER,  /* what routers advertise (nat64.h) */
    AUGER_WATCH_PORTMAP, /* the first member of a struct auger_port_router, or announcements */
    AUGER_WATCH_TURN,    /* a UDP socket that a TURN service listens on */
    AUGER_WATCH_TURN_ACCEPT,
    AUGER_WATCH_TURN_RELAY,     /* the first member of a struct auger_turn_relay */
    AUGER_WATCH_TURN_STREAM,    /* of a struct auger_turn_stream */
    AUGER_WATCH_TURN_TCP_RELAY, /* of a struct auger_turn_relay that listens */
    AUGER_WATCH_TURN_PEER,      /* of a struct auger_turn_peer */
    AUGER_WATCH_TURN_MAIL,      /* of a service in a team */
    AUGER_WATCH_FD
};

struct auger_slot;

struct auger_watch {
    enum auger_watch_kind kind;
    struct auger_slot *slot; /* of AUGER_WATCH_UDP, _STREAM, _SEALED, _ACCEPT */
    struct auger_udp udp;    /* of the sockets; of the others its descriptor alone */
    void *user;              /* of AUGER_WATCH_FD, _STREAM, _SEALED; the service of those of TURN */
};

#endif /* AUGER_IO_WATCH_H */
