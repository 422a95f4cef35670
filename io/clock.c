/* io/clock.c - reading the clock. */
#define _GNU_SOURCE
#include "io/clock.h"

#include <time.h>

auger_time auger_clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * AUGER_SEC + now.tv_nsec;
}
