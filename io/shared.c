/* io/shared.c - sockets that many peers share. */
#define _GNU_SOURCE
#include "io/shared.h"
#include "io/interfaces.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

static struct auger_shared_socket *free_socket(struct auger_loop_mux *mux)
{
    for (size_t i = 0; i < mux->sockets_len; i++)
        if (mux->sockets[i].watch.udp.fd < 0)
            return &mux->sockets[i];
    return mux->sockets_len < AUGER_SHARED_SOCKETS_MAX ? &mux->sockets[mux->sockets_len++] : NULL;
}

static int add_socket(struct auger_loop_mux *mux, struct auger_addr *addr, uint32_t buffer,
                      int epoll_fd)
{
    struct auger_shared_socket *socket = free_socket(mux);

    if (!socket)
        return AUGER_ERR_LIMIT;
    *socket =
        (struct auger_shared_socket){.watch.kind = AUGER_WATCH_MUX, .watch.udp.fd = -1, .mux = mux};
    int err = auger_udp_open(&socket->watch.udp, addr, buffer);
    if (err < 0)
        return err;
    auger_udp_mark(&socket->watch.udp, mux->net.dscp);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &socket->watch};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, socket->watch.udp.fd, &event) < 0) {
        int saved = errno;
        auger_shared_close(socket);
        errno = saved;
        return AUGER_ERR_SYSTEM;
    }
    return 0;
}

/* A mux that silently lacks a port would be found out late. */
int auger_shared_add(struct auger_loop_mux *mux, const struct auger_addr *ip, uint32_t buffer,
                     int epoll_fd)
{
    int err = 0;

    for (unsigned port = mux->net.port_min; err == 0 && port <= mux->net.port_max; port++) {
        struct auger_addr addr = *ip;
        addr.port = (uint16_t)port;
        err = add_socket(mux, &addr, buffer, epoll_fd);
    }
    int saved = errno;
    for (size_t i = 0; err < 0 && i < mux->sockets_len; i++)
        if (auger_addr_ip_equal(&mux->sockets[i].watch.udp.addr, ip))
            auger_shared_close(&mux->sockets[i]);
    errno = saved;
    return err;
}

void auger_shared_close(struct auger_shared_socket *socket)
{
    auger_udp_close(&socket->watch.udp);
    socket->watch.udp.addr = (struct auger_addr){0};
}

bool auger_shared_has(const struct auger_loop_mux *mux, const struct auger_addr *ip)
{
    for (size_t i = 0; i < mux->sockets_len; i++)
        if (auger_addr_ip_equal(&mux->sockets[i].watch.udp.addr, ip))
            return true;
    return false;
}

static int open_sockets(struct auger_loop_mux *mux, const struct auger_loop_config *config,
                        const struct auger_net_config *net, int epoll_fd)
{
    struct auger_addr addrs[AUGER_INTERFACES_MAX];
    int len = auger_interfaces_list(net, addrs);
    int err = len < 0 ? len : 0;

    for (int i = 0; err == 0 && i < len; i++)
        err = auger_shared_add(mux, &addrs[i], config->socket_buffer, epoll_fd);
    if (err == 0 && mux->sockets_len == 0) {
        errno = EADDRNOTAVAIL;
        err = AUGER_ERR_SYSTEM;
    }
    return err;
}

int auger_shared_new(struct auger_loop_mux **out, const struct auger_loop_config *config,
                     const struct auger_net_config *net, int epoll_fd)
{
    struct auger_loop_mux *mux = calloc(1, sizeof(*mux));
    struct auger_mux_config table;

    if (!mux)
        return AUGER_ERR_NO_MEMORY;
    auger_mux_config_init(&table);
    table.sessions_max = config->peers_max;
    mux->net = *net;
    mux->net.stun_servers = NULL; /* theirs may be gone by then */
    mux->net.stun_servers_len = 0;
    mux->follows = !net->bind && !net->fixed;
    int err = auger_mux_new(&mux->table, config->env, &table);
    if (err == 0)
        err = open_sockets(mux, config, net, epoll_fd);
    if (err < 0) {
        int saved = errno;
        auger_shared_free(mux);
        errno = saved;
        return err;
    }
    *out = mux;
    return 0;
}

void auger_shared_free(struct auger_loop_mux *mux)
{
    for (size_t i = 0; i < mux->sockets_len; i++)
        auger_udp_close(&mux->sockets[i].watch.udp);
    auger_mux_free(mux->table);
    free(mux);
}

struct auger_watch *auger_shared_find(struct auger_loop_mux *mux, const struct auger_addr *local)
{
    for (size_t i = 0; i < mux->sockets_len; i++)
        if (auger_addr_equal(&mux->sockets[i].watch.udp.addr, local))
            return &mux->sockets[i].watch;
    return NULL;
}

size_t auger_loop_mux_addrs(const struct auger_loop_mux *mux, struct auger_addr *addrs, size_t max)
{
    size_t len = 0;

    for (size_t i = 0; i < mux->sockets_len && len < max; i++)
        if (mux->sockets[i].watch.udp.fd >= 0)
            addrs[len++] = mux->sockets[i].watch.udp.addr;
    return len;
}

struct auger_mux *auger_loop_mux_table(struct auger_loop_mux *mux)
{
    return mux->table;
}
