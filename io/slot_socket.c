/* io/slot_socket.c - the sockets of one peer in a loop. */
#include "io/slot_socket.h"

#include "io/acceptor.h"

#include <auger/peer_stats.h>

#include <errno.h>

/* Of TCP it listens, unless only active candidates are asked for: then it stands for its address.
 * What is opened from its port, for simultaneous-open
 * and to STUN servers, shares that. */
static int open_one(struct auger_slot *slot, struct auger_watch *socket, struct auger_addr *addr,
                    uint32_t buffer)
{
    const struct auger_acceptor_options options = {
        .shares_port = slot->tcp_types & AUGER_ICE_TCP_SO,
        .is_deaf = !(slot->tcp_types & (AUGER_ICE_TCP_SO | AUGER_ICE_TCP_PASSIVE))};

    return addr->transport == AUGER_TCP ? auger_acceptor_open(socket, addr, &options)
                                        : auger_udp_open(&socket->udp, addr, buffer);
}

int auger_slot_open_socket(struct auger_slot *slot, struct auger_watch *socket,
                           struct auger_addr *addr, const struct auger_net_config *net,
                           uint32_t buffer)
{
    if (net->port_min == 0)
        return open_one(slot, socket, addr, buffer);
    for (unsigned port = net->port_min; port <= net->port_max; port++) {
        addr->port = (uint16_t)port;
        if (open_one(slot, socket, addr, buffer) == 0)
            return 0;
        if (errno != EADDRINUSE)
            return AUGER_ERR_SYSTEM;
    }
    addr->port = 0;
    errno = EADDRINUSE;
    return AUGER_ERR_SYSTEM;
}

int auger_slot_open_beside(struct auger_slot *slot, struct auger_watch *socket,
                           struct auger_addr *addr)
{
    int err = auger_slot_open_socket(slot, socket, addr, &slot->net, slot->config->socket_buffer);

    if (err == 0)
        auger_udp_mark(&socket->udp, slot->net.dscp);
    return err;
}

struct auger_watch *auger_slot_find_socket(struct auger_slot *slot, const struct auger_addr *local)
{
    if (slot->mux)
        return auger_shared_find(slot->mux, local);
    for (size_t i = 0; i < slot->sockets_len; i++)
        if (auger_addr_equal(&slot->sockets[i].udp.addr, local))
            return &slot->sockets[i];
    for (size_t i = 0; i < slot->helpers_len; i++)
        if (auger_addr_equal(&slot->helpers[i]->udp.addr, local))
            return slot->helpers[i];
    return NULL;
}

enum auger_udp_sent auger_slot_send(struct auger_slot *slot, const struct auger_watch *socket,
                                    const struct auger_path *path, const uint8_t *buf, size_t len)
{
    enum auger_udp_sent sent = auger_udp_send(&socket->udp, &path->remote, buf, len);

    if (sent == AUGER_UDP_LOST)
        auger_peer_note_discarded(slot->peer, path, buf, len);
    return sent;
}

void auger_slot_show(const struct auger_slot *slot, auger_time now, const struct auger_path *path,
                     bool outbound, const uint8_t *buf, size_t len)
{
    if (slot->config->tap)
        slot->config->tap(slot->config->tap_user, &(struct auger_tap){.now = now,
                                                                      .peer = slot->peer,
                                                                      .path = path,
                                                                      .outbound = outbound,
                                                                      .data = {buf, len}});
}

void auger_slot_hear(struct auger_slot *slot, auger_time now, const struct auger_path *path,
                     const uint8_t *buf, size_t len)
{
    auger_peer_handle_datagram(slot->peer, now, path, buf, len);
    auger_slot_show(slot, now, path, false, buf, len);
}
