/* sctp/crc32c.c - CRC-32C, by the processor's instruction where it has one. */
#include "sctp/crc32c.h"

#include <string.h>

#define HEADER_LEN 12
#define CHECKSUM_AT 8

/* One bit at a time for a byte: the polynomial 0x1EDC6F41, reflected. */
static uint32_t step(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    for (int bit = 0; bit < 8; bit++)
        crc = crc >> 1 ^ (0x82F63B78u & (0u - (crc & 1)));
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t update_fast(uint32_t crc, const uint8_t *buf,
                                                              size_t len)
{
    uint64_t wide = crc, word;

    for (; len >= 8; buf += 8, len -= 8) {
        memcpy(&word, buf, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; len > 0; buf++, len--)
        crc = __builtin_ia32_crc32qi(crc, *buf);
    return crc;
}

static bool has_fast(void)
{
    return __builtin_cpu_supports("sse4.2");
}
#else
static uint32_t update_fast(uint32_t crc, const uint8_t *buf, size_t len)
{
    (void)buf, (void)len;
    return crc;
}

static bool has_fast(void)
{
    return false;
}
#endif

static uint32_t update(uint32_t crc, const uint8_t *buf, size_t len)
{
    if (has_fast())
        return update_fast(crc, buf, len);
    while (len-- > 0)
        crc = step(crc, *buf++);
    return crc;
}

uint32_t auger_crc32c(const uint8_t *buf, size_t len)
{
    return ~update(0xFFFFFFFF, buf, len);
}

/* With zeroes where the checksum stands. */
static uint32_t packet_crc(const uint8_t *packet, size_t len)
{
    static const uint8_t zeroes[4];
    uint32_t crc = update(0xFFFFFFFF, packet, CHECKSUM_AT);

    crc = update(crc, zeroes, sizeof(zeroes));
    return ~update(crc, packet + HEADER_LEN, len - HEADER_LEN);
}

/* The checksum goes onto the wire with its low byte first (RFC 9260 appendix A). */
void auger_sctp_packet_seal(uint8_t *packet, size_t len)
{
    uint32_t crc = packet_crc(packet, len);

    for (int i = 0; i < 4; i++)
        packet[CHECKSUM_AT + i] = (uint8_t)(crc >> 8 * i);
}

bool auger_sctp_packet_is_intact(const uint8_t *packet, size_t len)
{
    if (len < HEADER_LEN)
        return false;
    uint32_t crc = packet_crc(packet, len);
    for (int i = 0; i < 4; i++)
        if (packet[CHECKSUM_AT + i] != (uint8_t)(crc >> 8 * i))
            return false;
    return true;
}
