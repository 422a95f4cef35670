/* tools/trace_writer.h - what --trace, --pcap and --record write: a trace as JSON lines, a capture
 * of every datagram (docs/trace.md), and the inputs of an agent (docs/recording.md). */
#ifndef AUGER_TOOLS_TRACE_WRITER_H
#define AUGER_TOOLS_TRACE_WRITER_H

#include "tools/options.h"

#include <auger/io.h>

struct trace_options {
    const char *trace, *pcap, *record; /* NULL: none */
    bool keys;                         /* in the capture */
    long max_mib;                      /* of each file */
};
#define TRACE_OPTIONS_DEFAULT                                                                      \
    {                                                                                              \
        .max_mib = 64                                                                              \
    }

/* The rows of a command's options, and of its help. */
#define TRACE_OPTION_ROWS(options)                                                                 \
    {"--trace", OPTION_TEXT, .text = &(options).trace},                                            \
        {"--pcap", OPTION_TEXT, .text = &(options).pcap},                                          \
        {"--pcap-keys", OPTION_FLAG, .flag = &(options).keys},                                     \
    {                                                                                              \
        "--trace-max", OPTION_NUMBER, .number = &(options).max_mib, .min = 1, .max = 1000000       \
    }
/* Of commands that have one peer. */
#define RECORD_OPTION_ROW(options)                                                                 \
    {                                                                                              \
        "--record", OPTION_TEXT, .text = &(options).record                                         \
    }
#define RECORD_HELP                                                                                \
    "  --record FILE      write all that reaches the ICE agent there, for `auger replay FILE`;\n"  \
    "                     the passwords of both sides are in it\n"
#define TRACE_HELP                                                                                 \
    "  --trace FILE       write every decision there; `auger trace FILE` tells the story\n"        \
    "  --pcap FILE        write every datagram there, and why it was sent, for Wireshark\n"        \
    "  --pcap-keys        and the keys that decrypt it: who has that file reads everything\n"      \
    "  --trace-max MIB    the size at which either file ends; default 64\n"

struct trace_writer;

/* `title` is static.  NULL: a file cannot be had; it said so on standard error. */
struct trace_writer *trace_writer_new(const struct trace_options *options, const char *title);
void trace_writer_free(struct trace_writer *writer); /* NULL is fine */
/* Gives a loop the writer's environment, which is the system's but for the trace, and its tap.  The
 * writer must outlive the loop. */
void trace_writer_attach(struct trace_writer *writer, struct auger_loop_config *config);
/* For the one peer that is recorded; NULL: none is. */
struct auger_recorder *trace_writer_recorder(struct trace_writer *writer);

#endif /* AUGER_TOOLS_TRACE_WRITER_H */
