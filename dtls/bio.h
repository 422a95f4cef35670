/* dtls/bio.h - OpenSSL's way to the outside: a BIO that keeps datagrams apart, and
 * the timer that OpenSSL shows through it.  For the files that know OpenSSL. */
#ifndef AUGER_DTLS_BIO_H
#define AUGER_DTLS_BIO_H

#include "base/bytes.h"
#include "dtls/outbox.h"

#include <openssl/bio.h>

#define AUGER_BIO_ALERT_MAX 32 /* in clear it is 15 bytes */

struct timeval;

struct auger_bio {
    struct auger_bytes in;            /* may be read once; no data: nothing is there */
    struct auger_dtls_outbox *outbox; /* what OpenSSL writes goes here, */
    struct auger_writer *sealed;      /* or here, if set */
    /* An alert in clear waits until it is certain that the handshake failed. */
    uint8_t alert[AUGER_BIO_ALERT_MAX];
    size_t alert_len;
    struct timeval *timer; /* OpenSSL's own, as long as it runs; NULL from 3.2 on */
    uint32_t flight;       /* counts the starts of the timer, but for those of */
    bool repeats;          /* a flight that is sent again */
};

BIO_METHOD *auger_bio_method_new(void);
/* A BIO for both directions; `bio` outlives it.  NULL on failure. */
BIO *auger_bio_new(const BIO_METHOD *method, struct auger_bio *bio);

/* Whether OpenSSL's timer can be driven by our clock: it hands over the live one. */
bool auger_bio_owns_timer(void);
/* Lets the timer be due, for DTLSv1_handle_timeout() to see. */
void auger_bio_fire(struct auger_bio *bio);

/* The handshake has failed: the peer may know. */
void auger_bio_release_alert(struct auger_bio *bio);

#endif /* AUGER_DTLS_BIO_H */
