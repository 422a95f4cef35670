/* io/changes.c - addresses of this machine that come and go while peers live, and default routes
 * that lead elsewhere. */
#define _GNU_SOURCE
#include "io/changes.h"

#include "base/time.h"
#include "io/bases.h"
#include "io/names.h"
#include "io/nat64.h"
#include "io/portmap.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* One change of a network is a burst of messages. */
#define QUIET (300 * AUGER_MS)
/* After a look that failed, as for want of a descriptor. */
#define AGAIN (1 * AUGER_SEC)

static int open_netlink(void)
{
    const struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
                                       .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
                                                    RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                                                    RTMGRP_IPV6_ROUTE};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (const struct sockaddr *)&groups, sizeof(groups)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int auger_changes_watch(struct auger_loop *loop)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &loop->changes};

    if (loop->changes.udp.fd >= 0)
        return 0;
    int fd = open_netlink();
    if (fd < 0)
        return AUGER_ERR_SYSTEM;
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        close(fd);
        return AUGER_ERR_SYSTEM;
    }
    loop->changes = (struct auger_watch){.kind = AUGER_WATCH_CHANGES, .udp.fd = fd};
    return 0;
}

/* What it was is asked anew in any case, so that one that was lost does no harm. */
void auger_changes_receive(struct auger_loop *loop, auger_time now)
{
    char any[8192];

    for (int i = 0; i < 64 && recv(loop->changes.udp.fd, any, sizeof(any), 0) != -1; i++)
        ;
    loop->changed_at = auger_time_min(loop->changed_at, auger_time_add(now, QUIET));
}

/* --- shared sockets ------------------------------------------------------------------------ */

/* Every peer of the mux may send from it.  One that has no room for it goes on without. */
static void offer(struct auger_loop *loop, const struct auger_loop_mux *mux,
                  const struct auger_addr *ip, auger_time now)
{
    for (size_t i = 0; i < loop->slots_len; i++)
        for (size_t j = 0; loop->slots[i]->mux == mux && j < mux->sockets_len; j++)
            if (auger_addr_ip_equal(&mux->sockets[j].watch.udp.addr, ip))
                (void)!auger_peer_add_local_addr(loop->slots[i]->peer, now,
                                                 &mux->sockets[j].watch.udp.addr);
}

/* One that is gone again, or not there yet, is for the next look. */
static void tell_unbound(struct auger_loop *loop, const struct auger_loop_mux *mux,
                         const struct auger_addr *ip, int err)
{
    char what[AUGER_ADDR_TEXT_MAX + 64], text[AUGER_ADDR_TEXT_MAX];
    int saved = errno;

    if (err == AUGER_ERR_SYSTEM && saved == EADDRNOTAVAIL)
        return;
    snprintf(what, sizeof(what),
             "shared sockets, ports %u to %u, do without %s:", mux->net.port_min, mux->net.port_max,
             auger_addr_format_ip(ip, text, sizeof(text)));
    auger_troubles_add(&loop->troubles, 0, err, what,
                       err == AUGER_ERR_SYSTEM ? strerror(saved) : auger_strerror(err));
}

/* true: something has come. */
static bool open_new(struct auger_loop *loop, struct auger_loop_mux *mux,
                     const struct auger_machine *machine, bool is_last, auger_time now)
{
    bool has_more = false;

    for (size_t i = 0; i < machine->len; i++) {
        const struct auger_net_addr *net = &machine->rows[i].net;
        if (net->left_out || auger_shared_has(mux, &net->addr))
            continue;
        int err = auger_shared_add(mux, &net->addr, loop->config.socket_buffer, loop->epoll_fd);
        if (err < 0 && is_last)
            tell_unbound(loop, mux, &net->addr, err);
        if (err < 0)
            continue;
        offer(loop, mux, &net->addr, now);
        has_more = true;
    }
    return has_more;
}

static void close_gone(struct auger_loop *loop, struct auger_loop_mux *mux,
                       const struct auger_machine *machine, auger_time now)
{
    for (size_t i = 0; i < mux->sockets_len; i++) {
        struct auger_shared_socket *socket = &mux->sockets[i];
        if (socket->watch.udp.fd < 0 || auger_machine_has(machine, &socket->watch.udp.addr))
            continue;
        for (size_t j = 0; j < loop->slots_len; j++)
            if (loop->slots[j]->mux == mux)
                auger_slot_lose_shared(loop->slots[j], socket, now);
        auger_shared_close(socket);
    }
}

/* What comes is there before what goes is not, unless it needs its place. */
static void follow_mux(struct auger_loop *loop, struct auger_loop_mux *mux,
                       struct auger_machine *machine, auger_time now)
{
    auger_interfaces_judge(&mux->net, machine);
    bool has_more = open_new(loop, mux, machine, false, now);
    close_gone(loop, mux, machine, now);
    has_more |= open_new(loop, mux, machine, true, now);
    for (size_t i = 0; has_more && i < loop->slots_len; i++)
        if (loop->slots[i]->mux == mux)
            auger_peer_end_of_local_addrs(loop->slots[i]->peer, now);
}

/* --- all of them ---------------------------------------------------------------------------- */

static bool follows(const struct auger_slot *slot)
{
    return slot->follows || (slot->mux && slot->mux->follows);
}

/* Before an event is taken: a candidate without a name is not told at all. */
void auger_changes_follow(struct auger_loop *loop, struct auger_machine *machine, auger_time now)
{
    for (struct auger_loop_mux *mux = loop->muxes; mux; mux = mux->next)
        if (mux->follows)
            follow_mux(loop, mux, machine, now);
    for (size_t i = 0; i < loop->slots_len; i++) {
        struct auger_slot *slot = loop->slots[i];
        auger_bases_follow(slot, loop->epoll_fd, machine, now);
        if (follows(slot) && slot->hides)
            auger_names_hide(loop, slot, now);
        auger_ports_follow(loop, slot, now);
    }
    auger_nat64_changed(loop, machine, now);
}

void auger_changes_handle_timeout(struct auger_loop *loop, auger_time now)
{
    struct auger_machine *machine;

    if (now < loop->changed_at)
        return;
    loop->changed_at = AUGER_NEVER;
    machine = calloc(1, sizeof(*machine));
    if (!machine || auger_machine_read(machine) < 0) {
        free(machine);
        loop->changed_at = auger_time_add(now, AGAIN);
        return;
    }
    auger_changes_follow(loop, machine, now);
    free(machine);
}
