/* io/deadlines.c - a binary heap of deadlines, the earliest on top. */
#include "io/deadlines.h"

#include <assert.h>
#include <stdlib.h>

int auger_deadlines_init(struct auger_deadlines *deadlines, size_t max)
{
    struct auger_deadline **heap = calloc(max, sizeof(struct auger_deadline *));

    if (!heap)
        return AUGER_ERR_NO_MEMORY;
    *deadlines = (struct auger_deadlines){.heap = heap, .max = max};
    return 0;
}

void auger_deadlines_fini(struct auger_deadlines *deadlines)
{
    free(deadlines->heap);
    *deadlines = (struct auger_deadlines){0};
}

static void put(struct auger_deadlines *deadlines, size_t place, struct auger_deadline *deadline)
{
    deadlines->heap[place] = deadline;
    deadline->place = place;
}

static void rise(struct auger_deadlines *deadlines, struct auger_deadline *deadline)
{
    size_t place = deadline->place;

    while (place > 0 && deadlines->heap[(place - 1) / 2]->at > deadline->at) {
        put(deadlines, place, deadlines->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(deadlines, place, deadline);
}

static void sink(struct auger_deadlines *deadlines, struct auger_deadline *deadline)
{
    size_t place = deadline->place;

    for (size_t child = 2 * place + 1; child < deadlines->len; child = 2 * place + 1) {
        if (child + 1 < deadlines->len &&
            deadlines->heap[child + 1]->at < deadlines->heap[child]->at)
            child++;
        if (deadlines->heap[child]->at >= deadline->at)
            break;
        put(deadlines, place, deadlines->heap[child]);
        place = child;
    }
    put(deadlines, place, deadline);
}

static void remove_from_heap(struct auger_deadlines *deadlines, struct auger_deadline *deadline)
{
    struct auger_deadline *last = deadlines->heap[--deadlines->len];

    deadline->at = AUGER_NEVER;
    if (last == deadline)
        return;
    put(deadlines, deadline->place, last);
    rise(deadlines, last);
    sink(deadlines, last);
}

void auger_deadlines_set(struct auger_deadlines *deadlines, struct auger_deadline *deadline,
                         auger_time at)
{
    bool is_set = deadline->at != AUGER_NEVER;

    if (deadline->at == at)
        return;
    if (at == AUGER_NEVER) {
        remove_from_heap(deadlines, deadline);
        return;
    }
    if (!is_set) {
        assert(deadlines->len < deadlines->max);
        put(deadlines, deadlines->len++, deadline);
    }
    deadline->at = at;
    rise(deadlines, deadline);
    sink(deadlines, deadline);
}

struct auger_deadline *auger_deadlines_first(const struct auger_deadlines *deadlines)
{
    return deadlines->len > 0 ? deadlines->heap[0] : NULL;
}
