/* tools/nat_probe.c - the sockets of a discovery, and what passes through them. */
#define _GNU_SOURCE
#include "tools/nat_probe.h"
#include "tools/load_socket.h"

#include <auger/crypto.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT_LOW 32768 /* RFC 5780, 4.1 */
#define PORTS 32768
#define TRIES 64
#define READS_MAX 64 /* of one socket in one turn */

auger_time nat_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (auger_time)now.tv_sec * AUGER_SEC + now.tv_nsec;
}

bool nat_probe_local(const struct auger_addr *to, struct auger_addr *local)
{
    struct sockaddr_storage addr;
    socklen_t len = load_addr_to_sockaddr(to, &addr);
    int fd = socket(addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return false;
    bool is_connected = connect(fd, (const struct sockaddr *)&addr, len) == 0;
    if (is_connected)
        load_socket_name(fd, local);
    close(fd);
    return is_connected;
}

/* --- opening ------------------------------------------------------------------------------- */

static int open_at(const struct auger_addr *local)
{
    struct sockaddr_storage addr;
    socklen_t len = load_addr_to_sockaddr(local, &addr);
    int fd = socket(addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && bind(fd, (const struct sockaddr *)&addr, len) < 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* As many beside each other, the first even. */
static bool open_beside(struct nat_probe *probe, size_t first, size_t count,
                        const struct auger_addr *ip)
{
    for (int tries = 0; tries < TRIES; tries++) {
        const struct auger_env *env = auger_env_system();
        uint16_t draw;
        size_t i = 0;

        if (env->random(env->user, (uint8_t *)&draw, sizeof(draw)) < 0)
            return false;
        for (; i < count; i++) {
            probe->locals[first + i] = *ip;
            probe->locals[first + i].port = (uint16_t)(PORT_LOW + (draw % PORTS & ~1) + i);
            probe->fds[first + i] = open_at(&probe->locals[first + i]);
            if (probe->fds[first + i] < 0)
                break;
        }
        if (i == count)
            return true;
        while (i-- > 0)
            close(probe->fds[first + i]);
        if (errno != EADDRINUSE && errno != EACCES)
            break;
    }
    for (size_t i = 0; i < count; i++)
        probe->fds[first + i] = -1;
    return false;
}

static bool open_all(struct nat_probe *probe, const struct auger_addr *ip)
{
    for (size_t i = 0; i < AUGER_DISCOVERY_FIRST_PAIR; i++)
        if (!open_beside(probe, i, 1, ip))
            return false;
    for (size_t i = AUGER_DISCOVERY_FIRST_PAIR; i < AUGER_DISCOVERY_SOCKETS; i += 2)
        if (!open_beside(probe, i, 2, ip))
            return false;
    return true;
}

const char *nat_probe_open(struct nat_probe *probe, const struct nat_targets *targets,
                           auger_time lifetime_max, auger_time now)
{
    struct auger_discovery_config config;
    struct auger_addr ip;

    *probe = (struct nat_probe){.discovery = NULL};
    for (size_t i = 0; i < AUGER_DISCOVERY_SOCKETS; i++)
        probe->fds[i] = -1;
    if (!nat_probe_local(&targets->addrs[0], &ip))
        return strerror(errno);
    if (!open_all(probe, &ip))
        return strerror(errno);
    auger_discovery_config_init(&config);
    config.locals = probe->locals;
    config.locals_len = AUGER_DISCOVERY_SOCKETS;
    config.servers = targets->addrs;
    config.servers_len = targets->len;
    config.lifetime_max = lifetime_max;
    int err = auger_discovery_new(&probe->discovery, auger_env_system(), now, &config);
    return err < 0 ? "that is no address of a server" : NULL;
}

void nat_probe_close(struct nat_probe *probe)
{
    for (size_t i = 0; i < AUGER_DISCOVERY_SOCKETS; i++)
        if (probe->fds[i] >= 0)
            close(probe->fds[i]);
    auger_discovery_free(probe->discovery);
    probe->discovery = NULL;
}

/* --- datagrams ------------------------------------------------------------------------------- */

/* With DF whatever the kernel thinks of the path (RFC 8899, 4.5), or without. */
static void set_df(struct nat_probe *probe, size_t i, bool df)
{
    bool is_ipv4 = probe->locals[i].family == AUGER_IPV4;
    int value = is_ipv4 ? (df ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT)
                        : (df ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DONT);

    if (probe->df[i] != df)
        (void)setsockopt(probe->fds[i], is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
                         is_ipv4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, &value, sizeof(value));
    probe->df[i] = df;
}

/* What cannot be sent is lost, as it may be further on. */
static void send_all(struct nat_probe *probe, auger_time now)
{
    uint8_t buf[AUGER_DISCOVERY_DATAGRAM_MAX];
    struct auger_discovery_way way;
    struct sockaddr_storage to;
    size_t len;

    while ((len = auger_discovery_poll_transmit(probe->discovery, now, &way, buf, sizeof(buf))) >
           0) {
        socklen_t to_len = load_addr_to_sockaddr(&way.to, &to);
        set_df(probe, way.socket, way.dont_fragment);
        (void)!sendto(probe->fds[way.socket], buf, len, 0, (const struct sockaddr *)&to, to_len);
    }
}

static void receive_from(struct nat_probe *probe, size_t i, auger_time now)
{
    uint8_t buf[AUGER_DISCOVERY_DATAGRAM_MAX];
    struct sockaddr_storage from;
    struct auger_addr addr;

    for (int reads = 0; reads < READS_MAX; reads++) {
        socklen_t from_len = sizeof(from);
        ssize_t len = recvfrom(probe->fds[i], buf, sizeof(buf), MSG_TRUNC, (struct sockaddr *)&from,
                               &from_len);
        if (len < 0)
            return;
        load_addr_from_sockaddr(&addr, (const struct sockaddr *)&from);
        if ((size_t)len <= sizeof(buf))
            auger_discovery_handle_datagram(probe->discovery, now, i, &addr, buf, (size_t)len);
    }
}

void nat_probe_turn(struct nat_probe *probe, auger_time now)
{
    for (size_t i = 0; i < AUGER_DISCOVERY_SOCKETS; i++)
        receive_from(probe, i, now);
    auger_discovery_handle_timeout(probe->discovery, now);
    send_all(probe, now);
}

size_t nat_probe_watch(const struct nat_probe *probe, struct pollfd *pollfds)
{
    for (size_t i = 0; i < AUGER_DISCOVERY_SOCKETS; i++)
        pollfds[i] = (struct pollfd){.fd = probe->fds[i], .events = POLLIN};
    return AUGER_DISCOVERY_SOCKETS;
}
