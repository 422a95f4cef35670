/* io/udp.h - one UDP socket, never blocking.  Those of peers are bound to one address, so that
 * what they send leaves from the base that it claims; one that listens may be bound to all. */
#ifndef AUGER_IO_UDP_H
#define AUGER_IO_UDP_H

#include <auger/base.h>

#define AUGER_UDP_BATCH 16
#define AUGER_UDP_DATAGRAM_MAX 2048

struct auger_udp {
    int fd; /* -1: none */
    struct auger_addr addr;
    bool is_any;   /* bound to no IP address, so that each datagram says its own */
    bool gro, gso; /* the kernel joins datagrams that come, and takes joined ones */
};

/* What one reading brought; all sockets of a loop share one. */
struct auger_udp_batch {
    uint8_t bufs[AUGER_UDP_BATCH][AUGER_UDP_DATAGRAM_MAX];
    struct auger_addr from[AUGER_UDP_BATCH], to[AUGER_UDP_BATCH];
    size_t lens[AUGER_UDP_BATCH];
};

/* Binds to `addr`, whose port is filled in where it was 0.  `buffer` is of the kernel, each way; 0:
 * as it comes.  AUGER_ERR_SYSTEM. */
int auger_udp_open(struct auger_udp *udp, struct auger_addr *addr,
                   uint32_t buffer) AUGER_CHECK_RESULT;
/* The same where other sockets of this user may be bound to it too, if they say so as well: what
 * comes is shared out among them by who sends it. */
int auger_udp_open_shared(struct auger_udp *udp, struct auger_addr *addr, uint32_t buffer,
                          bool shares_port) AUGER_CHECK_RESULT;
void auger_udp_set_buffers(const struct auger_udp *udp, uint32_t buffer);
/* Marks what it sends: RFC 2474, RFC 3542 section 6.5. */
void auger_udp_mark(const struct auger_udp *udp, uint8_t dscp);
void auger_udp_close(struct auger_udp *udp);
/* Reads up to a batch of datagrams; how many, 0 when there are none. */
size_t auger_udp_receive(const struct auger_udp *udp, struct auger_udp_batch *batch);
enum auger_udp_sent {
    AUGER_UDP_SENT,
    AUGER_UDP_FULL, /* the socket has no room now, the datagram was not taken */
    AUGER_UDP_LOST, /* any other trouble is the network's */
};
enum auger_udp_sent auger_udp_send(const struct auger_udp *udp, const struct auger_addr *to,
                                   const uint8_t *buf, size_t len);
/* The same from the address that something came to, where the socket has more than one. */
enum auger_udp_sent auger_udp_send_from(const struct auger_udp *udp, const struct auger_addr *from,
                                        const struct auger_addr *to, const uint8_t *buf,
                                        size_t len);

/* One datagram of several that are read or sent by one system call. */
struct auger_udp_message {
    uint8_t *buf;
    size_t len; /* read into: the room that there is, then the length of what came */
    /* Read: of a run of datagrams that came as one, the length of each but the last, which may be
     * shorter; 0: it is one. */
    size_t segment;
    /* Sent: what goes before `buf`, and how many zeroes behind it, 3 at most. */
    const uint8_t *head;
    size_t head_len, pad;
    /* Read: `remote` has no family where nothing can be told of it; `local` as the datagram
     * says it.  Sent: `local` where the socket has more than one. */
    struct auger_addr local, remote;
};
#define AUGER_UDP_MANY 32      /* of one reading */
#define AUGER_UDP_SEND_MAX 256 /* of one sending */
/* From now on the kernel may join datagrams of one flow and one length, those that come (UDP_GRO,
 * for which there has to be room for 65,535 bytes) and those that leave (UDP_SEGMENT).  Where it
 * cannot all is as before. */
void auger_udp_join(struct auger_udp *udp);
/* Reads up to `max` datagrams or runs of them, at most AUGER_UDP_MANY; how many. */
size_t auger_udp_receive_many(const struct auger_udp *udp, struct auger_udp_message *messages,
                              size_t max);
/* Sends as many, AUGER_UDP_SEND_MAX at most, in their order; how many went: the others are lost. */
size_t auger_udp_send_many(const struct auger_udp *udp, const struct auger_udp_message *messages,
                           size_t len);

#endif /* AUGER_IO_UDP_H */
