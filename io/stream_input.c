/* io/stream_input.c - bytes that came by a stream, and the frames in them. */
#include "io/stream_input.h"

#include "io/framing.h"

#include <auger/turn.h>

#include <string.h>

void auger_stream_input_clear(struct auger_stream_input *input)
{
    input->at = input->len = input->skip = 0;
}

uint8_t *auger_stream_input_room(struct auger_stream_input *input, size_t *cap)
{
    if (input->at > 0)
        memmove(input->bytes, input->bytes + input->at, input->len);
    input->at = 0;
    *cap = sizeof(input->bytes) - input->len;
    return input->bytes + input->len;
}

void auger_stream_input_add(struct auger_stream_input *input, size_t len)
{
    input->len += len;
}

static void use_up(struct auger_stream_input *input, size_t len)
{
    input->at += len;
    input->len -= len;
}

/* Of a frame that is longer than what we have room for. */
static void skip(struct auger_stream_input *input)
{
    size_t len = input->skip < input->len ? input->skip : input->len;

    use_up(input, len);
    input->skip -= len;
}

/* How long the frame is that comes next; AUGER_ERR_AGAIN: that is not there yet. */
static int next_len(const struct auger_stream_input *input, bool is_framed)
{
    const uint8_t *at = input->bytes + input->at;

    if (input->skip > 0)
        return AUGER_ERR_AGAIN;
    return is_framed ? auger_framing_len(at, input->len) : auger_turn_frame_len(at, input->len);
}

/* An empty datagram is none. */
static bool take_frame(struct auger_stream_input *input, size_t len, bool is_framed,
                       struct auger_bytes *frame)
{
    size_t header = is_framed ? AUGER_FRAMING_HEADER : 0;

    *frame = (struct auger_bytes){input->bytes + input->at + header, len - header};
    use_up(input, len);
    return frame->len > 0;
}

int auger_stream_input_next(struct auger_stream_input *input, bool is_framed,
                            struct auger_bytes *frame)
{
    for (;;) {
        skip(input);
        int len = next_len(input, is_framed);
        if (len > AUGER_STREAM_IN_MAX) {
            input->skip = (size_t)len;
        } else if (len > 0 && (size_t)len <= input->len) {
            if (take_frame(input, (size_t)len, is_framed, frame))
                return 1;
        } else {
            return len < 0 && len != AUGER_ERR_AGAIN ? len : 0;
        }
    }
}
