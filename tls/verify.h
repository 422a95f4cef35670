/* tls/verify.h - why the certificate of a server is not believed, in words (RFC 9525).  For the
 * files that know OpenSSL; OpenSSL itself does the checking. */
#ifndef AUGER_TLS_VERIFY_H
#define AUGER_TLS_VERIFY_H

#include <auger/tls.h>

#include <openssl/x509.h>

/* Reads what OpenSSL found wrong with it, whom it was asked for by `name`. */
enum auger_tls_failure auger_tls_verify_explain(X509_STORE_CTX *store, const char *name, char *why,
                                                size_t cap);

#endif /* AUGER_TLS_VERIFY_H */
