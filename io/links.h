/* io/links.h - how one peer reaches its TURN servers: what it was told of each, and the streams
 * and sealed paths to them.  A server over UDP in the clear needs none of these. */
#ifndef AUGER_IO_LINKS_H
#define AUGER_IO_LINKS_H

#include "io/sealed.h"
#include "io/stream.h"
#include "io/uri.h"

#include <auger/io.h>

#define AUGER_LINK_SERVERS_MAX 4
#define AUGER_LINK_ADDRS_MAX 4
#define AUGER_LINKS_MAX 32 /* streams of a peer; sealed paths of it */

struct auger_link_server {
    char *uri, *username, *password; /* the latter may be NULL */
    struct auger_turn_uri at;
    struct auger_tls_context *tls;                   /* NULL: in the clear */
    struct auger_proxy proxy;                        /* of no kind: there is none */
    struct auger_addr proxies[AUGER_LINK_ADDRS_MAX]; /* its addresses */
    /* With the server's transport.  Behind a proxy, which alone knows where the server is, they
     * are what the agent calls it: the proxy's, with another port for each server. */
    struct auger_addr addrs[AUGER_LINK_ADDRS_MAX];
    size_t addrs_len;
};

struct auger_links {
    struct auger_link_server servers[AUGER_LINK_SERVERS_MAX];
    size_t servers_len;
    /* Each made with its first use; they stay as long as the peer. */
    struct auger_stream *streams[AUGER_LINKS_MAX];
    struct auger_sealed *sealed[AUGER_LINKS_MAX];
    size_t streams_len, sealed_len;
    /* What was told of servers that gave no relay, so that it is told once. */
    struct {
        struct auger_addr server;
        uint8_t error; /* enum auger_turn_error */
    } told[AUGER_LINKS_MAX];
    size_t told_len;
};

/* Copies what it is told.  AUGER_ERR_LIMIT, AUGER_ERR_NO_MEMORY, and those of a URI and of
 * auger_tls_context_new(); `why` has a sentence then. */
int auger_links_add_server(struct auger_links *links, const struct auger_env *env,
                           const struct auger_net_turn_server *server,
                           char why[AUGER_TLS_WHY_MAX]) AUGER_CHECK_RESULT;
/* Whose name is to be resolved to reach it. */
const struct auger_stun_uri *auger_links_next_hop(const struct auger_link_server *server);
/* That has these addresses. */
void auger_links_resolved(struct auger_links *links, struct auger_link_server *server,
                          const struct auger_addr *addrs, size_t len);
void auger_links_free(struct auger_links *links, auger_time now); /* NULL is fine */

/* Whose address that is; NULL: nobody's. */
const struct auger_link_server *auger_links_server_at(const struct auger_links *links,
                                                      const struct auger_addr *addr);
/* The stream along that path, opened if there was none; NULL: it cannot be had. */
struct auger_stream *auger_links_stream(struct auger_links *links, struct auger_slot *slot,
                                        int epoll_fd, const struct auger_path *path,
                                        auger_time now);
/* The sealed path, opened if there was none and `opens`; NULL: there is none. */
struct auger_sealed *auger_links_sealed(struct auger_links *links, const struct auger_path *path,
                                        bool opens, auger_time now);
/* Whether what comes from there is sealed. */
bool auger_links_seals(const struct auger_links *links, const struct auger_addr *remote);

/* Whether that server's error is news. */
bool auger_links_is_news(struct auger_links *links, const struct auger_addr *server,
                         enum auger_turn_error error);

void auger_links_handle_timeout(struct auger_links *links, auger_time now);
auger_time auger_links_next_timeout(const struct auger_links *links);

#endif /* AUGER_IO_LINKS_H */
