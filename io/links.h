/* io/links.h - how one peer reaches its TURN servers: what it was told of each, and the streams
 * and sealed paths to them.  A server over UDP in the clear needs none of these. */
#ifndef AUGER_IO_LINKS_H
#define AUGER_IO_LINKS_H

#include "io/discover.h"
#include "io/sealed.h"
#include "io/stream.h"

#include <auger/io.h>

#define AUGER_LINK_SERVERS_MAX 8 /* four of TURN, four of STUN over DTLS */
#define AUGER_LINK_ADDRS_MAX AUGER_DISCOVER_ADDRS_MAX
#define AUGER_LINKS_MAX 32 /* streams of a peer; sealed paths of it */
#define AUGER_LINK_ALTERNATES_MAX 16

struct auger_link_server {
    char *uri, *username, *password; /* the latter may be NULL */
    struct auger_turn_uri at;
    bool is_stun; /* it is asked for nothing but what it sees (stuns:) */
    /* By enum auger_transport: DTLS, TLS.  NULL: in the clear, or it has no such address. */
    struct auger_tls_context *tls[AUGER_TCP + 1];
    struct auger_proxy proxy;                        /* of no kind: there is none */
    struct auger_addr proxies[AUGER_LINK_ADDRS_MAX]; /* its addresses */
    /* In the order in which to try, each with its transport.  Behind a proxy, which alone knows
     * where the server is, they are what the agent calls it: the proxy's, with another port for
     * each server. */
    struct auger_addr addrs[AUGER_LINK_ADDRS_MAX];
    size_t addrs_len;
    size_t told_len;    /* how many it was said to have; others are those through a NAT64 */
    uint8_t given;      /* a bit for each: the agent has it, or a stream to another tries it too */
    auger_time next_at; /* then the next is given, unless one has a relay; AUGER_NEVER */
};

/* Where one of them has sent us on to (ALTERNATE-SERVER, RFC 8489 section 10). */
struct auger_link_alternate {
    struct auger_addr addr;
    struct auger_link_server *server; /* who did */
    char domain[AUGER_TLS_NAME_MAX];  /* whom the certificate is for; empty: as the server's */
};

struct auger_links {
    struct auger_link_server servers[AUGER_LINK_SERVERS_MAX];
    size_t servers_len;
    /* One block, made with the first; the oldest gives way, and is found again by the agent. */
    struct auger_link_alternate *alternates;
    size_t alternates_len, alternates_at;
    /* Each made with its first use; they stay as long as the peer.  Of one sealed path there may be
     * two (slot_sealed.h). */
    struct auger_stream *streams[AUGER_LINKS_MAX];
    struct auger_sealed *sealed[AUGER_LINKS_MAX];
    size_t streams_len, sealed_len;
    uint8_t dscp; /* of streams */
    /* What was told of servers that gave no relay, so that it is told once. */
    struct {
        struct auger_addr server;
        uint8_t error; /* enum auger_turn_error */
    } told[AUGER_LINKS_MAX];
    size_t told_len;
    struct auger_nat64
        nat64; /* through which servers of IPv4 are reached; without a prefix: none */
};

/* Copies what it is told; the latest of `servers` is it.  AUGER_ERR_LIMIT, AUGER_ERR_NO_MEMORY, and
 * those of a URI and of auger_tls_context_new(); `why` has a sentence then. */
int auger_links_add_server(struct auger_links *links, const struct auger_env *env,
                           const struct auger_net_turn_server *server,
                           char why[AUGER_TLS_WHY_MAX]) AUGER_CHECK_RESULT;
/* A STUN server that is asked over DTLS (RFC 7350).  Likewise. */
int auger_links_add_stun_server(struct auger_links *links, const struct auger_env *env,
                                const struct auger_stun_uri *uri,
                                const struct auger_net_config *net,
                                char why[AUGER_TLS_WHY_MAX]) AUGER_CHECK_RESULT;
/* What is to be resolved to reach it. */
struct auger_lookup auger_links_next_hop(const struct auger_link_server *server);
/* That has these addresses, each with its transport; later perhaps the same and more, which are due
 * at next_at. */
void auger_links_resolved(struct auger_links *links, struct auger_link_server *server,
                          const struct auger_addr *addrs, size_t len, auger_time now);
/* Each server of IPv4 has an address through that NAT64 from now on.  A bit for each that has more
 * addresses by it than before. */
unsigned auger_links_set_nat64(struct auger_links *links, const struct auger_nat64 *nat64,
                               auger_time now);
/* Takes those of its addresses that the agent is to be given now: one transport, and of each
 * family one.  How many; further ones are due at next_at. */
size_t auger_links_take_next(struct auger_link_server *server, auger_time now,
                             struct auger_addr addrs[2]);
void auger_links_free(struct auger_links *links, auger_time now); /* NULL is fine */

/* The agent is sent on to info->server.  Nothing where it was not sent on by one of these, or
 * without memory: no stream leads there then, and no sealed path. */
void auger_links_send_on(struct auger_links *links, const struct auger_ice_relay_info *info);
/* Whether paths that the agent knows may be to be sealed. */
bool auger_links_has_sealed(const struct auger_links *links);

/* Whose address that is, or who has sent us there; NULL: nobody's. */
const struct auger_link_server *auger_links_server_at(const struct auger_links *links,
                                                      const struct auger_addr *addr);
/* The stream along that path, opened if there was none; NULL: it cannot be had. */
struct auger_stream *auger_links_stream(struct auger_links *links, struct auger_slot *slot,
                                        int epoll_fd, const struct auger_path *path,
                                        auger_time now);
/* Whom the certificate of whoever is at that address of the server must be for. */
const char *auger_links_name_at(const struct auger_links *links,
                                const struct auger_link_server *server,
                                const struct auger_addr *addr);
/* This machine has that address no more: streams and sealed paths from it are closed. */
void auger_links_forget_local(struct auger_links *links, const struct auger_addr *local,
                              auger_time now);
/* That stream is connected: others to the same server, whose addresses seem dead, have 2 s more. */
void auger_links_hurry_others(struct auger_links *links, const struct auger_stream *stream,
                              auger_time now);
/* Whether what comes from there is sealed. */
bool auger_links_seals(const struct auger_links *links, const struct auger_addr *remote);

/* Whether relays are had there, and not only what it sees. */
bool auger_links_relays(const struct auger_links *links, const struct auger_addr *remote);

/* Whether that server's error is news. */
bool auger_links_is_news(struct auger_links *links, const struct auger_addr *server,
                         enum auger_turn_error error);

/* Of the streams; of sealed paths it is slot_sealed.h. */
void auger_links_handle_timeout(struct auger_links *links, auger_time now);
auger_time auger_links_next_timeout(const struct auger_links *links);

#endif /* AUGER_IO_LINKS_H */
