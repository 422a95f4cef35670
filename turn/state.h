/* turn/state.h - what a client knows: plain data beneath the procedures, which are
 * allocation.c, permission.c, channel.c and data.c. */
#ifndef AUGER_TURN_STATE_H
#define AUGER_TURN_STATE_H

#include "base/pool.h"
#include "turn/exchange.h"

#define AUGER_TURN_REDIRECTS_MAX 3
#define AUGER_TURN_TICKET_MAX                                                                      \
    512 /* bytes of a ticket (RFC 8016, 3.1.2) that can be shown again                             \
         */
#define AUGER_TURN_RETRY (10 * AUGER_SEC) /* until what could not be renewed is tried again */

struct auger_allocation {
    struct auger_exchange exchange; /* Allocate, Refresh, or the Refresh that releases */
    struct auger_addr relayed[2], mapped;
    auger_time expires_at, refresh_at; /* once it is there */
    uint32_t lifetime_s;
    uint16_t missing_code;
    bool is_there; /* on the server, as far as we know */
    bool asks_dont_fragment;
    bool ends_another, has_ended_another; /* one of before, of the same 5-tuple */
    bool has_token;
    uint8_t token[AUGER_TURN_TOKEN_LEN]; /* of the port beside ours (8656, 18.10) */
};

/* RFC 8016. */
struct auger_mobility {
    uint8_t *ticket;     /* of AUGER_TURN_TICKET_MAX bytes; NULL: none is wanted */
    uint16_t ticket_len; /* 0: there is none */
    uint16_t code;       /* of the latest move that failed */
    uint8_t error;       /* enum auger_turn_error, of the same */
    bool is_given_up;    /* the server forbids it */
    bool is_moving;      /* the Refresh that is out shows the ticket */
};

enum auger_permission_state {
    AUGER_PERMISSION_FREE,
    AUGER_PERMISSION_ASKING, /* never granted so far */
    AUGER_PERMISSION_ACTIVE,
    AUGER_PERMISSION_GONE, /* until that is told */
};

struct auger_permission {
    struct auger_exchange exchange;
    struct auger_addr peer; /* its port is that of who asked first */
    auger_time expires_at, refresh_at;
    uint16_t code;
    uint8_t state; /* enum auger_permission_state */
    uint8_t error; /* enum auger_turn_error: why it is gone, or could not be renewed */
    bool is_kept;  /* nobody has forgotten it */
    bool granted_news;
};

enum auger_channel_state {
    AUGER_CHANNEL_FREE,
    AUGER_CHANNEL_BINDING,
    AUGER_CHANNEL_BOUND,
    AUGER_CHANNEL_RESTING, /* 12: no other number for that address, until rests_until */
};

struct auger_channel {
    struct auger_exchange exchange;
    struct auger_addr peer;
    auger_time expires_at, refresh_at; /* when bound; when resting the first is the end of it */
    uint16_t number;
    uint16_t code;
    uint8_t state; /* enum auger_channel_state */
    uint8_t error; /* enum auger_turn_error */
    bool is_kept;
    bool was_asked; /* for, with this number */
    bool bound_news, refused_news;
};

enum auger_connection_state {
    AUGER_CONNECTION_FREE,
    AUGER_CONNECTION_CONNECTING,
    AUGER_CONNECTION_OFFERED, /* the server has it, and gives it to who fetches it */
    AUGER_CONNECTION_BINDING,
    AUGER_CONNECTION_BOUND,
    AUGER_CONNECTION_FAILED,  /* until that is told */
    AUGER_CONNECTION_RESTING, /* RFC 6062, 4.3: not asked for again before `until` */
};

/* To a peer, by TCP (RFC 6062). */
struct auger_connection {
    struct auger_exchange exchange; /* Connect, then ConnectionBind */
    struct auger_addr peer;
    auger_time until; /* OFFERED, FAILED, RESTING: the end of that */
    uint32_t number;
    uint16_t code;
    uint8_t state;   /* enum auger_connection_state */
    uint8_t error;   /* enum auger_turn_error */
    bool is_attempt; /* the peer has opened it */
    bool news;
};

/* What has not been told yet; beside it each permission and channel has its own. */
struct auger_turn_news {
    bool alternate, allocated, icmp, moved, move_failed, ended;
};

struct auger_turn {
    const struct auger_env *env;
    struct auger_turn_credentials credentials;
    struct auger_addr server;
    struct auger_addr asked[AUGER_TURN_REDIRECTS_MAX]; /* servers that have sent us on */
    char *domain; /* whom the present one's certificate is for (8489, 14.16); NULL: as the first */
    struct auger_allocation allocation;
    struct auger_mobility mobility;
    struct auger_pool permissions, channels, connections;
    auger_time released_by; /* when releasing: no longer than this */
    struct {
        struct auger_addr peer;
        uint32_t data;
        uint8_t type, code;
    } icmp;              /* the latest that came */
    uint32_t lifetime_s; /* to ask for */
    uint16_t next_channel;
    uint16_t code;     /* when failed */
    uint8_t error;     /* enum auger_turn_error, when failed */
    uint8_t state;     /* enum auger_turn_state */
    uint8_t families;  /* enum auger_turn_families */
    uint8_t even_port; /* enum auger_turn_even_port */
    bool is_tcp;       /* what is relayed */
    bool is_reserved;  /* what is asked for, by the token of another allocation */
    uint8_t reserved[AUGER_TURN_TOKEN_LEN];
    uint8_t asked_len;
    struct auger_turn_news news;
};

static inline bool auger_turn_is_stream(const struct auger_turn *turn)
{
    return turn->server.transport == AUGER_TCP;
}

#endif /* AUGER_TURN_STATE_H */
