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
 *          One thread for resolving names is started when the first name comes.
 */
#ifndef AUGER_IO_H
#define AUGER_IO_H

#include <auger/base.h>
#include <auger/peer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_loop;

/* A datagram of a peer, to be sent or just taken in; for a capture. */
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
};

/* Which sockets a peer gets. */
struct auger_net_config {
    bool loopback;   /* use the loopback interface too */
    bool ipv4, ipv6; /* default both */
    /* Only this address; NULL: every address of every interface that is up. */
    const struct auger_addr *bind;
    uint16_t port_min, port_max; /* both 0: any */
    /* "stun:host:port" or "stun:host" (RFC 7064), at most 4.  Names that are not
     * resolved within the agent's gather_timeout are given up. */
    const char *const *stun_servers;
    size_t stun_servers_len;
};

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

/* Makes a peer with sockets of its own; gathering begins.  The loop owns it.
 * NULL as config or net means the defaults.  AUGER_ERR_LIMIT: peers_max, or too
 * many servers; AUGER_ERR_INVALID: a range of ports that is none, or an address
 * that no candidate may have; AUGER_ERR_SYSTEM: no socket could be bound. */
AUGER_API int auger_loop_peer_new_sized(struct auger_loop *loop,
                                        const struct auger_peer_config *config, size_t config_size,
                                        const struct auger_net_config *net, size_t net_size,
                                        struct auger_peer **out) AUGER_CHECK_RESULT;
#define auger_loop_peer_new(loop, config, net, out)                                                \
    auger_loop_peer_new_sized((loop), (config), sizeof(struct auger_peer_config), (net),           \
                              sizeof(struct auger_net_config), (out))
/* Closes its sockets and frees it; to be called outside auger_loop_next() only,
 * at any time. */
AUGER_API void auger_loop_peer_free(struct auger_loop *loop, struct auger_peer *peer);
/* A pointer of the application's, carried in every event of that peer. */
AUGER_API void auger_loop_peer_set_user(struct auger_loop *loop, struct auger_peer *peer,
                                        void *user);

/* Answers STUN Binding requests at `listen` (port 0: any, written back). */
AUGER_API int auger_loop_serve_stun(struct auger_loop *loop,
                                    struct auger_addr *listen) AUGER_CHECK_RESULT;

enum auger_loop_event_type {
    AUGER_LOOP_EVENT_PEER,    /* .peer, .user, .event */
    AUGER_LOOP_EVENT_TROUBLE, /* .peer or NULL, .what, .error: a name or a socket failed */
    AUGER_LOOP_EVENT_TIMER,   /* .user: of auger_loop_set_timer() */
    AUGER_LOOP_EVENT_FD,      /* .user, .fd: of auger_loop_watch_fd() */
    AUGER_LOOP_EVENT_WAKE,    /* auger_loop_wake() was called, once or more often */
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
