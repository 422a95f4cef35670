/* base/ready.c - marks of those that have something to do, in the order of marking. */
#include <auger/base.h>

#include <assert.h>

void auger_ready_mark(struct auger_ready *ready)
{
    if (!ready || ready->is_queued)
        return;
    struct auger_ready_queue *queue = ready->queue;
    ready->is_queued = true;
    ready->next = NULL;
    ready->prev = queue->last;
    if (queue->last)
        queue->last->next = ready;
    else
        queue->first = ready;
    queue->last = ready;
    queue->len++;
}

void auger_ready_remove(struct auger_ready *ready)
{
    if (!ready->is_queued)
        return;
    struct auger_ready_queue *queue = ready->queue;
    assert(queue->len > 0);
    if (ready->prev)
        ready->prev->next = ready->next;
    else
        queue->first = ready->next;
    if (ready->next)
        ready->next->prev = ready->prev;
    else
        queue->last = ready->prev;
    ready->prev = ready->next = NULL;
    ready->is_queued = false;
    queue->len--;
}

struct auger_ready *auger_ready_take(struct auger_ready_queue *queue)
{
    struct auger_ready *ready = queue->first;

    if (ready)
        auger_ready_remove(ready);
    return ready;
}
