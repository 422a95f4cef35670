/* tools/load_pace.c - how many packets may leave now. */
#include "tools/load_pace.h"

/* What may be caught up after having been late: so much of a rate, and so many packets. */
#define BURST_TIME (20 * AUGER_MS)
#define BURST_MAX 256
#define STEP (50 * AUGER_US) /* the least time between two bursts */

void load_pace_start(struct load_pace *pace, auger_time now, bool is_max, long per_second)
{
    *pace = (struct load_pace){.per_second = is_max ? 0 : (double)per_second,
                               .allowed = 1,
                               .filled_at = now,
                               .window = 2 * LOAD_WINDOW_MIN};
}

static size_t by_rate(struct load_pace *pace, auger_time now)
{
    double most = pace->per_second * (double)BURST_TIME / (double)AUGER_SEC;

    pace->allowed += pace->per_second * (double)(now - pace->filled_at) / (double)AUGER_SEC;
    pace->filled_at = now;
    most = most < 1 ? 1 : most > BURST_MAX ? BURST_MAX : most;
    if (pace->allowed > most)
        pace->allowed = most;
    return (size_t)pace->allowed;
}

size_t load_pace_allows(struct load_pace *pace, auger_time now, uint64_t on_way)
{
    if (pace->per_second > 0)
        return by_rate(pace, now);
    return on_way < pace->window ? (size_t)(pace->window - on_way) : 0;
}

void load_pace_sent(struct load_pace *pace, size_t count)
{
    if (pace->per_second > 0)
        pace->allowed -= (double)count;
}

static void set_window(struct load_pace *pace, uint32_t window)
{
    pace->window = window < LOAD_WINDOW_MIN   ? LOAD_WINDOW_MIN
                   : window > LOAD_WINDOW_MAX ? LOAD_WINDOW_MAX
                                              : window;
    pace->arrived = 0;
}

/* It changes once for each window that arrives. */
void load_pace_arrived(struct load_pace *pace, uint32_t missing)
{
    pace->arrived++;
    if (missing > 0 && (!pace->has_lost || pace->arrived >= pace->window / 2)) {
        pace->has_lost = true;
        set_window(pace, pace->window / 4 * 3);
    } else if (pace->arrived >= pace->window) {
        set_window(pace, pace->has_lost ? pace->window + 4 : pace->window * 2);
    }
}

auger_time load_pace_next(const struct load_pace *pace, auger_time now)
{
    if (pace->per_second <= 0)
        return AUGER_NEVER;
    if (pace->allowed >= 1)
        return now;
    auger_time wait = (auger_time)((1 - pace->allowed) * (double)AUGER_SEC / pace->per_second);
    auger_time next = pace->filled_at + (wait > STEP ? wait : STEP);
    return next > now ? next : now;
}
