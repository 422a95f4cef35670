/* tools/load_histogram.c - times in buckets of a few per cent. */
#include "tools/load_histogram.h"

#define BUCKETS (LOAD_DOUBLINGS * LOAD_STEPS)

/* Below LOAD_STEPS nanoseconds each has a bucket; above, the five bits after the first one. */
static size_t bucket_of(uint64_t ns)
{
    size_t doublings = 0;

    while (ns >= 2 * LOAD_STEPS) {
        ns >>= 1;
        doublings++;
    }
    size_t bucket = doublings * LOAD_STEPS + (size_t)ns;
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/* The longest time in it. */
static auger_time top_of(size_t bucket)
{
    if (bucket < 2 * LOAD_STEPS)
        return (auger_time)bucket;
    size_t doublings = bucket / LOAD_STEPS - 1;
    return (auger_time)(((uint64_t)(bucket % LOAD_STEPS + LOAD_STEPS + 1) << doublings) - 1);
}

void load_histogram_add(struct load_histogram *histogram, auger_time time)
{
    if (time < 0)
        time = 0;
    histogram->counts[bucket_of((uint64_t)time)]++;
    histogram->len++;
    if (time > histogram->max)
        histogram->max = time;
}

auger_time load_histogram_percentile(const struct load_histogram *histogram, double percent)
{
    double wanted = (double)histogram->len * percent / 100;
    uint64_t passed = 0;

    if (histogram->len == 0)
        return 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        passed += histogram->counts[i];
        if (passed > 0 && (double)passed >= wanted)
            return top_of(i) < histogram->max ? top_of(i) : histogram->max;
    }
    return histogram->max;
}
