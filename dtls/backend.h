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
    /* For a library that keeps the schedule by its own clock. */
    auger_time retransmit, retransmit_max;
    /* All three outlive the backend. */
    const struct auger_env *env;
    const struct auger_fingerprints *fingerprints;
    struct auger_dtls_outbox *outbox;
};

/* One reference more to a certificate; auger_certificate_free() drops it. */
struct auger_certificate *auger_certificate_hold(struct auger_certificate *certificate);

int auger_backend_new(struct auger_dtls_backend **out,
                      const struct auger_backend_config *config) AUGER_CHECK_RESULT;
void auger_backend_free(struct auger_dtls_backend *backend); /* NULL is fine */

/* Takes one datagram, or none (NULL) to begin; output goes to the outbox.  The
 * datagram stays in place until the next one, or until nothing is left to read. */
enum auger_backend_status auger_backend_feed(struct auger_dtls_backend *backend, const uint8_t *buf,
                                             size_t len);
enum auger_backend_status auger_backend_status(const struct auger_dtls_backend *backend);
enum auger_dtls_failure auger_backend_failure(const struct auger_dtls_backend *backend);

/* Whether the peer's Finished can be read: it has changed to the new keys. */
bool auger_backend_has_keys(const struct auger_dtls_backend *backend);

/* The flight that waits for an answer: another number for each, 0 if none does. */
uint32_t auger_backend_flight(const struct auger_dtls_backend *backend);
/* How long the library itself will wait before it sends that flight again, or
 * AUGER_NEVER where it leaves that to the caller. */
auger_time auger_backend_wait(const struct auger_dtls_backend *backend);
/* Sends it again: at most 12 times, the thirteenth is a failure. */
enum auger_backend_status auger_backend_retransmit(struct auger_dtls_backend *backend);

/* The next application data of the fed datagram, into `buf`; 0 when there is none. */
size_t auger_backend_read(struct auger_dtls_backend *backend, uint8_t *buf, size_t cap);
/* One datagram of application data; its length or AUGER_ERR_CRYPTO, AUGER_ERR_BUFFER. */
int auger_backend_write(struct auger_dtls_backend *backend, const uint8_t *data, size_t len,
                        uint8_t *buf, size_t cap) AUGER_CHECK_RESULT;
/* Says close_notify. */
void auger_backend_close(struct auger_dtls_backend *backend);

const char *auger_backend_version(const struct auger_dtls_backend *backend);
const char *auger_backend_cipher(const struct auger_dtls_backend *backend);
const char *auger_backend_cipher_iana(const struct auger_dtls_backend *backend);
/* What decrypts a capture: false while there are no secrets yet. */
struct auger_backend_secrets {
    uint8_t client_random[32], master[48];
};
bool auger_backend_secrets(const struct auger_dtls_backend *backend,
                           struct auger_backend_secrets *secrets);
enum auger_srtp_profile auger_backend_srtp_profile(const struct auger_dtls_backend *backend);
int auger_backend_export(struct auger_dtls_backend *backend, const char *label, uint8_t *out,
                         size_t len) AUGER_CHECK_RESULT;

#endif /* AUGER_DTLS_BACKEND_H */
