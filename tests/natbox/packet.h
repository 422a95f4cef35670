/* tests/natbox/packet.h - the two ends of an IPv4 packet, read from its bytes and
 * rewritten there.  Who may pass is decided in box.h. */
#ifndef NATBOX_PACKET_H
#define NATBOX_PACKET_H

#include <auger/base.h>

enum packet_protocol { PACKET_ICMP = 1, PACKET_TCP = 6, PACKET_UDP = 17 };

struct packet {
    uint8_t *bytes; /* the caller's */
    size_t len, header_len;
    enum packet_protocol protocol;
    /* Of an ICMP echo the identifier stands for the port at the end that asks, and the
     * other end has port 0 (RFC 5508 section 3.1). */
    struct auger_addr src, dst;
};

/* False for all that a NAT of ours has no use for: other protocols, ICMP but echoes,
 * pieces of a datagram, and what is cut off. */
bool packet_parse(struct packet *packet, uint8_t *bytes, size_t len);
/* Puts the ends into the bytes; every checksum stays as right or wrong as it was. */
void packet_rewrite(struct packet *packet, const struct auger_addr *src,
                    const struct auger_addr *dst);

#endif /* NATBOX_PACKET_H */
