/* io/udp.c - one UDP socket. */
#define _GNU_SOURCE
#include "io/udp.h"

#include "base/addr.h"
#include "io/sockaddr.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static void set_buffers(int fd, uint32_t buffer)
{
    int size = (int)buffer;

    /* Refused sizes cost speed, not correctness. */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static void set_options(int fd, const struct auger_addr *addr, uint32_t buffer)
{
    int on = 1;

    if (buffer > 0)
        set_buffers(fd, buffer);
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

    if (bind(fd, (const struct sockaddr *)&sa, len) < 0)
        return AUGER_ERR_SYSTEM;
    if (addr->port != 0)
        return 0;
    if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
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
    udp->gro = udp->gso = false;
    return 0;
}

void auger_udp_set_buffers(const struct auger_udp *udp, uint32_t buffer)
{
    set_buffers(udp->fd, buffer);
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

/* Room for either family's, and for the length of joined datagrams. */
union control {
    struct cmsghdr aligned;
    uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
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

/* Behind what is there already; `control` is zero at first. */
static void put(struct msghdr *message, union control *control, int level, int type,
                const void *info, size_t len)
{
    struct cmsghdr *c =
        (struct cmsghdr *)(void *)(control->bytes +
                                   (message->msg_control ? message->msg_controllen : 0));

    message->msg_controllen = (size_t)((uint8_t *)c - control->bytes) + CMSG_SPACE(len);
    message->msg_control = control;
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

#define SEGMENTS_MAX 64 /* datagrams that older kernels take as one */
#define JOINED_MAX 65000
#define PIECES 3 /* of a datagram: what is before it, itself, zeroes behind it */

void auger_udp_join(struct auger_udp *udp)
{
    socklen_t len = sizeof(int);
    int on = 1, size;

    udp->gro = setsockopt(udp->fd, SOL_UDP, UDP_GRO, &on, sizeof(on)) == 0;
    udp->gso = getsockopt(udp->fd, SOL_UDP, UDP_SEGMENT, &size, &len) == 0;
}

static size_t segment_of(const struct auger_udp *udp, struct msghdr *header)
{
    int size = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); udp->gro && c; c = CMSG_NXTHDR(header, c))
        if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
            memcpy(&size, CMSG_DATA(c), sizeof(size));
    return size > 0 ? (size_t)size : 0;
}

size_t auger_udp_receive_many(const struct auger_udp *udp, struct auger_udp_message *messages,
                              size_t max)
{
    bool has_control = udp->is_any || udp->gro;
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
                            .msg_control = has_control ? &controls[i] : NULL,
                            .msg_controllen = has_control ? sizeof(controls[i]) : 0};
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
        messages[i].segment = segment_of(udp, header);
        messages[i].local = destination(udp, header);
    }
    return got < 0 ? 0 : (size_t)got;
}

/* What one system call is given. */
struct sending {
    struct mmsghdr headers[AUGER_UDP_MANY];
    size_t runs[AUGER_UDP_MANY]; /* datagrams of each */
    size_t len;
    struct sockaddr_storage names[AUGER_UDP_MANY];
    union control controls[AUGER_UDP_MANY];
    struct iovec pieces[AUGER_UDP_SEND_MAX * PIECES];
};

static size_t whole_len(const struct auger_udp_message *message)
{
    return message->head_len + message->len + message->pad;
}

static bool has_same_ends(const struct auger_udp_message *a, const struct auger_udp_message *b)
{
    return auger_addr_equal(&a->remote, &b->remote) && auger_addr_ip_equal(&a->local, &b->local);
}

/* How many from the first on can leave as one: they are as long as it is, but the last may be
 * shorter. */
static size_t run_len(const struct auger_udp *udp, const struct auger_udp_message *messages,
                      size_t len)
{
    size_t size = whole_len(messages), sum = size, n = 1, last = size;

    while (udp->gso && n < len && n < SEGMENTS_MAX && last == size &&
           has_same_ends(messages, &messages[n])) {
        last = whole_len(&messages[n]);
        sum += last;
        if (last == 0 || last > size || sum > JOINED_MAX)
            break;
        n++;
    }
    return n;
}

static size_t add_pieces(struct iovec *pieces, const struct auger_udp_message *message)
{
    static const uint8_t zeroes[PIECES];
    size_t n = 0;

    if (message->head_len > 0)
        pieces[n++] = (struct iovec){(void *)(uintptr_t)message->head, message->head_len};
    pieces[n++] = (struct iovec){message->buf, message->len};
    if (message->pad > 0)
        pieces[n++] = (struct iovec){(void *)(uintptr_t)zeroes, message->pad};
    return n;
}

static void prepare_run(struct sending *sending, const struct auger_udp *udp,
                        const struct auger_udp_message *messages, size_t run, struct iovec *pieces)
{
    size_t i = sending->len++, n = 0;
    struct msghdr *header = &sending->headers[i].msg_hdr;
    const uint16_t segment = (uint16_t)whole_len(messages);

    for (size_t k = 0; k < run; k++)
        n += add_pieces(pieces + n, &messages[k]);
    *header = (struct msghdr){.msg_name = &sending->names[i], .msg_iov = pieces, .msg_iovlen = n};
    header->msg_namelen = auger_sockaddr_from(&sending->names[i], &messages->remote);
    sending->runs[i] = run;
    sending->controls[i] = (union control){0};
    if (udp->is_any && !is_unspecified(&messages->local))
        leave_from(header, &sending->controls[i], &messages->local);
    if (run > 1)
        put(header, &sending->controls[i], SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment));
}

/* How many datagrams there was room for. */
static size_t prepare(struct sending *sending, const struct auger_udp *udp,
                      const struct auger_udp_message *messages, size_t len)
{
    size_t at = 0;

    sending->len = 0;
    while (at < len && sending->len < AUGER_UDP_MANY) {
        size_t run = run_len(udp, messages + at, len - at);
        prepare_run(sending, udp, messages + at, run, sending->pieces + at * PIECES);
        at += run;
    }
    return at;
}

static bool is_full(int err)
{
    return err == EAGAIN || err == EWOULDBLOCK || err == ENOBUFS;
}

/* How many of them went, from the i-th on; -1: that one cannot be sent, with errno. */
static int send_some(int fd, struct sending *sending, size_t i)
{
    const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    int n = sendmmsg(fd, sending->headers + i, (unsigned)(sending->len - i), flags);

    /* A pending ICMP error (ECONNREFUSED) is told here too, in place of sending. */
    if (n < 0 && !is_full(errno))
        n = sendmmsg(fd, sending->headers + i, (unsigned)(sending->len - i), flags);
    return n;
}

/* A run that the kernel does not take as one, for its path or for a device, goes one by one. */
static size_t send_apart(const struct auger_udp *udp, const struct auger_udp_message *messages,
                         size_t run)
{
    struct auger_udp plain = *udp;

    plain.gso = false;
    return run > 1 ? auger_udp_send_many(&plain, messages, run) : 0;
}

/* false: the socket has no room for more. */
static bool send_prepared(const struct auger_udp *udp, struct sending *sending,
                          const struct auger_udp_message *messages, size_t *sent)
{
    for (size_t i = 0; i < sending->len;) {
        int n = send_some(udp->fd, sending, i);
        if (n < 0 && is_full(errno))
            return false;
        if (n < 0)
            *sent += send_apart(udp, messages, sending->runs[i]);
        size_t end = i + (n > 0 ? (size_t)n : 1);
        for (; i < end; i++) {
            *sent += n > 0 ? sending->runs[i] : 0;
            messages += sending->runs[i];
        }
    }
    return true;
}

size_t auger_udp_send_many(const struct auger_udp *udp, const struct auger_udp_message *messages,
                           size_t len)
{
    struct sending sending;
    size_t done = 0, sent = 0;

    if (len > AUGER_UDP_SEND_MAX)
        len = AUGER_UDP_SEND_MAX;
    while (done < len) {
        size_t n = prepare(&sending, udp, messages + done, len - done);
        if (!send_prepared(udp, &sending, messages + done, &sent))
            break;
        done += n;
    }
    return sent;
}
