/* tools/echo_queue.c - messages that wait until a channel takes them. */
#include "tools/echo_queue.h"

#include <stdlib.h>
#include <string.h>

void echo_queue_init(struct echo_queue *queue, size_t max)
{
    *queue = (struct echo_queue){.max = max};
    queue->last = &queue->first;
}

void echo_queue_fini(struct echo_queue *queue)
{
    while (queue->first)
        echo_queue_drop_first(queue);
}

bool echo_queue_add(struct echo_queue *queue, enum auger_message_kind kind, const uint8_t *data,
                    size_t len)
{
    size_t cost = sizeof(struct echo_message) + len;

    if (cost > queue->max - queue->bytes)
        return false;
    struct echo_message *message = malloc(cost);
    if (!message)
        return false;
    *message = (struct echo_message){.kind = kind, .len = len};
    if (len)
        memcpy(message->data, data, len);
    *queue->last = message;
    queue->last = &message->next;
    queue->bytes += cost;
    return true;
}

void echo_queue_drop_first(struct echo_queue *queue)
{
    struct echo_message *message = queue->first;

    queue->first = message->next;
    if (!queue->first)
        queue->last = &queue->first;
    queue->bytes -= sizeof(*message) + message->len;
    free(message);
}
