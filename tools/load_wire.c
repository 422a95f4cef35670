/* tools/load_wire.c - many datagrams by one system call. */
#define _GNU_SOURCE
#include "tools/load_wire.h"
#include "tools/load_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define MESSAGES 16      /* taken in by one call */
#define MESSAGE_IN 65536 /* what the kernel made one of can be that long */
#define CONTROL 64

struct load_wire {
    bool is_batched;
    bool has_gso; /* so far as we know */
    uint8_t out[LOAD_BATCH * LOAD_MESSAGE_MAX];
    struct mmsghdr heads[LOAD_BATCH];
    struct iovec parts[LOAD_BATCH];
    /* What came in: how many, which is being cut up, and where. */
    uint8_t (*in)[MESSAGE_IN];
    struct mmsghdr in_heads[MESSAGES];
    struct iovec in_parts[MESSAGES];
    uint8_t control[MESSAGES][CONTROL];
    size_t in_len, in_at, offset;
};

struct load_wire *load_wire_new(bool is_batched, bool has_gso)
{
    struct load_wire *wire = calloc(1, sizeof(*wire));

    if (!wire)
        return NULL;
    wire->is_batched = is_batched;
    wire->has_gso = is_batched && has_gso;
    wire->in = malloc(sizeof(wire->in[0]) * MESSAGES);
    if (!wire->in) {
        free(wire);
        return NULL;
    }
    return wire;
}

void load_wire_free(struct load_wire *wire)
{
    if (!wire)
        return;
    free(wire->in);
    free(wire);
}

void load_wire_prepare(const struct load_wire *wire, int fd)
{
    const int on = 1;

    if (wire->is_batched) /* a kernel without it gives them one by one */
        (void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
}

/* --- out -------------------------------------------------------------------------------------- */

uint8_t *load_wire_room(struct load_wire *wire, size_t i, size_t size)
{
    return wire->out + i * size;
}

/* One large datagram, of which the kernel makes `count`. */
static size_t send_as_one(struct load_wire *wire, int fd, const struct msghdr *to, size_t size,
                          size_t count)
{
    struct iovec part = {.iov_base = wire->out, .iov_len = size * count};
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(uint16_t))] = {0};
    const struct msghdr head = {.msg_name = to->msg_name,
                                .msg_namelen = to->msg_namelen,
                                .msg_iov = &part,
                                .msg_iovlen = 1,
                                .msg_control = control,
                                .msg_controllen = sizeof(control)};
    const uint16_t segment = (uint16_t)size;
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&head);

    cmsg->cmsg_level = IPPROTO_UDP;
    cmsg->cmsg_type = UDP_SEGMENT;
    cmsg->cmsg_len = CMSG_LEN(sizeof(segment));
    memcpy(CMSG_DATA(cmsg), &segment, sizeof(segment));
    return sendmsg(fd, &head, 0) < 0 ? 0 : count;
}

static size_t send_each(struct load_wire *wire, int fd, const struct msghdr *head, size_t size,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        wire->parts[i] = (struct iovec){.iov_base = wire->out + i * size, .iov_len = size};
        wire->heads[i] = (struct mmsghdr){.msg_hdr = *head};
        wire->heads[i].msg_hdr.msg_iov = &wire->parts[i];
        wire->heads[i].msg_hdr.msg_iovlen = 1;
    }
    if (wire->is_batched) {
        int sent = sendmmsg(fd, wire->heads, (unsigned)count, 0);
        return sent < 0 ? 0 : (size_t)sent;
    }
    for (size_t i = 0; i < count; i++)
        if (sendmsg(fd, &wire->heads[i].msg_hdr, 0) < 0)
            return i;
    return count;
}

/* What a kernel, or an interface, says that cannot do it. */
static bool is_no_gso(int err)
{
    return err == EINVAL || err == EIO || err == EOPNOTSUPP || err == EMSGSIZE ||
           err == ENOPROTOOPT;
}

size_t load_wire_send(struct load_wire *wire, int fd, const struct auger_addr *to, size_t size,
                      size_t count)
{
    struct sockaddr_storage addr;
    struct msghdr head = {0};

    if (to) {
        head.msg_namelen = load_addr_to_sockaddr(to, &addr);
        head.msg_name = &addr;
    }
    if (count > 1 && wire->has_gso) {
        size_t sent = send_as_one(wire, fd, &head, size, count);
        if (sent > 0 || !is_no_gso(errno))
            return sent;
        wire->has_gso = false;
    }
    return send_each(wire, fd, &head, size, count);
}

/* --- in --------------------------------------------------------------------------------------- */

static void make_room(struct load_wire *wire, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        wire->in_parts[i] = (struct iovec){.iov_base = wire->in[i], .iov_len = MESSAGE_IN};
        wire->in_heads[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &wire->in_parts[i],
                                                         .msg_iovlen = 1,
                                                         .msg_control = wire->control[i],
                                                         .msg_controllen = CONTROL}};
    }
}

bool load_wire_receive(struct load_wire *wire, int fd)
{
    const unsigned count = wire->is_batched ? MESSAGES : 1;

    wire->in_len = wire->in_at = wire->offset = 0;
    make_room(wire, count);
    int got = recvmmsg(fd, wire->in_heads, count, MSG_DONTWAIT, NULL);
    if (got < 0)
        return false;
    wire->in_len = (size_t)got;
    return true;
}

/* Of the pieces that the kernel has put together; the last may be shorter. */
static size_t piece_size(struct msghdr *head, size_t len)
{
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(head); cmsg; cmsg = CMSG_NXTHDR(head, cmsg))
        if (cmsg->cmsg_level == IPPROTO_UDP && cmsg->cmsg_type == UDP_GRO) {
            int size;
            memcpy(&size, CMSG_DATA(cmsg), sizeof(size));
            return size > 0 ? (size_t)size : len;
        }
    return len;
}

bool load_wire_next(struct load_wire *wire, struct auger_bytes *datagram)
{
    if (wire->in_at == wire->in_len)
        return false;
    struct mmsghdr *head = &wire->in_heads[wire->in_at];
    size_t left = head->msg_len - wire->offset;
    size_t size = piece_size(&head->msg_hdr, head->msg_len);

    *datagram =
        (struct auger_bytes){wire->in[wire->in_at] + wire->offset, size < left ? size : left};
    wire->offset += datagram->len;
    if (wire->offset >= head->msg_len) {
        wire->in_at++;
        wire->offset = 0;
    }
    return true;
}
