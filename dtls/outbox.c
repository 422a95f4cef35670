/* dtls/outbox.c - datagrams that wait to be taken. */
#include "dtls/outbox.h"

#include <string.h>

void auger_dtls_outbox_add(struct auger_dtls_outbox *outbox, const uint8_t *buf, size_t len)
{
    uint16_t *last = outbox->datagrams ? &outbox->lens[outbox->datagrams - 1] : NULL;
    bool joins = last && *last + len <= outbox->mtu;

    if (len > sizeof(outbox->buf) - outbox->bytes ||
        (!joins && outbox->datagrams == AUGER_DTLS_OUTBOX_DATAGRAMS))
        return;
    memcpy(outbox->buf + outbox->bytes, buf, len);
    outbox->bytes += len;
    if (joins)
        *last = (uint16_t)(*last + len);
    else
        outbox->lens[outbox->datagrams++] = (uint16_t)len;
}

size_t auger_dtls_outbox_take(struct auger_dtls_outbox *outbox, uint8_t *buf, size_t cap)
{
    size_t len = outbox->datagrams ? outbox->lens[0] : 0;

    if (len == 0 || len > cap)
        return 0;
    memcpy(buf, outbox->buf, len);
    outbox->bytes -= len;
    outbox->datagrams--;
    memmove(outbox->buf, outbox->buf + len, outbox->bytes);
    memmove(outbox->lens, outbox->lens + 1, outbox->datagrams * sizeof(outbox->lens[0]));
    return len;
}

void auger_dtls_outbox_clear(struct auger_dtls_outbox *outbox)
{
    outbox->bytes = 0;
    outbox->datagrams = 0;
}
