/* turn/chandata.h - ChannelData messages, and where the messages of a stream end: RFC 8656
 * sections 12.4 to 12.6.  Which channel is whose is channel.h. */
#ifndef AUGER_TURN_CHANDATA_H
#define AUGER_TURN_CHANDATA_H

#include <auger/turn.h>

#define AUGER_CHANNEL_FIRST 0x4000
#define AUGER_CHANNEL_LAST 0x4FFF

/* By the first byte (RFC 7983). */
static inline bool auger_chandata_is(const uint8_t *buf, size_t len)
{
    return len > 0 && buf[0] >= 0x40 && buf[0] <= 0x4F;
}

/* False: shorter than it says. */
bool auger_chandata_read(const uint8_t *buf, size_t len, uint16_t *number,
                         struct auger_bytes *data);
/* The length, with padding on a stream; AUGER_ERR_TOO_LARGE, AUGER_ERR_BUFFER. */
int auger_chandata_write(uint16_t number, bool is_stream, const uint8_t *data, size_t len,
                         uint8_t *buf, size_t cap) AUGER_CHECK_RESULT;

#endif /* AUGER_TURN_CHANDATA_H */
