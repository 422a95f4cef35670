/* tools/load_pace.h - how many packets may leave now: a steady rate, or as many as arrive.
 *
 * Without a rate there is a window of packets on the way, as TCP has one: it grows while
 * everything arrives and shrinks when something is lost, so that the load stays where the server
 * has as much to do as it can, and no more. */
#ifndef AUGER_TOOLS_LOAD_PACE_H
#define AUGER_TOOLS_LOAD_PACE_H

#include <auger/base.h>

#define LOAD_WINDOW_MIN 16
#define LOAD_WINDOW_MAX 16384

struct load_pace {
    double per_second; /* 0: by the window */
    double allowed;    /* by the rate, not used yet */
    auger_time filled_at;
    uint32_t window;
    uint32_t arrived; /* since the window changed last */
    bool has_lost;    /* once: from then on it grows slowly */
};

void load_pace_start(struct load_pace *pace, auger_time now, bool is_max, long per_second);
/* With so many on the way. */
size_t load_pace_allows(struct load_pace *pace, auger_time now, uint64_t on_way);
void load_pace_sent(struct load_pace *pace, size_t count);
/* One arrived, and before it so many were seen to be missing. */
void load_pace_arrived(struct load_pace *pace, uint32_t missing);
/* When to ask again, if nothing arrives. */
auger_time load_pace_next(const struct load_pace *pace, auger_time now);

#endif /* AUGER_TOOLS_LOAD_PACE_H */
