/* base/crc32.h - the CRC-32 of STUN's FINGERPRINT (RFC 8489 section 14.7) and of ITU V.42. */
#ifndef AUGER_BASE_CRC32_H
#define AUGER_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t auger_crc32(const uint8_t *buf, size_t len);

#endif /* AUGER_BASE_CRC32_H */
