/* tools/output.h - JSON lines on standard output. */
#ifndef AUGER_TOOLS_OUTPUT_H
#define AUGER_TOOLS_OUTPUT_H

#include <jansson.h>

#include <stdio.h>

/* Text of any origin as a JSON string: bytes that are no UTF-8 become U+FFFD. */
json_t *json_text(const char *text, size_t len);

/* Writes one line, at once, and uses up `json`.  Failures stay in ferror(stdout).  While nobody
 * reads it, Ctrl-C ends the process. */
void output_line(json_t *json);

/* A text of somebody else's, for a terminal: control characters become question marks. */
void print_words(FILE *out, const char *text, size_t most);
/* The same as a line on standard error. */
void print_line(const char *before, const char *text);

#endif /* AUGER_TOOLS_OUTPUT_H */
