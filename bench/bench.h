/* bench/bench.h - a small harness for measuring: time and heap of one operation.
 *
 * A program of bench/ is one *_bench.c that defines bench_cases(); the harness
 * has main().  It takes --json (one object a line), --quick (a rough figure in
 * a moment) and a part of a name, to measure those cases alone. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* Defined by each program: calls bench_case() and bench_value(). */
void bench_cases(void);

/* Measures fn(arg): nanoseconds, allocations and allocated bytes of one call.
 * The number of calls is found by trying; the result is the median of several runs. */
void bench_case(const char *name, void (*fn)(void *arg), void *arg);

/* True if a case of this name is asked for: for what is costly to prepare. */
int bench_wants(const char *name);

/* Reports a figure that was found otherwise: "ms", "MB/s", "bytes". */
void bench_value(const char *name, const char *unit, double value);

/* How long to measure what is measured by the second: `seconds`, or a tenth with --quick. */
double bench_seconds(double seconds);

/* Nanoseconds of a monotonic clock. */
int64_t bench_now(void);
/* Of all threads of the process, user and system. */
double bench_cpu_seconds(void);

/* Bytes of the heap in use now, in the allocator's own measure.  0 when the
 * program was built with a sanitizer, which has an allocator of its own. */
size_t bench_heap_bytes(void);
/* Calls of malloc() and its like so far; 0 with a sanitizer. */
uint64_t bench_heap_calls(void);

/* Keeps the compiler from leaving out what nobody looks at. */
static inline void bench_keep(const void *value)
{
    __asm__ volatile("" : : "g"(value) : "memory");
}

#endif /* BENCH_BENCH_H */
