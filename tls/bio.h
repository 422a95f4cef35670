/* tls/bio.h - OpenSSL's way to the pipe, and the timer of DTLS that it shows there.  For the
 * files that know OpenSSL; that of the handshake between peers is dtls/bio.h. */
#ifndef AUGER_TLS_BIO_H
#define AUGER_TLS_BIO_H

#include "tls/pipe.h"

#include <openssl/bio.h>

struct timeval;

struct auger_tls_bio {
    struct auger_tls_pipe *pipe;
    /* Of a server that has sent a cookie: records in clear go on from the number of the
     * client's (RFC 6347 section 4.2.1), which OpenSSL has not seen. */
    bool numbers;
    uint64_t next_seq;
    struct timeval *timer; /* OpenSSL's own, as long as it runs; NULL from 3.2 on */
    uint32_t flight;       /* counts the starts of the timer, but for those of */
    bool repeats;          /* a flight that is sent again */
};

BIO_METHOD *auger_tls_bio_method_new(void);
/* A BIO for both directions; `bio` outlives it.  NULL on failure. */
BIO *auger_tls_bio_new(const BIO_METHOD *method, struct auger_tls_bio *bio);

/* Whether OpenSSL's timer can be driven by our clock: it hands over the live one. */
bool auger_tls_bio_owns_timer(void);
/* Lets the timer be due, for DTLSv1_handle_timeout() to see. */
void auger_tls_bio_fire(struct auger_tls_bio *bio);

#endif /* AUGER_TLS_BIO_H */
