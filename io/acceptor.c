/* io/acceptor.c - a TCP socket that listens. */
#define _GNU_SOURCE
#include "io/acceptor.h"

#include "io/sockaddr.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#define BACKLOG 512

int auger_acceptor_open(struct auger_watch *watch, struct auger_addr *addr,
                        const struct auger_acceptor_options *options)
{
    struct sockaddr_storage sa;
    socklen_t len = auger_sockaddr_from(&sa, addr);
    int family = addr->family == AUGER_IPV4 ? AF_INET : AF_INET6, on = 1;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct auger_addr bound;

    if (fd < 0)
        return AUGER_ERR_SYSTEM;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (options->shares_port)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    if (family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&sa, len) < 0 ||
        (!options->is_deaf && listen(fd, BACKLOG) < 0) ||
        getsockname(fd, (struct sockaddr *)&sa, &len) < 0 ||
        !auger_sockaddr_to((const struct sockaddr *)&sa, &bound)) {
        int saved = errno;
        close(fd);
        errno = saved;
        return AUGER_ERR_SYSTEM;
    }
    addr->port = bound.port;
    watch->udp = (struct auger_udp){.fd = fd, .addr = *addr};
    return 0;
}

static bool find_ends(int fd, struct auger_path *path)
{
    struct sockaddr_storage ours, theirs;
    socklen_t ours_len = sizeof(ours), theirs_len = sizeof(theirs);

    if (getsockname(fd, (struct sockaddr *)&ours, &ours_len) < 0 ||
        getpeername(fd, (struct sockaddr *)&theirs, &theirs_len) < 0 ||
        !auger_sockaddr_to((const struct sockaddr *)&ours, &path->local) ||
        !auger_sockaddr_to((const struct sockaddr *)&theirs, &path->remote))
        return false;
    path->local.transport = path->remote.transport = AUGER_TCP;
    return true;
}

static bool is_out_of_descriptors(int err)
{
    return err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM;
}

enum auger_accepted auger_acceptor_take(const struct auger_watch *watch, int *fd,
                                        struct auger_path *path)
{
    int on = 1;

    *fd = accept4(watch->udp.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (*fd < 0)
        return is_out_of_descriptors(errno) ? AUGER_ACCEPTED_NO_ROOM : AUGER_ACCEPTED_NONE;
    if (!find_ends(*fd, path)) {
        close(*fd);
        return AUGER_ACCEPTED_LOST;
    }
    (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return AUGER_ACCEPTED;
}
