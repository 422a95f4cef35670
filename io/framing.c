/* io/framing.c - the frames of RFC 4571. */
#include "io/framing.h"

int auger_framing_len(const uint8_t *buf, size_t len)
{
    if (len < AUGER_FRAMING_HEADER)
        return AUGER_ERR_AGAIN;
    int whole = AUGER_FRAMING_HEADER + (buf[0] << 8 | buf[1]);
    return whole > AUGER_FRAMING_MAX ? AUGER_ERR_TOO_LARGE : whole;
}

void auger_framing_write(uint8_t header[AUGER_FRAMING_HEADER], size_t len)
{
    header[0] = (uint8_t)(len >> 8);
    header[1] = (uint8_t)len;
}
