/* tools/nat_path.c - the private routers between this host and a server, by TTL. */
#define _GNU_SOURCE
#include "tools/nat_path.h"
#include "tools/load_socket.h"
#include "tools/nat_probe.h"

#include <auger/crypto.h>
#include <auger/stun.h>

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT (1500 * AUGER_MS)
#define AGAIN (500 * AUGER_MS)
#define ICMP_TIME_EXCEEDED 11

enum hop_state { SILENT, EXPIRED, ARRIVED };

struct search {
    int fds[NAT_HOPS_MAX]; /* one a TTL */
    struct auger_addr addrs[NAT_HOPS_MAX];
    enum hop_state states[NAT_HOPS_MAX];
};

static void open_one(struct search *search, size_t i, const struct auger_addr *server)
{
    const int ttl = (int)i + 1, on = 1;
    struct sockaddr_storage to;
    socklen_t len = load_addr_to_sockaddr(server, &to);

    search->fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (search->fds[i] < 0)
        return;
    (void)setsockopt(search->fds[i], IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
    (void)setsockopt(search->fds[i], IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
    (void)!connect(search->fds[i], (const struct sockaddr *)&to, len);
}

/* A Binding request, so that a server that gets it takes no harm. */
static void ask(const struct search *search)
{
    const struct auger_env *env = auger_env_system();
    struct auger_stun_tid tid;
    struct auger_stun_builder b;
    uint8_t buf[64];

    if (env->random(env->user, tid.bytes, sizeof(tid.bytes)) < 0)
        return;
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_REQUEST, AUGER_STUN_BINDING, &tid);
    int len = auger_stun_build_end(&b);
    for (size_t i = 0; i < NAT_HOPS_MAX && len > 0; i++)
        if (search->fds[i] >= 0 && search->states[i] == SILENT)
            (void)!send(search->fds[i], buf, (size_t)len, 0);
}

/* Who reported: RFC 792's time exceeded, whose sender the kernel names. */
static bool read_error(int fd, struct auger_addr *offender)
{
    uint8_t control[512], data[64];
    struct iovec iov = {data, sizeof(data)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};

    if (recvmsg(fd, &msg, MSG_ERRQUEUE) < 0)
        return false;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(&msg); at; at = CMSG_NXTHDR(&msg, at)) {
        struct {
            struct sock_extended_err error;
            struct sockaddr_in offender; /* SO_EE_OFFENDER */
        } told;
        if (at->cmsg_level != IPPROTO_IP || at->cmsg_type != IP_RECVERR ||
            at->cmsg_len < CMSG_LEN(sizeof(told)))
            continue;
        memcpy(&told, CMSG_DATA(at), sizeof(told));
        if (told.error.ee_origin != SO_EE_ORIGIN_ICMP || told.error.ee_type != ICMP_TIME_EXCEEDED)
            return false;
        load_addr_from_sockaddr(offender, (const struct sockaddr *)&told.offender);
        return offender->family == AUGER_IPV4;
    }
    return false;
}

static void listen_once(struct search *search, int interrupt_fd, int wait_ms)
{
    struct pollfd fds[NAT_HOPS_MAX + 1];
    uint8_t buf[256];

    for (size_t i = 0; i < NAT_HOPS_MAX; i++)
        fds[i] = (struct pollfd){.fd = search->states[i] == SILENT ? search->fds[i] : -1,
                                 .events = POLLIN};
    fds[NAT_HOPS_MAX] = (struct pollfd){.fd = interrupt_fd, .events = POLLIN};
    if (poll(fds, NAT_HOPS_MAX + 1, wait_ms) <= 0)
        return;
    for (size_t i = 0; i < NAT_HOPS_MAX; i++) {
        if (fds[i].revents & POLLERR && read_error(search->fds[i], &search->addrs[i]))
            search->states[i] = EXPIRED;
        if (fds[i].revents & POLLIN && recv(search->fds[i], buf, sizeof(buf), 0) >= 0)
            search->states[i] = ARRIVED;
    }
}

static bool is_interrupted(int interrupt_fd)
{
    struct pollfd fd = {.fd = interrupt_fd, .events = POLLIN};

    return poll(&fd, 1, 0) > 0;
}

/* Whether all is known up to who is public, or the server. */
static bool is_found(const struct search *search)
{
    for (size_t i = 0; i < NAT_HOPS_MAX && search->states[i] != SILENT; i++)
        if (search->states[i] == ARRIVED)
            return true;
    return false;
}

static struct nat_hop hop_of(const struct auger_addr *addr)
{
    const uint8_t *ip = addr->ip;
    bool carriers = ip[0] == 100 && (ip[1] & 0xC0) == 64;

    return (struct nat_hop){.addr = *addr,
                            .is_private = addr->family == AUGER_IPV4 &&
                                          (ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xF0) == 16) ||
                                           (ip[0] == 192 && ip[1] == 168)),
                            .is_carriers = addr->family == AUGER_IPV4 && carriers};
}

static void conclude(const struct search *search, struct nat_path *path)
{
    size_t last = 0;

    for (size_t i = 0; i < NAT_HOPS_MAX && search->states[i] != ARRIVED; i++) {
        path->hops[i] = hop_of(&search->addrs[i]);
        if (search->states[i] != EXPIRED)
            continue;
        last = i + 1;
        path->private += path->hops[i].is_private || path->hops[i].is_carriers;
        if (!path->hops[i].is_private && !path->hops[i].is_carriers)
            break;
    }
    path->len = last;
}

void nat_path_find(struct nat_path *path, const struct auger_addr *server, int interrupt_fd)
{
    struct search search = {.fds = {0}};
    auger_time began = nat_clock(), again = began + AGAIN;

    *path = (struct nat_path){.len = 0};
    for (size_t i = 0; i < NAT_HOPS_MAX; i++)
        open_one(&search, i, server);
    ask(&search);
    for (auger_time now = began;
         now < began + WAIT && !is_found(&search) && !is_interrupted(interrupt_fd);
         now = nat_clock()) {
        if (now >= again) {
            ask(&search);
            again = AUGER_NEVER;
        }
        listen_once(&search, interrupt_fd, 50);
    }
    conclude(&search, path);
    for (size_t i = 0; i < NAT_HOPS_MAX; i++)
        if (search.fds[i] >= 0)
            close(search.fds[i]);
}
