/* io/udp.c - one UDP socket. */
#define _GNU_SOURCE
#include "io/udp.h"
#include "io/sockaddr.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static void set_options(int fd, const struct auger_addr *addr, uint32_t buffer)
{
    int on = 1, size = (int)buffer;

    /* Refused sizes and options cost speed, not correctness. */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    if (addr->family == AUGER_IPV6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
}

static int bind_to(int fd, struct auger_addr *addr)
{
    struct sockaddr_storage sa;
    socklen_t len = auger_sockaddr_from(&sa, addr);

    if (bind(fd, (const struct sockaddr *)&sa, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
        return AUGER_ERR_SYSTEM;
    struct auger_addr bound;
    if (!auger_sockaddr_to((const struct sockaddr *)&sa, &bound))
        return AUGER_ERR_SYSTEM;
    addr->port = bound.port;
    return 0;
}

int auger_udp_open(struct auger_udp *udp, struct auger_addr *addr, uint32_t buffer)
{
    int family = addr->family == AUGER_IPV4 ? AF_INET : AF_INET6;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return AUGER_ERR_SYSTEM;
    set_options(fd, addr, buffer);
    int err = bind_to(fd, addr);
    if (err < 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return err;
    }
    udp->fd = fd;
    udp->addr = *addr;
    return 0;
}

/* The lower two bits are those of RFC 3168.  A system that refuses sends unmarked. */
void auger_udp_mark(const struct auger_udp *udp, uint8_t dscp)
{
    int value = dscp << 2;

    if (udp->addr.family == AUGER_IPV4)
        (void)setsockopt(udp->fd, IPPROTO_IP, IP_TOS, &value, sizeof(value));
    else
        (void)setsockopt(udp->fd, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof(value));
}

void auger_udp_close(struct auger_udp *udp)
{
    if (udp->fd >= 0)
        close(udp->fd);
    udp->fd = -1;
}

size_t auger_udp_receive(const struct auger_udp *udp, struct auger_udp_batch *batch)
{
    struct mmsghdr messages[AUGER_UDP_BATCH] = {0};
    struct sockaddr_storage names[AUGER_UDP_BATCH];
    struct iovec pieces[AUGER_UDP_BATCH];
    size_t count = 0;

    for (size_t i = 0; i < AUGER_UDP_BATCH; i++) {
        pieces[i] = (struct iovec){.iov_base = batch->bufs[i], .iov_len = AUGER_UDP_DATAGRAM_MAX};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &names[i],
                                              .msg_namelen = sizeof(names[i]),
                                              .msg_iov = &pieces[i],
                                              .msg_iovlen = 1};
    }
    /* An ICMP error of an earlier datagram comes as an error here, once: read on. */
    int got = recvmmsg(udp->fd, messages, AUGER_UDP_BATCH, MSG_DONTWAIT, NULL);
    if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
        got = recvmmsg(udp->fd, messages, AUGER_UDP_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++) {
        bool whole = !(messages[i].msg_hdr.msg_flags & MSG_TRUNC);
        if (whole && auger_sockaddr_to((const struct sockaddr *)&names[i], &batch->from[count])) {
            if (count != (size_t)i)
                memcpy(batch->bufs[count], batch->bufs[i], messages[i].msg_len);
            batch->lens[count++] = messages[i].msg_len;
        }
    }
    return count;
}

enum auger_udp_sent auger_udp_send(const struct auger_udp *udp, const struct auger_addr *to,
                                   const uint8_t *buf, size_t len)
{
    struct sockaddr_storage sa;
    socklen_t sa_len = auger_sockaddr_from(&sa, to);

    for (int attempt = 0; attempt < 2; attempt++) {
        if (sendto(udp->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&sa,
                   sa_len) >= 0)
            return AUGER_UDP_SENT;
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
            return AUGER_UDP_FULL;
        /* A pending ICMP error (ECONNREFUSED) is told here too, in place of sending. */
    }
    return AUGER_UDP_LOST;
}
