/* io/multicast.c - the sockets of multicast DNS. */
#define _GNU_SOURCE
#include "io/multicast.h"
#include "io/machine.h"
#include "io/sockaddr.h"

#include <auger/mdns.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define HOPS 255 /* RFC 6762 section 11 */

static struct auger_addr group_of(enum auger_family family)
{
    const char *ip = family == AUGER_IPV4 ? "224.0.0.251" : "ff02::fb";
    struct auger_addr group;

    (void)!auger_addr_parse_ip(&group, ip, strlen(ip), AUGER_MDNS_PORT);
    return group;
}

static bool is_group(const struct auger_addr *addr)
{
    const struct auger_addr group = group_of(addr->family);

    return auger_addr_ip_equal(addr, &group);
}

/* --- one socket ------------------------------------------------------------------------------ */

static bool set(int fd, int level, int name, const void *value, size_t len)
{
    return setsockopt(fd, level, name, value, (socklen_t)len) == 0;
}

static bool set_int(int fd, int level, int name, int value)
{
    return set(fd, level, name, &value, sizeof(value));
}

/* Others on this machine, this program's neighbours among them, have sockets of the same port. */
static bool share_port(int fd)
{
    return set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) && set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

/* Into the group on this interface alone, out of it as well; we hear ourselves, because those of
 * the same machine must. */
static bool join_v4(int fd, uint32_t index)
{
    struct ip_mreqn member = {.imr_ifindex = (int)index};
    struct auger_addr group = group_of(AUGER_IPV4);

    memcpy(&member.imr_multiaddr, group.ip, 4);
    return set(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof(member)) &&
           set(fd, IPPROTO_IP, IP_MULTICAST_IF, &member, sizeof(member)) &&
           set_int(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0) &&
           set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1) &&
           set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, HOPS) && set_int(fd, IPPROTO_IP, IP_TTL, HOPS);
}

static bool join_v6(int fd, uint32_t index)
{
    struct ipv6_mreq member = {.ipv6mr_interface = index};
    struct auger_addr group = group_of(AUGER_IPV6);

    memcpy(&member.ipv6mr_multiaddr, group.ip, 16);
    return set(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &member, sizeof(member)) &&
           set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)index) &&
           set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1) &&
           set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, HOPS) &&
           set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, HOPS);
}

static bool bind_to_group(int fd, enum auger_family family, uint32_t index)
{
    struct auger_addr group = group_of(family);
    struct sockaddr_storage sa;

    if (family == AUGER_IPV6) {
        group.scope = index;
        if (!set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
            return false;
    }
    socklen_t len = auger_sockaddr_from(&sa, &group);
    return bind(fd, (const struct sockaddr *)&sa, len) == 0;
}

/* Its descriptor, or -1. */
static int open_socket(enum auger_family family, uint32_t index)
{
    int fd = socket(family == AUGER_IPV4 ? AF_INET : AF_INET6,
                    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (share_port(fd) && bind_to_group(fd, family, index) &&
        (family == AUGER_IPV4 ? join_v4(fd, index) : join_v6(fd, index)))
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* --- all of them ------------------------------------------------------------------------------ */

static bool has_joined(const struct auger_multicast *multicast, enum auger_family family,
                       uint32_t index)
{
    for (size_t i = 0; i < multicast->len; i++)
        if (multicast->sockets[i].family == family && multicast->sockets[i].index == index)
            return true;
    return false;
}

static void join(struct auger_multicast *multicast, int epoll_fd, enum auger_family family,
                 uint32_t index)
{
    struct auger_multicast_socket *socket = &multicast->sockets[multicast->len];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &socket->watch};

    if (multicast->len == AUGER_MULTICAST_SOCKETS_MAX || has_joined(multicast, family, index))
        return;
    int fd = open_socket(family, index);
    if (fd < 0)
        return;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        close(fd);
        return;
    }
    *socket = (struct auger_multicast_socket){.family = family, .index = index};
    socket->watch = (struct auger_watch){.kind = AUGER_WATCH_MDNS, .udp.fd = fd};
    multicast->len++;
}

static uint32_t index_of(const struct auger_machine *machine, const struct auger_addr *addr)
{
    for (size_t i = 0; i < machine->len; i++)
        if (auger_addr_ip_equal(&machine->rows[i].net.addr, addr))
            return machine->rows[i].index;
    return 0;
}

/* An interface is used with every family that it has an address of. */
static void join_interface(struct auger_multicast *multicast, int epoll_fd,
                           const struct auger_machine *machine, uint32_t index)
{
    for (size_t i = 0; i < machine->len; i++)
        if (index != 0 && machine->rows[i].index == index)
            join(multicast, epoll_fd, machine->rows[i].net.addr.family, index);
}

int auger_multicast_join(struct auger_multicast *multicast, int epoll_fd,
                         const struct auger_addr *addrs, size_t len)
{
    struct auger_machine *machine = calloc(1, sizeof(*machine));

    if (!machine)
        return AUGER_ERR_NO_MEMORY;
    int err = auger_machine_read(machine);
    for (size_t i = 0; err == 0 && i < len; i++)
        join_interface(multicast, epoll_fd, machine, index_of(machine, &addrs[i]));
    free(machine);
    return multicast->len > 0 ? 0 : AUGER_ERR_SYSTEM;
}

void auger_multicast_close(struct auger_multicast *multicast)
{
    for (size_t i = 0; i < multicast->len; i++)
        auger_udp_close(&multicast->sockets[i].watch.udp);
    multicast->len = 0;
}

/* --- sending ------------------------------------------------------------------------------------
 */

void auger_multicast_send(const struct auger_multicast *multicast, const struct auger_addr *to,
                          const uint8_t *buf, size_t len)
{
    bool to_all = is_group(to);

    for (size_t i = 0; i < multicast->len; i++) {
        const struct auger_multicast_socket *socket = &multicast->sockets[i];
        struct auger_addr target = *to;
        if (socket->family != to->family || (to->scope != 0 && to->scope != socket->index))
            continue;
        if (to_all && socket->family == AUGER_IPV6)
            target.scope = socket->index;
        if (auger_udp_send(&socket->watch.udp, &target, buf, len) == AUGER_UDP_SENT && !to_all)
            return;
    }
}
