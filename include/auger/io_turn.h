/*
 * auger/io_turn.h - a TURN server in a loop: the sockets of <auger/turn_server.h>.
 *
 *     auger_turn_server_config_init(&server_config);
 *     auger_turn_service_config_init(&service_config);
 *     server_config.realm = "example.org";
 *     service_config.listen = addrs, service_config.listen_len = 2;
 *     auger_loop_turn_new(loop, &server_config, &service_config, &service);
 *     auger_turn_server_add_user(auger_turn_service_server(service), "ann", "secret");
 *     while (auger_loop_next(loop, &event))
 *         ...                                  AUGER_LOOP_EVENT_TURN tells what happened
 *
 * Errors   0 or a negative enum auger_err; AUGER_ERR_SYSTEM leaves errno set.
 * Memory   room for one reading is taken at creation; a relay and a stream each take what
 *          they need.  A stream holds bytes only while a frame of it is not whole, or while
 *          its client does not read.
 * Threads  as the loop that it is in.  Those of a team need nothing else: what one has for another
 *          waits in a box without a lock, of 256 KiB from each to each that it has written to.
 */
#ifndef AUGER_IO_TURN_H
#define AUGER_IO_TURN_H

#include <auger/io.h>
#include <auger/turn_server.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AUGER_TURN_SERVICE_LISTENERS_MAX 32

/* Services at the same addresses, each in a loop of its own that a thread runs.  The system shares
 * clients out among them, datagrams by address and port, streams one by one; what comes to one and
 * belongs to another is given to that: a request with what another gave (a ticket of RFC 8016, a
 * RESERVATION-TOKEN, a CONNECTION-ID), and then all of that client's datagrams, or its stream. */
struct auger_turn_team;
/* Of so many, 1 to 255.  AUGER_ERR_INVALID, AUGER_ERR_NO_MEMORY, AUGER_ERR_SYSTEM. */
AUGER_API int auger_turn_team_new(struct auger_turn_team **out,
                                  uint16_t members) AUGER_CHECK_RESULT;
/* After all of its services.  NULL is fine. */
AUGER_API void auger_turn_team_free(struct auger_turn_team *team);

struct auger_turn_service_config {
    /* Where it is reached, by UDP or by TCP as `transport` says; port 0 takes any, of entries
     * of one IP address the same.  A wildcard address answers at every address there is. */
    const struct auger_addr *listen;
    size_t listen_len;
    /* Where it is reached by TLS (AUGER_TCP) or by DTLS (AUGER_UDP, RFC 7350), ports as above,
     * and the certificate with its chain and the key, as PEM. */
    const struct auger_addr *tls_listen;
    size_t tls_listen_len;
    struct auger_bytes certificate_pem, key_pem;
    /* Streams that are open; those of clients without an allocation, of all and of one IP
     * address (an IPv6 one by its first 64 bits).  The oldest of those makes room for one
     * that comes.  As many associations of DTLS beside them.  Defaults 4096, 1024, 64. */
    uint16_t streams_max, strangers_max, ip_strangers_max;
    /* How long a stream or an association may be open without a whole message, or without an
     * allocation after its last one.  Defaults 10 s, 30 s. */
    auger_time first_message_timeout, idle_timeout;
    /* Bytes that wait for a client that does not read; beyond, data is dropped.  Of TCP allocations
     * also what the kernel takes from a peer, or for one, before it is read (SO_RCVBUF, as below).
     * Default 64 KiB. */
    uint32_t stream_queue_max;
    /* And of the kernel for each stream, and to each peer (SO_SNDBUF, which takes twice as much
     * memory): what is on the way in a round trip is no more.  Default 128 KiB. */
    uint32_t stream_buffer;
    /* Other loops, of other threads, listen at the same addresses; each client stays with one
     * of them.  Not with the server's tcp_relay, whose clients have several streams each, unless
     * they are a team: AUGER_ERR_UNSUPPORTED.  Default false. */
    bool shares_port;
    /* Datagrams come and leave one by one, also where the kernel takes several of one flow as one
     * (UDP_GRO, UDP_SEGMENT).  Default false. */
    bool no_gso;
    /* The team that this one is in, as which member, from 0; NULL: none.  It shares the port, and
     * says of itself what the server's `members` and `member` are for.  Default NULL. */
    struct auger_turn_team *team;
    uint16_t member;
};

/* Fills `config` with the defaults.  Always start from here. */
AUGER_API void auger_turn_service_config_init_sized(struct auger_turn_service_config *config,
                                                    size_t size);
#define auger_turn_service_config_init(config)                                                     \
    auger_turn_service_config_init_sized((config), sizeof(*(config)))

/* Binds its addresses, and serves.  To `listeners` of the server's configuration it adds where it
 * is reached, and to `relay_ips` the first address of a family that it listens at where there is
 * none of that family, or one that is `external` alone.  The loop owns it.  AUGER_ERR_INVALID: as
 * auger_turn_server_new(), or nowhere to listen; AUGER_ERR_LIMIT: too many addresses;
 * AUGER_ERR_SYSTEM: one could not be bound, which `failed` tells if it is not NULL;
 * AUGER_ERR_NO_MEMORY, AUGER_ERR_ENTROPY, AUGER_ERR_CRYPTO. */
AUGER_API int auger_loop_turn_new_sized(struct auger_loop *loop,
                                        const struct auger_turn_server_config *server,
                                        size_t server_size,
                                        const struct auger_turn_service_config *service,
                                        size_t service_size, struct auger_turn_service **out,
                                        struct auger_addr *failed) AUGER_CHECK_RESULT;
#define auger_loop_turn_new(loop, server, service, out, failed)                                    \
    auger_loop_turn_new_sized((loop), (server), sizeof(struct auger_turn_server_config),           \
                              (service), sizeof(struct auger_turn_service_config), (out),          \
                              (failed))
/* Closes its sockets.  auger_loop_free() does it too. */
AUGER_API void auger_loop_turn_free(struct auger_loop *loop, struct auger_turn_service *service);

/* Its engine: for users, secrets, rules, counters, and to drain or close it.  The verbs are the
 * loop's to call. */
AUGER_API struct auger_turn_server *auger_turn_service_server(struct auger_turn_service *service);
/* Where it listens, ports filled in: how many of at most `max`. */
AUGER_API size_t auger_turn_service_addrs(const struct auger_turn_service *service,
                                          struct auger_addr *addrs, size_t max);
/* Which of auger_turn_service_addrs() is for TLS or DTLS. */
AUGER_API bool auger_turn_service_is_tls(const struct auger_turn_service *service, size_t addr);
/* Connections that come from now on have that certificate; those that stand keep theirs.  A
 * failed call changes nothing; errors and `why` as auger_tls_context_new(). */
AUGER_API int auger_turn_service_set_certificate(struct auger_turn_service *service,
                                                 struct auger_bytes certificate_pem,
                                                 struct auger_bytes key_pem,
                                                 char *why) AUGER_CHECK_RESULT;
/* A pointer of the application's, carried in every event of that service. */
AUGER_API void auger_turn_service_set_user(struct auger_turn_service *service, void *user);

/* What AUGER_LOOP_EVENT_TURN tells. */
enum auger_turn_service_event_type {
    AUGER_TURN_SERVICE_EVENT_ALLOCATED, /* .allocation: as auger_turn_server_poll_event() tells */
    AUGER_TURN_SERVICE_EVENT_ENDED,     /* .allocation */
    AUGER_TURN_SERVICE_EVENT_NEEDS_KEY, /* .ticket, .user: the server's asks_for_keys */
};
struct auger_turn_service_event {
    enum auger_turn_service_event_type type;
    const struct auger_turn_server_event *allocation;
    uint32_t ticket;
    const char *user; /* terminated */
};
/* The password of who a ticket was for, within 5 seconds; NULL: there is no such user. */
AUGER_API void auger_turn_service_answer_key(struct auger_turn_service *service, uint32_t ticket,
                                             const char *password);

struct auger_turn_service_stats {
    uint64_t streams, strangers;          /* open; of them without an allocation */
    uint64_t streams_taken, streams_shut; /* ever; and by us, of strangers */
    uint64_t accept_failures;             /* no descriptor, no memory */
    uint64_t relay_failures; /* a socket that could not be had, for a relay or to a peer */
    uint64_t unsent;         /* datagrams that the kernel did not take */
    uint64_t queue_drops;    /* frames for clients that do not read */
    uint64_t gro, gso;       /* 1: datagrams that come, that leave, may be joined by the kernel */
    uint64_t associations, associations_unknown; /* of DTLS, as of streams */
    uint64_t associations_taken, associations_shut;
    uint64_t cookies_limited;         /* not sent: too many for where the ClientHello came from */
    uint64_t handshakes_limited;      /* of DTLS: did not begin, for the same reason */
    uint64_t given_on, given_on_lost; /* datagrams and streams of others of the team; no room */
};
AUGER_API void auger_turn_service_get_stats_sized(const struct auger_turn_service *service,
                                                  struct auger_turn_service_stats *stats,
                                                  size_t size);
#define auger_turn_service_get_stats(service, stats)                                               \
    auger_turn_service_get_stats_sized((service), (stats), sizeof(*(stats)))

#ifdef __cplusplus
}
#endif

#endif /* AUGER_IO_TURN_H */
