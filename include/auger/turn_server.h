/*
 * auger/turn_server.h - the TURN server: RFC 8656 with the long-term credentials of
 * 8489 section 9.2, its Binding server, the mobility of 8016, and the TCP allocations
 * of 6062.
 *
 * Like every engine it has no I/O: the caller owns the listening sockets, one UDP
 * socket for each relay, or a listening TCP socket where its path says so, and the
 * connections of those to peers.  One datagram, or one frame of a stream, goes in and
 * at most one thing to do comes out, at once: nothing is queued for anybody.
 *
 *     auger_turn_server_handle_client(server, now, &path, buf, n, reply, sizeof(reply), &out);
 *     while (out.what == AUGER_TURN_SERVER_OPEN_RELAY)
 *         auger_turn_server_relay_opened(server, now, out.relay, bind_to(&out.path.local),
 *                                        reply, sizeof(reply), &out);
 *     if (out.what == AUGER_TURN_SERVER_TO_CLIENT || out.what == AUGER_TURN_SERVER_TO_PEER)
 *         send(&out);
 *     while (auger_turn_server_poll_event(server, &event))
 *         react_to(&event);                    close the socket of what is closed
 *     wake_at = auger_turn_server_next_timeout(server);
 *
 * Time     any monotonic clock, in nanoseconds; `now` never goes back.
 * Errors   0, or a negative enum auger_err; a failed call changes nothing.  What the
 *          network sends is never an error: it is answered, or counted and dropped.
 * Memory   taken at creation, for an allocation, and as its tables of peers grow; none
 *          for data, none for who has not proved a password.  The keys of the integrity
 *          lie on OpenSSL's heap.
 * Threads  calls on one server must not overlap; servers share nothing but `held_ports`.  Several
 * may serve one address if all of one client's datagrams reach the same one; each then needs ports
 * of its own and all one nonce_secret; quotas are each one's, and tokens, tickets and connections
 * too unless `members` says how many there are.
 */
#ifndef AUGER_TURN_SERVER_H
#define AUGER_TURN_SERVER_H

#include <auger/stun.h>
#include <auger/turn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opaque.  The function auger_turn_server() of <auger/turn.h> is the client's and is no
 * constructor of this. */
struct auger_turn_server;

#define AUGER_TURN_SERVER_REPLY_MAX 2048 /* bytes of `reply` that are always enough */
#define AUGER_TURN_SERVER_NONCE_SECRET_LEN 32
#define AUGER_TURN_SERVER_TAIL 3 /* bytes behind a peer's datagram, for padding */
/* The low bits of a relay's number: below the number of relays there were at once, and
 * of one open relay alone. */
#define AUGER_TURN_SERVER_RELAY_INDEX 0xFFFFFu

/* One IP address that relayed transport addresses lie on. */
struct auger_turn_server_relay_ip {
    struct auger_addr ip;       /* what sockets are bound to; its port does not count */
    struct auger_addr external; /* what clients are told instead; no family: the same */
};

/* The ports that relays hold now, of all servers that relay from the same `relay_ips`: each writes
 * down its own, in whatever thread it is. */
struct auger_turn_held_ports;
/* AUGER_ERR_NO_MEMORY. */
AUGER_API int auger_turn_held_ports_new(struct auger_turn_held_ports **out,
                                        const struct auger_env *env) AUGER_CHECK_RESULT;
/* After all servers that have it.  NULL is fine. */
AUGER_API void auger_turn_held_ports_free(struct auger_turn_held_ports *held);

struct auger_turn_server_config {
    /* Copied.  1 to 127 bytes without a quote, as OpaqueString (RFC 8265) leaves them. */
    const char *realm;
    /* Copied: where the server is reached, with the transport.  Peers cannot be there, and
     * Binding answers from another of them if asked to (RFC 5780), for which two IP
     * addresses with the same two UDP ports are needed.  One for DTLS is given as of AUGER_TCP: to
     * who comes by UDP to where none is of AUGER_UDP nothing of 5780 is given. */
    const struct auger_addr *listeners;
    size_t listeners_len; /* at most 64 */
    /* Copied: the first of a family is the one that is used.  None of a family: 440. */
    const struct auger_turn_server_relay_ip *relay_ips;
    size_t relay_ips_len;        /* at most 2 */
    uint16_t port_min, port_max; /* of relayed addresses; defaults 49152, 65535 */
    /* How long an allocation lives by default and at most, in seconds: 600, 3600 (7.2). */
    uint32_t lifetime_s, lifetime_max_s;
    uint32_t nonce_lifetime_s; /* default 600; at most 3600 (section 5) */

    /* Allocations alive at once; beyond: 486 for a user or an IP address (an IPv6 one by its
     * first 64 bits), 508 for all.  A name with a time is the user behind it.  Defaults 10, 40, and
     * half of the ports there are (0). */
    uint32_t user_allocations_max, ip_allocations_max, allocations_max;
    /* Bytes a second, both ways together: application data, and 28 for the headers of each
     * datagram; what is beyond is dropped and counted.  Defaults 0: no bound. */
    uint64_t user_bytes_per_s, ip_bytes_per_s, bytes_per_s;
    /* Of one allocation; beyond: 508.  Defaults 64, 64. */
    uint16_t permissions_max, channels_max;
    /* Clients may have TCP allocations, by TCP or TLS alone; if not: 442.  Default false. */
    bool tcp_relay;
    /* Connections of TCP allocations to peers, those that are being opened or wait for their
     * client too: of one allocation, of a user, of all.  Beyond: 508 for who asks, 486 if it is the
     * user's, and who comes is not taken.  Defaults 16, 64, 4096. */
    uint16_t allocation_connections_max;
    uint32_t user_connections_max, connections_max;

    /* The caller can set DF on what it sends to peers; if not DONT-FRAGMENT is unknown (14).
     * Default true. */
    bool dont_fragment;
    /* Allocations may follow their clients to other addresses (RFC 8016); if not: 405.
     * Default false. */
    bool mobility;
    /* What a relay of this server is may be a peer, while it is one: as is no other port of the
     * same IP address.  Default false: 403. */
    bool relay_to_relay;
    /* Clients of RFC 5766 may have their channels, 0x4000 to 0x7FFE; if not 8656 allows no
     * more than 0x4FFF (12).  Default false. */
    bool old_channels;
    /* Answers to who has not proved a password are not limited for clients on the loopback
     * interface.  Default false. */
    bool loopback_unlimited;
    /* Clients that can shall hide their names (USERHASH, 8489 section 14.4).  Names with a time
     * cannot be hidden, nor can those that the program is asked for.  Default false. */
    bool userhash;
    uint32_t users_max; /* that are added; beyond: AUGER_ERR_LIMIT.  Default 65,536 */
    /* The program is asked for the keys of names that are not known here
     * (AUGER_TURN_SERVER_NEEDS_KEY).  Default false: 401. */
    bool asks_for_keys;
    uint16_t keys_pending_max; /* requests that wait for a key, 8 of one IP; beyond: dropped.
                                  Default 64 */
    /* Of servers that serve one address side by side, each with ports of its own.
     * AUGER_TURN_SERVER_NONCE_SECRET_LEN bytes, copied: those that have the same take each other's
     * nonces; NULL: drawn. */
    const uint8_t *nonce_secret;
    /* With relay_to_relay: what relays of all of them hold, the caller's for as long as any of them
     * lives; NULL: relays of this one alone may be peers. */
    struct auger_turn_held_ports *held_ports;
    /* A port may be reserved for another Allocate (7.2), which comes from another port and so
     * perhaps to another server; false: 508.  Default true. */
    bool reservations;
    /* How many servers serve one address side by side, and which of them this is, from 0, if each
     * can be given what belongs to it (AUGER_TURN_SERVER_ELSEWHERE): then reservations, mobility
     * and tcp_relay are for clients that come to any of them.  At most 255.  Defaults 1, 0. */
    uint16_t members, member;
};

/* Fills `config` with the defaults.  Always start from here. */
AUGER_API void auger_turn_server_config_init_sized(struct auger_turn_server_config *config,
                                                   size_t size);
#define auger_turn_server_config_init(config)                                                      \
    auger_turn_server_config_init_sized((config), sizeof(*(config)))

/* AUGER_ERR_INVALID: no realm or one that cannot be, addresses that cannot be listened to or
 * relayed from, two relay IPs of a family, a range without a port or with port 0,
 * a maximum below its default, a table without room, a `member` that is none;
 * AUGER_ERR_ENTROPY, AUGER_ERR_CRYPTO, AUGER_ERR_NO_MEMORY. */
AUGER_API int auger_turn_server_new_sized(struct auger_turn_server **out,
                                          const struct auger_env *env, auger_time now,
                                          const struct auger_turn_server_config *config,
                                          size_t size) AUGER_CHECK_RESULT;
#define auger_turn_server_new(out, env, now, config)                                               \
    auger_turn_server_new_sized((out), (env), (now), (config),                                     \
                                sizeof(struct auger_turn_server_config))
/* Tells nobody: the sockets of relays are the caller's to close.  NULL is fine. */
AUGER_API void auger_turn_server_free(struct auger_turn_server *server);

/* --- who may use it ------------------------------------------------------------------ */

/* A user with a password; an older one of that name is replaced.  Both are copied as the
 * keys that they make.  AUGER_ERR_INVALID: empty or too long; AUGER_ERR_UNSUPPORTED: beyond
 * printable ASCII; AUGER_ERR_NO_MEMORY, AUGER_ERR_CRYPTO. */
AUGER_API int auger_turn_server_add_user(struct auger_turn_server *server, const char *name,
                                         const char *password) AUGER_CHECK_RESULT;
/* The same by its key: 16 bytes for MD5, 32 for SHA-256, each over name, realm and password
 * (8489, 9.2.2 and 18.5.1).  A user may be given one of each. */
AUGER_API int auger_turn_server_add_user_key(struct auger_turn_server *server, const char *name,
                                             enum auger_stun_password_algorithm algorithm,
                                             const uint8_t *key, size_t len) AUGER_CHECK_RESULT;
/* Its allocations live on until they would have to be refreshed.  AUGER_ERR_NOT_FOUND. */
AUGER_API int auger_turn_server_remove_user(struct auger_turn_server *server,
                                            const char *name) AUGER_CHECK_RESULT;
/* Users whose names carry a time, as auger_turn_rest_make() makes them; several secrets are
 * tried in turn, 8 at most: AUGER_ERR_LIMIT.  AUGER_ERR_INVALID: an empty secret.  They need the
 * time of day. */
AUGER_API int auger_turn_server_add_secret(struct auger_turn_server *server,
                                           enum auger_turn_rest_hash hash, const uint8_t *secret,
                                           size_t len) AUGER_CHECK_RESULT;
AUGER_API void auger_turn_server_remove_secrets(struct auger_turn_server *server);
/* At `now` it is that many seconds after 1970.  Until it is told no name with a time is
 * valid; tell again when the clock of the machine was set. */
AUGER_API void auger_turn_server_set_time_of_day(struct auger_turn_server *server, auger_time now,
                                                 int64_t seconds);

/* --- whom they may reach ------------------------------------------------------------- */

/* Peers are judged by their canonical address, when permissions and channels are asked for
 * and again with each datagram.  By default every special range is denied, and all else is
 * allowed; "192.0.2.0/24", "2001:db8::/32" or one address.  The longest prefix decides, of
 * equal ones the denial.  AUGER_ERR_MALFORMED, AUGER_ERR_LIMIT, AUGER_ERR_NO_MEMORY. */
AUGER_API int auger_turn_server_allow_peers(struct auger_turn_server *server,
                                            const char *cidr) AUGER_CHECK_RESULT;
AUGER_API int auger_turn_server_deny_peers(struct auger_turn_server *server,
                                           const char *cidr) AUGER_CHECK_RESULT;
/* Back to the defaults. */
AUGER_API void auger_turn_server_forget_peer_rules(struct auger_turn_server *server);

/* --- the verbs ----------------------------------------------------------------------- */

enum auger_turn_server_what {
    AUGER_TURN_SERVER_NOTHING,
    /* Send `bytes` from path.local, which is a listener, to path.remote: a datagram, or
     * the next bytes of that stream. */
    AUGER_TURN_SERVER_TO_CLIENT,
    /* Send `bytes` by the socket of `relay`, whose address is path.local, to path.remote. */
    AUGER_TURN_SERVER_TO_PEER,
    /* Bind a socket to path.local, of UDP, or listening where its transport is AUGER_TCP, and tell
     * auger_turn_server_relay_opened(), at once or within 5 seconds. */
    AUGER_TURN_SERVER_OPEN_RELAY,
    /* Find the password of `user`, and tell auger_turn_server_answer_key() within 5 seconds. */
    AUGER_TURN_SERVER_NEEDS_KEY,
    /* Connect from path.local, where the relay listens, to path.remote, give it 30 seconds at
     * least, and tell auger_turn_server_peer_connected() (6062 section 5.2). */
    AUGER_TURN_SERVER_CONNECT,
    /* Send `bytes` as for TO_CLIENT: they are the last of TURN on that stream.  What follows on it
     * is for the peer of `connection` as it is, and what that sends is for the stream, each after
     * auger_turn_server_carry() (6062 section 5.4). */
    AUGER_TURN_SERVER_SPLICE,
    /* The request comes back with what the server `member` gave, of several at these addresses:
     * give it to that one as it came; of a stream the stream as well, whose first message it is to
     * that one.  Datagrams of that path are for it as long as auger_turn_server_is_known() there.
     */
    AUGER_TURN_SERVER_ELSEWHERE,
};
struct auger_turn_server_out {
    enum auger_turn_server_what what;
    struct auger_path path;
    struct auger_bytes bytes; /* inside `reply`, or inside and before the buffer that came */
    uint32_t relay;
    uint32_t connection;     /* CONNECT, SPLICE, and of auger_turn_server_peer_accepted() */
    bool dont_fragment;      /* TO_PEER: set DF, or fail (14) */
    uint32_t ticket;         /* NEEDS_KEY */
    struct auger_bytes user; /* NEEDS_KEY: a name, not terminated; until the next call */
    uint16_t member;         /* ELSEWHERE */
    /* Relays at which somebody may be heard from now on, of each family one: until then the server
     * drops whatever comes there, and their sockets need not be read.  What waits in them is to be
     * thrown away before `bytes` are sent. */
    uint32_t heard[2];
    uint8_t heard_len;
};

/* As auger_turn_frame_len(), of a client's stream: with the config's old_channels frames of those
 * channels are frames. */
AUGER_API int auger_turn_server_frame_len(const struct auger_turn_server *server,
                                          const uint8_t *buf, size_t len) AUGER_CHECK_RESULT;
/* A datagram, or a frame as auger_turn_server_frame_len() cuts it, came from a client: path.local
 * is the listener with its transport, path.remote the client.  `cap` is at least
 * AUGER_TURN_SERVER_REPLY_MAX. */
AUGER_API void auger_turn_server_handle_client(struct auger_turn_server *server, auger_time now,
                                               const struct auger_path *path, const uint8_t *buf,
                                               size_t len, uint8_t *reply, size_t cap,
                                               struct auger_turn_server_out *out);
/* A datagram came to the socket of a relay.  AUGER_TURN_OVERHEAD bytes before `buf` and
 * AUGER_TURN_SERVER_TAIL behind its `len` bytes are written to. */
AUGER_API void auger_turn_server_handle_peer(struct auger_turn_server *server, auger_time now,
                                             uint32_t relay, const struct auger_addr *from,
                                             uint8_t *buf, size_t len,
                                             struct auger_turn_server_out *out);
/* The socket of a relay told of an ICMP error about what went to `peer`, whose port may be 0
 * (11.5).  `data` is the MTU where type and code mean that, else 0. */
AUGER_API void auger_turn_server_handle_icmp(struct auger_turn_server *server, auger_time now,
                                             uint32_t relay, const struct auger_addr *peer,
                                             uint8_t type, uint8_t code, uint32_t data,
                                             uint8_t *reply, size_t cap,
                                             struct auger_turn_server_out *out);

/* The socket of a relay is bound, with `err` 0, or is not: any other value.  Then another
 * port is tried, 8 in all.  What is not waited for any more is told to be closed by an event. */
AUGER_API void auger_turn_server_relay_opened(struct auger_turn_server *server, auger_time now,
                                              uint32_t relay, int err, uint8_t *reply, size_t cap,
                                              struct auger_turn_server_out *out);
/* The password of the user that a ticket was for; NULL: there is no such user.  A ticket that
 * is over does nothing. */
AUGER_API void auger_turn_server_answer_key(struct auger_turn_server *server, auger_time now,
                                            uint32_t ticket, const char *password, uint8_t *reply,
                                            size_t cap, struct auger_turn_server_out *out);
/* The stream that `path` names has ended, and its connection to a peer with it, or its
 * allocation, unless that may move (RFC 8016): then the client has its lifetime to come back with
 * the ticket. */
AUGER_API void auger_turn_server_stream_closed(struct auger_turn_server *server, auger_time now,
                                               const struct auger_path *path);
/* Whether who sends from there has an allocation: a stream that has none within 10 seconds is
 * a stranger's. */
AUGER_API bool auger_turn_server_is_known(struct auger_turn_server *server,
                                          const struct auger_path *path);

/* The connection to a peer stands, with `err` 0, or does not: any other value. */
AUGER_API void auger_turn_server_peer_connected(struct auger_turn_server *server, auger_time now,
                                                uint32_t connection, int err, uint8_t *reply,
                                                size_t cap, struct auger_turn_server_out *out);
/* `peer` has connected to the listening socket of a relay.  `out->connection` is the number of that
 * connection from here on, and its client is told; nothing is to be read of it before
 * AUGER_TURN_SERVER_SPLICE.  0: it is to be closed at once (6062 section 5.3). */
AUGER_API void auger_turn_server_peer_accepted(struct auger_turn_server *server, auger_time now,
                                               uint32_t relay, const struct auger_addr *peer,
                                               uint8_t *reply, size_t cap,
                                               struct auger_turn_server_out *out);
/* `len` bytes came along a connection that is spliced, and are to go on.  When more may be read: at
 * most `now`, or later by the rates; AUGER_NEVER: they must not, since it is over. */
AUGER_API auger_time auger_turn_server_carry(struct auger_turn_server *server, auger_time now,
                                             uint32_t connection, bool to_peer,
                                             size_t len) AUGER_CHECK_RESULT;
/* A connection to a peer has ended, and with it what its client has of it. */
AUGER_API void auger_turn_server_peer_closed(struct auger_turn_server *server, auger_time now,
                                             uint32_t connection);

/* For a caller that has something to do with a client before its first message, as DTLS has:
 * whether one more answer may go to `client`, which has proved nothing, and whether one more
 * handshake of it may begin.  Either counts it if so.  The first shares the bounds of the server's
 * own answers; loopback_unlimited is of both. */
AUGER_API bool auger_turn_server_may_answer(struct auger_turn_server *server, auger_time now,
                                            const struct auger_addr *client);
AUGER_API bool auger_turn_server_may_shake_hands(struct auger_turn_server *server, auger_time now,
                                                 const struct auger_addr *client);
/* At most 64 allocations end in one call; next_timeout() is then `now`. */
AUGER_API void auger_turn_server_handle_timeout(struct auger_turn_server *server, auger_time now);
AUGER_API auger_time auger_turn_server_next_timeout(const struct auger_turn_server *server);

/* From now on no allocation is made: 508, or 300 with the server that is named, if it is of
 * the client's family; NULL: none.  Those that live do so on. */
AUGER_API void auger_turn_server_drain(struct auger_turn_server *server,
                                       const struct auger_addr *alternate);
/* Drains, and ends all that live, 64 with each handle_timeout(), the first at `now`. */
AUGER_API void auger_turn_server_close(struct auger_turn_server *server, auger_time now);

/* --- what happened ------------------------------------------------------------------- */

enum auger_turn_server_event_type {
    AUGER_TURN_SERVER_EVENT_RELAY_CLOSED, /* .relay: close its socket; never lost */
    AUGER_TURN_SERVER_EVENT_ALLOCATED,    /* .allocation */
    AUGER_TURN_SERVER_EVENT_ENDED,        /* .allocation */
    /* .connection: close it, and the stream that it is spliced with; never lost. */
    AUGER_TURN_SERVER_EVENT_CONNECTION_CLOSED,
};
enum auger_turn_server_end {
    AUGER_TURN_SERVER_END_NONE,
    AUGER_TURN_SERVER_END_RELEASED, /* by its client */
    AUGER_TURN_SERVER_END_EXPIRED,
    AUGER_TURN_SERVER_END_STREAM, /* the client's stream was closed */
    AUGER_TURN_SERVER_END_CLOSED, /* auger_turn_server_close() */
};
struct auger_turn_server_event {
    enum auger_turn_server_event_type type;
    uint32_t relay, connection;
    /* Of up to 256 that were not fetched before; beyond, the end of one is not told. */
    struct {
        struct auger_path client;
        struct auger_addr relayed[2]; /* as clients are told; the second may have no family */
        struct auger_bytes user;      /* not terminated; printable ASCII; without a name's time */
        uint64_t bytes_to_peers, bytes_to_client;
        auger_time lifetime; /* ALLOCATED: as granted; ENDED: as lived */
        enum auger_turn_server_end end;
    } allocation;
};
/* Takes the next event; pointers in it last until the next call.  False: none. */
AUGER_API bool auger_turn_server_poll_event(struct auger_turn_server *server,
                                            struct auger_turn_server_event *event);

/* Why something was dropped; the index of a counter. */
enum auger_turn_server_drop {
    AUGER_TURN_SERVER_DROP_MALFORMED,     /* no message of STUN or TURN, or not for a server */
    AUGER_TURN_SERVER_DROP_LIMITED,       /* an answer to a stranger that was not given */
    AUGER_TURN_SERVER_DROP_NO_ALLOCATION, /* data without one */
    AUGER_TURN_SERVER_DROP_NO_PERMISSION, /* data from or to a peer without one */
    AUGER_TURN_SERVER_DROP_NO_CHANNEL,
    AUGER_TURN_SERVER_DROP_DENIED,     /* data to a peer that the rules deny */
    AUGER_TURN_SERVER_DROP_RATE,       /* bytes a second */
    AUGER_TURN_SERVER_DROP_TOO_LARGE,  /* no message can carry it to the client */
    AUGER_TURN_SERVER_DROP_ICMP,       /* of no use, or too many */
    AUGER_TURN_SERVER_DROP_PENDING,    /* too many wait for a key */
    AUGER_TURN_SERVER_DROP_CONNECTION, /* of a peer: the allocation or its user has enough of them
                                        */
    AUGER_TURN_SERVER_DROP_RESOURCES,  /* no memory, no random bytes, no hash */
    AUGER_TURN_SERVER_DROPS,
};
/* A few words; static, never NULL. */
AUGER_API const char *auger_turn_server_drop_text(enum auger_turn_server_drop drop);

struct auger_turn_server_stats {
    uint64_t allocations;      /* alive */
    uint64_t allocations_made; /* ever */
    uint64_t relays;           /* sockets that the caller has open, or is opening */
    uint64_t ports_free[2];    /* of the relay IPs */
    uint64_t requests, challenges /* 401 and 438 */, refusals /* other errors */, bindings;
    uint64_t integrity_failures;               /* a wrong password, or no such user */
    uint64_t packets_to_peers, bytes_to_peers; /* of application data */
    uint64_t packets_to_clients, bytes_to_clients;
    uint64_t connections;      /* to peers, of TCP allocations: spliced ones, alive */
    uint64_t connections_made; /* ever */
    uint64_t connections_open; /* all that there are, waiting ones too */
    uint64_t drops[AUGER_TURN_SERVER_DROPS];
};
AUGER_API void auger_turn_server_get_stats_sized(const struct auger_turn_server *server,
                                                 struct auger_turn_server_stats *stats,
                                                 size_t size);
#define auger_turn_server_get_stats(server, stats)                                                 \
    auger_turn_server_get_stats_sized((server), (stats), sizeof(*(stats)))

#ifdef __cplusplus
}
#endif

#endif /* AUGER_TURN_SERVER_H */
