/* turn/chandata.c - ChannelData messages and the framing of streams: RFC 8656 sections
 * 12.4 to 12.6.  Send and Data indications are data.c. */
#include "turn/chandata.h"
#include "base/bytes.h"

#include <auger/stun.h>

#define HEADER_LEN 4
#define COOKIE 0x2112A442u

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

/* 12.6: what lies behind the claimed length may be padding, by datagram too (12.5). */
bool auger_chandata_read(const uint8_t *buf, size_t len, uint16_t *number, struct auger_bytes *data)
{
    struct auger_reader r = auger_reader(buf, len);

    *number = auger_read_u16(&r);
    data->len = auger_read_u16(&r);
    data->data = auger_read_bytes(&r, data->len);
    return !r.failed;
}

int auger_chandata_write(uint16_t number, bool is_stream, const uint8_t *data, size_t len,
                         uint8_t *buf, size_t cap)
{
    struct auger_writer w = auger_writer(buf, cap);

    if (len > UINT16_MAX)
        return AUGER_ERR_TOO_LARGE;
    auger_write_u16(&w, number);
    auger_write_u16(&w, (uint16_t)len);
    auger_write_bytes(&w, data, len);
    auger_write_uint(&w, 0, is_stream ? padded(len) - len : 0); /* 12.5 */
    return w.failed ? AUGER_ERR_BUFFER : (int)w.len;
}

/* A stream that has lost its frames cannot find them again, so what looks wrong is told as
 * soon as it is seen. */
static int stun_frame_len(struct auger_reader r)
{
    size_t body = auger_read_u16(&r);

    if (r.failed)
        return AUGER_ERR_AGAIN;
    if (body % 4 != 0)
        return AUGER_ERR_MALFORMED;
    uint32_t cookie = auger_read_u32(&r);
    if (r.failed)
        return AUGER_ERR_AGAIN;
    return cookie == COOKIE ? (int)(AUGER_STUN_HEADER_LEN + body) : AUGER_ERR_MALFORMED;
}

int auger_chandata_frame_len(const uint8_t *buf, size_t len)
{
    struct auger_reader r = auger_reader(buf, len);

    auger_read_u16(&r);
    size_t data_len = auger_read_u16(&r);
    return r.failed ? AUGER_ERR_AGAIN : (int)(HEADER_LEN + padded(data_len));
}

int auger_turn_frame_len(const uint8_t *buf, size_t len)
{
    struct auger_reader r = auger_reader(buf, len);

    if (len == 0)
        return AUGER_ERR_AGAIN;
    if (auger_chandata_is(buf, len))
        return auger_chandata_frame_len(buf, len);
    if (buf[0] > 3)
        return AUGER_ERR_MALFORMED;
    auger_read_u16(&r);
    return stun_frame_len(r);
}
