/* tools/trace_writer.h - a trace as a file of JSON lines (docs/trace.md). */
#ifndef AUGER_TOOLS_TRACE_WRITER_H
#define AUGER_TOOLS_TRACE_WRITER_H

#include <auger/base.h>

struct trace_writer;

/* Writes to `path`, or nowhere when it is NULL.  NULL: the file cannot be had; it said so on
 * standard error. */
struct trace_writer *trace_writer_new(const char *path);
void trace_writer_free(struct trace_writer *writer); /* NULL is fine */
/* An environment that is the system's but for the trace; valid as long as the writer. */
const struct auger_env *trace_writer_env(const struct trace_writer *writer);

#endif /* AUGER_TOOLS_TRACE_WRITER_H */
