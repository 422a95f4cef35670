/* dtls/openssl_certificate.h - a certificate as OpenSSL has it; for the two files
 * that know OpenSSL alone. */
#ifndef AUGER_DTLS_OPENSSL_CERTIFICATE_H
#define AUGER_DTLS_OPENSSL_CERTIFICATE_H

#include <auger/dtls.h>

#include <openssl/ssl.h>
#include <stdatomic.h>

struct auger_certificate {
    atomic_uint references;
    SSL_CTX *ctx; /* one a certificate: 14 kB and 0.1 ms each */
    char fingerprint[AUGER_FINGERPRINT_TEXT_MAX];
};

/* What every association of ours wants, certificate apart; NULL on failure.  The
 * peer's certificate is checked by openssl_backend.c. */
SSL_CTX *auger_openssl_ctx_new(void);
/* One reference more. */
struct auger_certificate *auger_certificate_hold(struct auger_certificate *certificate);

#endif /* AUGER_DTLS_OPENSSL_CERTIFICATE_H */
