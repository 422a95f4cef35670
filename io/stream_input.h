/* io/stream_input.h - bytes that came by a stream, and the frames in them.  Those that wait to
 * leave are stream_queue.h. */
#ifndef AUGER_IO_STREAM_INPUT_H
#define AUGER_IO_STREAM_INPUT_H

#include <auger/base.h>

#define AUGER_STREAM_IN_MAX 8192 /* a longer frame is dropped */

struct auger_stream_input {
    uint8_t bytes[AUGER_STREAM_IN_MAX];
    size_t at, len;
    size_t skip; /* bytes of a frame that is dropped */
};

void auger_stream_input_clear(struct auger_stream_input *input);
/* Where the next bytes go, and how many there is room for; frames that were taken are gone. */
uint8_t *auger_stream_input_room(struct auger_stream_input *input, size_t *cap);
/* So many came there. */
void auger_stream_input_add(struct auger_stream_input *input, size_t len);
/* 1: `frame` is the next one, valid until more is added; 0: it is not there yet; less: what came is
 * no frame.  With `is_framed` those of RFC 4571, of which an empty one is none; else TURN's. */
int auger_stream_input_next(struct auger_stream_input *input, bool is_framed,
                            struct auger_bytes *frame);

#endif /* AUGER_IO_STREAM_INPUT_H */
