/* turn/server_timer.c - the heap of timers. */
#include "turn/server_timer.h"

#include "base/env.h"

#include <assert.h>
#include <string.h>

#define FIRST 16

void auger_server_heap_fini(struct auger_server_heap *heap, const struct auger_env *env)
{
    auger_env_release(env, heap->at);
    *heap = (struct auger_server_heap){0};
}

static bool grow(struct auger_server_heap *heap, const struct auger_env *env)
{
    uint32_t cap = heap->cap ? 2 * heap->cap : FIRST;
    struct auger_server_timer **at = auger_env_alloc(env, cap, sizeof(struct auger_server_timer *));

    if (!at)
        return false;
    if (heap->at)
        memcpy(at, heap->at, (heap->len + 1) * sizeof(struct auger_server_timer *));
    auger_env_release(env, heap->at);
    heap->at = at;
    heap->cap = cap;
    return true;
}

bool auger_server_heap_add(struct auger_server_heap *heap, const struct auger_env *env)
{
    if (heap->timers + 1 >= heap->cap && !grow(heap, env))
        return false;
    heap->timers++;
    return true;
}

void auger_server_heap_remove(struct auger_server_heap *heap)
{
    assert(heap->timers > heap->len);
    heap->timers--;
}

static void put(struct auger_server_heap *heap, uint32_t place, struct auger_server_timer *timer)
{
    heap->at[place] = timer;
    timer->place = place;
}

static void rise(struct auger_server_heap *heap, struct auger_server_timer *timer)
{
    uint32_t place = timer->place;

    for (; place > 1 && heap->at[place / 2]->at > timer->at; place /= 2)
        put(heap, place, heap->at[place / 2]);
    put(heap, place, timer);
}

static void sink(struct auger_server_heap *heap, struct auger_server_timer *timer)
{
    uint32_t place = timer->place;

    for (uint32_t child = 2 * place; child <= heap->len; child = 2 * place) {
        if (child < heap->len && heap->at[child + 1]->at < heap->at[child]->at)
            child++;
        if (heap->at[child]->at >= timer->at)
            break;
        put(heap, place, heap->at[child]);
        place = child;
    }
    put(heap, place, timer);
}

void auger_server_timer_set(struct auger_server_heap *heap, struct auger_server_timer *timer,
                            auger_time at)
{
    timer->at = at;
    if (timer->place == 0) {
        assert(heap->len + 1 < heap->cap);
        put(heap, ++heap->len, timer);
    }
    rise(heap, timer);
    sink(heap, timer);
}

void auger_server_timer_stop(struct auger_server_heap *heap, struct auger_server_timer *timer)
{
    if (timer->place == 0)
        return;
    struct auger_server_timer *last = heap->at[heap->len--];
    uint32_t place = timer->place;
    timer->place = 0;
    if (last == timer)
        return;
    put(heap, place, last);
    rise(heap, last);
    sink(heap, last);
}
