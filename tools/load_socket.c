/* tools/load_socket.c - one UDP socket of the load. */
#define _GNU_SOURCE
#include "tools/load_socket.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define BUFFER (8 * 1024 * 1024)

socklen_t load_addr_to_sockaddr(const struct auger_addr *addr, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (addr->family == AUGER_IPV4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(addr->port);
        memcpy(&in->sin_addr, addr->ip, 4);
        return sizeof(*in);
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(addr->port);
    in6->sin6_scope_id = addr->scope;
    memcpy(&in6->sin6_addr, addr->ip, 16);
    return sizeof(*in6);
}

void load_addr_from_sockaddr(struct auger_addr *out, const struct sockaddr *from)
{
    *out = (struct auger_addr){0};
    if (from->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)from;
        out->family = AUGER_IPV4;
        out->port = ntohs(in->sin_port);
        memcpy(out->ip, &in->sin_addr, 4);
    } else if (from->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)from;
        out->family = AUGER_IPV6;
        out->port = ntohs(in6->sin6_port);
        out->scope = in6->sin6_scope_id;
        memcpy(out->ip, &in6->sin6_addr, 16);
    }
}

/* Beyond what the system grants to everybody, if we are root. */
static void enlarge(int fd, int plain, int forced)
{
    const int size = BUFFER;

    if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof(size)) < 0)
        (void)setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

static int set_up(int fd, const struct auger_addr *local, const struct auger_addr *remote)
{
    struct sockaddr_storage addr;

    enlarge(fd, SO_RCVBUF, SO_RCVBUFFORCE);
    enlarge(fd, SO_SNDBUF, SO_SNDBUFFORCE);
    if (local->family != AUGER_FAMILY_NONE) {
        socklen_t len = load_addr_to_sockaddr(local, &addr);
        if (bind(fd, (const struct sockaddr *)&addr, len) < 0)
            return -1;
    }
    if (!remote)
        return 0;
    socklen_t len = load_addr_to_sockaddr(remote, &addr);
    return connect(fd, (const struct sockaddr *)&addr, len);
}

int load_socket_open(const struct auger_addr *local, const struct auger_addr *remote)
{
    uint8_t family = remote ? remote->family : local->family;
    int fd = socket(family == AUGER_IPV6 ? AF_INET6 : AF_INET,
                    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && set_up(fd, local, remote) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void load_socket_name(int fd, struct auger_addr *out)
{
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof(addr);

    (void)getsockname(fd, (struct sockaddr *)&addr, &len);
    load_addr_from_sockaddr(out, (const struct sockaddr *)&addr);
}

uint32_t load_socket_drops(int fd)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof(info);

    (void)getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len);
    return info[SK_MEMINFO_DROPS];
}

void load_sockets_allow_many(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}
