/* tools/load_target.c - which server is meant, and from which addresses of this machine. */
#define _GNU_SOURCE
#include "tools/load_target.h"
#include "tools/load_socket.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PORT_TURN 3478

/* The host without its brackets; NULL when there is none.  Returns what follows. */
static const char *read_host(const char *text, char host[LOAD_HOST_MAX])
{
    bool is_bracketed = *text == '[';
    const char *begin = text + is_bracketed;
    size_t len = strcspn(begin, is_bracketed ? "]" : ":?");

    if (len == 0 || len >= LOAD_HOST_MAX || (is_bracketed && begin[len] != ']'))
        return NULL;
    memcpy(host, begin, len);
    host[len] = '\0';
    return begin + len + is_bracketed;
}

static const char *read_port(const char *text, uint16_t *port)
{
    char *end;
    long number = strtol(text, &end, 10);

    if (*text < '0' || *text > '9' || number < 1 || number > 65535)
        return NULL;
    *port = (uint16_t)number;
    return end;
}

const char *load_target_parse(struct load_target *out, const char *uri)
{
    struct load_target target = {.port = PORT_TURN};

    if (strncasecmp(uri, "turns:", 6) == 0)
        return "is by TLS or DTLS; this command loads by UDP alone";
    if (strncasecmp(uri, "turn:", 5) != 0)
        return "is no turn: URI, as turn:192.0.2.1 or turn:turn.example.org:3478";
    const char *rest = read_host(uri + 5, target.host);
    if (rest && *rest == ':')
        rest = read_port(rest + 1, &target.port);
    if (rest && strcasecmp(rest, "?transport=tcp") == 0)
        return "is by TCP; this command loads by UDP alone";
    if (!rest || (*rest && strcasecmp(rest, "?transport=udp") != 0))
        return "is no turn: URI, as turn:192.0.2.1 or turn:turn.example.org:3478";
    *out = target;
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
