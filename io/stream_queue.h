/* io/stream_queue.h - bytes that wait to leave by a stream: whole frames, of which the first may
 * have begun to. */
#ifndef AUGER_IO_STREAM_QUEUE_H
#define AUGER_IO_STREAM_QUEUE_H

#include <auger/base.h>

struct auger_stream_queue {
    uint8_t *bytes;
    size_t cap, at, len;
};

/* Makes room for so many more.  false: no memory. */
bool auger_stream_queue_has_room(struct auger_stream_queue *queue, size_t len);
/* There is room for them. */
void auger_stream_queue_add(struct auger_stream_queue *queue, const uint8_t *bytes, size_t len);
/* The first so many are on their way. */
void auger_stream_queue_pass(struct auger_stream_queue *queue, size_t len);
void auger_stream_queue_clear(struct auger_stream_queue *queue);
void auger_stream_queue_fini(struct auger_stream_queue *queue);

#endif /* AUGER_IO_STREAM_QUEUE_H */
