/* sctp/crc32c.h - the checksum of SCTP: RFC 9260 section 6.8.  The library below could
 * do it, at five times the cost. */
#ifndef AUGER_SCTP_CRC32C_H
#define AUGER_SCTP_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint32_t auger_crc32c(const uint8_t *buf, size_t len);

/* A whole packet: writes the checksum into its header, or says whether it is right.
 * Shorter than a header is never right. */
void auger_sctp_packet_seal(uint8_t *packet, size_t len);
bool auger_sctp_packet_is_intact(const uint8_t *packet, size_t len);

#endif /* AUGER_SCTP_CRC32C_H */
