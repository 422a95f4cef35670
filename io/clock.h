/* io/clock.h - the only clock: CLOCK_BOOTTIME, which goes on while the machine sleeps. */
#ifndef AUGER_IO_CLOCK_H
#define AUGER_IO_CLOCK_H

#include <auger/base.h>

auger_time auger_clock_now(void);

#endif /* AUGER_IO_CLOCK_H */
