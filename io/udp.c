/* io/udp.c - one UDP socket. */
#define _GNU_SOURCE
#include "io/udp.h"

#include "base/addr.h"
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

static void share_port(int fd)
{
    int on = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
}

static bool is_unspecified(const struct auger_addr *addr)
{
    static const uint8_t zeros[16];

    return memcmp(addr->ip, zeros, addr->family == AUGER_IPV4 ? 4 : 16) == 0;
}

static bool tell_destinations(int fd, enum auger_family family)
{
    int on = 1;

    return family == AUGER_IPV4
               ? setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) == 0
               : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) == 0;
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
    return auger_udp_open_shared(udp, addr, buffer, false);
}

int auger_udp_open_shared(struct auger_udp *udp, struct auger_addr *addr, uint32_t buffer,
                          bool shares_port)
{
    int family = addr->family == AUGER_IPV4 ? AF_INET : AF_INET6;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return AUGER_ERR_SYSTEM;
    set_options(fd, addr, buffer);
    if (shares_port)
        share_port(fd);
    int err = bind_to(fd, addr);
    if (err == 0 && is_unspecified(addr) && !tell_destinations(fd, addr->family))
        err = AUGER_ERR_SYSTEM;
    if (err < 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return err;
    }
    udp->fd = fd;
    udp->addr = *addr;
    udp->is_any = is_unspecified(addr);
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

/* --- where a datagram came to, and leaves from (RFC 3542 section 6) ---------------------- */

/* Room for either family's. */
union control {
    struct cmsghdr aligned;
    uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static struct auger_addr destination(const struct auger_udp *udp, struct msghdr *message)
{
    struct auger_addr to = udp->addr;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); udp->is_any && c;
         c = CMSG_NXTHDR(message, c)) {
        struct in_pktinfo v4;
        struct in6_pktinfo v6;
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            memcpy(&v4, CMSG_DATA(c), sizeof(v4));
            memcpy(to.ip, &v4.ipi_addr, 4);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            memcpy(&v6, CMSG_DATA(c), sizeof(v6));
            memcpy(to.ip, &v6.ipi6_addr, 16);
            to.scope = auger_addr_is_link_local(&to) ? v6.ipi6_ifindex : 0;
        }
    }
    return to;
}

static void put(struct msghdr *message, union control *control, int level, int type,
                const void *info, size_t len)
{
    message->msg_control = control;
    message->msg_controllen = CMSG_SPACE(len);
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(c), info, len);
}

static void leave_from(struct msghdr *message, union control *control,
                       const struct auger_addr *from)
{
    struct in_pktinfo v4 = {0};
    struct in6_pktinfo v6 = {.ipi6_ifindex = from->scope};

    if (from->family == AUGER_IPV4) {
        memcpy(&v4.ipi_spec_dst, from->ip, 4);
        put(message, control, IPPROTO_IP, IP_PKTINFO, &v4, sizeof(v4));
    } else {
        memcpy(&v6.ipi6_addr, from->ip, 16);
        put(message, control, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof(v6));
    }
}

/* --- both ways ---------------------------------------------------------------------------- */

size_t auger_udp_receive(const struct auger_udp *udp, struct auger_udp_batch *batch)
{
    struct mmsghdr messages[AUGER_UDP_BATCH] = {0};
    struct sockaddr_storage names[AUGER_UDP_BATCH];
    struct iovec pieces[AUGER_UDP_BATCH];
    union control controls[AUGER_UDP_BATCH];
    size_t count = 0;

    for (size_t i = 0; i < AUGER_UDP_BATCH; i++) {
        pieces[i] = (struct iovec){.iov_base = batch->bufs[i], .iov_len = AUGER_UDP_DATAGRAM_MAX};
        messages[i].msg_hdr =
            (struct msghdr){.msg_name = &names[i],
                            .msg_namelen = sizeof(names[i]),
                            .msg_iov = &pieces[i],
                            .msg_iovlen = 1,
                            .msg_control = udp->is_any ? &controls[i] : NULL,
                            .msg_controllen = udp->is_any ? sizeof(controls[i]) : 0};
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
            batch->to[count] = destination(udp, &messages[i].msg_hdr);
            batch->lens[count++] = messages[i].msg_len;
        }
    }
    return count;
}

static ssize_t send_by(const struct auger_udp *udp, const struct auger_addr *from,
                       const struct auger_addr *to, const uint8_t *buf, size_t len)
{
    const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    struct sockaddr_storage sa;
    socklen_t sa_len = auger_sockaddr_from(&sa, to);
    struct iovec piece = {.iov_base = (void *)(uintptr_t)buf, .iov_len = len};
    struct msghdr message = {
        .msg_name = &sa, .msg_namelen = sa_len, .msg_iov = &piece, .msg_iovlen = 1};
    union control control = {0};

    if (!udp->is_any || is_unspecified(from))
        return sendto(udp->fd, buf, len, flags, (const struct sockaddr *)&sa, sa_len);
    leave_from(&message, &control, from);
    return sendmsg(udp->fd, &message, flags);
}

enum auger_udp_sent auger_udp_send_from(const struct auger_udp *udp, const struct auger_addr *from,
                                        const struct auger_addr *to, const uint8_t *buf, size_t len)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        if (send_by(udp, from, to, buf, len) >= 0)
            return AUGER_UDP_SENT;
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
            return AUGER_UDP_FULL;
        /* A pending ICMP error (ECONNREFUSED) is told here too, in place of sending. */
    }
    return AUGER_UDP_LOST;
}

enum auger_udp_sent auger_udp_send(const struct auger_udp *udp, const struct auger_addr *to,
                                   const uint8_t *buf, size_t len)
{
    return auger_udp_send_from(udp, &udp->addr, to, buf, len);
}

/* --- many at once ------------------------------------------------------------------------- */

size_t auger_udp_receive_many(const struct auger_udp *udp, struct auger_udp_message *messages,
                              size_t max)
{
    struct mmsghdr headers[AUGER_UDP_MANY];
    struct sockaddr_storage names[AUGER_UDP_MANY];
    struct iovec pieces[AUGER_UDP_MANY];
    union control controls[AUGER_UDP_MANY];

    if (max > AUGER_UDP_MANY)
        max = AUGER_UDP_MANY;
    for (size_t i = 0; i < max; i++) {
        pieces[i] = (struct iovec){.iov_base = messages[i].buf, .iov_len = messages[i].len};
        headers[i].msg_hdr =
            (struct msghdr){.msg_name = &names[i],
                            .msg_namelen = sizeof(names[i]),
                            .msg_iov = &pieces[i],
                            .msg_iovlen = 1,
                            .msg_control = udp->is_any ? &controls[i] : NULL,
                            .msg_controllen = udp->is_any ? sizeof(controls[i]) : 0};
    }
    /* An ICMP error of an earlier datagram comes as an error here, once: read on. */
    int got = recvmmsg(udp->fd, headers, (unsigned)max, MSG_DONTWAIT, NULL);
    if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
        got = recvmmsg(udp->fd, headers, (unsigned)max, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++) {
        struct msghdr *header = &headers[i].msg_hdr;
        if ((header->msg_flags & MSG_TRUNC) ||
            !auger_sockaddr_to((const struct sockaddr *)&names[i], &messages[i].remote))
            messages[i].remote.family = AUGER_FAMILY_NONE;
        messages[i].len = headers[i].msg_len;
        messages[i].local = destination(udp, header);
    }
    return got < 0 ? 0 : (size_t)got;
}

/* Sends from the first on; how many are dealt with, which one that cannot be sent is too. */
static size_t send_some(int fd, struct mmsghdr *headers, size_t len, size_t *sent)
{
    const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    int n = sendmmsg(fd, headers, (unsigned)len, flags);

    /* A pending ICMP error (ECONNREFUSED) is told here too, in place of sending. */
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS)
        n = sendmmsg(fd, headers, (unsigned)len, flags);
    if (n > 0) {
        *sent += (size_t)n;
        return (size_t)n;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? len : 1;
}

size_t auger_udp_send_many(const struct auger_udp *udp, const struct auger_udp_message *messages,
                           size_t len)
{
    struct mmsghdr headers[AUGER_UDP_MANY];
    struct sockaddr_storage names[AUGER_UDP_MANY];
    struct iovec pieces[AUGER_UDP_MANY];
    union control controls[AUGER_UDP_MANY];
    size_t done = 0, sent = 0;

    if (len > AUGER_UDP_MANY)
        len = AUGER_UDP_MANY;
    for (size_t i = 0; i < len; i++) {
        struct msghdr *header = &headers[i].msg_hdr;
        pieces[i] = (struct iovec){.iov_base = messages[i].buf, .iov_len = messages[i].len};
        *header = (struct msghdr){.msg_name = &names[i], .msg_iov = &pieces[i], .msg_iovlen = 1};
        header->msg_namelen = auger_sockaddr_from(&names[i], &messages[i].remote);
        if (udp->is_any && !is_unspecified(&messages[i].local)) {
            memset(&controls[i], 0, sizeof(controls[i]));
            leave_from(header, &controls[i], &messages[i].local);
        }
    }
    while (done < len)
        done += send_some(udp->fd, headers + done, len - done, &sent);
    return sent;
}
