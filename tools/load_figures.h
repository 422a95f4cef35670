/* tools/load_figures.h - what came of a load: plain data, which load_run.c fills and
 * load_report.c tells. */
#ifndef AUGER_TOOLS_LOAD_FIGURES_H
#define AUGER_TOOLS_LOAD_FIGURES_H

#include "tools/load_meter.h"

/* What one stretch of the run took. */
struct load_stretch {
    double seconds;
    double own_cpu;    /* seconds of the processor's time */
    double server_cpu; /* the server's; negative: not known */
};

struct load_figures {
    size_t allocations; /* that there were at the same time; with a churn, in all */
    size_t failed;
    const struct load_histogram *allocation_time;
    struct load_stretch allocating, loading;
    double memory; /* of the server's, bytes an allocation; negative: not known */
    const struct load_way *to_peer, *from_peer; /* NULL: nothing goes that way */
    uint32_t own_drops;                         /* packets that found a buffer of ours full */
    /* Why it ended before its time; NULL: it did not. */
    const char *ended_by;
    /* The server sees our machine under another address than the peer's. */
    bool is_behind_nat;
};

#endif /* AUGER_TOOLS_LOAD_FIGURES_H */
