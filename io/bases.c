/* io/bases.c - the sockets of a peer's own, one at each address. */
#include "io/bases.h"

#include <errno.h>
#include <sys/epoll.h>

static int watch(int epoll_fd, struct auger_watch *watch)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};

    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, watch->udp.fd, &event) < 0 ? AUGER_ERR_SYSTEM : 0;
}

static int open_in_range(struct auger_udp *udp, struct auger_addr *addr,
                         const struct auger_net_config *net, uint32_t buffer)
{
    if (net->port_min == 0)
        return auger_udp_open(udp, addr, buffer);
    for (unsigned port = net->port_min; port <= net->port_max; port++) {
        addr->port = (uint16_t)port;
        if (auger_udp_open(udp, addr, buffer) == 0)
            return 0;
        if (errno != EADDRINUSE)
            return AUGER_ERR_SYSTEM;
    }
    addr->port = 0;
    errno = EADDRINUSE;
    return AUGER_ERR_SYSTEM;
}

static struct auger_watch *free_socket(struct auger_slot *slot)
{
    for (size_t i = 0; i < slot->sockets_len; i++)
        if (slot->sockets[i].udp.fd < 0)
            return &slot->sockets[i];
    return slot->sockets_len < AUGER_INTERFACES_MAX ? &slot->sockets[slot->sockets_len++] : NULL;
}

static int add_socket(struct auger_slot *slot, int epoll_fd, struct auger_addr *addr,
                      const struct auger_net_config *net, uint32_t buffer, auger_time now)
{
    struct auger_watch *socket = free_socket(slot);

    if (!socket)
        return AUGER_ERR_LIMIT;
    *socket = (struct auger_watch){.kind = AUGER_WATCH_UDP, .slot = slot, .udp.fd = -1};
    int err = open_in_range(&socket->udp, addr, net, buffer);
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
    for (int i = 0; i < len; i++) {
        int failed = add_socket(slot, epoll_fd, &addrs[i], net, buffer, now);
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

static struct auger_watch *socket_on(struct auger_slot *slot, const struct auger_addr *ip)
{
    for (size_t i = 0; i < slot->sockets_len; i++)
        if (slot->sockets[i].udp.fd >= 0 && auger_addr_ip_equal(&slot->sockets[i].udp.addr, ip))
            return &slot->sockets[i];
    return NULL;
}

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
    for (size_t i = 0; i < machine->len; i++) {
        struct auger_addr addr = machine->rows[i].net.addr;
        if (!machine->rows[i].net.left_out && !socket_on(slot, &addr) &&
            add_socket(slot, epoll_fd, &addr, &slot->net, slot->config->socket_buffer, now) == 0)
            has_more = true;
    }
    for (size_t i = 0; i < slot->sockets_len; i++)
        if (slot->sockets[i].udp.fd >= 0 && !auger_machine_has(machine, &slot->sockets[i].udp.addr))
            remove_socket(slot, &slot->sockets[i], now);
    if (has_more)
        auger_peer_end_of_local_addrs(slot->peer, now);
}
