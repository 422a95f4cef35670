/* tools/output.h - JSON lines on standard output. */
#ifndef AUGER_TOOLS_OUTPUT_H
#define AUGER_TOOLS_OUTPUT_H

#include <jansson.h>

/* Text of any origin as a JSON string: bytes that are no UTF-8 become U+FFFD. */
json_t *json_text(const char *text, size_t len);

/* Writes one line, at once, and uses up `json`.  Failures stay in ferror(stdout). */
void output_line(json_t *json);

#endif /* AUGER_TOOLS_OUTPUT_H */
