/* tls/bio.h - OpenSSL's way to the pipe, and the timer of DTLS that it shows there.  For the
 * files that know OpenSSL; that of the handshake between peers is dtls/bio.h. */
#ifndef AUGER_TLS_BIO_H
#define AUGER_TLS_BIO_H

#include "crypto/dtls_timer.h"
#include "tls/pipe.h"

#include <openssl/bio.h>

struct auger_tls_bio {
    struct auger_tls_pipe *pipe;
    /* Of a server that has sent a cookie: records in clear go on from the number of the
     * client's (RFC 6347 section 4.2.1), which OpenSSL has not seen. */
    bool numbers;
    uint64_t next_seq;
    struct auger_dtls_timer timer;
};

BIO_METHOD *auger_tls_bio_method_new(void);
/* A BIO for both directions; `bio` outlives it.  NULL on failure. */
BIO *auger_tls_bio_new(const BIO_METHOD *method, struct auger_tls_bio *bio);

#endif /* AUGER_TLS_BIO_H */
