/* sim/queue.h - what will happen, ordered by time and, at one time, by the order
 * in which it was put in. */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include <auger/base.h>

struct sim;

/* What happens owns `what`, which came from malloc() and may be NULL. */
typedef void queue_action(struct sim *sim, void *what);

struct queue_event {
    auger_time at;
    uint64_t order;
    queue_action *happen;
    void *what;
};

struct queue {
    struct queue_event *events; /* a binary heap */
    size_t len, cap;
    uint64_t next_order;
};

void queue_put(struct queue *queue, auger_time at, queue_action *happen, void *what);
/* AUGER_NEVER when it is empty. */
auger_time queue_next(const struct queue *queue);
/* The earliest; the queue must not be empty. */
struct queue_event queue_take(struct queue *queue);
/* Frees the events that did not happen. */
void queue_fini(struct queue *queue);

#endif /* SIM_QUEUE_H */
