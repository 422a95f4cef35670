/* tools/page.h - the files of tools/page/, inside the program: a fixed table, made by the build. */
#ifndef AUGER_TOOLS_PAGE_H
#define AUGER_TOOLS_PAGE_H

#include <stddef.h>
#include <stdint.h>

struct auger_page_file {
    const char *path; /* "app.js" */
    const char *mime;
    const uint8_t *data;
    size_t len;
};

extern const struct auger_page_file auger_page_files[];
extern const size_t auger_page_files_len;

#endif /* AUGER_TOOLS_PAGE_H */
