/* sctp/chunks.h - the shape of a packet's chunks and of the parameters in them, judged
 * before the library below reads them: RFC 9260 section 3.2. */
#ifndef AUGER_SCTP_CHUNKS_H
#define AUGER_SCTP_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether each chunk, and each parameter or cause in it, has a length that covers its own
 * header and ends where what holds it ends, at the latest; whether an INIT, an INIT ACK and
 * a SHUTDOWN COMPLETE are alone (6.10); and whether no initiate tag is 0 (3.3.2, 3.3.3). */
bool auger_sctp_chunks_are_sound(const uint8_t *packet, size_t len);

#endif /* AUGER_SCTP_CHUNKS_H */
