/* trace/pcapng.c - datagrams as a capture that Wireshark opens: the blocks of pcapng, in
 * network order, which its byte-order magic says. */
#include <auger/trace.h>

#include "base/bytes.h"

#include <string.h>

#define SECTION_HEADER 0x0A0D0D0A
#define INTERFACE_DESCRIPTION 1
#define ENHANCED_PACKET 6
#define DECRYPTION_SECRETS 10
#define BYTE_ORDER_MAGIC 0x1A2B3C4D
#define SECRETS_TLS_KEY_LOG 0x544C534B
#define LINKTYPE_RAW 101 /* IPv4 or IPv6, by its first four bits */

#define OPT_END 0
#define OPT_COMMENT 1
#define OPT_PACKET_FLAGS 2
#define OPT_INTERFACE_NAME 2
#define OPT_SECTION_APPLICATION 4
#define OPT_TIME_RESOLUTION 9

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define UDP_HEADER 8
#define PROTOCOL_UDP 17
#define HOP_LIMIT 64

/* --- blocks -------------------------------------------------------------------------- */

static void pad(struct auger_writer *w)
{
    while (w->len % 4 && !w->failed)
        auger_write_u8(w, 0);
}

static void begin_block(struct auger_writer *w, uint32_t type)
{
    auger_write_u32(w, type);
    auger_write_u32(w, 0); /* of which the length is known at the end */
}

/* The length stands at both ends, so that a file can be read backwards.  `at` is where
 * the block begins. */
static void end_block(struct auger_writer *w, size_t at)
{
    pad(w);
    uint32_t len = (uint32_t)(w->len - at + 4);
    auger_write_u32(w, len);
    if (w->failed)
        return;
    struct auger_writer head = auger_writer(w->buf + at + 4, 4);
    auger_write_u32(&head, len);
}

static void option(struct auger_writer *w, uint16_t code, const void *value, size_t len)
{
    auger_write_u16(w, code);
    auger_write_u16(w, (uint16_t)len);
    auger_write_bytes(w, value, len);
    pad(w);
}

static int end(const struct auger_writer *w)
{
    return w->failed ? AUGER_ERR_BUFFER : (int)w->len;
}

int auger_pcapng_begin(uint8_t *buf, size_t cap, const char *program)
{
    static const char name[] = "auger";
    static const uint8_t nanoseconds = 9;
    struct auger_writer w = auger_writer(buf, cap);

    begin_block(&w, SECTION_HEADER);
    auger_write_u32(&w, BYTE_ORDER_MAGIC);
    auger_write_u16(&w, 1); /* version 1.0 */
    auger_write_u16(&w, 0);
    auger_write_u64(&w, UINT64_MAX); /* the section's length is not known */
    option(&w, OPT_SECTION_APPLICATION, program, strlen(program));
    option(&w, OPT_END, NULL, 0);
    end_block(&w, 0);

    size_t at = w.len;
    begin_block(&w, INTERFACE_DESCRIPTION);
    auger_write_u16(&w, LINKTYPE_RAW);
    auger_write_u16(&w, 0);
    auger_write_u32(&w, 0); /* no limit to a packet's length */
    option(&w, OPT_INTERFACE_NAME, name, sizeof(name) - 1);
    option(&w, OPT_TIME_RESOLUTION, &nanoseconds, 1);
    option(&w, OPT_END, NULL, 0);
    end_block(&w, at);
    return end(&w);
}

int auger_pcapng_secrets(uint8_t *buf, size_t cap, const char *key_log, size_t len)
{
    struct auger_writer w = auger_writer(buf, cap);

    begin_block(&w, DECRYPTION_SECRETS);
    auger_write_u32(&w, SECRETS_TLS_KEY_LOG);
    auger_write_u32(&w, (uint32_t)len);
    auger_write_bytes(&w, key_log, len);
    end_block(&w, 0);
    return end(&w);
}

/* --- the packet around a datagram ------------------------------------------------------- */

/* RFC 1071: the sum of 16 bit words, added to `sum`; an odd byte counts as a high one. */
static uint32_t add_words(uint32_t sum, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)~sum;
}

static size_t ip_len(const struct auger_addr *addr)
{
    return addr->family == AUGER_IPV4 ? 4 : 16;
}

static void write_ipv4(struct auger_writer *w, const struct auger_addr *from,
                       const struct auger_addr *to, size_t udp_len)
{
    uint8_t *header = w->buf + w->len;

    auger_write_u16(w, 0x4500); /* version 4, five words */
    auger_write_u16(w, (uint16_t)(IPV4_HEADER + udp_len));
    auger_write_u32(w, 0x00004000); /* not to be fragmented */
    auger_write_u8(w, HOP_LIMIT);
    auger_write_u8(w, PROTOCOL_UDP);
    auger_write_u16(w, 0);
    auger_write_bytes(w, from->ip, 4);
    auger_write_bytes(w, to->ip, 4);
    if (w->failed)
        return;
    struct auger_writer sum = auger_writer(header + 10, 2);
    auger_write_u16(&sum, fold(add_words(0, header, IPV4_HEADER)));
}

static void write_ipv6(struct auger_writer *w, const struct auger_addr *from,
                       const struct auger_addr *to, size_t udp_len)
{
    auger_write_u32(w, 0x60000000);
    auger_write_u16(w, (uint16_t)udp_len);
    auger_write_u8(w, PROTOCOL_UDP);
    auger_write_u8(w, HOP_LIMIT);
    auger_write_bytes(w, from->ip, 16);
    auger_write_bytes(w, to->ip, 16);
}

static void write_udp(struct auger_writer *w, const struct auger_addr *from,
                      const struct auger_addr *to, const uint8_t *data, size_t len)
{
    uint8_t *header = w->buf + w->len;
    uint16_t udp_len = (uint16_t)(UDP_HEADER + len);

    auger_write_u16(w, from->port);
    auger_write_u16(w, to->port);
    auger_write_u16(w, udp_len);
    auger_write_u16(w, 0);
    auger_write_bytes(w, data, len);
    if (w->failed)
        return;
    uint32_t sum = add_words(PROTOCOL_UDP + udp_len, from->ip, ip_len(from));
    sum = add_words(sum, to->ip, ip_len(to));
    uint16_t folded = fold(add_words(sum, header, udp_len));
    struct auger_writer at = auger_writer(header + 6, 2);
    auger_write_u16(&at, folded ? folded : 0xFFFF);
}

static void write_options(struct auger_writer *w, const struct auger_pcapng_packet *packet)
{
    const uint8_t flags[] = {0, 0, 0, packet->outbound ? 2 : 1};
    size_t len = packet->comment ? strlen(packet->comment) : 0;

    if (len > AUGER_PCAPNG_COMMENT_MAX)
        len = AUGER_PCAPNG_COMMENT_MAX;
    if (len > 0)
        option(w, OPT_COMMENT, packet->comment, len);
    option(w, OPT_PACKET_FLAGS, flags, sizeof(flags));
    option(w, OPT_END, NULL, 0);
}

int auger_pcapng_packet(uint8_t *buf, size_t cap, const struct auger_pcapng_packet *packet)
{
    const struct auger_addr *from = packet->outbound ? &packet->path->local : &packet->path->remote;
    const struct auger_addr *to = packet->outbound ? &packet->path->remote : &packet->path->local;
    bool is_ipv4 = from->family == AUGER_IPV4;
    size_t ip_header = is_ipv4 ? IPV4_HEADER : IPV6_HEADER;
    struct auger_writer w = auger_writer(buf, cap);

    if (packet->len > UINT16_MAX - ip_header - UDP_HEADER)
        return AUGER_ERR_BUFFER;
    uint32_t len = (uint32_t)(ip_header + UDP_HEADER + packet->len);
    begin_block(&w, ENHANCED_PACKET);
    auger_write_u32(&w, 0); /* the interface */
    auger_write_u64(&w, (uint64_t)packet->wall_ns);
    auger_write_u32(&w, len);
    auger_write_u32(&w, len);
    if (is_ipv4)
        write_ipv4(&w, from, to, UDP_HEADER + packet->len);
    else
        write_ipv6(&w, from, to, UDP_HEADER + packet->len);
    write_udp(&w, from, to, packet->data, packet->len);
    pad(&w);
    write_options(&w, packet);
    end_block(&w, 0);
    return end(&w);
}
