/* tools/outbox.c - texts on their way to one WebSocket. */
#include "tools/outbox.h"

#include <stdlib.h>
#include <string.h>

bool outbox_add(struct outbox *outbox, size_t ahead, const char *text, size_t len)
{
    if (len > OUTBOX_MAX - outbox->bytes)
        return false;
    struct outbox_text *item = malloc(sizeof(*item) + ahead + len);
    if (!item)
        return false;
    item->next = NULL;
    item->len = len;
    memcpy(item->buf + ahead, text, len);
    if (outbox->last)
        outbox->last->next = item;
    else
        outbox->first = item;
    outbox->last = item;
    outbox->bytes += len;
    return true;
}

void outbox_drop_first(struct outbox *outbox)
{
    struct outbox_text *item = outbox->first;

    outbox->first = item->next;
    if (!outbox->first)
        outbox->last = NULL;
    outbox->bytes -= item->len;
    free(item);
}

void outbox_fini(struct outbox *outbox)
{
    while (outbox->first)
        outbox_drop_first(outbox);
}
