/* bench/turn_forwarder.c - passes datagrams on and does nothing else: what a relay could do at most
 * with the same system calls.
 *
 *     turn_forwarder plain|mmsg|gso NEAR FAR PEER
 *
 * What comes to NEAR leaves from FAR to PEER; what comes to FAR leaves from NEAR to who sent there
 * last.  `plain` is recvfrom and sendto, `mmsg` recvmmsg and sendmmsg, `gso` the same with
 * datagrams that the kernel has put together (GRO), sent as it got them (GSO). */
#define _GNU_SOURCE
#include <auger/base.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define BATCH 32
#define LONGEST 65536
#define CONTROL CMSG_SPACE(sizeof(int))

enum kind { PLAIN, MMSG, GSO };

struct forwarder {
    enum kind kind;
    int near, far;
    struct sockaddr_in peer, client;
};

static struct mmsghdr heads[BATCH];
static struct iovec parts[BATCH];
static struct sockaddr_in from[BATCH];
static _Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL];
static uint8_t bytes[BATCH][LONGEST];

static void must(bool is_so, const char *what)
{
    if (is_so)
        return;
    fprintf(stderr, "turn_forwarder: %s\n", what);
    exit(1);
}

static struct sockaddr_in read_addr(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct auger_addr addr;

    must(auger_addr_parse(&addr, text) == 0 && addr.family == AUGER_IPV4, "wrong address");
    in.sin_port = htons(addr.port);
    memcpy(&in.sin_addr, addr.ip, 4);
    return in;
}

static int open_socket(enum kind kind, const char *text)
{
    const int on = 1, buffer = 8 * 1024 * 1024;
    struct sockaddr_in addr = read_addr(text);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    must(fd >= 0 && bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0, "no socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
    if (kind == GSO)
        must(setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)) == 0, "no GRO");
    return fd;
}

/* --- recvfrom and sendto ------------------------------------------------------------------------
 */

static void pass_plain(int in, int out, const struct sockaddr_in *to, struct sockaddr_in *seen)
{
    for (int i = 0; i < BATCH; i++) {
        socklen_t len = sizeof(*seen);
        ssize_t got = recvfrom(in, bytes[0], LONGEST, 0, (struct sockaddr *)seen, &len);
        if (got < 0)
            return;
        (void)sendto(out, bytes[0], (size_t)got, 0, (const struct sockaddr *)to, sizeof(*to));
    }
}

/* --- many at a time
 * --------------------------------------------------------------------------------- */

static void make_room(enum kind kind)
{
    for (size_t i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){.iov_base = bytes[i], .iov_len = LONGEST};
        heads[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                           .msg_namelen = sizeof(from[i]),
                                           .msg_iov = &parts[i],
                                           .msg_iovlen = 1,
                                           .msg_control = kind == GSO ? control[i] : NULL,
                                           .msg_controllen = kind == GSO ? CONTROL : 0};
    }
}

/* The size of the pieces, as it came, is that of the pieces that leave. */
static void keep_pieces(struct msghdr *head)
{
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(head);
    int size = 0;

    if (cmsg && cmsg->cmsg_type == UDP_GRO)
        memcpy(&size, CMSG_DATA(cmsg), sizeof(size));
    const uint16_t segment = (uint16_t)size;
    if (size == 0 || (size_t)size >= head->msg_iov->iov_len) {
        head->msg_control = NULL;
        head->msg_controllen = 0;
        return;
    }
    cmsg->cmsg_level = IPPROTO_UDP;
    cmsg->cmsg_type = UDP_SEGMENT;
    cmsg->cmsg_len = CMSG_LEN(sizeof(segment));
    memcpy(CMSG_DATA(cmsg), &segment, sizeof(segment));
    head->msg_controllen = CMSG_SPACE(sizeof(segment));
}

static void pass_many(enum kind kind, int in, int out, struct sockaddr_in *to,
                      struct sockaddr_in *seen)
{
    make_room(kind);
    int got = recvmmsg(in, heads, BATCH, MSG_DONTWAIT, NULL);
    if (got <= 0)
        return;
    *seen = from[got - 1];
    for (int i = 0; i < got; i++) {
        parts[i].iov_len = heads[i].msg_len;
        heads[i].msg_hdr.msg_name = to;
        if (kind == GSO)
            keep_pieces(&heads[i].msg_hdr);
    }
    for (int sent = 0, n = 0; sent<got; sent += n> 0 ? n : 1)
        n = sendmmsg(out, heads + sent, (unsigned)(got - sent), 0);
}

static void pass(struct forwarder *f, bool is_back)
{
    struct sockaddr_in nobody = {0};
    int in = is_back ? f->far : f->near, out = is_back ? f->near : f->far;
    struct sockaddr_in *to = is_back ? &f->client : &f->peer,
                       *seen = is_back ? &nobody : &f->client;

    if (f->kind == PLAIN)
        pass_plain(in, out, to, seen);
    else
        pass_many(f->kind, in, out, to, seen);
}

int main(int argc, char **argv)
{
    must(argc == 5, "usage: turn_forwarder plain|mmsg|gso NEAR FAR PEER");
    enum kind kind = !strcmp(argv[1], "gso") ? GSO : !strcmp(argv[1], "mmsg") ? MMSG : PLAIN;
    struct forwarder f = {.kind = kind,
                          .near = open_socket(kind, argv[2]),
                          .far = open_socket(kind, argv[3]),
                          .peer = read_addr(argv[4]),
                          .client = {.sin_family = AF_INET}};
    struct pollfd fds[] = {{.fd = f.near, .events = POLLIN}, {.fd = f.far, .events = POLLIN}};

    while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
        if (fds[0].revents)
            pass(&f, false);
        if (fds[1].revents)
            pass(&f, true);
    }
    return 1;
}
