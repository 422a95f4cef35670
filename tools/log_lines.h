/* tools/log_lines.h - lines about what strangers do: at most so many a second of a kind, then one
 * that says how many were left out. */
#ifndef AUGER_TOOLS_LOG_LINES_H
#define AUGER_TOOLS_LOG_LINES_H

#include <auger/base.h>

#define LOG_LINES_PER_S 10

/* Of one kind; zeroes to begin with. */
struct log_lines {
    auger_time second; /* when the present one began */
    unsigned told, left_out;
};

/* Whether one more line may be written at `now`. */
bool log_lines_may(struct log_lines *lines, auger_time now);
/* That many were not even asked for. */
void log_lines_leave_out(struct log_lines *lines, unsigned n);
/* When a second has passed in which lines were left out: how many, once; else 0. */
unsigned log_lines_left_out(struct log_lines *lines, auger_time now);
/* When to ask for that; AUGER_NEVER. */
auger_time log_lines_next_timeout(const struct log_lines *lines);

/* Text of somebody else's for a log: what is not printable ASCII, a quote and a backslash become
 * \xNN.  Returns buf; what has no room is left out. */
const char *log_escape(const uint8_t *text, size_t len, char *buf, size_t cap);

#endif /* AUGER_TOOLS_LOG_LINES_H */
