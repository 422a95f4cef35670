/* io/shared.c - sockets that many peers share. */
#define _GNU_SOURCE
#include "io/shared.h"
#include "io/interfaces.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

static int add_socket(struct auger_loop_mux *mux, struct auger_addr *addr, uint32_t buffer,
                      int epoll_fd)
{
    struct auger_shared_socket *socket = &mux->sockets[mux->sockets_len];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &socket->watch};

    if (mux->sockets_len == AUGER_SHARED_SOCKETS_MAX)
        return AUGER_ERR_LIMIT;
    *socket = (struct auger_shared_socket){.watch.kind = AUGER_WATCH_MUX, .mux = mux};
    int err = auger_udp_open(&socket->watch.udp, addr, buffer);
    if (err < 0)
        return err;
    mux->sockets_len++;
    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, socket->watch.udp.fd, &event) < 0 ? AUGER_ERR_SYSTEM
                                                                                : 0;
}

/* All ports or none of an address: a mux that silently lacks one would be found out late. */
static int add_ports(struct auger_loop_mux *mux, struct auger_addr *addr,
                     const struct auger_net_config *net, uint32_t buffer, int epoll_fd)
{
    int err = 0;

    for (unsigned port = net->port_min; err == 0 && port <= net->port_max; port++) {
        addr->port = (uint16_t)port;
        err = add_socket(mux, addr, buffer, epoll_fd);
    }
    return err;
}

static int open_sockets(struct auger_loop_mux *mux, const struct auger_loop_config *config,
                        const struct auger_net_config *net, int epoll_fd)
{
    struct auger_addr addrs[AUGER_INTERFACES_MAX];
    int len = auger_interfaces_list(net, addrs);
    int err = len < 0 ? len : 0;

    for (int i = 0; err == 0 && i < len; i++)
        err = add_ports(mux, &addrs[i], net, config->socket_buffer, epoll_fd);
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
    mux->loopback = net->loopback;
    mux->link_local = net->link_local;
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
    size_t len = mux->sockets_len < max ? mux->sockets_len : max;

    for (size_t i = 0; i < len; i++)
        addrs[i] = mux->sockets[i].watch.udp.addr;
    return len;
}

struct auger_mux *auger_loop_mux_table(struct auger_loop_mux *mux)
{
    return mux->table;
}
