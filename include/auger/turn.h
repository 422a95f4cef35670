/*
 * auger/turn.h - the TURN client: RFC 8656 with the long-term credentials of 8489
 * section 9.2, and the TCP allocations of 6062.
 *
 * One client has one allocation on one server, seen from one local address.  Like
 * every engine it has no I/O: the caller sends what auger_turn_poll_transmit()
 * writes to auger_turn_server(), and tells what came from there.
 *
 *     auger_turn_handle_datagram(turn, now, &from, buf, n, &data);
 *     auger_turn_handle_timeout(turn, now);
 *     while ((n = auger_turn_poll_transmit(turn, now, buf, sizeof(buf))))
 *         send_to(auger_turn_server(turn), buf, n);
 *     while (auger_turn_poll_event(turn, &event))
 *         react_to(&event);
 *     wake_at = auger_turn_next_timeout(turn);
 *
 * A server whose transport is AUGER_TCP is reached by a stream, TCP or TLS; one of
 * AUGER_UDP by datagrams, UDP or DTLS.  On a stream requests are not repeated, and
 * each message that is given to the client is one frame of auger_turn_frame_len().
 *
 * Time     any monotonic clock, in nanoseconds; `now` never goes back.
 * Errors   0, a length, or a negative enum auger_err; a failed call changes nothing.
 * Memory   taken at creation, when the server challenges, and as the tables of peers
 *          grow; none for data.  The key of the integrity lies on OpenSSL's heap.
 * Threads  calls on one client must not overlap; clients share nothing.
 */
#ifndef AUGER_TURN_H
#define AUGER_TURN_H

#include <auger/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_turn; /* opaque */

#define AUGER_TURN_OVERHEAD 56     /* at most, around the data of a peer */
#define AUGER_TURN_FRAME_MAX 65552 /* the longest frame of a stream */
#define AUGER_TURN_USERNAME_MAX 508
#define AUGER_TURN_PASSWORD_MAX 508
#define AUGER_TURN_TOKEN_LEN 8 /* of a reserved port */

/* Of which families the relayed addresses shall be, whatever that of the server is. */
enum auger_turn_families {
    AUGER_TURN_IPV4 = 1,
    AUGER_TURN_IPV6 = 2,
    AUGER_TURN_BOTH = 3, /* one of each, or the one that there is (7.1) */
};

/* Of the relayed address, for programs that want two ports side by side (7.1). */
enum auger_turn_even_port {
    AUGER_TURN_ANY_PORT,
    AUGER_TURN_EVEN_PORT,
    /* And the next one is kept for half a minute, for who shows the token of the event. */
    AUGER_TURN_EVEN_PORT_AND_NEXT,
};

struct auger_turn_config {
    struct auger_addr server;
    /* Copied.  UTF-8, which is taken as OpaqueString has it (RFC 8265); what is beyond printable
     * ASCII is AUGER_ERR_UNSUPPORTED if this was built without libunistring.  Both NULL: the server
     * is to ask for none. */
    const char *username, *password;
    enum auger_turn_families families; /* default AUGER_TURN_IPV4 */
    /* The relay shall set DF on what it sends to peers, if it can (7.4).  Default false. */
    bool dont_fragment;
    uint32_t lifetime_s; /* to ask for; default 0: as the server likes */
    /* IP addresses with a permission, peers with a channel.  Defaults 64. */
    uint16_t permissions_max, channels_max;
    enum auger_turn_even_port even_port; /* the next one not with AUGER_TURN_BOTH */
    /* The AUGER_TURN_TOKEN_LEN bytes of such a token, copied: the address that is asked for.
     * Its family is that of `families`, never both; `even_port` is not set.  NULL: any. */
    const uint8_t *reserved;
    /* The allocation shall be able to follow us to another local address (RFC 8016), if the
     * server allows it.  Default false. */
    bool mobility;
    /* The relayed address is one of TCP (RFC 6062): peers are reached by auger_turn_connect(), and
     * have the transport AUGER_TCP.  The server is reached by a stream, and nothing of datagrams is
     * asked for: DF, ports, mobility.  ICE asks for none of these.  Default false. */
    bool tcp_relay;
    uint16_t connections_max; /* to peers, of such an allocation, at a time.  Default 16 */
};

/* Fills `config` with the defaults.  Always start from here. */
AUGER_API void auger_turn_config_init_sized(struct auger_turn_config *config, size_t size);
#define auger_turn_config_init(config) auger_turn_config_init_sized((config), sizeof(*(config)))

/* Its first request is due at `now`.  AUGER_ERR_INVALID: a server that cannot be sent
 * to, a name without a password, an empty or too long one, a table without room, ports
 * that no server could give;
 * AUGER_ERR_UNSUPPORTED, AUGER_ERR_ENTROPY, AUGER_ERR_NO_MEMORY. */
AUGER_API int auger_turn_new_sized(struct auger_turn **out, const struct auger_env *env,
                                   auger_time now, const struct auger_turn_config *config,
                                   size_t size) AUGER_CHECK_RESULT;
#define auger_turn_new(out, env, now, config)                                                      \
    auger_turn_new_sized((out), (env), (now), (config), sizeof(struct auger_turn_config))
/* Says nothing to the server: auger_turn_release() does.  NULL is fine. */
AUGER_API void auger_turn_free(struct auger_turn *turn);

enum auger_turn_state {
    AUGER_TURN_ALLOCATING,
    AUGER_TURN_ALLOCATED,
    AUGER_TURN_RELEASING, /* the server is told; at most a second */
    AUGER_TURN_RELEASED,
    AUGER_TURN_FAILED,
};
AUGER_API enum auger_turn_state auger_turn_state(const struct auger_turn *turn);
#define AUGER_TURN_DOMAIN_MAX 255 /* bytes of a name in ALTERNATE-DOMAIN */

/* Where requests and data go; another after AUGER_TURN_EVENT_ALTERNATE_SERVER. */
AUGER_API const struct auger_addr *auger_turn_server(const struct auger_turn *turn);
/* Whom its certificate must be for, if a server that sent us on said so (ALTERNATE-DOMAIN, RFC
 * 8489 section 14.16); NULL: for whom the first server's must.  Valid until another does. */
AUGER_API const char *auger_turn_domain(const struct auger_turn *turn);

/* Why a client failed, or a peer was refused. */
enum auger_turn_error {
    AUGER_TURN_ERROR_NONE,
    AUGER_TURN_ERROR_TIMEOUT,               /* no answer, or none that counts */
    AUGER_TURN_ERROR_INTEGRITY,             /* answers, but none that proves our password */
    AUGER_TURN_ERROR_BID_DOWN,              /* somebody took security features away (8489, 9.2.1) */
    AUGER_TURN_ERROR_NO_ALGORITHM,          /* no password algorithm that we know */
    AUGER_TURN_ERROR_REALM,                 /* no OpaqueString, or another than before */
    AUGER_TURN_ERROR_MALFORMED,             /* an answer without what it must have */
    AUGER_TURN_ERROR_EXPIRED,               /* it could not be renewed in time */
    AUGER_TURN_ERROR_RESOURCES,             /* no memory, no random bytes, no hash */
    AUGER_TURN_ERROR_TRY_ALTERNATE,         /* 300, to nowhere that could be followed */
    AUGER_TURN_ERROR_BAD_REQUEST,           /* 400 */
    AUGER_TURN_ERROR_UNAUTHENTICATED,       /* 401: the name or the password is wrong */
    AUGER_TURN_ERROR_FORBIDDEN,             /* 403 */
    AUGER_TURN_ERROR_MOBILITY,              /* 405: the allocation may not follow us */
    AUGER_TURN_ERROR_UNKNOWN_ATTRIBUTE,     /* 420 */
    AUGER_TURN_ERROR_ALLOCATION_MISMATCH,   /* 437, after one of ours there was ended */
    AUGER_TURN_ERROR_STALE_NONCE,           /* 438, again and again */
    AUGER_TURN_ERROR_ADDRESS_FAMILY,        /* 440 */
    AUGER_TURN_ERROR_WRONG_CREDENTIALS,     /* 441 */
    AUGER_TURN_ERROR_UNSUPPORTED_TRANSPORT, /* 442 */
    AUGER_TURN_ERROR_PEER_FAMILY,           /* 443 */
    AUGER_TURN_ERROR_QUOTA,                 /* 486 */
    AUGER_TURN_ERROR_SERVER,                /* 5xx */
    AUGER_TURN_ERROR_CAPACITY,              /* 508 */
    AUGER_TURN_ERROR_REFUSED,               /* any other code */
    AUGER_TURN_ERROR_CONNECTION_EXISTS,     /* 446 */
    AUGER_TURN_ERROR_CONNECTION_FAILURE,    /* 447: the server could not reach the peer */
};
/* One English phrase; static, never NULL. */
AUGER_API const char *auger_turn_error_text(enum auger_turn_error error);
/* How long to leave this server alone before a new client asks it (7.4).  0: ask at
 * once, from another local address after 437, of which three are worth a try;
 * AUGER_NEVER: until somebody has mended something. */
AUGER_API auger_time auger_turn_retry_after(enum auger_turn_error error);

/* Lets the IP address of `peer` reach us, whatever its port, and renews that until
 * auger_turn_forget().  An event follows.  0 too if it is so already.
 * AUGER_ERR_STATE: there is no allocation; AUGER_ERR_INVALID: not an address of a peer;
 * AUGER_ERR_UNSUPPORTED: we have no relayed address of its family; AUGER_ERR_LIMIT,
 * AUGER_ERR_NO_MEMORY, AUGER_ERR_ENTROPY. */
AUGER_API int auger_turn_permit(struct auger_turn *turn, auger_time now,
                                const struct auger_addr *peer) AUGER_CHECK_RESULT;
AUGER_API bool auger_turn_is_permitted(const struct auger_turn *turn, auger_time now,
                                       const struct auger_addr *peer);
/* Binds a channel to that very address, so that its data has 4 bytes around it and not
 * up to 56, and permits it as well.  Errors as above. */
AUGER_API int auger_turn_bind_channel(struct auger_turn *turn, auger_time now,
                                      const struct auger_addr *peer) AUGER_CHECK_RESULT;
/* Renews neither permission nor channels of that IP address any more: they end by
 * themselves, in 5 and 10 minutes at most. */
AUGER_API void auger_turn_forget(struct auger_turn *turn, const struct auger_addr *peer);

/* Writes a message for the server that carries `data` to `peer`; they must not overlap.
 * Its length, or AUGER_ERR_AGAIN: the permission is asked for; AUGER_ERR_NO_PATH: there
 * is none; AUGER_ERR_STATE; AUGER_ERR_TOO_LARGE; AUGER_ERR_BUFFER, never with `len` and
 * AUGER_TURN_OVERHEAD bytes; AUGER_ERR_ENTROPY. */
AUGER_API int auger_turn_write(struct auger_turn *turn, auger_time now,
                               const struct auger_addr *peer, const uint8_t *data, size_t len,
                               uint8_t *buf, size_t cap) AUGER_CHECK_RESULT;

/* --- connections to peers, of an allocation with `tcp_relay` -------------------------------
 *
 *     auger_turn_connect(turn, now, &peer);        or auger_turn_permit(), and the peer connects
 *     AUGER_TURN_EVENT_CONNECTED, or _ATTEMPT: within 30 seconds
 *         auger_turn_bind_connection(turn, now, number);
 *         open another stream to auger_turn_server(), and on it
 *         send what auger_turn_connection_transmit() writes, tell what comes
 *     AUGER_TURN_EVENT_BOUND: all that follows on that stream is the peer's
 *     auger_turn_connection_closed(turn, number);  when that stream has ended
 *
 * What belongs to each ends with the allocation. */

/* Asks the server to connect to a peer; an event follows.  AUGER_ERR_STATE: there is no such
 * allocation, or there is such a connection; AUGER_ERR_AGAIN: that peer could not be reached in the
 * last 10 seconds (6062 section 4.3); AUGER_ERR_INVALID, AUGER_ERR_UNSUPPORTED, AUGER_ERR_LIMIT,
 * AUGER_ERR_NO_MEMORY, AUGER_ERR_ENTROPY as auger_turn_permit(). */
AUGER_API int auger_turn_connect(struct auger_turn *turn, auger_time now,
                                 const struct auger_addr *peer) AUGER_CHECK_RESULT;
/* Fetches the connection of that number by a stream of its own; an event follows.
 * AUGER_ERR_NOT_FOUND; AUGER_ERR_STATE: it is fetched already; AUGER_ERR_ENTROPY. */
AUGER_API int auger_turn_bind_connection(struct auger_turn *turn, auger_time now,
                                         uint32_t connection) AUGER_CHECK_RESULT;
/* What that stream has to carry next, and a frame that came on it, as auger_turn_frame_len() cuts
 * it.  False: it is no answer to that.  As auger_turn_poll_transmit(), which the waiting of both is
 * part of. */
AUGER_API size_t auger_turn_connection_transmit(struct auger_turn *turn, auger_time now,
                                                uint32_t connection, uint8_t *buf, size_t cap);
AUGER_API bool auger_turn_connection_handle(struct auger_turn *turn, auger_time now,
                                            uint32_t connection, const uint8_t *buf, size_t len);
/* Its stream has ended, or nobody wants it. */
AUGER_API void auger_turn_connection_closed(struct auger_turn *turn, uint32_t connection);

/* --- the verbs ----------------------------------------------------------------------------- */

struct auger_turn_data {
    struct auger_addr peer;
    struct auger_bytes bytes; /* inside the buffer that was given; may be empty */
};
enum auger_turn_taken {
    AUGER_TURN_NOT_OURS, /* for somebody else on that socket */
    AUGER_TURN_CONSUMED,
    AUGER_TURN_DATA, /* *data is filled: from a peer that has a permission */
};
/* A datagram or frame came from `from`, whose transport is that of the config's server.  What is
 * not from the server, and what of it is neither TURN's nor an answer to us, is not ours. */
AUGER_API enum auger_turn_taken auger_turn_handle_datagram(struct auger_turn *turn, auger_time now,
                                                           const struct auger_addr *from,
                                                           const uint8_t *buf, size_t len,
                                                           struct auger_turn_data *data);
AUGER_API void auger_turn_handle_timeout(struct auger_turn *turn, auger_time now);
/* The next request for the server, 0 when none is due.  `cap` must be at least
 * AUGER_DATAGRAM_MAX. */
AUGER_API size_t auger_turn_poll_transmit(struct auger_turn *turn, auger_time now, uint8_t *buf,
                                          size_t cap);
AUGER_API auger_time auger_turn_next_timeout(const struct auger_turn *turn);

/* Our local address changes, and the allocation shall follow, with its permissions and channels
 * (RFC 8016).  From now on auger_turn_poll_transmit() writes for the new address, the new stream;
 * what auger_turn_write() writes leaves from the old one, if that is still there, until
 * AUGER_TURN_EVENT_MOVED.  After AUGER_TURN_EVENT_MOVE_FAILED all is as it was, from the old one.
 * Again before either: to yet another address.  AUGER_ERR_STATE: there is no allocation, or the
 * server gave no ticket for it; AUGER_ERR_ENTROPY. */
AUGER_API int auger_turn_move(struct auger_turn *turn, auger_time now) AUGER_CHECK_RESULT;

/* Gives the allocation back (section 8).  Data ends here; an event follows within a
 * second, whether or not the server answers.  Nothing if it is over already. */
AUGER_API void auger_turn_release(struct auger_turn *turn, auger_time now);

enum auger_turn_event_type {
    AUGER_TURN_EVENT_ALLOCATED, /* .allocated */
    /* .server: it is asked from now on, by a stream of its own where there was one.  With TLS
     * its certificate is for auger_turn_domain(). */
    AUGER_TURN_EVENT_ALTERNATE_SERVER,
    AUGER_TURN_EVENT_PERMITTED,       /* .peer.addr */
    AUGER_TURN_EVENT_REFUSED,         /* .peer: no permission, or it has ended */
    AUGER_TURN_EVENT_CHANNEL_BOUND,   /* .peer.addr */
    AUGER_TURN_EVENT_CHANNEL_REFUSED, /* .peer: data goes on without, if permitted */
    AUGER_TURN_EVENT_ICMP,            /* .icmp: what became of a datagram to a peer (11.6) */
    AUGER_TURN_EVENT_MOVED,           /* the new local address is the one that counts */
    AUGER_TURN_EVENT_MOVE_FAILED,     /* .failed: why the allocation stays where it was */
    AUGER_TURN_EVENT_RELEASED,
    AUGER_TURN_EVENT_FAILED,        /* .failed: there is no allocation, or none any more */
    AUGER_TURN_EVENT_CONNECTED,     /* .connection: the server has reached that peer */
    AUGER_TURN_EVENT_ATTEMPT,       /* .connection: a peer with a permission has connected */
    AUGER_TURN_EVENT_BOUND,         /* .connection: its stream is the peer's */
    AUGER_TURN_EVENT_NOT_CONNECTED, /* .connection: there is none, or none any more, and why */
};
struct auger_turn_event {
    enum auger_turn_event_type type;
    union {
        struct {
            struct auger_addr relayed[2]; /* the second of no family if there is one alone */
            struct auger_addr mapped;     /* as the server sees us */
            auger_time lifetime;          /* renewed by the client */
            uint16_t missing_code;        /* why the second is not there (18.12); 0: not said */
            bool dont_fragment;           /* it was asked for, and the server can */
            bool has_token;               /* the next port is reserved (18.10) */
            uint8_t token[AUGER_TURN_TOKEN_LEN];
            bool mobility; /* auger_turn_move() is possible */
        } allocated;
        struct auger_addr server;
        struct {
            struct auger_addr addr;
            enum auger_turn_error error;
            uint16_t code; /* of the server's error; 0: none */
        } peer;
        struct {
            uint32_t number;
            struct auger_addr peer;
            enum auger_turn_error error;
            uint16_t code; /* of the server's error; 0: none */
        } connection;
        struct {
            struct auger_addr peer; /* port 0: not known */
            uint8_t type, code;
            uint32_t data; /* the next hop's MTU, where type and code mean that */
        } icmp;
        struct {
            enum auger_turn_error error;
            uint16_t code; /* the last that came, believed or not; 0: none */
            auger_time retry_after;
        } failed;
    };
};
/* Takes the next event; false when there is none. */
AUGER_API bool auger_turn_poll_event(struct auger_turn *turn, struct auger_turn_event *event);

/* How long the frame at the head of a stream is, padding included (12.5), of which `len`
 * bytes are there; it may be longer than that.  AUGER_ERR_AGAIN: more bytes are needed
 * to know; AUGER_ERR_MALFORMED: no frame of TURN, and the stream is to be closed. */
AUGER_API int auger_turn_frame_len(const uint8_t *buf, size_t len) AUGER_CHECK_RESULT;

/* Time-limited credentials for a server that shares `secret` with whom gives them out
 * (the TURN REST API). */
enum auger_turn_rest_hash { AUGER_TURN_REST_SHA1, AUGER_TURN_REST_SHA256 };
struct auger_turn_rest {
    char username[AUGER_TURN_USERNAME_MAX + 1];
    char password[45];
};
/* Valid until `expires_at_s`, seconds since 1970; `user` may be NULL.  Most servers know
 * SHA-1 alone.  AUGER_ERR_INVALID: an empty secret, a user that is empty or has no room,
 * a time before 1970; AUGER_ERR_UNSUPPORTED: a user beyond ASCII, without libunistring;
 * AUGER_ERR_CRYPTO, AUGER_ERR_NO_MEMORY. */
AUGER_API int auger_turn_rest_make(struct auger_turn_rest *out, enum auger_turn_rest_hash hash,
                                   const uint8_t *secret, size_t secret_len, int64_t expires_at_s,
                                   const char *user) AUGER_CHECK_RESULT;

#ifdef __cplusplus
}
#endif

#endif /* AUGER_TURN_H */
