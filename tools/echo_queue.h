/* tools/echo_queue.h - messages that wait until a channel takes them, in order, within a bound. */
#ifndef AUGER_TOOLS_ECHO_QUEUE_H
#define AUGER_TOOLS_ECHO_QUEUE_H

#include <auger/sctp.h>

struct echo_message {
    struct echo_message *next;
    enum auger_message_kind kind;
    size_t len;
    uint8_t data[];
};

struct echo_queue {
    struct echo_message *first, **last;
    size_t bytes, max;
};

void echo_queue_init(struct echo_queue *queue, size_t max);
void echo_queue_fini(struct echo_queue *queue);
/* false: the bound is reached, or memory is out; nothing was added. */
bool echo_queue_add(struct echo_queue *queue, enum auger_message_kind kind, const uint8_t *data,
                    size_t len);
void echo_queue_drop_first(struct echo_queue *queue);

#endif /* AUGER_TOOLS_ECHO_QUEUE_H */
