/* io/framing.h - the frames of RFC 4571: before each datagram on a stream two bytes that say how
 * long it is.  Those of TURN say so themselves: auger_turn_frame_len(). */
#ifndef AUGER_IO_FRAMING_H
#define AUGER_IO_FRAMING_H

#include <auger/base.h>

#define AUGER_FRAMING_HEADER 2
#define AUGER_FRAMING_MAX (AUGER_FRAMING_HEADER + 2048) /* a longer frame is none of ours */

/* How long the frame is that begins there, its header too, as far as it has come or not.
 * AUGER_ERR_AGAIN: too little came to tell; AUGER_ERR_TOO_LARGE. */
int auger_framing_len(const uint8_t *buf, size_t len) AUGER_CHECK_RESULT;
/* What stands before a datagram of that length, at most 65,535. */
void auger_framing_write(uint8_t header[AUGER_FRAMING_HEADER], size_t len);

#endif /* AUGER_IO_FRAMING_H */
