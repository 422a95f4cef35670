/* dtls/backend.h - the library that speaks DTLS, behind a face without its types:
 * another one can stand here.  conn.c drives it and owns time and policy. */
#ifndef AUGER_DTLS_BACKEND_H
#define AUGER_DTLS_BACKEND_H

#include "dtls/fingerprint.h"
#include "dtls/outbox.h"

struct auger_dtls_backend;

enum auger_backend_status {
    AUGER_BACKEND_HANDSHAKING,
    AUGER_BACKEND_UP,
    AUGER_BACKEND_CLOSED, /* by the peer's authenticated close_notify or fatal alert */
    AUGER_BACKEND_FAILED, /* the handshake cannot succeed: see the failure */
};

struct auger_backend_config {
    struct auger_certificate *certificate;
    enum auger_dtls_role role;
    uint16_t mtu;
    bool srtp;
    auger_time retransmit, retransmit_max;
    /* Both outlive the backend. */
    const struct auger_fingerprints *fingerprints;
    struct auger_dtls_outbox *outbox;
};

int auger_backend_new(struct auger_dtls_backend **out,
                      const struct auger_backend_config *config) AUGER_CHECK_RESULT;
void auger_backend_free(struct auger_dtls_backend *backend); /* NULL is fine */

/* Takes one datagram, or none (NULL) to begin; output goes to the outbox. */
enum auger_backend_status auger_backend_feed(struct auger_dtls_backend *backend, const uint8_t *buf,
                                             size_t len);
enum auger_backend_status auger_backend_status(const struct auger_dtls_backend *backend);
enum auger_dtls_failure auger_backend_failure(const struct auger_dtls_backend *backend);

/* Retransmission.  A flight that waits for its answer has a number of its own, 0:
 * none waits.  Where the library cannot be driven by our clock, `wait` is what is
 * left on its own, else AUGER_NEVER: conn.c then keeps the schedule. */
uint32_t auger_backend_flight(const struct auger_dtls_backend *backend);
auger_time auger_backend_wait(const struct auger_dtls_backend *backend);
enum auger_backend_status auger_backend_retransmit(struct auger_dtls_backend *backend);

/* The next application data of the fed datagram, into `buf`; 0 when there is none. */
size_t auger_backend_read(struct auger_dtls_backend *backend, uint8_t *buf, size_t cap);
/* One datagram of application data; its length or AUGER_ERR_CRYPTO, AUGER_ERR_BUFFER. */
int auger_backend_write(struct auger_dtls_backend *backend, const uint8_t *data, size_t len,
                        uint8_t *buf, size_t cap) AUGER_CHECK_RESULT;
void auger_backend_close(struct auger_dtls_backend *backend);

size_t auger_backend_data_max(const struct auger_dtls_backend *backend);
const char *auger_backend_version(const struct auger_dtls_backend *backend);
const char *auger_backend_cipher(const struct auger_dtls_backend *backend);
enum auger_srtp_profile auger_backend_srtp_profile(const struct auger_dtls_backend *backend);
int auger_backend_export(struct auger_dtls_backend *backend, const char *label, uint8_t *out,
                         size_t len) AUGER_CHECK_RESULT;

#endif /* AUGER_DTLS_BACKEND_H */
