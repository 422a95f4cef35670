/* turn/chandata.h - ChannelData messages, and where the messages of a stream end: RFC 8656
 * sections 12.4 to 12.6.  Which channel is whose is channel.h. */
#ifndef AUGER_TURN_CHANDATA_H
#define AUGER_TURN_CHANDATA_H

#include <auger/turn.h>

#define AUGER_CHANNEL_FIRST 0x4000
#define AUGER_CHANNEL_LAST 0x4FFF
#define AUGER_CHANNEL_OLD_LAST 0x7FFE /* of RFC 5766, which 8656 section 12 does not let in */

/* By the first byte (RFC 7983). */
static inline bool auger_chandata_is(const uint8_t *buf, size_t len)
{
    return len > 0 && buf[0] >= 0x40 && buf[0] <= 0x4F;
}

/* The same of the channels that RFC 5766 had beside those. */
static inline bool auger_chandata_is_old(const uint8_t *buf, size_t len)
{
    return len > 0 && buf[0] >= 0x50 && buf[0] <= 0x7F;
}

/* auger_turn_frame_len() of a frame that is ChannelData. */
int auger_chandata_frame_len(const uint8_t *buf, size_t len) AUGER_CHECK_RESULT;

/* False: shorter than it says. */
bool auger_chandata_read(const uint8_t *buf, size_t len, uint16_t *number,
                         struct auger_bytes *data);
/* The length, with padding on a stream; AUGER_ERR_TOO_LARGE, AUGER_ERR_BUFFER. */
int auger_chandata_write(uint16_t number, bool is_stream, const uint8_t *data, size_t len,
                         uint8_t *buf, size_t cap) AUGER_CHECK_RESULT;

#endif /* AUGER_TURN_CHANDATA_H */
