/* dtls/bio.h - OpenSSL's way to the outside: a BIO that keeps datagrams apart, and
 * the timer that OpenSSL shows through it.  For the files that know OpenSSL. */
#ifndef AUGER_DTLS_BIO_H
#define AUGER_DTLS_BIO_H

#include "base/bytes.h"
#include "crypto/dtls_timer.h"
#include "dtls/outbox.h"

#include <openssl/bio.h>

#define AUGER_BIO_ALERT_MAX 32 /* in clear it is 15 bytes */

struct auger_bio {
    struct auger_bytes in;            /* may be read once; no data: nothing is there */
    struct auger_dtls_outbox *outbox; /* what OpenSSL writes goes here, */
    struct auger_writer *sealed;      /* or here, if set */
    /* An alert in clear waits until it is certain that the handshake failed. */
    uint8_t alert[AUGER_BIO_ALERT_MAX];
    size_t alert_len;
    struct auger_dtls_timer timer;
};

BIO_METHOD *auger_bio_method_new(void);
/* A BIO for both directions; `bio` outlives it.  NULL on failure. */
BIO *auger_bio_new(const BIO_METHOD *method, struct auger_bio *bio);

/* The handshake has failed: the peer may know. */
void auger_bio_release_alert(struct auger_bio *bio);

#endif /* AUGER_DTLS_BIO_H */
