/* dtls/certificate.h - our own certificate as OpenSSL has it, with what all its
 * associations share.  For the files that know OpenSSL. */
#ifndef AUGER_DTLS_CERTIFICATE_H
#define AUGER_DTLS_CERTIFICATE_H

#include <auger/dtls.h>

#include <openssl/ssl.h>
#include <stdatomic.h>

struct auger_certificate {
    const struct auger_env *env;
    atomic_uint references;
    SSL_CTX *ctx; /* one a certificate: 14 kB and 0.1 ms each */
    BIO_METHOD *datagrams;
    char fingerprint[AUGER_FINGERPRINT_TEXT_MAX];
};

/* What every association of ours wants, the certificate apart; NULL on failure. */
SSL_CTX *auger_backend_ctx_new(void);

#endif /* AUGER_DTLS_CERTIFICATE_H */
