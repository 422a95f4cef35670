/* io/stream_queue.c - bytes that wait to leave by a stream. */
#include "io/stream_queue.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_MIN 4096

bool auger_stream_queue_has_room(struct auger_stream_queue *queue, size_t len)
{
    size_t cap = queue->cap ? queue->cap : QUEUE_MIN;

    while (cap < queue->len + len)
        cap *= 2;
    if (cap > queue->cap) {
        uint8_t *larger = realloc(queue->bytes, cap);
        if (!larger)
            return false;
        queue->bytes = larger;
        queue->cap = cap;
    }
    if (queue->at + queue->len + len > queue->cap) {
        memmove(queue->bytes, queue->bytes + queue->at, queue->len);
        queue->at = 0;
    }
    return true;
}

void auger_stream_queue_add(struct auger_stream_queue *queue, const uint8_t *bytes, size_t len)
{
    memcpy(queue->bytes + queue->at + queue->len, bytes, len);
    queue->len += len;
}

void auger_stream_queue_pass(struct auger_stream_queue *queue, size_t len)
{
    queue->at += len;
    queue->len -= len;
    if (queue->len == 0)
        queue->at = 0;
}

void auger_stream_queue_clear(struct auger_stream_queue *queue)
{
    queue->at = queue->len = 0;
}

void auger_stream_queue_fini(struct auger_stream_queue *queue)
{
    free(queue->bytes);
    *queue = (struct auger_stream_queue){0};
}
