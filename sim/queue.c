/* sim/queue.c - a binary heap of events. */
#include "sim/queue.h"

#include "sim/memory.h"

#include <assert.h>

static bool is_before(const struct queue_event *a, const struct queue_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct queue_event *a, struct queue_event *b)
{
    struct queue_event kept = *a;
    *a = *b;
    *b = kept;
}

void queue_put(struct queue *queue, auger_time at, queue_action *happen, void *what)
{
    if (queue->len == queue->cap) {
        queue->cap = queue->cap ? 2 * queue->cap : 64;
        queue->events = sim_resize(queue->events, queue->cap, sizeof(*queue->events));
    }
    struct queue_event *events = queue->events;
    size_t i = queue->len++;

    events[i] = (struct queue_event){at, queue->next_order++, happen, what};
    for (; i > 0 && is_before(&events[i], &events[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&events[i], &events[(i - 1) / 2]);
}

auger_time queue_next(const struct queue *queue)
{
    return queue->len ? queue->events[0].at : AUGER_NEVER;
}

struct queue_event queue_take(struct queue *queue)
{
    assert(queue->len > 0);
    struct queue_event *events = queue->events;
    struct queue_event first = events[0];

    events[0] = events[--queue->len];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < queue->len; child++) {
            if (is_before(&events[child], &events[least]))
                least = child;
        }
        if (least == i)
            return first;
        swap(&events[i], &events[least]);
        i = least;
    }
}

void queue_fini(struct queue *queue)
{
    for (size_t i = 0; i < queue->len; i++)
        free(queue->events[i].what);
    free(queue->events);
    *queue = (struct queue){0};
}
