/* io/bases.c - the sockets of a peer's own, one at each address. */
#include "io/bases.h"

#include "io/slot_socket.h"

#include <errno.h>
#include <sys/epoll.h>

static int watch(int epoll_fd, struct auger_watch *watch)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};

    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, watch->udp.fd, &event) < 0 ? AUGER_ERR_SYSTEM : 0;
}

static struct auger_watch *free_socket(struct auger_slot *slot)
{
    for (size_t i = 0; i < slot->sockets_len; i++)
        if (slot->sockets[i].udp.fd < 0)
            return &slot->sockets[i];
    return slot->sockets_len < 2 * AUGER_INTERFACES_MAX ? &slot->sockets[slot->sockets_len++]
                                                        : NULL;
}

static int add_socket(struct auger_slot *slot, int epoll_fd, struct auger_addr *addr,
                      const struct auger_net_config *net, uint32_t buffer, auger_time now)
{
    struct auger_watch *socket = free_socket(slot);

    if (!socket)
        return AUGER_ERR_LIMIT;
    bool is_tcp = addr->transport == AUGER_TCP;
    *socket = (struct auger_watch){
        .kind = is_tcp ? AUGER_WATCH_ACCEPT : AUGER_WATCH_UDP, .slot = slot, .udp.fd = -1};
    int err = auger_slot_open_socket(slot, socket, addr, net, buffer);
    if (err < 0 && errno == EADDRINUSE && net->port_min != 0)
        slot->exhausted = *addr;
    if (err == 0)
        auger_udp_mark(&socket->udp, net->dscp);
    if (err == 0)
        err = watch(epoll_fd, socket);
    if (err == 0)
        err = auger_peer_add_local_addr(slot->peer, now, &socket->udp.addr);
    if (err < 0) {
        auger_udp_close(&socket->udp);
        socket->udp.addr = (struct auger_addr){0};
        return err;
    }
    return 0;
}

static struct auger_watch *socket_on(struct auger_slot *slot, const struct auger_addr *addr)
{
    for (size_t i = 0; i < slot->sockets_len; i++) {
        struct auger_watch *socket = &slot->sockets[i];
        if (socket->udp.fd >= 0 && socket->udp.addr.transport == addr->transport &&
            auger_addr_ip_equal(&socket->udp.addr, addr))
            return socket;
    }
    return NULL;
}

/* Of UDP first: where the agent has no room for all of them those are worth more. */
static const enum auger_transport transports[] = {AUGER_UDP, AUGER_TCP};

static bool is_wanted(const struct auger_slot *slot, const struct auger_net_config *net,
                      enum auger_transport transport)
{
    return transport == AUGER_UDP ? !net->no_udp : slot->tcp_types != 0;
}

/* 1: there is one more now, 0: there was one, or none is wanted. */
static int add_missing(struct auger_slot *slot, int epoll_fd, const struct auger_addr *ip,
                       enum auger_transport transport, const struct auger_net_config *net,
                       uint32_t buffer, auger_time now)
{
    struct auger_addr addr = *ip;

    addr.transport = (uint8_t)transport;
    if (!is_wanted(slot, net, transport) || socket_on(slot, &addr))
        return 0;
    int err = add_socket(slot, epoll_fd, &addr, net, buffer, now);
    return err < 0 ? err : 1;
}

static bool has_socket(const struct auger_slot *slot)
{
    for (size_t i = 0; i < slot->sockets_len; i++)
        if (slot->sockets[i].udp.fd >= 0)
            return true;
    return false;
}

int auger_bases_open(struct auger_slot *slot, int epoll_fd, const struct auger_net_config *net,
                     uint32_t buffer, auger_time now)
{
    struct auger_addr addrs[AUGER_INTERFACES_MAX];
    int len = auger_interfaces_list(net, addrs);

    slot->net = *net;
    slot->net.stun_servers = NULL; /* theirs may be gone by then */
    slot->net.stun_servers_len = 0;
    slot->net.turn_servers = NULL;
    slot->net.turn_servers_len = 0;

    /* An address that cannot be bound, or that no candidate may have, is left out. */
    int err = len < 0 ? len : 0;
    for (int i = 0; i < 2 * len; i++) {
        int failed =
            add_missing(slot, epoll_fd, &addrs[i % len], transports[i / len], net, buffer, now);
        if (failed < 0)
            err = failed;
    }
    if (!has_socket(slot) && err == 0) {
        errno = EADDRNOTAVAIL;
        err = AUGER_ERR_SYSTEM;
    }
    return has_socket(slot) ? 0 : err;
}

/* --- following ------------------------------------------------------------------------- */

static void remove_socket(struct auger_slot *slot, struct auger_watch *socket, auger_time now)
{
    const struct auger_addr gone = socket->udp.addr;

    if (slot->kept_for == socket)
        slot->kept_len = 0;
    auger_udp_close(&socket->udp);
    socket->udp.addr = (struct auger_addr){0};
    auger_slot_lose_addr(slot, &gone, now);
}

void auger_bases_follow(struct auger_slot *slot, int epoll_fd, struct auger_machine *machine,
                        auger_time now)
{
    bool has_more = false;

    if (!slot->follows)
        return;
    auger_interfaces_judge(&slot->net, machine);
    for (size_t i = 0; i < machine->len; i++)
        for (size_t t = 0; t < 2 && !machine->rows[i].net.left_out; t++)
            if (add_missing(slot, epoll_fd, &machine->rows[i].net.addr, transports[t], &slot->net,
                            slot->config->socket_buffer, now) > 0)
                has_more = true;
    for (size_t i = 0; i < slot->sockets_len; i++)
        if (slot->sockets[i].udp.fd >= 0 && !auger_machine_has(machine, &slot->sockets[i].udp.addr))
            remove_socket(slot, &slot->sockets[i], now);
    if (has_more)
        auger_peer_end_of_local_addrs(slot->peer, now);
}
