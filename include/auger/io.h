/*
 * auger/io.h - the driver: sockets, clock, names and interfaces of this machine,
 * and a loop that turns the five verbs of every peer it was given.
 *
 *     struct auger_loop *loop;
 *     struct auger_peer *peer;
 *     struct auger_loop_event event;
 *     auger_loop_new(&loop, NULL);
 *     auger_loop_peer_new(loop, NULL, NULL, &peer);
 *     while (auger_loop_next(loop, &event))
 *         ...
 *
 * Inside another event loop: watch auger_loop_fd() for reading.  When it is
 * ready, and after other calls on the loop or its peers, call auger_loop_poll()
 * until it is false; the deadline is in the descriptor too.
 *
 * Errors   0 or a negative enum auger_err; AUGER_ERR_SYSTEM leaves errno set.
 * Threads  a loop and its peers belong to one thread; auger_loop_wake() and
 *          auger_loop_stop() may be called from any, and from a signal handler.
 *          Threads for resolving names, four at most, are started when names come.
 */
#ifndef AUGER_IO_H
#define AUGER_IO_H

#include <auger/base.h>
#include <auger/mux.h>
#include <auger/peer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_loop;
struct auger_loop_mux;           /* sockets that many peers share */
struct auger_turn_service;       /* a TURN server: <auger/io_turn.h> */
struct auger_turn_service_event; /* what happened there */

/* A datagram of a peer, to be sent or just taken in; for a capture.  What is sealed on the way to a
 * server is in the clear here, and `path` is the agent's: auger_ice_path_moved(). */
struct auger_tap {
    auger_time now;
    const struct auger_peer *peer;
    const struct auger_path *path;
    bool outbound;
    struct auger_bytes data;
};

struct auger_loop_config {
    const struct auger_env *env; /* NULL: auger_env_system() */
    uint16_t peers_max;          /* default 256 */
    uint32_t socket_buffer;      /* bytes of each UDP socket's buffers; default 1 MiB */
    /* Called with every datagram, before it is sent and after it was taken in, so that
     * the trace records behind it came since the last call; may be NULL.  Calls nothing
     * of the loop's or the peer's that changes anything. */
    void (*tap)(void *user, const struct auger_tap *tap);
    void *tap_user;
    /* Peers do not share one pacer, so that together they may begin more than a transaction
     * in 5 ms (RFC 8445 section 14.2): for a server or a measurement that makes more than 200
     * sessions a second.  Default false. */
    bool unpaced;
};

/* What a page, or a user, may learn of this machine's addresses: the modes of RFC 8828
 * section 5.2.  Each asks for an interface and, of the agent, at least for a policy. */
enum auger_ip_handling {
    AUGER_IP_ALL, /* mode 1, "enumerate all addresses" */
    /* Mode 2, "default route + associated local addresses": the interface that the
     * default route leads through. */
    AUGER_IP_DEFAULT_ROUTE,
    /* Mode 3, "default route only": as before, but what STUN servers see alone is told
     * (AUGER_ICE_POLICY_NO_HOST). */
    AUGER_IP_DEFAULT_ROUTE_ONLY,
    /* Mode 4, "force proxy": nothing leaves that no proxy carries.  There is none for
     * UDP, so it is AUGER_ICE_POLICY_RELAY. */
    AUGER_IP_PROXY,
};

/* Where the prefix of a NAT64 is from. */
enum auger_nat64_use {
    /* What the network says: its routers' advertisements (RFC 8781), as they come, before its DNS
     * (RFC 7050), which is asked for it and again after a change of the network.  Nothing waits for
     * it but the end of candidates, for half a second. */
    AUGER_NAT64_FIND,
    AUGER_NAT64_OFF,
    AUGER_NAT64_GIVEN,
};

/* A TURN server, and how it is reached. */
struct auger_net_turn_server {
    /* "turn:host", "turn:host:port?transport=tcp", "turns:host" (RFC 7065).  "turns:" is TLS,
     * with "?transport=udp" DTLS (RFC 7350): the certificate must be for that host.  Without
     * "?transport=" the other one, TCP or DTLS, is asked when the first has given no relay within
     * a second (RFC 5928).  DTLS goes by the sockets of the peer, and from a port beside them, of
     * the range, once the server is silent for 5 s or ends it: it may have been started anew. */
    const char *uri;
    const char *username, *password; /* both NULL: it is to ask for none */
    const char *ca_file;             /* PEM of whom to trust; NULL: whom the system trusts */
    bool trust_anybody;              /* whatever its certificate says */
    /* "http://host:port" or "socks5://name:password@host:port", through which a server over
     * TCP or TLS is reached, and which resolves its name; NULL: none. */
    const char *proxy;
};

/* Which sockets a peer gets. */
struct auger_net_config {
    bool loopback;   /* use the loopback interface too */
    bool ipv4, ipv6; /* default both */
    /* Only this address; NULL: every address of every interface that is up. */
    const struct auger_addr *bind;
    /* Both 0: any.  Where no port of the range is free on an address that one is left out,
     * and a trouble names the range. */
    uint16_t port_min, port_max;
    /* "stun:host:port", "stun:host", "stuns:host" (RFC 7064), at most 4.  A name without a port
     * is where its SRV records say (RFC 8489 section 8.1).  "stuns:" is asked over DTLS from
     * our sockets (RFC 7350), since what it sees of a TCP connection would be no candidate; its
     * certificate must be for that name.  Names that are not resolved within the agent's
     * gather_timeout are given up.  Those of "stun:" are asked over
     * TCP too, at the same port, what they see of TCP ports that listen (RFC 6544 section 5.2). */
    const char *const *stun_servers;
    size_t stun_servers_len;
    bool link_local;                    /* addresses of the link alone, of both families, too */
    enum auger_ip_handling ip_handling; /* default AUGER_IP_ALL */
    /* At most 16 entries each: "eth0" or "wlan*" is an interface, "192.0.2.0/24" or
     * "2001:db8::1" an address.  Where `only` has entries one of them must fit, and none
     * of `without` may.
     *
     * By default bridges and the host's ends of containers and virtual machines are used
     * only where there is nothing else: docker* br-* veth* virbr* vnet* lxc* lxdbr*
     * incusbr* cni* podman* cali* flannel* kube-* weave* vboxnet* vmnet*.  One that an
     * entry of `only` names is an interface like any other: "docker0", or "*" for all. */
    const char *const *only, *const *without;
    size_t only_len, without_len;
    /* Of the same loop: the peer has no sockets of its own but these.  Of this structure
     * STUN and TURN servers alone count then, and `dscp` of streams to those. */
    struct auger_loop_mux *mux;
    /* The Differentiated Services code point of every datagram, and of what streams carry, 0 to
     * 63; of a mux, of its sockets.  RFC 8837 section 5 says which: 8, 0, 10 or 18 for data of very
     * low to high priority. */
    uint8_t dscp;
    /* Keep to the addresses that there are when the peer, or the mux, is made.  By default
     * it follows those that come and go (auger_peer_remove_local_addr()), and in modes 2 and 3
     * a default route that comes to lead elsewhere: its addresses are added.  What `only` and
     * `without` point to must outlive it then.  With `bind` they are fixed anyway; with `mux`
     * a peer has what the mux has. */
    bool fixed;
    /* At most 4.  Without a port a name is where its NAPTR and SRV records say (RFC 5928), by
     * the transports that they have if the URI has none.  It is asked for one allocation in each
     * family that it has, over TCP at the first of its addresses that answers (RFC 8305); its
     * further servers are asked too if there is no relay after a second.  A peer on shared sockets
     * reaches servers by TCP and TLS alone.  What becomes of a server that cannot be reached or
     * believed is a trouble that names it and the cause. */
    const struct auger_net_turn_server *turn_servers;
    size_t turn_servers_len;
    /* Of "stuns:" servers: PEM of whom to trust, NULL: whom the system trusts; and whether
     * they are believed whatever their certificates say. */
    const char *stun_ca_file;
    bool stun_trust_anybody;
    /* No UDP sockets: what the agent's `tcp` asks for (RFC 6544), and relays over TCP and TLS, are
     * all that there is then.  Without `tcp`, of a mux and with one it is AUGER_ERR_INVALID. */
    bool no_udp;
    /* Asks the gateway of each default route to let in what comes to this peer's sockets, of TCP
     * those that listen, by PCP or NAT-PMP (<auger/portmap.h>) and, if built with libminiupnpc, by
     * UPnP-IGD at once.  What it gives is a candidate as soon as it comes, and nothing waits for
     * it; it is given back when the peer is freed.  It changes a device that is not this machine,
     * so it is the user's to decide.  Not of a peer on shared sockets.  Default false. */
    bool port_mapping;
    /* A peer that has IPv6 and no IPv4 reaches what is of IPv4 through the NAT64 of its network
     * (auger_peer_set_nat64()), TURN servers too; whether those that are names have addresses of
     * IPv6 as well or not. */
    enum auger_nat64_use nat64;      /* default AUGER_NAT64_FIND */
    struct auger_nat64 nat64_prefix; /* of AUGER_NAT64_GIVEN */
    /* Of which families `turn_servers` are asked for relayed addresses, however they are reached.
     * One alone takes one port and one socket less of a server that has both. */
    enum auger_turn_families relay_families; /* default AUGER_TURN_BOTH */
};

/* --- what of this machine would be used ---------------------------------------- */

#define AUGER_NET_NAME_MAX 16 /* of an interface, with a NUL */

struct auger_net_addr {
    char interface[AUGER_NET_NAME_MAX];
    struct auger_addr addr; /* port 0 */
    bool temporary, deprecated;
    /* NULL: it is used.  Else why not, a static word: "down", "family", "loopback",
     * "link-local", "unusable" (no candidate may have it), "tentative" (not known yet to
     * be unique, or known not to be), "deprecated", "filter", "route" (not on the default
     * one), "bridge", "permanent" (a temporary one stands for it, RFC 8445 section
     * 5.1.1.1), "limit". */
    const char *left_out;
};
/* The addresses of this machine, those that a peer of `net` would use first and in their
 * order.  `bind` plays no part.  How many, at most `max` and 256; AUGER_ERR_INVALID,
 * AUGER_ERR_SYSTEM, AUGER_ERR_NO_MEMORY. */
AUGER_API int auger_net_addrs_sized(const struct auger_net_config *net, size_t net_size,
                                    struct auger_net_addr *addrs, size_t max) AUGER_CHECK_RESULT;
#define auger_net_addrs(net, addrs, max)                                                           \
    auger_net_addrs_sized((net), sizeof(struct auger_net_config), (addrs), (max))

AUGER_API void auger_loop_config_init_sized(struct auger_loop_config *config, size_t size);
#define auger_loop_config_init(config) auger_loop_config_init_sized((config), sizeof(*(config)))
AUGER_API void auger_net_config_init_sized(struct auger_net_config *config, size_t size);
#define auger_net_config_init(config) auger_net_config_init_sized((config), sizeof(*(config)))

/* NULL as config means the defaults. */
AUGER_API int auger_loop_new_sized(struct auger_loop **out, const struct auger_loop_config *config,
                                   size_t size) AUGER_CHECK_RESULT;
#define auger_loop_new(out, config)                                                                \
    auger_loop_new_sized((out), (config), sizeof(struct auger_loop_config))
/* Closes every socket and frees every peer.  NULL is fine. */
AUGER_API void auger_loop_free(struct auger_loop *loop);

/* Makes a peer with sockets of its own; gathering begins.  The loop owns it.  With `ice.tcp` in its
 * configuration it also has a TCP socket at each address, which listens where passive or so
 * candidates are asked for: who connects has 10 s to prove the peer's password, 256 may be waiting
 * in a loop and 32 of one address, and the one that has waited longest makes room.  A peer on
 * shared sockets has no TCP. NULL as config or net means the defaults.  AUGER_ERR_LIMIT: peers_max,
 * or too many servers; AUGER_ERR_INVALID: a range of ports or an entry of a filter that is none, or
 * an address that no candidate may have; AUGER_ERR_SYSTEM: no socket could be bound. */
AUGER_API int auger_loop_peer_new_sized(struct auger_loop *loop,
                                        const struct auger_peer_config *config, size_t config_size,
                                        const struct auger_net_config *net, size_t net_size,
                                        struct auger_peer **out) AUGER_CHECK_RESULT;
#define auger_loop_peer_new(loop, config, net, out)                                                \
    auger_loop_peer_new_sized((loop), (config), sizeof(struct auger_peer_config), (net),           \
                              sizeof(struct auger_net_config), (out))
/* Gives relayed addresses back, as far as that can be said at once, closes its sockets and
 * frees it; to be called outside auger_loop_next() only, at any time. */
AUGER_API void auger_loop_peer_free(struct auger_loop *loop, struct auger_peer *peer);
/* A pointer of the application's, carried in every event of that peer. */
AUGER_API void auger_loop_peer_set_user(struct auger_loop *loop, struct auger_peer *peer,
                                        void *user);

/* Opens sockets for peers that are made with it as net->mux: each address that `net`
 * allows is bound to every port of its range, 64 sockets in all, or to one of any number
 * where there is no range.  One port is enough for peers with sockets of their own on the
 * other side; two muxes need as many pairs of ports as there are sessions between them
 * (docs/decisions/051).  Its `ip_handling` holds for each of them.  Addresses of this machine that
 * come later are bound as well, unless they are `fixed`, and AUGER_LOOP_EVENT_TROUBLE tells of one
 * that cannot be, with each change of the network again; those that go lose their sockets.  When
 * the last goes each peer hears AUGER_PEER_EVENT_RESTART_WANTED, and one that is made meanwhile has
 * no candidate until another comes (docs/decisions/241).  AUGER_ERR_SYSTEM, AUGER_ERR_LIMIT,
 * AUGER_ERR_INVALID, AUGER_ERR_NO_MEMORY, AUGER_ERR_ENTROPY, AUGER_ERR_CRYPTO. */
AUGER_API int auger_loop_mux_new_sized(struct auger_loop *loop, const struct auger_net_config *net,
                                       size_t net_size,
                                       struct auger_loop_mux **out) AUGER_CHECK_RESULT;
#define auger_loop_mux_new(loop, net, out)                                                         \
    auger_loop_mux_new_sized((loop), (net), sizeof(struct auger_net_config), (out))
/* AUGER_ERR_STATE while a peer uses it.  auger_loop_free() does it too. */
AUGER_API int auger_loop_mux_free(struct auger_loop *loop,
                                  struct auger_loop_mux *mux) AUGER_CHECK_RESULT;
/* Where its sockets are bound: how many of at most `max`.  0: it has no address now. */
AUGER_API size_t auger_loop_mux_addrs(const struct auger_loop_mux *mux, struct auger_addr *addrs,
                                      size_t max);
/* Its table, for counters alone. */
AUGER_API struct auger_mux *auger_loop_mux_table(struct auger_loop_mux *mux);

/* Answers STUN Binding requests at `listen` (port 0: any, written back). */
AUGER_API int auger_loop_serve_stun(struct auger_loop *loop,
                                    struct auger_addr *listen) AUGER_CHECK_RESULT;

enum auger_loop_event_type {
    AUGER_LOOP_EVENT_PEER,    /* .peer, .user, .event */
    AUGER_LOOP_EVENT_TROUBLE, /* .peer or NULL, .what, .error: a name or a socket failed */
    AUGER_LOOP_EVENT_TIMER,   /* .user: of auger_loop_set_timer() */
    AUGER_LOOP_EVENT_FD,      /* .user, .fd: of auger_loop_watch_fd() */
    AUGER_LOOP_EVENT_WAKE,    /* auger_loop_wake() was called, once or more often */
    /* .mux, .unknown: a check came for whom no peer is.  Who knows what its names stand for
     * makes a peer with them (auger_peer_set_local_credentials()); its next check finds it. */
    AUGER_LOOP_EVENT_UNKNOWN,
    AUGER_LOOP_EVENT_TURN, /* .turn, .turn_event, .user: of auger_turn_service_set_user() */
};
/* Pointers are valid until the next call on the loop or the peer. */
struct auger_loop_event {
    enum auger_loop_event_type type;
    struct auger_peer *peer;
    void *user;
    struct auger_peer_event event;
    const char *what; /* "cannot resolve stun.example.org" */
    int error;
    int fd;
    struct auger_loop_mux *mux;
    const struct auger_mux_event *unknown;
    struct auger_turn_service *turn;
    const struct auger_turn_service_event *turn_event;
};

/* Waits for and takes the next event; false after auger_loop_stop(). */
AUGER_API bool auger_loop_next(struct auger_loop *loop, struct auger_loop_event *event);
/* Does what is due and takes an event if there is one; never waits. */
AUGER_API bool auger_loop_poll(struct auger_loop *loop, struct auger_loop_event *event);
/* Readable when auger_loop_poll() has something to do. */
AUGER_API int auger_loop_fd(const struct auger_loop *loop);
/* When auger_loop_poll() should be called at the latest; AUGER_NEVER. */
AUGER_API auger_time auger_loop_deadline(const struct auger_loop *loop);
/* Makes an event of its own, by which another thread tells that it has left
 * something for the loop's. */
AUGER_API void auger_loop_wake(struct auger_loop *loop);
/* auger_loop_next() is false from now on; auger_loop_poll() goes on to work. */
AUGER_API void auger_loop_stop(struct auger_loop *loop);

/* CLOCK_BOOTTIME, so that a suspended machine loses consent as it must. */
AUGER_API auger_time auger_loop_now(const struct auger_loop *loop);
/* One timer of the application's: AUGER_NEVER unsets it. */
AUGER_API void auger_loop_set_timer(struct auger_loop *loop, auger_time at, void *user);
/* Tells when `fd` is readable: once, until it is watched again.  At most 16 are
 * watched at a time (AUGER_ERR_LIMIT); AUGER_ERR_SYSTEM for what epoll does not
 * watch, as a regular file. */
AUGER_API int auger_loop_watch_fd(struct auger_loop *loop, int fd, void *user) AUGER_CHECK_RESULT;
/* Before a descriptor that is watched is closed.  Of any other: nothing. */
AUGER_API void auger_loop_unwatch_fd(struct auger_loop *loop, int fd);

#ifdef __cplusplus
}
#endif

#endif /* AUGER_IO_H */
