/* turn/server_timer.h - what a server has to do later: a heap, so that thousands of expiries
 * cost little.  A timer lies in what it is of. */
#ifndef AUGER_TURN_SERVER_TIMER_H
#define AUGER_TURN_SERVER_TIMER_H

#include <auger/base.h>

enum auger_server_timer_kind {
    AUGER_SERVER_TIMER_RELAY,
    AUGER_SERVER_TIMER_OPENING,
    AUGER_SERVER_TIMER_PENDING,
    AUGER_SERVER_TIMER_MOBILITY,
    AUGER_SERVER_TIMER_CONNECTION,
};

struct auger_server_timer {
    auger_time at;
    uint32_t place; /* in the heap, from 1; 0: it does not run */
    uint8_t kind;   /* enum auger_server_timer_kind */
};

struct auger_server_heap {
    struct auger_server_timer **at; /* from 1 */
    uint32_t len, cap;
    uint32_t timers; /* that there are, whether or not they run */
};

void auger_server_heap_fini(struct auger_server_heap *heap, const struct auger_env *env);
/* Room for one more timer, for as long as there is one: auger_server_timer_set() then needs no
 * memory.  False: none. */
bool auger_server_heap_add(struct auger_server_heap *heap,
                           const struct auger_env *env) AUGER_CHECK_RESULT;
/* A timer is no more; it does not run. */
void auger_server_heap_remove(struct auger_server_heap *heap);
/* Starts it, or moves it. */
void auger_server_timer_set(struct auger_server_heap *heap, struct auger_server_timer *timer,
                            auger_time at);
void auger_server_timer_stop(struct auger_server_heap *heap, struct auger_server_timer *timer);
/* The earliest; NULL: none runs. */
static inline struct auger_server_timer *auger_server_timer_first(
    const struct auger_server_heap *heap)
{
    return heap->len > 0 ? heap->at[1] : NULL;
}

#endif /* AUGER_TURN_SERVER_TIMER_H */
