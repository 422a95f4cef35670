/* io/deadlines.h - who is to be woken when: a heap, so that neither setting a deadline nor
 * finding the earliest looks at all of them. */
#ifndef AUGER_IO_DEADLINES_H
#define AUGER_IO_DEADLINES_H

#include <auger/base.h>

struct auger_deadline {
    auger_time at; /* AUGER_NEVER: not in the heap */
    size_t place;
};

struct auger_deadlines {
    struct auger_deadline **heap;
    size_t len, max;
};

int auger_deadlines_init(struct auger_deadlines *deadlines, size_t max) AUGER_CHECK_RESULT;
void auger_deadlines_fini(struct auger_deadlines *deadlines);

/* A deadline begins as AUGER_NEVER; at most `max` may be set. */
void auger_deadlines_set(struct auger_deadlines *deadlines, struct auger_deadline *deadline,
                         auger_time at);
/* The earliest, or NULL. */
struct auger_deadline *auger_deadlines_first(const struct auger_deadlines *deadlines);

#endif /* AUGER_IO_DEADLINES_H */
