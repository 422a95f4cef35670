/* base/time.h - arithmetic on auger_time that knows AUGER_NEVER. */
#ifndef AUGER_BASE_TIME_H
#define AUGER_BASE_TIME_H

#include <auger/base.h>

static inline auger_time auger_time_min(auger_time a, auger_time b)
{
    return a < b ? a : b;
}

static inline auger_time auger_time_max(auger_time a, auger_time b)
{
    return a > b ? a : b;
}

/* `at` + `delay`, at most AUGER_NEVER; both are not negative. */
static inline auger_time auger_time_add(auger_time at, auger_time delay)
{
    return at > AUGER_NEVER - delay ? AUGER_NEVER : at + delay;
}

#endif /* AUGER_BASE_TIME_H */
