/* tools/load_report.h - what a load tells while it lasts and when it is over. */
#ifndef AUGER_TOOLS_LOAD_REPORT_H
#define AUGER_TOOLS_LOAD_REPORT_H

#include "tools/load_figures.h"
#include "tools/load_plan.h"

/* What has come about since the last line of progress. */
struct load_progress {
    const char *what; /* "allocating", "loading", "releasing" */
    double at;        /* seconds since it began */
    size_t allocations, wanted;
    double sent_per_second, arrived_per_second;
    auger_time latency; /* at the median, so far */
};

/* A line of a terminal that is written over and over, or one of JSON. */
void load_report_progress(const struct load_plan *plan, const struct load_progress *progress);
/* The figures on standard output. */
void load_report_figures(const struct load_plan *plan, const struct load_figures *figures);

/* What the tool itself has to say about them, in a sentence: that it and not the server was the
 * limit.  NULL: nothing. */
const char *load_report_own_limit(const struct load_plan *plan, const struct load_figures *figures);

#endif /* AUGER_TOOLS_LOAD_REPORT_H */
