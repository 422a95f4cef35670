/* tools/outbox.h - texts on their way to one WebSocket, within a bound (a slow reader is closed).
 */
#ifndef AUGER_TOOLS_OUTBOX_H
#define AUGER_TOOLS_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>

#define OUTBOX_MAX (256 * 1024)

struct outbox_text {
    struct outbox_text *next;
    size_t len;
    unsigned char buf[]; /* `ahead` free bytes, then the text */
};

struct outbox {
    struct outbox_text *first, *last;
    size_t bytes;
};

/* false: full, or out of memory. */
bool outbox_add(struct outbox *outbox, size_t ahead, const char *text, size_t len);
void outbox_drop_first(struct outbox *outbox);
void outbox_fini(struct outbox *outbox);

#endif /* AUGER_TOOLS_OUTBOX_H */
