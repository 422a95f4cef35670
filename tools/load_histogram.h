/* tools/load_histogram.h - times in buckets of a few per cent, so that percentiles of millions take
 * a few kilobytes. */
#ifndef AUGER_TOOLS_LOAD_HISTOGRAM_H
#define AUGER_TOOLS_LOAD_HISTOGRAM_H

#include <auger/base.h>

#define LOAD_STEPS 32     /* buckets between a power of two and the next: 3 per cent */
#define LOAD_DOUBLINGS 36 /* up to a quarter of an hour */

struct load_histogram {
    uint64_t counts[LOAD_DOUBLINGS * LOAD_STEPS];
    uint64_t len;
    auger_time max;
};

void load_histogram_add(struct load_histogram *histogram, auger_time time);
/* The time that `percent` of all do not exceed, to 3 per cent; 0 when there are none. */
auger_time load_histogram_percentile(const struct load_histogram *histogram, double percent);

#endif /* AUGER_TOOLS_LOAD_HISTOGRAM_H */
