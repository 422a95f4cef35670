/* tools/load_target.c - which server is meant, and from which addresses of this machine. */
#define _GNU_SOURCE
#include "tools/load_target.h"
#include "tools/load_socket.h"

#include <netdb.h>
#include <string.h>

const char *load_target_parse(struct load_target *out, const char *text)
{
    struct auger_turn_uri uri;
    size_t wrong;

    if (auger_turn_uri_parse(&uri, text, &wrong) < 0)
        return "is no turn: URI, as turn:192.0.2.1 or turn:turn.example.org:3478";
    if (uri.at.is_secure)
        return "is by TLS or DTLS; this command loads by UDP alone";
    if (uri.transport == AUGER_TCP)
        return "is by TCP; this command loads by UDP alone";
    memcpy(out->host, uri.at.host, sizeof(out->host));
    out->port = uri.at.port;
    return NULL;
}

const char *load_target_resolve(const struct load_target *target, struct auger_addr *server)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found;

    if (auger_addr_parse_ip(server, target->host, strlen(target->host), target->port) == 0)
        return NULL;
    int err = getaddrinfo(target->host, NULL, &hints, &found);
    if (err != 0)
        return gai_strerror(err);
    load_addr_from_sockaddr(server, found->ai_addr);
    server->port = target->port;
    freeaddrinfo(found);
    return NULL;
}

struct auger_addr load_target_local(const struct auger_addr *server)
{
    static const uint8_t first[4] = {127, 0, 0, 1};
    struct auger_addr local = {0};

    if (server->family != AUGER_IPV4 || memcmp(server->ip, first, sizeof(first)) != 0)
        return local;
    local = *server;
    local.ip[3] = 2;
    local.port = 0;
    return local;
}
