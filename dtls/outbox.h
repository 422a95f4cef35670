/* dtls/outbox.h - datagrams that OpenSSL has made and nobody has taken yet: the one
 * queue of this engine, since OpenSSL pushes whole flights. */
#ifndef AUGER_DTLS_OUTBOX_H
#define AUGER_DTLS_OUTBOX_H

#include <auger/dtls.h>

#define AUGER_DTLS_OUTBOX_BYTES 8192
#define AUGER_DTLS_OUTBOX_DATAGRAMS 12

struct auger_dtls_outbox {
    uint16_t mtu;
    uint16_t lens[AUGER_DTLS_OUTBOX_DATAGRAMS];
    uint8_t datagrams;
    size_t bytes;
    uint8_t buf[AUGER_DTLS_OUTBOX_BYTES];
};

/* Adds a datagram, to the latest one where both fit into the MTU: a flight that is
 * sent again comes message by message.  What does not fit is lost, as on a wire. */
void auger_dtls_outbox_add(struct auger_dtls_outbox *outbox, const uint8_t *buf, size_t len);
/* The oldest; 0 when there is none or `cap` is too small. */
size_t auger_dtls_outbox_take(struct auger_dtls_outbox *outbox, uint8_t *buf, size_t cap);

void auger_dtls_outbox_clear(struct auger_dtls_outbox *outbox);

#endif /* AUGER_DTLS_OUTBOX_H */
