/* dtls/fingerprint.h - comparing what the description said with what the handshake
 * brought: RFC 8122 section 5. */
#ifndef AUGER_DTLS_FINGERPRINT_H
#define AUGER_DTLS_FINGERPRINT_H

#include <auger/dtls.h>

#define AUGER_FINGERPRINTS_MAX 4

struct auger_fingerprints {
    struct auger_fingerprint list[AUGER_FINGERPRINTS_MAX];
    size_t len;
};

#endif /* AUGER_DTLS_FINGERPRINT_H */
