/* dtls/verify.h - whether the peer's certificate is the one in its description, and
 * good enough.  For the files that know OpenSSL; our own is certificate.h. */
#ifndef AUGER_DTLS_VERIFY_H
#define AUGER_DTLS_VERIFY_H

#include "dtls/fingerprint.h"

#include <openssl/x509.h>

/* AUGER_DTLS_OK or what is wrong with it; `x509` may be NULL. */
enum auger_dtls_failure auger_certificate_judge(X509 *x509,
                                                const struct auger_fingerprints *fingerprints);

#endif /* AUGER_DTLS_VERIFY_H */
