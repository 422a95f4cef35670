/* tls/context.h - what many connections share.  For the files that know OpenSSL. */
#ifndef AUGER_TLS_CONTEXT_H
#define AUGER_TLS_CONTEXT_H

#include "tls/cookie.h"

#include <openssl/ssl.h>
#include <stdatomic.h>

#define AUGER_TLS_ALPN_BYTES 256 /* all names, each behind its length (RFC 7301) */

struct auger_tls_context {
    const struct auger_env *env;
    atomic_uint references;
    enum auger_tls_role role;
    bool datagrams, trusts_anybody;
    uint16_t mtu;
    auger_time deadline, retransmit;
    SSL_CTX *ctx;
    BIO_METHOD *pipes;
    struct auger_hmac *cookies; /* of a server of datagrams */
    uint8_t alpn[AUGER_TLS_ALPN_BYTES];
    size_t alpn_len;
};

/* One reference more; auger_tls_context_free() drops it. */
struct auger_tls_context *auger_tls_context_hold(struct auger_tls_context *context);

#endif /* AUGER_TLS_CONTEXT_H */
