/* tests/natbox/packet.c - IPv4, UDP, TCP and echoes of ICMP: RFC 791, 768, 9293, 792. */
#include "tests/natbox/packet.h"

#include <string.h>

#define IP_HEADER_LEN 20
#define IP_FRAGMENT_BITS 0x3FFF /* more of it follows, or its offset */
#define ICMP_ECHO_REPLY 0
#define ICMP_ECHO_REQUEST 8

static uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void put16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

/* Where in the transport's header its checksum is. */
static size_t checksum_at(enum packet_protocol protocol)
{
    switch (protocol) {
    case PACKET_ICMP:
        return 2;
    case PACKET_TCP:
        return 16;
    case PACKET_UDP:
        return 6;
    }
    return 0;
}

static size_t transport_header_len(enum packet_protocol protocol)
{
    return protocol == PACKET_TCP ? 20 : 8;
}

static void read_end(struct auger_addr *end, const uint8_t *ip)
{
    *end = (struct auger_addr){.family = AUGER_IPV4};
    memcpy(end->ip, ip, 4);
}

static bool read_ports(struct packet *packet)
{
    const uint8_t *transport = packet->bytes + packet->header_len;

    if (packet->protocol != PACKET_ICMP) {
        packet->src.port = get16(transport);
        packet->dst.port = get16(transport + 2);
        return true;
    }
    if (transport[0] == ICMP_ECHO_REQUEST)
        packet->src.port = get16(transport + 4);
    else if (transport[0] == ICMP_ECHO_REPLY)
        packet->dst.port = get16(transport + 4);
    else
        return false;
    return true;
}

bool packet_parse(struct packet *packet, uint8_t *bytes, size_t len)
{
    *packet = (struct packet){.bytes = bytes, .len = len};
    if (len < IP_HEADER_LEN || bytes[0] >> 4 != 4 || get16(bytes + 6) & IP_FRAGMENT_BITS)
        return false;
    packet->header_len = (size_t)(bytes[0] & 15) * 4;
    if (bytes[9] != PACKET_ICMP && bytes[9] != PACKET_TCP && bytes[9] != PACKET_UDP)
        return false;
    packet->protocol = (enum packet_protocol)bytes[9];
    if (packet->header_len < IP_HEADER_LEN ||
        len < packet->header_len + transport_header_len(packet->protocol))
        return false;
    read_end(&packet->src, bytes + 12);
    read_end(&packet->dst, bytes + 16);
    return read_ports(packet);
}

/* RFC 1624 section 3: a word that was `before` is `after`. */
static void adjust(uint8_t *checksum, uint16_t before, uint16_t after)
{
    uint32_t sum = (uint16_t)~get16(checksum) + (uint32_t)(uint16_t)~before + after;

    sum = (sum & 0xFFFF) + (sum >> 16);
    sum = (sum & 0xFFFF) + (sum >> 16);
    put16(checksum, (uint16_t)~sum);
}

/* A word of the packet, and the checksums that cover it; NULL: none does. */
static void change16(uint8_t *at, uint16_t value, uint8_t *checksum, uint8_t *another)
{
    uint16_t before = get16(at);

    put16(at, value);
    if (checksum)
        adjust(checksum, before, value);
    if (another)
        adjust(another, before, value);
}

static void change_end(uint8_t *ip, uint8_t *port, const struct auger_addr *end, uint8_t *header,
                       uint8_t *pseudo, uint8_t *transport)
{
    change16(ip, get16(end->ip), header, pseudo);
    change16(ip + 2, get16(end->ip + 2), header, pseudo);
    if (port)
        change16(port, end->port, transport, NULL);
}

void packet_rewrite(struct packet *packet, const struct auger_addr *src,
                    const struct auger_addr *dst)
{
    uint8_t *ip = packet->bytes, *transport = ip + packet->header_len;
    uint8_t *checksum = transport + checksum_at(packet->protocol);
    uint8_t *src_port = transport, *dst_port = transport + 2;
    bool is_icmp = packet->protocol == PACKET_ICMP, is_udp = packet->protocol == PACKET_UDP;

    if (is_icmp) {
        bool is_asking = transport[0] == ICMP_ECHO_REQUEST;
        src_port = is_asking ? transport + 4 : NULL;
        dst_port = is_asking ? NULL : transport + 4;
    }
    if (is_udp && get16(checksum) == 0) /* 768: it has none */
        checksum = NULL;
    uint8_t *pseudo = is_icmp ? NULL : checksum; /* it covers the addresses as well */
    change_end(ip + 12, src_port, src, ip + 10, pseudo, checksum);
    change_end(ip + 16, dst_port, dst, ip + 10, pseudo, checksum);
    if (is_udp && checksum && get16(checksum) == 0)
        put16(checksum, 0xFFFF);
    packet->src = *src;
    packet->dst = *dst;
}
