/* io/links.c - how one peer reaches its TURN servers. */
#include "io/links.h"

#include "base/nat64.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST_CHANCE (2 * AUGER_SEC)
#define NEXT_SERVER (1 * AUGER_SEC) /* RFC 8305 section 5 has 2 s at most */

/* --- what it was told ---------------------------------------------------------------------- */

static void forget(struct auger_link_server *server)
{
    /* A password is not left behind. */
    volatile char *secret = server->password;

    for (size_t i = 0; secret && secret[i]; i++)
        secret[i] = '\0';
    free(server->uri);
    free(server->username);
    free(server->password);
    auger_tls_context_free(server->tls[AUGER_UDP]);
    auger_tls_context_free(server->tls[AUGER_TCP]);
    for (size_t i = 0; i < sizeof(server->proxy.password); i++)
        ((volatile char *)server->proxy.password)[i] = '\0';
    *server = (struct auger_link_server){0};
}

static bool copy(char **out, const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;

    *out = text ? malloc(size) : NULL;
    if (*out)
        memcpy(*out, text, size);
    return !text || *out;
}

/* Whom a server that is reached by TLS or DTLS must be signed by. */
struct trust {
    const char *ca_file;
    bool anybody;
};

static int set_tls(struct auger_link_server *out, const struct auger_env *env,
                   enum auger_transport transport, struct trust trust, char why[AUGER_TLS_WHY_MAX])
{
    struct auger_tls_config config;

    auger_tls_config_init(&config);
    config.datagrams = transport == AUGER_UDP;
    config.ca_file = trust.ca_file;
    config.trust_anybody = trust.anybody;
    return auger_tls_context_new(&out->tls[transport], env, &config, why);
}

/* Of each transport that its name may lead to. */
static int set_each_tls(struct auger_link_server *out, const struct auger_env *env,
                        struct trust trust, char why[AUGER_TLS_WHY_MAX])
{
    bool any = !out->at.has_transport;
    int err = 0;

    if (!out->at.at.is_secure)
        return 0;
    if (any || out->at.transport == AUGER_UDP)
        err = set_tls(out, env, AUGER_UDP, trust, why);
    if (err == 0 && (any || out->at.transport == AUGER_TCP))
        err = set_tls(out, env, AUGER_TCP, trust, why);
    return err;
}

static int read_uri(struct auger_turn_uri *uri, const char *text, char why[AUGER_TLS_WHY_MAX])
{
    size_t wrong;

    if (auger_turn_uri_parse(uri, text, &wrong) == 0)
        return 0;
    snprintf(why, AUGER_TLS_WHY_MAX,
             "not a turn: URI, as turn:HOST[:PORT][?transport=tcp], from character %zu on",
             wrong + 1);
    return AUGER_ERR_MALFORMED;
}

static int read_proxy(struct auger_link_server *out, const char *text, char why[AUGER_TLS_WHY_MAX])
{
    if (!text)
        return 0;
    if (auger_proxy_parse(&out->proxy, text) < 0)
        snprintf(why, AUGER_TLS_WHY_MAX,
                 "not a proxy, as http://HOST:PORT or socks5://NAME:PASSWORD@HOST:PORT");
    else if (out->at.transport == AUGER_UDP)
        snprintf(why, AUGER_TLS_WHY_MAX, "a proxy carries TCP and TLS alone");
    else
        return 0;
    return AUGER_ERR_MALFORMED;
}

static int keep_texts(struct auger_link_server *out, const char *uri, const char *username,
                      const char *password, char why[AUGER_TLS_WHY_MAX])
{
    if (copy(&out->uri, uri) && copy(&out->username, username) && copy(&out->password, password))
        return 0;
    snprintf(why, AUGER_TLS_WHY_MAX, "no memory");
    return AUGER_ERR_NO_MEMORY;
}

int auger_links_add_server(struct auger_links *links, const struct auger_env *env,
                           const struct auger_net_turn_server *server, char why[AUGER_TLS_WHY_MAX])
{
    const struct trust trust = {server->ca_file, server->trust_anybody};
    struct auger_link_server out = {.next_at = AUGER_NEVER};

    if (links->servers_len == AUGER_LINK_SERVERS_MAX)
        return AUGER_ERR_LIMIT;
    int err = read_uri(&out.at, server->uri, why);
    if (err == 0)
        err = read_proxy(&out, server->proxy, why);
    if (err == 0)
        err = set_each_tls(&out, env, trust, why);
    if (err == 0)
        err = keep_texts(&out, server->uri, server->username, server->password, why);
    if (err < 0)
        forget(&out);
    else
        links->servers[links->servers_len++] = out;
    return err;
}

/* 8489, 8.1: a numeric address says nothing of who is there. */
static int check_secure_stun(const struct auger_stun_uri *uri, char why[AUGER_TLS_WHY_MAX])
{
    struct auger_addr addr;

    if (auger_addr_parse_ip(&addr, uri->host, strlen(uri->host), uri->port) < 0)
        return 0;
    snprintf(why, AUGER_TLS_WHY_MAX, "a stuns: URI has a name, not an address");
    return AUGER_ERR_UNSUPPORTED;
}

int auger_links_add_stun_server(struct auger_links *links, const struct auger_env *env,
                                const struct auger_stun_uri *uri,
                                const struct auger_net_config *net, char why[AUGER_TLS_WHY_MAX])
{
    struct auger_link_server out = {
        .at = {.at = *uri, .transport = AUGER_UDP}, .is_stun = true, .next_at = AUGER_NEVER};
    const struct trust trust = {net->stun_ca_file, net->stun_trust_anybody};
    char text[AUGER_HOST_MAX + 16];

    if (links->servers_len == AUGER_LINK_SERVERS_MAX)
        return AUGER_ERR_LIMIT;
    snprintf(text, sizeof(text), "stuns:%s", uri->host);
    int err = check_secure_stun(uri, why);
    if (err == 0)
        err = set_tls(&out, env, AUGER_UDP, trust, why);
    if (err == 0)
        err = keep_texts(&out, text, NULL, NULL, why);
    if (err < 0)
        forget(&out);
    else
        links->servers[links->servers_len++] = out;
    return err;
}

struct auger_lookup auger_links_next_hop(const struct auger_link_server *server)
{
    if (server->is_stun)
        return auger_lookup_stun(&server->at.at);
    return server->proxy.kind != AUGER_PROXY_NONE ? auger_lookup_host(&server->proxy.at)
                                                  : auger_lookup_turn(&server->at);
}

/* A port that no other server has at that address. */
static uint16_t distinct_port(const struct auger_links *links, const struct auger_addr *addr,
                              uint16_t port)
{
    struct auger_addr name = *addr;

    for (name.port = port; auger_links_server_at(links, &name);)
        name.port = name.port == UINT16_MAX ? 1 : (uint16_t)(name.port + 1);
    return name.port;
}

/* A DNS64 has named what is reached through a NAT64 already. */
static bool is_known(const struct auger_link_server *server, const struct auger_addr *addr)
{
    for (size_t i = 0; i < server->addrs_len; i++)
        if (auger_addr_equal(&server->proxies[i], addr))
            return true;
    return false;
}

static void add_addr(const struct auger_links *links, struct auger_link_server *server,
                     const struct auger_addr *addr, auger_time now)
{
    struct auger_addr name = *addr;

    if (server->addrs_len == AUGER_LINK_ADDRS_MAX || is_known(server, addr))
        return;
    if (server->given != 0 && server->next_at == AUGER_NEVER)
        server->next_at = auger_time_add(now, NEXT_SERVER);
    if (server->proxy.kind != AUGER_PROXY_NONE)
        name.port = distinct_port(links, addr, server->at.at.port);
    server->proxies[server->addrs_len] = *addr;
    server->addrs[server->addrs_len++] = name;
}

static void add_translated(const struct auger_links *links, struct auger_link_server *server,
                           const struct auger_addr *addr, auger_time now)
{
    if (links->nat64.prefix_len == 0 || !auger_nat64_reaches(addr))
        return;
    struct auger_addr through = auger_nat64_synthesise(&links->nat64, addr);
    add_addr(links, server, &through, now);
}

void auger_links_resolved(struct auger_links *links, struct auger_link_server *server,
                          const struct auger_addr *addrs, size_t len, auger_time now)
{
    for (size_t i = server->told_len; i < len; i++) {
        add_addr(links, server, &addrs[i], now);
        add_translated(links, server, &addrs[i], now);
        server->told_len++;
    }
}

unsigned auger_links_set_nat64(struct auger_links *links, const struct auger_nat64 *nat64,
                               auger_time now)
{
    unsigned more = 0;

    links->nat64 = *nat64;
    for (size_t i = 0; i < links->servers_len; i++) {
        struct auger_link_server *server = &links->servers[i];
        size_t len = server->addrs_len;
        for (size_t j = 0; j < len; j++)
            add_translated(links, server, &server->proxies[j], now);
        more |= (unsigned)(server->addrs_len > len) << i;
    }
    return more;
}

/* What came late, through a NAT64, goes with the others of its transport. */
static uint8_t next_transport(const struct auger_link_server *server)
{
    for (size_t i = 0; i < server->addrs_len; i++)
        for (size_t j = 0; j < server->addrs_len; j++)
            if (server->addrs[j].transport == server->addrs[i].transport &&
                !(server->given >> j & 1))
                return server->addrs[i].transport;
    return AUGER_UDP;
}

/* 8305, 5: the next one begins without waiting for the end of this.  Over streams those of one
 * family are raced by the stream itself. */
size_t auger_links_take_next(struct auger_link_server *server, auger_time now,
                             struct auger_addr addrs[2])
{
    const uint8_t transport = next_transport(server);
    bool has_family[AUGER_IPV6 + 1] = {false};
    size_t len = 0, left = 0;

    for (size_t i = 0; i < server->addrs_len; i++) {
        const struct auger_addr *addr = &server->addrs[i];
        bool is_same = addr->transport == transport;
        if (server->given >> i & 1)
            continue;
        if (is_same && !has_family[addr->family])
            addrs[len++] = *addr;
        else if (!is_same || addr->transport != AUGER_TCP) {
            left++;
            continue;
        }
        has_family[addr->family] = true;
        server->given |= (uint8_t)(1u << i);
    }
    server->next_at = left > 0 ? auger_time_add(now, NEXT_SERVER) : AUGER_NEVER;
    return len;
}

void auger_links_free(struct auger_links *links, auger_time now)
{
    if (!links)
        return;
    for (size_t i = 0; i < links->streams_len; i++) {
        auger_stream_fini(links->streams[i], now);
        free(links->streams[i]);
    }
    for (size_t i = 0; i < links->sealed_len; i++) {
        auger_sealed_close(links->sealed[i]);
        free(links->sealed[i]);
    }
    for (size_t i = 0; i < links->servers_len; i++)
        forget(&links->servers[i]);
    free(links->alternates);
    free(links);
}

static const struct auger_link_server *server_of(const struct auger_links *links,
                                                 const struct auger_addr *addr)
{
    for (size_t i = 0; i < links->servers_len; i++)
        for (size_t j = 0; j < links->servers[i].addrs_len; j++)
            if (auger_addr_equal(&links->servers[i].addrs[j], addr))
                return &links->servers[i];
    return NULL;
}

static struct auger_link_alternate *alternate_at(const struct auger_links *links,
                                                 const struct auger_addr *addr)
{
    for (size_t i = 0; i < links->alternates_len; i++)
        if (auger_addr_equal(&links->alternates[i].addr, addr))
            return &links->alternates[i];
    return NULL;
}

const struct auger_link_server *auger_links_server_at(const struct auger_links *links,
                                                      const struct auger_addr *addr)
{
    const struct auger_link_server *server = server_of(links, addr);
    const struct auger_link_alternate *alternate = server ? NULL : alternate_at(links, addr);

    return alternate ? alternate->server : server;
}

/* --- alternates ---------------------------------------------------------------------------- */

static struct auger_link_alternate *place_for(struct auger_links *links,
                                              const struct auger_addr *addr)
{
    struct auger_link_alternate *known = alternate_at(links, addr);

    if (!links->alternates)
        links->alternates = calloc(AUGER_LINK_ALTERNATES_MAX, sizeof(*links->alternates));
    if (known || !links->alternates)
        return known;
    size_t at = links->alternates_at++ % AUGER_LINK_ALTERNATES_MAX;
    if (at == links->alternates_len)
        links->alternates_len++;
    return &links->alternates[at];
}

void auger_links_send_on(struct auger_links *links, const struct auger_ice_relay_info *info)
{
    const struct auger_link_server *server = server_of(links, &info->added);
    struct auger_link_alternate *place =
        server && !server_of(links, &info->server) ? place_for(links, &info->server) : NULL;

    if (!place)
        return;
    place->addr = info->server;
    place->server = &links->servers[server - links->servers];
    snprintf(place->domain, sizeof(place->domain), "%s", info->domain ? info->domain : "");
}

bool auger_links_has_sealed(const struct auger_links *links)
{
    for (size_t i = 0; i < links->servers_len; i++)
        if (links->servers[i].tls[AUGER_UDP])
            return true;
    return false;
}

const char *auger_links_name_at(const struct auger_links *links,
                                const struct auger_link_server *server,
                                const struct auger_addr *addr)
{
    const struct auger_link_alternate *alternate =
        server_of(links, addr) ? NULL : alternate_at(links, addr);

    return alternate && alternate->domain[0] ? alternate->domain : server->at.at.host;
}

/* --- streams ------------------------------------------------------------------------------- */

static struct auger_stream *free_stream(struct auger_links *links)
{
    for (size_t i = 0; i < links->streams_len; i++)
        if (links->streams[i]->state == AUGER_STREAM_CLOSED && links->streams[i]->why[0] == '\0')
            return links->streams[i];
    if (links->streams_len == AUGER_LINKS_MAX)
        return NULL;
    struct auger_stream *stream = calloc(1, sizeof(*stream));
    if (stream)
        links->streams[links->streams_len++] = stream;
    return stream;
}

static bool is_proxied(const struct auger_link_server *server)
{
    return server->proxy.kind != AUGER_PROXY_NONE;
}

/* That address first, then the others of its family that the name has; or the proxy's. */
static size_t collect(const struct auger_link_server *server, const struct auger_addr *first,
                      struct auger_addr addrs[AUGER_STREAM_ADDRS_MAX])
{
    bool is_through = is_proxied(server);
    size_t len = 0;

    if (!is_through)
        addrs[len++] = *first;
    for (size_t i = 0; i < server->addrs_len && len < AUGER_STREAM_ADDRS_MAX; i++) {
        const struct auger_addr *addr = is_through ? &server->proxies[i] : &server->addrs[i];
        if (addr->family == first->family && addr->transport == AUGER_TCP &&
            (is_through || !auger_addr_equal(addr, first)))
            addrs[len++] = *addr;
    }
    return len;
}

/* An alternate has that address alone, and no name that a proxy could look up. */
static void aim_at_alternate(struct auger_stream_target *target, struct auger_addr *addrs,
                             char ip[AUGER_ADDR_TEXT_MAX])
{
    const struct auger_addr *at = &target->path->remote;

    target->host = auger_addr_format_ip(at, ip, AUGER_ADDR_TEXT_MAX);
    target->port = at->port;
    if (target->proxy)
        return;
    addrs[0] = *at;
    target->addrs_len = 1;
}

static void open_stream(const struct auger_links *links, struct auger_stream *stream,
                        const struct auger_link_server *server, struct auger_slot *slot,
                        int epoll_fd, const struct auger_path *path, auger_time now)
{
    struct auger_addr addrs[AUGER_STREAM_ADDRS_MAX];
    char ip[AUGER_ADDR_TEXT_MAX];
    struct auger_stream_target target = {.path = path,
                                         .addrs = addrs,
                                         .addrs_len = collect(server, &path->remote, addrs),
                                         .context = server->tls[AUGER_TCP],
                                         .name = auger_links_name_at(links, server, &path->remote),
                                         .proxy = is_proxied(server) ? &server->proxy : NULL,
                                         .host = server->at.at.host,
                                         .port = server->at.at.port,
                                         .dscp = links->dscp};

    if (!server_of(links, &path->remote))
        aim_at_alternate(&target, addrs, ip);
    auger_stream_open(stream, slot, epoll_fd, &target, now);
}

struct auger_stream *auger_links_stream(struct auger_links *links, struct auger_slot *slot,
                                        int epoll_fd, const struct auger_path *path, auger_time now)
{
    const struct auger_link_server *server;

    for (size_t i = 0; i < links->streams_len; i++)
        if (links->streams[i]->state != AUGER_STREAM_CLOSED &&
            auger_path_equal(&links->streams[i]->path, path))
            return links->streams[i];
    server = auger_links_server_at(links, &path->remote);
    struct auger_stream *stream = server ? free_stream(links) : NULL;
    if (stream)
        open_stream(links, stream, server, slot, epoll_fd, path, now);
    return stream;
}

/* RFC 8305, 4 and 5, across families: a black hole is not waited for as long as if it were all that
 * there is. */
void auger_links_hurry_others(struct auger_links *links, const struct auger_stream *stream,
                              auger_time now)
{
    const struct auger_link_server *server = auger_links_server_at(links, &stream->path.remote);

    for (size_t i = 0; i < links->streams_len; i++) {
        struct auger_stream *other = links->streams[i];
        if (other->state == AUGER_STREAM_CONNECTING &&
            auger_links_server_at(links, &other->path.remote) == server)
            auger_stream_hurry(other, auger_time_add(now, LAST_CHANCE));
    }
}

/* --- sealed paths -------------------------------------------------------------------------- */

bool auger_links_seals(const struct auger_links *links, const struct auger_addr *remote)
{
    const struct auger_link_server *server = auger_links_server_at(links, remote);

    return server && server->tls[AUGER_UDP] && remote->transport == AUGER_UDP;
}

bool auger_links_relays(const struct auger_links *links, const struct auger_addr *remote)
{
    for (size_t i = 0; i < links->servers_len; i++)
        for (size_t j = 0; j < links->servers[i].addrs_len; j++)
            if (!links->servers[i].is_stun && auger_addr_equal(&links->servers[i].addrs[j], remote))
                return true;
    return alternate_at(links, remote) != NULL;
}

/* --- addresses of ours --------------------------------------------------------------------- */

void auger_links_forget_local(struct auger_links *links, const struct auger_addr *local,
                              auger_time now)
{
    for (size_t i = 0; i < links->streams_len; i++)
        if (auger_addr_ip_equal(&links->streams[i]->path.local, local))
            auger_stream_close(links->streams[i], now);
    for (size_t i = 0; i < links->sealed_len; i++)
        if (links->sealed[i]->tls && auger_addr_ip_equal(&links->sealed[i]->path.local, local))
            auger_sealed_close(links->sealed[i]);
}

/* --- what is told -------------------------------------------------------------------------- */

bool auger_links_is_news(struct auger_links *links, const struct auger_addr *server,
                         enum auger_turn_error error)
{
    size_t at = 0;

    while (at < links->told_len && !auger_addr_equal(&links->told[at].server, server))
        at++;
    if (at == AUGER_LINKS_MAX || (at < links->told_len && links->told[at].error == error))
        return false;
    links->told_len += at == links->told_len;
    links->told[at].server = *server;
    links->told[at].error = (uint8_t)error;
    return true;
}

/* --- time ---------------------------------------------------------------------------------- */

void auger_links_handle_timeout(struct auger_links *links, auger_time now)
{
    for (size_t i = 0; i < links->streams_len; i++)
        auger_stream_handle_timeout(links->streams[i], now);
}

auger_time auger_links_next_timeout(const struct auger_links *links)
{
    auger_time at = AUGER_NEVER;

    for (size_t i = 0; i < links->streams_len; i++)
        at = auger_time_min(at, auger_stream_next_timeout(links->streams[i]));
    for (size_t i = 0; i < links->sealed_len; i++)
        at = auger_time_min(at, auger_sealed_next_timeout(links->sealed[i]));
    for (size_t i = 0; i < links->servers_len; i++)
        at = auger_time_min(at, links->servers[i].next_at);
    return at;
}
