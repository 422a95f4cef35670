/*
 * auger/ice.h - an ICE agent: RFC 8445, trickle (8838), patiently awaiting
 * connectivity (8863) and consent (7675).
 *
 * The agent is a state machine without I/O.  It holds no socket, thread, lock
 * or clock: the caller says what arrived and what time it is, the agent says
 * what to send, what happened and when to call again.
 *
 *     auger_ice_handle_datagram(ice, now, &path, buf, n, &data);
 *     auger_ice_handle_timeout(ice, now);
 *     while ((n = auger_ice_poll_transmit(ice, now, &path, buf, sizeof(buf))))
 *         send_datagram(&path, buf, n);
 *     while (auger_ice_poll_event(ice, &event))
 *         react_to(&event);
 *     wake_at = auger_ice_next_timeout(ice);
 *
 * One agent makes one path to one peer: one stream, one component.
 *
 * Time     any monotonic clock, in nanoseconds; `now` never goes back.
 * Errors   0 or a negative enum auger_err; a failed call changes nothing.
 * Memory   grows with the candidates and pairs that there are, up to the limits
 *          of the config; a peer-reflexive one, whose check was authenticated,
 *          counts too.  A pair takes one block more when it is first answered, when
 *          data first comes on it or it is refused (of a lite agent: when it is first
 *          asked on); the agent one when it first keeps a pair in reserve; and checks
 *          that were cancelled and are not over may need room for up to 16 beside one
 *          for each pair.  A session that runs takes no other.  OpenSSL takes what a
 *          message needs of its own heap, and gives it back.
 *          An agent with TURN servers takes a block with the first, and for each allocation
 *          a client of <auger/turn.h>.
 * Threads  calls on one agent must not overlap; agents share nothing.
 */
#ifndef AUGER_ICE_H
#define AUGER_ICE_H

#include <auger/base.h>
#include <auger/turn.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_ice; /* opaque */

enum auger_ice_state {
    AUGER_ICE_NEW,          /* nothing to check yet */
    AUGER_ICE_CHECKING,     /* looking for a path */
    AUGER_ICE_CONNECTED,    /* a path is usable and the peer was heard of late */
    AUGER_ICE_DISCONNECTED, /* nothing authenticated heard for 5 s; may recover */
    AUGER_ICE_FAILED,       /* consent expired or no pair can succeed: restart */
};

enum auger_cand_type { AUGER_CAND_HOST, AUGER_CAND_SRFLX, AUGER_CAND_PRFLX, AUGER_CAND_RELAY };

/* Which end of a TCP candidate opens the connection (RFC 6544 section 3). */
enum auger_tcp_type {
    AUGER_TCP_TYPE_NONE,   /* it is of UDP */
    AUGER_TCP_TYPE_ACTIVE, /* it opens; its port means nothing, and is 9 where it is told */
    AUGER_TCP_TYPE_PASSIVE,
    AUGER_TCP_TYPE_SO, /* both do: simultaneous open */
};

#define AUGER_FOUNDATION_MAX 33 /* 1 to 32 ice-chars and a NUL */
#define AUGER_UFRAG_MAX 257     /* 4 to 256 ice-chars and a NUL (RFC 8839 section 5.4) */
#define AUGER_PASSWORD_MAX 257  /* 22 to 256 */

struct auger_cand {
    enum auger_cand_type type;
    struct auger_addr addr;    /* transport included: UDP or TCP */
    struct auger_addr related; /* base or mapped address, for diagnosis; may be none */
    uint32_t priority;
    char foundation[AUGER_FOUNDATION_MAX];
    char ufrag[AUGER_UFRAG_MAX]; /* of the line's "ufrag" extension, or empty */
    bool hidden; /* the peer told a name instead: statistics do not show the address */
    bool mapped; /* ours: the configuration says that a base is seen there */
    enum auger_tcp_type tcptype; /* of the line's "tcptype"; of a TCP address alone */
};

#define AUGER_CAND_LINE_MAX 512

/* Reads "candidate:..." with or without a leading "a=" (RFC 8839 section 5.1).
 * AUGER_ERR_MALFORMED; AUGER_ERR_UNSUPPORTED for what is well-formed and cannot
 * be used here: another component, another transport, a host name. */
AUGER_API int auger_cand_parse(struct auger_cand *out, const char *line,
                               size_t len) AUGER_CHECK_RESULT;
/* The same, and takes a line with a host name in place of the address as well: that is
 * then in `name`, NUL-terminated, and `out->addr` is of no family.  Of any other line
 * `name` is empty.  AUGER_ERR_UNSUPPORTED too where it has no room in `cap` bytes. */
AUGER_API int auger_cand_parse_named(struct auger_cand *out, char *name, size_t cap,
                                     const char *line, size_t len) AUGER_CHECK_RESULT;
/* Writes "candidate:..." without "a=", NUL-terminated; the length or
 * AUGER_ERR_BUFFER.  AUGER_CAND_LINE_MAX is always enough. */
AUGER_API int auger_cand_format(const struct auger_cand *cand, char *buf,
                                size_t cap) AUGER_CHECK_RESULT;
/* The same without the related address, and with `name` in place of the candidate's own
 * unless it is NULL. */
AUGER_API int auger_cand_format_hidden(const struct auger_cand *cand, const char *name, char *buf,
                                       size_t cap) AUGER_CHECK_RESULT;
/* "host", "srflx", "prflx", "relay". */
AUGER_API const char *auger_cand_type_name(enum auger_cand_type type);
/* "active", "passive", "so"; of AUGER_TCP_TYPE_NONE "". */
AUGER_API const char *auger_tcp_type_name(enum auger_tcp_type type);
AUGER_API const char *auger_ice_state_name(enum auger_ice_state state);

/* A NAT whose rule is known beforehand: one to one, as clouds have it, or a port that is
 * forwarded. */
struct auger_ice_mapping {
    /* Bases that it is about; IP 0.0.0.0 or ::, every one of the family; port 0, every port. */
    struct auger_addr local;
    struct auger_addr external; /* of the same family; port 0: that of the base */
};
#define AUGER_ICE_MAPPINGS_MAX 16

/* TCP candidates that are made of a base of TCP (RFC 6544): any of these. */
#define AUGER_ICE_TCP_ACTIVE 1u
#define AUGER_ICE_TCP_PASSIVE 2u
#define AUGER_ICE_TCP_SO 4u

#define AUGER_ICE_STANDBY_MAX 4
#define AUGER_ICE_PREDICT_SOCKETS_MAX 250
#define AUGER_ICE_RELAYS_MAX 64

/* Which of our candidates the peer is told of, and where datagrams to it may leave
 * from.  The modes of RFC 8828 section 5.2 choose interfaces as well: <auger/io.h>. */
enum auger_ice_policy {
    AUGER_ICE_POLICY_ALL,
    /* Addresses of interfaces are told to nobody, neither as candidates nor as the
     * related address of others.  Checks leave from them all the same: who is in the
     * same network sees where they come from. */
    AUGER_ICE_POLICY_NO_HOST,
    /* Relays alone: no candidate but theirs is told, without a related address, no datagram
     * goes to the peer or is taken from it but through them, and no STUN server is asked. */
    AUGER_ICE_POLICY_RELAY,
};
/* "all", "no-host", "relay". */
AUGER_API const char *auger_ice_policy_name(enum auger_ice_policy policy);

/* Where several agents share it, new transactions of all of them together are 5 ms apart
 * (RFC 8445 section 14.2), each getting its turn.  The caller's, all zero at first; it
 * outlives them, and they see one clock and do not overlap. */
struct auger_pacer {
    auger_time free_at;
};

struct auger_ice_config {
    /* The role to start in; agents settle a conflict between themselves. */
    bool controlling;
    /* Put USE-CANDIDATE into first checks instead of nominating regularly
     * (RFC 8445 section 8.1.1): what answers first is selected, though a better pair
     * be told a moment later.  Default false. */
    bool nominate_at_once;
    /* Pair and send to loopback and link-local addresses too.  Default false. */
    bool allow_loopback, allow_link_local;
    /* Ta, the least time between two new transactions.  Default 50 ms, never
     * under 5 ms (14.2), and no more than 10 s. */
    auger_time pacing;
    /* How long to wait for a peer's checks when no pair is left (RFC 8863
     * section 4).  Default 39.5 s. */
    auger_time pac_timeout;
    /* How long to wait for servers before gathering is called done.  Default 10 s.  A TURN
     * server that answers later is told of all the same. */
    auger_time gather_timeout;
    /* Limits; memory grows with them.  Defaults 16, 64, 16 and 100.  With `tcp` an address takes up
     * to four of the first, of which what servers see leaves a quarter for addresses to come. */
    uint16_t local_cands_max, remote_cands_max, prflx_cands_max, pairs_max;
    /* STUN and TURN servers kept.  Default 8. */
    uint16_t servers_max;
    enum auger_ice_policy policy; /* default AUGER_ICE_POLICY_ALL */
    /* A lite agent (RFC 8445 section 2.5), for a host that everybody reaches: it has host
     * candidates alone, answers checks and sends none, and is controlled unless the peer
     * is lite too.  Default false. */
    bool lite;
    /* Each makes a server-reflexive candidate of every base that it is about, without a
     * server; at most AUGER_ICE_MAPPINGS_MAX, copied.  AUGER_ERR_INVALID: families that
     * differ, or an external address that no candidate may have. */
    const struct auger_ice_mapping *mappings;
    size_t mappings_len;
    /* It is a host candidate instead, in the place of that of the base, which is told to
     * nobody. */
    bool mappings_replace_host;
    struct auger_pacer *pacer; /* NULL: not shared */
    /* Towards a peer that offers it too nominations carry a value (NOMINATION, 0xC001), and
     * the selected pair can be changed without signalling.  Not of a lite agent.  Default
     * true. */
    bool renomination;
    /* Valid pairs beside the selected one that are kept warm, so that one of them can take its
     * place when consent to it is lost, or its round trip is better: towards a peer with which
     * renomination is agreed.  At most AUGER_ICE_STANDBY_MAX; 0: none.  Default 2. */
    uint8_t standby_max;
    /* Towards any other peer too: then AUGER_ICE_EVENT_RESTART_WANTED comes instead, on the
     * controlling side.  Default false. */
    bool standby_restarts;
    /* Allocations on TURN servers, of which each may have two relayed addresses.  At most
     * AUGER_ICE_RELAYS_MAX; 0: none.  Default 8. */
    uint8_t relays_max;
    /* AUGER_ICE_TCP_ACTIVE and the like, of a lite agent AUGER_ICE_TCP_PASSIVE alone.  With any
     * of them first checks carry no USE-CANDIDATE (RFC 6544 section 8).  Default 0: no TCP. */
    uint8_t tcp;
    /* Ports of NATs that map by destination are predicted: <auger/ice_predict.h>.  Not of a lite
     * agent, of one that shares its sockets or with AUGER_ICE_POLICY_RELAY.  Default false. */
    bool prediction;
    /* Where our NAT draws its ports at random so many helper sockets each open one of them, and the
     * peer is told of as many that are drawn: only if the range of the NAT, both ends included,
     * is known and has up to 4,096 ports, or this was agreed to for any.  Defaults 70, 0, 0 (not
     * known) and false.  At most AUGER_ICE_PREDICT_SOCKETS_MAX; 0: none. */
    uint16_t predict_sockets, predict_port_min, predict_port_max;
    bool predict_random;
    /* Candidates are told once, before the peer is known: no trickle, or half.  With prediction the
     * next ports of our NAT go with them (docs/decisions/214).  Default false. */
    bool predict_window;
    /* Tr (RFC 8445 section 11): along the pair that data uses nothing of ours is silent for longer,
     * where the NAT is known to forget that soon; at least 1 s.  Default 0: the checks of consent,
     * 4 to 6 s apart, do it until a NAT shows that they do not (docs/decisions/191). */
    auger_time keepalive;
};

enum auger_ice_event_type {
    AUGER_ICE_EVENT_CANDIDATE, /* .cand: tell the peer */
    AUGER_ICE_EVENT_GATHERED,  /* tell the peer that no more will come */
    AUGER_ICE_EVENT_STATE,     /* .state */
    AUGER_ICE_EVENT_PATH,      /* .path: data flows here from now on */
    /* No pair of the restarted session succeeded; data goes on along the old path.
     * Another restart may find one. */
    AUGER_ICE_EVENT_RESTART_FAILED,
    /* The pair in use went with its address, no other has taken its place, and of those
     * known none is left to be tried: a new address or a restart may find one.  With
     * standby_restarts also: another pair is better, or has taken the place of the selected
     * one, and the peer can learn of it by a restart alone.  Once in a session or restart. */
    AUGER_ICE_EVENT_RESTART_WANTED,
    AUGER_ICE_EVENT_HELPERS_WANTED, /* .helpers, with prediction: <auger/ice_predict.h> */
    AUGER_ICE_EVENT_HELPERS_DONE,   /* some of them may be closed */
};

/* So many sockets more, bound to the IP address of `base` and to ports that were not in use. */
struct auger_ice_helpers {
    struct auger_addr base;
    uint16_t count;
};

struct auger_ice_event {
    enum auger_ice_event_type type;
    union {
        struct auger_cand cand;
        enum auger_ice_state state;
        struct auger_path path;
        struct auger_ice_helpers helpers;
    };
};

/* Fills `config` with the defaults.  Always start from here: fields are added
 * at the end in later versions, and the size says which version called. */
AUGER_API void auger_ice_config_init_sized(struct auger_ice_config *config, size_t size);
#define auger_ice_config_init(config) auger_ice_config_init_sized((config), sizeof(*(config)))

/* Makes an agent in *out, to be released with auger_ice_free().  `env` supplies
 * random bytes and memory and takes the trace; it must outlive the agent.
 * `config` is copied; NULL means the defaults.  Fails with AUGER_ERR_INVALID,
 * AUGER_ERR_NO_MEMORY or AUGER_ERR_ENTROPY. */
AUGER_API int auger_ice_new_sized(struct auger_ice **out, const struct auger_env *env,
                                  const struct auger_ice_config *config,
                                  size_t size) AUGER_CHECK_RESULT;
#define auger_ice_new(out, env, config)                                                            \
    auger_ice_new_sized((out), (env), (config), sizeof(struct auger_ice_config))
AUGER_API void auger_ice_free(struct auger_ice *ice); /* NULL is fine */

/* Changes the role before the first check: an offerer controls, an answerer
 * does not.  AUGER_ERR_STATE afterwards. */
AUGER_API int auger_ice_set_controlling(struct auger_ice *ice, bool controlling) AUGER_CHECK_RESULT;

/* What the peer's description says of it, before its credentials: of a full and a lite
 * agent the full one controls, whoever offered (RFC 8445 section 6.1.1).  Kept in
 * restarts, until it is said otherwise. */
AUGER_API void auger_ice_set_remote_lite(struct auger_ice *ice, bool lite);

/* Whether the peer's description offers `renomination` among its ICE options
 * (draft-thatcher-ice-renomination).  Kept in restarts, until it is said otherwise. */
AUGER_API void auger_ice_set_remote_renomination(struct auger_ice *ice, auger_time now,
                                                 bool offered);

/* The Ta that the peer's description asks for (RFC 8839 section 5.5; 50 ms where it says
 * nothing).  Of it, up to 500 ms, and our own the larger one counts. */
AUGER_API void auger_ice_set_remote_pacing(struct auger_ice *ice, auger_time now,
                                           auger_time pacing);

/* Adds the address of a bound socket.  A host candidate follows as an event, if the
 * policy tells it; server-reflexive ones when the servers have answered.  With AUGER_TCP, of
 * a socket that listens, and those candidates follow that `tcp` of the config names (see
 * auger_ice_stream_is_framed()).  AUGER_ERR_LIMIT, AUGER_ERR_INVALID for an address that no
 * candidate may have. */
AUGER_API int auger_ice_add_local_addr(struct auger_ice *ice, auger_time now,
                                       const struct auger_addr *base) AUGER_CHECK_RESULT;
/* That address is gone, as when an interface goes: its candidates and pairs go with it.
 * If data used one of those, another valid pair takes over at once; else the others are
 * checked again (AUGER_ICE_CHECKING), and AUGER_ICE_EVENT_RESTART_WANTED comes when none
 * is left.  The session lives on for as long as pac_timeout meanwhile.  Nothing leaves
 * from the address any more; its socket may be closed.  AUGER_ERR_NOT_FOUND. */
AUGER_API int auger_ice_remove_local_addr(struct auger_ice *ice, auger_time now,
                                          const struct auger_addr *base) AUGER_CHECK_RESULT;
/* A gateway was asked for that address and has it lead to `base` (<auger/portmap.h>): a
 * server-reflexive candidate follows, whenever that is; of a base of TCP one for each candidate
 * that somebody connects to.  Of an address that a STUN server has shown already nothing follows.
 * AUGER_ERR_NOT_FOUND: no such base; AUGER_ERR_INVALID: another family or transport, or an address
 * that no candidate may have; AUGER_ERR_LIMIT; AUGER_ERR_NO_MEMORY; AUGER_ERR_UNSUPPORTED of a lite
 * agent. */
AUGER_API int auger_ice_add_mapped_addr(struct auger_ice *ice, auger_time now,
                                        const struct auger_addr *base,
                                        const struct auger_addr *external) AUGER_CHECK_RESULT;
/* It does so no more: the candidate is told to nobody from now on, nor again by a restart.  To a
 * peer that has it already nothing can be said; pairs stay, for checks tell of them.
 * AUGER_ERR_NOT_FOUND. */
AUGER_API int auger_ice_remove_mapped_addr(struct auger_ice *ice, auger_time now,
                                           const struct auger_addr *base,
                                           const struct auger_addr *external);
/* The network has a NAT64 (auger_nat64_find()).  As long as there is no base of IPv4, candidates of
 * the peer and STUN servers that are of it, those of before too, are reached through the NAT64; not
 * those of private addresses.  What a STUN server sees there is a candidate of IPv4 with a base of
 * IPv6.  TURN servers are the caller's to translate.  To be told again where a base of IPv4 has
 * gone.  AUGER_ERR_INVALID: no prefix of RFC 6052. */
AUGER_API int auger_ice_set_nat64(struct auger_ice *ice, auger_time now,
                                  const struct auger_nat64 *nat64) AUGER_CHECK_RESULT;
/* A STUN server to ask from every base of its family.  AUGER_ERR_LIMIT;
 * AUGER_ERR_UNSUPPORTED of a lite agent, which asks nobody. */
AUGER_API int auger_ice_add_stun_server(struct auger_ice *ice, auger_time now,
                                        const struct auger_addr *server) AUGER_CHECK_RESULT;

/* A TURN server to allocate relayed addresses on (RFC 8656). */
struct auger_ice_turn_server {
    /* AUGER_UDP: it is asked from every base of its family, and its answer makes the
     * server-reflexive candidate too.  AUGER_TCP: over a stream from each IP address among
     * those bases. */
    struct auger_addr addr;
    /* Copied.  Both NULL: the server is to ask for none. */
    const char *username, *password;
    enum auger_turn_families families; /* default AUGER_TURN_BOTH */
    /* The stream is TLS, for priorities and statistics; over UDP, what is written for this
     * address is sealed by the caller.  Default false. */
    bool over_tls;
    /* The caller seals it for where that server sends us on to as well (ALTERNATE-SERVER), which
     * auger_ice_relay_on() tells.  Without it a server over UDP that is sealed sends nobody
     * on; streams are the caller's to open in any case.  Default false. */
    bool seals_alternates;
};
/* Fills `server` with the defaults.  Always start from here. */
AUGER_API void auger_ice_turn_server_init_sized(struct auger_ice_turn_server *server, size_t size);
#define auger_ice_turn_server_init(server)                                                         \
    auger_ice_turn_server_init_sized((server), sizeof(*(server)))

/* Its relayed candidates follow as events.  What the agent writes for a stream leaves by
 * auger_ice_poll_transmit() and auger_ice_write_data() with a path whose ends have the
 * transport AUGER_TCP and whose local port is 0.  Such a path names one stream: the caller
 * opens it at the first datagram, which waits for it, cuts what comes with
 * auger_turn_frame_len(), and hands each frame to auger_ice_handle_datagram() with that path.
 * AUGER_ERR_LIMIT; AUGER_ERR_INVALID: an address that cannot be sent to, a name without a
 * password; AUGER_ERR_UNSUPPORTED of a lite agent, of credentials beyond ASCII without
 * libunistring, and over UDP of an agent that shares its sockets (docs/decisions/112);
 * AUGER_ERR_STATE: closed;
 * AUGER_ERR_NO_MEMORY, AUGER_ERR_ENTROPY. */
AUGER_API int auger_ice_add_turn_server_sized(struct auger_ice *ice, auger_time now,
                                              const struct auger_ice_turn_server *server,
                                              size_t size) AUGER_CHECK_RESULT;
#define auger_ice_add_turn_server(ice, now, server)                                                \
    auger_ice_add_turn_server_sized((ice), (now), (server), sizeof(struct auger_ice_turn_server))
/* The stream along `path` could not be opened, or is closed: what was allocated over it is
 * gone, as an address that is removed, and is asked for again once, with the same path.  So of
 * a path over UDP that is sealed (RFC 7350).  A pair of TCP candidates fails; one that was valid,
 * and that is ours to open, is asked for again once likewise. */
AUGER_API void auger_ice_stream_lost(struct auger_ice *ice, auger_time now,
                                     const struct auger_path *path);
/* What the agent sends along `path`, from a base to a TURN server over UDP, leaves from another
 * port of that IP address from now on, and what comes there is given to it as from `path`: for a
 * path that is sealed, which is begun anew so.  What was allocated is gone, and is asked for again;
 * what the server sees is no address of the base any more, and makes no candidate. */
AUGER_API void auger_ice_path_moved(struct auger_ice *ice, auger_time now,
                                    const struct auger_path *path);
/* A path of AUGER_TCP is a stream, to a TURN server or, if this is true, of ICE itself: then
 * each datagram goes with its length before it, in two bytes (RFC 4571 section 2), which is the
 * caller's to write and to take away.  From port 0 the caller opens it, from any port of that
 * address, at the first datagram, which waits.  From the port of a base of TCP it is one that the
 * peer opened, or, with AUGER_ICE_TCP_SO, that the caller opens from that port while it listens
 * there.  The agent has up to five opened at a time to one IP address (RFC 6544 section 12). */
AUGER_API bool auger_ice_stream_is_framed(const struct auger_ice *ice,
                                          const struct auger_path *path);
/* Whether a stream of ICE may yet be of use: false 3 s after a pair was selected of all that are
 * neither that nor in reserve (RFC 6544 section 8), of what failed, and of one on which no check
 * came yet.  Then the caller may close it, and says so by auger_ice_stream_lost(). */
AUGER_API bool auger_ice_stream_is_wanted(const struct auger_ice *ice, auger_time now,
                                          const struct auger_path *path);
/* Gives relayed addresses back: poll_transmit then writes that to their servers, for a second
 * at most, until next_timeout is AUGER_NEVER.  Nothing else is sent or taken any more and nothing
 * told; a restart is AUGER_ERR_STATE.  auger_ice_free() without it says nothing to anybody. */
AUGER_API void auger_ice_close(struct auger_ice *ice, auger_time now);

/* No more bases and servers will come for now: AUGER_ICE_EVENT_GATHERED follows
 * when the servers have answered or gather_timeout has passed. */
AUGER_API void auger_ice_end_of_local_addrs(struct auger_ice *ice, auger_time now);

/* Restarts ICE (RFC 8445 section 9): auger_ice_ufrag() and _password() are fresh
 * from now on, to be told to the peer in an offer, and every candidate follows again
 * as an event.  The old session goes on in all it does until the peer's new
 * credentials come; then data stays on the old path until the new session has
 * selected one, or the old path dies.  A restart that still waits for the peer's
 * credentials is replaced.  It alone leads out of AUGER_ICE_FAILED.
 * AUGER_ERR_NO_MEMORY, AUGER_ERR_ENTROPY. */
AUGER_API int auger_ice_restart(struct auger_ice *ice, auger_time now) AUGER_CHECK_RESULT;
/* Takes back a restart that waits for the peer's credentials, as the rollback of an
 * offer does: the credentials are the former ones again.  AUGER_ERR_STATE: there is
 * none. */
AUGER_API int auger_ice_withdraw_restart(struct auger_ice *ice, auger_time now) AUGER_CHECK_RESULT;

/* The peer's credentials, from its offer or answer; copied.  Checks wait for
 * them.  Both new: the peer answers our restart, or restarts itself; then, if no
 * restart of ours waits, our credentials are fresh as after auger_ice_restart(),
 * to be told in the answer.  If both restart at once each takes the other's for the
 * answer.  The ones that are known change nothing.
 * AUGER_ERR_INVALID: not 4 to 256 and 22 to 256 ice-chars, or one of the two is
 * new alone.  AUGER_ERR_NO_MEMORY, AUGER_ERR_ENTROPY. */
AUGER_API int auger_ice_set_remote_credentials(struct auger_ice *ice, auger_time now,
                                               const char *ufrag,
                                               const char *password) AUGER_CHECK_RESULT;

/* A candidate of the peer, at any time (trickle).  One that is already known
 * is ignored, and so is one whose ufrag is of an old generation; without a ufrag it
 * belongs to the latest credentials.
 * AUGER_ERR_LIMIT: the table is full.  AUGER_ERR_UNSUPPORTED: it is not to be
 * sent to (multicast, unspecified, loopback without the option). */
AUGER_API int auger_ice_add_remote_cand(struct auger_ice *ice, auger_time now,
                                        const struct auger_cand *cand) AUGER_CHECK_RESULT;
/* The peer will send no more candidates (RFC 8838 section 13), of the generation of
 * the latest credentials. */
AUGER_API void auger_ice_end_of_remote_cands(struct auger_ice *ice, auger_time now);

/* Ours, for the next offer or answer; valid until a restart of either side. */
AUGER_API const char *auger_ice_ufrag(const struct auger_ice *ice);
AUGER_API const char *auger_ice_password(const struct auger_ice *ice);
AUGER_API enum auger_ice_state auger_ice_get_state(const struct auger_ice *ice);

/* A datagram arrived along `path`.  `data` is set to the application data in
 * it, which may have come through a relay: it points into `buf` and is empty
 * for the agent's own traffic.  Bad datagrams are counted and dropped. */
AUGER_API void auger_ice_handle_datagram(struct auger_ice *ice, auger_time now,
                                         const struct auger_path *path, const uint8_t *buf,
                                         size_t len, struct auger_bytes *data);

/* Does whatever is due at `now`.  Calling too early or too often is harmless. */
AUGER_API void auger_ice_handle_timeout(struct auger_ice *ice, auger_time now);

/* Writes the next datagram to send into `buf` and where to send it into
 * `path`; returns its length, 0 when there is none.  `cap` must be at least
 * AUGER_DATAGRAM_MAX. */
AUGER_API size_t auger_ice_poll_transmit(struct auger_ice *ice, auger_time now,
                                         struct auger_path *path, uint8_t *buf, size_t cap);

/* Takes the oldest event; false when there is none. */
AUGER_API bool auger_ice_poll_event(struct auger_ice *ice, struct auger_ice_event *event);

/* When to call auger_ice_handle_timeout() and auger_ice_poll_transmit() next, or
 * AUGER_NEVER.  May change with every other call. */
AUGER_API auger_time auger_ice_next_timeout(const struct auger_ice *ice);

/* Turns application data into a datagram on the selected path, which is up to
 * AUGER_ICE_OVERHEAD bytes longer if a relay is on it; to be sent at once.
 * Returns its length, or AUGER_ERR_NO_PATH or AUGER_ERR_BUFFER; through a relay also
 * AUGER_ERR_TOO_LARGE or AUGER_ERR_ENTROPY. */
#define AUGER_ICE_OVERHEAD AUGER_TURN_OVERHEAD
AUGER_API int auger_ice_write_data(struct auger_ice *ice, auger_time now, const uint8_t *data,
                                   size_t len, struct auger_path *path, uint8_t *buf,
                                   size_t cap) AUGER_CHECK_RESULT;

/* --- looking inside, for diagnosis: copies, of the moment -------------------- */

enum auger_ice_pair_state { /* RFC 8445 section 6.1.2.6 */
                            AUGER_PAIR_FROZEN,
                            AUGER_PAIR_WAITING,
                            AUGER_PAIR_IN_PROGRESS,
                            AUGER_PAIR_SUCCEEDED,
                            AUGER_PAIR_FAILED,
};
AUGER_API const char *auger_ice_pair_state_name(enum auger_ice_pair_state state);

struct auger_ice_pair_info {
    struct auger_cand local, remote;
    uint64_t priority;
    enum auger_ice_pair_state state;
    bool valid, nominated, selected;
    auger_time rtt; /* of the latest answer; 0: none yet */
    uint32_t requests_sent, responses_received, requests_received;
    bool former; /* of before a restart, and still carries data */
};

/* Copies up to `max` pairs, best first; returns how many.  After a restart they are
 * those of the new session, behind the old one that still carries data. */
AUGER_API size_t auger_ice_pairs(const struct auger_ice *ice, struct auger_ice_pair_info *pairs,
                                 size_t max);
/* What the policy keeps from the peer is not among them. */
AUGER_API size_t auger_ice_local_cands(const struct auger_ice *ice, struct auger_cand *cands,
                                       size_t max);
AUGER_API size_t auger_ice_remote_cands(const struct auger_ice *ice, struct auger_cand *cands,
                                        size_t max);

/* A TURN server as it is asked from one of our addresses. */
struct auger_ice_relay_info {
    struct auger_addr base, server;
    struct auger_addr added;      /* as it was added; another than `server`: it sent us on */
    const char *domain;           /* whom the certificate is for if it did, auger_turn_domain() */
    const char *protocol;         /* towards it: "udp", "tcp", "tls"; static */
    struct auger_addr relayed[2]; /* of no family: none stands */
    enum auger_turn_error error;  /* why none stands, as far as that is known */
    uint16_t code;                /* of the server's error; 0: none */
};
/* Copies up to `max`; returns how many.  `domain` is valid until the next call on the agent. */
AUGER_API size_t auger_ice_relays(const struct auger_ice *ice, struct auger_ice_relay_info *infos,
                                  size_t max);
/* The one whose server is asked along that path; false: none is. */
AUGER_API bool auger_ice_relay_on(const struct auger_ice *ice, const struct auger_path *path,
                                  struct auger_ice_relay_info *info);

/* What the network sent that was dropped, and what the agent did. */
struct auger_ice_counters {
    uint64_t malformed;        /* claimed to be STUN and was not well-formed */
    uint64_t no_fingerprint;   /* checks and answers without it, or a wrong one */
    uint64_t unauthenticated;  /* integrity or username missing or wrong */
    uint64_t unmatched;        /* answers to nothing that is in flight */
    uint64_t unvalidated_data; /* data from where no check has succeeded */
    uint64_t limited;          /* dropped because a table was full */
    uint64_t checks_sent, checks_received, role_switches;
    uint64_t
        mappings_forgotten; /* by a NAT of ours, so that keepalives have become more frequent */
};
AUGER_API void auger_ice_counters_sized(const struct auger_ice *ice,
                                        struct auger_ice_counters *counters, size_t size);
#define auger_ice_get_counters(ice, counters)                                                      \
    auger_ice_counters_sized((ice), (counters), sizeof(*(counters)))

#ifdef __cplusplus
}
#endif

#endif /* AUGER_ICE_H */
