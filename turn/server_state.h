/* turn/server_state.h - what a server knows: plain data beneath its procedures, which are one
 * file each.  Of a client that is state.h. */
#ifndef AUGER_TURN_SERVER_STATE_H
#define AUGER_TURN_SERVER_STATE_H

#include "base/table.h"
#include "turn/challenge.h"
#include "turn/peer_policy.h"
#include "turn/reply_limit.h"
#include "turn/server_ports.h"
#include "turn/server_timer.h"

#include <auger/turn_server.h>

#define AUGER_SERVER_TICK_MAX 64 /* allocations, reservations and the like that end in a tick */
#define AUGER_SERVER_UNTOLD_MAX 256
#define AUGER_SERVER_PORT_TRIES 8
#define AUGER_SERVER_LISTENERS_MAX 64
#define AUGER_SERVER_ANSWER_TIME (5 * AUGER_SEC)  /* of the caller, for a socket or a key */
#define AUGER_SERVER_RESERVATION (30 * AUGER_SEC) /* 7.2 */
#define AUGER_SERVER_CONNECT_TIME                                                                  \
    (40 * AUGER_SEC)                            /* of the caller; RFC 6062 section 5.2 wants 30 */
#define AUGER_SERVER_BIND_TIME (30 * AUGER_SEC) /* of the client, for ConnectionBind */
#define AUGER_SERVER_ATTEMPTS_MAX 8 /* of peers, that wait for the client of one allocation */
#define AUGER_SERVER_TICKET_LEN 24

/* Who is counted: a user by name, of a time-limited name by what stands behind the time, or an
 * IP address (of IPv6 its first 64 bits).  It lives as long as anything of it does. */
struct auger_server_account {
    struct auger_table_node node;
    auger_time busy_until; /* what has been relayed for it, at its rate */
    uint32_t allocations;  /* that count against its quota, reservations too */
    uint32_t connections;  /* to peers, of its TCP allocations */
    uint32_t holds;        /* of who shows its name or counts here */
    uint16_t len;
    uint8_t kind; /* enum auger_server_account_kind */
    uint8_t name[];
};

struct auger_server_permission {
    auger_time expires_at; /* from then on the slot is free */
    uint8_t family;
    uint8_t ip[16];
};

struct auger_server_channel {
    auger_time expires_at; /* as above */
    struct auger_addr peer;
    uint16_t number;
};

enum auger_server_relay_state {
    AUGER_SERVER_RELAY_FREE,
    AUGER_SERVER_RELAY_OPENING,  /* the caller binds its socket */
    AUGER_SERVER_RELAY_OPEN,     /* bound, while its allocation waits for another one */
    AUGER_SERVER_RELAY_LIVE,     /* of an allocation that is granted */
    AUGER_SERVER_RELAY_RESERVED, /* held for who has the token */
    AUGER_SERVER_RELAY_CLOSING,  /* until the caller is told; its port stays taken */
};

/* One relayed transport address. */
struct auger_server_relay {
    struct auger_server_timer timer; /* LIVE: its expiry; RESERVED: its end */
    struct auger_table_node node;    /* RESERVED: by token */
    struct auger_server_allocation *allocation;
    struct auger_server_account *user; /* RESERVED: whose the token is */
    struct auger_server_relay *next;   /* CLOSING, FREE: in that list */
    uint32_t number;
    uint16_t port;
    uint8_t family; /* 0: IPv4, 1: IPv6 */
    uint8_t state;  /* enum auger_server_relay_state */
    bool is_asked;  /* OPENING: the caller knows of it */
    bool is_tcp;
    bool is_heard; /* some peer was permitted */
};

/* What an Allocate waits with until its sockets are there. */
struct auger_server_opening {
    struct auger_server_timer timer;
    struct auger_server_allocation *allocation;
    struct auger_server_relay *sibling; /* to be reserved; NULL: none */
    struct auger_server_account *place; /* of the sibling in its user's quota */
    struct auger_proof proof;           /* its key alone */
    uint32_t lifetime_s;
    uint8_t kind;  /* enum auger_server_port_kind, of each relay but the sibling */
    uint8_t tries; /* left, of the relay that is being opened */
    bool is_fingerprinted;
};

/* A 5-tuple that leads to an allocation. */
struct auger_server_door {
    struct auger_table_node node;
    struct auger_path path;
    struct auger_server_allocation *allocation;
    struct auger_server_connection *connection; /* whose stream it is; NULL: the allocation's own */
    bool is_closed; /* it leads nowhere: the stream has ended, the allocation waits for a move */
};

enum auger_server_connection_state {
    AUGER_SERVER_CONNECTION_CONNECTING, /* the caller opens it */
    AUGER_SERVER_CONNECTION_WAITING,    /* for ConnectionBind */
    AUGER_SERVER_CONNECTION_BOUND,      /* the caller carries its bytes */
    AUGER_SERVER_CONNECTION_CLOSING,    /* until the caller is told; its number stays taken */
};

/* One peer data connection (RFC 6062). */
struct auger_server_connection {
    struct auger_server_timer timer;            /* CONNECTING, WAITING: the end of that */
    struct auger_table_node node;               /* by number */
    struct auger_server_door door;              /* BOUND: the client's stream */
    struct auger_server_allocation *allocation; /* NULL: CLOSING */
    struct auger_server_connection *next;       /* of its allocation; CLOSING: in that list */
    struct auger_proof proof;                   /* CONNECTING: of the Connect, its key alone */
    struct auger_stun_tid tid;                  /* of the same */
    struct auger_addr peer;
    uint32_t number; /* its CONNECTION-ID */
    uint8_t state;   /* enum auger_server_connection_state */
    bool is_attempt; /* the peer has opened it */
    bool is_fingerprinted;
};

struct auger_server_mobility;

struct auger_server_allocation {
    struct auger_server_door door;
    struct auger_server_account *user, *ip;
    struct auger_server_relay *relays[2]; /* by family; NULL: none */
    struct auger_server_opening *opening; /* NULL: it is granted */
    struct auger_server_permission *permissions;
    struct auger_server_channel *channels;
    struct auger_server_connection *connections;   /* if it is_tcp */
    struct auger_server_mobility *mobility;        /* NULL: it stays where it is */
    struct auger_prepared_key *kept;               /* that the program has said; NULL: it has not */
    struct auger_server_allocation *older, *newer; /* in the queue of news */
    auger_time made_at;                            /* once it has ended: how long it lived */
    auger_time icmp_at;                            /* when the next ICMP error may be told */
    uint64_t bytes_to_peers, bytes_to_client;
    uint64_t token;            /* of the reservation that was made with it; 0: none */
    struct auger_stun_tid tid; /* of the Allocate that made it */
    uint32_t granted_s;        /* at first */
    uint16_t missing_code;     /* why a family is not there (18.12) */
    uint16_t ports[2];         /* as they were, for the news of the end */
    uint16_t permissions_len, permissions_cap, channels_len, channels_cap, connections_len;
    uint8_t end; /* enum auger_turn_server_end; 0: it lives */
    bool is_queued, made_news;
    bool is_tcp; /* RFC 6062 */
};

/* A request that waits for the program to say a password. */
struct auger_server_pending {
    struct auger_server_timer timer;
    struct auger_server_pending *next;
    struct auger_path path;
    uint32_t ticket;
    uint16_t len;
    uint8_t bytes[];
};

struct auger_server_relay_ip {
    struct auger_addr ip, told;
    bool is_there;
    struct auger_server_ports ports;
};

struct auger_turn_server {
    const struct auger_env *env;
    struct auger_turn_server_config config; /* without the pointers */
    struct auger_addr listeners[AUGER_SERVER_LISTENERS_MAX];
    struct auger_server_relay_ip relay_ips[2]; /* by family */
    struct auger_turn_held_ports *held;        /* NULL: nobody asks which ports its relays hold */
    struct auger_turn_held_ports *own_held;    /* NULL: it is the caller's, or there is none */

    struct auger_nonces *nonces;
    struct auger_user_keys *keys;
    struct auger_challenger challenger;
    struct auger_peer_policy *policy;
    struct auger_reply_limit *limit;
    struct auger_reply_limit *handshakes;  /* that begin: each costs a signature */
    struct auger_reply_limit *failures[2]; /* wrong passwords: without a fresh nonce, with one */
    auger_time wall_at;                    /* when it was told; AUGER_NEVER: not yet */
    int64_t wall_s;

    struct auger_table doors, accounts, reservations, tickets, connections;
    uint64_t door_keys[13];
    struct auger_siphash *siphash; /* of names */
    struct auger_server_heap timers;

    struct auger_server_relay **relays; /* by the low bits of their numbers */
    uint32_t relays_len, relays_cap;
    struct auger_server_relay *free_relays, *closing_first, *closing_last;
    struct auger_server_connection *closing_connections;

    struct auger_server_allocation *oldest, *newest; /* the news of allocations */
    struct auger_server_allocation *told;            /* its end was told: until the next call */
    uint32_t untold;                                 /* that have ended */

    struct auger_server_pending *pending;
    uint32_t pending_len, next_ticket;

    struct auger_addr alternate;
    bool is_draining, is_closing;
    auger_time close_at;
    uint32_t close_next;  /* of the relays: where ending all goes on */
    uint32_t allocations; /* with those that are being opened */
    auger_time busy_until;
    uint8_t indication_id[8]; /* the ids of Data indications: this, and a count */
    uint32_t indications;
    struct auger_turn_server_stats stats;
};

/* One request while it is answered. */
struct auger_server_request {
    struct auger_turn_server *server;
    auger_time now;
    const struct auger_path *path;
    const struct auger_stun_msg *msg;
    struct auger_proof proof;
    struct auger_server_allocation *allocation; /* of its 5-tuple; NULL: none */
    uint8_t *reply;
    size_t cap;
    struct auger_turn_server_out *out;
};

static inline void auger_server_drop(struct auger_turn_server *server,
                                     enum auger_turn_server_drop why)
{
    server->stats.drops[why]++;
}

static inline size_t auger_server_family(const struct auger_addr *addr)
{
    return addr->family == AUGER_IPV6;
}

#endif /* AUGER_TURN_SERVER_STATE_H */
