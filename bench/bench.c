#define _POSIX_C_SOURCE 200809L
#include "bench/bench.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNS 7

static struct {
    bool json, quick;
    const char *filter;
    size_t cases;
} bench;

struct run {
    double ns, calls;
};

int64_t bench_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

double bench_cpu_seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int bench_wants(const char *name)
{
    return !bench.filter || strstr(name, bench.filter);
}

double bench_seconds(double seconds)
{
    return bench.quick ? seconds / 10 : seconds;
}

static struct run measure(void (*fn)(void *arg), void *arg, uint64_t times)
{
    uint64_t calls = bench_heap_calls();
    int64_t start = bench_now();

    for (uint64_t i = 0; i < times; i++)
        fn(arg);
    return (struct run){.ns = (double)(bench_now() - start) / (double)times,
                        .calls = (double)(bench_heap_calls() - calls) / (double)times};
}

/* So many calls that one run takes long enough to be told from noise. */
static uint64_t calibrate(void (*fn)(void *arg), void *arg)
{
    double enough = bench.quick ? 2e6 : 50e6; /* ns */
    uint64_t times = 1;

    while (measure(fn, arg, times).ns * (double)times < enough)
        times *= 2;
    return times;
}

static int by_time(const void *a, const void *b)
{
    const struct run *x = a, *y = b;
    return (x->ns > y->ns) - (x->ns < y->ns);
}

static void report_case(const char *name, const struct run runs[RUNS], uint64_t times)
{
    const struct run *median = &runs[RUNS / 2];

    if (bench.json)
        printf("{\"name\":\"%s\",\"unit\":\"ns\",\"value\":%.1f,\"min\":%.1f,\"max\":%.1f,"
               "\"allocations\":%.2f,\"times\":%llu}\n",
               name, median->ns, runs[0].ns, runs[RUNS - 1].ns, median->calls,
               (unsigned long long)times);
    else
        printf("%-44s %12.1f ns   %8.2f allocations   (%.1f to %.1f)\n", name, median->ns,
               median->calls, runs[0].ns, runs[RUNS - 1].ns);
    fflush(stdout);
}

void bench_case(const char *name, void (*fn)(void *arg), void *arg)
{
    if (!bench_wants(name))
        return;
    bench.cases++;

    uint64_t times = calibrate(fn, arg);
    struct run runs[RUNS];
    for (size_t i = 0; i < RUNS; i++)
        runs[i] = measure(fn, arg, times);
    qsort(runs, RUNS, sizeof(runs[0]), by_time);
    report_case(name, runs, times);
}

void bench_value(const char *name, const char *unit, double value)
{
    if (!bench_wants(name))
        return;
    bench.cases++;
    if (bench.json)
        printf("{\"name\":\"%s\",\"unit\":\"%s\",\"value\":%.3f}\n", name, unit, value);
    else
        printf("%-44s %12.3f %s\n", name, value, unit);
    fflush(stdout);
}

static int usage(const char *program, FILE *out, int code)
{
    fprintf(out, "usage: %s [--json] [--quick] [PART_OF_A_NAME]\n", program);
    return code;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--json"))
            bench.json = true;
        else if (!strcmp(argv[i], "--quick"))
            bench.quick = true;
        else if (!strcmp(argv[i], "--help"))
            return usage(argv[0], stdout, 0);
        else if (argv[i][0] == '-' || bench.filter)
            return usage(argv[0], stderr, 2);
        else
            bench.filter = argv[i];
    }
    bench_cases();
    if (!bench.cases)
        fprintf(stderr, "%s: no such case\n", argv[0]);
    return bench.cases ? 0 : 1;
}
