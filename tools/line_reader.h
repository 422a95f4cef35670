/* tools/line_reader.h - lines from a descriptor, read only as far as it does not block. */
#ifndef AUGER_TOOLS_LINE_READER_H
#define AUGER_TOOLS_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>

struct line_reader {
    int fd;
    char *buf;
    size_t at, len, cap; /* what is left begins at `at` */
    bool ended;          /* no more will come */
};

/* A line may be as long as `cap`; what is longer ends the reading.  false: out of memory. */
bool line_reader_init(struct line_reader *reader, int fd, size_t cap);
void line_reader_fini(struct line_reader *reader);

/* Reads once if there is something to read; false: nothing yet, wait for the descriptor. */
bool line_reader_fill(struct line_reader *reader);
/* The next whole line without its end, NUL-terminated; NULL: there is none yet.  The last line
 * need not have an end.  Valid until the next call. */
char *line_reader_next(struct line_reader *reader, size_t *len);
/* What was read and is no whole line yet is given up as it is. */
const char *line_reader_rest(struct line_reader *reader, size_t *len);

#endif /* AUGER_TOOLS_LINE_READER_H */
